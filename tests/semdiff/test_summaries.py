"""A summary names all that a statement mentions, and hangs on the text alone."""

import pytest

from monocyte.semdiff.summaries import Unit, read, summary


def units(text: str) -> tuple[Unit, ...]:
    """The units of a text, once written and read."""
    return read(summary(text)).units


@pytest.mark.parametrize(
    ("text", "kind", "names", "runs"),
    [
        ("def f(): ...", "function", ("f",), False),
        ("@cell.handles\ndef f(): ...", "function", ("f",), False),
        ("@cell.every(1)\ndef f(): ...", "function", ("f",), True),
        ("@cache\ndef f(): ...", "function", ("f",), False),
        ("class A: x = 1", "class", ("A",), False),
        ("class A:\n    print()", "class", ("A",), True),
        ("class A(metaclass=M): ...", "class", ("A",), True),
        ("A = 1", "constant", ("A",), False),
        ("A = f()", "constant", ("A",), True),
        ("A, B = 1, 2", "constant", ("A", "B"), False),
        ("import a.b", "import", ("a",), False),
        ("print()", "code", (), True),
        ("'prose'", "code", (), False),
        ("if x:\n    y = 1", "code", ("y",), True),
    ],
)
def test_what_a_statement_is(text: str, kind: str, names: tuple[str, ...], runs: bool) -> None:
    """Its kind, what it binds, and whether loading it does more than that."""
    (unit,) = units(text)
    assert (unit.kind, unit.names, unit.runs) == (kind, names, runs)


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("def f(): return g(h.i)", {"g", "h", "i"}),
        ("def f(x: 'A | B'): ...", {"A", "B"}),
        ("def f(): getattr(x, 'save')", {"x", "save"}),
        ("def f():\n    match x:\n        case A(size=1): ...", {"A", "size", "x"}),
        ("patch('m.a.g')", {"patch", "m", "a", "g"}),
    ],
)
def test_what_a_statement_mentions(text: str, mentioned: set[str]) -> None:
    """Plain names, attributes, and names in texts."""
    (unit,) = units(text)
    assert mentioned <= {*unit.names_read, *unit.attributes}


@pytest.mark.parametrize(
    "text",
    [
        "def f(): eval('1')",
        "def f(): return getattr(x, name)",
        "def f(): return map(getattr, xs)",
        "import importlib",
        "def f(): return x.__dict__",
    ],
)
def test_what_is_not_named_may_be_reached(text: str) -> None:
    """Code that looks things up by computed names is said to."""
    assert units(text)[0].is_dynamic


def test_places_do_not_matter() -> None:
    """Blank lines and comments change no digest; what is said does."""
    one, two, three = (units(t)[0].digest for t in ("a = 1", "\n# why\na  =  1", "a = 2"))
    assert one == two != three


def test_what_does_not_parse_says_so() -> None:
    """A file without units says why it has none."""
    assert read(summary("def (")).error.startswith("SyntaxError")
