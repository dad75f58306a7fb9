"""Rules about spelling: two ways of writing what compiles to the same thing. Always applied.

None of them touches evaluation order, lifetimes or the names of variables, so they need no guards
beyond their own side conditions.
"""

from __future__ import annotations

import ast

from monocyte.semdiff.normal.order import (
    arrange_imports,
    arrange_tried,
    arrange_unseen,
    parted,
)
from monocyte.semdiff.normal.rewriter import RuleSet, Site

__all__ = ["SPELLING"]


def drop_inert_statement(node: ast.Expr, _site: Site) -> ast.AST | None:
    """`pass`, and an expression statement that is a constant: nothing happens."""
    return None if isinstance(node.value, ast.Constant) else node


def drop_pass(node: ast.AST, site: Site) -> None:
    """`pass` does nothing; emptied blocks are written as empty."""


def nest_with_items(node: ast.With | ast.AsyncWith, _site: Site) -> ast.AST:
    """`with a, b: X` is `with a: with b: X`, by definition of the language."""
    for item in reversed(node.items[1:]):
        inner = type(node)(items=[item], body=node.body)
        node.body = [ast.copy_location(inner, node)]
    del node.items[1:]
    return node


def split_delete(node: ast.Delete, _site: Site) -> list[ast.stmt]:
    """`del (a, b)` is `del a` then `del b`."""
    return [ast.copy_location(ast.Delete([t]), node) for t in _flat(node.targets)]


def _flat(targets: list[ast.expr]) -> list[ast.expr]:
    return [
        inner
        for target in targets
        for inner in (_flat(target.elts) if isinstance(target, ast.Tuple | ast.List) else [target])
    ]


def list_target_is_tuple(node: ast.List, _site: Site) -> ast.AST:
    """`[a, b] = x` unpacks as `(a, b) = x` does."""
    if isinstance(node.ctx, ast.Store):
        return ast.copy_location(ast.Tuple(node.elts, node.ctx), node)
    return node


def plain_f_string(node: ast.JoinedStr, _site: Site) -> ast.AST:
    """An f-string without fields is a string."""
    if all(isinstance(v, ast.Constant) for v in node.values):
        text = "".join(v.value for v in node.values)  # type: ignore[attr-defined]
        return ast.copy_location(ast.Constant(text), node)
    return node


def drop_local_annotation(node: ast.AnnAssign, site: Site) -> ast.AST | None:
    """`x: T = v` in a function is `x = v`, and `x: T` is nothing: T is never evaluated there.

    Side conditions: in a function, and the target is a simple name (of `a.b: T` the `a` is
    evaluated). That the name is local stays known to the scopes, which were resolved before.
    """
    if site.scope.kind != "function" or not node.simple:
        return node
    if node.value is None:
        return None
    return ast.copy_location(ast.Assign([node.target], node.value), node)


_NEGATED = {ast.In: ast.NotIn, ast.Is: ast.IsNot, ast.NotIn: ast.In, ast.IsNot: ast.Is}


def negated_comparison(node: ast.UnaryOp, _site: Site) -> ast.AST:
    """`not a in b` is `a not in b`, `not a is b` is `a is not b`: these four always give a bool.

    Side conditions: a single comparison; `not a == b` may differ from `a != b`.
    """
    inner = node.operand
    if isinstance(node.op, ast.Not) and isinstance(inner, ast.Compare) and len(inner.ops) == 1:
        negated = _NEGATED.get(type(inner.ops[0]))
        if negated is not None:
            return ast.copy_location(ast.Compare(inner.left, [negated()], inner.comparators), node)
    return node


def class_of_object(node: ast.ClassDef, site: Site) -> ast.AST:
    """`class A(object)` is `class A`.

    Side conditions: `object` is the builtin and the only base.
    """
    match node.bases:
        case [ast.Name("object")] if site.is_builtin("object"):
            node.bases = []
    return node


def split_import(node: ast.Import | ast.ImportFrom, site: Site) -> list[ast.stmt]:
    """`import a, b` is `import a` then `import b`.

    `from m import a, b` is split too, outside `try`: where the second name is missing, nobody is
    left to see that the first was bound.
    """
    if isinstance(node, ast.Import):
        return [ast.copy_location(ast.Import([alias]), node) for alias in node.names]
    return [node] if site.tries else parted(node)


SPELLING = RuleSet(
    nodes={
        ast.Expr: (drop_inert_statement,),
        ast.Pass: (drop_pass,),
        ast.With: (nest_with_items,),
        ast.AsyncWith: (nest_with_items,),
        ast.Delete: (split_delete,),
        ast.List: (list_target_is_tuple,),
        ast.JoinedStr: (plain_f_string,),
        ast.AnnAssign: (drop_local_annotation,),
        ast.UnaryOp: (negated_comparison,),
        ast.ClassDef: (class_of_object,),
        ast.Import: (split_import,),
        ast.ImportFrom: (split_import,),
        ast.Try: (arrange_tried,),
        ast.If: (arrange_unseen,),
    },
    blocks=(arrange_imports,),
)
