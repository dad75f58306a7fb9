"""Evolutions of a message: old and new, who breaks, and messages that prove it. Authored as data.

(name, old, new, sender, receiver, messages of the old version, messages of the new one). `old` and
`new` are the fields of a class M, or whole sources if they define one. A side is `b` (breaks) or `o`
(does not): sender is proven by reading the old messages with the new version, receiver by reading the
new messages with the old one. Nothing here knows how the library finds out.
"""
# ruff: noqa: E501 (a table: one case, one line)

from __future__ import annotations

__all__ = ["CASES", "HEADER", "source"]

HEADER = """
import dataclasses, enum, uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, Optional, TypedDict, Union
import msgspec
from msgspec import Meta, Struct, field
from monocyte import Command, Event, Map, Query, Value
"""


def source(text: str) -> str:
    """The whole source of a version."""
    if "class M" in text:
        return HEADER + text
    return HEADER + "class M(Value):\n    " + "\n    ".join(text.split("; ")) + "\n"


def _lenient(text: str) -> str:
    return "class M(Struct):\n    " + "\n    ".join(text.split("; "))


def _row(text: str) -> str:
    return "class M(Struct, array_like=True):\n    " + "\n    ".join(text.split("; "))


def _i(limits: str) -> str:
    return f"a: Annotated[int, Meta({limits})]"


def _s(limits: str) -> str:
    return f"a: Annotated[str, Meta({limits})]"


def _e(members: str) -> str:
    return (
        "class E(enum.Enum):\n    "
        + "\n    ".join(members.split("; "))
        + "\nclass M(Value):\n    a: E"
    )


def _slot(text: str, use: str = "Slot") -> str:
    fields = "\n    ".join(text.split("; "))
    return f"class Slot(Value):\n    {fields}\nclass M(Value):\n    a: {use}"


A1, AX = '{"a":1}', '{"a":"x"}'

CASES: list[tuple[str, str, str, str, str, list[str], list[str]]] = [
    # -- fields ----------------------------------------------------------------------------------
    ("field_required_added", "a: int", "a: int; b: int", "b", "b", [A1], ['{"a":1,"b":2}']),
    ("field_optional_added", "a: int", "a: int; b: int = 0", "o", "b", [A1], ['{"a":1,"b":2}']),
    ("field_none_added", "a: int", "a: int; b: str | None = None", "o", "b", [A1], ['{"a":1,"b":null}']),
    ("field_removed", "a: int; b: int", "a: int", "b", "b", ['{"a":1,"b":2}'], [A1]),
    ("field_optional_removed", "a: int; b: int = 0", "a: int", "b", "o", ['{"a":1,"b":2}'], [A1]),
    ("field_renamed", "a: int", "b: int", "b", "b", [A1], ['{"b":1}']),
    ("field_optional_renamed", "a: int = 0", "b: int = 0", "b", "b", [A1], ['{"b":1}']),
    ("field_renamed_same_wire", "a: int", 'b: int = field(name="a")', "o", "o", [A1], [A1]),
    ("field_new_wire_name", "a: int", 'a: int = field(name="A")', "b", "b", [A1], ['{"A":1}']),
    ("fields_reordered", "a: int; b: str", "b: str; a: int", "o", "o", ['{"a":1,"b":"x"}'], ['{"b":"x","a":1}']),
    ("field_now_optional", "a: int; b: int", "a: int; b: int = 3", "o", "b", ['{"a":1,"b":2}'], [A1]),
    ("field_now_required", "a: int; b: int = 3", "a: int; b: int", "b", "o", [A1], ['{"a":1,"b":2}']),
    ("default_changed", "a: int = 1", "a: int = 2", "b", "b", ["{}"], ["{}"]),
    ("default_text_changed", 'a: str = "x"', 'a: str = "y"', "b", "b", ["{}"], ["{}"]),
    ("default_none_to_value", "a: int | None = None", "a: int | None = 0", "b", "b", ["{}"], ["{}"]),
    ("default_tuple_changed", "a: tuple[int, ...] = ()", "a: tuple[int, ...] = (1,)", "b", "b", ["{}"], ["{}"]),
    ("default_same_by_factory", "a: tuple[int, ...] = ()", "a: tuple[int, ...] = field(default_factory=tuple)", "o", "o", ["{}", '{"a":[1]}'], ["{}", '{"a":[1]}']),
    ("default_enum_changed", _e("X = 'x'; Y = 'y'") + " = E.X", _e("X = 'x'; Y = 'y'") + " = E.Y", "b", "b", ["{}"], ["{}"]),
    ("two_fields_swapped_names", "a: int; b: int", "b: int; a: int", "o", "o", ['{"a":1,"b":2}'], ['{"a":1,"b":2}']),
    ("field_split", "name: str", "first: str; last: str", "b", "b", ['{"name":"x"}'], ['{"first":"x","last":"y"}']),
    ("fields_merged", "first: str; last: str", "name: str", "b", "b", ['{"first":"x","last":"y"}'], ['{"name":"x"}']),
    # -- readers that ignore what they do not know -----------------------------------------------------
    ("lenient_optional_added", _lenient("a: int"), _lenient("a: int; b: int = 0"), "o", "o", [A1], ['{"a":1,"b":2}']),
    ("lenient_required_added", _lenient("a: int"), _lenient("a: int; b: int"), "b", "o", [A1], ['{"a":1,"b":2}']),
    ("lenient_field_removed", _lenient("a: int; b: int"), _lenient("a: int"), "b", "b", ['{"a":1,"b":2}'], [A1]),
    ("lenient_optional_removed", _lenient("a: int; b: int = 0"), _lenient("a: int"), "b", "o", ['{"a":1,"b":2}'], [A1]),
    ("lenient_optional_renamed", _lenient("a: int = 0"), _lenient("b: int = 0"), "b", "o", [A1], ['{"b":1}']),
    ("unknown_now_forbidden", _lenient("a: int"), "a: int", "b", "o", ['{"a":1,"zz":2}'], [A1]),
    ("unknown_now_allowed", "a: int", _lenient("a: int"), "o", "b", [A1], ['{"a":1,"zz":2}']),
    # -- scalar types ------------------------------------------------------------------------------
    ("int_to_str", "a: int", "a: str", "b", "b", [A1], [AX]),
    ("int_to_float", "a: int", "a: float", "b", "b", ['{"a":9007199254740993}'], ['{"a":1.5}']),
    ("float_to_int", "a: float", "a: int", "b", "b", ['{"a":1.5}'], ['{"a":9007199254740993}']),
    ("small_int_to_float", "a: Annotated[int, Meta(ge=0, le=100)]", "a: Annotated[float, Meta(ge=0, le=100)]", "o", "b", [A1, '{"a":100}'], ['{"a":1.5}']),
    ("int_to_bool", "a: int", "a: bool", "b", "b", [A1], ['{"a":true}']),
    ("bool_to_int", "a: bool", "a: int", "b", "b", ['{"a":true}'], [A1]),
    ("str_to_int", "a: str", "a: int", "b", "b", [AX], [A1]),
    ("str_to_bytes", "a: str", "a: bytes", "b", "b", [AX], ['{"a":"aGk="}']),
    ("str_to_datetime", "a: str", "a: datetime", "b", "b", [AX], ['{"a":"2020-01-01T00:00:00Z"}']),
    ("datetime_to_date", "a: datetime", "a: date", "b", "b", ['{"a":"2020-01-01T10:00:00Z"}'], ['{"a":"2020-01-01"}']),
    ("str_to_uuid", "a: str", "a: uuid.UUID", "b", "o", [AX], ['{"a":"12345678-1234-5678-1234-567812345678"}']),
    ("float_to_decimal", "a: float", "a: Decimal", "o", "b", ['{"a":1.5}'], ['{"a":"1.5"}']),
    ("int_to_decimal", "a: int", "a: Decimal", "o", "b", [A1], ['{"a":"1.5"}']),
    ("str_to_any", "a: str", "a: tuple[int, ...] | str", "o", "b", [AX], ['{"a":[1]}']),
    ("timedelta_to_float", "a: timedelta", "a: float", "b", "b", ['{"a":"PT1S"}'], ['{"a":1.5}']),
    ("date_to_str", "a: date", "a: str", "o", "b", ['{"a":"2020-01-01"}'], [AX]),
    ("time_to_str", "a: time", "a: str", "o", "b", ['{"a":"10:00:00"}'], [AX]),
    ("newtype_is_nothing", "a: int", 'a: NewType("N", int)', "o", "o", [A1], [A1]),
    ("optional_spelled_otherwise", "a: Optional[int]", "a: int | None", "o", "o", [A1, '{"a":null}'], [A1, '{"a":null}']),
    ("aware_only", "a: datetime", "a: Annotated[datetime, Meta(tz=True)]", "b", "o", ['{"a":"2020-01-01T00:00:00"}'], ['{"a":"2020-01-01T00:00:00Z"}']),
    ("naive_only", "a: datetime", "a: Annotated[datetime, Meta(tz=False)]", "b", "o", ['{"a":"2020-01-01T00:00:00Z"}'], ['{"a":"2020-01-01T00:00:00"}']),
    # -- unions ----------------------------------------------------------------------------------------
    ("may_be_none", "a: int", "a: int | None", "o", "b", [A1], ['{"a":null}']),
    ("no_longer_none", "a: int | None", "a: int", "b", "o", ['{"a":null}'], [A1]),
    ("union_grows", "a: int", "a: int | str", "o", "b", [A1], [AX]),
    ("union_shrinks", "a: int | str", "a: str", "b", "o", [A1], [AX]),
    ("union_reordered", "a: int | str", "a: str | int", "o", "o", [A1, AX], [A1, AX]),
    ("union_other_member", "a: int | str", "a: int | bool", "b", "b", [AX], ['{"a":true}']),
    ("union_spelled_otherwise", "a: Union[int, str]", "a: int | str", "o", "o", [A1, AX], [A1, AX]),
    # -- constraints -----------------------------------------------------------------------------------
    ("ge_added", "a: int", _i("ge=1"), "b", "o", ['{"a":0}'], [A1]),
    ("ge_removed", _i("ge=1"), "a: int", "o", "b", [A1], ['{"a":0}']),
    ("ge_raised", _i("ge=1"), _i("ge=2"), "b", "o", [A1], ['{"a":2}']),
    ("ge_lowered", _i("ge=2"), _i("ge=1"), "o", "b", ['{"a":2}'], [A1]),
    ("le_lowered", _i("ge=1, le=8"), _i("ge=1, le=5"), "b", "o", ['{"a":6}'], ['{"a":5}']),
    ("le_raised", _i("le=5"), _i("le=8"), "o", "b", ['{"a":5}'], ['{"a":6}']),
    ("ge_to_gt", _i("ge=1"), _i("gt=1"), "b", "o", [A1], ['{"a":2}']),
    ("gt_to_ge_same", _i("gt=0"), _i("ge=1"), "o", "o", [A1], [A1]),
    ("le_to_lt", _i("le=5"), _i("lt=5"), "b", "o", ['{"a":5}'], ['{"a":4}']),
    ("range_moved", _i("ge=0, le=10"), _i("ge=5, le=15"), "b", "b", ['{"a":0}'], ['{"a":15}']),
    ("float_le_lowered", "a: Annotated[float, Meta(le=1.0)]", "a: Annotated[float, Meta(le=0.5)]", "b", "o", ['{"a":1.0}'], ['{"a":0.5}']),
    ("float_gt_to_ge", "a: Annotated[float, Meta(gt=0)]", "a: Annotated[float, Meta(ge=0)]", "o", "b", ['{"a":0.5}'], ['{"a":0.0}']),
    ("multiple_of_added", "a: int", _i("multiple_of=5"), "b", "o", [A1], ['{"a":5}']),
    ("multiple_of_changed", _i("multiple_of=4"), _i("multiple_of=6"), "b", "b", ['{"a":4}'], ['{"a":6}']),
    ("multiple_of_finer", _i("multiple_of=10"), _i("multiple_of=5"), "o", "b", ['{"a":10}'], ['{"a":5}']),
    ("min_length_added", "a: str", _s("min_length=1"), "b", "o", ['{"a":""}'], [AX]),
    ("min_length_raised", _s("min_length=1"), _s("min_length=3"), "b", "o", [AX], ['{"a":"xyz"}']),
    ("max_length_lowered", _s("max_length=80"), _s("max_length=40"), "b", "o", ['{"a":"%s"}' % ("x" * 80)], [AX]),
    ("max_length_raised", _s("max_length=10"), _s("max_length=20"), "o", "b", [AX], ['{"a":"%s"}' % ("x" * 20)]),
    ("max_length_removed", _s("max_length=10"), "a: str", "o", "b", [AX], ['{"a":"%s"}' % ("x" * 11)]),
    ("pattern_added", "a: str", _s('pattern="^[a-z]+$"'), "b", "o", ['{"a":"A1"}'], [AX]),
    ("pattern_removed", _s('pattern="^[a-z]+$"'), "a: str", "o", "b", [AX], ['{"a":"A1"}']),
    ("pattern_wider", _s('pattern="^[a-z]+$"'), _s('pattern="^[a-z0-9]+$"'), "o", "b", [AX], ['{"a":"x1"}']),
    ("pattern_narrower", _s('pattern="^[a-z]+$"'), _s('pattern="^[a-z]{2,4}$"'), "b", "o", [AX], ['{"a":"xyz"}']),
    ("pattern_other", _s('pattern="^[A-Z]{2}[0-9]{4}$"'), _s('pattern="^[0-9]{4}[A-Z]{2}$"'), "b", "b", ['{"a":"AB1234"}'], ['{"a":"1234AB"}']),
    ("pattern_unanchored", _s('pattern="^ab$"'), _s('pattern="ab"'), "o", "b", ['{"a":"ab"}'], ['{"a":"xab"}']),
    ("bytes_max_length", "a: bytes", "a: Annotated[bytes, Meta(max_length=4)]", "b", "o", ['{"a":"aGVsbG8="}'], ['{"a":"aGk="}']),
    ("items_max_length", "a: tuple[int, ...]", "a: Annotated[tuple[int, ...], Meta(max_length=3)]", "b", "o", ['{"a":[1,2,3,4]}'], ['{"a":[1]}']),
    ("items_min_length", "a: tuple[int, ...]", "a: Annotated[tuple[int, ...], Meta(min_length=1)]", "b", "o", ['{"a":[]}'], ['{"a":[1]}']),
    ("item_constraint", "a: tuple[int, ...]", "a: tuple[Annotated[int, Meta(ge=0)], ...]", "b", "o", ['{"a":[-1]}'], ['{"a":[1]}']),
    ("prose_changed", "a: int", _i('title="A", description="the a"'), "o", "o", [A1, '{"a":-7}'], [A1]),
    ("examples_changed", _i('description="x"'), _i('description="y"'), "o", "o", [A1], [A1]),
    ("docstring_changed", 'class M(Value):\n    """Old."""\n    a: int', 'class M(Value):\n    """New."""\n    a: int', "o", "o", [A1], [A1]),
    ("optional_constraint", "a: Annotated[int, Meta(ge=1)] | None = None", "a: Annotated[int, Meta(ge=2)] | None = None", "b", "o", [A1], ['{"a":2}', "{}"]),
    # -- enums and literals ------------------------------------------------------------------------------
    ("enum_member_added", _e("X = 'x'"), _e("X = 'x'; Y = 'y'"), "o", "b", [AX], ['{"a":"y"}']),
    ("enum_member_removed", _e("X = 'x'; Y = 'y'"), _e("X = 'x'"), "b", "o", ['{"a":"y"}'], [AX]),
    ("enum_value_changed", _e("X = 'x'"), _e("X = 'z'"), "b", "b", [AX], ['{"a":"z"}']),
    ("enum_member_renamed", _e("X = 'x'"), _e("NEW = 'x'"), "o", "o", [AX], [AX]),
    ("enum_members_reordered", _e("X = 'x'; Y = 'y'"), _e("Y = 'y'; X = 'x'"), "o", "o", [AX, '{"a":"y"}'], [AX]),
    ("enum_alias_added", _e("X = 'x'"), _e("X = 'x'; ALSO = 'x'"), "o", "o", [AX], [AX]),
    ("enum_values_swapped", _e("X = 1; Y = 2"), _e("X = 2; Y = 1"), "o", "o", [A1], [A1]),
    ("enum_int_to_str", _e("X = 1"), _e("X = '1'"), "b", "b", [A1], ['{"a":"1"}']),
    ("enum_auto_shifted", _e("X = enum.auto(); Y = enum.auto()"), _e("W = enum.auto(); X = enum.auto(); Y = enum.auto()"), "o", "b", [A1, '{"a":2}'], ['{"a":3}']),
    ("str_to_enum", "a: str", _e("X = 'x'"), "b", "o", ['{"a":"q"}'], [AX]),
    ("enum_to_str", _e("X = 'x'"), "a: str", "o", "b", [AX], ['{"a":"q"}']),
    ("enum_to_literal", _e("X = 'x'"), 'a: Literal["x"]', "o", "o", [AX], [AX]),
    ("literal_grows", 'a: Literal["x"]', 'a: Literal["x", "y"]', "o", "b", [AX], ['{"a":"y"}']),
    ("literal_shrinks", 'a: Literal["x", "y"]', 'a: Literal["x"]', "b", "o", ['{"a":"y"}'], [AX]),
    ("literal_reordered", 'a: Literal["x", "y"]', 'a: Literal["y", "x"]', "o", "o", [AX, '{"a":"y"}'], [AX]),
    ("str_to_literal", "a: str", 'a: Literal["x"]', "b", "o", ['{"a":"q"}'], [AX]),
    # -- containers -------------------------------------------------------------------------------------
    ("one_to_many", "a: int", "a: tuple[int, ...]", "b", "b", [A1], ['{"a":[1]}']),
    ("item_type", "a: tuple[int, ...]", "a: tuple[str, ...]", "b", "b", ['{"a":[1]}'], ['{"a":["x"]}']),
    ("item_may_be_none", "a: tuple[int, ...]", "a: tuple[int | None, ...]", "o", "b", ['{"a":[1]}'], ['{"a":[null]}']),
    ("tuple_to_set", "a: tuple[int, ...]", "a: frozenset[int]", "b", "o", ['{"a":[1,1]}'], ['{"a":[1,2]}']),
    ("set_to_tuple", "a: frozenset[int]", "a: tuple[int, ...]", "o", "b", ['{"a":[1,2]}'], ['{"a":[1,1]}']),
    ("pair_to_triple", "a: tuple[int, int]", "a: tuple[int, int, int]", "b", "b", ['{"a":[1,2]}'], ['{"a":[1,2,3]}']),
    ("pair_to_many", "a: tuple[int, int]", "a: tuple[int, ...]", "o", "b", ['{"a":[1,2]}'], ['{"a":[1]}']),
    ("many_to_pair", "a: tuple[int, ...]", "a: tuple[int, int]", "b", "o", ['{"a":[1]}'], ['{"a":[1,2]}']),
    ("pair_item_type", "a: tuple[int, int]", "a: tuple[int, str]", "b", "b", ['{"a":[1,2]}'], ['{"a":[1,"x"]}']),
    ("map_value_type", "a: Map[str, int]", "a: Map[str, str]", "b", "b", ['{"a":{"k":1}}'], ['{"a":{"k":"x"}}']),
    ("map_key_type", "a: Map[str, int]", "a: Map[int, int]", "b", "b", ['{"a":{"k":1}}'], ['{"a":{"1":1}}']),
    ("map_value_may_be_none", "a: Map[str, int]", "a: Map[str, int | None]", "o", "b", ['{"a":{"k":1}}'], ['{"a":{"k":null}}']),
    ("map_to_pairs", "a: Map[str, int]", "a: tuple[tuple[str, int], ...]", "b", "b", ['{"a":{"k":1}}'], ['{"a":[["k",1]]}']),
    ("list_to_tuple", _lenient("a: list[int]"), _lenient("a: tuple[int, ...]"), "o", "o", ['{"a":[1,2]}', '{"a":[]}'], ['{"a":[1,2]}']),
    # -- nested -------------------------------------------------------------------------------------------
    ("nested_required", _slot("n: int"), _slot("n: int; m: int"), "b", "b", ['{"a":{"n":1}}'], ['{"a":{"n":1,"m":2}}']),
    ("nested_optional", _slot("n: int"), _slot("n: int; m: int = 0"), "o", "b", ['{"a":{"n":1}}'], ['{"a":{"n":1,"m":2}}']),
    ("nested_renamed_field", _slot("n: int"), _slot("k: int"), "b", "b", ['{"a":{"n":1}}'], ['{"a":{"k":1}}']),
    ("nested_constraint", _slot("n: int"), _slot("n: Annotated[int, Meta(ge=0)]"), "b", "o", ['{"a":{"n":-1}}'], ['{"a":{"n":1}}']),
    ("nested_default", _slot("n: int = 1"), _slot("n: int = 2"), "b", "b", ['{"a":{}}'], ['{"a":{}}']),
    ("nested_in_tuple", _slot("n: int", "tuple[Slot, ...]"), _slot("n: str", "tuple[Slot, ...]"), "b", "b", ['{"a":[{"n":1}]}'], ['{"a":[{"n":"x"}]}']),
    ("nested_in_map", _slot("n: int", "Map[str, Slot]"), _slot("n: int; m: int", "Map[str, Slot]"), "b", "b", ['{"a":{"k":{"n":1}}}'], ['{"a":{"k":{"n":1,"m":2}}}']),
    ("nested_optional_use", _slot("n: int", "Slot | None"), _slot("n: str", "Slot | None"), "b", "b", ['{"a":{"n":1}}'], ['{"a":{"n":"x"}}']),
    ("nested_class_renamed", _slot("n: int"), "class Place(Value):\n    n: int\nclass M(Value):\n    a: Place", "o", "o", ['{"a":{"n":1}}'], ['{"a":{"n":1}}']),
    ("nested_flattened", _slot("n: int"), "n: int", "b", "b", ['{"a":{"n":1}}'], ['{"n":1}']),
    ("recursive_deeper", "class M(Value):\n    v: int\n    a: 'M | None' = None", "class M(Value):\n    v: str\n    a: 'M | None' = None", "b", "b", ['{"v":1}'], ['{"v":"x"}']),
    ("inherited_field", "class B(Value):\n    a: int\nclass M(B):\n    b: int", "class B(Value):\n    a: str\nclass M(B):\n    b: int", "b", "b", ['{"a":1,"b":1}'], ['{"a":"x","b":1}']),
    ("field_moved_to_base", "a: int; b: int", "class B(Value):\n    a: int\nclass M(B):\n    b: int", "o", "o", ['{"a":1,"b":2}'], ['{"a":1,"b":2}']),
    # -- layout and tags --------------------------------------------------------------------------------
    ("record_to_row", _lenient("a: int"), _row("a: int"), "b", "b", [A1], ["[1]"]),
    ("row_order", _row("a: int; b: int"), _row("b: int; a: int"), "b", "b", ["[1,2]"], ["[1,2]"]),
    ("row_order_types", _row("a: int; b: str"), _row("b: str; a: int"), "b", "b", ['[1,"x"]'], ['["x",1]']),
    ("row_renamed", _row("a: int"), _row("c: int"), "o", "o", ["[1]"], ["[1]"]),
    ("row_appended_optional", _row("a: int"), _row("a: int; b: int = 0"), "o", "o", ["[1]"], ["[1,2]"]),
    ("row_appended_required", _row("a: int"), _row("a: int; b: int"), "b", "o", ["[1]"], ["[1,2]"]),
    ("row_inserted", _row("a: int; b: int = 0"), _row("z: int; a: int; b: int = 0"), "b", "b", ["[1,2]"], ["[7,1,2]"]),
    ("tag_added", _lenient("a: int"), "class M(Struct, tag=True):\n    a: int", "o", "o", [A1], ['{"type":"M","a":1}']),
    ("tag_changed", 'class M(Struct, tag="m"):\n    a: int', 'class M(Struct, tag="n"):\n    a: int', "b", "b", ['{"type":"m","a":1}'], ['{"type":"n","a":1}']),
    ("tag_field_changed", 'class M(Struct, tag="m", tag_field="t", forbid_unknown_fields=True):\n    a: int', 'class M(Struct, tag="m", tag_field="kind", forbid_unknown_fields=True):\n    a: int', "b", "b", ['{"t":"m","a":1}'], ['{"kind":"m","a":1}']),
    ("rename_camel", "class M(Value):\n    a_b: int", 'class M(Value, rename="camel"):\n    a_b: int', "b", "b", ['{"a_b":1}'], ['{"aB":1}']),
    ("tagged_union_grows", "class X(Value, tag=True):\n    n: int\nclass M(Value):\n    a: X", "class X(Value, tag=True):\n    n: int\nclass Y(Value, tag=True):\n    n: int\nclass M(Value):\n    a: X | Y", "o", "b", ['{"a":{"type":"X","n":1}}'], ['{"a":{"type":"Y","n":1}}']),
    ("tagged_union_shrinks", "class X(Value, tag=True):\n    n: int\nclass Y(Value, tag=True):\n    n: int\nclass M(Value):\n    a: X | Y", "class X(Value, tag=True):\n    n: int\nclass M(Value):\n    a: X", "b", "o", ['{"a":{"type":"Y","n":1}}'], ['{"a":{"type":"X","n":1}}']),
    ("omit_defaults", "class M(Value):\n    a: int = 1", "class M(Value, omit_defaults=True):\n    a: int = 1", "o", "o", ["{}", '{"a":2}'], ["{}", '{"a":2}']),
    ("kw_only", "class M(Value):\n    a: int", "class M(Value, kw_only=True):\n    a: int", "o", "o", [A1], [A1]),
    ("frozen_dropped", "class M(Struct, frozen=True):\n    a: int", "class M(Struct):\n    a: int", "o", "o", [A1], [A1]),
    ("method_added", "a: int", "class M(Value):\n    a: int\n    def twice(self): return self.a * 2", "o", "o", [A1], [A1]),
    ("classvar_added", "a: int", "from typing import ClassVar\nclass M(Value):\n    a: int\n    LIMIT: ClassVar[int] = 3", "o", "o", [A1], [A1]),
    # -- code that judges --------------------------------------------------------------------------------
    ("check_added", "a: int; b: int", "class M(Value):\n    a: int\n    b: int\n    def __post_init__(self):\n        if self.a > self.b: raise ValueError('order')", "b", "o", ['{"a":2,"b":1}'], ['{"a":1,"b":1}']),
    ("check_stricter", "class M(Value):\n    a: int\n    b: int\n    def __post_init__(self):\n        if self.a > self.b: raise ValueError('order')", "class M(Value):\n    a: int\n    b: int\n    def __post_init__(self):\n        if self.a >= self.b: raise ValueError('order')", "b", "o", ['{"a":1,"b":1}'], ['{"a":1,"b":2}']),
    ("check_removed", "class M(Value):\n    a: int\n    def __post_init__(self):\n        if self.a < 0: raise ValueError('negative')", "a: int", "o", "b", [A1], ['{"a":-1}']),
    ("check_message_only", "class M(Value):\n    a: int\n    def __post_init__(self):\n        if self.a < 0: raise ValueError('negative')", "class M(Value):\n    a: int\n    def __post_init__(self):\n        if self.a < 0: raise ValueError('below zero')", "o", "o", [A1], [A1]),
    # -- other kinds of records -------------------------------------------------------------------------
    ("dataclass_required", "@dataclasses.dataclass\nclass M:\n    a: int", "@dataclasses.dataclass\nclass M:\n    a: int\n    b: int", "b", "o", [A1], ['{"a":1,"b":2}']),
    ("dataclass_type", "@dataclasses.dataclass\nclass M:\n    a: int", "@dataclasses.dataclass\nclass M:\n    a: str", "b", "b", [A1], [AX]),
    ("dataclass_default", "@dataclasses.dataclass\nclass M:\n    a: int = 1", "@dataclasses.dataclass\nclass M:\n    a: int = 2", "b", "b", ["{}"], ["{}"]),
    ("dataclass_to_struct", "@dataclasses.dataclass\nclass M:\n    a: int", _lenient("a: int"), "o", "o", [A1], [A1]),
    ("typeddict_required", "class M(TypedDict):\n    a: int", "class M(TypedDict):\n    a: int\n    b: int", "b", "o", [A1], ['{"a":1,"b":2}']),
    ("typeddict_not_required", "class M(TypedDict):\n    a: int\n    b: int", "class M(TypedDict):\n    a: int\n    b: NotRequired[int]", "o", "b", ['{"a":1,"b":2}'], [A1]),
    ("namedtuple_swapped", "class M(NamedTuple):\n    a: int\n    b: int", "class M(NamedTuple):\n    b: int\n    a: int", "b", "b", ["[1,2]"], ["[1,2]"]),
    ("namedtuple_type", "class M(NamedTuple):\n    a: int", "class M(NamedTuple):\n    a: str", "b", "b", ["[1]"], ['["x"]']),
    # -- commands, queries, events ------------------------------------------------------------------------
    ("command_field", "class M(Command[None]):\n    a: int", "class M(Command[None]):\n    a: int\n    b: int", "b", "b", [A1], ['{"a":1,"b":2}']),
    ("event_field_type", "class M(Event):\n    a: int", "class M(Event):\n    a: int | None", "o", "b", [A1], ['{"a":null}']),
    ("event_constraint", "class M(Event):\n    a: Annotated[int, Meta(ge=0)]", "class M(Event):\n    a: int", "o", "b", [A1], ['{"a":-1}']),
    ("query_unchanged_doc", "class M(Query[int]):\n    a: int", 'class M(Query[int]):\n    """How many."""\n    a: int', "o", "o", [A1], [A1]),
    ("event_version_only", "class M(Event):\n    a: int", "class M(Event):\n    __version__ = 2\n    a: int", "o", "o", [A1], [A1]),
]  # fmt: skip
