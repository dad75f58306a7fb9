"""Which lines of some code objects have run.

Python 3.12 and later report each line once and then no more, at next to no cost; before, frames of
these code objects only are traced.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from types import CodeType, FrameType
from typing import Any, ClassVar, Self

__all__ = ["Lines", "code_objects"]


def code_objects(thing: Any) -> set[CodeType]:
    """The code of a function, and of all that is defined in it; of a class, that of its methods."""
    if isinstance(thing, type):
        return {code for it in vars(thing).values() for code in code_objects(it)}
    thing = getattr(thing, "fget", None) or getattr(thing, "__func__", thing)
    code = getattr(inspect.unwrap(thing) if callable(thing) else thing, "__code__", None)
    found: set[CodeType] = set()
    left = [code] if isinstance(code, CodeType) else []
    while left:
        found.add(it := left.pop())
        left += [const for const in it.co_consts if isinstance(const, CodeType)]
    return found


class Lines:
    """Lines of code objects that have run while it was on: `seen` grows, as (file, line)."""

    def __init__(self, codes: Iterable[CodeType]) -> None:
        self.codes = frozenset(codes)
        self.seen: set[tuple[str, int]] = set()
        self.executable = {
            (code.co_filename, line) for code in self.codes for *_, line in code.co_lines() if line
        }
        self._tool = _Monitored(self) if sys.version_info >= (3, 12) else _Traced(self)

    @property
    def hit(self) -> set[int]:
        """The numbers of the lines that have run, whatever their file."""
        return {line for _, line in self.seen}

    def __enter__(self) -> Self:
        self._tool.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._tool.stop()


class _Traced:
    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._before = sys.gettrace()
        """Coverage or a debugger may be listening; it goes on when we stop."""

    def start(self) -> None:
        self._before = sys.gettrace()
        # Once all lines have run there is nothing left to see, and tracing costs.
        if not self._lines.seen >= self._lines.executable:
            sys.settrace(self._call)

    def stop(self) -> None:
        sys.settrace(self._before)

    def _call(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        if frame.f_code not in self._lines.codes:
            return None
        self._lines.seen.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line

    def _line(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            self._lines.seen.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line


class _Monitored:
    """One tool for all: which code belongs to which `seen` is looked up when a line is reported."""

    TOOL = 4
    """Debugger, coverage, profiler and hypothesis have others; whoever has this one is ours."""

    owners: ClassVar[dict[CodeType, set[tuple[str, int]]]] = {}

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        if self._monitoring.get_tool(self.TOOL) is None:
            self._monitoring.use_tool_id(self.TOOL, "monocyte")
            event = self._monitoring.events.LINE
            self._monitoring.register_callback(self.TOOL, event, self._line)

    def start(self) -> None:
        for code in self._lines.codes:
            self.owners[code] = self._lines.seen
            self._monitoring.set_local_events(self.TOOL, code, self._monitoring.events.LINE)

    def stop(self) -> None:
        for code in self._lines.codes:
            self._monitoring.set_local_events(self.TOOL, code, 0)

    @classmethod
    def _line(cls, code: CodeType, line: int) -> Any:
        seen = cls.owners.get(code)
        if seen is not None:
            seen.add((code.co_filename, line))
        return sys.monitoring.DISABLE  # type: ignore[attr-defined,unused-ignore]
