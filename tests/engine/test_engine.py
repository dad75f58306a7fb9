"""What a cell does by itself takes effect exactly once: reactions, timers, dead letters."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from monocyte.cell import Manifest
from monocyte.contracts import Envelope
from monocyte.errors import AskCycle, Busy, Crashed, PortFailed, Refused, Unavailable
from tests.engine.stage import MANIFESTS, Stage, play, turns, until
from tests.engine.toys import alarm, archive, bank, clerk, gates

HOUR = 3600.0


async def effects(stage: Stage, *amounts: int) -> None:
    """Each payment was filed once, and its slip kept once and dropped once."""
    assert await stage.ask(clerk.Amounts()) == amounts
    slips = await stage.ask(archive.Slips())
    kept = [it for it in slips if not it.startswith("-")]
    assert len(set(kept)) == len(kept) == len(amounts)
    assert sorted(f"-{it}" for it in kept) == sorted(it for it in slips if it.startswith("-"))


# -- reactions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("write", range(1, 5))
def test_a_reaction_takes_effect_once_wherever_the_power_fails(write: int, after: bool) -> None:
    """Cut before and after each write: the payment, the slip, its end, the filing."""

    async def story(stage: Stage) -> None:
        work = stage.begin(stage.send(bank.Pay(3), id="one"))
        for _ in range(write - 1):
            stage.hold()
            await until(lambda: stage.turns)
            stage.release()
        stage.hold()
        await until(lambda: stage.turns)
        if after:
            stage.journal.persist()
        work.cancel()
        await stage.crash()
        await stage.send(bank.Pay(3), id="one")
        await asyncio.sleep(60)
        await effects(stage, 3)

    play(story)


def test_an_event_delivered_again_does_nothing() -> None:
    """Behind the cursor nothing takes effect, also after a restart."""

    async def story(stage: Stage) -> None:
        await stage.send(bank.Pay(3))
        await asyncio.sleep(1)
        for _ in range(2):
            for delivery in stage.engine("bank").history(0):
                await stage.engine("clerk").react(delivery)
            await stage.crash()
        await effects(stage, 3)
        assert [it.kind for it in stage.entries("clerk")] == ["begun", "reaction"]

    play(story)


def test_two_kinds_of_commands_with_equal_fields_are_two() -> None:
    """Keep and Drop of one slip, sent by one reaction: each has its own id."""

    async def story(stage: Stage) -> None:
        await stage.send(bank.Pay(3))
        await asyncio.sleep(1)
        first, second = stage.entries("archive")
        assert (first.name, second.name) == ("Keep", "Drop")
        assert first.message == second.message
        assert first.id != second.id
        assert not stage.said("dead-letter")

    play(story)


def test_a_reaction_that_is_tried_again_sends_the_same() -> None:
    """It draws an id, sends, and fails afterwards: the next try draws and sends the same."""

    async def story(stage: Stage) -> None:
        gates.trouble("file", PortFailed("it passes"), Unavailable("it passes, too"))
        await stage.send(bank.Pay(3))
        await asyncio.sleep(10)
        assert gates.passed["file"] == 3
        await effects(stage, 3)

    play(story)


def test_an_unavailable_neighbour_is_waited_for_however_long() -> None:
    """No dead letter after an hour of Unavailable; the events behind come in order."""

    async def story(stage: Stage) -> None:
        gates.trouble("keep", *[Unavailable("away")] * 700)
        await stage.send(bank.Pay(3))
        await stage.send(bank.Pay(4))
        await asyncio.sleep(0.9 * HOUR)
        await effects(stage)
        await asyncio.sleep(HOUR)
        await effects(stage, 3, 4)
        assert not stage.said("dead-letter")

    play(story)


@pytest.mark.parametrize(
    ("error", "tries", "took"),
    [
        (ValueError("poison"), 3, 0.3),
        (PortFailed("no"), 3, 0.3),
        (Busy("much to do"), 10, 0.1 + 0.2 + 0.4 + 0.8 + 1.6 + 3.2 + 3 * 5),
        (Refused("never"), 1, 0.0),
        (asyncio.CancelledError(), 3, 0.3),
        (SystemExit(), 3, 0.3),
    ],
    ids=lambda it: type(it).__name__,
)
def test_poison_becomes_a_dead_letter_and_the_feed_goes_on(
    error: BaseException, tries: int, took: float
) -> None:
    """So many tries, with pauses that double; then the next event is reacted to."""

    async def story(stage: Stage) -> None:
        gates.trouble("file", *[error] * tries)
        began = stage.loop.time()
        await stage.send(bank.Pay(3))
        await until(lambda: stage.said("dead-letter"), 0.01)
        assert stage.loop.time() - began == pytest.approx(took, abs=0.03)
        assert gates.passed["file"] == tries
        await stage.send(bank.Pay(4))
        await asyncio.sleep(1)
        assert await stage.ask(clerk.Amounts()) == (4,)
        (letter,) = stage.engine("clerk").dead_letters.values()
        assert (letter.source, letter.name) == (("bank", 1), "Paid")

    play(story)


def test_a_dead_letter_is_resent_once() -> None:
    """Twice at once, and again later: it takes effect once, and survives a restart until then."""

    async def story(stage: Stage) -> None:
        gates.trouble("file", *[ValueError("poison")] * 4)
        await stage.send(bank.Pay(3))
        await asyncio.sleep(10)
        await stage.crash()
        (position,) = stage.engine("clerk").dead_letters
        with pytest.raises(Crashed):
            await stage.engine("clerk").resend(position)
        gates.close("file")
        first = stage.begin(stage.engine("clerk").resend(position))
        await turns()
        with pytest.raises(Busy, match="already"):
            await stage.engine("clerk").resend(position)
        gates.let_go("file")
        await first
        with pytest.raises(Refused, match="no dead letter"):
            await stage.engine("clerk").resend(position)
        await stage.crash()
        assert await stage.ask(clerk.Amounts()) == (3,)
        assert not stage.engine("clerk").dead_letters

    play(story)


def test_a_reaction_may_have_other_ports_in_the_next_release() -> None:
    """What the old release did not finish, the new one does, its own way."""
    reaction = MANIFESTS["clerk"].reactions[bank.Paid]

    def quietly(it: bank.Paid, desk: clerk.Desk) -> clerk.Filed:
        return clerk.Filed(it.amount, "quiet")

    arguments = tuple(it for it in reaction.function.arguments if it[0] == "desk")
    function = reaction.function._replace(call=quietly, is_async=False, arguments=arguments)
    changed = MANIFESTS["clerk"]._replace(
        release="next", reactions={bank.Paid: reaction._replace(function=function)}
    )

    async def story(stage: Stage) -> None:
        gates.close("file")
        await stage.send(bank.Pay(3))
        await asyncio.sleep(1)
        await stage.crash(*with_(changed))
        await stage.send(bank.Pay(4))
        await asyncio.sleep(1)
        assert await stage.ask(clerk.Amounts()) == (3, 4)

    play(story)


def with_(*changed: Manifest) -> tuple[Manifest, ...]:
    """All cells, those in another release."""
    return tuple({**MANIFESTS, **{it.name: it for it in changed}}.values())


def test_a_reaction_that_asks_in_a_circle_is_told_so() -> None:
    """The archive may not be asked by what itself waits for: a dead letter, no deadlock."""

    async def story(stage: Stage) -> None:
        envelope = Envelope("one", path=("archive", "clerk"))
        with pytest.raises(AskCycle, match="archive → clerk → archive"):
            await stage.transport.request(envelope, archive.Keep("a"))

    play(story)


def test_labels_follow_what_a_cell_does_about_it() -> None:
    """What was untrusted in the command is untrusted in the reaction and in what that sends."""

    async def story(stage: Stage) -> None:
        envelope = Envelope("one", labels=frozenset({"web"}))
        await stage.transport.request(envelope, bank.Pay(3))
        await asyncio.sleep(1)
        for cell in ("bank", "clerk", "archive"):
            assert {it.labels for it in stage.entries(cell)} == {("web",)}

    play(story)


# -- timers ----------------------------------------------------------------------------------------


def at(hour: int, minute: int = 0) -> datetime:
    """A moment of the first day."""
    return datetime(2026, 1, 5, hour, minute, tzinfo=UTC)


def test_ticks_come_at_each_multiple_and_those_missed_are_one() -> None:
    """Two are heard, four are slept through, then they go on; the restart is in between."""

    async def story(stage: Stage) -> None:
        await asyncio.sleep(2 * HOUR + 1)
        await stage.crash()
        stage.skew += int(4.5 * HOUR * 1e6)
        await stage.crash()
        await asyncio.sleep(HOUR)
        assert await stage.ask(alarm.Rings()) == (at(10), at(11), at(15), at(16))

    play(story, "alarm")


def test_a_clock_that_is_set_forward_wakes_what_is_due_now() -> None:
    """Without a restart, ticks that were jumped over are one; nothing is later than a minute."""

    async def story(stage: Stage) -> None:
        await stage.send(alarm.Arm("tea"))
        stage.skew += int(5.5 * HOUR * 1e6)
        await asyncio.sleep(61)
        assert await stage.ask(alarm.Rings()) == (at(14),)
        assert await stage.ask(alarm.Gone()) == ("tea",)

    play(story, "alarm")


def test_a_clock_that_was_wrong_silences_nothing_for_long() -> None:
    """A tick in the far future, then the clock is set right: the next hour rings."""

    async def story(stage: Stage) -> None:
        stage.skew += int(10_000 * HOUR * 1e6)
        await asyncio.sleep(61)
        rings = await stage.ask(alarm.Rings())
        assert len(rings) == 1
        stage.skew = 0
        await asyncio.sleep(HOUR)
        assert (await stage.ask(alarm.Rings()))[1:] == (at(10),)

    play(story, "alarm")


@pytest.mark.parametrize(
    ("when", "waits"),
    [
        (None, 900.0),
        (at(9, 20), 1200.0),
        (at(8), 0.0),
        (datetime(1969, 1, 1, tzinfo=UTC), 0.0),
    ],
    ids=["a span", "a moment", "a past moment", "long ago"],
)
def test_a_timer_goes_off_once_when_its_delay_says(when: datetime | None, waits: float) -> None:
    """Not before, soon after, and never again, however often the journal is replayed."""

    async def story(stage: Stage) -> None:
        await stage.send(alarm.Arm("tea", when))
        if waits:
            await asyncio.sleep(waits - 1)
            await stage.crash()
            assert await stage.ask(alarm.Gone()) == ()
        await asyncio.sleep(2)
        for _ in range(2):
            assert await stage.ask(alarm.Gone()) == ("tea",)
            await stage.crash()
            await asyncio.sleep(HOUR)

    play(story, "alarm")


def test_thousands_of_timers_wait_and_go_off() -> None:
    """Half before a restart that starts from a snapshot, half after it, each once, in order."""

    async def story(stage: Stage) -> None:
        names = [f"{n:04}" for n in range(3000)]
        for n, name in enumerate(names):
            await stage.send(alarm.Arm(name, at(9, 30) + timedelta(seconds=n)))
        await asyncio.sleep(1800 + 1500)
        stage.engine("alarm").snapshot()
        await turns()
        await stage.crash()
        await asyncio.sleep(2 * HOUR)
        assert await stage.ask(alarm.Gone()) == tuple(names)

    play(story, "alarm")


def test_a_timer_that_crashes_becomes_a_dead_letter_that_can_be_resent() -> None:
    """After three tries the others go on; resent, it goes off once; a tick likewise."""

    async def story(stage: Stage) -> None:
        gates.trouble("go", *[ValueError("no")] * 3)
        gates.trouble("ring", *[ValueError("no")] * 3)
        await stage.send(alarm.Arm("tea"))
        await stage.send(alarm.Arm("eggs", at(9, 16)))
        await asyncio.sleep(1.5 * HOUR)
        assert await stage.ask(alarm.Gone()) == ("eggs",)
        await stage.crash()
        letters = stage.engine("alarm").dead_letters
        assert [it.source[0] for it in letters.values()] == ["@go", "@ring"]
        for position in letters:
            await stage.engine("alarm").resend(position)
        assert await stage.ask(alarm.Gone()) == ("eggs", "tea")
        assert await stage.ask(alarm.Rings()) == (at(10),)
        assert not stage.engine("alarm").dead_letters

    play(story, "alarm")


def test_a_delay_that_crashes_fails_the_command_alone() -> None:
    """It is the author's code: the command is not journalled, the cell comes up again."""

    async def story(stage: Stage) -> None:
        gates.trouble("when", KeyError("no"))
        with pytest.raises(Crashed, match="KeyError"):
            await stage.send(alarm.Arm("tea"))
        await asyncio.sleep(1)
        await stage.send(alarm.Arm("eggs"))
        assert [it.name for it in stage.entries("alarm")] == ["Arm"]

    play(story, "alarm")
