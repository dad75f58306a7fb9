"""What an expression may be: all bindings of its names, all members of its classes. Pure.

What a name stands for is over-approximated: every binding counts, whatever branch it stands in.
What cannot be known is UNKNOWN, never left out.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from monocyte.semdiff.bindings import Binding, Module, Program, below
from monocyte.semdiff.callgraph import Graph, How
from monocyte.semdiff.capability_table import BUILTINS
from monocyte.semdiff.outside import canonical, is_module
from monocyte.semdiff.scopes import Scope

__all__ = ["UNKNOWN", "Index", "Ref", "Resolver", "text_of"]

Ref = tuple[str, str]
"""What an expression may be: (kind, name). The kinds: `ext` (of outside), `mod`, `fn`, `cls`, `var`
(of the program), `inst` and `self` (of a class), `val` (a plain value), `path`, `pathmethod`,
`?`."""

UNKNOWN: Ref = ("?", "")

TYPES = frozenset(
    [
        "str",
        "int",
        "float",
        "bool",
        "bytes",
        "bytearray",
        "complex",
        "list",
        "dict",
        "set",
        "frozenset",
        "tuple",
        "range",
        "slice",
    ]
)
PLAIN_CALLS = frozenset(
    [
        "str",
        "int",
        "float",
        "bool",
        "bytes",
        "bytearray",
        "list",
        "dict",
        "set",
        "frozenset",
        "tuple",
        "len",
        "sorted",
        "repr",
        "range",
        "sum",
        "min",
        "max",
        "abs",
        "round",
        "hash",
        "ord",
        "chr",
        "enumerate",
        "zip",
        "reversed",
        "format",
        "ascii",
        "bin",
        "hex",
        "oct",
        "divmod",
        "any",
        "all",
        "id",
    ]
)
BUILTIN_NAMES = frozenset(dir(builtins)) | frozenset(BUILTINS)


TELLING = (
    "pathlib",
    "ConfigParser",
    "RawConfigParser",
    "MimeTypes",
    "shlex",
    "stdout",
    "stderr",
    "stdin",
)
"""Names that tell of what values of unknown type may be, wherever they stand."""

Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


def _surface(node: ast.AST) -> list[ast.AST]:
    """What is right below a node, the bodies of functions left out."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]
    return [node.args] if isinstance(node, ast.Lambda) else below(node)


class Index:
    """What is known of all modules before any is walked: definitions, members, hierarchies."""

    def __init__(self, program: Program, graph: Graph) -> None:
        self.program = program
        self.graph = graph
        self.ids: dict[int, str] = {}
        self.homes: dict[str, tuple[Module, ast.AST]] = {}
        self.members: dict[str, list[str]] = {}
        self.classes: dict[str, dict[str, list[str]]] = {}
        """What each class has, inherited or its own."""
        self.own: dict[str, dict[str, list[str]]] = {}
        self.above: dict[str, set[str]] = {}
        self.below: dict[str, set[str]] = {}
        self.first_parameters: dict[int, str] = {}
        self._families: dict[str, tuple[str, ...]] = {}
        self.uses_paths = False
        self.spelled: set[str] = set()
        self.stored: set[str] = set()
        self.nodes: dict[str, list[ast.ClassDef]] = {}
        """The classes of each module."""
        self._taken: set[str] = set()
        program.hear(self.add)

    def add(self, module: Module) -> None:
        """Know a module from outside: what it and its classes define."""
        self._families.clear()
        self._number(module, module.tree, "", deep=False)
        text = self.program.sources[module.file]
        self.spelled |= {name for name in TELLING if name in text}
        self.uses_paths = "pathlib" in self.spelled

    def deepen(self, module: Module) -> None:
        """Know all of a module, before it is walked: what its functions define, and spell."""
        self._number(module, module.tree, "", deep=True)
        self.uses_paths = "pathlib" in self.spelled

    def _number(self, module: Module, tree: ast.AST, prefix: str, *, deep: bool) -> None:
        for node in below(tree) if deep else _surface(tree):
            inner = prefix
            if deep:
                self._spell(node)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
                name = getattr(node, "name", "<lambda>")
                if id(node) not in self.ids:
                    self._define(module, tree, node, prefix + name)
                is_class = isinstance(node, ast.ClassDef)
                own = self.ids[id(node)].partition(":")[2]
                inner = own + ("." if is_class else ".<locals>.")
            self._number(module, node, inner, deep=deep)

    def _define(self, module: Module, tree: ast.AST, node: Defined, name: str) -> None:
        """A definition gets its name; of several with one name the later ones get a mark."""
        full = f"{module.name}:{name}"
        while full in self._taken:
            full += "'"
        self._taken.add(full)
        self.ids[id(node)] = full
        self.homes[full] = (module, node)
        self.graph.node(full, module.file, node.lineno)
        prefix, _, last = name.rpartition(".")
        if isinstance(tree, ast.ClassDef):
            self.member(self.ids[id(tree)], last, full)
            self.graph.link(f"attr:{last}", full, 0, How.MENTIONS)
            self._method(self.ids[id(tree)], node)
        if isinstance(node, ast.ClassDef):
            self.nodes.setdefault(module.name, []).append(node)
            self.classes.setdefault(full, {})
        if "<" not in prefix and last[0] not in "_<" and not prefix.startswith("_"):
            self.graph.entries.append(full)

    def _spell(self, node: ast.AST) -> None:
        """Remember every name that stands anywhere."""
        if isinstance(node, ast.Name):
            self.spelled.add(node.id)
        elif isinstance(node, ast.Attribute):
            self.spelled.add(node.attr)
            if isinstance(node.ctx, ast.Store):
                self.stored.add(node.attr)
        elif isinstance(node, ast.Import):
            self.spelled |= {part for alias in node.names for part in alias.name.split(".")}
        elif isinstance(node, ast.ImportFrom):
            self.spelled |= {alias.name for alias in node.names}
            self.spelled |= set((node.module or "").split("."))

    def _method(self, owner: str, node: ast.AST) -> None:
        """Remember `self`; what a static method gets first is anybody's."""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            marks = {ast.unparse(d) for d in node.decorator_list}
            places = [*node.args.posonlyargs, *node.args.args]
            if places and "staticmethod" not in marks:
                self.first_parameters[id(places[0])] = owner

    def family(self, owner: str) -> tuple[str, ...]:
        """A class, those above it and those below it, as far as they are in the program."""
        found = self._families.get(owner)
        if found is None:
            above = _closed({owner}, self.above)
            found = self._families[owner] = tuple(sorted(above | _closed({owner}, self.below)))
        return found

    def member(self, owner: str, name: str, node: str) -> None:
        """A class has that attribute."""
        self.members.setdefault(name, []).append(node)
        self.own.setdefault(owner, {}).setdefault(name, []).append(node)
        self.classes.setdefault(owner, {}).setdefault(name, []).append(node)


def _closed(found: set[str], steps: Mapping[str, set[str]]) -> set[str]:
    ahead = list(found)
    while ahead:
        for further in steps.get(ahead.pop(), ()):
            if further not in found:
                found.add(further)
                ahead.append(further)
    return found


class Resolver:
    """Stands at one place of one module, and says what is meant there."""

    def __init__(self, index: Index, module: Module) -> None:
        self.index = index
        self.graph = index.graph
        self.module = module
        self.scope = module.scope
        self.node = f"{module.name}:<module>"
        self.sinks: tuple[str, ...] = ()
        self.calling = False
        self.busy: set[tuple[int, str]] = set()
        self.annotating = False
        self.all = f"{module.name}:<all>"

    @contextmanager
    def inside(self, node: str, scope: Scope | None = None) -> Iterator[None]:
        """Stand at another definition for a while."""
        before = (self.node, self.scope, self.sinks, self.calling)
        self.node, self.sinks, self.calling = node, (), False
        self.scope = scope or self.scope
        try:
            yield
        finally:
            self.node, self.scope, self.sinks, self.calling = before

    def resolve(  # noqa: C901, PLR0911, PLR0912 (one case for each kind of expression)
        self, node: ast.AST
    ) -> frozenset[Ref]:
        """All that an expression may be."""
        if isinstance(node, ast.Name):
            return self.resolve_name(node.id)
        if isinstance(node, ast.Attribute):
            found: set[Ref] = set()
            for base in self.resolve(node.value):
                found |= self.member_of(base, node.attr)
            return frozenset(found)
        if isinstance(node, (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef)):
            return frozenset({("fn", self.index.ids[id(node)])})
        if isinstance(node, ast.ClassDef):
            return frozenset({("cls", self.index.ids[id(node)])})
        if isinstance(
            node, (ast.Constant, ast.JoinedStr, ast.List, ast.Dict, ast.Set, ast.ListComp)
        ):
            return frozenset({("val", type(node).__name__)})
        if isinstance(node, (ast.Tuple, ast.DictComp, ast.SetComp, ast.GeneratorExp, ast.Compare)):
            return frozenset({("val", type(node).__name__)})
        if isinstance(node, ast.IfExp):
            return self.resolve(node.body) | self.resolve(node.orelse)
        if isinstance(node, ast.BoolOp):
            return frozenset(r for value in node.values for r in self.resolve(value))
        if isinstance(node, ast.NamedExpr):
            return self.resolve(node.value)
        if isinstance(node, ast.Call):
            return frozenset(self.returned(ref) for ref in self.resolve(node.func))
        if isinstance(node, ast.BinOp):
            sides = self.resolve(node.left) | self.resolve(node.right)
            if any(kind == "path" for kind, _ in sides):
                return frozenset({("path", "")})
            return sides if all(kind == "val" for kind, _ in sides) else frozenset({UNKNOWN})
        if isinstance(node, ast.arg):
            own = self.index.first_parameters.get(id(node))
            return frozenset({("self", own)}) if own else self.annotated(node.annotation)
        return frozenset({UNKNOWN})

    def returned(self, ref: Ref) -> Ref:
        """What a call of it gives."""
        kind, name = ref
        if ref == ("ext", "builtins.super"):
            scope: Scope | None = self.scope
            while scope is not None and scope.kind != "class":
                scope = scope.parent
            return ("self", self.index.ids[id(scope.node)]) if scope else UNKNOWN
        if kind == "cls":
            return ("inst", name)
        if kind == "ext" and name.partition(".")[2] in PLAIN_CALLS and name.startswith("builtins."):
            return ("val", name)
        if kind == "ext" and name.startswith("pathlib.") and "Pure" not in name:
            return ("path", "")
        if kind == "val":
            return ref
        if kind == "path":
            return UNKNOWN
        return UNKNOWN

    def annotated(self, annotation: ast.expr | None) -> frozenset[Ref]:
        """What an annotation promises; only plain built-in types and paths are believed."""
        if annotation is None:
            return frozenset({UNKNOWN})
        base = annotation.value if isinstance(annotation, ast.Subscript) else annotation
        if isinstance(base, ast.Name) and base.id in TYPES:
            return frozenset({("val", base.id)})
        refs = self.resolve(base) if isinstance(base, (ast.Name, ast.Attribute)) else ()
        if ("ext", "pathlib.Path") in refs:
            return frozenset({("path", "")})
        return frozenset({UNKNOWN})

    def resolve_name(self, name: str) -> frozenset[Ref]:
        """All that a name may be, here."""
        name = self.scope.mangle(name)
        owner = self.scope.owner(name)
        if owner is not None:
            bindings = self.module.local(owner).get(name, [])
            return self.resolve_all(bindings, owner, name) or frozenset({UNKNOWN})
        return self.global_name(self.module, name, set()) or frozenset({UNKNOWN})

    def resolve_all(self, bindings: list[Binding], scope: Scope, name: str) -> frozenset[Ref]:
        """All that any of the bindings may be."""
        key = (id(scope), name)
        if key in self.busy:
            return frozenset()
        self.busy.add(key)
        found: set[Ref] = set()
        for binding in bindings:
            found |= self.resolve_binding(binding)
        self.busy.discard(key)
        return frozenset(found)

    def resolve_binding(self, binding: Binding) -> frozenset[Ref]:
        """What a binding may be."""
        if isinstance(binding, tuple):
            return self.imported(*binding, seen=set())
        return self.resolve(binding)

    def resolve_in(self, module: Module, node: ast.AST) -> frozenset[Ref]:
        """What an expression may be at the top of another module."""
        before = self.module
        with self.inside(self.node, module.scope):
            self.module = module
            try:
                return self.resolve(node)
            finally:
                self.module = before

    def global_name(self, module: Module, name: str, seen: set[tuple[str, str]]) -> frozenset[Ref]:
        """What a name of a module's outermost scope may be."""
        if (module.name, name) in seen:
            return frozenset()
        seen.add((module.name, name))
        found: set[Ref] = set()
        if module.names.get(name):
            for binding in module.names[name]:
                if isinstance(binding, tuple):
                    found |= self.imported(*binding, seen=seen)
                else:
                    with self.inside(self.node, module.scope):
                        before, self.module = self.module, module
                        found |= self.resolve_all([binding], module.scope, f"{name}@{id(binding)}")
                        self.module = before
                    if not isinstance(
                        binding, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
                    ):
                        found.add(("var", f"{module.name}:={name}"))
        for star in module.stars:
            found |= self.starred(star, name, seen)
        if f"{module.name}:={name}" in self.graph.files:
            found.add(("var", f"{module.name}:={name}"))
        if not found and name in BUILTIN_NAMES:
            found.add(("ext", f"builtins.{name}"))
        return frozenset(found)

    def starred(self, star: str, name: str, seen: set[tuple[str, str]]) -> frozenset[Ref]:
        """What a name may be that `from … import *` brings."""
        other = self.index.program.find(star)
        if other is not None:
            found = (
                self.global_name(other, name, seen) if name in other.names or other.stars else ()
            )
            return frozenset(found)
        known = name in BUILTIN_NAMES and f"{star}.{name}" not in ("os.open", "io.open")
        return (
            frozenset() if known or name.startswith("_") else frozenset({("ext", f"{star}.{name}")})
        )

    def imported(self, source: str, name: str, seen: set[tuple[str, str]]) -> frozenset[Ref]:
        """What an import brings."""
        program = self.index.program
        if not name:
            return frozenset({("mod" if program.is_local(source) else "ext", source)})
        whole = f"{source}.{name}".strip(".")
        if program.has(whole):
            return frozenset({("mod", whole)})
        if not source:
            return frozenset({UNKNOWN})  # from a package whose own file is not here
        module = program.find(source)
        if module is None and program.is_local(source):
            return frozenset({UNKNOWN})  # there, but not to be read
        if module is None:
            return frozenset({("ext", f"{source}.{name}")})
        found = self.global_name(module, name, seen)
        if not found and "__getattr__" in module.names:
            return frozenset({("fn", f"{source}:__getattr__")})
        return found

    def member_of(self, base: Ref, name: str) -> frozenset[Ref]:
        """What `base.name` may be."""
        kind, owner = base
        if kind == "ext":
            return frozenset({("ext", f"{owner}.{name}")})
        if kind == "mod":
            if self.index.program.has(f"{owner}.{name}"):
                return frozenset({("mod", f"{owner}.{name}")})
            return (
                self.imported(owner, name, set()) if self.index.program.find(owner) else frozenset()
            )
        if kind in ("cls", "inst", "self"):
            mine = [
                m for c in self.index.family(owner) for m in self.index.own.get(c, {}).get(name, [])
            ]
            found = [("fn", node) for node in mine if node in self.index.homes]
            return (
                frozenset(found)
                if found and len(found) == len(mine)
                else frozenset({*found, UNKNOWN})
            )
        if kind == "val":
            return frozenset({("val", owner)})
        if kind == "path" and name in ("parent", "parents"):
            return frozenset({base})
        return frozenset({("pathmethod", name)}) if kind == "path" else frozenset({UNKNOWN})

    def leads_outside(self, base: ast.expr) -> bool:
        """Whether an expression may be a module or a function."""
        return any(kind in ("ext", "mod", "fn") for kind, _ in self.resolve(base))

    def is_module_alias(self, value: ast.expr) -> bool:
        """Whether an expression is a module, and nothing else."""
        if not isinstance(value, (ast.Name, ast.Attribute)):
            return False
        refs = self.resolve(value)
        return bool(refs) and all(
            kind == "mod" or (kind == "ext" and is_module(canonical(name))) for kind, name in refs
        )

    def places(  # noqa: C901, PLR0912 (one case for each kind of target)
        self, target: ast.AST
    ) -> Iterator[str]:
        """Where something is kept that is assigned to, or put into, that expression."""
        if isinstance(target, ast.Name):
            if self.scope.owner(self.scope.mangle(target.id)) is None:
                for kind, name in self.resolve_name(target.id):
                    if kind == "var":
                        yield name
                if target.id in self.scope.globals or self.scope.kind == "module":
                    yield f"{self.module.name}:={target.id}"
            elif self.scope.kind == "class":
                yield f"{self.node}.={target.id}"
        elif isinstance(target, ast.Attribute):
            yield f"attr:{target.attr}"
            for kind, name in self.resolve(target.value):
                if kind == "mod":
                    yield f"{name}:={target.attr}"
                elif kind in ("self", "inst", "cls"):
                    yield f"{name}.={target.attr}"
        elif isinstance(target, (ast.Subscript, ast.Starred)):
            yield from self.places(target.value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                yield from self.places(part)
        elif isinstance(target, ast.Call):
            yield from self.places(target.func)

    def texts(self, node: ast.expr) -> list[str] | None:
        """The strings that an expression can be, if they are known."""
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else None
        if isinstance(node, ast.IfExp):
            sides = [self.texts(node.body), self.texts(node.orelse)]
            return None if None in sides else [t for s in sides for t in s or ()]
        if not isinstance(node, ast.Name):
            return None
        owner = self.scope.owner(self.scope.mangle(node.id))
        names = self.module.local(owner) if owner else self.module.names
        found: list[str] = []
        for binding in names.get(node.id, [None]):
            if isinstance(binding, (ast.For, ast.comprehension)):
                values = binding.iter
                if not isinstance(binding.target, ast.Name) or not _is_row(values):
                    return None
                parts = [text_of(e) for e in values.elts]  # type: ignore[attr-defined]
            else:
                parts = [text_of(binding)]
            if None in parts:
                return None
            found += [p for p in parts if p is not None]
        return found


def text_of(node: object) -> str | None:
    """The string that a constant is, if it is one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_row(node: ast.expr) -> bool:
    return isinstance(node, (ast.Tuple, ast.List, ast.Set))
