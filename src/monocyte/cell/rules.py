"""Rules: requirements as objects, enforced where they are written into the code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import ClassVar, NamedTuple, NoReturn

from monocyte.errors import Refused

__all__ = ["Retired", "Rule", "Witness"]

Witness = Callable[["Rule", bool, FrameType], None]
"""Is told each time that a rule is asked: which, whether it was held, and by whom (the caller)."""


class Retired(NamedTuple):
    """A requirement that is no longer in force; its `id` is taken for ever."""

    id: str
    text: str
    because: str
    cell: str
    where: str
    supersedes: str = ""


class Rule:
    """A requirement with a stable `id`; `text` says it in a sentence that its users read.

    `supersedes` is the ID of the retired rule whose place it takes, if any.
    """

    __slots__ = ("cell", "id", "supersedes", "text", "where")

    witness: ClassVar[Witness | None] = None
    """Who watches what is asked of rules, in a process that collects evidence; nobody otherwise."""

    def __init__(self, id: str, text: str, cell: str, where: str, supersedes: str = "") -> None:
        self.id = id
        self.text = text
        self.cell = cell
        self.where = where
        self.supersedes = supersedes

    def __repr__(self) -> str:
        return f"Rule({self.id!r}, {self.text!r})"

    def require(self, held: bool, detail: str = "") -> None:
        """Go on if the rule is held, refuse the message if not.

        Raises:
            Refused: the rule is not held; `detail` goes to whoever asked.
        """
        if Rule.witness is not None:
            Rule.witness(self, bool(held), sys._getframe(1))  # noqa: SLF001 (whose call this is)
        if not held:
            self._refuse(detail)

    def refuse(self, detail: str = "") -> NoReturn:
        """Refuse the message by this rule."""
        if Rule.witness is not None:
            Rule.witness(self, False, sys._getframe(1))  # noqa: SLF001 (as above)
        self._refuse(detail)

    def _refuse(self, detail: str) -> NoReturn:
        message = f"{self.text} ({detail})" if detail else self.text
        raise Refused(message, rule=self.id, detail=detail, cell=self.cell)

    @contextmanager
    def refuses(self) -> Iterator[None]:
        """In a scenario: what stands inside must be refused by this rule, and by no other.

        Raises:
            AssertionError: nothing was refused, or another rule refused it.
        """
        try:
            yield
        except Refused as refusal:
            if refusal.rule != self.id:
                raise AssertionError(
                    f"{self.id} should refuse, but {refusal.rule} did: {refusal}"
                ) from refusal
        else:
            raise AssertionError(f"{self.id} should refuse this, but it was accepted: {self.text}")
