"""Which old test a new one is, across renames and moves."""

import pytest

from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.testdiff.conventions import Test as Found
from monocyte.semdiff.testdiff.conventions import conventions, module_of
from monocyte.semdiff.testdiff.pairing import paired

ONE = "def test_one():\n    a = make()\n    assert a.x == 1\n    assert a.y == 2\n"


def _tests(**files: str) -> dict[tuple[str, str], Found]:
    tree = from_texts({f"{name}.py": text for name, text in files.items()})
    modules = [module_of(it, conventions(tree)) for it in tree.values()]
    return {test.key: test for it in modules if it for test in it.tests.values()}


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"test_a": ONE}, ("test_a.py", "test_one")),
        ({"test_a": ONE.replace("test_one", "test_two")}, ("test_a.py", "test_two")),
        ({"test_b": ONE}, ("test_b.py", "test_one")),
        ({"test_b": ONE.replace("2", "3")}, ("test_b.py", "test_one")),
        ({"test_b": ONE.replace("test_one", "test_z").replace("2", "3")}, ("test_b.py", "test_z")),
        ({"test_a": "class TestAll:\n    " + ONE.replace("\n", "\n    ").rstrip()},
         ("test_a.py", "TestAll.test_one")),
        ({"test_a": "def test_two():\n    assert other()\n"}, None),
    ],
    ids=["same", "renamed", "moved", "moved and edited", "all at once", "in a class", "another"],
)  # fmt: skip
def test_a_test_is_found_again(files: dict[str, str], found: tuple[str, str] | None) -> None:
    """By its name, its text or what most of it says; never by chance."""
    old, new = _tests(test_a=ONE), _tests(**files)
    assert paired(old, new).get(("test_a.py", "test_one")) == found


def test_one_test_is_not_found_twice() -> None:
    """Of two copies neither is taken for the one that moved by its text alone."""
    pairs = paired(_tests(test_a=ONE), _tests(test_b=ONE, test_c=ONE))
    assert len(pairs) <= 1
