"""Which classes may inherit from what has a name, told by words."""

import pytest

from monocyte.semdiff.contract.surface import heirs


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("class B(A): pass", {"B"}),
        ("import m\nclass B(m.A): pass", {"B"}),
        ("from m import A as C\nclass B(C): pass", {"B"}),
        ("from m import A  as   C\nclass B(C): pass", {"B"}),
        ("from m import X, A as C, Y as Z\nclass B(C): pass", {"B"}),
        ("from m import A as C\nD = C\nclass B(D): pass", set()),
        ("from m import A\\\n as C\nclass B(C): pass", set()),
        ("from m import E as C\nclass B(C): pass", set()),
        (" as C\nclass B(C): pass", set()),
    ],
)
def test_heirs_are_found_by_name_and_by_other_names(text: str, found: set[str]) -> None:
    """A base goes by its own name, or by the one that an import gives it on one line."""
    assert heirs({"b.py": text}, {"A"}).get("b.py", set()) == found
