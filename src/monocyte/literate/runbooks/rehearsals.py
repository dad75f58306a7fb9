"""Rehearses every runbook: straight, twice, interrupted, failing and undone after every command.

Each rehearsal has a World of its own, in which the scenario `after` has been played; there an
operator in the runbook's roles works through it, with the arguments of its `example`. It is the
runner and the logbook of real runs; only the desk is one at which things can go wrong on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from traceback import walk_tb
from typing import Any, NamedTuple

from monocyte.cell import Manifest
from monocyte.cell.evidence import Runbook
from monocyte.contracts import Command, Envelope, Principal, Query
from monocyte.errors import Busy, MonocyteError, Unavailable
from monocyte.literate.artefacts import Artefact
from monocyte.literate.findings import Finding, finding
from monocyte.literate.limits import LIMIT, Overdue, within
from monocyte.literate.record import RehearsalRecord, Step
from monocyte.literate.runbooks.logbook import Entry, MemoryLogbook, Passed, Planned, Sending
from monocyte.literate.runbooks.planning import Procedure, Words
from monocyte.literate.runbooks.runner import Question, Runner, Stopped
from monocyte.testing import World

__all__ = ["Rehearsal", "Scene", "Trouble", "WorldDesk", "artefacts", "check", "rehearse"]

OPERATOR = "operator"
"""Who rehearses."""

STEPS = 200_000
"""How many callbacks a rehearsal may take in its World before it is called endless."""


class Rehearsal(NamedTuple):
    """How one rehearsal went; `finding` says what is wrong, if anything."""

    record: RehearsalRecord
    finding: Finding | None


class _WrongError(AssertionError):
    """What a rehearsal has shown to be wrong, where, and the mend."""

    def __init__(self, message: str, where: str, mend: str) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.mend = mend


class _KilledError(BaseException):
    """The process is gone: nobody catches it, and nothing more is written down."""


class Trouble(NamedTuple):
    """What goes wrong at the n-th command that leaves, counted from 1.

    `before`: the process is gone before it leaves. `after`: it takes effect, and then the process
    is gone. `busy`: the app turns it away. `lost`: it takes effect, but its answer is lost.
    """

    kind: str = ""
    at: int = 0


class WorldDesk:
    """The app in a World, as the operator sees it."""

    def __init__(self, world: World, roles: tuple[str, ...], trouble: Trouble) -> None:
        self.sent = 0
        self._world = world
        self._principal = Principal(OPERATOR, frozenset(roles))
        self._actor = world.by(OPERATOR, *roles)
        self._trouble = trouble

    @property
    def name(self) -> str:
        """The name of the principal."""
        return OPERATOR

    @property
    def roles(self) -> frozenset[str]:
        """The roles of the principal."""
        return self._principal.roles

    def ask(self, query: Query[Any]) -> Any:
        """Ask a query; raises BusError as the World does."""
        return self._actor.ask(query)

    def send(self, command: Command[Any], id: str) -> Any:
        """Send a command under that id, and let all that follows from it happen."""
        self.sent += 1
        trouble = self._trouble.kind if self._trouble.at == self.sent else ""
        if trouble == "before":
            raise _KilledError
        if trouble == "busy":
            raise Busy("turned away on purpose", cell=type(command).__cell__)
        simulation = self._world._simulation  # noqa: SLF001 (an actor chooses no ids)
        work = simulation.request(Envelope(f"{OPERATOR}:{id}", self._principal), command)
        try:
            reply = simulation.finish(simulation.order(work, f"{command!r} by {OPERATOR}"))
        finally:
            self._world.settle()
        if trouble == "after":
            raise _KilledError
        if trouble == "lost":
            raise Unavailable("the answer is lost on purpose", cell=type(command).__cell__)
        return reply

    def wait(self, tries: int) -> bool:  # noqa: ARG002 (the World has settled)
        """Nothing more will happen by itself."""
        return False


class _Willing:
    """A guide who agrees to everything, and takes for done what only hands can do."""

    assumes = True

    def confirm(self, question: Question) -> bool:  # noqa: ARG002 (whatever it is)
        """Yes."""
        return True

    def tell(self, entry: Entry) -> None:
        """Nobody listens."""


class Scene:
    """One World after the scenario that leads there, and a logbook that outlives processes."""

    def __init__(self, world: World, procedure: Procedure, run: str = "rehearsal") -> None:
        self.world = world
        self.procedure = procedure
        self.runbook = procedure.runbook
        self.run = run
        self.log = MemoryLogbook(run)
        _play(self.runbook, world)
        self.played = len(world.trace)
        self.before = self.view()

    def view(self) -> Any:
        """What `keeps` shows just now."""
        return self.procedure.view(WorldDesk(self.world, self.runbook.roles, Trouble()))

    def start(self, trouble: Trouble = Trouble()) -> bool:  # noqa: B008 (a frozen value)
        """Run it from the beginning; False if it was cut short as it was meant to."""
        return self._try(lambda runner: runner.start(self.run), trouble)

    def resume(self, trouble: Trouble = Trouble()) -> bool:  # noqa: B008 (a frozen value)
        """Let a new process take it up; False if that was cut short as it was meant to."""
        return self._try(Runner.resume, trouble)

    def undo(self, trouble: Trouble = Trouble()) -> bool:  # noqa: B008 (a frozen value)
        """Let a new process undo it; False if that was cut short as it was meant to."""
        return self._try(Runner.undo, trouble)

    def again(self) -> Scene:
        """The same runbook in the same World, as another run."""
        other = Scene.__new__(Scene)
        vars(other).update(vars(self))
        other.run = f"{self.run}-again"
        other.log = MemoryLogbook(other.run)
        return other

    def _try(self, work: Callable[[Runner], None], trouble: Trouble) -> bool:
        self.log = self.log.reopened()
        desk = WorldDesk(self.world, self.runbook.roles, trouble)
        runner = Runner(self.procedure, desk, self.log, _Willing(), now=lambda: "")
        try:
            work(runner)
        except _KilledError:
            return False
        except Stopped:
            if trouble.kind in ("busy", "lost") and desk.sent == trouble.at:
                return False
            raise
        return True

    @property
    def sendings(self) -> list[Sending]:
        """Every command that was to leave."""
        return [entry for entry in self.log.entries if isinstance(entry, Sending)]

    def plan(self, number: int) -> Planned:
        """The step of that number."""
        plans = [entry for entry in self.log.entries if isinstance(entry, Planned)]
        return plans[number - 1]

    def events(self) -> tuple[tuple[str, str, bytes], ...]:
        """All that has happened in this World, cell by cell."""
        entries = self.world.entries
        return tuple((it.cell, record.name, record.body) for it in entries for record in it.events)

    def told(self) -> tuple[Step, ...]:
        """What was said since the scenario, but for the questions."""
        said = self.world.trace[self.played :]
        return tuple(
            Step(it.source, it.target, it.kind, it.name, it.text, it.outcome)
            for it in said
            if it.kind != "query"
        )


# -- what is rehearsed -----------------------------------------------------------------------------


def check(manifests: Sequence[Manifest]) -> Iterator[Finding]:
    """What is wrong with the runbooks of cells."""
    for manifest in manifests:
        for rehearsal in rehearse(manifest, manifests):
            if rehearsal.finding is not None:
                yield rehearsal.finding


def rehearse(
    manifest: Manifest, manifests: Sequence[Manifest], *, seconds: float = LIMIT
) -> Iterator[Rehearsal]:
    """Every rehearsal of every runbook of a cell, in a World with all `manifests`.

    What does not work straight is not interrupted: one runbook, one cause. A rehearsal that takes
    longer than so many seconds never ends; 0 is for ever.
    """
    words = Words(manifests)
    for runbook in manifest.runbooks.values():
        procedure = Procedure(manifest, runbook, words, dict(runbook.example))
        yield from _Rehearsals(procedure, manifests, seconds).all()


def artefacts(manifest: Manifest, manifests: Sequence[Manifest]) -> Iterator[Artefact]:
    """The runbooks of a cell as artefacts: run straight, run twice, undone, and resumed once.

    The other rehearsals are of the runbook, not of the cell's behaviour, and cost more.
    """
    words = Words(manifests)
    for runbook in manifest.runbooks.values():
        procedure = Procedure(manifest, runbook, words, dict(runbook.example))
        yield Artefact(
            manifest.name,
            "runbook",
            runbook.name,
            runbook.where,
            partial(_run, procedure, manifests),
            runbook.function,
        )


def _run(procedure: Procedure, manifests: Sequence[Manifest]) -> None:
    rehearsals = _Rehearsals(procedure, manifests)
    for rehearsal in rehearsals.brief():
        if (found := rehearsal.finding) is not None:
            raise AssertionError(f"{found.where}: {found.message}") from rehearsals.wrong


class _Rehearsals:
    """The rehearsals of one runbook; what the straight one shows is what the others must equal."""

    def __init__(
        self, procedure: Procedure, manifests: Sequence[Manifest], seconds: float = 0
    ) -> None:
        self.procedure = procedure
        self.runbook: Runbook = procedure.runbook
        self.manifests = manifests
        self.seconds = seconds
        self.sent: list[Sending] = []
        self.where: list[str] = []
        self.events: tuple[tuple[str, str, bytes], ...] = ()
        self.undoable = False
        self.wrong: _WrongError | None = None
        """What the last rehearsal has shown to be wrong."""

    def all(self) -> Iterator[Rehearsal]:
        """All of them, as long as the first one goes well."""
        first = self._rehearsal("straight", self.straight)
        yield first
        if first.finding is not None:
            return
        yield self._rehearsal("twice", self.twice)
        for n, sending in enumerate(self.sent, 1):
            name = f"command {n}, {sending.command.message}"
            for title, work in self._disturbed():
                yield self._rehearsal(f"{title} {name}", work, n)
        if self.undoable:
            yield self._rehearsal("undone whole", self.undone)
            yield self._rehearsal("undone with interruptions", self.undone_in_bits)

    def brief(self) -> Iterator[Rehearsal]:
        """Those that say most about the cell."""
        yield (first := self._rehearsal("straight", self.straight))
        if first.finding is None:
            yield self._rehearsal("twice", self.twice)
            if self.undoable:
                yield self._rehearsal("undone whole", self.undone)
            if self.sent:
                yield self._rehearsal("killed after command 1", partial(self.killed, "after"), 1)

    def _disturbed(self) -> Iterator[tuple[str, Callable[..., None]]]:
        yield "killed before, and resumed:", partial(self.killed, "before")
        yield "killed after, and resumed:", partial(self.killed, "after")
        yield "turned away once, and resumed:", partial(self.killed, "busy")
        if self.undoable:
            yield "killed before, and undone:", partial(self.given_up, "before")
            yield "answer lost, and undone:", partial(self.given_up, "lost")

    # -- one method for each kind ------------------------------------------------------------------

    def straight(self, scene: Scene) -> None:
        """Nothing goes wrong."""
        scene.start()
        self.sent, self.events = scene.sendings, scene.events()
        plans = [entry for entry in scene.log.entries if isinstance(entry, Planned)]
        self.undoable = any(plan.undo for plan in plans)
        self.where = [scene.plan(sending.step).where for sending in self.sent]
        self._refuse_vacuous(scene)
        if self.runbook.keeps is None and self.undoable:
            where = next(plan.where for plan in plans if plan.undo)
            mend = "give the runbook a view: keeps=a function (it: Operator, …) of what must return"
            raise _WrongError("nothing says what its undo must restore", where, mend)
        if self.runbook.keeps is not None and self.undoable and scene.view() == scene.before:
            message = f"its view {self.runbook.keeps.__name__} sees nothing of what it changes"
            mend = "let it show what the steps change, or it cannot tell whether undo restores it"
            raise _WrongError(message, self.runbook.where, mend)

    def _refuse_vacuous(self, scene: Scene) -> None:
        mend = "let after= lead to where the runbook is needed; no check may hold there"
        for entry in scene.log.entries:
            if isinstance(entry, Passed) and entry.sends:
                message = f"the check of {entry.title!r} holds already, so nothing of it is shown"
                raise _WrongError(message, entry.where, mend)
        if not self.sent:
            message = "nothing is sent in its rehearsal, so it shows nothing"
            raise _WrongError(message, self.runbook.where, mend)

    def twice(self, scene: Scene) -> None:
        """Who runs it again sends nothing."""
        scene.start()
        second = scene.again()
        second.start()
        if second.sendings:
            sending = second.sendings[0]
            plan = second.plan(sending.step)
            message = f"run a second time, it sends {sending.command.message} again"
            mend = "give the step a check that holds once it is done"
            raise _WrongError(f"{message} ({plan.title})", plan.where, mend)

    def killed(self, kind: str, scene: Scene, at: int) -> None:
        """It breaks off at a command, and somebody goes on."""
        scene.start(Trouble(kind, at))
        scene.resume()
        if (events := scene.events()) != self.events:
            mend = "a step must not depend on how far an earlier try has come"
            message = f"taken up again, it does not do the same: {_difference(self.events, events)}"
            raise _WrongError(message, self.where[at - 1], mend)

    def given_up(self, kind: str, scene: Scene, at: int) -> None:
        """It breaks off at a command, and somebody takes back what was done."""
        scene.start(Trouble(kind, at))
        scene.undo()
        self._refuse_unrestored(scene, self.where[at - 1])

    def undone(self, scene: Scene) -> None:
        """It is done, and then taken back."""
        scene.start()
        scene.undo()
        self._refuse_unrestored(scene, self.where[-1])

    def undone_in_bits(self, scene: Scene) -> None:
        """Taking it back breaks off after every command, with its answer lost."""
        scene.start()
        tries = 0
        while not scene.undo(Trouble("after", 1 + tries % 2)):  # its answer first, then the next
            tries += 1
        self._refuse_unrestored(scene, self.where[-1])

    def _refuse_unrestored(self, scene: Scene, where: str) -> None:
        after = scene.view()
        if after != scene.before:
            by_hand = [p for p in self._plans(scene) if p.do and not p.undo]
            where = by_hand[0].where if by_hand else where
            message = f"undone, it leaves {after!r:.300}; before it was {scene.before!r:.300}"
            mend = "let undo=[…] restore what the view shows"
            if by_hand:
                mend = f"the step {by_hand[0].title!r} has no undo: give it one"
            raise _WrongError(message, where, mend)

    def _plans(self, scene: Scene) -> list[Planned]:
        return [entry for entry in scene.log.entries if isinstance(entry, Planned)]

    # -- one rehearsal -----------------------------------------------------------------------------

    def _rehearsal(self, name: str, work: Callable[..., None], *numbers: int) -> Rehearsal:
        steps: tuple[Step, ...] = ()
        wrong: _WrongError | None = None
        try:
            with self._in_time(), World(*self.manifests, steps=STEPS) as world:
                scene = Scene(world, self.procedure)
                try:
                    work(scene, *numbers)
                    _refuse_letters(world, self.runbook.where)
                finally:
                    steps = scene.told()
        except _WrongError as why:
            wrong = why
        except MonocyteError as why:
            wrong = _WrongError(why.message, why.where or self.runbook.where, why.mend)
        self.wrong = wrong
        error = wrong.message if wrong else ""
        record = RehearsalRecord(self.runbook.name, name, wrong is None, error, steps)
        return Rehearsal(record, self._found(name, wrong) if wrong else None)

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        file = self.procedure.manifest.file
        try:
            with within(self.seconds, [file]):
                yield
        except Overdue as why:
            lines = [n for f, n in walk_tb(why.__traceback__) if f.f_code.co_filename == file]
            where = f"{file}:{lines[-1]}" if lines else self.runbook.where
            raise _WrongError(str(why), where, "let its loop end") from why

    def _found(self, name: str, wrong: _WrongError) -> Finding:
        message = f"{self.runbook.name}, {name}: {wrong.message}"
        mend = wrong.mend or "work through it in a scenario to see why"
        cell = self.procedure.manifest.name
        return finding("rehearsal-failed", cell, wrong.where, message, mend)


def _play(runbook: Runbook, world: World) -> None:
    """Lead there.

    Raises:
        _WrongError: the scenario does not come true.
    """
    try:
        runbook.after.play(world)
        world.settle()
    except Exception as why:  # a supervision edge: the author's code
        said = f"the scenario before it, {runbook.after.name}, fails: {type(why).__name__}: {why}"
        raise _WrongError(said, runbook.after.where, "let it come true first") from why


def _refuse_letters(world: World, where: str) -> None:
    world.settle()
    for dead in world.unseen_letters:
        message = f"{dead.cell} gave up {dead.letter.name}: {dead.letter.error}"
        raise _WrongError(message, where, "whoever reacts to what the runbook does must bear it")


def _difference(wanted: Sequence[Any], found: Sequence[Any]) -> str:
    """The first event that is not as in the straight rehearsal."""
    for one, other in zip(wanted, found, strict=False):
        if one != other:
            return f"{other[0]}.{other[1]} happens instead of {one[0]}.{one[1]}"
    if len(found) > len(wanted):
        return f"{found[len(wanted)][0]}.{found[len(wanted)][1]} happens once more"
    return f"{wanted[len(found)][0]}.{wanted[len(found)][1]} does not happen"
