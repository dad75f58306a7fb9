"""A stream of events is read alike, however it was cut."""

from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.genops.metering.wires import events
from monocyte.genops.metering.wires.events import EventStream, StreamDamaged

STREAM = (
    'event: x\r\ndata: {"a":1}\r\n\r\n: comment\n\n'
    "data:two\ndata: lines é\n\nid: 7\ndata: [DONE]\n\n"
)
EVENTS = ['{"a":1}', "two\nlines é", "[DONE]"]


@given(st.lists(st.integers(0, len(STREAM.encode()))))
def test_an_event_is_whole_however_it_was_cut(cuts: list[int]) -> None:
    """Between any two bytes, also within a letter."""
    raw, stream = STREAM.encode(), EventStream()
    ends = [0, *sorted(cuts), len(raw)]
    parts = (raw[a:b] for a, b in pairwise(ends))
    assert [event for part in parts for event in stream.feed(part)] == EVENTS


def test_an_event_that_is_not_over_is_none() -> None:
    """A stream that breaks off says nothing more than it has said."""
    assert list(EventStream().feed(b"data: half")) == []
    assert list(EventStream().feed(b"data: whole\n")) == []


def test_text_that_is_none_is_an_error() -> None:
    """Bytes that are not UTF-8 are no answer."""
    with pytest.raises(StreamDamaged):
        list(EventStream().feed(b"data: \xff\n\n"))


@pytest.mark.parametrize("line", [b"x", b"data: x\n"])
def test_an_event_has_an_end(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one endless line nor endless lines are kept."""
    monkeypatch.setattr(events, "MOST", 1000)
    stream = EventStream()
    with pytest.raises(StreamDamaged):
        list(chain.from_iterable(stream.feed(line) for _ in range(2000)))
