"""JSON Schema says what the decoder accepts, and a digest changes when the shape does."""

from __future__ import annotations

import json
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from monocyte.contracts import Event, Map, State, Value
from monocyte.contracts.codec import decode_json, digest, encode_json, json_schema, json_schemas
from monocyte.contracts.immutable import type_faults
from monocyte.errors import Invalid
from tests.contracts.shapes import LEAVES, Colour, Point, Shape, Tree, shapes

T = TypeVar("T")


class Box(Value, Generic[T]):
    held: T


class Rain(Value, tag=True):
    """It rains."""

    litres: Annotated[float, msgspec.Meta(ge=0)]


class Snow(Value, tag=True):
    metres: float = 0.5


class Weather(Event, rename={"from_": "from"}):
    """What falls."""

    from_: Rain | Snow
    places: Map[str, Map[int, tuple[Rain | Snow, ...]]]
    before: Weather | None = None
    colours: Map[Colour, Point] = Map({Colour.RED: Point(1)})


class Row(Value, array_like=True, tag="row"):
    cells: Map[str, Point]
    more: int = 0


class Stock(State):
    counts: dict[str, list[int]]


FALLEN: tuple[Rain | Snow, ...] = (Rain(2.0), Snow())
WEATHER = Weather(Rain(1.5), Map({"Graz": Map({1: FALLEN})}))
EVERY = [
    *(leaf.annotation for leaf in LEAVES),
    *(Box[int], Box[Box[str]], Weather, Row, Stock, Map[str, Weather], tuple[Tree, ...], tuple[()]),
    *(Any, Map, frozenset[Point], Rain | Snow, Weather | None),
]


def valid(annotation: Any, body: bytes) -> bool:
    """Whether JSON is valid against the schema of a type, which is valid itself."""
    schema = json_schema(annotation)
    Draft202012Validator.check_schema(schema)
    return bool(Draft202012Validator(schema).is_valid(json.loads(body)))


@pytest.mark.parametrize("annotation", EVERY, ids=str)
def test_every_schema_is_a_schema(annotation: Any) -> None:
    """Valid against the metaschema of 2020-12, JSON through and through, no reference dangles."""
    schema = json_schema(annotation)
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    for name in json.dumps(schema).split("#/$defs/")[1:]:
        assert name.partition('"')[0] in schema["$defs"]


@settings(deadline=None)
@given(st.data(), shapes)
def test_what_we_write_is_valid(data: st.DataObject, shape: Shape) -> None:
    """Law: the JSON of a value is valid against the schema of its type."""
    assert valid(shape.annotation, encode_json(data.draw(shape.values)))


@pytest.mark.parametrize(
    ("annotation", "value"),
    [(Weather, WEATHER), (Weather, Weather(Snow(), Map(), WEATHER)), (Box[int], Box(1))],
    ids=["weather", "recursive", "generic"],
)
def test_words_are_valid(annotation: Any, value: Value) -> None:
    """Renamed, tagged, recursive, with Maps of Maps of records."""
    assert valid(annotation, encode_json(value))
    assert decode_json(annotation, encode_json(value)) == value


@pytest.mark.parametrize(
    ("annotation", "body"),
    [
        (Weather, b'{"from":{"type":"Rain","litres":-1},"places":{}}'),
        (Weather, b'{"from":{"type":"Hail"},"places":{}}'),
        (Weather, b'{"from":{"type":"Snow"},"places":{"Graz":{"one":[]}}}'),
        (Weather, b'{"from":{"type":"Snow"},"places":{"Graz":{"1":[{"metres":1}]}}}'),
        (Weather, b'{"from":{"type":"Snow"},"places":{},"colours":{"green":{"x":1}}}'),
        (Weather, b'{"from":{"type":"Snow"},"places":{},"colours":{"red":{"x":1.5}}}'),
        (Weather, b'{"from_":{"type":"Snow"},"places":{}}'),
        (Row, b'["row",{"a":{"x":"1"}}]'),
        (Row, b'["row"]'),
        (Box[int], b'{"held":"a"}'),
        (tuple[()], b"[1]"),
        (tuple[int, str], b'[1,"a",2]'),
        (Tree, b'{"name":"a","children":[{"name":1}]}'),
    ],
    ids=str,
)
def test_what_the_decoder_refuses_the_schema_refuses(annotation: Any, body: bytes) -> None:
    """Constraints, tags, keys and items of Maps, unknown fields."""
    with pytest.raises(Invalid):
        decode_json(annotation, body)
    assert not valid(annotation, body)


def test_several_types_share_their_definitions() -> None:
    """One schema each, in order, and each named type once, where OpenAPI looks for it."""
    schemas, shared = json_schemas([Weather, Map[str, Point], Point])
    assert schemas[0] == {"$ref": "#/components/schemas/Weather"}
    assert schemas[1]["additionalProperties"] == schemas[2]
    assert set(shared) == {"Weather", "Rain", "Snow", "Point"}
    assert shared["Rain"]["description"] == "It rains."
    mapping = shared["Weather"]["properties"]["from"]["discriminator"]["mapping"]
    assert mapping == {name: f"#/components/schemas/{name}" for name in ("Rain", "Snow")}


def test_two_types_of_one_name_are_kept_apart() -> None:
    """The second is called by its module too."""
    other: Any = msgspec.defstruct("Point", [("z", int)], bases=(Value,), module="elsewhere")
    (first, second), shared = json_schemas([Point, other])
    assert first == {"$ref": "#/components/schemas/Point"}
    assert second == {"$ref": "#/components/schemas/elsewhere.Point.Point"}
    assert len(shared) == 2


def test_what_is_no_data_has_no_schema() -> None:
    """The type is named."""
    with pytest.raises(TypeError, match="memoryview has no JSON Schema"):
        json_schema(tuple[memoryview, ...])


def _point(doc: str = "", **fields: Any) -> Any:
    return msgspec.defstruct("P", list(fields.items()), bases=(Value,), namespace={"__doc__": doc})


def test_a_digest_is_of_the_shape() -> None:
    """Prose leaves it as it is; fields, types and constraints do not, even one named `title`."""
    plain = digest(_point(x=int))
    assert len(plain) == 16
    assert plain == digest(_point("A point.", x=Annotated[int, msgspec.Meta(title="X")]))
    others = [
        _point(x=float),
        _point(y=int),
        _point(x=int, title=int),
        _point(x=int, title=str),
        _point(x=Map[str, int]),
        _point(x=Map[str, float]),
        _point(x=Annotated[int, msgspec.Meta(ge=0)]),
    ]
    assert len({plain, *map(digest, others)}) == 1 + len(others)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: str(leaf.annotation))
def test_what_a_word_may_hold_has_a_schema(leaf: Shape) -> None:
    """The two rooms agree on what a type may be."""
    assert not list(type_faults(leaf.annotation))
    assert digest(leaf.annotation)
