"""The words that cells speak: `Value`, `Command`, `Query`, `Event`; and `State`, that they keep.

Words are frozen and refuse unknown fields; that their fields are immutable *by type* is checked
when a cell is loaded (`immutable.py`). No codec and no I/O here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, final, get_args, get_origin

import msgspec

if TYPE_CHECKING:
    from typing import dataclass_transform

__all__ = [
    "Command",
    "Event",
    "Map",
    "Message",
    "Query",
    "State",
    "Tick",
    "Value",
    "replace",
    "reply_type",
]

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R")
W = TypeVar("W", bound="Value")


if TYPE_CHECKING:
    # Type checkers know `msgspec.Struct` as mutable, and so would take every word for mutable.
    @dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
    class _Word:
        def __init_subclass__(
            cls,
            *,
            tag: bool | str | int = False,
            tag_field: str = "type",
            rename: str | Mapping[str, str] | Callable[[str], str | None] | None = None,
            array_like: bool = False,
            omit_defaults: bool = False,
            kw_only: bool = False,
            order: bool = False,
        ) -> None: ...

    class Value(_Word):
        """A frozen record; two with equal fields are equal."""

else:

    class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
        """A frozen record; two with equal fields are equal."""


class Message(Value):
    """What travels on the bus; `__version__` counts the shapes that its name has had."""

    __version__: ClassVar[int] = 1
    __cell__: ClassVar[str] = ""
    """The cell that the message belongs to: set when that cell is loaded."""


class Command(Message, Generic[R]):
    """A message that changes something and is answered with an `R`."""


class Query(Message, Generic[R]):
    """A message that changes nothing and is answered with an `R`."""


class Event(Message):
    """A message that says what has happened."""


class State(msgspec.Struct):
    """What a cell keeps: a mutable record, changed by evolvers alone."""


@final
class Map(Mapping[K, V]):
    """An immutable, hashable mapping; write it where you would write `dict`.

    Equal to any mapping with equal items. The order of its items means nothing: a wire sorts it.
    """

    __slots__ = ("_hash", "_items")

    _items: dict[K, V]
    _hash: int

    def __new__(cls, items: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> Map[K, V]:
        """A copy of the items; no `__init__`, so that nobody can fill a map again."""
        made = super().__new__(cls)
        object.__setattr__(made, "_items", dict(items))
        return made

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Map is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Map is immutable: {name} cannot be deleted")

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            object.__setattr__(self, "_hash", hash(frozenset(self._items.items())))
            return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return self._items == dict(other)  # a copy: never hand `_items` to somebody's `__eq__`

    def __repr__(self) -> str:
        return f"Map({self._items!r})"

    def __reduce__(self) -> tuple[type[Map[K, V]], tuple[dict[K, V]]]:
        return Map, (dict(self._items),)


class Tick(Event):
    """What a timer of `cell.every` consumes: the moment it was due, in UTC."""

    at: datetime


def replace(value: W, **changes: Any) -> W:
    """Another like `value`, with those fields changed; they are checked where any value is.

    Raises:
        TypeError: it has no field of that name.

    >>> replace(Tick(datetime(2026, 1, 5)), at=datetime(2026, 1, 6))
    Tick(at=datetime.datetime(2026, 1, 6, 0, 0))
    """
    other: Any = value  # which type checkers do not know as a Struct
    changed: W = msgspec.structs.replace(other, **changes)
    return changed


def reply_type(message: type[Message]) -> Any:
    """The `R` of a `Command[R]` or `Query[R]`; `None` is `type(None)`.

    Raises:
        TypeError: the class names no `R`.
    """
    for base in (b for cls in message.__mro__ for b in getattr(cls, "__orig_bases__", ())):
        if get_origin(base) in (Command, Query):
            (reply,) = get_args(base)
            if not isinstance(reply, TypeVar):
                return type(None) if reply is None else reply
    raise TypeError(f"{message.__qualname__} does not say what it is answered with")
