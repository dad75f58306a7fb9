"""What the ports returned while one thing was decided: run again, it sees the same.

Results are found again by port, method, digest of the arguments and ordinal, as the journal keeps
them. A call without a match runs and is recorded. Before a call that has an effect outside, what
the run has seen so far is saved: should the power fail before the decision is durable, the next
try sees the same, does the same, and whoever it asks knows the id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from monocyte.contracts import Fault, to_error, to_fault
from monocyte.contracts.codec import decode, encode
from monocyte.errors import BusError
from monocyte.journal import PortResult

__all__ = ["Recorder", "Save", "digest_of"]

Key = tuple[str, str, bytes, int]

Save = Callable[["Recorder"], Awaitable[None]]
"""Makes the results so far durable. Raises Unavailable where that cannot be done."""


def digest_of(*arguments: Any) -> bytes:
    """Eight bytes that stand for the arguments of a call."""
    return hashlib.blake2b(encode(arguments), digest_size=8).digest()


class Recorder:
    """The port results of one decision, over all its runs.

    `known` are those that an interrupted try has saved; `save` saves those of this one.
    """

    __slots__ = ("_counts", "_known", "_outcomes", "_save", "_unsaved", "results")

    def __init__(self, known: tuple[PortResult, ...] = (), save: Save | None = None) -> None:
        self._save = save
        self.results: list[PortResult] = list(known)
        self._known = {(it.port, it.method, it.args, it.ordinal): it for it in known}
        self._outcomes: dict[Key, Any] = {}
        self._counts: dict[tuple[str, str, bytes], int] = {}
        self._unsaved = False
        """Whether something was seen that another try might see otherwise."""

    def rewind(self) -> None:
        """Begin another run."""
        self._counts.clear()

    def call(self, port: str, method: str, args: bytes, kind: Any, run: Callable[[], Any]) -> Any:
        """What the port returned for this call before, or what it returns now, a `kind`."""
        key = self._key(port, method, args)
        if not self._recalls(key, kind):
            self._unsaved = True
            return self._record(key, run())
        return self._outcomes[key]

    async def wait(
        self,
        port: str,
        method: str,
        args: bytes,
        kind: Any,
        run: Callable[[], Awaitable[Any]],
        *,
        effect: bool = False,
    ) -> Any:
        """As `call`, for a port that has to be waited for; its errors are recorded, too.

        An `effect` is one that can be repeated: the same again changes nothing more.

        Raises:
            BusError: what the port raised, now or when it was first called.
        """
        key = self._key(port, method, args)
        if not self._recalls(key, kind):
            if effect and self._unsaved and self._save is not None:
                await self._save(self)
                self._unsaved = False
            self._unsaved |= not effect
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

    def _recalls(self, key: Key, kind: Any) -> bool:
        """Whether the call has an outcome already, in this try or one that was interrupted."""
        if key in self._outcomes:
            return True
        if (known := self._known.get(key)) is None:
            return False
        failed = known.failed
        self._outcomes[key] = (
            to_error(decode(Fault, known.result)) if failed else decode(kind, known.result)
        )
        return True

    def _record(self, key: Key, outcome: Any) -> Any:
        failed = isinstance(outcome, BusError)
        kept = encode(to_fault(outcome) if failed else outcome)
        self._outcomes[key] = outcome
        self.results.append(PortResult(*key, kept, failed))
        return outcome
