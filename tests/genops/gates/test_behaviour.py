"""Old and new are told the same stories, and what differs is found, shown and attributed."""

from pathlib import Path

import pytest

from tests.genops.gates.changes import HONEST, case, found, kinds

ATTACKS = {
    "another boundary": ("1 <= it.days <= LONGEST", "1 <= it.days < LONGEST"),
    "a back door": (
        "FEW.require(held(caller.name, shelf) < 3)",
        'FEW.require(held(caller.name, shelf) < 3 or caller.name == "mallory")',
    ),
    "a back door by a role": (
        "OWN.require(shelf.lent.get(it.book) == caller.name, it.book)",
        'OWN.require(shelf.lent.get(it.book) == caller.name or "wheel" in caller.roles, it.book)',
    ),
    "hidden rounding": ("return weeks * PER_WEEK", "return weeks * PER_WEEK + (it.days > 1000)"),
    "a corner": (
        "    weeks = it.days // 7\n",
        "    weeks = it.days // 7 if it.days != 77 else 0\n",
    ),
    "an event that says something else": (
        "return Lent(it.book, caller.name, it.days)",
        "return Lent(it.book, caller.name, min(it.days, 28))",
    ),
    "an evolver that forgets": (
        "    shelf.lent[it.book] = it.who",
        "    shelf.lent = {it.book: it.who}",
    ),
}


@pytest.mark.parametrize("edit", ATTACKS.values(), ids=ATTACKS)
def test_what_behaves_otherwise_is_found(tmp_path: Path, edit: tuple[str, str]) -> None:
    """With a story that leads there, and never as explained, since no rule was changed."""
    said = [it for it in found(case(tmp_path, (edit,)), "behaviour") if it.severity != "note"]
    assert {it.kind for it in said} == {"behaviour-unexplained"}
    assert all("old:" in it.evidence and "new:" in it.evidence for it in said)


def test_what_behaves_the_same_passes(tmp_path: Path) -> None:
    """However it is written."""
    assert found(case(tmp_path, HONEST), "behaviour") == []


def test_a_rule_that_was_changed_explains_what_it_covers(tmp_path: Path) -> None:
    """And nothing else: a second change beside it stays unexplained."""
    longer = ("LONGEST = 30", "LONGEST = 60")
    said = found(case(tmp_path / "one", (longer,), rules=("LOAN-3",)), "behaviour")
    assert {it.kind for it in said} == {"behaviour-explained"}
    assert {it.rule for it in said} == {"LOAN-3"}
    beside = ("return weeks * PER_WEEK", "return weeks * PER_WEEK + 1")
    both = case(tmp_path / "two", (longer, beside), rules=("LOAN-3",))
    assert kinds(both, "behaviour") == {"behaviour-explained", "behaviour-unexplained"}


def test_what_could_not_be_answered_before_is_new(tmp_path: Path) -> None:
    """A handler that was still to be written has no behaviour to keep."""
    stub = (
        "    weeks = it.days // 7\n    return weeks * PER_WEEK",
        '    """What a loan costs."""\n    ...',
    )
    unwritten = case(tmp_path / "stub", (stub,))
    app = {
        name: (unwritten.head / name).read_text("utf-8")
        for name in ("monocyte.toml", "shop/__init__.py", "shop/loans.py", "shop/desk.py")
    }
    written = {"shop/loans.py": app["shop/loans.py"].replace("    ...\n", "    return it.days\n")}
    assert kinds(case(tmp_path / "new", written, app=app), "behaviour") == set()


def test_what_hangs_on_the_order_of_a_set_is_unstable(tmp_path: Path) -> None:
    """It is told the same stories once more, in a process with other hashes."""
    edit = (
        "    return shelf.lent.get(it.book)",
        "    return next(iter({'ada', 'lise', 'tom', 'kim', it.book}))",
    )
    assert "behaviour-unstable" in kinds(case(tmp_path, (edit,)), "behaviour")
