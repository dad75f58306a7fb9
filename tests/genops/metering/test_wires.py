"""One suite over all wire formats: what goes in is bounded, what comes out is read alike."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.genops.metering.wires import WIRES, Refusal, Terms, Turn, weigh
from monocyte.genops.metering.wires.events import StreamDamaged
from monocyte.genops.metering.wires.interface import OVERHEAD, Reader, encode
from monocyte.genops.prices import Usage
from tests.genops.provider import EVENTS, WHOLE, Act
from tests.genops.till import request

EVERY = pytest.mark.parametrize("wire", WIRES)
WAYS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
CAP = {"chat": "max_completion_tokens", "responses": "max_output_tokens", "messages": "max_tokens"}
TERMS = Terms(500)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def answer(wire: str, act: Act, *, stream: bool, body: dict[str, Any] | None = None) -> Reader:
    """What is read of an act."""
    reader = WIRES[wire].reader(stream=stream)
    body = body or request(wire, stream_options={"include_usage": True})
    if stream:
        for event in EVENTS[wire](act, body):
            reader.feed(event.encode())
    else:
        reader.feed(json.dumps(WHOLE[wire](act, body)).encode())
        reader.end()
    return reader


@EVERY
@WAYS
def test_an_answer_is_read_alike_whole_or_as_a_stream(wire: str, stream: bool) -> None:
    """Its text, its end, who said it, and what it was."""
    reader = answer(wire, Act("Hello, cell.", read=3), stream=stream)
    assert reader.complete
    assert not reader.failed
    assert reader.said == ("Hello, cell.", "end", request(wire)["model"])
    assert reader.usage is not None
    assert reader.usage.read == 3
    assert reader.usage.output == reader.heard
    assert (reader.fresh(), reader.fresh()) == ("Hello, cell.", "")


STOPS = {
    "length": Act("Half", stop="length"),
    "refusal": Act("No.", stop="refusal"),
    "tools": Act("", tools=(("edit", {"file": "cell.py"}),)),
}


@EVERY
@WAYS
@pytest.mark.parametrize(("stop", "act"), STOPS.items(), ids=STOPS)
def test_why_a_model_stopped_is_said_alike(wire: str, stream: bool, stop: str, act: Act) -> None:
    """Whatever the provider calls it; what a tool is given counts as output."""
    reader = answer(wire, act, stream=stream)
    assert reader.said.stop == stop
    assert reader.heard > 0


@given(st.sampled_from(sorted(WIRES)), st.text(max_size=300), st.integers(1, 2000))
def test_what_is_composed_may_be_sent_and_is_bounded(wire: str, text: str, most: int) -> None:
    """Our own requests pass our own tables; bytes bound the tokens, the terms the output."""
    body = WIRES[wire].compose("m", "Be brief.", [Turn("user", text)], most, {"temperature": 0})
    asked = WIRES[wire].read(body, TERMS)
    assert asked.output == min(most, 500)
    assert asked.body[CAP[wire]] == asked.output
    assert asked.entered >= len(encode(body)) + OVERHEAD - 8
    assert asked.stream
    assert asked.entered <= weigh("Be brief.", text)


@given(st.sampled_from(sorted(WIRES)), st.dictionaries(st.text(), JSON, max_size=6), st.data())
def test_no_request_breaks_a_wire(wire: str, body: dict[str, Any], data: st.DataObject) -> None:
    """It is let through, or refused with a reason; known fields may hold anything."""
    for name in (
        "messages",
        "include",
        "input",
        "tools",
        "system",
        "context_management",
        "n",
        "stream",
    ):
        if data.draw(st.booleans()):
            body[name] = data.draw(JSON)
    try:
        asked = WIRES[wire].read({**request(wire), **body}, TERMS)
    except Refusal:
        return
    assert asked.output >= 1
    assert asked.entered > OVERHEAD


@given(st.sampled_from(sorted(WIRES)), JSON, st.booleans())
def test_no_answer_breaks_a_reader(wire: str, said: Any, stream: bool) -> None:
    """It is read, or it is no answer; whatever a provider sends."""
    reader = WIRES[wire].reader(stream=stream)
    with suppress(StreamDamaged):
        reader.feed(b"data: %b\n\n" % json.dumps(said).encode())
        reader.end()


@EVERY
def test_fields_that_say_nothing_are_not_sent(wire: str) -> None:
    """Libraries send `null` for what was not chosen."""
    body = request(wire, service_tier=None, temperature=None, some_new_field=None)
    assert None not in WIRES[wire].read(body, TERMS).body.values()


@EVERY
def test_the_usual_tier_is_insisted_on(wire: str) -> None:
    """Where a pin says which, an account that prefers a dearer one does not matter."""
    tier = "standard_only" if wire == "messages" else "default"
    asked = WIRES[wire].read(request(wire), Terms(500, tier))
    assert asked.body["service_tier"] == tier
    assert "service_tier" not in WIRES[wire].read(request(wire), TERMS).body


def test_choices_multiply_what_may_come_out() -> None:
    """Three answers may be three times as long."""
    assert WIRES["chat"].read(request("chat", n=3), TERMS).output == 1500


def test_usage_is_asked_for_at_the_end_of_a_stream() -> None:
    """Or a compatible provider would say nothing."""
    asked = WIRES["chat"].read(
        request("chat", stream=True, stream_options={"include_usage": False}), TERMS
    )
    assert asked.body["stream_options"] == {"include_usage": True}


CACHED: dict[str, tuple[dict[str, Any], str]] = {
    "no": ({}, "input"),
    "minutes": ({"cache_control": {"type": "ephemeral"}}, "write"),
    "an hour": ({"cache_control": {"type": "ephemeral", "ttl": "1h"}}, "write_1h"),
    "within": (
        {"system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]},
        "write",
    ),
}


@pytest.mark.parametrize(("more", "dearest"), CACHED.values(), ids=CACHED)
def test_what_may_be_written_to_a_cache_is_reserved_as_such(
    more: dict[str, Any], dearest: str
) -> None:
    """Wherever the request asks for it."""
    assert WIRES["messages"].read(request("messages", **more), TERMS).dearest == dearest


def test_tools_of_the_providers_making_bring_tokens_along() -> None:
    """They are told to the model in words that the request does not show."""
    plain = WIRES["messages"].read(request("messages", tools=[{"name": "a"}]), TERMS)
    made = WIRES["messages"].read(
        request("messages", tools=[{"name": "a", "type": "bash_20250124"}]), TERMS
    )
    assert made.entered - plain.entered > OVERHEAD


@EVERY
def test_a_refusal_is_in_the_providers_own_shape(wire: str) -> None:
    """So that libraries understand it."""
    error = json.loads(WIRES[wire].refusal("no money"))["error"]
    assert (error["type"], error["message"]) == ("invalid_request_error", "no money")


def test_anthropics_count_never_shrinks() -> None:
    """The last word on usage is the largest one."""
    act = Act("x", usage={"input_tokens": 9, "output_tokens": 5, "cache_read_input_tokens": 2})
    reader = WIRES["messages"].reader(stream=True)
    for event in EVENTS["messages"](act, request("messages")):
        reader.feed(
            event.replace('"usage": {"output_tokens": 5}', '"usage": {"output_tokens": 0}').encode()
        )
    assert reader.usage == Usage(input=9, read=2, output=1)


UNPRICED: dict[str, dict[str, Any]] = {
    "searches": {"server_tool_use": {"web_search_requests": 1}},
    "priority": {"service_tier": "priority"},
    "more for an hour than at all": {"cache_creation": {"ephemeral_1h_input_tokens": 3}},
}


@pytest.mark.parametrize("more", UNPRICED.values(), ids=UNPRICED)
def test_usage_that_has_another_price_is_not_taken_for_tokens(more: dict[str, Any]) -> None:
    """Then nothing was said that could be settled."""
    usage = {"input_tokens": 9, "output_tokens": 9, **more}
    assert answer("messages", Act(usage=usage), stream=False).usage is None


def test_sound_is_not_taken_for_text() -> None:
    """Tokens of sound have prices of their own."""
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 9,
        "completion_tokens_details": {"audio_tokens": 3},
    }
    assert answer("chat", Act(usage=usage), stream=False).usage is None


@pytest.mark.parametrize("tier", ["priority", "flex", "scale"])
@pytest.mark.parametrize("wire", ["chat", "responses"])
def test_another_tier_in_an_answer_is_noticed(wire: str, tier: str) -> None:
    """Its usage is right, and its price is not."""
    whole = {**WHOLE[wire](Act(), request(wire)), "service_tier": tier}
    reader = WIRES[wire].reader(stream=False)
    reader.feed(json.dumps(whole).encode())
    reader.end()
    assert reader.tiered


def test_a_summary_of_the_reasoning_is_not_what_is_billed() -> None:
    """It may be longer than the reasoning; a short one must not be doubted for it."""
    reader = WIRES["responses"].reader(stream=True)
    for kind in ("reasoning_summary_text", "reasoning_summary_part", "refusal"):
        event = {"type": f"response.{kind}.delta", "delta": "thinking about cells " * 9}
        reader.feed(b"data: %b\n\n" % json.dumps(event).encode())
        assert (reader.heard > 0) is (kind == "refusal")


@EVERY
def test_long_answers_are_counted_in_one_go(wire: str) -> None:
    """However small the pieces are in which they arrive."""
    text = "def book(ask: BookInstrument, calendar: Calendar) -> Booked: ...\n" * 400
    whole, stream = (answer(wire, Act(text), stream=way).heard for way in (False, True))
    assert abs(whole - stream) <= whole // 100
