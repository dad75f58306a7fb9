"""Loads what a model wrote in a locked process, and has the picture of the cell drawn there.

Nothing that comes back is trusted: it is a picture only if it consists of names that stand in the
file, and it is put into the one place where pictures are. What cannot be loaded is a finding.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from monocyte.errors import DefinitionError
from monocyte.genops.generation.findings import found
from monocyte.genops.generation.splicing import Spliced, splice
from monocyte.genops.generation.writing import Cell
from monocyte.literate.pictures.redrawing import put_picture
from monocyte.semdiff.workers import Fate, Limits, Report, Worker

__all__ = ["redrawing"]

LIMITS: Final = Limits(wall=60.0, cpu=40.0, memory=2 << 30)
WORD = re.compile(r"[A-Za-z_]\w*")
KNOWN: Final = frozenset({"person", "clock"})
LARGEST: Final = 32 << 10
"""Characters of a picture."""


class _Task(msgspec.Struct, frozen=True):
    """The app's directory, its package, and the cell."""

    root: str
    package: str
    cell: str


class _Drawn(msgspec.Struct, frozen=True):
    """The picture as the code has it (None: it is right as it is), or why it cannot be loaded."""

    picture: str | None = None
    faults: tuple[str, ...] = ()


def redrawing(
    tree: Path, app: str, package: str, *, draws: bool = True
) -> Callable[[Cell, str], Spliced]:
    """What loads cells and puts pictures right, in a tree of ours; the app lies in `app`."""

    def redraw(cell: Cell, text: str) -> Spliced:
        file = tree / cell.path
        file.write_text(text, "utf-8", newline="")
        task = _Task(str(tree / PurePosixPath(app)), package, cell.name)
        with Worker() as worker:
            raw = msgspec.msgpack.encode(task)
            report = worker.run(f"{__name__}:draw", raw, LIMITS)
        return _taken(cell, text, report, draws=draws)

    return redraw


def _taken(cell: Cell, text: str, report: Report, *, draws: bool) -> Spliced:
    if report.fate is not Fate.DONE:
        last = (report.detail.strip().splitlines() or [""])[-1]
        return _failed(cell, f"loading it {report.fate}: {last}", report.detail)
    try:
        drawn = msgspec.msgpack.decode(report.value, type=_Drawn)
    except msgspec.MsgspecError:
        return _failed(cell, "what is loaded answers in our place", "")
    if drawn.faults:
        return _failed(cell, drawn.faults[0], "\n".join(drawn.faults))
    if not draws or drawn.picture is None or not _is_picture(drawn.picture, text):
        return Spliced(text)
    whole = put_picture(text, drawn.picture, "Cell")
    # Held once more to what splicing holds: the picture is the only thing that may differ.
    return splice(cell.name, cell.path, text, whole, cell.sealed)


def _failed(cell: Cell, said: str, evidence: str) -> Spliced:
    mend = "write it so that it can be loaded"
    return Spliced(
        None,
        (
            found(
                "load-failed", cell.name, said[:300], where=cell.path, mend=mend, evidence=evidence
            ),
        ),
    )


def _is_picture(picture: str, text: str) -> bool:
    """Whether it consists of names that stand in the file: nothing else can be said with it."""
    if len(picture) > LARGEST or '"' in picture or "\\" in picture:
        return False
    return set(WORD.findall(picture)) <= {*WORD.findall(text)} | KNOWN


def draw(payload: bytes) -> bytes:
    """In the locked process: load the app, and draw the picture of one cell."""
    from monocyte.cell import load_package  # noqa: PLC0415 (there only)
    from monocyte.literate.pictures.cells import compare, redraw  # noqa: PLC0415

    task = msgspec.msgpack.decode(payload, type=_Task)
    sys.dont_write_bytecode = True
    try:
        loaded = load_package(Path(task.root), task.package)
    except DefinitionError as why:
        return msgspec.msgpack.encode(_Drawn(faults=(str(why),)))
    manifest = next((it for it in loaded.manifests if it.name == task.cell), None)
    if manifest is None:
        faults = tuple(map(str, loaded.faults)) or (f"there is no cell {task.cell} any more",)
        return msgspec.msgpack.encode(_Drawn(faults=faults[:5]))
    if manifest.picture is not None and not any(compare(manifest)):
        return msgspec.msgpack.encode(_Drawn())
    return msgspec.msgpack.encode(_Drawn(redraw(manifest)))
