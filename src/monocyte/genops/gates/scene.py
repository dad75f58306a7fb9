"""`Scene`: a case with everything that several gates look at, each read once, when it is needed.

Limits and everything else that is set come from the base's tree, whatever the head's says.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TypeVar, cast

from monocyte.genops.gates.case import Case
from monocyte.genops.gates.kinds import found
from monocyte.genops.gates.locked import Answer, ask
from monocyte.genops.gates.reading import AppText, CellText, Part, read_app
from monocyte.genops.gates.verdict import Finding
from monocyte.genops.pins import Judging, regeneration
from monocyte.semdiff.difference import Difference, Options, difference
from monocyte.semdiff.evidence import Budget
from monocyte.semdiff.sources import Tree, from_directory
from monocyte.semdiff.workers import Worker
from monocyte.tables import FILE

__all__ = ["Scene", "Unseen"]

T = TypeVar("T")

CACHE = "__pycache__"
UNCHECKED = 1
"""The flags of a compiled file that is named by a hash which nobody compares (PEP 552)."""

PASSED_OVER = frozenset({".git", CACHE, ".monocyte", ".mypy_cache", ".ruff_cache"})
"""Folders that are none of the change: what tools keep for themselves."""


class Unseen(Exception):
    """A gate cannot look here, whatever the change is: it is skipped, and says why."""


class Scene:
    """A change as all gates see it."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._locks: dict[str, RLock] = {}
        self._once: dict[str, object] = {}

    def found(self, kind: str, said: str, **more: str) -> Finding:
        """A finding about this case; see `kinds.found`."""
        return found(self.case.author, kind, said, **more)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What `make` returns, made once; who comes second waits for who came first."""
        with self._locks.setdefault(name, RLock()):
            if name not in self._once:
                self._once[name] = make()
            return cast(T, self._once[name])

    def ask(self, made: Worker, station: str, wish: object, *, forks: bool = False) -> Answer:
        """Have a station do something with both trees, within the limits of the base."""
        return ask(
            made,
            station,
            wish,
            base=str(self.base_root),
            head=str(self.head_root),
            package=self.base.package,
            limits=self.limits,
            forks=forks,
        )

    # -- places ------------------------------------------------------------------------------------

    @property
    def base_root(self) -> Path:
        """The app's directory at the base."""
        return self.case.base / self.case.app

    @property
    def head_root(self) -> Path:
        """The app's directory in what is judged."""
        return self.case.head / self.case.app

    @cached_property
    def limits(self) -> Judging:
        """`[gates]` of the base; raises ConfigError if it cannot be read."""
        file = self.base_root / FILE
        return regeneration(str(file), file.read_text(encoding="utf-8-sig")).judging

    # -- what stands there -------------------------------------------------------------------------

    @cached_property
    def base(self) -> AppText:
        """The cells of the base, as text."""
        return read_app(self.case.base, self.case.app)

    @cached_property
    def head(self) -> AppText:
        """The cells of the head, as text; where they are is what the base says."""
        return read_app(self.case.head, self.case.app, self.base_root)

    @cached_property
    def changed(self) -> dict[str, tuple[str | None, str | None]]:
        """The files that differ by path: digests at base and head, None where there is none."""
        old, new = _digests(self.case.base), _digests(self.case.head)
        paths = sorted(old.keys() | new.keys())
        return {it: (old.get(it), new.get(it)) for it in paths if old.get(it) != new.get(it)}

    @cached_property
    def pairs(self) -> tuple[tuple[CellText | None, CellText | None], ...]:
        """Base and head of every file with declarations that differs."""
        old, new = self.base.files, self.head.files
        paths = sorted(old.keys() | new.keys())
        return tuple((old.get(it), new.get(it)) for it in paths if it in self.changed)

    @cached_property
    def cells(self) -> tuple[str, ...]:
        """The names of the cells that differ."""
        sides = (it for pair in self.pairs for it in pair if it is not None)
        return tuple(dict.fromkeys(it.name for it in sides if not it.is_journeys))

    @cached_property
    def keeps_words(self) -> bool:
        """Whether all words, and what they are made of, are those of the base."""
        old, new = _spoken(self.base), _spoken(self.head)
        return old == new

    def changed_parts(self) -> Iterator[tuple[CellText, Part, Part | None]]:
        """Every part of the head that is new or means something else, with that of the base."""
        for old, new in self.pairs:
            if new is None:
                continue
            before = old.by_name if old is not None else {}
            for part in new.by_name.values():
                had = before.get(part.name)
                if had is None or had.meaning != part.meaning:
                    yield new, part, had

    # -- what it means -----------------------------------------------------------------------------

    @property
    def trees(self) -> tuple[Tree, Tree]:
        """Both sides for semdiff."""
        sides = (self.case.base, self.case.head)
        return self.once("trees", lambda: (from_directory(sides[0]), from_directory(sides[1])))

    @property
    def difference(self) -> Difference:
        """What changed in meaning, as `monocyte diff` has it."""
        return self.once("difference", self._compare)

    def _compare(self) -> Difference:
        wanted = tuple(it for it in self.changed if it.endswith(".py"))
        each = Budget(seconds=1.5)
        options = Options(seconds=SEARCHING, each=each, only=wanted or ("-",), impact=False)
        return difference(*self.trees, options)


SEARCHING = 12.0
"""Seconds of the clock for running definitions by themselves: whole cells are run elsewhere."""


def _spoken(app: AppText) -> dict[str, dict[str, str]]:
    """What the words of each cell are made of."""
    return {
        name: {it: cell.by_name[it].meaning for it in sorted(cell.words)}
        for name, cell in app.cells.items()
    }


def _digests(root: Path) -> dict[str, str]:
    """Every file below a directory by path, with a digest of what it is."""
    found: dict[str, str] = {}
    for folder, folders, files in os.walk(root):
        inside = Path(folder)
        links = [it for it in folders if (inside / it).is_symlink()]
        found |= _unchecked(root, inside / CACHE) if CACHE in folders else {}
        folders[:] = sorted(it for it in folders if it not in PASSED_OVER and it not in links)
        for name in sorted([*files, *links]):
            if name == ".git":  # a worktree's
                continue
            path = inside / name
            found[path.relative_to(root).as_posix()] = _digest(path)
    return found


def _unchecked(root: Path, folder: Path) -> dict[str, str]:
    """Compiled files that Python runs without a look at their source; others it compares."""
    found = {}
    for path in sorted(it for it in folder.rglob("*") if it.is_file() or it.is_symlink()):
        head = path.read_bytes()[:8] if path.is_file() else b""
        if path.is_symlink() or (len(head) == 8 and head[4] == UNCHECKED):
            found[path.relative_to(root).as_posix()] = _digest(path)
    return found


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"link {path.readlink()}"
    if not path.is_file():
        return "no plain file"
    mode = "x" if os.access(path, os.X_OK) else "-"
    return f"{mode} {hashlib.sha256(path.read_bytes()).hexdigest()}"
