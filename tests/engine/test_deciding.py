"""Deciding: what is overtaken is run again, what breaks off leaves nothing behind."""

import asyncio
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monocyte.bus import Account, accounted
from monocyte.engine import deciding
from monocyte.errors import BusError, Crashed, JournalError, Unavailable
from tests.engine.stage import Stage, play, turns
from tests.engine.toys import bank, clerk, gates, oracle

FEW = settings(max_examples=60, deadline=None)


# -- evolvers that break off -----------------------------------------------------------------------


def test_an_evolver_that_breaks_off_leaves_nothing() -> None:
    """The state is built again, what was queued stays acknowledged, the crash is not journalled."""

    async def story(stage: Stage) -> None:
        await stage.send(bank.Pay(1))
        stage.hold()
        queued = [stage.begin(stage.send(bank.Pay(2))) for _ in range(3)]
        await turns()
        with pytest.raises(Crashed, match="half crashed with RuntimeError") as caught:
            await stage.send(bank.Crack())
        assert caught.value.where.startswith(str(Path(bank.__file__)))
        with pytest.raises(Unavailable, match="being restarted"):
            await stage.ask(bank.Balance())
        stage.release()
        assert [it.amount for it in await asyncio.gather(*queued)] == [2, 2, 2]
        await asyncio.sleep(1)
        assert await stage.ask(bank.Balance()) == 7
        assert {it.name for it in stage.entries("bank")} == {"Pay"}
        assert stage.said("restarted") == ["restarted at position 4"]

    play(story, "bank")


def test_a_command_in_flight_is_not_decided_on_half_a_change() -> None:
    """It waited while an evolver broke off: its first run does not count."""

    async def story(stage: Stage) -> None:
        gates.close("slow")
        slow = stage.begin(stage.send(bank.PaySlowly(3), id="one"))
        await turns()
        with pytest.raises(Crashed):
            await stage.send(bank.Crack())
        gates.closed.clear()
        gates.let_go("slow")
        with suppress(Unavailable):
            await slow
        await asyncio.sleep(1)
        await stage.send(bank.PaySlowly(3), id="one")
        assert await stage.ask(bank.Balance()) == 3

    play(story, "oracle", "bank")


def test_the_others_go_on_while_one_is_broken() -> None:
    """A neighbour with a command in flight notices nothing of a cell that fails."""

    async def story(stage: Stage) -> None:
        gates.close("rate")
        neighbour = stage.begin(stage.ask(oracle.Rate()))
        await turns()
        with pytest.raises(Crashed):
            await stage.send(bank.Crack())
        gates.let_go("rate")
        assert await neighbour == 1

    play(story, "oracle", "bank")


@pytest.mark.parametrize(
    ("command", "said"),
    [(bank.Explode(), "explode crashed with ValueError"), (bank.Lie(), "emitted a wrong event")],
)
def test_what_a_handler_does_wrong_changes_nothing(command: bank.Explode, said: str) -> None:
    """Its caller hears, nothing is journalled, the cell stays up."""

    async def story(stage: Stage) -> None:
        with pytest.raises(Crashed, match=said):
            await stage.send(command)
        assert await stage.ask(bank.Balance()) == 0
        assert stage.entries("bank") == []

    play(story, "bank")


def test_strictness_catches_a_handler_that_changes_the_state() -> None:
    """The caller hears that it is not pure, and the state is as it was."""

    async def story(stage: Stage) -> None:
        with pytest.raises(Crashed, match="cheat is not pure"):
            await stage.send(bank.Cheat())
        await asyncio.sleep(1)
        assert await stage.ask(bank.Balance()) == 0

    play(story, "bank", strict=True)


def test_without_strictness_such_a_change_lasts_until_the_next_start() -> None:
    """Production does not prove purity: what was not decided by an event is gone after a crash."""

    async def story(stage: Stage) -> None:
        await stage.send(bank.Cheat())
        assert await stage.ask(bank.Balance()) == 1000
        await stage.crash()
        assert await stage.ask(bank.Balance()) == 0

    play(story, "bank")


# -- the journal fails -----------------------------------------------------------------------------


def test_a_failed_write_takes_all_cells_back_to_what_is_durable() -> None:
    """A batch over two cells fails: nobody is acknowledged, both are rebuilt, both come up."""

    async def story(stage: Stage) -> None:
        await stage.send(bank.Pay(1))
        await asyncio.sleep(1)
        stage.hold()
        works = [stage.begin(stage.send(bank.Pay(2))) for _ in range(3)]
        await turns()
        stage.journal.persist(1)
        stage.fail_writes()
        ended = await asyncio.gather(*works, return_exceptions=True)
        assert [type(it) for it in ended] == [bank.Paid, Unavailable, Unavailable]
        await asyncio.sleep(10)
        assert await stage.ask(bank.Balance()) == 3
        assert await stage.ask(clerk.Amounts()) == (1, 2)
        assert (await stage.send(bank.Pay(4))).amount == 4
        assert stage.journal.failure is None

    play(story)


def test_what_is_durable_though_its_write_failed_is_published() -> None:
    """Told to have failed, it is there after all: who follows must hear of it, and in order."""

    async def story(stage: Stage) -> None:
        heard: list[int] = []

        async def listen() -> None:
            async for delivery in stage.client().follow("bank"):
                heard.extend([delivery.event.amount])  # type: ignore[attr-defined]

        listener = stage.begin(listen())
        await stage.send(bank.Pay(1))
        stage.hold()
        work = stage.begin(stage.send(bank.Pay(2), id="two"))
        await turns()
        stage.journal.persist()
        stage.journal._unsettled = type(stage.journal._unsettled)(
            (done, JournalError("the head")) for done, _ in stage.journal._unsettled
        )
        stage.journal._failure = JournalError("the head")
        stage.release()
        with pytest.raises(Unavailable):
            await work
        await asyncio.sleep(10)
        assert heard == [1, 2]
        await stage.send(bank.Pay(3))
        assert (await stage.send(bank.Pay(2), id="two")).amount == 2
        await asyncio.sleep(10)
        assert heard == [1, 2, 3]
        assert await stage.ask(clerk.Amounts()) == (1, 2, 3)
        listener.cancel()

    play(story)


# -- snapshots and accounts ------------------------------------------------------------------------


def test_a_state_that_cannot_be_kept_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its snapshot fails: that is told, and whoever waits for an answer gets it all the same."""
    monkeypatch.setattr(deciding, "SNAPSHOT_EVERY", 1)

    async def story(stage: Stage) -> None:
        stage.engine("bank").fold.state.total = -(1 << 70)
        assert (await stage.send(bank.Pay(1))).amount == 1
        assert "no snapshot: the state cannot be kept" in stage.said("failed")[0]
        assert stage.engine("bank").failure is None

    play(story, "bank")


def test_cpu_and_waiting_add_up_to_the_time_it_took() -> None:
    """A handler that waits 30 ms: nearly all of it is booked as waiting, nothing twice."""

    async def main() -> tuple[float, float, float]:
        account = Account()

        async def work() -> None:
            await asyncio.sleep(0.03)

        began = perf_counter()
        await accounted(account, "work", work())
        return account.cpu, account.waiting, perf_counter() - began

    cpu, waiting, took = asyncio.run(main())
    assert cpu + waiting <= took
    assert waiting >= 0.029


# -- overtaken handlers ----------------------------------------------------------------------------

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["pay slowly", "pay", "slow", "rate", "turn", "crash"]), st.integers(1, 60)
    ),
    min_size=3,
    max_size=25,
)


@given(ACTIONS, st.integers(0, 1 << 20))
@FEW
def test_a_rule_holds_in_the_order_of_the_journal(
    actions: list[tuple[str, int]], seed: int
) -> None:
    """However handlers overtake each other, and whenever the power fails: never beyond the cap."""

    async def story(stage: Stage) -> None:
        gates.close("slow", "rate")
        for what, amount in actions:
            await act(stage, what, amount)
        await finish(stage)
        total = 0
        for delivery in stage.engine("bank").history(0):
            total += delivery.event.amount  # type: ignore[attr-defined]
            assert total <= 100
        assert await stage.ask(bank.Balance()) == total

    play(story, "oracle", "bank", seed=seed)


async def act(stage: Stage, what: str, amount: int) -> None:
    """One thing that happens around the bank."""
    if what == "pay slowly":
        _ = stage.begin(stage.send(bank.PaySlowly(amount)))
    elif what == "pay":
        _ = stage.begin(stage.send(bank.Pay(amount)))
    elif what == "crash":
        await stage.crash()
    elif what == "turn":
        await turns(amount % 7)
    elif gates.waiting.get(what):
        gates.let_go(what, amount % 3 + 1)


async def finish(stage: Stage) -> None:
    """Let everybody go on until nobody waits."""
    gates.closed.clear()
    while not all(it.done() for it in stage.tasks):
        for name in gates.waiting:
            gates.let_go(name, len(gates.waiting[name]))
        await asyncio.sleep(0.5)
    await asyncio.sleep(10)
    for it in stage.tasks:
        it.exception()  # a refusal, a conflict: whoever sent it has heard


def test_the_property_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: an engine that does not see that a handler was overtaken breaks the rule."""
    blind = property(lambda _: 0, lambda _, __: None)
    monkeypatch.setattr(deciding.Decider, "version", blind, raising=False)

    async def story(stage: Stage) -> None:
        gates.close("slow")
        works = [stage.begin(stage.send(bank.PaySlowly(60))) for _ in range(2)]
        await turns()
        gates.let_go("slow", 2)
        await asyncio.gather(*works)
        assert await stage.ask(bank.Balance()) == 120

    play(story, "oracle", "bank")


@given(st.lists(st.integers(1, 3), min_size=1, max_size=5))
@FEW
def test_an_outside_effect_happens_once_however_often_it_is_overtaken(gaps: list[int]) -> None:
    """Each re-run gets the recorded answer; the journal has it once."""

    async def story(stage: Stage) -> None:
        gates.close("slow")
        slow = stage.begin(stage.send(bank.PaySlowly(3)))
        for gap in gaps:
            await turns()
            for _ in range(gap):
                await stage.send(bank.Pay(1))
            gates.let_go("slow")
        await turns()
        gates.closed.clear()
        if gates.waiting.get("slow"):
            gates.let_go("slow")
        with suppress(BusError):
            await slow
            (entry,) = stage.entries("bank")[-1:]
            assert [it.port for it in entry.ports] == ["Clock", "Ask"]
        assert gates.passed["rate"] == 1

    play(story, "oracle", "bank")
