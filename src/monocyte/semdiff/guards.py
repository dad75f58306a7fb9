"""What may look at things that the normal form ignores; where it does, SAME becomes UNKNOWN.

A *channel* is something a program can see of itself beside its behaviour: documentation, the names
of variables, line numbers… A *reader* is a piece of code that looks at one. Readers are tables of
words, matched as names, attributes, imports, and inside strings (which may be executed); a few
uses that cannot carry the channel into behaviour are told apart, each with its reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from monocyte.semdiff.guard_words import (
    CATCHERS,
    DOC_LIBRARIES,
    MODULE_WORDS,
    SHOWING_ERRORS,
    STRING_CHANNELS,
    STRING_WORDS,
    WORDS,
)
from monocyte.semdiff.normal.channels import Channel
from monocyte.semdiff.normal.effects import PURE_DECORATORS
from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.scopes import BUILTINS, FUNCTIONS, Scope, inner_scope
from monocyte.semdiff.uses import LINE_WORDS, SHAPES, Fate, Shape, Uses, is_stderr
from monocyte.semdiff.uses import spelled as _spelled

__all__ = [
    "FRAME_CHANNELS",
    "Channel",
    "Home",
    "Reader",
    "readers_of",
]


FRAME_CHANNELS = frozenset(
    {Channel.NAMES, Channel.LINES, Channel.CODE, Channel.TEXT, Channel.FRAMES, Channel.UNBOUND}
    | {Channel.SWALLOWED}
)
"""What whoever is called can see of its caller."""


@dataclass(frozen=True)
class Home:
    """The definition in which a reader stands: what behaves differently when it sees another."""

    kind: str = "module"
    name: str = "<module>"
    line: int = 1


@dataclass(frozen=True)
class Reader:
    """A place that looks at a channel."""

    channel: Channel
    word: str
    line: int
    of: str = ""
    """Whose: a definition's name, `<module>`, `<classes>`, or empty for anybody's."""
    needs: frozenset[str] = frozenset()
    """What the tree must mention, one of these at least, for it to count; or nothing."""
    home: Home = Home()

    def sees(self, kind: str, name: str) -> bool:
        """Whether it may be looking at this definition."""
        if not self.of:
            return True
        if self.of == "<classes>":
            return kind == "class"
        plain = name.partition("#")[0]
        return self.of in {name, plain} or plain.startswith(f"{self.of}.")


C = Channel


def readers_of(facts: ModuleFacts) -> list[Reader]:
    """Every reader in a module."""
    return list(_Search(facts).readers())


_HARMLESS_CODE = frozenset(
    {"co_name", "co_qualname", "co_filename", "co_argcount", "co_posonlyargcount"}
    | {"co_kwonlyargcount", "co_flags"}
)
"""What a code object says that no rule of the normal form changes."""


class _Search:
    """Looks through one module, knowing the parent of every node."""

    def __init__(self, facts: ModuleFacts) -> None:
        self.facts = facts
        self.parents = facts.parents
        self.uses = Uses(facts)
        origins = {origin.partition(".")[0] for origin in facts.imported.values()}
        self.documents = bool(origins & DOC_LIBRARIES)

    def readers(self) -> Iterator[Reader]:
        for node in self.facts.nodes:
            for reader in self.of_node(node):
                yield replace(reader, home=self._home(node))

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
            needs = shows_error(node, self._classes_and_imports)
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

    def _home(self, node: ast.AST) -> Home:
        """The definition around a node: what stands at the top, and methods."""
        chain: list[ast.AST] = [node]
        while chain[-1] in self.parents:
            chain.append(self.parents[chain[-1]])
        home = Home()
        for inner in reversed(chain[:-1]):
            match inner:
                case ast.ClassDef(name=name) if home.kind in {"module", "class"}:
                    kind = "class"
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    kind = "method" if home.kind == "class" else "function"
                case ast.Assign(targets=[ast.Name(id=name)]) if home.kind == "module":
                    kind = "constant"
                case _:
                    return home
            name = f"{home.name}.{name}" if home.kind == "class" else name
            home = Home(kind, name, inner.lineno)
            if kind != "class":
                return home
        return home

    # -- words ------------------------------------------------------------------------------------

    def word(self, node: ast.Attribute | ast.Name | ast.alias) -> Iterator[Reader]:
        if isinstance(node, ast.Attribute | ast.Name) and not isinstance(node.ctx, ast.Load):
            yield from self.replaced(node)
            return
        word = self._word(node)
        if (word == "help" and not self._is_help(node)) or self._speaks_for_itself(node):
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
        if self._is_annotation(node):
            return frozenset()
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

    def _word(self, node: ast.Attribute | ast.Name | ast.alias) -> str:
        """The word behind a name: of an import under another name, the original."""
        word = _spelled(node)
        if not isinstance(node, ast.Name):
            return word
        origin = self.facts.origins.get(word, "").rpartition(".")[2]
        renamed = self._renamed.get(word, word)
        known = renamed in WORDS or renamed in MODULE_WORDS
        return origin if origin in _READING_MODULES and not known else renamed

    @cached_property
    def _renamed(self) -> dict[str, str]:
        return {
            node.asname: node.name.rpartition(".")[2]
            for node in self.facts.nodes
            if isinstance(node, ast.alias) and node.asname
        }

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
        unknown = bound and not origin and not self._is_definition(_spelled(root))
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

    def replaced(self, node: ast.Attribute | ast.Name) -> Iterator[Reader]:
        """`sys.stderr = …`, `warnings.showwarning = …`: what went to people comes back."""
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store):
            return
        if node.attr == "stderr" and not self._is_passed_on(node):
            yield from self._of_text("stderr", node, SHOWING_ERRORS)
        elif node.attr in {"showwarning", "formatwarning"}:
            yield from self._of_text(node.attr, node)

    def _is_passed_on(self, node: ast.Attribute) -> bool:
        """`sys.stderr = Wrapper(sys.stderr)`, `sys.stderr = saved`: people still see it."""
        value = getattr(self.parents.get(node), "value", None)
        if value is None or any(is_stderr(n) for n in ast.walk(value)):
            return value is not None
        return isinstance(value, ast.Name) and any(
            isinstance(n, ast.Assign)
            and any(is_stderr(v) for v in ast.walk(n.value))
            and any(value.id == _spelled(t) for t in ast.walk(n))
            for n in self.facts.nodes
        )

    def _of_text(
        self, word: str, node: ast.expr | ast.stmt, needs: frozenset[str] = frozenset()
    ) -> Iterator[Reader]:
        for channel in (C.LINES, C.TEXT):
            yield Reader(channel, word, node.lineno, "", needs)

    def caught(self, node: ast.Call, name: str) -> Iterator[Reader]:
        """Recorded warnings, and logs that go where the program's output goes."""
        if name == "catch_warnings":
            recorded = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "record")]
            asked = any(not isinstance(r, ast.Constant) or r.value for r in recorded)
            if asked and self._is_looked_into(node):
                yield from self._of_text(name, node)
        elif name in {"StreamHandler", "basicConfig"} and "logging" in self.facts.words:
            given = [k.value for k in node.keywords if k.arg in {None, "stream", "handlers"}]
            given += node.args
            if self.facts.words & _OUTPUTS and not all(map(is_stderr, given)):
                yield from self._of_text(name, node, SHOWING_ERRORS)
        elif name == "redirect_stderr":
            yield from self._of_text(name, node, SHOWING_ERRORS)

    def _is_looked_into(self, node: ast.Call) -> bool:
        """Whether more of recorded warnings is looked at than what they say."""
        item = self.parents.get(node)
        if not isinstance(item, ast.withitem):
            return True
        if item.optional_vars is None:
            return False
        return self.uses.bound(item.optional_vars, Shape.WARNINGS) != frozenset()

    # -- documentation ----------------------------------------------------------------------------

    def doc(self, node: ast.Attribute | ast.Name) -> Iterator[Reader]:
        """`__doc__`: whose is it, and does it go anywhere but into another `__doc__`?"""
        line = node.lineno
        yield Reader(C.DOCUMENTED, "__doc__", line)
        if self._is_copied(node):
            return
        if isinstance(node, ast.Name):
            yield Reader(C.DOCS, "__doc__", line, self._around(node))
            return
        owner = node.value
        if _is_own_class(owner):
            yield Reader(C.DOCS, "__doc__", line, "<classes>")
        elif isinstance(owner, ast.Name) and self._is_definition(owner.id):
            yield Reader(C.DOCS, "__doc__", line, owner.id)
        elif isinstance(owner, ast.Name) and self._is_inner(owner):
            yield Reader(C.DOCS, "__doc__", line, self._home(node).name)
        else:
            mark = self._imported(owner) if isinstance(owner, ast.Name | ast.Attribute) else ""
            yield Reader(C.DOCS, "__doc__", line, mark)

    def _is_inner(self, name: ast.Name) -> bool:
        """Whether a name is that of a function or class defined inside the same function, bare."""
        owner = self._scope(name).owner(name.id)
        return (
            owner is not None
            and owner.is_function
            and owner.stored.get(name.id) == 1
            and any(
                isinstance(n, (*FUNCTIONS, ast.ClassDef))
                and n.name == name.id
                and not n.decorator_list
                and self._scope(n) is owner
                for n in self.facts.nodes
            )
        )

    def _around(self, node: ast.AST) -> str:
        """A bare `__doc__` is the module's; in a class body the class's."""
        above = self.parents.get(node)
        while above is not None and not isinstance(above, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            above = self.parents.get(above)
        return "<classes>" if isinstance(above, ast.ClassDef) else "<module>"

    def _is_definition(self, name: str) -> bool:
        return self.facts.scope.stored.get(name) == 1 and any(
            isinstance(s, (*FUNCTIONS, ast.ClassDef)) and s.name == name
            for s in self.facts.tree.body
        )

    def _is_copied(self, node: ast.AST) -> bool:
        """Documentation that only becomes documentation, or is only asked whether it is there."""
        above = self.parents.get(node)
        while above is not None:
            match above:
                case ast.Assign(targets=targets):
                    return all(_is_doc(target) for target in targets)
                case ast.If() | ast.IfExp() if above.test is node:
                    return True
                case ast.Compare(comparators=[ast.Constant(value=None)]):
                    return True
                case ast.UnaryOp(op=ast.Not()):
                    return True
                case ast.BoolOp() | ast.IfExp() | ast.BinOp(op=ast.Add()):
                    pass
                case ast.JoinedStr() | ast.FormattedValue():
                    pass
                case ast.Attribute(attr=name) if name in _DOC_METHODS:
                    pass
                case ast.Call(func=func) if func is node or _spelled(func) in _DOC_FUNCTIONS:
                    pass
                case _:
                    return False
            node, above = above, self.parents.get(above)
        return False

    # -- namespaces -------------------------------------------------------------------------------

    def namespace(self, node: ast.Attribute | ast.Name) -> Iterator[Reader]:
        """`globals()`, `vars()`, `__dict__`: only going through them shows an order."""
        used: ast.AST = node
        if not self._is_builtin_word(node):
            return
        if isinstance(node, ast.Name):
            call = self.parents.get(node)
            if not isinstance(call, ast.Call) or call.func is not node:
                yield Reader(C.ORDER, node.id, node.lineno)
                yield Reader(C.NAMES, node.id, node.lineno)
                return
            if node.id in {"locals", "vars"} and not call.args and self._scope(node).is_function:
                return  # a frame's variables: their names and order are kept where this stands
            used = call
        if isinstance(node, ast.Attribute) and self._is_instance(node.value):
            return
        if not self._is_looked_up(used) and not _is_of_arguments(used):
            yield Reader(C.ORDER, _spelled(node), node.lineno, self._whose(used))

    def _whose(self, used: ast.AST) -> str:
        """Of `vars(name)` or `name.__dict__` of an import, whose name that is; or anybody's."""
        match used:
            case ast.Call(args=[ast.Name() | ast.Attribute() as owner]):
                return self._imported(owner)
            case ast.Attribute(value=ast.Name() | ast.Attribute() as owner):
                return self._imported(owner)
            case _:
                return ""

    def _imported(self, owner: ast.Name | ast.Attribute) -> str:
        """The mark of something imported that is named here, if it can be nothing else."""
        root: ast.expr = owner
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or root.id not in self._imports_only:
            return ""
        return f"<called {self._word(owner) if owner is root else owner.attr}>"  # type: ignore[union-attr]

    @cached_property
    def _classes_and_imports(self) -> frozenset[str]:
        """Names that one import or one class binds, and nothing else."""
        classes = [n.name for n in self.facts.tree.body if isinstance(n, ast.ClassDef)]
        return self._imports_only | {n for n in classes if self._is_definition(n)}

    @cached_property
    def _imports_only(self) -> frozenset[str]:
        """Names that nothing but one import binds, anywhere in the module."""
        stored: dict[str, int] = {}
        for scope in self.facts.scope.within():
            for name, count in scope.stored.items():
                stored[name] = stored.get(name, 0) + count
            for name in scope.params:
                stored[name] = stored.get(name, 0) + 2
        return frozenset(n for n in self.facts.origins if stored.get(n) == 1)

    def _is_builtin_word(self, node: ast.Attribute | ast.Name) -> bool:
        """Whether it is the builtin (or `__dict__`), and no variable or attribute of that name."""
        if isinstance(node, ast.Attribute):
            return node.attr == "__dict__" or "builtins" in _spelled(node.value)
        scope = self._scope(node)
        return scope.owner(node.id) is None and node.id not in self.facts.scope.bound

    def _scope(self, node: ast.AST) -> Scope:
        """The scope in which a node stands, headers of functions taken for their inside."""
        above = self.parents.get(node)
        while above is not None and "scope" not in above.__dict__:
            above = self.parents.get(above)
        return inner_scope(above) if above is not None else self.facts.scope

    def _is_instance(self, node: ast.AST) -> bool:
        """`self.__dict__` in a class that is no metaclass: an instance's attributes."""
        if not isinstance(node, ast.Name) or node.id != "self":
            return False
        above = self.parents.get(node)
        while above is not None and not isinstance(above, ast.ClassDef):
            above = self.parents.get(above)
        return above is not None and not any(
            isinstance(n, ast.Name | ast.Attribute)
            and _spelled(n).lower().endswith(("type", "meta"))
            for base in above.bases
            for n in ast.walk(base)
        )

    def _is_looked_up(self, node: ast.AST) -> bool:
        """Whether names are looked up in it, or all are taken, whatever their order."""
        parent = self.parents.get(node)
        match parent:
            case ast.Subscript(value=inner) | ast.BinOp(
                op=ast.Mod(), right=inner, left=ast.Constant(value=str())
            ):
                return inner is node
            case ast.Attribute(attr="get" | "setdefault" | "pop" | "update" | "__contains__"):
                return True
            case ast.Attribute(attr="items" | "keys"):
                call = self.parents.get(parent)
                return isinstance(call, ast.Call) and self._is_sorted(call)
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[inner]):
                return inner is node
            case ast.Compare(ops=[ast.Eq() | ast.NotEq()]):
                return True
            case ast.keyword(arg=None):
                call = self.parents.get(parent)
                return isinstance(call, ast.Call) and _formats(call)
            case _:
                return self._is_sorted(node)

    def _is_sorted(self, node: ast.AST) -> bool:
        """`sorted(x)`, `set(x)`: no order is left; `exec(…, x)` looks up."""
        match self.parents.get(node):
            case ast.Call(func=ast.Name(id="eval" | "exec")):
                return True
            case ast.Call(func=ast.Name(id="sorted" | "set" | "frozenset" | "len"), keywords=[]):
                return True
            case _:
                return False

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
            for n in self.facts.nodes
            if isinstance(n, ast.Name) and n.id in names and isinstance(n.ctx, ast.Load)
        )

    def line_number(self, node: ast.Attribute | ast.Name) -> Iterator[Reader]:
        """`.lineno` of a log record; other things have lines of their own."""
        owner = _spelled(node.value) if isinstance(node, ast.Attribute) else "self"
        if owner == "self" or self.uses.fate(node, Shape.TEXT) == frozenset():
            return
        here = self.facts.words & _RECORDERS and self.facts.words & {"logging", "warnings"}
        yield Reader(C.LINES, "lineno", node.lineno, "" if here else "<recorded>")

    def file(self, node: ast.Attribute | ast.Name) -> Iterator[Reader]:
        """`__file__`: finding a neighbour is fine, reading oneself is not."""
        above = self.parents.get(node)
        while above is not None and not isinstance(above, ast.stmt):
            if isinstance(above, ast.Call | ast.Attribute) and _finds_neighbour(above):
                return
            above = self.parents.get(above)
        if not self.facts.words & _FILE_READERS:
            return
        yield from self._of_text("__file__", node)

    def call(self, node: ast.Call) -> Iterator[Reader]:
        """`getattr` with a name put together on the spot, one's own source as a script."""
        name = _spelled(node.func)
        if name in {"getattr", "attrgetter", "__getattribute__"}:
            listed = self.facts.words & {"dir", "getmembers", "getmembers_static"}
            computed = len(node.args) > 1 and not isinstance(node.args[1], ast.Constant)
            spelled = any(_may_spell_reader(a) for a in node.args)
            if (listed and computed) or spelled:
                for channel in _BY_ANY_NAME if spelled else (C.DOCS, C.ANNOTATIONS):
                    yield Reader(channel, name, node.lineno)
        elif name == "open" and any("argv" in _words(a) for a in node.args):
            yield from self._of_text("open", node)
        else:
            yield from self.caught(node, name)

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
            yield from self._of_text(text, node)
        if text == "__doc__" and self._is_looked_up_doc(node):
            yield Reader(C.DOCUMENTED, text, node.lineno)
            return
        for match in STRING_WORDS.finditer(text):
            word = next(group for group in match.groups() if group)
            if word == "lineno" and not self._is_log_format(match[0], text):
                continue
            channels = STRING_CHANNELS.get(word) or WORDS.get(word) or (C.CODE,)
            for channel in channels:
                yield Reader(channel, word, node.lineno)

    def _is_log_format(self, found: str, text: str) -> bool:
        """`{lineno}` is a log's only beside other things of logs, or where logs are spoken of."""
        if found.startswith("%") or self.facts.words & {"logging", "dictConfig", "fileConfig"}:
            return True
        if not found.startswith("$") and _LOG_FIELDS.search(text):
            return True
        return any(
            isinstance(n, ast.Constant) and n.value in {"formatters", "style"}
            for n in self.facts.nodes
        )

    def _reads_files(self, node: ast.AST) -> bool:
        """Whether the function around it, or the module's own code, reads files."""
        around: ast.AST | None = self.parents.get(node)
        while around is not None and not isinstance(around, (*FUNCTIONS, ast.Module)):
            around = self.parents.get(around)
        return around is not None and bool(_words(around) & _FILE_READERS)

    def _is_looked_up_doc(self, node: ast.expr) -> bool:
        """`x.__doc__ = getattr(f, "__doc__", None)`, or a key of a class's namespace."""
        parent = self.parents.get(node)
        if isinstance(parent, ast.Dict):
            return node in parent.keys
        if isinstance(parent, ast.List | ast.Tuple):
            return self._is_export(parent)
        if isinstance(parent, ast.Subscript):
            return not isinstance(parent.ctx, ast.Load)
        return (
            isinstance(parent, ast.Call)
            and _spelled(parent.func) == "getattr"
            and self._is_copied(parent)
        )

    def _is_export(self, node: ast.AST) -> bool:
        """A name in `__all__`."""
        parent = self.parents.get(node)
        return isinstance(parent, ast.Assign) and _spelled(parent.targets[0]) == "__all__"

    # -- decorators -------------------------------------------------------------------------------

    def records(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Reader]:
        """A handler of logs: does it look at more of a record than what it says?"""
        around = self.parents.get(node)
        if node.name not in _RECORDED or not isinstance(around, ast.ClassDef):
            return
        if not around.bases or "logging" not in self.facts.words or len(node.args.args) < 2:
            return
        fate = self.uses.parameter(node, node.args.args[1].arg, Shape.RECORD)
        if fate is None or fate:
            yield from self._of_text("a log record", node, fate or frozenset())

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


def _is_own_class(node: ast.expr) -> bool:
    """`self`, `cls`, `type(self)`, `self.__class__`."""
    match node:
        case ast.Name(id="self" | "cls"):
            return True
        case ast.Call(func=ast.Name(id="type"), args=[ast.Name(id="self")]):
            return True
        case ast.Attribute(value=ast.Name(id="self"), attr="__class__"):
            return True
        case _:
            return False


_DOC_METHODS = frozenset({"strip", "rstrip", "lstrip", "replace", "expandtabs"})
_DOC_FUNCTIONS = frozenset({"dedent", "cleandoc"})


def _is_doc(target: ast.expr) -> bool:
    if isinstance(target, ast.Subscript):
        return isinstance(target.slice, ast.Constant) and target.slice.value == "__doc__"
    return _spelled(target) == "__doc__"


_COMMON_WORDS = frozenset(
    {"stack", "trace", "dis", "lex", "yacc", "finalize", "Profile", "Trace"}
    | {"getmembers", "getmembers_static"}
)
_READING_MODULES = frozenset({"weakref", "gc", "tracemalloc", "doctest", "pydoc", "docopt", "dis"})
_SWALLOWS = frozenset({"swallows"})
_RECORDED = frozenset({"emit", "handle", "filter", "format", "formatMessage"})
_OUTPUTS = frozenset({"stdout", "StringIO", "BytesIO", "TextIOWrapper"})
_LOG_FIELDS = re.compile(r"\{(?:levelname|message|asctime|pathname|filename|funcName|module)\b")
_MANAGED = frozenset({"open", "fdopen", "TemporaryFile", "NamedTemporaryFile", "socket", "Popen"})
_BY_ANY_NAME = (C.NAMES, C.LINES, C.CODE, C.DOCS, C.ANNOTATIONS)
_RECORDERS = frozenset(
    {"catch_warnings", "showwarning", "formatwarning", "LogRecord", "makeLogRecord", "Handler"}
    | {"Formatter", "StreamHandler", "Filter", "addFilter", "assertLogs", "LoggerAdapter"}
)
_FILE_READERS = frozenset(
    {"open", "read_text", "read_bytes", "readlines", "getline", "getlines", "run_path", "tokenize"}
    | {"fileinput", "get_data", "hashlib", "getmtime", "getsize", "stat"}
)
_SOURCE_NAME = re.compile(r"[\w*?./-]*[\w*?]\.py")
"""A string that names source files: `main.py`, `*.py`."""

_SPECIAL_WORDS = {
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


def _may_spell_reader(node: ast.expr) -> bool:
    """Whether a name that is put together here may come out as a word that looks at a channel."""
    if isinstance(node, ast.BinOp | ast.JoinedStr | ast.Call):
        pattern = re.compile(_pattern(node), re.DOTALL)
        made = isinstance(node, ast.Call) and not _is_method_of_text(node)
        return not made and any(pattern.fullmatch(word) for word in _SPELLABLE)
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Constant)


def _is_method_of_text(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant)


_PERCENT = re.compile(r"%(?:\(\w*\))?[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]")
_BRACES = re.compile(r"\{[^{}]*\}")


def _pattern(node: ast.expr) -> str:
    """What a built string may look like: its constant parts, and anything between."""
    match node:
        case ast.Constant(value=str(text)):
            return re.escape(text)
        case ast.JoinedStr():
            return "".join(map(_pattern, node.values))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _pattern(left) + _pattern(right)
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            return ".*".join(map(re.escape, _PERCENT.split(text)))
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return ".*".join(map(re.escape, _BRACES.split(text)))
        case _:
            return ".*"


_SPELLABLE = frozenset({*WORDS, *MODULE_WORDS, *_SPECIAL_WORDS, "f_locals", "co_code"})


def _is_of_arguments(used: ast.AST) -> bool:
    """`vars(parser.parse_args())`: an object that holds what was asked."""
    match used:
        case ast.Call(args=[ast.Call(func=func)]):
            return _spelled(func) in {"parse_args", "parse_known_args"}
        case _:
            return False


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


def _formats(call: ast.Call) -> bool:
    """`"{name}".format(…)`."""
    func = call.func
    return (
        isinstance(func, ast.Attribute)
        and func.attr == "format"
        and isinstance(func.value, ast.Constant)
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


# -- handlers that look at what an error says -----------------------------------------------------


def shows_error(handler: ast.ExceptHandler, plain: frozenset[str]) -> frozenset[str] | None:
    """Whether a handler may show the words of a `NameError`, which name a variable: if what holds.

    `plain` are names that are bound by imports and classes only: of such the tree must say, by one
    of the words in the answer, that they are other errors' names. None if it shows none.
    """
    if not _looks(handler):
        return None
    if handler.type is None:
        return frozenset()
    needs = set()
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    for kind in kinds:
        root: ast.expr = kind
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or _spelled(kind) in _BROAD:
            return frozenset()
        if root.id in plain:
            needs.add(f"{_spelled(kind)}=error")
        elif root is not kind or root.id not in BUILTINS:
            return frozenset()
    return frozenset(needs) or None


_BROAD = frozenset({"Exception", "BaseException", "NameError", "UnboundLocalError"})

_LOOKING = frozenset({"exc_info", "format_exc", "print_exc", "exception", "format_exception"})


def _looks(handler: ast.ExceptHandler) -> bool:
    """Whether the handler does more with the error than raise it on."""
    harmless: set[int] = set()
    for node in ast.walk(handler):
        if isinstance(node, ast.Raise):
            harmless.update(id(n) for n in (node.exc, node.cause) if n is not None)
    for node in ast.walk(handler):
        if isinstance(node, ast.Name) and node.id == handler.name and id(node) not in harmless:
            return True
        if isinstance(node, ast.Attribute) and node.attr in _LOOKING - {"exception"}:
            return True
        if isinstance(node, ast.Name) and node.id in _LOOKING:
            return True
    return False
