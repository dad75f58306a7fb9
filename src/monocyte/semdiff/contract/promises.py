"""What annotations promise, by their text: which of two takes in more. Pure.

Text is all there is: a name means what it says, and nothing is imported to find out.
"""

from __future__ import annotations

import ast
import inspect
from typing import Any

__all__ = ["example", "relation", "said"]


def said(annotation: Any) -> str:
    """An annotation as text, spelled in one way."""
    return "" if annotation is inspect.Parameter.empty else _plain(str(annotation))


def _plain(text: str) -> str:
    """An annotation without quotes and modules: `"typing.Sequence[int]"` is `Sequence[int]`."""
    try:
        node: ast.expr = ast.parse(text, mode="eval").body
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = ast.parse(node.value, mode="eval").body
    except SyntaxError:
        return text
    return " | ".join(sorted(_members(node)))


def _members(node: ast.expr) -> set[str]:
    """The members of a union, however it is spelled."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _members(node.left) | _members(node.right)
    if isinstance(node, ast.Subscript):
        name = ast.unparse(node.value).rpartition(".")[2]
        if name == "Optional":
            return _members(node.slice) | {"None"}
        if name == "Union":
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return {member for part in parts for member in _members(part)}
        return {f"{PLAINER.get(name, name)}[{ast.unparse(node.slice)}]"}
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {_plain(node.value)}
    return {ast.unparse(node).rpartition(".")[2]}


PLAINER = {"List": "list", "Dict": "dict", "Tuple": "tuple", "Set": "set", "Type": "type"}
MANY = {"list", "tuple", "set", "dict", "frozenset", "Sequence"}
WIDE = {
    "float": {"int"},
    "complex": {"int", "float"},
    "int": {"bool"},
    "Sequence": {"list", "tuple", "str"},
    "Iterable": MANY | {"str", "Iterator", "Collection"},
    "Mapping": {"dict"},
    "Collection": MANY,
}


def relation(old: str, new: str) -> tuple[bool, bool]:
    """(wider, narrower): whether the new type takes in more, whether less; both if it differs."""
    if not old or not new or "Any" in (old, new) or "object" in (old, new):
        if not old or not new:
            return False, False  # a promise that was not made before, or is not made any more
        return new in ("Any", "object"), old in ("Any", "object") and old != new
    before, after = set(old.split(" | ")), set(new.split(" | "))
    gained = {m for m in after if not any(_fits(m, other) for other in before)}
    lost = {m for m in before if not any(_fits(m, other) for other in after)}
    return bool(gained), bool(lost)


def _fits(member: str, other: str) -> bool:
    """Whether every value of one type is one of the other."""
    if member == other or other in ("Any", "object"):
        return True
    (name, _, inner), (wide, _, outer) = member.partition("["), other.partition("[")
    return name in WIDE.get(wide, ()) and (
        inner == outer or not outer or inner.replace(", ...", "") == outer
    )


def example(old: str, new: str) -> str:
    """A value that the old type takes in and the new one does not, as code."""
    after = set(new.split(" | "))
    lost = [m for m in old.split(" | ") if not any(_fits(m, other) for other in after)]
    values = {
        "int": "1",
        "str": "'a'",
        "float": "1.5",
        "bool": "True",
        "None": "None",
        "bytes": "b'a'",
        "list": "[]",
        "dict": "{}",
    }
    return values.get((lost or [old])[0].partition("[")[0], f"<a {(lost or [old])[0]}>")
