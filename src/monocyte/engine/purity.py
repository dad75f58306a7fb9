"""The proof that a function left alone what it was given: images before and after, byte for byte.

It costs an image of the whole state for each call, so that Worlds give it and production does not.
"""

from __future__ import annotations

from monocyte.cell import Function
from monocyte.contracts import Message
from monocyte.contracts.codec import encode
from monocyte.contracts.images import image
from monocyte.errors import Crashed

__all__ = ["Proof", "impure"]


class Proof:
    """What a state and a message were before a function was given them."""

    __slots__ = ("_before", "_message", "_state")

    def __init__(self, state: object, message: Message) -> None:
        self._state, self._message = state, message
        self._before = self._images()

    def holds(self) -> bool:
        """Whether both are what they were."""
        return self._images() == self._before

    def _images(self) -> tuple[bytes, bytes]:
        return image(self._state), encode(self._message)


def impure(cell: str, function: Function) -> Crashed:
    """A function has changed what only evolvers may change."""
    return Crashed(
        f"{cell}.{function.name} is not pure: it changed the state or its message",
        cell=cell,
        where=function.where,
        mend="return an event, and change the state in its evolver",
    )
