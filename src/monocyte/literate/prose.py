"""Prose: every name in backticks means something that is there.

Judged are comments, docstrings, and what declarations say in words. A name is looked up as a reader
would: in the function that the prose stands in, in its class, in the file, among the words of the
cells, among the rules. What holds a character that no name has (`a <= b`, `@lise`, `tea-1`, a path)
is no name, and is not judged. A name that occurs in the code of the file, as an attribute, a
keyword or a text, means that.
"""

from __future__ import annotations

import ast
import builtins
import io
import keyword
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple, get_origin, get_type_hints

from monocyte.cell import PORTS, Journeys, Manifest
from monocyte.literate.findings import Finding, finding

__all__ = ["prose_findings"]

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (*FUNCTIONS, ast.ClassDef)

SPAN = re.compile(r"(?<!`)(`+)(?!`)(?P<text>.+?)(?<!`)\1(?!`)", re.DOTALL)
NAME = re.compile(r"(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)(?P<call>\(.*\))?", re.DOTALL)
RULE_ID = re.compile(r"(?P<prefix>[A-Za-z][\w.-]*)-\d+")
FILES = re.compile(
    r"(?i:cfg|com|css|csv|db|html|ini|js|json|lock|log|md|net|org|pdf|png|py|svg|toml|txt|ya?ml)"
)
"""What paths and hosts end with; no name does that we know of."""

SAID = {
    "rule": ("text",),
    "retired": ("text", "because"),
    "decision": ("instead_of",),
    "runbook": ("when",),
    "waives": ("because",),
}
"""What declarations say in words, by the names of their parameters."""

ALWAYS = frozenset([*keyword.kwlist, *keyword.softkwlist, "self", "cls"])


def prose_findings(it: Manifest | Journeys, manifests: Sequence[Manifest]) -> Iterator[Finding]:
    """Every name in backticks in one file that means nothing; `manifests` are all cells."""
    try:
        source = Path(it.file).read_bytes()
        tree, text = ast.parse(source), _text(source)
    except (OSError, SyntaxError, ValueError):
        return
    names = _Names(it, manifests, tree)
    for passage in sorted(_passages(tree, text), key=lambda it: it.lines[0][0]):
        for name, line in _spans(passage):
            if why := names.dangling(name, passage.scope):
                close = names.close(name, passage.scope)
                mend = "name what is there, or take the backticks away"
                mend = f"did you mean `{close}`? Or {mend}" if close else mend
                yield finding("prose-dangling", it.name, f"{it.file}:{line}", why, mend)


# -- where there is prose --------------------------------------------------------------------------


class _Passage(NamedTuple):
    """Prose that belongs together: its lines with their numbers, and what surrounds it."""

    lines: tuple[tuple[int, str], ...]
    scope: tuple[ast.AST, ...]


def _text(source: bytes) -> str:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    return io.TextIOWrapper(io.BytesIO(source), encoding, newline=None).read()


def _passages(tree: ast.Module, text: str) -> Iterator[_Passage]:
    lines = text.split("\n")
    yield from _strings(tree, lines)
    scopes = [node for node in ast.walk(tree) if isinstance(node, SCOPES)]
    for comment in _comments(text):
        number, first = comment[0]
        if len(comment) == 1 and "`" not in first:
            continue
        around = (it for it in scopes if it.lineno <= number <= (it.end_lineno or 0))
        yield _Passage(tuple(comment), tuple(around))


def _strings(tree: ast.Module, lines: list[str]) -> Iterator[_Passage]:
    """Docstrings, those of fields included, and what declarations say."""
    ahead: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(tree, ())]
    while ahead:
        node, scope = ahead.pop()
        if isinstance(node, ast.Expr) and _is_text(node.value):
            yield _Passage(tuple(_cut(node.value, lines)), scope)
        elif isinstance(node, ast.Call):
            yield from (_Passage(tuple(_cut(it, lines)), scope) for it in _said(node))
        inner = (*scope, node) if isinstance(node, SCOPES) else scope
        ahead += [(child, inner) for child in ast.iter_child_nodes(node)]


def _said(call: ast.Call) -> Iterator[ast.expr]:
    """The texts of a declaration: `cell.rule(…)` and its like."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in SAID:
        given = dict(zip(("id", "text"), call.args, strict=False))
        given |= {it.arg: it.value for it in call.keywords if it.arg}
        yield from (given[it] for it in SAID[call.func.attr] if it in given and _is_text(given[it]))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _cut(node: ast.expr, lines: list[str]) -> Iterator[tuple[int, str]]:
    """The lines of a node, as they are written; columns count bytes."""
    first, last = node.lineno, node.end_lineno or node.lineno
    for number in range(first, last + 1):
        raw = lines[number - 1].encode()
        end = node.end_col_offset if number == last else None
        start = node.col_offset if number == first else 0
        yield number, raw[start:end].decode(errors="replace")


def _comments(text: str) -> Iterator[list[tuple[int, str]]]:
    """Comments; those on lines that follow each other belong together."""
    block: list[tuple[int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            if block and block[-1][0] + 1 != token.start[0]:
                yield block
                block = []
            block.append((token.start[0], token.string.lstrip("#")))
    if block:
        yield block


def _spans(passage: _Passage) -> Iterator[tuple[str, int]]:
    """What stands in backticks and looks like a name, and its line; code in prose is left out."""
    paragraph: list[tuple[int, str]] = []
    fenced = False
    for number, line in (*passage.lines, (0, "")):
        stripped = line.strip()
        fence = stripped.lstrip("\"'rR").startswith("```")
        if stripped and not fence and not fenced and not stripped.startswith((">>>", "...")):
            paragraph.append((number, line))
            continue
        yield from _in_paragraph(paragraph)
        paragraph = []
        fenced = fenced is not fence


def _in_paragraph(paragraph: list[tuple[int, str]]) -> Iterator[tuple[str, int]]:
    whole = "\n".join(line for _, line in paragraph)
    for found in SPAN.finditer(whole):
        text = found["text"].strip()
        name = NAME.fullmatch(text)
        if name is not None:
            yield name["name"], paragraph[whole.count("\n", 0, found.start())][0]
        elif RULE_ID.fullmatch(text):
            yield text, paragraph[whole.count("\n", 0, found.start())][0]


# -- what names mean -------------------------------------------------------------------------------


class _Names:
    """What a name may mean in one file."""

    def __init__(
        self, it: Manifest | Journeys, manifests: Sequence[Manifest], tree: ast.Module
    ) -> None:
        import monocyte  # noqa: PLC0415 (the whole of it, once everything is loaded)

        self.module: dict[str, Any] = vars(sys.modules[it.module])
        self.cells = {manifest.name: manifest for manifest in manifests}
        self.rules = {id for m in manifests for id in (*m.rules, *m.retired)}
        self.prefixes = {found["prefix"] for id in self.rules if (found := RULE_ID.fullmatch(id))}
        self.offered = vars(monocyte)
        self.package = it.module.partition(".")[0]
        words = [w for w in self.module.values() if isinstance(w, type) and _fields(w)]
        self.fields: dict[str, list[Any]] = {}
        for word in words:
            for name, hint in _fields(word).items():
                self.fields.setdefault(name, []).append(hint)
        self.written = frozenset(_written(tree))
        self.ports = {port.name for port in PORTS.values()}

    def dangling(self, name: str, scope: tuple[ast.AST, ...]) -> str:
        """Why a name means nothing; empty if it means something."""
        if name in self.rules:
            return ""
        if found := RULE_ID.fullmatch(name):
            known = found["prefix"] in self.prefixes
            return f"`{name}` means nothing: there is no such rule" if known else ""
        first, *rest = name.split(".")
        if rest and FILES.fullmatch(rest[-1]):
            return ""
        is_known = False
        for thing in self._meanings(first, scope):
            is_known = True
            if _leads(thing, rest):
                return ""
        missing = f"{first} has no {'.'.join(rest)}" if is_known else f"there is no {first} here"
        return f"`{name}` means nothing: {missing}"

    def close(self, name: str, scope: tuple[ast.AST, ...]) -> str:
        """The name that may have been meant; empty if none is like it."""
        if RULE_ID.fullmatch(name):
            return next(iter(get_close_matches(name, sorted(self.rules), 1)), "")
        *path, last = name.split(".")
        candidates: set[str] = set()
        if path:
            for thing in self._meanings(path[0], scope):
                candidates |= {*_members(thing, path[1:])}
        else:
            local = {name for it in scope for name in _local(it)}
            candidates = {*self.module, *self.fields, *self.cells, *self.written, *local}
        likely = get_close_matches(last, sorted(it for it in candidates if it != last), 1)
        return ".".join([*path, likely[0]]) if likely else ""

    def _meanings(self, name: str, scope: tuple[ast.AST, ...]) -> Iterator[Any]:
        """Everything that the first part of a name may stand for."""
        for names in (self.module, vars(builtins), self.offered):
            if name in names:
                yield names[name]
        if name in self.cells:
            yield self.cells[name]
        yield from self.fields.get(name, ())
        is_module = name in sys.stdlib_module_names or name in (self.package, "monocyte")
        if is_module:
            yield sys.modules.get(name, ANYTHING)
        if name in ALWAYS or name in self.written or name in self.ports:
            yield ANYTHING
        for around in scope:  # last, since the whole function is walked
            if name in (local := _local(around)):
                yield self._annotated(local[name])

    def _annotated(self, annotation: ast.expr | None) -> Any:
        """The type of a parameter, if it is a plain name."""
        if isinstance(annotation, ast.Name):
            return self.module.get(annotation.id, ANYTHING)
        return ANYTHING


ANYTHING: Any = object()
"""Something of which no more is known: whatever is said of it may be so."""


def _leads(thing: Any, rest: Sequence[str]) -> bool:
    """Whether a thing has that attribute of an attribute…, as far as can be known."""
    if not rest or thing is ANYTHING:
        return True
    first, *more = rest
    if isinstance(thing, Manifest):
        return first in thing.words and _leads(thing.words[first], more)
    if isinstance(thing, FunctionType):
        return first in thing.__code__.co_varnames or hasattr(thing, first)
    if isinstance(thing, type) and first in _fields(thing):
        return _leads(_fields(thing)[first], more)
    if isinstance(thing, ModuleType) and f"{thing.__name__}.{first}" in sys.modules:
        return _leads(sys.modules[f"{thing.__name__}.{first}"], more)
    if get_origin(thing) is not None:
        return True  # an alias, a union: more is not known
    return hasattr(thing, first) and _leads(getattr(thing, first), more)


def _members(thing: Any, rest: Sequence[str]) -> Iterable[str]:
    """What could be said of a thing, or of an attribute of it."""
    for name in rest:
        thing = _fields(thing).get(name) if isinstance(thing, type) else getattr(thing, name, None)
    if isinstance(thing, Manifest):
        return [*thing.words]
    return [*(_fields(thing) if isinstance(thing, type) else ()), *dir(thing)]


@lru_cache(maxsize=1024)
def _fields(thing: type) -> dict[str, Any]:
    """The annotated fields of a class that is somebody's own, with their types."""
    if not any("__annotations__" in vars(base) for base in thing.__mro__[:-1]):
        return {}
    try:
        return get_type_hints(thing)
    except Exception:  # noqa: BLE001 (annotations are the author's expressions)
        return dict.fromkeys(getattr(thing, "__annotations__", {}), ANYTHING)


def _local(scope: ast.AST) -> dict[str, ast.expr | None]:
    """The names of a function or class, with the annotations of those that have one."""
    found: dict[str, ast.expr | None] = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.arg):
            found[node.arg] = node.annotation
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.setdefault(node.id, None)
        elif isinstance(node, SCOPES) and node is not scope:
            found.setdefault(node.name, None)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= dict.fromkeys(it.asname or it.name for it in node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.setdefault(node.name, None)
    return found


def _written(tree: ast.Module) -> Iterator[str]:
    """Attributes, keywords and short texts of the code: what stands there means that."""
    prose: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            prose |= {id(it) for it in _said(node)}
        elif isinstance(node, ast.Expr):
            prose.add(id(node.value))
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Constant) and id(node) not in prose and _is_text(node):
            yield str(node.value)
