"""Words are frozen, Maps are immutable, and a message says what it is answered with."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.contracts import (
    Command,
    Event,
    Map,
    Message,
    Query,
    State,
    Value,
    replace,
    reply_type,
)
from monocyte.contracts.codec import decode, encode, encode_json, to_builtins

R = TypeVar("R")
dicts = st.dictionaries(st.text() | st.integers(), st.integers() | st.text())
spoken = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**63), 2**64 - 1)
)


class Slot(Value):
    start: int
    notes: Map[str, str] = Map()


class Booked(Event):
    __version__: ClassVar[int] = 3
    slot: Slot


class Book(Command[Booked]):
    slot: Slot


class Cancel(Command[None]):
    number: int


class Free(Query[tuple[Slot, ...]]):
    pass


class FreeToday(Free):
    pass


class Listing(Query[R], Generic[R]):
    page: int


class Slots(Listing[Slot]):
    pass


class Unanswered(Command):
    pass


@pytest.mark.parametrize("word", [Slot(1), Booked(Slot(1)), Book(Slot(1)), Free()], ids=repr)
def test_words_are_frozen(word: Value) -> None:
    """No field of a word can be set, deleted or added."""
    for name in ("slot", "start", "new"):
        with pytest.raises(AttributeError):
            setattr(word, name, 1)
        with pytest.raises(AttributeError):
            delattr(word, name)


def test_words_with_equal_fields_are_equal() -> None:
    """Words compare and hash by value, and only with their own type."""
    assert {Slot(1), Slot(1)} == {Slot(1)}
    assert len({Book(Slot(1)), Booked(Slot(1))}) == 2


def test_a_state_can_be_changed() -> None:
    """A State is what evolvers write to."""

    class Count(State):
        number: int = 0

    count = Count()
    count.number += 1
    assert count == Count(1)


def test_versions_count_from_one() -> None:
    """A message that says nothing of its version has had one shape; the version is no field."""
    assert (Book.__version__, Booked.__version__) == (1, 3)
    assert Message.__version__ == 1
    assert to_builtins(Booked(Slot(1))) == {"slot": {"start": 1, "notes": {}}}


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        (Book, Booked),
        (Cancel, type(None)),
        (Free, tuple[Slot, ...]),
        (FreeToday, tuple[Slot, ...]),
    ],
)
def test_a_message_says_its_reply(message: type[Message], reply: Any) -> None:
    """The parameter of Command or Query, inherited too; None is its type."""
    assert reply_type(message) == reply


@pytest.mark.parametrize("message", [Unanswered, Booked, Listing, Slots], ids=lambda m: m.__name__)
def test_a_message_without_a_reply_is_told(message: type[Message]) -> None:
    """An event, a bare Command, and a reply that only a base's own parameter names."""
    with pytest.raises(TypeError, match="does not say what it is answered with"):
        reply_type(message)


@given(dicts)
def test_a_map_is_the_mapping_it_was_made_of(items: dict[Any, Any]) -> None:
    """Law: equal to its dict both ways, with its keys, values, items and length."""
    made = Map(items)
    assert made == items
    assert items == made
    assert made == Map(items) == Map(items.items()) == MappingProxyType(items)
    assert dict(made) == items
    assert (len(made), list(made), list(made.values())) == (
        len(items),
        list(items),
        list(items.values()),
    )
    assert all(key in made and made[key] == made.get(key) == items[key] for key in items)


@given(dicts, st.randoms())
def test_equal_maps_hash_alike_in_any_order(items: dict[Any, Any], random: Any) -> None:
    """Law: the order of filling means nothing to equality or hash."""
    shuffled = list(items.items())
    random.shuffle(shuffled)
    assert Map(shuffled) == Map(items)
    assert hash(Map(shuffled)) == hash(Map(items))


@given(spoken, st.randoms())
def test_equal_maps_give_equal_bytes(items: dict[str, int], random: Any) -> None:
    """Law: so that a digest of a message, or of a port's arguments, finds its equal again."""
    shuffled = list(items.items())
    random.shuffle(shuffled)
    assert encode(Map(shuffled)) == encode(Map(items))
    assert encode_json(Map(shuffled)) == encode_json(Map(items))
    assert decode(Map[str, int], encode(Map(items))) == items
    back = Map((value, key) for key, value in shuffled if items == dict(shuffled))
    assert encode(Map(reversed(list(back.items())))) == encode(back)


def test_a_map_differs_from_what_it_is_not() -> None:
    """Other items, and things that are no mapping, are unequal."""
    assert Map({"a": 1}) != {"a": 2}
    assert Map({"a": 1}) != [("a", 1)]
    assert Map() != ()


@pytest.mark.parametrize(
    "attack",
    [
        "m['a'] = 2",
        "del m['a']",
        "m.pop('a')",
        "m.update(a=2)",
        "m.clear()",
        "m._items = {}",
        "m.new = 1",
        "del m._items",
        "del m._hash",
        "m.__init__({'a': 2})",
        "Map.__init__(m, {'a': 2})",
        "m.items().mapping['a'] = 2",
        "m.keys().add('b')",
        "m |= {'b': 2}",
        "class Mine(Map): pass\nMine()['a'] = 2",
    ],
)
def test_a_map_cannot_be_changed(attack: str) -> None:
    """Whatever its interface offers, the items stay."""
    made, before = Map({"a": 1}), hash(Map({"a": 1}))
    with suppress(TypeError, AttributeError):
        exec(attack, {"m": made, "Map": Map})  # noqa: S102 (the test's own text)
    assert made == {"a": 1}
    assert hash(made) == before


def test_a_map_keeps_nothing_of_the_dict_it_was_made_of() -> None:
    """Neither the dict that it was made of, nor a nosy `__eq__`, reaches the items."""
    items = {"a": 1}
    made = Map(items)
    items["a"] = 2

    class Nosy(dict[str, int]):
        __hash__ = None

        def __eq__(self, other: object) -> bool:
            if isinstance(other, dict):
                other["a"] = 3
            return True

    made.__eq__(Nosy(b=1))
    assert made == {"a": 1}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_map_pickles_and_copies(protocol: int) -> None:
    """A copy is equal, also deep, also through pickle of any protocol."""
    made = Map({"a": Map({"b": (1, 2)})})
    for twin in (pickle.loads(pickle.dumps(made, protocol)), copy.copy(made), copy.deepcopy(made)):  # noqa: S301
        assert type(twin) is Map
        assert twin == made
        assert hash(twin) == hash(made)


def test_a_map_shows_its_items() -> None:
    """Its repr is what made it; it is a Mapping to everybody."""
    assert repr(Map({"a": 1})) == "Map({'a': 1})"
    assert isinstance(Map(), Mapping)


def test_a_map_of_the_unhashable_has_no_hash() -> None:
    """As a tuple of lists has none; the type is refused when its cell is loaded."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(Map({"a": [1]}))


class Window(Value):
    begin: int
    end: int = 9


def test_a_value_is_replaced_by_another_like_it() -> None:
    """The fields named change, the others stay, and the first value is as it was."""
    window = Window(1)
    assert replace(window, end=3) == Window(1, 3)
    assert replace(window) == window == Window(1, 9)
    assert replace(window, begin="one") == Window("one", 9)  # type: ignore[arg-type]


def test_only_fields_can_be_replaced() -> None:
    """A name that is no field is refused, as the constructor would."""
    with pytest.raises(TypeError, match="middle"):
        replace(Window(1), middle=2)
