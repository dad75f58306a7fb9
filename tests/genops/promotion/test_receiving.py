"""An app that receives a release believes nothing that it has not verified, and tries it first."""

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monocyte.app import recover
from monocyte.cell.loader import texts_of
from monocyte.errors import BusError, Busy, Conflict, Denied, Invalid
from monocyte.genops.plans import keys
from monocyte.genops.promotion import provenance, receiving
from monocyte.genops.promotion.bundles import Bundle
from monocyte.genops.promotion.promoting import Promoting
from monocyte.genops.promotion.receiving import Host, Receiver, put_back
from monocyte.genops.promotion.rolling import Rolling
from monocyte.genops.promotion.watching import Limits
from monocyte.journal import Entry, EventRecord, SqliteJournal
from monocyte.runtime import read_settings
from tests.genops.ledger.facts import Hand
from tests.genops.plans.toys import change
from tests.genops.promotion import stage
from tests.genops.promotion.stage import desk

LIMITS = Limits(60, 0.01, 0.1, 3.0)


class There:
    """An app that runs elsewhere: a copy of the files, without a repository."""

    def __init__(self, root: Path, at: Path) -> None:
        shutil.copytree(root, at, ignore=shutil.ignore_patterns(".git", "__pycache__", "data"))
        self.root = at
        self.told: list[str] = []
        self.reloads = 0
        self.failure: BusError | None = None
        self.rows: dict[str, dict[str, float]] = {"people": self.row()}
        self.texts = texts_of(at, "shop")
        host = Host(
            *("shop", at, "shop", at / "data" / "journal.db", at / "data" / "releases"),
            lambda: self.texts,
            self._reload,
            lambda: False,
            lambda: self.rows,
            self.told.append,
        )
        self.receiver = Receiver(host, LIMITS)

    @staticmethod
    def row(**more: float) -> dict[str, float]:
        """What a cell has counted."""
        names = ("queries", "commands", "reactions", "timers", "crashes", "refusals")
        return dict.fromkeys((*names, "cpu", "waiting"), 0.0) | more

    async def _reload(self) -> list[str]:
        if self.failure is not None:
            raise self.failure
        self.reloads += 1
        self.texts = texts_of(self.root, "shop")
        return ["people"]

    def receive(self, bundle: Bundle | bytes, **more: Any) -> dict[str, Any]:
        """Receive a release."""
        body = bundle if isinstance(bundle, bytes) else bundle.content
        return asyncio.run(self.receiver.receive(body, "olga", **more))

    def files(self) -> dict[str, bytes]:
        """Everything that is there, but for what was noted."""
        found = (it for it in self.root.rglob("*") if it.is_file() and "data" not in it.parts)
        return {str(it.relative_to(self.root)): it.read_bytes() for it in found}

    def happened(self, *entries: Entry) -> None:
        """Write a journal."""
        (self.root / "data").mkdir(exist_ok=True)
        journal = SqliteJournal(self.root / "data" / "journal.db", wake=lambda call: call())
        for it in entries:
            journal.append(it, lambda _: None)
        journal.close()


def joined(name: str, seq: int = 1, event: str = "Person") -> Entry:
    """Somebody has joined."""
    body = msgspec.msgpack.encode({"name": name})
    events = (EventRecord(event, 1, body),)
    return Entry("people", seq, "command", f"c{seq}", seq, "Join", 1, body, None, events)


def sent(root: Path, clock: Hand) -> list[Bundle]:
    """What is sent when the candidate is promoted."""
    seen: list[Bundle] = []

    def deliver(bundle: Bundle, _: bool) -> dict[str, Any]:
        seen.append(bundle)
        return {}

    Promoting(desk(root, clock), "shop", stage.signs(), deliver).promote("plan")
    return seen


@pytest.fixture
def now() -> Hand:
    """Approvals must hold when they arrive."""
    return Hand(datetime.now(UTC))


@pytest.fixture
def there(team: Path, now: Hand) -> There:
    """The app as it is deployed, before the release."""
    stage.agreed(team, now)
    return There(team, team.parent / "there")


def test_a_release_is_let_in_and_taken_on_record(team: Path, now: Hand, there: There) -> None:
    """Once; again, it is known already; and only what was signed was written."""
    (bundle,) = sent(team, now)
    before = there.files()
    there.receive(bundle, trial=True)
    assert (there.files(), there.reloads) == (before, 0)
    done = there.receive(bundle)
    assert done["took_over"] == ["people"]
    after = there.files()
    assert {it for it in after if after[it] != before.get(it)} == {"shop/people.py", "regen.lock"}
    assert after["shop/people.py"] == (team / "shop" / "people.py").read_bytes()
    assert there.receive(bundle)["already"]
    assert there.reloads == 1
    (line,) = (there.root / "data" / "releases" / "releases.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["plan"] == there.receiver.standing()["plan"] == done["plan"]
    assert "signed by bob, sent by olga" in there.told[0]


def resigned(bundle: Bundle, by: str = "bob", **order: Any) -> Bundle:
    """The same release with something else in what was signed, signed anew."""
    payload = json.loads(keys.verified(bundle.provenance, provenance.KIND, public("bob")))
    payload["predicate"]["buildDefinition"]["externalParameters"] |= order
    payload["predicate"]["buildDefinition"]["internalParameters"]["by"] = by
    envelope = keys.sign(keys.load_key(by), json.dumps(payload).encode(), provenance.KIND)
    return msgspec.structs.replace(bundle, provenance=envelope)


def public(name: str) -> str:
    """Somebody's public key."""
    return keys.public_line(name).partition('"')[2].rstrip('"')


def moved(bundle: Bundle, to: str) -> Bundle:
    """The cell's file under another name, signed so."""
    payload = json.loads(keys.verified(bundle.provenance, provenance.KIND, public("bob")))
    for it in payload["subject"]:
        it["name"] = it["name"].replace("shop/people.py", to)
    order = payload["predicate"]["buildDefinition"]["externalParameters"]
    order["replaces"][to] = order["replaces"].pop("shop/people.py")
    envelope = keys.sign(keys.load_key("bob"), json.dumps(payload).encode(), provenance.KIND)
    files = {(to if it == "shop/people.py" else it): c for it, c in bundle.files.items()}
    return msgspec.structs.replace(bundle, provenance=envelope, files=files)


def edited(bundle: Bundle) -> Bundle:
    """Another file than was signed."""
    content = (bundle.files["shop/people.py"] or b"").replace(b"<= 40", b"<= 4000")
    return msgspec.structs.replace(bundle, files=bundle.files | {"shop/people.py": content})


def more(bundle: Bundle) -> Bundle:
    """A file more than was signed."""
    return msgspec.structs.replace(bundle, files=bundle.files | {"shop/evil.py": b"x = 1"})


Attack = Callable[[Bundle], Bundle | bytes]

ATTACKS: dict[str, tuple[Attack, type[BusError], str]] = {
    "not JSON": (lambda _: b"\xff", Invalid, "no release"),
    "another format": (
        lambda it: it.content.replace(b'"format":1', b'"format":2'),
        Invalid,
        "no release",
    ),
    "a field that nobody knows": (lambda it: b'{"x":1,' + it.content[1:], Invalid, "no release"),
    "a file that was edited": (edited, Conflict, "not the file that was signed"),
    "a file that was added": (more, Conflict, "not the file that was signed"),
    "nobody has agreed": (
        lambda it: msgspec.structs.replace(it, approvals=()),
        Denied,
        "own policy",
    ),
    "signed by a stranger": (lambda it: resigned(it, "eve"), Denied, "no key here"),
    "for another app": (lambda it: resigned(it, app="bank"), Conflict, "it is for bank"),
    "another candidate": (lambda it: resigned(it, candidate="0" * 64), Denied, "own policy"),
    "a rollback that nobody may call so": (
        lambda it: resigned(it, act="undo"),
        Denied,
        "no provenance",
    ),
    "settings": (lambda it: moved(it, "monocyte.toml"), Denied, "may not write"),
    "elsewhere": (lambda it: moved(it, "shop/../../x.py"), Denied, "may not write"),
    "at the root": (lambda it: moved(it, "/etc/x.py"), Denied, "may not write"),
    "beside the package": (lambda it: moved(it, "sitecustomize.py"), Denied, "may not write"),
    "in place of something else": (
        lambda it: moved(it, "shop/greeter.py"),
        Conflict,
        "not what the release replaces",
    ),
    "as if it were old": (lambda it: resigned(it, sequence=1), Conflict, "is not newer"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_cannot_be_verified_is_refused(
    team: Path, now: Hand, there: There, attack: str
) -> None:
    """Nothing is written, nothing taken over, and it is on record."""
    (bundle,) = sent(team, now)
    before = there.files()
    act, error, says = ATTACKS[attack]
    if attack == "as if it were old":
        there.receive(bundle)
        before = there.files()
    with pytest.raises(error, match=says):
        there.receive(act(bundle))
    assert there.files() == before
    assert "was refused" in there.told[-1]


def test_an_approval_that_is_over_lets_nothing_in(team: Path, there: There) -> None:
    """By the clock of who receives it."""
    (bundle,) = sent(team, Hand(datetime.now(UTC)))

    class Later:
        @staticmethod
        def now(zone: Any = None) -> datetime:
            return datetime.now(zone) + timedelta(days=4)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receiving, "datetime", Later)
        with pytest.raises(Denied, match="own policy"):
            there.receive(bundle)


def test_what_happened_must_be_read_and_decided_alike(team: Path, now: Hand, there: There) -> None:
    """A difference counts as explained only if a rule that was changed is behind it."""
    there.happened(joined("ada"), joined("x" * 41, 2))
    (bundle,) = sent(team, now)
    assert there.receive(bundle, trial=True)["explained"] == 1
    with pytest.raises(Conflict, match=r"people at 2, Join: was .*; would be refused by PEOPLE-2"):
        there.receive(resigned(bundle, rules=[]), trial=True)


def test_an_event_that_it_cannot_read_keeps_it_out(team: Path, now: Hand, there: There) -> None:
    """Nothing that happened is lost."""
    there.happened(joined("ada", event="Left"))
    (bundle,) = sent(team, now)
    with pytest.raises(Conflict, match="cannot read what has happened"):
        there.receive(bundle)
    assert there.reloads == 0


def test_if_it_cannot_take_over_the_files_are_as_they_were(
    team: Path, now: Hand, there: There
) -> None:
    """And it may come again."""
    (bundle,) = sent(team, now)
    before = there.files()
    there.failure = Busy("people had not ended what was begun")
    with pytest.raises(Busy):
        there.receive(bundle)
    assert there.files() == before
    there.failure = None
    assert there.receive(bundle)["took_over"] == ["people"]


def test_after_a_kill_the_former_release_starts(
    team: Path, now: Hand, there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was written by then is put back."""

    class KilledError(BaseException):
        pass

    (bundle,) = sent(team, now)
    before = there.files()
    write = receiving._write
    writes: list[Any] = []

    def half(root: Path, files: Any) -> None:
        writes.append(files)
        if len(writes) == 1:
            write(root, dict([next(iter(files.items()))]))
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(receiving, "_write", half)
        with pytest.raises(KilledError):
            there.receive(bundle)
    assert there.files() != before
    assert "put back" in put_back(there.root, there.root / "data" / "releases")
    assert there.files() == before


def test_a_rollback_is_received_like_a_release(team: Path, now: Hand, there: There) -> None:
    """It needs a signature of somebody who may release, and no approvals."""
    (bundle,) = sent(team, now)
    before = there.files()["shop/people.py"]
    there.receive(bundle)
    at = desk(team, now)
    seen: list[Bundle] = []

    def deliver(sent: Bundle, _: bool) -> dict[str, Any]:
        seen.append(sent)
        return {}

    Rolling(at, "shop", stage.signs(), deliver=deliver).rollback("people", "slow")
    there.receive(seen[0])
    assert there.files()["shop/people.py"] == before


# -- the watch -------------------------------------------------------------------------------------


def watched(there: There, *rows: dict[str, float]) -> str:
    """Look once for each row of what is counted; why it was taken back."""
    for at, row in enumerate(rows):
        there.rows = {"people": row}
        asyncio.run(
            there.receiver.look(there.receiver._watch.at + at if there.receiver._watch else at)
        )
    return str(there.receiver.standing()["rolled_back"])


def test_a_release_that_does_harm_is_taken_back(team: Path, now: Hand, there: There) -> None:
    """By itself; the former files run again, and it is on record."""
    (bundle,) = sent(team, now)
    before = there.files()
    there.rows = {"people": there.row(commands=100)}
    there.receive(bundle)
    assert there.receiver.standing()["watched_for"] > 0
    bad = there.row(commands=130, crashes=5)
    assert watched(there, bad) == "5 of 30 requests crashed"
    assert (there.files(), there.reloads) == (before, 2)
    assert "taken back by the watch" in there.told[-1]
    assert watched(there, bad, bad)
    assert there.reloads == 2


def test_a_release_that_does_none_stays(team: Path, now: Hand, there: There) -> None:
    """And after its time nobody looks any more."""
    (bundle,) = sent(team, now)
    there.receive(bundle)
    assert watched(there, there.row(commands=500)) == ""
    assert there.receiver._watch is not None
    asyncio.run(there.receiver.look(there.receiver._watch.at + 61))
    assert there.receiver.standing()["watched_for"] == 0
    assert watched(there, there.row(commands=900, crashes=300)) == ""


def test_a_hand_on_the_disk_is_not_overwritten(team: Path, now: Hand, there: There) -> None:
    """What is there must be what the release replaces."""
    (bundle,) = sent(team, now)
    change(there.root, "shop/people.py", "Nobody joins twice", "Nobody ever joins twice")
    with pytest.raises(Conflict, match="not what the release replaces"):
        there.receive(bundle)


def test_a_process_that_a_release_has_started_watches_on(
    team: Path, now: Hand, there: There
) -> None:
    """Crashes count in any case."""
    (bundle,) = sent(team, now)
    before = there.files()
    there.receive(bundle)
    there.receiver = Receiver(there.receiver.host, LIMITS)
    there.receiver._go_on()
    assert there.receiver.standing()["watched_for"] > 0
    assert watched(there, there.row(commands=30, crashes=5)) == "5 of 30 requests crashed"
    assert there.files() == before


def test_a_restart_does_not_make_the_watch_forget(team: Path, now: Hand, there: There) -> None:
    """What was before is known in the next process, too: refusals are held against it."""
    (bundle,) = sent(team, now)
    before = there.files()
    for commands in (0, 100):
        there.rows = {"people": there.row(commands=commands)}
        asyncio.run(there.receiver.look(time.monotonic()))
    there.receive(bundle)
    there.receiver, there.rows = Receiver(there.receiver.host, LIMITS), {"people": there.row()}
    there.receiver._go_on()
    many = there.row(commands=40, refusals=30)
    assert watched(there, many) == "75% of requests were refused, and 0% before"
    assert there.files() == before


def test_what_is_being_received_is_not_put_back_by_others(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever else loads the app while it runs leaves its files alone."""
    settings = read_settings(there.root)
    folder = there.root / "data" / "releases"
    folder.mkdir(parents=True)
    (folder / "pending.json").write_bytes(msgspec.json.encode({"shop/people.py": b"old"}))
    before = there.files()
    with monkeypatch.context() as patch:
        patch.setattr("monocyte.app.in_use", lambda _: True)
        assert recover(there.root, settings) == ""
    assert there.files() == before
    assert "put back: shop/people.py" in recover(there.root, settings)
    assert there.files()["shop/people.py"] == b"old"


def test_in_the_tree_where_it_was_promoted_the_former_files_are_known(
    team: Path, now: Hand, there: There
) -> None:
    """It is asked before they are put in place, and remembers them."""
    (bundle,) = sent(team, now)
    before = there.files()
    there.receive(bundle, trial=True)
    for name, content in bundle.files.items():
        (there.root / name).write_bytes(content or b"")
    there.receive(bundle)
    assert watched(there, there.row(commands=30, crashes=5))
    assert there.files() == before
