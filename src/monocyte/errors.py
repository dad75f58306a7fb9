"""Every error that Monocyte raises on purpose: one root, a family per room.

An error says what happened, whose fault it is, where, and what to do next. It carries fields, never
only prose. The families that may cross the bus derive from `BusError` and are listed in `KINDS`, so
that they arrive as what they were, whatever the transport. Nothing else lives here.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "KINDS",
    "AskCycle",
    "BusError",
    "Busy",
    "Cancelled",
    "ConfigError",
    "Conflict",
    "Crashed",
    "DeadlineExceeded",
    "DefinitionError",
    "Denied",
    "Drifted",
    "GenopsError",
    "IllegalMove",
    "Invalid",
    "JournalDamaged",
    "JournalError",
    "JournalLocked",
    "JournalUnavailable",
    "LedgerDamaged",
    "LedgerError",
    "LedgerMoved",
    "LedgerUnavailable",
    "MonocyteError",
    "NoSuchCell",
    "NoSuchMessage",
    "NotApproved",
    "PlanStale",
    "PortFailed",
    "RefMoved",
    "Refused",
    "TooLarge",
    "Unavailable",
]


class MonocyteError(Exception):
    """The root: `message` says what happened, `where` the place, `mend` what to do next."""

    fault: ClassVar[str] = "monocyte"
    """Whose fault it is: caller, author (of the cell), operator, or monocyte (ours)."""

    def __init__(self, message: str, *, where: str = "", mend: str = "") -> None:
        super().__init__(message)  # no more: a copy or a pickle is made of these and of the fields
        self.message = message
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        mend = f"\n  what to do: {self.mend}" if self.mend else ""
        return f"{place}{self.message}{mend}"

    def __repr__(self) -> str:
        fields = "".join(f", {k}={v!r}" for k, v in vars(self).items() if v and k != "message")
        return f"{type(self).__name__}({self.message!r}{fields})"


# -- definitions and configuration: found at load ------------------------------------------------


class DefinitionError(MonocyteError):
    """A cell is not well formed; `where` is file:line, `more` are its further faults."""

    fault = "author"

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        mend: str = "",
        more: tuple[DefinitionError, ...] = (),
    ) -> None:
        super().__init__(message, where=where, mend=mend)
        self.more = more


class ConfigError(MonocyteError):
    """`monocyte.toml`, an option or the environment asks for what cannot be."""

    fault = "operator"


# -- the bus: what a request may end in -----------------------------------------------------------


class BusError(MonocyteError):
    """An error that crosses the bus as a typed value; `cell` is the cell that was asked."""

    kind: ClassVar[str] = "error"

    def __init__(self, message: str, *, cell: str = "", where: str = "", mend: str = "") -> None:
        super().__init__(message, where=where, mend=mend)
        self.cell = cell


class Refused(BusError):
    """A rule of the cell forbids it; nothing was changed."""

    fault = "caller"
    kind = "refused"

    def __init__(
        self,
        message: str,
        *,
        rule: str = "",
        detail: str = "",
        cell: str = "",
        where: str = "",
        mend: str = "",
    ) -> None:
        super().__init__(message, cell=cell, where=where, mend=mend)
        self.rule = rule
        self.detail = detail


class Invalid(BusError):
    """The message is not what its type says."""

    fault = "caller"
    kind = "invalid"


class TooLarge(BusError):
    """The message passes a limit of size or depth."""

    fault = "caller"
    kind = "too-large"


class Denied(BusError):
    """The principal may not send this."""

    fault = "caller"
    kind = "denied"


class NoSuchCell(BusError):
    """No cell of that name is served here."""

    fault = "caller"
    kind = "no-such-cell"


class NoSuchMessage(BusError):
    """The cell is here, but it does not handle that message."""

    fault = "caller"
    kind = "no-such-message"


class DeadlineExceeded(BusError):
    """The deadline of the request passed before there was an answer."""

    fault = "caller"
    kind = "deadline-exceeded"


class Cancelled(BusError):
    """The caller gave up; the handler was cancelled too."""

    fault = "caller"
    kind = "cancelled"


class Conflict(BusError):
    """The state kept changing while the handler waited; it was re-run as often as allowed."""

    fault = "caller"
    kind = "conflict"


class Busy(BusError):
    """As many requests are in flight as the cell admits; ask again later."""

    fault = "operator"
    kind = "busy"


class Unavailable(BusError):
    """The cell is here but cannot answer now: it restarts, stops, or its journal cannot write."""

    fault = "operator"
    kind = "unavailable"


class Crashed(BusError):
    """The handler failed in a way that its author did not foresee; nothing was changed."""

    fault = "author"
    kind = "crashed"


class AskCycle(BusError):
    """A cell was asked while it waits for the asker: A asks B asks A."""

    fault = "author"
    kind = "ask-cycle"


class PortFailed(BusError):
    """A port could not do what was asked of it, and said so."""

    fault = "operator"
    kind = "port-failed"


KINDS: dict[str, type[BusError]] = {
    error.kind: error
    for error in (
        Refused,
        Invalid,
        TooLarge,
        Denied,
        NoSuchCell,
        NoSuchMessage,
        DeadlineExceeded,
        Cancelled,
        Conflict,
        Busy,
        Unavailable,
        Crashed,
        AskCycle,
        PortFailed,
    )
}
"""Kind on the wire to class; the wall draws its statuses from the same kinds."""


# -- the journal -----------------------------------------------------------------------------------


class JournalError(MonocyteError):
    """The journal cannot do what was asked."""

    fault = "operator"


class JournalLocked(JournalError):
    """Another process has this journal open for writing."""


class JournalUnavailable(JournalError):
    """The journal cannot be opened or written: disk full, read-only, not a journal."""


class JournalDamaged(JournalError):
    """What the journal holds is not what was written to it."""


# -- regeneration ----------------------------------------------------------------------------------


class GenopsError(MonocyteError):
    """Regeneration does not go on: something is missing, or somebody has to decide."""

    fault = "operator"


class IllegalMove(GenopsError):
    """The table of states knows no such way; `source` and `target` are its ends."""

    fault = "caller"

    def __init__(
        self, message: str, *, source: str = "", target: str = "", where: str = "", mend: str = ""
    ) -> None:
        super().__init__(message, where=where, mend=mend)
        self.source = source
        self.target = target


class Drifted(GenopsError):
    """A generated part was edited by hand: a person decides what becomes of the edit."""

    fault = "author"


class PlanStale(GenopsError):
    """What a plan was made from has changed; `moved` says what, in words."""

    fault = "caller"

    def __init__(
        self, message: str, *, moved: tuple[str, ...] = (), where: str = "", mend: str = ""
    ) -> None:
        super().__init__(message, where=where, mend=mend)
        self.moved = moved


class NotApproved(GenopsError):
    """Those who must agree have not, or the one who agreed may not."""

    fault = "caller"


class LedgerError(GenopsError):
    """The ledger cannot do what was asked."""


class LedgerMoved(LedgerError):
    """Somebody else has written to the ledger in between: look again, then decide again."""


class RefMoved(GenopsError):
    """A branch is not where it was when somebody looked; nothing was changed."""


class LedgerUnavailable(LedgerError):
    """The ledger cannot be read or written: no repository, disk full, cut off, locked."""


class LedgerDamaged(LedgerError):
    """What the ledger holds is not what was written to it."""
