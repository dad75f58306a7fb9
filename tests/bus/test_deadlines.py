"""One timer for all that wait: who is late is cancelled and told, and nobody else is touched."""

import asyncio
from typing import Any

import pytest

from monocyte.bus.deadlines import Deadlines
from monocyte.contracts import FOREVER


class Late(Exception):
    """What the deadline does to who waits."""


async def waits(deadlines: Deadlines, deadline: float, work: Any) -> Any:
    """Await some work under a deadline, as a transport does."""
    waiting = deadlines.enter(deadline)
    try:
        return await work
    except asyncio.CancelledError:
        if deadlines.ended(waiting):
            raise Late from None
        raise
    finally:
        deadlines.leave(waiting)


async def never() -> None:
    """Wait for what does not come."""
    await asyncio.Event().wait()


def soon() -> float:
    """A moment that is about to pass, on the clock of the loop."""
    return asyncio.get_running_loop().time() + 0.01


def test_who_is_late_is_told_and_the_others_go_on() -> None:
    """In whatever order they came; who has no deadline never is."""

    async def main() -> None:
        deadlines = Deadlines()
        far = asyncio.ensure_future(waits(deadlines, soon() + 60, never()))
        forever = asyncio.ensure_future(waits(deadlines, FOREVER, never()))
        late = [asyncio.ensure_future(waits(deadlines, soon(), never())) for _ in range(3)]
        outcomes = await asyncio.gather(*late, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Late] * 3
        assert not far.done()
        assert not forever.done()
        for task in (far, forever):
            task.cancel()
        await asyncio.wait([far, forever])
        assert not deadlines._waiting

    asyncio.run(main())


def test_the_timer_goes_on_to_the_next() -> None:
    """One after the other, and an earlier one that comes later is not forgotten."""

    async def main() -> None:
        deadlines, order = Deadlines(), []

        async def noted(name: str, deadline: float) -> None:
            with pytest.raises(Late):
                await waits(deadlines, deadline, never())
            order.append(name)

        start = soon()
        await asyncio.gather(
            noted("second", start + 0.01), noted("third", start + 0.02), noted("first", start)
        )
        assert order == ["first", "second", "third"]

    asyncio.run(main())


def test_who_is_in_time_is_not_touched() -> None:
    """The timer that stands there for it does nothing."""

    async def main() -> None:
        deadlines = Deadlines()
        assert await waits(deadlines, soon(), asyncio.sleep(0, "answer")) == "answer"
        await asyncio.sleep(0.02)  # until the timer has fired
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    asyncio.run(main())


def test_a_cancellation_from_outside_is_not_taken_for_a_deadline() -> None:
    """Not even when both come at once."""

    async def main() -> None:
        deadlines = Deadlines()
        task = asyncio.ensure_future(waits(deadlines, soon(), never()))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_at(soon() - 0.01, task.cancel)
        await asyncio.wait([task])
        assert task.cancelled()
        both = asyncio.ensure_future(waits(deadlines, FOREVER, never()))
        await asyncio.sleep(0)
        (waiting,) = deadlines._waiting
        waiting.deadline = 0.0
        deadlines._look()
        both.cancel()
        await asyncio.wait([both])
        assert both.cancelled()

    asyncio.run(main())


def test_one_deadline_for_what_asks_and_what_is_asked() -> None:
    """The outer request of a task tells of the deadline that both have; nothing is left behind."""

    async def main() -> None:
        deadlines, deadline = Deadlines(), soon()
        with pytest.raises(Late):
            await waits(deadlines, deadline, waits(deadlines, deadline, never()))
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    asyncio.run(main())


def test_a_deadline_that_was_slept_through_cancels_nothing_later() -> None:
    """Work that swallows its cancellation answers late; who asked for it is not marked."""

    async def stubborn() -> str:
        try:
            await never()
        except asyncio.CancelledError:
            return "all the same"
        return ""

    async def main() -> None:
        assert await waits(Deadlines(), soon(), stubborn()) == "all the same"
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    asyncio.run(main())


def test_only_a_task_can_wait() -> None:
    """There is nobody to cancel otherwise."""
    with pytest.raises(RuntimeError):
        Deadlines().enter(1.0)
