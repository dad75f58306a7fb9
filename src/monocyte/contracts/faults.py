"""Errors as values on the wire: what a reply carries when it carries no answer."""

from __future__ import annotations

import msgspec

from monocyte.errors import KINDS, BusError, Crashed, Refused

__all__ = ["Fault", "to_error", "to_fault"]

LONGEST = 8000
"""Longer texts are cut, in characters: an error must fit where its message did not."""


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """A `BusError` by its fields; `kind` is one of `errors.KINDS`."""

    kind: str
    message: str
    cell: str = ""
    where: str = ""
    mend: str = ""
    rule: str = ""
    detail: str = ""


def to_fault(error: BusError) -> Fault:
    """The error as a value that can be sent, whatever its author wrote into it."""
    rule, detail = (error.rule, error.detail) if isinstance(error, Refused) else ("", "")
    said = (error.message, error.cell, error.where, error.mend, rule, detail)
    return Fault(error.kind, *map(_text, said))


def to_error(fault: Fault) -> BusError:
    """The value as the error that it was; a kind that this release does not know is a crash."""
    family = KINDS.get(fault.kind, Crashed)
    given = {"cell": fault.cell, "where": fault.where, "mend": fault.mend}
    if family is Refused:
        return Refused(fault.message, rule=fault.rule, detail=fault.detail, **given)
    return family(fault.message, **given)


def _text(said: object) -> str:
    text = said if type(said) is str else str(said)
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
