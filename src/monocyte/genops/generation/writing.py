"""One cell in the making: asks, reads, splices and asks again, within its attempts.

A writer is the same whoever answers: a model by an API, a person with a file, an agent in its
tree, or the takes of an earlier run. What it comes to depends on the answers alone, so a run that
was interrupted comes to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from monocyte.genops.gates.verdict import Finding
from monocyte.genops.generation.answers import Written, read_answer
from monocyte.genops.generation.findings import found, refuses
from monocyte.genops.generation.prompts import agents, first, mending
from monocyte.genops.generation.splicing import Spliced, splice
from monocyte.genops.generation.takes import Take, Takes, prompt_digest
from monocyte.genops.models.interface import Answer, Prompt

__all__ = ["Cell", "NoTake", "Question", "Redraws", "Unanswered", "Way", "Writer"]


class Cell(NamedTuple):
    """What is known of a cell before anybody is asked."""

    name: str
    path: str
    """Its file within the repository."""
    base: str
    """The text of its file at the base."""
    sealed: frozenset[str]
    """The statements that are people's."""
    briefing: str
    """All that a model is told about it."""


class Question(NamedTuple):
    """What is asked, at which attempt; `draft` is the file as far as it has come."""

    cell: Cell
    attempt: int
    prompt: Prompt
    draft: str | None

    @property
    def digest(self) -> str:
        """What its take is found by."""
        return prompt_digest(self.prompt)


class Unanswered(NamedTuple):
    """There is no answer, and it was paid for: an attempt that is lost."""

    said: str


class Way(Protocol):
    """A way to have a question answered."""

    in_place: bool
    """Whether the file is changed where it is, as agents do."""

    def answer(self, question: Question) -> Take | Unanswered:
        """The answer.

        Raises:
            ModelError: there is none, and nothing was paid.
            OverBudget: there is no money for it.
        """
        ...


class NoTake(NamedTuple):
    """The way of who only repeats: whatever was not asked before is not asked now."""

    in_place: bool = False

    def answer(self, question: Question) -> Take | Unanswered:
        """Nothing was answered."""
        return Unanswered(f"attempt {question.attempt} at {question.cell.name} was never made")


Redraws = Callable[[Cell, str], Spliced]
"""Loads a spliced file apart from us, and puts its picture right; or says why it cannot be."""


class Writer:
    """Writes one cell."""

    def __init__(
        self,
        cell: Cell,
        way: Way,
        takes: Takes,
        *,
        attempts: int,
        redraws: Redraws,
        hears: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.cell = cell
        self.text: str | None = None
        """The new file, once there is one that may be judged."""
        self.findings: tuple[Finding, ...] = ()
        """What the last attempt, or a gate, has found."""
        self.taken: list[Take] = []
        self._way, self._takes, self._redraws, self._hears = way, takes, redraws, hears
        self._most = attempts
        self._attempt = 0
        self._draft: str | None = None

    @property
    def left(self) -> int:
        """How many attempts are left."""
        return self._most - self._attempt

    def write(self) -> bool:
        """Try until there is a file that may be judged; False if all attempts were in vain."""
        while self.text is None and self.left > 0:
            self._try()
        return self.text is not None

    def reopen(self, findings: Sequence[Finding]) -> None:
        """Take back what was written: a gate has found something."""
        self.text, self.findings = None, tuple(findings)

    def _try(self) -> None:
        self._attempt += 1
        question = Question(self.cell, self._attempt, self._prompt(), self._draft)
        take = self._takes.find(self.cell.name, self._attempt, question.digest)
        if take is None:
            self._hears(f"attempt {self._attempt} of {self._most}")
            answered = self._way.answer(question)
            if isinstance(answered, Unanswered):
                self.findings = (found("answer-missing", self.cell.name, answered.said),)
                self._hears(f"answer-missing: {answered.said}")
                return
            self._takes.keep(answered)
            take = answered
        else:
            self._hears(f"attempt {self._attempt} of {self._most}: answered before, and kept")
        self.taken.append(take)
        self._take(take)
        for it in self.findings:
            self._hears(f"{it.kind}: {it.said}")

    def _prompt(self) -> Prompt:
        briefing = self.cell.briefing
        if self._way.in_place:
            return agents(briefing, self.cell.path, self.findings)
        if self._attempt == 1:
            return first(briefing)
        return mending(briefing, self._draft, self.findings)

    def _take(self, take: Take) -> None:
        """What an answer comes to: a text that may be judged, or findings and perhaps a draft."""
        cell = self.cell
        written = self._written(take)
        self.findings = written.findings
        if written.text is None:
            return
        self._draft = written.text
        spliced = splice(cell.name, cell.path, cell.base, written.text, cell.sealed)
        if spliced.text is not None:
            drawn = self._redraws(cell, spliced.text)
            spliced = Spliced(drawn.text, (*spliced.findings, *drawn.findings))
        self.findings = (*written.findings, *spliced.findings)
        if spliced.text is not None and not refuses(self.findings):
            self._draft = self.text = spliced.text

    def _written(self, take: Take) -> Written:
        cell = self.cell
        if take.kind == "answer":
            return read_answer(take.answer, cell.name, cell.base, self._draft)
        strays = tuple(
            found("file-foreign", cell.name, f"the agent changed {path}", where=path)
            for path in take.strays
        )
        if not take.text:
            said = f"the agent left no file of text at {cell.path}"
            return Written(None, (found("file-gone", cell.name, said), *strays))
        if take.text == (self._draft or cell.base) and not strays:
            said = f"the agent left {cell.path} as it was"
            return Written(None, (found("file-unchanged", cell.name, said),))
        # Whatever it is to be, it is read as if it had been said: the same faults, the same words.
        text = "``````python\n" + take.text.rstrip("\n") + "\n``````\n"
        written = read_answer(Answer(text, "end", take.model), cell.name, cell.base)
        return Written(written.text, (*written.findings, *strays))
