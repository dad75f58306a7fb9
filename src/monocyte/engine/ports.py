"""The ports as a handler gets them: bound to one decision, every result recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeVar

from monocyte.bus import Transport, fresh_number
from monocyte.cell import Port
from monocyte.contracts import Command, Envelope, Query
from monocyte.contracts.codec import encode
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
        return _Files(cell, outside.files, recorder)
    return (_Clock if port.name == "Clock" else _Ids)(outside, recorder)


class _Clock:
    def __init__(self, outside: Outside, recorder: Recorder) -> None:
        self._outside, self._recorder = outside, recorder

    def now(self) -> datetime:
        now: datetime = self._recorder.call(
            "Clock", "now", NOTHING, lambda: moment(self._outside.wall())
        )
        return now


class _Ids:
    def __init__(self, outside: Outside, recorder: Recorder) -> None:
        self._outside, self._recorder = outside, recorder

    def new(self) -> str:
        id: str = self._recorder.call("Ids", "new", NOTHING, self._outside.new_id)
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
        args = digest_of(encode(message))
        if isinstance(message, Command):
            if not self._may_send:
                raise Denied(f"a query changes nothing: it may not send {name}", cell=self._cell)
            ordinal = self._recorder.ordinal("Ask", name, args)
            id: str | int = f"{self._envelope.id}/{args.hex()}.{ordinal}"
        else:
            id = fresh_number()
        child = self._envelope.child(id, self._cell)
        run: Callable[[], Awaitable[Any]] = lambda: self._transport.request(child, message)  # noqa: E731
        reply: R = await self._recorder.wait("Ask", name, args, run)
        return reply


class _Files:
    """A directory of the cell's own, below the host's."""

    def __init__(self, cell: str, root: Path | None, recorder: Recorder) -> None:
        self._cell, self._recorder = cell, recorder
        self._root = root / cell if root else None

    async def read(self, name: str) -> bytes:
        content: bytes = await self._do("read", (name,), lambda: self._path(name).read_bytes())
        return content

    async def write(self, name: str, content: bytes) -> None:
        await self._do("write", (name, content), lambda: _replace(self._path(name), content))

    async def list(self) -> tuple[str, ...]:
        names: tuple[str, ...] = await self._do("list", (), lambda: _names(self._path(".")))
        return names

    async def remove(self, name: str) -> None:
        await self._do("remove", (name,), lambda: self._path(name).unlink(missing_ok=True))

    async def _do(self, method: str, args: tuple[Any, ...], work: Callable[[], Any]) -> Any:
        async def run() -> Any:
            try:
                return await asyncio.to_thread(work)
            except OSError as why:
                raise PortFailed(f"Files.{method}: {why.strerror or why}", cell=self._cell) from why

        return await self._recorder.wait("Files", method, digest_of(*args), run)

    def _path(self, name: str) -> Path:
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts or "\0" in name or not name:
            raise PortFailed(f"Files: {name!r} is not inside the cell's directory", cell=self._cell)
        if self._root is None:
            raise PortFailed("Files: this host keeps no files", cell=self._cell)
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = (self._root / inside).resolve()
        if not path.is_relative_to(self._root.resolve()):
            raise PortFailed(f"Files: {name!r} leads out of the cell's directory", cell=self._cell)
        return path


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(content)
    draft.replace(path)


def _names(root: Path) -> tuple[str, ...]:
    files = (p for p in root.rglob("*") if p.is_file() and not p.name.endswith(".draft"))
    return tuple(sorted(p.relative_to(root).as_posix() for p in files))
