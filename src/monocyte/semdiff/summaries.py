"""What one file says about itself: its top-level statements, and the names they mention. Pure.

A summary depends on the file's text alone, so it can be kept by content hash; `impact` puts the
summaries of a program together. A statement is the unit: a function or a class as a whole.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from monocyte.semdiff.bindings import bindings_of, everything
from monocyte.semdiff.sources import python_lines

__all__ = [
    "VERSION",
    "Imported",
    "Known",
    "Summary",
    "Unit",
    "at_words",
    "imported_words",
    "read",
    "summary",
]

VERSION = 2
"""Part of any key under which a summary is kept; another number, another format or meaning."""


class Imported(msgspec.Struct, frozen=True, array_like=True):
    """One name of an import: `from ..a import b as c` is (2, "a", "b", "c")."""

    level: int
    module: str
    name: str
    bound: str


class Unit(msgspec.Struct, frozen=True, array_like=True):
    """A top-level statement."""

    kind: str
    """function, class, constant, import or code."""
    names: tuple[str, ...]
    """What it binds."""
    line: int
    digest: str
    """Of all that it says, places apart."""
    head: str
    """Of what is evaluated when a function is defined: decorators, defaults, annotations."""
    marks: tuple[str, ...]
    """The last names of its decorators: `cell.handles` is `handles`."""
    names_read: tuple[str, ...]
    """Plain names that stand in it."""
    attributes: tuple[str, ...]
    """Attributes, and words in its texts that could be names."""
    first: tuple[str, ...]
    """Names in the annotation of a function's first parameter: what it consumes."""
    imports: tuple[Imported, ...]
    is_dynamic: bool
    """Whether it may reach what it does not name."""
    runs: bool
    """Whether more happens when the module is loaded than that something gets a name."""


class Summary(msgspec.Struct, frozen=True, array_like=True):
    """A file; `error` says why it has no units."""

    units: tuple[Unit, ...] = ()
    error: str = ""


Known = dict[tuple[object, ...], "Unit"]
"""Statements that have been looked at, by their text and by what it is taken for."""


def summary(text: str, known: Known | None = None) -> bytes:
    """The summary of a file's text, to be kept; what is `known` is not looked at again."""
    return msgspec.msgpack.encode(_summed(text, {} if known is None else known))


def read(data: bytes) -> Summary:
    """A summary that has been kept."""
    return msgspec.msgpack.decode(data, type=Summary)


def _summed(text: str, known: Known) -> Summary:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as why:
        return Summary(error=f"{type(why).__name__}: {why}")
    own = {node.name for node in tree.body if isinstance(node, (*FUNCTIONS, ast.ClassDef))}
    lines, calm = python_lines(text), CALM - own
    return Summary(tuple(_known_unit(node, calm, lines, known) for node in tree.body))


def _known_unit(node: ast.stmt, calm: frozenset[str], lines: list[str], known: Known) -> Unit:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(it.lineno for it in decorators)])
    said = "".join(lines[first - 1 : node.end_lineno])
    key = said, node.lineno - first, node.col_offset, node.end_col_offset, calm
    found = known.get(key)
    if found is None:
        found = known[key] = _unit(node, calm)
    return found if found.line == node.lineno else replace(found, line=node.lineno)


def _unit(node: ast.stmt, calm: frozenset[str]) -> Unit:
    inside = list(everything(node))
    kind, names = _bound(node)
    decorators = list(getattr(node, "decorator_list", ()))
    head = _head(node)
    return Unit(
        kind=kind,
        names=names,
        line=node.lineno,
        digest=_digest(ast.dump(node)),
        head=_digest("".join(map(ast.dump, head))) if head else "",
        marks=tuple(_last(it) for it in decorators),
        names_read=tuple(sorted({it.id for it in inside if isinstance(it, ast.Name)})),
        attributes=tuple(sorted({*_attributes(inside), *_quoted(inside)})),
        first=_first(node),
        imports=tuple(_imports(inside)),
        is_dynamic=any(map(_is_dynamic, inside)),
        runs=_runs(node, kind, decorators, calm),
    )


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _bound(node: ast.stmt) -> tuple[str, tuple[str, ...]]:
    if isinstance(node, FUNCTIONS):
        return "function", (node.name,)
    if isinstance(node, ast.ClassDef):
        return "class", (node.name,)
    block = ast.Module(body=[node], type_ignores=[])
    names = tuple(dict.fromkeys(name for name, _ in bindings_of(block)))
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return "import", names
    return ("constant" if isinstance(node, (ast.Assign, ast.AnnAssign)) else "code"), names


def _head(node: ast.stmt) -> list[ast.AST]:
    if isinstance(node, FUNCTIONS):
        return [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    return []


def _last(decorator: ast.expr) -> str:
    named = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(named).rpartition(".")[2]


def _attributes(inside: list[ast.AST]) -> Iterator[str]:
    for node in inside:
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.MatchClass):
            yield from node.kwd_attrs
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            is_prose = len(node.value) > LONGEST or SPACE.search(node.value)
            yield from () if is_prose else WORD.findall(node.value)


WORD = re.compile(r"[^\W\d]\w*")
SPACE = re.compile(r"\s")
LONGEST = 400
"""Characters of a text that may name something. One with a space in it is prose: whoever takes
words out of it and looks for what they name is dynamic, and leads everywhere."""


def _quoted(inside: list[ast.AST]) -> Iterator[str]:
    """Names in annotations that are texts."""
    for node in inside:
        for field in ("annotation", "returns"):
            annotation = getattr(node, field, None)
            for it in everything(annotation) if annotation is not None else ():
                if isinstance(it, ast.Constant) and isinstance(it.value, str):
                    yield from WORD.findall(it.value)


def _first(node: ast.stmt) -> tuple[str, ...]:
    if not isinstance(node, FUNCTIONS):
        return ()
    places = [*node.args.posonlyargs, *node.args.args]
    annotation = places[0].annotation if places else None
    if annotation is None:
        return ()
    found = {it.id for it in everything(annotation) if isinstance(it, ast.Name)}
    found |= {it.attr for it in everything(annotation) if isinstance(it, ast.Attribute)}
    return tuple(sorted(found | {*_quoted([places[0]])}))


def _imports(inside: list[ast.AST]) -> Iterator[Imported]:
    for node in inside:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Imported(0, alias.name, "", alias.asname or alias.name.partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Imported(
                    node.level, node.module or "", alias.name, alias.asname or alias.name
                )


DYNAMIC = frozenset(
    [
        *("eval", "exec", "compile", "__import__", "importlib", "globals", "locals", "modules"),
        *("inspect", "_getframe", "gc", "pickle", "marshal", "ctypes", "linecache", "__dict__"),
        *("__subclasses__", "__globals__", "__code__", "__closure__", "settrace", "setprofile"),
        *("attrgetter", "methodcaller", "pkgutil", "runpy", "__builtins__", "builtins"),
    ]
)
"""Names that lead to what is not named."""

BY_NAME = frozenset({"getattr", "setattr", "delattr", "hasattr"})


def _is_dynamic(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id in DYNAMIC
    if isinstance(node, ast.Attribute):
        return node.attr in DYNAMIC
    if isinstance(node, ast.alias):
        return any(part in DYNAMIC for part in node.name.split("."))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BY_NAME:
        told = node.args[1] if len(node.args) > 1 else None
        return not (isinstance(told, ast.Constant) and isinstance(told.value, str))
    return isinstance(node, ast.Call) and any(
        isinstance(it, ast.Name) and it.id in BY_NAME for it in node.args
    )


LAZY = frozenset({"handles", "evolves", "reacts", "scenario", "decision", "runbook"})
"""Decorators of a cell: what they mark runs when its message comes, or when it is played."""

QUIET = frozenset(
    [
        *("cache", "lru_cache", "contextmanager", "asynccontextmanager", "dataclass", "final"),
        *("overload", "total_ordering", "define", "frozen", "runtime_checkable", "unique"),
    ]
)
"""Decorators that neither run what they mark nor show it to others."""


CALM = frozenset(
    [
        *("timedelta", "datetime", "date", "time", "Decimal", "UUID", "frozenset", "set", "tuple"),
        *("list", "dict", "int", "str", "float", "bool", "bytes", "len", "range", "min", "max"),
        *("Meta", "field", "Field", "NewType", "TypeVar", "namedtuple"),
    ]
)
"""What may be called when a module is loaded, and tells nobody."""


def _runs(node: ast.stmt, kind: str, decorators: list[ast.expr], calm: frozenset[str]) -> bool:
    """Whether loading the module does more than give a name."""
    if kind == "import":
        return False
    if kind == "code":
        return not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    if any(_last(it) not in LAZY | QUIET for it in decorators):
        return True
    if isinstance(node, ast.ClassDef):
        return any(k.arg == "metaclass" for k in node.keywords) or _body_runs(node, calm)
    if isinstance(node, FUNCTIONS):
        args = node.args
        said = [*args.defaults, *args.kw_defaults, *args.args, *args.kwonlyargs, node.returns]
        return any(_calls(it, calm) for it in said if it is not None)
    return _calls(node, calm)


def _body_runs(node: ast.ClassDef, calm: frozenset[str]) -> bool:
    """Whether making a class calls anything, or changes how subclasses are made."""
    for inner in node.body:
        if isinstance(inner, FUNCTIONS):
            odd = any(_last(it) not in QUIET | MILD for it in inner.decorator_list)
            if odd or inner.name in ("__init_subclass__", "__set_name__", "__prepare__"):
                return True
        elif isinstance(inner, (ast.Assign, ast.AnnAssign, ast.Expr, ast.Pass)):
            if _calls(inner, calm):
                return True
        else:
            return True
    return any(_calls(it, calm) for it in node.bases)


MILD = frozenset(
    {"property", "classmethod", "staticmethod", "abstractmethod", "setter", "override"}
)


def _calls(node: ast.AST, calm: frozenset[str]) -> bool:
    found = (it for it in everything(node) if isinstance(it, (ast.Call, ast.Await, ast.NamedExpr)))
    return any(not (isinstance(it, ast.Call) and _last(it.func) in calm) for it in found)


IMPORT = re.compile(r"import\b(?:[^\n(]*\([^)]*\)|(?:[^\n]*\\\n)*[^\n]*)")
FROM = re.compile(r"from\b[\s\\]+([\w.]+)")
"""What stands behind the words of an import, wherever on its line, and the lines it goes on."""
IMPORTERS = (
    "import_module",
    "__import__",
    "find_spec",
    "run_module",
    "resolve_name",
    "entry_points",
)


def imported_words(text: str) -> set[str]:
    """Words in the imports of a file; all of its words, if it imports what it computes."""
    if any(name in text for name in IMPORTERS):
        return {*WORD.findall(text)}
    said = [*(it[0] for it in at_words(IMPORT, text)), *(it[1] for it in at_words(FROM, text))]
    return {word for statement in said for word in WORD.findall(statement)}


def at_words(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Matches that begin with a word; a pattern that says so itself is ten times as slow."""
    found = pattern.search(text)
    while found is not None:
        begins = not WORDLY.match(text, found.start() - 1) if found.start() else True
        if begins:
            yield found
        found = pattern.search(text, found.end() if begins else found.start() + 1)


WORDLY = re.compile(r"\w")
