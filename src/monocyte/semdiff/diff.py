"""The diff of two trees: reads, compares definition by definition, and yields findings.

SAME is said only where the normal forms are equal and no reader of a differing channel is in sight.
Everything else is UNKNOWN, open to evidence, or CHANGED where a name has gone or come. Presentation
is somebody else's room.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial

import msgspec

from monocyte.semdiff.definitions import (
    MODULE_CODE,
    Definition,
    Definitions,
    Unreadable,
    parse,
    unnumbered,
)
from monocyte.semdiff.guard_words import MODULE_WORDS_OF_ITSELF
from monocyte.semdiff.guards import Reader
from monocyte.semdiff.matching import match_moved
from monocyte.semdiff.normal import EASY, STAGES, Channel, Stage
from monocyte.semdiff.normal.imports import NO_TREE, Imports
from monocyte.semdiff.normal.writer import Writer
from monocyte.semdiff.onlookers import Onlookers, looks_by_itself
from monocyte.semdiff.packages import Packages
from monocyte.semdiff.recalling import Settled, Sides, recalled, remembered
from monocyte.semdiff.sketches import Shelf, Sketches
from monocyte.semdiff.sources import BadSource, Source, python_lines
from monocyte.semdiff.verbatim import Words, shared
from monocyte.semdiff.verdicts import Finding, Place, Severity, Verdict
from monocyte.semdiff.watching import names_file

__all__ = ["diff_trees"]


def diff_trees(
    old: Mapping[str, Source], new: Mapping[str, Source], shelf: Shelf | None = None
) -> Iterator[Finding]:
    """What changed in meaning between two trees, file by file, definition by definition.

    Files with equal bytes are taken as the same without a finding.
    """
    changed = [path for path in sorted(old.keys() & new.keys()) if _differs(old[path], new[path])]
    sketches = Sketches(shelf)
    packages = Packages(old, sketches), Packages(new, sketches)
    moved = _Moves()
    onlookers = Onlookers()
    pairs = [_Pair(path, old[path], new[path], packages, moved, onlookers) for path in changed]
    for pair in pairs:  # all before who looks is asked: that may be read by others meanwhile
        pair.compare()
    for pair in pairs:
        yield from pair.findings()
    yield from _whole_files(old, new, moved)
    yield from moved.findings()
    yield from onlookers.findings()


def _differs(old: Source, new: Source) -> bool:
    try:
        return old.data != new.data
    except BadSource:
        return True


# -- one file -------------------------------------------------------------------------------------


class Seen(msgspec.Struct, frozen=True):
    """One side of a definition, as far as others speak of it."""

    kind: str
    name: str
    first: int
    last: int


class Row(msgspec.Struct, frozen=True):
    """A definition that both sides have, compared; by no rule, if nothing makes them equal."""

    old: Seen
    new: Seen
    channels: frozenset[Channel] = frozenset()
    rule: str = ""


class Rows(msgspec.Struct, frozen=True):
    """What comparing both sides of a file gives; who looks at what differs is another question."""

    rows: tuple[Row, ...]
    differing: frozenset[str]
    """The definitions whose code the cheap rules leave unequal."""
    words: frozenset[str]
    """Those in it by which a module gets hold of itself."""
    is_all: bool
    """Whether nothing came or went beside."""


def _row(
    old: Definition, new: Definition, channels: Collection[Channel] = (), rule: str = ""
) -> Row:
    ours, theirs = (Seen(it.kind, it.name, it.first, it.last) for it in (old, new))
    return Row(ours, theirs, frozenset(channels), rule)


def _text(seen: Seen, data: bytes) -> str:
    """The lines of a definition; of a module, all."""
    lines = python_lines(data.decode("utf-8", "surrogateescape"))
    return "".join(lines if seen.kind == "module" else lines[seen.first - 1 : seen.last])


class _Pair:
    """One file that both trees have, with different bytes."""

    def __init__(
        self,
        path: str,
        old: Source,
        new: Source,
        packages: tuple[Packages, Packages],
        moves: _Moves,
        onlookers: Onlookers,
    ) -> None:
        self.path = path
        self.sources = old, new
        self.packages = packages
        self.imports: Sides = (packages[0].imports_of(path), packages[1].imports_of(path))
        self.moves = moves
        self.onlookers = onlookers

    def compare(self) -> None:
        """Compare both sides, whoever looks at what differs."""
        self.rows: tuple[Row, ...] = ()
        self.unread: str | None = None
        try:
            kept = self._kept_rows()
        except (Unreadable, BadSource) as error:
            self.unread = str(error)
            return
        self.rows = kept.rows
        self.differing: Collection[str] = kept.differing
        self.words = kept.words

    def findings(self) -> Iterator[Finding]:
        """What comparing has shown, and who looks."""
        if self.unread is not None:
            yield self._unreadable(self.unread)
        for it in self.rows:
            if it.rule:
                yield from self._judged(it.old, it.new, it.channels, it.rule)
            else:
                yield self._different(it.old, it.new)

    def _kept_rows(self) -> Rows:
        """What comparing both sides gives, taken from the shelf if it has been done before."""
        try:
            content = [source.digest for source in self.sources]
        except BadSource:
            return self._rows(self.imports)
        shelf = self.packages[0].sketches.shelf
        name = json.dumps(["rows", self.path, *content])
        return remembered(shelf, name, Rows, self.imports, self._rows)

    def _rows(self, imports: Sides) -> Rows:
        """Both sides compared; what came or went is for `moves`, and so nothing to be kept."""
        self.imports = imports
        old, new = self._first_loaded()
        rows = [*self._compared(old, new), *self._module(old, new)]
        came = old.found.keys() ^ new.found.keys()
        for _ in self._gone_and_come(old, new):
            pass
        words = (old.facts.words | new.facts.words) & MODULE_WORDS_OF_ITSELF
        return Rows(tuple(rows), frozenset(self.differing), words, is_all=not came)

    def _first_loaded(self) -> tuple[Definitions, Definitions]:
        """Both sides as a whole, by the cheap rules; what both say word for word is passed by."""
        datas = [_limited(source) for source in self.sources]
        trees = [parse(data, self.path) for data in datas]
        lines = [python_lines(data.decode("utf-8", "surrogateescape")) for data in datas]
        both = shared(trees[0], lines[0], trees[1], lines[1])
        old, new = (
            _defined(tree, data, EASY, imports, both=both)
            for tree, data, imports in zip(trees, datas, self.imports, strict=True)
        )
        return old, new

    def _loaded(self, stage: Stage) -> tuple[Definitions, Definitions]:
        """Both sides under a stage's rules, as a whole."""
        old, new = (
            _load(source, stage, imports)
            for source, imports in zip(self.sources, self.imports, strict=True)
        )
        return old, new

    def _unreadable(self, why: str) -> Finding:
        sides = []
        for source in self.sources:
            try:
                _load(source, EASY)
            except (Unreadable, BadSource):
                sides.append("new" if source is self.sources[1] else "old")
        return Finding(
            verdict=Verdict.UNKNOWN,
            kind="file",
            definition=self.path,
            what=f"cannot be compared: {' and '.join(sides)} unreadable",
            why=(why,),
            rule="unreadable",
            old=Place(self.path),
            new=Place(self.path),
        )

    def _looking(
        self, old: Seen, new: Seen, channels: Collection[Channel]
    ) -> Iterator[tuple[int, str, Reader]]:
        """Who may look at a definition: on which side, in which file."""
        for number, definition in enumerate((old, new)):
            looking = self.packages[number].looking(self.path, definition, channels)
            for path, reader in looking:
                if path != self.path or not self._is_out_of_reach(reader, definition):
                    yield number, path, reader

    def _is_out_of_reach(self, reader: Reader, definition: Seen) -> bool:
        """`x.__dict__` shows a module's order only where the module gets hold of itself."""
        if reader.word.endswith(".py"):
            return not names_file(reader.word, self.path)
        if definition.kind != "module" or reader.word not in {"__dict__", "vars", "getmembers"}:
            return False
        alone = reader.channel is Channel.ORDER and not self.words & MODULE_WORDS_OF_ITSELF
        return alone and not any(p.is_handed_on(self.path) for p in self.packages)

    # -- definitions ------------------------------------------------------------------------------

    def _compared(self, old: Definitions, new: Definitions) -> Iterator[Row]:
        """Every definition that both sides have: by the cheap rules, then by dearer ones."""
        pairs = {
            name: (old.found[name], new.found[name]) for name in old.found if name in new.found
        }
        self.differing = {
            name for name, it in pairs.items() if it[0].written.code != it[1].written.code
        }
        open_pairs = {}
        for name, (ours, theirs) in pairs.items():
            if name in self.differing:
                open_pairs[name] = ours, theirs
            else:
                yield _row(ours, theirs, _differing(ours, theirs), "normal-form")
        settled = self._recalled(open_pairs) if open_pairs else {}
        for name, stage in settled.items():
            ours, theirs = open_pairs.pop(name)
            channels = {*_differing(ours, theirs), *_CHANNELS[stage]}
            yield _row(ours, theirs, channels, f"normal-form-{stage}")
        for ours, theirs in open_pairs.values():
            yield _row(ours, theirs)

    def _recalled(self, names: Collection[str]) -> Settled:
        """Which of these definitions some stage makes equal, if need be by trying."""
        content = [self.path, *(source.digest for source in self.sources)]
        shelf = self.packages[0].sketches.shelf
        return recalled(shelf, content, names, self.imports, partial(self._by_stages, names))

    def _by_stages(self, names: Collection[str], imports: tuple[Imports, Imports]) -> Settled:
        """Which of these definitions some stage's rules make equal; each goes on from the last."""
        first, *rest = STAGES
        wanted = {unnumbered(name) for name in names}
        old, new = (
            _load(source, first, asked, wanted)
            for source, asked in zip(self.sources, imports, strict=True)
        )
        found = dict.fromkeys(_alike(old, new, names), first.name)
        applied = len(first.rules)
        for stage in rest:
            due = [name for name in names if name not in found]
            if not due:
                break
            for side in (old, new):
                side.apply(stage.rules[applied:])
            applied = len(stage.rules)
            found |= dict.fromkeys(_alike(old, new, due), stage.name)
        return found

    def _judged(
        self, old: Seen, new: Seen, channels: Iterable[Channel], rule: str
    ) -> Iterator[Finding]:
        """Equal code: SAME, unless somebody set to look at it sees a channel that differs."""
        differing = sorted(channels)
        seen = list(self._looking(old, new, differing)) if differing else []
        is_code_seen = any(it[2].channel is Channel.CODE for it in seen)
        if is_code_seen and not self._is_open(old) and self._compile_alike(old, new):
            seen = [it for it in seen if it[2].channel is not Channel.CODE]
        own = [reader for *_, reader in seen if not looks_by_itself(reader)]
        others = [it for it in seen if looks_by_itself(it[2])]
        for side, path, reader in others:
            self.onlookers.note(side, path, reader, (self.path, old.name))
        if own:
            yield self._guarded(old, new, own)
        elif differing:
            yield self._same(old, new, differing, others, rule)

    def _compile_alike(self, old: Seen, new: Seen) -> bool:
        both = zip((old, new), self.sources, strict=True)
        return _compiles_alike(*(_text(it, _limited(source)) for it, source in both))

    def _is_open(self, definition: Seen) -> bool:
        """Whether something inside it has different code, so that it has, too."""
        if definition.kind == "module":
            return bool(self.differing)
        return any(name.startswith(f"{definition.name}.") for name in self.differing)

    def _same(
        self,
        old: Seen,
        new: Seen,
        differing: Sequence[Channel],
        others: Sequence[tuple[int, str, Reader]],
        rule: str,
    ) -> Finding:
        readers = {r.channel: f"`{r.home.name}` of {path} reads them" for _, path, r in others}
        return Finding(
            verdict=Verdict.SAME,
            kind=old.kind,
            definition=old.name,
            what="means the same",
            why=tuple(
                f"{c} differ, and {readers.get(c, 'nothing here looks at them')}" for c in differing
            ),
            rule=rule,
            severity=Severity.NOTE if Channel.DOCS in differing else Severity.IGNORED,
            old=Place(self.path, old.first),
            new=Place(self.path, new.first),
        )

    def _guarded(self, old: Seen, new: Seen, seen: Sequence[Reader]) -> Finding:
        reasons = {f"{r.channel} differ, and line {r.line} reads {r.word}": None for r in seen}
        return Finding(
            verdict=Verdict.UNKNOWN,
            kind=old.kind,
            definition=old.name,
            what="has equal code, but may be looked at",
            why=tuple(reasons)[:4],
            rule=f"reads-{seen[0].channel.name.lower()}",
            old=Place(self.path, old.first),
            new=Place(self.path, new.first),
            open=True,
        )

    def _different(self, old: Seen, new: Seen) -> Finding:
        return Finding(
            verdict=Verdict.UNKNOWN,
            kind=new.kind,
            definition=new.name,
            what="has different code",
            why=("no rule makes the two forms equal; running them may tell",),
            rule="forms-differ",
            old=Place(self.path, old.first),
            new=Place(self.path, new.first),
            open=True,
        )

    # -- the module's own code --------------------------------------------------------------------

    def _module(self, old: Definitions, new: Definitions) -> Iterator[Row]:
        sides = [_module_definition(side) for side in (old, new)]
        in_place = old.order == new.order or self._bodies_alike(old, new)
        if in_place or self._arranged_alike(old, new):
            channels = _differing(*sides) - {Channel.ORDER}
            if not in_place:
                channels.add(Channel.ORDER)
            yield _row(sides[0], sides[1], channels, "normal-form")
            return
        if _without(old.order, new) == _without(new.order, old):
            return  # only definitions went or came, and they speak for themselves
        places = old.first_difference(new), new.first_difference(old)
        sides[0].first, sides[1].first = places
        yield _row(sides[0], sides[1])

    def _arranged_alike(self, old: Definitions, new: Definitions) -> bool:
        if sorted(old.order) != sorted(new.order):
            return False
        ours, theirs = (
            side.arranged(imports) for side, imports in zip((old, new), self.imports, strict=True)
        )
        return ours == theirs

    def _bodies_alike(self, old: Definitions, new: Definitions) -> bool:
        """Whether rules make each statement equal to the one in its place."""
        if sorted(old.order) == sorted(new.order):
            return False  # they stand in another order
        old, new = self._loaded(STAGES[0])
        return old.order == new.order

    # -- names that went or came ------------------------------------------------------------------

    def _gone_and_come(self, old: Definitions, new: Definitions) -> Iterator[Finding]:
        for name in [it for it in old.found if it not in new.found]:
            self.moves.gone.setdefault(self.path, []).append((old.found[name], old))
        for name in [it for it in new.found if it not in old.found]:
            self.moves.come.setdefault(self.path, []).append((new.found[name], new))
        yield from ()


_CHANNELS = {stage.name: stage.channels for stage in STAGES}


def _alike(old: Definitions, new: Definitions, names: Iterable[str]) -> Iterator[str]:
    """Which of these definitions have equal code on both sides."""
    for name in names:
        ours, theirs = old.found.get(name), new.found.get(name)
        if ours and theirs and ours.written.code == theirs.written.code:
            yield name


LARGEST = 500_000
"""Bytes of one file that are compared; generated ones may have more, at some 20 s a megabyte."""


def _load(
    source: Source,
    stage: Stage,
    imports: Imports = NO_TREE,
    wanted: Collection[str] | None = None,
) -> Definitions:
    data = _limited(source)
    return _defined(parse(data, source.path), data, stage, imports, wanted=wanted)


def _limited(source: Source) -> bytes:
    data = source.python
    if len(data) > LARGEST:
        raise Unreadable(f"it has {len(data):,} bytes; beyond {LARGEST:,} it would take too long")
    return data


def _defined(
    tree: ast.Module,
    data: bytes,
    stage: Stage,
    imports: Imports,
    *,
    wanted: Collection[str] | None = None,
    both: Mapping[int, Words] | None = None,
) -> Definitions:
    try:
        return Definitions(tree, data, stage.rules, imports, wanted=wanted, shared=both or {})
    except RecursionError as error:
        raise Unreadable("it nests too deep to be compared") from error


def _differing(old: Definition, new: Definition) -> set[Channel]:
    """The channels in which two definitions with equal code differ."""
    found: set[Channel] = set()
    if old.written.docs != new.written.docs:
        found.add(Channel.DOCS)
        if [bool(d) for d in old.written.docs] != [bool(d) for d in new.written.docs]:
            found.add(Channel.DOCUMENTED)
    if old.written.annotations != new.written.annotations:
        found.add(Channel.ANNOTATIONS)
    if old.written.names != new.written.names:
        found.update({Channel.NAMES, Channel.CODE})
    if old.written.names != new.written.names and old.written.swallowed != new.written.swallowed:
        same = old.written.unbound == new.written.unbound
        found.add(Channel.SWALLOWED if same else Channel.UNBOUND)
    if old.text != new.text:
        found.update({Channel.TEXT, Channel.CODE})
    if old.first != new.first or old.text != new.text:
        found.add(Channel.LINES)
    if old.order != new.order:
        found.add(Channel.ORDER)
    return found


def _compiles_alike(old: str, new: str) -> bool:
    """Whether two definitions differ in layout only, so that they compile to the same code."""
    try:
        one, two = _undocumented(old), _undocumented(new)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return one == two


def _undocumented(text: str) -> str:
    """The syntax of a definition without its docstrings, which code holds as a constant only."""
    tree = ast.parse(f"if 1:\n{text}" if text[:1].isspace() else text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str())), *rest]:
                    node.body = list(rest)
    return ast.dump(tree)


def _module_definition(module: Definitions) -> Definition:
    """The module's own code, seen as one more definition."""
    writer = Writer(module.facts, module.scope)
    writer.docs.append(module.tree.__dict__.get("doc"))
    return Definition(
        "module",
        MODULE_CODE,
        module.tree,
        1,
        len(module.lines),
        writer.written(),
        "".join(module.lines),
        module.order,
    )


def _without(order: Sequence[str], other: Definitions) -> list[str]:
    """A module's statements without the definitions that the other side does not have."""
    theirs = {f"<{d.kind} {d.name}>" for d in other}
    return [key for key in order if not key.startswith("<") or key in theirs]


# -- whole files, and what moved ------------------------------------------------------------------


class _Moves:
    """Definitions that went and came anywhere in the trees, until all files are read."""

    def __init__(self) -> None:
        self.gone: dict[str, list[tuple[Definition, Definitions]]] = {}
        self.come: dict[str, list[tuple[Definition, Definitions]]] = {}

    def findings(self) -> Iterator[Finding]:
        matches = match_moved(self.gone, self.come)
        told = set()
        for match in matches:
            told |= {id(match.old), id(match.new)}
            yield _moved(match.old_path, match.old, match.new_path, match.new)
        for path, gone in self.gone.items():
            for definition, _ in gone:
                if id(definition) not in told:
                    yield _gone(path, definition)
        for path, come in self.come.items():
            for definition, _ in come:
                if id(definition) not in told:
                    yield _come(path, definition)


def _moved(old_path: str, old: Definition, new_path: str, new: Definition) -> Finding:
    how = "renamed to" if old_path == new_path else f"moved to {new_path} as"
    return Finding(
        verdict=Verdict.UNKNOWN,
        kind=old.kind,
        definition=old.name,
        what=f"{how} {new.name}, its code is equal",
        why=("whoever uses the old name or place may not find it",),
        rule="renamed" if old_path == new_path else "moved",
        old=Place(old_path, old.first),
        new=Place(new_path, new.first),
        open=True,
    )


def _gone(path: str, definition: Definition) -> Finding:
    one_of_several = "#" in definition.name
    public = not any(part.startswith("_") for part in definition.name.split("."))
    return Finding(
        verdict=Verdict.UNKNOWN,
        kind=definition.kind,
        definition=definition.name,
        what="is gone",
        why=("whether something else gives that name is for a run to tell",),
        rule="removed",
        severity=Severity.BREAKING if public and not one_of_several else Severity.WARNING,
        old=Place(path, definition.first),
        open=True,
    )


def _come(path: str, definition: Definition) -> Finding:
    return Finding(
        verdict=Verdict.UNKNOWN,
        kind=definition.kind,
        definition=definition.name,
        what="is new",
        why=("nothing on the old side to compare it with",),
        rule="added",
        new=Place(path, definition.first),
        open=True,
    )


def _whole_files(
    old: Mapping[str, Source], new: Mapping[str, Source], moves: _Moves
) -> Iterator[Finding]:
    """Files that only one side has."""
    for side, other, bucket, rule in (
        (old, new, moves.gone, "file-removed"),
        (new, old, moves.come, "file-added"),
    ):
        for path in sorted(side.keys() - other.keys()):
            try:
                definitions = _load(side[path], EASY)
            except (Unreadable, BadSource) as error:
                yield _whole_file(path, rule, str(error))
                continue
            bucket[path] = [(d, definitions) for d in definitions]
            yield _whole_file(path, rule, "a module that is imported by name went or came")


def _whole_file(path: str, rule: str, why: str) -> Finding:
    place = Place(path)
    return Finding(
        verdict=Verdict.UNKNOWN,
        kind="file",
        definition=path,
        what="is gone" if rule == "file-removed" else "is new",
        why=(why,),
        rule=rule,
        old=place if rule == "file-removed" else None,
        new=place if rule == "file-added" else None,
        open=True,
    )
