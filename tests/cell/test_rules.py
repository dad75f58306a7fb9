"""Rules: they refuse, say which they are, and scenarios can ask for their refusal."""

import pytest

from monocyte import Cell, Refused, Rule

SHORT = Rule("BOOK-2", "A booking lasts at most eight hours.", "booking", "booking.py:7")
ALONE = Rule("BOOK-1", "An instrument serves one person at a time.", "booking", "booking.py:6")


def test_a_rule_that_is_held_lets_pass() -> None:
    """Nothing happens, and nothing is returned to be forgotten."""
    SHORT.require(held=True)


@pytest.mark.parametrize(
    ("detail", "message"),
    [
        ("", "A booking lasts at most eight hours."),
        ("nine hours", "A booking lasts at most eight hours. (nine hours)"),
    ],
)
def test_a_refusal_names_its_rule(detail: str, message: str) -> None:
    """Whoever asked learns the rule, its text and the detail; the rest of the app, the cell."""
    with pytest.raises(Refused) as why:
        SHORT.require(False, detail)
    refusal = why.value
    said = refusal.message, refusal.rule, refusal.detail, refusal.cell
    assert said == (message, "BOOK-2", detail, "booking")


def test_a_rule_can_refuse_outright() -> None:
    """`refuse` never returns."""
    with pytest.raises(Refused, match="eight hours"):
        SHORT.refuse()


def test_a_scenario_may_ask_for_a_refusal() -> None:
    """The refusal that was asked for ends the block, and the scenario goes on."""
    with SHORT.refuses():
        SHORT.refuse()


def test_a_scenario_fails_when_nothing_is_refused() -> None:
    """Silence is no refusal."""
    accepted = pytest.raises(AssertionError, match="BOOK-2 should refuse this, but it was accepted")
    with accepted, SHORT.refuses():
        pass


def test_a_scenario_fails_when_another_rule_refuses() -> None:
    """A refusal by another rule proves nothing about this one; both are named."""
    other = pytest.raises(AssertionError, match="BOOK-2 should refuse, but BOOK-1 did: An instr")
    with other, SHORT.refuses():
        ALONE.refuse()


def test_other_errors_pass_through() -> None:
    """A crash is no refusal."""
    with pytest.raises(ZeroDivisionError), SHORT.refuses():
        raise ZeroDivisionError


def test_a_refusal_that_lost_its_class_on_a_wire_still_counts() -> None:
    """What matters is the ID of the rule, which crosses as data."""
    with SHORT.refuses():
        raise Refused("off a wire", rule="BOOK-2", cell="booking")


def test_the_cell_keeps_its_rules() -> None:
    """A rule knows its cell and its line, and shows itself by ID and text."""
    cell = Cell("booking")
    rule = cell.rule("BOOK-1", "One at a time.")
    assert cell.rules == {"BOOK-1": rule}
    assert (rule.cell, rule.where.rpartition(":")[0]) == ("booking", __file__)
    assert repr(rule) == "Rule('BOOK-1', 'One at a time.')"
