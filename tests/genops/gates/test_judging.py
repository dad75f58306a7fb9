"""The verdict: which gates have looked, what makes it pass, which classes it has."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from monocyte.errors import GenopsError
from monocyte.genops.gates.case import Case
from monocyte.genops.gates.judging import GATES, classes_of, judge, summary_of
from monocyte.genops.gates.kinds import KINDS, found, table
from monocyte.genops.gates.report import as_junit, as_sarif, as_text, exit_code
from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.verdict import Finding, opened
from monocyte.genops.pins import CLASSES
from tests.genops.gates.changes import APP, HONEST, TOML, case


def nothing(_: Scene) -> Iterator[Finding]:
    """Looks, and finds nothing."""
    return iter(())


def breaks(_: Scene) -> Iterator[Finding]:
    """Cannot look."""
    raise KeyError("a defect")


def finds(kind: str) -> object:
    """Finds this, wherever it looks."""

    def gate(scene: Scene) -> Iterator[Finding]:
        yield scene.found(
            kind, "something & <something>", where="shop/loans.py:3", evidence="x\x00"
        )

    return gate


def test_a_gate_that_breaks_has_passed_nothing(tmp_path: Path) -> None:
    """Whatever the others say."""
    said = judge(case(tmp_path, ()), gates={"a": nothing, "b": breaks})
    assert not said.passed
    assert [it.outcome for it in said.looked] == ["passed", "broke"]
    assert "could not look: b" in said.summary


def test_what_fails_its_scenarios_is_not_started_for_real(tmp_path: Path) -> None:
    """Nor measured, nor mutated; it says so, and is refused all the same."""
    fails = {"scenarios": finds("scenario-failed"), "cost": breaks, "behaviour": nothing}
    said = judge(case(tmp_path, ()), gates=fails)  # type: ignore[arg-type]
    assert [it.outcome for it in said.looked] == ["found", "skipped", "passed"]
    assert (said.passed, said.looked[1].said) == (False, "first what scenarios has found")
    ends = {"scenarios": nothing, "cost": breaks}
    assert [it.outcome for it in judge(case(tmp_path, ()), gates=ends).looked][1] == "broke"


def test_no_gate_is_no_pass(tmp_path: Path) -> None:
    """Nobody has looked."""
    assert not judge(case(tmp_path, ()), gates={}).passed


@pytest.mark.parametrize(
    ("kind", "author", "code"),
    [
        ("capability-gained", "model", 1),
        ("capability-gained", "person", 2),
        ("behaviour-unexplained", "model", 2),
        ("behaviour-new", "model", 0),
        ("run-forged", "person", 1),
    ],
)
def test_how_it_ends(tmp_path: Path, kind: str, author: str, code: int) -> None:
    """0 passed, 2 somebody must agree, 1 refused; in every format."""
    what = case(tmp_path, HONEST, author="model" if author == "model" else "person")
    said = judge(what, gates={"a": finds(kind)})  # type: ignore[dict-item]
    assert exit_code(said) == code
    assert opened(said.content) == said
    assert as_text(said).splitlines()[0].endswith(said.summary)
    assert as_sarif(said, "1")["runs"][0]["results"][0]["ruleId"] == kind
    assert ("<failure" in as_junit(said)) is (code == 1 and KINDS[kind].gate == "a")


def test_limits_are_those_of_the_base(tmp_path: Path) -> None:
    """What the head says of gates is not read, however generous."""
    generous = TOML.replace("sequences = 12", "sequences = 1\nslower = 900.0")
    scene = Scene(case(tmp_path, {"monocyte.toml": generous}))
    assert (scene.limits.sequences, scene.limits.slower) == (12, 1.5)


def test_the_classes_are_those_of_the_policy() -> None:
    """Each kind makes a change one that somebody can have a policy for."""
    assert {it.change for it in KINDS.values()} <= {*CLASSES}
    assert {it.gate for it in KINDS.values()} <= {*GATES, "endtoend"}
    said = [found("person", kind, "x") for kind in ("dependency-added", "slower", "behaviour-new")]
    assert classes_of(said, is_empty=False) == ("internal", "dependency")
    assert classes_of([], is_empty=True) == ("none",)
    assert table().count("\n") == len(KINDS) + 2


def test_the_line_that_leads() -> None:
    """How many intended and other changes, how many capabilities."""
    said = [found("model", it, it) for it in ("behaviour-explained", "port-gained", "time-bomb")]
    line = "1 intended behaviour change, 0 unexplained, 1 new capability, 1 refused"
    assert summary_of(said, []) == line


def test_a_verdict_of_another_format_is_refused() -> None:
    """A newer one may mean something that we would not see."""
    with pytest.raises(GenopsError):
        opened(msgspec.json.encode({"format": 2}))


def test_an_unchanged_app_is_no_change(tmp_path: Path) -> None:
    """All gates, and none finds anything."""
    what: Case = case(tmp_path, dict(APP))
    fast = {name: gate for name, gate in GATES.items() if name != "mutation"}
    said = judge(what, gates=fast)
    assert (said.findings, said.classes, said.passed) == ((), ("none",), True)
