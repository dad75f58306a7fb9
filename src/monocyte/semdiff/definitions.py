"""The definitions of one module: functions, classes, methods, constants, and the code around them.

Each is written down in normal form (`normal/`), with a fingerprint of its code and its channels.
A module's own code, and a class's, mentions its definitions by name only, so that a change inside
one function is a change of that function and of nothing else.
"""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from types import MappingProxyType

from monocyte.semdiff.dialects import complaint
from monocyte.semdiff.normal.bodies import BLOCK_FIELDS, blocks_of
from monocyte.semdiff.normal.effects import Effects, effects_of, is_plain_class
from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.normal.flows import COMPOUND
from monocyte.semdiff.normal.imports import NO_TREE, Imports
from monocyte.semdiff.normal.order import arrange_body
from monocyte.semdiff.normal.rewriter import Rewriter, RuleSet
from monocyte.semdiff.normal.spelling import SPELLING
from monocyte.semdiff.normal.writer import Writer, Written
from monocyte.semdiff.scopes import FUNCTIONS, Scope, disagreements, inner_scope, resolve_module
from monocyte.semdiff.sources import python_lines
from monocyte.semdiff.verbatim import Words

__all__ = ["FORM", "MODULE_CODE", "Definition", "Definitions", "Unreadable", "parse", "unnumbered"]

FORM = "4"
"""The version of the normal form: it changes whenever a rule writes something in another way."""

MODULE_CODE = "<module>"
"""The name under which a module's own code goes."""


class Unreadable(Exception):
    """Source that this Python cannot parse, or that we and the compiler read differently."""


@dataclass(frozen=True)
class Verbatim:
    """A statement that both sides have word for word: its words are its form."""

    code: Words
    docs: tuple[str | None, ...] = ()
    annotations: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    unbound: tuple[str, ...] = ()
    swallowed: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """How it appears in the text of the body around it."""
        return repr(self.code)


@dataclass(slots=True)
class Definition:
    """One named piece of a module, written down."""

    kind: str
    name: str
    node: ast.AST
    first: int
    last: int
    written: Written | Verbatim
    text: str
    order: tuple[str, ...] = ()
    """For a class or module: the names of its definitions, as they stand in the file."""

    @property
    def fingerprint(self) -> str:
        """What it means as far as its own source tells, to be kept by content: hex digits.

        Equal fingerprints of one `FORM` and one Python are equal code, documentation, annotations
        and names of variables. Guards are no part of it: who looks depends on the tree around.
        """
        written = self.written
        channels = (FORM, written.code, written.docs, written.annotations, written.names)
        return blake2b(repr(channels).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    @property
    def words(self) -> frozenset[str]:
        """Every name and attribute in it; of a module, in its own code only."""
        nodes = [self.node] if not isinstance(self.node, ast.Module) else _own_code(self.node)
        return frozenset(
            n.id if isinstance(n, ast.Name) else n.attr
            for node in nodes
            for n in ast.walk(node)
            if isinstance(n, ast.Name | ast.Attribute)
        )


def unnumbered(name: str) -> str:
    """A definition's name without the numbers of those that a module defines more than once."""
    return re.sub(r"#\d+", "", name)


def parse(data: bytes, path: str) -> ast.Module:
    """Parse source as the interpreter would, coding cookie and all; raises `Unreadable`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is not ours to report
            return ast.parse(data, path)
    except (SyntaxError, ValueError, LookupError) as error:
        raise Unreadable(complaint(data, error)) from error
    except (RecursionError, MemoryError) as error:
        raise Unreadable("it nests too deep to be parsed") from error


def _own_code(module: ast.Module) -> list[ast.stmt]:
    return [s for s in module.body if not isinstance(s, (*FUNCTIONS, ast.ClassDef))]


def _only(body: Iterable[ast.stmt], wanted: frozenset[str], prefix: str = "") -> Iterator[ast.stmt]:
    """The statements that define what is wanted; of a class that is not, its wanted members."""
    for statement in body:
        name = prefix + _root(statement)
        if name in wanted or _holds_any(statement, wanted, prefix):
            yield statement
        elif isinstance(statement, ast.ClassDef) and _leads_to(f"{name}.", wanted):
            statement.body = list(_only(statement.body, wanted, f"{name}."))
            yield statement


def _holds_any(statement: ast.stmt, wanted: frozenset[str], prefix: str) -> bool:
    """Whether an `if`, a `try`… holds what is wanted, or a part of it."""
    names = [prefix + it.name for it in _defined_in(statement)]
    return any(name in wanted or _leads_to(f"{name}.", wanted) for name in names)


def _defined_in(statement: ast.stmt) -> Iterator[_Defining]:
    """The functions and classes in the blocks of an `if`, a `try`…, as they stand in the file."""
    if not isinstance(statement, COMPOUND):
        return
    for owner in (statement, *blocks_of(statement)):
        for field in BLOCK_FIELDS:
            for inner in getattr(owner, field, ()):
                if isinstance(inner, _Defining):
                    yield inner
                elif isinstance(inner, ast.stmt):
                    yield from _defined_in(inner)


_Defining = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _leads_to(prefix: str, wanted: Iterable[str]) -> bool:
    return any(name.startswith(prefix) for name in wanted)


def _root(statement: ast.stmt) -> str:
    """The name under which a statement of a body goes; other code has none."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case _:
            return ""


@dataclass
class _Entry:
    """A statement of a module's or class's body, on its way into the body's own text."""

    node: ast.stmt
    key: str
    facts: ModuleFacts
    scope: Scope

    @cached_property
    def effects(self) -> Effects:
        """What it touches: asked only where order is in question."""
        return effects_of(self.node, self.facts, self.scope)


class Definitions:
    """All definitions of one module, by name, in normal form."""

    def __init__(
        self,
        tree: ast.Module,
        data: bytes,
        rules: Sequence[RuleSet] = (SPELLING,),
        imports: Imports = NO_TREE,
        *,
        wanted: Collection[str] | None = None,
        shared: Mapping[int, Words] = MappingProxyType({}),
    ) -> None:
        self.lines = python_lines(data.decode("utf-8", "surrogateescape"))
        self.tree = tree
        self.scope = resolve_module(tree)
        if wanted is None:
            _check_scopes(self.scope, data)
        self.facts = ModuleFacts(self.scope, imports)
        self.facts.prepare()
        self.flows = any(it.flows for it in rules)
        self.shared = shared
        self.within: Words | None = None
        if wanted is not None:  # it was checked and written as a whole before
            tree.body = list(_only(tree.body, frozenset(wanted)))
        self.found: dict[str, Definition] = {}
        self.body: list[_Entry] = []
        self.apply(rules)

    # -- rewriting --------------------------------------------------------------------------------

    def apply(self, rules: Sequence[RuleSet]) -> None:
        """Apply rules, after those that were applied before, and write everything anew."""
        self._rewrite(rules)
        self.found = {}
        self.body = self._entries(self.tree.body, self.scope, "")

    def _rewrite(self, chosen: Sequence[RuleSet]) -> None:
        for rules in chosen:
            rewriter = Rewriter(self.facts, rules)
            body: list[ast.stmt] = []
            for statement in self.tree.body:
                replaced = self._rewritten(rewriter, statement)
                if isinstance(replaced, list):
                    body += replaced
                elif replaced is not None:
                    body.append(replaced)  # type: ignore[arg-type]
            self.tree.body = body

    def _rewritten(
        self, rewriter: Rewriter, statement: ast.stmt
    ) -> ast.AST | list[ast.stmt] | None:
        return statement if id(statement) in self.shared else rewriter.visit(statement)

    # -- collecting -------------------------------------------------------------------------------

    def _entries(self, body: Sequence[ast.stmt], scope: Scope, prefix: str) -> list[_Entry]:
        return [_Entry(s, self._key(s, scope, prefix), self.facts, scope) for s in body]

    def _key(self, node: ast.stmt, scope: Scope, prefix: str) -> str:
        """How a statement appears in the text of the body around it."""
        if not prefix:
            self.within = self.shared.get(id(node))
        if isinstance(node, COMPOUND):
            apart = {id(it): self._defined(it, scope, prefix) for it in _defined_in(node)}
            return self._write(node, scope, apart).text
        return self._defined(node, scope, prefix)

    def _defined(self, node: ast.stmt, scope: Scope, prefix: str) -> str:
        """A definition by its name; any other statement by its text."""
        if isinstance(node, FUNCTIONS):
            kind = "method" if prefix else "function"
            return self._add(kind, prefix + node.name, node, self._write(node, scope))
        if isinstance(node, ast.ClassDef):
            return self._class(node, scope, prefix)
        if not prefix and isinstance(node, ast.Assign) and len(node.targets) == 1:
            match node.targets[0]:
                case ast.Name(id=name):
                    return self._add("constant", name, node, self._write(node, scope))
        return self._write(node, scope).text

    def _class(self, node: ast.ClassDef, scope: Scope, prefix: str) -> str:
        name = self._free(prefix + node.name)
        entries = self._entries(node.body, inner_scope(node), f"{name}.")
        order = tuple(e.key for e in entries)
        if self.within is not None:
            return self._add("class", name, node, Verbatim(self.within), order)
        if is_plain_class(node, self.facts, scope):
            entries = _arranged(entries, self.facts.imports)
        writer = Writer(self.facts, scope, flows=self.flows)
        writer.class_header(node, [e.key for e in entries])
        return self._add("class", name, node, writer.written(), order)

    def _write(
        self, node: ast.stmt, scope: Scope, apart: Mapping[int, str] = MappingProxyType({})
    ) -> Written | Verbatim:
        if self.within is not None:
            return Verbatim(self.within)
        writer = Writer(self.facts, scope, flows=self.flows)
        writer.apart = apart
        writer.write(node)
        return writer.written()

    def _free(self, name: str) -> str:
        """The name, numbered where the module defines it more than once."""
        number, free = 1, name
        while free in self.found:
            number += 1
            free = f"{name}#{number}"
        return free

    def _add(
        self,
        kind: str,
        name: str,
        node: ast.stmt,
        written: Written | Verbatim,
        order: tuple[str, ...] = (),
    ) -> str:
        name = self._free(name)
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(d.lineno for d in decorators)])
        last = node.end_lineno or node.lineno
        text = "".join(self.lines[first - 1 : last])
        self.found[name] = Definition(kind, name, node, first, last, written, text, order)
        return f"<{kind} {name}>"

    # -- the module's own code --------------------------------------------------------------------

    @property
    def order(self) -> tuple[str, ...]:
        """The module's statements by key, as they stand in the file."""
        return tuple(entry.key for entry in self.body)

    def arranged(self, imports: Imports) -> tuple[str, ...]:
        """The module's statements by key, in the one order that stands for all equal ones."""
        return tuple(entry.key for entry in _arranged(self.body, imports))

    def first_difference(self, other: Definitions) -> int:
        """The line of the first statement of this module's own code that `other` lacks."""
        theirs = set(other.order)
        return next((e.node.lineno for e in self.body if e.key not in theirs), 0)

    def __iter__(self) -> Iterator[Definition]:
        return iter(self.found.values())


def _arranged(entries: list[_Entry], imports: Imports) -> list[_Entry]:
    found = {id(e.node): e for e in entries}
    triples = [(e.node, e.effects, e.key) for e in entries]
    return [found[id(node)] for node, *_ in arrange_body(triples, imports)]


def _check_scopes(scope: Scope, data: bytes) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = symtable.symtable(data, "<diff>", "exec")  # type: ignore[arg-type]
    except (SyntaxError, ValueError, RecursionError) as error:
        raise Unreadable(f"this Python cannot compile it: {error}") from error
    wrong = next(disagreements(scope, table), None)
    if wrong is not None:
        raise Unreadable(f"the compiler and the resolver disagree: {wrong}")
