"""The official libraries through the proxy: the same answers, errors and bills, of either."""

import importlib
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from monocyte.errors import ConfigError
from monocyte.genops.metering import Player
from monocyte.genops.metering.cassettes import CassetteMiss
from monocyte.genops.metering.wires import Turn
from monocyte.genops.models import (
    Anthropic,
    Ask,
    Backend,
    Cassette,
    Declined,
    NoAnswer,
    OpenAI,
    Prompt,
)
from monocyte.genops.models.asking import converse
from tests.genops.provider import Act
from tests.genops.till import MODELS, Closing, till

EVERY = pytest.mark.parametrize("wire", MODELS)
PROMPT = Prompt("You write cells.", (Turn("user", "Write one."),))
STORY = "class Booked(Event):\n    id: int\n" * 9


def backend(wire: str, seat: Any, **more: Any) -> Backend:
    """The library for a wire format."""
    kind = Anthropic if wire == "messages" else OpenAI
    return kind(Ask(wire, MODELS[wire], 900, {"temperature": 0}, **more), seat)


@EVERY
def test_an_answer_arrives_piece_by_piece_and_whole(wire: str) -> None:
    """What is heard on the way is what the answer is."""
    heard: list[str] = []
    with till(Act(STORY)) as it:
        answer = backend(wire, it.seat).ask(PROMPT, heard.append)
    assert (answer.text, answer.stop, answer.model) == (STORY, "end", MODELS[wire])
    assert "".join(heard) == STORY
    assert [settled.ending for settled in it.settlements] == ["answered"]
    body = it.provider.asked[0].body
    assert body["temperature"] == 0
    assert "You write cells." in str(body)


@EVERY
@pytest.mark.parametrize(
    ("act", "stop"),
    [
        (Act("Half of", stop="length"), "length"),
        (Act("I will not.", stop="refusal"), "refusal"),
        (Act("", tools=(("edit", {"a": 1}),)), "tools"),
    ],
    ids=["half", "refusal", "tool"],
)
def test_an_answer_that_is_none_of_a_cell_is_still_an_answer(
    wire: str, act: Act, stop: str
) -> None:
    """Cut off, refused, or a call of a tool: whoever asked judges that."""
    with till(act) as it:
        answer = backend(wire, it.seat).ask(PROMPT, _nobody)
    assert (answer.text, answer.stop) == (act.text, stop)


@EVERY
@pytest.mark.parametrize("status", [429, 500, 529])
def test_every_retry_is_a_call_of_its_own(wire: str, status: int) -> None:
    """The library tries again by itself; each try is reserved, refused or paid for."""
    with till(Act(status=status), Act(status=status), Act(STORY)) as it:
        assert backend(wire, it.seat).ask(PROMPT, _nobody).text == STORY
    endings = [settled.ending for settled in it.settlements]
    assert endings == [*["failed" if status == 500 else "refused"] * 2, "answered"]


@EVERY
def test_what_passes_the_cap_is_not_tried_again(wire: str) -> None:
    """One request, one refusal, with the reason."""
    with till(how=Closing(cap="0.001")) as it, pytest.raises(Declined, match="may cost"):
        backend(wire, it.seat).ask(PROMPT, _nobody)
    assert it.provider.asked == []


BROKEN = {
    "fails": Act(status=500),
    "overloaded": Act(status=529),
    "breaks off": Act(STORY, cut=3),
    "prose": Act(raw=b"I am a teapot."),
}


@EVERY
@pytest.mark.parametrize("act", BROKEN.values(), ids=BROKEN)
def test_no_answer_is_an_error_that_says_so(wire: str, act: Act) -> None:
    """Half an answer is never taken for one."""
    with till(act) as it, pytest.raises(NoAnswer):
        backend(wire, it.seat, retries=0).ask(PROMPT, _nobody)
    assert len(it.settlements) == 1


@EVERY
def test_a_cassette_answers_as_the_library_did(wire: str, tmp_path: Path) -> None:
    """Recorded through the proxy, played back without it, to the same prompt only."""
    ask = Ask(wire, MODELS[wire], 900, {"temperature": 0})
    with till(Act(STORY), how=Closing(cassette=tmp_path)) as it:
        first = backend(wire, it.seat).ask(PROMPT, _nobody)
    heard: list[str] = []
    assert Cassette(ask, Player(tmp_path)).ask(PROMPT, heard.append) == first
    assert heard == [STORY]
    other = Prompt("You write cells.", (Turn("user", "Write two."),))
    with pytest.raises(CassetteMiss, match=r"\.content|\.input"):
        Cassette(ask, Player(tmp_path)).ask(other, _nobody)


@EVERY
def test_the_proxy_plays_a_cassette_to_the_library_too(wire: str, tmp_path: Path) -> None:
    """Without a provider, a key or a budget."""
    with till(Act(STORY), how=Closing(cassette=tmp_path)) as it:
        first = backend(wire, it.seat).ask(PROMPT, _nobody)
    with till(how=Closing(playing=tmp_path)) as it:
        assert backend(wire, it.seat).ask(PROMPT, _nobody) == first
        with pytest.raises(Declined, match="on no cassette"):
            backend(wire, it.seat).ask(PROMPT, _nobody)
    assert it.provider.asked == []


@pytest.mark.parametrize("kind", [OpenAI, Anthropic])
def test_a_library_that_is_missing_is_named(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install."""

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ConfigError, match=r"monocyte\[genops\]"):
        kind(Ask("chat", "m", 9), ("http://127.0.0.1:1", "t"))


def _nobody(piece: str) -> None:
    pass


def test_a_stream_that_just_stops_is_no_answer() -> None:
    """Even if the connection is closed as it should be."""
    library = importlib.import_module("openai")
    half = b'data: {"choices": [{"delta": {"content": "class"}}]}\n\n'
    response = SimpleNamespace(iter_bytes=lambda: iter([half]), headers={})
    with pytest.raises(NoAnswer, match="broke off"):
        converse(Ask("chat", "m", 9), library, lambda: nullcontext(response), _nobody)
