"""`Desk`: where plans are made, shown and approved for one app: the files, git and the ledger.

What is decided is decided elsewhere, on values; this is what reads them from the disk and writes
down what became of it. The ledger is read before anything, and whatever cannot be read ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from monocyte.cell import Manifest
from monocyte.errors import GenopsError, IllegalMove, NotApproved
from monocyte.genops.git import Git
from monocyte.genops.ledger.book import Book
from monocyte.genops.ledger.entries import Adoption, Estimated, Transition
from monocyte.genops.ledger.entries import Approval as Approved
from monocyte.genops.ledger.gitledger import GitLedger
from monocyte.genops.ledger.interface import Clock, Decided, Read, now, record
from monocyte.genops.money import Money
from monocyte.genops.pins import read_regeneration
from monocyte.genops.plans.approvals import Statement, Subject, approve, judged, valid
from monocyte.genops.plans.base import Base, base_of
from monocyte.genops.plans.facts import Facts, facts_of, text_of
from monocyte.genops.plans.keys import Signer
from monocyte.genops.plans.lock import Lock, Locked, read_lock, write_lock
from monocyte.genops.plans.plan import Plan, Scene, make_plan, opened, refuse_stale
from monocyte.genops.plans.policy import Unmet, needs, refuse_unmet, unmet
from monocyte.genops.states import State, move
from monocyte.literate.context import Known
from monocyte.literate.findings import Finding
from monocyte.literate.keeping import Keeper
from monocyte.tables import FILE

__all__ = ["Desk", "Standing"]

PLAN = "plan.json"
"""What a plan is called where it is attached."""

APP = "app"
"""What the app is called where a plan was made."""


class Standing(NamedTuple):
    """A plan in the ledger: where it stands, who has agreed, and what is missing."""

    plan: Plan
    state: State
    agreed: tuple[Statement, ...]
    missing: tuple[Unmet, ...]


class Desk:
    """The plans of the app in `root`.

    Raises:
        LedgerUnavailable: there is no repository.
        ConfigError: the settings, or those of the base revision, cannot be.
    """

    def __init__(
        self,
        app: str,
        root: Path,
        manifests: Sequence[Manifest],
        *,
        person: str,
        base: str | None = None,
        clock: Clock = now,
    ) -> None:
        self.app, self.root, self.manifests, self.person = app, root, manifests, person
        self.clock = clock
        self.settings = read_regeneration(root)
        self.ledger = GitLedger(root, clock)
        self.base: Base = base_of(self.ledger.git, root, base)
        self._facts_of_checks = self._findings()

    @property
    def git(self) -> Git:
        """The repository around the app."""
        return self.ledger.git

    # -- making ------------------------------------------------------------------------------------

    def lock(self) -> Lock:
        """What was promoted last.

        Raises:
            GenopsError: nothing was ever taken into account, or it cannot be read.
        """
        found = read_lock(self.root)
        if found is None:
            mend = "take what is there as it stands, and commit the lock: monocyte plan --adopt"
            raise GenopsError(
                "nothing was promoted or adopted yet", where=str(self.root), mend=mend
            )
        return found

    def scene(self, book: Book, lock: Lock) -> Scene:
        """Everything that a plan is made from, as it is now."""
        return Scene(
            self.app,
            self.manifests,
            lock,
            self.settings,
            self.base.digest,
            self._facts_of_checks,
            book,
            self.person,
            self.moment(book).date(),
            self.facts,
            Known(),
        )

    @cached_property
    def facts(self) -> dict[str, Facts]:
        """The facts of every cell, which do not change while a process holds them."""
        lock = read_lock(self.root) or Lock()
        known = {
            it.name: cell.facts
            for it in self.manifests
            if (cell := lock.cells.get(it.name)) is not None and cell.text == text_of(it.file)
        }
        return {it.name: facts_of(it, self.manifests, known.get(it.name)) for it in self.manifests}

    def plan(self, names: Iterable[str] = (), *, everything: bool = False) -> Plan | None:
        """Make a plan and write it down, once; None if there is nothing to do."""
        seen = self.ledger.read()
        plan = make_plan(self.scene(seen.book, self.lock()), names, everything=everything)
        if plan is not None:
            self._write(plan)
        return plan

    def adopt(self, names: Iterable[str] = (), why: str = "") -> list[str]:
        """Take cells as they stand: what they are now counts as promoted. All, if none is named."""
        lock, facts = read_lock(self.root) or Lock(), self.facts
        wanted = [*names] or [*(facts.keys() | lock.cells.keys())]
        files = {it.name: it.file for it in self.manifests}
        fresh: dict[str, Locked | None] = {
            name: Locked(text=text_of(files[name]), facts=facts[name]) if name in facts else None
            for name in wanted
        }
        other = [
            name
            for name, it in sorted(fresh.items())
            if it is None or _differs(it, lock.cells.get(name))
        ]
        if other:
            digests = {name: it.digest if (it := fresh[name]) else "" for name in other}
            fact = Adoption(self.app, digests, why)
            record(self.ledger, lambda _: Decided(fact), who=self.person)
            write_lock(self.root, lock.with_cells({name: fresh[name] for name in other}))
        return other

    def _write(self, plan: Plan) -> None:
        estimates = {
            it.cell: Estimated(it.pin, it.action, it.cost.base)
            for it in plan.cells
            if it.pin and it.cost.base
        }
        fact = Transition(
            plan.id,
            State.DRAFT,
            State.PLANNED,
            ", ".join(it.cell for it in plan.cells),
            {PLAN: plan.digest, APP: self.app},
            estimates,
        )

        def once(seen: Read) -> Decided | None:
            known = plan.id in seen.book.made
            return None if known else Decided(fact, {PLAN: plan.content})

        record(self.ledger, once, who=self.person)

    # -- showing -----------------------------------------------------------------------------------

    @property
    def package(self) -> str:
        """The package with the cells, dotted, as the settings name it."""
        return str(self.settings.document.raw.get("app", {}).get("cells", ""))

    def find(self, book: Book, name: str) -> Plan:
        """The plan of that ID, or of the only one that begins so.

        Raises:
            GenopsError: there is none, or more than one.
        """
        full = name if name.startswith("plan") else f"plan-{name}"
        found = [
            it for it in book.made if it.startswith(full) and self.app_of(book, it) == self.app
        ]
        if len(found) != 1:
            what = (
                f"{len(found)} plans are called {name}" if found else f"there is no plan {name!r}"
            )
            mend = f"one of: {', '.join([*book.made][-5:])}" if book.made else "monocyte plan"
            raise GenopsError(what, mend=mend)
        plan = opened(self.ledger.attachment(book.made[found[0]].seq, PLAN))
        if plan.id != found[0] or plan.app != self.app:
            raise GenopsError(f"{found[0]} is not what the ledger says of it")
        return plan

    def app_of(self, book: Book, plan: str) -> str:
        """The app that a plan is for: a repository may hold several."""
        fact = book.made[plan].fact
        return fact.evidence.get(APP, "") if isinstance(fact, Transition) else ""

    def standing(self, book: Book, plan: Plan) -> Standing:
        """Where a plan stands, and who has agreed to its price."""
        wanted = needs(self.base.approval, spend=Money(plan.cost.cap))
        agreed = tuple(self.agreed(book, plan))
        missing = unmet(self.base.approval, wanted, [it.by for it in agreed], plan.by)
        return Standing(plan, book.state(plan.id), agreed, tuple(missing))

    def agreed(self, book: Book, plan: Plan) -> Iterable[Statement]:
        """Every approval of a plan's price that counts now."""
        given = book.approvals.get(plan.id, ())
        return valid(given, self.subject(plan), self.base.approval, self.moment(book))

    def subject(self, plan: Plan) -> Subject:
        """What is signed by who agrees to a plan's price."""
        return Subject(self.app, plan.id, "spend", plan.digest)

    def moment(self, book: Book) -> datetime:
        """Now, and never before the last entry: a clock that is set back revives nothing."""
        clock = self.clock()
        return clock if book.last is None else max(clock, book.last.at)

    # -- agreeing ----------------------------------------------------------------------------------

    def approve(self, name: str, signer: Signer, *, by: str, why: str = "") -> Standing:
        """Agree to a plan's price; with the last approval that it needs it is SPEND_APPROVED.

        Raises:
            NotApproved: who signs has no key in the base revision, or made the plan.
            PlanStale: what it was made from has changed.
            GenopsError: what it was made from is not committed.
            IllegalMove: it waits for no approval.
        """
        seen = self.ledger.read()
        plan = self.find(seen.book, name)
        self._refuse_closed(seen.book, plan)
        self.refuse_dirty()
        refuse_stale(plan, self.scene(seen.book, self.lock()))
        self._refuse_stranger(plan, by)
        given = self._signed(seen.book, plan, signer, by=by, why=why)
        record(self.ledger, lambda _: Decided(given), who=by)
        return self.settle(plan)

    def settle(self, plan: Plan) -> Standing:
        """Move a plan on if nobody's agreement is missing; where it stands then."""

        def decide(seen: Read) -> Decided | None:
            found = self.standing(seen.book, plan)
            if found.missing or found.state is not State.PLANNED:
                return None
            names = ", ".join(it.by for it in found.agreed) or "nobody needs to"
            fact = Transition(plan.id, State.PLANNED, State.SPEND_APPROVED, f"agreed: {names}")
            return Decided(fact)

        record(self.ledger, decide, who=self.person)
        return self.standing(self.ledger.read().book, plan)

    def reject(self, name: str, why: str) -> Standing:
        """Say no to a plan, and why."""
        plan = self.find(self.ledger.read().book, name)

        def decide(seen: Read) -> Decided:
            return Decided(Transition(plan.id, seen.book.state(plan.id), State.REJECTED, why))

        record(self.ledger, decide, who=self.person)
        return self.standing(self.ledger.read().book, plan)

    def ready(self, name: str) -> Plan:
        """A plan for which money may be spent now; whoever spends asks this first.

        That it is called SPEND_APPROVED is not enough: anybody may have written that. The
        signatures are judged once more, by the keys and the policy of this moment.

        Raises:
            IllegalMove: it is not SPEND_APPROVED.
            NotApproved: somebody's agreement is missing, or has expired.
            PlanStale: what it was made from has changed.
            GenopsError: what it was made from is not committed.
        """
        book = self.ledger.read().book
        plan = self.find(book, name)
        stands = self.standing(book, plan)
        if stands.state is not State.PLANNED:  # a policy that asks for nobody has moved nothing yet
            move(stands.state, State.GENERATING, plan=plan.id)
        refuse_unmet(stands.missing)
        self.refuse_dirty()
        refuse_stale(plan, self.scene(book, self.lock()))
        return self.settle(plan).plan

    def refuse_dirty(self) -> None:
        """Raise GenopsError if what a plan reads is not committed: nobody else could judge it."""
        files = [Path(it.file) for it in self.manifests]
        files += [self.root / name for name in (FILE, "regen.lock", "rules.lock")]
        if changed := self.git.changed(files):
            mend = "commit it, on any branch; a plan stays good if only the commit is new"
            raise GenopsError(f"not committed: {', '.join(changed[:5])}", mend=mend)

    def _signed(self, book: Book, plan: Plan, signer: Signer, *, by: str, why: str) -> Approved:
        """The approval, which is held against the base revision before it is written."""
        days, subject = self.base.approval.days, self.subject(plan)
        moment = self.moment(book)
        given = approve(subject, signer, by=by, now=moment, days=days, why=why)
        judged(given, subject, self.base.approval, moment)
        return given

    def _refuse_closed(self, book: Book, plan: Plan) -> None:
        state = book.state(plan.id)
        if state is not State.PLANNED:
            raise IllegalMove(
                f"{plan.id} is {state}: it waits for no approval of its price",
                source=state,
                target=State.SPEND_APPROVED,
                mend=f"monocyte show {plan.id}",
            )

    def _refuse_stranger(self, plan: Plan, by: str) -> None:
        approval = self.base.approval
        if by not in approval.keys:
            mend = f"have the line of `monocyte keys show {by}` merged under [approval.keys]"
            raise NotApproved(f"{by} has no key in {self.base.name}", where=FILE, mend=mend)
        shared = approval.keys[by] == approval.keys.get(plan.by)
        if not approval.own and (by == plan.by or shared):
            mend = "ask somebody else, or write own = true under [approval], for a team of one"
            raise NotApproved(f"{by} made this plan, and may not approve it", mend=mend)

    def _findings(self) -> Mapping[str, tuple[Finding, ...]]:
        """What the last check has found in cells that have not changed since."""
        known = Keeper(self.root).record()
        cells = known.cells if known is not None else {}
        return {
            it.name: cells[it.name].findings
            for it in self.manifests
            if it.name in cells and cells[it.name].digest == it.release
        }


def _differs(fresh: Locked, old: Locked | None) -> bool:
    """Whether taking a cell as it stands would change what is known of it."""
    return old is None or old.facts != fresh.facts
