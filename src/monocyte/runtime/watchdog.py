"""Names the cell that holds the loop, while it holds it: file:line, from another thread."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Iterable
from types import FrameType

from monocyte.cell import Manifest
from monocyte.contracts.facts import Emit, Fact

__all__ = ["Watchdog"]

BEAT = 0.1
"""Seconds between two beats of the loop."""

PATIENCE = 1.0
"""Seconds without a beat after which somebody is named, and again after each such time."""


class Watchdog:
    """Watches the running loop. `last_lag` is how late the last beat was, in seconds."""

    def __init__(self, manifests: Iterable[Manifest], emit: Emit) -> None:
        self.last_lag = 0.0
        self._cells = {manifest.file: manifest.name for manifest in manifests}
        self._emit = emit
        self._loop = asyncio.get_running_loop()
        self._watched = threading.get_ident()
        self._beaten = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="monocyte-watchdog", daemon=True)
        self._handle = self._loop.call_later(BEAT, self._beat)
        self._thread.start()

    def stop(self) -> None:
        """Stop to watch."""
        self._handle.cancel()
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        now = time.monotonic()
        self.last_lag = max(0.0, now - self._beaten - BEAT)
        self._beaten = now
        self._handle = self._loop.call_later(BEAT, self._beat)

    def _watch(self) -> None:
        told = 0.0
        while not self._stop.wait(PATIENCE / 4):
            held = time.monotonic() - self._beaten
            if held < PATIENCE:
                told = 0.0
            elif held > told + PATIENCE:
                told = held
                self._tell(held)

    def _tell(self, held: float) -> None:
        frame = sys._current_frames().get(self._watched)  # noqa: SLF001 (the documented way to look)
        cell, where = self._innermost(frame)
        who = cell or "something outside every cell"
        self._emit(Fact("blocked", cell, f"{who} has held the loop for {held:.1f} s", where))

    def _innermost(self, frame: FrameType | None) -> tuple[str, str]:
        """The cell in whose file the loop is now, innermost frame first, and file:line."""
        top = frame
        while frame is not None:
            if (cell := self._cells.get(frame.f_code.co_filename)) is not None:
                return cell, f"{frame.f_code.co_filename}:{frame.f_lineno}"
            frame = frame.f_back
        return "", f"{top.f_code.co_filename}:{top.f_lineno}" if top else ""
