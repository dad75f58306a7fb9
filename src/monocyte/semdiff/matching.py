"""Which old definition a new one is: by name, else by what it does, within a file or across files.

A rename or a move is claimed only where the code is equal and the match is the only one: a wrong
pair would be worse than none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monocyte.semdiff.definitions import Definition, Definitions
from monocyte.semdiff.normal.writer import Writer

__all__ = ["Match", "match_files", "match_moved"]

MATCHED_BY_CODE = frozenset({"function", "class", "method"})
"""Constants are too small to be known again by their value."""

LEAST_TEXT = 60
"""Characters of normal form below which two definitions are alike by chance."""


@dataclass(frozen=True)
class Match:
    """An old definition that is found again under another name or in another file."""

    old_path: str
    old: Definition
    new_path: str
    new: Definition


def match_moved(
    gone: Mapping[str, list[tuple[Definition, Definitions]]],
    come: Mapping[str, list[tuple[Definition, Definitions]]],
) -> list[Match]:
    """Pairs of vanished and appeared definitions with equal code whatever their names."""
    old = _by_code(gone)
    new = _by_code(come)
    return [
        Match(*old[code][0], *new[code][0])
        for code in old
        if len(old[code]) == len(new.get(code, ())) == 1
    ]


def _by_code(
    sides: Mapping[str, list[tuple[Definition, Definitions]]],
) -> dict[str, list[tuple[str, Definition]]]:
    found: dict[str, list[tuple[str, Definition]]] = defaultdict(list)
    for path, definitions in sides.items():
        for definition, module in definitions:
            code = nameless(definition, module)
            if definition.kind in MATCHED_BY_CODE and len(code) >= LEAST_TEXT:
                found[code].append((path, definition))
    return found


def nameless(definition: Definition, module: Definitions) -> str:
    """A definition written down with its own name left out, recursion included."""
    name = definition.name.rpartition(".")[2].partition("#")[0]
    writer = Writer(module.facts, module.scope, own_name=name)
    writer.write(definition.node)
    return writer.written().text


def match_files(
    gone: Iterable[str], come: Iterable[str], same: Mapping[str, str]
) -> dict[str, str]:
    """Files that were moved: new path to old path, for those whose content `same` pairs."""
    gone, come = set(gone), set(come)
    return {new: old for new, old in same.items() if new in come and old in gone}
