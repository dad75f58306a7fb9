"""Working through a runbook: what is sent, under which ids, what is confirmed and written down."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from monocyte.cell import load_cells
from monocyte.contracts import Command, Query
from monocyte.errors import BusError, Busy, ConfigError, DefinitionError, Denied, Unavailable
from monocyte.literate.runbooks.logbook import Entry, MemoryLogbook, Passed, Planned, Sending, Taken
from monocyte.literate.runbooks.planning import Procedure, Words
from monocyte.literate.runbooks.rehearsals import Trouble, WorldDesk
from monocyte.literate.runbooks.runner import Question, Runner, Stopped, preview
from monocyte.testing import Actor, Operator, Step, Steps, World
from tests.literate.toys import drills
from tests.literate.toys.drills import CountTurns, IsOpen, ListOpen, Lock, Turn

MANIFESTS = load_cells([drills.cell]).manifests
DRILLS = MANIFESTS[0]


class Somebody:
    """A guide who notes what they are asked and told, and agrees to so many questions."""

    def __init__(self, agrees: int = 1_000) -> None:
        self.assumes = False
        self.agrees = agrees
        self.asked: list[Question] = []
        self.told: list[Entry] = []

    def confirm(self, question: Question) -> bool:
        """Yes, as long as they agree."""
        self.asked.append(question)
        return len(self.asked) <= self.agrees

    def tell(self, entry: Entry) -> None:
        """Note it."""
        self.told.append(entry)


class Desk(WorldDesk):
    """A desk in a World at which commands fail when the test says so."""

    def __init__(self, world: World, name: str = "operator") -> None:
        super().__init__(world, (), Trouble())
        self.who = name
        self.ids: list[str] = []
        self.fails: Callable[[str], BusError | None] = lambda id: None
        self.loses: Callable[[str], bool] = lambda id: False
        self.waited = 0
        self.meanwhile: Callable[[], object] = lambda: None

    @property
    def name(self) -> str:
        """Who it is."""
        return self.who

    def ask(self, query: Query[Any]) -> Any:
        """Ask the World."""
        return super().ask(query)

    def send(self, command: Command[Any], id: str) -> Any:
        """Send to the World, unless it is to fail; perhaps lose the answer."""
        self.ids.append(id)
        if (error := self.fails(id)) is not None:
            raise error
        reply = super().send(command, id)
        if self.loses(id):
            raise Unavailable("the answer is lost")
        return reply

    def wait(self, tries: int) -> bool:
        """Let happen what the test says, three times."""
        self.waited = tries
        self.meanwhile()
        return tries < 3


class Office:
    """A World with two open valves, a runbook, and the logbook of its run."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.ada: Actor = world.by("ada")
        book = DRILLS.runbooks[name]
        book.after.play(world)
        self.procedure = Procedure(DRILLS, book, Words(MANIFESTS), dict(book.example))
        self.log = MemoryLogbook("r")
        self.desk = Desk(world)
        self.guide = Somebody()

    def runner(self) -> Runner:
        """Somebody takes the run in hand, from what was written down."""
        self.log = self.log.reopened()
        return Runner(self.procedure, self.desk, self.log, self.guide, now=lambda: "")

    def left(self) -> tuple[str, ...]:
        """What is open."""
        return self.ada.ask(ListOpen())

    def turns(self) -> int:
        """How often valves were turned by the runbook."""
        return self.ada.ask(CountTurns()) - 2

    def kinds(self) -> list[str]:
        """What stands in the logbook, by kind."""
        return [type(entry).__name__ for entry in self.log.entries]


@contextmanager
def office(name: str = "close_all") -> Iterator[Office]:
    """An office of the drills, in a World of its own."""
    with World(*MANIFESTS) as world:
        yield Office(world, name)


# -- straight --------------------------------------------------------------------------------------


def test_every_step_is_confirmed_sent_checked_and_written_down() -> None:
    """In this order; the guide hears of each entry when it stands there."""
    with office() as it:
        it.runner().start("r")
        assert it.left() == ()
        assert it.desk.ids == ["r/1.1", "r/2.1"]
        step = ["Planned", "Confirmed", "Sending", "Answered", "Checked", "Done"]
        assert it.kinds() == ["Taken", *step, *step, "Ended"]
        assert tuple(it.guide.told) == it.log.entries
        taken = it.log.entries[0]
        assert isinstance(taken, Taken)
        assert (taken.by, taken.runbook, taken.release) == (
            *("operator", "drills.close_all"),
            DRILLS.release,
        )


def test_what_is_done_is_passed_over() -> None:
    """Nothing is confirmed or sent for it."""
    with office("close_at_once") as it:
        for valve in ("gas", "water"):
            it.ada.send(Turn(valve, False))
        it.runner().start("r")
        assert it.desk.ids == []
        assert [e.why for e in it.log.entries if isinstance(e, Passed)] == ["done already"]
        assert [q.step.title for q in it.guide.asked] == ["Open a window"]


def test_a_step_is_planned_from_what_the_step_before_has_left() -> None:
    """The second is drawn only when the first is done."""
    with office("depends_on_the_past") as it:
        it.runner().start("r")
        assert it.left() == ()


def test_who_does_not_agree_stops_the_run() -> None:
    """Nothing of the step was sent; it can be resumed."""
    with office() as it:
        it.guide.agrees = 1
        with pytest.raises(Stopped, match=r"step 2 \(Close water\) was not confirmed"):
            it.runner().start("r")
        assert it.left() == ("water",)
        it.guide.agrees = 1_000
        it.runner().resume()
        assert it.left() == ()
        assert it.turns() == 2


def test_a_check_may_take_a_while() -> None:
    """What follows from a command may take its effect a little later; but not for ever."""
    with office("check_never_holds") as it:
        it.desk.meanwhile = lambda: it.desk.waited == 2 and it.ada.send(Turn("air", True))
        it.runner().start("r")
        assert it.desk.waited == 2
    with office("check_never_holds") as it:
        with pytest.raises(Stopped, match=r"Close air\) is not done.*drills.IsOpen, does not hold"):
            it.runner().start("r")
        assert it.desk.waited == 3


def test_by_hand_means_that_somebody_says_so() -> None:
    """Without a check their word is enough; they are asked once in a run."""
    with office("only_by_hand") as it:
        it.guide.agrees = 0
        with pytest.raises(Stopped, match="not confirmed"):
            it.runner().start("r")
        it.guide.agrees = 2
        it.runner().resume()
        assert it.runner().progress.state == "done"
        assert [q.commands for q in it.guide.asked] == [(), ()]


# -- interrupted -----------------------------------------------------------------------------------


def test_an_answer_that_was_lost_is_asked_for_under_the_same_id() -> None:
    """The command takes its effect once."""
    with office() as it:
        it.desk.loses = lambda id: id == "r/1.1"
        with pytest.raises(Stopped, match="unavailable: the answer is lost"):
            it.runner().start("r")
        it.desk.loses = lambda id: False
        it.runner().resume()
        assert it.desk.ids == ["r/1.1", "r/1.1", "r/2.1"]
        assert (it.left(), it.turns()) == ((), 2)


def test_the_number_of_a_step_is_never_given_to_another() -> None:
    """Planned anew, the second step comes first; its ids are its own all the same."""
    with office() as it:
        it.desk.fails = lambda id: Busy("full") if id.startswith("r/2") else None
        with pytest.raises(Stopped, match=r"step 2 \(Close water\): drills.Turn is busy: full"):
            it.runner().start("r")
        it.desk.fails = lambda id: None
        it.runner().resume()
        assert it.desk.ids == ["r/1.1", "r/2.1", "r/2.1~2"]
        assert (it.left(), it.turns()) == ((), 2)


def test_what_a_rule_has_refused_can_be_tried_again() -> None:
    """A refusal is kept under its id like any answer: the next try has another."""
    with office() as it:
        it.ada.send(Lock())
        with pytest.raises(Stopped, match=r"refused by DRILL-1: Nobody turns .* another") as why:
            it.runner().start("r")
        assert why.value.cause is not None
        assert why.value.where.rpartition(":")[0] == drills.__file__
        it.ada.send(Lock())
        it.runner().resume()
        assert it.desk.ids[:2] == ["r/1.1", "r/1.1~2"]
        assert it.left() == ()


def test_the_rest_of_a_step_that_was_begun_belongs_to_it() -> None:
    """Though its check holds by now."""
    with office("close_one") as it:
        it.desk.fails = lambda id: Busy("full") if id == "r/1.2" else None
        with pytest.raises(Stopped):
            it.runner().start("r")
        it.desk.fails = lambda id: None
        it.runner().resume()
        assert it.desk.ids == ["r/1.1", "r/1.2", "r/1.2~2"]


def test_the_same_step_twice_is_two_steps() -> None:
    """Of those that were done in this run, each stands for one."""

    def ring_twice(it: Operator) -> Steps:
        yield Step("Ring the bell")
        it.ask(ListOpen())
        yield Step("Ring the bell")

    with office() as it:
        book = it.procedure.runbook._replace(function=ring_twice)
        it.procedure = it.procedure._replace(runbook=book)
        with broken(it.desk), pytest.raises(Stopped, match="cannot be planned"):
            it.runner().start("r")
        it.runner().resume()
        assert [q.step.step for q in it.guide.asked] == [1, 2]
        assert [e.why for e in it.log.entries if isinstance(e, Passed)] == ["done in this run"]


@contextmanager
def broken(desk: Desk) -> Iterator[None]:
    """While inside, nothing can be asked."""

    def down(query: Query[Any]) -> Any:
        raise Unavailable("drills is being restarted")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk, "ask", down)
        yield


def test_another_cannot_learn_what_became_of_a_command() -> None:
    """Ids are their sender's own: sent by another, it would take its effect twice."""
    with office() as it:
        it.desk.loses = lambda id: True
        with pytest.raises(Stopped):
            it.runner().start("r")
        it.desk.who = "lise"
        for work in (Runner.resume, Runner.undo):
            with pytest.raises(Stopped, match=r"operator sent drills.Turn .* lise cannot") as why:
                work(it.runner())
            assert "let operator" in why.value.mend
            it.log = _without_undo(it.log)
        assert it.turns() == 1


def _without_undo(log: MemoryLogbook) -> MemoryLogbook:
    """The same logbook, as if nobody had tried to resume or undo."""
    fresh = MemoryLogbook(log.run)
    for entry in log.entries:
        if isinstance(entry, Taken) and entry.mode != "run":
            break
        fresh.write(entry)
    return fresh


def test_denied_after_a_lost_answer_says_nothing_of_it() -> None:
    """The first may have taken effect: it is still unknown, and asked for under the same id."""
    with office() as it:
        it.desk.loses = lambda id: True
        with pytest.raises(Stopped):
            it.runner().start("r")
        it.desk.fails = lambda id: Denied("your key was revoked")
        with pytest.raises(Stopped, match="denied"):
            it.runner().resume()
        it.desk.fails, it.desk.loses = (lambda id: None), (lambda id: False)
        it.runner().resume()
        assert it.desk.ids == ["r/1.1"] * 3 + ["r/2.1"]
        assert it.turns() == 2


# -- undone ----------------------------------------------------------------------------------------


def test_what_was_done_is_taken_back_the_last_first() -> None:
    """Each step confirmed; by the commands as they were planned then."""
    with office() as it:
        it.runner().start("r")
        it.guide.asked.clear()
        it.runner().undo()
        assert it.left() == ("gas", "water")
        assert it.desk.ids[2:] == ["r/2.1u", "r/1.1u"]
        assert [(q.step.title, q.back) for q in it.guide.asked] == [
            *(("Close water", True), ("Close gas", True))
        ]
        assert it.runner().progress.state == "undone"


def test_of_a_step_that_was_begun_only_what_was_done_is_taken_back() -> None:
    """Commands and their undos in pairs."""
    with office("close_at_once") as it:
        it.desk.fails = lambda id: Busy("full") if id == "r/1.2" else None
        with pytest.raises(Stopped):
            it.runner().start("r")
        it.desk.fails = lambda id: None
        it.runner().undo()
        assert it.desk.ids == ["r/1.1", "r/1.2", "r/1.1u"]
        assert it.left() == ("gas", "water")


def test_an_undo_that_was_interrupted_goes_on() -> None:
    """What was taken back is not taken back twice."""
    with office() as it:
        it.runner().start("r")
        it.desk.loses = lambda id: id == "r/2.1u"
        with pytest.raises(Stopped, match="the answer is lost"):
            it.runner().undo()
        it.desk.loses = lambda id: False
        with pytest.raises(ConfigError, match="cannot be resumed: it is undoing"):
            it.runner().resume()
        it.runner().undo()
        assert it.desk.ids[2:] == ["r/2.1u", "r/2.1u", "r/1.1u"]
        assert (it.left(), it.turns()) == (("gas", "water"), 4)


def test_what_cannot_be_taken_back_is_taken_back_by_hand() -> None:
    """Somebody is asked whether they have done it; it is never passed over in silence."""
    with office("half_an_undo") as it:
        it.runner().start("r")
        it.guide.asked.clear()
        it.runner().undo()
        assert [(q.step.title, len(q.commands)) for q in it.guide.asked] == [
            *(("Close water", 0), ("Close gas", 1))
        ]
        assert it.left() == ("gas",)


def test_what_may_have_to_be_taken_back_is_shown_before_anything_is_sent() -> None:
    """What became of a command tells itself only when it is sent again: both are asked at once."""
    with office() as it:
        it.desk.loses = lambda id: True
        with pytest.raises(Stopped):
            it.runner().start("r")
        it.desk.loses = lambda id: False
        it.guide.asked.clear()
        it.runner().undo()
        (question,) = it.guide.asked
        assert [said.fields["open"] for said in question.unknown] == [False]
        assert [said.fields["open"] for said in question.commands] == [True]
        assert it.desk.ids == ["r/1.1", "r/1.1", "r/1.1u"]
        assert it.left() == ("gas", "water")


def test_what_turns_out_to_be_done_and_has_no_undo_is_for_hands() -> None:
    """Its answer was lost; once it is known, somebody is asked."""
    with office("sends_twice") as it:
        it.desk.loses = lambda id: True
        with pytest.raises(Stopped):
            it.runner().start("r")
        it.desk.loses = lambda id: False
        it.guide.asked.clear()
        it.runner().undo()
        assert [(len(q.unknown), len(q.commands)) for q in it.guide.asked] == [(1, 0), (0, 0)]


def test_a_command_that_has_changed_its_shape_is_named() -> None:
    """What was written down is not what the app would understand now."""
    with office() as it:
        it.runner().start("r")
        wrong = it.log.data.replace(b'"valve":"water","open":true', b'"valve":"water","open":"x"')
        it.log = MemoryLogbook("r")
        for line in wrong.splitlines():
            it.log.write(
                msgspec.json.decode(msgspec.json.decode(line, type=Line).entry, type=Entry)
            )
        with pytest.raises(DefinitionError, match=r"drills\.Turn is no longer what was written"):
            it.runner().undo()


class Line(msgspec.Struct):
    """A line of a logbook."""

    entry: msgspec.Raw


@pytest.mark.parametrize("done", ["undone", "done"])
def test_what_is_over_is_not_taken_up_again(done: str) -> None:
    """It is said what can be done instead."""
    with office() as it:
        it.runner().start("r")
        if done == "undone":
            it.runner().undo()
            with pytest.raises(ConfigError, match="cannot be undone: it is undone"):
                it.runner().undo()
        with pytest.raises(ConfigError, match=f"cannot be resumed: it is {done}") as why:
            it.runner().resume()
        assert "anew" in why.value.mend


def test_a_command_that_is_gone_is_named() -> None:
    """The run did what the app does not know any more; nothing is sent in its place."""
    with office() as it:
        it.runner().start("r")
        poorer = DRILLS._replace(
            handlers={m: h for m, h in DRILLS.handlers.items() if m is not Turn}
        )
        it.procedure = it.procedure._replace(words=Words([poorer]))
        with pytest.raises(
            DefinitionError, match=r"nobody in this app answers drills\.Turn"
        ) as why:
            it.runner().undo()
        assert why.value.where.startswith(drills.__file__)
        assert len(it.desk.ids) == 2


# -- what may be asked, and what is known beforehand -----------------------------------------------


def test_a_preview_sends_nothing_and_claims_no_more_than_it_knows() -> None:
    """What comes after the first change is as planned before it, and said to be."""
    with office() as it:
        it.ada.send(Turn("air", True))
        seen = [(p.step.title, p.holds, p.sure) for p in preview(it.procedure, it.desk)]
        assert seen == [
            *(("Close air", False, True), ("Close gas", False, False)),
            ("Close water", False, False),
        ]
        assert it.desk.ids == []
    with office("check_always_holds") as it:
        assert [(p.holds, p.sure) for p in preview(it.procedure, it.desk)] == [(True, True)]


def test_a_query_that_fails_while_planning_stops_the_run() -> None:
    """It is not the runbook's fault."""
    with office() as it:
        match = "the next step cannot be planned: drills is being"
        with broken(it.desk), pytest.raises(Stopped, match=match):
            it.runner().start("r")
        it.runner().resume()
        assert it.left() == ()


def test_what_is_sent_is_what_was_written_down() -> None:
    """Each command leaves after its line, and is the message of that line."""
    with office() as it:
        before: list[bool] = []
        send = it.desk.send

        def noted(command: Command[Any], id: str) -> Any:
            last = it.log.entries[-1]
            before.append(isinstance(last, Sending) and last.id == id)
            assert isinstance(last, Sending)
            assert it.procedure.words.message(last.command) == command
            return send(command, id)

        it.desk.send = noted  # type: ignore[method-assign]
        it.runner().start("r")
        assert before == [True, True]
        plans = [entry for entry in it.log.entries if isinstance(entry, Planned)]
        assert [plan.where.rpartition(":")[0] for plan in plans] == [drills.__file__] * 2
        assert it.ada.ask(IsOpen("gas")) is False
