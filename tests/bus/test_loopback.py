"""Everything makes its way as bytes, and bytes meet the weather."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from contextlib import aclosing
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monocyte.bus import Delivery, LoopbackTransport, Weather, calm, ends
from monocyte.bus.frames import Cancel, Events, Frame, Pull, Reply, Request, unpack
from monocyte.errors import BusError, Busy, Crashed, DeadlineExceeded, Unavailable
from tests.bus.row import cancelled
from tests.bus.stage import (
    BreakLater,
    Echo,
    EchoLater,
    Everything,
    Hang,
    Look,
    LookLater,
    Stage,
    Wait,
    settled,
    struck,
)

LATER = 0.005
"""A delay, in seconds."""


def on_stage(play: Callable[[Stage], Coroutine[Any, Any, Any]], weather: Weather = calm) -> Any:
    """Play on a loopback transport in that weather."""

    async def main() -> Any:
        stage = Stage()
        transport = LoopbackTransport(permit=stage.permit, weather=weather)
        stage.begin(transport)
        try:
            async with asyncio.timeout(20):
                return await play(stage)
        finally:
            await transport.close()

    return asyncio.run(main())


def but(kind: type[Frame], *arrivals: float) -> Weather:
    """The weather in which frames of one kind arrive like that, and the others as in calm."""
    return lambda frame: arrivals if isinstance(unpack(frame), kind) else (0.0,)


def watched(seen: list[Frame]) -> Weather:
    """Calm weather that notes every frame."""

    def weather(frame: bytes) -> Iterable[float]:
        seen.append(unpack(frame))
        return (0.0,)

    return weather


def test_everything_is_a_frame() -> None:
    """Requests, answers, cancels, pulls and events."""
    seen: list[Frame] = []

    async def play(stage: Stage) -> None:
        await stage.ask(EchoLater(Everything()))
        stage.happen(1)
        async with aclosing(cast("Any", stage.transport.follow("probe", 0))) as stream:
            await anext(stream)
        caller = stage.start(Hang())
        await stage.log.reaches(1)
        await cancelled(caller)
        await stage.log.reaches(2)

    on_stage(play, watched(seen))
    assert [type(frame) for frame in seen] == [Request, Reply, Pull, Events, Request, Cancel]


def test_an_answer_is_a_copy() -> None:
    """Nothing is shared between who asks and who answers."""

    async def play(stage: Stage) -> tuple[Everything, Everything]:
        sent = Everything(many=(1, 2))
        return sent, await stage.ask(Echo(sent))

    sent, came = on_stage(play)
    assert came == sent
    assert came is not sent
    assert came.many is not sent.many


def test_a_crash_that_nobody_foresaw_is_told_to_the_loop() -> None:
    """The caller hears of its kind; the host's log has the rest."""
    told: list[dict[str, Any]] = []

    async def play(stage: Stage) -> Any:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        return await settled(stage.ask(BreakLater(0)))

    assert isinstance(on_stage(play), Crashed)
    assert [(c["message"], str(c["exception"])) for c in told] == [
        ("probe.BreakLater broke off", "the secret is 42")
    ]


def test_a_history_that_breaks_off_is_unavailable() -> None:
    """Who follows hears of it, and may try again."""

    async def play(stage: Stage) -> Any:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        stage.past.append(cast("Delivery", "not a delivery"))
        return await settled(anext(stage.transport.follow("probe", 0)))

    assert isinstance(on_stage(play), Unavailable)


def test_an_immediate_answer_is_booked() -> None:
    """As every transport does: one query, some time."""

    async def play(stage: Stage) -> Any:
        await stage.ask(Look())
        transport = cast("LoopbackTransport", stage.transport)
        probe = next(service for service in transport.services if service.cell == "probe")
        return probe.account.queries, probe.account.cpu > 0

    assert on_stage(play) == (1, True)


# -- weather ---------------------------------------------------------------------------------------


def test_a_doubled_request_is_answered_once() -> None:
    """It may be handled twice, when the second comes after the end of the first."""

    async def play(stage: Stage) -> Any:
        answer = await stage.ask(LookLater())
        await stage.log.reaches(2)
        await settled(stage.ask(Echo(Everything())))
        return answer, len(stage.log)

    assert on_stage(play, but(Request, 0.0, LATER)) == (None, 2)


def test_a_request_that_comes_twice_while_it_is_handled_is_handled_once() -> None:
    """The frame is known by its key."""

    async def play(stage: Stage) -> Any:
        stage.open.set()
        return await stage.ask(Wait(7)), tuple(stage.log)

    assert on_stage(play, but(Request, 0.0, 0.0)) == (7, (7,))


@pytest.mark.parametrize("kind", [Reply, Cancel, Pull, Events])
def test_doubling_any_other_frame_changes_nothing(kind: type[Frame]) -> None:
    """Late ones are ignored; an event is handed on once."""

    async def play(stage: Stage) -> Any:
        stage.happen(1, 2)
        out = []
        async with aclosing(cast("Any", stage.transport.follow("probe", 0))) as stream:
            for position in (3, 4, 5):
                out.append((await anext(stream)).seq)
                stage.happen(position)
            out += [(await anext(stream)).seq for _ in range(2)]
        caller = stage.start(Hang())
        await stage.log.reaches(1)
        await cancelled(caller)
        return out, await stage.log.reaches(2), await stage.ask(Echo(Everything(whole=7)))

    log = ("it began", "it was cancelled")
    assert on_stage(play, but(kind, 0.0, LATER)) == ([1, 2, 3, 4, 5], log, Everything(whole=7))


@pytest.mark.parametrize("kind", [Request, Reply])
def test_what_is_lost_is_late_and_not_sent_again(
    kind: type[Frame], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No hidden retry: who asked hears of the deadline, and decides."""
    monkeypatch.setattr(ends, "PATIENCE", LATER)
    seen: list[Frame] = []

    def weather(frame: bytes) -> Iterable[float]:
        seen.append(unpack(frame))
        return () if isinstance(seen[-1], kind) else (0.0,)

    async def play(stage: Stage) -> Any:
        return await settled(stage.ask(LookLater(), deadline=stage.within(LATER)))

    assert type(on_stage(play, weather)) is DeadlineExceeded
    assert [type(frame) for frame in seen].count(Request) == 1
    assert type(seen[-1]) is Cancel


def test_a_lost_cancel_leaves_the_handler_to_its_deadline() -> None:
    """The end that answers knows the deadline, too."""

    async def play(stage: Stage) -> Any:
        caller = stage.start(Hang(), deadline=stage.within(4 * LATER))
        await stage.log.reaches(1)
        await cancelled(caller)
        return await stage.log.reaches(2)

    assert on_stage(play, but(Cancel)) == ("it began", "it was cancelled")


def test_a_cancel_may_overtake_its_request() -> None:
    """Then the handler never begins, and nothing is left in flight."""

    async def play(stage: Stage) -> Any:
        stage.serve(in_flight=1)
        stage.open.set()
        caller = stage.start(Hang())
        await asyncio.sleep(0)
        await cancelled(caller)
        return await stage.ask(Wait(7)), tuple(stage.log)

    assert on_stage(play, but(Request, LATER)) == (7, (7,))


# -- laws ------------------------------------------------------------------------------------------


def storm(seed: int) -> Weather:
    """Frames are late and doubled, as the seed says; none is lost."""
    chance = random.Random(seed)

    def weather(frame: bytes) -> Iterable[float]:
        arrivals = [
            chance.choice((0.0, 0.0, 0.001, 0.002)) for _ in range(chance.choice((1, 1, 2)))
        ]
        return tuple(arrivals)

    return weather


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32))
def test_in_every_storm_each_gets_its_own_answer_and_all_events_once(seed: int) -> None:
    """Whatever comes late, twice or in another order: values, events and gates are right."""

    async def play(stage: Stage) -> Any:
        stage.serve(in_flight=8)
        stage.open.set()

        async def follow() -> list[int]:
            out: list[int] = []
            async with aclosing(cast("Any", stage.transport.follow("probe", 0))) as stream:
                while len(out) < 20:
                    out.append((await anext(stream)).seq)
            return out

        follower = asyncio.ensure_future(follow())
        asked = [stage.start(Wait(number)) for number in range(20)]
        for position in range(1, 21):
            stage.happen(position)
            await asyncio.sleep(0)
        outcomes = [await one for one in asked]
        return outcomes, await follower

    outcomes, events = on_stage(play, storm(seed))
    assert events == list(range(1, 21))
    for number, outcome in enumerate(outcomes):
        assert outcome == number or type(outcome) is Busy
    assert sum(not isinstance(outcome, BusError) for outcome in outcomes) >= 8


def test_the_same_seed_makes_the_same_weather() -> None:
    """So that a storm can be seen again."""
    frames = [b"a", b"b", b"c"] * 10
    first, second, other = (storm(seed) for seed in (1, 1, 2))
    arrivals = [tuple(map(weather, frames)) for weather in (first, second, other)]
    assert arrivals[0] == arrivals[1] != arrivals[2]


def test_calm_is_one_copy_at_once() -> None:
    """What a transport has when nobody says otherwise."""
    assert Counter(calm(b"")) == Counter({0.0: 1})


def test_what_happened_before_is_told_with_all_that_led_to_it() -> None:
    """Labels and principal travel with an event."""

    async def play(stage: Stage) -> Any:
        stage.happen(1, text="ä")
        return await anext(stage.transport.follow("probe", 0))

    assert on_stage(play) == struck(1, "ä")
