"""One budget of time for all the code that a diff runs: tests, contracts, definitions.

Reading costs nothing here. Whoever runs code takes a share, and what it leaves is for the others.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Allowance"]


class Allowance:
    """So many seconds, and what is left of them."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.left = seconds
        self._now = now

    @contextmanager
    def share(self, part: float = 1.0, most: float = math.inf) -> Iterator[float]:
        """The seconds that may be spent within; those that were spent are gone."""
        began = self._now()
        try:
            yield min(self.left * part, most)
        finally:
            self.left = max(0.0, self.left - (self._now() - began))
