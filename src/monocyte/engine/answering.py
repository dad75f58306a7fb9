"""How one cell answers what the bus brings, and why a command that comes twice acts once.

Nobody is answered before the entry is durable. A command's id is looked for where it can be, in
this order: among those that are being decided, those that are being written, and in the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, ClassVar

from monocyte.bus import Route, Service
from monocyte.cell import Function, Handler, Manifest
from monocyte.contracts import Envelope, Fault, Principal, to_error
from monocyte.contracts.codec import decode, encode
from monocyte.engine.deciding import Decider, restarting
from monocyte.engine.ports import Outside
from monocyte.engine.recorder import Recorder
from monocyte.errors import BusError, Invalid
from monocyte.journal import ANSWERING, Entry, Journal

__all__ = ["Answering"]


class Answering(Decider):
    """A cell that can be asked."""

    __slots__ = ("_deciding",)
    _queries: ClassVar = count()

    def __init__(
        self, manifest: Manifest, journal: Journal, outside: Outside, **options: Any
    ) -> None:
        super().__init__(manifest, journal, outside, **options)
        self._deciding: dict[str, asyncio.Future[None]] = {}

    @property
    def idle(self) -> bool:
        """Whether nothing is being decided or written."""
        return not self._open and not self._deciding

    async def drained(self) -> None:
        """Wait until nothing is being decided or written."""
        while not self.idle:
            await self.written()
            if self._deciding:
                await asyncio.wait(self._deciding.values())

    # -- what the bus is given ---------------------------------------------------------------------

    def service(self, in_flight: int = 256) -> Service:
        """The cell as the bus serves it."""
        routes = tuple(self._route(handler) for handler in self.manifest.handlers.values())
        events = tuple(self.manifest.evolvers)
        return Service(self.name, routes, events, self.history, self.account, in_flight)

    def _route(self, handler: Handler) -> Route:
        immediate = not (handler.is_command or handler.function.is_async)
        if immediate:
            answer: Callable[[Envelope, Any], Any] = self._immediate(handler)
        elif handler.is_command:
            answer = self._commander(handler)
        else:
            answer = self._querier(handler)
        return Route(
            self.name, handler.message, handler.reply, handler.is_command, immediate, answer
        )

    def _immediate(self, handler: Handler) -> Callable[[Envelope, Any], Any]:
        function, call = handler.function, handler.function.call
        if [port for _, port in function.arguments] != [None] or self.strict:
            return self._bound(function)

        def answer_from_state(_: Envelope, message: Any) -> Any:
            if self.failure is not None:
                raise restarting(self.name, self.failure)
            try:
                return call(message, self.fold.state)
            except BusError:
                raise
            except (Exception, SystemExit) as why:
                raise self._crashed(function, why) from why

        return answer_from_state

    def _bound(self, function: Function) -> Callable[[Envelope, Any], Any]:
        """The answer of a function that asks for ports, too."""

        def answer(envelope: Envelope, message: Any) -> Any:
            if self.failure is not None:
                raise restarting(self.name, self.failure)
            try:
                return self._run(function, envelope, message, Recorder(), may_send=False)
            except BusError:
                raise
            except (Exception, SystemExit) as why:
                raise self._crashed(function, why) from why

        return answer

    def _querier(self, handler: Handler) -> Callable[[Envelope, Any], Any]:
        async def answer(envelope: Envelope, message: Any) -> Any:
            self.account.queries += 1
            with self._alone(f"?{next(self._queries)}"):
                decision = await self._decide(
                    handler.function, envelope, message, Recorder(), False
                )
            if decision.refusal is not None:
                raise decision.refusal
            return decision.reply

        return answer

    def _commander(self, handler: Handler) -> Callable[[Envelope, Any], Any]:
        function = handler.function

        async def answer(envelope: Envelope, message: Any) -> Any:
            if not envelope.fresh and (known := await self._earlier(str(envelope.id))) is not None:
                return self._first_answer(handler, envelope.principal, message, known)
            self.account.commands += 1
            if function.is_async:
                recorder = self._recorder(function, envelope, message)
                with self._alone(str(envelope.id)):
                    decision = await self._decide(function, envelope, message, recorder, True)
                    pending = self._commit(envelope, message, decision, recorder, handler)
            else:
                recorder = Recorder()
                decision = self._decide_at_once(function, envelope, message, recorder)
                pending = self._commit(envelope, message, decision, recorder, handler)
            await pending.durable()
            if decision.refusal is not None:
                self.account.refusals += 1
                raise decision.refusal
            return decision.reply

        return answer

    @contextmanager
    def _alone(self, id: str) -> Iterator[None]:
        """While an async handler decides, the same command again waits for what it decides.

        A query only keeps the cell from being idle; it has a number instead of its id.
        """
        deciding = self._deciding[id] = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            del self._deciding[id]
            deciding.set_result(None)

    # -- the same command again --------------------------------------------------------------------

    async def _earlier(self, id: str) -> Entry | None:
        """The entry that has answered this id, once it is durable; None if there is none.

        Raises:
            Unavailable: it could not be made durable, or nobody knows: the cell has failed.
        """
        while (deciding := self._deciding.get(id)) is not None:
            await asyncio.shield(deciding)
        if (pending := self._open.get(id)) is not None and pending.entry.kind in ANSWERING:
            await pending.durable()
            return pending.entry
        self._refuse_if_failed()  # what the journal finds now may never have reached the disk
        return self.journal.find(self.name, id)

    def _first_answer(
        self, handler: Handler, principal: Principal, message: Any, entry: Entry
    ) -> Any:
        if entry.principal != principal.name or not _says(entry, message):
            raise Invalid(
                f"the id {entry.id!r} has been used for another {entry.name}",
                cell=self.name,
                mend="give each command an id of its own; repeat only the very same",
            )
        if entry.kind == "refusal":
            raise to_error(decode(Fault, entry.reply or b""))
        if entry.reply is None:
            return self.fold.revive(entry.events[0])
        return decode(handler.reply, entry.reply)


def _says(entry: Entry, message: Any) -> bool:
    """Whether an entry is of this very message, perhaps as an older release has written it."""
    if entry.name != type(message).__name__:
        return False
    if entry.message == encode(message):
        return True
    try:
        return bool(decode(type(message), entry.message) == message)
    except BusError:
        return False
