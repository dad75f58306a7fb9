"""A feed hands on every event once and in order, from wherever its follower stands."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.bus import Delivery
from monocyte.bus.feed import CHUNK, RECENT, Feed
from tests.bus.stage import struck


class Journal:
    """What has happened, and how often somebody had to look it up."""

    def __init__(self) -> None:
        self.past: list[Delivery] = []
        self.looks = 0
        self.feed = Feed(self.history)

    def history(self, after: int) -> Iterator[Delivery]:
        """The events behind a position."""
        self.looks += 1
        return (delivery for delivery in self.past if delivery.seq > after)

    def happen(self, *positions: int) -> None:
        """It is durable, and then published."""
        deliveries = [struck(position) for position in positions]
        self.past += deliveries
        self.feed.publish(deliveries)


async def pulled(feed: Feed, after: int) -> list[int]:
    """The positions that one pull brings."""
    return [delivery.seq for delivery in await feed.pull(after)]


def test_a_pull_brings_no_more_than_a_chunk_and_always_the_first() -> None:
    """From memory and from history alike."""

    async def main() -> None:
        journal = Journal()
        journal.happen(*range(1, RECENT + 1))
        assert await pulled(journal.feed, 0) == list(range(1, CHUNK + 1))
        assert await pulled(journal.feed, 700) == list(range(701, 701 + CHUNK))
        assert journal.looks == 0
        journal.happen(RECENT + 1)
        assert await pulled(journal.feed, 0) == list(range(1, CHUNK + 1))
        assert journal.looks == 1

    asyncio.run(main())


def test_who_keeps_up_never_costs_a_look_into_history() -> None:
    """Once something has been published, the recent events answer whoever knows the one before."""

    async def main() -> None:
        journal = Journal()
        for position in range(1, 3 * RECENT):
            journal.happen(position)
            assert await pulled(journal.feed, position - 1) == [position]
        assert journal.looks == 0

    asyncio.run(main())


def test_a_pull_waits_for_news() -> None:
    """Every follower that waits is woken, also one that is ahead: it goes on to wait."""

    async def main() -> None:
        journal = Journal()
        pulls = [asyncio.ensure_future(pulled(journal.feed, after)) for after in (0, 0, 5)]
        await asyncio.sleep(0)
        assert not any(pull.done() for pull in pulls)
        journal.happen(5)
        assert await asyncio.gather(*pulls[:2]) == [[5], [5]]
        assert not pulls[2].done()
        journal.happen(6)
        assert await pulls[2] == [6]

    asyncio.run(main())


def test_a_follower_that_leaves_is_forgotten() -> None:
    """Nothing is kept for somebody who does not wait any more."""

    async def main() -> None:
        feed = Journal().feed
        pull = asyncio.ensure_future(pulled(feed, 0))
        await asyncio.sleep(0)
        assert len(feed._waiting) == 1
        pull.cancel()
        await asyncio.wait([pull])
        assert not feed._waiting

    asyncio.run(main())


@pytest.mark.parametrize("waits", [True, False], ids=["while it waits", "before it comes"])
def test_a_closed_feed_ends_when_it_has_handed_on_everything(waits: bool) -> None:
    """Closing loses nothing."""

    async def main() -> None:
        journal = Journal()

        async def all_of_it() -> list[int]:
            return [delivery.seq async for delivery in journal.feed.follow(0)]

        follower = asyncio.ensure_future(all_of_it()) if waits else None
        await asyncio.sleep(0)
        journal.happen(*range(1, 400))
        journal.feed.close()
        assert await (follower or all_of_it()) == list(range(1, 400))

    asyncio.run(main())


def test_a_long_stream_lets_others_have_their_turn() -> None:
    """Between two chunks the loop runs whatever else is ready."""

    async def main() -> None:
        journal = Journal()
        journal.past += [struck(position) for position in range(1, 4 * CHUNK)]
        seen: list[str] = []

        async def other() -> None:
            seen.append("other")

        async for delivery in journal.feed.follow(0):
            if delivery.seq == 1:
                turn = asyncio.ensure_future(other())
            seen.append("event")
            if delivery.seq == 4 * CHUNK - 1:
                break
        await turn
        assert seen.index("other") == CHUNK

    asyncio.run(main())


STEPS = st.lists(st.one_of(st.integers(1, 700), st.sampled_from("ab")), max_size=12)


@given(STEPS, st.integers(0, 5))
def test_no_loss_and_no_duplicate_however_they_take_turns(steps: list[int | str], gap: int) -> None:
    """Two followers pull whenever they like, while so many things happen at once, gaps included."""

    async def main() -> None:
        journal, last = Journal(), 0
        taken: dict[str, list[int]] = {"a": [], "b": []}
        for step in steps:
            if isinstance(step, int):
                journal.happen(*range(last + 1 + gap, last + 1 + gap + step))
                last += gap + step
            elif journal.past and (taken[step] or [0])[-1] < last:
                taken[step] += await pulled(journal.feed, (taken[step] or [0])[-1])
        journal.feed.close()
        for follower in taken.values():
            while chunk := await pulled(journal.feed, (follower or [0])[-1]):
                follower.extend(chunk)
        assert taken["a"] == taken["b"] == [delivery.seq for delivery in journal.past]

    asyncio.run(main())


def test_with_another_history_nothing_of_the_last_is_handed_on() -> None:
    """Another release has the same events, in types of its own; who waits goes on waiting."""

    async def main() -> None:
        journal, other = Journal(), Journal()
        journal.happen(1, 2)
        other.past = [delivery._replace(id="other") for delivery in journal.past]
        waiting = asyncio.ensure_future(pulled(journal.feed, 2))
        await asyncio.sleep(0)
        journal.feed.renew(other.history)
        assert [it.id for it in await journal.feed.pull(0)] == ["other", "other"]
        other.past.append(struck(3))
        journal.feed.publish([struck(3)])
        assert await waiting == [3]

    asyncio.run(main())
