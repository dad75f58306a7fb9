"""Pieces of code and what they name: each function's own code, and the module's.

Used to see who may hand a definition to whom; only names count, whatever they are bound to.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from monocyte.semdiff.bindings import everything
from monocyte.semdiff.normal.assigned import KNOWN_TO_SWALLOW
from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.scopes import FUNCTIONS

__all__ = ["CATCHING_NAMES", "Chunk", "chunks_of"]

_NAME = re.compile(r"[A-Za-z_][\w.]{0,80}")


@dataclass(slots=True)
class Chunk:
    """One function without the functions inside it, or the code around all functions."""

    name: str
    words: set[str] = field(default_factory=set)
    """Every name and attribute in it; for an imported alias the original, too."""
    calls: set[str] = field(default_factory=set)
    """The names in it that are called."""
    values: set[str] = field(default_factory=set)
    """The names in it that are handed on as values: not called, not looked into, not types."""
    modules: set[str] = field(default_factory=set)
    """Those of the values that may be modules: imported, or looked up."""
    made: set[str] = field(default_factory=set)
    """The names in it whose call's result is handed on: of a class, an instance."""
    attributes: set[tuple[str, str]] = field(default_factory=set)
    """Those of the values that are looked up on something, with the name where that begins."""
    strings: set[str] = field(default_factory=set)
    """The strings in it that may name something."""
    keywords: set[str] = field(default_factory=set)
    """The names in it of arguments that are passed, and marks of what it does.

    `NAME=error` where a name may be another one for an error, `swallows` where a `with` may go on.
    """
    kept: set[str] = field(default_factory=set)
    """The attributes that it sets; of a class, the names that its body assigns."""
    variables: set[str] = field(default_factory=set)
    """For the module's own statements: the module's variables that they share."""
    spans: list[tuple[int, int]] = field(default_factory=list)
    """For the module's own statements and classes: the lines on which they stand."""

    def join(self, other: Chunk) -> None:
        """Take over what another piece names."""
        self.words |= other.words
        self.calls |= other.calls
        self.values |= other.values
        self.made |= other.made
        self.modules |= other.modules
        self.strings |= other.strings
        self.keywords |= other.keywords
        self.kept |= other.kept
        self.variables |= other.variables
        self.spans += other.spans


def chunks_of(facts: ModuleFacts) -> list[Chunk]:
    """The pieces of one module."""
    originals = {
        node.asname: node.name.rpartition(".")[2] for node in facts.kinds[ast.alias] if node.asname
    }
    chunks: list[Chunk] = []
    noted = _NOTED if facts.words.isdisjoint(KNOWN_TO_SWALLOW) else _NOTED_WITH_MANAGERS
    for statement in facts.tree.body:
        chunks += _collect_statement(statement, noted)
    chunks = _joined(chunks)
    bound = facts.origins.keys()
    for chunk in chunks:
        looked_up = {word for root, word in chunk.attributes if root in bound}
        chunk.modules = (chunk.values & bound) | looked_up
        for named in (chunk.words, chunk.calls, chunk.values, chunk.made, chunk.modules):
            named |= {originals[word] for word in named & originals.keys()}
    return chunks


_Noted = Mapping[type[ast.AST], Callable[[Any, "Chunk", bool], None]]
"""What is to be done about each kind of node."""


def _collect_statement(statement: ast.stmt, noted: _Noted) -> Iterator[Chunk]:
    own = Chunk("")
    if isinstance(statement, FUNCTIONS):
        yield from _collect_function(statement, noted)
    elif not _exports(statement):
        own.spans.append((statement.lineno, statement.end_lineno or statement.lineno))
        if isinstance(statement, ast.ClassDef):
            own.kept |= _of_class(statement)
        if not isinstance(statement, ast.ClassDef | ast.Import | ast.ImportFrom):
            stored = (n for n in ast.walk(statement) if isinstance(n, ast.Name))
            own.variables = {n.id for n in stored if isinstance(n.ctx, ast.Store)}
        yield from _collect(statement, own, noted)


def _of_class(node: ast.ClassDef) -> set[str]:
    """The names that a class's body assigns, and those of the classes in it."""
    found: set[str] = set()
    for statement in node.body:
        if isinstance(statement, ast.ClassDef):
            found |= _of_class(statement)
        elif not isinstance(statement, FUNCTIONS):
            stored = (it for it in ast.walk(statement) if isinstance(it, ast.Name))
            found |= {it.id for it in stored if isinstance(it.ctx, ast.Store)}
    return found


def _exports(statement: ast.stmt) -> bool:
    """`__all__ = […]` names much and hands on nothing."""
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id="__all__")])
            | ast.AugAssign(target=ast.Name(id="__all__"))
        ):
            return True
        case _:
            return False


def _joined(chunks: list[Chunk]) -> list[Chunk]:
    """Statements of the module that share a variable are one piece: it carries what they name."""
    variables = {name for chunk in chunks for name in chunk.variables}
    done: list[Chunk] = []
    for chunk in chunks:
        if chunk.name or not chunk.spans:
            done.append(chunk)
            continue
        chunk.variables |= chunk.words & variables
        for other in [d for d in done if not d.name and d.variables & chunk.variables]:
            chunk.join(other)
            done.remove(other)
        done.append(chunk)
    return done


def _collect_function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, noted: _Noted
) -> Iterator[Chunk]:
    inner = Chunk(node.name)
    if _swallows(node):
        inner.keywords.add("swallows")
    if node.decorator_list:
        inner.values.add(node.name)  # its decorators are handed it
    yield from _collect(node, inner, noted)


def _swallows(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a `with` over it may go on after an error: as `__exit__`, or around a `yield`."""
    if node.name in {"__exit__", "__aexit__"}:
        values = [it.value for it in ast.walk(node) if isinstance(it, ast.Return)]
        return any(not isinstance(it, ast.Constant) or it.value for it in values if it is not None)
    guarded = (it for it in ast.walk(node) if isinstance(it, (*_TRIES, ast.With, ast.AsyncWith)))
    return bool(node.decorator_list) and any(
        _goes_on(it)
        for it in guarded
        if any(isinstance(inner, ast.Yield) for part in it.body for inner in ast.walk(part))
    )


_TRIES = (ast.Try, ast.TryStar)


def _goes_on(node: ast.Try | ast.TryStar | ast.With | ast.AsyncWith) -> bool:
    """Whether what stands around a `yield` may keep an error that comes from there."""
    if isinstance(node, ast.With | ast.AsyncWith):
        names = (
            getattr(it, "attr", getattr(it, "id", "")) for w in node.items for it in ast.walk(w)
        )
        return not KNOWN_TO_SWALLOW.isdisjoint(names)
    parts = [node.finalbody, *(handler.body for handler in node.handlers)]
    leaves = (ast.Return, ast.Break, ast.Continue)
    if any(isinstance(inner, leaves) for part in parts for it in part for inner in ast.walk(it)):
        return True
    return not all(isinstance(handler.body[-1], ast.Raise) for handler in node.handlers)


def _collect(node: ast.AST, chunk: Chunk, noted: _Noted) -> Iterator[Chunk]:
    todo: list[tuple[ast.AST, bool]] = [(node, False)]
    while todo:
        node, used = todo.pop()
        kind: Any = node.__class__
        note = noted.get(kind)
        if note is not None:
            note(node, chunk, used)
        for name, consumed in _fields(kind):
            value = getattr(node, name, None)
            if value.__class__ is list:
                for child in value:
                    if isinstance(child, FUNCTIONS):
                        yield from _collect_function(child, noted)
                    elif isinstance(child, ast.AST):
                        todo.append((child, consumed))
            elif isinstance(value, ast.AST):  # no function: these stand in lists
                todo.append((value, consumed))
    yield chunk


@cache
def _fields(kind: Any) -> tuple[tuple[str, bool], ...]:
    """The fields of a node that hold nodes, and whether it uses these up on the spot."""
    consumed = _CONSUMED.get(kind, ())
    return tuple((name, name in consumed) for name in kind._fields if name not in _PLAIN)


def _name(node: ast.Name, chunk: Chunk, used: bool) -> None:
    chunk.words.add(node.id)
    if not used:
        chunk.values.add(node.id)


def _attribute(node: ast.Attribute, chunk: Chunk, used: bool) -> None:
    chunk.words.add(node.attr)
    if isinstance(node.ctx, ast.Store):
        chunk.kept.add(node.attr)
    if not used:
        chunk.values.add(node.attr)
        chunk.attributes.add((_root(node), node.attr))


def _call(node: ast.Call, chunk: Chunk, used: bool) -> None:
    match node.func:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            chunk.calls.add(word)
            if not used:
                chunk.made.add(word)


def _constant(node: ast.Constant, chunk: Chunk, _used: bool) -> None:
    if isinstance(node.value, str) and _NAME.fullmatch(node.value):
        chunk.strings.update((node.value, node.value.rpartition(".")[2]))


def _keyword(node: ast.keyword, chunk: Chunk, _used: bool) -> None:
    if node.arg is not None:
        chunk.keywords.add(node.arg)


def _renamed(node: ast.Assign | ast.AnnAssign | ast.NamedExpr, chunk: Chunk) -> None:
    """Names by which something goes that may have another one."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if isinstance(node.value, ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.IfExp):
        for it in targets:
            if isinstance(it, ast.Name | ast.Attribute):
                chunk.keywords.add(f"{it.id if isinstance(it, ast.Name) else it.attr}=renamed")


def _assigned(node: ast.Assign | ast.AnnAssign | ast.NamedExpr, chunk: Chunk, _used: bool) -> None:
    """Names that may be a further name for one of the errors that catch all or a missing name."""
    _renamed(node, chunk)
    value = node.value
    if value is None or not any(
        isinstance(it, (ast.Call, ast.Subscript)) or getattr(it, "id", "") in CATCHING_NAMES
        for it in everything(value)
    ):
        return
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for it in (it for target in targets for it in ast.walk(target)):
        if isinstance(it, ast.Name | ast.Attribute):
            chunk.keywords.add(f"{it.id if isinstance(it, ast.Name) else it.attr}=error")


def _alias(node: ast.alias, chunk: Chunk, _used: bool) -> None:
    if node.asname:
        chunk.keywords.add(f"{node.asname}=renamed")
        chunk.kept.add(node.asname)
        chunk.values.add(node.name.rpartition(".")[2])
    if node.asname and node.name in CATCHING_NAMES:
        chunk.keywords.add(f"{node.asname}=error")
    if node.asname and node.name in KNOWN_TO_SWALLOW:
        chunk.keywords.add("swallows")


def _kept_manager(node: ast.Assign | ast.AnnAssign | ast.Return, chunk: Chunk, _used: bool) -> None:
    """A manager that swallows, and goes by another name from here on."""
    if node.value is not None and any(
        getattr(it, "attr", getattr(it, "id", "")) in KNOWN_TO_SWALLOW
        for it in everything(node.value)
    ):
        chunk.keywords.add("swallows")


CATCHING_NAMES = frozenset({"Exception", "BaseException", "NameError", "UnboundLocalError"})
"""Errors that catch a missing name."""

_NOTED: _Noted = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Constant: _constant,
    ast.keyword: _keyword,
    ast.Assign: _assigned,
    ast.AnnAssign: _assigned,
    ast.NamedExpr: _assigned,
    ast.alias: _alias,
}


def _assigned_manager(node: ast.Assign | ast.AnnAssign, chunk: Chunk, used: bool) -> None:
    _assigned(node, chunk, used)
    _kept_manager(node, chunk, used)


_NOTED_WITH_MANAGERS: _Noted = {
    **_NOTED,
    ast.Assign: _assigned_manager,
    ast.AnnAssign: _assigned_manager,
    ast.Return: _kept_manager,
}
"""The same for a module that has a word for a manager that swallows."""


def _root(node: ast.expr) -> str:
    """The name with which a chain of attributes begins."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


_PLAIN = frozenset({"ctx", "op", "ops", "id", "attr", "kind", "type_comment", "level", "module"})
"""Fields that hold no nodes in which anything is named."""

_CONSUMED: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Expr: ("value",),
    ast.Call: ("func",),
    ast.Attribute: ("value",),
    ast.arg: ("annotation",),
    ast.FunctionDef: ("returns", "decorator_list"),
    ast.AsyncFunctionDef: ("returns", "decorator_list"),
    ast.AnnAssign: ("annotation", "target"),
    ast.Assign: ("targets",),
    ast.ExceptHandler: ("type",),
    ast.ClassDef: ("bases", "decorator_list"),
    ast.Raise: ("exc",),
    ast.Compare: ("left", "comparators"),
}
"""The fields whose value goes no further: calling, looking inside, raising, comparing, typing."""
