"""Ways to have a question answered in words: by an API, from a cassette, or by hand.

What was recorded of a run that was interrupted is played first. What fails without having cost
anything is tried again a few times; what was paid for and came to nothing is an attempt that is
lost, and said to be.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import chain, repeat
from typing import Final

from monocyte.errors import MonocyteError
from monocyte.genops.generation.answers import MOST
from monocyte.genops.generation.paid import Watch
from monocyte.genops.generation.takes import Take
from monocyte.genops.generation.writing import Question, Unanswered
from monocyte.genops.metering.cassettes import CassetteMiss
from monocyte.genops.models.interface import (
    Answer,
    Backend,
    Declined,
    Hears,
    ModelError,
    NoAnswer,
)

__all__ = ["PAUSES", "Asking", "TooMuch"]

PAUSES: Final = (1.0, 5.0, 20.0)
"""Seconds before each further try, after a failure that cost nothing."""


class TooMuch(ModelError):
    """A model says more than any cell has: whoever listens hangs up."""


class Asking:
    """Asks a backend; `recorded` is played first, `watch` knows what calls have cost."""

    in_place = False

    def __init__(
        self,
        backend: Backend,
        *,
        hears: Hears,
        says: Callable[[str], None],
        watch: Watch | None = None,
        recorded: Backend | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._backend, self._recorded, self._watch = backend, recorded, watch
        self._hears, self._says, self._pause = hears, says, pause

    def answer(self, question: Question) -> Take | Unanswered:
        """The answer; see `Way`.

        Raises:
            ModelError: there is none after some tries, and nothing was paid.
            OverBudget: there is no money for it.
        """
        try:
            answer = self._asked(question)
        except _Lost as lost:
            return Unanswered(str(lost))
        return Take(
            cell=question.cell.name,
            attempt=question.attempt,
            prompt=question.digest,
            kind="answer",
            text=answer.text.encode("utf-8", "replace").decode(),
            stop=answer.stop,
            model=answer.model,
        )

    def _asked(self, question: Question) -> Answer:
        if self._recorded is not None:
            try:
                answer = self._recorded.ask(question.prompt, self._hears)
                self._says("answered before, and paid: played from the cassette")
                return answer
            except CassetteMiss:
                pass
        for pause in chain(PAUSES, repeat(0.0)):
            since = len(self._watch.settlements) if self._watch else 0
            try:
                return self._backend.ask(question.prompt, _Listener(self._hears))
            except (NoAnswer, TooMuch, Declined) as why:
                self._refuse(why, since)
                if not pause:
                    mend = "nothing was paid for it; go on later: monocyte apply"
                    raise NoAnswer(f"no answer came: {why.message}", mend=mend) from why
                self._says(f"no answer, and nothing was paid: {why.message}; again in {pause:g} s")
                self._pause(pause)
        raise AssertionError  # pragma: no cover  # the tries do not end by themselves

    def _refuse(self, why: MonocyteError, since: int) -> None:
        """Raise what forbids to try again.

        Raises:
            OverBudget: there is no money.
            Declined: whoever asks again is declined again.
            _Lost: it was paid for.
        """
        if self._watch is None:
            raise why
        ended = self._watch.settled(since)
        if self._watch.refused is not None:
            raise self._watch.refused
        if dear := [it for it in ended if it.due != "nothing"]:
            amount = sum((it.amount for it in dear[1:]), dear[0].amount)
            how = ", ".join(dict.fromkeys(it.ending for it in dear))
            said = f"no whole answer came ({how}: {why.message}), and {amount.about()} counts as"
            raise _Lost(f"{said} spent for it")
        if isinstance(why, Declined):
            raise why


class _Lost(Exception):
    """Paid for, and there is no answer."""


class _Listener:
    """Hands on what is said, and hangs up on who does not stop."""

    def __init__(self, hears: Hears) -> None:
        self._hears = hears
        self._left = MOST + (MOST >> 1)

    def __call__(self, piece: str) -> None:
        self._left -= len(piece.encode("utf-8", "replace"))
        if self._left < 0:
            raise TooMuch("the answer does not end")
        self._hears(piece)
