"""The events of one cell for those who follow it: recent ones in memory, older ones from history.

A follower holds a cursor and pulls; nobody's queue grows. Who falls behind the recent events reads
the history until it has caught up, so that a slow follower loses nothing and costs nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from itertools import islice, takewhile

from monocyte.bus.interface import Delivery, History

__all__ = ["Feed"]

RECENT = 1024
"""How many events of a cell stay in memory for its followers."""

CHUNK = 256
"""How many events are handed on before others get a turn, or in one go over a wire."""


class Feed:
    """The stream of one cell's events, from any position on, without end until closed."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._recent: deque[Delivery] = deque(maxlen=RECENT)
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False

    def publish(self, deliveries: Iterable[Delivery]) -> None:
        """Take in events that follow those before."""
        self._recent.extend(deliveries)
        self._wake()

    def renew(self, history: History) -> None:
        """Go on with the history of another release, whose events may be of other types."""
        self.history = history
        self._recent.clear()

    def close(self) -> None:
        """End every stream, once it has handed on what is there."""
        self._closed = True
        self._wake()

    async def follow(self, after: int) -> AsyncGenerator[Delivery, None]:
        """Every event behind position `after`; ends when the feed is closed."""
        while chunk := await self.pull(after):
            for delivery in chunk:
                yield delivery
            after = chunk[-1].seq
            await asyncio.sleep(0)

    async def pull(self, after: int) -> Sequence[Delivery]:
        """The next events behind a position, at most `CHUNK`, as soon as there are some.

        There are none when the feed is closed and has handed on everything.
        """
        while not (chunk := self._behind(after)) and not self._closed:
            await self._news()
        return chunk

    def _behind(self, after: int) -> Sequence[Delivery]:
        if self._recent and self._recent[0].seq <= after + 1:
            newest_first = takewhile(lambda delivery: delivery.seq > after, reversed(self._recent))
            return tuple(newest_first)[: -CHUNK - 1 : -1]
        return tuple(islice(self.history(after), CHUNK))

    async def _news(self) -> None:
        news = asyncio.get_running_loop().create_future()
        self._waiting.add(news)
        try:
            await news
        finally:
            self._waiting.discard(news)

    def _wake(self) -> None:
        for news in self._waiting:
            if not news.done():
                news.set_result(None)
