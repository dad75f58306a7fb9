"""What is wrong with the words of a cell and with its state.

Words are judged by `contracts.immutable`, a state by whether it can be kept: here it is decided
where to look, down to the last record that a field, an answer or the state is made of. Records of
other cells are left to their own cells.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import (
    Any,
    ClassVar,
    ForwardRef,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import msgspec

from monocyte.cell.definition import Cell
from monocyte.cell.places import class_place
from monocyte.contracts import Command, Map, Message, Query, Value, reply_type
from monocyte.contracts.annotations import parts, spell, struct_of, unalias
from monocyte.contracts.images import from_image, image
from monocyte.contracts.immutable import SCALARS, type_faults
from monocyte.errors import DefinitionError, Invalid

__all__ = ["WordCheck"]

CONTAINERS = (tuple, frozenset, Map, dict, list, set)
"""What a state may be made of, besides scalars and records."""

Place = Callable[[], str]
"""file:line, found when there is a fault to report: it takes reading the source."""


class WordCheck:
    """Looks at each record that a cell uses, once."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.is_bad: dict[type, bool] = {}

    def word(self, word: type[Value]) -> Iterator[DefinitionError]:
        """The faults of a word: its fields, its version, and what it is answered with."""
        yield from self._record(word)
        if issubclass(word, Message):
            yield from _version_faults(word)
        if issubclass(word, (Command, Query)):
            yield from self._reply(word)

    def state(self, state: Any, where: str) -> Iterator[DefinitionError]:
        """The faults of a state: it can be made from nothing, kept, and read again."""
        faults = [*self._records(state), *self._kept(state, "the state", lambda: where)]
        yield from faults
        if not faults and not self._blames_inside(state):
            yield from _initial_faults(state, where)

    def _reply(self, word: type[Message]) -> Iterator[DefinitionError]:
        where, name = partial(class_place, word), word.__name__
        try:
            reply = reply_type(word)
        except TypeError:
            kind = "Command" if issubclass(word, Command) else "Query"
            mend = f"class {name}({kind}[R]), R being the type of its answer, or None"
            yield _fault(f"{name} does not say what it is answered with", where(), mend)
        else:
            yield from self._records(reply)
            yield from _sent(reply, f"the answer of {name}", where)

    def _records(self, annotation: Any) -> Iterator[DefinitionError]:
        """The faults of the records that a type is made of, each unless it was seen already."""
        for record in filter(_is_record, _inside(annotation)):
            yield from self._record(record)

    def _record(self, record: type) -> Iterator[DefinitionError]:
        if record in self.is_bad or self._is_foreign(record):
            return
        self.is_bad[record] = False  # a record that holds itself meets this on the way down
        for fault in self._record_faults(record):
            self.is_bad[record] = True
            yield fault

    def _is_foreign(self, record: type) -> bool:
        home = getattr(sys.modules.get(record.__module__), "cell", None)
        return isinstance(home, Cell) and record.__module__ != self.cell.module

    def _record_faults(self, record: type) -> Iterator[DefinitionError]:
        try:
            fields = get_type_hints(record, include_extras=True)
        except Exception as why:  # noqa: BLE001 (a supervision edge: annotations are the author's)
            field = _field_naming(record, getattr(why, "name", None))
            what = f"{record.__name__}: an annotation cannot be read: {why}"
            yield _fault(what, class_place(record, field), "import or define what it names")
            return
        is_word = issubclass(record, Value)
        if is_word and not _is_frozen(record):
            mend = "delete frozen=False"
            yield _fault(f"{record.__name__} is not frozen", class_place(record), mend)
        for name, annotation in fields.items():
            if get_origin(annotation) is not ClassVar:
                what, where = f"{record.__name__}.{name}", partial(class_place, record, name)
                yield from self._records(annotation)
                yield from (_sent if is_word else self._kept)(annotation, what, where)

    def _kept(self, annotation: Any, what: str, where: Place) -> Iterator[DefinitionError]:
        """Why a part of a state could not be kept, unless a record inside has been blamed."""
        if self._blames_inside(annotation):
            return
        mends = dict.fromkeys(filter(None, map(_kept_mend, _inside(annotation))))
        for mend in mends or _codec_mends(annotation):
            yield _fault(f"{what} cannot be a {spell(annotation)}", where(), mend)

    def _blames_inside(self, annotation: Any) -> bool:
        return any(self.is_bad.get(record) for record in filter(_is_record, _inside(annotation)))


def _sent(annotation: Any, what: str, where: Place) -> Iterator[DefinitionError]:
    """Why a part of a message could not be sent."""
    quoted = any(isinstance(part, (str, ForwardRef)) for part in _inside(annotation))
    try:
        mends = dict.fromkeys(type_faults(annotation))
    except NameError:  # a record inside names what does not exist, and has been blamed
        return
    for mend in mends:
        unquote = "write it without quotes, below the class that it names"
        what_to_do = unquote if quoted else mend
        yield _fault(f"{what} cannot be a {spell(annotation)}", where(), what_to_do)


def _inside(annotation: Any) -> Iterator[Any]:
    """The type and what it is made of, each once, down to records and scalars."""
    seen: list[Any] = []  # not a set: what stands in `Annotated` need not be hashable
    ahead = [annotation]
    while ahead:
        here = unalias(ahead.pop())
        if here in seen:
            continue
        seen.append(here)
        named = get_origin(here) or here
        is_record = _is_record(named)
        yield named if is_record else here
        ahead += get_args(here) if is_record else parts(here)


def _is_record(thing: Any) -> bool:
    if not isinstance(thing, type) or get_origin(thing) is not None:
        return False
    is_named_tuple = issubclass(thing, tuple) and hasattr(thing, "_fields")
    is_record = struct_of(thing) is not None or dataclasses.is_dataclass(thing)
    return is_record or is_named_tuple or is_typeddict(thing)


def _is_frozen(record: Any) -> bool:
    return bool(record.__struct_config__.frozen)


def _kept_mend(part: Any) -> str:
    """What to do about a part that the codec would keep wrongly or not at all; or nothing."""
    origin = get_origin(part) or part
    if part in (Any, object):
        return "say the type"
    if origin in CONTAINERS and not get_args(part):
        return f"say what the {origin.__name__} holds: {origin.__name__}[...]"
    if origin is Map and any(map(_is_record, _inside(get_args(part)[0]))):
        return "the keys of a Map are scalars: int, str, datetime, an Enum, …"
    if isinstance(origin, type) and not _is_kept(origin):
        return f"instead of {origin.__name__} use dict, list, set, tuple, a Value or a State"
    return ""


def _is_kept(cls: type) -> bool:
    known = cls in (*SCALARS, *CONTAINERS, bytearray) or issubclass(cls, enum.Enum)
    return known or _is_record(cls) or cls.__module__ in ("types", "typing")  # UnionType, …


def _codec_mends(annotation: Any) -> Iterator[str]:
    try:
        msgspec.msgpack.Decoder(annotation)
    except (TypeError, ValueError, NameError) as why:
        yield str(why).partition(" - type")[0]


def _version_faults(word: type[Message]) -> Iterator[DefinitionError]:
    version: Any = word.__version__
    if type(version) is not int or version < 1:
        what = f"the version of {word.__name__} is no whole number above zero"
        where = class_place(word, "__version__")
        yield _fault(what, where, "__version__: ClassVar[int] = 2")


def _initial_faults(state: Any, where: str) -> Iterator[DefinitionError]:
    try:
        initial = state()
    except Exception as why:  # noqa: BLE001 (a supervision edge: it is the author's class)
        what = f"the initial state cannot be made: {spell(state)}() says {why}"
        yield _fault(what, where, "give every field a default")
        return
    try:
        from_image(state, image(initial))
    except Invalid as why:
        what = f"the initial state is no {spell(state)}: {why.message}"
        yield _fault(what, where, "give every field a default that fits its type")


def _field_naming(record: type, missing: str | None) -> str:
    """The field whose annotation names what is missing."""
    own = inspect.get_annotations(record)
    return next((f for f, a in own.items() if missing and missing in str(a)), "")


def _fault(message: str, where: str, mend: str) -> DefinitionError:
    return DefinitionError(message, where=where, mend=mend)
