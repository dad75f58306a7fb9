"""Cassettes: what was asked and answered, kept so that it can be played back without a provider.

A request is found again by the digest of its canonical form: without the fields in `VARIES` and the
passages in `PASSAGES`, which differ between identical runs and change nothing, and with other names
for the directories of the run.
A request that is on no cassette is an error that says where it departs from the one that was
expected; nothing is ever guessed.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from monocyte.errors import MonocyteError
from monocyte.genops.metering.wires.interface import Body

__all__ = [
    "FORMAT",
    "PASSAGES",
    "PLACES",
    "VARIES",
    "CassetteDamaged",
    "CassetteMiss",
    "Player",
    "Recorder",
    "Take",
    "canonical",
    "departs",
    "digest",
]

FORMAT: Final = 1
PLACES: Final = ("/-run-", "/-home-", "/-more-")
"""What the directories of a run are called on a cassette: its worktree, its home, another one."""

VARIES: Final[Mapping[str, Mapping[str, str]]] = {
    "chat": {
        "user": "names a person or a session",
        "safety_identifier": "names a person",
        "prompt_cache_key": "names a session",
        "metadata": "is only shown in the provider's console",
    },
    "responses": {
        "client_metadata": "names an installation, a session, a turn",
        "input[].id": "names an item that is all there",
        "user": "names a person or a session",
        "safety_identifier": "names a person",
        "prompt_cache_key": "names a session",
        "metadata": "is only shown in the provider's console",
    },
    "messages": {
        "metadata": "names a person, a device, a session",
    },
}
"""Fields that are left out of the digest, and why the answer does not depend on them."""

PASSAGES: Final[Mapping[str, str]] = {
    r"<current_date>[0-9-]{10}</current_date>": "Codex tells what day it is",
    r"Today's date is [0-9-]{10}": "Claude Code does, too",
    r'OS Version: [^\\"]*': "and which version the system has",
    r"Chunk ID: [0-9a-f]{6}": "Codex numbers what commands print",
    r"Wall time: [0-9.]+ seconds": "and how long they took",
}
"""Passages of a text, as JSON, that are left out of the digest; and who puts them there."""

_PASSAGES = re.compile("|".join(PASSAGES).encode())


class CassetteMiss(MonocyteError):
    """Something was asked that is on no cassette."""

    fault = "operator"


class CassetteDamaged(MonocyteError):
    """A file is no cassette, or not the one that was recorded."""

    fault = "operator"


class Take(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request with its answer, as it is kept."""

    format: int
    wire: str
    digest: str
    request: Body
    """In canonical form."""
    status: int
    kind: str
    """The answer's content type."""
    body: str


def canonical(wire: str, body: Body, places: Sequence[Path] = ()) -> Body:
    """The request as it is compared: without what varies, and with no real directory in it."""
    kept = {name: value for name, value in body.items() if name not in VARIES[wire]}
    for name in VARIES[wire]:
        outer, nested, inner = name.partition("[].")
        if nested and isinstance(kept.get(outer), list):
            kept[outer] = [_without(one, inner) for one in kept[outer]]
    raw = msgspec.json.encode(kept, order="deterministic")
    found: Body = msgspec.json.decode(_PASSAGES.sub(b"", _leaving(raw, places)))
    return found


def _without(one: Any, name: str) -> Any:
    return {k: v for k, v in one.items() if k != name} if isinstance(one, dict) else one


def digest(wire: str, request: Body) -> str:
    """The name of a canonical request, the same on every machine."""
    raw = msgspec.json.encode(request, order="deterministic")
    return sha256(b"monocyte cassette 1\0" + wire.encode() + b"\0" + raw).hexdigest()


class Recorder:
    """Writes takes into a directory, one file each, in order; a file is whole or not there."""

    def __init__(self, directory: Path, *places: Path) -> None:
        self.directory = directory
        self._places = places

    def keep(self, wire: str, body: Body, status: int, kind: str, answer: bytes) -> Path:
        """Keep a take durably, and say where.

        Raises:
            CassetteDamaged: the answer is no text.
            OSError: it cannot be written.
        """
        request = canonical(wire, body, self._places)
        try:
            text = _leaving(answer, self._places).decode()
        except UnicodeDecodeError as why:
            raise CassetteDamaged("the answer is no text, and cannot be kept") from why
        take = Take(FORMAT, wire, digest(wire, request), request, status, kind, text)
        return self._write(take)

    def _write(self, take: Take) -> Path:
        self.directory.mkdir(parents=True, exist_ok=True)
        number = sum(1 for _ in _files(self.directory))
        path = self.directory / f"{number:05d}-{take.digest[:12]}.json"
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(take, order="deterministic")))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        return path


class Player:
    """Plays the takes of a directory back; each once, in the order of their recording.

    Raises:
        CassetteDamaged: a file is none of ours, or was changed.
    """

    def __init__(self, directory: Path, *places: Path) -> None:
        self._places = places
        self._directory = directory
        self._takes = [_read(path) for path in _files(directory)]
        self._waiting: defaultdict[str, list[Take]] = defaultdict(list)
        for take in reversed(self._takes):
            self._waiting[take.digest].append(take)

    def play(self, wire: str, body: Body) -> tuple[Take, bytes]:
        """The take of this request, and the answer's bytes.

        Raises:
            CassetteMiss: there is none, or none left.
        """
        request = canonical(wire, body, self._places)
        name = digest(wire, request)
        if not self._waiting[name]:
            raise self._miss(wire, name, request)
        take = self._waiting[name].pop()
        return take, _returning(take.body.encode(), self._places)

    @property
    def left(self) -> int:
        """How many takes were not asked for."""
        return sum(map(len, self._waiting.values()))

    def _miss(self, wire: str, name: str, request: Body) -> CassetteMiss:
        """An error that says how the request differs from the next that was expected."""
        played = {id(take) for takes in self._waiting.values() for take in takes}
        expected = [take for take in self._takes if id(take) in played and take.wire == wire]
        how = (
            f"it departs at {departs(expected[0].request, request)}" if expected else "none is left"
        )
        message = f"the request {name[:12]} is on no cassette: {how}"
        mend = "record it again, or find out what has changed since"
        return CassetteMiss(message, where=str(self._directory), mend=mend)


def departs(expected: Any, found: Any, path: str = "$") -> str:
    """The first place where two JSON values differ; nothing if they are equal."""
    match expected, found:
        case dict(), dict():
            names = sorted(expected.keys() | found.keys())
            steps = ((f"{path}.{n}", expected.get(n), found.get(n)) for n in names)
        case list(), list() if len(expected) == len(found):
            pairs = enumerate(zip(expected, found, strict=True))
            steps = ((f"{path}[{i}]", *pair) for i, pair in pairs)
        case _:
            return "" if expected == found else path
    return next((where for p, a, b in steps if (where := departs(a, b, p))), "")


def _files(directory: Path) -> Iterator[Path]:
    return iter(sorted(directory.glob("[0-9]*-*.json")))


def _read(path: Path) -> Take:
    mend = "restore it from where it was recorded"
    try:
        take = msgspec.json.decode(path.read_bytes(), type=Take)
    except (OSError, msgspec.DecodeError) as why:
        raise CassetteDamaged(f"it cannot be read: {why}", where=str(path), mend=mend) from why
    if take.format != FORMAT or take.wire not in VARIES:
        raise CassetteDamaged("it is of a format that is not known here", where=str(path))
    if take.digest != digest(take.wire, take.request):
        raise CassetteDamaged("its request is not what was recorded", where=str(path), mend=mend)
    return take


def _path(here: Path) -> bytes:
    """The directory as it stands inside a JSON string."""
    return msgspec.json.encode(str(here))[1:-1]


def _names(places: Sequence[Path]) -> list[tuple[bytes, bytes]]:
    """Each place with its name; the longest first, for one may lie in another."""
    named = zip(map(_path, places), (name.encode() for name in PLACES), strict=False)
    return sorted(named, key=lambda pair: -len(pair[0]))


def _leaving(raw: bytes, places: Sequence[Path]) -> bytes:
    for place, name in _names(places):
        raw = raw.replace(place, name)
    return raw


def _returning(raw: bytes, places: Sequence[Path]) -> bytes:
    for place, name in _names(places):
        raw = raw.replace(name, place)
    return raw
