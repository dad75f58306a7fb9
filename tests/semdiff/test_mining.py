"""Constants, boundaries and uses are read off the text, without running it."""

import ast
import datetime as dt
import decimal

import pytest

from monocyte.semdiff.mining import mine, uses_of

MINED = {
    "ints": ("x > 41", [41, 40, 42, -41]),
    "negative": ("x > -3", [3, 2, 4, -3]),
    "floats": ("x > 1.5", [1.5, 0.5, 2.5, 1.4985]),
    "keys": ("x['key'] + x.get('other')", ["key", "other"]),
    "patterns": ("re.match(r'a+', x)", ["a+"]),
    "deltas": ("x > timedelta(hours=8)", [dt.timedelta(hours=8)]),
    "decimals": ("x > Decimal('1.5')", [decimal.Decimal("1.5")]),
}


@pytest.mark.parametrize(("row", "found"), MINED.items(), ids=MINED)
def test_constants_and_their_neighbours_are_found(
    row: str, found: tuple[str, list[object]]
) -> None:
    """Each row: a text, and what it tells of one type."""
    text, wanted = found
    mined = mine([ast.parse(text)])
    values = getattr(mined, "ints" if row == "negative" else row)
    assert [it for it in values if it in wanted] or not wanted
    assert set(wanted) <= set(values)


def test_docstrings_are_not_mined() -> None:
    """Prose is no input."""
    assert mine([ast.parse('"""Prose."""\ndef f():\n    """More."""')]).strings == []


def test_a_call_that_cannot_be_made_is_passed_over() -> None:
    """Constants that make no value are no constants of it."""
    assert mine([ast.parse("datetime(1, 99, 1)")]).dates == []


USES = {
    "range": ("for i in range(p): pass", "int"),
    "arithmetic": ("p % 2", "int"),
    "method of text": ("p.split(',')", "str"),
    "method of lists": ("p.append(1)", "list"),
    "method of mappings": ("p.items()", "dict"),
    "text key": ("p['a']", "dict"),
    "compared": ("p == 'a'", "str"),
    "isinstance": ("isinstance(p, (int, str))", "int"),
    "called": ("p(1)", "callable"),
    "attribute": ("p.successor", ".successor"),
    "iterated": ("for i in p: pass", "list"),
}


@pytest.mark.parametrize(("text", "kind"), USES.values(), ids=USES)
def test_the_use_of_a_parameter_tells_what_it_may_be(text: str, kind: str) -> None:
    """Each row: what is done with `p`, and the likeliest type of it."""
    assert uses_of(ast.parse(text), "p")[0] == kind
