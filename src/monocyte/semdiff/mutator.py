"""Break code on purpose, in process: list the mutants of a module, put one into a function.

A mutant is known by its operator and place, in an order that never varies. Putting it in changes
the `__code__` (or the defaults) of the function objects that exist, so whoever holds them (a
decorator, a registry, a bus) runs the mutant without knowing, and runs the original again when it
is taken out. Mutants of what runs at import (decorators, constants, class bodies) have no
function to be put into; `Mutator.source` writes their module. Pure: nothing here runs what it
mutates.
"""

from __future__ import annotations
import __future__

import ast
import gc
import operator
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import reduce
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import msgspec

from monocyte.semdiff.operators import OPERATORS, Operator

__all__ = ["Mutant", "Mutator", "fingerprint", "functions_of", "swapped"]


class Mutant(msgspec.Struct, frozen=True):
    """One way to break one place; `number` counts the mutants of its module from 0."""

    number: int
    operator: str
    definition: str
    """Qualified name of the function or class around the place; empty for the module."""
    function: str
    """Qualified name of the function to swap; empty if it acts when the module is imported."""
    file: str
    line: int
    column: int
    old: str
    """What stands there, as source."""
    new: str
    """What stands there in the mutant; empty if nothing does."""
    what: str
    """The change in words."""

    @property
    def where(self) -> str:
        """Where it is: file:line."""
        return f"{self.file}:{self.line}"

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {_short(self.old)} → {_short(self.new)}"


class _Spot(NamedTuple):
    """Where a node stands: in which field of which node, in which statement of the module."""

    parent: ast.AST
    field: str
    position: int | None
    statement: ast.stmt

    def put(self, node: ast.AST) -> None:
        """Let another node stand there."""
        if self.position is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.position] = node


class _Site(NamedTuple):
    """How a mutant is made: what is to stand where."""

    spot: _Spot
    replacement: ast.AST
    original: ast.AST


def _nothing(_: ast.AST) -> bool:
    return False


class Mutator:
    """The mutants of one module's text; raises SyntaxError if it is not Python.

    `only` keeps those whose definition is, or is inside of, one of these qualified names; `lines`
    those on these lines; `operators` those of these names. What is `inert` is left alone, and all
    that stands in it.
    """

    def __init__(
        self,
        source: str,
        file: str = "<mutated>",
        *,
        only: Iterable[str] = (),
        lines: Iterable[int] = (),
        operators: Iterable[str] = (),
        inert: Callable[[ast.AST], bool] = _nothing,
    ) -> None:
        self.file, self._text = file, source
        self._tree = ast.parse(source, file)
        self._flags = _future_flags(self._tree)
        self._only, self._lines = tuple(only), frozenset(lines)
        self._inert = inert
        chosen = frozenset(operators)
        self._table = _by_node([it for it in OPERATORS if not chosen or it.name in chosen])
        self._sites: list[_Site] = []
        self.mutants: list[Mutant] = []
        for position, statement in enumerate(self._tree.body):
            if not _is_text(statement):
                self._visit(statement, _Spot(self._tree, "body", position, statement), "", "")

    def code(self, mutant: Mutant) -> CodeType:
        """The code of the mutant's function; raises ValueError if it has none."""
        return self._compiled(mutant, mutant.function)

    def original(self, function: str) -> CodeType:
        """The code of a function of the module as it is written."""
        for statement in self._tree.body:
            code = _find(self._compile(statement), function)
            if code is not None:
                return code
        raise ValueError(f"{self.file} has no function {function}")

    def source(self, mutant: Mutant) -> str:
        """The module's text with the mutant in it; lines above it keep their numbers."""
        site = self._sites[mutant.number]
        with _mutated(site):
            wanted = ast.dump(self._tree)
        spliced = _spliced(self._text, site)
        with suppress(SyntaxError, ValueError):
            if spliced is not None and ast.dump(ast.parse(spliced)) == wanted:
                return spliced
        with _mutated(site):
            return ast.unparse(self._tree)

    def defaults(self, mutant: Mutant) -> dict[str, Any]:
        """For a mutant of a default: parameter name to the new default, where it is a constant."""
        site = self._sites[mutant.number]
        if not isinstance(site.replacement, ast.arguments) or mutant.definition != mutant.function:
            return {}  # the default of a local function is in the code of the outer one
        arguments = site.replacement
        positional = [*arguments.posonlyargs, *arguments.args]
        pairs = [*zip(positional[::-1], arguments.defaults[::-1], strict=False)]
        pairs += [
            (arg, value)
            for arg, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if value is not None
        ]
        return {arg.arg: it.value for arg, it in pairs if isinstance(it, ast.Constant)}

    def around(self, mutant: Mutant) -> tuple[str, str]:
        """What stands there and what does in the mutant, each with what is around it.

        `8` says little by itself; `timedelta(hours=8)` does. A statement stands for itself.
        """
        site = self._sites[mutant.number]
        outer = self._outer(site)
        if outer is None:
            return mutant.old, mutant.new
        old = _shown(outer)
        with _mutated(site):
            return old, _shown(outer)

    def _outer(self, site: _Site) -> ast.AST | None:
        """The expression, or else the simple statement, right around a constant."""
        parents = {
            id(child): node
            for node in (ast.walk(site.spot.statement) if _is_small(site.original) else ())
            for child in ast.iter_child_nodes(node)
        }
        outer = parents.get(id(site.original))
        while isinstance(outer, ast.keyword | ast.Slice | ast.UnaryOp):
            outer = parents.get(id(outer))
        return (
            outer if isinstance(outer, ast.expr | ast.Assign | ast.AugAssign | ast.Return) else None
        )

    @contextmanager
    def swap(self, mutant: Mutant, functions: Iterable[FunctionType]) -> Iterator[None]:
        """Within, these functions are the mutant; raises ValueError if it is in no function."""
        with swapped(functions, self.code(mutant), self.defaults(mutant)):
            yield

    # -- listing -------------------------------------------------------------------------------

    def _visit(self, node: ast.AST, spot: _Spot, definition: str, function: str) -> None:
        """List the mutants of a node, then those inside of it, as they stand in the text."""
        if _is_inert(node) or self._inert(node):
            return
        for made in self._table.get(type(node), ()):
            for variant in made.variants(node):
                self._add(made, node, spot, _acting(made, definition, function), variant)
        for field, value in ast.iter_fields(node):
            if field not in INERT_FIELDS:
                inside = self._inside(node, field, definition, function)
                for i, item in enumerate(value) if isinstance(value, list) else ((None, value),):
                    if isinstance(item, ast.AST) and not _is_covered(node, field, item):
                        self._visit(item, _Spot(node, field, i, spot.statement), *inside)

    def _inside(self, node: ast.AST, field: str, definition: str, function: str) -> tuple[str, str]:
        """In which definition, and in which function to swap, a field of a node stands."""
        if not isinstance(node, DEFINITIONS):
            return definition, function
        name = _joined(definition, node.name, is_local=bool(function))
        if isinstance(node, ast.ClassDef):
            return name, function
        if field == "body":
            return name, function or name  # what is inside a function is swapped with it
        return (name, function) if field == "args" else (definition, function)

    def _add(
        self,
        made: Operator,
        node: ast.AST,
        spot: _Spot,
        where: tuple[str, str],
        variant: tuple[ast.AST | None, str],
    ) -> None:
        (definition, function), (replacement, words) = where, variant
        line = getattr(node, "lineno", 0) or getattr(_first_part(node), "lineno", 0)
        if self._lines and line not in self._lines:
            return
        named = definition
        if isinstance(node, DEFINITIONS):
            named = _joined(definition, node.name, is_local=False)
        if self._only and not any(f"{named}.".startswith(f"{it}.") for it in self._only):
            return
        replacement = replacement or ast.Pass()
        located = _located(replacement, node)
        self._sites.append(_Site(spot, located, node))
        self.mutants.append(
            Mutant(
                number=len(self.mutants),
                operator=made.name,
                definition=named,
                function=function,
                file=self.file,
                line=line,
                column=getattr(node, "col_offset", 0),
                old=_shown(node),
                new=_shown(replacement) if not isinstance(replacement, ast.Pass) else "",
                what=words,
            )
        )

    # -- compiling -----------------------------------------------------------------------------

    def _compiled(self, mutant: Mutant, function: str) -> CodeType:
        site = self._sites[mutant.number]
        if not function:
            raise ValueError(f"no function holds {mutant}")
        with _mutated(site):
            # A replaced statement of the module is its own replacement.
            is_whole = site.spot.parent is self._tree
            top = site.replacement if is_whole else site.spot.statement
            found = _find(self._compile(top), function)
        if found is None:
            raise ValueError(f"{function} is gone in {mutant}")
        return found

    def _compile(self, statement: ast.AST) -> CodeType:
        """Compile one statement of the module alone: names are resolved as in the whole."""
        module = ast.Module([statement], [])  # type: ignore[list-item]
        made: CodeType = compile(module, self.file, "exec", flags=self._flags, dont_inherit=True)
        return made


DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
INERT_FIELDS = frozenset(
    {"annotation", "returns", "type_comment", "ctx", "type_params", "decorator_list"}
)


def _is_inert(node: ast.AST) -> bool:
    """What is only there for checkers and readers, or only runs as a script."""
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal):
        return True
    if isinstance(node, ast.If):
        test = ast.unparse(node.test)
        return test.endswith("TYPE_CHECKING") or test.startswith("__name__ ==")
    if isinstance(node, ast.Assign):
        return any(isinstance(it, ast.Name) and it.id == "__all__" for it in node.targets)
    return type(node).__name__ == "TypeAlias"


def _is_covered(node: ast.AST, field: str, item: ast.AST) -> bool:
    """A docstring, or other text that stands by itself; a default, which has its own operator.

    The text between the braces of an f-string is mostly for people; what is computed in it is not.
    """
    if isinstance(node, ast.JoinedStr):
        return isinstance(item, ast.Constant)
    if field in ("defaults", "kw_defaults"):
        return isinstance(item, ast.Constant)
    return field in ("body", "orelse", "finalbody") and _is_text(item)


def _acting(made: Operator, definition: str, function: str) -> tuple[str, str]:
    """The definition, and the function to swap: decorators act at import, defaults are its own."""
    if made.name == "decorator":
        return definition, ""
    return definition, function or (definition if made.name == "default" else "")


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_small(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant)


def _by_node(operators: Sequence[Operator]) -> dict[type[ast.AST], list[Operator]]:
    table: dict[type[ast.AST], list[Operator]] = {}
    for made in operators:
        for kind in made.nodes:
            table.setdefault(kind, []).append(made)
    return table


def _joined(definition: str, name: str, *, is_local: bool) -> str:
    if not definition:
        return name
    return f"{definition}.<locals>.{name}" if is_local else f"{definition}.{name}"


def _located(replacement: ast.AST, node: ast.AST) -> ast.AST:
    """Give new nodes the place of the old one, so that tracebacks and coverage stay true."""
    if hasattr(node, "lineno") and _has_place(replacement):
        ast.copy_location(replacement, node)
    for child in ast.walk(replacement):
        if _has_place(child) and not hasattr(child, "lineno"):
            source = node if hasattr(node, "lineno") else _first_part(node)
            if source is not None:
                ast.copy_location(child, source)
    return ast.fix_missing_locations(replacement)


def _has_place(node: ast.AST) -> bool:
    """Whether its kind of node has a line at all."""
    return isinstance(node, ast.expr | ast.stmt | ast.excepthandler | ast.arg | ast.keyword)


def _first_part(node: ast.AST) -> ast.AST | None:
    """The first thing inside that has a place: arguments and comprehensions have none."""
    return next((it for it in ast.walk(node) if hasattr(it, "lineno")), None)


@contextmanager
def _mutated(site: _Site) -> Iterator[None]:
    """The tree with the mutant in it; as it was, afterwards."""
    site.spot.put(site.replacement)
    try:
        yield
    finally:
        site.spot.put(site.original)


def _find(code: CodeType, name: str) -> CodeType | None:
    """A code object by qualified name; of several definitions the last, which is the one bound."""
    found = None
    for const in code.co_consts:
        if isinstance(const, CodeType):
            inner = const if const.co_qualname == name else _find(const, name)
            found = inner or found
    return found


def _future_flags(tree: ast.Module) -> int:
    names = [
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for alias in node.names
    ]
    flags = [getattr(__future__, name).compiler_flag for name in names if hasattr(__future__, name)]
    return reduce(operator.or_, flags, 0)


def _spliced(text: str, site: _Site) -> str | None:
    """The text with the new source in the place of the old, if the old one has a place."""
    node = site.original
    if not isinstance(node, ast.expr | ast.stmt) or not node.end_lineno:
        return None
    lines = text.encode().splitlines(keepends=True)  # columns count bytes
    first = node.lineno - 1
    if isinstance(node, DEFINITIONS) and node.decorator_list:
        return None
    head, tail = lines[first][: node.col_offset], lines[node.end_lineno - 1][node.end_col_offset :]
    new = ast.unparse(site.replacement)
    if isinstance(node, ast.expr):
        new = f"({new})"
    elif "\n" in new:
        new = textwrap.indent(new, " " * node.col_offset)[node.col_offset :]
    middle = head + new.encode() + tail
    # Removed lines are made up for, so that what follows keeps its line numbers.
    missing = (node.end_lineno - first) - (new.count("\n") + 1)
    if missing > 0 and isinstance(node, ast.stmt):
        middle += b"\n" * missing
    return b"".join([*lines[:first], middle, *lines[node.end_lineno :]]).decode()


def _shown(node: ast.AST) -> str:
    try:
        return ast.unparse(node)
    except (AttributeError, ValueError):
        return type(node).__name__


def _short(text: str, most: int = 60) -> str:
    line = " ".join(text.split()) or "nothing"
    return line if len(line) <= most else f"{line[: most - 1]}…"


# -- putting a mutant in -----------------------------------------------------------------------


def functions_of(*codes: CodeType) -> list[FunctionType]:
    """Every function object that runs these codes, whoever holds it: wrapped, registered, bound."""
    return [it for it in gc.get_referrers(*codes) if isinstance(it, FunctionType)]


def fingerprint(code: CodeType) -> tuple[Any, ...]:
    """What a code object does, wherever it stands: two mutants with the same one are one."""
    consts = [fingerprint(it) if isinstance(it, CodeType) else repr(it) for it in code.co_consts]
    kinds = (code.co_flags, code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    exceptions = getattr(code, "co_exceptiontable", b"")
    return code.co_code, tuple(consts), names, kinds, exceptions


@contextmanager
def swapped(
    functions: Iterable[FunctionType], code: CodeType, defaults: dict[str, Any] | None = None
) -> Iterator[None]:
    """Within, these functions run that code, and have those defaults; the original, afterwards.

    Raises ValueError if the code closes over other variables than theirs.
    """
    held = list(functions)
    before = [(it.__code__, it.__defaults__, it.__kwdefaults__) for it in held]
    try:
        for function in held:
            function.__code__ = code
            _set_defaults(function, defaults or {})
        yield
    finally:
        for function, (old_code, positional, named) in zip(held, before, strict=True):
            function.__code__ = old_code
            function.__defaults__ = positional
            function.__kwdefaults__ = named


def _set_defaults(function: FunctionType, defaults: dict[str, Any]) -> None:
    if not defaults:
        return
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    old = function.__defaults__ or ()
    having = names[len(names) - len(old) :]
    function.__defaults__ = tuple(
        defaults.get(name, value) for name, value in zip(having, old, strict=True)
    )
    if function.__kwdefaults__:
        function.__kwdefaults__ = {
            name: defaults.get(name, value) for name, value in function.__kwdefaults__.items()
        }
