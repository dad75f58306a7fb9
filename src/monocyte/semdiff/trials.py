"""Which evidence is looked for, for which finding, and what its verdict becomes by it.

Only open findings are tried, only in locked workers, and only as long as the budget lasts. A
verdict of the normal form is never overruled: what was UNKNOWN becomes CHANGED with a witness, NO
DIFFERENCE FOUND with what was tried, or stays UNKNOWN with one reason more.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from monocyte.semdiff.allowance import Allowance
from monocyte.semdiff.behaviour import UNSTEADY, Behaviour, Observatory
from monocyte.semdiff.evidence import Budget, Imported, Version
from monocyte.semdiff.sources import BadSource, Tree
from monocyte.semdiff.verdicts import Finding, Severity, Verdict, Witness

__all__ = ["Case", "Trials", "Tried", "is_public"]


class Case(NamedTuple):
    """A finding that is open, and the lines that it is about on each side."""

    finding: Finding
    old_lines: tuple[int, ...] = ()
    new_lines: tuple[int, ...] = ()


class Tried(msgspec.Struct, frozen=True):
    """A finding with what evidence has made of it."""

    finding: Finding
    tried: str = ""
    """The budget that was used, and what it covered, in words."""
    test: str = ""
    """A pytest module that passes on the old version and fails on the new."""


SEARCHED = frozenset({"function", "method", "class"})
BY_NAME = frozenset({"removed", "added", "renamed", "moved"})
LARGEST_TREE = 200_000_000
"""Bytes of a tree that are written down for it to be imported from."""


def is_public(name: str) -> bool:
    """Whether nobody was told by an underscore to keep away from it."""
    return not any(
        it.startswith("_") and not (it.startswith("__") and it.endswith("__"))
        for it in name.split(".")
    )


class Trials:
    """Evidence for findings about two trees, within one budget; close it in the end."""

    def __init__(self, old: Tree, new: Tree, purse: Allowance, *, each: Budget) -> None:
        self.sides = _Side(old), _Side(new)
        self.each = each
        self.until = time.monotonic() + purse.left
        self.seconds = purse.seconds
        self._observatory: Observatory | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._observatory:
            self._observatory.close()
        for side in self.sides:
            side.close()

    def judge(self, cases: Sequence[Case]) -> list[Tried]:
        """Each case with what could be seen of it, in the same order."""
        files: dict[tuple[str, str], list[Case]] = defaultdict(list)
        for case in cases:
            files[_paths(case.finding)].append(case)
        found: dict[int, Tried] = {}
        for paths, group in files.items():
            for case, tried in zip(group, self._file(paths, group), strict=True):
                found[id(case)] = tried
        return [found[id(case)] for case in cases]

    def _file(self, paths: tuple[str, str], cases: Sequence[Case]) -> list[Tried]:
        why = _never(paths) or _impossible()
        if why:
            return [_still(case.finding, why) for case in cases]
        try:
            return _File(self, paths, cases).judged()
        except BadSource as error:
            return [_still(case.finding, str(error)) for case in cases]

    @property
    def observatory(self) -> Observatory:
        """The workers, started when they are first needed."""
        if self._observatory is None:
            self._observatory = Observatory(budget=self.each, until=self.until)
        return self._observatory

    def left(self) -> float:
        """Seconds of the budget that are left."""
        return self.until - time.monotonic()


def _paths(finding: Finding) -> tuple[str, str]:
    old, new = finding.old, finding.new
    either = old or new
    assert either is not None  # noqa: S101 (a finding is somewhere)
    return (old or either).file, (new or either).file


def _never(paths: tuple[str, str]) -> str:
    if any(path.endswith(".ipynb") for path in paths):
        return "a notebook is compared, but not run"
    if any(path.endswith(".pyi") for path in paths):
        return "a stub is never run"
    return ""


def _impossible() -> str:
    if sys.platform == "win32":
        return "nothing is run here: locked workers need a Unix"
    if importlib.util.find_spec("hypothesis") is None:
        return "nothing is run: generating inputs needs `pip install 'monocyte[diff]'`"
    return ""


def _still(finding: Finding, why: str) -> Tried:
    """Nothing could be seen: the verdict stands, with one reason more."""
    return Tried(msgspec.structs.replace(finding, why=(*finding.why, why)))


# -- one side, where it can be imported from ------------------------------------------------------


class _Side:
    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._made: Path | None = None

    def close(self) -> None:
        """Remove what was written down."""
        if self._made:
            shutil.rmtree(self._made, ignore_errors=True)

    @property
    def root(self) -> Path:
        """The directory of the tree; one that lies in no directory is written to one."""
        if self.tree.root is not None:
            return self.tree.root.resolve()
        if self._made is None:
            self._made = Path(tempfile.mkdtemp(prefix="monocyte-diff-"))
            self._write(self._made)
        return self._made

    def _write(self, folder: Path) -> None:
        left = LARGEST_TREE
        for source in (*self.tree.sources.values(), *self.tree.others.values()):
            path = folder / source.path
            try:
                data = source.data
                left -= len(data)
                if left > 0 and folder in path.resolve().parents:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(data)
            except (BadSource, OSError):
                continue  # it is missed when it is imported, and said then

    def version(self, path: str, lines: tuple[int, ...] = ()) -> Version:
        """A file as a module that can be imported."""
        parts = list(PurePosixPath(path).with_suffix("").parts)
        start = len(parts) - 1
        while start and "/".join([*parts[:start], "__init__.py"]) in self.tree:
            start -= 1
        named = parts[start:-1] if parts[-1] == "__init__" and start < len(parts) - 1 else None
        named = named or parts[start:]
        places = ("/".join(parts[:start]), "", "src")
        roots = [self.root / it for it in dict.fromkeys(places)]
        kept = tuple(str(it) for it in roots if it.is_dir())
        if all(it.isidentifier() for it in named):
            return Version(".".join(named), kept, lines=lines)
        name = re.sub(r"\W", "_", f"script_{named[-1]}")
        source = self.tree[path].text if path in self.tree else ""
        return Version(name, kept, source=source, lines=lines)


# -- one file -------------------------------------------------------------------------------------


class _File:
    """The open findings about one file, or about a file and where its definitions went."""

    def __init__(self, trials: Trials, paths: tuple[str, str], cases: Sequence[Case]) -> None:
        self.trials, self.paths, self.cases = trials, paths, cases
        self.spoken_for = {case.finding.definition for case in cases}
        old, new = trials.sides
        self.old = old.version(paths[0])
        # Whether an old name is still there is asked where it was.
        by_name = any(case.finding.rule in BY_NAME for case in cases)
        self.new = new.version(paths[0] if by_name else paths[1])
        self._held: tuple[Imported | str, Imported | str] | None = None

    def judged(self) -> list[Tried]:
        """Each finding with its evidence, until the time is up."""
        return [self._one(case) for case in self.cases]

    def _one(self, case: Case) -> Tried:
        finding = case.finding
        if self.trials.left() <= 0:
            why = f"the {self.trials.seconds:g} s for running code were used up before its turn"
            return _still(finding, why)
        if "#" in finding.definition:
            return _still(finding, "its name is bound more than once, so it cannot be asked for")
        if finding.kind == "file":
            return self._whole(finding)
        if finding.rule in BY_NAME:
            return self._by_name(case)
        if finding.kind in SEARCHED:
            return self._searched(case)
        return self._by_import(case)

    # -- by calling it ----------------------------------------------------------------------------

    def _searched(self, case: Case) -> Tried:
        observatory = self.trials.observatory
        seconds = min(self.trials.each.seconds, max(self.trials.left() / 2, 0.3))
        observatory.budget = msgspec.structs.replace(self.trials.each, seconds=seconds)
        old = msgspec.structs.replace(self.old, lines=case.old_lines)
        new = msgspec.structs.replace(self.new, lines=case.new_lines)
        if old.module != new.module:
            return _still(case.finding, "it has moved, and is not called under two names")
        return _behaved(case.finding, observatory.compare(old, new, case.finding.definition))

    # -- by importing it --------------------------------------------------------------------------

    @property
    def held(self) -> tuple[Imported | str, Imported | str]:
        """What each version holds, once imported."""
        if self._held is None:
            names = tuple(sorted(it for it in self.spoken_for if not it.startswith("<")))
            self._held = self.trials.observatory.imported(self.old, self.new, names)
        return self._held

    def _sides(self, finding: Finding) -> tuple[Imported, Imported] | Tried:
        old, new = self.held
        for name, side in (("old", old), ("new", new)):
            if isinstance(side, str):
                return _still(finding, f"the {name} version: {side}")
        assert isinstance(old, Imported)  # noqa: S101 (both have been looked at)
        assert isinstance(new, Imported)  # noqa: S101
        if old.ended:
            return _still(finding, f"the old version cannot be imported: {old.ended}")
        return old, new

    def _by_name(self, case: Case) -> Tried:
        """A name that went or came: whether the module still has it."""
        finding = case.finding
        sides = self._sides(finding)
        if isinstance(sides, Tried):
            return sides
        old, new = (it.asked.get(finding.definition, "") for it in sides)
        if sides[1].ended and self.paths[0] in self.trials.sides[1].tree:
            return _still(finding, f"the new version cannot be imported: {sides[1].ended}")
        if old and new:
            if finding.kind in SEARCHED:
                return self._searched(case)
            return self._values(finding, old, new)
        if not old and not new:
            return _still(finding, "neither version has it once it is imported")
        words = "is there" if old else "AttributeError", "AttributeError" if old else "is there"
        return self._seen(finding, words, finding.what, _how_bad(finding, gone=bool(old)))

    def _by_import(self, case: Case) -> Tried:
        finding = case.finding
        sides = self._sides(finding)
        if isinstance(sides, Tried):
            return sides
        old, new = sides
        if new.ended:
            words = "is imported", f"raises {new.ended}"
            return self._seen(finding, words, "cannot be imported any more", Severity.BREAKING)
        if finding.kind == "module":
            return self._module(finding, old, new)
        images = [it.asked.get(finding.definition, "") for it in sides]
        return self._values(finding, *images)

    def _values(self, finding: Finding, old: str, new: str) -> Tried:
        if UNSTEADY in (old, new):
            return _still(finding, "its value differs from itself between two imports")
        if old != new:
            what = f"is {_short(new) or 'gone'}, was {_short(old) or 'absent'}"
            return self._seen(finding, (old, new), what, _how_bad(finding))
        if OPAQUE.search(old) or not old:
            return _still(finding, "its value cannot be looked into")
        what = "has other code, and the same value once it is imported"
        why = (f"importing both versions gives {_short(old)}",)
        return Tried(
            msgspec.structs.replace(
                finding,
                verdict=Verdict.NO_DIFFERENCE_FOUND,
                what=what,
                why=why,
                severity=Severity.NOTE,
                rule="import",
                open=False,
            ),
            "imported twice each",
        )

    def _module(self, finding: Finding, old: Imported, new: Imported) -> Tried:
        """What importing does, and which names it leaves; those with findings speak themselves."""
        for what, was, now in (
            ("prints something else when it is imported", old.output, new.output),
            ("does something else when it is imported", old.effects, new.effects),
        ):
            if was != now:
                return self._seen(finding, (repr(was), repr(now)), what, Severity.WARNING)
        spoken = {it.partition(".")[0] for it in self.spoken_for} | self._defined()
        names = sorted((old.names.keys() | new.names.keys()) - spoken)
        differing = [it for it in names if old.names.get(it) != new.names.get(it)]
        if not differing:
            why = ("importing both does the same, and gives the same names and values",)
            return Tried(
                msgspec.structs.replace(
                    finding,
                    verdict=Verdict.NO_DIFFERENCE_FOUND,
                    why=why,
                    severity=Severity.NOTE,
                    rule="import",
                    open=False,
                ),
                "imported twice each",
            )
        if all(UNSTEADY in (old.names.get(it), new.names.get(it)) for it in differing):
            return _still(finding, f"{', '.join(differing)} differ between two imports of one")
        return self._names(finding, differing, old, new)

    def _defined(self) -> set[str]:
        """What either version defines by `def` or `class`: a finding of its own speaks for it."""
        trees = [
            side.tree.get(path) for side, path in zip(self.trials.sides, self.paths, strict=True)
        ]
        return {
            name
            for source in trees
            if source
            for name in re.findall(r"^(?:async +)?(?:def|class) +(\w+)", source.text, re.MULTILINE)
        }

    def _names(
        self, finding: Finding, differing: Sequence[str], old: Imported, new: Imported
    ) -> Tried:
        gone = [it for it in differing if it not in new.names]
        come = [it for it in differing if it not in old.names]
        other = [it for it in differing if it not in {*gone, *come}]
        parts = [("has", come, "now"), ("lost", gone, ""), ("holds other values in", other, "")]
        said = "; ".join(
            f"{verb} {', '.join(f'`{it}`' for it in names)} {when}".strip()
            for verb, names, when in parts
            if names
        )
        lost = Severity.BREAKING if any(map(is_public, gone)) else Severity.WARNING
        bad = lost if gone else Severity.WARNING if other else Severity.NOTE
        shown = (gone or other or come)[0]
        named = msgspec.structs.replace(finding, definition=shown)
        words = tuple(_short(it.names.get(shown, "AttributeError")) for it in (old, new))
        tried = self._seen(named, (words[0], words[1]), said, bad)
        kept = msgspec.structs.replace(tried.finding, definition=finding.definition)
        return msgspec.structs.replace(tried, finding=kept)

    def _whole(self, finding: Finding) -> Tried:
        """A file that went or came: whether its module can still be imported."""
        old, new = self.held
        if isinstance(old, str) or isinstance(new, str):
            return _still(finding, old if isinstance(old, str) else str(new))
        if finding.rule == "file-removed" and not old.ended and new.ended:
            return self._seen(finding, ("is imported", new.ended), finding.what, Severity.BREAKING)
        if finding.rule == "file-added" and old.ended and not new.ended:
            return self._seen(finding, (old.ended, "is imported"), finding.what, Severity.NOTE)
        return _still(finding, f"old: {old.ended or 'imported'}; new: {new.ended or 'imported'}")

    def _seen(
        self, finding: Finding, words: tuple[str, str], what: str, severity: Severity
    ) -> Tried:
        """CHANGED, with an import as the witness."""
        module = self.old.module if finding.old else self.new.module
        is_whole = finding.kind == "file" or finding.definition.startswith("<")
        name = "" if is_whole else f".{finding.definition}"
        code = f"import {module}\n\nprint({module}{name})\n"
        old, new = (_short(it) for it in words)
        changed = msgspec.structs.replace(
            finding,
            verdict=Verdict.CHANGED,
            what=what,
            why=(),
            rule="import",
            severity=severity,
            open=False,
            witness=Witness(code=code, old=old, new=new),
        )
        return Tried(changed, "imported twice each", _import_test(module, name, words))


OPAQUE = re.compile(r"<(function|class|module|deep|cannot)|\w\(\)$")
"""Images that tell a value's kind, and not what is in it."""


def _short(text: str, most: int = 120) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _how_bad(finding: Finding, *, gone: bool | None = None) -> Severity:
    if gone is None:
        return Severity.WARNING
    if not gone:
        return Severity.NOTE
    return Severity.BREAKING if is_public(finding.definition) else Severity.WARNING


def _import_test(module: str, name: str, words: tuple[str, str]) -> str:
    """A test of what importing gives; it fails on the new version, by error or by value."""
    old, new = words
    slug = re.sub(r"\W+", "_", f"{module}{name}").strip("_").lower()
    if old in ABSENT or new in ("is imported", "is there"):
        kind = "ImportError" if new == "is imported" else "AttributeError"
        imports, verb = ["import pytest"], "is_not_there"
        body = [f"with pytest.raises({kind}):", f"    import {module}"]
        body += [f"    _ = {module}{name}"] if name else []
    elif old in ("is there", "is imported") or not name:
        imports, verb = [f"import {module}"], "is_there"
        body = [f"assert {module}{name} is not None"]
    elif len(old) > LONGEST_VALUE:
        return ""
    else:
        describe = "from monocyte.semdiff.outcomes import image as describe"
        imports, verb = [f"import {module}", "", describe], "is_as_before"
        body = [f"assert describe({module}{name}) == {old!r}"]
    head = '"""A difference on import: this passes on the old version, and fails on the new."""'
    lines = [head, "", *imports, "", "", f"def test_{slug}_{verb}():"]
    return "\n".join([*lines, *(f"    {it}" for it in body)]) + "\n"


ABSENT = frozenset({"AttributeError"})
LONGEST_VALUE = 2000
"""Characters of a value that is written into a test."""


def _behaved(finding: Finding, seen: Behaviour) -> Tried:
    """A finding with what calling both versions has shown."""
    if seen.verdict is Verdict.CHANGED and seen.witness:
        return _witnessed(finding, seen, seen.witness)
    if seen.verdict is Verdict.NO_DIFFERENCE_FOUND:
        whole = bool(seen.changed) and seen.covered == seen.changed
        found = msgspec.structs.replace(
            finding,
            verdict=Verdict.NO_DIFFERENCE_FOUND,
            what="has other code; no input was found on which it behaves differently",
            why=(seen.why, *_guessed(seen.guessed)),
            rule="behaviour",
            severity=Severity.NOTE if whole else Severity.WARNING,
            open=False,
        )
        return Tried(found, seen.budget)
    return msgspec.structs.replace(_still(finding, seen.why), tried=seen.budget)


def _witnessed(finding: Finding, seen: Behaviour, witness: Witness) -> Tried:
    told = f"`{_short(seen.call)}` {witness.old}, now {witness.new}"
    was_fine = witness.old.startswith("returned")
    breaks = was_fine and not witness.new.startswith("returned") and is_public(finding.definition)
    changed = msgspec.structs.replace(
        finding,
        verdict=Verdict.CHANGED,
        what=told,
        why=_guessed(seen.guessed),
        rule="behaviour",
        severity=Severity.BREAKING if breaks else Severity.WARNING,
        open=False,
        witness=witness,
    )
    return Tried(changed, seen.budget, seen.test)


def _guessed(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    return (f"what {', '.join(f'`{it}`' for it in names)} may be was guessed: there is no type",)
