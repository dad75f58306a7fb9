"""From trees to the call graph: every statement and expression of a program. Pure.

One method for each kind of node that needs a look; what is found is added by `touching`, what a
name stands for is answered by `resolving`.
"""
# ruff: noqa: N802, N815 (methods are named after the nodes that they read, as in ast.NodeVisitor)

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping

from monocyte.semdiff.bindings import Program, Shared
from monocyte.semdiff.callgraph import Graph, How, Site
from monocyte.semdiff.capability_table import PATH_METHODS
from monocyte.semdiff.outside import is_standard, module_letters
from monocyte.semdiff.outside_calls import OutsideCaller
from monocyte.semdiff.resolving import UNKNOWN, Index, Ref
from monocyte.semdiff.scopes import Scope, inner_scope
from monocyte.semdiff.touching import AMBIGUOUS, DANGEROUS, OPERATORS

__all__ = ["Walk", "build"]

_SPELLED = re.compile(
    r"__(subclasses|globals|builtins|code|self|loader|spec|closure|import|bases|base|mro)__"
)

RUNS_ON_IMPORT = {"antigravity": "PN", "this": "", "idlelib.idle": "RWP"}


def build(sources: Mapping[str, str]) -> Graph:
    """The call graph of a program: file -> source; files that do not parse reach DYNAMIC."""
    return Walk(sources).graph


class Walk:
    """A program on its way to its graph: which of its modules have been walked so far.

    Given the files that are `wanted`, those are walked at once, and others when they are asked for;
    of files in `only`, at first, the statements with these numbers.
    """

    def __init__(
        self,
        sources: Mapping[str, str],
        wanted: Collection[str] | None = None,
        shared: Shared | None = None,
        only: Mapping[str, Collection[int]] | None = None,
    ) -> None:
        self.program = Program(sources, wanted, shared)
        self.graph = Graph()
        self._index = Index(self.program, self.graph)
        self._walked: set[str] = set()
        self._broken: set[str] = set()
        self.program.hear(lambda module: _Walker(self._index, module).hierarchy())
        for module in list(self.program.modules.values()):
            self._index.deepen(module)
        for name, module in list(self.program.modules.items()):
            if only is not None and module.file in only:
                _Walker(self._index, module).module_body(only[module.file])
            else:
                self.read(name)
        self._tell_broken()

    def has_read(self, name: str) -> bool:
        """Whether all of a module has been walked."""
        return name in self._walked

    def read(self, name: str) -> None:
        """Walk all of a module, unless that has been done."""
        module = self.program.find(name)
        if module is not None and name not in self._walked:
            self._walked.add(name)
            self._index.deepen(module)
            _Walker(self._index, module).module_body()
        self._tell_broken()

    def _tell_broken(self) -> None:
        for file, why in self.program.broken.items():
            if file in self._broken:
                continue
            self._broken.add(file)
            for node in (f"{file}:<module>", f"{file}:<all>"):
                self.graph.node(node, file, 1)
                self.graph.entries.append(node)
                self.graph.touch(node, Site("dynamic", 1, f"does not parse: {why}", runs=True))


class _Walker(OutsideCaller):
    """Walks one module; `node` is the definition whose code is being read."""

    def hierarchy(self) -> None:
        """Which class stands above which, before any code is read."""
        for node in self.index.nodes.get(self.module.name, ()):
            name = self.index.ids[id(node)]
            for base in node.bases:
                for kind, above in self.resolve(base):
                    if kind == "cls":
                        self.index.above.setdefault(name, set()).add(above)
                        self.index.below.setdefault(above, set()).add(name)

    def module_body(self, only: Collection[int] | None = None) -> None:
        """Walk the module's statements, or those with these numbers."""
        self.graph.node(self.node, self.module.file, 1)
        self.graph.entries.append(self.node)
        self.graph.node(self.all, self.module.file, 1)
        self.graph.entries.append(self.all)
        self.graph.link(self.all, self.node, 1, How.MENTIONS)
        for number, statement in enumerate(self.module.tree.body):
            if only is None or number in only:
                self.visit(statement)
        self.offered()

    def offered(self) -> None:
        """What others get by the names that this module has imported."""
        for name, bindings in self.module.names.items():
            for binding in bindings:
                if isinstance(binding, tuple):
                    with self.inside(f"{self.module.name}:={name}"):
                        for ref in self.resolve_binding(binding):
                            if ref[0] in ("fn", "cls", "var"):
                                self.link(ref[1], self.module.tree)

    def do_Name(self, node: ast.Name) -> None:
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

    def do_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, (ast.Store, ast.Del)):
            self.assigned_attribute(node)
            return
        self.attribute(node.value, node.attr, node)

    def assigned_attribute(self, node: ast.Attribute) -> None:
        for kind, name in self.resolve(node.value):
            if kind in ("ext", "mod") or (
                kind in ("cls", "fn") and not name.startswith(self.module.name + ":")
            ):
                self.patch(node, f"{name}.{node.attr}")
        if node.attr in ("__code__", "__class__", "__bases__", "__globals__", "__builtins__"):
            self.touch("dynamic", node, f".{node.attr} =", runs=True)
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            return
        if not any(kind in ("ext", "mod") for kind, _ in self.resolve(node.value)):
            self.visit(node.value)

    def do_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and _SPELLED.search(node.value):
            self.touch("dynamic", node, f"the text {node.value[:40]!r}", runs=True)

    def do_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring does nothing
            self.visit(node.value)

    def do_MatchClass(self, node: ast.MatchClass) -> None:
        for name in node.kwd_attrs:
            if name in DANGEROUS:
                self.touch("dynamic", node, f".{name}", runs=True)
            self.unknown_attribute(UNKNOWN, name, node)
        self.children(node)

    def do_Call(self, node: ast.Call) -> None:
        callees = self.resolve(node.func)
        names = {name for kind, name in callees if kind == "ext"}
        if any(self.special(name, node) for name in names):
            return
        with self.called():
            self.visit(node.func)
        self.path_call(node)
        if isinstance(node.func, (ast.Call, ast.Subscript)):
            self.result_of(node.func)
        unknown = any(kind in ("?", "inst", "self", "var") for kind, _ in callees)
        if unknown and "__call__" in self.index.members:
            self.link("attr:__call__", node, How.MAYBE_CALLS)
        for kind, name in callees:
            if kind == "cls":
                self.metaclass_of(name, node)
        sinks = [*self.arguments_of(callees), *self.kept_by_method(node)]
        with self.called(), self.keeping(*sinks):
            self.each(node.args)
            for keyword in node.keywords:
                self.visit(keyword.value)

    def path_call(self, node: ast.Call) -> None:
        """`it.open("w")`, `it.replace(other)`: of what may be a path, told by its arguments."""
        func = node.func
        if not isinstance(func, ast.Attribute) or func.attr not in AMBIGUOUS:
            return
        refs = self.resolve(func.value)
        outside_class = any(k in ("inst", "self") and self.has_outside_base(n) for k, n in refs)
        if not self.index.uses_paths or not (outside_class or any(k == "?" for k, _ in refs)):
            return
        count = len(node.args) + len(node.keywords)
        starred = any(isinstance(arg, ast.Starred) for arg in node.args)
        if starred or count in AMBIGUOUS[func.attr]:
            self.touch_letters(PATH_METHODS[func.attr], node, f".{func.attr}", runs=True)

    def has_outside_base(self, name: str) -> bool:
        """Whether a class inherits from one that is not part of the program."""
        for cls in self.index.family(name):
            module, home = self.index.homes.get(cls, (None, None))
            if module is not None and isinstance(home, ast.ClassDef):
                for base in home.bases:
                    if any(kind != "cls" for kind, _ in self.resolve_in(module, base)):
                        return True
        return False

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

    def do_If(self, node: ast.If) -> None:
        if self.module.is_for_checkers(node):
            self.each(node.orelse)
        else:
            self.children(node)

    def do_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.import_of(alias.name, node)
            self.kept_by_class(node, alias.asname or alias.name.partition(".")[0])

    def kept_by_class(self, node: ast.stmt, name: str) -> None:
        """A module imported in a class body is an attribute of everything that has the class."""
        if self.scope.kind == "class":
            with self.keeping(f"{self.node}.={name}"):
                for ref in self.resolve_name(name):
                    self.mention(ref, node)

    def do_ImportFrom(self, node: ast.ImportFrom) -> None:
        source = self.module.absolute(node)
        if source == "__future__":
            return
        self.import_of(source, node)
        for alias in node.names:
            self.kept_by_class(node, alias.asname or alias.name)
            whole = f"{source}.{alias.name}".strip(".")
            if self.index.program.has(whole):
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
                if program.has(".".join(parts[:end])):
                    self.link(f"{'.'.join(parts[:end])}:<module>", node, How.IMPORTS)
            return
        if not is_standard(name):
            self.dependency(name, node)
            return
        self.touch_letters(RUNS_ON_IMPORT.get(name, ""), node, f"import {name}", runs=True)
        if name.startswith("_") and name not in ("__future__", "_collections_abc"):
            self.touch("dynamic", node, f"import {name}")

    def do_Assign(self, node: ast.Assign) -> None:
        self.assign(node.targets, node.value, node)

    def do_AnnAssign(self, node: ast.AnnAssign) -> None:
        with self.called(False):
            self.annotation(node.annotation)
        if node.value is not None:
            self.assign([node.target], node.value, node)

    def do_AugAssign(self, node: ast.AugAssign) -> None:
        for dunder in OPERATORS[ast.AugAssign]:
            if dunder in self.index.members:
                self.link(f"attr:{dunder}", node, How.MAYBE_CALLS)
        self.assign([node.target], node.value, node)

    def do_NamedExpr(self, node: ast.NamedExpr) -> None:
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
        plain = all(isinstance(t, ast.Name) for t in targets) and self.scope.kind != "class"
        if plain and self.is_module_alias(value):
            return  # `o = os`: the new name is followed like the old one
        with self.keeping(*places):
            self.visit(value)
        self.each(targets)

    def do_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.ctx, (ast.Store, ast.Del)):
            for kind, name in self.resolve(node.value):
                if kind == "ext" and not name.startswith("os.environ"):
                    self.patch(node, f"{name}[…]")
        self.children(node)

    def do_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
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

    do_AsyncFunctionDef = do_FunctionDef

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

    def do_Lambda(self, node: ast.Lambda) -> None:
        name = self.index.ids[id(node)]
        self.link(name, node, How.CALLS if self.calling else How.MENTIONS)
        with self.keeping(name):
            self.each([*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)])
        with self.inside(name, inner_scope(node)):
            self.visit(node.body)

    def do_ClassDef(self, node: ast.ClassDef) -> None:
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
        """Making a subclass runs hooks of the class above; it has what it inherits."""
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

    do_ListComp = do_SetComp = do_DictComp = do_GeneratorExp = in_scope

    def do_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            with self.called(False):
                self.visit(node.type)
        self.each(node.body)
