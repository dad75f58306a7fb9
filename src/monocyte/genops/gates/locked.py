"""Runs a station, code of ours beside the change's, in a locked process, and believes it little.

The answer of a station is sealed with a key that only this run has: whoever prints, exits or
answers in its place does not know it. What is expected comes from reading, not from the answer.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

import msgspec

from monocyte.genops.pins import Judging
from monocyte.semdiff.workers import Fate, Limits, Report, Worker

__all__ = ["Answer", "Sealed", "Task", "ask", "sealed", "worker"]

T = TypeVar("T")
STATION = "monocyte.genops.gates.stations"
PRELOAD = ("monocyte.genops.gates.stations.play",)


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What a station is told besides its own business: the key, and where the trees are."""

    key: bytes
    base: str
    """The app's directory at the base."""
    head: str
    package: str
    body: msgspec.Raw = msgspec.Raw(b"\xc0")


class Sealed(msgspec.Struct, frozen=True):
    """An answer with its seal."""

    body: bytes
    seal: bytes


class Answer(NamedTuple):
    """What came back: the body of a true answer, or why there is none."""

    body: bytes
    wrong: str
    """`run-ended`, `run-forged` or nothing."""
    why: str
    report: Report


BUSY = 4
"""By the clock it may take so many times what it may take of the processor: others compute, too."""


def sealed(key: bytes, body: bytes) -> bytes:
    """In a station: the answer as it is sent."""
    return msgspec.msgpack.encode(Sealed(body, hmac.digest(key, body, "sha256")))


@contextmanager
def worker(*, seed: int = 0) -> Iterator[Worker]:
    """A locked worker with our stations loaded, and nothing of anybody else's."""
    with Worker(preload=PRELOAD, seed=seed) as made:
        yield made


def ask(
    made: Worker,
    station: str,
    body: object,
    *,
    base: str,
    head: str,
    package: str,
    limits: Judging,
    forks: bool = False,
) -> Answer:
    """Have a station (`module:function`) do something, within the limits of the base revision."""
    key = secrets.token_bytes(32)
    raw = msgspec.Raw(msgspec.msgpack.encode(body))
    task = Task(key=key, base=base, head=head, package=package, body=raw)
    wall = float(limits.seconds)
    report = made.run(
        f"{STATION}.{station}",
        msgspec.msgpack.encode(task),
        Limits(wall=BUSY * wall, cpu=wall, memory=limits.memory << 20, forks=forks),
    )
    return judged(key, report)


def judged(key: bytes, report: Report) -> Answer:
    """What a report is worth."""
    if report.fate is not Fate.DONE:
        forged = "run-forged" if report.fate is Fate.GARBAGE else "run-ended"
        said = f"{report.fate}: {_last_line(report.detail)}"
        return Answer(b"", forged, f"{said}{_where(report)}", report)
    try:
        answer = msgspec.msgpack.decode(report.value, type=Sealed)
    except msgspec.MsgspecError as why:
        return Answer(b"", "run-forged", f"no answer of the judge: {why}", report)
    if not hmac.compare_digest(answer.seal, hmac.digest(key, answer.body, "sha256")):
        return Answer(b"", "run-forged", "an answer that the judge did not seal", report)
    return Answer(answer.body, "", "", report)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1][:500]


def _where(report: Report) -> str:
    """What was going on, as the station has said on its standard error; good for a hint only."""
    lines = report.stderr.decode("utf-8", "replace").strip().splitlines()
    at = [it.partition(" ")[2] for it in lines if it.startswith("at: ")]
    return f", in {at[-1][:200]}" if at else ""
