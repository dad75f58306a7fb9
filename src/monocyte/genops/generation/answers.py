"""Reads what a model said: the new text of a cell, or what is wrong with the answer.

A first answer is the whole file in one fenced block; a later one may be edits of the draft: blocks
that say what to search for, exactly and once, and what to put there. Whatever cannot be read to the
last line is a finding in words, never a guess: half a file that happens to parse is no file. Pure.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from monocyte.genops.gates.verdict import Finding
from monocyte.genops.generation.findings import clipped, found
from monocyte.genops.models.interface import Answer

__all__ = ["MOST", "Block", "Written", "blocks", "parsed", "read_answer"]

MOST: Final = 256 << 10
"""Bytes of an answer: a cell that fits in 4,000 tokens has a sixteenth of that."""

PYTHON: Final = ("", "python", "py", "python3")
"""What a block of code may be called."""

EDITS: Final = ("diff", "text", "edit", "edits", "search", "patch")
"""And one with edits, which many models name otherwise."""

FENCE = re.compile(r"^(?P<indent> {0,3})(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$")
SEARCH = re.compile(r"^<{5,9} ?SEARCH[ \t]*$")
MIDDLE = re.compile(r"^={5,9}[ \t]*$")
REPLACE = re.compile(r"^>{5,9} ?REPLACE[ \t]*$")

ELIDED = re.compile(
    r"^\s*#\s*[<\[(]?\s*(?:"
    r"(?:\.{3}|…)\s*[^#]*\b(?:rest|remain\w*|existing|other|previous|unchanged|same|omitted)\b"
    r"|[^#]*\b(?:rest|remain\w*|existing|other|previous|everything|code)\b[^#]*"
    r"(?:\bunchanged\b|\bas before\b|\bomitted\b|\.{3}|…)"
    r"|(?:unchanged|same as before|omitted)\b)",
    re.IGNORECASE,
)
"""A comment in place of code that is left out."""

CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What no source file needs: control characters, and those by which text is shown in another
order than it is read."""


class Written(NamedTuple):
    """What an answer comes to: a text if there is one, and what is to be said of it."""

    text: str | None
    findings: tuple[Finding, ...] = ()


class Block(NamedTuple):
    """A fenced block: what it is called, what stands in it, and whether it ends."""

    info: str
    text: str
    closed: bool


def read_answer(answer: Answer, cell: str, base: str = "", draft: str | None = None) -> Written:
    """The file that an answer means; `base` is the file as it is, `draft` what edits are made to.

    Without a draft only a whole file will do.
    """
    if (fault := _unreadable(answer, cell)) is not None:
        return Written(None, (fault,))
    text = answer.text.replace("\r\n", "\n")
    known = frozenset(base.split("\n"))
    if _has_edits(text):
        return _edited(text, cell, draft, known)
    return _whole(text, cell, known)


def parsed(text: str) -> ast.Module:
    """The syntax tree of a text; raises SyntaxError with a line."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an escape that is none is the linter's affair
        try:
            return ast.parse(text)
        except (RecursionError, MemoryError, ValueError) as why:
            raise SyntaxError(f"it cannot be parsed: {why}") from why


# -- answers that are none -------------------------------------------------------------------------


def _unreadable(answer: Answer, cell: str) -> Finding | None:
    """Why there is nothing to read, if so."""
    size, excerpt = len(answer.text.encode("utf-8", "replace")), clipped(answer.text, 500)
    if size > MOST:
        said = f"the answer has {size:,} bytes; {MOST:,} are more than any cell needs"
        return found("answer-long", cell, said, mend="answer with the file, and nothing else")
    if answer.stop == "refusal":
        said = "the model refused to answer"
        mend = "say otherwise what is wanted, or pin another model"
        return found("answer-refused", cell, said, mend=mend, evidence=excerpt)
    if answer.stop == "length":
        said = f"the answer was cut off at the cap of its length, after {size:,} bytes"
        mend = "answer with edits, or raise max_output_tokens of the pin"
        return found("answer-cut", cell, said, mend=mend, evidence=clipped(answer.text[-300:]))
    if answer.stop == "tools":
        said = "the model wanted to use a tool, and there is none"
        return found("answer-tool", cell, said, mend="answer in text", evidence=excerpt)
    if bad := CONTROLS.search(answer.text):
        line = answer.text.count("\n", 0, bad.start()) + 1
        said = f"line {line} of the answer has the character U+{ord(bad.group()):04X}"
        return found("answer-bytes", cell, said, mend="answer in plain text")
    if not answer.text.strip():
        said = "the answer is empty"
        return found("answer-prose", cell, said, mend="answer with the file in a fenced block")
    return None


# -- whole files -----------------------------------------------------------------------------------


def blocks(text: str) -> Iterator[Block]:
    """Every fenced block of a text, as Markdown has it: a longer fence may hold shorter ones."""
    opened: re.Match[str] | None = None
    lines: list[str] = []
    for line in text.split("\n"):
        mark = FENCE.match(line)
        if opened is None:
            opened, lines = mark, []
        elif mark and not mark["info"].strip() and _closes(mark["fence"], opened["fence"]):
            yield Block(opened["info"].strip().lower(), _joined(lines), closed=True)
            opened = None
        else:
            lines.append(line)
    if opened is not None:
        yield Block(opened["info"].strip().lower(), _joined(lines), closed=False)


def _closes(mark: str, opened: str) -> bool:
    return mark[0] == opened[0] and len(mark) >= len(opened)


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _whole(text: str, cell: str, known: frozenset[str]) -> Written:
    held = [*blocks(text)]
    if not held:
        return _bare(text, cell, known)
    named = [(it.info.split()[0] if it.info else "") for it in held]
    if len(held) > 1:
        kinds = ", ".join(name or "untitled" for name in named)
        said = f"the answer has {len(held)} blocks of code ({kinds}), and there is one file"
        mend = "answer with the whole file in one block, or with edits of it"
        return Written(None, (found("answer-files", cell, said, mend=mend),))
    (block,), (name,) = held, named
    if not block.closed:
        said = "the block of code does not end: its last fence is missing"
        mend = "answer with the whole file, and close the block"
        return Written(
            None, (found("answer-half", cell, said, mend=mend, evidence=block.text[-300:]),)
        )
    if name not in PYTHON:
        said = f"the answer is written in {name}"
        return Written(None, (found("answer-language", cell, said, mend="answer in Python"),))
    return _python(block.text, cell, known)


def _bare(text: str, cell: str, known: frozenset[str]) -> Written:
    """An answer without any block: a file all the same, or prose."""
    try:
        tree = parsed(text)
    except SyntaxError:
        tree = ast.Module([], [])
    if not any(isinstance(it, (ast.Import, ast.ImportFrom)) for it in tree.body):
        said = "the answer has no block of code"
        mend = "answer with the whole file in one block that begins with ```python"
        return Written(
            None, (found("answer-prose", cell, said, mend=mend, evidence=clipped(text, 500)),)
        )
    return _python(text if text.endswith("\n") else f"{text}\n", cell, known)


def _python(text: str, cell: str, known: frozenset[str]) -> Written:
    """A text that is to be a whole file; what stands in `known` was written by people."""
    try:
        parsed(text)
    except SyntaxError as why:
        return Written(None, (_no_python(text, cell, why),))
    lines = enumerate(text.split("\n"), 1)
    elided = [(n, it) for n, it in lines if it not in known and ELIDED.match(it)]
    if elided:
        number, line = elided[0]
        said = f"line {number} stands for code that is left out: {line.strip()}"
        mend = "answer with the whole file, or with edits of it"
        return Written(None, (found("answer-half", cell, said, mend=mend),))
    return Written(text)


OTHERS: Final = (
    (r"^\s*(function \w+\(|const \w+ =|let \w+ =|export |=> \{)", "JavaScript"),
    (r"^\s*(public|private|protected) (static |final )*\w+", "Java or C#"),
    (r"^\s*(func \w+\(|package \w+$)", "Go"),
    (r"^\s*(fn \w+|impl \w+|use \w+::|pub fn)", "Rust"),
    (r"^\s*#include\s*[<\"]", "C"),
    (r"^\s*[\[{]\s*$|^\s*\"\w+\":", "JSON"),
    (r"^(---|\+\+\+|@@) ", "a diff"),
)
"""How other languages give themselves away, where Python cannot read them."""


def _no_python(text: str, cell: str, why: SyntaxError) -> Finding:
    for pattern, name in OTHERS:
        if re.search(pattern, text, re.MULTILINE):
            said = f"the answer looks like {name}"
            return found("answer-language", cell, said, mend="answer in Python")
    lines, number = text.split("\n"), why.lineno or 0
    near = lines[max(0, number - 3) : number + 2]
    said = f"line {number} of the answer is no Python: {why.msg}"
    return found("answer-syntax", cell, said, mend="mend it", evidence="\n".join(near))


# -- edits -----------------------------------------------------------------------------------------


class _Edit(NamedTuple):
    search: str
    replace: str


def _has_edits(text: str) -> bool:
    return any(SEARCH.match(line) for line in text.split("\n"))


def _edited(text: str, cell: str, draft: str | None, known: frozenset[str]) -> Written:
    if draft is None:
        said = "the answer has edits, and there is no draft that they could be of"
        return Written(None, (found("answer-half", cell, said, mend="answer with the whole file"),))
    try:
        edits = [*_edits(text)]
    except SyntaxError as why:
        mend = "write each edit as <<<<<<< SEARCH, =======, >>>>>>> REPLACE on lines of their own"
        return Written(None, (found("answer-half", cell, why.msg, mend=mend),))
    faults = [it for n, edit in enumerate(edits, 1) for it in _faults(n, edit, draft, cell)]
    if faults:
        return Written(None, tuple(faults))
    placed = sorted((_places(it.search, draft)[0], it) for it in edits)
    if any(at + len(it.search) > after for (at, it), (after, _) in pairwise(placed)):
        said, mend = "two edits search for the same lines", "make one edit of them"
        return Written(None, (found("edit-ambiguous", cell, said, mend=mend),))
    after = draft
    for at, edit in reversed(placed):
        after = after[:at] + edit.replace + after[at + len(edit.search) :]
    if after == draft:
        said = "the edits change nothing"
        return Written(None, (found("edit-nothing", cell, said, mend="mend what is wrong"),))
    return _python(after, cell, known)


def _edits(text: str) -> Iterator[_Edit]:
    """The edits of an answer, in order; raises SyntaxError where one is no edit."""
    search: list[str] | None = None
    replace: list[str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if SEARCH.match(line):
            if search is not None:
                raise SyntaxError(f"the edit before line {number} does not end")
            search = []
        elif search is not None and replace is None and MIDDLE.match(line):
            replace = []
        elif search is not None and replace is not None and REPLACE.match(line):
            yield _Edit(_joined(search), _joined(replace))
            search = replace = None
        elif replace is not None:
            replace.append(line)
        elif search is not None:
            search.append(line)
    if search is not None:
        raise SyntaxError("the last edit does not end")


def _faults(number: int, edit: _Edit, draft: str, cell: str) -> Iterator[Finding]:
    """Why an edit cannot be made: it must find its lines whole, and once."""
    times = len(_places(edit.search, draft)) if edit.search.strip() else 0
    if times == 1:
        return
    if not edit.search.strip():
        said = f"edit {number} searches for nothing"
    elif times == 0:
        said = f"what edit {number} searches for is not in the file, letter by letter"
    else:
        said = f"what edit {number} searches for is in the file {times} times"
    kind = "edit-ambiguous" if times > 1 else "edit-missing"
    mend = "search for lines as they stand in the file, as many as are needed to be unique"
    yield found(kind, cell, said, mend=mend, evidence=edit.search)


def _places(search: str, draft: str) -> list[int]:
    """Where whole lines begin that are searched for."""
    places, at = [], draft.find(search)
    while at >= 0:
        if at == 0 or draft[at - 1] == "\n":
            places.append(at)
        at = draft.find(search, at + 1)
    return places
