"""What is to be said of whole programs: contracts, capabilities, the version step, who feels it.

The rooms below are asked in turn, and share what they read. Code is run only if it is wanted, in a
locked worker; without, contracts are described, and what is described is UNKNOWN.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from monocyte.semdiff import capabilities
from monocyte.semdiff.bindings import Shared
from monocyte.semdiff.contract import (
    Change,
    Step,
    compare_messages,
    compare_surfaces,
    shown,
    step_demanded,
)
from monocyte.semdiff.impact import Impact, impact
from monocyte.semdiff.sources import BadSource, Tree
from monocyte.semdiff.summaries import summary
from monocyte.semdiff.verdicts import Finding
from monocyte.semdiff.workers import Worker

__all__ = ["Survey", "described", "survey", "surveyed", "texts_of"]


class Survey(NamedTuple):
    """What two versions of a program are to those outside."""

    changes: tuple[Change, ...]
    gains: tuple[Finding, ...]
    step: Step
    impact: Callable[[], Impact]
    """Who can feel it: asked only by whom it concerns, for it reads the whole program."""

    def findings(self) -> Iterator[Finding]:
        """All that is worth a line."""
        yield from (change.finding() for change in self.changes)
        yield from self.gains


def survey(
    old: Mapping[str, str],
    new: Mapping[str, str],
    *,
    run: bool = True,
    worker: Worker | None = None,
    summed: Callable[[str], bytes] = summary,
) -> Survey:
    """Both versions (file -> text) judged; `summed` may remember summaries, by their texts."""
    if run and worker is None:
        with Worker(preload=("monocyte.semdiff.contract.station", "monocyte")) as mine:
            return survey(old, new, worker=mine, summed=summed)
    if worker is not None:
        worker.start()
    with _without_collection():
        shared: Shared = {}
        changes = compare_surfaces(old, new, shared)
        gains = tuple(capabilities.findings(old, new, shared))
    if worker is not None:
        seen = shown(changes, old, new, worker)
        changes = (*seen, *compare_messages(old, new, worker, summed))
    return Survey(changes, gains, step_demanded(changes), partial(impact, old, new, summed=summed))


@contextmanager
def _without_collection() -> Iterator[None]:
    """Trees are millions of objects, none of them garbage: to look for it costs a quarter."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def surveyed(old: Tree, new: Tree) -> Iterator[Finding]:
    """An analysis for `difference`: contracts and capabilities, shown by code that was run."""
    yield from survey(texts_of(old), texts_of(new)).findings()


def described(old: Tree, new: Tree) -> Iterator[Finding]:
    """An analysis for `difference`: the same, by reading alone."""
    yield from survey(texts_of(old), texts_of(new), run=False).findings()


def texts_of(tree: Tree) -> dict[str, str]:
    """The texts of a tree: its Python, and what may say which packages it needs."""
    found: dict[str, str] = {}
    for path, source in {**tree.others, **tree.sources}.items():
        try:
            found[path] = source.text if path in tree.sources else source.data.decode()
        except (BadSource, UnicodeDecodeError):
            continue
    return found
