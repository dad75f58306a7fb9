"""The events of one cell for those who follow it: recent ones in memory, older ones from history.

A follower holds a cursor and pulls; nobody's queue grows. Who falls behind the recent events reads
the history until it has caught up, so that a slow follower loses nothing and costs nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice

from monocyte.bus.interface import Delivery, History

__all__ = ["Feed"]

RECENT = 1024
"""How many events of a cell stay in memory for its followers."""

CHUNK = 256
"""How many events are handed on before others get a turn."""


class Feed:
    """The stream of one cell's events, from any position on, without end until closed."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._recent: deque[Delivery] = deque(maxlen=RECENT)
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False

    def publish(self, deliveries: Sequence[Delivery]) -> None:
        """Take in events that follow those before."""
        self._recent.extend(deliveries)
        self._wake()

    def close(self) -> None:
        """End every stream, once it has handed on what is there."""
        self._closed = True
        self._wake()

    async def follow(self, after: int) -> AsyncIterator[Delivery]:
        """Every event behind position `after`; ends when the feed is closed."""
        while True:
            chunk = list(islice(self._behind(after), CHUNK))
            for delivery in chunk:
                yield delivery
                after = delivery.seq
            if chunk:
                await asyncio.sleep(0)
            elif self._closed:
                return
            else:
                await self._news()

    def _behind(self, after: int) -> Iterator[Delivery]:
        if self._recent and self._recent[-1].seq <= after:
            return iter(())
        if self._recent and self._recent[0].seq <= after + 1:
            return (d for d in self._recent if d.seq > after)
        return self.history(after)

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
