"""Rehearsals: what works passes all of them, and what does not is found, with line and mend."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monocyte.cell import load_cells
from monocyte.literate.runbooks.planning import Procedure, Words
from monocyte.literate.runbooks.rehearsals import (
    Rehearsal,
    Scene,
    Trouble,
    artefacts,
    check,
    rehearse,
)
from monocyte.testing import World
from tests.literate.toys import drills

MANIFESTS = load_cells([drills.cell]).manifests
DRILLS = MANIFESTS[0]
SOURCE = Path(drills.__file__).read_text(encoding="utf-8").splitlines()
GOOD = {"close_all": 2, "close_at_once": 2, "close_one": 2}


def rehearsed(name: str) -> list[Rehearsal]:
    """Every rehearsal of one runbook of the drills."""
    only = DRILLS._replace(runbooks={name: DRILLS.runbooks[name]})
    seconds = 0.3 if name == "thinks_for_ever" else 20
    return list(rehearse(only, MANIFESTS, seconds=seconds))


def test_the_drills_are_well_formed() -> None:
    """What is wrong with them shows only when they are rehearsed."""
    assert load_cells([drills.cell]).faults == ()


@pytest.mark.parametrize(("name", "commands"), GOOD.items(), ids=GOOD)
def test_what_works_passes_every_rehearsal(name: str, commands: int) -> None:
    """Straight, twice, five disturbances of each command, undone whole and in bits."""
    records = [it.record for it in rehearsed(name)]
    assert [it.error for it in records if not it.passed] == []
    assert len(records) == 4 + 5 * commands
    assert {it.name for it in records} >= {"straight", "twice", "undone whole"}


def test_a_rehearsal_tells_what_was_done() -> None:
    """Commands and events, by whom; not the scenario that leads there."""
    straight = rehearsed("close_all")[0].record
    told = [(it.source, it.kind, it.name) for it in straight.steps]
    assert told == [("operator", "command", "Turn"), ("drills", "event", "Turned")] * 2


BAD: list[tuple[str, str, str, str]] = [
    # runbook, rehearsal, what is said, a piece of the line
    ("undo_does_not_restore", "and undone", "it leaves 4; before it was 2", 'closing("gas")'),
    ("nothing_to_restore", "straight", "nothing says what its undo", 'yield closing("gas")'),
    ("blind_view", "straight", "nothing_at_all sees nothing", "@cell.runbook"),
    ("half_an_undo", "and undone", "it leaves", 'yield Step("Close water"'),
    ("check_never_holds", "straight", "does not hold", 'yield Step("Close air"'),
    ("check_always_holds", "straight", "holds already", 'yield Step("Open gas"'),
    ("only_by_hand", "straight", "nothing is sent", "@cell.runbook"),
    ("sends_twice", "twice", "sends drills.Turn again", 'yield Step("Close gas"'),
    ("nobody_answers", "straight", "nobody in this app answers Stock", 'yield Step("Stock up"'),
    ("raises", "straight", "LookupError: where is the list?", "raise LookupError"),
    ("no_step", "straight", "a str is no step", 'yield "Close gas"'),
    ("no_command", "straight", "IsOpen is none", 'yield Step("Look"'),
    ("no_list", "straight", "a list of commands", "do=Turn("),
    ("no_such_reply", "straight", "never answered so", '"shut"'),
    ("invalid", "straight", "length >= 1", 'Turn("", False)'),
    ("no_title", "straight", "has no title", 'yield Step(" "'),
    ("endless", "straight", "1,000 steps, and never ends", "yield Step("),
    ("asks_for_ever", "straight", "10,000 queries, and never ends", "while it.ask"),
    ("thinks_for_ever", "straight", "it never ended", "wise"),
    ("acts_by_itself", "straight", "Turn is none", "it.ask(Turn("),
    ("led_to_by_nothing", "straight", "it_fails, fails: AssertionError", "@cell.scenario"),
    ("undo_is_refused", "and undone", "it leaves ()", "yield Step("),
    ("depends_on_the_past", "and resumed", "Turned does not happen", 'Step("Close gas"'),
]


@pytest.mark.parametrize(("name", "when", "said", "line"), BAD, ids=[it[0] for it in BAD])
def test_what_does_not_work_is_found(name: str, when: str, said: str, line: str) -> None:
    """In which rehearsal, why, where, and what to do about it."""
    found = [it for it in rehearsed(name) if it.finding is not None]
    assert found, "every rehearsal passed"
    finding = found[0].finding
    assert finding is not None
    assert (finding.kind, finding.severity, finding.cell) == (
        *("rehearsal-failed", "error"),
        "drills",
    )
    assert when in found[0].record.name
    assert said in finding.message
    assert finding.mend
    file, _, number = finding.where.rpartition(":")
    assert file == drills.__file__
    assert line in SOURCE[int(number) - 1]
    assert found[0].record.error in finding.message


def test_every_bad_drill_is_in_the_table() -> None:
    """None is forgotten here."""
    assert {it[0] for it in BAD} | GOOD.keys() == DRILLS.runbooks.keys()


def test_what_fails_straight_is_not_interrupted() -> None:
    """One cause, one finding."""
    assert [it.record.name for it in rehearsed("raises")] == ["straight"]


def test_findings_of_all_cells_are_yielded() -> None:
    """Those of every bad runbook, none of a good one."""
    some = dict.fromkeys(("close_all", "no_title", "raises"))
    cell = DRILLS._replace(runbooks={name: DRILLS.runbooks[name] for name in some})
    said = [it.message.partition(",")[0] for it in check([cell])]
    assert said == ["no_title", "raises"]


def test_a_runbook_is_an_artefact_that_can_fail() -> None:
    """It runs without a word, or raises what is wrong."""
    found = {it.name: it for it in artefacts(DRILLS, MANIFESTS)}
    assert found["close_all"].id == "drills.close_all"
    assert found["close_all"].kind == "runbook"
    found["close_all"].run()
    with pytest.raises(AssertionError, match="Turn again"):
        found["sends_twice"].run()


TROUBLES = st.builds(
    Trouble, st.sampled_from(["before", "after", "busy", "lost", ""]), st.integers(1, 3)
)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(GOOD)), forth=st.lists(TROUBLES, max_size=4))
def test_however_often_it_breaks_off_it_ends_as_if_it_had_not(
    name: str, forth: list[Trouble]
) -> None:
    """After any series of interruptions, what has happened is what happens without any."""
    straight, broken = events(name, []), events(name, forth)
    assert broken == straight


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(GOOD)),
    forth=st.lists(TROUBLES, min_size=1, max_size=3),
    back=st.lists(TROUBLES, max_size=3),
)
def test_however_often_it_breaks_off_it_can_be_taken_back(
    name: str, forth: list[Trouble], back: list[Trouble]
) -> None:
    """After any series of interruptions, of doing and of undoing, the view is what it was."""
    with World(*MANIFESTS) as world:
        scene = Scene(world, procedure(name))
        worked(scene, forth)
        for trouble in back:
            if scene.undo(trouble):
                break
        else:
            scene.undo()
        assert scene.view() == scene.before


def procedure(name: str) -> Procedure:
    """A runbook of the drills, with its example."""
    book = DRILLS.runbooks[name]
    return Procedure(DRILLS, book, Words(MANIFESTS), dict(book.example))


def worked(scene: Scene, troubles: list[Trouble]) -> bool:
    """Begin, and resume, with such troubles; whether it came to its end."""
    ends = scene.start(troubles[0])
    for trouble in troubles[1:]:
        ends = ends or scene.resume(trouble)
    return ends


def events(name: str, troubles: list[Trouble]) -> object:
    """What has happened when it has come to its end after all."""
    with World(*MANIFESTS) as world:
        scene = Scene(world, procedure(name))
        if not worked(scene, troubles or [Trouble()]):
            scene.resume()
        return scene.events()
