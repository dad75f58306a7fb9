"""The difference between two trees: every definition's verdict, evidence, words and lines, joined.

`difference` asks the rooms below in turn: the normal form what is certain, running code what is
open, further analyses what else they see. Verdicts are taken over as they are and never merged;
what was not looked at is part of the answer.
"""

from __future__ import annotations

import ast
import hashlib
import platform
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

import msgspec

from monocyte.semdiff.ahead import WHOLE, reading_ahead
from monocyte.semdiff.allowance import Allowance
from monocyte.semdiff.capabilities import dependency_gains
from monocyte.semdiff.contract import Change as Contracted
from monocyte.semdiff.definitions import MODULE_CODE
from monocyte.semdiff.diff import diff_trees
from monocyte.semdiff.evidence import Budget
from monocyte.semdiff.hunks import Hunk, by_text, find, hunks, pairs, units
from monocyte.semdiff.normal import Channel
from monocyte.semdiff.patience import rarely_collecting
from monocyte.semdiff.sketches import Shelf
from monocyte.semdiff.sources import BadSource, Source, Tree
from monocyte.semdiff.testdiff import test_diff
from monocyte.semdiff.trials import Case, Trials, Tried
from monocyte.semdiff.verdicts import Finding, Place, Severity, Verdict
from monocyte.semdiff.whole import (
    Demand,
    Felt,
    Gained,
    Promise,
    Sketch,
    alike,
    demanded,
    felt,
    gained,
    promises,
    texts_of,
)
from monocyte.semdiff.whole import read as read_whole
from monocyte.semdiff.whole import run as run_contract
from monocyte.semdiff.words import in_words

__all__ = [
    "ANALYSES",
    "Analysis",
    "Change",
    "Difference",
    "Known",
    "Looked",
    "Memory",
    "Options",
    "Unseen",
    "difference",
]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a diff, and how much it may cost."""

    run: bool = True
    """Whether code is run, in locked workers, where reading it does not settle the matter."""
    seconds: float = 30.0
    """Seconds of wall time for running code, in all."""
    each: Budget = Budget(seconds=3.0)
    """What one definition may take of them."""
    only: tuple[str, ...] = ()
    """Files and folders that findings are wanted about; all, if none are named."""
    impact: bool | None = None
    """Whether it is read who can feel the change: if nobody says, only in a small program."""


class Unseen(msgspec.Struct, frozen=True):
    """Something that was not looked at, and why."""

    path: str
    why: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One definition whose meaning has changed, or may have."""

    finding: Finding
    words: tuple[str, ...] = ()
    """What the code says now and said before; no evidence, but what to look for."""
    hunks: tuple[Hunk, ...] = ()
    tried: str = ""
    """How hard it was tried, in words."""
    test: str = ""
    """A pytest module that passes on the old version and fails on the new."""
    more: tuple[Finding, ...] = ()
    """What further analyses have to say about the same definition."""
    promises: tuple[Promise, ...] = ()
    """What has changed of what it promises to those outside."""

    @property
    def severity(self) -> Severity:
        """The worst of what is said about it."""
        others = [it.severity for it in self.more] + [it.severity for it in self.promises]
        return max([self.finding.severity, *others])

    @property
    def place(self) -> Place:
        """Where to look: in the new version, if it is there."""
        found = self.finding.new or self.finding.old
        assert found is not None  # noqa: S101 (a finding is somewhere)
        return found


class Looked(msgspec.Struct, frozen=True):
    """How much was looked at."""

    old_files: int
    new_files: int
    differing: int
    """Python files whose bytes differ, or that only one side has."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: what changed in meaning, what did not, and what nobody has looked at."""

    old: str
    new: str
    changes: tuple[Change, ...] = ()
    """In the order of files and lines."""
    ignored: tuple[Finding, ...] = ()
    """Definitions that differ as text and mean the same, with what that rests on."""
    gains: tuple[Gained, ...] = ()
    """What the code can reach now and could not before."""
    demand: Demand = Demand(step="none")
    """The version step that the change asks for."""
    felt: Felt = Felt()
    """Who can feel it."""
    unseen: tuple[Unseen, ...] = ()
    looked: Looked = Looked(0, 0, 0)
    ran: bool = False
    """Whether code was run to find out."""
    seconds: float = 0.0
    python: str = ""
    """The version whose grammar and meaning were assumed."""

    @property
    def severity(self) -> Severity:
        """The worst of all changes."""
        found = [it.severity for it in self.changes]
        found += [it.severity for it in self.ignored] + [it.severity for it in self.gains]
        return max(found, default=Severity.IGNORED)

    def count(self, verdict: Verdict) -> int:
        """How many definitions have this verdict."""
        if verdict is Verdict.SAME:
            return len(self.ignored)
        return sum(it.finding.verdict is verdict for it in self.changes)


Analysis = Callable[[Tree, Tree], Iterable[Finding]]
"""A further analysis: from both trees to what it has to say, each finding about a definition."""

ANALYSES: tuple[Analysis, ...] = ()
"""What else is asked; a finding that is about a definition with a change is told beside it."""


class Known(msgspec.Struct, frozen=True):
    """What reading two trees has shown; it depends on nothing but their content."""

    ignored: tuple[Finding, ...] = ()
    drafts: tuple[Change, ...] = ()
    """Changes as far as they can be told without running anything."""
    sketch: Sketch = Sketch()
    """What reading shows of contracts and capabilities."""


class Memory(Shelf, Protocol):
    """Where what was read is kept between runs; see `keeping`."""

    def recall(self, old: Tree, new: Tree) -> Known | None:
        """What is known of these very trees, or None."""

    def keep(self, old: Tree, new: Tree, known: Known) -> None:
        """Remember it."""


def difference(
    old: Tree,
    new: Tree,
    options: Options | None = None,
    *,
    analyses: Sequence[Analysis] = ANALYSES,
    memory: Memory | None = None,
) -> Difference:
    """What changed in meaning between two trees."""
    options = options or Options()
    started = time.monotonic()
    with rarely_collecting():
        recalled = memory.recall(old, new) if memory else None
        known = recalled or _read(old, new, memory)
        ours, theirs = _texts(old, new, known.drafts)
        is_felt = _felt(known, ours, theirs, new, options, memory)
    drafts = [it for it in known.drafts if _wanted(it.finding, options.only)]
    purse = Allowance(options.seconds if options.run else 0)
    tests = _tests(old, new, options, purse, is_all=not any(it.finding.open for it in drafts))
    drafts, judged = _judged(drafts, tests)
    further = [it for ask in analyses for it in ask(old, new) if _wanted(it, options.only)]
    contract = _contract(known.sketch, ours, theirs, purse)
    told = [it for it in promises(contract) if _within(it.place.file, options.only)]
    if memory and (recalled is None or options.impact):
        memory.keep(old, new, known)
    tried = _tried(old, new, drafts, options, purse)
    changes = _joined([*tried, *judged], further, told)
    return Difference(
        old=old.name,
        new=new.name,
        changes=changes,
        ignored=tuple(it for it in known.ignored if _wanted(it, options.only)),
        gains=_gains(known.sketch, ours, theirs, options),
        demand=demanded(contract, old, new, is_other=any(map(_is_other, changes))),
        felt=is_felt,
        unseen=tuple(_unseen(old, new, options.only)),
        looked=_looked(old, new, options.only),
        ran=options.run and any(it.finding.open for it in drafts),
        seconds=time.monotonic() - started,
        python=platform.python_version(),
    )


def _is_same(finding: Finding) -> bool:
    return finding.verdict is Verdict.SAME


def _ignored(findings: Sequence[Finding]) -> Iterator[Finding]:
    """What means the same; that a module differs as text because of a definition is implied."""
    speaking = {_order(it)[0] for it in findings if it.kind != "module"}
    for finding in findings:
        is_implied = finding.kind == "module" and _order(finding)[0] in speaking
        if _is_same(finding) and not (is_implied or _has_only_moved(finding)):
            yield finding


def _has_only_moved(finding: Finding) -> bool:
    """Whether its text is what it was, on other lines; who reads these has a finding of its own."""
    return all(it.startswith(f"{Channel.LINES} differ") for it in finding.why)


def _wanted(finding: Finding, only: Sequence[str]) -> bool:
    places = [it.file for it in (finding.old, finding.new) if it]
    return any(_within(path, only) for path in places)


def _within(path: str, only: Sequence[str]) -> bool:
    roots = [it.removeprefix("./").rstrip("/") for it in only]
    return not roots or any(it in (".", path) or path.startswith(f"{it}/") for it in roots)


def _order(finding: Finding) -> tuple[str, int, str]:
    place = finding.new or finding.old
    return (place.file, place.line, finding.definition) if place else ("", 0, "")


# -- reading --------------------------------------------------------------------------------------


def _read(old: Tree, new: Tree, memory: Memory | None) -> Known:
    with reading_ahead(old, new, memory, partial(_told_of_all, old, new)) as shelf:
        findings = tuple(diff_trees(old, new, shelf))
        rest = _folded([it for it in findings if not _is_same(it)])
        shown = _Shown(old, new, shelf)
        drafts = tuple(shown.draft(it) for it in sorted(rest, key=_order))
        sketch = _sketched(old, new, shown, drafts, shelf)
    return Known(tuple(sorted(_ignored(findings), key=_order)), drafts, sketch)


def _told_of_all(old: Tree, new: Tree) -> bytes:
    return msgspec.msgpack.encode(read_whole(*_texts(old, new, ())))


def _sketched(
    old: Tree, new: Tree, shown: _Shown, drafts: Sequence[Change], shelf: Shelf | None
) -> Sketch:
    """What reading shows of contracts and capabilities, unless that is being told already."""
    if not any(it.endswith(".py") for it in _differing_paths(old, new)):
        return Sketch()
    is_closed = any(it.finding.rule == "unreadable" for it in drafts)
    told = shelf.get(WHOLE) if shelf and not is_closed else None
    if told is not None:
        return msgspec.msgpack.decode(told, type=Sketch)
    texts = _texts(old, new, drafts)
    return read_whole(*texts, shown.trees(texts))


def _folded(findings: Sequence[Finding]) -> list[Finding]:
    """What came or went as a whole, a file or a class, is told with the names in it."""
    lone = [it for it in findings if it.rule in LONE]
    whole = {_about(it) for it in lone}
    inside: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    kept = []
    for finding in findings:
        around = next(_around(finding, whole), None) if finding.rule in LONE else None
        if around is None:
            kept.append(finding)
        else:
            inside[around].append(finding)
    return [_with_names(it, inside.get(_about(it), ())) for it in kept]


LONE = frozenset({"added", "removed", "file-added", "file-removed"})


def _around(finding: Finding, whole: Collection[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """What a finding is part of, if that has come or gone too: its file first."""
    file, name = _about(finding)
    if finding.kind != "file" and (file, file) in whole:
        yield file, file
    while "." in name and finding.kind != "file":
        name = name.rpartition(".")[0]
        if (file, name) in whole:
            yield file, name


def _with_names(finding: Finding, inside: Sequence[Finding]) -> Finding:
    depth = 0 if finding.kind == "file" else finding.definition.count(".") + 1
    names = [it.definition for it in inside if it.definition.count(".") == depth]
    names = [it.rpartition(".")[2] for it in names if "#" not in it]
    if not names:
        return finding
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    what = f"{finding.what}, with {', '.join(f'`{it}`' for it in names[:6])}{more}"
    return msgspec.structs.replace(finding, what=what)


def _looked(old: Tree, new: Tree, only: Sequence[str]) -> Looked:
    def wanted(paths: Iterable[str]) -> int:
        return sum(_within(path, only) for path in paths)

    differing = _differing_paths(old.sources, new.sources)
    return Looked(wanted(old), wanted(new), wanted(differing))


def _differing_paths(old: Mapping[str, Source], new: Mapping[str, Source]) -> list[str]:
    return sorted(path for path in old.keys() | new.keys() if not _alike(old, new, path))


def _alike(old: Mapping[str, Source], new: Mapping[str, Source], path: str) -> bool:
    if path not in old or path not in new:
        return False
    try:
        one, other = old[path], new[path]
        return (one.known == other.known) if one.known and other.known else one.data == other.data
    except BadSource:
        return False


def _unseen(old: Tree, new: Tree, only: Sequence[str]) -> Iterator[Unseen]:
    for path in _differing_paths(old.others, new.others):
        if _within(path, only):
            how = "differs" if path in old.others and path in new.others else ""
            how = how or ("is new" if path in new.others else "is gone")
            known = path == "pyproject.toml"
            but = "of it only version and dependencies are read" if known else "is no Python"
            yield Unseen(path, f"it {how}, but {but}")
    for path in sorted(old.unseen.keys() | new.unseen.keys()):
        if _within(path, only):
            yield Unseen(path, new.unseen.get(path) or old.unseen[path])


# -- what is said of the whole --------------------------------------------------------------------


def _texts(old: Tree, new: Tree, drafts: Iterable[Change]) -> tuple[dict[str, str], dict[str, str]]:
    """Both sides by file, without what one of them cannot read: of that nothing can be said."""
    closed = {it.place.file for it in drafts if it.finding.rule == "unreadable"}
    ours, theirs = (
        {path: text for path, text in side.items() if path not in closed}
        for side in (texts_of(old, new), texts_of(new, old))
    )
    return ours, theirs


def _contract(
    sketch: Sketch, old: Mapping[str, str], new: Mapping[str, str], purse: Allowance
) -> tuple[Contracted, ...]:
    """The changes of the contract; those of messages are seen only where code is run."""
    if not purse.left or old == new:
        return sketch.changes
    with purse.share(0.5) as seconds:
        return run_contract(sketch, old, new, seconds)


def _gains(
    sketch: Sketch, old: Mapping[str, str], new: Mapping[str, str], options: Options
) -> tuple[Gained, ...]:
    found = gained((*sketch.gains, *dependency_gains(old, new)))
    return tuple(it for it in found if _within(it.place.file, options.only))


def _felt(
    known: Known,
    old: Mapping[str, str],
    new: Mapping[str, str],
    tree: Tree,
    options: Options,
    memory: Memory | None,
) -> Felt:
    if options.impact is False or old == new:
        return Felt(untold="" if old == new else "nobody has asked who feels it")
    same = alike(known.ignored, (it.finding for it in known.drafts), tree)
    return felt(old, new, same, asked=bool(options.impact), shelf=memory)


# -- tests ----------------------------------------------------------------------------------------


def _tests(
    old: Tree, new: Tree, options: Options, purse: Allowance, *, is_all: bool
) -> list[Finding]:
    """What became of the tests: whether one that differs still notices what it noticed."""
    with purse.share(1.0 if is_all else 0.5, TESTING) as seconds:
        found = test_diff(old, new, seconds, run=purse.left > 0)
    return [it for it in found if _wanted(it, options.only)]


TESTING = 20.0
"""Seconds of wall time for running tests, at most."""


def _judged(
    drafts: Sequence[Change], tests: Sequence[Finding]
) -> tuple[list[Change], list[Change]]:
    """Changes that are to be tried, and those of tests: these are judged by what they notice."""
    by_name = {_about(it): it for it in tests}
    left, judged = [], []
    for draft in drafts:
        finding = by_name.pop(_about(draft.finding), None)
        if finding is None:
            left.append(draft)
        else:
            judged.append(msgspec.structs.replace(draft, finding=finding))
    return left, [*judged, *(Change(finding=it) for it in by_name.values())]


def _is_other(change: Change) -> bool:
    return change.severity > Severity.NOTE


# -- what is shown --------------------------------------------------------------------------------


class _Shown:
    """Lines and words about findings; each file is taken apart once."""

    def __init__(self, old: Tree, new: Tree, shelf: Shelf | None = None) -> None:
        self.sides = old, new
        self.shelf = shelf
        self._trees: dict[tuple[int, str], ast.Module | None] = {}

    def draft(self, finding: Finding) -> Change:
        """A change as far as it can be told without running anything, kept by both contents."""
        name = self._name(finding)
        if self.shelf is None or not name:
            return self._drawn(finding)
        try:
            return msgspec.msgpack.decode(self.shelf.get(name) or b"", type=Change)
        except (msgspec.MsgspecError, ValueError):
            drawn = self._drawn(finding)
            self.shelf.put(name, msgspec.msgpack.encode(drawn))
            return drawn

    def _name(self, finding: Finding) -> str:
        """Under which a draft is kept; empty where a side cannot be read."""
        told = hashlib.blake2b(msgspec.msgpack.encode(finding), digest_size=20).hexdigest()
        places = (self._place(i, finding) for i in (0, 1))
        try:
            sides = [self.sides[i][it.file].digest if it else "" for i, it in enumerate(places)]
        except (BadSource, KeyError):
            return ""
        return f"draft {' '.join(sides)} {told}"

    def _drawn(self, finding: Finding) -> Change:
        if finding.rule in ("moved", "renamed"):
            return Change(finding=finding, hunks=self._first_lines(finding))
        old, new = (self._node(i, finding) for i in (0, 1))
        if old is None or new is None:
            return Change(finding=finding, hunks=self._alone(finding, old, new))
        changed = pairs(units(old), units(new))
        found = hunks(changed, self._lines(0, finding), self._lines(1, finding))
        found = found or self._as_text(finding, old, new)
        return Change(finding=finding, words=in_words(changed), hunks=found)

    def _place(self, side: int, finding: Finding) -> Place | None:
        return finding.new if side else finding.old

    def _lines(self, side: int, finding: Finding) -> Sequence[str]:
        place = self._place(side, finding)
        try:
            return self.sides[side][place.file].lines if place else ()
        except (BadSource, KeyError):
            return ()

    def _node(self, side: int, finding: Finding) -> ast.AST | None:
        place = self._place(side, finding)
        tree = self._tree(side, place.file) if place and finding.kind != "file" else None
        return find(tree, finding.definition, place.line) if tree and place else None

    def _tree(self, side: int, path: str) -> ast.Module | None:
        if (side, path) not in self._trees:
            self._trees[side, path] = _parsed(self.sides[side].get(path))
        return self._trees[side, path]

    def trees(self, texts: Sequence[Mapping[str, str]]) -> dict[str, ast.Module]:
        """What has been parsed, by its text, for others to look at; plain text reads one way."""
        found = ((texts[side].get(path), it) for (side, path), it in self._trees.items())
        return {text: tree for text, tree in found if text and tree and text.isascii()}

    def _alone(
        self, finding: Finding, old: ast.AST | None, new: ast.AST | None
    ) -> tuple[Hunk, ...]:
        """The first lines of a definition that only one side has."""
        if old is None and new is None:
            return ()
        gone, come = self._head(0, finding, old), self._head(1, finding, new)
        return (Hunk(gone[0], gone[1], come[0], come[1]),)

    def _first_lines(self, finding: Finding) -> tuple[Hunk, ...]:
        """Only the name differs, and it stands there."""
        sides = []
        for i in (0, 1):
            place = self._place(i, finding)
            line = place.line if place else 0
            sides += [line, tuple(self._lines(i, finding)[max(line - 1, 0) : line])]
        return (Hunk(*sides),)  # type: ignore[arg-type]

    def _head(
        self, side: int, finding: Finding, node: ast.AST | None
    ) -> tuple[int, tuple[str, ...]]:
        place = self._place(side, finding)
        if node is None or place is None:
            return 0, ()
        last = min(getattr(node, "end_lineno", place.line), place.line + MOST_OF_ONE - 1)
        return place.line, tuple(self._lines(side, finding)[place.line - 1 : last])

    def _as_text(self, finding: Finding, old: ast.AST, new: ast.AST) -> tuple[Hunk, ...]:
        return by_text(self._whole(0, finding, old), self._whole(1, finding, new))

    def _whole(self, side: int, finding: Finding, node: ast.AST) -> tuple[int, Sequence[str]]:
        place, lines = self._place(side, finding), self._lines(side, finding)
        first = place.line if place and not isinstance(node, ast.Module) else 1
        last: int = getattr(node, "end_lineno", None) or len(lines)
        return first, lines[first - 1 : last]


MOST_OF_ONE = 12
"""Lines that are shown of a definition that only one side has."""


def _parsed(source: Source | None) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is not ours to report
            return ast.parse(source.python) if source else None
    except (BadSource, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


# -- what is tried --------------------------------------------------------------------------------


def _tried(
    old: Tree, new: Tree, drafts: Sequence[Change], options: Options, purse: Allowance
) -> list[Change]:
    due = [it for it in drafts if it.finding.open]
    if not options.run:
        return [_unrun(it) for it in drafts]
    if not due:
        return list(drafts)
    with Trials(old, new, purse, each=options.each) as trials:
        seen = trials.judge([_case(it) for it in due])
    found = {id(draft): tried for draft, tried in zip(due, seen, strict=True)}
    return [_with(it, found[id(it)]) if id(it) in found else it for it in drafts]


def _unrun(draft: Change) -> Change:
    if not draft.finding.open:
        return draft
    why = (*draft.finding.why, "nothing was run, as was asked")
    return msgspec.structs.replace(draft, finding=msgspec.structs.replace(draft.finding, why=why))


def _case(draft: Change) -> Case:
    old = tuple(it.old_line + i for it in draft.hunks for i in range(len(it.old)))
    new = tuple(it.new_line + i for it in draft.hunks for i in range(len(it.new)))
    return Case(draft.finding, old, new)


def _with(draft: Change, tried: Tried) -> Change:
    is_told = tried.finding.kind == "constant" and tried.finding.verdict is Verdict.CHANGED
    words = () if is_told else draft.words  # its two values are the words
    return msgspec.structs.replace(
        draft, finding=tried.finding, words=words, tried=tried.tried, test=tried.test
    )


def _joined(
    changes: Sequence[Change], further: Sequence[Finding], promised: Sequence[Promise]
) -> tuple[Change, ...]:
    """Further findings beside the change that they are about; else as changes of their own."""
    by_name: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in further:
        by_name[_about(finding)].append(finding)
    theirs: dict[tuple[str, str], list[Promise]] = defaultdict(list)
    known = {_about(it.finding) for it in changes} | {
        (it.place.file, it.definition) for it in promised
    }
    for it in promised:
        theirs[_home(it, known)].append(it)
    told = [
        msgspec.structs.replace(
            it,
            more=tuple(by_name.pop(_about(it.finding), ())),
            promises=tuple(theirs.pop(_about(it.finding), ())),
        )
        for it in changes
    ]
    told = [_with_lines(it, theirs) for it in told]
    alone = [
        Change(finding=it[0], more=tuple(it[1:]), promises=tuple(theirs.pop(about, ())))
        for about, it in by_name.items()
    ]
    alone += [Change(finding=_worst(it).finding(), promises=tuple(it)) for it in theirs.values()]
    return tuple(sorted((*told, *alone), key=lambda it: _order(it.finding)))


def _with_lines(change: Change, left: dict[tuple[str, str], list[Promise]]) -> Change:
    """With what is promised by the very lines that it shows, whoever inherits that."""
    mine = [about for about, it in left.items() if all(_stands_in(change, p) for p in it)]
    promised = [it for about in mine for it in left.pop(about)]
    return msgspec.structs.replace(change, promises=(*change.promises, *promised))


def _stands_in(change: Change, promise: Promise) -> bool:
    if promise.place.file != change.place.file:
        return False
    if not promise.place.line:
        return change.finding.definition == MODULE_CODE
    return any(
        it.new_line <= promise.new.line < it.new_line + len(it.new)
        if promise.new
        else it.old_line <= promise.place.line < it.old_line + len(it.old)
        for it in change.hunks
    )


def _home(promise: Promise, known: Collection[tuple[str, str]]) -> tuple[str, str]:
    """What a promise is told with: the file that went or came, the definition, or its class."""
    file, name = promise.place.file, promise.definition
    owner = (file, name.rpartition(".")[0])
    if (file, file) in known:
        return file, file
    is_member = promise.rule in MEMBERS and owner in known
    return owner if is_member else (file, name)


MEMBERS = frozenset({"attribute-type", "attribute-value", "object-added", "object-removed"})
"""Rules about what may be an attribute of a class, without a definition of its own."""


def _worst(promised: Sequence[Promise]) -> Promise:
    return max(promised, key=lambda it: (it.severity, it.verdict is Verdict.CHANGED))


def _about(finding: Finding) -> tuple[str, str]:
    return _order(finding)[0], finding.definition
