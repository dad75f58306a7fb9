"""Frames say what they were made from, and nothing else is one."""

import math
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.bus import frames
from monocyte.bus.frames import Cancel, Events, Frame, Happened, Pull, Reply, Request, pack, unpack
from monocyte.contracts import FOREVER, Envelope, Fault, Principal
from monocyte.contracts.codec import MAX_BYTES, encode
from monocyte.errors import BusError, Invalid, TooLarge
from tests.bus.stage import LISE, Echo, Everything, Look, Struck, struck

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SENT = Envelope(
    "c-7",
    LISE,
    "c-6",
    1,
    frozenset({"web"}),
    107.0,
    0x4BF92F3577B34DA6A3CE929D0E0E4736,
    0x00F067AA0BA902B7,
    ("a", "b"),
    True,
)
EACH: dict[str, Frame] = {
    "request": frames.request(1, SENT, Look(), 100.0),
    "request that cannot be sent": Request(1, "a.B", 1, Fault("invalid", "?"), 7, 1.0, PARENT, "p"),
    "reply": Reply(2, b"\xc0"),
    "reply without an answer": Reply(2, Fault("refused", "no", rule="P-1")),
    "cancel": Cancel(2**64 - 1),
    "pull": Pull(3, "probe", -1),
    "events": Events(3, "probe", (frames.happened(struck(1)),)),
    "no events": Events(3, "probe", ()),
}


@pytest.mark.parametrize("frame", EACH.values(), ids=EACH)
def test_a_frame_comes_back_equal(frame: Frame) -> None:
    """What was packed is unpacked."""
    assert unpack(pack(frame)) == frame


@pytest.mark.parametrize("frame", EACH.values(), ids=EACH)
def test_what_a_newer_end_adds_is_skipped(frame: Frame) -> None:
    """A field more at the end of a frame does no harm."""
    longer = [*msgspec.msgpack.decode(pack(frame)), {"new": "field"}]
    assert unpack(msgspec.msgpack.encode(longer)) == frame


def test_an_envelope_travels_whole_but_for_what_is_local() -> None:
    """Everything arrives; of the deadline what is left, and that the id is fresh does not."""
    frame = frames.request(1, SENT, Look(), 100.0)
    assert (frame.left, frame.traceparent, frame.address) == (7.0, PARENT, "probe.Look")
    there = frames.envelope_of(frame, 5_000.0)
    assert there == msgspec.structs.replace(SENT, deadline=5_007.0, fresh=False)


def test_no_deadline_stays_none() -> None:
    """A request that may take for ever may take for ever there, too."""
    frame = frames.request(1, Envelope(1), Look(), 100.0)
    assert frame.left is None
    assert frames.envelope_of(frame, 3.0).deadline == FOREVER


@pytest.mark.parametrize(
    "wrong",
    [{"left": math.nan}, {"traceparent": ""}, {"traceparent": "00-0-0-00"}],
    ids=["deadline", "no trace", "trace"],
)
def test_a_malformed_envelope_is_invalid(wrong: dict[str, Any]) -> None:
    """What the types let pass and still means nothing is refused."""
    frame = msgspec.structs.replace(frames.request(1, SENT, Look(), 0.0), **wrong)
    with pytest.raises(Invalid):
        frames.envelope_of(frame, 0.0)


def test_a_message_that_cannot_be_sent_travels_as_the_reason() -> None:
    """So the end that answers may still say first that nobody is there."""
    wrong: Any = 7
    frame = frames.request(1, SENT, Echo(Everything(text=wrong)), 0.0)
    assert isinstance(frame.body, Fault)
    assert frame.body.kind == "invalid"


def test_the_largest_message_has_room_in_a_frame() -> None:
    """An envelope of a usual size does not make a message too large."""
    fill = MAX_BYTES - len(encode(Echo(Everything(octets=b"x" * 70_000)))) + 70_000
    message = Echo(Everything(octets=b"x" * fill))
    assert len(encode(message)) == MAX_BYTES
    frame = unpack(pack(frames.request(1, SENT, message, 0.0)))
    assert isinstance(frame, Request)
    assert isinstance(frame.body, bytes)


def test_an_event_travels_whole() -> None:
    """A delivery comes back equal."""
    delivery = struck(7, "ä")
    it = frames.happened(delivery)
    assert (it.name, it.version) == ("Struck", 1)
    assert frames.delivery_of("probe", it, Struck) == delivery


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "a number": b"\x07",
    "a truncated frame": pack(Reply(1, b"xyz"))[:-1],
    "something behind the frame": pack(Cancel(1)) + b"\xc0",
    "a name that is none": msgspec.msgpack.encode(["hello", 1]),
    "no name": msgspec.msgpack.encode([1, 2]),
    "a missing field": msgspec.msgpack.encode(["reply", 1]),
    "a field of the wrong type": msgspec.msgpack.encode(["cancel", "1"]),
    "an address without end": msgspec.msgpack.encode(["pull", 1, "x" * 513, 0]),
    "a text that is not UTF-8": msgspec.msgpack.encode(["pull", 1]).replace(b"pull", b"\xff" * 4),
    "a map": msgspec.msgpack.encode({"cancel": 1}),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_a_frame_is_invalid(data: bytes) -> None:
    """One clear error, that says what arrived is no frame, and why."""
    with pytest.raises(Invalid, match=r"^what arrived is not a frame of the bus: .+"):
        unpack(data)


@pytest.mark.parametrize(
    "data",
    [b"\x91" * 100_000, b"\x92\xa6cancel" + b"\x91" * 100_000, b"x" * (frames.FRAME_BYTES + 1)],
    ids=["a depth bomb", "a depth bomb in a frame", "a long frame"],
)
def test_what_is_too_much_is_refused(data: bytes) -> None:
    """Neither depth nor size costs more than a look."""
    with pytest.raises((TooLarge, Invalid)):
        unpack(data)


def test_a_frame_may_not_be_too_large_to_send() -> None:
    """Labels without end are refused where they are sent."""
    envelope = Envelope(1, Principal("x" * frames.FRAME_BYTES))
    with pytest.raises(TooLarge):
        pack(frames.request(1, envelope, Look(), 0.0))


@given(st.binary(max_size=200))
def test_no_bytes_lead_to_anything_but_a_frame_or_an_error_of_the_bus(data: bytes) -> None:
    """Noise never ends in a traceback."""
    with suppress(BusError):
        assert isinstance(unpack(data), Frame)


@given(st.sampled_from(list(EACH.values())), st.integers(0, 400), st.integers(0, 255))
def test_a_flipped_byte_leads_to_a_frame_or_an_error_of_the_bus(
    frame: Frame, at: int, to: int
) -> None:
    """Nor does what is nearly a frame."""
    data = bytearray(pack(frame))
    data[at % len(data)] = to
    with suppress(BusError):
        assert isinstance(unpack(bytes(data)), Frame)


def test_events_hold_what_happened() -> None:
    """The parts of an events frame are typed, too."""
    frame = unpack(pack(EACH["events"]))
    assert isinstance(frame, Events)
    assert [type(it) for it in frame.events] == [Happened]
