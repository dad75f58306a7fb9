"""Counting what a function's body does with its variables, and walking its blocks."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator

from monocyte.semdiff.normal.rewriter import Site

__all__ = [
    "BLOCK_FIELDS",
    "blocks_of",
    "each_block",
    "is_sure",
    "left_by_code",
    "loads",
    "stores",
]

BLOCK_FIELDS = ("body", "orelse", "finalbody")
Change = Callable[[list[ast.stmt]], list[ast.stmt]]


def each_block(body: list[ast.stmt], change: Change, *, guarded: bool = True) -> list[ast.stmt]:
    """Apply a change to all blocks of a function, inner ones first; inside `try` unless told."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if not guarded and isinstance(statement, ast.Try | ast.TryStar | ast.With | ast.AsyncWith):
            continue
        for owner in (statement, *blocks_of(statement)):
            for name in BLOCK_FIELDS:
                block = getattr(owner, name, None)
                if isinstance(block, list):
                    setattr(owner, name, each_block(block, change, guarded=guarded))
    return change(body)


def left_by_code(body: list[ast.stmt], site: Site) -> frozenset[int]:
    """The statements of a function, by `id`, that are left through a `with` or a `finally`.

    A file that was opened to be read is closed without an error.
    """
    found: set[int] = set()
    todo = [(statement, False) for statement in body]
    while todo:
        statement, inside = todo.pop()
        if inside:
            found.add(id(statement))
        manages = isinstance(statement, _MANAGED) and not _only_reads(statement, site)
        cleans = inside or manages or bool(getattr(statement, "finalbody", ()))
        for owner in (statement, *blocks_of(statement)):
            for name in BLOCK_FIELDS:
                inner = inside if name == "finalbody" else cleans
                todo += [(it, inner) for it in getattr(owner, name, ())]
    return frozenset(found)


_MANAGED = (ast.With, ast.AsyncWith)


def _only_reads(node: ast.With | ast.AsyncWith, site: Site) -> bool:
    """`with open(path, "rb") as file:`."""
    for item in node.items:
        match item.context_expr:
            case ast.Call(func=ast.Name("open"), args=[_]):
                pass
            case ast.Call(func=ast.Name("open"), args=[_, ast.Constant("r" | "rb" | "rt")]):
                pass
            case _:
                return False
        if not site.is_builtin("open") or any(
            it.arg in {None, "mode", "opener"} for it in item.context_expr.keywords
        ):
            return False
    return True


def blocks_of(statement: ast.stmt) -> Iterator[ast.AST]:
    """The handlers and cases of a statement, which have blocks of their own."""
    yield from getattr(statement, "handlers", [])
    yield from getattr(statement, "cases", [])


def loads(body: list[ast.stmt]) -> Counter[str]:
    """How often each name is read in a body; an augmented assignment reads its target."""
    counted: Counter[str] = Counter()
    for node in (n for s in body for n in ast.walk(s)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            counted[node.id] += 1
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            counted[node.target.id] += 1
        elif isinstance(node, ast.Nonlocal | ast.Global):
            counted.update(node.names)
    return counted


def stores(body: list[ast.stmt]) -> Counter[str]:
    """How often each name is bound or deleted in a body, by whatever means."""
    counted: Counter[str] = Counter()
    for node in (n for s in body for n in ast.walk(s)):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            counted[node.id] += 1
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            counted[node.name] += 1
        elif isinstance(node, ast.MatchMapping) and node.rest:
            counted[node.rest] += 1
        elif isinstance(node, ast.alias):
            counted[node.asname or node.name.partition(".")[0]] += 1
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            counted[node.name] += 1
    return counted


def is_sure(node: ast.AST, site: Site) -> bool:
    """Whether reading it here surely gives a value, the same before and after other code runs."""
    if isinstance(node, ast.Constant):
        return True
    if not isinstance(node, ast.Name):
        return False
    name = site.scope.mangle(node.id)
    if site.is_plain(node):
        return site.scope.kind == "function" and name not in site.facts.unbound(site.scope)
    return site.facts.is_stable(name, site.scope)
