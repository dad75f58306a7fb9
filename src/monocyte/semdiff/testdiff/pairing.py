"""Which old test a new one is: by its name, else by what it says, across renames and moves."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Mapping

from monocyte.semdiff.testdiff.asked import Key
from monocyte.semdiff.testdiff.conventions import Test

__all__ = ["paired", "said"]

ALIKE = 0.6
"""How much of two tests must be equal for one to be taken for the other."""


def paired(old: Mapping[Key, Test], new: Mapping[Key, Test]) -> dict[Key, Key]:
    """Old tests that are found again, by key; the surest pairs first."""
    found = {key: key for key in old if key in new}
    for same in (_text, _names):
        _by(same, old, new, found)
    _by_likeness(old, new, found)
    return found


def said(test: Test, *, named: bool = True) -> str:
    """What a test says: its code without its docstring, and without its name if so wished."""
    node = test.node
    body = node.body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    parts: Iterable[ast.AST] = [*node.decorator_list, node.args, *body]
    kind = type(node).__name__
    return "\n".join([kind, node.name if named else "", *(ast.dump(it) for it in parts)])


def _text(test: Test) -> str:
    return said(test, named=False)


def _names(test: Test) -> str:
    return test.node.name


def _by(
    same: object, old: Mapping[Key, Test], new: Mapping[Key, Test], found: dict[Key, Key]
) -> None:
    assert callable(same)  # noqa: S101
    taken = set(found.values())
    gone: dict[str, list[Key]] = {}
    come: dict[str, list[Key]] = {}
    for key, test in old.items():
        if key not in found:
            gone.setdefault(same(test), []).append(key)
    for key, test in new.items():
        if key not in taken:
            come.setdefault(same(test), []).append(key)
    for text, keys in gone.items():
        if len(keys) == len(come.get(text, ())) == 1:
            found[keys[0]] = come[text][0]


def _by_likeness(old: Mapping[Key, Test], new: Mapping[Key, Test], found: dict[Key, Key]) -> None:
    taken = set(found.values())
    gone = [key for key in old if key not in found]
    come = [key for key in new if key not in taken]
    if len(gone) * len(come) > MOST_PAIRS:
        return
    scores = sorted(((_likeness(old[a], new[b]), a, b) for a in gone for b in come), reverse=True)
    for score, a, b in scores:
        if score >= ALIKE and a not in found and b not in found.values():
            found[a] = b


MOST_PAIRS = 2500


def _likeness(old: Test, new: Test) -> float:
    one, other = (ast.unparse(it.node).splitlines()[1:] for it in (old, new))
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
