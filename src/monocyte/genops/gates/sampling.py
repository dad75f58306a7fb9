"""From a journal to a story: what people have said to an app, in order, without who they are.

Only what came from outside is taken; what cells did because of it they do again. A name, and any
other text, is replaced by one of the same length, letter by letter: letters by letters, digits by
digits; the same text always by the same one, so that who booked and who cancelled stay the same
person. Numbers, moments, choices and roles stay as they are.
"""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from monocyte.cell import Manifest
from monocyte.contracts import Command
from monocyte.contracts.codec import decode, decode_json, encode_json
from monocyte.errors import BusError
from monocyte.genops.gates.stations.stories import Step, Story
from monocyte.journal.entries import Entry

__all__ = ["Redaction", "sample"]

ASKED = frozenset({"command", "refusal"})


def sample(
    entries: Iterable[Entry], manifests: Iterable[Manifest], redaction: Redaction | None = None
) -> Story:
    """The story that a journal tells; what no release knows any more is left out."""
    words: dict[tuple[str, str], Any] = {
        (cell.name, name): word
        for cell in manifests
        for name, word in cell.words.items()
        if issubclass(word, Command)
    }
    said = sorted((it for it in entries if _is_from_outside(it)), key=lambda it: (it.at, it.cell))
    return Story("journal", tuple(_steps(said, words, redaction)))


def _is_from_outside(entry: Entry) -> bool:
    return entry.kind in ASKED and not entry.cause


def _steps(
    said: Iterable[Entry], words: Mapping[tuple[str, str], Any], redaction: Redaction | None
) -> Iterator[Step]:
    before = 0
    for entry in said:
        word = words.get((entry.cell, entry.name))
        if word is None:
            continue
        if before and entry.at > before:
            yield Step("advance", micros=entry.at - before)
        before = entry.at
        try:
            body = encode_json(decode(word, entry.message))
        except BusError:
            continue
        step = Step("say", entry.principal, tuple(entry.roles), entry.cell, entry.name, body)
        redacted = redaction.step(step, word) if redaction is not None else step
        if redacted is not None:
            yield redacted


class Redaction:
    """Replaces texts by others, always the same ones; the key to that is not kept."""

    def __init__(self, key: bytes = b"") -> None:
        self._key = key or secrets.token_bytes(32)
        self._made: dict[str, str] = {}
        self._taken: set[str] = set()

    def step(self, step: Step, word: Any) -> Step | None:
        """A step without personal data; None if its type would not take it."""
        value = self._value(msgspec.json.decode(step.body))
        for candidate in (value, self._value(msgspec.json.decode(step.body), ends=True)):
            body = msgspec.json.encode(candidate)
            try:
                decode_json(word, body)
            except BusError:
                continue
            return msgspec.structs.replace(step, who=self.text(step.who), body=body)
        return None

    def _value(self, value: Any, *, ends: bool = False) -> Any:
        if isinstance(value, dict):
            return {key: self._value(it, ends=ends) for key, it in value.items()}
        if isinstance(value, list):
            return [self._value(it, ends=ends) for it in value]
        if isinstance(value, str) and not _is_moment(value):
            return self.text(value)
        return value

    def text(self, text: str) -> str:
        """Another text, of the same length and kind of characters."""
        if text not in self._made:
            for salt in range(100):
                made = self._replaced(text, salt)
                if made not in self._taken:
                    break
            self._taken.add(made)
            self._made[text] = made
        return self._made[text]

    def _replaced(self, text: str, salt: int) -> str:
        seed = hashlib.blake2b(f"{salt}\0{text}".encode("utf-8", "replace"), key=self._key).digest()
        stream = _stream(seed)
        return "".join(_like(it, next(stream)) for it in text)


def _stream(seed: bytes) -> Iterator[int]:
    while True:
        yield from seed
        seed = hashlib.blake2b(seed).digest()


def _like(letter: str, chance: int) -> str:
    if letter.isdecimal():
        return string.digits[chance % 10]
    if letter.isalpha():
        letters = string.ascii_uppercase if letter.isupper() else string.ascii_lowercase
        return letters[chance % 26]
    return letter


def _is_moment(text: str) -> bool:
    for kind in (date, datetime):
        try:
            kind.fromisoformat(text)
        except ValueError:
            continue
        return len(text) >= 10
    return False
