"""Decisions: each holds, can fail, and is looked at again when its time is over."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from monocyte.literate.decisions import GRACE, Due, Verdict, calendar, judge
from tests.cell.apps import App
from tests.literate.tills import marked, till

TODAY = date(2027, 3, 1)
GOOD = "    return Paid(it.coin)\n"


def verdicts(app: App, decisions: str, today: date = TODAY) -> list[Verdict]:
    """How the decisions of a till are judged."""
    manifests = till(app, GOOD, "\nimport sys\n" + decisions)
    return list(judge(manifests[0], manifests, today, steps=3000, timeout=0.5))


def decided(options: str, body: str, parameter: str = "", why: str = "Coins last.") -> str:
    """The source of one decision, `it_is_so`."""
    lines = "\n".join(f"    {line}" for line in (f'"""{why}"""', *body.splitlines()))
    options = f'instead_of="paper"{", " if options else ""}{options}'
    return f"@cell.decision({options})\ndef it_is_so({parameter}) -> None:\n{lines}\n"


REVIEW = 'review="2028-01-01"'
REFUTED = 'refuted_by="import socket"'
NO_SOCKET = 'assert "socket" not in it.imports, sorted(it.imports)'
WORLD, SOURCE = "lab: World", "it: Source"

HOLDING = {
    "about behaviour": decided("", 'lab.by("ada").send(Pay(2))', WORLD),
    "about structure": decided(REFUTED, NO_SOCKET, SOURCE),
    "an assumption": decided(REVIEW, "", ""),
    "until a day to come": decided('until="2027-03-02"', "", WORLD),
    "until a condition that does not hold": decided(f"until=lambda: False, {REVIEW}", "", WORLD),
    "until a condition of the source": decided(
        f'until=lambda it: "socket" in it.imports, {REVIEW}', "", WORLD
    ),
    "refuted by indented lines": decided(
        'refuted_by="""\n        import socket\n        x = 1\n    """', NO_SOCKET, SOURCE
    ),
}


@pytest.mark.parametrize("source", HOLDING.values(), ids=HOLDING.keys())
def test_what_holds_is_no_finding(app: App, source: str) -> None:
    """It is recorded with its kind and its day."""
    ((record, findings),) = verdicts(app, source)
    assert [*map(str, findings)] == []
    assert (record.name, record.verdict) == ("it_is_so", "holds")


Row = tuple[str, str, str, str]
"""The decision (its faulty line ends in #!, or else its decorator), kind, message, mend."""

WRONG: dict[str, Row] = {
    "behaviour that is otherwise": (
        decided("", 'assert lab.by("ada").ask(Count()) == 1  #!', WORLD),
        "decision-failed",
        "it_is_so does not hold: assert lab.by(",
        "take the alternative and say so: paper",
    ),
    "behaviour that raises": (
        decided("", "1 / 0  #!", WORLD),
        "decision-raised",
        "it_is_so raised: 1 / 0  #!\nZeroDivisionError",
        "a check asserts",
    ),
    "behaviour that ends the process": (
        decided("", "sys.exit(3)  #!", WORLD),
        "decision-raised",
        "SystemExit: 3",
        "a check asserts",
    ),
    "behaviour without an end": (
        decided("", "while True: lab.settle()  #!", WORLD),
        "decision-raised",
        "it never ended",
        "a check asserts",
    ),
    "structure that is otherwise": (
        decided(REFUTED, "import socket\n" + NO_SOCKET + "  #!", SOURCE),
        "decision-failed",
        "it_is_so does not hold: assert",
        "mend the code, or take the alternative",
    ),
    "structure that raises": (
        decided(REFUTED, "it.nothing  #!", SOURCE),
        "decision-raised",
        "AttributeError: 'Source' object has no attribute 'nothing'",
        "a check asserts",
    ),
    "structure that cannot fail": (
        decided(REFUTED, 'assert "os" not in it.imports', SOURCE),
        "decision-unrefuted",
        "it_is_so cannot fail: it holds with 'import socket' added, too",
        "assert what it says",
    ),
    "structure that only answers": (
        decided(REFUTED, 'return "socket" not in it.imports', SOURCE),
        "decision-unrefuted",
        "it_is_so cannot fail",
        "assert what it says",
    ),
    "structure that raises when refuted": (
        decided(REFUTED, 'if "socket" in it.imports: 1 / 0  #!', SOURCE),
        "decision-raised",
        "it_is_so is not refuted by an assert, it raises",
        "a check asserts",
    ),
    "a refutation that is no Python": (
        decided('refuted_by="import"', NO_SOCKET, SOURCE),
        "decision-raised",
        "what would refute it_is_so is no Python: ",
        "refuted_by= as statements",
    ),
    "a condition that raises": (
        decided(f"until=lambda: 1 / 0, {REVIEW}", "", WORLD).replace("):", "):", 1),
        "decision-raised",
        "the condition that ends it_is_so raised: ",
        "a condition answers",
    ),
}


@pytest.mark.parametrize("row", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_says_where_and_what_to_do(app: App, row: Row) -> None:
    """One finding, at the line of the author's that failed."""
    source, kind, message, mend = row
    ((record, (found,)),) = verdicts(app, source)
    assert (found.kind, found.severity, found.cell) == (kind, "error", "till")
    assert message in found.message
    assert mend in found.mend
    assert found.where in (marked(app) or [record.where])
    assert record.verdict == kind.partition("-")[2]


def test_one_failure_does_not_touch_the_next(app: App) -> None:
    """Each has a World of its own."""
    first = decided("", 'lab.by("ada").send(Pay(2))\nassert False', WORLD)
    second = first.replace("it_is_so", "too").replace(
        "assert False", 'assert lab.by("ada").ask(Count()) == 1'
    )
    assert [it.record.verdict for it in verdicts(app, first + second)] == ["failed", "holds"]


def test_dead_letters_fail_a_decision(app: App) -> None:
    """What a cell gave up behind its back is told."""
    react = """
from {app}.till import Paid
from monocyte import Cell
cell = Cell("clerk")

@cell.reacts
def note(it: Paid) -> None:
    raise KeyError(it.coin)
"""
    source = decided("", 'lab.by("ada").send(Pay(2))', WORLD)
    manifests = till(app, GOOD, "\n" + source, clerk=react)
    ((record, (found,)),) = judge(manifests[0], manifests, TODAY)
    assert record.verdict == "failed"
    assert "clerk gave up Paid" in found.message


# -- time ------------------------------------------------------------------------------------------

DAY = timedelta(days=1)
END = date(2027, 2, 1)
UNTIL, LOOK = f'until="{END}"', f'review="{END}"'
TRUE, FALSE = f"until=lambda: True, {LOOK}", f"until=lambda: False, {LOOK}"

TIMES: dict[str, tuple[str, str, date, str]] = {
    "a date, the day before": (UNTIL, WORLD, END - DAY, "holds"),
    "a date, on the day": (UNTIL, WORLD, END, "expiring"),
    "a date, on the last day of grace": (UNTIL, WORLD, END + GRACE, "expiring"),
    "a date, after that": (UNTIL, WORLD, END + GRACE + DAY, "expired"),
    "a review, the day before": (LOOK, WORLD, END - DAY, "holds"),
    "a review, on the day": (LOOK, WORLD, END, "expiring"),
    "a review, after the grace": (LOOK, WORLD, END + GRACE + DAY, "expired"),
    "both: the first counts": (f'{UNTIL}, review="2029-01-01"', WORLD, END, "expiring"),
    "both, the other way round": (f'until="2029-01-01", {LOOK}', WORLD, END, "expiring"),
    "a condition, true": (TRUE, WORLD, END - DAY, "expiring"),
    "a condition, true at its review": (TRUE, WORLD, END, "expired"),
    "a condition, not true": (FALSE, WORLD, END - DAY, "holds"),
    "a condition, not true at its review": (FALSE, WORLD, END, "expiring"),
    "a condition, not true after the grace": (FALSE, WORLD, END + GRACE + DAY, "expired"),
    "an assumption, the day before": (LOOK, "", END - DAY, "holds"),
    "an assumption, on the day": (LOOK, "", END, "due"),
    "an assumption, on the last day of grace": (LOOK, "", END + GRACE, "due"),
    "an assumption, after that": (LOOK, "", END + GRACE + DAY, "overdue"),
    "an assumption whose condition is true": (TRUE, "", END - DAY, "due"),
    "an assumption whose condition is true at its review": (TRUE, "", END, "overdue"),
    "structure": (f"{UNTIL}, {REFUTED}", SOURCE, END + GRACE + DAY, "expired"),
}


@pytest.mark.parametrize("row", TIMES.values(), ids=TIMES.keys())
def test_what_is_over_is_a_warning_and_then_an_error(
    app: App, row: tuple[str, str, date, str]
) -> None:
    """From its day on, and after the grace."""
    options, parameter, today, verdict = row
    body = NO_SOCKET if parameter == SOURCE else ""
    ((record, findings),) = verdicts(app, decided(options, body, parameter), today)
    assert record.verdict == verdict
    severities = {"holds": [], "expiring": ["warning"], "due": ["warning"]}
    assert [it.severity for it in findings] == severities.get(verdict, ["error"])


def test_what_is_over_says_what_to_do(app: App) -> None:
    """The decision, its alternative, how many days, and the two ways on."""
    source = decided('until="2027-02-09"', "", WORLD, why="Coins last.\n\n    Really.")
    ((record, (found,)),) = verdicts(app, source)
    assert found.message == ("the time of it_is_so is over: it ended on 2027-02-09 (20 days ago)")
    assert found.mend == (
        'look whether "Coins last." is still true: if so, give it a new until=; '
        "if not, take the alternative: paper"
    )
    assert found.where == record.where
    assert record.ends == "2027-02-09"


def test_an_assumption_asks(app: App) -> None:
    """Nothing executes it, so people are asked."""
    ((_, (found,)),) = verdicts(app, decided('review="2027-02-28"', ""))
    said = "is it still so? it_is_so: it was to be looked at on 2027-02-28 (1 day ago)"
    assert found.message == said
    assert "give it a new review=" in found.mend


def test_a_failure_and_an_end_are_both_told(app: App) -> None:
    """The record has what weighs more."""
    ((record, findings),) = verdicts(app, decided(UNTIL, "assert False", WORLD))
    assert [it.kind for it in findings] == ["decision-failed", "decision-expiring"]
    assert record.verdict == "failed"


def test_the_calendar_is_in_order(app: App) -> None:
    """Every day to come, or past, of every cell."""
    source = decided('until="2028-01-01", review="2027-06-01"', "", WORLD)
    other = decided(f"until=lambda: False, {LOOK}", "").replace("it_is_so", "coins_are_round")
    (manifest,) = till(app, GOOD, "\n" + source + other)
    first, second = (it.where for it in manifest.decisions)
    assert calendar([manifest]) == (
        Due(END, "till", "coins_are_round", "assumption", "review", second, condition=True),
        Due(date(2027, 6, 1), "till", "it_is_so", "behaviour", "review", first, condition=False),
        Due(date(2028, 1, 1), "till", "it_is_so", "behaviour", "ends", first, condition=False),
    )


def test_a_file_that_is_gone_cannot_be_checked(app: App) -> None:
    """It is said, and not raised."""
    manifests = till(app, GOOD, "\n" + decided(REFUTED, NO_SOCKET, SOURCE))
    Path(manifests[0].file).unlink()
    ((record, (found,)),) = judge(manifests[0], manifests, TODAY)
    assert record.verdict == "raised"
    assert "it_is_so cannot be checked" in found.message
