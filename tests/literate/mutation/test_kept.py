"""Digests of code follow its meaning: they change with what runs, and with nothing else."""

from pathlib import Path

import pytest

from monocyte.literate.mutation.kept import Digests, key_of

TEXT = '''\
"""A module."""
from a import b
import c.d

LIMIT = 8


class Word:
    """A word."""

    text: str

    def size(self):
        return len(self.text)


def top(x):
    """Says why."""
    return middle(x) + LIMIT


def middle(x):
    return bottom(x) if x else top(x - 1)


def bottom(x):
    return x


def other(x):
    return x
'''

CHANGES: dict[str, tuple[str, str, set[str]]] = {
    "a comment": ("return x\n\n", "return x  # so\n\n", set()),
    "the layout": ("middle(x) + LIMIT", "(middle( x )\n        + LIMIT)", set()),
    "a docstring": ('    """Says why."""\n', "", set()),
    "the docstring of a class": ("A word.", "Two words.", set()),
    "the order of functions": (
        "def bottom(x):\n    return x\n\n\ndef other(x):\n    return x\n",
        "def other(x):\n    return x\n\n\ndef bottom(x):\n    return x\n",
        set(),
    ),
    "what is only said": ("LIMIT = 8\n", "LIMIT = 8\nprint('picture')\n", set()),
    "itself": ("def other(x):\n    return x", "def other(x):\n    return +x", {"other"}),
    "what it calls": (
        "return bottom(x) if",
        "return bottom(-x) if",
        {"top", "middle"},
    ),
    "what that calls": (
        "def bottom(x):\n    return x",
        "def bottom(x):\n    return -x",
        {"top", "middle", "bottom"},
    ),
    "a signature": ("def other(x)", "def other(x, y=1)", {"other"}),
    "a constant": ("LIMIT = 8", "LIMIT = 9", {"rest"}),
    "a word": ("text: str", "text: int", {"rest"}),
    "a method": ("len(self.text)", "len(self.text) + 1", {"rest"}),
    "an import": ("import b", "import e as b", {"rest"}),
}
NAMES = ("top", "middle", "bottom", "other")


def digests(text: str) -> dict[str, str]:
    """All digests of a text."""
    made = Digests(text)
    return {**{name: made.of(name) for name in NAMES}, "rest": made.rest}


@pytest.mark.parametrize(("old", "new", "wanted"), CHANGES.values(), ids=CHANGES)
def test_a_digest_changes_with_what_it_is_of(old: str, new: str, wanted: set[str]) -> None:
    """A function's, with what it calls in its file, however deep; the rest's, with the rest."""
    assert TEXT.count(old) >= 1
    before, after = digests(TEXT), digests(TEXT.replace(old, new, 1))
    assert {name for name in before if before[name] != after[name]} == wanted


def test_two_functions_that_say_the_same_under_two_names_differ() -> None:
    """The name is part of it."""
    assert Digests(TEXT).of("bottom") != Digests(TEXT).of("other")


def test_a_file_knows_what_it_may_import() -> None:
    """Modules, and what may be a module."""
    assert Digests(TEXT).imports == {"a", "a.b", "c.d"}


def test_the_key_of_a_function_is_that_of_its_file_now(tmp_path: Path) -> None:
    """It is read where the function was defined; what stands around it belongs to it."""
    file = tmp_path / "some.py"
    keys = []
    for text in (TEXT, TEXT + "\n# more", TEXT.replace("8", "9")):
        file.write_text(text)
        names: dict[str, object] = {}
        exec(compile(TEXT.partition("import c.d")[2], str(file), "exec"), names)  # noqa: S102
        keys.append(key_of(names["bottom"]))  # type: ignore[arg-type]
    assert keys[0] == keys[1] != keys[2]
