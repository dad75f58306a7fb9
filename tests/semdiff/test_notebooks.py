"""Of a notebook its code counts, and nothing else."""

import json

import pytest

from monocyte.semdiff.diff import diff_trees
from monocyte.semdiff.notebooks import NoNotebook, notebook_code
from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.verdicts import Verdict


def notebook(*cells: str, outputs: int = 0) -> str:
    """A notebook with these code cells, and prose before."""
    prose = {"cell_type": "markdown", "source": ["# Title"]}
    code = [{"cell_type": "code", "source": it, "outputs": [outputs]} for it in cells]
    return json.dumps({"cells": [prose, *code], "nbformat": 4})


SHOWN = {
    "an expression is shown": ("x = 1\nx", "__cell__(0)\nx = 1\n__shown__((x))\n"),
    "a semicolon hides it": ("x;", "__cell__(0)\nx;\n"),
    "a line of magic": ("%time f()", "__cell__(0)\n__shown__((__magic__('%time f()')))\n"),
    "a cell of magic": ("%%bash\nls", "__cell__(0)\n__magic__('%%bash\\nls')\n"),
    "no Python": ("def f(:", "__cell__(0)\ndef f(:\n"),
}


@pytest.mark.parametrize(("cell", "module"), SHOWN.values(), ids=SHOWN)
def test_a_cell_becomes_statements(cell: str, module: str) -> None:
    """What it shows, and its magic, count."""
    assert notebook_code(notebook(cell).encode()).decode() == module


@pytest.mark.parametrize("data", [b"", b"[]", b'{"cells": 1}', b'{"cells": [1]}', b"\xff"])
def test_what_is_no_notebook_says_so(data: bytes) -> None:
    """Whatever is in the file."""
    with pytest.raises(NoNotebook):
        notebook_code(data)


def test_outputs_do_not_count_and_code_does() -> None:
    """Run again, it is the same notebook; edited, it is another."""
    cell = "def f(n):\n    return n + 1"
    old = from_texts({"n.ipynb": notebook(cell)})
    again = from_texts({"n.ipynb": notebook(cell, outputs=5)})
    edited = from_texts({"n.ipynb": notebook(cell.replace("1", "2"))})
    assert {it.verdict for it in diff_trees(old, again)} <= {Verdict.SAME}
    assert "f" in {it.definition for it in diff_trees(old, edited)}


@pytest.mark.parametrize("sign", ["\u2028", "\x0b", "\x0c", "\x1c", "\x85"])
def test_only_what_ends_a_line_of_python_ends_one_here(sign: str) -> None:
    """Within a text, any other sign is one of its letters, and no line end."""
    texts = [f'x = """a{it}b"""\nx' for it in (sign, "\n")]
    codes = {notebook_code(notebook(text).encode()) for text in texts}
    assert len(codes) == 2
    assert f"a{sign}b".encode() in min(codes, key=lambda it: it.count(b"\n"))
