"""The rows of the parity suite about requests: what comes back, or why nothing does."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from monocyte.contracts import FOREVER, Envelope, Map, Message, Principal
from monocyte.errors import (
    KINDS,
    AskCycle,
    Busy,
    Crashed,
    DeadlineExceeded,
    Denied,
    Invalid,
    NoSuchCell,
    NoSuchMessage,
    Refused,
    TooLarge,
    Unavailable,
)
from tests.bus.row import Do, Ends, Row, cancelled
from tests.bus.stage import (
    BROKEN,
    LIES,
    LISE,
    Break,
    BreakLater,
    Colour,
    Echo,
    EchoLater,
    Everything,
    Fail,
    FailLater,
    Hang,
    Homeless,
    Level,
    Lie,
    LieLater,
    Long,
    Look,
    LookLater,
    Looks,
    Misspelled,
    Nest,
    Relay,
    Scribble,
    Stage,
    Wait,
    settled,
)

SHORT = 0.02
"""A deadline that is meant to pass, in seconds."""


def asks(message: Message, **envelope: Any) -> Do:
    """Ask that, and nothing else."""
    return lambda stage: settled(stage.ask(message, **envelope))


def late(message: Message) -> Do:
    """Ask that with a deadline that has passed."""
    return lambda stage: settled(stage.ask(message, deadline=stage.within(-1)))


def odd(**fields: Any) -> Everything:
    """A value with fields that its constructor would not take if it asked."""
    return Everything(**fields)


FULL = Everything(
    flag=False,
    whole=-7,
    real=-0.0,
    text="Ä\x00 🦠",
    octets=b"\x00\xff",
    price=Decimal("1.10"),
    moment=datetime(2026, 11, 22, 15, 7, 0, 123456, tzinfo=UTC),
    day=date(1, 1, 1),
    span=timedelta(days=-1, microseconds=1),
    number=UUID(int=7),
    colour=Colour.BLUE,
    many=tuple(range(100)),
    some=frozenset({"a", "b"}),
    table=Map({"a": 1, "ß": 2}),
    nest=Nest(Nest(Nest())),
    other="x",
    few=9,
)
SAME = {
    "every kind of field": FULL,
    "its defaults": Everything(),
    "the smallest and the largest integer": Everything(whole=-(2**63), other=2**64 - 1),
    "a naive moment": Everything(moment=datetime(2026, 1, 5, 9, 30)),  # noqa: DTZ001
    "a long text": Everything(text="ä" * 300_000),
}
BECOMES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an integer becomes the number it stands for": ({"real": 1}, {"real": 1.0}),
    "an enumerated integer becomes a plain one": ({"whole": Level.LOW}, {"whole": 1}),
    "a set becomes a frozen one": ({"some": {"a"}}, {"some": frozenset({"a"})}),
    "a dict becomes a Map": ({"table": {"a": 1}}, {"table": Map({"a": 1})}),
    "a moment elsewhere becomes the same in UTC": (
        {"moment": datetime(2026, 1, 5, 9, tzinfo=timezone(timedelta(hours=2)))},
        {"moment": datetime(2026, 1, 5, 7, tzinfo=UTC)},
    ),
}


def values() -> Iterator[Row]:
    """What is sent comes back equal, and of the same types."""
    for name, value in SAME.items():
        yield Row(f"{name} comes back", asks(Echo(value)), value)
        yield Row(f"{name} comes back later", asks(EchoLater(value)), value)
    for name, (given, out) in BECOMES.items():
        yield Row(name, asks(Echo(odd(**given))), Everything(**out))
        yield Row(f"{name} later", asks(EchoLater(odd(**given))), Everything(**out))
    yield Row("nothing comes back as None", asks(Look()), None)
    yield Row("each of many requests gets its own answer", many_at_once, tuple(range(50)))
    yield Row("one id asked twice at once is answered twice", twice_at_once, (1, 1))


async def many_at_once(stage: Stage) -> tuple[Any, ...]:
    """Ask fifty things, and only then let the first be answered."""
    asked = [stage.start(Wait(number)) for number in range(50)]
    await stage.log.reaches(50)
    stage.open.set()
    return tuple([await one for one in asked])


async def twice_at_once(stage: Stage) -> tuple[Any, ...]:
    """Ask twice with the very same envelope."""
    asked = [stage.start(Wait(1), id="same") for _ in range(2)]
    await stage.log.reaches(2)
    stage.open.set()
    return tuple([await one for one in asked])


# -- what is not a message, and what is not an answer ----------------------------------------------


def deep(levels: int) -> Nest:
    """A value that nests so deep."""
    nest = Nest()
    for _ in range(levels):
        nest = Nest(nest)
    return nest


WRONG: dict[str, dict[str, Any]] = {
    "a number for a text": {"text": 5},
    "a text for a number": {"whole": "7"},
    "a fraction for an integer": {"whole": 7.5},
    "a truth for an integer": {"whole": True},
    "nothing for a text": {"text": None},
    "a list for a tuple": {"many": [1, 2]},
    "a tuple of the wrong things": {"many": ("x",)},
    "a record of another kind": {"nest": Everything()},
    "an integer beyond 64 bits": {"whole": 2**64},
    "an integer that passes its bound": {"few": 10},
    "not a number": {"real": float("nan")},
    "an infinite number": {"real": float("inf")},
    "a lone surrogate": {"text": "\ud800"},
    "an object that no wire carries": {"other": object()},
}
LARGE: dict[str, dict[str, Any]] = {
    "two MiB of text": {"text": "x" * (2 << 20)},
    "a nest of forty": {"nest": deep(40)},
}


def wrongs() -> Iterator[Row]:
    """A message that is not what its type says is the caller's fault; an answer, the author's."""
    for name, fields in WRONG.items():
        yield Row(f"{name} is invalid", asks(Echo(odd(**fields))), Ends(Invalid, cell="probe"))
        later = asks(EchoLater(odd(**fields)))
        yield Row(f"{name} is invalid for a waiting handler", later, Ends(Invalid, cell="probe"))
    for name, fields in LARGE.items():
        yield Row(f"{name} is too large", asks(Echo(odd(**fields))), Ends(TooLarge, cell="probe"))
    lie = Ends(Crashed, cell="probe", message=r"probe\.Lie\w* was answered wrongly: .*")
    for which, value in enumerate(LIES):
        yield Row(f"the answer {value!r} to {which} is wrong", asks(Lie(which)), lie)
        yield Row(f"the late answer {value!r} to {which} is wrong", asks(LieLater(which)), lie)
    long = Ends(Crashed, cell="probe", message=".*1,048,576 are allowed.*")
    yield Row("an answer of two MiB is wrong", asks(Long(2 << 20)), long)
    yield Row("a handler cannot change the message", scribbled, (Ends(Crashed), "as it was"))


async def scribbled(stage: Stage) -> tuple[Any, ...]:
    """Look at a message after a handler tried to change it."""
    message = Scribble("as it was")
    return await settled(stage.ask(message)), message.text


# -- errors ----------------------------------------------------------------------------------------


def failures() -> Iterator[Row]:
    """Errors arrive as what they were; what nobody foresaw arrives as a crash, without its text."""
    for kind, error in KINDS.items():
        fail = Fail(kind, "elsewhere", "here.py:7", "do this")
        same = Ends(
            error, message="it fails", cell="elsewhere", where=r"here\.py:7", mend="do this"
        )
        yield Row(f"{kind} arrives as what it was", asks(fail), same)
        yield Row(f"{kind} arrives later as what it was", asks(FailLater(kind)), Ends(error))
    refuse = Fail("refused", rule="P-1", detail="ada")
    yield Row("a refusal names its rule", asks(refuse), Ends(Refused, rule="P-1", detail="ada"))
    for how, why in enumerate(BROKEN):
        crash = Ends(
            Crashed,
            cell="probe",
            message=rf"probe\.Break\w* crashed with {type(why).__name__}",
            where=r"(stage\.py:\d+)?",
            mend="((?!42).)*",
        )
        name = f"{type(why).__name__} of a handler is a crash"
        yield Row(name, asks(Break(how)), crash)
        yield Row(f"{name} later", asks(BreakLater(how), deadline=FOREVER), crash)
        yield Row(f"{name}, a deadline or not", in_time(BreakLater(how)), crash)


def in_time(message: Message) -> Do:
    """Ask with a deadline that is far away."""
    return lambda stage: settled(stage.ask(message, deadline=stage.within(60)))


# -- the questions before the answer, and their order ----------------------------------------------

EVE = Principal("eve")
BAD = odd(whole="7")


def questions() -> Iterator[Row]:
    """Cell, message, time, circle, permission, validity, room: the first no is the answer."""
    no_cell = Ends(NoSuchCell, cell="prob", mend=r"did you mean probe\?")
    no_message = Ends(NoSuchMessage, cell="probe", mend=r"did you mean Look\?")
    no_time = Ends(DeadlineExceeded, cell="probe", message=r"probe\.\w+: the deadline passed .*")
    no_way = Ends(Denied, cell="probe", message=r"eve may not send probe\.\w+")
    circle = Ends(AskCycle, cell="probe", message=".*a → probe → probe")
    around: dict[str, Any] = {"path": ("a", "probe")}
    yield Row("a cell that is not there", asks(Misspelled()), no_cell)
    yield Row("a message that is not there", asks(Looks()), no_message)
    yield Row("a message of no cell", asks(Homeless()), Ends(NoSuchCell, cell=""))
    yield Row("a deadline that has passed", late(Look()), no_time)
    yield Row("a deadline that has passed, waiting", late(LookLater()), no_time)
    yield Row("a circle", asks(Look(), **around), circle)
    yield Row("a circle, waiting", asks(LookLater(), **around), circle)
    yield Row("a principal without permission", asks(Look(), principal=EVE), no_way)
    yield Row("no permission, waiting", asks(LookLater(), principal=EVE), no_way)
    yield Row("the cell before the time", late(Misspelled()), no_cell)
    yield Row("the message before the time", late(Looks()), no_message)
    gone = {"deadline": 0.0}
    yield Row("the time before the circle", asks(Look(), **gone, **around), no_time)
    yield Row("the circle before permission", asks(Look(), principal=EVE, **around), circle)
    yield Row("permission before validity", asks(Echo(BAD), principal=EVE), no_way)
    yield Row("validity before room", full_and(EchoLater(BAD)), Ends(Invalid))
    yield Row("room is asked last", full_and(EchoLater(FULL)), Ends(Busy, cell="probe"))
    yield Row("at once needs no room", full_and(Echo(FULL)), FULL)
    for message in (Look(), LookLater()):
        name = f"nobody is called in vain by {type(message).__name__}"
        yield Row(name, uncalled(message), ())


def full_and(message: Message) -> Do:
    """Ask that while the cell has as many requests in flight as it admits."""

    async def do(stage: Stage) -> Any:
        stage.serve(in_flight=1)
        waits = stage.start(Wait(1))
        await stage.log.reaches(1)
        outcome = await settled(stage.ask(message))
        stage.open.set()
        await waits
        return outcome

    return do


def uncalled(message: Message) -> Do:
    """What the handler has logged after every no."""

    async def do(stage: Stage) -> Any:
        for envelope in ({"deadline": 0.0}, {"path": ("probe",)}, {"principal": EVE}):
            await settled(stage.ask(message, **envelope))
        return tuple(stage.log)

    return do


# -- deadlines, cancellation, circles --------------------------------------------------------------


def endings() -> Iterator[Row]:
    """Whoever gives up, and why: the handler is told, along the whole way."""
    passed = Ends(DeadlineExceeded, cell="probe")
    hung = ("it began", "it was cancelled")
    yield Row("a deadline that passes", passing(Hang()), (passed, hung))
    inherited = Ends(DeadlineExceeded)
    far = ("far began", "far was cancelled")
    yield Row("a deadline is inherited", passing(Relay("ab")), (inherited, far))
    yield Row("a caller that gives up", giving_up(Hang()), hung)
    yield Row("a caller that gives up far away", giving_up(Relay("ab")), far)
    yield Row("a caller that gives up at once", giving_up_at_once, (7, True))
    one = ("first began", "second began", "first was cancelled")
    yield Row("giving up one of two", giving_up_one, one)
    back = Ends(AskCycle, cell="a", message=".*: a → b → a", mend="let one of them react .*")
    yield Row("a asks b asks a", asks(Relay("aba")), back)
    yield Row("a asks a", asks(Relay("aa")), Ends(AskCycle, cell="a", message=".*: a → a"))
    yield Row("the same cells one after the other", one_after_another, (1, 1))


def passing(message: Message) -> Do:
    """Ask with a deadline that passes; give the outcome, and what the handler has logged."""

    async def do(stage: Stage) -> Any:
        outcome = await settled(stage.ask(message, deadline=stage.within(SHORT)))
        return outcome, await stage.log.reaches(2)

    return do


def giving_up(message: Message) -> Do:
    """Cancel the caller once the handler has begun; give what the handler has logged."""

    async def do(stage: Stage) -> Any:
        caller = stage.start(message)
        await stage.log.reaches(1)
        await cancelled(caller)
        return await stage.log.reaches(2)

    return do


async def giving_up_at_once(stage: Stage) -> Any:
    """Cancel the caller as soon as it waits; then, soon, there is room for the next."""
    stage.serve(in_flight=1)
    stage.open.set()
    caller = stage.start(Hang())
    await asyncio.sleep(0)
    await cancelled(caller)
    # Nobody says when a wire has carried a cancel: so ask until there is room.
    while isinstance(outcome := await settled(stage.ask(Wait(7))), Busy):  # noqa: ASYNC110
        await asyncio.sleep(0)
    return outcome, stage.log.count("it began") == stage.log.count("it was cancelled")


async def giving_up_one(stage: Stage) -> Any:
    """Cancel one of two callers; the other one's handler goes on."""
    first = stage.start(Hang("first"))
    await stage.log.reaches(1)
    second = stage.start(Hang("second"))
    await stage.log.reaches(2)
    await cancelled(first)
    seen = await stage.log.reaches(3)
    await cancelled(second)
    return seen


async def one_after_another(stage: Stage) -> Any:
    """Ask a cell with a path that it is not on, twice."""
    stage.open.set()
    return tuple([await stage.ask(Wait(1), path=("a", "b")) for _ in range(2)])


# -- limits, and no hidden retry -------------------------------------------------------------------


def limits() -> Iterator[Row]:
    """So many at once and no more; and nothing is ever sent a second time by itself."""
    yield Row("room for two", filling, (Ends(Busy, message=".* 2 requests .*"), 0, 1, 7))
    for name, message, deadline in (
        ("answers", EchoLater(FULL), FOREVER),
        ("refuses", FailLater("refused"), FOREVER),
        ("crashes", BreakLater(0), FOREVER),
        ("lies", LieLater(0), FOREVER),
        ("is late", Hang(), SHORT),
    ):
        yield Row(f"there is room again when one {name}", refilling(message, deadline), 7)
    for kind in ("refused", "busy", "unavailable", "conflict", "port-failed", "deadline-exceeded"):
        yield Row(f"{kind} is not tried again", counting(Fail(kind)), 1)
        yield Row(f"{kind} is not tried again later", counting(FailLater(kind)), 1)
    yield Row("a crash is not tried again", counting(Break(0)), 1)
    yield Row("a crash is not tried again later", counting(BreakLater(0)), 1)
    yield Row("a late one is not tried again", counting_late, 1)


async def filling(stage: Stage) -> Any:
    """Fill the room for two, be refused, empty it, and ask again."""
    stage.serve(in_flight=2)
    waits = [stage.start(Wait(number)) for number in range(2)]
    await stage.log.reaches(2)
    refused = await settled(stage.ask(Wait(2)))
    stage.open.set()
    return refused, await waits[0], await waits[1], await settled(stage.ask(Wait(7)))


def refilling(message: Message, seconds: float) -> Do:
    """Ask that in a room for one, and then something else."""

    async def do(stage: Stage) -> Any:
        stage.serve(in_flight=1)
        stage.open.set()
        await settled(stage.ask(message, deadline=stage.within(seconds)))
        return await settled(stage.ask(Wait(7)))

    return do


def counting(message: Message) -> Do:
    """Ask that, then something else; give how often the handler of the first was called."""

    async def do(stage: Stage) -> Any:
        await settled(stage.ask(message))
        await settled(stage.ask(Look()))
        return stage.log.count("called")

    return do


async def counting_late(stage: Stage) -> Any:
    """Let a deadline pass, and some time more."""
    await settled(stage.ask(Hang(), deadline=stage.within(SHORT)))
    await settled(stage.ask(Hang("other"), deadline=stage.within(2 * SHORT)))
    return stage.log.count("it began")


# -- the envelope ----------------------------------------------------------------------------------

SENT: dict[str, Any] = {
    "id": "c-7",
    "principal": LISE,
    "cause": "c-6",
    "correlation": "c-1",
    "labels": frozenset({"web", "untrusted"}),
    "trace": 0x4BF92F3577B34DA6A3CE929D0E0E4736,
    "span": 0x00F067AA0BA902B7,
    "path": ("a", "b"),
}
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def envelopes() -> Iterator[Row]:
    """The handler sees the envelope that was sent."""
    for message in (Look(), LookLater()):
        name = type(message).__name__
        told = tuple(
            SENT[field] for field in ("id", "principal", "cause", "correlation", "labels", "path")
        )
        yield Row(f"{name} sees its envelope", seeing(message, **SENT), (*told, PARENT))
        yield Row(f"{name} sees a trace without one", tracing(message), True)
        yield Row(f"{name} has no deadline", deadlines(message, FOREVER), True)
        yield Row(f"{name} has its deadline", deadlines(message, 60), True)


def seeing(message: Message, **fields: Any) -> Do:
    """Give the fields that the handler has seen."""

    async def do(stage: Stage) -> Any:
        await stage.ask(message, **fields)
        seen = cast("Envelope", stage.log[0])
        return (
            *(seen.id, seen.principal, seen.cause, seen.correlation, seen.labels, seen.path),
            seen.traceparent,
        )

    return do


def tracing(message: Message) -> Do:
    """Whether sender, handler and what the handler asks are of one trace, and nothing is 0."""

    async def do(stage: Stage) -> Any:
        sent = Envelope(12, LISE)
        await stage.transport.request(sent, message)
        seen = cast("Envelope", stage.log[0])
        child = seen.child(13, "probe")
        traces = {envelope.traceparent.split("-")[1] for envelope in (sent, seen, child)}
        return (
            len(traces) == 1 and seen.traceparent == sent.traceparent and set(traces) != {"0" * 32}
        )

    return do


def deadlines(message: Message, seconds: float) -> Do:
    """Whether the handler has as much time as was given, within half a second."""

    async def do(stage: Stage) -> Any:
        given = stage.within(seconds)
        await stage.ask(message, deadline=given)
        seen = cast("Envelope", stage.log[0]).deadline
        return seen == given or abs(seen - given) < 0.5

    return do


# -- serving ---------------------------------------------------------------------------------------


def services() -> Iterator[Row]:
    """Cells come and go while requests are in flight; at the end the transport is closed."""
    gone = Ends(NoSuchCell, cell="probe")
    closed = Ends(Unavailable, message=".*shutting down.*")
    yield Row("a cell that was withdrawn", leaving, (gone, 1))
    yield Row("a cell that came back", returning, (None, 1))
    yield Row("a cell that is served anew has room anew", renewing, (7, 1))
    yield Row("a closed transport", closing(Look()), closed)
    yield Row("a closed transport, waiting", closing(LookLater()), closed)
    yield Row("a closed transport, nobody there", closing(Misspelled()), closed)


async def leaving(stage: Stage) -> Any:
    """Withdraw a cell while it answers."""
    waits = stage.start(Wait(1))
    await stage.log.reaches(1)
    stage.transport.withdraw("probe")
    gone = await settled(stage.ask(Look()))
    stage.open.set()
    return gone, await waits


async def returning(stage: Stage) -> Any:
    """Withdraw a cell while it answers, and serve it again."""
    waits = stage.start(Wait(1))
    await stage.log.reaches(1)
    stage.transport.withdraw("probe")
    stage.serve()
    back = await settled(stage.ask(Look()))
    stage.open.set()
    return back, await waits


async def renewing(stage: Stage) -> Any:
    """Serve a cell anew while it is full."""
    stage.serve(in_flight=1)
    waits = stage.start(Wait(1))
    await stage.log.reaches(1)
    stage.serve(in_flight=1)
    more = stage.start(Wait(7))
    await stage.log.reaches(2)
    stage.open.set()
    return await more, await waits


def closing(message: Message) -> Do:
    """Ask that after the end."""

    async def do(stage: Stage) -> Any:
        await stage.transport.close()
        return await settled(stage.ask(message))

    return do


def rows() -> Iterator[Row]:
    """All of them."""
    for some in (values, wrongs, failures, questions, endings, limits, envelopes, services):
        yield from some()
