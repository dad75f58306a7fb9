"""From trees to the call graph: every expression of a program, and all that it may refer to. Pure.

To mention is to reach: whatever a piece of code names, it may call, keep, return or hand on. What a
name stands for is over-approximated (all its bindings); what cannot be known (a computed attribute,
built code, frames) is DYNAMIC. A thing that is kept (in a variable, an attribute, a registry) is
found again by whoever mentions the place where it is kept.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from monocyte.semdiff.bindings import Binding, Module, Program, type_checking
from monocyte.semdiff.callgraph import Graph, How, Site
from monocyte.semdiff.capability_table import BUILTINS, CLASS_METHODS, METHODS, PATH_METHODS
from monocyte.semdiff.outside import (
    PORTS,
    canonical,
    is_module,
    is_standard,
    letters,
    module_letters,
)
from monocyte.semdiff.scopes import Scope, inner_scope

__all__ = ["LETTERS", "build"]

Ref = tuple[str, str]
"""What an expression may be: (kind, name); kinds: ext, mod, fn, cls, var, val, inst, path, ?."""

UNKNOWN: Ref = ("?", "")

LETTERS = {
    "R": "files.read",
    "W": "files.write",
    "N": "network",
    "P": "subprocess",
    "E": "environment",
    "D": "dynamic",
    "F": "ffi",
    "T": "threads",
    "S": "signals",
    "M": "patching",
}

DANGEROUS = frozenset(
    ["__subclasses__", "__globals__", "__builtins__", "__code__", "__self__", "__loader__", "__spec__", "__closure__", "__import__", "__getattribute__", "cell_contents", "f_globals", "f_locals", "f_builtins", "f_back", "f_code", "tb_frame", "gi_frame", "cr_frame", "ag_frame", "gi_code", "cr_code", "ag_code", "__build_class__", "__func__", "func_globals", "__annotations__", "__reduce_ex__", "__bases__", "__base__", "__mro__", "__wrapped__", "__kwdefaults__", "__defaults__", "mro"]
)
"""Attributes that lead from any object to all of the interpreter."""

_SPELLED = re.compile(
    r"__(subclasses|globals|builtins|code|self|loader|spec|closure|import|bases|base|mro)__"
)

VALUES = frozenset({"os.environ", "os.environb", "sys.path", "sys.modules", "sys.meta_path"})
"""Outside things that act when they are used, without a call."""

TYPES = frozenset(
    ["str", "int", "float", "bool", "bytes", "bytearray", "complex", "list", "dict", "set", "frozenset", "tuple", "range", "slice"]
)
PLAIN_CALLS = frozenset(
    ["str", "int", "float", "bool", "bytes", "bytearray", "list", "dict", "set", "frozenset", "tuple", "len", "sorted", "repr", "range", "sum", "min", "max", "abs", "round", "hash", "ord", "chr", "enumerate", "zip", "reversed", "format", "ascii", "bin", "hex", "oct", "divmod", "any", "all", "id"]
)
AMBIGUOUS = frozenset("replace copy open exists walk home stat absolute move".split())
"""Methods of paths that values of other types have too: only a known path is believed."""

RUNS_ON_IMPORT = {"antigravity": "PN", "this": "", "idlelib.idle": "RWP"}

OPERATORS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.With: ("__enter__", "__exit__"),
    ast.AsyncWith: ("__aenter__", "__aexit__"),
    ast.For: ("__iter__", "__next__"),
    ast.AsyncFor: ("__aiter__", "__anext__"),
    ast.comprehension: ("__iter__", "__next__", "__aiter__", "__anext__"),
    ast.Subscript: (
        "__getitem__",
        "__setitem__",
        "__delitem__",
        "__class_getitem__",
        "__missing__",
    ),
    ast.Await: ("__await__",),
    ast.Delete: ("__del__", "__delete__"),
    ast.FormattedValue: ("__format__", "__str__", "__repr__"),
    ast.UnaryOp: ("__neg__", "__pos__", "__invert__", "__bool__"),
    ast.Compare: ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__"),
}
ARITHMETIC = (
    "add sub mul matmul truediv floordiv mod pow lshift rshift and or xor".split()  # noqa: SIM905
)
for _kind in (ast.BinOp, ast.AugAssign):
    OPERATORS[_kind] = tuple(f"__{p}{op}__" for op in ARITHMETIC for p in ("", "r", "i"))


def build(sources: Mapping[str, str]) -> Graph:
    """The call graph of a program: file -> source; files that do not parse reach DYNAMIC."""
    program = Program(sources)
    graph = Graph()
    index = _Index(program, graph)
    for module in program.modules.values():
        _Walker(index, module).hierarchy()
    for module in program.modules.values():
        _Walker(index, module).module_body()
    for file, why in program.broken.items():
        for node in (f"{file}:<module>", f"{file}:<all>"):
            graph.node(node, file, 1)
            graph.entries.append(node)
            graph.touch(node, Site("dynamic", 1, f"does not parse: {why}", runs=True))
    return graph


class _Index:
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
        taken: set[str] = set()
        for module in program.modules.values():
            self._number(module, module.tree, "", taken)
            self.spelled |= _spelled(module.tree)
        self.uses_paths = "pathlib" in self.spelled
        for name, nodes in self.members.items():
            for node in nodes:
                graph.link(f"attr:{name}", node, 0, How.MENTIONS)

    def _number(self, module: Module, tree: ast.AST, prefix: str, taken: set[str]) -> None:
        for node in ast.iter_child_nodes(tree):
            inner = prefix
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
                name = getattr(node, "name", "<lambda>")
                full = f"{module.name}:{prefix}{name}"
                while full in taken:
                    full += "'"
                taken.add(full)
                self.ids[id(node)] = full
                self.homes[full] = (module, node)
                self.graph.node(full, module.file, node.lineno)
                if isinstance(tree, ast.ClassDef):
                    self.member(self.ids[id(tree)], name, full)
                    self._method(self.ids[id(tree)], node)
                is_class = isinstance(node, ast.ClassDef)
                inner = full.partition(":")[2] + ("." if is_class else ".<locals>.")
                if is_class:
                    self.classes.setdefault(full, {})
                if "<" not in prefix and name[0] not in "_<" and not prefix.startswith("_"):
                    self.graph.entries.append(full)
            self._number(module, node, inner, taken)

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


def _spelled(tree: ast.AST) -> set[str]:
    """Every name that stands anywhere in a module."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Import):
            found |= {part for alias in node.names for part in alias.name.split(".")}
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.name for alias in node.names} | set((node.module or "").split("."))
    return found


class _Walker:
    """Walks one module; `node` is the definition whose code is being read."""

    def __init__(self, index: _Index, module: Module) -> None:
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

    # -- blocks ----------------------------------------------------------------------------------

    def hierarchy(self) -> None:
        """Which class stands above which, before any code is read."""
        for node in ast.walk(self.module.tree):
            if isinstance(node, ast.ClassDef):
                name = self.index.ids[id(node)]
                for base in node.bases:
                    for kind, above in self.resolve(base):
                        if kind == "cls":
                            self.index.above.setdefault(name, set()).add(above)
                            self.index.below.setdefault(above, set()).add(name)

    def module_body(self) -> None:
        self.graph.node(self.node, self.module.file, 1)
        self.graph.entries.append(self.node)
        self.graph.node(self.all, self.module.file, 1)
        self.graph.entries.append(self.all)
        self.graph.link(self.all, self.node, 1, How.MENTIONS)
        for statement in self.module.tree.body:
            self.visit(statement)

    @contextmanager
    def inside(self, node: str, scope: Scope | None = None) -> Iterator[None]:
        before = (self.node, self.scope, self.sinks, self.calling)
        self.node, self.sinks, self.calling = node, (), False
        self.scope = scope or self.scope
        try:
            yield
        finally:
            self.node, self.scope, self.sinks, self.calling = before

    @contextmanager
    def keeping(self, *sinks: str) -> Iterator[None]:
        """What is mentioned inside is kept in those places."""
        before = self.sinks
        self.sinks = tuple(dict.fromkeys((*before, *sinks)))
        try:
            yield
        finally:
            self.sinks = before

    @contextmanager
    def called(self, yes: bool = True) -> Iterator[None]:
        before, self.calling = self.calling, yes
        try:
            yield
        finally:
            self.calling = before

    def visit(self, node: ast.AST) -> None:
        for dunder in OPERATORS.get(type(node), ()):
            if dunder in self.index.members:
                self.link(f"attr:{dunder}", node, How.MAYBE_CALLS)
        handler = getattr(self, "do_" + type(node).__name__, None)
        if handler is not None:
            handler(node)
        else:
            self.children(node)

    def children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self.visit(child)

    def each(self, nodes: list[ast.expr] | list[ast.stmt]) -> None:
        for node in nodes:
            self.visit(node)

    # -- what is found -----------------------------------------------------------------------------

    def link(self, to: str, node: ast.AST, how: How = How.MENTIONS) -> None:
        line = getattr(node, "lineno", 0)
        self.graph.link(self.node, to, line, how)
        for sink in self.sinks:
            self.graph.node(sink, self.module.file, line)
            kept = How.MAYBE if how >= How.MAYBE else How.RESULT if how else how
            self.graph.link(sink, to, line, kept)

    def touch(self, capability: str, node: ast.AST, what: str, *, runs: bool = False) -> None:
        site = Site(capability, getattr(node, "lineno", 0), what, runs or self.calling)
        self.graph.touch(self.node, site)
        for sink in self.sinks:
            self.graph.node(sink, self.module.file, site.line)
            self.graph.touch(sink, site)

    def touch_letters(self, found: str, node: ast.AST, what: str, *, runs: bool = False) -> None:
        for letter in found:
            self.touch(LETTERS[letter], node, what, runs=runs)

    def mention(self, ref: Ref, node: ast.AST, *, bare: bool = True) -> None:
        """A reference has been made; `bare` if a module may be handed about by it."""
        kind, name = ref
        how = How.CALLS if self.calling else How.MENTIONS
        if kind == "ext" and (bare or not is_module(canonical(name))):
            self.outside(name, node, bare=bare)
        elif kind == "mod" and bare:
            self.all_of(name, node)
        elif kind in ("fn", "var"):
            self.link(name, node, how)
        elif kind == "cls":
            self.link(name, node)
            self.construct(name, node, how)

    def construct(self, name: str, node: ast.AST, how: How) -> None:
        for dunder, members in self.index.classes.get(name, {}).items():
            if dunder.startswith("__") and dunder.endswith("__"):
                made = dunder in ("__init__", "__new__", "__post_init__")
                for member in members:
                    self.link(member, node, how if made else How.MENTIONS)

    def all_of(self, module: str, node: ast.AST) -> None:
        """A module of the program is handed about: whoever has it can have all that is in it."""
        self.link(f"{module}:<all>", node)
        found = self.index.program.find(module)
        for name in found.names if found else ():
            self.link(f"{module}:={name}", node)

    def annotation(self, node: ast.expr) -> None:
        """An annotation names types, it does not use them; a port is asked for by naming it."""
        self.annotating = True
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            with suppress(SyntaxError, ValueError):
                self.visit(ast.parse(node.value, mode="eval").body)
        else:
            self.visit(node)
        self.annotating = False

    def outside(self, dotted: str, node: ast.AST, *, bare: bool) -> None:
        dotted = canonical(dotted)
        if self.annotating and not self.calling and _names_a_type(dotted):
            return
        if not is_standard(dotted):
            self.dependency(dotted, node)
            return
        if bare and is_module(dotted):
            found = module_letters(dotted)
            self.touch_letters(found, node, f"{dotted}, handed about")
            if found:
                self.touch("dynamic", node, f"{dotted}, handed about")
            return
        self.touch_letters(letters(dotted), node, dotted, runs=dotted in VALUES)

    def dependency(self, dotted: str, node: ast.AST) -> None:
        top, _, rest = dotted.partition(".")
        if top != "monocyte":
            self.touch(f"dependency:{top}", node, dotted)
        elif rest in PORTS:
            self.touch(f"port:{rest}", node, dotted)

    # -- what a name stands for --------------------------------------------------------------------

    def resolve(self, node: ast.AST) -> frozenset[Ref]:
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
        name = self.scope.mangle(name)
        owner = self.scope.owner(name)
        if owner is not None:
            bindings = self.module.local(owner).get(name, [])
            return self.resolve_all(bindings, owner, name) or frozenset({UNKNOWN})
        return self.global_name(self.module, name, set()) or frozenset({UNKNOWN})

    def resolve_all(self, bindings: list[Binding], scope: Scope, name: str) -> frozenset[Ref]:
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
        if isinstance(binding, tuple):
            return self.imported(*binding, seen=set())
        return self.resolve(binding)

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
        if not found and name in _BUILTIN_NAMES:
            found.add(("ext", f"builtins.{name}"))
        return frozenset(found)

    def starred(self, star: str, name: str, seen: set[tuple[str, str]]) -> frozenset[Ref]:
        other = self.index.program.find(star)
        if other is not None:
            found = (
                self.global_name(other, name, seen) if name in other.names or other.stars else ()
            )
            return frozenset(found)
        known = name in _BUILTIN_NAMES and f"{star}.{name}" not in ("os.open", "io.open")
        return (
            frozenset() if known or name.startswith("_") else frozenset({("ext", f"{star}.{name}")})
        )

    def imported(self, source: str, name: str, seen: set[tuple[str, str]]) -> frozenset[Ref]:
        program = self.index.program
        if not name:
            return frozenset({("mod" if program.is_local(source) else "ext", source)})
        whole = f"{source}.{name}".strip(".")
        if whole in program.modules:
            return frozenset({("mod", whole)})
        if not source:
            return frozenset({UNKNOWN})  # from a package whose own file is not here
        module = program.find(source)
        if module is None:
            return frozenset({("ext", f"{source}.{name}")})
        found = self.global_name(module, name, seen)
        if not found and "__getattr__" in module.names:
            return frozenset({("fn", f"{source}:__getattr__")})
        return found

    def member_of(self, base: Ref, name: str) -> frozenset[Ref]:
        kind, owner = base
        if kind == "ext":
            return frozenset({("ext", f"{owner}.{name}")})
        if kind == "mod":
            if f"{owner}.{name}" in self.index.program.modules:
                return frozenset({("mod", f"{owner}.{name}")})
            return (
                self.imported(owner, name, set()) if self.index.program.find(owner) else frozenset()
            )
        if kind in ("cls", "inst", "self"):
            mine = [m for c in self.index.family(owner) for m in self.index.own.get(c, {}).get(name, [])]
            found = [("fn", node) for node in mine if node in self.index.homes]
            return frozenset(found) if found and len(found) == len(mine) else frozenset({*found, UNKNOWN})
        if kind == "val":
            return frozenset({("val", owner)})
        if kind == "path" and name in ("parent", "parents"):
            return frozenset({base})
        return frozenset({("pathmethod", name)}) if kind == "path" else frozenset({UNKNOWN})

    # -- expressions -----------------------------------------------------------------------------------

    def do_Name(self, node: ast.Name) -> None:  # noqa: N802
        if isinstance(node.ctx, ast.Load):
            for ref in self.resolve_name(node.id):
                self.mention(ref, node)
            owner = self.scope.owner(self.scope.mangle(node.id))
            if owner is not None and self.sinks and node.id in owner.params:
                self.keep_argument(owner, node)

    def keep_argument(self, owner: Scope, node: ast.Name) -> None:
        function = self.index.ids.get(id(owner.node))
        for sink in self.sinks if function else ():
            self.graph.link(sink, f"args:{function}", node.lineno, How.RESULT)

    def do_Attribute(self, node: ast.Attribute) -> None:  # noqa: N802
        if isinstance(node.ctx, (ast.Store, ast.Del)):
            self.assigned_attribute(node)
            return
        self.attribute(node.value, node.attr, node)

    def attribute(self, base: ast.expr, name: str, node: ast.AST) -> None:
        """`base.name` is read, however it is spelled."""
        refs = self.resolve(base)
        if name in DANGEROUS and not self.own_dunder(base, name):
            self.touch("dynamic", node, f".{name}", runs=True)
        if name == "__dict__":
            self.visit(base)
        for ref in refs:
            self.attribute_of(ref, name, node)
        if not refs or any(kind not in ("ext", "mod") for kind, _ in refs):
            # A module is not handed about by its own attribute; anything else is looked at.
            if not isinstance(base, ast.Name) or not any(k in ("ext", "mod") for k, _ in refs):
                self.visit(base)
            else:
                for ref in refs:
                    self.mention(ref, node, bare=False)

    def own_dunder(self, base: ast.expr, name: str) -> bool:
        """`super().__getattribute__`, `cls.__mro__` and their like, written by classes for themselves."""
        mild = ("__wrapped__", "__func__", "__self__", "__mro__", "__bases__", "__base__", "mro")
        return name in mild and isinstance(base, ast.Name) and base.id in ("cls",)

    def attribute_of(self, ref: Ref, name: str, node: ast.AST) -> None:
        kind, owner = ref
        how = How.CALLS if self.calling else How.MENTIONS
        if kind == "ext":
            self.outside(f"{owner}.{name}", node, bare=True)
        elif kind == "mod":
            for found in self.member_of(ref, name):
                self.mention(found, node)
            self.link(f"{owner}:={name}", node, how)
            if self.index.program.find(owner):
                hook = f"{owner}:__getattr__"
                if hook in self.index.homes and name not in self.index.program.modules[owner].names:
                    self.link(hook, node, How.CALLS)
        elif kind == "val":
            pass
        elif kind == "pathmethod":
            pass
        elif kind == "path":
            self.touch_letters(PATH_METHODS.get(name, ""), node, f"Path.{name}")
        else:
            self.unknown_attribute(ref, name, node)

    def unknown_attribute(self, ref: Ref, name: str, node: ast.AST) -> None:
        """An attribute of a value: of a known class, or of whatever has one of that name."""
        kind, owner = ref
        sure, maybe = (How.CALLS, How.MAYBE_CALLS) if self.calling else (How.MENTIONS, How.MAYBE)
        known = self.index.family(owner) if kind in ("inst", "self", "cls") else ()
        own = [member for cls in known for member in self.index.own.get(cls, {}).get(name, ())]
        for member in own:
            self.link(member, node, sure)
        for cls in known:
            self.link(f"{cls}.={name}", node, sure)
        if not own or kind != "inst":
            self.link(f"attr:{name}", node, maybe)
        self.link("attr:*", node, maybe)
        if name not in self.index.members:
            for hook in ("__getattr__", "__getattribute__"):
                for cls in known:
                    for member in self.index.own.get(cls, {}).get(hook, ()):
                        self.link(member, node, How.CALLS)
                if hook in self.index.members:
                    self.link(f"attr:{hook}", node, How.MAYBE_CALLS)
        if kind in ("fn", "var") or own:
            return
        found = METHODS.get(name, "")
        for cls, methods in CLASS_METHODS.items():
            if cls.rpartition(".")[2] in self.index.spelled and name in methods:
                found += methods[name]
        if self.index.uses_paths and name not in AMBIGUOUS:
            found = PATH_METHODS.get(name, found)
        self.touch_letters(found, node, f".{name}")

    def assigned_attribute(self, node: ast.Attribute) -> None:
        for kind, name in self.resolve(node.value):
            if kind in ("ext", "mod") or (kind in ("cls", "fn") and not name.startswith(self.module.name + ":")):
                self.patch(node, f"{name}.{node.attr}")
        if node.attr in ("__code__", "__class__", "__bases__", "__globals__", "__builtins__"):
            self.touch("dynamic", node, f".{node.attr} =", runs=True)
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            return
        if not any(kind in ("ext", "mod") for kind, _ in self.resolve(node.value)):
            self.visit(node.value)

    def patch(self, node: ast.AST, what: str) -> None:
        self.touch("patching", node, f"{what} is replaced", runs=True)

    def do_Constant(self, node: ast.Constant) -> None:  # noqa: N802
        if isinstance(node.value, str) and _SPELLED.search(node.value):
            self.touch("dynamic", node, f"the text {node.value[:40]!r}", runs=True)

    def do_Expr(self, node: ast.Expr) -> None:  # noqa: N802
        if not isinstance(node.value, ast.Constant):  # a docstring does nothing
            self.visit(node.value)

    def do_MatchClass(self, node: ast.MatchClass) -> None:  # noqa: N802
        for name in node.kwd_attrs:
            if name in DANGEROUS:
                self.touch("dynamic", node, f".{name}", runs=True)
            self.unknown_attribute(UNKNOWN, name, node)
        self.children(node)

    # -- calls -----------------------------------------------------------------------------------------

    def do_Call(self, node: ast.Call) -> None:  # noqa: N802
        callees = self.resolve(node.func)
        names = {name for kind, name in callees if kind == "ext"}
        if any(self.special(name, node) for name in names):
            return
        with self.called():
            self.visit(node.func)
        if isinstance(node.func, (ast.Call, ast.Subscript)):
            self.result_of(node.func)
        if any(kind in ("?", "inst", "self", "var") for kind, _ in callees):
            if "__call__" in self.index.members:
                self.link("attr:__call__", node, How.MAYBE_CALLS)
        for kind, name in callees:
            if kind == "cls":
                self.metaclass_of(name, node)
        sinks = [*self.arguments_of(callees), *self.kept_by_method(node)]
        with self.called(), self.keeping(*sinks):
            self.each(node.args)
            for keyword in node.keywords:
                self.visit(keyword.value)

    def result_of(self, func: ast.expr) -> None:
        """The result of one call is called: all that the first may mention may run."""
        for ref in self.resolve(func.func if isinstance(func, ast.Call) else func):
            if ref[0] == "fn":
                self.link(ref[1], func, How.RESULT)

    def metaclass_of(self, name: str, node: ast.AST) -> None:
        module, home = self.index.homes.get(name, (None, None))
        if module is None or not isinstance(home, ast.ClassDef):
            return
        for keyword in home.keywords:
            if keyword.arg == "metaclass":
                for kind, meta in self.resolve_in(module, keyword.value):
                    for member in self.index.classes.get(meta, {}).get("__call__", []):
                        if kind == "cls":
                            self.link(member, node, How.CALLS)
        for base in home.bases:
            for kind, above in self.resolve_in(module, base):
                if kind == "cls" and above != name:
                    self.construct(above, node, How.CALLS)

    def resolve_in(self, module: Module, node: ast.AST) -> frozenset[Ref]:
        before = self.module
        with self.inside(self.node, module.scope):
            self.module = module
            try:
                return self.resolve(node)
            finally:
                self.module = before

    def arguments_of(self, callees: frozenset[Ref]) -> Iterator[str]:
        for kind, name in callees:
            if kind == "fn":
                yield f"args:{name}"
            elif kind == "cls":
                for dunder in ("__init__", "__new__"):
                    for member in self.index.classes.get(name, {}).get(dunder, []):
                        yield f"args:{member}"

    def kept_by_method(self, node: ast.Call) -> Iterator[str]:
        """`HOOKS.append(f)` keeps f in HOOKS; `self.hooks.append(f)` in every `.hooks`."""
        if isinstance(node.func, ast.Attribute):
            yield from self.places(node.func.value)

    def places(self, target: ast.AST) -> Iterator[str]:
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

    # -- calls of outside things that need a look ----------------------------------------------------------

    def special(self, name: str, node: ast.Call) -> bool:
        handler = _SPECIAL.get(canonical(name))
        return bool(handler and handler(self, node))

    def rest(self, node: ast.Call, skip: int = 0) -> None:
        with self.called():
            self.each(node.args[skip:])
            for keyword in node.keywords:
                self.visit(keyword.value)

    def call_open(self, node: ast.Call) -> bool:
        given = [k.value for k in node.keywords if k.arg == "mode"] + node.args[1:2]
        mode = "r" if not given else _text(given[0])
        if any(isinstance(a, ast.Starred) for a in node.args) or any(
            not k.arg for k in node.keywords
        ):
            mode = None
        found = "RW" if mode is None else _by_mode(mode)
        self.touch_letters(found, node, f"open(…, {mode!r})" if mode else "open", runs=True)
        self.rest(node)
        return True

    def call_getattr(self, node: ast.Call) -> bool:
        if len(node.args) < 2 or any(isinstance(a, ast.Starred) for a in node.args):
            self.touch("dynamic", node, "getattr(…)", runs=True)
            self.rest(node)
            return True
        base, wanted = node.args[:2]
        self.rest(node, skip=2)
        names = self.texts(wanted)
        if names is not None:
            for name in names:
                self.attribute(base, name, node)
            return True
        self.visit(wanted)
        self.visit(base)
        prefix = _prefix(wanted)
        if prefix and not prefix.startswith("__") and not self.leads_outside(base):
            for name in self.index.members:
                if name.startswith(prefix):
                    self.link(f"attr:{name}", node, How.CALLS)  # one of them it will be
            return True
        self.touch("dynamic", node, "getattr with a computed name", runs=True)
        self.link("attr:*", node, How.MAYBE_CALLS)
        return True

    def leads_outside(self, base: ast.expr) -> bool:
        return any(kind in ("ext", "mod", "fn") for kind, _ in self.resolve(base))

    def call_setattr(self, node: ast.Call) -> bool:
        if len(node.args) < 2 or any(isinstance(a, ast.Starred) for a in node.args):
            self.touch("patching", node, "setattr(…)", runs=True)
            self.rest(node)
            return True
        base, wanted = node.args[:2]
        names = self.texts(wanted)
        own = isinstance(base, ast.Name) and base.id == "self"
        for kind, name in self.resolve(base):
            if kind in ("ext", "mod", "cls", "fn"):
                self.patch(node, f"{name}.{'|'.join(names or ['?'])}")
        if names is None and not own:
            self.touch("patching", node, "setattr with a computed name", runs=True)
        if names and any(n in DANGEROUS or n == "__class__" for n in names):
            self.touch("dynamic", node, "setattr", runs=True)
        with self.keeping(*[f"attr:{n}" for n in names or ["*"]]):
            self.rest(node, skip=2)
        self.visit(wanted)
        if not self.leads_outside(base):
            self.visit(base)
        return True

    def call_type(self, node: ast.Call) -> bool:
        if len(node.args) != 1 or node.keywords:
            self.touch("dynamic", node, "type(…, …, …)", runs=True)
        self.rest(node)
        return True

    def call_vars(self, node: ast.Call) -> bool:
        if not node.args:
            self.touch("dynamic", node, "vars()", runs=True)
        self.rest(node)
        return True

    def call_getter(self, node: ast.Call) -> bool:
        for arg in node.args[:1] if "methodcaller" in ast.unparse(node.func) else node.args:
            names = self.texts(arg)
            if names is None:
                self.touch("dynamic", node, "attrgetter with a computed name", runs=True)
            for name in (part for n in names or () for part in n.split(".")):
                if name in DANGEROUS:
                    self.touch("dynamic", node, f".{name}", runs=True)
                self.unknown_attribute(UNKNOWN, name, node)
        self.rest(node)
        return True

    def call_getsetter(self, node: ast.Call) -> bool:
        """`object.__setattr__(self, name, value)` of frozen classes."""
        own = bool(node.args) and isinstance(node.args[0], ast.Name) and node.args[0].id == "self"
        return self.call_setattr(node) if not own else self._kept(node)

    def _kept(self, node: ast.Call) -> bool:
        names = self.texts(node.args[1]) if len(node.args) > 1 else None
        with self.keeping(*[f"attr:{n}" for n in names or ["*"]]):
            self.rest(node, skip=2)
        return True

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
        for binding in names.get(node.id, [None]):  # type: ignore[list-item]
            if isinstance(binding, (ast.For, ast.comprehension)):
                values = binding.iter
                if not isinstance(binding.target, ast.Name) or not _is_row(values):
                    return None
                parts = [_text(e) for e in values.elts]  # type: ignore[attr-defined]
            else:
                parts = [_text(binding)]
            if None in parts:
                return None
            found += [p for p in parts if p is not None]
        return found

    # -- statements ----------------------------------------------------------------------------------------

    def do_If(self, node: ast.If) -> None:  # noqa: N802
        if type_checking(node):
            self.each(node.orelse)
        else:
            self.children(node)

    def do_Import(self, node: ast.Import) -> None:  # noqa: N802
        for alias in node.names:
            self.import_of(alias.name, node)

    def do_ImportFrom(self, node: ast.ImportFrom) -> None:  # noqa: N802
        source = self.module.absolute(node)
        if source == "__future__":
            return
        self.import_of(source, node)
        for alias in node.names:
            whole = f"{source}.{alias.name}".strip(".")
            if whole in self.index.program.modules:
                self.import_of(whole, node)
        if not self.index.program.is_local(source) and any(a.name == "*" for a in node.names):
            found = module_letters(source) if is_standard(source) else ""
            if "D" in found:
                self.touch("dynamic", node, f"from {source} import *")

    def import_of(self, name: str, node: ast.stmt) -> None:
        program = self.index.program
        if not name:
            return  # `from . import it` at the top: `it` is looked at by itself
        if program.is_local(name):
            parts = name.split(".")
            for end in range(1, len(parts) + 1):
                if ".".join(parts[:end]) in program.modules:
                    self.link(f"{'.'.join(parts[:end])}:<module>", node, How.IMPORTS)
            return
        if not is_standard(name):
            self.dependency(name, node)
            return
        self.touch_letters(RUNS_ON_IMPORT.get(name, ""), node, f"import {name}", runs=True)
        if name.startswith("_") and name not in ("__future__", "_collections_abc"):
            self.touch("dynamic", node, f"import {name}")

    def do_Assign(self, node: ast.Assign) -> None:  # noqa: N802
        self.assign(node.targets, node.value, node)

    def do_AnnAssign(self, node: ast.AnnAssign) -> None:  # noqa: N802
        with self.called(False):
            self.annotation(node.annotation)
        if node.value is not None:
            self.assign([node.target], node.value, node)

    def do_AugAssign(self, node: ast.AugAssign) -> None:  # noqa: N802
        for dunder in OPERATORS[ast.AugAssign]:
            if dunder in self.index.members:
                self.link(f"attr:{dunder}", node, How.MAYBE_CALLS)
        self.assign([node.target], node.value, node)

    def do_NamedExpr(self, node: ast.NamedExpr) -> None:  # noqa: N802
        self.assign([node.target], node.value, node)

    def assign(self, targets: list[ast.expr], value: ast.expr, node: ast.AST) -> None:
        places = [place for target in targets for place in self.places(target)]
        for place in places:
            self.graph.node(place, self.module.file, getattr(node, "lineno", 0))
            if ".=" in place:
                owner, _, name = place.rpartition(".=")
                if place not in self.index.own.get(owner, {}).get(name, ()):
                    self.index.member(owner, name, place)
                    self.graph.link(f"attr:{name}", place, 0, How.MENTIONS)
        plain = all(isinstance(t, ast.Name) for t in targets)
        if plain and self.is_module_alias(value):
            return  # `o = os`: the new name is followed like the old one
        with self.keeping(*places):
            self.visit(value)
        self.each(targets)

    def is_module_alias(self, value: ast.expr) -> bool:
        if not isinstance(value, (ast.Name, ast.Attribute)):
            return False
        refs = self.resolve(value)
        return bool(refs) and all(
            kind == "mod" or (kind == "ext" and is_module(canonical(name))) for kind, name in refs
        )

    def do_Subscript(self, node: ast.Subscript) -> None:  # noqa: N802
        if isinstance(node.ctx, (ast.Store, ast.Del)):
            for kind, name in self.resolve(node.value):
                if kind == "ext" and not name.startswith("os.environ"):
                    self.patch(node, f"{name}[…]")
        self.children(node)

    def do_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:  # noqa: N802
        name = self.index.ids[id(node)]
        self.graph.link(self.all, name, node.lineno, How.MENTIONS)
        if self.scope.is_function:
            self.link(name, node)
        self.decorated(node, name, node.decorator_list)
        args = node.args
        defaults = [*args.defaults, *(d for d in args.kw_defaults if d is not None)]
        with self.keeping(name, f"args:{name}"):
            self.each(defaults)
        everyone = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
        annotations = [a.annotation for a in everyone if a is not None and a.annotation]
        with self.called(False), self.keeping(name):
            for annotation in [*annotations, *([node.returns] if node.returns else [])]:
                self.annotation(annotation)
        with self.inside(name, inner_scope(node)):
            self.each(node.body)

    do_AsyncFunctionDef = do_FunctionDef  # noqa: N815

    def decorated(self, node: ast.AST, name: str, decorators: list[ast.expr]) -> None:
        """A decorator runs when the definition does, and may stand in for what it decorates."""
        for decorator in decorators:
            refs = self.resolve(decorator.func if isinstance(decorator, ast.Call) else decorator)
            with self.called():
                self.visit(decorator)
            self.graph.node(name, self.module.file, getattr(node, "lineno", 0))
            for kind, target in refs:
                if kind == "fn":
                    self.graph.link(name, target, decorator.lineno, How.RESULT)
                    self.graph.link(f"args:{target}", name, decorator.lineno, How.RESULT)
                elif kind == "cls":
                    self.graph.link(name, target, decorator.lineno, How.RESULT)
                    for dunder in ("__init__", "__call__", "__get__", "__new__", "__set_name__"):
                        for member in self.index.classes.get(target, {}).get(dunder, []):
                            self.graph.link(name, member, decorator.lineno, How.RESULT)
                            self.graph.link(f"args:{member}", name, decorator.lineno, How.RESULT)
            with self.inside(name):
                self.visit(decorator)  # whoever reaches the definition reaches its wrapper

    def do_Lambda(self, node: ast.Lambda) -> None:  # noqa: N802
        name = self.index.ids[id(node)]
        self.link(name, node, How.CALLS if self.calling else How.MENTIONS)
        with self.keeping(name):
            self.each([*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)])
        with self.inside(name, inner_scope(node)):
            self.visit(node.body)

    def do_ClassDef(self, node: ast.ClassDef) -> None:  # noqa: N802
        name = self.index.ids[id(node)]
        self.graph.link(self.all, name, node.lineno, How.MENTIONS)
        self.link(name, node, How.CALLS)
        self.decorated(node, name, node.decorator_list)
        with self.keeping(name):
            self.each(node.bases)
            with self.called():
                for keyword in node.keywords:
                    self.visit(keyword.value)
        for base in [*node.bases, *[k.value for k in node.keywords]]:
            for kind, above in self.resolve(base):
                if kind == "cls":
                    self.inherit(name, above, node)
        with self.inside(name, inner_scope(node)):
            self.each(node.body)
        for dunder, members in self.index.classes[name].items():
            if dunder.startswith("__") and dunder.endswith("__"):
                for member in members:
                    self.graph.link(name, member, node.lineno, How.MENTIONS)

    def inherit(self, name: str, above: str, node: ast.ClassDef) -> None:
        """Making a subclass runs hooks of the class above; having it is having what is inherited."""
        hooks = (
            "__init_subclass__",
            "__new__",
            "__init__",
            "__prepare__",
            "__call__",
            "__set_name__",
        )
        self.graph.link(name, above, node.lineno, How.MENTIONS)
        for attribute, members in self.index.classes.get(above, {}).items():
            for member in members:
                if attribute in hooks:
                    meta = attribute == "__init_subclass__" or self.is_metaclass(above)
                    self.link(member, node, How.CALLS if meta else How.MENTIONS)
                if attribute not in self.index.classes[name]:
                    self.index.classes[name].setdefault(attribute, []).append(member)

    def is_metaclass(self, name: str) -> bool:
        _, home = self.index.homes.get(name, (None, None))
        return isinstance(home, ast.ClassDef) and any(
            isinstance(b, ast.Name) and b.id in ("type", "ABCMeta", "EnumMeta", "EnumType")
            for b in home.bases
        )

    def in_scope(self, node: ast.AST) -> None:
        before, self.scope = self.scope, inner_scope(node)
        self.children(node)
        self.scope = before

    do_ListComp = do_SetComp = do_DictComp = do_GeneratorExp = in_scope  # noqa: N815

    def do_ExceptHandler(self, node: ast.ExceptHandler) -> None:  # noqa: N802
        if node.type is not None:
            with self.called(False):
                self.visit(node.type)
        self.each(node.body)


_BUILTIN_NAMES = frozenset(dir(builtins)) | frozenset(BUILTINS)

_SPECIAL = {
    "builtins.open": _Walker.call_open,
    "io.open": _Walker.call_open,
    "codecs.open": _Walker.call_open,
    "builtins.getattr": _Walker.call_getattr,
    "builtins.setattr": _Walker.call_setattr,
    "builtins.delattr": _Walker.call_setattr,
    "builtins.type": _Walker.call_type,
    "builtins.vars": _Walker.call_vars,
    "builtins.object.__setattr__": _Walker.call_getsetter,
    "operator.attrgetter": _Walker.call_getter,
    "operator.methodcaller": _Walker.call_getter,
}


def _names_a_type(dotted: str) -> bool:
    """`subprocess.Popen`, `socket.socket`: as against `os.system`."""
    owner, _, last = dotted.rpartition(".")
    if not is_standard(dotted) or owner == "builtins":
        return owner == "builtins"
    return last[:1].isupper() or last == owner


def _text(node: object) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_row(node: ast.expr) -> bool:
    return isinstance(node, (ast.Tuple, ast.List, ast.Set))


def _prefix(node: ast.expr) -> str:
    """The constant beginning of a built string."""
    if isinstance(node, ast.JoinedStr) and node.values:
        return _text(node.values[0]) or ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        return (_text(node.left) or _prefix(node.left)).partition("%")[0]
    return ""


def _by_mode(mode: str) -> str:
    writes = any(letter in mode for letter in "wax+")
    reads = "r" in mode or "+" in mode or not writes
    return ("R" if reads else "") + ("W" if writes else "")
