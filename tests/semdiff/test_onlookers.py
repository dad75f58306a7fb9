"""Onlookers: one finding for each reader that may see others differently, told of the reader."""

import pytest

from monocyte.semdiff.diff import diff_trees
from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.verdicts import Finding, Severity, Verdict

WHERE = "import sys\ndef where():\n    return sys._getframe(1).f_lineno\n"
MANY = "import b\ndef f(): return b.where()\ndef g(): return b.where()\n"


def open_findings(old: dict[str, str], new: dict[str, str]) -> list[Finding]:
    """What is not the same."""
    found = diff_trees(from_texts(old), from_texts(new))
    return [it for it in found if it.verdict is not Verdict.SAME]


def test_the_reader_is_told_once() -> None:
    """Definitions that moved are the same; who reads lines is unknown, and says of whom."""
    (finding,) = open_findings({"a.py": MANY, "b.py": WHERE}, {"a.py": "\n" + MANY, "b.py": WHERE})
    assert (finding.definition, finding.kind, finding.rule) == ("where", "function", "reads-lines")
    assert str(finding.new) == "b.py:2"
    assert any("`a.py f`" in why and "`a.py g`" in why for why in finding.why)


def test_what_moved_names_its_reader() -> None:
    """A definition that is the same says who reads what differs in it."""
    old, new = (from_texts({"a.py": text, "b.py": WHERE}) for text in (MANY, "\n" + MANY))
    same = next(it for it in diff_trees(old, new) if it.definition == "f")
    assert same.verdict is Verdict.SAME
    assert any("`where` of b.py reads them" in why for why in same.why)


HOMES = [
    ("import sys\nX = sys._getframe().f_lineno\n", "X"),
    ("import sys\nprint(sys._getframe().f_lineno)\n", "<module>"),
    ("import sys\nclass A:\n    def f(self): return sys._getframe(1).f_lineno\n", "A.f"),
    ("import sys\nclass A:\n    x = sys._getframe().f_lineno\n", "A"),
    ("import sys\ndef f():\n    def g(): return sys._getframe(1).f_lineno\n    return g\n", "f"),
]


@pytest.mark.parametrize(("text", "name"), HOMES)
def test_a_reader_stands_in_a_definition(text: str, name: str) -> None:
    """The finding is about the outermost function, method, class or constant around it."""
    (finding,) = open_findings({"a.py": text}, {"a.py": "# moved\n" + text})
    assert finding.definition == name


def test_lines_for_people_are_of_note_only() -> None:
    """A traceback as text may differ, which is no warning."""
    handler = "    try: g()\n    except OSError: return traceback.format_exc()\n"
    text = f"import traceback\ndef f():\n{handler}"
    (finding,) = open_findings({"a.py": text}, {"a.py": "\n" + text})
    assert finding.severity is Severity.NOTE


def test_a_decorated_definition_is_told_itself() -> None:
    """Who is known to look at this very definition makes it unknown, and not the reader."""
    text = "import click\n@click.command()\ndef f():\n    '{}'\n"
    (finding,) = open_findings({"a.py": text.format("one")}, {"a.py": text.format("two")})
    assert finding.definition == "f"
