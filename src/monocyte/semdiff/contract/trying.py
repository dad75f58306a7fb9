"""In a worker: run scripts on one version of a program, and say what each of them printed."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
from pathlib import Path

import msgspec

from monocyte.semdiff.contract.loading import install
from monocyte.semdiff.workers.stopwatch import Overtime, stopwatch

__all__ = ["ENDED", "IMPORTS", "Trials", "attempt"]

LONGEST = 500
"""Characters of an outcome that are kept."""

ENDED = "<ended>"
"""The outcome of a script that did not come to an end by itself."""

PATIENCE = 0.3
"""Seconds of processor time that a script has."""

LATE = 8
"""After so many scripts that did not end, no more are run."""


class Trials(msgspec.Struct, frozen=True):
    """A version's files, and the scripts to run on it."""

    files: dict[str, str]
    scripts: tuple[str, ...]


def attempt(payload: bytes) -> bytes:
    """Trials; the outcome of each: what it printed, or the error that ended it."""
    trials = msgspec.msgpack.decode(payload, type=Trials)
    install(trials.files)
    for module in {name for script in trials.scripts for name in IMPORTS.findall(script)}:
        with contextlib.suppress(BaseException):  # each script will say so itself
            importlib.import_module(module)
    outcomes: list[str] = []
    for script in trials.scripts:
        outcomes.append(ENDED if outcomes.count(ENDED) >= LATE else _outcome(script))
    return msgspec.msgpack.encode(outcomes)


IMPORTS = re.compile(r"^from (\S+) import", re.MULTILINE)


def _outcome(script: str) -> str:
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), stopwatch(PATIENCE, 2.0):
            # The author's code, under judgement: this is the locked worker that is for it.
            exec(compile(script, "<witness>", "exec"), {"__name__": "witness"})  # noqa: S102
    except Overtime:
        return ENDED
    except BaseException as why:  # noqa: BLE001 (a supervision edge: what it raises is the answer)
        return _tidy(f"{type(why).__name__}: {_text(why)}")
    return _tidy(said.getvalue().strip())


def _tidy(said: str) -> str:
    """Without the folder of this one job, which is another each time."""
    for here in (Path.cwd(), Path.cwd().resolve()):
        said = said.replace(f"{here}/", "")
    return said[:LONGEST]


def _text(why: BaseException) -> str:
    try:
        return str(why)
    except Exception:  # noqa: BLE001 (as above)
        return "(it cannot say what)"
