"""Highlighted source: whatever it is, it is all there, line by line."""

import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monocyte.literate.weave import highlight as module
from monocyte.literate.weave.highlight import highlight, line_count

ODD = {
    "nothing": "",
    "one line without an end": "x = 1",
    "CRLF": "def f():\r\n    return '<&>'\r\n",
    "CR": "a = 1\rb = 2\r",
    "tabs and form feeds": "if x:\n\ty = 1\x0c\n",
    "emoji and other scripts": "# 🧪 Übung\nname = 'عربي 日本'\n",
    "an open string": "x = 'abc\ny = 2\n",
    "an open docstring": 'def f():\n    """never\n    closed\n',
    "an open docstring that ends in a backslash": '"""a\n\\',
    "strings in strings": "f\"{a['b']}\" + rb'\\'' + '''x''' + \"\"\"y\"\"\"\n",
    "a string over a line end": "x = 'a\\\nb'\n",
    "entities": "x = '&lt;' and '&#39;' # &amp; <b>\n",
    "not Python at all": "<html><script>alert('x')</script>\n}{ ]] \\\\ '\"\n",
    "bidi overrides": "admin = '\u202e \u2066' # \u200f\n",
    "nul and surrogates": "x = '\x00\ud800'\n",
}


def stripped(markup: str) -> str:
    """The text of markup."""
    return unescape(re.sub(r"<[^<>]*>", "", markup))


@pytest.mark.parametrize("source", ODD.values(), ids=ODD)
def test_odd_sources_come_back(source: str) -> None:
    """Stripped of its tags and unescaped, it is the source, sign by sign."""
    assert stripped(highlight(source)) == source


@given(
    st.text(st.sampled_from("ab1 '\"\\#\n\r\t<&>@=\u202e🧪") | st.characters(exclude_categories=()))
)
@example("'''\\")
def test_every_source_comes_back(source: str) -> None:
    """No text is lost, added or turned into markup, and no tag spans a line."""
    shown = highlight(source)
    assert stripped(shown) == source
    for line in re.split(r"(?<=</span>)(?=<span class=\"l\")", shown):
        assert line.count("<b ") == line.count("</b>")


@pytest.mark.parametrize("source", ODD.values(), ids=ODD)
def test_every_line_has_an_anchor(source: str) -> None:
    """As many anchors as lines, counted as Python counts them."""
    anchors = re.findall(r'id="L(\d+)"', highlight(source))
    assert anchors == [str(n) for n in range(1, line_count(source) + 1)]
    assert line_count(source) == max(1, len(re.sub(r"\x0c|\x85", "", source).splitlines()))


TOKENS = {
    "def f(x):": {("k", "def"), ("f", "f")},
    "class Slot(Value):": {("k", "class"), ("f", "Slot")},
    "@cell.handles": {("at", "@cell.handles")},
    "x = 0x1F + 1_000.5": {("n", "0x1F"), ("n", "1_000.5")},
    "# ## Words": {("head", "# ## Words")},
    "x = 1 # if only": {("n", "1"), ("c", "# if only")},
    "s = f'for {x}'": {("s", "f'for {x}'")},
    "definition = iffy.is_in": set(),
    'd = """if"""': {("d", '"""if"""')},
}


@pytest.mark.parametrize(("line", "expected"), TOKENS.items(), ids=TOKENS)
def test_tokens_have_their_classes(line: str, expected: set[tuple[str, str]]) -> None:
    """Keywords, names, strings, numbers and comments are told apart."""
    assert set(re.findall(r'<b class="(\w+)">([^<]*)</b>', highlight(line))) == expected


def test_what_turns_code_around_is_shown() -> None:
    """An override is named beside its place, so that code cannot read otherwise than it runs."""
    assert 'data-u="U+202E"' in highlight("x = '\u202e'")


def test_our_own_source_comes_back() -> None:
    """This very room, file by file."""
    for file in Path(module.__file__).parent.glob("*.py"):
        source = file.read_text(encoding="utf-8")
        assert stripped(highlight(source)) == source
