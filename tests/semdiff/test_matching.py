"""What was renamed or moved is found again by its code, and only where there is one answer."""

import pytest

from monocyte.semdiff.diff import diff_trees
from monocyte.semdiff.sources import from_texts

LONG = (
    "(a, b=1):\n    total = a * b\n    for x in range(total):\n        print(x)\n    return total\n"
)
SELF = "(n):\n    print(n)\n    return n * {}(n - 1) if n > 1 else 1\n"


def rules(old: dict[str, str], new: dict[str, str]) -> set[tuple[str, str]]:
    """What the diff says: rule and definition."""
    return {(f.rule, f.definition) for f in diff_trees(from_texts(old), from_texts(new))}


def test_a_rename_is_found() -> None:
    """A function under another name in the same file is one finding, not two."""
    found = rules({"m.py": f"def f{LONG}"}, {"m.py": f"def g{LONG}"})
    assert ("renamed", "f") in found
    assert not {rule for rule, _ in found} & {"removed", "added"}


def test_a_recursive_function_is_found_under_its_new_name() -> None:
    """Calling itself by its own name does not hide it."""
    old, new = ({"m.py": f"def {n}{SELF.format(n)}"} for n in ("f", "factorial"))
    assert ("renamed", "f") in rules(old, new)


def test_a_move_between_files_is_found() -> None:
    """A function that went to another file is told with both places."""
    old = {"a.py": f"def f{LONG}x = 1\n", "b.py": "y = 1\n"}
    new = {"a.py": "x = 1\n", "b.py": f"y = 1\ndef f{LONG}"}
    assert ("moved", "f") in rules(old, new)


AMBIGUOUS = {
    "two twins went": (f"def f{LONG}def g{LONG}", f"def h{LONG}"),
    "two twins came": (f"def f{LONG}", f"def g{LONG}def h{LONG}"),
    "too short to be known again": ("def f(): pass\n", "def g(): pass\n"),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_no_guess_is_made(name: str) -> None:
    """Where more than one answer fits, or chance would do, nothing is matched."""
    old, new = AMBIGUOUS[name]
    assert not {r for r, _ in rules({"m.py": old}, {"m.py": new})} & {"renamed", "moved"}
