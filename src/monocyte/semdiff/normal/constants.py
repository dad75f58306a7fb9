"""Rules about constants: what can be computed here gives the same there."""

from __future__ import annotations

import ast
import operator

from monocyte.semdiff.normal.rewriter import RuleSet, Site

__all__ = ["CONSTANTS"]

_LARGEST = 1 << 128
_INTEGER = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}


def fold_sum(node: ast.AST, _site: Site) -> ast.AST:
    """`60 * 60` is `3600`, `"a" + "b"` is `"ab"`.

    Side conditions: both are exactly int, or both exactly str (added); the result stays small.
    """
    match node:
        case ast.BinOp(left=ast.Constant(value=left), op=op, right=ast.Constant(value=right)):
            if type(left) is type(right) is str and isinstance(op, ast.Add):
                return ast.copy_location(ast.Constant(left + right), node)
            compute = _INTEGER.get(type(op))
            if compute is not None and type(left) is type(right) is int:
                result = compute(left, right)
                if abs(result) < _LARGEST:
                    return ast.copy_location(ast.Constant(result), node)
    return node


def fold_sign(node: ast.AST, _site: Site) -> ast.AST:
    """`-1` is a number, too. Side conditions: exactly int; for floats `-0.0` stays as written."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)) if type(value) is int:
            return ast.copy_location(ast.Constant(-value), node)
    return node


def empty_display(node: ast.AST, site: Site) -> ast.AST:
    """`dict()` is `{}`, `list()` is `[]`, `tuple()` is `()`. Side conditions: the builtins."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[], keywords=[]) if site.is_builtin(name):
            displays: dict[str, ast.expr] = {
                "dict": ast.Dict([], []),
                "list": ast.List([], ast.Load()),
                "tuple": ast.Tuple([], ast.Load()),
            }
            return ast.copy_location(displays[name], node) if name in displays else node
    return node


def or_of_itself(node: ast.AST, site: Site) -> ast.AST:
    """`x if x else y` is `x or y`. Side conditions: x is a variable of this function alone."""
    match node:
        case ast.IfExp(test=ast.Name(id=test) as name, body=ast.Name(id=body)) if test == body:
            if site.is_plain(name):
                return ast.copy_location(ast.BoolOp(ast.Or(), [node.body, node.orelse]), node)
    return node


CONSTANTS = RuleSet(
    nodes={
        ast.BinOp: (fold_sum,),
        ast.UnaryOp: (fold_sign,),
        ast.Call: (empty_display,),
        ast.IfExp: (or_of_itself,),
    }
)
