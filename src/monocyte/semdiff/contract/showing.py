"""From what is described to what was seen: the trials of changes, run on both versions.

A change is CHANGED only if a script was seen to tell the versions apart: each side answered the
same twice, and the sides differ. Of what was not seen the change itself says why.
"""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

import msgspec

from monocyte.semdiff.bindings import module_name
from monocyte.semdiff.contract.changes import Change, Effect
from monocyte.semdiff.contract.loading import needed
from monocyte.semdiff.contract.trying import ENDED, IMPORTS, Trials
from monocyte.semdiff.verdicts import Witness
from monocyte.semdiff.workers import Limits, Worker

__all__ = ["ENOUGH", "LATE", "shown", "within"]

ENTRY = "monocyte.semdiff.contract.trying:attempt"
TOGETHER = Limits(wall=20, cpu=20, output=1 << 24)
ALONE = Limits(wall=3, cpu=3, output=1 << 22)
ENOUGH = 60.0
"""Seconds for all of it, if nobody says how many."""

LATE = "the time for running code was used up before its turn"
LONELY = 8
"""If they cannot run together, the scripts of so many changes run apart at most."""

DARING = frozenset(
    {
        "exception-added",
        "exception-removed",
        "parameter-type",
        "parameter-type-wider",
        "return-type",
        "return-type-narrower",
    }
)
"""Rules whose trials call functions, which may do anything: end the process, or never end."""

EARLY = 12
"""So many trials of each change are run at first; the rest only for what they do not show."""


def shown(
    changes: Iterable[Change],
    old: Mapping[str, str],
    new: Mapping[str, str],
    worker: Worker | None = None,
    seconds: float = ENOUGH,
) -> tuple[Change, ...]:
    """The changes, each with a witness that was run, or with the reason why there is none."""
    if worker is None:
        with Worker() as mine:
            return shown(changes, old, new, mine, seconds)
    changes = tuple(changes)
    modules = {name for it in changes for s in it.trials for name in IMPORTS.findall(s)}
    sides = {
        side: needed(files, (f for f in files if f.endswith(".py") and _names(f, files, modules)))
        for side, files in (("old", old), ("new", new))
    }
    court = _Court(worker, sides, time.monotonic() + seconds)
    calm = [change.trials for change in changes if change.rule not in DARING]
    court.hear([scripts[:EARLY] for scripts in calm])
    court.hear([change.trials[:EARLY] for change in changes if change.rule in DARING])
    court.hear([it.trials[EARLY:] for it in changes if court.witness(it) is None])
    return tuple(court.judged(change) for change in changes)


def within(limits: Limits, until: float) -> Limits | None:
    """Limits that end by a moment; None if it has come."""
    left = until - time.monotonic()
    if left <= 0:
        return None
    return msgspec.structs.replace(limits, wall=min(limits.wall, left))


def _names(file: str, files: Mapping[str, str], modules: Collection[str]) -> bool:
    return module_name(file, files) in modules or file[:-3].replace("/", ".") in modules


class _Late(Exception):
    """The time for running code is used up."""


class _Court:
    """Both versions, and what each script said on them, twice."""

    def __init__(self, worker: Worker, sides: dict[str, dict[str, str]], until: float) -> None:
        self.worker = worker
        self.sides = sides
        self.until = until
        self.said: dict[tuple[str, str], tuple[str, str]] = {}
        """(side, script) -> what it said the first time and the second."""

    def hear(self, groups: Iterable[tuple[str, ...]]) -> None:
        """Run the scripts of several changes on both versions, twice."""
        fresh = [[s for s in group if ("old", s) not in self.said] for group in groups]
        fresh = [group for group in fresh if group]
        if not fresh:
            return
        said: dict[tuple[str, str], tuple[str, str]] = {}
        with suppress(_Late):
            for side in self.sides:
                first = self._run(side, fresh)
                alive = [[s for s in group if first[s] != ENDED] for group in fresh]
                again = first | self._run(side, [group for group in alive if group])
                said |= {(side, script): (first[script], again[script]) for script in first}
            self.said |= said

    def _run(self, side: str, groups: list[list[str]]) -> dict[str, str]:
        """All in one process if it survives them, else each group in one of its own."""
        scripts = list(dict.fromkeys(script for group in groups for script in group))
        together = self._answers(side, scripts, TOGETHER) if scripts else []
        if together is not None:
            return dict(zip(scripts, together, strict=True))
        found = dict.fromkeys(scripts, ENDED)
        for group in groups[:LONELY]:
            answers = self._answers(side, group, ALONE)
            found |= dict(zip(group, answers or [ENDED] * len(group), strict=True))
        return found

    def _answers(self, side: str, scripts: list[str], limits: Limits) -> list[str] | None:
        due = within(limits, self.until)
        if due is None:
            raise _Late
        trials = Trials(self.sides[side], tuple(scripts))
        report = self.worker.run(ENTRY, msgspec.msgpack.encode(trials), due)
        if report.fate.value != "done":
            if within(limits, self.until) is None:
                raise _Late  # it was not the script that took too long
            return None
        return msgspec.msgpack.decode(report.value, type=list[str])

    def witness(self, change: Change) -> Witness | None:
        """The first trial that tells the versions apart, in the way that the change says."""
        for script in change.trials:
            if ("old", script) not in self.said:
                continue
            (old, old_again), (new, new_again) = (self.said[side, script] for side in self.sides)
            steady = old == old_again and new == new_again and ENDED not in (old, new)
            if steady and _tells(change, old, new):
                return Witness(code=script, old=old, new=new)
        return None

    def judged(self, change: Change) -> Change:
        """With its witness, or with why there is none."""
        if change.witness is not None:
            return change
        witness = self.witness(change)
        if witness is not None:
            return msgspec.structs.replace(change, witness=witness, trials=())
        if self.is_nothing(change):
            return msgspec.structs.replace(
                change, sender=Effect.NEUTRAL, receiver=Effect.NEUTRAL, trials=()
            )
        return msgspec.structs.replace(change, unseen=self.reason(change), trials=())

    def is_nothing(self, change: Change) -> bool:
        """Whether what was described is seen to be no difference: `60 * 60` became `3600`."""
        if change.rule not in SETTLED or not change.trials:
            return False
        said = {it for side in self.sides for it in self.said.get((side, change.trials[0]), ())}
        return len(said) == 1 and _is_plain(next(iter(said)))

    def reason(self, change: Change) -> str:
        """Why nothing was seen."""
        if not change.trials:
            return "nothing that runs shows it"
        heard = [script for script in change.trials if ("old", script) in self.said]
        if not heard:
            return LATE
        pairs = [(self.said["old", script], self.said["new", script]) for script in heard]
        if any(len({*old}) > 1 or len({*new}) > 1 for old, new in pairs):
            return "what it gives is another thing each time"
        if any(ENDED in (*old, *new) for old, new in pairs):
            return "the code that would show it did not end, or ended its process"
        answers = {it for old, new in pairs for it in (old[0], new[0])}
        if answers and all(it.startswith(UNLOADED) for it in answers):
            return f"it could not be loaded: {min(answers)}"
        return f"{len(pairs)} tries on both versions showed no difference"


UNLOADED = ("ModuleNotFoundError: ", "ImportError: ", "SyntaxError: ")
SETTLED = ("attribute-value", "base-removed", "base-added", "object-removed", "object-added")
"""Rules whose first trial settles the matter, also if it shows no difference."""

ERROR = re.compile(r"^(?:\w+\.)*[A-Z]\w*: |^[A-Z]\w*(?:Error|Exception|Exit|Interrupt): ")


def _tells(change: Change, old: str, new: str) -> bool:
    """Whether the two answers are what the change claims, not some other failure."""
    old, new = (re.sub(r" at 0x[0-9a-fA-F]+", " at 0x…", it) for it in (old, new))
    if old == new or {_missing(old), _missing(new)} & {"other"}:
        return False
    if change.rule == "exception-added":
        return _raised(new) == change.about and _raised(old) != change.about
    if change.rule == "exception-removed":
        return _raised(old) == change.about and _raised(new) != change.about
    if change.rule in _NEW_ONLY:
        return not ERROR.match(new)
    if change.is_message:
        return not (ERROR.match(old) and ERROR.match(new))
    if change.rule in ("return-type", "return-type-narrower", "attribute-value", "attribute-type"):
        return not ERROR.match(old) and not ERROR.match(new)
    return not ERROR.match(old)


_NEW_ONLY = frozenset(
    {
        "object-added",
        "export-added",
        "base-added",
        "parameter-optional",
        "parameter-added-optional",
        "parameter-type-wider",
    }
)
"""Rules by which the new version does what the old one did not."""


def _missing(answer: str) -> str:
    """Whether it is the import of something else that failed."""
    return "other" if answer.startswith(("ModuleNotFoundError: ", "SyntaxError: ")) else ""


def _raised(answer: str) -> str:
    return answer.partition(":")[0] if ERROR.match(answer) else ""


def _is_plain(text: str) -> bool:
    if text in ("imported", "there"):
        return True
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError):
        return False
    return True
