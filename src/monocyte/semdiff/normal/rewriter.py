"""Walks a tree bottom-up and applies rules; knows no rule itself.

A rule is a function that takes a node (or a block of statements, or a whole function) and a `Site`,
and returns what to put in its place. It must be sound on its own: equal meaning before and after
under the side conditions in its docstring, so that any order of application is sound.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.scopes import COMPREHENSIONS, FUNCTIONS, Scope, inner_scope

__all__ = ["BlockRule", "FunctionRule", "NodeRule", "Rewriter", "RuleSet", "Site"]


@dataclass(slots=True)
class Site:
    """Where a rule is applied: the facts of the module, the scope, and what encloses it."""

    facts: ModuleFacts
    scope: Scope
    tries: int = 0
    """How many `try` and `with` statements of this very scope surround the place."""

    def is_builtin(self, name: str) -> bool:
        """Whether the name surely is the builtin."""
        return self.facts.is_builtin(name, self.scope)

    def is_plain(self, name: ast.AST) -> bool:
        """Whether this is a variable that only this function's own code touches."""
        return isinstance(name, ast.Name) and self.facts.is_plain(
            self.scope.mangle(name.id), self.scope
        )


Nodes = ast.AST | list[ast.stmt] | None
NodeRule = Callable[[Any, Site], Nodes]
BlockRule = Callable[[list[ast.stmt], Site], list[ast.stmt]]
FunctionRule = Callable[[list[ast.stmt], Site], list[ast.stmt]]


@dataclass(frozen=True)
class RuleSet:
    """Rules by what they look at: nodes of a type, blocks of statements, bodies of functions."""

    nodes: Mapping[type[ast.AST], Sequence[NodeRule]] = field(default_factory=dict)
    blocks: Sequence[BlockRule] = ()
    functions: Sequence[FunctionRule] = ()
    flows: bool = False
    """Whether, in the end, statements are written as the graph of what comes after what."""


class Rewriter:
    """Applies one set of rules to a tree, in place."""

    def __init__(self, facts: ModuleFacts, rules: RuleSet) -> None:
        self.rules = rules
        self.site = Site(facts, facts.scope)

    def statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """A block, rewritten."""
        done: list[ast.stmt] = []
        for statement in body:
            replaced = self.visit(statement)
            if isinstance(replaced, list):
                done.extend(replaced)
            elif replaced is not None:
                done.append(replaced)  # type: ignore[arg-type]
        for rule in self.rules.blocks:
            done = rule(done, self.site)
        return done

    def visit(self, node: ast.AST) -> Nodes:
        """A node, rewritten from the leaves up."""
        kind = type(node)
        if kind in _OPENERS:
            self._opener(node)
        elif kind in _GUARDED:
            self._guarded(node)
        else:
            self._children(node)
        return self._apply(node)

    def _apply(self, node: ast.AST) -> Nodes:
        for rule in self.rules.nodes.get(type(node), ()):
            replaced = rule(node, self.site)
            if replaced is None or isinstance(replaced, list):
                return replaced
            if type(replaced) is not type(node):
                return self._apply(replaced)
            node = replaced
        return node

    def _children(self, node: ast.AST, skip: frozenset[str] = frozenset()) -> None:
        for name, value in ast.iter_fields(node):
            if name in skip:
                continue
            if isinstance(value, list):
                setattr(node, name, self._list(value))
            elif isinstance(value, ast.AST) and value._fields:
                setattr(node, name, self.visit(value))

    def _list(self, values: list[Any]) -> list[Any]:
        if values and isinstance(values[0], ast.stmt):
            return self.statements(values)
        return [self.visit(v) if isinstance(v, ast.AST) else v for v in values]

    def _guarded(self, node: ast.AST) -> None:
        self.site.tries += 1
        self._children(node)
        self.site.tries -= 1

    def _opener(self, node: ast.AST) -> None:
        outer = self.site
        skip = _INSIDE[type(node)]
        self._children(node, skip)  # headers belong to the scope around
        if isinstance(node, COMPREHENSIONS):
            first = node.generators[0]
            first.iter = self.visit(first.iter)  # type: ignore[assignment]
        self.site = Site(outer.facts, inner_scope(node))
        self._inside(node)
        self.site = outer

    def _inside(self, node: ast.AST) -> None:
        if isinstance(node, FUNCTIONS):
            node.body = self.statements(node.body)
            for rule in self.rules.functions:
                node.body = rule(node.body, self.site)
        elif isinstance(node, ast.ClassDef):
            node.body = self.statements(node.body)
        elif isinstance(node, COMPREHENSIONS):
            self._comprehension(node)
        elif isinstance(node, ast.Lambda):
            node.body = self.visit(node.body)  # type: ignore[assignment]

    def _comprehension(self, node: ast.AST) -> None:
        first, *rest = node.generators  # type: ignore[attr-defined]
        first.target = self.visit(first.target)
        first.ifs = [self.visit(test) for test in first.ifs]
        for generator in rest:
            self._children(generator)
        for name in ("key", "value", "elt"):
            if hasattr(node, name):
                setattr(node, name, self.visit(getattr(node, name)))


_GUARDED = frozenset({ast.Try, ast.TryStar, ast.With, ast.AsyncWith})
_INSIDE: dict[type[ast.AST], frozenset[str]] = {
    **dict.fromkeys((*FUNCTIONS, ast.ClassDef, ast.Lambda), frozenset({"body"})),
    **dict.fromkeys(COMPREHENSIONS, frozenset({"generators", "elt", "key", "value"})),
}
_OPENERS = frozenset(_INSIDE)
