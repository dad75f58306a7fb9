"""Putting a picture into a file, and touching nothing else."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.literate.pictures.redrawing import put_picture

NEW = "a -> b\n     b -> c"

IN_PLACE = {
    "plain": (
        'cell.picture("""\n    x -> y\n""")\n',
        'cell.picture("""\n    a -> b\n         b -> c\n""")\n',
    ),
    "indented otherwise": (
        'cell.picture("""\n  x -> y\n    y -> z\n""")\n',
        'cell.picture("""\n  a -> b\n       b -> c\n""")\n',
    ),
    "on one line": (
        'cell.picture("x -> y")\n',
        'cell.picture("""\n    a -> b\n         b -> c\n""")\n',
    ),
    "by name": (
        "cell.picture(text=MAP)  # see above\n",
        'cell.picture(text="""\n    a -> b\n         b -> c\n""")  # see above\n',
    ),
    "of nothing": (
        "cell.picture()\n",
        'cell.picture("""\n    a -> b\n         b -> c\n""")\n',
    ),
    "glued together": (
        'cell.picture("x -> y\\n" + MORE)\n',
        'cell.picture("""\n    a -> b\n         b -> c\n""")\n',
    ),
    "behind letters of two bytes": (
        's = "ёжик"; cell.picture("ё -> y"); t = "日本"\n',
        's = "ёжик"; cell.picture("""\n    a -> b\n         b -> c\n"""); t = "日本"\n',
    ),
    "inside of something": (
        'if True:\n    cell.picture("""\n        x -> y\n    """)\n',
        'if True:\n    cell.picture("""\n        a -> b\n             b -> c\n    """)\n',
    ),
    "with tabs": (
        'def f():\n\treturn 1\ncell.picture("""\n\tx -> y\n""")\n',
        'def f():\n\treturn 1\ncell.picture("""\n\ta -> b\n\t     b -> c\n""")\n',
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("name", IN_PLACE)
def test_a_picture_is_replaced(name: str, newline: str) -> None:
    """However it is written, and however lines end; a second time changes nothing."""
    head, foot = "# ёж\ncell = Cell('it')\n", "\x0c\n# '''\nend = 1"
    source, wanted = ((head + part + foot).replace("\n", newline) for part in IN_PLACE[name])
    assert put_picture(source, NEW, "Cell") == wanted
    assert put_picture(wanted, NEW, "Cell") == wanted


HEAD = "from monocyte import Cell\nnotes = Cell('it')\n\n\n"
SHOWN = 'notes.picture("""\n    a -> b\n         b -> c\n""")\n'

INSERTED = {
    "before the heading": (
        HEAD + '"""\n# ## Scenarios\n"""\n\n\n# ## Scenarios\n\nx = 1\n',
        HEAD + f'"""\n# ## Scenarios\n"""\n\n\n{SHOWN}\n# ## Scenarios\n\nx = 1\n',
    ),
    "before another heading": (
        HEAD + "# ## Scenarios and decisions\n",
        HEAD + SHOWN + "\n# ## Scenarios and decisions\n",
    ),
    "before the first scenario": (
        HEAD + "@notes.scenario\ndef f(lab):\n    pass\n",
        HEAD + SHOWN + "\n\n@notes.scenario\ndef f(lab):\n    pass\n",
    ),
    "before a scenario in rows": (
        HEAD + "@notes.scenario(given={})\ndef f(lab):\n    pass\n",
        HEAD + SHOWN + "\n\n@notes.scenario(given={})\ndef f(lab):\n    pass\n",
    ),
    "before the heading of the first scenario": (
        HEAD + "# ## Coming\n# and going\n\n\n@notes.scenario\ndef f(lab):\n    pass\n",
        HEAD + SHOWN + "\n# ## Coming\n# and going\n\n\n@notes.scenario\ndef f(lab):\n    pass\n",
    ),
    "at the end": (HEAD + "x = 1\n", HEAD + "x = 1\n\n" + SHOWN),
    "at an end without an end": (HEAD + "x = 1", HEAD + "x = 1\n\n" + SHOWN),
}


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "BOM"])
@pytest.mark.parametrize("name", INSERTED)
def test_a_picture_is_inserted(name: str, mark: str) -> None:
    """Where people look for it, in the name that the cell has in its file."""
    source, wanted = INSERTED[name]
    assert put_picture(mark + source, NEW, "Cell") == mark + wanted
    assert put_picture(mark + wanted, NEW, "Cell") == mark + wanted


def test_nothing_is_inserted_for_nothing() -> None:
    """A cell through which nothing passes gets no empty picture."""
    assert put_picture(HEAD, "", "Cell") == HEAD


def test_an_app_and_a_cell_in_one_file() -> None:
    """Each has its own picture."""
    source = 'app = App("x")\ncell = Cell("y")\ncell.picture("p -> q")\napp.picture("r -> s: T")\n'
    changed = put_picture(source, "a -> b: C", "App")
    assert 'cell.picture("p -> q")' in changed
    assert "    a -> b: C\n" in changed


def test_a_picture_of_somebody_else_is_not_touched() -> None:
    """Other things may have a method of that name."""
    source = "cell = Cell('y')\nbook.picture('x')\n"
    assert put_picture(source, NEW, "Cell").startswith(source)


def test_a_source_that_is_no_python() -> None:
    """It cannot be read, and so it is not written."""
    with pytest.raises(SyntaxError):
        put_picture("cell = (", NEW, "Cell")


def test_ten_thousand_lines() -> None:
    """All but the picture stay, whatever is in them."""
    body = "".join(f"x{n} = 'é\U0001f408{n}'\r\n" for n in range(10_000))
    source = f'cell = Cell("big")\r\n{body}cell.picture("")\r\n{body}'
    changed = put_picture(source, NEW, "Cell")
    assert changed.count(body) == 2
    assert len(changed) - len(source) == len('""\r\n    a -> b\r\n         b -> c\r\n""')


@given(st.text(alphabet="ab ->#\\\"'\né🐈{}%", max_size=60))
def test_any_text_can_be_put_into_a_source(text: str) -> None:
    """What is read from the source is the text, whatever quotes and backslashes are in it."""
    changed = put_picture("cell = Cell('it')\ncell.picture('')\n", text, "Cell")
    call = ast.parse(changed).body[1]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    written = ast.literal_eval(call.value.args[0])
    said = [line.strip() for line in text.split("\n")]
    assert [line.strip() for line in written.split("\n")][1:-1] == (said if text else [])
