"""The debt gate: what a model may not leave behind, and what a person is only told of."""

import shutil
from pathlib import Path

import pytest

from monocyte.genops.gates import debt
from monocyte.genops.gates.case import Author, Case
from monocyte.genops.gates.scene import Scene
from tests.genops.plans.toys import app

HELPER = "\n\ndef spare(register: Register) -> int:\n    return len(register.names) + 1\n"
LONG = """

@cell.handles
def count_slowly(it: Count, register: Register) -> int:
    found = 0
    for name in register.names:
        if name:
            for letter in name:
                if letter:
                    while found < 3:
                        if letter == "a":
                            found += 1
    return found
"""


def found(tmp_path: Path, added: str, author: Author = "model", toml: str = "") -> list[str]:
    """The kinds that the gate finds where this is added to a cell."""
    base, head = tmp_path / "base", tmp_path / "head"
    app(base)
    with (base / "monocyte.toml").open("a") as settings:
        settings.write(toml)
    shutil.copytree(base, head)
    with (head / "shop" / "people.py").open("a") as cell:
        cell.write(added)
    case = Case(base, head, "0" * 40, "1" * 40, "", (), frozenset(), author)
    return [f"{it.severity} {it.kind}" for it in debt.judge(Scene(case))]


def test_what_nobody_uses_is_refused(tmp_path: Path) -> None:
    """Of a model."""
    assert found(tmp_path, HELPER) == ["error dead-code"]


def test_a_person_is_only_told(tmp_path: Path) -> None:
    """Who writes by hand may know better."""
    assert found(tmp_path, HELPER, "person") == ["note dead-code"]


def test_what_nobody_can_follow_is_refused(tmp_path: Path) -> None:
    """By the limit of the base."""
    assert found(tmp_path, LONG) == ["error too-complex"]


def test_the_base_sets_the_limit(tmp_path: Path) -> None:
    """A team that can follow more may say so."""
    assert found(tmp_path, LONG, toml="\n[gates]\ncomplexity = 40\n") == []


@pytest.mark.parametrize("added", ["", "\n# One more remark.\n"])
def test_what_is_no_debt_is_let_through(tmp_path: Path, added: str) -> None:
    """Nothing, and little."""
    assert found(tmp_path, added) == []
