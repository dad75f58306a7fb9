"""The syntax trees of files, each read once as long as the file stays as it is.

Whoever asks looks only: a tree is shared by all who do.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

__all__ = ["stamp_of", "tree_of"]


def tree_of(file: str) -> ast.Module | None:
    """The tree of a file; None if it is gone, or no Python (any more)."""
    return _tree(file, stamp_of(file))


def stamp_of(file: str) -> int:
    """What changes when a file does: its time of change in ns; 0 if it is gone."""
    try:
        return Path(file).stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=256)
def _tree(file: str, stamp: int) -> ast.Module | None:  # noqa: ARG001 (the key)
    try:
        return ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
