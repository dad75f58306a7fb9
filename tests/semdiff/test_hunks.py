"""What is shown of a change is what is another statement, whatever the layout."""

import ast
import textwrap

import pytest

from monocyte.semdiff.hunks import find, hunks, pairs, units
from monocyte.semdiff.words import in_words

Shown = list[tuple[list[str], list[str]]]


def shown(old: str, new: str, name: str = "f") -> tuple[Shown, tuple[str, ...]]:
    """Stripped lines of each hunk, and the words about them."""
    sides = [textwrap.dedent(it) for it in (old, new)]
    nodes = []
    for text in sides:
        tree = ast.parse(text)
        named = (it for it in ast.walk(tree) if getattr(it, "name", "") == name)
        line = getattr(next(named, None), "lineno", 1)
        node = find(tree, name, line)
        assert node is not None
        nodes.append(node)
    changed = pairs(units(nodes[0]), units(nodes[1]))
    found = hunks(changed, *(it.splitlines() for it in sides))
    lines = [([i.strip() for i in it.old], [i.strip() for i in it.new]) for it in found]
    return lines, in_words(changed)


BODY = "def f(n):\n    total = n\n    if total > 3:\n        return total\n    return 0\n"
# old, new, lines shown, words
CHANGES: dict[str, tuple[str, str, Shown, tuple[str, ...]]] = {
    "a condition": (
        BODY,
        BODY.replace("> 3", ">= 3"),
        [(["if total > 3:"], ["if total >= 3:"])],
        ("the condition `total > 3` is now `total >= 3`",),
    ),
    "a result, beside a renaming": (
        BODY,
        BODY.replace("total", "t").replace("return 0", "return 1"),
        [(["return 0"], ["return 1"])],
        ("returns `1`, was `0`",),
    ),
    "a renaming that is not throughout": (
        BODY + "    other = 1\n",
        BODY.replace("return total", "return other") + "    other = 1\n",
        [(["return total"], ["return other"])],
        ("returns `other`, was `total`",),
    ),
    "a statement that came": (
        BODY,
        BODY.replace("    return 0", "    log(n)\n    return 0"),
        [([], ["log(n)"])],
        ("now calls `log(n)`",),
    ),
    "statements that went": (
        BODY,
        "def f(n):\n    total = n\n    return 0\n",
        [(["if total > 3:", "return total"], [])],
        ("no longer asks whether `total > 3`", "no longer returns `total`"),
    ),
    "a default": (
        "def f(n=1): return n",
        "def f(n=2): return n",
        [(["def f(n=1): return n"], ["def f(n=2): return n"])],
        ("the default of `n` is `2`, was `1`",),
    ),
    "parameters": (
        "def f(a, b): pass",
        "def f(b, a, *, c=1): pass",
        [(["def f(a, b): pass"], ["def f(b, a, *, c=1): pass"])],
        ("has a new parameter `c`, by default `1`",),
    ),
    "an else": (
        "def f(n):\n    if n:\n        a()\n    else:\n        b()\n",
        "def f(n):\n    if n:\n        a()\n    b()\n",
        [(["else:", "b()"], ["b()"])],
        ("no longer has an else block", "no longer calls `b()`", "now calls `b()`"),
    ),
    "what is caught": (
        "def f(n):\n    try:\n        a()\n    except KeyError:\n        pass\n",
        "def f(n):\n    try:\n        a()\n    except ValueError:\n        pass\n",
        [(["except KeyError:"], ["except ValueError:"])],
        ("catches `ValueError`, was `KeyError`",),
    ),
    "a coroutine": (
        "def f(n): return n",
        "async def f(n): return n",
        [(["def f(n): return n"], ["async def f(n): return n"])],
        ("is a coroutine now",),
    ),
    "the bases of a class": (
        "class f(A):\n    def m(self): return 1\n",
        "class f(B):\n    def m(self): return 2\n",
        [(["class f(A):"], ["class f(B):"])],
        ("is derived from `B`, was `A`",),
    ),
}


@pytest.mark.parametrize(("old", "new", "lines", "words"), CHANGES.values(), ids=CHANGES)
def test_only_what_changed_is_shown(
    old: str, new: str, lines: Shown, words: tuple[str, ...]
) -> None:
    """By lines and in words."""
    assert shown(old, new) == (lines, words)


SAME = {
    "layout and comments": (BODY, BODY.replace("if total > 3:", "if (total\n      > 3):  # why")),
    "a docstring": (BODY, BODY.replace("(n):", '(n):\n    """Doc."""')),
    "a renaming throughout": (BODY, BODY.replace("total", "t")),
}


@pytest.mark.parametrize(("old", "new"), SAME.values(), ids=SAME)
def test_what_is_no_other_statement_is_not_shown(old: str, new: str) -> None:
    """Layout, comments, docstrings, and a local name that was changed throughout."""
    assert shown(old, new) == ([], ())


def test_a_module_shows_what_has_no_finding_of_its_own() -> None:
    """Imports and calls, but neither definitions nor constants."""
    old = "import a\nX = 1\ndef f(): pass\n"
    new = "from b import c\nX = 2\ndef f(): return 1\ndef g(): pass\n"
    lines, words = shown(old, new, "<module>")
    assert lines == [(["import a"], ["from b import c"])]
    assert words == ("no longer imports `a`", "now imports `c` from `b`")


def test_words_are_few() -> None:
    """Of many changes the first are told, and the others counted."""
    old = "def f():\n" + "".join(f"    a{i}()\n" for i in range(9))
    words = shown(old, "def f():\n    pass\n")[1]
    assert len(words) == 5
    assert words[-1] == "and 6 more"
