"""A break of a message is found in the direction in which it breaks, and a message shows it."""

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.semdiff.message import proven, said, witnessed
from benchmarks.semdiff.message_cases import CASES, source
from monocyte.semdiff.contract import RULES, Change, Effect, Step, compare_messages, step_demanded
from monocyte.semdiff.verdicts import Verdict
from monocyte.semdiff.workers import Worker


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """One nursery for all versions."""
    with Worker(preload=("monocyte.semdiff.contract.station", "monocyte")) as one:
        yield one


def compared(worker: Worker, old: str, new: str) -> tuple[Change, ...]:
    """Two versions of one file."""
    return compare_messages({"m.py": source(old)}, {"m.py": source(new)}, worker)


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_labels_are_proven(case: tuple[Any, ...]) -> None:
    """What a case claims is borne out by decoding its own messages."""
    assert proven(case)


@pytest.mark.parametrize("case", CASES[::3], ids=[case[0] for case in CASES[::3]])
def test_an_evolution_breaks_whom_it_breaks(worker: Worker, case: tuple[Any, ...]) -> None:
    """Sender and receiver apart, and each break has a witness that really breaks."""
    changes = compared(worker, case[1], case[2])
    assert said(changes) == (case[3], case[4])
    assert witnessed(case, changes)
    assert all(change.rule in RULES for change in changes)


def test_a_reply_breaks_who_asks(worker: Worker) -> None:
    """Who sends a command reads its reply: the direction is the other one."""
    (change,) = compared(
        worker, "class M(Command[int]):\n    a: int", "class M(Command[int | None]):\n    a: int"
    )
    assert (change.path, change.sender, change.receiver) == (
        " reply",
        Effect.BREAKING,
        Effect.ADDITIVE,
    )


def test_two_changes_have_a_witness_each(worker: Worker) -> None:
    """Each change of a message is shown by a message of its own."""
    changes = compared(worker, "a: int; b: int", "a: Annotated[int, Meta(ge=3)]; b: int | None")
    assert {c.path: (c.sender, c.receiver) for c in changes} == {
        ".a": (Effect.BREAKING, Effect.NEUTRAL),
        ".b": (Effect.ADDITIVE, Effect.BREAKING),
    }


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (
            "a: Annotated[int, Meta(ge=0, le=100)]",
            "a: Annotated[int, Meta(ge=5, le=10)]",
            {"ge: 0 became 5": ("b-", ">= 5"), "le: 100 became 10": ("b-", "<= 10")},
        ),
        (
            "a: Annotated[int, Meta(ge=0, le=10)]",
            "a: Annotated[int, Meta(ge=5, le=100)]",
            {"ge: 0 became 5": ("b-", ">= 5"), "le: 10 became 100": ("+b", "<= 10")},
        ),
        (
            "a: int = 1",
            "a: Annotated[int, Meta(ge=5)]",
            {"had the default 1": ("b-", "missing"), "ge: no limit became 5": ("b-", ">= 5")},
        ),
        (
            "a: int = 0",
            "a: str = 'x'",
            {"0 became 'x'": ("bb", "reads it as"), "int became str": ("bb", "Expected")},
        ),
    ],
    ids=["both tighter", "one tighter, one looser", "required and tighter", "default and type"],
)
def test_two_changes_of_one_field_are_each_shown(
    worker: Worker, old: str, new: str, shown: dict[str, tuple[str, str]]
) -> None:
    """None is called neutral because another has taken its message, and each shows its own."""
    changes = {it.what: it for it in compared(worker, old, new)}
    assert changes.keys() == shown.keys()
    for what, (effects, words) in shown.items():
        change = changes[what]
        assert "-+b"[change.sender] + "-+b"[change.receiver] == effects
        for evidence in (change.to_sender, change.to_receiver):
            assert evidence is None or words in evidence.read


def test_a_type_that_cannot_be_loaded_is_unknown(worker: Worker) -> None:
    """Nothing is claimed of what could not be tried."""
    changes = compared(worker, "a: int", "a: int; raise_ = 1 / 0; class_M = 0")
    assert [change.rule for change in changes] == ["cannot-compare"]
    assert changes[0].finding().verdict is Verdict.UNKNOWN


def test_messages_that_there_was_no_time_for_are_unknown(worker: Worker) -> None:
    """A budget that is used up is said to be the reason, and nothing is claimed."""
    old, new = ({"m.py": source(f"a: {it}")} for it in ("int", "str"))
    (change,) = compare_messages(old, new, worker, seconds=0)
    assert change.rule == "cannot-compare"
    assert "used up" in change.open


def test_a_default_made_anew_each_time_is_no_difference(worker: Worker) -> None:
    """An id that is never the same twice shows nothing: the control run says so."""
    old = "class M(Value):\n    a: uuid.UUID = field(default_factory=uuid.uuid4)\n    b: int = 1"
    changes = compared(worker, old, old + "\n    c: int = 1")
    assert all(c.sender is not Effect.BREAKING for c in changes)


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [
        ("a: int", "a: int", Step.NONE),
        ("a: int", 'a: Annotated[int, Meta(title="A")]', Step.PATCH),
        (
            "class M(Struct):\n    a: int",
            "class M(Struct):\n    a: int\n    b: int = 0",
            Step.MINOR,
        ),
        ("a: int", "a: str", Step.MAJOR),
    ],
)
def test_the_version_step(worker: Worker, old: str, new: str, step: Step) -> None:
    """The smallest step that is honest about the changes."""
    assert step_demanded(compared(worker, old, new)) is step
