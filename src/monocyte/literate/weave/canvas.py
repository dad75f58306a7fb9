"""The canvas of a cell: what it provides to others, and what it requires of them."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from monocyte.cell import Function, Handler, Manifest
from monocyte.contracts import Event, Value
from monocyte.contracts.annotations import spell, unalias, union_members
from monocyte.literate.pictures.asking import asked_by
from monocyte.literate.weave.html import Child, Html, join, tag, text
from monocyte.literate.weave.marks import scroll
from monocyte.literate.weave.prose import code, prose
from monocyte.literate.weave.view import View

__all__ = ["canvas", "constraints", "functions_of", "spelt"]

IDENTIFIER = re.compile(r"[^\W\d]\w*")

METAS = (
    ("ge", "at least {}"),
    ("gt", "more than {}"),
    ("le", "at most {}"),
    ("lt", "less than {}"),
    ("multiple_of", "a multiple of {}"),
    ("pattern", "like {}"),
)
"""How a constraint is said."""


def canvas(view: View) -> Html:
    """Both halves."""
    return join(_provided(view), _required(view))


# -- provided --------------------------------------------------------------------------------------


def _provided(view: View) -> Html:
    manifest = view.manifest
    handlers = list(manifest.handlers.values())
    commands = [_handled(it, view) for it in handlers if it.is_command]
    queries = [_handled(it, view) for it in handlers if not it.is_command]
    events = [_event(it, view) for it in manifest.evolvers]
    shown = {*manifest.handlers, *manifest.evolvers}
    values = [_word(it, view, ()) for it in manifest.words.values() if it not in shown]
    parts = (("Commands", commands), ("Queries", queries), ("Events", events), ("Values", values))
    return tag(
        *("section", tag("h3", "Provided", id="-provided")),
        *(
            join(tag("h4", title), tag("div", *words, class_="words"))
            for title, words in parts
            if words
        ),
        tag("p", "It provides nothing.") if not any(words for _, words in parts) else None,
        class_="canvas",
    )


def _handled(it: Handler, view: View) -> Html:
    emits = [_linked(event.__name__, view) for event in it.function.result.events]
    askers = _users(view, it.message.__name__, "asks")
    return _word(
        *(it.message, view),
        (
            ("answers", _linked(spelt(it.reply), view)),
            ("emits", _listed(emits)),
            ("decided by", _function(it.function.name, view)),
            ("used by", askers),
        ),
    )


def _event(event: type[Event], view: View) -> Html:
    evolver = view.manifest.evolvers[event]
    version = getattr(event, "__version__", 1)
    return _word(
        *(event, view),
        (
            ("applied by", _function(evolver.call.__name__, view)),
            ("followed by", _users(view, event.__name__, "reacts")),
            ("version", str(version) if version != 1 else None),
        ),
    )


def _word(word: type[Value], view: View, facts: Iterable[tuple[str, Child]]) -> Html:
    """A word: its name, what it says of itself, facts, and its fields."""
    name = word.__name__
    line = view.lines.get(name, 0)
    link = tag("a", f"line {line}", href=view.href(line), class_="line") if line else None
    said = [(key, it) for key, it in facts if it]
    rows = [tag("div", tag("dt", key), tag("dd", it)) for key, it in said]
    return tag(
        *("article", tag("h5", tag("code", name), " ", link, id=name)),
        *(prose(vars(word).get("__doc__") or "", view.names, under=5), _fields(word, view)),
        tag("dl", *rows, class_="inline") if rows else None,
        class_="word",
    )


def _fields(word: type[Value], view: View) -> Html:
    if not issubclass(word, msgspec.Struct):
        return Html("")
    fields = msgspec.structs.fields(word)
    if not fields:
        return Html("")
    return tag("ul", *(_field(word.__name__, field, view) for field in fields), class_="fields")


def _field(word: str, field: msgspec.structs.FieldInfo, view: View) -> Html:
    limits = list(constraints(field.type))
    if not field.required:
        limits.append(f"optional, {_default(field)}")
    spelling = view.annotations.get((word, field.name)) or spelt(field.type, view)
    said = tag("span", "; ".join(limits), dir="auto", class_="quiet") if limits else None
    return tag("li", tag("code", field.name, ": "), _linked(spelling, view), " ", said)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default is not msgspec.NODEFAULT:
        said = repr(field.default)
        return f"else {said}" if len(said) <= 60 and " at 0x" not in said else "with a default"
    return "else empty"


def _users(view: View, word: str, how: str) -> Child:
    """Who else has to do with a word, as links."""
    return _listed(
        tag("a", tag("code", f"{it.cell}.{it.function}"), href=f"{it.cell}.html")
        for it in view.uses
        if it.word == word and it.how == how
    )


# -- required --------------------------------------------------------------------------------------


def _required(view: View) -> Html:
    manifest = view.manifest
    rows = [*_asks(view), *_reactions(view), *_ports(view), *_timers(view)]
    state = spelt(manifest.state)
    if state != "None":
        rows.append(("keeps", _linked(state, view), "its state; evolvers alone change it"))
    body = [
        tag("tr", tag("th", how, scope="row"), tag("td", what), tag("td", by))
        for how, what, by in rows
    ]
    heads = tag("tr", *(tag("th", it, scope="col") for it in ("how", "what", "for")))
    table = tag("table", tag("thead", heads), tag("tbody", *body))
    return tag(
        *("section", tag("h3", "Required", id="-required")),
        scroll(table, "what it requires") if body else tag("p", "It needs nobody and nothing."),
        class_="canvas",
    )


Line = tuple[str, Child, Child]


def _asks(view: View) -> Iterator[Line]:
    for function in functions_of(view.manifest):
        for name in asked_by(function, view.manifest):
            cell, _, word = name.partition(".")
            href = f"{cell}.html#{word}" if cell in view.cells else None
            shown = tag("code", name)
            yield (
                "asks",
                tag("a", shown, href=href) if href else shown,
                _function(function.name, view),
            )


def _reactions(view: View) -> Iterator[Line]:
    for event, it in view.manifest.reactions.items():
        shown = tag("code", f"{it.source}.{event.__name__}")
        known = it.source in view.cells
        href = f"{it.source}.html#{event.__name__}"
        linked = tag("a", shown, href=href) if known else shown
        yield "reacts to", linked, _function(it.function.name, view)


def _ports(view: View) -> Iterator[Line]:
    users: dict[str, list[str]] = {}
    for function in functions_of(view.manifest):
        for _, port in function.arguments:
            if port is not None:
                users.setdefault(port.name, []).append(function.name)
    for called, names in sorted(users.items()):
        yield "port", tag("code", called), _listed(_function(name, view) for name in names)


def _timers(view: View) -> Iterator[Line]:
    for it in view.manifest.timers.values():
        if it.period is not None:
            what: Child = f"every {_span(it.period).removeprefix('1 ')}"
        else:
            delay = _span(it.delay) if isinstance(it.delay, timedelta) else "a time of its own"
            what = (f"{delay} after ", _linked(it.event.__name__, view))
        yield "timer", what, _function(it.function.name, view)


def functions_of(manifest: Manifest) -> Iterator[Function]:
    """Whatever the engine calls that may have ports."""
    yield from (it.function for it in manifest.handlers.values())
    yield from (it.function for it in manifest.reactions.values())
    yield from (it.function for it in manifest.timers.values())


# -- types in words --------------------------------------------------------------------------------


def spelt(annotation: Any, view: View | None = None) -> str:
    """A type as its author wrote it: by its alias if it has one there, else without constraints."""
    if view is not None and get_origin(annotation) is Annotated:
        for name, alias in view.aliases.items():
            if alias == annotation:
                return name
    if members := union_members(annotation):  # not Optional[X]
        return " | ".join(spelt(it, view) for it in members)
    return spell(_bare(annotation))


def constraints(annotation: Any, inside: str = "") -> Iterator[str]:
    """What values of a type must fulfil, in words, its parts included."""
    annotation = unalias(annotation)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from constraints(args[0], inside)
        for meta in args[1:]:
            if isinstance(meta, msgspec.Meta):
                yield from (inside + said for said in _said(meta))
    elif origin in (dict, tuple, frozenset, list, set) or getattr(origin, "__name__", "") == "Map":
        kinds = ("each key ", "each value ") if len(args) == 2 and args[1] is not ... else ()
        for i, arg in enumerate(args):
            if arg is not ...:
                yield from constraints(arg, kinds[i] if kinds and origin is not tuple else "each ")
    elif isinstance(annotation, types.UnionType) or args:
        for arg in args:
            if not isinstance(arg, (str, int)):
                yield from constraints(arg, inside)


def _said(meta: msgspec.Meta) -> Iterator[str]:
    if meta.min_length is not None and meta.max_length is not None:
        yield f"length {meta.min_length} to {meta.max_length}"
    elif meta.min_length is not None:
        yield f"length at least {meta.min_length}"
    elif meta.max_length is not None:
        yield f"length at most {meta.max_length}"
    for field, form in METAS:
        value = getattr(meta, field)
        if value is not None:
            yield form.format(value)
    if meta.tz is not None:
        yield "with a time zone" if meta.tz else "without a time zone"
    if meta.description:
        yield meta.description


def _bare(annotation: Any) -> Any:
    """The annotation without `Annotated`, at any depth."""
    if get_origin(annotation) is not Annotated and "Annotated" not in str(annotation):
        return annotation
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    return get_type_hints(holder)["it"]


def _linked(spelling: str, view: View) -> Html:
    """A type, in which each name that is known leads to what it names."""
    parts: list[Html] = []
    at = 0
    for found in IDENTIFIER.finditer(spelling):
        href = view.names.get(found[0])
        if href:
            parts += [text(spelling[at : found.start()]), tag("a", found[0], href=href)]
            at = found.end()
    return tag("code", *parts, spelling[at:])


def _function(name: str, view: View) -> Html:
    line = view.lines.get(name, 0)
    return code(name, {name: view.href(line)} if line else None)


def _listed(items: Iterable[Html]) -> Html | None:
    found = list(items)
    commas = [join(it, ", ") for it in found[:-1]]
    return join(*commas, found[-1]) if found else None


def _span(span: timedelta) -> str:
    """A time span in the largest unit that has a whole number of it."""
    seconds = span.total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            number = int(seconds // size)
            return f"{number} {unit}{'s' if number != 1 else ''}"
    return f"{seconds:g} s"
