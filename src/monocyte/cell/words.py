"""What is wrong with the words of a cell and with its state.

Words must be immutable by type, and whatever is sent or kept must be what the codec carries: found
here for each field, and for what the fields are made of, down to the last record. Records of other
cells are left to their own cells.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
from collections.abc import Iterable, Iterator
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

from monocyte.cell.places import class_place
from monocyte.contracts import Command, Map, Message, Query, Value, reply_type
from monocyte.contracts.annotations import parts, spell, struct_of, unalias
from monocyte.contracts.codec import decode, encode
from monocyte.contracts.immutable import SCALARS, field_faults, type_faults
from monocyte.errors import BusError, DefinitionError

__all__ = ["WordCheck"]

CONTAINERS = (tuple, frozenset, Map, dict, list, set)
"""What the codec carries besides scalars and records; words may use the first three."""


class WordCheck:
    """Looks at each record once; `foreign` says which modules answer for their own."""

    def __init__(self, foreign: Iterable[str] = ()) -> None:
        self.foreign = frozenset(foreign)
        self.is_bad: dict[type, bool] = {}

    def word(self, word: type[Value]) -> Iterator[DefinitionError]:
        """The faults of a word: its fields, its version, and what it is answered with."""
        yield from self._record(word)
        if issubclass(word, Message):
            yield from _version_faults(word)
        if issubclass(word, (Command, Query)):
            yield from self._reply(word)

    def state(self, state: Any, where: str) -> Iterator[DefinitionError]:
        """The faults of a state: it can be made from nothing, stored, and read again."""
        faults = list(self._annotation(state, "the state", where))
        yield from faults or _initial_faults(state, where)

    def _reply(self, word: type[Message]) -> Iterator[DefinitionError]:
        where, name = class_place(word), word.__name__
        try:
            reply = reply_type(word)
        except TypeError:
            kind = "Command" if issubclass(word, Command) else "Query"
            mend = f"class {name}({kind}[R]), R being the type of its answer, or None"
            yield _fault(f"{name} does not say what it is answered with", where, mend)
            return
        mends = list(type_faults(reply))
        for mend in mends:
            what = f"the answer of {name} is a {spell(reply)}: messages are immutable by type"
            yield _fault(what, where, _unquoted(reply) or mend)
        if not mends:
            yield from self._annotation(reply, f"the answer of {name}", where)

    def _record(self, record: type) -> Iterator[DefinitionError]:
        """The faults of a record and of those inside, unless it has been seen already."""
        if record in self.is_bad or record.__module__ in self.foreign:
            return
        self.is_bad[record] = False  # a record that holds itself meets this on the way down
        for fault in self._record_faults(record):
            self.is_bad[record] = True
            yield fault

    def _record_faults(self, record: type) -> Iterator[DefinitionError]:
        try:
            fields = get_type_hints(record, include_extras=True)
        except Exception as why:  # noqa: BLE001 (a supervision edge: annotations are the author's)
            where = class_place(record, _field_naming(record, getattr(why, "name", None)))
            mend = "import or define what it names"
            yield _fault(f"{record.__name__}: an annotation cannot be read: {why}", where, mend)
            return
        mutable = list(_mutable_faults(record))
        yield from mutable
        where_mutable = {fault.where for fault in mutable}
        for name, annotation in fields.items():
            where = class_place(record, name)
            if get_origin(annotation) is not ClassVar and where not in where_mutable:
                yield from self._annotation(annotation, f"{record.__name__}.{name}", where)

    def _annotation(self, annotation: Any, what: str, where: str) -> Iterator[DefinitionError]:
        """The faults of a type: of the records inside, or else of how it is put together."""
        inside = list(_inside(annotation))
        for record in filter(_is_record, inside):
            yield from self._record(record)
        if any(self.is_bad.get(record) for record in filter(_is_record, inside)):
            return
        unknown = [_unknown(part) for part in inside]
        for mend in dict.fromkeys(filter(None, unknown)):
            yield _fault(f"{what} is a {spell(annotation)}, which cannot be stored", where, mend)
        if not any(unknown):
            yield from _codec_faults(annotation, what, where)


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


def _unknown(part: Any) -> str:
    """What to do about a part that the codec would carry wrongly or not at all; or nothing."""
    origin = get_origin(part) or part
    if part in (Any, object):
        return "say the type"
    if origin in CONTAINERS and not get_args(part):
        return f"say what the {origin.__name__} holds: {origin.__name__}[...]"
    if origin is Map and any(map(_is_no_key, _inside(get_args(part)[0]))):
        return "the keys of a Map are scalars: int, str, datetime, an Enum, …"
    if isinstance(origin, type) and not _is_carried(origin):
        return f"instead of {origin.__name__} use dict, list, set, tuple, a Value or a State"
    return ""


def _is_no_key(part: Any) -> bool:
    return _is_record(part) or (get_origin(part) or part) in CONTAINERS


def _is_carried(cls: type) -> bool:
    known = (*SCALARS, *CONTAINERS, bytearray)
    return cls in known or _is_record(cls) or issubclass(cls, enum.Enum) or _is_special(cls)


def _is_special(cls: type) -> bool:
    """`types.UnionType` and the like: the origin of an annotation, not a class of values."""
    return cls.__module__ in ("types", "typing")


def _codec_faults(annotation: Any, what: str, where: str) -> Iterator[DefinitionError]:
    try:
        msgspec.msgpack.Decoder(annotation)
    except (TypeError, ValueError) as why:
        mend = "put one of them into a Value of its own" if "union" in str(why) else "see above"
        if "tagged" in str(why):
            mend = "tag each, so that they can be told apart: class A(Value, tag=True)"
        reason = str(why).partition(" - type")[0]
        yield _fault(f"{what} cannot be told from its bytes: {reason}", where, mend)


def _mutable_faults(record: type) -> Iterator[DefinitionError]:
    if not issubclass(record, Value):
        return
    name = record.__name__
    config: msgspec.structs.StructConfig = getattr(record, "__struct_config__")  # noqa: B009
    if not config.frozen:
        yield _fault(f"{name} is not frozen", class_place(record), "delete frozen=False")
    for field, annotation, mend in field_faults(record):
        what = f"{name}.{field} is a {annotation}: messages are immutable by type"
        yield _fault(what, class_place(record, field), mend)


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
        decode(state, encode(initial))
    except BusError as why:
        what = f"the initial state is no {spell(state)}: {why.message}"
        yield _fault(what, where, "give every field a default that fits its type")


def _unquoted(reply: Any) -> str:
    quoted = any(isinstance(part, (str, ForwardRef)) for part in _inside(reply))
    return "write its class without quotes, below what it names" if quoted else ""


def _field_naming(record: type, missing: str | None) -> str:
    """The field whose annotation names what is missing."""
    own = inspect.get_annotations(record)
    return next((f for f, a in own.items() if missing and missing in str(a)), "")


def _fault(message: str, where: str, mend: str) -> DefinitionError:
    return DefinitionError(message, where=where, mend=mend)
