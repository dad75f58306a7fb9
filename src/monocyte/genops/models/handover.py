"""Any model that can be reached in any way: the prompt goes into a file, the answer comes in one.

Whoever carries them (a person with a chat window, a script) reads `prompt.md` and puts the answer
beside it as `answer.md`: written under another name first, then renamed, so that half an answer is
never taken for one.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from monocyte.genops.models.interface import Answer, Hears, NoAnswer, Prompt, text_of

__all__ = ["ANSWER", "MOST", "PROMPT", "HandOver"]

PROMPT: Final = "prompt.md"
ANSWER: Final = "answer.md"
MOST: Final = 4 << 20
"""Bytes of an answer."""


class HandOver:
    """Waits for an answer in a directory of its own below `directory`, for at most `patience` s."""

    def __init__(
        self,
        directory: Path,
        *,
        patience: float = 7 * 24 * 3600.0,
        pause: Callable[[], None] = lambda: time.sleep(0.5),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._patience = patience
        self._pause = pause
        self._clock = clock

    def ask(self, prompt: Prompt, hears: Hears) -> Answer:
        """Write the prompt, say where, and wait; an answer that is there already is taken.

        Raises:
            NoAnswer: none came in time, or it is none.
        """
        text = text_of(prompt)
        place = self._directory / sha256(text.encode()).hexdigest()[:16]
        place.mkdir(parents=True, exist_ok=True)
        _write(place / PROMPT, text)
        path = place / ANSWER
        hears(f"read {place / PROMPT}\nanswer in {path}, renamed from another name when complete\n")
        until = self._clock() + self._patience
        while not os.path.lexists(path):
            if self._clock() >= until:
                raise NoAnswer(
                    "nobody has answered", where=str(path), mend="answer, then try again"
                )
            self._pause()
        return Answer(_read(path), "end", "handed over")


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _read(path: Path) -> str:
    """The answer: an ordinary file of text, of a size that can be one."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > MOST:
        mend = f"make it a file of text of at most {MOST} bytes"
        raise NoAnswer("this is no answer", where=str(path), mend=mend)
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as why:
        raise NoAnswer(f"it cannot be read: {why}", where=str(path), mend="write UTF-8") from why
