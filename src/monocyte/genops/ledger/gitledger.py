"""`GitLedger`: the ledger as commits on a ref of its own, so that it travels with the repository.

One entry is one commit on `refs/monocyte/ledger`: its message holds the entry, its tree what is
attached. A commit names the one before it, and `git update-ref` moves the ref only from the head
that was read: that is the compare-and-append. Everything before that step leaves nothing behind but
an object that nobody names, so a kill at any moment loses at most what was not acknowledged.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from monocyte.errors import LedgerDamaged, LedgerMoved, LedgerUnavailable, RefMoved
from monocyte.genops.git import Git
from monocyte.genops.ledger.entries import (
    START,
    Damage,
    Entry,
    Fact,
    Head,
    Sealed,
    compose,
    damages,
    opened,
    said,
    seal,
)
from monocyte.genops.ledger.interface import Clock, Read, now

__all__ = ["REF", "Commit", "GitLedger", "Step"]

REF = "refs/monocyte/ledger"

LARGEST = 32 << 20
"""Bytes of what is attached."""

FORMAT = "%H%n%P%n%T%n%B%x00"

WHO = {
    f"GIT_{role}_{field}": text
    for role in ("AUTHOR", "COMMITTER")
    for field, text in (("NAME", "monocyte ledger"), ("EMAIL", "ledger@monocyte.invalid"))
}
"""Commits are the same whoever makes them: who wrote an entry stands in the entry."""


class Step(NamedTuple):
    """A ref that goes from one commit to another; from nothing, if it is new."""

    ref: str
    new: str
    old: str


class Commit(NamedTuple):
    """An entry as git has it."""

    id: str
    parents: tuple[str, ...]
    tree: str
    subject: str
    sealed: Sealed


class GitLedger:
    """The ledger of the repository around `root`; `clock` says when entries are written.

    Raises:
        LedgerUnavailable: there is no repository.
    """

    def __init__(self, root: Path, clock: Clock = now) -> None:
        self.git = Git(root)
        self._clock = clock
        self._known: tuple[str, tuple[Commit, ...]] = ("", ())
        self._sound = Read(START, ())
        """What was read last, and found sound: it need not be looked at again."""
        self._folder = self.git.common / "monocyte"

    # -- reading -----------------------------------------------------------------------------------

    def read(self) -> Read:
        """Everything, as of now.

        Raises:
            LedgerDamaged: something in it was changed, or its end is gone.
            LedgerUnavailable: a part of it is not here, as in a shallow clone.
        """
        noted = self._noted()  # before the ref: who writes moves the ref first, then the note
        commits = self.commits(self.git.resolve(REF))
        sound = self._sound
        known = sound.head.seq
        if known and (len(commits) < known or commits[known - 1].id != sound.head.mark):
            sound, known = Read(START, ()), 0  # it was written anew, as by `sync`
        for found in (*self.damages_of(commits, sound), *self._cut(commits, noted)):
            mend = "monocyte ledger verify lists everything; another clone may have it intact"
            raise LedgerDamaged(found.what, where=f"{REF}, entry {found.seq}", mend=mend)
        fresh = (opened(it.sealed.body) for it in commits[known:])
        self._sound = Read(_head(commits), (*sound.entries, *fresh))
        return self._sound

    def as_read(self, commits: tuple[Commit, ...]) -> Read:
        """Commits as entries, with the head behind them."""
        return Read(_head(commits), tuple(opened(it.sealed.body) for it in commits))

    def commits(self, end: str) -> tuple[Commit, ...]:
        """The commits up to one, the first first; raises LedgerUnavailable if some are not here."""
        if not end:
            return ()
        known, kept = self._known
        if known == end:
            return kept
        is_more = bool(known) and self.git.is_ancestor(known, end)
        span = (end, f"^{known}") if is_more else (end,)
        told = self.git.answer(
            *("rev-list", "--no-commit-header", "--reverse", "--topo-order", f"--format={FORMAT}"),
            *(*span, "--"),
        )
        rows = [row for row in told.split(b"\0\n") if row.strip()]
        commits = (*(kept if is_more else ()), *map(_commit, rows))
        self._refuse_shallow(commits)
        self._known = (end, commits)
        return commits

    def attachment(self, seq: int, name: str) -> bytes:
        """What was attached to an entry; raises LedgerDamaged if it is not there, or another."""
        seen = self.read()
        commit = self.commits(seen.head.mark)[seq - 1]
        done = self.git.run("cat-file", "blob", f"{commit.tree}:{name}")
        if done.returncode or sha256(done.stdout).hexdigest() != seen.entries[seq - 1].attached.get(
            name
        ):
            raise LedgerDamaged(f"{name} is not what was attached", where=f"{REF}, entry {seq}")
        return done.stdout

    def verify(self) -> Iterator[Damage]:
        """Everything that is wrong with it, the first first; attachments are read, too."""
        noted = self._noted()  # before the ref: who writes moves the ref first, then the note
        commits = self.commits(self.git.resolve(REF))
        yield from self.damages_of(commits)
        yield from self._cut(commits, noted)
        for seq, commit in enumerate(commits, 1):
            yield from self._attached(seq, commit)

    def damages_of(
        self, commits: tuple[Commit, ...], sound: Read | None = None
    ) -> Iterator[Damage]:
        """What is wrong with the chain of these commits behind what is known to be sound."""
        head, before = sound or Read(START, ())
        parents: tuple[str, ...] = (head.mark,) if head.mark else ()
        rest, last = commits[head.seq :], before[-1] if before else None
        sealed = (it.sealed for it in rest)
        found = {it.seq: it for it in reversed([*damages(sealed, head, last)])}
        for seq, commit in enumerate(rest, head.seq + 1):
            if seq in found:
                yield found[seq]
            elif commit.parents != parents:
                yield Damage(seq, "its commit does not stand behind that of the entry before it")
            elif commit.subject != _subject(opened(commit.sealed.body)):
                yield Damage(seq, "the title of its commit says something else")
            parents = (commit.id,)

    def _noted(self) -> str:
        """The end that was noted last; nothing if there is no note."""
        try:
            return (self._folder / "ledger-head").read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):  # it is a help, and no part of the ledger
            return ""

    def _cut(self, commits: tuple[Commit, ...], last: str) -> Iterator[Damage]:
        """Whether the end is gone that was noted before: somebody has moved the ref back."""
        if last and last not in {it.id for it in commits}:
            yield Damage(
                len(commits) + 1, f"it was longer: {last} was acknowledged, and is not there"
            )

    def _attached(self, seq: int, commit: Commit) -> Iterator[Damage]:
        try:
            wanted = opened(commit.sealed.body).attached
        except LedgerDamaged:
            return
        rows = self.git.ask("ls-tree", "-z", "--full-tree", commit.tree).split("\0")
        there = {name: row.split()[2] for row, _, name in (it.partition("\t") for it in rows if it)}
        for name in sorted(wanted.keys() | there.keys()):
            done = self.git.run("cat-file", "blob", there.get(name, "missing"))
            if done.returncode or sha256(done.stdout).hexdigest() != wanted.get(name):
                yield Damage(seq, f"{name} is not what was attached")

    def _refuse_shallow(self, commits: tuple[Commit, ...]) -> None:
        shallow = self.git.common / "shallow"
        if not commits or commits[0].parents or not shallow.exists():
            return
        if commits[0].id in shallow.read_text("utf-8").split():
            mend = f"git fetch --unshallow origin {REF}:{REF}, or clone without --depth"
            said = "only the end of the ledger is here: this clone is shallow"
            raise LedgerUnavailable(said, where=REF, mend=mend)

    # -- writing -----------------------------------------------------------------------------------

    def append(
        self,
        fact: Fact,
        *,
        who: str,
        after: Head,
        files: Mapping[str, bytes] | None = None,
        along: Sequence[Step] = (),
    ) -> Entry:
        """Write one entry behind `after`; it is on the disk when this returns.

        The refs of `along` go with it, in one transaction of git: all of them, or nothing.

        Raises:
            LedgerMoved: another entry came first.
            RefMoved: one of the other refs is not where it was.
            LedgerUnavailable: it cannot be written; nothing was.
        """
        given = dict(files or {})
        with self.alone():
            head, entries = self.read()
            if head != after:
                raise LedgerMoved(f"entry {after.seq + 1} was written by another")
            last = entries[-1] if entries else None
            entry = compose(fact, who=who, now=self._clock(), head=head, last=last, files=given)
            fresh = self.commit(entry, self._tree(given), head.mark)
            self.advance(fresh, head.mark, along)
        return entry

    def commit(self, entry: Entry, tree: str, parent: str) -> str:
        """An entry as a commit that nothing names yet."""
        body, link = seal(entry)
        message = b"%b\n\n%b\n\nLink: %b\n" % (_subject(entry).encode(), body, link.hex().encode())
        when = f"{int(entry.at.timestamp())} +0000"
        dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        behind = ("-p", parent) if parent else ()
        told = self.git.ask("commit-tree", tree, *behind, stdin=message, more=WHO | dates)
        return told.strip()

    def advance(self, fresh: str, old: str, along: Sequence[Step] = ()) -> None:
        """Let the ledger end in `fresh` if it ends in `old`; the one step that writes."""
        steps = (Step(REF, fresh, old), *along)
        nothing = "0" * len(fresh)
        rows = (f"update {it.ref}\0{it.new}\0{it.old or nothing}\0" for it in steps)
        told = ("start\0" + "".join(rows) + "prepare\0commit\0").encode()
        update = ("update-ref", "--no-deref", "-m", "monocyte", "--stdin", "-z")
        done = self.git.run(*update, stdin=told)
        if done.returncode and self._is_forsaken():
            done = self.git.run(*update, stdin=told)
        if done.returncode:
            if self.git.resolve(REF) != old:
                raise LedgerMoved("another entry came first")
            for ref in (it.ref for it in along if self.git.resolve(it.ref) != it.old):
                mend = "look at what came in between, then try again"
                raise RefMoved("it was moved in between; nothing was changed", where=ref, mend=mend)
            raise self.git.failure(done, "update-ref")
        self._remember(fresh)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold other writers of this clone off; a process that dies lets go by dying."""
        try:
            self._folder.mkdir(exist_ok=True)
            lock = os.open(
                self._folder / "ledger-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError as why:
            where = str(self._folder)
            raise LedgerUnavailable(f"cannot be locked: {why.strerror}", where=where) from why
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _is_forsaken(self) -> bool:
        """Whether git was killed with its lock on the ref; then that is removed.

        We are alone, and git has waited two seconds for it: nobody else holds it for so long.
        """
        lock = self.git.common / f"{REF}.lock"
        try:
            lock.unlink()
        except OSError:
            return False
        return True

    def _remember(self, fresh: str) -> None:
        """Note the end outside of the ref, so that a ref that is moved back is noticed."""
        note = self._folder / "ledger-head"
        draft = note.with_name(f"{note.name}.{os.getpid()}")
        try:
            draft.write_text(f"{fresh}\n", "utf-8")
            draft.replace(note)
        except OSError:  # it is written and acknowledged; the note is only a help
            draft.unlink(missing_ok=True)

    def _tree(self, files: Mapping[str, bytes]) -> str:
        if sum(map(len, files.values())) > LARGEST:
            raise LedgerUnavailable(f"more than {LARGEST:,} bytes cannot be attached")
        rows = b""
        for name, content in sorted(files.items()):
            blob = self.git.ask("hash-object", "-w", "-t", "blob", "--stdin", stdin=content)
            rows += f"100644 blob {blob}\t{name}\0".encode()
        return self.git.ask("mktree", "-z", stdin=rows)


def _head(commits: tuple[Commit, ...]) -> Head:
    return Head(len(commits), commits[-1].sealed.link, commits[-1].id) if commits else START


def _subject(entry: Entry) -> str:
    """The title of a commit: for people who look with git."""
    return f"{entry.seq}: {' '.join(said(entry.fact).split())[:160]}"


def _commit(row: bytes) -> Commit:
    """A commit as `FORMAT` has it; one that is no entry of ours has an empty body."""
    id, parents, tree, message = row.lstrip(b"\n").split(b"\n", 3)
    subject, _, rest = message.partition(b"\n\n")
    body, _, trailer = rest.rpartition(b"\n\nLink: ")
    try:
        link = bytes.fromhex(trailer.decode().strip())
    except ValueError:
        link = b""
    names = tuple(parents.decode().split())
    shown = subject.decode("utf-8", "replace")
    return Commit(id.decode(), names, tree.decode(), shown, Sealed(body, link))
