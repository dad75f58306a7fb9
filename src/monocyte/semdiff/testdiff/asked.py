"""What is asked of the worker that runs a suite, and what it answers: frozen values only."""

from __future__ import annotations

import msgspec

__all__ = ["Asked", "Key", "Killed", "Ran", "Suite", "Told", "Try"]

Key = tuple[str, str]
"""A test function: its file, and its qualified name there."""


class Suite(msgspec.Struct, frozen=True):
    """A tree with tests, laid out on disk, and how pytest is to collect them."""

    root: str
    files: tuple[str, ...]
    """Test files to collect; the whole tree, if none are named."""
    code: tuple[str, ...]
    """Files of the code under test."""
    paths: tuple[str, ...] = (".",)
    """Folders of the tree that its imports start from."""
    names: frozenset[str] = frozenset()
    """Top names of the tree: whatever goes by them elsewhere is not what is tested."""
    addopts: tuple[str, ...] = ()


class Try(msgspec.Struct, frozen=True):
    """One mutant, by its file and number, and the tests that may notice it."""

    file: str
    number: int
    tests: tuple[str, ...]


class Asked(msgspec.Struct, frozen=True):
    """A run: first every wanted test on the code as it is, or else mutants under some of them."""

    suite: Suite
    wanted: tuple[Key, ...] = ()
    tries: tuple[Try, ...] = ()
    survey: bool = True
    seconds: float = 20.0
    """Seconds of wall time until no further test or mutant is begun."""


class Ran(msgspec.Struct, frozen=True, tag=True):
    """One collected test and what became of it on the code as it is."""

    id: str
    file: str
    name: str
    """Qualified name of the function, in its file."""
    outcome: str
    """passed, failed, skipped, xfailed, xpassed; empty if it was not run."""
    seconds: float = 0.0
    touched: dict[str, tuple[int, ...]] = {}
    """Lines of the code under test that it ran, by file."""
    why: str = ""


class Killed(msgspec.Struct, frozen=True, tag=True):
    """What became of one mutant: which tests failed on it. Before it is tried, `by` is None."""

    file: str
    number: int
    by: tuple[str, ...] | None = None
    errors: dict[str, str] = {}
    """How they failed, in a few words."""


class Told(msgspec.Struct, frozen=True, tag=True):
    """Something about the run as a whole."""

    what: str
    """uncollected, unusable, unsteady, options, done"""
    about: str = ""
    why: str = ""
