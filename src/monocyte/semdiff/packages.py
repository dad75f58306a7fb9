"""What the modules of one tree know of each other: names, imports, and who may look at whom.

Modules are parsed only when a question needs them, and never imported.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import PurePosixPath
from typing import Protocol

from monocyte.semdiff.guards import Reader
from monocyte.semdiff.normal.channels import Channel
from monocyte.semdiff.normal.comparisons import compares_plainly
from monocyte.semdiff.normal.imports import LOUD, Imports
from monocyte.semdiff.sketches import Conduct, Imported, Sketch, Sketches
from monocyte.semdiff.sources import BadSource, Source
from monocyte.semdiff.watching import Outline, Subject, Watchers

__all__ = ["Packages"]


class Named(Protocol):
    """A definition, as far as others speak of it."""

    @property
    def kind(self) -> str:
        """Function, method, class, constant or module."""

    @property
    def name(self) -> str:
        """Its qualified name."""


class Packages:
    """The modules of one tree."""

    def __init__(self, tree: Mapping[str, Source], sketches: Sketches | None = None) -> None:
        self.tree = tree
        self.sketches = sketches or Sketches()
        self._imports: dict[str, frozenset[str]] = {}
        self._sensitive: dict[str, str] = {}

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

    def absolute(self, path: str, module: str, level: int) -> str:
        """The dotted name of what a `from` import in a file names."""
        if not level:
            return module
        parts = self.module_name(path).split(".")
        up = level - 1 if path.endswith("__init__.py") else level
        base = parts[: len(parts) - up] if up else parts
        return ".".join([*base, *([module] if module else [])])

    def sketch(self, path: str) -> Sketch | None:
        """What is known of a module, or None where it cannot be read."""
        return self.sketches.of(self.tree[path])

    def conduct(self, path: str) -> Conduct | None:
        """How a module behaves when it is imported, or None where it cannot be read."""
        return self.sketches.conduct(self.tree[path])

    # -- imports ----------------------------------------------------------------------------------

    def imported_by(self, path: str) -> frozenset[str]:
        """The paths of this tree that a module imports when it is imported itself."""
        if path not in self._imports:
            sketch = self.sketch(path)
            imports = sketch.imports if sketch else ()
            named = {module for it in imports for module in self._named(path, it)}
            self._imports[path] = frozenset(self.paths[m] for m in named if m in self.paths)
        return self._imports[path]

    def _named(self, path: str, it: Imported) -> Sequence[str]:
        names = [name for name, _ in it.names]
        if not it.is_from:
            return names
        base = self.absolute(path, it.module, it.level)
        inner = [f"{base}.{name}" for name in names]
        return [base, *inner] if any(i not in self.paths for i in inner) else inner

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
            conduct = self.conduct(path)
            self._sensitive[path] = self._does(path, conduct) if conduct else "loud"
        return self._sensitive[path]

    def _does(self, path: str, conduct: Conduct) -> str:
        """Whether a module's own statements do more than bind names: touch others, or listen."""
        ours = {
            name
            for it in conduct.imports
            if any(module in self.paths for module in self._named(path, it))
            for name in it.bound
        }
        if conduct.is_loud or conduct.said & ours:
            return "loud"
        return "listening" if conduct.is_listening else ""

    def imports_of(self, path: str) -> Imports:
        """What a module's imports are, for the rules about order."""
        return _Importer(self, path)

    # -- who looks at whom ------------------------------------------------------------------------

    @cached_property
    def watchers(self) -> Watchers:
        """The readers of the tree, and the names that lead to them."""
        readers = {path: list(it.readers) if it else [] for path, it in self._all}
        return Watchers(readers, self._outlines)

    def _outlines(self) -> dict[str, Outline]:
        return {path: it.outline for path, it in self._all if it is not None}

    @cached_property
    def _all(self) -> list[tuple[str, Sketch | None]]:
        self.sketches.expect(self.tree[path] for path in self.paths.values())
        return [(path, self.sketch(path)) for path in self.paths.values()]

    def looking(
        self, path: str, definition: Named, channels: Collection[Channel]
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
            sketch = self.sketch(other) if word.search(self.source(other)) else None
            if sketch is None or name not in sketch.spelled:
                continue
            if any(name in chunk.values for chunk in sketch.outline.chunks):
                return True
        return False

    def is_held(self, path: str) -> bool:
        """Whether code may get hold of a module as an object: hands it on, or spells its name."""
        if self._holds_modules or self.is_handed_on(path):
            return True
        name = self.module_name(path).rpartition(".")[2]
        spelled = {name, self.module_name(path)}
        return any(
            spelled & chunk.strings
            for _, sketch in self._all
            if sketch is not None and name in sketch.spelled
            for chunk in sketch.outline.chunks
        )

    @cached_property
    def defined(self) -> frozenset[str]:
        """The names of all functions and methods of the tree."""
        return frozenset(c.name for _, it in self._all if it for c in it.outline.chunks)

    @cached_property
    def _holds_modules(self) -> bool:
        """Whether code goes through modules, makes new kinds of them, or names the builtins."""
        return any(_HOLDING.search(self.source(path)) for path in self.paths.values())

    @cached_property
    def patched(self) -> frozenset[str]:
        """Names that some module of the tree sets on another object: a look at the bytes."""
        sources = [self.tree[path] for path in self.paths.values()]
        self.sketches.expect(sources, "patched")
        return frozenset[str]().union(*map(self.sketches.patched, sources))

    @cached_property
    def compares_plainly(self) -> bool:
        """Whether no comparison method of the tree gives anything but plain values."""
        return all(compares_plainly(self.source(path)) for path in self.paths.values())

    def source(self, path: str) -> bytes:
        """The bytes of a file of the tree; none where it cannot be read."""
        try:
            return self.tree[path].python
        except BadSource:
            return b""


class _Importer:
    """`normal.order.Imports` for one module of a tree."""

    def __init__(self, packages: Packages, path: str) -> None:
        self.packages = packages
        self.path = path

    def absolute(self, node: ast.ImportFrom) -> str:
        return self.packages.absolute(self.path, node.module or "", node.level)

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

    def is_sought(self, name: str) -> bool:
        words = self._sought
        return words is None or name in words

    @cached_property
    def _sought(self) -> frozenset[str] | None:
        """Words of the modules that lead back to this one; None if they may look for any name."""
        found: set[str] = set()
        reached = self.packages.closure(self.path)
        for path in sorted(reached) if self.path in reached else ():
            if path != self.path and self.path in self.packages.closure(path):
                source = self.packages.source(path)
                if not source.isascii() or _ANY_NAME.search(source):
                    return None
                found |= {it.decode() for it in _WORD.findall(source)}
        return frozenset(found)

    def star_names(self, module: str) -> frozenset[str] | None:
        path = self.packages.paths.get(module)
        conduct = self.packages.conduct(path) if path is not None else None
        return conduct.listed if conduct else None

    def is_module(self, module: str) -> bool:
        return module in self.packages.paths

    def may_shadow(self, package: str, name: str) -> bool:
        path = self.packages.paths.get(package)
        if path is None:
            return package.partition(".")[0] not in sys.stdlib_module_names
        conduct = self.packages.conduct(path)
        return conduct is None or name in conduct.bound

    def is_patched(self, name: str) -> bool:
        return name in self.packages.patched

    def is_held(self) -> bool:
        return self.packages.is_held(self.path)

    def defines(self, name: str) -> bool:
        return name in self.packages.defined

    def compares_plainly(self) -> bool:
        return self.packages.compares_plainly

    def is_dynamic(self, origin: str) -> bool:
        """A module of the tree whose source has methods that lookups call."""
        path = self.packages.paths.get(origin)
        if path is None:
            return False
        return _DYNAMIC.search(self.packages.source(path)) is not None


_ANY_NAME = re.compile(rb"import\s*\(?\s*\*|__dict__|\b(?:vars|dir|getattr|getmembers|eval|exec)\b")
"""How a module takes names of another without saying them."""
_HOLDING = re.compile(rb"ModuleType|builtins__|\bbuiltins\b|\bmodules\s*\.\s*(?:values|items|copy)")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_DYNAMIC = re.compile(rb"__class_getitem__|__getattr__|__getattribute__")
