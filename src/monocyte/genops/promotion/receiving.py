"""A release that arrives at an app that runs: verified here, tried here, and only then let in.

Nothing that the sender says is believed: the signatures must be those of keys in the app's own
`monocyte.toml`, and of enough people by its own policy; the files must be those that were signed,
replace what is here, and be newer than what was received last. Then the release goes through the
whole journal beside the one that runs, in processes of their own. The files that it replaces are
noted before the first is written, so that a kill at any moment leaves the former release or the
next, and never a mixture.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from monocyte.errors import (
    BusError,
    Conflict,
    Denied,
    GenopsError,
    Invalid,
    MonocyteError,
    NotApproved,
)
from monocyte.genops.pins import Approval, read_regeneration
from monocyte.genops.plans import lock as locks
from monocyte.genops.plans.approvals import Subject, valid
from monocyte.genops.plans.policy import needs, unmet
from monocyte.genops.promotion import provenance
from monocyte.genops.promotion.bundles import Bundle
from monocyte.genops.promotion.looking import look
from monocyte.genops.promotion.merging import merge_digest
from monocyte.genops.promotion.provenance import Statement, digest_of
from monocyte.genops.promotion.rehearsing import differences, rehearse
from monocyte.genops.promotion.watching import Counted, Limits, Sample, breach, sampled, since

__all__ = ["Host", "Receiver", "put_back"]

T = TypeVar("T")

Files = dict[str, bytes | None]

UNEXPLAINED = "behaviour-unexplained"

TRIED = 120.0
"""Seconds for which a release that was tried need not be tried once more."""


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was received last, and what became of it."""

    format: Literal[1] = 1
    sequence: int = 0
    plan: str = ""
    act: str = ""
    provenance: str = ""
    """The SHA-256 of its envelope."""
    cells: tuple[str, ...] = ()
    by: str = ""
    at: str = ""
    rolled_back: str = ""
    """Why the watch has taken it back; nothing if it runs."""
    before: Counted = Counted()
    """What its cells had counted in the time before, which the watch compares with."""


class Host(NamedTuple):
    """The app that a release is for, as far as it must be known here."""

    name: str
    root: Path
    package: str
    journal: Path
    folder: Path
    """Where what was received is noted."""
    texts: Callable[[], Mapping[str, bytes]]
    """What the modules that run were loaded from, by their names."""
    reload: Callable[[], Awaitable[list[str]]]
    """Lets what has changed in the files take over; if it raises, nothing has."""
    restart: Callable[[], bool]
    """Begins an orderly restart of the process; False if nobody would start it again."""
    status: Callable[[], Mapping[str, Mapping[str, Any]]]
    tell: Callable[[str], None]
    """Says a line on record."""


class Receiver:
    """Receives releases for an app that runs."""

    def __init__(self, host: Host, limits: Limits) -> None:
        self.host, self.limits = host, limits
        self._alone = asyncio.Lock()
        self._tried: tuple[str, float] = ("", 0.0)
        self._samples: deque[Sample] = deque(maxlen=max(2, int(limits.seconds) + 2))
        self._watch: Sample | None = None
        self._before = Counted()
        self._seen: Files = {}
        """Files as they were before they were replaced."""

    # -- what an app asks --------------------------------------------------------------------------

    async def receive(self, body: bytes, by: str, *, trial: bool = False) -> dict[str, Any]:
        """Let a release take over; with `trial` everything is done but that.

        Raises:
            Invalid: it is no release, or not what was signed.
            Denied: who has signed it, or agreed to it, may not by this app's own settings.
            Conflict: it does not replace what is here, or is not newer.
            BusError: it cannot take over; nothing was changed.
        """
        async with self._alone:
            try:
                return await self._receive(body, by, trial=trial)
            except BusError as why:
                self.host.tell(f"a release from {by} was refused: {why.message}")
                raise
            except MonocyteError as why:
                self.host.tell(f"a release from {by} was refused: {why.message}")
                raise _as_answer(why) from why

    def standing(self) -> dict[str, Any]:
        """What was received last, what became of it, and for how long it is still watched."""
        kept = self._kept()
        left = 0.0
        if self._watch is not None:
            left = max(0.0, self._watch.at + self.limits.seconds - time.monotonic())
        return {**msgspec.to_builtins(kept), "watched_for": round(left, 1)}

    async def keep_watch(self, every: float = 1.0) -> None:
        """Count what cells do, and take back a release after which it is worse; never returns."""
        self._go_on()
        while True:
            await asyncio.sleep(every)
            try:
                await self.look(time.monotonic())
            except Exception as why:  # noqa: BLE001 (a supervision edge: the watch must go on)
                self.host.tell(f"the watch could not look: {type(why).__name__}: {why}")

    async def look(self, now: float) -> None:
        """One look of the watch."""
        sample = sampled(now, self.host.status())
        if self._watch is None:
            self._samples.append(sample)
            return
        cells = self._kept().cells
        why = breach(self._before, sample.of(cells) - self._watch.of(cells), self.limits)
        if why:
            async with self._alone:
                await self._take_back(why)
        elif now >= self._watch.at + self.limits.seconds:
            self._watch = None
            self._samples.clear()

    # -- verifying ---------------------------------------------------------------------------------

    async def _receive(self, body: bytes, by: str, *, trial: bool) -> dict[str, Any]:
        bundle, statement = await asyncio.to_thread(self._verified, body)
        digest = digest_of(bundle.provenance.encode())
        kept = self._kept()
        if kept.provenance == digest and not kept.rolled_back:
            return {"plan": kept.plan, "took_over": [], "already": True}
        if statement.order.sequence <= kept.sequence:
            said = f"release {statement.order.sequence} is not newer than {kept.sequence}, received"
            raise Conflict(said)
        self._former(statement)
        explained = await self._tried_out(bundle, statement, digest)
        if trial:
            return {"plan": statement.order.plan, "tried": True, "explained": explained}
        return await self._let_in(bundle, statement, digest, by, explained)

    def _verified(self, body: bytes) -> tuple[Bundle, Statement]:
        """A release whose signatures hold, for this app, by this app's settings."""
        try:
            bundle = msgspec.json.decode(body, type=Bundle)
        except (msgspec.DecodeError, UnicodeDecodeError) as why:
            raise Invalid(f"this is no release: {why}") from why
        approval = read_regeneration(self.host.root).approval
        statement = provenance.opened(bundle.provenance, approval.keys)
        if statement.order.app != self.host.name:
            raise Conflict(f"it is for {statement.order.app}, and this is {self.host.name}")
        found = {name: None if it is None else digest_of(it) for name, it in bundle.files.items()}
        provenance.refuse_other(found, statement.files)
        for name in found:
            self._refuse_place(name)
        self._refuse_unapproved(bundle, statement, approval)
        self._refuse_other_base(statement)
        return bundle, statement

    def _refuse_place(self, name: str) -> None:
        """A release holds cells and the lock: no settings, no keys, nothing elsewhere."""
        path = PurePosixPath(name)
        package = PurePosixPath(*self.host.package.split("."))
        is_cell = path.suffix == ".py" and path.is_relative_to(package)
        is_plain = path.as_posix() == name and ".." not in path.parts and "\\" not in name
        if not (is_plain and (is_cell or name == locks.FILE)) or "\0" in name:
            raise Denied(f"a release may not write {name[:80]!r}")
        folder = (self.host.root / name).parent
        if folder.exists() and not folder.resolve().is_relative_to(self.host.root.resolve()):
            raise Denied(f"{name[:80]!r} leads out of the app")
        if (self.host.root / name).is_symlink():
            raise Denied(f"{name[:80]!r} is a link")

    def _refuse_unapproved(self, bundle: Bundle, statement: Statement, approval: Approval) -> None:
        """Enough people must have agreed, by the keys and the policy that are here."""
        order = statement.order
        if order.act == "rollback":
            return  # it brings back what ran before; who may release may do that alone
        subject = Subject(
            order.app, order.plan, "merge", merge_digest(order.candidate, order.verdict)
        )
        now = datetime.now(UTC)
        names = [it.by for it in valid(bundle.approvals, subject, approval, now)]
        missing = unmet(approval, needs(approval, order.classes), names, order.author)
        if missing:
            raise NotApproved(f"by this app's own policy: {missing[0]}")

    def _refuse_other_base(self, statement: Statement) -> None:
        """It must replace what is here; what is here may be the release itself already."""
        for name, was in statement.order.replaces.items():
            place = self.host.root / name
            here = digest_of(place.read_bytes()) if place.exists() else None
            if here not in (was, statement.files[name]):
                raise Conflict(f"{name} here is not what the release replaces")

    # -- trying ------------------------------------------------------------------------------------

    async def _tried_out(self, bundle: Bundle, statement: Statement, digest: str) -> int:
        """Let it go through the journal; how many differences a changed rule explains."""
        if self._tried[0] == digest and time.monotonic() - self._tried[1] < TRIED:
            return 0
        explained = await asyncio.to_thread(self._try, bundle, statement)
        self._tried = (digest, time.monotonic())
        return explained

    def _try(self, bundle: Bundle, statement: Statement) -> int:
        host, order = self.host, statement.order
        with self._tree({}) as old, self._tree(bundle.files) as new:
            seen = look(new, host.package)
            cells = [it for it in order.cells if it in seen]
            if not host.journal.exists() or not cells:
                return 0
            folding = order.act == "rollback"
            after = rehearse(new, host.package, host.journal, cells, folding=folding)
            for cell, why in after.unread.items():
                raise Conflict(f"{cell} cannot read what has happened: {why}")
            if folding:
                return 0
            before = rehearse(old, host.package, host.journal, cells)
        found = [*differences(before, after, order.rules)]
        unexplained = [it for it in found if not it.rule]
        if unexplained and UNEXPLAINED not in order.classes:
            said = f"no rule that was changed explains what it would have done: {unexplained[0]}"
            more = f", and {len(unexplained) - 1} more" if len(unexplained) > 1 else ""
            raise Conflict(said + more)
        return len(found)

    @contextlib.contextmanager
    def _tree(self, files: Mapping[str, bytes | None]) -> Iterator[Path]:
        """The app as it runs, with other files in place of some."""
        host = self.host
        with tempfile.TemporaryDirectory(prefix="monocyte-try-") as folder:
            root = Path(folder).resolve()
            first = host.package.split(".")[0]
            shutil.copytree(
                host.root / first, root / first, ignore=shutil.ignore_patterns("__pycache__")
            )
            for name in ("monocyte.toml", "rules.lock"):
                if (host.root / name).exists():
                    shutil.copyfile(host.root / name, root / name)
            for module, text in host.texts().items():
                _place(root, module).write_bytes(text)
            for name, content in files.items():
                if content is None:
                    (root / name).unlink(missing_ok=True)
                else:
                    (root / name).parent.mkdir(parents=True, exist_ok=True)
                    (root / name).write_bytes(content)
            yield root

    # -- letting in --------------------------------------------------------------------------------

    async def _let_in(
        self, bundle: Bundle, statement: Statement, digest: str, by: str, explained: int
    ) -> dict[str, Any]:
        host, order = self.host, statement.order
        olds = self._former(statement)
        restarts = _takes_a_restart(host.texts(), bundle.files)
        kept = Kept(
            sequence=order.sequence,
            plan=order.plan,
            act=order.act,
            provenance=digest,
            cells=order.cells,
            by=by,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            before=self._counted_before(order.cells),
        )
        self._begin(olds)
        took: list[str] = []
        try:
            _write(host.root, bundle.files)
            if not restarts:
                took = await host.reload()
        except BaseException:
            _write(host.root, olds)
            self._forget()
            raise
        self._note(kept, olds)
        self._forget()
        host.tell(f"{order.act} of {order.plan}, signed by {statement.by}, sent by {by}: {took}")
        self._begin_watch(kept)
        is_restarting = bool(restarts) and host.restart()
        said: dict[str, Any] = {"plan": order.plan, "took_over": took, "explained": explained}
        if restarts:
            said |= {"restart": "under way" if is_restarting else "needed", "because": restarts}
        return said

    def _go_on(self) -> None:
        """Watch on if this process has started while a release was watched."""
        kept = self._kept()
        if not kept.at or kept.rolled_back:
            return
        age = (datetime.now(UTC) - datetime.fromisoformat(kept.at)).total_seconds()
        if 0 <= age < self.limits.seconds:
            self._before = kept.before
            self._watch = sampled(time.monotonic() - age, self.host.status())

    def _former(self, statement: Statement) -> Files:
        """What the release replaces: as it is here, or was when it was tried, or as it runs.

        Whoever promotes in the very tree that the app runs in has put the new files there already.
        """
        found: Files = {}
        for name, was in statement.order.replaces.items():
            place = self.host.root / name
            here = place.read_bytes() if place.exists() else None
            running = self.host.texts().get(_module(name))
            for content in (here, self._seen.get(name), running):
                if (None if content is None else digest_of(content)) == was:
                    found[name] = self._seen[name] = content
                    break
        return found

    def _counted_before(self, cells: tuple[str, ...]) -> Counted:
        now = sampled(time.monotonic(), self.host.status())
        return since(self._samples, self.limits.seconds, now, cells)

    def _begin_watch(self, kept: Kept) -> None:
        if self.limits.seconds:
            self._before = kept.before
            self._watch = sampled(time.monotonic(), self.host.status())

    async def _take_back(self, why: str) -> None:
        """Bring back what the last release has replaced."""
        self._watch = None
        host, kept, olds = self.host, self._kept(), self._olds()
        if not olds or kept.rolled_back:
            return
        news = {
            name: (self.host.root / name).read_bytes() if (self.host.root / name).exists() else None
            for name in olds
        }
        restarts = _takes_a_restart(host.texts(), olds)
        try:
            _write(host.root, olds)
            if not restarts:
                await host.reload()
        except MonocyteError as what:
            _write(host.root, news)
            self.host.tell(f"{kept.plan} should be taken back ({why}), and cannot: {what.message}")
            return
        self._note(msgspec.structs.replace(kept, rolled_back=why), olds)
        self.host.tell(f"{kept.plan} was taken back by the watch: {why}")
        if restarts and not host.restart():
            self.host.tell(f"restart the app: that takes {', '.join(restarts)} out of force")

    # -- what is kept ------------------------------------------------------------------------------

    def _begin(self, olds: Mapping[str, bytes | None]) -> None:
        self._save("pending.json", msgspec.json.encode(olds))

    def _forget(self) -> None:
        (self.host.folder / "pending.json").unlink(missing_ok=True)

    def _olds(self) -> dict[str, bytes | None]:
        nothing: dict[str, bytes | None] = {}
        return _read(self.host.folder / "replaced.json", Files, nothing)

    def _kept(self) -> Kept:
        return _read(self.host.folder / "state.json", Kept, Kept())

    def _note(self, kept: Kept, olds: Mapping[str, bytes | None]) -> None:
        self._save("replaced.json", msgspec.json.encode(olds))
        self._save("state.json", msgspec.json.encode(kept))
        line = json.dumps(msgspec.to_builtins(kept), sort_keys=True)
        with (self.host.folder / "releases.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _save(self, name: str, content: bytes) -> None:
        self.host.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _replace(self.host.folder / name, content)


def put_back(root: Path, folder: Path) -> str:
    """Put back what a kill has left half-written, before an app starts; says what."""
    nothing: Files = {}
    pending = _read(folder / "pending.json", Files, nothing)
    _write(root, pending)
    (folder / "pending.json").unlink(missing_ok=True)
    return f"an interrupted release was put back: {', '.join(sorted(pending))}"


def _read(file: Path, kind: type[T], nothing: T) -> T:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except FileNotFoundError:
        return nothing
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as why:
        said = f"what was received before cannot be read: {why}"
        raise GenopsError(said, where=str(file), mend="restore it from a backup") from why


def _write(root: Path, files: Mapping[str, bytes | None]) -> None:
    """Put files in place, each whole; the lock comes last, for it speaks of the others."""
    for name, content in sorted(files.items(), key=lambda it: it[0] == locks.FILE):
        place = root / name
        if content is None:
            place.unlink(missing_ok=True)
        elif not place.exists() or place.read_bytes() != content:
            place.parent.mkdir(parents=True, exist_ok=True)
            _replace(place, content)


def _takes_a_restart(running: Iterable[str], news: Mapping[str, bytes | None]) -> list[str]:
    """Which files take a new process: cells that come or go, and what packages do themselves."""
    known = frozenset(running)
    return sorted(
        name
        for name, content in news.items()
        if name.endswith(".py")
        and (name.endswith("__init__.py") or (_module(name) in known) != (content is not None))
    )


def _module(name: str) -> str:
    return name.removesuffix(".py").replace("/", ".")


def _place(root: Path, module: str) -> Path:
    path = root.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _replace(place: Path, content: bytes) -> None:
    draft = place.with_name(f".{place.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if place.exists():
            draft.chmod(place.stat().st_mode & 0o777)
        draft.replace(place)
    except OSError as why:
        draft.unlink(missing_ok=True)
        said = f"it cannot be written: {why.strerror}"
        raise GenopsError(said, where=str(place), mend="make room, or the folder writable") from why


def _as_answer(why: MonocyteError) -> BusError:
    """What the sender hears."""
    kind = Denied if isinstance(why, NotApproved) else Conflict
    return kind(f"{why.where}: {why.message}" if why.where else why.message, mend=why.mend)
