"""Two trees, and what of their tests differs: read once, for whoever judges it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import PurePosixPath

from monocyte.semdiff.sources import BadSource, Source, Tree
from monocyte.semdiff.testdiff.asked import Key
from monocyte.semdiff.testdiff.conventions import (
    Module,
    Test,
    conventions,
    is_support,
    module_of,
)
from monocyte.semdiff.testdiff.layout import code_files
from monocyte.semdiff.testdiff.names import Names
from monocyte.semdiff.testdiff.project import Sides

__all__ = ["Both", "data_of"]


class Both:
    """Two trees, and what of their tests differs."""

    def __init__(self, old: Tree, new: Tree) -> None:
        self.trees = old, new
        self.rules = conventions(old), conventions(new)
        paths = _paths(old) | _paths(new)
        self.differing = {it for it in paths if not _alike(_at(old, it), _at(new, it))}
        self.modules = (
            self._modules(0, self.differing),
            self._modules(1, self.differing),
        )
        self._names: dict[int, Names] = {}

    def _modules(self, side: int, paths: Iterable[str]) -> dict[str, Module]:
        tree, rules = self.trees[side], self.rules[side]
        found = {}
        for path in paths:
            # What one side takes for a test, the other may have hidden.
            support = any(is_support(path, it) for it in self.rules)
            if path in tree and path.endswith(".py") and support:
                module = module_of(tree[path], rules)
                if module is not None:
                    found[path] = module
        return found

    def names(self, module: Module) -> Names:
        """What names stand for in a module."""
        if id(module) not in self._names:
            self._names[id(module)] = Names(module.tree)
        return self._names[id(module)]

    @cached_property
    def code(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The files under test."""
        old, new = (code_files(self.trees[i], self.rules[i]) for i in (0, 1))
        return old, new

    @cached_property
    def sides(self) -> Sides:
        """All of it, as the rules about the project want it."""
        code = frozenset(self.code[0]), frozenset(self.code[1])
        return Sides(self.trees, self.rules, self.modules, code, frozenset(self.differing))

    @cached_property
    def code_differs(self) -> bool:
        """Whether any file under test differs."""
        return any(it in self.differing for side in self.code for it in side)

    @cached_property
    def defined(self) -> tuple[frozenset[str], frozenset[str]]:
        """Names that the differing code defines, on each side."""
        old, new = (
            frozenset(
                _defined(_at(self.trees[i], it)) for it in self.code[i] if it in self.differing
            )
            for i in (0, 1)
        )
        return frozenset().union(*old), frozenset().union(*new)

    @cached_property
    def project(self) -> frozenset[str]:
        """Top names of the code under test."""
        parts = [PurePosixPath(it).parts for it in self.code[0]]
        tops = [it[1] if it[0] in ("src", "lib") and len(it) > 1 else it[0] for it in parts]
        return frozenset(it.removesuffix(".py") for it in tops)

    def tests(self, side: int) -> dict[Key, Test]:
        """The tests of the files that differ, where they are collected."""
        return {
            test.key: test
            for path, module in self.modules[side].items()
            if self.rules[side].is_test_file(path)
            for test in module.tests.values()
        }


def _defined(source: Source | None) -> frozenset[str]:
    data = data_of(source) if source else b""
    return frozenset((one or other).decode() for one, other in DEFINED.findall(data))


DEFINED = re.compile(
    rb"^\s*(?:async +)?(?:def|class) +([A-Za-z_]\w*)|^([A-Za-z_]\w*)\s*[:=]",
    re.MULTILINE,
)


def _paths(tree: Tree) -> set[str]:
    return set(tree.sources) | set(tree.others)


def _at(tree: Tree, path: str) -> Source | None:
    return tree.sources.get(path) or tree.others.get(path)


def _alike(old: Source | None, new: Source | None) -> bool:
    if old is None or new is None:
        return False
    try:
        return (old.known == new.known) if old.known and new.known else old.data == new.data
    except BadSource:
        return False


def data_of(source: Source) -> bytes:
    """The bytes of a file; none where it cannot be read."""
    try:
        return source.data
    except BadSource:
        return b""
