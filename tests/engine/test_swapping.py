"""Another release takes over: nobody is refused, a bad one changes nothing."""

import asyncio
from typing import Any

import pytest

from monocyte import Ask
from monocyte.cell import Handler, Manifest
from monocyte.contracts import Event
from monocyte.errors import Busy, Crashed, JournalDamaged, MonocyteError, NoSuchCell
from monocyte.journal import Entry, EventRecord
from tests.engine.stage import MANIFESTS, Stage, play, turns, until
from tests.engine.toys import alarm, bank, clerk, gates, oracle


def release(
    cell: str, evolvers: dict[type[Event], Any] | None = None, **functions: Any
) -> Manifest:
    """Another release of a cell, in which some functions do something else."""
    manifest, others = MANIFESTS[cell], evolvers or {}

    def other(handler: Handler) -> Handler:
        function = handler.function
        call = functions.get(function.name, function.call)
        return handler._replace(function=function._replace(call=call))

    return manifest._replace(
        release=f"{cell}-2",
        handlers={message: other(it) for message, it in manifest.handlers.items()},
        evolvers={
            event: it._replace(call=others.get(event, it.call))
            for event, it in manifest.evolvers.items()
        },
    )


def releases(stage: Stage, cell: str) -> list[str]:
    """Which release has decided each entry."""
    return [it.release for it in stage.entries(cell)]


OLD, NEW = MANIFESTS["bank"].release, "bank-2"


def double(it: bank.Paid, coins: bank.Coins) -> None:
    """What the other release makes of a payment."""
    coins.total += 2 * it.amount


def test_the_state_is_what_the_new_release_makes_of_what_happened() -> None:
    """Folded from the journal, not handed on; and it decides from then on."""

    async def story(stage: Stage) -> None:
        await stage.send(bank.Pay(10))
        await stage.host.swap([release("bank", {bank.Paid: double})])
        assert await stage.ask(bank.Balance()) == 20
        await stage.send(bank.Pay(1))
        assert await stage.ask(bank.Balance()) == 22
        assert releases(stage, "bank") == [OLD, NEW]
        assert stage.said("swapped") == ["release bank-2 took over at position 1"]

    play(story, "bank", strict=True)


def test_who_asks_meanwhile_waits_and_is_answered() -> None:
    """What was begun is ended by the release that began it; the same command again acts once."""

    async def story(stage: Stage) -> None:
        gates.close("slow")
        begun = stage.begin(stage.send(bank.PaySlowly(10), id="one"))
        await until(lambda: gates.waiting.get("slow"))
        swapping = stage.begin(stage.host.swap([release("bank", {bank.Paid: double})]))
        await turns()
        asked = stage.begin(stage.ask(bank.Balance()))
        sent = stage.begin(stage.send(bank.Pay(5)))
        again = stage.begin(stage.send(bank.PaySlowly(10), id="one"))
        await turns()
        assert not any(it.done() for it in (swapping, asked, sent, again))
        gates.let_go("slow")
        await swapping
        assert await asked == 20
        assert await again == await begun
        await sent
        assert releases(stage, "bank") == [OLD, NEW]

    play(story, "oracle", "bank", strict=True)


def test_a_query_that_waits_is_answered_by_the_release_that_was_asked() -> None:
    """Its function has seen the state of that release."""

    async def story(stage: Stage) -> None:
        gates.close("rate")
        asked = stage.begin(stage.ask(bank.BalanceTwice()))
        await until(lambda: gates.waiting.get("rate"))
        swapping = stage.begin(stage.host.swap([release("bank")]))
        await turns()
        assert not swapping.done()
        gates.let_go("rate")
        await swapping
        assert await asked == (0, 0)

    play(story, "oracle", "bank", strict=True)


def test_who_works_for_what_was_begun_is_not_held() -> None:
    """Else the one would wait for the other, and the exchange for both."""

    async def asks_late(it: bank.PaySlowly, coins: bank.Coins, ask: Ask, **_: Any) -> bank.Paid:
        await gates.enter("late")
        return bank.Paid(await ask(oracle.Rate()), "late")

    async def story(stage: Stage) -> None:
        await stage.host.swap([release("bank", pay_slowly=asks_late)])
        gates.close("late")
        begun = stage.begin(stage.send(bank.PaySlowly(1)))
        await until(lambda: gates.waiting.get("late"))
        new = [release("bank"), release("oracle")]
        swapping = stage.begin(stage.host.swap(new))
        await turns()
        stranger = stage.begin(stage.ask(oracle.Rate()))
        await turns()
        assert not stranger.done()
        gates.let_go("late")
        await swapping
        assert (await begun).amount == 1
        assert await stranger == 1

    play(story, "oracle", "bank")


def test_a_reaction_is_taken_up_by_the_new_release_and_takes_effect_once() -> None:
    """What it had others do before is not done again."""

    async def story(stage: Stage) -> None:
        gates.close("file")
        await stage.send(bank.Pay(3))
        await until(lambda: gates.waiting.get("file"))
        await stage.host.swap([release("clerk")])
        gates.closed.clear()
        await until(lambda: stage.host.quiet)
        assert await stage.ask(clerk.Amounts()) == (3,)
        assert [it.name for it in stage.entries("archive", "command")] == ["Keep", "Drop"]
        await stage.send(bank.Pay(4))
        await until(lambda: stage.host.quiet)
        assert await stage.ask(clerk.Amounts()) == (3, 4)

    play(story, "bank", "archive", "clerk")


def test_what_a_reaction_decides_is_decided_by_one_release() -> None:
    """The one that takes over begins it again; nobody of the one before goes on with it."""
    manifest = MANIFESTS["clerk"]
    (event, reaction), *others = manifest.reactions.items()

    async def doubled(it: bank.Paid, **given: Any) -> clerk.Filed:
        filed: clerk.Filed = await reaction.function.call(it, **given)
        return clerk.Filed(2 * filed.amount, filed.slip)

    function = reaction.function._replace(call=doubled)
    reactions = {event: reaction._replace(function=function), **dict(others)}
    new = manifest._replace(release="clerk-2", reactions=reactions)

    async def story(stage: Stage) -> None:
        gates.close("file")
        await stage.send(bank.Pay(3))
        await until(lambda: gates.waiting.get("file"))
        await stage.host.swap([new])
        await turns()
        assert sum(not it.cancelled() for it in gates.waiting["file"]) == 1
        gates.closed.clear()
        gates.let_go("file", 9)
        await until(lambda: stage.host.quiet)
        assert await stage.ask(clerk.Amounts()) == (6,)

    play(story, "bank", "archive", "clerk")


def test_followers_of_a_cell_go_on_behind_its_new_release() -> None:
    """No event is missed, and none comes twice."""

    async def story(stage: Stage) -> None:
        for amount in range(1, 7):
            await stage.send(bank.Pay(amount))
            if amount % 2:
                await stage.host.swap([release("bank")])
        await until(lambda: stage.host.quiet)
        assert await stage.ask(clerk.Amounts()) == (1, 2, 3, 4, 5, 6)

    play(story, "bank", "archive", "clerk")


def test_time_is_kept_across() -> None:
    """Each hour rings once, and what was waiting fires when it was to."""

    async def story(stage: Stage) -> None:
        await stage.send(alarm.Arm("egg"))
        for _ in range(4):
            await asyncio.sleep(2700)
            await stage.host.swap([release("alarm")])
        await turns()
        assert [it.hour for it in await stage.ask(alarm.Rings())] == [10, 11, 12]
        assert await stage.ask(alarm.Gone()) == ("egg",)

    play(story, "alarm")


def crash(_: bank.Paid, __: bank.Coins) -> None:
    """An evolver that cannot take what happened."""
    raise RuntimeError("not this")


def forgetful() -> Manifest:
    """A release that knows nothing of payments."""
    manifest = release("bank")
    evolvers = {event: it for event, it in manifest.evolvers.items() if event is not bank.Paid}
    return manifest._replace(evolvers=evolvers)


BAD: dict[str, tuple[Any, type[MonocyteError], str]] = {
    "an event is gone": (forgetful, JournalDamaged, "does not know"),
    "an evolver crashes": (lambda: release("bank", {bank.Paid: crash}), Crashed, "RuntimeError"),
    "no such cell": (lambda: release("bank")._replace(name="safe"), NoSuchCell, "safe"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("with_others", [False, True])
def test_a_release_that_cannot_take_over_changes_nothing(case: str, with_others: bool) -> None:
    """Neither in its cell, nor in those that were to be exchanged with it."""
    make, error, said = BAD[case]

    async def story(stage: Stage) -> None:
        await stage.send(bank.Pay(10))
        engines = dict(stage.host.engines)
        others = [release("oracle"), release("clerk")] if with_others else []
        with pytest.raises(error, match=said):
            await stage.host.swap([*others, make()])
        assert stage.host.engines == engines
        assert {it.manifest.release for it in engines.values()} == {
            MANIFESTS[name].release for name in engines
        }
        await stage.send(bank.Pay(1))
        assert await stage.ask(bank.Balance()) == 11
        await until(lambda: stage.host.quiet)
        assert await stage.ask(clerk.Amounts()) == (10, 1)

    play(story, "oracle", "bank", "archive", "clerk")


def test_a_release_that_fails_at_the_last_step_changes_nothing() -> None:
    """What happened while it was got ready is looked at, too, before anything is exchanged."""

    def small_only(it: bank.Paid, coins: bank.Coins) -> None:
        coins.total += it.amount if it.amount < 50 else 1 // 0

    async def story(stage: Stage) -> None:
        gates.close("slow")
        begun = stage.begin(stage.send(bank.PaySlowly(60)))
        await until(lambda: gates.waiting.get("slow"))
        new = [release("oracle"), release("bank", {bank.Paid: small_only})]
        swapping = stage.begin(stage.host.swap(new))
        await turns()
        gates.let_go("slow")
        with pytest.raises(Crashed, match="ZeroDivisionError"):
            await swapping
        await begun
        assert await stage.ask(bank.Balance()) == 60
        assert stage.engine("oracle").manifest is MANIFESTS["oracle"]

    play(story, "oracle", "bank")


def test_what_does_not_end_in_time_is_left_alone() -> None:
    """It is said who it is; the release that began it goes on, and who was held is answered."""

    async def story(stage: Stage) -> None:
        gates.close("slow")
        begun = stage.begin(stage.send(bank.PaySlowly(1)))
        await until(lambda: gates.waiting.get("slow"))
        swapping = stage.begin(stage.host.swap([release("bank", {bank.Paid: double})], 2.0))
        await turns()
        asked = stage.begin(stage.ask(bank.Balance()))
        with pytest.raises(Busy, match="bank had not ended after 2 s"):
            await swapping
        assert await asked == 0
        gates.let_go("slow")
        assert (await begun).amount == 1
        assert await stage.ask(bank.Balance()) == 1
        assert releases(stage, "bank") == [OLD]

    play(story, "oracle", "bank")


def test_a_cell_that_stays_down_comes_up_with_a_release_that_can_take_what_happened() -> None:
    """It is how a cell is mended without a restart of the app."""

    def whole(it: bank.Cracked, coins: bank.Coins) -> None:
        coins.total = 7

    async def story(stage: Stage) -> None:
        cracked = (EventRecord("Cracked", 1, b"\x80"),)
        entry = Entry("bank", 1, "command", "x", 1, "Crack", 1, b"\x80", None, cracked)
        stage.journal.append(entry, lambda _: None)
        stage.journal.flush()
        await stage.crash()
        await until(lambda: stage.said("failed"))
        await stage.host.swap([release("bank", {bank.Cracked: whole})])
        assert await stage.ask(bank.Balance()) == 7

    play(story, "bank")


def test_exchanges_come_one_after_the_other() -> None:
    """Whoever asks for the second waits for the first."""

    async def story(stage: Stage) -> None:
        swaps = [stage.host.swap([release("bank")._replace(release=f"r{i}")]) for i in range(5)]
        sent = [stage.send(bank.Pay(1)) for _ in range(5)]
        await asyncio.gather(*swaps, *sent)
        assert stage.engine("bank").manifest.release == "r4"
        assert await stage.ask(bank.Balance()) == 5

    play(story, "bank")


def test_a_power_cut_amid_an_exchange_loses_nothing() -> None:
    """Whatever was acknowledged is there, whichever release comes up."""

    async def story(stage: Stage) -> None:
        for cut in range(12):
            sent = [stage.begin(stage.send(bank.Pay(1), id=f"{cut}-{i}")) for i in range(3)]
            swapping = stage.begin(stage.host.swap([release("bank")]))
            await turns(cut)
            done = [it for it in sent if it.done() and not it.exception()]
            swapping.cancel()
            await stage.crash()
            balance = await stage.ask(bank.Balance())
            assert balance >= len(done)
            for i in range(3):
                await stage.send(bank.Pay(1), id=f"{cut}-{i}")
            assert await stage.ask(bank.Balance()) == 3 * (cut + 1)

    play(story, "bank")


def test_what_is_no_longer_answered_is_said_to_who_was_held() -> None:
    """As it would be said to whoever asks then."""
    manifest = release("bank")
    handlers = {message: it for message, it in manifest.handlers.items() if message is not bank.Pay}

    async def story(stage: Stage) -> None:
        gates.close("slow")
        begun = stage.begin(stage.send(bank.PaySlowly(1)))
        await until(lambda: gates.waiting.get("slow"))
        swapping = stage.begin(stage.host.swap([manifest._replace(handlers=handlers)]))
        await turns()
        held = stage.begin(stage.send(bank.Pay(1)))
        await turns()
        gates.let_go("slow")
        await swapping
        await begun
        with pytest.raises(MonocyteError, match=r"bank\.Pay is no longer answered"):
            await held
        with pytest.raises(MonocyteError):
            await stage.send(bank.Pay(1))

    play(story, "oracle", "bank")
