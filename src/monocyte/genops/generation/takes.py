"""Takes: the answers of a run in order, so that a run that was interrupted goes on for free.

Each stands in a file that is whole or not there. It is found again by the prompt that it answers:
so a run that is begun anew asks the same, hears the same, and pays only from where it stopped. They
are attached to a candidate, which can be made of them again without any model.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from monocyte.errors import GenopsError
from monocyte.genops.metering.wires import Stop
from monocyte.genops.models.interface import Answer, Prompt, text_of

__all__ = ["FILE", "Take", "Takes", "opened", "packed", "prompt_digest"]

FILE: Final = "takes.json"
"""Under what name all takes of a candidate are attached to it."""


class Take(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One answer: of which cell, at which attempt, to which prompt."""

    format: Literal[1] = 1
    cell: str
    attempt: Annotated[int, msgspec.Meta(ge=1)]
    prompt: str
    """The SHA-256 of the prompt."""
    kind: Literal["answer", "file"]
    """What the text is: what a model said, or the file that an agent has left."""
    text: str
    stop: Stop = "end"
    model: str = ""
    strays: tuple[str, ...] = ()
    """What else an agent has changed: paths within the repository."""

    @property
    def answer(self) -> Answer:
        """As it was heard."""
        return Answer(self.text, self.stop, self.model)


def prompt_digest(prompt: Prompt) -> str:
    """What a take is found by."""
    return sha256(text_of(prompt).encode("utf-8", "replace")).hexdigest()


class Takes:
    """The takes of a run in a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def find(self, cell: str, attempt: int, prompt: str) -> Take | None:
        """What was answered to this, if it was asked before; a damaged file counts as none."""
        try:
            take = msgspec.json.decode(self._path(cell, attempt).read_bytes(), type=Take)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        return take if (take.cell, take.attempt, take.prompt) == (cell, attempt, prompt) else None

    def keep(self, take: Take) -> None:
        """Keep a take durably; raises GenopsError where there is no room."""
        path = self._path(take.cell, take.attempt)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(msgspec.json.encode(take, order="deterministic"))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as why:
            mend = "make room, then go on: monocyte apply"
            said = f"an answer cannot be kept: {why.strerror}"
            raise GenopsError(said, where=str(path), mend=mend) from why

    def _path(self, cell: str, attempt: int) -> Path:
        return self.directory / f"{cell}-{attempt}.json"


def packed(takes: Iterable[Take]) -> bytes:
    """Takes as they are attached."""
    return msgspec.json.format(msgspec.json.encode([*takes], order="deterministic"), indent=1)


def opened(content: bytes) -> list[Take]:
    """Takes as they were attached; raises GenopsError if they are none, or of another format."""
    try:
        return msgspec.json.decode(content, type=list[Take])
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        mend = "a newer monocyte wrote them, or they are damaged"
        raise GenopsError(f"these are no takes: {why}", mend=mend) from why
