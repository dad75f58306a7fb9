"""Rules about conditions: one shape for every way of asking the same things in the same order."""

from __future__ import annotations

import ast

from monocyte.semdiff.normal.rewriter import RuleSet, Site

__all__ = ["CONDITIONS", "positive"]


def positive(test: ast.expr) -> tuple[ast.expr, bool]:
    """A condition without its outermost negations, and whether it was negated.

    Only truth counts where it stands, so `not` may go, `not a or not b` is `not (a and b)`, and
    `is not` and `not in` (which always give a bool) are the negation of `is` and `in`.
    """
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            found, negated = positive(inner)
            return found, not negated
        case ast.Compare(left=left, ops=[ast.IsNot()], comparators=right):
            return ast.Compare(left, [ast.Is()], right), True
        case ast.Compare(left=left, ops=[ast.NotIn()], comparators=right):
            return ast.Compare(left, [ast.In()], right), True
        case ast.BoolOp(values=values):
            return _positive_bool(test, [positive(value) for value in values])
        case _:
            return test, False


def _positive_bool(test: ast.BoolOp, parts: list[tuple[ast.expr, bool]]) -> tuple[ast.expr, bool]:
    """`and` and `or` of conditions: where the first part is negated, De Morgan."""
    first_negated = parts[0][1]
    values = [
        part if negated == first_negated else ast.UnaryOp(ast.Not(), part)
        for part, negated in parts
    ]
    flipped = ast.Or() if isinstance(test.op, ast.And) else ast.And()
    found = ast.BoolOp(flipped if first_negated else test.op, values)
    return ast.BoolOp(found.op, _flat(found)), first_negated


def _flat(test: ast.BoolOp) -> list[ast.expr]:
    """`(a and b) and c` is `a and b and c`, as a condition."""
    return [
        inner
        for value in test.values
        for inner in (
            value.values
            if isinstance(value, ast.BoolOp) and type(value.op) is type(test.op)
            else [value]
        )
    ]


def conditional_test(node: ast.IfExp, _site: Site) -> ast.AST:
    """`b if not c else a` is `a if c else b`."""
    node.test, negated = positive(node.test)
    if negated:
        node.body, node.orelse = node.orelse, node.body
    return node


def split_chain(node: ast.Compare, site: Site) -> ast.AST:
    """`a < b < c` is `a < b and b < c`.

    Side conditions: the operands in the middle are constants, or variables of this function alone,
    so that reading them twice reads the same.
    """
    middle = node.comparators[:-1]
    if not middle or not all(isinstance(m, ast.Constant) or site.is_plain(m) for m in middle):
        return node
    operands = [node.left, *node.comparators]
    pairs = zip(operands, node.ops, operands[1:], strict=False)
    parts: list[ast.expr] = [ast.Compare(left, [op], [right]) for left, op, right in pairs]
    return ast.copy_location(ast.BoolOp(ast.And(), parts), node)


CONDITIONS = RuleSet(
    nodes={ast.IfExp: (conditional_test,), ast.Compare: (split_chain,)},
    flows=True,
)
