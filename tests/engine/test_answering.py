"""The same command again: in whatever state the first one is, it acts once and is answered once."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from monocyte.contracts import Command, Principal
from monocyte.errors import BusError, Conflict, Crashed, Denied, Invalid, Refused, Unavailable
from tests.engine.stage import Stage, play, turns
from tests.engine.toys import bank, gates

Story = Callable[[Stage], Coroutine[None, None, None]]


@pytest.mark.parametrize("cells", [("oracle", "bank")])
@pytest.mark.parametrize("how", ["cancelled", "late"])
@pytest.mark.parametrize("command", [bank.Pay(3), bank.PaySlowly(3)])
def test_who_gave_up_while_it_was_written_is_told_later(
    how: str, command: Command[bank.Paid], cells: tuple[str, ...]
) -> None:
    """The first caller leaves amid the wait for the disk: it has taken effect, and is answered."""

    async def story(stage: Stage) -> None:
        stage.hold()
        if how == "cancelled":
            first = stage.begin(stage.send(command, id="one"))
            await turns()
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
        else:
            with pytest.raises(BusError, match="deadline"):
                await stage.send(command, id="one")
        again = stage.begin(stage.send(command, id="one"))
        await turns()
        assert not again.done(), "not before it is durable"
        stage.release()
        assert (await again).amount == 3
        assert await stage.send(command, id="one") == await again
        assert await stage.ask(bank.Balance()) == 3
        assert len(stage.entries("bank")) == 1

    play(story, *cells)


@pytest.mark.parametrize("command", [bank.Pay(3), bank.PaySlowly(3)])
def test_twice_at_once_is_decided_once(command: Command[bank.Paid]) -> None:
    """Three copies that overlap get the one answer of the one decision."""

    async def story(stage: Stage) -> None:
        gates.close("slow")
        copies = [stage.begin(stage.send(command, id="one")) for _ in range(3)]
        await turns()
        if isinstance(command, bank.PaySlowly):
            assert len(gates.waiting["slow"]) == 1
            gates.let_go("slow")
        answers = await asyncio.gather(*copies)
        assert len({it.receipt for it in answers}) == 1
        assert len(stage.entries("bank")) == 1

    play(story, "oracle", "bank")


@pytest.mark.parametrize(
    ("end", "seen"),
    [
        ("crash", [Crashed, bank.Paid, bank.Paid]),
        ("refuse", [Refused, Refused, Refused]),
        ("cancel", [asyncio.CancelledError, bank.Paid, bank.Paid]),
        ("cancel itself", [Crashed, bank.Paid, bank.Paid]),
        ("exit", [Crashed, bank.Paid, bank.Paid]),
    ],
)
def test_who_waits_for_the_same_hears_how_it_ended(end: str, seen: list[type]) -> None:
    """A refusal is the answer for all; after a crash or a cancellation the next one decides."""

    async def story(stage: Stage) -> None:
        gates.close("slow")
        copies = [stage.begin(stage.send(bank.PaySlowly(3), id="one")) for _ in range(3)]
        await turns()
        if end == "cancel":
            copies[0].cancel()
        elif end == "refuse":
            await stage.send(bank.Pay(99))
        else:
            errors = {"crash": ValueError(), "exit": SystemExit()}
            gates.trouble("slow", errors.get(end) or asyncio.CancelledError())
        for _ in range(3):
            await turns()
            if gates.waiting.get("slow"):
                gates.let_go("slow")
        ended = await asyncio.gather(*copies, return_exceptions=True)
        assert [type(it) for it in ended] == seen
        assert len([it for it in stage.entries("bank") if it.id == "one"]) == 1

    play(story, "oracle", "bank")


def test_a_sync_handler_that_crashed_may_be_tried_again() -> None:
    """A crash is no answer: nothing is journalled, and the id is free."""

    async def story(stage: Stage) -> None:
        gates.trouble("pay", ValueError("no luck"))
        with pytest.raises(Crashed, match="ValueError"):
            await stage.send(bank.Pay(3), id="one")
        assert stage.entries("bank") == []
        assert (await stage.send(bank.Pay(3), id="one")).amount == 3

    play(story, "bank")


@pytest.mark.parametrize(
    ("command", "by"),
    [
        (bank.Pay(4), "ada"),
        (bank.PaySlowly(3), "ada"),
        (bank.Explode(), "ada"),
        (bank.Pay(3), "eve"),
    ],
)
def test_an_id_means_one_message_of_one_principal(command: Command, by: str) -> None:
    """Used for another message, or by somebody else, it is refused and nothing happens."""

    async def story(stage: Stage) -> None:
        await stage.send(bank.Pay(3), id="one")
        with pytest.raises(Invalid, match="'one' has been used"):
            await stage.client(Principal(by)).send(command, id="one")
        assert len(stage.entries("bank")) == 1

    play(story, "oracle", "bank")


def test_a_refusal_is_remembered_with_its_rule() -> None:
    """Resent when it would be allowed, even after a restart, it is refused as at first."""

    async def story(stage: Stage) -> None:
        await stage.send(bank.Pay(99))
        with bank.CAP.refuses():
            await stage.send(bank.PaySlowly(3), id="one")
        await stage.crash()
        with bank.CAP.refuses():
            await stage.send(bank.PaySlowly(3), id="one")
        assert [it.kind for it in stage.entries("bank")] == ["command", "refusal"]

    play(story, "oracle", "bank")


def test_an_id_is_not_known_before_its_entry_is_durable() -> None:
    """The write failed: sent again it is decided again, not answered from what was lost."""

    async def story(stage: Stage) -> None:
        stage.hold()
        first = stage.begin(stage.send(bank.Pay(3), id="one"))
        await turns()
        stage.fail_writes()
        with pytest.raises(Unavailable):
            await first
        with pytest.raises(Unavailable):
            await stage.send(bank.Pay(3), id="one")
        await asyncio.sleep(1)
        assert (await stage.send(bank.Pay(3), id="one")).amount == 3
        assert await stage.ask(bank.Balance()) == 3
        assert len(stage.entries("bank")) == 1

    play(story, "bank")


def test_an_overtaken_command_is_never_decided_on_what_was_lost() -> None:
    """It was overtaken by what could not be written: it is judged against the state without."""

    async def story(stage: Stage) -> None:
        gates.close("slow")
        slow = stage.begin(stage.send(bank.PaySlowly(30)))
        await turns()
        stage.hold()
        lost = stage.begin(stage.send(bank.Pay(90)))
        await turns()
        stage.fail_writes()
        await asyncio.sleep(1)
        assert isinstance(lost.exception(), Unavailable)
        gates.closed.clear()
        gates.let_go("slow")
        assert (await slow).amount == 30
        assert await stage.ask(bank.Balance()) == 30

    play(story, "oracle", "bank")


@pytest.mark.parametrize("how", ["send", "write", "remove"])
def test_a_query_cannot_change_anything_elsewhere(how: str) -> None:
    """Neither by a command to another cell nor in its own files."""

    async def story(stage: Stage) -> None:
        with pytest.raises(Denied, match="a query changes nothing"):
            await stage.ask(bank.Meddle(how))

    play(story, "bank")


def test_an_async_query_sees_one_state() -> None:
    """It was overtaken between its two looks: it looks again, and journals nothing."""

    async def story(stage: Stage) -> None:
        gates.close("rate")
        query = stage.begin(stage.ask(bank.BalanceTwice()))
        await turns()
        await stage.send(bank.Pay(5))
        gates.closed.clear()
        gates.let_go("rate")
        assert await query == (5, 5)
        assert gates.passed["rate"] == 1
        assert len(stage.entries("bank")) == 1

    play(story, "oracle", "bank")


def test_nobody_is_answered_and_nothing_published_before_it_is_durable() -> None:
    """The journal is held back: answers, refusals and followers wait, then all come in order."""

    async def story(stage: Stage) -> None:
        heard: list[int] = []

        async def listen() -> None:
            async for delivery in stage.client().follow("bank"):
                heard.extend([delivery.seq])

        listener = stage.begin(listen())
        stage.hold()
        works = [
            stage.begin(stage.send(it)) for it in (bank.Pay(1), bank.Pay(0), bank.PaySlowly(2))
        ]
        await turns(50)
        assert not any(it.done() for it in works)
        assert heard == []
        stage.release()
        await asyncio.wait(works)
        assert [type(it.exception()) for it in works] == [type(None), Refused, type(None)]
        await turns()
        assert heard == [1, 3]
        listener.cancel()

    play(story, "oracle", "bank")


def test_conflict_after_five_reruns() -> None:
    """Overtaken each time, a handler is run six times; then its caller hears, and may resend."""

    async def story(stage: Stage) -> None:
        gates.close("slow")
        slow = stage.begin(stage.send(bank.PaySlowly(3), id="one"))
        for _ in range(6):
            await turns()
            await stage.send(bank.Pay(1))
            gates.let_go("slow")
        with pytest.raises(Conflict, match="overtaken 6 times"):
            await slow
        assert gates.passed["rate"] == 1
        gates.closed.clear()
        assert (await stage.send(bank.PaySlowly(3), id="one")).amount == 3

    play(story, "oracle", "bank")
