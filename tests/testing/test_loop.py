"""The virtual loop: order from a seed, time that jumps, nothing that waits unseen."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable

import pytest

from monocyte.errors import MonocyteError
from monocyte.testing.loop import Endless, Stuck, VirtualLoop

SEEDS = range(1, 30)


def order_of(seed: int, delays: tuple[float, ...] = (0,) * 5) -> list[int]:
    """The order in which tasks that sleep so long are done."""
    loop, done = VirtualLoop(seed), []

    async def nap(number: int, delay: float) -> None:
        await asyncio.sleep(delay)
        done.append(number)

    async def everybody() -> None:
        await asyncio.gather(*(nap(n, delay) for n, delay in enumerate(delays)))

    loop.run(everybody())
    return done


def test_seed_0_is_first_come_first_served() -> None:
    """The plain loop keeps asyncio's own order."""
    assert order_of(0) == [0, 1, 2, 3, 4]


def test_a_seed_repeats_its_order_and_seeds_differ() -> None:
    """Each seed has an order, and there are many of them."""
    assert all(order_of(seed) == order_of(seed) for seed in SEEDS)
    assert len({tuple(order_of(seed)) for seed in SEEDS}) > len(SEEDS) / 2


@pytest.mark.parametrize("seed", SEEDS)
def test_no_seed_turns_time_around(seed: int) -> None:
    """Who sleeps longer is done later, whatever the order of those that are ready."""
    assert order_of(seed, (3, 1, 2)) == [1, 2, 0]


def test_time_is_virtual() -> None:
    """A year passes at once."""
    loop = VirtualLoop()
    loop.run(asyncio.sleep(366 * 86_400))
    assert loop.time() == 366 * 86_400


def test_timeouts_and_cancellation_work() -> None:
    """The tools of asyncio find in this loop what they need."""
    loop = VirtualLoop(1)

    async def waits() -> str:
        try:
            async with asyncio.timeout(5), asyncio.TaskGroup() as group:
                group.create_task(asyncio.Event().wait())
        except TimeoutError:
            return "timed out"
        return "went on"

    assert (loop.run(waits()), loop.time()) == ("timed out", 5)


def test_threads_are_functions_called_here() -> None:
    """`to_thread` runs its function on the spot, or as `offload` says."""
    loop = VirtualLoop()
    assert loop.run(asyncio.to_thread(divmod, 7, 2)) == (3, 1)

    async def twice(work: Callable[[], int]) -> int:
        return work() + work()

    loop.offload = twice
    assert loop.run(asyncio.to_thread(int, 4)) == 8


def test_sets_of_futures_have_an_order() -> None:
    """Tasks hash by number, so that what iterates over a set of them repeats itself."""
    loop = VirtualLoop()
    futures = [loop.create_future() for _ in range(100)]
    assert [hash(f) for f in futures] == list(range(1, 101))
    assert list(set(futures[:8])) == futures[:8]


async def wait_for_godot() -> None:
    """Wait for what nobody brings about."""
    await asyncio.Event().wait()


def test_a_deadlock_names_what_waits_and_where() -> None:
    """Nothing is ready, nothing is timed: the error has the task, file and line."""
    with pytest.raises(Stuck, match=r"wait_for_godot .*test_loop\.py:\d+ in wait_for_godot"):
        VirtualLoop().run(wait_for_godot())


def test_waiting_has_a_horizon() -> None:
    """A timer beyond it is not waited for."""
    loop = VirtualLoop()
    done = loop.create_future()
    loop.call_later(61, done.set_result, None)
    with pytest.raises(Stuck, match="nothing is ready within 60"):
        loop.run_until(done.done, horizon=60)
    loop.run_until(done.done, horizon=61)


def test_a_livelock_spends_the_budget() -> None:
    """What feeds itself for ever ends with an error."""

    async def spin() -> None:
        while True:  # noqa: ASYNC110 (on purpose)
            await asyncio.sleep(0)

    with pytest.raises(Endless, match="spin"):
        VirtualLoop(steps=1000).run(spin())


def test_an_exception_that_nobody_takes_ends_the_run() -> None:
    """A callback that raises is a defect, and must not pass."""
    loop = VirtualLoop()
    loop.call_soon(divmod, 1, 0)
    with pytest.raises(ZeroDivisionError):
        loop.run_until(lambda: False)


def test_what_was_forgotten_is_not_heard_of_again() -> None:
    """A task that failed before `clear`, and is collected after it, ends nobody's run."""
    loop = VirtualLoop()

    async def fails() -> None:
        raise ZeroDivisionError

    task = loop.create_task(fails())
    loop.run(asyncio.sleep(0))
    assert task.done()
    loop.clear()
    del task
    gc.collect()
    loop.run(asyncio.sleep(1))


def test_a_loop_within_a_loop_is_refused() -> None:
    """A World in a coroutine could not run: the error says so."""
    loop, inner = VirtualLoop(), VirtualLoop()
    loop.call_soon(lambda: inner.run_until(lambda: True))
    with pytest.raises(MonocyteError, match="inside of another"):
        loop.run_until(lambda: False)


def test_generators_that_are_left_are_closed() -> None:
    """An asynchronous generator that nobody finishes still runs its `finally`."""
    loop, closed = VirtualLoop(), []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            closed.append(True)

    async def first() -> None:
        async for _ in numbers():
            break
        await asyncio.sleep(1)

    loop.run(first())
    assert closed == [True]
