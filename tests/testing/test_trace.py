"""The trace of a World: every command, query, event and timer, what led to it, what came of it."""

from datetime import UTC, date, datetime, timedelta
from enum import Enum

import pytest

from monocyte.cell import load_cells
from monocyte.contracts import Map
from monocyte.errors import Refused
from monocyte.testing import Faults, Said, World, story
from monocyte.testing.trace import short
from tests.testing import stage
from tests.testing.toys import courier, fees, letters, rates, registry, till

COURIERS = load_cells([till.cell, fees.cell, rates.cell, courier.cell, registry.cell]).manifests


def lines(lab: World) -> list[str]:
    """The trace, without its times."""
    return [line for line in story(lab.trace).splitlines() if line.startswith(" ")]


def test_a_command_its_asks_and_its_events_are_told_in_order() -> None:
    """Who sends, what the handler asks of others, what happened, who hears of it."""
    with stage.world() as lab:
        lab.by("ada").send(till.PayIn(9))
        lab.by("eve").send(till.TakeOut(2))
        told = lines(lab)
    assert told[0] == "  ada -> till: PayIn(9) -> PaidIn"
    assert told[1].startswith("    till: PaidIn(ada, 9, ")
    asked = told.index("  eve -> till: TakeOut(2) -> TakenOut")
    assert told[asked + 1] == "    till.take_out -> fees: FeeFor(2) -> 1"
    assert told[asked + 2] == "      fees.fee -> rates: Rate() -> 1"
    assert "    till: TakenOut(eve, 3)" in told


def test_every_line_names_the_functions_at_both_ends() -> None:
    """Structured, so that the arrows of a picture can be told from it."""
    with World(*COURIERS) as lab:
        lab.by("ada").send(till.PayIn(9))
        lab.settle()
        walked = [(s.kind, s.source, s.asker, s.name, s.target, s.function) for s in lab.trace]
    assert walked == [
        ("command", "ada", "", "PayIn", "till", "pay_in"),
        ("event", "till", "pay_in", "PaidIn", "till", "add"),
        ("event", "till", "", "PaidIn", "courier", "send"),
        ("query", "courier", "send", "Balance", "till", "balance_of"),
        ("command", "courier", "send", "Register", "registry", "register"),
        ("event", "registry", "register", "Registered", "registry", "enter"),
        ("event", "courier", "send", "Sent", "courier", "note"),
    ]


def test_every_line_knows_what_led_to_it() -> None:
    """Causes are lines above, and lead back to a person or the clock."""
    with World(*COURIERS) as lab:
        lab.by("ada").send(till.PayIn(9))
        lab.settle()
        assert [said.cause for said in lab.trace] == [-1, 0, 1, 2, 2, 4, 2]


def test_timers_are_told_when_they_fire() -> None:
    """Those of `every` come from the clock alone, those of `after` also from their event."""
    with stage.world() as lab:
        lab.by("ada").send(till.PayIn(9))
        lab.advance(timedelta(days=1))
        timers = [said for said in lab.trace if said.kind == "timer"]
        trace = lab.trace
    after, every = timers
    assert (after.name, after.function, after.at) == (
        *("PaidIn", "thank"),
        datetime(2026, 1, 5, 9, 15, tzinfo=UTC),
    )
    assert trace[after.cause].name == "PaidIn"
    assert (every.source, every.name, every.function, every.cause) == ("clock", "Tick", "count", -1)
    made = [said for said in trace if said.asker == "count"]
    assert [(said.name, trace[said.cause]) for said in made] == [("Counted", every)]
    assert "2026-01-06 00:00\n  clock -> till.count: Tick(2026-01-06 00:00)" in story(trace)


def test_refusals_name_their_rule_and_errors_their_kind() -> None:
    """What a person got to hear is what the trace says."""
    with stage.world() as lab:
        with till.COVERED.refuses():
            lab.by("eve").send(till.TakeOut(1))
        with lab.disk_full(), pytest.raises(Exception, match="disk is full"):
            lab.by("ada").send(till.PayIn(1))
        outcomes = [said.outcome for said in lab.trace if said.target == "till"]
    assert outcomes[0].startswith("refused by TILL-1: Nobody takes out what is not there.")
    assert outcomes[1].startswith("unavailable: ")


def test_what_is_given_up_and_resent_is_told_once() -> None:
    """A dead letter says why; what comes of it later comes of the same delivery."""
    with stage.world() as lab:
        lab.by("ada").send(letters.ShutOffice(True))
        lab.by("ada").send(till.PayIn(1))
        lab.settle()
        (heard,) = [s for s in lab.trace if (s.source, s.target) == ("till", "post")]
        assert heard.outcome.startswith("given up: ")
        lab.by("ada").send(letters.ShutOffice(False))
        (dead,) = lab.dead_letters
        lab.resend(dead)
        (posted,) = [s for s in lab.trace if s.name == "Posted"]
        assert lab.trace[posted.cause].function == heard.function


def test_one_that_nobody_waits_for_is_told_too() -> None:
    """What was started takes its effect when everything settles."""
    with stage.world() as lab:
        lab.by("ada").start(till.PayIn(1))
        lab.settle()
        assert lab.trace[0].outcome == "PaidIn"


def test_a_power_cut_doubles_no_event() -> None:
    """What was decided again after a restart is told once."""
    for seed in range(1, 12):
        with stage.world(seed, Faults(crash=0.05, repeat=0.1)) as lab:
            stage.busy_day(lab)
            for kind in (till.PaidIn, till.TakenOut, letters.Written):
                told = [s for s in lab.trace if s.name == kind.__name__ and s.source == s.target]
                assert len(told) == len(lab.events(kind))


def test_the_same_seed_tells_the_same() -> None:
    """Line by line."""
    told = []
    for _ in range(2):
        with stage.world(5, Faults.all()) as lab:
            stage.busy_day(lab)
            told.append(story(lab.trace))
    assert told[0] == told[1]


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "None"),
        ("ada", "ada"),
        ("", "''"),
        ("two\nlines", "two lines"),
        (b"bytes", "b'bytes'"),
        (Colour.RED, "red"),
        (date(2026, 1, 5), "2026-01-05"),
        (datetime(2026, 1, 5, 9, 30, 1, tzinfo=UTC), "2026-01-05 09:30:01"),
        (Map({"a": 1}), "{a: 1}"),
        (frozenset({"b", "a"}), "{a, b}"),
        (tuple(range(9)), "(0, 1, 2, 3, 4, 5, … 3 more)"),
        (till.TakenOut("ada", 3), "TakenOut(ada, 3)"),
        (till.Money(), "Money()"),
        (till.Money(balance=2), "Money(2)"),
        (till.Money(days=2), "Money(0, 2)"),
        ("x" * 500, "x" * 79 + "…"),
    ],
    ids=range(16),
)
def test_values_are_short(value: object, said: str) -> None:
    """They can be read at a glance."""
    assert short(value) == said


def test_a_story_says_the_time_when_it_changes() -> None:
    """Once for everything that happens at it."""
    nine = datetime(2026, 1, 5, 9, tzinfo=UTC)
    said = Said(nine, "ada", "till", "query", "B", "B()", "5")
    told = story([said, said, said._replace(at=nine + timedelta(hours=1))])
    assert told.splitlines()[::3] == ["2026-01-05 09:00", "2026-01-05 10:00"]


def test_a_refusal_of_a_neighbour_is_told_at_the_ask() -> None:
    """Who asked hears it, and so does the trace."""
    with World(*COURIERS) as lab:
        with pytest.raises(Refused):
            lab.by("eve").send(till.TakeOut(1))
        asked = next(said for said in lab.trace if said.asker == "take_out")
        assert asked.outcome == "1"
