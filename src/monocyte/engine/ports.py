"""The ports as a handler gets them: bound to one decision, every result recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from monocyte.bus import Transport, fresh_number
from monocyte.cell import Port
from monocyte.contracts import Command, Envelope, Query, reply_type
from monocyte.contracts.codec import encode
from monocyte.engine.files import Directory
from monocyte.engine.recorder import Recorder, digest_of
from monocyte.errors import Denied, PortFailed

__all__ = ["Outside", "bind", "moment"]

R = TypeVar("R")
NOTHING = digest_of()


class Outside(NamedTuple):
    """What surrounds a cell: the wall clock (µs, UTC), fresh ids, the bus, a place for files."""

    wall: Callable[[], int]
    new_id: Callable[[], str]
    transport: Transport
    files: Path | None = None


def moment(micros: int) -> datetime:
    """Microseconds since the epoch as a time in UTC, exactly."""
    seconds, rest = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def bind(
    port: Port,
    cell: str,
    outside: Outside,
    envelope: Envelope,
    recorder: Recorder,
    *,
    may_send: bool,
) -> Any:
    """The port as one run of one handler sees it."""
    if port.name == "Caller":
        return envelope.principal
    if port.name == "Ask":
        return _Ask(cell, outside.transport, envelope, recorder, may_send)
    if port.name == "Files":
        return _Files(cell, outside.files, recorder, may_send)
    return (_Clock if port.name == "Clock" else _Ids)(outside, recorder)


class _Clock:
    def __init__(self, outside: Outside, recorder: Recorder) -> None:
        self._outside, self._recorder = outside, recorder

    def now(self) -> datetime:
        now: datetime = self._recorder.call(
            "Clock", "now", NOTHING, datetime, lambda: moment(self._outside.wall())
        )
        return now


class _Ids:
    def __init__(self, outside: Outside, recorder: Recorder) -> None:
        self._outside, self._recorder = outside, recorder

    def new(self) -> str:
        id: str = self._recorder.call("Ids", "new", NOTHING, str, self._outside.new_id)
        return id


class _Ask:
    """Asks other cells; what it sends has an id that a second run of the same decision repeats."""

    def __init__(
        self,
        cell: str,
        transport: Transport,
        envelope: Envelope,
        recorder: Recorder,
        may_send: bool,
    ) -> None:
        self._cell, self._transport, self._envelope = cell, transport, envelope
        self._recorder, self._may_send = recorder, may_send

    async def __call__(self, message: Command[R] | Query[R]) -> R:
        name = f"{message.__cell__}.{type(message).__name__}"
        args = digest_of(name, encode(message))
        if isinstance(message, Command):
            if not self._may_send:
                raise Denied(f"a query changes nothing: it may not send {name}", cell=self._cell)
            ordinal = self._recorder.ordinal("Ask", name, args)
            id: str | int = f"{self._envelope.id}/{args.hex()}.{ordinal}"
        else:
            id = fresh_number()
        child = self._envelope.child(id, self._cell)
        run: Callable[[], Awaitable[Any]] = lambda: self._transport.request(child, message)  # noqa: E731
        kind, effect = reply_type(type(message)), isinstance(message, Command)
        reply: R = await self._recorder.wait("Ask", name, args, kind, run, effect=effect)
        return reply


class _Files:
    """A directory of the cell's own; the disk is waited for on another thread."""

    def __init__(self, cell: str, root: Path | None, recorder: Recorder, may_write: bool) -> None:
        self._cell, self._recorder, self._may_write = cell, recorder, may_write
        self._directory = Directory(cell, root)

    async def read(self, name: str) -> bytes:
        work = partial(self._directory.read, name)
        content: bytes = await self._do("read", (name,), bytes, work)
        return content

    async def write(self, name: str, content: bytes) -> None:
        self._admit("write", name)
        await self._do(
            "write", (name, content), None, partial(self._directory.write, name, content)
        )

    async def list(self) -> tuple[str, ...]:
        names: tuple[str, ...] = await self._do("list", (), tuple[str, ...], self._directory.list)
        return names

    async def remove(self, name: str) -> None:
        self._admit("remove", name)
        await self._do("remove", (name,), None, partial(self._directory.remove, name))

    def _admit(self, method: str, name: str) -> None:
        if not self._may_write:
            raise Denied(f"a query changes nothing: it may not {method} {name}", cell=self._cell)

    async def _do(
        self, method: str, args: tuple[Any, ...], kind: Any, work: Callable[[], Any]
    ) -> Any:
        async def run() -> Any:
            try:
                return await asyncio.to_thread(work)
            except OSError as why:
                raise PortFailed(f"Files.{method}: {why.strerror or why}", cell=self._cell) from why

        key = digest_of(*args)
        return await self._recorder.wait("Files", method, key, kind, run, effect=kind is None)
