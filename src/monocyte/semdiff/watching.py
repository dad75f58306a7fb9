"""Who may look at whom across the modules of one tree, by what they name.

A reader (`guards.py`) in one module sees a definition of another when names lead from one to the
other: the definition is handed to the reader's function or to one that calls it; it calls the
reader, directly or through others; it is called by what is handed; its class derives from the
reader's; or its whole module is handed over, by name or by a string. Only names count, so two
functions of one name are taken for one. What is reached by computed names alone stays unseen.
"""

from __future__ import annotations

import ast
import fnmatch
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from monocyte.semdiff.chunks import Chunk, chunks_of
from monocyte.semdiff.guard_words import BY_OBJECT, CATCHING, CODE_WORDS
from monocyte.semdiff.guards import FRAME_CHANNELS, Channel, Reader
from monocyte.semdiff.normal.facts import ModuleFacts

__all__ = ["Outline", "Subject", "Watchers", "names_file", "outline_of"]

T = TypeVar("T")

_HOPS = 2
"""How many calls may lie between a reader and whoever is seen."""

_ENUMERATORS = frozenset(
    {"dir", "vars", "__dict__", "getmembers", "getmembers_static", "getattr", "getattr_static"}
    | {"attrgetter", "__file__", "getsource", "getsourcelines", "getsourcefile", "getmodule"}
    | {"__subclasses__", "__mro__", "mro", "methodcaller", "walk_packages", "iter_modules"}
    | {"exec", "eval", "compile", "doctest", "pydoc", "help", "docopt", "Fire", "globals", "locals"}
)
"""Words by which the members of an object are reached without being named."""

_MOMENTS = frozenset({Channel.LIFETIME, Channel.DEATHS})
"""What is about values, not about code."""

_OBSERVERS = frozenset(
    {"settrace", "setprofile", "monitoring", "_settraceallthreads", "Profile", "Trace", "cgitb"}
    | {"lineno", "a log record", "findCaller", "tracemalloc", "InteractiveConsole"}
    | {"InteractiveInterpreter", *CATCHING} - {"catch_warnings"}
)
"""Readers that see whatever runs from then on."""

_HOOKS = frozenset({"excepthook", "unraisablehook", "set_exception_handler", "exception_handler"})
"""Where functions are put that see whatever error comes up."""

_CODELESS = frozenset({"module", "class"})
"""What is no function, and has no code object that anybody could be handed."""

_TO_CODE = frozenset({"f_code", "tb_frame", "gi_frame", "cr_frame", "ag_frame"})
"""Ways to a code object, other than by the function that it is of."""

_OF_CALLS = frozenset({"gi_code", "cr_code", "ag_code"})
"""What a function's call gives leads to its code."""

_RECORDERS = frozenset(
    {"Handler", "StreamHandler", "Formatter", "Filter", "addFilter", "LogRecord", "makeLogRecord"}
    | {"setLogRecordFactory", "assertLogs", "catch_warnings", "showwarning", "formatwarning"}
)
"""Words of modules that get hold of such records."""

_SPEAKING = frozenset({"logging", "warnings"})


@dataclass(frozen=True)
class Outline:
    """What one module names; depends on its source alone."""

    chunks: tuple[Chunk, ...]
    around: Mapping[int, tuple[frozenset[str], frozenset[str]]]
    """For the line of each reader the functions it stands in, and the classes around these."""
    bases: Mapping[str, frozenset[str]]
    """The names of each class's bases."""
    globals: frozenset[str]
    """The names that the module binds."""


def outline_of(facts: ModuleFacts, readers: Iterable[Reader]) -> Outline:
    """Collect what one module names."""
    bases: dict[str, set[str]] = defaultdict(set)
    for node in facts.kinds[ast.ClassDef]:
        named = (n for base in node.bases for n in ast.walk(base))
        bases[node.name] |= {_word(n) for n in named} - {""}
    named_nodes = [node for node in facts.nodes if isinstance(node, _NAMED)]
    return Outline(
        tuple(chunks_of(facts)),
        {line: _around(named_nodes, line) for line in {reader.line for reader in readers}},
        {name: frozenset(words) for name, words in bases.items()},
        frozenset(facts.scope.bound),
    )


def _word(node: ast.AST) -> str:
    return getattr(node, "id", "") or getattr(node, "attr", "")


_IMPLICIT = re.compile(r"__\w+__")


_Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _around(nodes: Iterable[_Named], line: int) -> tuple[frozenset[str], frozenset[str]]:
    """The functions and the classes around a line; a method that is called unseen is its class.

    The nodes come outer before inner.
    """
    functions: set[str] = set()
    classes: set[str] = set()
    inner: ast.AST | None = None
    for node in nodes:
        if not node.lineno <= line <= (node.end_lineno or line):
            continue
        if isinstance(node, ast.ClassDef):
            inner = node
            classes.add(node.name)
        elif functions:
            pass  # a function inside another has no name outside
        elif not _IMPLICIT.fullmatch(node.name):
            functions.add(node.name)
        elif isinstance(inner, ast.ClassDef):
            functions.add(inner.name)
    return frozenset(functions), frozenset(classes)


@dataclass(frozen=True)
class Subject:
    """A definition that somebody may look at."""

    path: str
    kind: str
    name: str
    """Its qualified name."""
    module: str
    """The last part of its module's name."""

    @cached_property
    def own(self) -> str:
        """Its bare name; of a module, the module's."""
        if self.kind == "module":
            return self.module
        return self.name.partition("#")[0].rpartition(".")[2]

    @cached_property
    def named(self) -> frozenset[str]:
        """The names by which it is spoken of."""
        return self.classes | {self.own}

    @cached_property
    def classes(self) -> frozenset[str]:
        """The classes by whose instances it can be reached."""
        parts = self.name.partition("#")[0].split(".")
        return frozenset(parts if self.kind == "class" else parts[:-1])


@dataclass(frozen=True)
class Post:
    """Where a reader stands: its functions, the classes around them, and their own code."""

    functions: frozenset[str]
    classes: frozenset[str]
    own: tuple[Chunk, ...]
    """The code in which it stands; for a reader outside all functions the module's own."""
    kept: frozenset[str] = frozenset()
    """The variables and the attributes that its module keeps things in."""

    @cached_property
    def calls(self) -> frozenset[str]:
        """What that code calls."""
        return frozenset(call for chunk in self.own for call in chunk.calls)

    def enumerates(self, reader: Reader) -> bool:
        """Whether that code goes through the members of what it is given, by whatever names."""
        return reader.word in _ENUMERATORS or any(_ENUMERATORS & it.words for it in self.own)


@dataclass(frozen=True)
class Near:
    """The code around a reader: its own, and whose names it or shares variables with it."""

    chunks: frozenset[int]
    handing: frozenset[int]
    """The code that hands the reader on."""


class Mentions:
    """Which pieces of code, by `id`, have a name in which of their sets."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.values = _inverted(chunks, lambda it: it.values)
        self.strings = _inverted(chunks, lambda it: it.strings)
        self.modules = _inverted(chunks, lambda it: it.modules)
        self.made = _inverted(chunks, lambda it: it.made)
        self.calls = _inverted(chunks, lambda it: it.calls)


def _inverted(
    chunks: Sequence[Chunk], names: Callable[[Chunk], Iterable[str]]
) -> Mapping[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for chunk in chunks:
        for name in names(chunk):
            found[name].add(id(chunk))
    return found


class Watchers:
    """All readers of a tree, and the names that lead to them."""

    def __init__(
        self, readers: Mapping[str, list[Reader]], outlines: Callable[[], Mapping[str, Outline]]
    ) -> None:
        """The readers of each module, and how to get all outlines once they are needed."""
        self.readers = readers
        self._outlines = outlines
        self._posts: dict[tuple[str, int], Post] = {}
        self._gives: dict[str, frozenset[int]] = {}
        self._chosen: dict[frozenset[Channel], list[tuple[str, Reader]]] = {}
        self._bearing: dict[frozenset[str], frozenset[str]] = {}
        self._met: dict[frozenset[str], bool] = {}
        self._kepts: dict[str, frozenset[str]] = {}
        self._nears: dict[tuple[frozenset[str], tuple[int, ...], int], Near] = {}
        self._reach: dict[tuple[frozenset[str], bool], frozenset[str]] = {}

    @cached_property
    def outlines(self) -> Mapping[str, Outline]:
        """What each module names."""
        return self._outlines()

    @cached_property
    def chunks(self) -> list[Chunk]:
        """The pieces of code of all modules."""
        return [chunk for outline in self.outlines.values() for chunk in outline.chunks]

    def _post(self, path: str, line: int) -> Post:
        found = self._posts.get((path, line))
        if found is None:
            outline = self.outlines[path]
            functions, classes = outline.around[line]
            own = _own(outline, functions, line)
            found = Post(functions, classes, own, self._kept_in(path))
            self._posts[path, line] = found
        return found

    def _kept_in(self, path: str) -> frozenset[str]:
        found = self._kepts.get(path)
        if found is None:
            found = self._kepts[path] = _kept(self.outlines[path])
        return found

    @cached_property
    def _naming(self) -> dict[str, list[Chunk]]:
        found: dict[str, list[Chunk]] = defaultdict(list)
        for chunk in self.chunks:
            for word in chunk.words:
                found[word].append(chunk)
        return found

    @cached_property
    def _called(self) -> dict[str, list[Chunk]]:
        found: dict[str, list[Chunk]] = defaultdict(list)
        for chunk in self.chunks:
            found[chunk.name].append(chunk)
        return found

    @cached_property
    def _bases(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for outline in self.outlines.values():
            for name, bases in outline.bases.items():
                found[name] = found.get(name, frozenset()) | bases
        return found

    def looking(
        self, subject: Subject, channels: Collection[Channel]
    ) -> Iterator[tuple[str, Reader]]:
        """The readers of these channels that may get hold of a definition, with their files."""
        for path, reader in self._of(frozenset(channels)):
            if self._may_see(path, reader, subject):
                yield path, reader

    def _may_see(self, path: str, reader: Reader, subject: Subject) -> bool:
        post = self._post(path, reader.line)
        if reader.of == "<classes>":
            return subject.kind == "class" and self._is_of(subject, post.classes)
        if reader.of == "<recorded>":
            return self._is_handed_records(post.functions)
        if reader.of.startswith("<called "):
            known = reader.of[8:-1] in subject.named or f"{reader.of[8:-1]}=renamed" in self._said
            return known and self._sees_across(path, reader, subject)
        if reader.of.startswith("<mark "):
            return reader.of[6:-1] in self.outlines[subject.path].globals
        if reader.of:
            return path == subject.path and reader.sees(subject.kind, subject.name)
        return self._sees_across(path, reader, subject)

    def _sees_across(self, path: str, reader: Reader, subject: Subject) -> bool:
        post = self._post(path, reader.line)
        if reader.word in CODE_WORDS and subject.kind in _CODELESS and not self._is_framed(reader):
            return False
        if path == subject.path and (reader.word not in CODE_WORDS or self._is_framed(reader)):
            return self._in_reach(reader, post, subject)
        return self._sees(reader, post, subject)

    def _of(self, channels: frozenset[Channel]) -> list[tuple[str, Reader]]:
        found = self._chosen.get(channels)
        if found is None:
            found = self._chosen[channels] = [
                (path, reader)
                for path, readers in self.readers.items()
                for reader in readers
                if reader.channel in channels and (not reader.needs or self._has(reader.needs))
            ]
        return found

    def _has(self, needs: frozenset[str]) -> bool:
        """Whether the tree mentions all words of one of these."""
        found = self._met.get(needs)
        if found is None:
            found = any(all(word in self._said for word in it.split()) for it in needs)
            self._met[needs] = found
        return found

    @cached_property
    def _said(self) -> frozenset[str]:
        named = _union(it for c in self.chunks for it in (c.words, c.strings, c.keywords))
        quoted = (f'"{it}"' for c in self.chunks for it in c.strings)
        return named.union(chunk.name for chunk in self.chunks).union(quoted)

    def _is_handed_records(self, functions: frozenset[str]) -> bool:
        """Whether who may get records of logs or warnings calls these functions."""
        return not functions.isdisjoint(self._recording)

    @cached_property
    def _recording(self) -> frozenset[str]:
        """All that is named where such records are got."""
        return _union(
            chunk.words
            for outline in self.outlines.values()
            if not all(_RECORDERS.isdisjoint(chunk.words) for chunk in outline.chunks)
            and not all(_SPEAKING.isdisjoint(chunk.words) for chunk in outline.chunks)
            for chunk in outline.chunks
        )

    @cached_property
    def _hooked(self) -> frozenset[str]:
        """Functions that are put where every error passes."""
        hooking = (chunk for chunk in self.chunks if _HOOKS & chunk.words)
        return frozenset(word for chunk in hooking for word in chunk.values)

    def _is_framed(self, reader: Reader) -> bool:
        """Whether it sees what runs, and not only what it is handed."""
        if reader.channel not in FRAME_CHANNELS:
            return False
        return reader.word not in BY_OBJECT or self._leads_to_code

    @cached_property
    def _leads_to_code(self) -> bool:
        return not self._said.isdisjoint(_TO_CODE)

    def _sees(self, reader: Reader, post: Post, subject: Subject) -> bool:
        if reader.word in _OBSERVERS or reader.channel in _MOMENTS:
            return True
        if reader.word.endswith(".py"):
            return names_file(reader.word, subject.path)
        if self._derives(subject, post.classes) or self._is_named(reader, post, subject):
            return True
        return self._is_framed(reader) and (
            bool(post.functions & self._hooked)
            or subject.own in self._spread(post.functions, up=True)
            or subject.own in self._spread(post.calls, up=False)
            or not self._near(post).chunks.isdisjoint(self._giving(subject.own))
            or not self._near(post).handing.isdisjoint(self._by.calls[subject.own])
        )

    def _in_reach(self, reader: Reader, post: Post, subject: Subject) -> bool:
        """Whether a reader of the definition's own module may see it: nearly always.

        Not so a test, whose name nobody calls: it sees what it names, or what that calls names.
        Nor does it see through objects what nobody hands on as one. When a value dies is seen
        by whoever made it, not by whoever gets hold of the code.
        """
        if reader.channel in _MOMENTS:
            return True
        if not post.functions or not all(map(self._is_test, post.functions)):
            return self._is_framed(reader) or self._is_held(reader, post, subject)
        below = self._spread(post.calls, up=False)
        chunks = (*post.own, *(c for name in below for c in self._called.get(name, ())))
        return any(subject.named & chunk.words for chunk in chunks)

    def _is_held(self, reader: Reader, post: Post, subject: Subject) -> bool:
        """Whether anybody hands the definition on at all; else only its name leads to it."""
        if post.enumerates(reader) or subject.kind == "module":
            return True
        if any(subject.own in chunk.words for chunk in post.own):
            return True
        return not self._handed.isdisjoint({subject.own, *subject.classes})

    @cached_property
    def _handed(self) -> frozenset[str]:
        """All that any code hands on, or may name."""
        return _union(it for c in self.chunks for it in (c.values, c.made, c.strings))

    def _is_test(self, function: str) -> bool:
        return function.startswith("test") and function not in self._naming

    # -- ways that lead from one to the other -----------------------------------------------------

    def _derives(self, subject: Subject, classes: frozenset[str]) -> bool:
        """A base class looks at what derives from it."""
        return not self._above_classes(subject.classes).isdisjoint(classes)

    def _above_classes(self, classes: frozenset[str]) -> frozenset[str]:
        """What these derive from."""
        found = self._bearing.get(classes)
        if found is None:
            todo, seen = list(classes), set[str]()
            while todo:
                name = todo.pop()
                if name not in seen:
                    seen.add(name)
                    todo += self._bases.get(name, ())
            found = self._bearing[classes] = frozenset(seen - classes)
        return found

    def _is_of(self, subject: Subject, classes: frozenset[str]) -> bool:
        """A class that looks at its own instances: itself, and what derives from it."""
        return subject.own in classes or self._derives(subject, classes)

    def _is_named(self, reader: Reader, post: Post, subject: Subject) -> bool:
        """Some code names both: the reader, and the definition as a value."""
        if any(subject.own in chunk.words for chunk in post.own):
            return True
        near = self._near(post).chunks
        if subject.kind == "module":
            return self._holds_module(near, subject.own)
        if not near.isdisjoint(self._by.values[subject.own] | self._by.strings[subject.own]):
            return True
        made = subject.kind == "class" or any(_OF_CALLS & it.words for it in post.own)
        if made and not near.isdisjoint(self._by.made[subject.own]):
            return True
        return post.enumerates(reader) and self._hands_owner(near, subject)

    def _holds_module(self, near: frozenset[int], module: str) -> bool:
        return not near.isdisjoint(self._by.modules[module] | self._by.strings[module])

    def _hands_owner(self, near: frozenset[int], subject: Subject) -> bool:
        """Whether a definition's module, its class, or an instance of that is handed on."""
        return self._holds_module(near, subject.module) or any(
            not near.isdisjoint(self._by.values[it] | self._by.made[it]) for it in subject.classes
        )

    def _giving(self, name: str) -> frozenset[int]:
        """The code that hands on what calls a function, directly or through others, or itself."""
        found = self._gives.get(name)
        if found is None:
            callers = self._spread(frozenset({name}), up=True) if name in self._called else ()
            found = _union(self._by.values[it] for it in callers)
            self._gives[name] = found
        return found

    @cached_property
    def _by(self) -> Mentions:
        return Mentions(self.chunks)

    def _near(self, post: Post) -> Near:
        key = post.functions, tuple(map(id, post.own)), id(post.kept)  # kept, so they stay theirs
        found = self._nears.get(key)
        if found is None:
            found = self._nears[key] = self._made_near(post)
        return found

    def _made_near(self, post: Post) -> Near:
        naming = [c for name in post.functions for c in self._naming.get(name, ())]
        chunks = [*post.own, *naming]
        shared = {word for chunk in chunks for word in chunk.words & self._variables.keys()}
        chunks += [c for name in shared for c in self._variables[name]]
        chunks += self._filling(post, naming)
        functions = post.functions
        handing = (
            it
            for it in _once(naming)
            if not (functions.isdisjoint(it.values) and functions.isdisjoint(it.made))
        )
        return Near(frozenset(map(id, chunks)), frozenset(map(id, handing)))

    def _filling(self, post: Post, naming: Iterable[Chunk]) -> Iterator[Chunk]:
        """What may put something where the reader finds it, and who hands that over.

        That is: code that mentions a variable of the reader's module, or an attribute that this
        sets, which the reader mentions, too; whoever names the functions in which it stands; and
        code that sets an attribute which the reader looks up, or which somebody hands to it.
        """
        words = _union(chunk.words for chunk in post.own)
        filling = [c for word in words & post.kept for c in self._naming.get(word, ())]
        yield from filling
        filling = _once(filling)
        for name in {chunk.name for chunk in filling} - {""}:
            yield from self._naming.get(name, ())
        for word in words | _union(chunk.values for chunk in naming):
            yield from self._keeping.get(word, ())

    @cached_property
    def _keeping(self) -> dict[str, list[Chunk]]:
        """The code that sets an attribute, by its name."""
        found: dict[str, list[Chunk]] = defaultdict(list)
        for chunk in self.chunks:
            for name in chunk.kept:
                found[name].append(chunk)
        return found

    @cached_property
    def _variables(self) -> dict[str, list[Chunk]]:
        """The statements of modules by the variables that they bind or use."""
        found: dict[str, list[Chunk]] = defaultdict(list)
        for chunk in self.chunks:
            for name in chunk.variables:
                found[name].append(chunk)
        return found

    def _spread(self, names: frozenset[str], *, up: bool) -> frozenset[str]:
        """The functions that call these (up), or that these call, through at most some others."""
        found = self._reach.get((names, up))
        if found is not None:
            return found
        reached, frontier = set(names), set(names)
        for _ in range(_HOPS):
            ways = self._above if up else self._below
            frontier = set[str]().union(*(ways[it] for it in frontier if it in ways)) - reached
            reached |= frontier
        self._reach[names, up] = frozenset(reached)
        return self._reach[names, up]

    @cached_property
    def _above(self) -> dict[str, set[str]]:
        """The functions that call what has a name."""
        found: dict[str, set[str]] = defaultdict(set)
        for chunk in self.chunks:
            for name in chunk.calls if chunk.name else ():
                found[name].add(chunk.name)
        return found

    @cached_property
    def _below(self) -> dict[str, set[str]]:
        """The functions of the tree that those of a name call."""
        functions = self._called.keys() - {""}
        return {
            name: functions & set[str]().union(*(chunk.calls for chunk in chunks))
            for name, chunks in self._called.items()
        }


def _kept(outline: Outline) -> frozenset[str]:
    return frozenset(w for chunk in outline.chunks for w in chunk.variables | chunk.kept)


def _own(outline: Outline, functions: frozenset[str], line: int) -> tuple[Chunk, ...]:
    """The code of these functions; without any, the statements around the line."""
    if functions:
        return tuple(c for c in outline.chunks if c.name in functions)
    return tuple(c for c in outline.chunks if any(a <= line <= b for a, b in c.spans))


def _once(chunks: Iterable[Chunk]) -> list[Chunk]:
    """Each of these pieces once."""
    return list({id(it): it for it in chunks}.values())


def _union(found: Iterable[Collection[T]]) -> frozenset[T]:
    return frozenset[T]().union(*found)


def names_file(pattern: str, path: str) -> bool:
    """Whether a string that names source files may mean this one."""
    return fnmatch.fnmatch(path.rpartition("/")[2], pattern.rpartition("/")[2])
