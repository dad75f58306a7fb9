"""Messages of every kind of class: who declares them otherwise gets the same answers."""
# ruff: noqa: E501 (tables: one case, one line)

from collections.abc import Iterator

import pytest

from monocyte.semdiff.contract import Effect, Step, compare_messages, step_demanded
from monocyte.semdiff.verdicts import Verdict
from monocyte.semdiff.workers import Worker

B, A, N = Effect.BREAKING, Effect.ADDITIVE, Effect.NEUTRAL

HEADS = {
    "pydantic": "from pydantic import BaseModel, Field, ConfigDict, field_validator\nclass M(BaseModel):\n ",
    "attrs": "import attrs\n@attrs.define\nclass M:\n ",
    "dataclasses": "from dataclasses import dataclass, field\n@dataclass\nclass M:\n ",
    "enum": "from enum import Enum\nclass M(Enum):\n ",
}  # fmt: skip

CASES = [
    ("pydantic", "a: int", "a: int\n b: str", [("field-added-required", B, A)]),
    ("pydantic", "a: int", "a: int\n b: str = ''", [("field-added-optional", A, A)]),
    ("pydantic", "a: int", "a: int = Field(ge=3)", [("constraint-tightened", B, N)]),
    ("pydantic", "a: int = Field(alias='x')", "a: int = Field(alias='y')", [("field-renamed", B, B)]),
    ("pydantic", "a: int", "a: int\n @field_validator('a')\n def v(cls, x):\n  assert x < 5\n  return x", [("validation-changed", B, N)]),
    ("pydantic", "a: int", "model_config = ConfigDict(extra='forbid')\n a: int", [("unknown-forbidden", B, N)]),
    ("pydantic", "a: list[int]", "a: list[str]", [("type-changed", B, B)]),
    ("pydantic", "a: int = 1", "a: int = 2", [("default-changed", B, B)]),
    ("attrs", "a: int", "a: int\n b: int = 3", [("field-added-optional", A, A)]),
    ("attrs", "a: int", "a: str", [("type-changed", B, B)]),
    ("attrs", "a: int", "a: int = attrs.field(validator=attrs.validators.gt(3))", [("validation-changed", B, N)]),
    ("attrs", "a: list = attrs.field(factory=list)", "a: list", [("field-now-required", B, N)]),
    ("dataclasses", "a: int", "a: int = 2", [("field-now-optional", A, B)]),
    ("dataclasses", "a: int", "a: int\n def __post_init__(self):\n  assert self.a < 7", [("validation-changed", B, N)]),
    ("enum", "A = 'a'\n B = 'b'", "A = 'a'\n C = 'c'", [("member-removed", B, N), ("member-added", A, B)]),
    ("enum", "A = 'a'\n B = 'b'", "A = 'a'\n B = 'x'", [("member-changed", B, B)]),
    ("enum", "A = 'a'", "A = 'a'\n B = 'b'", [("member-added", A, B)]),
    ("enum", "A = 'a'\n B = 'b'", "B = 'b'\n A = 'a'", []),
]  # fmt: skip


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """One nursery for all versions."""
    with Worker(preload=("monocyte.semdiff.contract.station", "monocyte")) as one:
        yield one


@pytest.mark.parametrize(("kind", "old", "new", "expected"), CASES, ids=range(len(CASES)))
def test_an_evolution_of_each_kind_of_class(
    worker: Worker, kind: str, old: str, new: str, expected: list[tuple[str, Effect, Effect]]
) -> None:
    """Rule, sender and receiver; whatever breaks is shown by code that ran."""
    if kind != "dataclasses":
        pytest.importorskip(kind)
    changes = compare_messages({"m.py": HEADS[kind] + old}, {"m.py": HEADS[kind] + new}, worker)
    told = [(it.rule, it.sender, it.receiver) for it in changes if it.rule != "prose-changed"]
    assert told == expected
    broken = [it for it in changes if it.is_breaking]
    assert all(it.finding().verdict is Verdict.CHANGED for it in broken)


def test_models_in_models(worker: Worker) -> None:
    """A message that breaks because of one inside it is shown by a message of its own."""
    pytest.importorskip("pydantic")
    text = "from pydantic import BaseModel\nclass S(BaseModel):\n b: {}\nclass M(BaseModel):\n a: list[S]"
    changes = compare_messages({"m.py": text.format("int")}, {"m.py": text.format("str")}, worker)
    assert {(it.subject, it.sender, it.receiver) for it in changes} == {
        ("m.S", B, B),
        ("m.M", B, B),
    }
    assert all(it.witness for it in changes)


@pytest.mark.parametrize(
    ("kind", "old", "new", "step"),
    [
        ("dataclasses", "a: int", "a: int", Step.NONE),
        ("dataclasses", "a: int", "a: int\n b: int = 1", Step.MINOR),
        ("dataclasses", "a: int", "b: int", Step.MAJOR),
        ("enum", "A = 1", "A = 1\n B = 2", Step.MAJOR),
        ("enum", "A = 1\n B = 2", "B = 2\n A = 1", Step.NONE),
    ],
)
def test_the_version_step(worker: Worker, kind: str, old: str, new: str, step: Step) -> None:
    """The smallest step that is honest: additions are minor until an old reader breaks."""
    changes = compare_messages({"m.py": HEADS[kind] + old}, {"m.py": HEADS[kind] + new}, worker)
    assert step_demanded(changes) is step
