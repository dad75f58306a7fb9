"""What is found in code, and how it is kept: edges, sites, attributes, places. Pure.

To mention is to reach: whatever a piece of code names, it may call, keep, return or hand on. A
thing that is kept (in a variable, an attribute, a registry) is found again by whoever mentions its
place.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from monocyte.semdiff.bindings import below
from monocyte.semdiff.callgraph import How, Site
from monocyte.semdiff.capability_table import CLASS_METHODS, METHODS, PATH_METHODS
from monocyte.semdiff.outside import (
    PORTS,
    canonical,
    is_module,
    is_standard,
    letters,
    module_letters,
)
from monocyte.semdiff.resolving import Ref, Resolver

__all__ = ["AMBIGUOUS", "DANGEROUS", "OPERATORS", "Toucher"]

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
    [
        "__subclasses__",
        "__globals__",
        "__builtins__",
        "__code__",
        "__self__",
        "__loader__",
        "__spec__",
        "__closure__",
        "__import__",
        "__getattribute__",
        "cell_contents",
        "f_globals",
        "f_locals",
        "f_builtins",
        "f_back",
        "f_code",
        "tb_frame",
        "gi_frame",
        "cr_frame",
        "ag_frame",
        "gi_code",
        "cr_code",
        "ag_code",
        "__build_class__",
        "__func__",
        "func_globals",
        "__annotations__",
        "__reduce_ex__",
        "__bases__",
        "__base__",
        "__mro__",
        "__wrapped__",
        "__kwdefaults__",
        "__defaults__",
        "mro",
    ]
)
"""Attributes that lead from any object to all of the interpreter."""

VALUES = frozenset({"os.environ", "os.environb", "sys.path", "sys.modules", "sys.meta_path"})
"""Outside things that act when they are used, without a call."""

STREAMS = frozenset(["stdout", "stderr", "stdin", "__stdout__", "__stderr__", "__stdin__"])

AMBIGUOUS: dict[str, tuple[int, ...]] = {
    "replace": (1,), "copy": (1, 2, 3), "move": (1,), "open": (0, 1, 2, 3, 4, 5), "exists": (0, 1),
    "walk": (0, 1, 2, 3), "home": (0,), "stat": (0, 1), "absolute": (0,),
}  # fmt: skip
"""Methods of paths that values of other types have too, with how many arguments a path's has."""

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
    "add", "sub", "mul", "matmul", "truediv", "floordiv", "mod",
    "pow", "lshift", "rshift", "and", "or", "xor",
)  # fmt: skip
for _kind in (ast.BinOp, ast.AugAssign):
    OPERATORS[_kind] = tuple(f"__{p}{op}__" for op in ARITHMETIC for p in ("", "r", "i"))


class Toucher(Resolver):
    """Adds to the graph what the code at one place refers to."""

    def visit(self, node: ast.AST) -> None:
        """Look at a node, and at what its operators call."""
        for dunder in OPERATORS.get(type(node), ()):
            if dunder in self.index.members:
                self.link(f"attr:{dunder}", node, How.MAYBE_CALLS)
        handler = getattr(self, "do_" + type(node).__name__, None)
        if handler is not None:
            handler(node)
        else:
            self.children(node)

    def children(self, node: ast.AST) -> None:
        """Look at all that is below a node."""
        for child in below(node):
            self.visit(child)

    def each(self, nodes: list[ast.expr] | list[ast.stmt]) -> None:
        """Look at several nodes."""
        for node in nodes:
            self.visit(node)

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
        """What is mentioned inside is called there and then."""
        before, self.calling = self.calling, yes
        try:
            yield
        finally:
            self.calling = before

    def link(self, to: str, node: ast.AST, how: How = How.MENTIONS) -> None:
        """Lead to another node, from here and from where things are kept."""
        line = getattr(node, "lineno", 0)
        self.graph.link(self.node, to, line, how)
        for sink in self.sinks:
            self.graph.node(sink, self.module.file, line)
            kept = How.MAYBE if how >= How.MAYBE else How.RESULT if how else how
            self.graph.link(sink, to, line, kept)

    def touch(self, capability: str, node: ast.AST, what: str, *, runs: bool = False) -> None:
        """Reach outside, from here and from where things are kept."""
        site = Site(capability, getattr(node, "lineno", 0), what, runs or self.calling)
        self.graph.touch(self.node, site)
        for sink in self.sinks:
            self.graph.node(sink, self.module.file, site.line)
            self.graph.touch(sink, site)

    def touch_letters(self, found: str, node: ast.AST, what: str, *, runs: bool = False) -> None:
        """Reach outside in the ways that letters of the table stand for."""
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
        """A class is mentioned: its special methods may run."""
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
        """A name of outside is mentioned."""
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
        """A name of another package is mentioned."""
        top, _, rest = dotted.partition(".")
        if top in self.module.for_checkers:
            return  # nothing of it is there when this runs
        if top != "monocyte":
            self.touch(f"dependency:{top}", node, dotted)
        elif rest in PORTS:
            self.touch(f"port:{rest}", node, dotted)

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
        """`cls.__mro__`, `cls.__bases__` and their like, written by classes for themselves."""
        mild = ("__wrapped__", "__func__", "__self__", "__mro__", "__bases__", "__base__", "mro")
        return name in mild and isinstance(base, ast.Name) and base.id == "cls"

    def attribute_of(self, ref: Ref, name: str, node: ast.AST) -> None:
        """`ref.name` is read."""
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
        elif kind in ("val", "pathmethod"):
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
        own = [
            member
            for cls in known
            for member in self.index.own.get(cls, {}).get(name, ())
            if member in self.index.homes
        ]
        for member in own:
            self.link(member, node, sure)
        for cls in known:
            self.link(f"{cls}.={name}", node, sure)
        if not own or kind != "inst":
            self.link(f"attr:{name}", node, maybe)
        self.link("attr:*", node, maybe)
        self.hooks(known, name, node)
        if kind in ("fn", "var") or own:
            return
        found = METHODS.get(name, "")
        for cls, methods in CLASS_METHODS.items():
            if cls.rpartition(".")[2] in self.index.spelled and name in methods:
                found += methods[name]
        if name == "raw" and self.index.spelled & STREAMS:
            found += "RW"  # the file beneath a standard stream: its class opens others
        if self.index.uses_paths and (name not in AMBIGUOUS or not self.calling):
            found = PATH_METHODS.get(name, found)
        self.touch_letters(found, node, f".{name}")

    def hooks(self, known: tuple[str, ...], name: str, node: ast.AST) -> None:
        """`__getattr__` answers for an attribute that nobody has.

        Asked of the whole program, not of what has been walked: the order of files is no matter.
        """
        if name in self.index.members or name in self.index.stored:
            return
        for hook in ("__getattr__", "__getattribute__"):
            for cls in known:
                for member in self.index.own.get(cls, {}).get(hook, ()):
                    self.link(member, node, How.CALLS)
            if hook in self.index.members:
                self.link(f"attr:{hook}", node, How.MAYBE_CALLS)

    def patch(self, node: ast.AST, what: str) -> None:
        """Something of another module is replaced."""
        self.touch("patching", node, f"{what} is replaced", runs=True)


def _names_a_type(dotted: str) -> bool:
    """`subprocess.Popen`, `socket.socket`: as against `os.system`."""
    owner, _, last = dotted.rpartition(".")
    if not is_standard(dotted) or owner == "builtins":
        return owner == "builtins"
    return last[:1].isupper() or last == owner
