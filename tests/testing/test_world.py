"""A World: actors, time, ids, files, restarts, dead letters, full disks; the same every time."""

import gc
import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monocyte.cell import Cell
from monocyte.errors import Crashed, DefinitionError, Invalid, Refused, Unavailable
from monocyte.testing import Faults, World
from monocyte.testing.loop import VirtualLoop
from tests.testing import stage
from tests.testing.toys import fees, letters, post, rates, till

ROOT = Path(__file__).parents[2]
NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)


def test_the_clock_stands_still_but_for_advance() -> None:
    """It starts at nine on a Monday; working takes no time."""
    with stage.world() as lab:
        lab.by("ada").send(till.PayIn(1))
        assert lab.now() == NINE
        lab.advance(timedelta(days=400, microseconds=1))
        assert lab.now() == NINE + timedelta(days=400, microseconds=1)


def test_actors_send_and_ask_as_who_they_are() -> None:
    """The handler sees name and roles; the reply is what the types say."""
    with stage.world() as lab:
        actor = lab.by("ada", "clerk", "owner")
        assert actor.principal.roles == {"clerk", "owner"}
        assert actor.send(till.PayIn(5)).who == "ada"
        assert actor.ask(till.Balance()) == 5
        with till.COVERED.refuses():
            actor.send(till.TakeOut(5))
        assert actor.send(till.TakeOut(4)) == till.TakenOut("ada", 5)


def test_a_pending_answer_can_be_read_twice() -> None:
    """`start` goes on at once, and `result` gives the same each time, also the error."""
    with stage.world() as lab:
        pays, fails = lab.by("ada").start(till.PayIn(5)), lab.by("ada").start(till.PayIn(0))
        assert not pays.done
        assert pays.result() is pays.result()
        for _ in range(2):
            with till.SOMETHING.refuses():
                fails.result()
        assert fails.done


def test_everything_goes_through_bytes() -> None:
    """A message that no wire would bring is refused, though its constructor let it pass."""
    with stage.world() as lab, pytest.raises(Invalid):
        lab.by("ada").send(till.PayIn("five"))  # type: ignore[arg-type]


def test_ids_are_unique_sortable_by_time_and_of_the_seed() -> None:
    """Later ids sort after earlier ones; another seed gives others."""

    def receipts(seed: int) -> list[str]:
        with stage.world(seed) as lab:
            ids = []
            for _ in range(40):
                ids.append(lab.by("ada").send(till.PayIn(1)).receipt)
                lab.advance(timedelta(seconds=40))
            return ids

    assert receipts(1) == sorted(set(receipts(1)))
    assert not set(receipts(1)) & set(receipts(2))


def test_reactions_are_delivered_by_settle() -> None:
    """Paying in has a letter written, by way of another cell."""
    with stage.world() as lab:
        receipt = lab.by("ada").send(till.PayIn(1)).receipt
        lab.settle()
        assert lab.events(letters.Written) == (letters.Written("ada", receipt),)
        assert lab.events(post.Posted) == (post.Posted(receipt),)


def test_files_live_as_long_as_the_world() -> None:
    """They are in a directory of its own, survive a power cut, and go with the World."""
    with stage.world() as lab:
        receipt = lab.by("ada").send(till.PayIn(1)).receipt
        lab.settle()
        lab.restart()
        assert lab.by("ada").ask(letters.ListFiles()) == (f"{receipt}.txt",)
        home = Path(lab._simulation.home or "")
        assert [p.name for p in home.rglob("*.txt")] == [f"{receipt}.txt"]
    assert not home.exists()


def test_a_world_without_files_makes_no_directory() -> None:
    """Nothing is put on the disk for cells that need none."""
    with World(rates.cell) as lab:
        assert lab._simulation.home is None


def test_worlds_are_apart() -> None:
    """What happens in one is unknown in the other."""
    with stage.world() as one, stage.world() as other:
        one.by("ada").send(till.PayIn(1))
        assert (one.by("ada").ask(till.Balance()), other.by("ada").ask(till.Balance())) == (1, 0)


def test_closing_twice_is_harmless() -> None:
    """The second time there is nothing left to close."""
    lab = stage.world()
    lab.by("ada").start(till.PayIn(1))
    lab.close()
    lab.close()


def test_a_faulty_cell_is_refused() -> None:
    """A World is only made of cells that are well formed."""
    with pytest.raises(DefinitionError, match="no name for a cell"):
        World(Cell("No Name"))


# -- time ------------------------------------------------------------------------------------------

DAYS = [
    ("an hour to midnight", timedelta(hours=14), 0, 1),
    ("the first midnight", timedelta(hours=15), 1, 1),
    ("a quarter of an hour", timedelta(minutes=15), 0, 1),
    ("not quite a quarter", timedelta(minutes=15) - timedelta(microseconds=1), 0, 0),
    ("ten midnights", timedelta(days=10), 10, 1),
]


@pytest.mark.parametrize("restarts", [0, 1, 3])
@pytest.mark.parametrize(
    ("span", "days", "thanks"), [d[1:] for d in DAYS], ids=[d[0] for d in DAYS]
)
def test_timers_fire_once_each_across_restarts(
    restarts: int, span: timedelta, days: int, thanks: int
) -> None:
    """`every` at each midnight, `after` once; power cuts before and amid change nothing."""
    with stage.world() as lab:
        lab.by("ada").send(till.PayIn(7))
        for _ in range(restarts):
            lab.restart()
            lab.advance(span / (restarts + 1))
        lab.advance(NINE + span - lab.now())
        lab.restart()
        lab.settle()
        assert [it.day for it in lab.events(till.Counted)] == list(range(1, days + 1))
        assert len(lab.events(till.Thanked)) == thanks


def test_timers_fire_at_their_moment() -> None:
    """However far the clock is moved, each firing is dated to when it was due."""
    with stage.world() as lab:
        lab.by("ada").send(till.PayIn(7))
        lab.advance(timedelta(days=2))
        timed = {e.name: e.at for e in lab.entries if e.kind == "timer" and e.cell == "till"}
        assert sorted(timed) == ["PaidIn", "Tick"]
        moments = [datetime.fromtimestamp(at / 1e6, UTC) for at in sorted(timed.values())]
        assert moments[0] == NINE + timedelta(minutes=15)
        assert moments[1] == datetime(2026, 1, 7, tzinfo=UTC)


# -- what goes wrong on purpose --------------------------------------------------------------------


def test_a_restart_loses_nothing_that_was_answered() -> None:
    """State, reactions and open orders go on in the next life."""
    with stage.world() as lab:
        lab.by("ada").send(till.PayIn(5))
        pending = lab.by("lise").start(till.PayIn(6))
        lab.restart()
        assert lab.by("ada").ask(till.Balance()) in (5, 11)
        assert pending.result().amount == 6
        assert lab.by("ada").ask(till.Balance()) == 11


@pytest.mark.parametrize("seed", range(4))
def test_a_full_disk_refuses_and_forgets_nothing(seed: int) -> None:
    """Nobody is told that it worked; when there is room again, the state is what is durable."""
    with stage.world(seed) as lab:
        lab.by("ada").send(till.PayIn(5))
        with lab.disk_full(), pytest.raises(Unavailable, match="disk is full"):
            lab.by("ada").send(till.PayIn(6))
        lab.settle()
        assert lab.by("ada").ask(till.Balance()) == 5
        lab.by("ada").send(till.PayIn(7))
        assert [it.amount for it in lab.events(till.PaidIn)] == [5, 7]


@pytest.mark.parametrize("seed", range(12))
def test_a_dead_letter_is_seen_and_resent_once(seed: int) -> None:
    """The office is shut: the letter is given up with its reason, and written when it is open."""
    with stage.world(seed, Faults.all() if seed else Faults.none()) as lab:
        lab.by("tea").send(letters.ShutOffice(True))
        receipt = lab.by("ada").send(till.PayIn(1)).receipt
        lab.settle()
        (dead,) = lab.dead_letters
        assert (dead.cell, dead.letter.name) == ("post", "PaidIn")
        assert "LETTER" in dead.letter.error or "open" in dead.letter.error
        with pytest.raises(Refused):
            lab.resend(dead)
        assert lab.dead_letters == (dead,)
        lab.by("tea").send(letters.ShutOffice(False))
        lab.resend(dead)
        lab.settle()
        assert not lab.dead_letters
        assert lab.events(post.Posted) == (post.Posted(receipt),)


def test_a_handler_that_is_not_pure_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """It changed the state by itself: refused, told, and undone from the journal."""

    def steal(it: till.PayIn, money: till.Money, caller: object, ids: object) -> till.PaidIn:
        money.balance += 1000
        return till.PaidIn("thief", it.amount, "none")

    handler = stage.MANIFESTS[0].handlers[till.PayIn]
    function = handler.function._replace(call=steal)
    bent = {**stage.MANIFESTS[0].handlers, till.PayIn: handler._replace(function=function)}
    with World(stage.MANIFESTS[0]._replace(handlers=bent), *stage.MANIFESTS[1:]) as lab:
        with pytest.raises(Crashed, match="not pure"):
            lab.by("ada").send(till.PayIn(1))
        lab.settle()
        assert lab.by("ada").ask(till.Balance()) == 0
        assert {"failed", "restarted"} <= {fact.kind for fact in lab.facts}


# -- the same every time ---------------------------------------------------------------------------


def told(seed: int) -> str:
    """A digest of everything that a busy day left behind."""
    with stage.world(seed, Faults.all() if seed else Faults.none()) as lab:
        stage.busy_day(lab)
        trace = repr((lab.entries, lab.log, lab.facts))
    return hashlib.blake2b(trace.encode(), digest_size=8).hexdigest()


TOLD = "from tests.testing.test_world import told; print(*map(told, range(6)))"


def test_a_seed_tells_the_same_story_in_every_process() -> None:
    """Entries, ids, facts and faults are the same, whatever the process hashes strings to."""
    runs = {
        subprocess.run(
            [sys.executable, "-c", TOLD],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
    (stories,) = runs
    assert stories.split() == [told(seed) for seed in range(6)]
    assert len(set(stories.split())) == 6


def test_the_garbage_collector_has_no_part_in_the_story(monkeypatch: pytest.MonkeyPatch) -> None:
    """Collecting at every look at the clock, or never, changes nothing: no task ends by it."""

    def collect_first(loop: VirtualLoop) -> float:
        gc.collect()
        return now(loop)

    now = VirtualLoop.time
    gc.freeze()  # what is there already need not be looked through each time
    gc.disable()
    try:
        never = told(2)
        monkeypatch.setattr(VirtualLoop, "time", collect_first)
        assert told(2) == never
    finally:
        gc.enable()
        gc.unfreeze()


def test_naming_a_world_costs_next_to_nothing() -> None:
    """Every cell imports it: neither loop nor engine come along."""
    code = (
        "import sys, monocyte.testing;"
        "print('asyncio' in sys.modules, 'monocyte.engine' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == ["False", "False"]


def test_fees_are_asked_for_over_two_cells() -> None:
    """The chain of asks that the other tests rely on to be overtaken is there."""
    with stage.world() as lab:
        assert lab.by("ada").ask(fees.FeeFor(3)) == 1
