"""What the modules of one tree know of each other: names, imports, and who may look at whom.

Modules are parsed only when a question needs them, and never imported.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations
from pathlib import PurePosixPath
from typing import Protocol

from monocyte.semdiff.chunks import Chunk
from monocyte.semdiff.guards import Reader
from monocyte.semdiff.normal.channels import Channel
from monocyte.semdiff.normal.comparisons import compares_plainly
from monocyte.semdiff.normal.imports import LOUD, Imports
from monocyte.semdiff.sketches import Conduct, Imported, Sketch, Sketches, facts_of
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
        self._surely: dict[str, frozenset[str]] = {}
        self._closures: dict[str, frozenset[str]] = {}
        self._cycles: dict[str, frozenset[str]] = {}
        self._sets: dict[str, bool] = {}
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
            self._imports[path] = self.with_packages(path, named)
        return self._imports[path]

    def with_packages(self, path: str, named: Collection[str]) -> frozenset[str]:
        """The paths of modules, and of the packages that importing them runs before."""
        ours = f"{self.module_name(path)}."
        split = [module.split(".") for module in named]
        every = {".".join(parts[:n]) for parts in split for n in range(1, len(parts) + 1)}
        around = {m for m in every - set(named) if ours.startswith(f"{m}.")}
        return frozenset(self.paths[m] for m in every - around if m in self.paths)

    def cycle(self, path: str) -> frozenset[str]:
        """The modules that import each other with this one; none if it does not lead back."""
        if path not in self._cycles:
            closure = self.closure(path)
            around = {it for it in closure if path in self.closure(it)} if path in closure else ()
            self._cycles[path] = frozenset(around)
        return self._cycles[path]

    def surely_imported_by(self, path: str) -> frozenset[str]:
        """Those that it imports in any case, before it does anything else."""
        if path not in self._surely:
            conduct = self.conduct(path)
            imports = conduct.imports if conduct and conduct.comes_first else ()
            named = {module for it in imports for module in self._named(path, it)}
            self._surely[path] = self.with_packages(path, named)
        return self._surely[path]

    def surely_before(self, path: str, other: str) -> bool:
        """Whether a module has run as a whole before the other one does more than import.

        That holds if the other one imports it in any case, by whatever way, and neither is in a
        cycle: then nothing on that way can be half-made.
        """
        closure = self.closure(other)
        if path not in closure or other in closure or other in self.closure(path):
            return False
        return path in self.surely_reached(other)

    def surely_reached(self, path: str) -> set[str]:
        """All that runs in any case before a module does more than import."""
        reached: set[str] = set()
        todo = list(self.surely_imported_by(path))
        while todo:
            found = todo.pop()
            if found not in reached:
                reached.add(found)
                todo += self.surely_imported_by(found)
        return reached

    def _named(self, path: str, it: Imported) -> Sequence[str]:
        names = [name for name, _ in it.names]
        if not it.is_from:
            return names
        base = self.absolute(path, it.module, it.level)
        inner = [f"{base}.{name}" for name in names]
        return [base, *inner] if any(i not in self.paths for i in inner) else inner

    def closure(self, path: str) -> frozenset[str]:
        """All in the tree that importing a module may import; itself only if it is in a cycle."""
        if path not in self._closures:
            reached: set[str] = set()
            todo = list(self.imported_by(path))
            while todo:
                found = todo.pop()
                if found not in reached:
                    reached.add(found)
                    todo.extend(self.imported_by(found))
            self._closures[path] = frozenset(reached)
        return self._closures[path]

    def sensitivity(self, path: str) -> str:
        """Whether a module speaks to others when it is imported (`loud`), or listens to them."""
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
        if conduct.derived & ours and self._has_hooks(path):
            return "loud"
        return "listening" if conduct.is_listening else ""

    def _has_hooks(self, path: str) -> bool:
        """Whether some class that a module can get at may take part when others derive from it."""
        return any(_HOOKS.search(self.source(it)) for it in {path, *self.closure(path)})

    def offered(self, path: str, asking: frozenset[str] = frozenset()) -> frozenset[str] | None:
        """All names that a star import of a module may bind; None where that is not in sight."""
        conduct = self.conduct(path)
        if conduct is None or conduct.listed is None or path in asking:
            return None
        found = set(conduct.listed)
        for it in conduct.imports:
            if it.is_from and it.names == (("*", ""),):
                inner = self.paths.get(self.absolute(path, it.module, it.level))
                names = self.offered(inner, asking | {path}) if inner is not None else None
                if names is None or "__all__" in names:
                    return None
                found |= names
        if conduct.lists_all:
            return conduct.listed
        if path.endswith("__init__.py"):
            prefix = f"{self.module_name(path)}."
            below = {it.removeprefix(prefix) for it in self.paths if it.startswith(prefix)}
            found |= {it.partition(".")[0] for it in below}
        return frozenset(n for n in found if not n.startswith("_"))

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
        """The names of all functions and methods, and of what classes make by calls and values."""
        made = (c for c in self._chunks if not c.name and (c.calls or c.values))
        names = (c.name for c in self._chunks)
        return frozenset(names).union(*(c.kept for c in made))

    @cached_property
    def set_on_objects(self) -> frozenset[str]:
        """The names of all attributes that are set anywhere."""
        return frozenset[str]().union(*(c.kept for c in self._chunks))

    @cached_property
    def _chunks(self) -> list[Chunk]:
        return [chunk for _, it in self._all if it for chunk in it.outline.chunks]

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

    def sets(self, name: str) -> bool:
        """Whether some code sets a name on what an import gives it, or on what it looks up."""
        if name not in self._sets:
            self._sets[name] = any(self._sets_in(path, name) for path in self.paths.values())
        return self._sets[name]

    def _sets_in(self, path: str, name: str) -> bool:
        source = self.source(path)
        if name.encode("utf-8", "surrogateescape") not in source:
            return False
        facts = facts_of(self.tree[path])
        if facts is None or _SETS_BY_NAME.search(source):
            return True
        for node in facts.nodes:
            if isinstance(node, ast.Attribute) and node.attr == name:
                root: ast.expr = node.value
                while isinstance(root, ast.Attribute):
                    root = root.value
                local = isinstance(root, ast.Name) and root.id not in facts.origins
                if not isinstance(node.ctx, ast.Load) and not local:
                    return True
        return False

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

    def meetings(self, module: str) -> Mapping[str, str]:
        path = self.packages.paths.get(module)
        if path is None:
            loud = module.partition(".")[0] in LOUD
            return {"!sensitive": f"import {module}"} if loud else {}
        met = self._cycles(module)
        ours = self._acting(self._run_by(module))
        if not ours:
            return met
        if not ours <= self._universe.keys() or len(self._universe) > _MANY:
            loud = any(self.packages.sensitivity(it) == "loud" for it in ours)
            return met | {"!sensitive": f"import {self.entry(module)}" if loud else "listen"}
        met["!sensitive"] = "tree"
        for one, two in self._free:
            mine = ours & {one, two}
            if mine:
                both = f"both, by {self.entry(module)}"
                met[f"!meet {one} {two}"] = both if len(mine) == 2 else min(mine)
        return dict(sorted(met.items()))

    def _run_by(self, module: str) -> set[str]:
        """The modules that may run when this one imports a module, and have not run before."""
        first = self.packages.with_packages(self.path, {module})
        every = {it for path in first for it in (path, *self.packages.closure(path))}
        return every - self.loaded - {self.path}

    def _acting(self, paths: Iterable[str]) -> frozenset[str]:
        """Those of some modules which speak or listen to others."""
        return frozenset(it for it in paths if self.packages.sensitivity(it))

    def _cycles(self, module: str) -> dict[str, str]:
        """The cycles that an import leads into, and where: what is first is seen half-made."""
        met: dict[str, set[str]] = {}
        run = self._run_by(module)
        for path in sorted(run):
            for member in self.packages.imported_by(path) & run:
                cycle = self.packages.cycle(member)
                if cycle and path not in cycle and self.path not in cycle:
                    met.setdefault(min(cycle), set()).add(self._door(path, member, cycle))
        for member in self.packages.with_packages(self.path, {module}) & run:
            cycle = self.packages.cycle(member)
            if cycle and self.path not in cycle:
                met.setdefault(min(cycle), set()).add(self._door(self.path, member, cycle))
        return {
            f"!cycle {name}": min(doors) if len(doors) == 1 else f"by {self.entry(module)}"
            for name, doors in met.items()
        }

    def _door(self, path: str, member: str, cycle: Collection[str]) -> str:
        """By which of its modules one enters a cycle: packages come before what is in them."""
        packages = self.packages.with_packages(path, {self.packages.module_name(member)})
        return min(packages & set(cycle), key=lambda it: len(self.packages.module_name(it)))

    @cached_property
    def _universe(self) -> dict[str, str]:
        """All those that importing this module runs, and what they do."""
        run = self.packages.closure(self.path) - self.loaded - {self.path}
        return {it: self.packages.sensitivity(it) for it in sorted(self._acting(run))}

    @cached_property
    def _free(self) -> list[tuple[str, str]]:
        """Pairs of them that can tell who came first, where not always the same one does."""
        return [
            (one, two)
            for one, two in combinations(self._universe, 2)
            if "loud" in (self._universe[one], self._universe[two])
            and not self.packages.surely_before(one, two)
            and not self.packages.surely_before(two, one)
            and not self._is_gated(one, two)
        ]

    def _is_gated(self, one: str, two: str) -> bool:
        """Whether a package that nobody around this module is in settles which of them comes first.

        Whoever imports something of the package runs it before; it imports one of them in any case,
        so that the other comes along with it, or later, whoever asked.
        """
        names = [self.packages.module_name(it).split(".") for it in (one, two)]
        ours = f"{self.packages.module_name(self.path)}."
        for length in range(1, min(map(len, names)) + 1):
            package = ".".join(names[0][:length])
            gate = self.packages.paths.get(package)
            if names[0][:length] != names[1][:length]:
                break
            if gate is not None and not ours.startswith(f"{package}."):
                sure = {gate, *self.packages.surely_reached(gate)}
                if gate not in self.packages.closure(gate) and sure & {one, two}:
                    return True
        return False

    def comes_back(self, module: str) -> bool:
        path = self.packages.paths.get(module)
        if path is None:
            return module.startswith(".")
        if path in self.loaded:
            return False
        return any(self.path in self.packages.closure(it) for it in self._run_by(module))

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
        return self.packages.offered(path) if path is not None else None

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

    def sets(self, name: str) -> bool:
        return name in self.packages.set_on_objects

    def compares_plainly(self) -> bool:
        return self.packages.compares_plainly

    def is_replaced(self, module: str) -> bool:
        package, _, name = module.rpartition(".")
        if name not in self.packages.patched:
            return False
        path = self.packages.paths.get(package)
        return path is None or self.packages.is_handed_on(path) or self.packages.sets(name)

    def answers(self, module: str) -> bool:
        path = self.packages.paths.get(module)
        return path is None or _ANSWERING.search(self.packages.source(path)) is not None

    def is_dynamic(self, origin: str) -> bool:
        """A module of the tree whose source has methods that lookups call."""
        path = self.packages.paths.get(origin)
        if path is None:
            return False
        return _DYNAMIC.search(self.packages.source(path)) is not None


_MANY = 60
"""With more such modules than this, pairs are not told apart."""
_HOOKS = re.compile(
    rb"__init_subclass__|__set_name__|metaclass|__prepare__|__mro_entries__|__class__\s*="
    rb"|\(\s*(?:\w+\.)?(?:type|\w*[Mm]eta\w*)\s*[,)]"
)
"""How a class takes part when another derives from it, or when it is in the body of one."""
_ANY_NAME = re.compile(rb"import\s*\(?\s*\*|__dict__|\b(?:vars|dir|getattr|getmembers|eval|exec)\b")
"""How a module takes names of another without saying them."""
_HOLDING = re.compile(rb"ModuleType|builtins__|\bbuiltins\b|\bmodules\s*\.\s*(?:values|items|copy)")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_SETS_BY_NAME = re.compile(rb"\b(?:setattr|delattr|__dict__|vars|patch|modules)\b")
"""How a name is set without saying it as an attribute."""
_ANSWERING = re.compile(
    rb"^(?:async )?def __getattr(?:ibute)?__|^(?:if|try|else|for|while|with)[\s\S]*?def __getattr__"
    rb"|\b__getattr__\s*=|import[^\n]*__getattr__|\bglobals\b|\bmodules\b|\b__class__\s*=|\bsetattr\b"
    rb"|import \*|\b(?:exec|eval|vars|__dict__)\b",
    re.MULTILINE,
)
"""How a module comes to have code of its own for names that it does not have."""
_DYNAMIC = re.compile(rb"__class_getitem__|__getattr__|__getattribute__")
