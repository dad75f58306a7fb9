"""The host: failures are contained, restarts back off and are forgiven, a stop loses nothing."""

import asyncio

import pytest

from monocyte.cell import Manifest
from monocyte.errors import Crashed, NoSuchCell, Unavailable
from monocyte.journal import Entry, EventRecord
from tests.engine.stage import MANIFESTS, Stage, play, turns, until
from tests.engine.toys import alarm, bank, clerk, gates, oracle


def entry(cell: str, seq: int, event: EventRecord) -> Entry:
    """What an older release has journalled."""
    return Entry(cell, seq, "command", f"old-{seq}", 1, "Old", 1, b"\x80", None, (event,))


async def stored(stage: Stage, *entries: Entry) -> None:
    """A journal with these entries, and a host that starts on it."""
    for it in entries:
        stage.journal.append(it, lambda _: None)
    stage.journal.flush()
    await stage.crash()


async def restart_after(stage: Stage) -> float:
    """Break the bank; say how long it is down, in seconds."""
    with pytest.raises(Crashed):
        await stage.send(bank.Crack())
    began = stage.loop.time()
    await until(lambda: stage.engine("bank").failure is None, 0.005)
    return stage.loop.time() - began


def test_restarts_back_off_and_are_forgiven_after_a_minute() -> None:
    """At once, then after pauses that double up to five seconds; a quiet minute begins anew."""

    async def story(stage: Stage) -> None:
        pauses = [await restart_after(stage) for _ in range(9)]
        wanted = [0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5]
        assert pauses == pytest.approx(wanted, abs=0.02)
        await asyncio.sleep(61)
        assert await restart_after(stage) == pytest.approx(0, abs=0.02)

    play(story, "bank")


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (EventRecord("Unheard", 1, b"\x80"), "which this release does not know"),
        (EventRecord("Paid", 9, b"\x80"), "Paid of version 9"),
        (EventRecord("Paid", 1, b"\x80"), "missing required field"),
        (EventRecord("Cracked", 1, b"\x80"), "half crashed with RuntimeError"),
    ],
    ids=["unknown", "newer", "unreadable", "evolver crashes"],
)
def test_what_cannot_be_replayed_keeps_one_cell_down(record: EventRecord, said: str) -> None:
    """It is down and visible, is not tried for ever, and the others run."""

    async def story(stage: Stage) -> None:
        await stored(stage, entry("bank", 1, record))
        stage.facts.clear()
        await asyncio.sleep(600)
        with pytest.raises(Unavailable, match=said):
            await stage.ask(bank.Balance())
        assert len(stage.said("failed")) <= 2
        await stage.send(alarm.Arm("tea"))
        assert await stage.ask(oracle.Rate()) == 1

    play(story)


def test_who_follows_a_cell_that_cannot_be_read_stays_up() -> None:
    """The clerk cannot hear of payments, which is told once, and answers all the same."""

    async def story(stage: Stage) -> None:
        await stored(stage, entry("bank", 1, EventRecord("Unheard", 1, b"\x80")))
        stage.facts.clear()
        await asyncio.sleep(600)
        assert await stage.ask(clerk.Amounts()) == ()
        assert [it.text for it in stage.facts if it.cell == "clerk"] == [
            (
                "cannot follow bank and tries again: bank: the journal holds Unheard of version 1, "
                "which this release does not know"
            )
        ]

    play(story)


def test_a_neighbour_that_is_not_there_is_no_reason_to_fail() -> None:
    """The clerk without the bank it follows: it starts; without the archive: a dead letter."""

    async def story(stage: Stage) -> None:
        assert await stage.ask(clerk.Amounts()) == ()
        with pytest.raises(NoSuchCell):
            await stage.send(bank.Pay(1))

    async def alone(stage: Stage) -> None:
        await stage.send(bank.Pay(1))
        await asyncio.sleep(5)
        assert len(stage.engine("clerk").dead_letters) == 1

    play(story, "clerk")
    play(alone, "bank", "clerk")


def test_a_disk_that_fails_for_long_is_tried_until_it_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Recovering fails, then works: the cell comes up by itself, and says each time why not."""

    async def story(stage: Stage) -> None:
        stage.hold()
        work = stage.begin(stage.send(bank.Pay(1)))
        await turns()
        recover, left = stage.journal.recover, [OSError("still full")] * 5

        def recovers() -> None:
            if left:
                raise left.pop()
            recover()

        monkeypatch.setattr(stage.journal, "recover", recovers)
        stage.fail_writes()
        with pytest.raises(Unavailable):
            await work
        await asyncio.sleep(30)
        assert len([it for it in stage.said("failed") if "is still down: OSError" in it]) == 5
        assert (await stage.send(bank.Pay(2))).amount == 2

    play(story, "bank")


def test_a_stop_lets_finish_what_was_begun() -> None:
    """An async command in flight is answered; a reaction is left to the next start."""

    async def story(stage: Stage) -> None:
        gates.close("slow", "file")
        await stage.send(bank.Pay(1))
        slow = stage.begin(stage.send(bank.PaySlowly(2)))
        await turns(50)
        stopping = stage.begin(stage.host.stop())
        await turns()
        assert not stopping.done()
        gates.let_go("slow")
        await stopping
        assert (await slow).amount == 2
        with pytest.raises(NoSuchCell):
            await stage.ask(bank.Balance())
        snapshot = stage.journal.snapshot("bank")
        assert snapshot is not None
        assert snapshot.seq == 2
        gates.reset()
        await stage.start()
        await asyncio.sleep(5)
        assert await stage.ask(clerk.Amounts()) == (1, 2)

    play(story)


def test_a_stop_does_not_wait_for_ever() -> None:
    """Neither for a handler that hangs nor for a reaction that will not be cancelled."""

    async def stubborn(*_: object) -> None:
        while True:
            try:
                await asyncio.sleep(5)
            except asyncio.CancelledError:
                continue

    def replaced() -> Manifest:
        reaction = MANIFESTS["clerk"].reactions[bank.Paid]
        function = reaction.function._replace(call=stubborn, arguments=())
        return MANIFESTS["clerk"]._replace(
            reactions={bank.Paid: reaction._replace(function=function)}
        )

    async def story(stage: Stage) -> None:
        await stage.crash(*{**MANIFESTS, "clerk": replaced()}.values())
        gates.close("slow")
        slow = stage.begin(stage.send(bank.PaySlowly(2)))
        await stage.send(bank.Pay(1))
        await asyncio.sleep(1)
        began = stage.loop.time()
        await stage.host.stop(patience=3)
        assert stage.loop.time() - began <= 6.1
        assert len(stage.entries("bank")) == 1
        slow.cancel()

    play(story)


def test_written_waits_for_all_that_was_decided() -> None:
    """What a query has seen is durable once `written` says so; nothing to wait for is None."""

    async def story(stage: Stage) -> None:
        assert stage.host.written() is None
        stage.hold()
        payment = stage.begin(stage.send(bank.Pay(1)))
        await turns()
        assert await stage.ask(bank.Balance()) == 1
        written = stage.host.written()
        assert written is not None
        waiting = stage.begin(written)
        await turns()
        assert not waiting.done()
        stage.release()
        await waiting
        await turns()
        assert payment.done()
        assert stage.host.written() is None

    play(story, "bank")
