"""What becomes of something that was read: whether it goes to people only, or nowhere. Pure.

Diagnostics (what is written to stderr, to a log, or given as a warning) are outside what the diff
compares, unless the tree itself catches them again. A value is followed forwards through the
expressions and the local variables of one function; whatever is not understood counts as used.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from monocyte.semdiff.guard_words import CATCHERS, SHOWING_ERRORS
from monocyte.semdiff.normal.facts import FRAME_READERS, ModuleFacts
from monocyte.semdiff.scopes import FUNCTIONS

__all__ = ["LINE_WORDS", "SHAPES", "Fate", "Shape", "Uses", "is_stderr", "spelled"]

Fate = frozenset[str] | None
"""Who may see a value after all: None is anybody, no words nobody, else who catches diagnostics."""

NOBODY: Fate = frozenset()


@dataclass(frozen=True)
class Fields:
    """What an object has that tells no line: its attributes, and its places as a tuple."""

    attributes: frozenset[str]
    places: frozenset[int] = frozenset()


_OF_RECORDS = (
    *("name", "msg", "args", "levelname", "levelno", "pathname", "filename", "module", "funcName"),
    *("created", "msecs", "relativeCreated", "thread", "threadName", "process", "processName"),
    *("taskName", "asctime", "message"),
)


class Shape(Enum):
    """What a reader of frames or of lines gives."""

    TEXT = Fields(frozenset())
    """A line number, a text, a list of texts."""
    SUMMARY = Fields(frozenset({"name", "filename"}), frozenset({0, 2}))
    INFO = Fields(frozenset({"frame", "function", "filename"}), frozenset({0, 1, 3}))
    PLACE = Fields(frozenset({"function", "filename"}), frozenset({0, 2, -1}))
    PAIR = Fields(frozenset({""}), frozenset({0}))
    REPORT = Fields(frozenset({"exc_type", "exc_type_str", "format_exception_only"}))
    """A `TracebackException`."""
    WARNING = Fields(frozenset({"message", "category", "filename", "source"}))
    RECORD = Fields(frozenset({"lineno", "getMessage", *_OF_RECORDS}))
    """A `LogRecord`; its line counts by itself."""
    SUMMARIES = "several of them"
    INFOS = "several of these"
    PAIRS = "several such"
    WARNINGS = "several warnings"


LINE_WORDS = frozenset({"f_lineno", "tb_lineno", "co_firstlineno"})
"""Attributes that are a line number."""

SHAPES = {
    **dict.fromkeys(("stack", "trace", "getinnerframes", "getouterframes"), Shape.INFOS),
    **dict.fromkeys(("extract_stack", "extract_tb", "StackSummary"), Shape.SUMMARIES),
    **dict.fromkeys(("walk_tb", "walk_stack"), Shape.PAIRS),
    **dict.fromkeys(("format_exc", "format_exception", "format_stack", "format_tb"), Shape.TEXT),
    "getline": Shape.TEXT,
    "getlines": Shape.TEXT,
    "getframeinfo": Shape.PLACE,
    "TracebackException": Shape.REPORT,
}
"""What calling a reader by this name gives."""

_ONE_OF = {
    Shape.SUMMARIES: Shape.SUMMARY,
    Shape.INFOS: Shape.INFO,
    Shape.PAIRS: Shape.PAIR,
    Shape.WARNINGS: Shape.WARNING,
    Shape.TEXT: Shape.TEXT,
}

_SAME_THINGS = frozenset({"reversed", "list", "tuple", "iter"})
_TEXT_FUNCTIONS = frozenset(
    {"str", "repr", "format", "indent", "dedent", "escape", "wrap", "fill", "shorten", "int"}
)
_TEXT_METHODS = frozenset(
    {
        "strip",
        "rstrip",
        "lstrip",
        "splitlines",
        "split",
        "rsplit",
        "replace",
        "encode",
        "expandtabs",
    }
    | {"partition", "rpartition", "removesuffix", "removeprefix"}
)
_PASSING_ON = frozenset({"format", "emit", "handle", "filter", "formatMessage"})
_GATHERED = frozenset({"append", "extend"})
_LOGGING = frozenset(
    {"debug", "info", "warning", "warn", "error", "critical", "exception", "log", "fatal"}
)


class Uses:
    """Follows values through one module."""

    def __init__(self, facts: ModuleFacts) -> None:
        self.facts = facts
        self.parents: Mapping[ast.AST, ast.AST] = facts.parents

    def fate(self, node: ast.AST, shape: Shape, seen: frozenset[str] = frozenset()) -> Fate:
        """Who may see a value, or what of it tells a line."""
        above = self.parents.get(node)
        if above is None:
            return None
        if isinstance(above, ast.Expr):
            return NOBODY
        if isinstance(above, ast.Assign | ast.AnnAssign | ast.NamedExpr | ast.AugAssign):
            return self._assigned(above, node, shape, seen)
        if isinstance(above, ast.For | ast.AsyncFor | ast.comprehension) and above.iter is node:
            return self.bound(above.target, _ONE_OF.get(shape), seen)
        if shape is Shape.TEXT:
            return self._text(node, above, seen)
        if shape in _ONE_OF:
            return self._several(node, above, shape, seen)
        return self._one(node, above, shape, seen)

    # -- kinds of values --------------------------------------------------------------------------

    def _text(self, node: ast.AST, above: ast.AST, seen: frozenset[str]) -> Fate:
        match above:
            case ast.FormattedValue() | ast.JoinedStr() | ast.BinOp() | ast.Starred():
                return self.fate(above, Shape.TEXT, seen)
            case ast.ListComp() | ast.GeneratorExp() | ast.Tuple() | ast.List():
                return self.fate(above, Shape.TEXT, seen)
            case ast.Subscript(value=value) if value is node:
                return self.fate(above, Shape.TEXT, seen)
            case ast.Attribute(attr=name) if name in _TEXT_METHODS | _GATHERED:
                call = self.parents.get(above)
                called = isinstance(call, ast.Call) and call.func is above
                return self.fate(call, Shape.TEXT, seen) if call and called else None
            case ast.keyword():
                call = self.parents.get(above)
                return self._given(call, seen) if isinstance(call, ast.Call) else None
            case ast.Call() if above.func is not node:
                return self._given(above, seen)
            case _:
                return None

    def _several(self, node: ast.AST, above: ast.AST, shape: Shape, seen: frozenset[str]) -> Fate:
        match above:
            case ast.Subscript(value=value, slice=ast.Slice()) if value is node:
                return self.fate(above, shape, seen)
            case ast.Subscript(value=value) if value is node:
                return self.fate(above, _ONE_OF[shape], seen)
            case ast.Call(func=ast.Name(id=name)) if name in _SAME_THINGS:
                return self.fate(above, shape, seen)
            case ast.Call(func=ast.Name(id="len")):
                return NOBODY
            case ast.Call(func=ast.Name(id="next")):
                return self.fate(above, _ONE_OF[shape], seen)
            case ast.Call(func=ast.Name(id="enumerate")):
                return self._enumerated(above, shape, seen)
            case _:
                return _tested(node, above)

    def _enumerated(self, call: ast.Call, shape: Shape, seen: frozenset[str]) -> Fate:
        above = self.parents.get(call)
        match above:
            case (
                ast.For(target=ast.Tuple(elts=[_, target]))
                | ast.comprehension(target=ast.Tuple(elts=[_, target]))
            ):
                return self.bound(target, _ONE_OF[shape], seen)
            case _:
                return None

    def _one(self, node: ast.AST, above: ast.AST, shape: Shape, seen: frozenset[str]) -> Fate:
        fields: Fields = shape.value
        if shape is Shape.RECORD:
            return self._record(above)
        match above:
            case ast.Attribute(attr=name) if name in fields.attributes:
                return NOBODY
            case ast.Attribute(attr="lineno" | "line" | "format" | "code_context" | "index"):
                return self._called(above, seen)
            case ast.Attribute(attr="stack") if shape is Shape.REPORT:
                return self.fate(above, Shape.SUMMARIES, seen)
            case ast.Call(func=ast.Name(id="str" | "type" | "isinstance")):
                return NOBODY if shape is Shape.REPORT else None
            case ast.Subscript(value=value, slice=ast.Constant(value=place)) if value is node:
                return NOBODY if place in fields.places else self.fate(above, Shape.TEXT, seen)
            case _:
                return _tested(node, above)

    def _record(self, above: ast.AST) -> Fate:
        """Its own words tell no line; shown as a whole, it does where it was told of an error."""
        match above:
            case ast.Attribute(attr=name) if name in Shape.RECORD.value.attributes:
                return NOBODY
            case ast.Attribute(attr="exc_info" | "exc_text" | "stack_info"):
                return SHOWING_ERRORS
            case ast.Attribute(ctx=ast.Store()):
                return NOBODY
            case ast.Call(func=ast.Attribute(attr=name) as func) if name in _PASSING_ON:
                return SHOWING_ERRORS if self._is_of_logs(func.value) else None
            case _:
                return None

    def _is_of_logs(self, owner: ast.expr) -> bool:
        """`self`, `super()`, `self.formatter`, `logging.Handler`."""
        if isinstance(owner, ast.Call):
            return spelled(owner.func) == "super"
        return spelled(owner) in {"self", "formatter"} or self._root(owner) == "logging"

    def _called(self, node: ast.Attribute, seen: frozenset[str]) -> Fate:
        call = self.parents.get(node)
        if isinstance(call, ast.Call) and call.func is node:
            return self.fate(call, Shape.TEXT, seen)
        return self.fate(node, Shape.TEXT, seen)

    # -- variables --------------------------------------------------------------------------------

    def _assigned(
        self,
        statement: ast.Assign | ast.AnnAssign | ast.NamedExpr | ast.AugAssign,
        node: ast.AST,
        shape: Shape,
        seen: frozenset[str],
    ) -> Fate:
        if statement.value is not node:
            return None
        if isinstance(statement, ast.AugAssign) and not _is_string(node):
            return None  # a list may be somebody else's
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        found = _all(self.bound(target, shape, seen) for target in targets)
        if isinstance(statement, ast.NamedExpr):
            return _all([found, self.fate(statement, shape, seen)])
        return found

    def bound(
        self, target: ast.AST, shape: Shape | None, seen: frozenset[str] = frozenset()
    ) -> Fate:
        """What becomes of what a target is bound to."""
        if shape is None:
            return None
        match target:
            case ast.Name(id=name):
                return self._variable(target, name, shape, seen)
            case ast.Tuple(elts=elements) if _is_unpacked(elements, shape):
                harmless = shape.value.places
                return _all(
                    self.bound(it, Shape.TEXT, seen)
                    for place, it in enumerate(elements)
                    if place not in harmless
                )
            case _:
                return None

    def parameter(self, function: ast.AST, name: str, shape: Shape) -> Fate:
        """What becomes of what a function is given under a name."""
        inside = next(iter(ast.iter_child_nodes(function)))
        return self._variable(inside, name, shape, frozenset())

    def _variable(self, target: ast.AST, name: str, shape: Shape, seen: frozenset[str]) -> Fate:
        """What becomes of a local variable; one that other functions share is anybody's."""
        function = self._function(target)
        if function is None or name in self._shared:
            return None
        if f"{name} {shape.name}" in seen:
            return NOBODY
        inside = seen | {f"{name} {shape.name}"}
        names = [n for n in ast.walk(function) if isinstance(n, ast.Name)]
        if any(n.id in FRAME_READERS for n in names):
            return None
        return _all(
            self.fate(node, shape, inside)
            for node in names
            if node.id == name and isinstance(node.ctx, ast.Load)
        )

    @cached_property
    def _shared(self) -> frozenset[str]:
        declared = (n for n in self.facts.nodes if isinstance(n, ast.Global | ast.Nonlocal))
        return frozenset(name for node in declared for name in node.names)

    def _function(self, node: ast.AST) -> ast.AST | None:
        above = self.parents.get(node)
        while above is not None and not isinstance(above, (*FUNCTIONS, ast.ClassDef)):
            above = self.parents.get(above)
        return above if isinstance(above, FUNCTIONS) else None

    # -- where diagnostics go ---------------------------------------------------------------------

    def _given(self, call: ast.Call, seen: frozenset[str]) -> Fate:
        """A text that is handed to a function."""
        func = call.func
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Constant):
            return self.fate(call, Shape.TEXT, seen)  # a method of a literal: join, format
        if spelled(func) in _TEXT_FUNCTIONS and self._is_libraries(func):
            return self.fate(call, Shape.TEXT, seen)
        if isinstance(func, ast.Attribute) and func.attr in _GATHERED:
            return self._gathered(func, seen)
        return self.sink(call)

    def _gathered(self, func: ast.Attribute, seen: frozenset[str]) -> Fate:
        """`lines.append(text)`: what becomes of the list."""
        if isinstance(func.value, ast.Name) and self._is_made_here(func.value):
            return self._variable(func.value, func.value.id, Shape.TEXT, seen)
        return None

    def _is_made_here(self, name: ast.Name) -> bool:
        """A variable that only ever holds lists that are written down in its function."""
        function = self._function(name)
        if function is None:
            return False
        nodes = list(ast.walk(function))
        if any(isinstance(n, ast.arg) and n.arg == name.id for n in nodes):
            return False
        stores = [
            self.parents.get(n)
            for n in nodes
            if isinstance(n, ast.Name) and n.id == name.id and isinstance(n.ctx, ast.Store)
        ]
        return bool(stores) and all(
            isinstance(s, ast.Assign | ast.AnnAssign) and isinstance(s.value, ast.List)
            for s in stores
        )

    def _is_libraries(self, func: ast.expr) -> bool:
        root = func
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name):
            return False
        known = self.facts.origins.get(root.id, "").partition(".")[0]
        return known in {"textwrap", "html"} or (
            root is func and not any(root.id in s.bound for s in self.facts.scope.within())
        )

    def sink(self, call: ast.Call) -> Fate:
        """Who may see what is handed to this call: those who catch it, if it is a diagnostic."""
        for found, catchers in (
            (self._is_written(call), "stderr"),
            (self._is_logged(call), "logging"),
            (self._is_warning(call), "warnings"),
        ):
            if found:
                return CATCHERS[catchers]
        return None

    def _is_written(self, call: ast.Call) -> bool:
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr in {"write", "writelines"}:
            return is_stderr(func.value)
        if spelled(func) == "print":
            return any(k.arg == "file" and is_stderr(k.value) for k in call.keywords)
        if spelled(func) in {"echo", "secho"} and "click" in self._root(func):
            return any(
                k.arg == "err" and isinstance(k.value, ast.Constant) and k.value.value is True
                for k in call.keywords
            )
        return False

    def _is_warning(self, call: ast.Call) -> bool:
        return spelled(call.func) in {"warn", "warn_explicit"} and self._root(call.func).startswith(
            "warnings"
        )

    def _is_logged(self, call: ast.Call) -> bool:
        func = call.func
        if not isinstance(func, ast.Attribute) or func.attr not in _LOGGING:
            return False
        owner = func.value
        if isinstance(owner, ast.Call):
            return self._is_logger(owner)
        if isinstance(owner, ast.Name) and self._root(func) == "logging":
            return True
        return spelled(owner) in self._loggers

    def _is_logger(self, made: ast.AST | None) -> bool:
        """`logging.getLogger(…)`."""
        return (
            isinstance(made, ast.Call)
            and spelled(made.func) == "getLogger"
            and self._root(made.func) == "logging"
        )

    @cached_property
    def _loggers(self) -> frozenset[str]:
        """Names and attributes that are only ever bound to loggers here."""
        bound: dict[str, bool] = {}
        for node in self.facts.nodes:
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
                value = getattr(self.parents.get(node), "value", None)
                name = spelled(node)
                bound[name] = bound.get(name, True) and self._is_logger(value)
            elif isinstance(node, ast.arg):
                bound[node.arg] = False
        return frozenset(name for name, is_one in bound.items() if is_one)

    def _root(self, func: ast.expr) -> str:
        """The module that a dotted name begins with, as far as imports tell."""
        while isinstance(func, ast.Attribute):
            func = func.value
        return self.facts.origins.get(func.id, "") if isinstance(func, ast.Name) else ""


def _is_unpacked(elements: list[ast.expr], shape: Shape) -> bool:
    """Whether an object is taken apart, each place for itself."""
    starred = any(isinstance(it, ast.Starred) for it in elements)
    return isinstance(shape.value, Fields) and not starred


def _is_string(node: ast.AST) -> bool:
    """An expression that is a string for sure."""
    match node:
        case ast.JoinedStr() | ast.Constant(value=str()):
            return True
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_string(left) or _is_string(right)
        case ast.BinOp(left=left, op=ast.Mod()):
            return _is_string(left)
        case _:
            return False


def _tested(node: ast.AST, above: ast.AST) -> Fate:
    """Whether there is anything at all: `if frames`, `frames is None`."""
    match above:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if test is node:
            return NOBODY
        case ast.UnaryOp(op=ast.Not()):
            return NOBODY
        case ast.Compare(ops=[ast.Is() | ast.IsNot()]):
            return NOBODY
        case _:
            return None


def _all(fates: Iterable[Fate]) -> Fate:
    """Whoever may see any of them."""
    seen: frozenset[str] = frozenset()
    for fate in fates:
        if fate is None:
            return None
        seen |= fate
    return seen


def is_stderr(node: ast.AST) -> bool:
    """`sys.stderr`."""
    return spelled(node) == "stderr"


def spelled(node: ast.AST) -> str:
    """The last word of a name, an attribute, or an import."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    return node.name.rpartition(".")[2] if isinstance(node, ast.alias) else ""
