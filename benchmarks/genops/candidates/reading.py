"""What a file of changes says, as values; a line that cannot be understood is an error.

A file is a family. Each change begins with `%% NAME`, then come fields (`% key: value`) and parts:

    %% edit FILE        what stands there exactly once, then `%% to` and what comes in its place
    %% given FILE       the same, but already in the base: what a person has asked for
    %% add FILE         a new file, or all of an old one anew
    %% append FILE      more at the end of a file
    %% drop FILE        no such file any more
    %% cut FILE         without the functions of these names
    %% bug FILE         a fault (like `edit`): the base's scenarios notice it, and the head's do not
    %% lock             lines of rules.lock: of base and head for a model, of the head for a person
    %% witness          a script that says something else of the head than of the base

Nothing is done here: no file but the one that is read is touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Change", "Malformed", "Part", "read", "read_all"]

HERE = Path(__file__).parent
SETS = ("tuning", "heldout")
HONEST = "honest"
FIELDS = frozenset(("cell", "reasons", "rules", "author", "proof", "allows", "base"))
PARTS = frozenset(("edit", "given", "add", "append", "drop", "cut", "bug", "lock", "witness", "to"))


class Malformed(Exception):
    """A file of changes says what nobody understands."""


class Part(NamedTuple):
    """Something done to one file."""

    kind: str
    file: str
    old: str
    new: str = ""


class Change(NamedTuple):
    """An adversarial or honest change, as data."""

    name: str
    family: str
    fields: dict[str, str]
    parts: tuple[Part, ...]

    @property
    def honest(self) -> bool:
        return self.family.startswith(HONEST)

    @property
    def base(self) -> str:
        return self.fields.get("base", "lab")

    @property
    def cell(self) -> str:
        return self.fields["cell"]

    @property
    def author(self) -> str:
        return self.fields.get("author", "model")

    @property
    def proof(self) -> str:
        """How it is proven to be what it is said to be."""
        if self.honest:
            return "check"
        if "proof" in self.fields:
            return self.fields["proof"]
        kinds = {part.kind for part in self.parts}
        return "bug" if "bug" in kinds else "witness" if "witness" in kinds else "construction"

    @property
    def rules(self) -> frozenset[str]:
        return frozenset(self.fields.get("rules", "").replace(",", " ").split())

    @property
    def reasons(self) -> tuple[str, ...]:
        """Any of them is the right one."""
        return tuple(it.strip() for it in self.fields["reasons"].split("|"))

    @property
    def allows(self) -> frozenset[str]:
        """The classes of change that an honest one may be."""
        more = self.fields.get("allows", "").replace(",", " ").split()
        return frozenset(("none", "internal", *more))

    def of(self, *kinds: str) -> Iterator[Part]:
        return (part for part in self.parts if part.kind in kinds)


def read_all(chosen: str) -> list[Change]:
    """Every change of a set; raises Malformed."""
    files = sorted((HERE / chosen).glob("*.txt"))
    changes = [change for file in files for change in read(file)]
    names = [change.name for change in changes]
    if twice := {name for name in names if names.count(name) > 1}:
        raise Malformed(f"more than one is called {', '.join(sorted(twice))}")
    return changes


def read(file: Path) -> list[Change]:
    """The changes in one file; raises Malformed."""
    changes: list[list[str]] = []
    for line in file.read_text("utf-8").splitlines():
        words = line.split()
        if line.startswith("%% ") and words[1] not in PARTS:
            changes.append([line])
        elif changes:
            changes[-1].append(line)
        elif line and not line.startswith("#"):
            raise Malformed(f"{file.name}: {line!r} belongs to no change")
    return [_change(file, lines) for lines in changes]


def _change(file: Path, lines: list[str]) -> Change:
    name, fields, parts = lines[0][3:].strip(), dict[str, str](), list[tuple[str, list[str]]]()
    for line in lines[1:]:
        if line.startswith("%% "):
            parts.append((line[3:].strip(), []))
        elif parts:
            parts[-1][1].append(line)
        elif line.startswith("% "):
            key, _, value = line[2:].partition(":")
            fields[key.strip()] = value.strip()
        elif line:
            raise Malformed(f"{file.name}: {name}: {line!r} belongs to no part")
    needed = {"cell"} if file.stem.startswith(HONEST) else {"cell", "reasons"}
    if (wrong := fields.keys() - FIELDS) or (wrong := needed - fields.keys()):
        raise Malformed(f"{file.name}: {name}: wrong or missing: {', '.join(sorted(wrong))}")
    return Change(name, file.stem, fields, tuple(_parts(f"{file.name}: {name}", parts)))


def _parts(where: str, raw: list[tuple[str, list[str]]]) -> Iterator[Part]:
    rest = iter(raw)
    for head, lines in rest:
        kind, _, path = head.partition(" ")
        text = "\n".join(lines).strip("\n")
        if kind in ("edit", "given", "bug"):
            to, new = next(rest, ("", []))
            if to != "to":
                raise Malformed(f"{where}: after {head!r} comes `%% to`")
            yield Part(kind, path, text, "\n".join(new).strip("\n"))
        elif kind == "to" or bool(path) == (kind in ("lock", "witness")):
            raise Malformed(f"{where}: {head!r} cannot be")
        else:
            yield Part(kind, path, text)
