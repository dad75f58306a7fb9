"""What every transport decides alike: the errors by their fields, the questions in their order."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from monocyte.bus import Account, Service, core, permit_all
from monocyte.contracts import Envelope, Principal
from monocyte.errors import (
    AskCycle,
    BusError,
    Busy,
    Crashed,
    DeadlineExceeded,
    Denied,
    Invalid,
    NoSuchCell,
    NoSuchMessage,
    TooLarge,
    Unavailable,
)
from tests.bus.stage import Look, Looks, Struck, Wait, route

ROUTE = route(Look, lambda envelope, ask: None)
SERVED = (
    Service("probe", (ROUTE, route(Wait, ROUTE.answer)), (), lambda _: iter(()), Account()),
    Service("people", (), (), lambda _: iter(()), Account()),
)
ASKED = Envelope(1, Principal("eve"), path=("a", "probe"))


@dataclass(frozen=True)
class Case:
    """An error, and what it must say."""

    error: BusError
    family: type[BusError]
    message: str
    cell: str = "probe"
    mend: str = ""


CASES = {
    "a cell misspelled": Case(
        core.missing("prob", "Look", SERVED),
        NoSuchCell,
        "there is no cell 'prob'",
        "prob",
        "did you mean probe?",
    ),
    "a cell unlike any": Case(
        core.missing("xyz", "Look", SERVED),
        NoSuchCell,
        "there is no cell 'xyz'",
        "xyz",
        "there is: people, probe",
    ),
    "a cell where none is": Case(
        core.missing("probe", "Look", ()),
        NoSuchCell,
        "there is no cell 'probe'",
        mend="load a cell first",
    ),
    "a message of no cell": Case(
        core.missing("", "Look", SERVED),
        NoSuchCell,
        "Look belongs to no loaded cell",
        "",
        "there is: people, probe",
    ),
    "a message misspelled": Case(
        core.missing("probe", "Looks", SERVED),
        NoSuchMessage,
        "probe does not answer 'Looks'",
        mend="did you mean Look?",
    ),
    "late, as the host sees it": Case(
        core.expired(ROUTE),
        DeadlineExceeded,
        "probe.Look: the deadline passed before an answer",
    ),
    "late, as the caller sees it": Case(
        core.late("probe", Look),
        DeadlineExceeded,
        "probe.Look: the deadline passed before an answer",
    ),
    "a circle": Case(
        core.ask_cycle(ASKED, ROUTE),
        AskCycle,
        "probe.Look was asked in a circle: a → probe → probe",
        mend="let one of them react to the other's event instead of asking",
    ),
    "not permitted": Case(core.denied(ASKED, ROUTE), Denied, "eve may not send probe.Look"),
    "full": Case(
        core.busy(core.Gate(3), ROUTE),
        Busy,
        "probe has 3 requests in flight, which is all that it admits",
        mend="ask again later, or raise [limits] in_flight",
    ),
    "an invalid message": Case(
        core.invalid(ROUTE, Invalid("no text", mend="write one")),
        Invalid,
        "no text",
        mend="write one",
    ),
    "a large message": Case(core.invalid(ROUTE, TooLarge("long")), TooLarge, "long"),
    "a wrong answer": Case(
        core.wrong_reply(ROUTE, Invalid("no text")),
        Crashed,
        "probe.Look was answered wrongly: no text",
    ),
    "another version": Case(
        core.other_version("probe.Look", 2, Look),
        Invalid,
        "probe.Look came in version 2; here it is at version 1",
        "",
        "load the same release of the cell at both ends",
    ),
    "an event of another version": Case(
        core.unknown_word("probe.Struck", 2, Struck),
        Invalid,
        "probe.Struck came in version 2; here it is at version 1",
        "",
        "load the same release of the cell at both ends",
    ),
    "an event that is not known": Case(
        core.unknown_word("probe.Stroke", 1, None),
        Invalid,
        "the event probe.Stroke is not known here",
        "",
        "load the same release of the cell at both ends",
    ),
    "a history that breaks off": Case(
        core.broken_off("probe", OSError("/secret/path")),
        Unavailable,
        "the events of probe cannot be read: OSError",
        mend="the host's log has the rest",
    ),
    "closed": Case(
        core.closed(),
        Unavailable,
        "the bus is closed: the host is shutting down",
        "",
        "ask when it is up",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_error_says_what_where_and_what_to_do(case: Case) -> None:
    """The family, the message, the cell and the mend."""
    error = case.error
    assert type(error) is case.family
    assert (error.message, error.cell, error.mend) == (case.message, case.cell, case.mend)


def test_a_crash_says_its_kind_and_its_line_and_nothing_that_it_quotes() -> None:
    """The text of an exception may hold what the caller must not see."""

    def fails() -> None:
        raise ZeroDivisionError("the secret is 42")

    with pytest.raises(ZeroDivisionError) as caught:
        fails()
    crash = core.crashed(ROUTE, caught.value)
    line = fails.__code__.co_firstlineno + 1
    assert (crash.message, crash.where) == (
        "probe.Look crashed with ZeroDivisionError",
        f"test_core.py:{line}",
    )
    assert "42" not in crash.mend + crash.message


def test_a_crash_without_a_line_is_still_one() -> None:
    """An exception that was never raised has no place."""
    assert core.crashed(ROUTE, asyncio.CancelledError()).where == ""


QUESTIONS: dict[str, tuple[dict[str, Any], type[BusError] | None]] = {
    "nothing wrong": ({}, None),
    "the last moment": ({"deadline": 10.001}, None),
    "late": ({"deadline": 10.0}, DeadlineExceeded),
    "late and in a circle": ({"deadline": 1.0, "path": ("probe",)}, DeadlineExceeded),
    "in a circle": ({"path": ("probe", "a")}, AskCycle),
    "in a circle and denied": ({"path": ("probe",), "principal": Principal("eve")}, AskCycle),
    "denied": ({"principal": Principal("eve")}, Denied),
}


@pytest.mark.parametrize(("fields", "family"), QUESTIONS.values(), ids=QUESTIONS)
def test_the_questions_have_an_order(fields: dict[str, Any], family: type[BusError] | None) -> None:
    """Time, circle, permission: the first no is raised."""

    def ask() -> None:
        envelope = Envelope(**{"id": 1, **fields})
        core.admit(envelope, ROUTE, lambda principal, _: principal.name != "eve", 10.0)

    if family is None:
        ask()
    else:
        with pytest.raises(family):
            ask()


def test_a_gate_admits_so_many_and_no_more() -> None:
    """Who is turned away is not counted."""
    gate = core.Gate(2)
    gate.enter(ROUTE)
    gate.enter(ROUTE)
    for _ in range(2):
        with pytest.raises(Busy):
            gate.enter(ROUTE)
    assert gate.in_flight == 2
    gate.in_flight -= 1
    gate.enter(ROUTE)


def test_an_address_is_the_cell_and_the_message() -> None:
    """As people and wires call it."""
    assert route(Looks, ROUTE.answer).address == "probe.Looks"


def test_without_a_policy_everybody_may_everything() -> None:
    """The hook is there before the policy is."""
    assert permit_all(Principal("eve"), ROUTE)
