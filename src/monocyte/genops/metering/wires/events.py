"""Server-sent events: bytes in, the data of whole events out, however the bytes were cut.

Only what language models send is understood: lines of `data:`; names, ids and comments are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from monocyte.errors import MonocyteError

__all__ = ["MOST", "EventStream", "StreamDamaged"]

MOST: Final = 32 << 20
"""Bytes of one event: the last of some streams repeats the whole answer."""


class StreamDamaged(MonocyteError):
    """What arrived is not what such a stream looks like."""

    fault = "operator"


class EventStream:
    """Cuts a stream into events."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The data of every event that these bytes complete.

        Raises:
            StreamDamaged: an event is too long, or is not UTF-8.
        """
        start = max(0, len(self._rest) - 1)
        self._rest += chunk
        if self._rest.find(b"\n", start) < 0 and len(self._rest) <= MOST:
            return  # a long line arrives in many pieces: look at each byte once
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        for line in lines:
            yield from self._line(line.removesuffix(b"\r"))
        if len(self._rest) + self._size > MOST:
            raise StreamDamaged(f"an event of more than {MOST} bytes")

    def _line(self, line: bytes) -> Iterator[str]:
        if not line:
            if self._data:
                yield "\n".join(self._data)
            self._data, self._size = [], 0
        elif line.startswith(b"data:"):
            self._size += len(line)
            self._data.append(self._text(line[5:].removeprefix(b" ")))

    @staticmethod
    def _text(line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError as why:
            raise StreamDamaged(f"an event that is no text: {why}") from why
