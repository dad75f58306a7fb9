"""What must be known of every module of a tree, changed or not: a sketch, made of its bytes alone.

A sketch says who reads which channel in a module, what it names, imports and sets on others. It is
made once for each content, on whichever side and in whichever run that is met, so nothing of the
tree around a module may go into it.
"""

from __future__ import annotations

import ast
import builtins
import copy
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, Protocol, TypeGuard, TypeVar

import msgspec

from monocyte.semdiff.definitions import Unreadable, parse
from monocyte.semdiff.guards import Reader, readers_of
from monocyte.semdiff.normal.effects import effects_of, mentions
from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.scopes import FUNCTIONS, resolve_module
from monocyte.semdiff.sources import BadSource, Source
from monocyte.semdiff.watching import Outline, outline_of

__all__ = [
    "Conduct",
    "Imported",
    "Shelf",
    "Sketch",
    "Sketches",
    "facts_of",
    "patched_in",
    "sketched",
]


T = TypeVar("T")


class Imported(msgspec.Struct, frozen=True):
    """One import, as it is written."""

    names: tuple[tuple[str, str], ...]
    """What it names, and what it calls that."""
    module: str = ""
    level: int = 0
    is_from: bool = False

    @property
    def bound(self) -> Iterator[str]:
        """The names that it binds."""
        for name, called in self.names:
            yield called or (name if self.is_from else name.partition(".")[0])


class Conduct(msgspec.Struct, frozen=True):
    """What a module does when it is imported, and what it has to offer."""

    bound: frozenset[str]
    listed: frozenset[str] | None
    """What a star import of it binds, beside what it imports so itself; None if out of sight."""
    lists_all: bool
    """Whether that stands in an `__all__`."""
    imports: tuple[Imported, ...]
    """Those among its own statements."""
    comes_first: bool
    """Whether these stand before whatever does more than bind names."""
    said: frozenset[str]
    """What its statements mention that do more than bind names."""
    derived: frozenset[str]
    """What its classes mention as bases that do nothing more, unless a base takes part."""
    is_loud: bool
    """Whether one of these touches others for sure."""
    is_listening: bool


class Sketch(msgspec.Struct, frozen=True):
    """One module."""

    readers: tuple[Reader, ...]
    outline: Outline
    imports: tuple[Imported, ...]
    """What is imported along with it."""
    spelled: frozenset[str]
    """The names that any import of it says or binds."""


class Shelf(Protocol):
    """Where what was made is kept between runs, by a name that says all that it depends on."""

    def get(self, name: str) -> bytes | None:
        """What is kept under a name, or None."""

    def put(self, name: str, value: bytes) -> None:
        """Keep it."""

    def fetch(self, names: Iterable[str]) -> None:
        """Get all of these at once, for they will be asked for."""


class Sketches:
    """Sketches by content."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        self.shelf = shelf
        self._sketches = _Kind("sketch", Sketch, _sketch, shelf)
        self._conducts = _Kind("conduct", Conduct, _conduct, shelf)
        self._patched = _Kind("patched", frozenset[str], _patched, shelf)

    def of(self, source: Source) -> Sketch | None:
        """The sketch of a file, or None where it cannot be read."""
        return self._sketches.of(source)

    def conduct(self, source: Source) -> Conduct | None:
        """How a file behaves when it is imported, or None where it cannot be read."""
        return self._conducts.of(source)

    def patched(self, source: Source) -> frozenset[str]:
        """Names that a file sets on other objects, by a look at its bytes."""
        return self._patched.of(source) or frozenset()

    def expect(self, sources: Iterable[Source], kind: str = "sketch") -> None:
        """All of these are going to be asked for."""
        if self.shelf:
            self.shelf.fetch(f"{kind} {it}" for it in _digests(sources))


class _Kind(Generic[T]):
    """What is made of a content, once."""

    def __init__(
        self, name: str, kind: type[T], make: Callable[[Source], T | None], shelf: Shelf | None
    ) -> None:
        self.name = name
        self.decoder = msgspec.msgpack.Decoder(kind)
        self.make = make
        self.shelf = shelf
        self.made: dict[str, T | None] = {}

    def of(self, source: Source) -> T | None:
        try:
            digest = source.digest
        except BadSource:
            return None
        if digest not in self.made:
            name = f"{self.name} {digest}"
            self.made[digest] = self._kept(name) or self._keep(name, source)
        return self.made[digest]

    def _kept(self, name: str) -> T | None:
        data = self.shelf.get(name) if self.shelf else None
        try:
            return self.decoder.decode(data) if data else None
        except (msgspec.MsgspecError, ValueError):
            return None

    def _keep(self, name: str, source: Source) -> T | None:
        made = self.make(source)
        if made is not None and self.shelf:
            self.shelf.put(name, _ENCODER.encode(made))
        return made


_ENCODER = msgspec.msgpack.Encoder()


def _digests(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        try:
            yield source.digest
        except BadSource:
            continue


def facts_of(source: Source) -> ModuleFacts | None:
    """The facts of a module by itself, or None where it cannot be read."""
    try:
        facts = ModuleFacts(resolve_module(parse(source.python, source.path)))
    except (BadSource, Unreadable, RecursionError):
        return None
    facts.prepare()
    return facts


def sketched(source: Source) -> bytes:
    """The sketch of a file, to be kept; nothing where it cannot be read."""
    made = _sketch(source)
    return _ENCODER.encode(made) if made is not None else b""


def _sketch(source: Source) -> Sketch | None:
    facts = facts_of(source)
    if facts is None:
        return None
    readers = readers_of(facts)
    imports = (n for n in _at_import(facts.tree) if isinstance(n, ast.Import | ast.ImportFrom))
    return Sketch(
        readers=tuple(readers),
        outline=outline_of(facts, readers),
        imports=tuple(_imported(it) for it in imports),
        spelled=frozenset(_spelled(facts)),
    )


def _imported(node: ast.Import | ast.ImportFrom) -> Imported:
    names = tuple((alias.name, alias.asname or "") for alias in node.names)
    if isinstance(node, ast.Import):
        return Imported(names)
    return Imported(names, node.module or "", node.level, is_from=True)


def _spelled(facts: ModuleFacts) -> Iterator[str]:
    for node in facts.kinds[ast.alias]:
        yield from (it for it in (node.asname, node.name.rpartition(".")[2]) if it)


# -- what happens on import -----------------------------------------------------------------------


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a module that run when it is imported: no bodies of functions, no types only."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTIONS, ast.Lambda, ast.expr)):
            continue
        if isinstance(child, ast.If) and _is_for_types(child):
            for statement in child.orelse:
                yield from _at_import(statement)
            continue
        yield from _at_import(child)


def _is_for_types(node: ast.If) -> bool:
    attributes = {n.attr for n in ast.walk(node.test) if isinstance(n, ast.Attribute)}
    return "TYPE_CHECKING" in mentions(node.test) | attributes


_TALKATIVE = frozenset(
    {"print", "input", "open", "exec", "eval", "setattr", "delattr", "breakpoint"}
)


def _conduct(source: Source) -> Conduct | None:
    facts = facts_of(source)
    if facts is None:
        return None
    body = facts.tree.body
    leaves = [leaf for it in body for leaf in _leaves(it, facts)]
    doing = [it for it in leaves if not effects_of(it, facts, facts.scope).inert]
    deriving = [it for it in doing if _only_derives(it, facts)]
    acting = [it for it in doing if it not in deriving]
    said = [mentions(it) for it in acting]
    imports = [it for it in body if isinstance(it, ast.Import | ast.ImportFrom)]
    return Conduct(
        bound=frozenset(facts.scope.bound),
        listed=_star_names(facts),
        lists_all="__all__" in facts.scope.bound,
        imports=tuple(map(_imported, imports)),
        comes_first=all(it.lineno < min(_lines(doing)) for it in imports),
        said=frozenset[str]().union(*said),
        derived=frozenset[str]().union(*(mentions(base) for it in deriving for base in it.bases)),
        is_loud=any(
            words & _TALKATIVE or not _only_binds(it)
            for it, words in zip(acting, said, strict=True)
        ),
        is_listening=any(
            not isinstance(it, (*FUNCTIONS, ast.ClassDef)) for it in _looking_around(acting, facts)
        ),
    )


def _looking_around(acting: Iterable[ast.stmt], facts: ModuleFacts) -> Iterator[ast.stmt]:
    """Those that do not make something of builtins, and of what was made so before, alone."""
    alone = set(dir(builtins)) - _TALKATIVE - facts.scope.bound
    for it in acting:
        value = it.value if isinstance(it, ast.Assign | ast.AnnAssign) else None
        fed = value is not None and (mentions(value) <= alone or _asks_the_platform(value, facts))
        targets = it.targets if isinstance(it, ast.Assign) else [getattr(it, "target", None)]
        names = [t.id for t in targets if isinstance(t, ast.Name)]
        if fed and len(names) == len(targets):
            alone |= {name for name in names if facts.scope.stored.get(name) == 1}
        else:
            yield it


def _lines(statements: Iterable[ast.stmt]) -> list[int]:
    return [1 << 30, *(it.lineno for it in statements)]


def _leaves(statement: ast.stmt, facts: ModuleFacts) -> Iterator[ast.stmt]:
    """What may run of a statement: a branch, or an attempt, does nothing by itself."""
    match statement:
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=last) if all(
            isinstance(it.type, ast.Name | ast.Tuple | None) for it in handlers
        ):
            inner = [*body, *(s for it in handlers for s in it.body), *orelse, *last]
        case ast.If(test=test, body=body, orelse=orelse) if _asks_the_platform(test, facts):
            inner = [*body, *orelse]
        case ast.Expr(value=ast.Constant()):
            return
        case _:
            yield statement
            return
    for it in inner:
        yield from _leaves(it, facts)


def _asks_the_platform(test: ast.expr, facts: ModuleFacts) -> bool:
    """`sys.version_info >= (3, 9)`, `os.name == "nt"`: nothing that the tree could have set."""
    plain = (ast.Compare, ast.BoolOp, ast.Tuple, ast.Constant, ast.Attribute, ast.Name, ast.UnaryOp)
    other = (ast.cmpop, ast.boolop, ast.unaryop, ast.expr_context, ast.Subscript, ast.Slice)
    if not all(isinstance(n, (*plain, *other)) for n in ast.walk(test)):
        return False
    return all(
        facts.imported.get(n.id, n.id).partition(".")[0] in {"sys", "os", "typing"}
        for n in ast.walk(test)
        if isinstance(n, ast.Name)
    )


def _only_derives(statement: ast.stmt, facts: ModuleFacts) -> TypeGuard[ast.ClassDef]:
    """A class that would run nothing if it had no bases."""
    if not isinstance(statement, ast.ClassDef) or statement.keywords:
        return False
    if not all(isinstance(it, ast.Name | ast.Attribute) for it in statement.bases):
        return False
    bare = copy.copy(statement)
    bare.bases = []
    return effects_of(bare, facts, facts.scope).inert


def _only_binds(statement: ast.stmt) -> bool:
    """An assignment to plain names: what it calls lies outside the tree."""
    return isinstance(
        statement, ast.Assign | ast.AnnAssign | ast.Delete | ast.FunctionDef | ast.ClassDef
    ) and all(isinstance(target, ast.Name) for target in getattr(statement, "targets", []))


def _star_names(facts: ModuleFacts) -> frozenset[str] | None:
    """What a star import of a module binds; None where that is not in sight."""
    own = [it for it in facts.tree.body if isinstance(it, ast.ImportFrom)]
    starred = [n for n in facts.nodes if isinstance(n, ast.alias) and n.name == "*"]
    if len(starred) != sum(it.names[0].name == "*" for it in own) or facts.rebinds_unseen:
        return None
    if "__all__" not in facts.scope.bound:
        bound = facts.scope.bound | facts.global_writers
        return frozenset(n for n in bound if not n.startswith("_"))
    return _listed(facts)


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
                return _plain_strings(listed)
    return None


def _plain_strings(listed: Sequence[ast.expr]) -> frozenset[str] | None:
    names = [getattr(e, "value", None) for e in listed]
    plain = [name for name in names if isinstance(name, str)]
    return frozenset(plain) if len(plain) == len(names) else None


# -- what is set on others ------------------------------------------------------------------------

_PATCHES = (
    (b"=", re.compile(rb"(?<!\bself)(?<!\bcls)\.(\w+)\s*(?:,[^=\n()]*|:[^=\n]*)?=(?!=)")),
    (b"attr", re.compile(rb"(?:set|del)attr\w*\s*\([^)\n]{0,80}?[\"']([\w.]+)[\"']")),
    (b"patch", re.compile(rb"(?:patch|object)\s*\([^)\n]{0,80}?[\"']([\w.]+)[\"']")),
    (b"]", re.compile(rb"\[[\"'](\w+)[\"']\]\s*=(?!=)")),
    (b"__all__", re.compile(rb"(?:\.|import\b[^\n]*\b)(__all__)\s*(?:[-+|]?=(?!=)|[.\[,)\n])")),
)
"""Assignments to attributes and items, and calls of `setattr` and its like; with a quick look."""


_DYNAMIC = re.compile(
    rb"(?:\bsetattr\s*\(\s*(\w+)\s*,\s*(?![\"'])|\bvars\s*\(\s*(\w+)\s*\)\s*[\[.]"
    rb"|\b(\w+)\.__dict__\s*[\[.])"
)
"""Whose names are set, or may be, by names that are not said on the spot."""
_SAID = re.compile(rb"[\"'](\w+)[\"']|\b(\w+)\s*=(?!=)")


def _patched(source: Source) -> frozenset[str] | None:
    try:
        return patched_in(source.python)
    except BadSource:
        return None


def patched_in(data: bytes) -> frozenset[str]:
    """Names that some source sets on other objects, or items."""
    found = {
        match[1] for hint, pattern in _PATCHES if hint in data for match in pattern.finditer(data)
    }
    if _sets_unsaid(data):
        found |= {match[1] or match[2] for match in _SAID.finditer(data)}
    return frozenset(it.decode("utf-8", "replace").rpartition(".")[2] for it in found)


def _sets_unsaid(data: bytes) -> bool:
    """Whether a source may set names of what it imports, said elsewhere in it, or as keywords."""
    if b"setattr" not in data and b"__dict__" not in data and b"vars" not in data:
        return False
    owners = {match[1] or match[2] or match[3] for match in _DYNAMIC.finditer(data)}
    return any(re.search(rb"\bimport\b[^\n]*\b" + re.escape(it) + rb"\b", data) for it in owners)
