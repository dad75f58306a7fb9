"""What every way of asking a model looks like: a prompt goes in, an answer comes out.

A backend asks once and says what came back; whether that is any good is judged elsewhere. It holds
no key: it knows the metering proxy's address and a token, or needs neither.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from monocyte.errors import MonocyteError
from monocyte.genops.metering.wires import Said, Stop, Turn

__all__ = ["Answer", "Backend", "Declined", "Hears", "ModelError", "NoAnswer", "Prompt", "text_of"]

Hears = Callable[[str], None]
"""Told every piece of an answer as it arrives, to show that something happens."""


class ModelError(MonocyteError):
    """A model was asked in vain."""

    fault = "operator"


class Declined(ModelError):
    """It was not let through: budget, pins, or what a request may contain; trying again is vain."""


class NoAnswer(ModelError):
    """No whole answer came: the provider failed, was too slow, or broke off."""


class Prompt(msgspec.Struct, frozen=True):
    """What a model is asked."""

    system: str
    turns: tuple[Turn, ...]


class Answer(msgspec.Struct, frozen=True):
    """What a model said, and why it stopped: an answer that is cut off or refused is one, too."""

    text: str
    stop: Stop
    model: str = ""
    """Who answered, by the answer's own word."""

    @classmethod
    def of(cls, said: Said) -> Answer:
        """The answer that was read from a wire."""
        return cls(said.text, said.stop, said.model)


class Backend(Protocol):
    """A way of asking a model."""

    def ask(self, prompt: Prompt, hears: Hears) -> Answer:
        """Ask once, and wait.

        Raises:
            ModelError: there is no answer.
        """
        ...


def text_of(prompt: Prompt) -> str:
    """A prompt as one text, for whoever takes only that: a person, or an agent."""
    said = (turn.text if turn.role == "user" else _quoted(turn.text) for turn in prompt.turns)
    return "\n\n".join(part for part in (prompt.system, *said) if part) + "\n"


def _quoted(text: str) -> str:
    return "You have answered:\n\n" + "\n".join(f"> {line}".rstrip() for line in text.splitlines())
