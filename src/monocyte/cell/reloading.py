"""Load the next release of cells beside the one that runs; nothing is replaced until `commit`.

A class that reads the same in both releases, down to everything that it is made of, stays the very
same class. So a cell whose words did not change can be exchanged, and its neighbours need not know;
where words did change, the modules that import them are loaded anew, too.
"""

from __future__ import annotations

import ast
import importlib.util
import linecache
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from monocyte.cell.definition import Cell
from monocyte.cell.loader import cell_of, declares, import_fault, load_cells, texts_of
from monocyte.cell.manifest import Manifest
from monocyte.errors import DefinitionError

__all__ = ["Reloaded", "reload_package"]


class Reloaded(NamedTuple):
    """What another release of a package consists of, loaded but not yet in anybody's way."""

    manifests: tuple[Manifest, ...]
    """The cells that are new or not the same any more, those that others import first."""
    modules: Mapping[str, ModuleType]
    texts: Mapping[str, bytes]
    """What each module of the package is loaded from, once this is committed."""

    def commit(self) -> None:
        """Let whoever imports these modules from now on get these."""
        for name, module in self.modules.items():
            _install(name, module)
        linecache.checkcache()


def reload_package(root: Path, package: str, texts: Mapping[str, bytes]) -> Reloaded:
    """Load what has changed in the package since it was loaded from `texts`.

    Raises:
        DefinitionError: a module cannot be loaded or is not well formed, or the change is one that
            only a restart of the app can make: a module went, or the package itself changed.
    """
    now = texts_of(root, package)
    _refuse_what_needs_a_restart(root, texts, now)
    names, home = frozenset(now), root.resolve()
    outlines = {name: _outline(name, home, text, names) for name, text in now.items()}
    with _tentatively():
        renewed: dict[str, ModuleType] = {}
        for name in _in_order({name: it.imports for name, it in outlines.items()}):
            is_changed = now[name] != texts.get(name)
            if _is_due(name, outlines[name], renewed, is_changed=is_changed):
                old = _Old(sys.modules.get(name), _parsed(name, home, texts.get(name, b"")))
                tree = _parsed(name, home, now[name])
                renewed[name] = _executed(name, _file(home, name), tree, old)
        manifests = _manifests(outlines, renewed)
        return Reloaded(manifests, renewed, now)


# -- what is due -----------------------------------------------------------------------------------


def _refuse_what_needs_a_restart(
    root: Path, texts: Mapping[str, bytes], now: Mapping[str, bytes]
) -> None:
    gone = sorted(name for name in texts if name not in now and name in sys.modules)
    inits = sorted(n for n in now if _is_init(root, n) and texts.get(n, b"") != now[n])
    for names, what in ((gone, "is gone"), (inits, "has changed, and is a package")):
        for name in names:
            raise DefinitionError(
                f"{name} {what}: that takes effect when the app starts",
                where=str(_file(root, name)),
                mend="restart the app",
            )


def _is_due(
    name: str, outline: _Outline, renewed: Mapping[str, ModuleType], *, is_changed: bool
) -> bool:
    """Whether a module must be loaded anew: it reads otherwise, or something that it imports is."""
    user = sys.modules.get(name)
    if user is None:
        return outline.declares
    return is_changed or any(
        it.module in renewed and not it.is_unmoved(user, renewed[it.module])
        for it in outline.imports
    )


class _Import(NamedTuple):
    """What a module uses of another one: `things`, of what is bound to a name of its own."""

    module: str
    bound: str
    things: frozenset[str] | None
    """None if nobody can say which."""
    is_module: bool

    def is_unmoved(self, user: ModuleType, renewed: ModuleType) -> bool:
        """Whether all that is used of it is still the very same in its next release."""
        had = vars(user).get(self.bound)
        if self.things is None or had is None:
            return False
        olds = [vars(had).get(it) if self.is_module else had for it in self.things]
        news = [vars(renewed).get(it) for it in self.things]
        return all(old is new for old, new in zip(olds, news, strict=True))


class _Outline(NamedTuple):
    """What must be known of a module that is not loaded anew, too."""

    imports: tuple[_Import, ...]
    declares: bool


@lru_cache(maxsize=1024)
def _outline(name: str, root: Path, text: bytes, known: frozenset[str]) -> _Outline:
    """Kept, since most modules are as they were when others are exchanged."""
    tree = _parsed(name, root, text)
    return _Outline(tuple(_imports(tree, name, known)), declares(tree))


def _imports(tree: ast.Module, name: str, known: frozenset[str]) -> Iterator[_Import]:
    """What a module imports from modules of the package, at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (_Import(it.name, "", None, True) for it in node.names if it.name in known)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, name, known)
            for it in node.names:
                bound, inner = it.asname or it.name, f"{module}.{it.name}"
                if inner in known:
                    yield _Import(inner, bound, _used(tree, bound), True)
                elif module in known:
                    things = None if it.name == "*" else frozenset({it.name})
                    yield _Import(module, bound, things, False)


def _used(tree: ast.Module, module: str) -> frozenset[str] | None:
    """The attributes of a module that are used under its name; None if it is used otherwise."""
    used = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and _is_name(n.value, module)]
    names = sum(_is_name(node, module) for node in ast.walk(tree))
    return frozenset(node.attr for node in used) if names == len(used) else None


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _absolute(node: ast.ImportFrom, name: str, known: frozenset[str]) -> str:
    if not node.level:
        return node.module or ""
    is_package = any(other.startswith(f"{name}.") for other in known)
    parts = name.split(".")
    base = parts[: len(parts) - node.level + is_package]
    return ".".join([*base, *filter(None, [node.module])])


def _in_order(links: Mapping[str, Iterable[_Import]]) -> Sequence[str]:
    """The modules, each behind those that it imports."""
    graph = {name: {it.module for it in own} - {name} for name, own in links.items()}
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as why:
        ring = " -> ".join(why.args[1])
        mend = "move what both need into a third module"
        raise DefinitionError(f"modules import each other: {ring}", mend=mend) from why


# -- loading ---------------------------------------------------------------------------------------


@contextmanager
def _tentatively() -> Iterator[None]:
    """Whatever is imported inside is forgotten again; `Reloaded` holds on to what it needs."""
    before = dict(sys.modules)
    try:
        yield
    finally:
        for name in [n for n in sys.modules if sys.modules[n] is not before.get(n)]:
            if name in before:
                _install(name, before[name])
            elif name.partition(".")[0] in before:  # a module of the app, not one that it uses
                del sys.modules[name]
                above, _, last = name.rpartition(".")
                if above in sys.modules:
                    vars(sys.modules[above]).pop(last, None)


def _install(name: str, module: ModuleType) -> None:
    sys.modules[name] = module
    above, _, last = name.rpartition(".")
    if above:
        setattr(sys.modules[above], last, module)


@lru_cache(maxsize=64)
def _parsed(name: str, root: Path, text: bytes) -> ast.Module:
    """The tree, which nobody changes; the next release asks for that of this one again."""
    file = _file(root, name)
    try:
        return ast.parse(text, str(file))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as why:
        raise import_fault(why, file) from why


def _executed(name: str, file: Path, tree: ast.Module, old: _Old) -> ModuleType:
    """The module, run once, with the classes that it shares with its earlier release."""
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None  # noqa: S101 (a .py file has a loader)
    module = importlib.util.module_from_spec(spec)
    _install(name, module)
    shared = old.shared(tree)
    vars(module)[SHARED] = shared
    try:
        exec(compile(_with(shared, tree), str(file), "exec", dont_inherit=True), vars(module))  # noqa: S102 (the app's own code)
    except (Exception, SystemExit) as why:  # a supervision edge: the author's code runs here
        raise import_fault(why, file) from why
    del vars(module)[SHARED]
    return module


SHARED = "__shared__"
"""Where a module finds the classes of its earlier release while it is being loaded."""


def _with(shared: Mapping[str, type], tree: ast.Module) -> ast.Module:
    """The module with the statements that would make those classes taking them instead."""
    body: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in shared:
            taken = ast.parse(f"{node.name} = {SHARED}[{node.name!r}]").body[0]
            for inner in ast.walk(taken):
                ast.copy_location(inner, node)
            body.append(taken)
        else:
            body.append(node)
    return ast.Module(body, tree.type_ignores)


class _Old:
    """An earlier release of a module, and which of its classes the next one can go on using."""

    def __init__(self, module: ModuleType | None, tree: ast.Module) -> None:
        self.module = module
        self.made = _bindings(tree)

    def shared(self, tree: ast.Module) -> dict[str, type]:
        """Its classes that would be made in the same way of the same things."""
        if self.module is None:
            return {}
        ours = _bindings(tree)
        made = (node.name for node in tree.body if isinstance(node, ast.ClassDef))
        had = {name: vars(self.module).get(name) for name in made}
        return {
            name: thing
            for name, thing in had.items()
            if isinstance(thing, type)
            and thing.__module__ == self.module.__name__
            and self._is_same(name, ours)
        }

    def _is_same(self, name: str, ours: Mapping[str, list[ast.stmt]]) -> bool:
        """Whether a name means the same in both, down to all that it is made of."""
        seen: set[str] = set()
        ahead = [name]
        while ahead:
            here = ahead.pop()
            if here in seen:
                continue
            seen.add(here)
            theirs, own = self.made.get(here, []), ours.get(here, [])
            if not theirs and not own:
                continue  # a builtin, or an attribute of something that is looked at by its name
            if len(theirs) != 1 or len(own) != 1 or ast.dump(theirs[0]) != ast.dump(own[0]):
                return False
            if isinstance(own[0], ast.Import | ast.ImportFrom):
                if not self._imports_the_same(own[0], here):
                    return False
                continue
            ahead += _read(own[0])
        return True

    def _imports_the_same(self, node: ast.Import | ast.ImportFrom, bound: str) -> bool:
        had = vars(self.module).get(bound)
        if isinstance(node, ast.Import):
            return isinstance(had, ModuleType) and sys.modules.get(had.__name__) is had
        thing = next(it.name for it in node.names if (it.asname or it.name) == bound)
        package = getattr(self.module, "__package__", None) or ""
        module = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
        has = getattr(sys.modules.get(module), thing, None)
        return had is has and had is not None


def _read(node: ast.AST) -> list[str]:
    """The names that are looked up in it, its own among them."""
    names = (n for n in ast.walk(node) if isinstance(n, ast.Name))
    return [name.id for name in names if isinstance(name.ctx, ast.Load)]


def _bindings(tree: ast.Module) -> dict[str, list[ast.stmt]]:
    """The statements of a module that bind, change or delete a name of it, by name."""
    found: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for name in dict.fromkeys(_bound(statement)):
            found.setdefault(name, []).append(statement)
    return found


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        return
    called = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name) if called:
                yield name  # whoever is given it may change it
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                yield name  # it is not what its class statement made any more
            case ast.Import(names=names):
                yield from (it.asname or it.name.partition(".")[0] for it in names)
            case ast.ImportFrom(names=names):
                yield from (it.asname or it.name for it in names)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield name


# -- cells -----------------------------------------------------------------------------------------


def _manifests(
    outlines: Mapping[str, _Outline], renewed: Mapping[str, ModuleType]
) -> tuple[Manifest, ...]:
    """The cells among the modules that were loaded anew, judged together with all the others."""
    cells: list[Cell] = []
    for name, outline in outlines.items():
        if name in sys.modules and outline.declares:
            cells += cell_of(sys.modules[name])
    loaded = load_cells(cells, renewed)
    if loaded.faults:
        first, *more = loaded.faults
        raise DefinitionError(first.message, where=first.where, mend=first.mend, more=tuple(more))
    by_module = {manifest.module: manifest for manifest in loaded.manifests}
    return tuple(by_module[name] for name in renewed if name in by_module)


def _file(root: Path, name: str) -> Path:
    path = root.resolve().joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _is_init(root: Path, name: str) -> bool:
    return _file(root, name).name == "__init__.py"
