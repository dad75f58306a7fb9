"""The two ends of a wire without the wire: frames in, decisions out, no loop and no socket.

`Asking` is the end that waits for answers, `Answering` the end that gives them. Both live by the
tables below: what a key can go through, and nothing else. A transport over NATS or Redis is these
two and a socket; `ends.py` lends them a loop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum, auto
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from monocyte.bus import core, frames
from monocyte.bus.account import Account
from monocyte.bus.frames import Cancel, Events, Pull, Reply, Request
from monocyte.bus.interface import Delivery, Permit, Route, Service, permit_all
from monocyte.contracts import Envelope, Event, Fault, Message, reply_type, to_error, to_fault
from monocyte.contracts.check import compile_check
from monocyte.contracts.codec import MAX_BYTES, decode, encode
from monocyte.errors import BusError, Invalid, MonocyteError

__all__ = [
    "Answered",
    "Answering",
    "Asking",
    "Begin",
    "Effect",
    "Seat",
    "Send",
    "Served",
    "State",
    "Stop",
    "Tell",
]

BARRED = 1024
"""How many cancelled keys an answering end remembers, in case a cancel overtook its request."""

WORDS: Final[Mapping[str, type[Event]]] = MappingProxyType({})
"""For an end that follows nobody."""


# -- the end that asks -----------------------------------------------------------------------------


class Answered(NamedTuple):
    """What a key ended in: an answer, some events (none: the stream has ended), or an error."""

    key: int
    outcome: Any


class Asking:
    """What is asked and not yet answered.

    A key is *waiting* from `request` or `pull` on, until its answer or its cancel; then it is spent
    for ever, and whatever still comes for it is late and ignored. `words` are the events that can
    be followed, by address; `now` is the clock of the deadlines, in seconds.
    """

    def __init__(self, now: Callable[[], float], words: Mapping[str, type[Event]] = WORDS) -> None:
        self._now = now
        self._words = words
        self._last = 0
        self._waiting: dict[int, type[Message] | str] = {}

    def request(self, envelope: Envelope, message: Message) -> tuple[int, bytes]:
        """The key and the frame of a request.

        Raises:
            Invalid: the envelope holds what no wire can carry. (What is wrong with the message
                comes back as the answer, after the questions that come before its validity.)
            TooLarge: the envelope passes a limit.
        """
        data = frames.pack(frames.request(self._last + 1, envelope, message, self._now()))
        return self._wait_for(type(message)), data

    def pull(self, cell: str, after: int) -> tuple[int, bytes]:
        """The key and the frame of the wish for a cell's next events behind a position."""
        data = frames.pack(Pull(self._last + 1, cell, after))
        return self._wait_for(cell), data

    def cancel(self, key: int) -> bytes:
        """The frame that says that nobody waits any more; an answer on its way is late from now."""
        self._waiting.pop(key, None)
        return frames.pack(Cancel(key))

    def receive(self, data: bytes) -> Answered | None:
        """What the frame answers, or nothing if it is late.

        Raises:
            Invalid: the bytes are no answer, or answer what was never asked.
            TooLarge: they pass a limit.
        """
        frame = frames.unpack(data)
        if not isinstance(frame, Reply | Events):
            raise Invalid(f"a {type(frame).__name__} came to an end that asks and does not answer")
        if not 0 < frame.key <= self._last:
            raise Invalid(f"an answer to request {frame.key} came, which was never asked here")
        asked = self._waiting.pop(frame.key, None)
        return None if asked is None else Answered(frame.key, self._outcome(frame, asked))

    def _wait_for(self, asked: type[Message] | str) -> int:
        self._last += 1
        self._waiting[self._last] = asked
        return self._last

    def _outcome(self, frame: Reply | Events, asked: type[Message] | str) -> Any:
        try:
            if isinstance(frame, Events):
                if isinstance(asked, str):
                    return tuple(self._event(asked, it) for it in frame.events)
            elif isinstance(frame.outcome, Fault):
                return to_error(frame.outcome)
            elif not isinstance(asked, str):
                return decode(reply_type(asked), frame.outcome)
        except BusError as why:
            return why
        return Invalid(f"a {type(frame).__name__} came, which does not answer what was asked")

    def _event(self, cell: str, it: frames.Happened) -> Delivery:
        word = self._words.get(f"{cell}.{it.name}")
        if word is None or word.__version__ != it.version:
            raise core.unknown_word(f"{cell}.{it.name}", it.version, word)
        return frames.delivery_of(cell, it, word)


# -- the end that answers --------------------------------------------------------------------------


class Seat(NamedTuple):
    """Who answers a message, and what the answer counts against."""

    route: Route
    gate: core.Gate
    account: Account


class Served:
    """What a host answers, whoever asks: its cells, with a gate for each, and the policy."""

    def __init__(self, permit: Permit = permit_all) -> None:
        self.permit = permit
        self.closed = False
        self._services: dict[str, Service] = {}
        self._seats: dict[str, Seat] = {}

    @property
    def services(self) -> tuple[Service, ...]:
        """The cells, in the order in which they were first served."""
        return tuple(self._services.values())

    def serve(self, service: Service) -> None:
        """Start to answer for a cell, or replace how it is answered."""
        self.withdraw(service.cell)
        self._services[service.cell] = service
        gate = core.Gate(service.in_flight)
        for route in service.routes:
            self._seats[route.address] = Seat(route, gate, service.account)

    def withdraw(self, cell: str) -> None:
        """Stop to answer for a cell."""
        service = self._services.pop(cell, None)
        for route in service.routes if service else ():
            self._seats.pop(route.address, None)

    def find(self, address: str) -> Seat:
        """Who answers a message.

        Raises:
            NoSuchCell: there is no such cell.
            NoSuchMessage: the cell does not answer it.
            Unavailable: the host is shutting down.
        """
        if self.closed:
            raise core.closed()
        if address in self._seats:
            return self._seats[address]
        cell, _, message = address.rpartition(".")
        raise core.missing(cell, message, self.services)


class Begin(NamedTuple):
    """Effect: have the route answer, then `finish` the key with what came of it."""

    key: int
    seat: Seat
    envelope: Envelope
    message: Any


class Tell(NamedTuple):
    """Effect: wait for events of a cell behind a position, then `finish` the key with them."""

    key: int
    cell: str
    after: int


class Stop(NamedTuple):
    """Effect: cancel what was begun under the key; it must still be finished."""

    key: int


class Send(NamedTuple):
    """Effect: send these bytes."""

    data: bytes


Effect = Begin | Tell | Stop | Send


class State(Enum):
    """Where a key stands at the end that answers."""

    UNKNOWN = auto()
    RUNNING = auto()
    STOPPING = auto()
    BARRED = auto()
    """Cancelled before it came: frames may overtake each other."""


class Input(Enum):
    """What can happen to a key at the end that answers."""

    REQUEST = auto()
    CANCEL = auto()
    FINISH = auto()


class Act(Enum):
    """What is to be done about it."""

    BEGIN = auto()
    STOP = auto()
    REPLY = auto()
    NOTHING = auto()


TABLE: Final[Mapping[tuple[State, Input], tuple[Act, State]]] = {
    (State.UNKNOWN, Input.REQUEST): (Act.BEGIN, State.RUNNING),
    (State.UNKNOWN, Input.CANCEL): (Act.NOTHING, State.BARRED),
    (State.RUNNING, Input.REQUEST): (Act.NOTHING, State.RUNNING),  # the frame came twice
    (State.RUNNING, Input.CANCEL): (Act.STOP, State.STOPPING),
    (State.RUNNING, Input.FINISH): (Act.REPLY, State.UNKNOWN),
    (State.STOPPING, Input.REQUEST): (Act.NOTHING, State.STOPPING),
    (State.STOPPING, Input.CANCEL): (Act.NOTHING, State.STOPPING),
    (State.STOPPING, Input.FINISH): (Act.NOTHING, State.BARRED),  # nobody listens any more
    (State.BARRED, Input.REQUEST): (Act.NOTHING, State.BARRED),
    (State.BARRED, Input.CANCEL): (Act.NOTHING, State.BARRED),
}
"""The life of a key at the end that answers; a pair that is not here is a mistake of the shell.

A finished key is forgotten: a request whose frame comes again later is answered again. Queries do
not mind, and commands are known by their id to who decides them.
"""


class Answering:
    """What one asking end has asked of a host, and what became of it.

    `now` is the clock of the deadlines, in seconds.
    """

    def __init__(self, served: Served, now: Callable[[], float]) -> None:
        self._served = served
        self._now = now
        self._states: dict[int, State] = {}
        self._begun: dict[int, Begin | Tell] = {}
        self._barred: deque[int] = deque()

    def receive(self, data: bytes) -> Effect | None:
        """What is to be done about a frame, if anything.

        Raises:
            Invalid: the bytes are no request, pull or cancel.
            TooLarge: they pass a limit.
        """
        frame = frames.unpack(data)
        if isinstance(frame, Reply | Events):
            raise Invalid(f"a {type(frame).__name__} came to an end that answers and does not ask")
        if isinstance(frame, Cancel):
            return Stop(frame.key) if self._step(frame.key, Input.CANCEL) is Act.STOP else None
        if self._step(frame.key, Input.REQUEST) is Act.NOTHING:
            return None
        return self._begin(frame)

    def finish(self, key: int, outcome: Any) -> bytes | None:
        """The frame of what a key ended in, if anybody still waits for it.

        The outcome is the answer, or a `BusError`; for events, some deliveries, of which the frame
        takes as many as it holds, or none when the stream has ended.

        Raises:
            MonocyteError: nothing was begun under that key, or it is finished.
        """
        act = self._step(key, Input.FINISH)
        begun = self._begun.pop(key, None)
        if isinstance(begun, Begin) and not begun.seat.route.immediate:
            begun.seat.gate.in_flight -= 1
        if act is Act.NOTHING:
            return None
        try:
            return frames.pack(_ending(key, begun, outcome))
        except BusError as why:  # an error can always be sent: `to_fault` sees to that
            return frames.pack(Reply(key, to_fault(why)))

    def _begin(self, frame: Request | Pull) -> Effect | None:
        if isinstance(frame, Pull):
            effect: Begin | Tell = Tell(frame.key, frame.cell, frame.after)
        else:
            try:
                effect = self._admitted(frame)
            except BusError as why:
                return _sent(self.finish(frame.key, why))
        self._begun[frame.key] = effect
        return effect

    def _admitted(self, frame: Request) -> Begin:
        seat, now = self._served.find(frame.address), self._now()
        envelope = frames.envelope_of(frame, now)
        core.admit(envelope, seat.route, self._served.permit, now)
        message = _opened(frame, seat.route)
        if not seat.route.immediate:  # one that never waits is never in flight
            seat.gate.enter(seat.route)
        return Begin(frame.key, seat, envelope, message)

    def _step(self, key: int, what: Input) -> Act:
        state = self._states.get(key, State.UNKNOWN)
        if (state, what) not in TABLE:
            raise MonocyteError(f"nothing is begun under key {key}, so that it cannot be finished")
        act, after = TABLE[state, what]
        self._states[key] = after
        if after is State.UNKNOWN:
            del self._states[key]
        elif after is State.BARRED and state is not State.BARRED:
            self._bar(key)
        return act

    def _bar(self, key: int) -> None:
        self._barred.append(key)
        if len(self._barred) > BARRED:
            del self._states[self._barred.popleft()]


def _sent(data: bytes | None) -> Send | None:
    return Send(data) if data else None


def _opened(frame: Request, route: Route) -> Any:
    """The message of a request, held against its type once more: anybody can write to a wire."""
    word: Any = route.message
    try:
        if isinstance(frame.body, Fault):
            raise to_error(frame.body)
        if frame.version != word.__version__:
            raise core.other_version(frame.address, frame.version, word)
        return compile_check(word)(decode(word, frame.body))
    except BusError as why:
        raise core.invalid(route, why) from why


def _ending(key: int, begun: Begin | Tell | None, outcome: Any) -> Reply | Events:
    """The last frame of a key."""
    if isinstance(outcome, BusError):
        return Reply(key, to_fault(outcome))
    if isinstance(begun, Tell):
        return Events(key, begun.cell, tuple(_fitting(outcome)))
    if isinstance(begun, Begin):
        return Reply(key, _answer(begun.seat.route, outcome))
    raise MonocyteError(f"key {key} was not begun, and can end in an error only")


def _answer(route: Route, reply: Any) -> bytes:
    try:
        return encode(compile_check(route.reply)(reply))
    except BusError as why:
        raise core.wrong_reply(route, why) from why


def _fitting(deliveries: Sequence[Delivery]) -> Iterator[frames.Happened]:
    """As many events as one frame holds, the first at least; what fails waits until it is first."""
    size = 0
    for nth, delivery in enumerate(deliveries):
        try:
            it = frames.happened(delivery)
        except BusError:
            if nth == 0:
                raise
            return
        size += len(encode(it, frames.FRAME_BYTES))
        if nth and size > MAX_BYTES:
            return
        yield it
