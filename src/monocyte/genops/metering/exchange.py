"""One call, from its reservation to what it has cost. No I/O: whoever drives it says what happened.

However a call ends, `ENDINGS` says what is due for it: what the provider says, nothing, or all that
was reserved. Nothing is due only where the provider certainly did not work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal, get_args

import msgspec

from monocyte.contracts.tokens import estimate
from monocyte.genops.metering.wires import Asked, Reader, Wire
from monocyte.genops.metering.wires.events import StreamDamaged
from monocyte.genops.metering.wires.interface import Body
from monocyte.genops.money import ZERO, Money
from monocyte.genops.prices import Price, Usage

__all__ = [
    "ENDINGS",
    "REFUSED",
    "Due",
    "Ending",
    "Exchange",
    "Settlement",
]

Due = Literal["reported", "nothing", "whole"]
"""What is due: the provider's numbers at their price, nothing, or the whole reservation."""

Ending = Literal[
    "answered",
    "refused",
    "unreachable",
    "failed",
    "broken",
    "silent",
    "doubted",
    "tiered",
    "gone",
    "late",
    "endless",
    "stopped",
]

ENDINGS: Final[dict[Ending, tuple[Due, str]]] = {
    "answered": ("reported", "the answer was complete and said what it was"),
    "refused": ("nothing", "the provider would not work on it"),
    "unreachable": ("nothing", "the provider was never reached"),
    "failed": ("whole", "the provider failed, after who knows how much work"),
    "broken": ("whole", "the answer broke off, or was none"),
    "silent": ("whole", "the answer did not say what it was, or said what cannot be"),
    "doubted": ("whole", "the provider said less than has arrived"),
    "tiered": ("whole", "the answer was billed at another rate than the one that was asked for"),
    "gone": ("whole", "who asked went away before the answer was there"),
    "late": ("whole", "the answer took too long"),
    "endless": ("whole", "the answer was longer than it may be"),
    "stopped": ("whole", "the proxy was stopped"),
}
"""What is due for a call that ended so, and what that means."""

REFUSED: Final = frozenset((400, 401, 402, 403, 404, 405, 409, 410, 413, 415, 422, 429, 503, 529))
"""Statuses with which providers turn a request away before they work on it."""

BELIEF: Final = (2, 3)
"""A provider is believed if it counts at least so much of what we estimate of the same text.

Our estimate is a third off at worst; a lie that is smaller than that cannot be seen.
"""

LITTLE: Final = 4
"""Tokens below all doubt: an estimate of little is worth little."""

SPOKEN: Final = frozenset(("messages", "system", "input", "instructions"))
TEXTS: Final = frozenset((*SPOKEN, "content", "text", "output", "arguments", "thinking"))
"""Fields of a request under which there is text that a model reads, and must be counted."""

SLACK: Final = 1024
"""Tokens by which our estimate of an answer may pass twice its cap."""


class Settlement(msgspec.Struct, frozen=True):
    """What a call has come to."""

    ending: Ending
    amount: Money
    usage: Usage | None
    """What the provider said; kept even where it is not believed."""
    model: str
    """Who answered, by the answer's own word."""
    exceeded: bool = False
    """Whether the provider claims more than the most that the call could cost."""

    @property
    def due(self) -> Due:
        """What was due."""
        return ENDINGS[self.ending][0]


class Exchange:
    """A call that was let through; it ends once, and stays as it ended."""

    def __init__(
        self, wire: Wire, original: Body, asked: Asked, price: Price, most_bytes: int
    ) -> None:
        self.wire = wire
        self.original = original
        """The request as the client made it: what a cassette is found by."""
        self.asked = asked
        self.price = price
        self.worst = price.worst(asked.entered, asked.output, asked.dearest)
        self.reader: Reader | None = None
        self.settlement: Settlement | None = None
        self._left = most_bytes

    def answers(self, status: int, kind: str) -> None:
        """Note how the answer begins, and of which content type it is."""
        if status in REFUSED:
            self.ends("refused")
        elif not 200 <= status < 300:
            self.ends("failed")
        else:
            self.reader = self.wire.reader(stream=kind.startswith("text/event-stream"))

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the answer; the exchange has ended when they were the last."""
        if self.reader is None or self.settlement is not None:
            return
        self._left -= len(chunk)
        try:
            self.reader.feed(chunk)
        except StreamDamaged:
            self.ends("broken")
        if self._left < 0 or self.reader.sure > 2 * self.asked.output + SLACK:
            self.ends("endless")
        elif self.reader.complete:
            self.ends("answered")

    def end(self) -> None:
        """Note that there is no more."""
        if self.reader is None or self.settlement is not None:
            return
        try:
            self.reader.end()
        except StreamDamaged:
            self.ends("broken")
        self.ends("answered" if self.reader.complete else "broken")

    def ends(self, how: Ending) -> None:
        """Settle it, unless it is settled."""
        if self.settlement is None:
            self.settlement = self._settle(self._judged(how))

    def _judged(self, how: Ending) -> Ending:
        """Look behind an answer that came to its end: is it one, and can it be believed?"""
        if how != "answered" or self.reader is None:
            return how
        if self.reader.failed:
            return "broken"
        if self.reader.tiered:
            return "tiered"
        if self.reader.usage is None:
            return "silent"
        return "doubted" if self._doubts(self.reader.usage) else "answered"

    def _doubts(self, usage: Usage) -> bool:
        """Whether the provider counts far less than went in, or has arrived."""
        heard = self.reader.heard if self.reader else 0
        if _far_less(usage.output, heard):
            return True
        # Estimating takes time, and few texts have fewer tokens than a fifth of their bytes.
        few = usage.entered < self.asked.entered // 5
        said = (value for name, value in self.asked.body.items() if name in SPOKEN)
        return few and _far_less(usage.entered, estimate("\n".join(_texts(list(said)))))

    def _settle(self, how: Ending) -> Settlement:
        usage = self.reader.usage if self.reader else None
        model = self.reader.model if self.reader else ""
        due = ENDINGS[how][0]
        claimed = self.price.cost(usage) if usage else ZERO
        amounts = {"reported": claimed, "nothing": ZERO, "whole": max(self.worst, claimed)}
        return Settlement(how, amounts[due], usage, model, claimed > self.worst)


def _far_less(counted: int, estimated: int) -> bool:
    share, of = BELIEF
    return (counted + LITTLE) * of < estimated * share


def _texts(value: Any) -> Iterator[str]:
    """Every text in there that a model reads; not names, kinds and ids."""
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _texts(one)
        case dict():
            for name, one in value.items():
                if name in TEXTS:
                    yield from _texts(one)


assert set(ENDINGS) == set(get_args(Ending))  # noqa: S101  # the table is complete
