"""The desk at which a runbook is worked through: an app that runs, or this very process."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from monocyte.cli.places import remote, whoami
from monocyte.contracts import Command, Principal, Query
from monocyte.errors import ConfigError

if TYPE_CHECKING:
    from monocyte.app import App
    from monocyte.cli.remote import Remote
    from monocyte.literate.runbooks.planning import Procedure, Words
    from monocyte.runtime import Runtime

__all__ = ["HereDesk", "RemoteDesk", "desk"]

TRIES = 12
PAUSE = 0.05
"""Seconds; the n-th wait for what follows from a command is n times as long, all of them 4 s."""


class RemoteDesk:
    """An app that runs, over HTTP, as the holder of a key."""

    def __init__(self, there: Remote, holder: Principal, words: Words) -> None:
        self.name = holder.name
        self.roles = holder.roles
        self._there = there
        self._words = words

    def ask(self, query: Query[Any]) -> Any:
        """Ask a query; raises BusError as the app says it."""
        said = self._words.said(query)
        answer = self._there.ask(said.message, json.dumps(said.fields).encode())
        return self._words.reply(said, answer)

    def send(self, command: Command[Any], id: str) -> Any:
        """Send a command under that id; raises BusError as the app says it."""
        said = self._words.said(command)
        return self._there.send(said.message, json.dumps(said.fields).encode(), id)

    def wait(self, tries: int) -> bool:
        """Sleep a little; False once it has been long enough."""
        time.sleep(PAUSE * tries)
        return tries < TRIES


class HereDesk:
    """An app that does not run, started in this process, as whoever is at the keyboard."""

    def __init__(self, runtime: Runtime, loop: asyncio.Runner, me: Principal) -> None:
        self.name = me.name
        self.roles = me.roles
        self._runtime = runtime
        self._loop = loop
        self._client = runtime.client(me)

    def ask(self, query: Query[Any]) -> Any:
        """Ask a query; raises BusError as the app says it."""

        async def asked() -> Any:
            return await self._client.ask(query)

        return self._run(asked())

    def send(self, command: Command[Any], id: str) -> Any:
        """Send a command under that id; raises BusError as the app says it."""

        async def sent() -> Any:
            reply = await self._client.send(
                command, id=f"{self.name}:{id}"
            )  # as the gateway has it
            if (written := self._runtime.written()) is not None:
                await written
            return reply

        return self._run(sent())

    def wait(self, tries: int) -> bool:
        """Let the cells work a little; False once it has been long enough."""
        self._run(asyncio.sleep(PAUSE * tries))
        return tries < TRIES

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run(work)


@contextmanager
def desk(
    app: App, procedure: Procedure, url: str | None, key: str | None
) -> Iterator[RemoteDesk | HereDesk]:
    """The desk of an app: over HTTP where it runs, else in this process.

    Over HTTP it is that of the key's holder, in their roles. Who has the journal in their hands
    takes whichever role a runbook needs, besides the owner's.

    Raises:
        ConfigError: it runs, but there is no key to ask it with.
        Unavailable: it is being started or stopped.
        JournalError: it does not run, and its journal cannot be opened.
    """
    from monocyte.dmz import OWNER

    if (there := remote(app, url, key)) is not None:
        yield RemoteDesk(there, _holder(app, key or ""), procedure.words)
        return
    me = Principal(whoami(), frozenset({OWNER, *procedure.runbook.roles}))
    runtime = app.runtime()
    with asyncio.Runner() as loop:
        loop.run(runtime.start())
        try:
            yield HereDesk(runtime, loop, me)
        finally:
            loop.run(runtime.stop())


def _holder(app: App, key: str) -> Principal:
    """Whose key it is; of an app elsewhere nobody here knows, but two keys are two names."""
    try:
        principal = app.keys().holder(key)
    except ConfigError:
        principal = None
    return principal or Principal(f"key {sha256(key.encode()).hexdigest()[:8]}")
