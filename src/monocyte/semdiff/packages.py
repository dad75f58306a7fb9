"""What the modules of one tree know of each other: names, imports, and who may look at whom.

Modules are parsed only when a question needs them, and never imported.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath

from monocyte.semdiff.chunks import chunks_of
from monocyte.semdiff.definitions import Definition, Unreadable, parse
from monocyte.semdiff.guards import Reader, readers_of
from monocyte.semdiff.normal.channels import Channel
from monocyte.semdiff.normal.effects import effects_of, mentions
from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.normal.imports import LOUD, Imports
from monocyte.semdiff.scopes import FUNCTIONS, resolve_module
from monocyte.semdiff.sources import BadSource, Source
from monocyte.semdiff.watching import Outline, Subject, Watchers, outline_of

__all__ = ["Packages"]

_TALKATIVE = frozenset(
    {"print", "input", "open", "exec", "eval", "setattr", "delattr", "breakpoint"}
)


class Packages:
    """The modules of one tree."""

    def __init__(self, tree: Mapping[str, Source]) -> None:
        self.tree = tree
        self._facts: dict[str, ModuleFacts | None] = {}
        self._imports: dict[str, frozenset[str]] = {}
        self._sensitive: dict[str, str] = {}
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
        """The paths of this tree that a module imports when it is imported itself."""
        if path not in self._imports:
            facts = self.facts(path)
            nodes = _at_import(facts.tree) if facts else ()
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
        """All in the tree that importing a module may import; itself only if it is in a cycle."""
        reached: set[str] = set()
        todo = list(self.imported_by(path))
        while todo:
            found = todo.pop()
            if found not in reached:
                reached.add(found)
                todo.extend(self.imported_by(found))
        return reached

    def sensitivity(self, path: str) -> str:
        """Whether importing a module, or what it imports, speaks to or listens to other imports."""
        found = {self._sensitivity(p) for p in {path, *self.closure(path)}}
        return next((kind for kind in ("loud", "listening") if kind in found), "")

    def _sensitivity(self, path: str) -> str:
        if path not in self._sensitive:
            facts = self.facts(path)
            self._sensitive[path] = "loud" if facts is None else self._does(path, facts)
        return self._sensitive[path]

    def _does(self, path: str, facts: ModuleFacts) -> str:
        """Whether a module's own statements do more than bind names: touch others, or listen."""
        ours = {
            alias.asname or alias.name.partition(".")[0]
            for node in facts.tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            and any(m in self.paths for m in self._named(path, node))
            for alias in node.names
        }
        found = ""
        for statement in facts.tree.body:
            effects = effects_of(statement, facts, facts.scope)
            if effects.inert:
                continue
            said = mentions(statement)
            if said & (ours | _TALKATIVE) or not _only_binds(statement):
                return "loud"
            if not isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
                found = "listening"
        return found

    def imports_of(self, path: str) -> Imports:
        """What a module's imports are, for the rules about order."""
        return _Importer(self, path)

    # -- who looks at whom ------------------------------------------------------------------------

    def note(self, path: str, readers: list[Reader]) -> None:
        """Remember the readers of a module that was read anyway."""
        self._readers[path] = readers

    def readers(self, path: str) -> list[Reader]:
        """Every reader of a module."""
        if path not in self._readers:
            facts = self.facts(path)
            self._readers[path] = readers_of(facts) if facts is not None else []
        return self._readers[path]

    @cached_property
    def watchers(self) -> Watchers:
        """The readers of the tree, and the names that lead to them."""
        return Watchers({path: self.readers(path) for path in self.paths.values()}, self._outlines)

    def _outlines(self) -> dict[str, Outline]:
        facts = {path: self.facts(path) for path in self.paths.values()}
        return {p: outline_of(f, self.readers(p)) for p, f in facts.items() if f is not None}

    def looking(
        self, path: str, definition: Definition, channels: Collection[Channel]
    ) -> Iterator[tuple[str, Reader]]:
        """Readers of these channels, anywhere in the tree, that may get hold of a definition."""
        module = self.module_name(path).rpartition(".")[2]
        subject = Subject(path, definition.kind, definition.name, module)
        return self.watchers.looking(subject, channels)

    def is_handed_on(self, path: str) -> bool:
        """Whether some code of the tree uses the module itself as a value: `show(module)`."""
        name = self.module_name(path).rpartition(".")[2]
        word = re.compile(rb"\b" + re.escape(name.encode("utf-8", "surrogateescape")) + rb"\b")
        for other in self.paths.values():
            facts = self.facts(other) if word.search(self.source(other)) else None
            if facts is None or name not in _bound_by_imports(facts):
                continue
            if any(name in chunk.values for chunk in chunks_of(facts)):
                return True
        return False

    @cached_property
    def patched(self) -> frozenset[str]:
        """Names that some module of the tree sets on another object: a look at the bytes."""
        return frozenset(n for path in self.paths.values() for n in _patched(self.source(path)))

    def source(self, path: str) -> bytes:
        """The bytes of a file of the tree; none where it cannot be read."""
        try:
            return self.tree[path].python
        except BadSource:
            return b""


_PATCHES = (
    (b"=", re.compile(rb"(?<!\bself)(?<!\bcls)\.(\w+)\s*(?:,[^=\n()]*|:[^=\n]*)?=(?!=)")),
    (b"attr", re.compile(rb"(?:set|del)attr\w*\s*\([^)\n]{0,80}?[\"']([\w.]+)[\"']")),
    (b"patch", re.compile(rb"(?:patch|object)\s*\([^)\n]{0,80}?[\"']([\w.]+)[\"']")),
    (b"]", re.compile(rb"\[[\"'](\w+)[\"']\]\s*=(?!=)")),
)
"""Assignments to attributes and items, and calls of `setattr` and its like; with a quick look."""


def _patched(data: bytes) -> Iterator[str]:
    for hint, pattern in _PATCHES:
        if hint in data:
            for match in pattern.finditer(data):
                yield match[1].decode("utf-8", "replace").rpartition(".")[2]


def _bound_by_imports(facts: ModuleFacts) -> set[str]:
    return {
        spelled
        for node in facts.nodes
        if isinstance(node, ast.alias)
        for spelled in (node.asname, node.name.rpartition(".")[2])
        if spelled
    }


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a module that run when it is imported: no bodies of functions, no types only."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTIONS, ast.Lambda)):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in mentions(child.test) | _attributes(
            child
        ):
            for statement in child.orelse:
                yield from _at_import(statement)
            continue
        yield from _at_import(child)


def _attributes(node: ast.If) -> set[str]:
    return {n.attr for n in ast.walk(node.test) if isinstance(n, ast.Attribute)}


def _only_binds(statement: ast.stmt) -> bool:
    """An assignment to plain names: what it calls lies outside the tree."""
    return isinstance(
        statement, ast.Assign | ast.AnnAssign | ast.FunctionDef | ast.ClassDef
    ) and all(isinstance(target, ast.Name) for target in getattr(statement, "targets", []))


def _listed(facts: ModuleFacts) -> frozenset[str] | None:
    """The names in a module's `__all__`, where it is one plain list."""
    if facts.scope.stored.get("__all__") != 1 or facts.scope.loaded.get("__all__"):
        return None
    for node in facts.tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id="__all__")],
                value=ast.List(elts=listed) | ast.Tuple(elts=listed),
            ):
                names = [getattr(e, "value", None) for e in listed]
                plain = [name for name in names if isinstance(name, str)]
                return frozenset(plain) if len(plain) == len(names) else None
    return None


class _Importer:
    """`normal.order.Imports` for one module of a tree."""

    def __init__(self, packages: Packages, path: str) -> None:
        self.packages = packages
        self.path = path

    def absolute(self, node: ast.ImportFrom) -> str:
        return self.packages.absolute(self.path, node)

    @cached_property
    def loaded(self) -> set[str]:
        """What is imported for sure before this module is: its packages, and all they import."""
        found: set[str] = set()
        parts = self.packages.module_name(self.path).split(".")
        for length in range(1, len(parts)):
            package = self.packages.paths.get(".".join(parts[:length]))
            if package is not None and package != self.path:
                closure = self.packages.closure(package)
                if self.path not in closure:
                    found |= {package, *closure}
        return found

    def entry(self, module: str) -> str:
        """The module whose import decides: a package that imports this one itself comes first."""
        parts = module.split(".")
        ours = self.packages.module_name(self.path)
        for length in range(1, len(parts)):
            outer = ".".join(parts[:length])
            package = self.packages.paths.get(outer)
            if package is None or f"{ours}.".startswith(f"{outer}."):
                continue
            if self.packages.paths.get(module) in self.packages.closure(package):
                return outer
        return module

    def sensitivity(self, module: str) -> str:
        path = self.packages.paths.get(module)
        if path is None:
            return "loud" if module.partition(".")[0] in LOUD else ""
        return "" if path in self.loaded else self.packages.sensitivity(path)

    def comes_back(self, module: str) -> bool:
        path = self.packages.paths.get(module)
        if path is None:
            return module.startswith(".")
        if path in self.loaded:
            return False
        closure = self.packages.closure(path)
        return self.path in closure or path in closure

    def star_names(self, module: str) -> frozenset[str] | None:
        path = self.packages.paths.get(module)
        facts = self.packages.facts(path) if path is not None else None
        if facts is None or facts.star_imports or facts.rebinds_unseen:
            return None
        if "__all__" not in facts.scope.bound:
            return frozenset(n for n in facts.scope.bound if not n.startswith("_"))
        return _listed(facts)

    def is_module(self, module: str) -> bool:
        return module in self.packages.paths

    def may_shadow(self, package: str, name: str) -> bool:
        path = self.packages.paths.get(package)
        if path is None:
            return package.partition(".")[0] not in sys.stdlib_module_names
        facts = self.packages.facts(path)
        return facts is None or name in facts.scope.bound

    def is_patched(self, name: str) -> bool:
        return name in self.packages.patched

    def is_dynamic(self, origin: str) -> bool:
        """A module of the tree whose source has methods that lookups call."""
        path = self.packages.paths.get(origin)
        if path is None:
            return False
        return _DYNAMIC.search(self.packages.source(path)) is not None


_DYNAMIC = re.compile(rb"__class_getitem__|__getattr__|__getattribute__")
