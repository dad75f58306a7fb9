"""The two ends of a wire on a loop: they await and cancel what `peer.py` decides.

Each end is given a way to send bytes, and is handed the bytes that arrive. Nothing here knows what
carries them. Frames may be late, doubled, in another order or lost: nobody waits for ever for that
whose deadline passes, and nothing is sent again by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from typing import Any

from monocyte.bus import core
from monocyte.bus.feed import Feed
from monocyte.bus.interface import Delivery
from monocyte.bus.peer import Answering, Asking, Begin, Send, Served, Stop, Tell
from monocyte.contracts import Envelope, Event, Message
from monocyte.errors import BusError

__all__ = ["AnsweringEnd", "AskingEnd"]

PATIENCE = 0.25
"""How long after its deadline a request waits for the host to say so, in seconds.

That something is late is the host's to say, when the handler is cancelled and gone, or to say what
else is wrong; only for one that says nothing does the asking end say it.
"""

Sending = Callable[[bytes], None]


class AskingEnd:
    """Sends requests and waits for their answers; `now` is the clock of the running loop."""

    def __init__(
        self, send: Sending, now: Callable[[], float], words: Mapping[str, type[Event]]
    ) -> None:
        self._asking = Asking(now, words)
        self._send = send
        self._now = now
        self._answers: dict[int, asyncio.Future[Any]] = {}

    async def request(self, envelope: Envelope, message: Message) -> Any:
        """Ask; to cancel the wait cancels the handler.

        Raises:
            BusError: every way in which a request can end without an answer.
        """
        try:
            async with asyncio.timeout_at(max(envelope.deadline, self._now()) + PATIENCE):
                return await self._outcome(*self._asking.request(envelope, message))
        except TimeoutError:
            raise core.late(message.__cell__, type(message)) from None

    async def follow(self, cell: str, after: int) -> AsyncGenerator[Delivery, None]:
        """Every event of a cell behind a position, pulled as fast as they are taken.

        Raises:
            BusError: the stream cannot go on; first of all, `NoSuchCell`.
        """
        while chunk := await self._outcome(*self._asking.pull(cell, after)):
            for delivery in chunk:
                yield delivery
            after = chunk[-1].seq

    def receive(self, data: bytes) -> None:
        """Take in a frame.

        Raises:
            Invalid: the bytes are no answer, or answer what was never asked.
            TooLarge: they pass a limit.
        """
        if (answered := self._asking.receive(data)) is not None:
            answer = self._answers.pop(answered.key)
            if not answer.done():
                answer.set_result(answered.outcome)

    async def _outcome(self, key: int, data: bytes) -> Any:
        answer = self._answers[key] = asyncio.get_running_loop().create_future()
        self._send(data)
        try:
            outcome = await answer
        except asyncio.CancelledError:
            if self._answers.pop(key, None) is not None:
                self._send(self._asking.cancel(key))
            raise
        if isinstance(outcome, BusError):
            raise outcome
        return outcome


class AnsweringEnd:
    """Answers what one asking end asks of a host: every request in a task of its own."""

    def __init__(
        self, served: Served, feeds: Mapping[str, Feed], send: Sending, now: Callable[[], float]
    ) -> None:
        self._served = served
        self._feeds = feeds
        self._answering = Answering(served, now)
        self._send = send
        self._tasks: dict[int, asyncio.Task[Any]] = {}

    def receive(self, data: bytes) -> None:
        """Take in a frame.

        Raises:
            Invalid: the bytes are no request, pull or cancel.
            TooLarge: they pass a limit.
        """
        match self._answering.receive(data):
            case Begin() as begin:
                self._start(begin, _answer(begin))
            case Tell() as tell:
                self._start(tell, self._events(tell))
            case Stop(key):
                self._tasks[key].cancel()
            case Send(reply):
                self._send(reply)

    def _start(self, begun: Begin | Tell, work: Any) -> None:
        task = self._tasks[begun.key] = asyncio.get_running_loop().create_task(work)
        # In a callback and not in the task: one that is cancelled before its first step never runs.
        task.add_done_callback(partial(self._done, begun))

    def _done(self, begun: Begin | Tell, task: asyncio.Task[Any]) -> None:
        del self._tasks[begun.key]
        data = self._answering.finish(begun.key, _outcome(begun, task))
        if data is not None:
            self._send(data)

    async def _events(self, tell: Tell) -> Any:
        if tell.cell not in self._feeds:
            raise core.missing(tell.cell, "", self._served.services)
        return await self._feeds[tell.cell].pull(tell.after)


async def _answer(begin: Begin) -> Any:
    _, (route, _, account), envelope, message = begin
    if route.immediate:
        started = time.perf_counter()
        try:
            return route.answer(envelope, message)
        finally:
            account.queries += 1
            account.step(route.message.__name__, time.perf_counter() - started)
    try:
        async with asyncio.timeout_at(envelope.deadline) as timer:
            return await route.answer(envelope, message)
    except TimeoutError:
        if timer.expired():
            raise core.expired(route) from None
        raise  # the handler's own


def _outcome(begun: Begin | Tell, task: asyncio.Task[Any]) -> Any:
    """What a task ended in. Here whatever a handler raises becomes an error that can travel."""
    why = asyncio.CancelledError() if task.cancelled() else task.exception()
    if why is None:
        return task.result()
    if isinstance(why, BusError):
        return why
    _report(begun, why)
    if isinstance(begun, Tell):
        return core.broken_off(begun.cell, why)
    return core.crashed(begun.seat.route, why)


def _report(begun: Begin | Tell, why: BaseException) -> None:
    """Tell the loop what nobody foresaw: the asking end hears of its kind only."""
    what = begun.cell if isinstance(begun, Tell) else begun.seat.route.address
    context = {"message": f"{what} broke off", "exception": why}
    asyncio.get_running_loop().call_exception_handler(context)
