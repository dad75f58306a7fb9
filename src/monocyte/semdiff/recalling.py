"""What rules have made equal in two versions of a file, kept with what they asked about others.

It holds as long as the content is the same and every question gets the answer that it got. So it is
found again after any edit elsewhere, and not where that edit makes a difference to the rules.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

import msgspec

from monocyte.semdiff.normal.imports import Imports
from monocyte.semdiff.sketches import Shelf

__all__ = ["Settled", "Sides", "recalled", "remembered"]

Settled = Mapping[str, str]
"""Definitions that some stage's rules make equal, with the name of the stage."""

Sides = tuple[Imports, Imports]
"""What both sides know of other modules."""

T = TypeVar("T")


class _Kept(msgspec.Struct, frozen=True):
    """What was found, and on each side what was asked and answered on the way."""

    settled: dict[str, str]
    told: tuple[dict[str, str], dict[str, str]]


class _Asking:
    """Hands on questions about other modules, and remembers the answers."""

    def __init__(self, imports: Imports) -> None:
        self.imports = imports
        self.told: dict[str, str] = {}

    def __getattr__(self, question: str) -> Callable[..., Any]:
        answer = getattr(self.imports, question)

        def asked(*given: str | ast.ImportFrom) -> Any:
            found = answer(*given)
            self.told[_spelled(question, given)] = _plain(found)
            return found

        return asked


class _Memory(msgspec.Struct, frozen=True):
    value: msgspec.Raw
    told: tuple[dict[str, str], dict[str, str]]


class Partial(Protocol):
    """A value that may be of use for this time only."""

    @property
    def is_all(self) -> bool:
        """Whether it is all there is, so that it may be kept."""


P = TypeVar("P", bound=Partial)


def remembered(
    shelf: Shelf | None, name: str, kind: type[P], imports: Sides, make: Callable[[Sides], P]
) -> P:
    """What is kept under a name, if all that was asked on the way is answered as it was."""
    if shelf is None:
        return make(imports)
    kept = _decoded(shelf.get(name), _Memory)
    if kept and all(_holds(*it) for it in zip(kept.told, imports, strict=True)):
        found = _decoded(bytes(kept.value), kind)
        if found is not None:
            return found
    asking = _Asking(imports[0]), _Asking(imports[1])
    made = make(cast("Sides", asking))
    if made.is_all:
        told = asking[0].told, asking[1].told
        value = msgspec.Raw(msgspec.msgpack.encode(made))
        shelf.put(name, msgspec.msgpack.encode(_Memory(value, told)))
    return made


def recalled(
    shelf: Shelf | None,
    content: Sequence[str],
    names: Collection[str],
    imports: Sides,
    settle: Callable[[Sides], Settled],
) -> Settled:
    """What is kept of these definitions, if it still holds; else what `settle` finds."""
    if shelf is None:
        return settle(imports)
    name = json.dumps(["settled", *content, *sorted(names)])
    kept = _decoded(shelf.get(name), _Kept)
    if kept and all(_holds(*it) for it in zip(kept.told, imports, strict=True)):
        return kept.settled
    asking = _Asking(imports[0]), _Asking(imports[1])
    found = settle(cast("Sides", asking))
    told = asking[0].told, asking[1].told
    shelf.put(name, msgspec.msgpack.encode(_Kept(dict(found), told)))
    return found


def _decoded(data: bytes | None, kind: type[T]) -> T | None:
    try:
        return msgspec.msgpack.decode(data, type=kind) if data else None
    except (msgspec.MsgspecError, ValueError):
        return None


def _holds(told: Mapping[str, str], imports: Imports) -> bool:
    """Whether every question would be answered as it was."""
    return all(_asked(question, imports) == answer for question, answer in told.items())


def _asked(spelled: str, imports: Imports) -> str:
    question, *given = json.loads(spelled)
    return _plain(getattr(imports, question)(*map(_meant, given)))


def _spelled(question: str, given: Sequence[str | ast.ImportFrom]) -> str:
    return json.dumps([question, *(_said(it) for it in given)])


def _said(given: str | ast.ImportFrom) -> str | list[Any]:
    return given if isinstance(given, str) else [given.module, given.level]


def _meant(said: str | list[Any]) -> str | ast.ImportFrom:
    if isinstance(said, str):
        return said
    return ast.ImportFrom(module=said[0], names=[], level=said[1])


def _plain(answer: object) -> str:
    return repr(sorted(answer) if isinstance(answer, set | frozenset) else answer)
