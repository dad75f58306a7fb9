"""Rules about branches and loops: one shape for every way of writing the same decisions.

All of them keep what is evaluated, in which order, and how often; they only say it in one way.
"""

from __future__ import annotations

import ast
import copy

from monocyte.semdiff.normal.rewriter import RuleSet, Site

__all__ = ["BRANCHES", "ends"]

_JUMPS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def ends(body: list[ast.stmt]) -> bool:
    """Whether control never runs out of the end of a block."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, ast.If):
        return ends(last.body) and ends(last.orelse)
    if isinstance(last, ast.With | ast.AsyncWith):
        return False  # the manager may swallow what was raised
    if isinstance(last, ast.While):
        return _is_true(last.test) and not _breaks(last.body)
    return isinstance(last, _JUMPS)


def _breaks(body: list[ast.stmt]) -> bool:
    """Whether a `break` of this very loop is in the block."""
    for node in body:
        if isinstance(node, ast.Break):
            return True
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            if _breaks(node.orelse):
                return True
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = [v for _, v in ast.iter_fields(node) if isinstance(v, list)]
            handlers = [h.body for h in getattr(node, "handlers", [])]
            cases = [c.body for c in getattr(node, "cases", [])]
            if any(_breaks(b) for b in [*inner, *handlers, *cases] if _is_block(b)):
                return True
    return False


def _is_block(value: list[ast.AST]) -> bool:
    return bool(value) and isinstance(value[0], ast.stmt)


def _is_true(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and bool(test.value)


def _is_false(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and not test.value


# -- conditions -----------------------------------------------------------------------------------


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


# -- statements -----------------------------------------------------------------------------------


def swap_branches(node: ast.If, _site: Site) -> ast.AST | list[ast.stmt]:
    """`if not c: A else: B` is `if c: B else: A`; an empty `if` still evaluates its condition."""
    if isinstance(node.test, ast.Constant):
        return node.body if node.test.value else node.orelse
    node.test, negated = positive(node.test)
    if negated:
        node.body, node.orelse = node.orelse, node.body
    return _nest(node)


def _nest(node: ast.If) -> ast.If:
    """`if a and b: X` is `if a: if b: X`; `if a or b: pass else: X` likewise."""
    match node:
        case ast.If(test=ast.BoolOp(op=ast.And(), values=[first, *rest]), orelse=[]):
            inner = _nest(_if(node, _rest(ast.And(), rest), node.body, []))
            return _if(node, first, [_repaired(inner)], [])
        case ast.If(test=ast.BoolOp(op=ast.Or(), values=[first, *rest]), body=[]):
            inner = _nest(_if(node, _rest(ast.Or(), rest), [], node.orelse))
            return _if(node, first, [], [_repaired(inner)])
    return node


def _repaired(node: ast.If) -> ast.If:
    """The parts of a condition may themselves be negations."""
    node.test, negated = positive(node.test)
    if negated:
        node.body, node.orelse = node.orelse, node.body
    return node


def _rest(op: ast.boolop, values: list[ast.expr]) -> ast.expr:
    return values[0] if len(values) == 1 else ast.BoolOp(op, values)


def _if(place: ast.AST, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]) -> ast.If:
    return ast.copy_location(ast.If(test, body, orelse), place)


def split_conditional(node: ast.Return | ast.Assign, site: Site) -> ast.AST | list[ast.stmt]:
    """`return a if c else b`, and `x = a if c else b`, as `if` statements.

    Side conditions for the assignment: the target is one name of this function, so that nothing of
    it is evaluated before the condition.
    """
    if not isinstance(node.value, ast.IfExp):
        return node
    if isinstance(node, ast.Assign) and not (len(node.targets) == 1 and _is_name(node, site)):
        return node
    value = node.value
    sides = [_with_value(node, side) for side in (value.body, value.orelse)]
    done: list[list[ast.stmt]] = []
    for side in sides:
        split = split_conditional(side, site)
        done.append(split if isinstance(split, list) else [split])  # type: ignore[list-item]
    swapped = swap_branches(_if(node, value.test, done[0], done[1]), site)
    return swapped if isinstance(swapped, list) else [swapped]  # type: ignore[list-item]


def _is_name(node: ast.Assign, site: Site) -> bool:
    return isinstance(node.targets[0], ast.Name) and site.scope.kind == "function"


def _with_value(node: ast.Return | ast.Assign, value: ast.expr) -> ast.Return | ast.Assign:
    if isinstance(node, ast.Return):
        return ast.copy_location(ast.Return(value), node)
    return ast.copy_location(ast.Assign([copy.copy(node.targets[0])], value), node)


def return_truth(node: ast.Return, site: Site) -> ast.AST | list[ast.stmt]:
    """`return not c`, `return bool(c)`, `return a is b`, as branches that return True and False.

    Side conditions: the value is a bool for sure; `bool` is the builtin; what is negated is not
    itself `and`, `or` or a chain, whose truth is asked twice as a value and once as a condition.
    """
    match node.value:
        case ast.UnaryOp(op=ast.Not()) as test if _tested_once(test):
            pass
        case ast.Compare(ops=[ast.Is() | ast.IsNot() | ast.In() | ast.NotIn()]) as test:
            pass
        case ast.Call(func=ast.Name("bool"), args=[test], keywords=[]) if (
            site.is_builtin("bool") and not isinstance(test, ast.Starred) and _tested_once(test)
        ):
            pass
        case _:
            return node
    yes, no = (ast.copy_location(ast.Return(ast.Constant(v)), node) for v in (True, False))
    swapped = swap_branches(_if(node, test, [yes], [no]), site)
    return swapped if isinstance(swapped, list) else [swapped]  # type: ignore[list-item]


def _tested_once(test: ast.expr) -> bool:
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test = test.operand
    if isinstance(test, ast.IfExp):
        return _tested_once(test.body) and _tested_once(test.orelse)
    chained = isinstance(test, ast.Compare) and len(test.ops) > 1
    return not chained and not isinstance(test, ast.BoolOp)


def plain_return(node: ast.Return, _site: Site) -> ast.AST:
    """`return None` is `return`."""
    if isinstance(node.value, ast.Constant) and node.value.value is None:
        node.value = None
    return node


def endless_while(node: ast.While, site: Site) -> ast.AST | list[ast.stmt]:
    """`while c: X` is `while True: if c: X else: break`; `while 1` is `while True`.

    Side conditions: no `else` clause.
    """
    if node.orelse:
        return node
    if _is_false(node.test):
        return []
    if not isinstance(node.test, ast.Constant):
        test = node.test
        leave = ast.copy_location(ast.Break(), node)
        branch = swap_branches(_if(node, test, node.body, [leave]), site)
        node.body = branch if isinstance(branch, list) else [branch]  # type: ignore[list-item]
    node.test = ast.copy_location(ast.Constant(True), node)
    node.body = without_tail(absorb(node.body, site), ast.Continue)
    return node


def loop_tail(node: ast.For | ast.AsyncFor, _site: Site) -> ast.AST:
    """A `continue` at the end of a loop's body goes on anyway."""
    node.body = without_tail(node.body, ast.Continue)
    return node


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
    if not middle or not all(isinstance(m, ast.Constant) or _is_stable(m, site) for m in middle):
        return node
    operands = [node.left, *node.comparators]
    pairs = zip(operands, node.ops, operands[1:], strict=False)
    parts: list[ast.expr] = [ast.Compare(left, [op], [right]) for left, op, right in pairs]
    return ast.copy_location(ast.BoolOp(ast.And(), parts), node)


def _is_stable(node: ast.expr, site: Site) -> bool:
    return isinstance(node, ast.Name) and site.is_plain(node)


# -- blocks ---------------------------------------------------------------------------------------


def absorb(body: list[ast.stmt], site: Site) -> list[ast.stmt]:
    """`if c: …return` then REST is `if c: …return else: REST`; what follows a jump is never run.

    That unreachable code may make the function a generator, or a name local, is remembered by the
    scopes, which were resolved before any rule ran.
    """
    if not site.scope.is_function:
        return body  # a class's definitions stay where they are found
    for index, node in enumerate(body):
        rest = body[index + 1 :]
        if isinstance(node, _JUMPS):
            return body[: index + 1]
        if isinstance(node, ast.If) and rest:
            if ends(node.body) and ends(node.orelse):
                return body[: index + 1]
            if ends(node.body):
                node.orelse = absorb([*node.orelse, *rest], site)
                return body[: index + 1]
            if ends(node.orelse):
                node.body = absorb([*node.body, *rest], site)
                return body[: index + 1]
    return body


def without_tail(body: list[ast.stmt], jump: type[ast.stmt]) -> list[ast.stmt]:
    """A block whose end does what a `jump` there would do, without such jumps at its ends."""
    if not body:
        return body
    last = body[-1]
    if isinstance(last, jump) and getattr(last, "value", None) is None:
        return without_tail(body[:-1], jump)
    if isinstance(last, ast.If):
        last.body = without_tail(last.body, jump)
        last.orelse = without_tail(last.orelse, jump)
    return body


def function_tail(body: list[ast.stmt], site: Site) -> list[ast.stmt]:
    """A bare `return` at the end of a function's body returns anyway."""
    return without_tail(absorb(body, site), ast.Return)


BRANCHES = RuleSet(
    nodes={
        ast.If: (swap_branches,),
        ast.IfExp: (conditional_test,),
        ast.Compare: (split_chain,),
        ast.Return: (split_conditional, return_truth, plain_return),
        ast.Assign: (split_conditional,),
        ast.While: (endless_while,),
        ast.For: (loop_tail,),
        ast.AsyncFor: (loop_tail,),
    },
    blocks=(absorb,),
    functions=(function_tail,),
)
