"""What the ports returned while one thing was decided: run again, it sees the same.

Results are found again by port, method, digest of the arguments and ordinal, as the journal keeps
them. A call without a match runs and is recorded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from monocyte.contracts import to_fault
from monocyte.contracts.codec import encode
from monocyte.errors import BusError
from monocyte.journal import PortResult

__all__ = ["Recorder", "digest_of"]

Key = tuple[str, str, bytes, int]


def digest_of(*arguments: Any) -> bytes:
    """Eight bytes that stand for the arguments of a call."""
    return hashlib.blake2b(encode(arguments), digest_size=8).digest()


class Recorder:
    """The port results of one decision, over all its runs."""

    __slots__ = ("_counts", "_outcomes", "new_id", "results")

    def __init__(self, new_id: Callable[[], str] | None = None) -> None:
        self.new_id = new_id
        """Where new ids come from, when not from outside."""
        self.results: list[PortResult] = []
        self._outcomes: dict[Key, Any] = {}
        self._counts: dict[tuple[str, str, bytes], int] = {}

    def rewind(self) -> None:
        """Begin another run."""
        self._counts.clear()

    def call(self, port: str, method: str, args: bytes, run: Callable[[], Any]) -> Any:
        """What the port returned for this call before, or what it returns now."""
        key = self._key(port, method, args)
        if key not in self._outcomes:
            return self._record(key, run())
        return self._outcomes[key]

    async def wait(
        self, port: str, method: str, args: bytes, run: Callable[[], Awaitable[Any]]
    ) -> Any:
        """As `call`, for a port that has to be waited for; its errors are recorded, too.

        Raises:
            BusError: what the port raised, now or when it was first called.
        """
        key = self._key(port, method, args)
        if key not in self._outcomes:
            try:
                return self._record(key, await run())
            except BusError as why:
                self._record(key, why)
        if isinstance(outcome := self._outcomes[key], BusError):
            raise outcome
        return outcome

    def ordinal(self, port: str, method: str, args: bytes) -> int:
        """The ordinal that the next call of this kind will have."""
        return self._counts.get((port, method, args), 0)

    def _key(self, port: str, method: str, args: bytes) -> Key:
        kind = (port, method, args)
        ordinal = self._counts.get(kind, 0)
        self._counts[kind] = ordinal + 1
        return (*kind, ordinal)

    def _record(self, key: Key, outcome: Any) -> Any:
        failed = isinstance(outcome, BusError)
        kept = encode(to_fault(outcome) if failed else outcome)
        self._outcomes[key] = outcome
        self.results.append(PortResult(*key, kept, failed))
        return outcome
