"""Which mutants of a cell there are: the operators that tell something about cells, and where.

Mutated is what a model writes: handlers, evolvers, reactions, timers, upcasts, and the functions
and methods that these use. Not mutated are words, annotations, and what only scenarios use.

Chosen so that a mutant that is left over says something. Left out are, each with its reason:

- the detail of a refusal, and text of several words: it is prose for people, and a scenario that
  pins its wording would be in their way; a single word (a role, a key) is mutated;
- what the World's checks of types, or a NameError, would kill on any line that runs: `tuple(x)`
  without `tuple`, the first assignment to a local name removed;
- what another mutant of the same place says as well: a negated condition beside one that always and
  one that never holds, a number that becomes 0 beside the limit and its neighbour;
- what is no other program: two that compile to the same steps are one, `min(a, b)` is `min(b, a)`.
"""

from __future__ import annotations

import ast
import dis
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from monocyte.cell import Manifest, Rule
from monocyte.cell.manifest import Function
from monocyte.errors import DefinitionError
from monocyte.semdiff import (
    OPERATORS,
    Mutant,
    Mutator,
    code_objects,
    fingerprint,
    functions_of,
    swapped,
)

__all__ = ["Behaviour", "Candidate", "Entry", "Guard", "silent"]

LEFT_OUT = frozenset({"decorator", "negated condition"})
CHOSEN = tuple(it.name for it in OPERATORS if it.name not in LEFT_OUT)
"""The operators that cells are mutated with."""

TYPE_ERRORS = frozenset({"tuple", "list", "len", "sum", "bool", "str", "int", "float", "set"})
"""Calls that cannot be forgotten without a value of another type, which the World would refuse."""

PROSE = re.compile(r"\w \w")
"""Words with a space between them: text that people read."""

LONG = 120
"""How many characters of a mutant its name shows."""


class Entry(NamedTuple):
    """How a function of a cell is reached from outside: as what, and by which message."""

    role: str
    name: str
    message: str
    events: tuple[str, ...] = ()
    """The events that it may emit, by name."""


class Guard(NamedTuple):
    """A place where a rule is required: the variable of the rule, its ID, its text."""

    variable: str
    id: str
    text: str
    first: tuple[int, int]
    last: tuple[int, int]

    def holds(self, line: int, column: int) -> bool:
        """Whether something stands inside of it."""
        return self.first <= (line, column) < self.last


class Candidate(NamedTuple):
    """A mutant of a cell that is worth trying, and all that is needed to put it in."""

    cell: str
    key: str
    mutant: Mutant
    old: str
    new: str
    code: CodeType
    defaults: dict[str, Any]
    functions: list[FunctionType]
    places: frozenset[tuple[str, int]]
    """The lines (file, number) of which one must have run for it to have had a chance."""

    def put_in(self) -> Any:
        """A context in which the cell is this mutant."""
        return swapped(self.functions, self.code, self.defaults)


class Behaviour:
    """What a cell does: the functions that can be broken, how they are reached, the mutants.

    Raises:
        DefinitionError: its file is not the one that was loaded any more.
    """

    def __init__(self, manifest: Manifest) -> None:
        self.cell, self.file = manifest.name, manifest.file
        self.text = Path(manifest.file).read_text(encoding="utf-8")
        self._tree = self._parsed()
        self.entries = dict(_entries(manifest))
        self.names: Mapping[str, Any] = next(
            (it.__globals__ for it in self.entries), dict[str, Any]()
        )
        self._reach = {root: self._reached(root) for root in self.entries}
        found = {name: it for reached in self._reach.values() for name, it in reached.items()}
        self.functions: dict[str, FunctionType] = found
        self.guards = list(self._guards())
        self._details: list[ast.AST] = []
        self._inside: dict[str, list[ast.stmt | ast.excepthandler]] = {}
        self._state = frozenset(getattr(manifest.state, "__struct_fields__", ()))

    @property
    def codes(self) -> set[CodeType]:
        """All their code."""
        return {code for it in self.functions.values() for code in code_objects(it)}

    def forget(self) -> None:
        """Empty what the file's cached functions remember of the original."""
        for thing in self.names.values():
            clear = getattr(thing, "cache_clear", None)
            if callable(clear) and _unwrapped(thing) is not None:
                clear()

    def entry(self, function: str) -> Entry:
        """How a function is reached: itself, or the first that uses it."""
        for root, entry in self.entries.items():
            if root.__qualname__ == function:
                return entry
        for root, entry in self.entries.items():
            if function in self._reach[root]:
                return entry
        return Entry("function", function, "")

    def queries(self, function: str, text: str) -> list[str]:
        """The queries of the cell: first those that read the same fields of the state."""
        named = set(re.findall(r"\w+", text)) & self._state
        used = named or self._fields(self.functions[function])
        asked = [
            (len(used & self._reads(r)), e.message)
            for r, e in self.entries.items()
            if e.role == "query"
        ]
        most = max((count for count, _ in asked), default=0)
        return [message for count, message in asked if count == most]

    def _reads(self, root: FunctionType) -> frozenset[str]:
        """The fields of the state that a function reads, with what it uses."""
        return frozenset().union(*map(self._fields, self._reach[root].values()))

    def _fields(self, function: FunctionType) -> frozenset[str]:
        names = {name for code in code_objects(function) for name in code.co_names}
        return self._state & names

    def guard(self, mutant: Mutant) -> Guard | None:
        """The rule in whose condition a mutant stands."""
        held = (it for it in self.guards if it.holds(mutant.line, mutant.column))
        return next(held, None)

    def guards_in(self, call: str) -> list[Guard]:
        """The rules that a function of the cell requires, if a statement only calls it."""
        node = self._definition(call.partition("(")[0])
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return []
        first, last = (node.lineno, 0), ((node.end_lineno or node.lineno) + 1, 0)
        return [it for it in self.guards if first <= it.first < last]

    def candidates(self) -> Iterator[Candidate]:
        """The mutants, in the order of the text."""
        if not self.functions:
            return
        mutator = Mutator(
            self.text, self.file, only=self.functions, operators=CHOSEN, inert=self._is_prose
        )
        objects = self._objects()
        seen = {(name, self._original(mutator, name)) for name in self.functions}
        keys: dict[str, int] = {}
        for mutant in mutator.mutants:
            if mutant.function not in self.functions or self._is_noise(mutant):
                continue
            try:
                code, defaults = mutator.code(mutant), mutator.defaults(mutant)
            except (SyntaxError, ValueError):  # `break` outside of a loop, and its like
                continue
            if (made := (mutant.function, _print(code, defaults))) in seen:
                continue
            seen.add(made)
            old, new = mutator.around(mutant)
            key = _key(mutant, old, new)
            keys[key] = number = keys.get(key, 0) + 1
            key = key if number == 1 else f"{key} ({number})"
            functions = objects[mutant.function]
            places = frozenset((self.file, line) for line in self._lines(mutant))
            yield Candidate(self.cell, key, mutant, old, new, code, defaults, functions, places)

    def _parsed(self) -> ast.Module:
        try:
            return ast.parse(self.text)
        except SyntaxError:
            raise self._changed() from None

    def _original(self, mutator: Mutator, function: str) -> tuple[Any, ...]:
        try:
            return _print(mutator.original(function), {})
        except ValueError:
            raise self._changed() from None

    def _changed(self) -> DefinitionError:
        what = f"{self.cell} has changed since it was loaded"
        return DefinitionError(what, where=f"{self.file}:1", mend="run it again")

    # -- which functions -----------------------------------------------------------------------

    def _reached(self, root: FunctionType) -> dict[str, FunctionType]:
        """A function of the cell, and those of its file that it uses, by qualified name."""
        found: dict[str, FunctionType] = {}
        methods = list(self._methods())
        left = [root]
        while left:
            it = left.pop()
            if it.__qualname__ in found or it.__code__.co_filename != self.file:
                continue
            found[it.__qualname__] = it
            codes = code_objects(it)
            used = (_unwrapped(self.names.get(name)) for name in _global_names(codes))
            left += [each for each in used if each is not None]
            names = {name for code in codes for name in code.co_names}
            left += [each for each in methods if _is_used(each.__name__, names)]
        return found

    def _methods(self) -> Iterator[FunctionType]:
        """What the classes of the file can do."""
        for thing in self.names.values():
            if isinstance(thing, type) and thing.__module__ == self.names.get("__name__"):
                for member in vars(thing).values():
                    function = _unwrapped(getattr(member, "fget", None) or member)
                    if function is not None and function.__code__.co_filename == self.file:
                        yield function

    def _objects(self) -> dict[str, list[FunctionType]]:
        """Every function object that runs the code of a function, whoever holds it."""
        objects: dict[str, list[FunctionType]] = {name: [] for name in self.functions}
        names = {it.__code__: name for name, it in self.functions.items()}
        for it in functions_of(*names):
            if it.__code__ in names:
                objects[names[it.__code__]].append(it)
        return objects

    def _guards(self) -> Iterator[Guard]:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and (variable := self._rule_of(node)):
                rule: Rule = self.names[variable]
                first = (node.lineno, node.col_offset)
                last = (node.end_lineno or node.lineno, node.end_col_offset or 0)
                yield Guard(variable, rule.id, rule.text, first, last)

    def _rule_of(self, call: ast.Call) -> str:
        """The variable of the rule that a call requires or refuses by."""
        it = call.func
        if not isinstance(it, ast.Attribute) or not isinstance(it.value, ast.Name):
            return ""
        is_rule = isinstance(self.names.get(it.value.id), Rule)
        return it.value.id if is_rule and it.attr in ("require", "refuse") else ""

    # -- which mutants -------------------------------------------------------------------------

    def _is_prose(self, node: ast.AST) -> bool:
        """Whether it is what a refusal says to people, or other text for them."""
        if isinstance(node, ast.Constant):
            return isinstance(node.value, str) and bool(PROSE.search(node.value))
        if isinstance(node, ast.Call) and self._rule_of(node):  # it is met before its details are
            taken = 1 if ast.unparse(node.func).endswith(".require") else 0
            self._details += [*node.args[taken:], *(k for k in node.keywords if k.arg == "detail")]
        return any(it is node for it in self._details)

    def _is_noise(self, mutant: Mutant) -> bool:
        """Whether it tells nothing about a cell; see the head of this file."""
        old = mutant.old
        if mutant.operator == "number":
            return mutant.new == "0"
        if mutant.operator == "text":
            return not mutant.new.strip("'\"b")
        if mutant.operator == "forgotten call":
            return old.partition("(")[0] in TYPE_ERRORS
        if mutant.operator in ("swapped arguments", "keyword"):
            is_rule = any((mutant.line, mutant.column) == it.first for it in self.guards)
            return is_rule or (mutant.operator != "keyword" and self._is_symmetric(old))
        return mutant.operator == "statement" and self._is_first_assignment(mutant)

    def _is_symmetric(self, call: str) -> bool:
        """Whether arguments may change places: of `min`, or of such a function of the file."""
        name = call.partition("(")[0]
        if name in ("min", "max"):
            return True
        node = next((it for it in self._tree.body if getattr(it, "name", "") == name), None)
        body = [it for it in getattr(node, "body", ()) if isinstance(it, ast.Return)]
        if not isinstance(node, ast.FunctionDef) or len(node.args.args) != 2 or len(body) != 1:
            return False
        one, other = (it.arg for it in node.args.args)
        there = body[0].value
        return there is not None and _settled(there, {}) == _settled(
            there, {one: other, other: one}
        )

    def _is_first_assignment(self, mutant: Mutant) -> bool:
        """Whether a local name is bound there and nowhere else: without it, nothing runs."""
        statement = ast.parse(mutant.old).body[0]
        if not isinstance(statement, ast.Assign):
            return False
        names = [_bound(it) for target in statement.targets for it in ast.walk(target)]
        others = [it for target in statement.targets for it in ast.walk(target) if _is_place(it)]
        bound = self._bindings(mutant.function)
        return not others and all(bound[name] == 1 for name in names if name)

    def _bindings(self, function: str) -> dict[str, int]:
        """How often each local name of a function is bound."""
        counts: dict[str, int] = {}
        node = self._definition(function)
        for it in ast.walk(node) if node is not None else ():
            name = it.arg if isinstance(it, ast.arg) else _bound(it)
            counts[name] = counts.get(name, 0) + 1
        return counts

    def _statements(self, function: str) -> list[ast.stmt | ast.excepthandler]:
        if function not in self._inside:
            node = self._definition(function)
            found = ast.walk(node) if node is not None else iter(())
            kinds = (ast.stmt, ast.excepthandler)
            self._inside[function] = [it for it in found if isinstance(it, kinds)]
        return self._inside[function]

    def _definition(self, function: str) -> ast.AST | None:
        body: list[ast.stmt] = self._tree.body
        found: ast.AST | None = None
        for name in function.split("."):
            named = (it for it in body if getattr(it, "name", "") == name)
            found = next(named, None)
            body = getattr(found, "body", [])
        return found

    def _lines(self, mutant: Mutant) -> range:
        """The lines of its statement; of a compound one, those of the head."""
        node = self._definition(mutant.function)
        assert node is not None  # noqa: S101 (it has been read from there)
        if mutant.operator == "default":
            return range(node.lineno, (node.end_lineno or 0) + 1)  # type: ignore[attr-defined]
        around = [
            it
            for it in self._statements(mutant.function)
            if it.lineno <= mutant.line <= (it.end_lineno or it.lineno)
        ]
        inner = around[-1]  # walked breadth first: the deepest comes last
        body: list[ast.AST] = getattr(inner, "body", [])
        last = body[0].lineno - 1 if body else inner.end_lineno  # type: ignore[attr-defined]
        return range(inner.lineno, max(last or 0, inner.lineno) + 1)


def silent(function: FunctionType) -> CodeType | None:
    """The code of a function without its asserts; None if it cannot be found in its file."""
    return _silent(function.__code__.co_filename, function.__qualname__)


@cache
def _silent(file: str, name: str) -> CodeType | None:
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    definition = next((it for it in tree.body if getattr(it, "name", "") == name), None)
    if definition is None:
        return None
    for node in ast.walk(definition):
        for field in ("body", "orelse", "finalbody"):
            if isinstance(body := getattr(node, field, None), list):
                body[:] = [ast.Pass() if isinstance(it, ast.Assert) else it for it in body]
    text = ast.unparse(ast.fix_missing_locations(tree))
    return Mutator(text, file, operators=["none"]).original(name)


def _entries(manifest: Manifest) -> Iterator[tuple[FunctionType, Entry]]:
    """The functions that the engine calls, and as what."""
    for handler in manifest.handlers.values():
        role = "command" if handler.is_command else "query"
        yield from _deciding(role, handler.function, handler.message.__name__)
    for evolver in manifest.evolvers.values():
        yield from _entry("evolver", evolver.call, evolver.event.__name__)
    for reaction in manifest.reactions.values():
        yield from _deciding("reaction", reaction.function, reaction.event.__name__)
    for timer in manifest.timers.values():
        yield from _deciding("timer", timer.function, timer.event.__name__)
        if callable(timer.delay):
            yield from _entry("delay", timer.delay, timer.event.__name__)
    for (event, _), upcast in manifest.upcasts.items():
        yield from _entry("upcast", upcast, event)


def _deciding(role: str, it: Function, message: str) -> Iterator[tuple[FunctionType, Entry]]:
    events = tuple(event.__name__ for event in it.result.events)
    yield from _entry(role, it.call, message, events)


def _entry(
    role: str, call: Callable[..., Any], message: str, events: tuple[str, ...] = ()
) -> Iterator[tuple[FunctionType, Entry]]:
    function = _unwrapped(call)
    if function is not None:
        yield function, Entry(role, function.__name__, message, events)


def _unwrapped(thing: Any) -> FunctionType | None:
    """The function that a decorated one runs in the end."""
    if isinstance(thing, type) or not callable(getattr(thing, "__func__", thing)):
        return None
    it = inspect.unwrap(getattr(thing, "__func__", thing))
    return it if isinstance(it, FunctionType) else None


def _global_names(codes: set[CodeType]) -> list[str]:
    """The names of the module that some code reads."""
    steps = (step for code in codes for step in dis.get_instructions(code))
    return sorted({str(step.argval) for step in steps if step.opname == "LOAD_GLOBAL"})


def _is_used(name: str, names: set[str]) -> bool:
    """Whether a method may be called: by its name, or by Python itself."""
    return name in names or (name.startswith("__") and name.endswith("__"))


def _settled(node: ast.expr, names: dict[str, str]) -> str:
    """An expression with some names exchanged, where the order of `and`, `or` and `==` is one."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    parts = [_settled(it, names) for it in ast.iter_child_nodes(node) if isinstance(it, ast.expr)]
    said = [ast.dump(it) for it in ast.iter_child_nodes(node) if not isinstance(it, ast.expr)]
    if isinstance(node, ast.BoolOp) or (
        isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq) and len(node.ops) == 1
    ):
        parts.sort()
    kind = ast.dump(node) if not parts else getattr(node, "attr", type(node).__name__)
    return f"({kind} {said} {' '.join(parts)})"


def _bound(node: ast.AST) -> str:
    """The name that is given a value there, if any."""
    return node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else ""


def _is_place(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store)


def _print(code: CodeType, defaults: dict[str, Any]) -> tuple[Any, ...]:
    return fingerprint(code), tuple((name, repr(value)) for name, value in defaults.items())


def _key(mutant: Mutant, old: str, new: str) -> str:
    """What a mutant is called in a waiver: stable as long as its function says the same."""
    before, after = " ".join(old.split()), " ".join(new.split())
    if mutant.operator == "default":
        return f"{mutant.function}: {mutant.what}"
    if len(before) > LONG:
        return f"{mutant.function}: in `{before[:LONG]}…` {mutant.what}"
    if not after:
        return f"{mutant.function}: `{before}` is removed"
    return f"{mutant.function}: `{before}` becomes `{after}`"
