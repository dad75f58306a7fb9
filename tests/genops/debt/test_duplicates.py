"""Clones: what stands twice is found whatever its locals are called, and nothing else is."""

import ast
from textwrap import dedent

import pytest

from monocyte.genops.debt.duplicates import Clone, clones, lines_of, windows

BODY = """
    total = 0
    for it in orders:
        if it.price > 10:
            total += it.price * it.count
    return round(total, 2)
"""
RENAMED = BODY.replace("total", "amount").replace("it", "order").replace("orderem", "item")


def found(*functions: str) -> list[str]:
    """The clones in a file of these functions."""
    text = "\n".join(f"def f{i}(orders):\n{dedent(it).strip()}" for i, it in enumerate(functions))
    text = "\n".join(
        f"    {it}" if it and not it.startswith("def") else it for it in text.split("\n")
    )
    return [str(it) for it in _in_a_file(text)]


def _in_a_file(text: str) -> list[Clone]:
    return clones({"a.py": [*windows(ast.parse(text))]})


@pytest.mark.parametrize("other", [BODY, RENAMED, f"first = 1\n{dedent(BODY)}"])
def test_the_same_code_is_found_under_other_names(other: str) -> None:
    """Whole, and behind something else."""
    (one,) = found(dedent(BODY), dedent(other))
    assert one.endswith("is a.py:2 again")


@pytest.mark.parametrize(
    ("old", "new"),
    [("> 10", "> 11"), ("it.price *", "it.cost *"), ("round(total, 2)", "floor(total, 2)")],
)
def test_other_values_attributes_and_functions_are_other_code(old: str, new: str) -> None:
    """Only what is left alike counts."""
    whole = lines_of(_in_a_file(f"def f(orders):{BODY}\ndef g(orders):{BODY}"))
    other = BODY.replace(old, new)
    part = lines_of(_in_a_file(f"def f(orders):{BODY}\ndef g(orders):{other}"))
    assert part < whole == 5


def test_files_are_looked_at_together() -> None:
    """What stands in another file stands twice."""
    tree = ast.parse(f"def f(orders):{BODY}")
    (one,) = clones({"a.py": [*windows(tree)], "b.py": [*windows(tree)]})
    assert (one.file, one.like_file, one.lines) == ("b.py", "a.py", 5)


def test_little_is_no_clone() -> None:
    """A line that everybody writes is nobody's."""
    assert found("x = 1\nreturn x", "x = 1\nreturn x") == []
