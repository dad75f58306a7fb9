"""What both sides say in the same words is passed by; what may read otherwise is not."""

import ast

import pytest

from monocyte.semdiff.difference import Options, difference
from monocyte.semdiff.sources import from_texts, python_lines
from monocyte.semdiff.verbatim import shared


def both(old: str, new: str) -> list[str]:
    """The source of the old side's statements that are shared."""
    trees = ast.parse(old), ast.parse(new)
    found = shared(trees[0], python_lines(old), trees[1], python_lines(new))
    return [ast.get_source_segment(old, it) or "" for it in trees[0].body if id(it) in found]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("x = 1\ny = 2\n", "x = 1\ny = 3\n", ["x = 1"]),
        ("x = 1\ny = 2\n", "y = 2\nx = 1\n", ["x = 1", "y = 2"]),
        ("x = 1\nx = 1\n", "x = 1\n", []),
        ("x = 1\n", "x = 1\nx = 1\n", []),
        ("x = 1; y = 2\n", "x = 1; y = 3\n", []),
        ("x = 1  # a\n", "x = 1  # b\n", []),
        ("def f():\n    return 1\n", "\n\ndef f():\n    return 1\n", ["def f():\n    return 1"]),
        ("@a\ndef f(): pass\n", "@b\ndef f(): pass\n", []),
        ("def f(): pass\nf = 1\ndef f(): return 2\n", "def f(): pass\n", []),
        ("from __future__ import annotations\nx: y = 1\n", "x: y = 1\n", []),
        ("# coding: latin-1\nx = 'é'\n", "# coding: utf-8\nx = 'é'\n", []),
        ("x = '''\na'''; y = 1\n", "x = '''\nb'''; y = 1\n", []),
        ("x = 'a\fb'\n", "x = 'a\fb'\n", ["x = 'a\fb'"]),
    ],
)
def test_what_is_shared(old: str, new: str, expected: list[str]) -> None:
    """Word for word, once on either side, under one way of reading."""
    assert both(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x = 1\nx = 2\n", "x = 2\nx = 1\n"),
        ("def f(): return 1\ndef f(): return 2\n", "def f(): return 2\ndef f(): return 1\n"),
        ("from a import f\nfrom b import f\n", "from b import f\nfrom a import f\n"),
        ("class A:\n    x = 1\n    x = 2\n", "class A:\n    x = 2\n    x = 1\n"),
        ("print(1)\nprint(2)\n", "print(2)\nprint(1)\n"),
        ("x = 1\nprint(x)\nx = 2\n", "x = 2\nprint(x)\nx = 1\n"),
    ],
)
def test_the_same_words_in_another_order_are_not_the_same(old: str, new: str) -> None:
    """Passing by hides no order that matters."""
    sides = from_texts({"m.py": old}), from_texts({"m.py": new})
    assert difference(*sides, Options(run=False)).changes
