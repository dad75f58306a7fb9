"""Rules: requirements as objects, enforced where they are written into the code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from monocyte.errors import Refused

__all__ = ["Rule"]


class Rule:
    """A requirement with a stable `id`; `text` says it in a sentence that its users read."""

    __slots__ = ("cell", "id", "text", "where")

    def __init__(self, id: str, text: str, cell: str, where: str) -> None:
        self.id = id
        self.text = text
        self.cell = cell
        self.where = where

    def __repr__(self) -> str:
        return f"Rule({self.id!r}, {self.text!r})"

    def require(self, held: bool, detail: str = "") -> None:
        """Go on if the rule is held, refuse the message if not.

        Raises:
            Refused: the rule is not held; `detail` goes to whoever asked.
        """
        if not held:
            self.refuse(detail)

    def refuse(self, detail: str = "") -> NoReturn:
        """Refuse the message by this rule."""
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
