"""From the journal to the state: upcasting, snapshots, and when a snapshot is not believed."""

import asyncio
from typing import Any

import pytest

from monocyte.contracts.codec import encode
from monocyte.errors import JournalDamaged
from monocyte.journal import Entry, EventRecord
from tests.engine.stage import MANIFESTS, Stage, play
from tests.engine.toys import archive, bank, clerk, gates


def one(old: dict[str, Any]) -> dict[str, Any]:
    """Version 1 said euros."""
    return {"cents": old["euros"] * 100, "receipt": "old"}


def two(old: dict[str, Any]) -> dict[str, Any]:
    """Version 2 said cents."""
    return {"amount": old["cents"] // 100, "receipt": old["receipt"]}


@pytest.fixture
def third(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, ...]:
    """Releases in which Paid is at version 3."""
    monkeypatch.setattr(bank.Paid, "__version__", 3)
    upcasts = {("Paid", 1): one, ("Paid", 2): two}
    changed = MANIFESTS["bank"]._replace(release="third", upcasts=upcasts)
    return tuple({**MANIFESTS, "bank": changed}.values())


def old(seq: int, version: int, body: dict[str, Any], id: str = "") -> Entry:
    """A payment as an old release journalled it."""
    record = EventRecord("Paid", version, encode(body))
    message = encode(bank.Pay(3))
    return Entry("bank", seq, "command", id, 1, "Pay", 1, message, None, (record,), principal="ada")


def journalled(stage: Stage, *entries: Entry) -> None:
    """Make entries durable."""
    for it in entries:
        stage.journal.append(it, lambda _: None)
    stage.journal.flush()


def test_events_of_every_version_are_one_history(third: tuple[Any, ...]) -> None:
    """Folded, delivered to who reacts, and answered again: all in today's shape."""

    async def story(stage: Stage) -> None:
        journalled(
            stage,
            old(1, 1, {"euros": 1}, "a"),
            old(2, 2, {"cents": 200, "receipt": "x"}, "b"),
            old(3, 3, {"amount": 3, "receipt": "y"}, "c"),
        )
        await stage.crash(*third)
        assert await stage.ask(bank.Balance()) == 6
        assert await stage.send(bank.Pay(3), id="a") == bank.Paid(1, "old")
        await asyncio.sleep(5)
        assert await stage.ask(clerk.Amounts()) == (1, 2, 3)

    play(story)


def test_a_dead_letter_of_an_old_version_is_resent_in_the_new(third: tuple[Any, ...]) -> None:
    """Only the cell of the event knows how to upcast it; the consumer asks there."""

    async def story(stage: Stage) -> None:
        journalled(stage, old(1, 2, {"cents": 200, "receipt": "x"}, "b"))
        dead = Entry(
            *("clerk", 1, "dead", "clerk<dead:bank:1", 1, "Paid", 2),
            encode({"cents": 200, "receipt": "x"}),
            encode({"kind": "crashed", "message": "no"}),
            source=("bank", 1),
        )
        journalled(stage, dead)
        await stage.crash(*third)
        await asyncio.sleep(1)
        await stage.engine("clerk").resend(1)
        assert await stage.ask(clerk.Amounts()) == (2,)

    play(story)


def test_a_gap_in_a_chain_is_named(third: tuple[Any, ...]) -> None:
    """The error says which version nothing upcasts, and what to declare."""
    fold_of = third[1]._replace(upcasts={("Paid", 1): one})

    async def story(stage: Stage) -> None:
        journalled(stage, old(1, 1, {"euros": 1}, "a"))
        await stage.crash(fold_of)
        failure = stage.engine("bank").failure
        assert isinstance(failure, JournalDamaged)
        assert failure.message == "bank: nothing upcasts Paid of version 2"
        assert failure.mend == 'declare @cell.upcasts("Paid", version=2)'

    play(story, "bank")


@pytest.mark.parametrize(
    ("change", "tail"),
    [
        ({}, 1),
        ({"schema": "another"}, 4),
        ({"release": "another"}, 4),
        ({"body": b"no image"}, 4),
    ],
    ids=["its own", "another schema", "another release", "no image"],
)
def test_a_snapshot_is_believed_if_it_is_the_release_s_own(
    change: dict[str, Any], tail: int
) -> None:
    """Otherwise everything is folded again: the state is the same, it only takes longer."""

    async def story(stage: Stage) -> None:
        for n in (1, 2, 3):
            await stage.send(bank.Pay(n))
        fold = stage.engine("bank").fold
        snapshot = fold.snapshot(1)
        await stage.send(bank.Pay(4))
        kept = {it: getattr(snapshot, it) for it in snapshot.__struct_fields__}
        stage.journal.save(type(snapshot)(**{**kept, **change}))
        stage.journal.flush()
        await stage.crash()
        assert f"loaded at position 4, {tail} entries" in stage.said("loaded")[-1]
        assert await stage.ask(bank.Balance()) == 10

    play(story, "bank")


def test_a_snapshot_holds_cursors_dead_letters_and_timers() -> None:
    """Taken while all of them wait, and believed: nothing is lost, nothing comes twice."""

    async def story(stage: Stage) -> None:
        gates.trouble("file", *[ValueError("poison")] * 3)
        await stage.send(bank.Pay(3))
        await stage.send(bank.Pay(4))
        await asyncio.sleep(5)
        for engine in stage.host.engines.values():
            engine.snapshot()
        stage.journal.flush()
        await stage.crash()
        assert "0 entries behind the snapshot" in stage.said("loaded")[-2]
        (position,) = stage.engine("clerk").dead_letters
        await stage.engine("clerk").resend(position)
        assert await stage.ask(clerk.Amounts()) == (4, 3)
        kept = [it for it in await stage.ask(archive.Slips()) if it[0] != "-"]
        assert len(kept) == 3, "the resent one is another attempt: it has a slip of its own"

    play(story)
