"""What the names of a program stand for: its modules, and what their names are bound to. Pure.

A program is a set of files; nothing outside them is read. Every binding of a name is kept, in all
branches: whoever asks gets all that the name may stand for.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Container, Iterator, Mapping
from functools import cache, cached_property
from pathlib import PurePosixPath
from typing import Any

from monocyte.semdiff.scopes import Scope, resolve_module
from monocyte.semdiff.sources import python_lines

__all__ = [
    "Binding",
    "Module",
    "Program",
    "Shared",
    "below",
    "bindings_of",
    "bound_by",
    "differing",
    "everything",
    "module_name",
    "share",
]

Binding = ast.AST | tuple[str, str]
"""Where a name gets its value: a statement, an expression, or an import as (module, name or "")."""


class Module:
    """One file of a program: its tree, its scopes, what its names are bound to."""

    def __init__(self, name: str, file: str, tree: ast.Module, text: str) -> None:
        self.name = name
        self.file = file
        self.tree = tree
        self.text = text
        self.is_package = PurePosixPath(file).stem == "__init__"
        self.names: dict[str, list[Binding]] = {}
        self.stars: list[str] = []
        self._local: dict[int, dict[str, list[Binding]]] = {}
        self.take(tree, self.names)
        if "global" in text:
            self._take_globals()

    @cached_property
    def statements(self) -> tuple[str, ...]:
        """The lines of each top-level statement, decorators included."""
        lines = python_lines(self.text)
        return tuple("".join(lines[_start(it) - 1 : it.end_lineno]) for it in self.tree.body)

    @cached_property
    def scope(self) -> Scope:
        """Whose name is whose, in all of the module."""
        return resolve_module(self.tree)

    def _take_globals(self) -> None:
        """What functions bind to names that they declare global."""
        for node in everything(self.tree):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            declared = {name for s in _own(node) if isinstance(s, ast.Global) for name in s.names}
            if declared:
                inner: dict[str, list[Binding]] = {}
                self.take(node, inner)
                for name in declared & inner.keys():
                    self.names.setdefault(name, []).extend(inner[name])

    def take(self, block: ast.AST, names: dict[str, list[Binding]]) -> None:
        """Collect the bindings of a block, imports made absolute."""
        for name, binding in bindings_of(block):
            if isinstance(binding, ast.ImportFrom):
                source = self.absolute(binding)
                if name == "*":
                    self.stars.append(source)
                    continue
                original = next(a.name for a in binding.names if name in (a.asname, a.name))
                names.setdefault(name, []).append((source, original))
            elif isinstance(binding, ast.Import):
                names.setdefault(name, []).append(_imported(binding, name))
            else:
                names.setdefault(name, []).append(binding)

    def is_for_checkers(self, node: ast.AST) -> bool:
        """Whether it is an `if TYPE_CHECKING:`, which never runs; the flag must be the real one."""
        match node:
            case ast.If(test=ast.Name(id=name)):
                return self._flags.get(name) == FLAG
            case ast.If(test=ast.Attribute(value=ast.Name(id=name), attr=attribute)):
                return attribute == FLAG and self._flags.get(name) in TYPING
        return False

    @cached_property
    def _flags(self) -> dict[str, str]:
        """Names that are `typing`, or its flag, wherever they are bound."""
        told: dict[str, set[str]] = {}
        for node in everything(self.tree) if FLAG in self.text else ():
            for name, what in _told(node):
                told.setdefault(name, set()).add(what)
        if "*" in told:
            return {}  # names that nobody knows, or the flag itself is set
        return {name: next(iter(what)) for name, what in told.items() if len(what) == 1}

    @cached_property
    def for_checkers(self) -> frozenset[str]:
        """The packages that only type checkers import here."""
        if FLAG not in self.text:
            return frozenset()
        shown: set[str] = set()
        loaded: set[str] = set()
        ahead: list[tuple[ast.AST, bool]] = [(self.tree, False)]
        while ahead:
            node, hidden = ahead.pop()
            (shown if hidden else loaded).update(_tops(node))
            if isinstance(node, ast.If) and self.is_for_checkers(node):
                ahead += [(it, True) for it in node.body] + [(it, hidden) for it in node.orelse]
            else:
                ahead += [(it, hidden) for it in below(node)]
        return frozenset(shown - loaded)

    def absolute(self, node: ast.ImportFrom) -> str:
        """The module that `from … import` names, without leading dots."""
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        keep = len(parts) - node.level + (1 if self.is_package else 0)
        return ".".join([*parts[: max(keep, 0)], *([node.module] if node.module else [])])

    def local(self, scope: Scope) -> dict[str, list[Binding]]:
        """What the names of an inner scope are bound to."""
        found = self._local.get(id(scope))
        if found is None:
            found = self._local[id(scope)] = {}
            self.take(scope.node, found)
        return found


def _start(node: ast.stmt) -> int:
    lines: list[int] = [it.lineno for it in getattr(node, "decorator_list", ())]
    return min([node.lineno, *lines])


def differing(old: Module, new: Module) -> tuple[frozenset[int], frozenset[int]]:
    """Which top-level statements, by number, the other version does not have; layout apart."""
    sides = old, new
    told = [
        {i: it for i, it in enumerate(side.statements) if it not in known}
        for side, known in ((old, {*new.statements}), (new, {*old.statements}))
    ]
    dumped = [
        {i: ast.dump(side.tree.body[i]) for i in loose}
        for side, loose in zip(sides, told, strict=True)
    ]
    known = {*dumped[0].values()}, {*dumped[1].values()}
    found = (frozenset(i for i, it in dumped[k].items() if it not in known[1 - k]) for k in (0, 1))
    return next(found), next(found)


def bound_by(module: Module, numbers: Collection[int]) -> set[str]:
    """The names that some top-level statements of a module bind."""
    body = [module.tree.body[i] for i in numbers]
    return {name for name, _ in bindings_of(ast.Module(body=body, type_ignores=[]))}


def _own(block: ast.AST) -> Iterator[ast.AST]:
    """The statements of a function, not those of functions inside."""
    ahead: list[ast.AST] = list(getattr(block, "body", []))
    while ahead:
        node = ahead.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            ahead += below(node)


def _imported(node: ast.Import, name: str) -> tuple[str, str]:
    for alias in node.names:
        if alias.asname == name:
            return alias.name, ""
    return name, ""


Shared = dict[tuple[str, str, str], Module]
"""What has been read of either version: by name, file and text."""


def share(sources: Mapping[str, str], trees: Mapping[str, ast.Module], shared: Shared) -> None:
    """Take what has been parsed of a program (text -> tree) for read."""
    for name, file in _named(sources).items():
        tree = trees.get(sources[file])
        if tree is not None:
            key = name, file, sources[file]
            shared[key] = shared.get(key) or Module(*key[:2], tree, key[2])


class Program:
    """Modules by name; files that do not parse are listed, not judged.

    Given the files that are `wanted`, it reads those, and of the others what is asked for; without,
    it reads all. Two versions may share what they have read.
    """

    def __init__(
        self,
        sources: Mapping[str, str],
        wanted: Collection[str] | None = None,
        shared: Shared | None = None,
    ) -> None:
        self.sources = sources
        self._shared = {} if shared is None else shared
        self.modules: dict[str, Module] = {}
        """What has been read."""
        self.broken: dict[str, str] = {}
        self.files = _named(sources)
        self._heard: list[Callable[[Module], None]] = []
        for name, file in self.files.items():
            if wanted is None or file in wanted:
                self.find(name)
        known = self.modules if wanted is None else self.files
        self._packages = {
            ".".join(parts[:end])
            for parts in (name.split(".") for name in known)
            for end in range(1, len(parts) + 1)
        }

    def hear(self, listener: Callable[[Module], None]) -> None:
        """Tell of each module: of those that have been read, now; of others, when they are."""
        for module in list(self.modules.values()):
            listener(module)
        self._heard.append(listener)

    def find(self, name: str) -> Module | None:
        """The module of that dotted name, if it is part of the program."""
        found = self.modules.get(name)
        file = self.files.get(name)
        if found is not None or file is None or file in self.broken:
            return found
        module = self._read(name, file)
        if module is None:
            return None
        self.modules[name] = module
        for listener in self._heard:
            listener(module)
        return module

    def _read(self, name: str, file: str) -> Module | None:
        text = self.sources[file]
        found = self._shared.get((name, file, text))
        if found is None:
            try:
                tree = ast.parse(text)
            except (SyntaxError, ValueError, RecursionError) as error:
                self.broken[file] = str(error)
                return None
            found = Module(name, file, tree, text)
            self._shared[name, file, text] = found
        return found

    def has(self, name: str) -> bool:
        """Whether the dotted name is a module that can be read."""
        return self.find(name) is not None

    def is_local(self, name: str) -> bool:
        """Whether the dotted name is a module or a package of the program."""
        return name in self._packages


def _named(sources: Mapping[str, str]) -> dict[str, str]:
    """Each module's name and file; of several with one name the others are called by their path.

    Scripts in folders that are no packages often share a name (`conftest`): none may hide another.
    A stub hides nothing either: it is only read where there is no code.
    """
    found: dict[str, str] = {}
    python = [file for file in sources if file.endswith((".py", ".pyi"))]
    for file in sorted(python, key=lambda it: (it.count("/"), it)):
        if file.endswith(".pyi") and file[:-1] in sources:
            continue
        name = module_name(file, sources)
        if name in found:
            name = file.rpartition(".")[0].replace("/", ".")
        found[name] = file
    return found


def module_name(file: str, files: Container[str]) -> str:
    """The dotted name under which a file is imported: from the outermost package around it."""
    path = PurePosixPath(file)
    parts = [] if path.stem == "__init__" else [path.stem]
    folder = path.parent
    while folder.name and f"{folder}/__init__.py" in files:
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts) or path.parent.name or path.stem


def below(node: ast.AST) -> list[ast.AST]:
    """The nodes right below one, those that say nothing (`Load`, `Add`, `pass`) left out.

    As `ast.iter_child_nodes`, at half its price: a large program has millions of them.
    """
    found: list[ast.AST] = []
    kind: Any = node.__class__
    if kind is ast.Name or kind is ast.Constant:
        return found
    for name in _holding(kind):
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [it for it in value if isinstance(it, ast.AST) and it._fields]
        elif isinstance(value, ast.AST) and value._fields:
            found.append(value)
    return found


@cache
def _holding(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of node that may hold nodes which say something."""
    return tuple(it for it in kind._fields if it not in _PLAIN) if kind is not ast.Constant else ()


_PLAIN = frozenset({"ctx", "op", "ops", "id", "attr", "kind", "type_comment", "level", "module"})


def everything(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, in no particular order, as `ast.walk`."""
    ahead = [node]
    while ahead:
        here = ahead.pop()
        yield here
        ahead += below(here)


TYPING = ("typing", "typing_extensions")


def _tops(node: ast.AST) -> set[str]:
    """The top-level packages that an import statement names, if it is one."""
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and not node.level and node.module:
        return {node.module.partition(".")[0]}
    return set()


def _told(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Names that a node binds, in whatever scope, and to what: `typing`, its flag, or `?`."""
    match node:
        case ast.Import(names=names):
            for it in names:
                yield it.asname or it.name.partition(".")[0], it.name if it.name in TYPING else "?"
        case ast.ImportFrom(module=module, names=names):
            for it in names:
                known = module in TYPING and it.name == FLAG
                yield it.asname or it.name, FLAG if known else "?"
        case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name, "?"
        case (
            ast.FunctionDef(name=name)
            | ast.AsyncFunctionDef(name=name)
            | ast.ClassDef(name=name)
            | ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
        ):
            yield name, "?"
        case ast.Attribute(attr="TYPE_CHECKING", ctx=ast.Store() | ast.Del()):
            yield "*", "?"
        case ast.Constant(value="TYPE_CHECKING"):
            yield "*", "?"


FLAG = "TYPE_CHECKING"


def bindings_of(block: ast.AST) -> Iterator[tuple[str, Binding]]:
    """Each (name, where it is bound) of a block, not of the blocks inside."""
    if isinstance(block, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        args = block.args
        for arg in [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]:
            if arg is not None:
                yield arg.arg, arg
    body = getattr(block, "body", [])
    for node in body if isinstance(body, list) else [body]:
        yield from _bound(node)
    if isinstance(block, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        for child in below(block):
            yield from _bound(child)


def _bound(  # noqa: C901, PLR0912 (one case for each kind of node that binds)
    node: ast.AST,
) -> Iterator[tuple[str, Binding]]:
    target: ast.AST
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name, node
            for expr in node.decorator_list:
                yield from _bound(expr)
            return
        case ast.Lambda():
            return
        case ast.Import():
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], node
        case ast.ImportFrom():
            for alias in node.names:
                yield alias.asname or alias.name, node
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _targets(target, value)
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name, node.value if node.value is not None else node
        case ast.NamedExpr(target=ast.Name(id=name)):
            yield name, node.value
        case ast.AugAssign(target=ast.Name(id=name)):
            yield name, node
        case (
            ast.For(target=target) | ast.AsyncFor(target=target) | ast.comprehension(target=target)
        ):
            for name in _names(target):
                yield name, node
        case ast.With() | ast.AsyncWith():
            for item in node.items:
                for name in _names(item.optional_vars):
                    yield name, item
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name, node
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name, node
    for part in below(node):
        yield from _bound(part)


def _targets(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, Binding]]:
    if isinstance(target, ast.Name):
        yield target.id, value
        return
    if (
        isinstance(target, (ast.Tuple, ast.List))
        and isinstance(value, (ast.Tuple, ast.List))
        and len(target.elts) == len(value.elts)
        and not any(isinstance(e, ast.Starred) for e in [*target.elts, *value.elts])
    ):
        for inner, part in zip(target.elts, value.elts, strict=True):
            yield from _targets(inner, part)
        return
    for name in _names(target):
        yield name, ast.Tuple(elts=[value], ctx=ast.Load())


def _names(target: ast.AST | None) -> Iterator[str]:
    for node in everything(target) if target is not None else ():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
