"""An exchange ends once; what is due is what its table says."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.genops.metering.exchange import ENDINGS, REFUSED, Ending, Exchange
from monocyte.genops.metering.wires import WIRES, Terms
from monocyte.genops.money import ZERO
from tests.genops.provider import EVENTS, WHOLE, Act
from tests.genops.till import price, request

STORY = "Every cell keeps its rules, and says so in its scenarios. " * 20


def exchange(wire: str = "chat", text: str = "hi", most: int = 1 << 20) -> Exchange:
    """A call that was let through."""
    body = request(wire, text, stream=True)
    asked = WIRES[wire].read(body, Terms(1000))
    return Exchange(WIRES[wire], body, asked, price("m"), most)


@pytest.mark.parametrize("how", get_args(Ending))
def test_every_ending_has_its_due(how: Ending) -> None:
    """Of a call that nothing has arrived of, the whole or nothing."""
    it = exchange()
    it.ends(how)
    assert it.settlement is not None
    assert it.settlement.ending == how
    due = {"whole": it.worst, "nothing": ZERO, "reported": ZERO}[ENDINGS[how][0]]
    assert it.settlement.amount == due


@given(st.lists(st.sampled_from(get_args(Ending)), min_size=1))
def test_the_first_end_counts(endings: list[Ending]) -> None:
    """What is said later changes nothing."""
    it = exchange()
    for how in endings:
        it.ends(how)
    assert it.settlement is not None
    assert it.settlement.ending == endings[0]


@given(st.integers(100, 599))
def test_only_what_was_turned_away_costs_nothing(status: int) -> None:
    """Every other status that is no success costs all of it."""
    it = exchange()
    it.answers(status, "application/json")
    if 200 <= status < 300:
        assert it.settlement is None
    else:
        assert it.settlement is not None
        assert (it.settlement.amount == ZERO) is (status in REFUSED)


CLAIM = st.integers(0, 10**6)


@given(st.sampled_from(sorted(WIRES)), CLAIM, CLAIM, st.sampled_from([1, 30, 300]))
def test_no_lie_that_can_be_seen_pays(wire: str, entered: int, output: int, words: int) -> None:
    """Whatever is claimed, at least two thirds of what was heard are due, or everything."""
    said = {
        "chat": {"prompt_tokens": entered, "completion_tokens": output},
        "responses": {"input_tokens": entered, "output_tokens": output},
        "messages": {"input_tokens": entered, "output_tokens": output},
    }[wire]
    it = exchange(wire, STORY)
    it.answers(200, "text/event-stream")
    for event in EVENTS[wire](Act("word " * words, usage=said), it.asked.body):
        it.feed(event.encode())
    assert it.settlement is not None
    assert it.reader is not None
    if it.settlement.ending == "answered":
        assert output >= it.reader.heard * 2 // 3 - 4
        assert it.settlement.amount == price("m").cost(it.settlement.usage)  # type: ignore[arg-type]
    else:
        assert it.settlement.ending == "doubted"
        assert it.settlement.amount >= it.worst


def test_a_claim_beyond_the_worst_case_is_booked_and_marked() -> None:
    """The provider's invoice will say so; nothing further is let through after it."""
    it = exchange()
    usage = {"prompt_tokens": 10**6, "completion_tokens": 10**6}
    it.answers(200, "application/json")
    it.feed(json.dumps(WHOLE["chat"](Act(usage=usage), it.asked.body)).encode())
    it.end()
    assert it.settlement is not None
    assert it.settlement.exceeded
    assert it.settlement.amount > it.worst


def test_nothing_is_heard_after_the_end() -> None:
    """A provider that goes on talking is not listened to."""
    it = exchange()
    it.answers(200, "text/event-stream")
    for event in EVENTS["chat"](Act(), it.asked.body):
        it.feed(event.encode())
    before = it.settlement
    it.feed(b"data: nonsense\n\n")
    it.end()
    assert it.settlement is before


@pytest.mark.parametrize("wire", WIRES)
def test_an_error_in_the_middle_of_a_stream_is_no_answer(wire: str) -> None:
    """Even if the stream then says that it is complete."""
    it = exchange(wire)
    it.answers(200, "text/event-stream")
    it.feed(b'data: {"type": "error", "error": {"type": "overloaded_error"}}\n\n')
    for event in EVENTS[wire](Act(), it.asked.body):
        it.feed(event.encode())
    assert it.settlement is not None
    assert it.settlement.ending == "broken"


def test_short_prompts_are_not_doubted() -> None:
    """The JSON around three words is not what a model reads."""
    for wire, names in (("chat", ("prompt_tokens", "completion_tokens")),):
        it = exchange(wire, "Say hi.")
        it.answers(200, "application/json")
        usage = dict(zip(names, (9, 2), strict=True))
        it.feed(json.dumps(WHOLE[wire](Act("Hi.", usage=usage), it.asked.body)).encode())
        it.end()
        assert it.settlement is not None
        assert it.settlement.ending == "answered"
