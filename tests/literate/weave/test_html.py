"""The builder of HTML: what is not markup is escaped."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.literate.weave.html import HIDDEN, Html, join, tag, text, visible

BUILT = {
    "text is escaped": (tag("p", "a < b & 'c'"), "<p>a &lt; b &amp; &#x27;c&#x27;</p>"),
    "attributes are escaped": (
        tag("a", href='"><script>'),
        '<a href="&quot;&gt;&lt;script&gt;"></a>',
    ),
    "markup is not": (tag("p", tag("b", "x")), "<p><b>x</b></p>"),
    "nothing is left out": (tag("p", None, class_=None, hidden=False), "<p></p>"),
    "a flag has no value": (tag("input", hidden=True), "<input hidden>"),
    "keywords and dashes": (
        tag("i", class_="x", aria_hidden="true"),
        '<i class="x" aria-hidden="true"></i>',
    ),
    "children may be many": (tag("p", ("a", ["b", tag("i", "c")])), "<p>ab<i>c</i></p>"),
    "several in a row": (join("<", tag("br")), "&lt;<br>"),
}


@pytest.mark.parametrize(("built", "expected"), BUILT.values(), ids=BUILT)
def test_an_element(built: Html, expected: str) -> None:
    """Elements, attributes and children come out as they should."""
    assert built == expected


@given(st.text())
def test_no_text_breaks_out(raw: str) -> None:
    """Whatever it is, it stays text: in an element and in an attribute."""
    shown = text(raw)
    assert not re.search(r"[<>\"']", shown)
    assert unescape(shown) == visible(raw)


@given(st.text(st.characters(exclude_categories=())))
def test_every_text_can_be_written_and_seen(raw: str) -> None:
    """Surrogates, controls and what turns text around are told by their code points."""
    shown = text(raw)
    assert not HIDDEN.search(shown)
    shown.encode()


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\x00", "\x1b", "\ud800", "\x85"])
def test_hidden_signs_are_shown(sign: str) -> None:
    """None of them reaches a page as it is."""
    assert visible(f"a{sign}b") == f"a⟨U+{ord(sign):04X}⟩b"


def test_ordinary_scripts_are_left_alone() -> None:
    """Letters, marks that join them, emoji, tabs and line ends are text."""
    said = "Straße 日本語 العربية\u200d\u200c 👩\u200d🔬\t\n"
    assert visible(said) == said
