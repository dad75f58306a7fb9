"""In a worker: which lines of some code objects have run.

Python 3.12 and later report each line once and then no more, at next to no cost; before, frames of
these code objects only are traced.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import CodeType, FrameType
from typing import Any, Self

__all__ = ["Lines"]


class Lines:
    """Lines of code objects that have run while it was on; `hit` grows."""

    def __init__(self, codes: Iterable[CodeType]) -> None:
        self.codes = frozenset(codes)
        self.hit: set[int] = set()
        self.executable = {line for code in self.codes for *_, line in code.co_lines() if line}
        self._tool = _Monitored(self) if sys.version_info >= (3, 12) else _Traced(self)

    def __enter__(self) -> Self:
        self._tool.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._tool.stop()


class _Traced:
    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def start(self) -> None:
        # Once all lines have run there is nothing left to see, and tracing costs.
        if self._lines.hit < self._lines.executable:
            sys.settrace(self._call)

    def stop(self) -> None:
        sys.settrace(None)

    def _call(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        if frame.f_code not in self._lines.codes:
            return None
        self._lines.hit.add(frame.f_lineno)
        return self._line

    def _line(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            self._lines.hit.add(frame.f_lineno)
        return self._line


class _Monitored:
    _next = 0

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        self._monitoring = monitoring
        self._id = 3 + _Monitored._next % 2  # ids that no debugger, profiler or coverage takes
        _Monitored._next += 1
        if monitoring.get_tool(self._id) is None:
            monitoring.use_tool_id(self._id, "monocyte")
        monitoring.register_callback(self._id, monitoring.events.LINE, self._line)

    def start(self) -> None:
        for code in self._lines.codes:
            self._monitoring.set_local_events(self._id, code, self._monitoring.events.LINE)

    def stop(self) -> None:
        for code in self._lines.codes:
            self._monitoring.set_local_events(self._id, code, 0)

    def _line(self, _code: CodeType, line: int) -> Any:
        self._lines.hit.add(line)
        return self._monitoring.DISABLE
