"""Evolutions of a message that were written after the code, and before the code was run on them.

As `message_cases`. Measured once when written; whoever mends a rule because of a case here says so,
and writes others.
"""
# ruff: noqa: E501 (a table: one case, one line)

from __future__ import annotations

__all__ = ["HELD_OUT"]

ATTRS = "import attrs\n@attrs.define\n"
DATA = "@dataclasses.dataclass\n"


def _m(fields: str, base: str = "Value") -> str:
    return f"class M({base}):\n    " + "\n    ".join(fields.split("; "))


HELD_OUT = [
    ("three_way_union_drops_none", _m("a: int | str | None"), _m("a: int | str"), "b", "o", ['{"a":null}'], ['{"a":1}']),
    ("none_default_gets_type", _m("a: int | None = None"), _m("a: int = 0"), "b", "b", ['{"a":null}'], ['{}']),
    ("nested_list_depth", _m("a: tuple[int, ...]"), _m("a: tuple[tuple[int, ...], ...]"), "b", "b", ['{"a":[1]}'], ['{"a":[[1]]}']),
    ("map_of_lists_item", _m("a: Map[str, tuple[int, ...]]"), _m("a: Map[str, tuple[str, ...]]"), "b", "b", ['{"a":{"k":[1]}}'], ['{"a":{"k":["x"]}}']),
    ("map_key_constraint", _m("a: Map[str, int]"), _m("a: Map[Annotated[str, Meta(max_length=3)], int]"), "b", "o", ['{"a":{"long key":1}}'], ['{"a":{"k":1}}']),
    ("map_value_constraint_loosened", _m("a: Map[str, Annotated[int, Meta(le=5)]]"), _m("a: Map[str, Annotated[int, Meta(le=9)]]"), "o", "b", ['{"a":{"k":5}}'], ['{"a":{"k":8}}']),
    ("constraint_on_optional_item", _m("a: tuple[Annotated[int, Meta(ge=0)] | None, ...]"), _m("a: tuple[Annotated[int, Meta(ge=2)] | None, ...]"), "b", "o", ['{"a":[1]}'], ['{"a":[null,2]}']),
    ("two_limits_at_once", _m("a: Annotated[int, Meta(ge=0, le=9)]"), _m("a: Annotated[int, Meta(ge=1, le=10)]"), "b", "b", ['{"a":0}'], ['{"a":10}']),
    ("float_range_shift", _m("a: Annotated[float, Meta(ge=0.0, lt=1.0)]"), _m("a: Annotated[float, Meta(gt=0.0, le=1.0)]"), "b", "b", ['{"a":0.0}'], ['{"a":1.0}']),
    ("lt_to_le_equal_int", _m("a: Annotated[int, Meta(lt=11)]"), _m("a: Annotated[int, Meta(le=10)]"), "o", "o", ['{"a":10}'], ['{"a":10}']),
    ("multiple_of_coarser", _m("a: Annotated[int, Meta(multiple_of=5)]"), _m("a: Annotated[int, Meta(multiple_of=10)]"), "b", "o", ['{"a":5}'], ['{"a":10}']),
    ("pattern_case", _m('a: Annotated[str, Meta(pattern="^[a-z]+$")]'), _m('a: Annotated[str, Meta(pattern="^[A-Za-z]+$")]'), "o", "b", ['{"a":"ab"}'], ['{"a":"AB"}']),
    ("pattern_digits_count", _m('a: Annotated[str, Meta(pattern="^[0-9]{3}$")]'), _m('a: Annotated[str, Meta(pattern="^[0-9]{4}$")]'), "b", "b", ['{"a":"123"}'], ['{"a":"1234"}']),
    ("pattern_optional_group", _m('a: Annotated[str, Meta(pattern="^a(b)?$")]'), _m('a: Annotated[str, Meta(pattern="^ab$")]'), "b", "o", ['{"a":"a"}'], ['{"a":"ab"}']),
    ("length_of_list_exact", _m("a: Annotated[tuple[int, ...], Meta(min_length=2, max_length=2)]"), _m("a: tuple[int, int]"), "o", "o", ['{"a":[1,2]}'], ['{"a":[1,2]}']),
    ("length_of_map", _m("a: Map[str, int]"), _m("a: Annotated[Map[str, int], Meta(min_length=1)]"), "b", "o", ['{"a":{}}'], ['{"a":{"k":1}}']),
    ("date_to_datetime", _m("a: date"), _m("a: datetime"), "b", "b", ['{"a":"2020-01-01"}'], ['{"a":"2020-01-01T10:00:00"}']),
    ("decimal_to_float", _m("a: Decimal"), _m("a: float"), "b", "o", ['{"a":"1.5"}'], ['{"a":1.5}']),
    ("uuid_to_str", _m("a: uuid.UUID"), _m("a: str"), "o", "b", ['{"a":"12345678-1234-5678-1234-567812345678"}'], ['{"a":"x"}']),
    ("bytes_to_str", _m("a: bytes"), _m("a: str"), "b", "b", ['{"a":"aGk="}'], ['{"a":"not base 64!"}']),
    ("literal_number_to_text", _m("a: Literal[1, 2]"), _m('a: Literal["1", "2"]'), "b", "b", ['{"a":1}'], ['{"a":"1"}']),
    ("literal_none_dropped", _m('a: Literal["x", None]'), _m('a: Literal["x"]'), "b", "o", ['{"a":null}'], ['{"a":"x"}']),
    ("literal_to_int", _m("a: Literal[1, 2]"), _m("a: int"), "o", "b", ['{"a":2}'], ['{"a":3}']),
    ("enum_member_renumbered", "class E(enum.IntEnum):\n    A = 1\n    B = 2\nclass M(Value):\n    a: E", "class E(enum.IntEnum):\n    A = 1\n    B = 3\nclass M(Value):\n    a: E", "b", "b", ['{"a":2}'], ['{"a":3}']),
    ("str_enum_to_plain_enum", 'class E(enum.StrEnum):\n    A = "a"\nclass M(Value):\n    a: E', 'class E(enum.Enum):\n    A = "a"\nclass M(Value):\n    a: E', "o", "o", ['{"a":"a"}'], ['{"a":"a"}']),
    ("enum_case", 'class E(enum.Enum):\n    A = "a"\nclass M(Value):\n    a: E', 'class E(enum.Enum):\n    A = "A"\nclass M(Value):\n    a: E', "b", "b", ['{"a":"a"}'], ['{"a":"A"}']),
    ("enum_default_removed_member", 'class E(enum.Enum):\n    A = "a"\n    B = "b"\nclass M(Value):\n    a: E = E.A', 'class E(enum.Enum):\n    A = "a"\n    B = "b"\nclass M(Value):\n    a: E = E.B', "b", "b", ['{}'], ['{}']),
    ("enum_in_tuple_grows", 'class E(enum.Enum):\n    A = "a"\nclass M(Value):\n    a: tuple[E, ...]', 'class E(enum.Enum):\n    A = "a"\n    B = "b"\nclass M(Value):\n    a: tuple[E, ...]', "o", "b", ['{"a":["a"]}'], ['{"a":["b"]}']),
    ("enum_as_map_key", 'class E(enum.Enum):\n    A = "a"\n    B = "b"\nclass M(Value):\n    a: Map[E, int]', 'class E(enum.Enum):\n    A = "a"\nclass M(Value):\n    a: Map[E, int]', "b", "o", ['{"a":{"b":1}}'], ['{"a":{"a":1}}']),
    ("deep_three_levels", "class X(Value):\n    n: int\nclass Y(Value):\n    x: X\nclass M(Value):\n    a: Y", "class X(Value):\n    n: int | None\nclass Y(Value):\n    x: X\nclass M(Value):\n    a: Y", "o", "b", ['{"a":{"x":{"n":1}}}'], ['{"a":{"x":{"n":null}}}']),
    ("union_of_record_and_none_grows", "class X(Value):\n    n: int\nclass M(Value):\n    a: X | None = None", "class X(Value):\n    n: int\n    m: int\nclass M(Value):\n    a: X | None = None", "b", "b", ['{"a":{"n":1}}'], ['{"a":{"n":1,"m":2}}']),
    ("tagged_one_member_field", "class X(Value, tag=True):\n    n: int\nclass Y(Value, tag=True):\n    n: int\nclass M(Value):\n    a: X | Y", "class X(Value, tag=True):\n    n: int\nclass Y(Value, tag=True):\n    n: str\nclass M(Value):\n    a: X | Y", "b", "b", ['{"a":{"type":"Y","n":1}}'], ['{"a":{"type":"Y","n":"x"}}']),
    ("forbid_only_in_nested", "class S(Struct):\n    n: int\nclass M(Struct):\n    a: S", "class S(Struct, forbid_unknown_fields=True):\n    n: int\nclass M(Struct):\n    a: S", "b", "o", ['{"a":{"n":1,"z":1}}'], ['{"a":{"n":1}}']),
    ("rename_kebab_to_pascal", 'class M(Value, rename="kebab"):\n    a_b: int', 'class M(Value, rename="pascal"):\n    a_b: int', "b", "b", ['{"a-b":1}'], ['{"AB":1}']),
    ("field_name_explicit", "class M(Value):\n    a: int = field(name='x')", "class M(Value):\n    b: int = field(name='x')", "o", "o", ['{"x":1}'], ['{"x":1}']),
    ("row_of_rows_swapped", "class S(Struct, array_like=True):\n    x: int\n    y: int\nclass M(Struct):\n    a: S", "class S(Struct, array_like=True):\n    y: int\n    x: int\nclass M(Struct):\n    a: S", "b", "b", ['{"a":[1,2]}'], ['{"a":[1,2]}']),
    ("row_trailing_default_changed", "class M(Struct, array_like=True):\n    a: int\n    b: int = 1", "class M(Struct, array_like=True):\n    a: int\n    b: int = 2", "b", "b", ["[1]"], ["[1]"]),
    ("check_across_fields_loosened", "class M(Value):\n    a: int\n    b: int\n    def __post_init__(self):\n        if self.a + self.b > 10: raise ValueError('much')", "class M(Value):\n    a: int\n    b: int\n    def __post_init__(self):\n        if self.a + self.b > 20: raise ValueError('much')", "o", "b", ['{"a":5,"b":5}'], ['{"a":9,"b":9}']),
    ("check_moved_to_function", "class M(Value):\n    a: int\n    def __post_init__(self):\n        if self.a < 0: raise ValueError('negative')", "def check(n):\n    if n < 0: raise ValueError('negative')\nclass M(Value):\n    a: int\n    def __post_init__(self):\n        check(self.a)", "o", "o", ['{"a":1}'], ['{"a":1}']),
    ("check_on_text", "a: str", "class M(Value):\n    a: str\n    def __post_init__(self):\n        if self.a != self.a.strip(): raise ValueError('blank')", "b", "o", ['{"a":" x"}'], ['{"a":"x"}']),
    ("attrs_field_added", ATTRS + "class M:\n    a: int", ATTRS + "class M:\n    a: int\n    b: str", "b", "o", ['{"a":1}'], ['{"a":1,"b":"x"}']),
    ("attrs_optional_type", ATTRS + "class M:\n    a: int", ATTRS + "class M:\n    a: int | None", "o", "b", ['{"a":1}'], ['{"a":null}']),
    ("attrs_default_changed", ATTRS + "class M:\n    a: int = 1", ATTRS + "class M:\n    a: int = 2", "b", "b", ["{}"], ["{}"]),
    ("attrs_validator_range", ATTRS + "class M:\n    a: int = attrs.field(validator=attrs.validators.lt(9))", ATTRS + "class M:\n    a: int = attrs.field(validator=attrs.validators.lt(5))", "b", "o", ['{"a":7}'], ['{"a":1}']),
    ("dataclass_inherited_field", DATA + "class B:\n    a: int\n" + DATA + "class M(B):\n    b: int = 0", DATA + "class B:\n    a: str\n" + DATA + "class M(B):\n    b: int = 0", "b", "b", ['{"a":1}'], ['{"a":"x"}']),
    ("dataclass_check", DATA + "class M:\n    a: int", DATA + "class M:\n    a: int\n    def __post_init__(self):\n        if self.a % 2: raise ValueError('odd')", "b", "o", ['{"a":1}'], ['{"a":2}']),
    ("typeddict_total_false", "class M(TypedDict):\n    a: int\n    b: int", "class M(TypedDict, total=False):\n    a: int\n    b: int", "o", "b", ['{"a":1,"b":2}'], ["{}"]),
    ("namedtuple_default_added", "class M(NamedTuple):\n    a: int\n    b: int", "class M(NamedTuple):\n    a: int\n    b: int = 5", "o", "b", ["[1,2]"], ["[1]"]),
    ("alias_of_type_narrowed", "Age = int\nclass M(Value):\n    a: Age", "Age = Annotated[int, Meta(ge=0, le=150)]\nclass M(Value):\n    a: Age", "b", "o", ['{"a":-1}'], ['{"a":1}']),
    ("constant_behind_limit", "TOP = 10\nclass M(Value):\n    a: Annotated[int, Meta(le=TOP)]", "TOP = 8\nclass M(Value):\n    a: Annotated[int, Meta(le=TOP)]", "b", "o", ['{"a":9}'], ['{"a":8}']),
    ("command_reply_only_words", 'class M(Command[None]):\n    """Do it."""\n    a: int', 'class M(Command[None]):\n    """Do it, please."""\n    a: int', "o", "o", ['{"a":1}'], ['{"a":1}']),
    ("event_two_fields_merge_types", "class M(Event):\n    a: int\n    b: str", "class M(Event):\n    a: int | str\n    b: int | str", "o", "b", ['{"a":1,"b":"x"}'], ['{"a":"x","b":1}']),
]  # fmt: skip
