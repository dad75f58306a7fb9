"""How far a run has come, folded from its logbook; and what is to be sent next, or taken back.

Nothing here asks or sends. Whoever works on the run writes down what happened, and asks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from monocyte.literate.runbooks.logbook import (
    Answered,
    Confirmed,
    Done,
    Ended,
    Entry,
    Failed,
    Planned,
    Said,
    Sending,
    Taken,
    Undone,
)

__all__ = ["Progress", "StepProgress", "Task", "Tried"]

Outcome = Literal["unsent", "unknown", "answered", "failed"]
"""`unknown`: it was sent and nobody knows what became of it; `failed`: it has changed nothing."""


class Tried(NamedTuple):
    """What became of a command; `tries` count how often it has failed for sure, `by` who sent it.

    The answer of a refused command is kept under its id like any other: the next try needs an id of
    its own. As long as it is unknown what became of it, the same id makes sure of once.
    """

    outcome: Outcome = "unsent"
    tries: int = 0
    by: str = ""


@dataclass(frozen=True)
class Task:
    """A command that is to be sent, under that id; `back` says that it takes something back."""

    step: int
    back: bool
    index: int
    id: str
    command: Said
    tried: Tried


@dataclass
class StepProgress:
    """A step that was begun, and what became of each of its commands."""

    plan: Planned
    run: str
    tried: dict[tuple[bool, int], Tried] = field(default_factory=dict)
    by_hand: bool = False
    """Somebody has said that they do, or did, what it says."""
    done: bool = False
    undone: bool = False

    @property
    def number(self) -> int:
        """The number of the step in its run."""
        return self.plan.step

    @property
    def pairs(self) -> bool:
        """Whether each of its commands has one that takes it back."""
        return len(self.plan.do) == len(self.plan.undo)

    @property
    def partly_sent(self) -> bool:
        """Whether some of its commands have left, and may have taken effect."""
        outcomes = {self.of(False, index).outcome for index in range(len(self.plan.do))}
        return bool(outcomes & {"answered", "unknown"})

    @property
    def had_effect(self) -> bool:
        """Whether something of it is known to have happened."""
        return bool(self._answered) or (self.by_hand and not self.plan.do)

    @property
    def _answered(self) -> list[int]:
        return self._being("answered")

    def _being(self, *outcomes: Outcome) -> list[int]:
        """The commands of `do` of which that became."""
        found = (i for i in range(len(self.plan.do)) if self.of(False, i).outcome in outcomes)
        return list(found)

    def of(self, back: bool, index: int) -> Tried:
        """What became of a command."""
        return self.tried.get((back, index), Tried())

    def enter(self, entry: Confirmed | Sending | Answered | Failed | Done | Undone) -> None:
        """Take notice of what happened in this step."""
        match entry:
            case Confirmed(back=False, yes=True):
                self.by_hand = not self.plan.do
            case Sending(back=back, index=index, by=by):
                self.tried[back, index] = self.of(back, index)._replace(outcome="unknown", by=by)
            case Answered(back=back, index=index):
                self.tried[back, index] = self.of(back, index)._replace(outcome="answered")
            case Failed(back=back, index=index, certain=True):
                tried = self.of(back, index)
                self.tried[back, index] = tried._replace(outcome="failed", tries=tried.tries + 1)
            case Done():
                self.done = True
            case Undone():
                self.undone = True
            case _:
                pass

    def forward(self) -> Iterator[Task]:
        """What is still to be sent so that the step is done, in order."""
        tasks = (self._task(False, index) for index in range(len(self.plan.do)))
        return (task for task in tasks if task.tried.outcome != "answered")

    def open_ends(self) -> Iterator[Task]:
        """Commands that were sent, and nobody knows what became of them."""
        return (task for task in self.forward() if task.tried.outcome == "unknown")

    def backward(self, *, at_most: bool = False) -> Iterator[Task]:
        """What is still to be sent to take the step back, in order.

        Commands of `do` and `undo` in equal number are pairs: only what was done is taken back, the
        last first. Otherwise all of `undo` is sent, as it stands, once anything was done. With
        `at_most`, what is unknown counts as done.
        """
        done = self._being("answered", "unknown") if at_most else self._answered
        if self.pairs:
            order = done[::-1]
        else:
            order = list(range(len(self.plan.undo))) if done or self.had_effect else []
        tasks = (self._task(True, index) for index in order)
        return (task for task in tasks if task.tried.outcome != "answered")

    def _task(self, back: bool, index: int) -> Task:
        tried = self.of(back, index)
        again = f"~{tried.tries + 1}" if tried.tries else ""
        name = f"{self.number}.{index + 1}{'u' if back else ''}{again}"
        command = (self.plan.undo if back else self.plan.do)[index]
        return Task(self.number, back, index, f"{self.run}/{name}", command, tried)


class Progress:
    """How far a run has come."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.hands: list[Taken] = []
        """Who has taken it in hand, in order."""
        self.steps: list[StepProgress] = []
        self.state = "open"
        """open, done, undoing or undone."""
        for entry in entries:
            self.enter(entry)

    @property
    def taken(self) -> Taken:
        """How it began."""
        return self.hands[0]

    @property
    def unfinished(self) -> StepProgress | None:
        """The step that was begun and is not done."""
        return next((step for step in self.steps if not step.done), None)

    def enter(self, entry: Entry) -> None:
        """Take notice of what happened."""
        match entry:
            case Taken():
                self.hands.append(entry)
                if entry.mode == "undo":
                    self.state = "undoing"
            case Planned():
                self.steps.append(StepProgress(entry, self.taken.run))
            case Ended(state=state):
                self.state = state
            case Confirmed() | Sending() | Answered() | Failed() | Done() | Undone():
                self.steps[entry.step - 1].enter(entry)
            case _:
                pass
