"""The `Stage` of an app that runs: scenarios are played through its wall, by people with keys.

What is said is what a World is told, as JSON; how it gets there (an address, a key, HTTP) is the
affair of whoever opens the door. Here nothing is started and nothing is connected.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from monocyte.contracts import Command, Query, reply_type
from monocyte.contracts.codec import decode_json, encode_json
from monocyte.errors import BusError
from monocyte.testing import Said
from monocyte.testing.trace import outcome, short

__all__ = ["PATIENCE", "Door", "ProcessStage", "Someone", "Way"]

R = TypeVar("R")
T = TypeVar("T")

PATIENCE = 10.0
"""Seconds within which what was begun has to take its effect."""

FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.25
"""Seconds before the second look, which double up to the longest pause."""


class Way(Protocol):
    """Somebody's way into an app: `address` is `cell.Message`, `body` its fields as JSON."""

    def send(self, address: str, body: bytes, id: str = "") -> Any:
        """Send a command, and give the answer as parsed JSON; raises BusError as the app says."""

    def ask(self, address: str, body: bytes) -> Any:
        """Ask a query, and give the answer as parsed JSON; raises BusError as the app says."""


Door = Callable[[str, tuple[str, ...]], Way]
"""Opens the way in for somebody of that name, in those roles."""


class ProcessStage:
    """An app that runs somewhere, as scenarios see it; `trace` is what people said to it."""

    def __init__(self, door: Door, *, patience: float = PATIENCE) -> None:
        self._door = door
        self._patience = patience
        self._said: list[Said] = []

    @property
    def trace(self) -> tuple[Said, ...]:
        """What people said so far, and what they heard: what cells say among them stays inside."""
        return tuple(self._said)

    def by(self, name: str, *roles: str) -> Someone:
        """Somebody, in those roles."""
        return Someone(self, name, roles)

    def eventually(self, check: Callable[[], T]) -> T:
        """What `check` returns as soon as it raises no AssertionError.

        Raises:
            AssertionError: that of the last try, when the patience is over.
        """
        ends, pause = time.monotonic() + self._patience, FIRST_PAUSE
        while True:
            try:
                return check()
            except AssertionError:
                if time.monotonic() + pause > ends:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def exchange(self, name: str, roles: tuple[str, ...], message: Any) -> Any:
        """Say something to the app, and give what it answers, as the type that it has.

        Raises:
            BusError: as the app says it.
        """
        way, kind = self._door(name, roles), type(message)
        address, body = f"{kind.__cell__}.{kind.__name__}", encode_json(message)
        is_command = isinstance(message, Command)
        try:
            said = (
                way.send(address, body, uuid.uuid4().hex) if is_command else way.ask(address, body)
            )
        except BusError as why:
            self._note(name, message, outcome(None, why))
            raise
        reply = decode_json(reply_type(kind), json.dumps(said).encode())
        self._note(name, message, outcome(reply))
        return reply

    def _note(self, name: str, message: Any, heard: str) -> None:
        kind = type(message)
        self._said.append(
            Said(
                datetime.now(UTC).replace(second=0, microsecond=0),
                name,
                kind.__cell__,
                "command" if isinstance(message, Command) else "query",
                kind.__name__,
                short(message),
                heard,
            )
        )


class Someone:
    """Somebody in front of an app that runs."""

    def __init__(self, stage: ProcessStage, name: str, roles: tuple[str, ...]) -> None:
        self.name = name
        self._stage = stage
        self._roles = roles

    def __repr__(self) -> str:
        return f"<{self.name} {sorted(self._roles)}>"

    def send(self, command: Command[R]) -> R:
        """Send a command and wait for its answer.

        Raises:
            BusError: however it ends otherwise.
        """
        reply: R = self._stage.exchange(self.name, self._roles, command)
        return reply

    def ask(self, query: Query[R]) -> R:
        """Ask a query and wait for its answer.

        Raises:
            BusError: however it ends otherwise.
        """
        reply: R = self._stage.exchange(self.name, self._roles, query)
        return reply
