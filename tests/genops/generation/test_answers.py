"""Answers: what can be read of what a model says, and what is said of the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.genops.generation.answers import MOST, Written, blocks, read_answer
from monocyte.genops.generation.findings import KINDS, clipped
from monocyte.genops.metering.wires import Stop
from monocyte.genops.models import Answer

FILE = '''"""# A cell."""

from monocyte import Cell

cell = Cell("a", state=dict)


def one() -> int:
    return 1


def two() -> int:
    return 2
'''


def fenced(text: str, name: str = "python", fence: str = "```") -> str:
    """A text in a block."""
    return f"{fence}{name}\n{text}{fence}\n"


def read(text: str, stop: Stop = "end", draft: str | None = None) -> Written:
    """What an answer comes to."""
    return read_answer(Answer(text, stop, "m"), "a", FILE, draft)


def kinds(written: Written) -> list[str]:
    """What was found wrong; then there is no text."""
    assert written.text is None or not written.findings
    return [it.kind for it in written.findings]


WHOLE = {
    "a block": fenced(FILE),
    "words around it": f"Sure, here it is.\n\n{fenced(FILE)}\nIt is **done**.\n",
    "no language": fenced(FILE, ""),
    "py": fenced(FILE, "py"),
    "a title": fenced(FILE, "python title=shop/a.py"),
    "tildes": fenced(FILE, fence="~~~"),
    "a longer fence": fenced(FILE, fence="`````"),
    "Windows' line ends": fenced(FILE).replace("\n", "\r\n"),
    "no block at all": FILE,
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_a_whole_file_is_read(text: str) -> None:
    """However it is wrapped."""
    assert read(text) == Written(FILE)


def test_a_fence_inside_of_the_file_does_not_end_it() -> None:
    """If the block has a longer one, as the prompt has."""
    file = FILE + '\nDOC = """\n```text\nx\n```\n"""\n'
    assert read(fenced(file, fence="````")).text == file


BAD: dict[str, tuple[str, Stop, str]] = {
    "prose": ("I would suggest to change the rule.", "end", "answer-prose"),
    "prose that is Python": ("sure\n", "end", "answer-prose"),
    "nothing": ("  \n", "end", "answer-prose"),
    "a file that was cut off": (fenced(FILE)[:90], "length", "answer-cut"),
    "a whole file that was cut off": (fenced(FILE), "length", "answer-cut"),
    "a block without an end": (f"```python\n{FILE}", "end", "answer-half"),
    "a refusal": ("I cannot help with that.", "refusal", "answer-refused"),
    "a tool call": ("", "tools", "answer-tool"),
    "10 MB": (fenced("x = 1\n" * (10 << 20 >> 2)), "end", "answer-long"),
    "JavaScript": (
        fenced("const x = () => { return 1 }\n", "javascript"),
        "end",
        "answer-language",
    ),
    "JavaScript that says Python": (fenced("const x = 1;\n"), "end", "answer-language"),
    "Go": (fenced("func main() {\n"), "end", "answer-language"),
    "a diff": (
        fenced("--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-x\n+y\n", "diff"),
        "end",
        "answer-language",
    ),
    "a syntax error": (fenced("def x(:\n    pass\n"), "end", "answer-syntax"),
    "several files": (fenced("x = 1\n") + fenced("y = 1\n"), "end", "answer-files"),
    "a NUL": (fenced('x = "\0"\n'), "end", "answer-bytes"),
    "a half character": (fenced('x = "\ud800"\n'), "end", "answer-bytes"),
    "text that is read from right to left": (fenced("x = 1 # \u202e\n"), "end", "answer-bytes"),
    "deep nesting": (fenced("x = " + "(" * 5000 + ")" * 5000 + "\n"), "end", "answer-syntax"),
    "an ellipsis": (fenced(FILE + "\n# ... rest of the file unchanged\n"), "end", "answer-half"),
    "existing code": (fenced(FILE + "\n# ... existing scenarios ...\n"), "end", "answer-half"),
    "the rest": (fenced(FILE + "\n# (The remaining code is unchanged)\n"), "end", "answer-half"),
    "edits of nothing": ("<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n", "end", "answer-half"),
}


@pytest.mark.parametrize(("text", "stop", "kind"), BAD.values(), ids=BAD)
def test_what_is_no_file_is_told_apart(text: str, stop: Stop, kind: str) -> None:
    """Each in its own words, with what to do, and little evidence."""
    written = read(text, stop)
    assert kinds(written) == [kind]
    (fault,) = written.findings
    assert fault.said
    assert fault.mend
    assert len(fault.evidence.encode()) <= 2_000
    assert fault.severity == "error"


HONEST = (
    "# The rest is rounded up.\n",
    "# Everything else stays with the same person.\n",
    "# Other people keep what they have.\n",
)


@pytest.mark.parametrize("line", HONEST)
def test_a_comment_that_only_sounds_alike_is_one(line: str) -> None:
    """Nobody may be refused for what a comment is about."""
    assert read(fenced(FILE + line)).text == FILE + line


def edit(*pairs: tuple[str, str]) -> str:
    """Edits as a model writes them."""
    return "\n".join(f"<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n" for old, new in pairs)


def test_edits_are_made_to_the_draft() -> None:
    """All at once, in whatever order, with or without a fence around them."""
    given_edits = edit(("    return 2\n", "    return 22\n"), ("    return 1\n", ""))
    wanted = FILE.replace("    return 2\n", "    return 22\n").replace(
        "    return 1\n", "    pass\n"
    )
    text = given_edits.replace("=======\n>>>>>>> REPLACE", "=======\n    pass\n>>>>>>> REPLACE")
    for it in (text, fenced(text, "diff"), f"I mend it.\n\n{fenced(text, '')}"):
        assert read(it, draft=FILE) == Written(wanted)


def test_a_whole_file_is_good_where_edits_are_asked_for() -> None:
    """It only costs more."""
    assert read(fenced(FILE + "X = 1\n"), draft=FILE).text == FILE + "X = 1\n"


EDITS = {
    "not there": (edit(("    return 3\n", "x\n")), "edit-missing"),
    "half a line": (edit(("return 1\n", "return 2\n")), "edit-missing"),
    "other spaces": (edit(("  return 1\n", "x\n")), "edit-missing"),
    "twice": (edit(("\n\n", "\n")), "edit-missing"),
    "nothing": (edit(("", "x\n")), "edit-missing"),
    "no change": (edit(("    return 1\n", "    return 1\n")), "edit-nothing"),
    "overlapping": (
        edit(("    return 1\n", "    return 3\n"), ("    return 1\n", "    return 4\n")),
        "edit-ambiguous",
    ),
    "broken off": ("<<<<<<< SEARCH\n    return 1\n=======\n    return 3\n", "answer-half"),
    "one in another": ("<<<<<<< SEARCH\na\n<<<<<<< SEARCH\n", "answer-half"),
    "no Python any more": (edit(("    return 1\n", "    return (\n")), "answer-syntax"),
}


@pytest.mark.parametrize(("text", "kind"), EDITS.values(), ids=EDITS)
def test_edits_that_cannot_be_made_are_findings(text: str, kind: str) -> None:
    """Nothing is guessed: it must be there, letter by letter."""
    assert kinds(read(text, draft=FILE))[0] == kind


def test_an_edit_must_be_unique() -> None:
    """The second place is not chosen by us."""
    draft = FILE + "\n\ndef three() -> int:\n    return 1\n"
    assert kinds(read(edit(("    return 1\n", "    return 3\n")), draft=draft)) == [
        "edit-ambiguous"
    ]


@given(st.text(max_size=400), st.sampled_from(["end", "length", "refusal", "tools", "unknown"]))
def test_any_answer_is_a_file_or_a_finding(text: str, stop: Stop) -> None:
    """Whatever a model says, there is exactly one of both, and no exception."""
    for draft in (None, FILE):
        written = read(text, stop, draft)
        assert (written.text is None) == bool(written.findings)
        assert all(it.kind in KINDS for it in written.findings)


@given(st.lists(st.sampled_from(["```", "````", "~~~", "```python", "x = 1", ""]), max_size=12))
def test_blocks_never_overlap(lines: list[str]) -> None:
    """What stands in one stands in no other."""
    text = "\n".join(lines)
    inside = sum(it.text.count("\n") for it in blocks(text))
    assert inside <= len(lines)


@given(st.text(), st.integers(60, 3000))
def test_evidence_is_bounded(text: str, most: int) -> None:
    """In bytes."""
    assert len(clipped(text, most).encode()) <= most + 20


def test_the_bound_is_far_above_any_cell() -> None:
    """A cell has 4,000 tokens, and a token hardly more than a dozen bytes."""
    assert MOST > 4_000 * 12
