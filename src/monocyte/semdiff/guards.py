"""What may look at things that the normal form ignores; where it does, SAME becomes UNKNOWN.

A *channel* is something a program can see of itself beside its behaviour: documentation, the names
of variables, line numbers… A *reader* is a piece of code that looks at one. Readers are tables of
words, matched as names, attributes, imports, and inside strings (which may be executed); a few
uses that cannot carry the channel into behaviour are told apart, each with its reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from monocyte.semdiff.diagnostics import Diagnostics
from monocyte.semdiff.documentation import Documentation
from monocyte.semdiff.guard_words import (
    CATCHERS,
    DOC_LIBRARIES,
    MODULE_WORDS,
    STRING_CHANNELS,
    STRING_WORDS,
    WORDS,
)
from monocyte.semdiff.listing import Listing
from monocyte.semdiff.namespaces import Namespaces
from monocyte.semdiff.normal.channels import Channel
from monocyte.semdiff.normal.effects import PURE_DECORATORS
from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.readers import FRAME_CHANNELS, Home, Reader
from monocyte.semdiff.scopes import FUNCTIONS
from monocyte.semdiff.shown_errors import shows_error
from monocyte.semdiff.spelled_names import spellings
from monocyte.semdiff.uses import LINE_WORDS, SHAPES, Fate, Shape, is_stderr
from monocyte.semdiff.uses import spelled as _spelled

__all__ = [
    "FRAME_CHANNELS",
    "Channel",
    "Home",
    "Reader",
    "readers_of",
]


C = Channel


def readers_of(facts: ModuleFacts) -> list[Reader]:
    """Every reader in a module."""
    return list(_Search(facts).readers())


_HARMLESS_CODE = frozenset(
    {"co_name", "co_qualname", "co_filename", "co_argcount", "co_posonlyargcount"}
    | {"co_kwonlyargcount", "co_flags"}
)
"""What a code object says that no rule of the normal form changes."""


class _Search(Documentation, Namespaces, Diagnostics, Listing):
    """Looks through one module."""

    def __init__(self, facts: ModuleFacts) -> None:
        super().__init__(facts)
        origins = {origin.partition(".")[0] for origin in facts.imported.values()}
        self.documents = bool(origins & DOC_LIBRARIES)

    def readers(self) -> Iterator[Reader]:
        for node in self._telling():
            for reader in self.of_node(node):
                yield replace(reader, home=self.home(node))

    def _telling(self) -> Iterator[ast.AST]:
        """Not most nodes: names that no table holds, and what stands in none."""
        known = self._known
        node: Any
        for node in self.facts.nodes:
            kind = node.__class__
            if kind is ast.Name:
                if node.id in known and node.ctx.__class__ is ast.Load:
                    yield node
            elif kind is ast.Attribute:
                if node.attr in _WATCHED or node.ctx.__class__ is not ast.Load:
                    yield node
            elif kind in _LOOKED_AT:
                yield node

    @cached_property
    def _known(self) -> frozenset[str]:
        """The names that a table holds, and those that may stand for one."""
        return _WATCHED.union(self._renamed, self.facts.origins)

    def of_node(self, node: ast.AST) -> Iterator[Reader]:
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                yield from self.string(node, node.value)
        elif isinstance(node, ast.Attribute | ast.Name | ast.alias):
            yield from self.word(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from self.defined(node)
        elif isinstance(node, ast.Call):
            yield from self.call(node)
        elif isinstance(node, ast.BinOp):
            yield from self.joined(node)
        elif isinstance(node, ast.ExceptHandler):
            needs = shows_error(node, self.classes_and_imports)
            if needs is not None:
                swallows = frozenset(f"{it} swallows" for it in needs) or _SWALLOWS
                yield Reader(C.UNBOUND, "an error's words", node.lineno, "", needs)
                yield Reader(C.SWALLOWED, "an error's words", node.lineno, "", swallows)

    def defined(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    ) -> Iterator[Reader]:
        """A definition that is handed to decorators, cleans up, or is given records."""
        yield from self.decorated(node)
        if _cleans_up(node):
            yield Reader(C.LIFETIME, "a generator's cleanup", node.lineno)
        if node.name == "__del__":
            yield Reader(C.LIFETIME, "__del__", node.lineno)
            yield Reader(C.DEATHS, "__del__", node.lineno)
        if not isinstance(node, ast.ClassDef):
            yield from self.records(node)

    # -- words ------------------------------------------------------------------------------------

    def word(self, node: ast.Attribute | ast.Name | ast.alias) -> Iterator[Reader]:
        if isinstance(node, ast.Attribute | ast.Name) and not isinstance(node.ctx, ast.Load):
            yield from self.replaced(node)
            return
        word = self.word_of(node)
        if word not in _WATCHED:
            return
        if (word == "help" and not self._is_help(node)) or self._is_spoken_of(node):
            return
        channels: Iterable[Channel] = WORDS.get(word, ())
        if word in MODULE_WORDS:
            library, channels = MODULE_WORDS[word]
            channels = channels if self._is_of_library(node, library) else ()
        if word in _MANAGED and self._is_managed(node):
            channels = ()
        if word.startswith("getmembers") and _chooses(self.parents.get(node)):
            channels = ()
        if channels and (self._is_parameter_names(node, word) or self._is_code_copied(node)):
            channels = ()
        if channels:
            yield from self._seen_by(node, word, channels)
        special = _SPECIAL_WORDS.get(word)
        if special is not None and not isinstance(node, ast.alias):
            yield from special(self, node)

    def _seen_by(
        self, node: ast.Attribute | ast.Name | ast.alias, word: str, channels: Iterable[Channel]
    ) -> Iterator[Reader]:
        """What a word reads, without what goes nowhere or to people only."""
        fate = self._fate(node, word)
        rendered = word in SHAPES and SHAPES[word] is Shape.TEXT
        for channel in channels:
            needs = fate if rendered or channel in {C.LINES, C.TEXT} else None
            if needs is None or needs:
                line: int = getattr(node, "lineno", 0)
                yield Reader(channel, word, line, self._mark(node), needs or frozenset())

    def _fate(self, node: ast.AST, word: str) -> Fate:
        """What becomes of what a word gives, where that can be told."""
        if isinstance(node, ast.alias):
            return None
        if word in LINE_WORDS:
            return self.uses.fate(node, Shape.TEXT)
        called, call = node, self.parents.get(node)
        if isinstance(call, ast.Attribute) and word in {"TracebackException", "StackSummary"}:
            called, call = call, self.parents.get(call)
        if not isinstance(call, ast.Call) or call.func is not called:
            return None
        if word.startswith(("print_", "dump_traceback")):
            given = [k.value for k in call.keywords if k.arg == "file"]
            given += call.args if word.startswith("dump") else []
            return CATCHERS["stderr"] if all(map(is_stderr, given)) else None
        shape = SHAPES.get(word)
        return self.uses.fate(call, shape) if shape is not None else None

    def _is_annotation(self, node: ast.AST) -> bool:
        """Whether a name stands where a type does."""
        above = self.parents.get(node)
        while isinstance(above, ast.Attribute | ast.Subscript | ast.BinOp | ast.Tuple):
            node, above = above, self.parents.get(above)
        match above:
            case ast.AnnAssign(annotation=stands) | ast.arg(annotation=stands):
                return stands is node
            case ast.FunctionDef(returns=stands) | ast.AsyncFunctionDef(returns=stands):
                return stands is node
            case _:
                return False

    def _is_spoken_of(self, node: ast.AST) -> bool:
        """Whether a word stands where nothing is read: as a type, in an import."""
        return self._speaks_for_itself(node) or self._is_annotation(node)

    def _speaks_for_itself(self, node: ast.AST) -> bool:
        """An import whose name is used here: each use counts, and the import does not."""
        if not isinstance(node, ast.alias) or (node.asname or node.name) != node.name:
            return False
        return any(node.name in scope.loaded for scope in self.facts.scope.within())

    def _is_help(self, node: ast.AST) -> bool:
        """`help` as the builtin; as an attribute, or bound anywhere here, it is anything."""
        return isinstance(node, ast.Name) and not any(
            node.id in scope.bound for scope in self.facts.scope.within()
        )

    def _is_of_library(self, node: ast.AST, library: str) -> bool:
        """A word that many use for things of their own counts only where it is the library's."""
        root = node.value if isinstance(node, ast.Attribute) else node
        origin = self.facts.origins.get(_spelled(root), "")
        if library not in self.facts.words and not origin.startswith(library):
            return bool(origin) and _spelled(node) not in _COMMON_WORDS
        if _spelled(node) not in _COMMON_WORDS or isinstance(node, ast.alias):
            return True
        bound = isinstance(root, ast.Name) and root.id in self.facts.scope.bound
        unknown = bound and not origin and not self.is_definition(_spelled(root))
        return unknown or origin.partition(".")[0] == library

    def _is_code_copied(self, node: ast.AST) -> bool:
        """`CodeType(code.co_argcount, …)`, `code.replace(co_consts=…)`: another code object."""
        above = self.parents.get(node)
        if isinstance(above, ast.keyword):
            above = self.parents.get(above)
        return (
            isinstance(above, ast.Call)
            and _spelled(node).startswith("co_")
            and (
                _spelled(above.func) == "CodeType"
                or any((k.arg or "").startswith("co_") for k in above.keywords)
            )
        )

    def _mark(self, node: ast.AST) -> str:
        """Of frames that are looked at only if a global of theirs is there: `<mark NAME>`."""
        if not _spelled(node).startswith(("tb_", "f_")):
            return ""
        below, above = node, self.parents.get(node)
        while above is not None and not isinstance(above, FUNCTIONS):
            if isinstance(above, ast.If) and below in above.body:
                mark = self._marks.get(_tested(above.test))
                if mark is not None and not mark.startswith("__name"):
                    return f"<mark {mark}>"
            below, above = above, self.parents.get(above)
        return ""

    @cached_property
    def _marks(self) -> dict[str, str]:
        """Variables that are `frame.f_globals.get("NAME")` and nothing else."""
        found: dict[str, set[str]] = {}
        for node in self.facts.nodes:
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=name)],
                    value=ast.Call(
                        func=ast.Attribute(value=ast.Attribute(attr="f_globals"), attr="get"),
                        args=[ast.Constant(value=str(mark))],
                    ),
                ):
                    found.setdefault(name, set()).add(mark)
                case ast.Name(id=name, ctx=ast.Store()):
                    if not self._is_marked(node):
                        found.setdefault(name, set()).add("")
        return {n: marks.pop() for n, marks in found.items() if len(marks) == 1 and "" not in marks}

    def _is_marked(self, node: ast.Name) -> bool:
        parent = self.parents.get(node)
        return isinstance(parent, ast.Assign) and "f_globals" in _words(parent.value)

    def _is_managed(self, node: ast.AST) -> bool:
        """`with open(…)`: closed by the `with`, whenever it dies."""
        call = self.parents.get(node)
        if not isinstance(call, ast.Call):
            return isinstance(node, ast.alias)
        return isinstance(self.parents.get(call), ast.withitem)

    def _is_parameter_names(self, node: ast.AST, word: str) -> bool:
        """`co_varnames[:co_argcount]`: the parameters, whose names the normal form keeps."""
        parent = self.parents.get(node)
        return (
            word == "co_varnames"
            and isinstance(parent, ast.Subscript)
            and isinstance(parent.slice, ast.Slice)
            and parent.slice.lower is None
            and isinstance(parent.slice.upper, ast.Attribute)
            and parent.slice.upper.attr == "co_argcount"
        )

    # -- who catches diagnostics again ------------------------------------------------------------

    # -- documentation ----------------------------------------------------------------------------

    # -- namespaces -------------------------------------------------------------------------------

    # -- code objects, the file itself ------------------------------------------------------------

    def code(self, node: ast.Attribute | ast.Name) -> Iterator[Reader]:
        """`__code__`: the counts of parameters and the name are the same in equal forms."""
        parent = self.parents.get(node)
        if isinstance(parent, ast.Attribute) and (
            parent.attr in _HARMLESS_CODE or parent.attr in WORDS
        ):
            return
        if isinstance(parent, ast.Compare) or (
            isinstance(parent, ast.Call) and _spelled(parent.func) in {"add", "discard"}
        ):
            return  # which code it is, not what it is
        if isinstance(parent, ast.Assign) and self._is_only_looked_into(parent.targets):
            return
        for channel in (C.CODE, C.LINES, C.NAMES):
            yield Reader(channel, _spelled(node), node.lineno)

    def _is_only_looked_into(self, targets: list[ast.expr]) -> bool:
        """Whether a variable is never used but for its attributes, which count by themselves."""
        names = {t.id for t in targets if isinstance(t, ast.Name)}
        return len(names) == len(targets) and all(
            isinstance(self.parents.get(n), ast.Attribute)
            for n in self.facts.kinds[ast.Name]
            if n.id in names and isinstance(n.ctx, ast.Load)
        )

    def file(self, node: ast.Attribute | ast.Name) -> Iterator[Reader]:
        """`__file__`: finding a neighbour is fine, reading oneself is not."""
        above = self.parents.get(node)
        while above is not None and not isinstance(above, ast.stmt):
            if isinstance(above, ast.Call | ast.Attribute) and _finds_neighbour(above):
                return
            above = self.parents.get(above)
        if not self.facts.words & _FILE_READERS:
            return
        yield from self.of_text("__file__", node)

    def call(self, node: ast.Call) -> Iterator[Reader]:
        """`getattr` with a name put together on the spot, one's own source as a script."""
        name = _spelled(node.func)
        if name in {"getattr", "attrgetter", "__getattribute__"}:
            yield from self.spelled(node, name)
            computed = len(node.args) > 1 and not isinstance(node.args[1], ast.Constant)
            if computed and self.may_be_listed(node):
                for channel in (C.DOCS, C.ANNOTATIONS):
                    yield Reader(channel, name, node.lineno)
        elif name == "open" and any("argv" in _words(a) for a in node.args):
            yield from self.of_text("open", node)
        else:
            yield from self.caught(node, name)

    def spelled(self, node: ast.Call, name: str) -> Iterator[Reader]:
        """`getattr` with a name that is put together from what stands here, or somewhere."""
        found: dict[Channel, frozenset[str]] = {}
        for word, needs in (it for a in node.args for it in spellings(a, _SPELLABLE)):
            for channel in _seen_through(word):
                before = found.get(channel, needs)
                found[channel] = before | needs if before and needs else frozenset()
        for channel, needs in found.items():
            yield Reader(channel, name, node.lineno, "", needs)

    def joined(self, node: ast.BinOp) -> Iterator[Reader]:
        """A string in two pieces."""
        match node:
            case ast.BinOp(
                left=ast.Constant(value=str(one)),
                op=ast.Add(),
                right=ast.Constant(value=str(two)),
            ):
                yield from self.string(node, one + two)

    def string(self, node: ast.Constant | ast.BinOp, text: str) -> Iterator[Reader]:
        if ".py" not in text and not STRING_WORDS.search(text):
            return
        parent = self.parents.get(node)
        if isinstance(parent, ast.Expr) and parent.value is node:
            return  # a docstring, or nothing
        if _SOURCE_NAME.fullmatch(text) and self._reads_files(node):
            yield from self.of_text(text, node)
        if text == "__dict__" and self._is_slot(node):
            return
        if text == "__doc__" and self.is_looked_up_doc(node):
            yield Reader(C.DOCUMENTED, text, node.lineno)
            return
        for match in STRING_WORDS.finditer(text):
            word = next(group for group in match.groups() if group)
            if word == "lineno" and not self._is_log_format(match[0], text):
                continue
            channels = STRING_CHANNELS.get(word) or WORDS.get(word) or (C.CODE,)
            for channel in channels:
                yield Reader(channel, word, node.lineno)

    def _is_slot(self, node: ast.AST) -> bool:
        """`__slots__ = ("__dict__", …)`."""
        around = self.parents.get(node)
        statement = self.parents.get(around) if around is not None else None
        return isinstance(statement, ast.Assign) and _spelled(statement.targets[0]) == "__slots__"

    def _is_log_format(self, found: str, text: str) -> bool:
        """`{lineno}` is a log's only beside other things of logs, or where logs are spoken of."""
        if found.startswith("%") or self.facts.words & {"logging", "dictConfig", "fileConfig"}:
            return True
        if not found.startswith("$") and _LOG_FIELDS.search(text):
            return True
        return any(n.value in {"formatters", "style"} for n in self.facts.kinds[ast.Constant])

    def _reads_files(self, node: ast.AST) -> bool:
        """Whether the function around it, or the module's own code, reads files."""
        around: ast.AST | None = self.parents.get(node)
        while around is not None and not isinstance(around, (*FUNCTIONS, ast.Module)):
            around = self.parents.get(around)
        return around is not None and bool(_words(around) & _FILE_READERS)

    # -- decorators -------------------------------------------------------------------------------

    def decorated(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    ) -> Iterator[Reader]:
        """An unknown decorator is handed the definition, and may look at its annotations."""
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if _spelled(called) in {"setter", "getter", "deleter"}:
                continue
            if self.facts.dotted(called, self.facts.scope) not in PURE_DECORATORS:
                name = self._qualified(node)
                yield Reader(C.ANNOTATIONS, _spelled(called), node.lineno, name)
                if self.documents:
                    yield Reader(C.DOCS, _spelled(called), node.lineno, name)
        if isinstance(node, ast.ClassDef) and node.bases and self.documents:
            yield Reader(C.DOCS, "a base class", node.lineno, self._qualified(node))

    def _qualified(self, node: ast.AST) -> str:
        names: list[str] = []
        above: ast.AST | None = node
        while above is not None:
            if isinstance(above, (*FUNCTIONS, ast.ClassDef)):
                names.append(above.name)
            above = self.parents.get(above)
        return ".".join(reversed(names))


_COMMON_WORDS = frozenset(
    {"stack", "trace", "dis", "lex", "yacc", "finalize", "Profile", "Trace"}
    | {"getmembers", "getmembers_static"}
)
_SWALLOWS = frozenset({"swallows"})
_LOG_FIELDS = re.compile(r"\{(?:levelname|message|asctime|pathname|filename|funcName|module)\b")
_MANAGED = frozenset(
    {"open", "fdopen", "TemporaryFile", "NamedTemporaryFile", "socket", "Popen", "urlopen"}
    | {"TemporaryDirectory", "SpooledTemporaryFile", "ZipFile", "PyZipFile", "TarFile", "GzipFile"}
    | {"BZ2File", "LZMAFile", "FileIO", "popen", "scandir", "Pool", "ThreadPool"}
)
_BY_ANY_NAME = (C.NAMES, C.LINES, C.CODE, C.DOCS, C.ANNOTATIONS)
_FILE_READERS = frozenset(
    {"open", "read_text", "read_bytes", "readlines", "getline", "getlines", "run_path", "tokenize"}
    | {"fileinput", "get_data", "hashlib", "getmtime", "getsize", "stat"}
)
_SOURCE_NAME = re.compile(r"[\w*?./-]*[\w*?]\.py")
"""A string that names source files: `main.py`, `*.py`."""

_SPECIAL_WORDS: dict[str, Callable[[_Search, ast.Attribute | ast.Name], Iterator[Reader]]] = {
    "__doc__": _Search.doc,
    "globals": _Search.namespace,
    "locals": _Search.namespace,
    "vars": _Search.namespace,
    "__dict__": _Search.namespace,
    "__code__": _Search.code,
    "f_code": _Search.code,
    "gi_code": _Search.code,
    "__file__": _Search.file,
    "lineno": _Search.line_number,
}


def _seen_through(word: str) -> Iterable[Channel]:
    """The channels that an attribute of this name looks at."""
    found = WORDS.get(word) or STRING_CHANNELS.get(word) or MODULE_WORDS.get(word, ("", ()))[1]
    return found or _BY_ANY_NAME


def _tested(test: ast.expr) -> str:
    """The variable whose presence is tested: `x`, `x is not None`."""
    match test:
        case ast.Name(id=name):
            return name
        case ast.Compare(
            left=ast.Name(id=name), ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]
        ):
            return name
        case _:
            return ""


def _words(node: ast.AST) -> set[str]:
    return {_spelled(n) for n in ast.walk(node)}


_LOOKED_AT: frozenset[type[ast.AST]] = frozenset(
    {
        *(ast.Constant, ast.alias, ast.Call, ast.BinOp, ast.ExceptHandler),
        *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    }
)
_WATCHED = frozenset({*WORDS, *MODULE_WORDS, *_SPECIAL_WORDS})
_SPELLABLE = _WATCHED | {"f_locals", "co_code"}


def _chooses(call: ast.AST | None) -> bool:
    """`getmembers(x, inspect.isfunction)`: what is documentation is not among them."""
    if not isinstance(call, ast.Call):
        return False
    given = [*call.args[1:], *(k.value for k in call.keywords if k.arg == "predicate")]
    return any(_spelled(it) in _CHOICES for it in given)


_CHOICES = frozenset(
    {
        "isfunction",
        "ismethod",
        "isclass",
        "isroutine",
        "ismodule",
        "isbuiltin",
        "isgeneratorfunction",
    }
    | {"iscoroutinefunction", "isasyncgenfunction"}
)


def _cleans_up(node: ast.AST) -> bool:
    """A generator that does something when it is dropped half-way: `finally`, `with`, `except`."""
    if not node.__dict__.get("generator"):
        return False
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    if any(_spelled(d).endswith("contextmanager") for d in decorators):
        return False  # driven to its end by a `with`
    guarded = (n for n in ast.walk(node) if isinstance(n, ast.Try | ast.With | ast.AsyncWith))
    return any(isinstance(i, ast.Yield | ast.YieldFrom) for n in guarded for i in ast.walk(n))


def _finds_neighbour(node: ast.AST) -> bool:
    """`dirname(__file__)`, `Path(__file__).parent`, `files(…)`."""
    name = node.attr if isinstance(node, ast.Attribute) else _spelled(node.func)  # type: ignore[attr-defined]
    return name in {"dirname", "parent", "parents", "with_name", "split"}
