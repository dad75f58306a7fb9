"""`replay --frozen`: a release made once more, offline, from what the ledger has of it.

A child loads the tree that the plan was made on, asks the same prompts, hears the answers that are
attached to the candidate, and splices them as then; it has no network, and knows no model. What
comes out is held against the candidate and the commit, byte by byte; so is `regen.lock`, which is
written anew from the tree. Of agents the file that they left is what is answered.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec

from monocyte.cell import load_package
from monocyte.errors import GenopsError, MonocyteError
from monocyte.genops import candidates
from monocyte.genops.candidates import Candidate
from monocyte.genops.gates import verdict as verdicts
from monocyte.genops.gates.verdict import Finding, Verdict
from monocyte.genops.generation import takes
from monocyte.genops.generation.redrawing import redrawing
from monocyte.genops.generation.splicing import unsealed_in
from monocyte.genops.generation.writing import Cell, Question, Unanswered, Writer
from monocyte.genops.ledger.book import Book
from monocyte.genops.ledger.entries import Entry, Transition
from monocyte.genops.pins import read_regeneration
from monocyte.genops.plans import lock as locks
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.facts import facts_of, sealed_names
from monocyte.genops.plans.plan import Plan, Scene, told
from monocyte.genops.promotion.commits import checked_out, file_at
from monocyte.genops.promotion.landing import folder_of, inside
from monocyte.genops.promotion.looking import answer, asked, look
from monocyte.genops.promotion.merging import changed_files
from monocyte.genops.promotion.promoting import lock_of, release_of
from monocyte.genops.promotion.provenance import digest_of
from monocyte.genops.states import State
from monocyte.literate.context import Known
from monocyte.literate.trees import tree_of
from monocyte.semdiff.workers.lock import leave_network

__all__ = ["Replayed", "Replaying"]

SECONDS = 300.0


class Replayed(NamedTuple):
    """A release that was made once more: what came out by path, and what is not as it was."""

    plan: str
    files: Mapping[str, bytes | None]
    faults: tuple[str, ...]


class Task(msgspec.Struct, frozen=True):
    """What the child is asked: an app, its plan, and the findings that each attempt came back with.

    `rounds` has one row for each candidate: the findings of the gates, by cell.
    """

    root: str
    prefix: str
    package: str
    plan: Plan
    takes: list[takes.Take]
    rounds: tuple[dict[str, tuple[Finding, ...]], ...]


class Replaying:
    """Makes the releases of an app once more."""

    def __init__(self, desk: Desk, package: str) -> None:
        self.desk, self.package = desk, package

    def every(self) -> Iterator[Replayed]:
        """Every release that the ledger knows of, in order."""
        book = self.desk.ledger.read().book
        for id, state in sorted(book.entered, key=lambda it: book.entered[it].seq):
            if state is State.PROMOTED and self.desk.app_of(book, id) == self.desk.app:
                yield self.replay(book, id)

    def replay(self, book: Book, name: str) -> Replayed:
        """One release; what is not as it was is said, and raises nothing."""
        plan = self.desk.find(book, name)
        try:
            return self._replayed(book, plan)
        except MonocyteError as why:
            return Replayed(plan.id, {}, (f"{why.where}: {why.message}".removeprefix(": "),))

    def _replayed(self, book: Book, plan: Plan) -> Replayed:
        desk = self.desk
        released = release_of(desk, book, plan)
        made = [*self._attempts(plan, State.CANDIDATE)]
        candidate = candidates.opened(desk.ledger.attachment(made[-1].seq, candidates.FILE))
        with checked_out(desk.git, candidate.base) as tree:
            texts = self._written(plan, candidate, made, tree)
        files: dict[str, bytes | None] = {path: text.encode() for path, text in texts.items()}
        files |= {path: None for path, digest in candidate.files.items() if digest is None}
        faults = [*_unlike(files, candidate.files)]
        git, commit = desk.git, released.commit
        parent = git.resolve(f"{commit}^")
        with checked_out(git, commit) as tree:
            seen = look(folder_of(desk, tree), self.package)
        old = file_at(git, parent, inside(desk, locks.FILE))
        before = locks.Lock() if old is None else locks.opened(old)
        files[inside(desk, locks.FILE)] = lock_of(plan, before, seen).content
        faults += [
            f"{path} is not what {commit[:12]} holds"
            for path, content in changed_files(git.answer, parent, commit)
            if files.get(path, b"") != content
        ]
        return Replayed(plan.id, files, tuple(faults))

    def _written(
        self, plan: Plan, candidate: Candidate, made: Sequence[Entry], tree: Path
    ) -> dict[str, str]:
        """What the answers come to, by path within the repository; only what differs from then."""
        desk = self.desk
        content = desk.ledger.attachment(made[-1].seq, takes.FILE)
        if digest_of(content) != candidate.cassettes.get(takes.FILE):
            raise GenopsError("the answers are not those of the candidate")
        app = folder_of(desk, tree)
        prefix = inside(desk, "")
        task = Task(
            str(app),
            prefix,
            self.package,
            plan,
            takes.opened(content),
            (*self._rounds(plan, made),),
        )
        with tempfile.TemporaryDirectory(prefix="monocyte-replay-") as folder:
            file = Path(folder, "task")
            file.write_bytes(msgspec.json.encode(task))
            done = asked(__name__, [str(file)], SECONDS)
        try:
            return msgspec.json.decode(done.answer, type=dict[str, str])
        except (msgspec.DecodeError, UnicodeDecodeError) as why:
            lines = " ".join(done.printed.strip().splitlines()[-3:])
            raise GenopsError(f"it cannot be made again: {lines or done.code}") from why

    def _rounds(
        self, plan: Plan, made: Sequence[Entry]
    ) -> Iterator[dict[str, tuple[Finding, ...]]]:
        """What the gates found of every candidate but the last, by the cell that had to mend it."""
        judged = [*self._attempts(plan, State.GATED)]
        for entry in judged[: len(made) - 1]:
            verdict = verdicts.opened(self.desk.ledger.attachment(entry.seq, verdicts.FILE))
            yield due_of(verdict, [it.cell for it in plan.cells if it.action != "retire"])

    def _attempts(self, plan: Plan, state: State) -> Iterator[Entry]:
        for entry in self.desk.ledger.read().entries:
            fact = entry.fact
            if isinstance(fact, Transition) and (fact.plan, fact.target) == (plan.id, state):
                yield entry


def due_of(verdict: Verdict, cells: Sequence[str]) -> dict[str, tuple[Finding, ...]]:
    """Which cells have to mend what a verdict refuses: that of a finding, else all."""
    due: dict[str, tuple[Finding, ...]] = {}
    for it in verdict.findings:
        if it.severity == "error":
            for name in [it.cell] if it.cell in cells else cells:
                due[name] = (*due.get(name, ()), it)
    return due


def _unlike(files: Mapping[str, bytes | None], wanted: Mapping[str, str | None]) -> Iterator[str]:
    for path in sorted(files.keys() | wanted.keys()):
        content = files.get(path, b"")
        if (None if content is None else digest_of(content)) != wanted.get(path, ""):
            yield f"{path} does not come out as the candidate has it"


def main(arguments: Sequence[str]) -> None:
    """The child: write every cell once more, from the answers alone."""
    descriptor, file = arguments
    leave_network()  # where the system allows it
    task = msgspec.json.decode(Path(file).read_bytes(), type=Task)
    answer(descriptor, _again(task))


def _again(task: Task) -> dict[str, str]:
    root, agents = Path(task.root), {it.cell for it in task.takes if it.kind == "file"}
    attempts = read_regeneration(root).options.attempts
    tree = root.parents[task.prefix.count("/") - 1] if task.prefix else root
    redraws = redrawing(tree, task.prefix.rstrip("/"), task.package)
    with tempfile.TemporaryDirectory(prefix="monocyte-takes-") as folder:
        kept = takes.Takes(Path(folder))
        for it in task.takes:
            kept.keep(it)
        writers = {
            cell.name: Writer(
                cell, _Silent(cell.name in agents), kept, attempts=attempts, redraws=redraws
            )
            for cell in _cells(task)
        }
        for found in (*task.rounds, {}):
            for writer in writers.values():
                if not writer.write():
                    raise SystemExit(f"{writer.cell.name}: what is asked now was never answered")
            for name, findings in found.items():
                writers[name].reopen(findings)
    return {
        it.cell.path: it.text
        for it in writers.values()
        if it.text is not None and it.text != it.cell.base
    }


class _Silent:
    """Who answers what was never asked: nobody."""

    def __init__(self, in_place: bool) -> None:
        self.in_place = in_place

    def answer(self, question: Question) -> Unanswered:
        """Nothing."""
        return Unanswered(f"attempt {question.attempt} at {question.cell.name} was never made")


def _cells(task: Task) -> Iterator[Cell]:
    """The cells of the plan as they stood, with what the model was told of them."""
    root, plan = Path(task.root), task.plan
    loaded = load_package(root, task.package)
    manifests = {it.name: it for it in loaded.manifests}
    facts = {it.name: facts_of(it, loaded.manifests) for it in loaded.manifests}
    scene = Scene(
        plan.app,
        loaded.manifests,
        locks.read_lock(root) or locks.Lock(),
        read_regeneration(root),
        "",
        {},
        Book(),
        plan.by,
        date.min,
        facts,
        Known(),
    )
    for it in plan.cells:
        if it.action == "retire":
            continue
        manifest = manifests[it.cell]
        path = Path(manifest.file).resolve().relative_to(root.resolve()).as_posix()
        text = Path(manifest.file).read_bytes().decode("utf-8")
        tree = tree_of(manifest.file)
        if tree is None:
            raise SystemExit(f"{path} cannot be read")
        sealed = sealed_names(manifest, tree, unsealed_in(text))
        yield Cell(it.cell, f"{task.prefix}{path}", text, sealed, told(plan, scene, it))
