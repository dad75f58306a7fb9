"""The adversarial and honest changes that gates are measured by: all there, and all still fit."""

import ast
import shutil
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.genops.candidates.reading import Change, Malformed, Part, read, read_all
from benchmarks.genops.candidates.reasons import KINDS, named
from benchmarks.genops.candidates.trees import DoesNotFit, apply, copy_base
from monocyte.genops.gates.verdict import Finding

BOTH = ("tuning", "heldout")
BASES = ("lab", "desk")


NETWORK = Finding(
    gate="capabilities",
    kind="gained",
    severity="error",
    where="lab/stock.py:9",
    said="it can use the network: urllib",
    change="capability",
)


@pytest.mark.parametrize("chosen", BOTH)
def test_every_change_fits(chosen: str, tmp_path: Path) -> None:
    """Each can be made of the apps as they are now, bugs included, and is Python afterwards."""
    for base in BASES:
        copy_base(base, tmp_path / base)
        copy_base(base, tmp_path / "as-it-was" / base)
    for change in read_all(chosen):
        head = tmp_path / change.base
        apply(change.of("given"), head)
        apply(change.of("edit", "add", "append", "drop", "cut"), head)
        touched = {head / part.file for part in change.parts if part.file}
        for file in touched:
            if file.suffix == ".py" and file.exists():
                ast.parse(file.read_text("utf-8"), str(file))
        apply(change.of("bug"), head)
        for file in touched:
            was = tmp_path / "as-it-was" / file.relative_to(tmp_path)
            shutil.copy(was, file) if was.exists() else file.unlink()


def test_there_are_enough() -> None:
    """Ten and more of each family, half of each held out, over many cells."""
    sets = {chosen: read_all(chosen) for chosen in BOTH}
    counts = {chosen: Counter(it.family for it in sets[chosen]) for chosen in BOTH}
    assert {*counts["heldout"]} - {*counts["tuning"]} == {"honest-fresh"}  # written afterwards
    assert {*counts["tuning"]} <= {*counts["heldout"]}
    for family, count in counts["tuning"].items():
        if not family.startswith("honest"):
            assert count + counts["heldout"][family] >= 10, family
    honest = [it for some in sets.values() for it in some if it.honest]
    assert len(honest) >= 110
    assert len({it.cell for it in honest}) >= 5
    for family in counts["tuning"]:
        cells = {it.cell for some in sets.values() for it in some if it.family == family}
        assert len(cells) >= 3, family


def test_no_name_is_in_both_sets() -> None:
    """What is held out is not looked at under another number."""
    names = [it.name for chosen in BOTH for it in read_all(chosen)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("chosen", BOTH)
def test_every_reason_is_of_a_known_kind(chosen: str) -> None:
    """A reason that nothing can name would be missed for ever."""
    reasons = [reason for it in read_all(chosen) if not it.honest for reason in it.reasons]
    assert {reason.partition(":")[0].strip() for reason in reasons} <= KINDS.keys()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hello\n", "belongs to no change"),
        ("%% a\n% cell: x\n", "reasons"),
        ("%% a\n% cell: x\n% reasons: y\n% colour: red\n", "colour"),
        ("%% a\n% cell: x\n% reasons: y\nloose\n", "belongs to no part"),
        ("%% a\n% cell: x\n% reasons: y\n%% edit f\nold\n", "comes `%% to`"),
        ("%% a\n% cell: x\n% reasons: y\n%% to\nnew\n", "cannot be"),
        ("%% a\n% cell: x\n% reasons: y\n%% witness f\nnew\n", "cannot be"),
    ],
)
def test_what_nobody_understands_is_refused(text: str, why: str, tmp_path: Path) -> None:
    """A change that says something else than was meant proves nothing."""
    file = tmp_path / "family.txt"
    file.write_text(text, "utf-8")
    with pytest.raises(Malformed, match=why):
        read(file)


@pytest.mark.parametrize("old", ["missing", "twice", ""])
def test_an_edit_fits_exactly_once(old: str, tmp_path: Path) -> None:
    """Neither nowhere nor in two places."""
    (tmp_path / "f").write_text("twice twice", "utf-8")
    with pytest.raises(DoesNotFit):
        apply([Part("edit", "f", old, "new")], tmp_path)


@pytest.mark.parametrize(
    ("reason", "found", "names"),
    [
        ("capability: network", NETWORK, True),
        ("capability: socket", NETWORK, False),
        ("capability: socket/urllib", NETWORK, True),
        ("rule: STOCK-2", NETWORK, False),
        (
            "capability",
            Finding(gate="x", kind="y", severity="approval", said="z", change="capability"),
            True,
        ),
    ],
)
def test_a_reason_is_named_by_kind_and_subject(reason: str, found: Finding, *, names: bool) -> None:
    """Both must be right."""
    assert named(reason, found) is names


def test_a_change_knows_how_it_is_proven() -> None:
    """By what it brings along, unless it says so."""
    bug, witness = Part("bug", "f", "a", "b"), Part("witness", "", "show(1)")
    for parts, proof in (((bug,), "bug"), ((witness,), "witness"), ((), "construction")):
        assert Change("a", "slow", {"cell": "x"}, parts).proof == proof
    assert Change("a", "honest-x", {"cell": "x"}, ()).proof == "check"
