"""Signatures and exports: who calls breaks exactly when some call does, and the call is shown."""

import pytest

from benchmarks.semdiff.signature import breaks, judged, pairs
from monocyte.semdiff.contract import RULES, Effect, compare_surfaces

PAIRS = pairs(400, seed=7)


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_callers_break_exactly_when_a_call_does(start: int) -> None:
    """The verdict equals that of trying every call there is, and every break shows its call."""
    for old, new in PAIRS[start : start + 100]:
        broken, changes = judged(old, new)
        assert broken is breaks(old, new), (old, new, changes)
        assert all(c.to_sender for c in changes if c.sender is Effect.BREAKING)


B, A, N = Effect.BREAKING, Effect.ADDITIVE, Effect.NEUTRAL


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("def f(x): ...", "def f(x): ...", []),
        ("def f(x): ...", "", [("object-removed", B, B)]),
        ("", "def f(x): ...", [("object-added", A, N)]),
        ("f = 1", "def f(): ...", [("object-kind", B, B)]),
        ("def f(x=0): ...", "def f(x=1): ...", [("parameter-default", B, N)]),
        ("def f(x=10): ...", "def f(x=0xA): ...", []),
        ("def f(x=1): ...", "def f(x): ...", [("parameter-required", B, N)]),
        ("def f(x): ...", "def f(x=1): ...", [("parameter-optional", A, A)]),
        ("def f(x): ...", "def f(y): ...", [("parameter-renamed", B, B)]),
        ("def f(x, /): ...", "def f(y, /): ...", [("parameter-renamed", N, N)]),
        ("def f(x: int): ...", "def f(x: int | str): ...", [("parameter-type-wider", A, A)]),
        ("def f(x: int | str): ...", "def f(x: int): ...", [("parameter-type", B, N)]),
        ("def f(x: 'Optional[int]'): ...", "def f(x: int | None): ...", []),
        ("def f(x: int): ...", "def f(x: float): ...", [("parameter-type-wider", A, A)]),
        ("def f() -> int: ...", "def f() -> str: ...", [("return-type", N, B)]),
        ("def f() -> int: ...", "def f() -> int | None: ...", [("return-type", N, B)]),
        ("def f() -> int | None: ...", "def f() -> int: ...", [("return-type-narrower", N, N)]),
        ("def f(): ...", "async def f(): ...", [("async-changed", B, B)]),
        ("def f(): return 1", "def f(): yield 1", [("generator-changed", B, B)]),
        ("def f(): ...", "def f(): raise KeyError", [("exception-added", N, B)]),
        ("def f(): raise KeyError", "def f(): ...", [("exception-removed", N, A)]),
        ("a = True", "a = False", [("attribute-value", B, N)]),
        ("class A(int, B): ...", "class A(int): ...", [("base-removed", B, B)]),
        ("class A: ...", "class A(B): ...", [("base-added", A, N)]),
        ("class A:\n def m(self): ...", "class A: ...", [("object-removed", B, B)]),
        (
            "class A:\n def m(self): ...",
            "class A:\n @property\n def m(self): ...",
            [("binding-changed", B, B)],
        ),
        (
            "class P: ...\nclass A(P):\n def m(self): ...",
            "class P:\n def m(self): ...\nclass A(P): ...",
            [("object-added", A, N)],
        ),
        (
            "class E(Enum):\n X = 1\n Y = 2",
            "class E(Enum):\n X = 1",
            [("object-removed", B, B)],
        ),
        (
            "__all__ = ['a', 'b']\na = b = 1",
            "__all__ = ['a']\na = b = 1",
            [("export-removed", B, N), ("object-removed", B, B)],
        ),
        ("def _f(x): ...", "def _f(): ...", []),
        ("def f(self, x): ...", "def f(x, self): ...", [("parameter-moved", B, B)] * 2),
    ],
)  # fmt: skip
def test_what_a_change_of_a_surface_means(
    old: str, new: str, expected: list[tuple[str, Effect, Effect]]
) -> None:
    """Rule, and what it does to who calls and to who is called."""
    changes = compare_surfaces({"m.py": old}, {"m.py": new})
    assert [(c.rule, c.sender, c.receiver) for c in changes] == expected
    assert all(change.rule in RULES for change in changes)


def test_what_is_imported_is_offered_by_packages_only() -> None:
    """An import is nobody's business, unless a package makes it its own."""
    old = {"p/__init__.py": "from p.a import f", "p/a.py": "import os\ndef f(): ...\n"}
    new = {"p/__init__.py": "", "p/a.py": "def f(): ...\n"}
    assert [c.subject for c in compare_surfaces(old, new)] == ["p.f"]
