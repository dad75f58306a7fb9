"""How often garbage is looked for while trees are read: they are millions of objects, all alive."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["rarely_collecting"]

THRESHOLDS = (1_000_000, 50, 1000)
"""Still so often that the trees which nobody holds any more go: they are knotted, and take some
100 MB until then."""


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Inside, looking for garbage does not take half of the time."""
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
