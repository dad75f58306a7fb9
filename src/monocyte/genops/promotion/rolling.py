"""`rollback`: what a plan has generated is taken back, as one set, by a commit of its own.

What people have written since stays: the former generated parts are put between the sealed parts as
they are now. If the release is the last to have touched a file, that is the file as it was before.
Nothing that has happened since is lost: the former release must be able to read the journal. A plan
whose cells have been promoted again is not taken back from under the later one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from monocyte.errors import Drifted, GenopsError, IllegalMove, LedgerMoved, NoSuchCell, PlanStale
from monocyte.genops.generation.splicing import put
from monocyte.genops.ledger.book import Book
from monocyte.genops.ledger.entries import Transition
from monocyte.genops.ledger.interface import TRIES
from monocyte.genops.plans import lock as locks
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.lock import Lock
from monocyte.genops.plans.plan import Plan, drifting
from monocyte.genops.promotion.bundles import Deliver, bundled, nowhere
from monocyte.genops.promotion.commits import (
    Branch,
    Files,
    branch_of,
    checked_out,
    commit_on,
    file_at,
    is_as_in,
)
from monocyte.genops.promotion.landing import (
    Change,
    Hand,
    Landed,
    alone,
    folder_of,
    inside,
    land,
    mend_files,
    replaced,
    within,
)
from monocyte.genops.promotion.looking import Seen, look
from monocyte.genops.promotion.merging import changed_files
from monocyte.genops.promotion.promoting import release_of
from monocyte.genops.promotion.provenance import Order, Resource
from monocyte.genops.promotion.rehearsing import rehearse
from monocyte.genops.states import State, move

__all__ = ["RolledBack", "Rolling"]


class RolledBack(NamedTuple):
    """What was taken back, and where that landed."""

    plan: Plan
    landed: Landed


class Rolling:
    """Takes releases of an app back; `journal` is the app's, if it has one here."""

    def __init__(
        self,
        desk: Desk,
        package: str,
        hand: Hand,
        journal: Path | None = None,
        deliver: Deliver = nowhere,
    ) -> None:
        self.desk, self.package, self.hand, self.journal = desk, package, hand, journal
        self.deliver = deliver

    def rollback(self, name: str, why: str) -> RolledBack:
        """Take back the last release of a cell, or that of a plan.

        Raises:
            IllegalMove: it is not what runs.
            PlanStale: one of its cells was promoted or adopted again.
            GenopsError: the former release cannot read what has happened since, or what people have
                written since does not go with it; nothing was changed.
        """
        with alone(self.desk):
            for _ in range(TRIES):
                seen = self.desk.ledger.read()
                plan = self._meant(seen.book, name)
                done = self._ended(seen.book, plan)
                if done is not None:
                    return done
                change = self._change(seen.book, plan, why)
                try:
                    tried = self._tried(seen.book, plan)
                    return RolledBack(plan, land(self.desk, self.hand, change, seen, tried))
                except LedgerMoved:
                    continue
        raise LedgerMoved(f"the ledger was never still in {TRIES} tries", mend="try again later")

    def _tried(self, book: Book, plan: Plan) -> Callable[[str, Files], object]:
        return lambda envelope, files: self.deliver(bundled(book, plan, envelope, files), True)

    def _meant(self, book: Book, name: str) -> Plan:
        """The plan of that name, or the one that has released the cell of that name."""
        lock = self.desk.lock()
        locked = lock.cells.get(name)
        if locked is not None and locked.plan:
            return self.desk.find(book, locked.plan)
        if locked is not None:
            mend = "there is nothing to go back to: monocyte ledger show"
            raise NoSuchCell(f"{name} was adopted, and not promoted", cell=name, mend=mend)
        return self.desk.find(book, name)

    def _ended(self, book: Book, plan: Plan) -> RolledBack | None:
        """Bring the files along where a kill has left them behind; None if there was none."""
        if book.state(plan.id) is not State.ROLLED_BACK:
            return None
        landed = release_of(self.desk, book, plan, State.ROLLED_BACK)
        git = self.desk.git
        if git.resolve("HEAD") == landed.commit and mend_files(self.desk, landed.commit):
            return RolledBack(plan, landed)
        return None

    # -- what lands --------------------------------------------------------------------------------

    def _change(self, book: Book, plan: Plan, why: str) -> Change:
        desk = self.desk
        source = book.state(plan.id)
        move(source, State.ROLLED_BACK, plan=plan.id)
        branch = branch_of(desk.git)
        released = release_of(desk, book, plan)
        is_put_back = self._is_put_back(released, branch)
        desk.refuse_dirty()
        self._refuse_overtaken(plan)
        if not is_put_back:
            self._refuse_edits(book, plan)
        if not desk.git.is_ancestor(released.commit, branch.tip):
            said = f"{plan.id} is {released.commit[:12]}, which is not on this branch"
            raise IllegalMove(said, source=source, target=State.ROLLED_BACK)
        parent = desk.git.resolve(f"{released.commit}^")
        files = self._files(plan, parent, released.commit, branch.tip)
        sequence = replaced(desk, branch.tip, files)

        def fact(named: Mapping[str, str]) -> Transition:
            return Transition(plan.id, source, State.ROLLED_BACK, why, dict(named))

        return Change(
            branch,
            files,
            _message(plan, released, why),
            lambda seq: Order(
                app=desk.app,
                plan=plan.id,
                act="rollback",
                cells=tuple(it.cell for it in plan.cells),
                author=plan.by,
                sequence=seq,
                replaces=sequence,
                removes=tuple(within(desk, path) for path, it in files.items() if it is None),
            ),
            fact,
            (
                Resource(name="policy", uri="git:", digest={"gitCommit": desk.base.commit}),
                Resource(name="parent", uri="git:", digest={"gitCommit": branch.tip}),
                Resource(name="taken back", uri="git:", digest={"gitCommit": released.commit}),
            ),
            (),
        )

    def _is_put_back(self, released: Landed, branch: Branch) -> bool:
        """Whether an app that runs here has put the former files back; then that is undone first.

        Its watch does so by itself; what people see is then what was before, and no edit of theirs.
        """
        git, commit = self.desk.git, released.commit
        if branch.tip != commit:
            return False
        parent = git.resolve(f"{commit}^")
        paths = [path for path, _ in changed_files(git.answer, parent, commit)]
        if not all(is_as_in(git, parent, path) for path in paths):
            return False
        git.ask("checkout", "HEAD", "--", *paths)
        return True

    def _refuse_overtaken(self, plan: Plan) -> None:
        lock = self.desk.lock()
        for it in plan.cells:
            locked = lock.cells.get(it.cell)
            if it.action != "retire" and (locked is None or locked.plan != plan.id):
                by = locked.plan if locked and locked.plan else "an adoption"
                mend = f"take that back first, if you want to: monocyte rollback {it.cell}"
                raise PlanStale(f"{it.cell} was taken over by {by} since", mend=mend)

    def _refuse_edits(self, book: Book, plan: Plan) -> None:
        """An edit by hand would go with it."""
        cells = {it.cell for it in plan.cells}
        edits = [it for it in drifting(self.desk.scene(book, self.desk.lock())) if it.cell in cells]
        if edits:
            said = "; ".join(f"{it.cell}.{it.part} {it.how}" for it in edits[:5])
            mend = f"decide first what becomes of it: monocyte drift adopt|revert {edits[0].cell}"
            raise Drifted(f"edited since: {said}", mend=mend)

    def _files(self, plan: Plan, parent: str, release: str, tip: str) -> dict[str, bytes | None]:
        """The former generated parts in the files as they are now, with the lock of then."""
        git, desk = self.desk.git, self.desk
        lock_path = inside(desk, locks.FILE)
        touched = [path for path, _ in changed_files(git.answer, parent, release)]
        own = [path for path in touched if path != lock_path]
        later = [path for path in own if file_at(git, tip, path) != file_at(git, release, path)]
        before = self._look(parent) if later else {}
        now = self._look(tip) if later else {}
        files = {
            path: self._former(path, parent, tip, before, now)
            if path in later
            else file_at(git, parent, path)
            for path in own
        }
        draft = commit_on(git, tip, files, "to be looked at", desk.person)
        with checked_out(git, draft) as tree:
            after = look(folder_of(desk, tree), self.package)
            self._refuse_loss(folder_of(desk, tree), plan)
        self._refuse_mixture(later, before, now, after)
        return {**files, lock_path: self._lock(plan, parent, after).content}

    def _look(self, commit: str) -> dict[str, Seen]:
        with checked_out(self.desk.git, commit) as tree:
            return look(folder_of(self.desk, tree), self.package)

    def _former(
        self,
        path: str,
        parent: str,
        tip: str,
        before: Mapping[str, Seen],
        now: Mapping[str, Seen],
    ) -> bytes | None:
        """A file in which people have written since, with its former generated parts."""
        git = self.desk.git
        old, new = file_at(git, parent, path), file_at(git, tip, path)
        name = within(self.desk, path)
        cell, then = _at(now, name), _at(before, name)
        if old is None or new is None or cell is None or then is None:
            said = f"{path} was made or taken away by people or by the release, and changed since"
            raise GenopsError(said, where=path, mend="take it back by hand: git diff, git checkout")
        told = put(
            path,
            new.decode("utf-8"),
            old.decode("utf-8"),
            frozenset(cell[1].facts.generated),
            frozenset(then[1].facts.generated),
        )
        return told.encode()

    def _refuse_mixture(
        self,
        later: list[str],
        before: Mapping[str, Seen],
        now: Mapping[str, Seen],
        after: Mapping[str, Seen],
    ) -> None:
        """What people wrote must be as it is, and what was generated as it was."""
        for path in later:
            name = within(self.desk, path)
            found, then, cell = _at(after, name), _at(before, name), _at(now, name)
            if found is None or then is None or cell is None:
                raise GenopsError(f"{path} is no cell any more", where=path)
            facts, wanted = found[1].facts, cell[1].facts
            theirs = (facts.words, facts.rules, facts.evidence)
            if theirs != (wanted.words, wanted.rules, wanted.evidence):
                said = f"what people wrote in {found[0]} since would not stay as it is"
                raise GenopsError(said, where=path, mend="take it back by hand, then adopt it")
            if facts.generated != then[1].facts.generated:
                said = f"what people wrote in {found[0]} since does not go with what was before"
                raise GenopsError(said, where=path, mend="take it back by hand, then adopt it")

    def _refuse_loss(self, tree: Path, plan: Plan) -> None:
        """The former release must be able to read what has happened; else it would be lost."""
        if self.journal is None or not self.journal.exists():
            return
        cells = [it.cell for it in plan.cells]
        found = rehearse(tree, self.package, self.journal, cells, folding=True)
        for cell, why in found.unread.items():
            said = f"{cell} could not read what has happened since: {why}"
            mend = "bring back what reads it (the event, its evolver, an upcaster) in a new plan"
            raise GenopsError(said, where=str(self.journal), mend=mend)

    def _lock(self, plan: Plan, parent: str, after: Mapping[str, Seen]) -> Lock:
        """The lock as it was for these cells; the texts are those of the files now."""
        content = file_at(self.desk.git, parent, inside(self.desk, locks.FILE))
        old = Lock() if content is None else locks.opened(content)
        fresh = {}
        for it in plan.cells:
            was, seen = old.cells.get(it.cell), after.get(it.cell)
            fresh[it.cell] = _with_text(was, seen) if was is not None else None
        return self.desk.lock().with_cells(fresh)


def _with_text(was: locks.Locked, seen: Seen | None) -> locks.Locked:
    """What was locked; it need not be the same text, so what is known of that is not claimed."""
    is_same = seen is not None and seen.facts == was.facts
    return msgspec.structs.replace(was, text=seen.text if seen and is_same else "")


def _at(seen: Mapping[str, Seen], file: str) -> tuple[str, Seen] | None:
    return next(((name, it) for name, it in seen.items() if it.file == file), None)


def _message(plan: Plan, released: Landed, why: str) -> str:
    names = ", ".join(it.cell for it in plan.cells)
    trailers = f"Plan: {plan.id}\nRollback-of: {released.commit}\n"
    return f"Roll back {names}\n\n{' '.join(why.split())}\n\n{trailers}"
