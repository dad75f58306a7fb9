"""Faults: each kind catches a flaw that a plain World lets pass, and none harms who is right."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monocyte.bus import Delivery
from monocyte.engine import engine as engines
from monocyte.engine import host as hosts
from monocyte.engine.deciding import Decider
from monocyte.engine.engine import Engine
from monocyte.errors import BusError, Conflict, Refused, Unavailable
from monocyte.journal import MemoryJournal
from monocyte.testing import Faults, World
from monocyte.testing.faults import Mischief, catches, injected, unavailable
from tests.testing import stage
from tests.testing.toys import courier, fees, flawed, guessing, letters, post, rates, registry, till

KINDS = {
    "crash": Faults(crash=0.1),
    "slow": Faults(slow=0.5),
    "fail": Faults(fail=0.3),
    "lose": Faults(lose=0.3),
    "repeat": Faults(repeat=0.5),
    "reorder": Faults(reorder=0.5),
    "all": Faults.all(),
}
FEW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Story = Callable[[World], None]


def goes_wrong(story: Story, faults: Faults, seeds: range = range(1, 40)) -> bool:
    """Whether a seed is found under which the story does not hold."""
    for seed in seeds:
        with stage.world(seed, faults) as lab:
            try:
                story(lab)
            except Exception:  # noqa: BLE001 (whatever goes wrong: it was noticed)
                return True
    return False


# -- who is right cannot tell ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(1, 9))
def test_faults_are_transparent(kind: str, seed: int) -> None:
    """The busy day holds under every kind of fault, and under all at once."""
    with stage.world(seed, KINDS[kind]) as lab:
        stage.busy_day(lab)


@given(st.integers(1, 1 << 31))
@FEW
def test_reactions_take_effect_exactly_once(seed: int) -> None:
    """Under power cuts and duplicates: one letter for one payment, whatever the seed."""
    with stage.world(seed, Faults(crash=0.05, repeat=0.3, slow=0.2)) as lab:
        receipts = [lab.by("ada").send(till.PayIn(n)).receipt for n in (1, 2, 3)]
        lab.settle()
        assert [it.receipt for it in lab.events(post.Posted)] == receipts
        assert [it.receipt for it in lab.events(letters.Written)] == receipts


@example(36)
@example(54)
@given(st.integers(1, 1 << 31))
@FEW
def test_timers_take_effect_exactly_once(seed: int) -> None:
    """Also when the power is cut just as one fires, the very first time included."""
    with stage.world(seed, Faults(crash=0.3, slow=0.2)) as lab:
        lab.by("ada").send(till.PayIn(1))
        lab.advance(timedelta(days=4))
        assert [it.day for it in lab.events(till.Counted)] == [1, 2, 3, 4]
        assert len(lab.events(till.Thanked)) == 1


SAID = {
    "crash": "the power is cut",
    "fail": " fail",
    "lose": "is lost",
    "repeat": "comes again",
    "reorder": "",
    "slow": "",
}


@pytest.mark.parametrize("kind", SAID)
def test_each_kind_happens(kind: str) -> None:
    """A fault that never came about would prove nothing: the log says that it did."""
    logs: list[str] = []
    times: list[float] = []
    for seed in range(1, 5):
        with stage.world(seed, KINDS[kind]) as lab:
            stage.busy_day(lab)
            logs += lab.log
            times.append(lab._simulation.loop.time())
    assert any(SAID[kind] in line for line in logs)
    assert not any(said in line for k, said in SAID.items() if said and k != kind for line in logs)
    assert kind not in ("slow", "reorder") or min(times) > 0


def test_a_plain_world_has_no_faults() -> None:
    """No fault, no delay: even the loop's own time stands still."""
    with stage.world() as lab:
        lab.by("ada").send(till.PayIn(1))
        lab.settle()
        assert lab._simulation.loop.time() == 0
        assert all("loaded" in line for line in lab.log)


# -- who is wrong is caught ------------------------------------------------------------------------


def test_power_cuts_catch_an_answer_before_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that answers before the entry is durable loses what it has acknowledged."""

    async def at_once(pending: object) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(engines.Pending, "durable", at_once)
    assert goes_wrong(stage.busy_day, Faults(crash=0.1))


async def unsaved(*_: object) -> None:
    """Save nothing of what was seen before an effect."""


def test_power_cuts_catch_a_file_written_before_what_was_read_is_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A handler that counts in a file counts once, because what it has read is saved first."""

    def stamp(lab: World) -> None:
        assert [lab.by("ada").send(flawed.Stamp()).number for _ in range(5)] == [1, 2, 3, 4, 5]

    assert not goes_wrong(stamp, Faults(crash=0.1))
    monkeypatch.setattr(Decider, "_begin", unsaved)
    assert not goes_wrong(stamp, Faults.none(), range(3))
    assert goes_wrong(stamp, Faults(crash=0.1))


def test_power_cuts_catch_a_command_sent_before_what_it_says_is_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reaction that draws an id, a time and an answer sends one command, however often cut."""

    def registered_once(seed: int, faults: Faults) -> bool:
        with World(
            till.cell, fees.cell, rates.cell, courier.cell, registry.cell, seed=seed, faults=faults
        ) as lab:
            for amount in (3, 4, 5):
                lab.by("ada").send(till.PayIn(amount))
            lab.settle()
            references = [it.reference for it in lab.events(registry.Registered)]
            return references == [it.reference for it in lab.events(courier.Sent)]

    cut, seeds = Faults(crash=0.1), range(1, 30)
    assert all(registered_once(seed, cut) for seed in seeds)
    monkeypatch.setattr(Decider, "_begin", unsaved)
    assert registered_once(0, Faults.none())
    assert not all(registered_once(seed, cut) for seed in seeds)


def test_lost_answers_catch_an_engine_that_does_not_know_ids(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without dedup the second sending is decided again, and takes effect twice."""
    forget_ids(monkeypatch)
    assert not goes_wrong(stage.busy_day, Faults.none(), range(1))
    assert goes_wrong(stage.busy_day, Faults(lose=0.3))


def test_doubled_requests_catch_an_engine_that_does_not_know_ids(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So does a copy of a request that arrives long after its answer."""
    forget_ids(monkeypatch)
    assert goes_wrong(stage.busy_day, Faults(repeat=0.5))


def test_the_journal_itself_refuses_an_id_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were only the engine to forget: the journal's index still holds, and the caller hears."""

    async def unknown(engine: Engine, id: str) -> None:
        return None

    monkeypatch.setattr(Engine, "_earlier", unknown)
    with stage.world(3, Faults(lose=0.5)) as lab:
        for n in range(1, 8):
            try:
                lab.by("ada").send(till.PayIn(n))
            except BusError:
                continue
        lab.settle()
        assert len({it.amount for it in lab.events(till.PaidIn)}) == len(lab.events(till.PaidIn))


def forget_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what knows a command again: in the engine, and in the journal."""

    async def unknown(engine: Engine, id: str) -> None:
        return None

    monkeypatch.setattr(Engine, "_earlier", unknown)
    monkeypatch.setattr(MemoryJournal, "find", lambda journal, cell, id: None)


def test_doubled_events_catch_a_reaction_without_a_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that does not ask whether an event has taken effect lets it do so again."""

    async def react(engine: Engine, delivery: Delivery) -> None:
        function = engine.manifest.reactions[type(delivery.event)].function
        envelope = engine._own(f"{delivery.cell}:{delivery.seq}", delivery.id)
        source = (delivery.cell, delivery.seq)
        await engine._take("reaction", function, envelope, delivery.event, source)

    def pay(lab: World) -> None:
        for _ in range(3):
            lab.by("ada").send(till.PayIn(1))
            lab.settle()
        assert len(lab.events(post.Posted)) == 3

    assert not goes_wrong(pay, Faults(repeat=0.5))
    monkeypatch.setattr(Engine, "react", react)
    assert not goes_wrong(pay, Faults.none(), range(1))
    assert goes_wrong(pay, Faults(repeat=0.5))


def test_failing_ports_catch_who_gives_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that tries an event once only leaves a dead letter where a second try would do."""
    assert not goes_wrong(stage.busy_day, Faults(fail=0.3), range(1, 6))
    monkeypatch.setattr(hosts, "ATTEMPTS", 1)
    assert not goes_wrong(stage.busy_day, Faults.none(), range(1))
    assert goes_wrong(stage.busy_day, Faults(fail=0.3))


def test_failing_ports_catch_who_hides_their_errors() -> None:
    """With `spare` off, a handler that makes something up when it does not know is seen."""

    def guess(lab: World) -> None:
        assert {lab.by("ada").ask(guessing.Guess()) for _ in range(4)} == {1}

    assert not goes_wrong(guess, Faults(fail=0.5))
    assert goes_wrong(guess, Faults(fail=0.5, spare=False))


def test_reordering_catches_who_relies_on_an_order() -> None:
    """Two requests that nobody waits between may arrive the other way around."""

    def in_haste(lab: World) -> None:
        lab.by("ada").start(till.PayIn(5))
        lab.by("eve").start(till.TakeOut(4)).result()

    def in_order(lab: World) -> None:
        lab.by("ada").start(till.PayIn(5)).result()
        lab.by("eve").start(till.TakeOut(4)).result()

    assert not goes_wrong(in_haste, Faults.none(), range(1))
    assert goes_wrong(in_haste, Faults(reorder=0.5))
    assert not goes_wrong(in_order, Faults(reorder=0.5))


# -- overtaken handlers ----------------------------------------------------------------------------


def run_on_the_till(lab: World, amounts: list[int]) -> None:
    """Everybody takes out at once what is there for one or two: the till is never overdrawn."""
    lab.by("ada").send(till.PayIn(20))
    takes = [lab.by("eve").start(till.TakeOut(amount)) for amount in amounts]
    for pending in takes:
        try:
            pending.result()
        except (Refused, Conflict):
            continue
    balance = 20
    for taken in lab.events(till.TakenOut):
        balance -= taken.amount
        assert balance >= 0
    assert balance == lab.by("ada").ask(till.Balance())


@given(st.integers(0, 1 << 31), st.lists(st.integers(1, 19), min_size=2, max_size=8))
@FEW
def test_a_rule_guards_the_state_however_handlers_overtake_each_other(
    seed: int, amounts: list[int]
) -> None:
    """The balance is read, the fee asked for, others take out meanwhile: it never goes below 0."""
    with stage.world(seed, Faults(slow=0.5, reorder=0.5)) as lab:
        run_on_the_till(lab, amounts)


def test_without_reruns_the_rule_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that does not notice that a handler was overtaken overdraws, in the plain World."""
    monkeypatch.setattr(Engine, "version", property(lambda _: 0, lambda _, __: None), raising=False)
    assert goes_wrong(lambda lab: run_on_the_till(lab, [10, 10, 10]), Faults.none(), range(1))


def test_reruns_see_what_the_ports_returned_before() -> None:
    """An overtaken handler is run again, and each of its questions is asked only once."""
    with stage.world(5, Faults(slow=0.5)) as lab:
        run_on_the_till(lab, [3, 4, 5, 6])
        account = lab._simulation.host.engines["till"].account
        assert account.reruns > 0
        asked = [e.ports for e in lab.entries if e.cell == "till" and e.name == "TakeOut"]
        assert {len([p for p in ports if p.port == "Ask"]) for ports in asked} == {1}


# -- the drawing itself ----------------------------------------------------------------------------


def test_mischief_repeats_itself() -> None:
    """The same seed draws the same faults; another does not."""

    def drawn(seed: int) -> list[Any]:
        told: list[Any] = []
        mischief = Mischief(Faults.all(), seed, told.append, frozenset())
        for _ in range(50):
            told += [mischief.write(), list(mischief.weather(b"")), mischief.lost("it")]
        return told

    assert drawn(1) == drawn(1) != drawn(2)


def test_files_fail_at_most_twice_before_all_has_settled() -> None:
    """A reaction is tried three times: two failures cannot make it a dead letter."""
    mischief = Mischief(Faults(fail=1), 1, lambda _: None, frozenset({"spared"}))
    cells = frozenset({"a"})
    assert [mischief.files_fail(cells) for _ in range(4)] == [True, True, False, False]
    mischief.settled()
    assert not mischief.files_fail(frozenset({"a", "spared"}))
    assert mischief.files_fail(cells)
    assert [mischief.ask_fails(cell) for cell in ("a", "spared")] == [True, False]


@pytest.mark.parametrize(
    ("error", "is_injected"),
    [
        (unavailable("the request got lost"), True),
        (Unavailable("the cell restarts"), False),
        (Refused(unavailable("it").message), False),
    ],
    ids=["injected", "real", "an answer"],
)
def test_an_actor_sends_again_only_what_was_injected(error: BusError, is_injected: bool) -> None:
    """No hidden retry: what the app itself has failed with comes out."""
    assert injected(error) is is_injected


@pytest.mark.parametrize(
    ("source", "caught"),
    [
        ("x = 1", False),
        ("try:\n    x = 1\nexcept ValueError:\n    pass", True),
        ("with suppress(KeyError):\n    pass", True),
        ("with contextlib.suppress(KeyError):\n    pass", True),
        ("def broken(", False),
    ],
    ids=["plain", "try", "suppress", "contextlib.suppress", "syntax"],
)
def test_a_cell_that_may_catch_is_known_by_its_file(
    tmp_path: Any, source: str, caught: bool
) -> None:
    """Such cells are spared from failing ports, whose errors they may turn into something else."""
    file = tmp_path / "cell.py"
    file.write_text(source)
    assert catches(str(file)) is caught
