"""What is malformed, too large or too deep ends in one clear error; what is well formed returns."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import GenericAlias
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monocyte.contracts import Map, Value
from monocyte.contracts.codec import (
    MAX_BYTES,
    MAX_DEPTH,
    decode,
    decode_json,
    encode,
    encode_json,
    from_strings,
    raw,
    to_builtins,
)
from monocyte.errors import Invalid, TooLarge
from tests.contracts.shapes import Colour, Point, Shape, Tree, shapes


class Slot(Value):
    start: datetime
    hours: Annotated[int, msgspec.Meta(ge=1, le=8)] = 1


class Order(Value, rename={"from_": "from"}):
    number: int
    slots: tuple[Slot, ...] = ()
    counts: Map[str, Map[int, float]] = Map()
    weight: float = 0.0
    from_: str = ""


class Node(Value):
    inner: Map[str, Node] = Map()
    rest: tuple[Node, ...] = ()


def brief(thing: object) -> str:
    """An id for a test, however large its input."""
    text = repr(thing)
    return text if len(text) < 60 else f"{text[:40]}…{len(text)}"


MALFORMED_JSON: list[tuple[bytes, str]] = [
    (b"", "truncated"),
    (b"{", "truncated"),
    (b"[]", "Expected `object`"),
    (b"null", "Expected `object`"),
    (b"{}", "missing required field `number`"),
    (b'{"number":1}x', "trailing"),
    (b'\xef\xbb\xbf{"number":1}', "malformed"),
    ('{"number":1}'.encode("utf-16"), "malformed"),
    (b'{"number":"1"}', "`$.number`"),
    (b'{"number":1.5}', "`$.number`"),
    (b'{"number":true}', "`$.number`"),
    (b'{"number":NaN}', "malformed"),
    (b'{"number":1,"weight":Infinity}', "malformed"),
    (b'{"number":1,"weight":1e999}', "`$.weight`"),
    (b'{"number":' + b"9" * 30 + b"}", "`$.number`"),
    (b'{"number":' + b"9" * 5000 + b"}", "`$.number`"),
    (b'{"number":1,"colour":"red"}', "unknown field `colour`"),
    (b'{"number":1,"from_":"a"}', "unknown field `from_`"),
    (b'{"number":1,"from":"\xff"}', "utf-8"),
    (b'{"number":1,"from":"\\ud800 and more"}', "surrogate"),
    (b'{"number":1,"slots":[{"start":"soon"}]}', "`$.slots[0].start`"),
    (b'{"number":1,"slots":[{"start":"2026-01-01T00:00:00Z","hours":9}]}', "`$.slots[0].hours`"),
    (b'{"number":1,"counts":[]}', "`$.counts`"),
    (b'{"number":1,"counts":{"a":{"b":1}}}', "`$.counts['a']['b']`"),
    (b'{"number":1,"counts":{"a":{"1":"x"}}}', "`$.counts['a']['1']`"),
]


@pytest.mark.parametrize(("body", "complaint"), MALFORMED_JSON, ids=brief)
def test_malformed_json_is_invalid(body: bytes, complaint: str) -> None:
    """One error, that says what is wrong and where, and names the type."""
    with pytest.raises(Invalid) as why:
        decode_json(Order, body)
    assert complaint in str(why.value)
    assert str(why.value).startswith("Order")
    assert len(str(why.value)) < 1000


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "truncated"),
        (b"\xc1", "invalid opcode"),
        (encode({"number": 1}) + b"\x00", "trailing"),
        (b"\x81\xa6number\xa11", "`$.number`"),
        (b"\x81\xa6number\xc3", "`$.number`"),
        (b"\x82\xa6number\x01\xa4from\xa1\xff", "utf-8"),
        (b"\x82\xa6number\x01\xa4from\xa3\xed\xa0\x80", "utf-8"),
        (b"\xdf\xff\xff\xff\xff", "truncated"),
        (b"\x82\xa6number\x01\xa5slots\xdd\xff\xff\xff\xff", "truncated"),
        (encode({"number": 1, "x" * 100_000: 1}), "unknown field"),
        (encode({"number": 1, "counts": {"a": {"1": 1.0}}}), "`$.counts['a']['1']`"),
    ],
    ids=brief,
)
def test_malformed_msgpack_is_invalid(body: bytes, complaint: str) -> None:
    """As JSON is; a length that promises more than was sent costs no memory."""
    with pytest.raises(Invalid) as why:
        decode(Order, body)
    assert complaint in str(why.value)
    assert len(str(why.value)) < 1000


@pytest.mark.parametrize(
    ("annotation", "body"),
    [
        (Node, b'{"inner":{"a":' * 50_000),
        (Node, b'{"rest":[' * 50_000),
        (Node, b'{"inner":{"a":' * 40 + b"{}" + b"}}" * 40),
        (Tree, b'{"name":"a","children":[' * 40 + b"]}" * 40),
        (tuple[Any, ...], b"[" * 1_000_000),
        (tuple[Any, ...], b"[" * 40 + b"]" * 40),
    ],
    ids=brief,
)
def test_what_nests_too_deep_is_too_large(annotation: Any, body: bytes) -> None:
    """A depth bomb neither crashes nor gets in, through tuples, records and Maps alike."""
    with pytest.raises(TooLarge, match="nested deeper"):
        decode_json(annotation, body)


def test_depth_within_the_limit_passes() -> None:
    """A tree of reasonable depth comes back."""
    tree = Tree("leaf")
    for _ in range(MAX_DEPTH // 2 - 1):
        tree = Tree("node", (tree,))
    assert decode(Tree, encode(tree)) == decode_json(Tree, encode_json(tree)) == tree


@pytest.mark.parametrize("read", [decode, decode_json])
def test_a_large_body_is_refused_unread(read: Any) -> None:
    """A hundred megabytes are refused for their size alone: what they say is not looked at."""
    with pytest.raises(TooLarge, match="104,857,600 bytes were sent; 1,048,576 are allowed"):
        read(Order, bytes(100 << 20))


def test_a_large_value_is_not_sent() -> None:
    """The limit holds on the way out too."""
    with pytest.raises(TooLarge, match="1,048,576 are allowed"):
        encode("x" * MAX_BYTES)


def test_of_a_key_said_twice_the_last_counts() -> None:
    """As most readers of JSON have it."""
    assert decode_json(Order, b'{"number":1,"number":2}') == Order(2)


@given(
    st.binary()
    | st.text().map(str.encode)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["number", "slots", "counts", "from", "a"]), inner)
        ),
    ).map(lambda v: json.dumps(v).encode())
)
def test_no_body_ends_in_another_error(body: bytes) -> None:
    """Law: bytes are a value, or Invalid, or TooLarge, for either decoder."""
    for annotation in (Order, Node, Tree, Map[int, Point], tuple[Any, ...]):
        for read in (decode, decode_json):
            try:
                value = read(annotation, body)
            except (Invalid, TooLarge):
                continue
            assert decode(annotation, encode(value)) == value or "nan" in repr(value)


@settings(deadline=None)
@given(st.data(), shapes)
def test_what_is_cut_short_or_flipped_ends_in_no_other_error(
    data: st.DataObject, shape: Shape
) -> None:
    """Law: a damaged message is refused, or is another value of the type."""
    body = bytearray(encode(data.draw(shape.values)))
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    for damaged in (bytes(body), bytes(body[:-1])):
        try:
            decode(shape.annotation, damaged)
        except (Invalid, TooLarge):
            continue


class Find(Value):
    text: str = ""
    limit: Annotated[int, msgspec.Meta(le=100)] = 10
    weight: float | None = None
    colour: Colour = Colour.RED
    day: date | None = None
    open: bool = True


def test_a_query_string_becomes_a_value() -> None:
    """Numbers, truths, dates and enums are read from their strings."""
    fields = {"text": "7", "limit": "7", "weight": "1.5", "colour": "blue", "open": "false"}
    fields["day"] = "2026-01-05"
    wanted = Find("7", 7, 1.5, Colour.BLUE, date(2026, 1, 5), open=False)
    assert from_strings(Find, fields) == wanted


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"limit": "many"}, "`$.limit`"),
        ({"limit": "101"}, "`$.limit`"),
        ({"limit": "9" * 30}, "`$.limit`"),
        ({"limit": "9" * 5000}, "`$.limit`"),
        ({"weight": "nan"}, "`$.weight`"),
        ({"weight": "-inf"}, "`$.weight`"),
        ({"colour": "green"}, "`$.colour`"),
        ({"text": "\ud800"}, "`$.text`"),
        ({"pages": "1"}, "unknown field `pages`"),
    ],
    ids=repr,
)
def test_a_malformed_query_string_is_invalid(fields: dict[str, str], complaint: str) -> None:
    """With the field's name, as a body has it."""
    with pytest.raises(Invalid) as why:
        from_strings(Find, fields)
    assert complaint in str(why.value)


@given(st.dictionaries(st.sampled_from(["text", "limit", "weight", "day", "x"]), st.text()))
def test_no_query_string_ends_in_another_error(fields: dict[str, str]) -> None:
    """Law: strings are a value that can be sent, or Invalid."""
    try:
        value = from_strings(Find, fields)
    except Invalid:
        return
    assert decode(Find, encode(value)) == value


@settings(deadline=None)
@given(st.data(), shapes)
def test_json_brings_what_msgpack_brings(data: st.DataObject, shape: Shape) -> None:
    """Law: both encodings carry the same values, Maps and sets included."""
    value = decode(shape.annotation, encode(data.draw(shape.values)))
    assert decode_json(shape.annotation, encode_json(value)) == value


@pytest.mark.parametrize("value", [float("nan"), (1, float("inf")), Point(1, -float("inf"))])
def test_json_says_no_infinity(value: object) -> None:
    """What JSON cannot say is refused, not said as null."""
    with pytest.raises(Invalid, match="finite"):
        encode_json(value)


class Kind(Enum):
    A = "a"


@pytest.mark.parametrize(
    "key",
    [
        "a",
        1,
        -1,
        UUID(int=1),
        date(2026, 1, 1),
        datetime(2026, 1, 1, tzinfo=UTC),
        Kind.A,
        Decimal("1.5"),
    ],
    ids=repr,
)
def test_a_map_may_have_any_key_that_json_can_name(key: Any) -> None:
    """Keys that are no strings are strings in JSON, and return as what they were."""
    annotation: Any = GenericAlias(Map, (type(key), int))
    value = Map({key: 1})
    assert decode(annotation, encode(value)) == value
    assert decode_json(annotation, encode_json(value)) == value
    assert json.loads(encode_json(value)) == to_builtins(value)


def test_a_set_of_records_is_sent_in_one_order() -> None:
    """Python cannot sort them, and its own order differs from run to run."""
    points = [Point(i) for i in range(20)]
    assert encode(frozenset(points)) == encode(frozenset(reversed(points)))
    assert decode(frozenset[Point], encode(frozenset(points))) == frozenset(points)
    assert encode_json(Map({"a": (frozenset(points[:2]),)})).count(b'"x"') == 2


def test_equal_values_give_equal_bytes_in_another_process() -> None:
    """Where strings hash otherwise, so that sets are in another order."""
    value = "frozenset({'ada', 'lise', 'emmy', 'marie'}), Map({'b': Point(1), 'a': Point(2)})"
    code = f"""
from monocyte.contracts import Map
from monocyte.contracts.codec import encode
from tests.contracts.shapes import Point
print(encode(({value}, frozenset({{Point(1), Point(2), Point(3)}}))).hex())
"""
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1


def test_raw_says_what_there_is() -> None:
    """Untyped, and Invalid like everything that is malformed."""
    assert raw(encode(Order(1, weight=2.0)))["weight"] == 2.0
    with pytest.raises(Invalid):
        raw(b"\xc1")
