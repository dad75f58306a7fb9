"""Works through a runbook: for real in front of an app that runs, or rehearsing in a World.

How the app is reached is a `Desk`, who agrees to each step a `Guide`; everything that happens
stands in the logbook before it is told to anybody. A command leaves under an id that follows from
its run, step and place, so that sending it again after an interruption takes its effect once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

import msgspec

from monocyte.contracts import Command, Query
from monocyte.contracts.codec import to_builtins
from monocyte.errors import (
    AskCycle,
    BusError,
    Busy,
    ConfigError,
    Conflict,
    Crashed,
    DefinitionError,
    Denied,
    Invalid,
    MonocyteError,
    NoSuchCell,
    NoSuchMessage,
    PortFailed,
    Refused,
    TooLarge,
)
from monocyte.literate.runbooks.logbook import (
    Answered,
    Checked,
    Confirmed,
    Done,
    Ended,
    Entry,
    Failed,
    Logbook,
    Passed,
    Planned,
    Said,
    Sending,
    Taken,
    Undone,
)
from monocyte.literate.runbooks.planning import Procedure, steps_of
from monocyte.literate.runbooks.progress import Progress, StepProgress, Task

__all__ = ["Desk", "Guide", "Preview", "Question", "Runner", "Stopped", "preview"]

NOTHING_DONE = (
    Refused,
    Invalid,
    TooLarge,
    Denied,
    NoSuchCell,
    NoSuchMessage,
    Conflict,
    Busy,
    Crashed,
    AskCycle,
    PortFailed,
)
"""After these, a command has changed nothing. After the others, nobody knows."""


class Desk(Protocol):
    """The app, as one principal sees it."""

    @property
    def name(self) -> str:
        """The name of the principal."""

    @property
    def roles(self) -> frozenset[str]:
        """The roles of the principal, as far as they are known here."""

    def ask(self, query: Query[Any]) -> Any:
        """Ask a query and wait for its answer.

        Raises:
            BusError: however it ends otherwise.
        """

    def send(self, command: Command[Any], id: str) -> Any:
        """Send a command under that id and wait for its answer.

        Raises:
            BusError: however it ends otherwise.
        """

    def wait(self, tries: int) -> bool:
        """Wait a little for what follows from a command, after so many checks; False: enough."""


class Question(NamedTuple):
    """What somebody is to agree to: a step, or (`back`) that it is taken back.

    Without `commands` it is done by hand. `unknown` were sent, and their answers never came: they
    are sent again, under the same ids, which tells what became of them.
    """

    step: Planned
    back: bool
    commands: tuple[Said, ...]
    unknown: tuple[Said, ...] = ()


class Guide(Protocol):
    """Who stands beside a run: a person at a terminal, or a rehearsal."""

    assumes: bool
    """Whether a step by hand counts as done though its check does not hold: nobody has hands."""

    def confirm(self, question: Question) -> bool:
        """Whether to go on."""

    def tell(self, entry: Entry) -> None:
        """It stands in the logbook."""


class Stopped(MonocyteError):
    """The run stands still, and can be resumed or undone; `cause` is what the app said, if any."""

    fault = "operator"

    def __init__(
        self, message: str, *, where: str = "", mend: str = "", cause: BusError | None = None
    ) -> None:
        super().__init__(message, where=where, mend=mend)
        self.cause = cause


class Preview(NamedTuple):
    """A step as it is planned from the present state.

    `holds` says whether its check holds at present, None if it has none; `sure` that no step before
    it changes anything, so that this is what would be done.
    """

    step: Planned
    holds: bool | None
    sure: bool


def preview(procedure: Procedure, desk: Desk) -> Iterator[Preview]:
    """What would be done, as far as that can be known without doing it.

    Raises:
        DefinitionError: the runbook makes no sense.
        BusError: a query fails.
    """
    sure = True
    for step in steps_of(procedure, desk):
        holds = None if step.check is None else _asked(procedure, desk, step)[0]
        yield Preview(step, holds, sure)
        sure = sure and holds is True


def _asked(procedure: Procedure, desk: Desk, step: Planned) -> tuple[bool, Any]:
    """Whether the check of a step holds, and the reply."""
    if step.check is None:
        return True, None
    query = procedure.words.message(step.check, step.where)
    reply = desk.ask(query)
    return reply == procedure.words.reply(step.check, step.wanted), reply


def utc_now() -> str:
    """The time, as it stands in logbooks."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Runner:
    """One pair of hands on one run."""

    def __init__(
        self,
        procedure: Procedure,
        desk: Desk,
        log: Logbook,
        guide: Guide,
        *,
        process: str = "",
        now: Callable[[], str] = utc_now,
    ) -> None:
        self.procedure = procedure
        self.desk = desk
        self.guide = guide
        self.progress = Progress(log.entries)
        self._log = log
        self._process = process
        self._now = now

    # -- what can be done --------------------------------------------------------------------------

    def start(self, run: str) -> None:
        """Work through the runbook, as the run of that name.

        Raises:
            Stopped: it stands still.
            DefinitionError: the runbook makes no sense.
            OSError: the logbook cannot be written; nothing leaves that does not stand there.
        """
        self._take("run", run)
        self._go()

    def resume(self) -> None:
        """Go on where the run was left: finish the step that was begun, and plan anew behind it.

        Raises:
            ConfigError: there is nothing to resume.
            Stopped, DefinitionError, OSError: as `start`.
        """
        self._refuse_unless("resumed", ("open",))
        self._take("resume", self.progress.taken.run)
        if (step := self.progress.unfinished) is not None:
            self._work(step)
        self._go()

    def undo(self) -> None:
        """Take back what was done, step by step, the last first.

        Raises:
            ConfigError: it has been undone.
            Stopped, DefinitionError, OSError: as `start`.
        """
        self._refuse_unless("undone", ("open", "done", "undoing"))
        self._take("undo", self.progress.taken.run)
        for step in reversed(self.progress.steps):
            if not step.undone and (step.had_effect or any(step.open_ends())):
                self._take_back(step)
        self._write(Ended(state="undone"))

    # -- forward -----------------------------------------------------------------------------------

    def _go(self) -> None:
        known = Counter(
            _key(step.plan) for step in self.progress.steps if step.done and not step.plan.check
        )
        try:
            with closing(steps_of(self.procedure, self.desk)) as steps:
                for plan in steps:
                    self._next(plan, known)
        except BusError as why:
            raise self._stopped(f"the next step cannot be planned: {why.message}", "", why) from why
        self._write(Ended(state="done"))

    def _next(self, plan: Planned, known: Counter[bytes]) -> None:
        """Pass over a step that is done, else do it."""
        if plan.check is None and known[_key(plan)]:
            known[_key(plan)] -= 1
            self._pass(plan, "done in this run")
        elif plan.check is not None and self._ask(plan)[0]:
            self._pass(plan, "done already")
        else:
            number = len(self.progress.steps) + 1
            self._write(msgspec.structs.replace(plan, step=number))
            self._work(self.progress.steps[-1], checked=True)

    def _pass(self, plan: Planned, why: str) -> None:
        sends = len(plan.do)
        self._write(Passed(title=plan.title, why=why, where=plan.where, sends=sends))

    def _work(self, step: StepProgress, *, checked: bool = False) -> None:
        """Do what is still to be done of a step, and see that it is done."""
        plan = step.plan
        asks_first = not (checked or step.partly_sent)  # a check may hold before the last command
        if plan.check is not None and asks_first and self._holds(plan):
            self._write(Done(step=plan.step, title=plan.title))
            return
        left, unknown = tuple(step.forward()), self._open_ends(step)
        if left or not plan.do:
            commands = tuple(task.command for task in left if task not in unknown)
            self._confirm(Question(plan, False, commands, _commands(unknown)))
        for task in left:
            if (why := self._send(task, plan)) is not None:
                raise self._failed(task, plan, why)
        by_guess = self.guide.assumes and not plan.do
        if plan.check is not None and not self._holds(plan, patient=True) and not by_guess:
            raise self._unfulfilled(plan)
        self._write(Done(step=plan.step, title=plan.title))

    def _unfulfilled(self, plan: Planned) -> Stopped:
        did = "everything of this step was sent" if plan.do else "it was to be done by hand"
        said = plan.check.message if plan.check else ""
        message = f"step {plan.step} ({plan.title}) is not done: {did}, but its check, {said}, "
        mend = "see what is in the way, then resume or undo the run; or the check waits for more"
        return Stopped(f"{message}does not hold", where=plan.where, mend=mend)

    # -- backward ----------------------------------------------------------------------------------

    def _take_back(self, step: StepProgress) -> None:
        plan = step.plan
        unknown, commands = self._open_ends(step), _commands(step.backward(at_most=True))
        if commands or unknown:
            self._confirm(Question(plan, True, commands, _commands(unknown)))
        for task in unknown:
            why = self._send(task, plan)
            if why is not None and step.of(False, task.index).outcome == "unknown":
                raise self._failed(task, plan, why)
        if step.had_effect and not plan.undo:
            self._confirm(Question(plan, True, ()))
        for task in tuple(step.backward()):
            if (why := self._send(task, plan)) is not None:
                raise self._failed(task, plan, why)
        self._write(Undone(step=plan.step, title=plan.title))

    # -- one message -------------------------------------------------------------------------------

    def _send(self, task: Task, plan: Planned) -> BusError | None:
        """Send one command: the intent is written down first, its answer or failure after."""
        unknown = task.tried.outcome == "unknown"
        command = self._command(task, plan)
        place: dict[str, Any] = {
            "step": task.step,
            "back": task.back,
            "index": task.index,
            "id": task.id,
        }
        self._write(Sending(by=self.desk.name, command=task.command, **place))
        try:
            reply = self.desk.send(command, task.id)
        except BusError as why:
            # A refusal is an answer, kept by id. Any other error says nothing of an earlier try.
            certain = isinstance(why, Refused if unknown else NOTHING_DONE)
            self._write(Failed(kind=why.kind, message=_said(why), certain=certain, **place))
            return why
        self._write(Answered(reply=to_builtins(reply), **place))
        return None

    def _command(self, task: Task, plan: Planned) -> Any:
        try:
            return self.procedure.words.message(task.command, plan.where)
        except BusError as why:
            raise DefinitionError(
                f"{task.command.message} is no longer what was written down: {why.message}",
                where=plan.where,
                mend="do by hand what it did then, and run the runbook anew",
            ) from why

    def _open_ends(self, step: StepProgress) -> tuple[Task, ...]:
        """The commands of a step of which nobody knows what became.

        Raises:
            Stopped: they are another's, whose ids nobody else has.
        """
        unknown = (*step.open_ends(), *(t for t in step.backward() if t.tried.outcome == "unknown"))
        for task in unknown:
            if task.tried.by != self.desk.name:
                raise _not_yours(task, step.plan, self.desk.name)
        return tuple(step.open_ends())

    def _holds(self, plan: Planned, *, patient: bool = False) -> bool:
        """Whether the check holds now, or (`patient`) once what was sent has taken its effect."""
        held, reply = self._ask(plan)
        tries = 1
        while patient and not held and self.desk.wait(tries):
            held, reply = self._ask(plan)
            tries += 1
        self._write(Checked(step=plan.step, held=held, reply=to_builtins(reply)))
        return held

    def _ask(self, plan: Planned) -> tuple[bool, Any]:
        try:
            return _asked(self.procedure, self.desk, plan)
        except BusError as why:
            message = f"the check of {plan.title!r} cannot be asked: {why.message}"
            raise self._stopped(message, plan.where, why) from why

    # -- what is written down ----------------------------------------------------------------------

    def _take(self, mode: str, run: str) -> None:
        self._write(
            Taken(
                mode=mode,
                by=self.desk.name,
                roles=tuple(sorted(self.desk.roles)),
                process=self._process,
                run=run,
                runbook=self.procedure.name,
                release=self.procedure.manifest.release,
                arguments=to_builtins(dict(self.procedure.arguments)),
            )
        )

    def _confirm(self, question: Question) -> None:
        yes = self.guide.confirm(question)
        step = question.step.step
        self._write(Confirmed(step=step, back=question.back, yes=yes, by=self.desk.name))
        if not yes:
            what = "taking back " if question.back else ""
            raise Stopped(f"{what}step {step} ({question.step.title}) was not confirmed")

    def _write(self, entry: Entry) -> None:
        entry = msgspec.structs.replace(entry, at=self._now())
        self._log.write(entry)
        self.progress.enter(entry)
        self.guide.tell(entry)

    # -- why it stands still -----------------------------------------------------------------------

    def _refuse_unless(self, what: str, states: tuple[str, ...]) -> None:
        state = self.progress.state
        if state in states:
            return
        mends = {
            "done": "run it anew, or undo it",
            "undoing": "somebody began to undo it: finish that with --undo",
            "undone": "run it anew",
        }
        raise ConfigError(f"this run cannot be {what}: it is {state}", mend=mends[state])

    def _failed(self, task: Task, plan: Planned, why: BusError) -> Stopped:
        message = f"step {task.step} ({plan.title}): {task.command.message} is {_said(why)}"
        return self._stopped(message, plan.where, why)

    def _stopped(self, message: str, where: str, why: BusError) -> Stopped:
        return Stopped(message, where=where, mend=why.mend, cause=why)


def _key(plan: Planned) -> bytes:
    return msgspec.json.encode((plan.title, plan.do, plan.undo))


def _said(why: BusError) -> str:
    """What kind of error it is, which rule has refused, and what it says."""
    by = f" by {why.rule}" if isinstance(why, Refused) and why.rule else ""
    return f"{why.kind}{by}: {why.message}"


def _commands(tasks: Iterable[Task]) -> tuple[Said, ...]:
    return tuple(task.command for task in tasks)


def _not_yours(task: Task, plan: Planned, name: str) -> Stopped:
    """Ids are their senders' own: another's would make a second command of it."""
    return Stopped(
        f"{task.tried.by} sent {task.command.message} and never had its answer; "
        f"{name} cannot learn what became of it",
        where=plan.where,
        mend=f"let {task.tried.by} resume or undo this run; or see in `monocyte journal show` "
        "whether it took effect, and run the runbook anew",
    )
