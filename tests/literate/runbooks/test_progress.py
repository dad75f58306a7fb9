"""How far a run has come: what is still to be sent, under which id, and what is taken back."""

import pytest

from monocyte.literate.runbooks.logbook import (
    Answered,
    Confirmed,
    Done,
    Ended,
    Entry,
    Failed,
    Planned,
    Said,
    Sending,
    Taken,
)
from monocyte.literate.runbooks.progress import Progress

TAKEN = Taken(
    mode="run", by="ada", roles=(), process="", run="r", runbook="c.b", release="1", arguments={}
)


def planned(do: str, undo: str) -> Planned:
    """A step whose commands have names of one letter."""
    said = [tuple(Said(letter, {}) for letter in letters) for letters in (do, undo)]
    return Planned(
        step=1, title="t", where="f:1", check=None, wanted=None, do=said[0], undo=said[1]
    )


def sent(index: int, *, back: bool = False, by: str = "ada") -> Sending:
    """A command leaves."""
    said = Said("x", {})
    return Sending(step=1, back=back, index=index, id="", by=by, command=said)


def answered(index: int, *, back: bool = False) -> tuple[Entry, Entry]:
    """A command leaves, and takes effect."""
    return sent(index, back=back), Answered(step=1, back=back, index=index, id="", reply=None)


def failed(index: int, *, certain: bool) -> tuple[Entry, Entry]:
    """A command leaves, and fails."""
    return sent(index), Failed(
        step=1, back=False, index=index, id="", kind="busy", message="", certain=certain
    )


HAND = Confirmed(step=1, back=False, yes=True, by="ada")

CASES: list[tuple[str, str, str, tuple[Entry, ...], str, str]] = [
    # what happened: do, undo, entries -> still to be sent, still to be taken back
    ("nothing", "ab", "AB", (), "a r/1.1, b r/1.2", ""),
    ("one", "ab", "AB", answered(0), "b r/1.2", "A r/1.1u"),
    ("all", "ab", "AB", (*answered(0), *answered(1)), "", "B r/1.2u, A r/1.1u"),
    ("only the second", "ab", "AB", answered(1), "a r/1.1", "B r/1.2u"),
    ("one, no pairs", "ab", "XYZ", answered(0), "b r/1.2", "X r/1.1u, Y r/1.2u, Z r/1.3u"),
    ("none, no pairs", "ab", "X", (), "a r/1.1, b r/1.2", ""),
    ("no undo", "a", "", answered(0), "", ""),
    ("answer never came", "ab", "AB", (sent(0),), "a r/1.1, b r/1.2", ""),
    ("perhaps failed", "ab", "AB", failed(0, certain=False), "a r/1.1, b r/1.2", ""),
    ("surely failed", "ab", "AB", failed(0, certain=True), "a r/1.1~2, b r/1.2", ""),
    ("failed twice", "a", "A", failed(0, certain=True) * 2, "a r/1.1~3", ""),
    (
        *("then well", "a", "A"),
        (*failed(0, certain=True), *answered(0)),
        *("", "A r/1.1u"),
    ),
    (
        *("half taken back", "ab", "AB"),
        (*answered(0), *answered(1), *answered(1, back=True)),
        *("", "A r/1.1u"),
    ),
    ("by hand, agreed", "", "X", (HAND,), "", "X r/1.1u"),
    ("by hand, not yet", "", "X", (), "", ""),
    ("agreed, not sent", "a", "XY", (HAND,), "a r/1.1", ""),
]


@pytest.mark.parametrize(
    ("do", "undo", "entries", "forward", "backward"),
    [c[1:] for c in CASES],
    ids=[c[0] for c in CASES],
)
def test_what_is_still_to_be_sent(
    do: str, undo: str, entries: tuple[Entry, ...], forward: str, backward: str
) -> None:
    """In order, each under its id; pairs are taken back one by one, anything else as a whole."""
    step = Progress((TAKEN, planned(do, undo), *entries)).steps[0]
    assert ", ".join(f"{it.command.message} {it.id}" for it in step.forward()) == forward
    assert ", ".join(f"{it.command.message} {it.id}" for it in step.backward()) == backward


def test_what_is_unknown_is_known_to_be_unknown() -> None:
    """Which commands, and who has sent them: their ids are theirs."""
    step = Progress((TAKEN, planned("ab", ""), sent(0, by="lise"))).steps[0]
    assert [(it.command.message, it.tried.by) for it in step.open_ends()] == [("a", "lise")]
    assert step.partly_sent
    assert not step.had_effect


def test_the_state_of_a_run_is_that_of_its_last_hands() -> None:
    """Open, done, undoing, undone."""
    undo = Taken(
        mode="undo",
        by="lise",
        roles=(),
        process="",
        run="r",
        runbook="c.b",
        release="1",
        arguments={},
    )
    steps: list[Entry] = [TAKEN, planned("a", "A"), *answered(0), Done(step=1, title="t")]
    seen = []
    for entry in (Ended(state="done"), undo, Ended(state="undone")):
        progress = Progress(steps)
        seen.append((progress.state, progress.unfinished))
        steps.append(entry)
    final = Progress(steps)
    assert [*seen, (final.state, None)] == [
        *(("open", None), ("done", None), ("undoing", None), ("undone", None))
    ]
    assert [it.by for it in final.hands] == ["ada", "lise"]
    assert Progress(steps[:2]).unfinished is not None
