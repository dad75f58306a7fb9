"""Cards: what a neighbour or a model must know of a cell to use it, in a few lines.

A card is derived from the manifest, so it cannot lie. It keeps to a budget by saying less, in the
fixed order of `LEFT_OUT`. What it holds longest is all that a correct call needs: the names of the
commands and queries, their fields and types, and what is answered. `LEGEND` says how to read it.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache, lru_cache, reduce
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, NewType, Union, get_args, get_origin

import msgspec

from monocyte.cell import Handler, Manifest, Rule
from monocyte.contracts import Event, Value
from monocyte.contracts.annotations import spell
from monocyte.contracts.tokens import estimate
from monocyte.literate.pictures.maps import derive_map
from monocyte.literate.trees import stamp_of, tree_of

__all__ = ["BUDGET", "LEGEND", "Card", "card", "ids_in_short", "ports_of", "purpose_of"]

BUDGET = 200
"""Tokens of a card."""


LEGEND = """\
On a card, a field without a type has the type that it had before, or that is called like it, or is
a str. `X...` is a tuple of any length. What it leaves out: `monocyte card --full CELL`."""
"""How to read cards."""


class Detail(NamedTuple):
    """How much a card says."""

    documents: bool = True
    happenings: bool = True
    relations: bool = True
    requirements: bool = True
    constraints: bool = True
    results: bool = True
    ports: bool = True
    types: bool = True
    fields: bool = True


LEFT_OUT = {
    "documents": "what messages say of themselves",
    "happenings": "the fields of events",
    "relations": "the messages of neighbours",
    "requirements": "the texts of rules",
    "constraints": "constraints",
    "results": "the fields of answers",
    "ports": "ports",
    "types": "types",
    "fields": "fields",
}
"""What a card may leave out, the first first."""


class Card(NamedTuple):
    """A card, about how many tokens it has, and what it leaves out."""

    cell: str
    text: str
    tokens: int
    left_out: tuple[str, ...]

    def __str__(self) -> str:
        return self.text


def card(manifest: Manifest, budget: int | None = BUDGET) -> Card:
    """The fullest card within so many tokens; the barest if none is; all there is for None."""
    words, neighbours = _Words(), dict(_relations(manifest))

    @cache
    def drawn(detail: Detail) -> str:
        return _Drawing(manifest, detail, words, neighbours).text()

    def fits(detail: Detail) -> bool:
        return budget is None or estimate(drawn(detail)) <= budget

    detail, missed = Detail(), set[str]()
    for flag in LEFT_OUT:
        if not fits(detail):
            barer = _turned(detail, flag, on=False)
            if drawn(barer) != drawn(detail):
                missed.add(flag)
            detail = barer
    for flag in reversed(LEFT_OUT):  # what was dropped for little may fit after all
        fuller = _turned(detail, flag, on=True)
        if fuller != detail and drawn(fuller) != drawn(detail) and fits(fuller):
            detail = fuller
            missed.discard(flag)
    text = drawn(detail)
    off = (it for it in LEFT_OUT if it in missed)
    return Card(manifest.name, text, estimate(text), tuple(LEFT_OUT[it] for it in off))


def _turned(detail: Detail, flag: str, *, on: bool) -> Detail:
    return detail._replace(**{flag: on})


def purpose_of(manifest: Manifest) -> str:
    """What a cell is for: the first line of its file, without its own name before it."""
    first = manifest.purpose.partition("\n")[0].lstrip("# ").strip()
    name, colon, rest = first.partition(":")
    return rest.strip() if colon and _bare(name) == _bare(manifest.name) else first


def _bare(name: str) -> str:
    """A name as it sounds: `To do` is `todo`."""
    return "".join(filter(str.isalnum, name)).lower()


def ports_of(manifest: Manifest) -> tuple[str, ...]:
    """The ports that the functions of a cell ask for, sorted."""
    functions = [it.function for it in manifest.handlers.values()]
    functions += [it.function for it in manifest.reactions.values()]
    functions += [it.function for it in manifest.timers.values()]
    arguments = (port for function in functions for _, port in function.arguments)
    return tuple(sorted({port.name for port in arguments if port is not None}))


Neighbours = Mapping[str, Mapping[str, Sequence[str]]]
"""What a cell does (hears, asks), to which neighbours, by which of their messages."""


def _relations(manifest: Manifest) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Which messages of which neighbours a cell hears, and which it asks (or sends)."""
    ties = derive_map([manifest])
    for verb, kind, other in (("hears", "tells", "source"), ("asks", "asks", "target")):
        found: dict[str, list[str]] = {}
        for tie in ties:
            if tie.kind == kind:
                found.setdefault(getattr(tie, other), []).append(tie.name)
        if found:
            yield verb, found


# -- one card --------------------------------------------------------------------------------------


class _Drawing:
    """One card in the making: which types it has told, and which names it has yet to explain."""

    def __init__(
        self, manifest: Manifest, detail: Detail, words: _Words, neighbours: Neighbours
    ) -> None:
        self.manifest = manifest
        self.detail = detail
        self.words = words
        self.neighbours = neighbours
        self.told: dict[str, str] = {}
        self.taken: dict[str, Any] = {}
        self.answered: dict[str, Any] = {}

    def text(self) -> str:
        """How to call it, what the words mean, what comes of it, and what it needs."""
        it = self.manifest
        handlers = sorted(it.handlers.values(), key=lambda handler: not handler.is_command)
        lines = [f"# {it.name} ({it.module}): {purpose_of(it)}".removesuffix(": ")]
        lines += [line for handler in handlers for line in self.signature(handler)]
        lines += self.events()
        lines += self.meanings()
        lines += self.rules(list(it.rules.values()))
        lines += self.relations()
        return "\n".join(lines) + "\n"

    def signature(self, handler: Handler) -> Iterator[str]:
        """A command or a query, and what it says of itself."""
        kind, message = "command" if handler.is_command else "query", handler.message
        reply = self.words.reply(message)
        answer = self.kind(reply, message, self.answered) if reply else spell(handler.reply)
        yield f"{kind} {message.__name__}{self.fields(message, self.taken)} -> {answer}"
        said = (vars(message).get("__doc__") or "").strip()
        if said and self.detail.documents:
            yield f"  {' '.join(said.split())}"

    def events(self) -> list[str]:
        """What happens: with its fields, or only the names that no command has named."""
        events = list(self.manifest.evolvers)
        if self.detail.happenings and self.detail.fields:
            return [f"event {it.__name__}{self.fields(it, self.answered)}" for it in events]
        named = [it.__name__ for it in events if it.__name__ not in self.answered]
        return [f"events {', '.join(named)}"] if named else []

    def meanings(self) -> Iterator[str]:
        """What names mean: those in what is taken, then those in what is answered or happens."""
        done = {it.__name__ for it in self.manifest.evolvers if self.detail.happenings}
        sides = [self.taken] * self.detail.fields
        sides += [self.answered] * (self.detail.fields and self.detail.results)
        for wanted in sides:
            while ahead := [name for name in wanted if name not in done]:
                done.add(ahead[0])
                yield self.meaning(ahead[0], wanted[ahead[0]], wanted)

    def meaning(self, name: str, thing: Any, wanted: dict[str, Any]) -> str:
        """A record with its fields, an enumeration with its members, a type with what it needs."""
        if isinstance(thing, type) and issubclass(thing, Value):
            kind = "event" if issubclass(thing, Event) else "value"
            return f"{kind} {name}{self.fields(thing, wanted)}"
        if isinstance(thing, type) and issubclass(thing, Enum):
            return f"enum {name}: {', '.join(thing.__members__)}"
        return f"type {name} = {constrained(thing)}"

    def rules(self, rules: Sequence[Rule]) -> list[str]:
        """What it refuses: in words, or the IDs alone."""
        if self.detail.requirements:
            return [f"rule {rule.id}: {rule.text}" for rule in rules]
        return [f"rules {ids_in_short([rule.id for rule in rules])}"] if rules else []

    def relations(self) -> Iterator[str]:
        """What it needs: ports, and its neighbours."""
        if self.detail.ports and (ports := ports_of(self.manifest)):
            yield f"ports {', '.join(ports)}"
        found = self.neighbours
        if self.detail.relations:
            for verb, cells in found.items():
                yield f"{verb} " + "; ".join(f"{c}: {', '.join(m)}" for c, m in cells.items())
        elif found:
            yield "; ".join(f"{verb} {', '.join(cells)}" for verb, cells in found.items())

    # -- fields and their types --------------------------------------------------------------------

    def fields(self, word: type[Value], wanted: dict[str, Any]) -> str:
        """The parameters of a word, as its constructor takes them."""
        if not self.detail.fields:
            return ""
        written = self.words.annotations(word)
        fields = self.words.fields(word)
        shown = [self.field(it, written.get(it.name), word, wanted) for it in fields]
        return f"({', '.join(shown)})"

    def field(
        self,
        field: msgspec.structs.FieldInfo,
        written: ast.expr | None,
        word: type[Value],
        wanted: dict[str, Any],
    ) -> str:
        """One parameter, with its type where nothing else says it."""
        default = _default(field)
        kind = spell(field.type) if written is None else self.kind(written, word, wanted)
        before, self.told[field.name] = self.told.get(field.name), kind
        guessed = {before, type(field.default).__name__, field.name.title().replace("_", "")}
        if not self.detail.constraints:
            guessed.add("str")
        if kind in guessed or not self.detail.types:
            return field.name + default.replace(" ", "")
        return f"{field.name}: {kind}{default}"

    def kind(self, node: ast.expr, word: type[Value], wanted: dict[str, Any]) -> str:
        """An annotation as its author wrote it, but shorter."""
        if isinstance(node, ast.BinOp):
            sides = (node.left, node.right)
            return " | ".join(self.kind(side, word, wanted) for side in sides)
        if isinstance(node, ast.Subscript):
            return self.generic(node, word, wanted)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self.named(node, word, wanted)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self.kind(ast.parse(node.value, mode="eval").body, word, wanted)
        return ast.unparse(node)

    def generic(self, node: ast.Subscript, word: type[Value], wanted: dict[str, Any]) -> str:
        """`tuple[X, ...]` as `(X, ...)`; `Annotated` as what it constrains."""
        origin = self.words.meant(node.value, word)
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if origin is Annotated:
            return self.kind(inner[0], word, wanted) + self.inline(inner[1:])
        if origin is Literal:
            return " | ".join(map(ast.unparse, inner))
        parts = ", ".join(self.kind(part, word, wanted) for part in inner)
        if origin is tuple:
            return parts.removesuffix(", ...") + "..." if parts.endswith(", ...") else f"({parts})"
        return f"{ast.unparse(node.value)}[{parts}]"

    def inline(self, metas: Iterable[ast.expr]) -> str:
        """Constraints that stand in the annotation itself."""
        found: dict[str, Any] = {}
        for call in metas:
            if isinstance(call, ast.Call):
                keywords = ((it.arg, it.value) for it in call.keywords if it.arg)
                found |= {k: v.value for k, v in keywords if isinstance(v, ast.Constant)}
        return _limits(found) if self.detail.constraints else _limits(found, essential=True)

    def named(
        self, node: ast.Name | ast.Attribute, word: type[Value], wanted: dict[str, Any]
    ) -> str:
        """A name that says enough (`str`, `date`), or that is to be explained further down."""
        name = node.id if isinstance(node, ast.Name) else node.attr
        thing = self.words.meant(node, word)
        if isinstance(thing, type) and issubclass(thing, (Value, Enum)):
            wanted.setdefault(name, thing)
        elif isinstance(thing, NewType) or get_origin(thing) is not None:
            if not self.detail.constraints:
                return constrained(thing, essential=True)
            wanted.setdefault(name, thing)
        return name


class _Words:
    """The words as they are written in their files, each file read once."""

    def __init__(self) -> None:
        self.read: dict[str, dict[str, ast.ClassDef]] = {}
        self.written: dict[type, dict[str, ast.expr]] = {}
        self.known: dict[type, tuple[msgspec.structs.FieldInfo, ...]] = {}
        self.things: dict[tuple[ast.expr, str], Any] = {}

    def fields(self, word: type[Value]) -> tuple[msgspec.structs.FieldInfo, ...]:
        """The fields of a word, with their types and defaults."""
        if word not in self.known:
            struct: Any = word  # which type checkers do not know as a Struct
            self.known[word] = msgspec.structs.fields(struct)
        return self.known[word]

    def annotations(self, word: type[Value]) -> dict[str, ast.expr]:
        """What the author wrote behind each field of a word, its own and inherited ones."""
        if word in self.written:
            return self.written[word]
        found = self.written.setdefault(word, {})
        for owner in reversed(word.__mro__):
            if (node := self._class(owner)) is not None:
                lines = (line for line in node.body if isinstance(line, ast.AnnAssign))
                found |= {
                    it.target.id: it.annotation for it in lines if isinstance(it.target, ast.Name)
                }
        return found

    def reply(self, message: type[Value]) -> ast.expr | None:
        """The R that stands in `Command[R]` or `Query[R]`."""
        node = self._class(message)
        bases = () if node is None else node.bases
        return next((base.slice for base in bases if isinstance(base, ast.Subscript)), None)

    def meant(self, node: ast.expr, word: type[Value]) -> Any:
        """What a name in the file of a word stands for; None if nothing is known of it."""
        key = (node, word.__module__)
        if key not in self.things:
            path = ast.unparse(node).split(".")
            names = vars(sys.modules[word.__module__])
            first = names.get(path[0], vars(builtins).get(path[0]))
            thing = reduce(lambda it, name: getattr(it, name, None), path[1:], first)
            self.things[key] = thing
        return self.things[key]

    def _class(self, word: type) -> ast.ClassDef | None:
        if word.__module__ not in self.read:
            file = getattr(sys.modules.get(word.__module__), "__file__", None)
            self.read[word.__module__] = _classes(file, stamp_of(file)) if file else {}
        return self.read[word.__module__].get(word.__name__)


@lru_cache(maxsize=256)
def _classes(file: str, stamp: int) -> dict[str, ast.ClassDef]:  # noqa: ARG001 (the key)
    """The classes at the top of a file; none if it cannot be read any more."""
    tree = tree_of(file)
    body = tree.body if tree is not None else ()
    return {node.name: node for node in body if isinstance(node, ast.ClassDef)}


# -- spelling --------------------------------------------------------------------------------------


def constrained(annotation: Any, *, essential: bool = False) -> str:
    """A type with what its values must fulfil; if `essential`, only what everybody stumbles over.

    >>> constrained(Annotated[int, msgspec.Meta(ge=1, le=8)])
    'int(>=1, <=8)'
    """
    if isinstance(annotation, NewType):
        return constrained(annotation.__supertype__, essential=essential)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        metas = (it for it in args[1:] if isinstance(it, msgspec.Meta))
        limits = {name: getattr(it, name) for it in metas for name in META}
        return constrained(args[0], essential=essential) + _limits(limits, essential=essential)
    parts = [constrained(it, essential=essential) for it in args if it is not Ellipsis]
    if origin in (Union, UnionType):
        return " | ".join(parts)
    if origin is Literal:
        return " | ".join(map(repr, args))
    if origin is tuple:
        return f"{parts[0]}..." if Ellipsis in args else f"({', '.join(parts)})"
    return f"{spell(origin)}[{', '.join(parts)}]" if origin else spell(annotation)


LIMITS: Mapping[str, str] = {
    "ge": ">={}",
    "gt": ">{}",
    "le": "<={}",
    "lt": "<{}",
    "multiple_of": "times {}",
    "pattern": "{}",
}
"""How constraints are written; lengths and time zones have their own ways."""


def _limits(found: Mapping[str, Any], *, essential: bool = False) -> str:
    """The constraints in brackets, if there are any: a time zone is what everybody forgets."""
    parts = [] if found.get("tz") is None else ["tz" if found["tz"] else "no tz"]
    if not essential:
        low, high = found.get("min_length"), found.get("max_length")
        if low is not None or high is not None:
            parts.append(f"length {low or 0}..{'' if high is None else high}")
        given = ((form, found.get(name)) for name, form in LIMITS.items())
        parts += [form.format(value) for form, value in given if value is not None]
    return f"({', '.join(parts)})" if parts else ""


def _default(field: msgspec.structs.FieldInfo) -> str:
    """What a field is when nothing is given, as it is written in a signature."""
    if field.required:
        return ""
    if field.default is msgspec.NODEFAULT:
        return " = ..."
    value = field.default
    said = f"{type(value).__name__}.{value.name}" if isinstance(value, Enum) else repr(value)
    return f" = {said if len(said) <= LONGEST else '...'}"


META = (*LIMITS, "min_length", "max_length", "tz")
"""What is looked at of a `Meta`."""

LONGEST = 40
"""Characters of a default that is written out."""


def ids_in_short(ids: Sequence[str]) -> str:
    """`A-1, A-2, A-3, A-5` as `A-1..3, 5`; other IDs as they are."""
    found: list[str] = []
    stem, last = "", -1
    for id in ids:
        head, _, tail = id.rpartition("-")
        number = int(tail) if head and tail.isdecimal() and str(int(tail)) == tail else -1
        if found and head == stem and number == last + 1 > 0:
            found[-1] = found[-1].partition("..")[0] + f"..{number}"
        elif found and head == stem and min(number, last) > 0:
            found.append(tail)
        else:
            found.append(id)
        stem, last = head, number
    return ", ".join(found)
