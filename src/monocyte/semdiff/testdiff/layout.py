"""Two suites on disk over one and the same code: the old code with the old tests, and with the new.

What belongs to the tests (tests, conftests, their data, pytest's configuration) is taken from each
side; everything else from the old one, so that a test is asked about the code that it was for.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from monocyte.semdiff.sources import BadSource, Source, Tree
from monocyte.semdiff.testdiff.asked import Suite
from monocyte.semdiff.testdiff.conventions import CONFIGS, Conventions, is_support

__all__ = ["Layout", "code_files"]

LARGEST_TREE = 100_000_000
"""Bytes of a tree that are written down for its tests to be run."""

CONFIG_FILES = frozenset({name for name, _ in CONFIGS})
NOT_UNDER_TEST = frozenset({"setup.py", "noxfile.py", "conf.py", "tasks.py", "fabfile.py"})
LEFT_OUT = (
    "--cov",
    "--junit",
    "-n",
    "--numprocesses",
    "--dist",
    "--durations",
    "--color",
    "--html",
)
"""Options of pytest that say how to report or share the work, and nothing of what passes."""


def code_files(tree: Tree, rules: Conventions) -> tuple[str, ...]:
    """The Python files that are no tests: what the tests are about."""
    return tuple(
        path
        for path in sorted(tree)
        if path.endswith(".py")
        and not is_support(path, rules)
        and PurePosixPath(path).name not in NOT_UNDER_TEST
        and PurePosixPath(path).parts[0] not in ("docs", "doc", "examples", "benchmarks")
    )


class Layout:
    """Both suites in a folder that is thrown away; use it in a `with`."""

    def __init__(self, old: Tree, new: Tree, rules: tuple[Conventions, Conventions]) -> None:
        self.sides = old, new
        self.rules = rules
        self.code = code_files(old, rules[0])
        self.folder = Path(tempfile.mkdtemp(prefix="monocyte-tests-")).resolve()
        self.roots = self.folder / "old", self.folder / "new"
        self.complete = True
        """Whether the trees were small enough to be written down."""

    def __enter__(self) -> Self:
        self._write(self.roots[0], _files(self.sides[0]))
        self._write(self.roots[1], self._mixed())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def suite(self, side: int, files: Iterable[str]) -> Suite:
        """What the worker is to collect on one side."""
        rules = self.rules[side]
        places = dict.fromkeys((".", "src", *rules.imports))
        paths = tuple(it for it in places if (self.roots[side] / it).is_dir())
        return Suite(
            root=str(self.roots[side]),
            files=tuple(it for it in files if (self.roots[side] / it).is_file()),
            code=self.code,
            paths=paths,
            names=frozenset(self._names(paths)),
            addopts=_kept(rules.addopts),
        )

    def _names(self, paths: Iterable[str]) -> Iterable[str]:
        for place in paths:
            depth = 0 if place == "." else len(PurePosixPath(place).parts)
            for path in self.sides[0]:
                parts = PurePosixPath(path).parts
                if parts[:depth] == PurePosixPath(place).parts[:depth] and len(parts) > depth:
                    yield parts[depth].removesuffix(".py")

    def _mixed(self) -> Iterable[Source]:
        """The new side's tests over the old side's code."""
        old, new = self.sides
        yield from (it for it in _files(old) if not self._belongs(it.path, 0))
        yield from (it for it in _files(new) if self._belongs(it.path, 1))

    def _belongs(self, path: str, side: int) -> bool:
        return path in CONFIG_FILES or is_support(path, self.rules[side])

    def _write(self, root: Path, files: Iterable[Source]) -> None:
        left = LARGEST_TREE
        root.mkdir()
        for source in files:
            path = root / source.path
            try:
                data = source.data
                left -= len(data)
                if left < 0:
                    self.complete = False
                    return
                if root in path.resolve().parents:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(data)
            except (BadSource, OSError):
                continue  # who needs it will say so


def _files(tree: Tree) -> Iterable[Source]:
    return [*tree.sources.values(), *tree.others.values()]


def _kept(addopts: Iterable[str]) -> tuple[str, ...]:
    """The options without those that only say how to report, or share the work."""
    kept: list[str] = []
    words = iter(addopts)
    for word in words:
        if word == "-n":
            next(words, None)
        elif not word.startswith(LEFT_OUT):
            kept.append(word)
    return tuple(kept)
