"""What stands in the cells of a tree, read and never run: which parts there are, and whose.

The judge reads both sides itself: what the change says about its own scenarios, when it runs, is no
evidence. People own words, rules, scenarios, decisions and runbooks, and whatever only these use;
the rest is generated. A file that cannot be told apart so is a fault, and nothing is guessed. Pure
but for reading files.
"""

from __future__ import annotations

import ast
import tomllib
import warnings
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from monocyte.genops.plans.facts import meaning
from monocyte.tables import FILE

__all__ = ["AppText", "CellText", "Part", "Unreadable", "read_app"]

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
WORDS = ("Command", "Query", "Event", "Value")
PROOFS = ("scenario", "decision", "runbook")
BEHAVIOUR = ("handles", "evolves", "reacts", "every", "after", "upcasts")
CALLS = ("rule", "retired", "waives", "picture")

LARGEST = 1_000_000
"""Bytes of a cell; more is no cell."""


class Unreadable(Exception):
    """A tree that cannot be read as an app; the argument says why, `where` says where."""

    def __init__(self, said: str, where: str) -> None:
        super().__init__(said)
        self.where = where


class Part(NamedTuple):
    """One statement of a cell's file, under its name."""

    name: str
    kind: str
    """What it declares (`word`, `rule`, `scenario`, `handles`…), or what it is otherwise."""
    node: ast.stmt
    rule: str = ""
    """The ID, of a rule."""

    @property
    def line(self) -> int:
        """Where it begins, decorators included."""
        first = [it.lineno for it in getattr(self.node, "decorator_list", ())]
        return int(min([self.node.lineno, *first]))

    @property
    def meaning(self) -> str:
        """A digest of what it means."""
        return meaning(self.node)


class CellText:
    """A file that declares a cell, or the journeys of an app, as its text has it."""

    def __init__(self, path: str, module: str, text: bytes) -> None:
        self.path, self.module, self.text = path, module, text
        self.tree = _parsed(text, path)
        self.parts = tuple(_parts(self.tree))

    @cached_property
    def variable(self) -> str:
        """`cell`, or `app` of journeys."""
        return next((it.name for it in self.parts if it.kind == "cell"), "cell")

    @cached_property
    def name(self) -> str:
        """What the cell is called."""
        made = next((it.node for it in self.parts if it.kind == "cell"), None)
        call = getattr(made, "value", None)
        first = call.args[0] if isinstance(call, ast.Call) and call.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return first.value
        raise Unreadable("the name of the cell is no plain text", self.path)

    @property
    def is_journeys(self) -> bool:
        """Whether it declares what holds across cells, and no cell."""
        return self.variable == "app"

    @cached_property
    def by_name(self) -> dict[str, Part]:
        """The parts; of a name that is bound twice the last one, as Python has it."""
        return {it.name: it for it in self.parts}

    @cached_property
    def twice(self) -> tuple[Part, ...]:
        """What binds a name that was bound above it."""
        seen: set[str] = set()
        found = []
        for part in self.parts:
            if part.kind == "import":
                continue
            names = _stores(part.node) or {part.name}
            if names & seen:
                found.append(part)
            seen |= names
        return tuple(found)

    @cached_property
    def rules(self) -> dict[str, Part]:
        """The rules in force by ID."""
        return {it.rule: it for it in self.parts if it.kind == "rule"}

    @cached_property
    def scenarios(self) -> tuple[str, ...]:
        """The names of all scenarios, with their rows; `name[*]` where rows cannot be read."""
        found: list[str] = []
        for part in self.parts:
            if part.kind == "scenario":
                rows = _rows(part.node)
                found += [part.name] if rows is None else [f"{part.name}[{it}]" for it in rows]
        return tuple(found)

    # -- whose it is -------------------------------------------------------------------------------

    @cached_property
    def _homes(self) -> dict[str, str]:
        return {name: it.name for it in self.parts for name in _stores(it.node) or {it.name}}

    @cached_property
    def _reads(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for it in self.parts:
            found.setdefault(it.name, set()).update(
                self._homes.get(name, name) for name in _loads(it.node)
            )
        return found

    def reach(self, names: Iterable[str]) -> set[str]:
        """What these read of the file, directly or not; neither words, rules nor proofs."""
        ends = {it.name for it in self.parts if it.kind in ("word", "rule", *PROOFS)}
        found, ahead = set[str](), [*names]
        while ahead:
            name = ahead.pop()
            if name in self.by_name and name not in found:
                found.add(name)
                ahead += self._reads[name] - ends
        return found

    def _named(self, *kinds: str) -> set[str]:
        return {it.name for it in self.parts if it.kind in kinds}

    @cached_property
    def words(self) -> set[str]:
        """Words, and what they are made of."""
        return self.reach(self._named("word"))

    @cached_property
    def generated(self) -> set[str]:
        """What a model may write: everything that is not people's, nor only used by theirs."""
        ours = self.reach(self._named(*BEHAVIOUR)) - self.words
        theirs = self.reach(self._named(*PROOFS)) - ours
        people = self.words | theirs | self._named("rule", "retired", "waiver", "picture", "cell")
        return {it.name for it in self.parts if it.kind != "import"} - people

    @cached_property
    def sealed(self) -> dict[str, Part]:
        """What people own: words, rules, proofs, and what only those use; by name."""
        kinds = ("picture", "import", "cell")
        return {
            it.name: it
            for it in self.by_name.values()
            if it.name not in self.generated and it.kind not in kinds
        }

    def place(self, node: ast.AST | Part) -> str:
        """file:line within the repository."""
        line = node.line if isinstance(node, Part) else getattr(node, "lineno", 1)
        return f"{self.path}:{line}"


class AppText(NamedTuple):
    """The files of an app that declare something, by path; and what could not be read."""

    package: str
    name: str
    cells: dict[str, CellText]
    journeys: dict[str, CellText]
    faults: tuple[Unreadable, ...]

    @property
    def files(self) -> dict[str, CellText]:
        """Cells and journeys by path."""
        return {**{it.path: it for it in self.cells.values()}, **self.journeys}


def read_app(tree: Path, app: str, settings: Path | None = None) -> AppText:
    """Read the app that lies at `app` in a tree; its package is what `settings` names.

    Raises:
        Unreadable: there is no app.
    """
    root = tree / app
    package, name = _package((settings or root) / FILE)
    folder = root.joinpath(*package.split("."))
    cells: dict[str, CellText] = {}
    journeys: dict[str, CellText] = {}
    faults: list[Unreadable] = []
    for file in _files(folder):
        path = file.relative_to(tree).as_posix()
        module = ".".join([*package.split("."), *file.relative_to(folder).with_suffix("").parts])
        try:
            text = _text(file, path)
            if _declares(_parsed(text, path)):
                found = CellText(path, module.removesuffix(".__init__"), text)
                if found.is_journeys:
                    journeys[path] = found
                else:
                    cells[found.name] = found
        except Unreadable as why:
            faults.append(why)
    return AppText(package, name, cells, journeys, tuple(faults))


def _package(file: Path) -> tuple[str, str]:
    try:
        app = tomllib.loads(file.read_text("utf-8-sig"))["app"]
        package, name = app["cells"], app["name"]
    except (OSError, ValueError, KeyError, TypeError) as why:
        raise Unreadable(f"it says not where the cells are: {why}", file.name) from why
    if not isinstance(package, str) or not isinstance(name, str):
        raise Unreadable("[app] name and cells are texts", file.name)
    return package, name


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return
    yield from sorted(it for it in folder.glob("*.py"))
    for inner in sorted(folder.iterdir()):
        if inner.is_dir() and not inner.is_symlink() and inner.name.isidentifier():
            yield from _files(inner)


def _text(file: Path, path: str) -> bytes:
    if file.is_symlink() or not file.is_file():
        raise Unreadable("it is no plain file", path)
    if file.stat().st_size > LARGEST:
        raise Unreadable(f"it is larger than {LARGEST:,} bytes", path)
    return file.read_bytes()


def _parsed(text: bytes, path: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, path)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as why:
        line = getattr(why, "lineno", None) or 1
        raise Unreadable(f"it is no Python: {why}", f"{path}:{line}") from why


# -- parts -----------------------------------------------------------------------------------------


def _declares(tree: ast.Module) -> bool:
    return any(it.kind == "cell" for it in _parts(tree))


def _parts(tree: ast.Module) -> Iterator[Part]:
    aliases = {
        alias.asname or alias.name: alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    words: set[str] = set()
    for node in tree.body:
        if _is_prose(node):
            continue
        part = _part(node, aliases, words)
        if part.kind == "word":
            words.add(part.name)
        yield part


def _part(node: ast.stmt, aliases: dict[str, str], words: set[str]) -> Part:
    if isinstance(node, FUNCTIONS):
        roles = [role for it in node.decorator_list if (role := _called_on_cell(it))]
        known = [it for it in roles if it in (*PROOFS, *BEHAVIOUR)]
        return Part(node.name, known[0] if known else "function", node)
    if isinstance(node, ast.ClassDef):
        bases = {_base(it) for it in node.bases}
        is_word = bool(bases & words) or any(aliases.get(it, it) in WORDS for it in bases)
        return Part(node.name, "word" if is_word else "class", node)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return Part(f"line `{ast.unparse(node)[:80]}`", "import", node)
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return _assigned(node)
    called = _called_on_cell(node.value) if isinstance(node, ast.Expr) else ""
    if isinstance(node, ast.Expr) and called in CALLS:
        kind = {"waives": "waiver"}.get(called, called)
        rule = _first_text(node.value) if called in ("rule", "retired") else ""
        digest = meaning(node) if called == "waives" else rule
        return Part(f"{kind} {digest}".strip(), kind, node, rule)
    return Part(f"line `{ast.unparse(node).splitlines()[0][:60]}`", "statement", node)


def _assigned(node: ast.Assign | ast.AnnAssign) -> Part:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    name = ", ".join(ast.unparse(it) for it in targets)
    if not all(isinstance(it, (ast.Name, ast.Tuple, ast.List)) for it in targets):
        return Part(f"line `{ast.unparse(node).splitlines()[0][:60]}`", "statement", node)
    value = node.value
    called = _base(value.func) if isinstance(value, ast.Call) else ""
    if called in ("Cell", "App") and name in ("cell", "app"):
        return Part(name, "cell", node)
    if value is not None and _called_on_cell(value) == "rule":
        return Part(name, "rule", node, _first_text(value))
    return Part(name, "value", node)


def _called_on_cell(node: ast.expr) -> str:
    """The method of `cell` or `app` that is named or called; nothing if it is none."""
    node = node.func if isinstance(node, ast.Call) else node
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr if node.value.id in ("cell", "app") else ""
    return ""


def _first_text(node: ast.expr) -> str:
    first = node.args[0] if isinstance(node, ast.Call) and node.args else None
    return str(first.value) if isinstance(first, ast.Constant) else ""


def _base(node: ast.expr) -> str:
    node = node.value if isinstance(node, ast.Subscript) else node
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _rows(node: ast.stmt) -> list[str] | None:
    """The names of a scenario's rows; None if it has none, `*` for those that cannot be read."""
    for decorator in getattr(node, "decorator_list", ()):
        if _called_on_cell(decorator) == "scenario" and isinstance(decorator, ast.Call):
            given = next((it.value for it in decorator.keywords if it.arg == "given"), None)
            if given is not None:
                keys = given.keys if isinstance(given, ast.Dict) else [None]
                return [str(it.value) if isinstance(it, ast.Constant) else "*" for it in keys]
    return None


def _stores(node: ast.stmt) -> set[str]:
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {it.asname or it.name.partition(".")[0] for it in node.names}
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        nodes: list[ast.AST] = [*node.targets] if isinstance(node, ast.Assign) else [node.target]
    else:
        nodes = [node]
    return {name for it in nodes for name in _stored(it)}


def _stored(node: ast.AST) -> Iterator[str]:
    """The names that are bound in it, but for those of comprehensions."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    if not isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        for inner in ast.iter_child_nodes(node):
            yield from _stored(inner)


def _loads(node: ast.AST) -> set[str]:
    inside = (it for it in ast.walk(node) if isinstance(it, ast.Name))
    return {it.id for it in inside if isinstance(it.ctx, ast.Load)}


def _is_prose(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
