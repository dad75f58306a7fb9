"""What authors write becomes HTML that cannot do harm."""

import inspect
import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.literate.weave.html import visible
from monocyte.literate.weave.prose import inline, plain, prose, title_and_rest, typeset

NAMES = {"Lend": "#Lend", "DESK-1": "#rule-DESK-1"}

PROSE = {
    "paragraphs": ("One.\n\nTwo.", '<p dir="auto">One.</p>\n<p dir="auto">Two.</p>\n'),
    "a name leads somewhere": (
        "`Lend` it",
        '<p dir="auto"><a href="#Lend"><code>Lend</code></a> it</p>\n',
    ),
    "so does a call": ("`Lend()`", '<p dir="auto"><a href="#Lend"><code>Lend()</code></a></p>\n'),
    "an unknown one is code": ("`Other`", '<p dir="auto"><code>Other</code></p>\n'),
    "headings follow on": ("# A\n\n### B", '<h3 dir="auto">A</h3>\n<h4 dir="auto">B</h4>\n'),
    "no raw HTML": ("<b>x</b>", '<p dir="auto">&lt;b&gt;x&lt;/b&gt;</p>\n'),
    "no pictures": (
        "![x](http://e.vil/x.png)",
        '<p dir="auto">!<a href="http://e.vil/x.png">x</a></p>\n',
    ),
    "no scripts in links": (
        "[x](javascript:alert(1))",
        '<p dir="auto">[x](javascript:alert(1))</p>\n',
    ),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("raw", "expected"), PROSE.values(), ids=PROSE)
def test_prose(raw: str, expected: str) -> None:
    """Each form of prose has its HTML."""
    assert prose(raw, NAMES) == expected


@given(st.text(st.sampled_from("ab. ,;'\"\n()äé日🐢-1")))
def test_the_short_way_is_the_long_way(raw: str) -> None:
    """What has no marks is typeset without CommonMark, and comes out the same."""
    said = visible(inspect.cleandoc(raw))
    assert unescape(prose(raw)) == (unescape(typeset(said)) if said else "")


@given(st.text())
def test_no_prose_has_markup_of_its_own(raw: str) -> None:
    """Whatever is written, only the elements of CommonMark come out."""
    known = {"p", "a", "code", "pre", "em", "strong", "ul", "ol", "li", "hr", "br", "blockquote"}
    known |= {"table", "thead", "tbody", "tr", "th", "td", *(f"h{n}" for n in range(1, 7))}
    assert set(re.findall(r"</?([^\s<>/]+)", prose(raw))) <= known


def test_a_line_with_names() -> None:
    """Names in backticks lead to what they name, everything else is text."""
    assert inline("<`DESK-1`>", NAMES) == '&lt;<a href="#rule-DESK-1"><code>DESK-1</code></a>&gt;'


def test_the_title_is_the_first_heading() -> None:
    """A file that opens with none is called by its name."""
    assert title_and_rest("# Desk: *who* has `what`\n\nMore.", "desk") == (
        "Desk: who has what",
        "More.",
    )
    assert title_and_rest("Just prose.", "desk") == ("desk", "Just prose.")
    assert title_and_rest("", "desk") == ("desk", "")


def test_plain_text_is_one_line() -> None:
    """Marks and line ends are gone, for indexes."""
    assert plain("# A *b*\n\n`c`") == "A b c"
