"""What the modules of one tree know of each other: names, imports, and who may look at whom.

Modules are parsed only when a question needs them, and never imported.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import PurePosixPath

from monocyte.semdiff.definitions import Unreadable, parse
from monocyte.semdiff.guards import Reader, mentions_reader, readers_of
from monocyte.semdiff.normal.effects import effects_of, mentions
from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.normal.order import LOUD, Imports
from monocyte.semdiff.scopes import resolve_module
from monocyte.semdiff.sources import BadSource, Source

__all__ = ["Packages"]

_TALKATIVE = frozenset({"print", "input", "open", "exec", "eval", "setattr", "delattr", "breakpoint"})


class Packages:
    """The modules of one tree."""

    def __init__(self, tree: Mapping[str, Source]) -> None:
        self.tree = tree
        self._facts: dict[str, ModuleFacts | None] = {}
        self._imports: dict[str, frozenset[str]] = {}
        self._sensitive: dict[str, bool] = {}
        self._readers: dict[str, list[Reader]] = {}

    # -- names ------------------------------------------------------------------------------------

    @cached_property
    def paths(self) -> dict[str, str]:
        """Dotted module name to path; a package is its `__init__`."""
        return {self.module_name(path): path for path in self.tree if path.endswith(".py")}

    def module_name(self, path: str) -> str:
        """The dotted name of a file: from the topmost directory that has an `__init__.py`."""
        parts = list(PurePosixPath(path).with_suffix("").parts)
        start = len(parts) - 1
        while start and "/".join([*parts[:start], "__init__.py"]) in self.tree:
            start -= 1
        named = parts[start:]
        return ".".join(named[:-1] if named[-1] == "__init__" and len(named) > 1 else named)

    def absolute(self, path: str, node: ast.ImportFrom) -> str:
        """The dotted name of what a `from` import in a file names."""
        if not node.level:
            return node.module or ""
        parts = self.module_name(path).split(".")
        up = node.level - 1 if path.endswith("__init__.py") else node.level
        base = parts[: len(parts) - up] if up else parts
        return ".".join([*base, *([node.module] if node.module else [])])

    def facts(self, path: str) -> ModuleFacts | None:
        """The facts of a module, or None where it cannot be read."""
        if path not in self._facts:
            self._facts[path] = self._load(path)
        return self._facts[path]

    def _load(self, path: str) -> ModuleFacts | None:
        try:
            facts = ModuleFacts(resolve_module(parse(self.tree[path].python, path)))
        except (BadSource, Unreadable, RecursionError):
            return None
        facts.prepare()
        return facts

    # -- imports ----------------------------------------------------------------------------------

    def imported_by(self, path: str) -> frozenset[str]:
        """The paths of this tree that a module's import statements name."""
        if path not in self._imports:
            facts = self.facts(path)
            nodes = facts.nodes if facts else []
            named = {module for node in nodes for module in self._named(path, node)}
            self._imports[path] = frozenset(self.paths[m] for m in named if m in self.paths)
        return self._imports[path]

    def _named(self, path: str, node: ast.AST) -> Iterable[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            base = self.absolute(path, node)
            inner = [f"{base}.{alias.name}" for alias in node.names]
            return [base, *inner] if any(i not in self.paths for i in inner) else inner
        return []

    def closure(self, path: str) -> set[str]:
        """Everything in the tree that importing a module may import, itself left out unless it cycles."""
        reached: set[str] = set()
        todo = list(self.imported_by(path))
        while todo:
            found = todo.pop()
            if found not in reached:
                reached.add(found)
                todo.extend(self.imported_by(found))
        return reached

    def is_sensitive(self, path: str) -> bool:
        """Whether importing a module, or what it imports, may be noticed by another import."""
        return any(self._is_loud(p) for p in {path, *self.closure(path)})

    def _is_loud(self, path: str) -> bool:
        if path not in self._sensitive:
            facts = self.facts(path)
            self._sensitive[path] = facts is None or self._does_more(path, facts)
        return self._sensitive[path]

    def _does_more(self, path: str, facts: ModuleFacts) -> bool:
        """Whether a module's own statements do more than bind names: speak, or touch neighbours."""
        ours = {
            alias.asname or alias.name.partition(".")[0]
            for node in facts.tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            and any(m in self.paths for m in self._named(path, node))
            for alias in node.names
        }
        for statement in facts.tree.body:
            effects = effects_of(statement, facts, facts.scope)
            if effects.inert:
                continue
            said = mentions(statement)
            if said & (ours | _TALKATIVE) or not _only_binds(statement):
                return True
        return False

    def imports_of(self, path: str) -> Imports:
        """What a module's imports are, for the rules about order."""
        return _Importer(self, path)

    # -- who looks at whom ------------------------------------------------------------------------

    def readers_near(self, path: str) -> list[Reader]:
        """Readers in modules that import this one or that this one imports."""
        return [
            reader
            for near in sorted(self._near(path))
            if mentions_reader(self._bytes(near))
            for reader in self._readers_in(near)
        ]

    def _near(self, path: str) -> set[str]:
        name = self.module_name(path).rpartition(".")[2].encode("utf-8", "surrogateescape")
        word = re.compile(rb"\b" + re.escape(name) + rb"\b")
        importers = {
            p for p in self.paths.values() if word.search(self._bytes(p)) and self._imports_it(p, path)
        }
        return (importers | self.imported_by(path)) - {path}

    def _imports_it(self, path: str, wanted: str) -> bool:
        return wanted in self.imported_by(path)

    def _readers_in(self, path: str) -> list[Reader]:
        if path not in self._readers:
            facts = self.facts(path)
            self._readers[path] = readers_of(facts) if facts else []
        return self._readers[path]

    def _bytes(self, path: str) -> bytes:
        try:
            return self.tree[path].python
        except BadSource:
            return b""


def _only_binds(statement: ast.stmt) -> bool:
    """An assignment to plain names: what it calls lies outside the tree."""
    return isinstance(statement, ast.Assign | ast.AnnAssign | ast.FunctionDef | ast.ClassDef) and all(
        isinstance(target, ast.Name) for target in getattr(statement, "targets", [])
    )


class _Importer:
    """`normal.order.Imports` for one module of a tree."""

    def __init__(self, packages: Packages, path: str) -> None:
        self.packages = packages
        self.path = path

    def absolute(self, node: ast.ImportFrom) -> str:
        return self.packages.absolute(self.path, node)

    def is_sensitive(self, module: str) -> bool:
        path = self.packages.paths.get(module)
        if path is None:
            return module.partition(".")[0] in LOUD
        return self.packages.is_sensitive(path)

    def comes_back(self, module: str) -> bool:
        path = self.packages.paths.get(module)
        if path is None:
            return module.startswith(".")
        closure = self.packages.closure(path)
        return self.path in closure or path in closure

    def may_shadow(self, package: str, name: str) -> bool:
        path = self.packages.paths.get(package)
        if path is None:
            return package.partition(".")[0] not in sys.stdlib_module_names
        facts = self.packages.facts(path)
        return facts is None or name in facts.scope.bound


