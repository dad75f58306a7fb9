"""What of a test is settled before it runs: conditions that always hold, loops without a turn.

Only what is plain to see in the code counts: where it takes a guess, nothing is settled.
"""

from __future__ import annotations

import ast

from monocyte.semdiff.testdiff.conventions import Function
from monocyte.semdiff.testdiff.names import Names, literal, shown

__all__ = ["called", "empty_locals", "hollow", "is_itself", "size", "truth"]


def truth(test: ast.expr) -> bool | None:
    """Whether a condition always or never holds, where that is plain to see."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = truth(test.operand)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        values = [truth(it) for it in test.values]
        decisive = isinstance(test.op, ast.Or)
        if decisive in values:
            return decisive
        return None if None in values else not decisive
    if isinstance(test, ast.Name) and test.id == "TYPE_CHECKING":
        return False
    if isinstance(test, ast.Compare) and all(
        literal(it) is not ... for it in (test.left, *test.comparators)
    ):
        return bool(eval(compile(ast.Expression(test), "<test>", "eval"), {}, {}))  # noqa: S307
    value = literal(test)
    return None if value is ... else bool(value)


def hollow(test: ast.expr) -> str:
    """Why a condition holds whatever the code does; empty if it may fail."""
    return _always(test) or _foregone(test)


def _always(test: ast.expr) -> str:
    if isinstance(test, ast.Tuple) and test.elts:
        return "a tuple with something in it is always true"
    if isinstance(test, ast.List | ast.Set | ast.Dict) and ast.unparse(test) not in (
        "[]",
        "{}",
    ):
        return "a collection with something in it is always true"
    if isinstance(test, ast.Lambda | ast.GeneratorExp | ast.JoinedStr):
        return "it is always true"
    if truth(test):
        return f"`{shown(test)}` is always true"
    return ""


def _foregone(test: ast.expr) -> str:
    match test:
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, ast.Name(id="object")]):
            return "everything is an object"
        case ast.Compare(left=left, ops=[ast.GtE()], comparators=[ast.Constant(value=0)]):
            return "a length is never negative" if called(left) == "len" else ""
        case ast.Compare(left=ast.Constant(value=0), ops=[ast.LtE()], comparators=[right]):
            return "a length is never negative" if called(right) == "len" else ""
        case ast.Compare(left=left, ops=[ast.In()], comparators=[ast.Tuple(elts=elements)]):
            same = any(ast.dump(it) == ast.dump(left) for it in elements)
            return "it is compared with itself" if same else ""
        case ast.Call(func=ast.Name(id="all"), args=[it]) if literal(it) in ([], ()):
            return "there is nothing to be wrong"
        case ast.Call(func=ast.Name(id="bool"), args=[it]):
            return hollow(it)
    return ""


def empty_locals(function: Function) -> frozenset[str]:
    """Names that are bound once in a function, to something empty."""
    bound: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    bound.setdefault(target.id, []).append(node.value)
    grown = {
        it.value.id
        for it in ast.walk(function)
        if isinstance(it, ast.Attribute) and isinstance(it.value, ast.Name)
    }
    return frozenset(
        name
        for name, values in bound.items()
        if len(values) == 1 and literal(values[0]) in ([], (), {}, "") and name not in grown
    )


def size(node: ast.expr, names: Names, empty: frozenset[str]) -> int | None:
    """How many turns a loop takes, where that is plain to see."""
    if isinstance(node, ast.Name):
        if node.id in empty:
            return 0
        value = names.values.get(node.id)
        return size(value, names, empty) if value is not None and value is not node else None
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        starred = any(isinstance(it, ast.Starred) for it in node.elts)
        return None if starred else len(node.elts)
    if isinstance(node, ast.Dict):
        return len(node.keys)
    if called(node) == "range" and isinstance(node, ast.Call):
        bounds = [literal(it) for it in node.args]
        if bounds and all(isinstance(it, int) for it in bounds):
            return len(range(*bounds))  # type: ignore[call-overload]
    if called(node) in (
        "enumerate",
        "zip",
        "iter",
        "list",
        "tuple",
        "sorted",
        "reversed",
        "items",
    ):
        inner = node.args if isinstance(node, ast.Call) else []
        if not inner and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return size(node.func.value, names, empty)
        sizes = [size(it, names, empty) for it in inner]
        known = [it for it in sizes if it is not None]
        return min(known) if known and (len(known) == len(sizes) or 0 in known) else None
    return None


def is_itself(left: ast.expr, right: ast.expr) -> bool:
    """Whether both sides of a comparison are the same thing, nothing being called."""
    calls = any(isinstance(it, ast.Call) for it in ast.walk(left))
    return not calls and ast.dump(left) == ast.dump(right)


def called(node: ast.AST) -> str:
    """The last name of what is called; empty if nothing is."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
