"""What is measured of an app's cells: size, complexity, what stands twice, what nobody uses.

Complexity is cognitive complexity (Campbell, SonarSource 2017) by complexipy, dead code is found by
vulture, what could be said more simply by ruff, whose rules are listed here; size and clones are
our own. Every number is of a file's text; nothing is imported or run.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, Final, Literal, NamedTuple

import msgspec

from monocyte.contracts.tokens import estimate
from monocyte.errors import ConfigError, GenopsError
from monocyte.genops.attached import Attached
from monocyte.genops.debt.duplicates import Clone, Window, clones, windows

__all__ = ["SIMPLER", "Cell", "Debt", "Remark", "measure"]

SIMPLER: Final = (
    "F811",
    "F841",
    "SIM",
    "RET5",
    "PIE",
    "C4",
    "ERA",
    "PLR1711",
    "PLR5501",
    "FURB",
    "PERF1",
)
"""The rules of ruff that say: this could be said in fewer words, or left out."""

SECONDS = 30
"""How long ruff may take."""


class Remark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that could be simpler, or is not used, at a line of a file."""

    file: str
    line: int
    rule: str
    said: str

    @property
    def place(self) -> str:
        """file:line."""
        return f"{self.file}:{self.line}"


class Cell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file with declarations."""

    bytes: int
    tokens: int
    """Estimated, as in plans and contexts."""
    functions: int
    complexity: int
    """Of all its functions together."""
    worst: int
    """Of the worst of them."""
    where: str
    """Which that is."""


class Debt(Attached, frozen=True, kw_only=True):
    """An app at one moment; kept with each release."""

    format: Literal[1] = 1
    cells: dict[str, Cell]
    """By file."""
    duplicated: int
    """Lines that stand elsewhere too."""
    dead: tuple[Remark, ...]
    simpler: tuple[Remark, ...]

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(it.bytes for it in self.cells.values())

    @property
    def tokens(self) -> int:
        """Of all files."""
        return sum(it.tokens for it in self.cells.values())

    @property
    def complexity(self) -> int:
        """Of all functions."""
        return sum(it.complexity for it in self.cells.values())


class Measured(NamedTuple):
    """The numbers, and the clones behind one of them."""

    debt: Debt
    clones: tuple[Clone, ...]


def measure(texts: Mapping[str, str]) -> Measured:
    """What the files of an app's cells cost their reader; texts by path.

    Raises:
        GenopsError: a file is no Python.
        ConfigError: the libraries for it are not installed.
    """
    found = tuple(clones({file: _windows(file, text) for file, text in texts.items()}))
    knotted = _complexities(texts)
    debt = Debt(
        cells={file: _cell(text, knotted[file]) for file, text in texts.items()},
        duplicated=sum(it.lines for it in found),
        dead=tuple(_dead(texts)),
        simpler=tuple(it for file, text in texts.items() for it in _simpler(file, text)),
    )
    return Measured(debt, found)


@lru_cache(maxsize=256)
def _windows(file: str, text: str) -> tuple[Window, ...]:
    """Kept, since most files of an app are the same before and after a change."""
    return tuple(windows(_parsed(file, text)))


def _parsed(file: str, text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as why:
        raise GenopsError(f"this is no Python: {why}", where=file) from why


class _Knots(msgspec.Struct, frozen=True):
    """The complexity of a file, and of each of its functions."""

    whole: int
    functions: list[tuple[str, int]]


def _cell(text: str, knots: _Knots) -> Cell:
    worst = max(knots.functions, key=lambda it: it[1], default=("", 0))
    return Cell(
        bytes=len(text.encode()),
        tokens=estimate(text),
        functions=len(knots.functions),
        complexity=knots.whole,
        worst=worst[1],
        where=worst[0],
    )


ASK = """
import json, sys
from complexipy import code_complexity
def knots(text):
    found = code_complexity(text)
    functions = [(str(it.name), int(it.complexity)) for it in found.functions]
    return {"whole": int(found.complexity), "functions": functions}
print(json.dumps({file: knots(text) for file, text in json.load(sys.stdin).items()}))
"""
"""Asked in a process of its own: complexipy 8.3 ends the process where a second thread asks it."""


def _complexities(texts: Mapping[str, str]) -> dict[str, _Knots]:
    _found("complexipy")
    raw = json.dumps(dict(texts)).encode()
    try:
        done = subprocess.run(  # noqa: S603 (no shell; what is judged goes in as text)
            [sys.executable, "-I", "-c", ASK],
            input=raw,
            capture_output=True,
            check=True,
            timeout=SECONDS,
        )
        return msgspec.json.decode(done.stdout, type=dict[str, _Knots])
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError) as why:
        raise GenopsError(f"complexipy cannot be asked: {why}") from why


def _dead(texts: Mapping[str, str]) -> Iterator[Remark]:
    """Functions and imports that nothing names, and lines that are never come to.

    What is decorated is declared to somebody, and a class may be a word that others use.
    """
    look = _vulture().Vulture(ignore_decorators=["@*"])
    for file, text in texts.items():
        look.scan(text, filename=file)
    for it in look.get_unused_code(min_confidence=60):
        if it.typ in {"function", "import", "unreachable_code", "method", "property"}:
            yield Remark(str(it.filename), int(it.first_lineno), "dead", str(it.message))


@lru_cache(maxsize=256)
def _simpler(file: str, text: str) -> tuple[Remark, ...]:
    """What ruff would have simpler; kept, as windows are."""
    return tuple(
        Remark(file, int(it["location"]["row"]), str(it["code"]), str(it["message"]))
        for it in _ruff(file, text)
    )


def _ruff(file: str, text: str) -> Any:
    command = [
        *(_found("ruff").find_ruff_bin(), "check", "--isolated", "--no-cache", "--quiet"),
        *("--output-format", "json", "--select", ",".join(SIMPLER), "--ignore-noqa"),
        *("--target-version", "py311", "--stdin-filename", "cell.py", "-"),
    ]
    try:
        done = subprocess.run(  # noqa: S603 (no shell; what is judged goes in as text)
            command, input=text.encode(), capture_output=True, check=False, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as why:
        raise GenopsError(f"ruff cannot be asked: {why}", where=file) from why
    if done.returncode not in (0, 1):
        said = done.stderr.decode(errors="replace").strip()
        raise GenopsError(f"ruff cannot read it: {said}", where=file)
    return json.loads(done.stdout)


def _vulture() -> Any:
    return _found("vulture")


def _found(module: str) -> Any:
    """A library of the extra; raises ConfigError if it is not there."""
    try:
        return import_module(module)
    except ImportError as why:
        mend = 'pip install "monocyte[genops]"'
        raise ConfigError(f"{module} is not installed", mend=mend) from why
