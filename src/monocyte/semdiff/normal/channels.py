"""Channels: what a program can see of itself beside its behaviour, and the normal form ignores."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Channel"]


class Channel(StrEnum):
    """What a program can see of itself beside its behaviour."""

    DOCS = "documentation"
    DOCUMENTED = "whether there is documentation"
    ANNOTATIONS = "annotations"
    NAMES = "names of variables"
    UNBOUND = "names of variables that may be unassigned"
    SWALLOWED = "names of variables that are unassigned if a `with` swallows an error"
    LINES = "line numbers"
    CODE = "code objects"
    TEXT = "source text"
    ORDER = "order of definitions"
    LIFETIME = "lifetime of values"
    DEATHS = "moment at which a looked-up value dies"
    FRAMES = "frames of calls"
