"""What every search for readers asks of a module: whose a name is, and in what it stands. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from monocyte.semdiff.guard_words import MODULE_WORDS, WORDS
from monocyte.semdiff.normal.channels import Channel
from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.readers import Home, Reader
from monocyte.semdiff.scopes import FUNCTIONS, Scope, inner_scope
from monocyte.semdiff.uses import Uses
from monocyte.semdiff.uses import spelled as _spelled

__all__ = ["Sight"]

C = Channel

_READING_MODULES = frozenset({"weakref", "gc", "tracemalloc", "doctest", "pydoc", "docopt", "dis"})
"""Modules of which whatever is imported looks."""


class Sight:
    """One module, with the parent of every node."""

    def __init__(self, facts: ModuleFacts) -> None:
        self.facts = facts
        self.parents = facts.parents
        self.uses = Uses(facts)

    def home(self, node: ast.AST) -> Home:
        """The definition around a node: what stands at the top, and methods."""
        chain: list[ast.AST] = [node]
        while chain[-1] in self.parents:
            chain.append(self.parents[chain[-1]])
        home = Home()
        for inner in reversed(chain[:-1]):
            match inner:
                case ast.ClassDef(name=name) if home.kind in {"module", "class"}:
                    kind = "class"
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    kind = "method" if home.kind == "class" else "function"
                case ast.Assign(targets=[ast.Name(id=name)]) if home.kind == "module":
                    kind = "constant"
                case _:
                    return home
            name = f"{home.name}.{name}" if home.kind == "class" else name
            home = Home(kind, name, inner.lineno)
            if kind != "class":
                return home
        return home

    def word_of(self, node: ast.Attribute | ast.Name | ast.alias) -> str:
        """The word behind a name: of an import under another name, the original."""
        word = _spelled(node)
        if not isinstance(node, ast.Name):
            return word
        origin = self.facts.origins.get(word, "").rpartition(".")[2]
        renamed = self._renamed.get(word, word)
        known = renamed in WORDS or renamed in MODULE_WORDS
        return origin if origin in _READING_MODULES and not known else renamed

    @cached_property
    def _renamed(self) -> dict[str, str]:
        return {
            node.asname: node.name.rpartition(".")[2]
            for node in self.facts.nodes
            if isinstance(node, ast.alias) and node.asname
        }

    def is_definition(self, name: str) -> bool:
        """Whether a name is bound once, by a function or a class at the top of the module."""
        return self.facts.scope.stored.get(name) == 1 and any(
            isinstance(s, (*FUNCTIONS, ast.ClassDef)) and s.name == name
            for s in self.facts.tree.body
        )

    def scope_of(self, node: ast.AST) -> Scope:
        """The scope in which a node stands, headers of functions taken for their inside."""
        above = self.parents.get(node)
        while above is not None and "scope" not in above.__dict__:
            above = self.parents.get(above)
        return inner_scope(above) if above is not None else self.facts.scope

    def imported(self, owner: ast.Name | ast.Attribute) -> str:
        """The mark of something imported that is named here, if it can be nothing else."""
        root: ast.expr = owner
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or root.id not in self._imports_only:
            return ""
        return f"<called {self.word_of(owner) if owner is root else owner.attr}>"  # type: ignore[union-attr]

    @cached_property
    def classes_and_imports(self) -> frozenset[str]:
        """Names that one import or one class binds, and nothing else."""
        classes = [n.name for n in self.facts.tree.body if isinstance(n, ast.ClassDef)]
        return self._imports_only | {n for n in classes if self.is_definition(n)}

    @cached_property
    def _imports_only(self) -> frozenset[str]:
        """Names that nothing but one import binds, anywhere in the module."""
        stored: dict[str, int] = {}
        for scope in self.facts.scope.within():
            for name, count in scope.stored.items():
                stored[name] = stored.get(name, 0) + count
            for name in scope.params:
                stored[name] = stored.get(name, 0) + 2
        return frozenset(n for n in self.facts.origins if stored.get(n) == 1)

    def of_text(
        self, word: str, node: ast.expr | ast.stmt, needs: frozenset[str] = frozenset()
    ) -> Iterator[Reader]:
        """A reader of source, and of the lines in it."""
        for channel in (C.LINES, C.TEXT):
            yield Reader(channel, word, node.lineno, "", needs)
