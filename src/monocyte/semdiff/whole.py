"""What a change is to those outside: contract, capabilities, version step, who can feel it.

Values for the page, made from what the rooms below have found: nothing is judged here a second
time. What only reading can tell is told apart from what was run, so that it can be kept.
"""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Literal

import msgspec

from monocyte.semdiff import capabilities
from monocyte.semdiff.allowance import Allowance
from monocyte.semdiff.bindings import Shared, module_name, share
from monocyte.semdiff.capabilities import Gain, Where
from monocyte.semdiff.contract import (
    RULES,
    Effect,
    Step,
    compare_messages,
    compare_surfaces,
    may_speak,
    shown,
    step_demanded,
)
from monocyte.semdiff.contract import Change as Contracted
from monocyte.semdiff.impact import impact
from monocyte.semdiff.sketches import Shelf
from monocyte.semdiff.sources import BadSource, Source, Tree
from monocyte.semdiff.summaries import VERSION, summary
from monocyte.semdiff.summaries import Known as Units
from monocyte.semdiff.verdicts import Finding, Place, Severity, Verdict, Witness
from monocyte.semdiff.versions import following, is_enough, version_of
from monocyte.semdiff.workers import Worker

__all__ = [
    "Demand",
    "Felt",
    "Gained",
    "Promise",
    "Sketch",
    "alike",
    "demanded",
    "felt",
    "gained",
    "is_test",
    "promises",
    "read",
    "run",
    "texts_of",
]

Sided = Literal["neutral", "additive", "breaking"]
Scope = Literal["program", "entry", "new entry", "tests"]


class Promise(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change of what is promised to those outside, for who sends and who receives apart."""

    definition: str
    part: str = ""
    """The field, the parameter, the exception… that it is about."""
    what: str
    rule: str
    because: str
    """The rule in a sentence."""
    verdict: Verdict
    severity: Severity
    sender: Sided
    """For who still says, or calls, what the old version understood."""
    receiver: Sided
    """For who still reads, is called or overrides, as the old version did."""
    message: bool = False
    """Whether it is about what is said on a wire."""
    said: str = ""
    """A message, or a call, that shows it."""
    by: str = ""
    """The version that accepts it: old or new."""
    meant: str = ""
    """What that version makes of it."""
    read: str = ""
    """What the other version makes of it."""
    why: str = ""
    """Why it has not been shown."""
    old: Place | None = None
    new: Place | None = None
    witness: Witness | None = None

    @property
    def is_breaking(self) -> bool:
        """Whether it breaks one of the sides; another value is another meaning, and no break."""
        return "breaking" in (self.sender, self.receiver) and self.rule not in VALUES

    @property
    def text(self) -> str:
        """What has changed, of which part."""
        is_said = not self.part or self.what.startswith(f"{self.part} ")
        return self.what if is_said else f"`{self.part}` {self.what}"

    @property
    def place(self) -> Place:
        """Where to look."""
        return self.new or self.old or Place("")

    def finding(self) -> Finding:
        """As a finding about its definition, where no other is."""
        return Finding(
            verdict=self.verdict,
            kind="contract",
            definition=self.definition,
            what=self.text,
            why=(self.why or self.because,) if self.verdict is Verdict.UNKNOWN else (),
            rule=f"contract:{self.rule}",
            severity=self.severity,
            old=self.old,
            new=self.new,
            witness=self.witness,
        )


VALUES = frozenset({"attribute-value", "parameter-default"})
"""Rules about code that goes on working with another value, as after any change of behaviour."""


class Gained(msgspec.Struct, frozen=True, kw_only=True):
    """Something that code can reach now and could not before, with the way that leads there."""

    capability: str
    what: str
    """In words."""
    scope: Scope
    """Who gained it: the program, which could not at all; or an entry point, as others before."""
    severity: Severity
    entries: tuple[str, ...]
    """Entry points that reach it, as `module:name`."""
    way: tuple[str, ...]
    """From the first of them, step by step, each with its place."""
    place: Place
    """Where the last step stands."""

    @property
    def is_near(self) -> bool:
        """Whether it is news: to the program, or to code that does it itself, or calls who does."""
        is_direct = len(self.way) <= NEAR and not self.capability.startswith("dependency:")
        return self.scope == "program" or (self.scope == "entry" and is_direct)


NEAR = 2
"""Steps of a way; what is farther is seldom what somebody changed, and often a type's name."""


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """The version step that a change asks for."""

    step: Literal["none", "patch", "minor", "major"]
    because: str = ""
    old: str = ""
    """The version that the old side says it is, if it does."""
    new: str = ""
    least: str = ""
    """The lowest version that the new side may call itself."""
    is_enough: bool | None = None
    """Whether it does; None if that is not known."""


class Felt(msgspec.Struct, frozen=True, kw_only=True):
    """Who can feel a change; names are `module.name`."""

    functions: tuple[str, ...] = ()
    """Public functions and classes."""
    messages: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    again: dict[str, str] = {}
    """Scenarios, decisions and runbooks that must be played again, and why."""
    spared: tuple[str, ...] = ()
    """Those that would do what they did."""
    untold: str = ""
    """Why it was not asked, if so."""


class Sketch(msgspec.Struct, frozen=True):
    """What reading alone shows; it depends on the texts only."""

    changes: tuple[Contracted, ...] = ()
    gains: tuple[Gain, ...] = ()


# -- reading --------------------------------------------------------------------------------------


def is_test(path: str) -> bool:
    """Whether a file tests others, by its name as pytest takes it."""
    at = PurePosixPath(path)
    named = at.name == "conftest.py" or at.stem.startswith("test_") or at.stem.endswith("_test")
    return named or not {"test", "tests"}.isdisjoint(at.parent.parts)


def texts_of(tree: Tree, other: Tree) -> dict[str, str]:
    """The texts of a tree: its Python, and what else differs from the other side."""
    found = {path: source for path, source in tree.sources.items() if path.endswith(PYTHON)}
    found |= {
        path: it for path, it in tree.others.items() if not _alike(it, other.others.get(path))
    }
    texts: dict[str, str] = {}
    for path, source in found.items():
        try:
            texts[path] = source.text if path in tree.sources else source.data.decode()
        except (BadSource, UnicodeDecodeError):
            continue
    return texts


PYTHON = (".py", ".pyi", ".pyw")


def _alike(one: Source, other: Source | None) -> bool:
    try:
        return other is not None and (
            one.known == other.known if one.known and other.known else one.data == other.data
        )
    except BadSource:
        return False


ASIDE = frozenset({"benchmarks", "doc", "docs", "example", "examples", "scripts", "tools"})
ALONE = frozenset({"setup.py", "noxfile.py", "fabfile.py", "tasks.py"})


NO_TREES: Mapping[str, ast.Module] = MappingProxyType({})


def offered(texts: Mapping[str, str]) -> dict[str, str]:
    """Of a program what others import: no tests, docs and tools; with `src/`, what is there."""
    has_src = any(PurePosixPath(it).match("src/*/__init__.py") for it in texts)
    return {
        path: text
        for path, text in texts.items()
        if not is_test(path) and path not in ALONE
        if (path.startswith("src/") if has_src else path.partition("/")[0] not in ASIDE)
    }


def read(
    old: Mapping[str, str], new: Mapping[str, str], trees: Mapping[str, ast.Module] = NO_TREES
) -> Sketch:
    """Contracts as far as they can be described, and capabilities; both versions by file.

    What has been parsed is handed in by its text.
    """
    shared: Shared = {}
    for side in (old, new) if trees else ():
        share(side, trees, shared)
    changes = compare_surfaces(offered(old), offered(new), shared)
    return Sketch(changes, capabilities.code_gains(old, new, shared))


# -- running --------------------------------------------------------------------------------------


def run(
    sketch: Sketch, old: Mapping[str, str], new: Mapping[str, str], seconds: float
) -> tuple[Contracted, ...]:
    """The changes of the contract, those of messages too, shown in a locked worker."""
    purse = Allowance(seconds)
    ours, theirs = (
        {path: text for path, text in side.items() if not is_test(path)} for side in (old, new)
    )
    speaking = may_speak(ours, theirs)
    if not (speaking or any(it.trials for it in sketch.changes)):
        return sketch.changes
    with Worker(preload=("monocyte.semdiff.contract.station", "monocyte")) as worker:
        with purse.share(0.5 if speaking else 1.0) as mine:
            found = shown(sketch.changes, ours, theirs, worker, mine)
        if not speaking:
            return found
        return (*found, *compare_messages(ours, theirs, worker, seconds=purse.left))


# -- as values for the page -----------------------------------------------------------------------


def promises(changes: Iterable[Contracted]) -> tuple[Promise, ...]:
    """Changes of a contract for the page: each part of a definition once, with all that it is."""
    changes = tuple(changes)
    spoken = {_about(it)[0] for it in changes if it.is_message}
    groups: dict[tuple[str, str, str], list[Contracted]] = defaultdict(list)
    for change in changes:
        subject, part = _about(change)
        owner, _, name = subject.rpartition(".")
        if owner in spoken and not part:
            subject, part = owner, name  # an attribute of a message is its field
        groups[change.module, subject, part].append(change)
    return tuple(_promise(subject, part, it) for (_, subject, part), it in groups.items())


def _about(change: Contracted) -> tuple[str, str]:
    """The definition in its module, and the part of it."""
    subject = change.finding().definition
    return subject, change.path.strip("(). ") or change.about


def _promise(subject: str, part: str, group: Sequence[Contracted]) -> Promise:
    """One change out of several about the same: messages before code, the worst before others."""
    spoken = [it for it in group if it.is_message] or list(group)
    worst = max(
        spoken, key=lambda it: (it.is_breaking, it.rule not in VALUES, it.witness is not None)
    )
    finding = worst.finding()
    shows = worst.to_sender or worst.to_receiver
    what = ", ".join(dict.fromkeys(it.what for it in spoken))
    what = "its messages cannot be compared" if worst.rule == "cannot-compare" else what
    severity = min(finding.severity, Severity.WARNING) if worst.rule in VALUES else finding.severity
    return Promise(
        definition=subject,
        part=part,
        what=what,
        rule=worst.rule,
        because=RULES[worst.rule],
        verdict=finding.verdict,
        severity=severity,
        sender=SIDED[max(it.sender for it in spoken)],
        receiver=SIDED[max(it.receiver for it in spoken)],
        message=worst.is_message,
        said=shows.said if shows else "",
        by=shows.by if shows else "",
        meant=shows.meant if shows else "",
        read=shows.read if shows else "",
        why=worst.open or ("" if worst.witness else worst.unseen or "described, not run"),
        old=worst.old,
        new=worst.new,
        witness=worst.witness,
    )


SIDED: dict[Effect, Sided] = {
    Effect.NEUTRAL: "neutral",
    Effect.ADDITIVE: "additive",
    Effect.BREAKING: "breaking",
}


def gained(gains: Iterable[Gain]) -> tuple[Gained, ...]:
    """Capabilities for the page: those that end at the same place are one, whoever reaches it."""
    groups: dict[tuple[str, str, int], list[Gain]] = defaultdict(list)
    for gain in gains:
        last = gain.path[-1] if gain.path else None
        key = (last.file, last.line) if last else (gain.entry, 0)
        groups[gain.capability, *key].append(gain)
    found = [_gained(it) for it in groups.values()]
    return tuple(sorted(found, key=lambda it: (SCOPES.index(it.scope), it.capability, it.entries)))


SCOPES: tuple[Scope, ...] = ("program", "entry", "new entry", "tests")


def _gained(group: Sequence[Gain]) -> Gained:
    first = min(
        group,
        key=lambda it: (
            SCOPES.index(_scope(it)),
            it.entry.endswith(":<all>"),
            len(it.path),
            it.entry,
        ),
    )
    kind, _, name = first.capability.partition(":")
    last = first.path[-1] if first.path else None
    scope = _scope(first)
    made = Gained(
        capability=first.capability,
        what=capabilities.WORDS[kind].format(name=name),
        scope=scope,
        severity=Severity.NOTE,
        entries=_entries(first.entry, {it.entry for it in group}),
        way=tuple(f"{it.what} ({it.file}:{it.line})" for it in first.path),
        place=Place(last.file, last.line) if last else Place(first.entry.partition(":")[0]),
    )
    return msgspec.structs.replace(made, severity=Severity.WARNING) if made.is_near else made


def _entries(first: str, names: Collection[str]) -> tuple[str, ...]:
    """Entry points, the one whose way is told first; all code of a module only where alone."""
    plain = sorted(it for it in names if not it.endswith(":<all>")) or sorted(names)
    return tuple(sorted(plain, key=lambda it: it != first))


def _scope(gain: Gain) -> Scope:
    if gain.path and is_test(gain.path[0].file):
        return "tests"
    scopes: dict[Where, Scope] = {
        Where.PROGRAM: "program",
        Where.ENTRY: "entry",
        Where.NEW_ENTRY: "new entry",
    }
    return scopes[gain.where]


def demanded(changes: Iterable[Contracted], old: Tree, new: Tree, *, is_other: bool) -> Demand:
    """The step that all of this asks for; `is_other` if code means something else, or may."""
    known = [it for it in changes if it.rule not in {"cannot-compare", *VALUES}]
    step = max(step_demanded(known), Step.PATCH if is_other else Step.NONE)
    first = next((it for it in known if step_demanded((it,)) is step), None)
    name = STEPS[step]
    ours, theirs = version_of(old), version_of(new)
    least = following(ours, name)
    return Demand(
        step=name,
        because=f"`{first.finding().definition}` {first.finding().what}" if first else "",
        old=ours,
        new=theirs,
        least=least,
        is_enough=is_enough(theirs, least) if ours != theirs else None,
    )


STEPS: dict[Step, Literal["none", "patch", "minor", "major"]] = {
    Step.NONE: "none",
    Step.PATCH: "patch",
    Step.MINOR: "minor",
    Step.MAJOR: "major",
}


# -- who feels it ---------------------------------------------------------------------------------

MOST_READ = 1_000_000
"""Characters of Python that are read unasked to see who feels a change: less than a second."""


def felt(
    old: Mapping[str, str],
    new: Mapping[str, str],
    same: Collection[str],
    *,
    asked: bool,
    shelf: Shelf | None = None,
) -> Felt:
    """Who can feel it: all of the program is read, so a large one only where it is asked for."""
    texts = {text for side in (old, new) for path, text in side.items() if path.endswith(".py")}
    known = _summaries(texts, shelf)
    size = sum(map(len, texts - known.keys()))
    if size > MOST_READ and not asked:
        return Felt(untold=f"{size / 1e6:.1f} MB of Python would have to be read; ask for --impact")
    units: Units = {}
    for text in texts - known.keys():
        known[text] = summary(text, units)
        if shelf:
            shelf.put(_name(text), known[text])
    found = impact(old, new, same=same, summed=known.__getitem__)
    tests = {module_name(it, side) for side in (old, new) for it in side if is_test(it)}

    played = {it.name for it in found.played}

    def plain(names: Iterable[str]) -> tuple[str, ...]:
        found = (it for it in names if it.rpartition(".")[0] not in tests)
        return tuple(it for it in found if it not in played)

    return Felt(
        functions=plain(found.functions),
        messages=plain(found.messages),
        rules=found.rules,
        cells=found.cells,
        again={it.name: it.why for it in found.played if it.again},
        spared=found.spared,
    )


def _summaries(texts: Iterable[str], shelf: Shelf | None) -> dict[str, bytes]:
    """What is kept of them already."""
    if shelf is None:
        return {}
    names = {text: _name(text) for text in texts}
    shelf.fetch(names.values())
    return {text: kept for text, name in names.items() if (kept := shelf.get(name))}


def _name(text: str) -> str:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
    return f"summary {VERSION} {digest}"


def alike(ignored: Iterable[Finding], changes: Iterable[Finding], tree: Tree) -> frozenset[str]:
    """Top-level functions and classes, as `module.name`, of which nothing means something else."""
    found: set[tuple[str, str]] = set()
    for finding in ignored:
        if finding.kind in ("function", "method", "class") and finding.new:
            found.add((finding.new.file, finding.definition.partition(".")[0]))
    for finding in changes:
        for place in (finding.old, finding.new):
            if place:
                found.discard((place.file, finding.definition.partition(".")[0]))
    return frozenset(f"{module_name(file, tree)}.{name}" for file, name in found)
