"""Capabilities gained in a large program: changed files are read, and what they lead to. Pure.

Whoever gains a capability for sure does so along a way whose first new step stands in a changed
file. So it is enough to look at the definitions of changed files, and to follow, in files that have
not changed, what their new steps lead to. What a value of unknown type might be is not followed
here: in a large program that is everything, on both sides.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache

from monocyte.semdiff.bindings import (
    Module,
    Program,
    Shared,
    bindings_of,
    bound_by,
    differing,
    everything,
)
from monocyte.semdiff.callgraph import Graph, How, Step
from monocyte.semdiff.capability_table import CLASS_METHODS, METHODS, NAMES, PATH_METHODS
from monocyte.semdiff.impact import mentioned_in
from monocyte.semdiff.references import Walk
from monocyte.semdiff.touching import LETTERS

__all__ = ["MANY", "Grown", "Scope", "changed_files"]

MANY = 400
"""So many further modules are followed at most; beyond, what they do counts as not known."""

LOOKED_AT = 40
"""So many unchanged files are looked at to learn whether a capability is new to the program."""

Grown = dict[str, dict[str, tuple[Step, ...]]]
"""Node -> what it can do now and could not before -> the way."""


def changed_files(old: Mapping[str, str], new: Mapping[str, str]) -> frozenset[str]:
    """The files that are not the same on both sides."""
    return frozenset(file for file in {*old, *new} if old.get(file) != new.get(file))


class Scope:
    """Both versions of a program, read as far as the change demands it."""

    def __init__(
        self, old: Mapping[str, str], new: Mapping[str, str], shared: Shared | None = None
    ) -> None:
        self.sources = old
        self.changed = changed_files(old, new)
        shared = {} if shared is None else shared
        before, after = (Program(side, self.changed, shared) for side in (old, new))
        only, turned = _differing(before, after)
        self.turned = mentioned_in(turned, new, self.changed)
        wanted = self.changed | self.turned
        self.old = Walk(old, wanted, shared, only[0])
        self.new = Walk(new, wanted, shared, only[1])
        self.is_complete = self._follow()
        self._could: dict[str, bool] = {}

    def _follow(self) -> bool:
        """Read what new steps lead to, and all that leads on from there; whether that was all."""
        walked: set[str] = set()
        while True:
            fresh = {
                module
                for node in _reachable(self.new.graph, self._new_steps())
                if (module := node.partition(":")[0]) in self.new.program.files
                and not (self.new.has_read(module) or module in walked)
            }
            if not fresh:
                return True
            if len(walked) + len(fresh) > MANY:
                return False
            walked |= fresh
            for walk in (self.old, self.new):
                for module in sorted(fresh):
                    walk.read(module)

    def _new_steps(self) -> Iterator[str]:
        for source, edges in self.new.graph.edges.items():
            before = self.old.graph.edges.get(source, {})
            for to, how in edges:
                if how < How.MAYBE and (to, how) not in before:
                    yield to

    def nodes(self, walk: Walk) -> frozenset[str]:
        """What stands in changed files on one side: definitions, variables, the modules' code."""
        return frozenset(
            name
            for name, file in walk.graph.files.items()
            if (file in self.changed or file in self.turned)
            and not name.startswith(("attr:", "args:"))
            if not name.endswith(":<all>")
        )

    def grown(self) -> Grown:
        """What each definition of a changed file can surely do now, and could not before."""
        states = [(node, node.endswith(":<module>")) for node in sorted(self.nodes(self.new))]
        after = self.new.graph.reach_all(states, surely=True)
        before = self.old.graph.reach_all(states, surely=True)
        found: Grown = {}
        for node, running in states:
            gained = after[node, running] - before[node, running]
            if _is_kept(node):  # a variable uses no package, whoever has filled it does
                gained = frozenset(it for it in gained if not it.startswith("dependency:"))
            if gained:
                ways = self.new.graph.reach(node, running=running, surely=True)
                found[node] = {name: ways[name] for name in sorted(gained)}
        return found

    def could(self, capability: str) -> bool:
        """Whether the old program could do that somewhere, as far as was looked."""
        if capability not in self._could:
            self._could[capability] = self._seen(capability) or self._elsewhere(capability)
        return self._could[capability]

    def _seen(self, capability: str) -> bool:
        sites = self.old.graph.sites.values()
        return any(name == capability for found in sites for name, _what, _runs in found)

    def _elsewhere(self, capability: str) -> bool:
        words = _hints(capability)
        looked = 0
        for name, file in self.old.program.files.items():
            if looked >= LOOKED_AT:
                break
            if words.search(self.sources[file]):
                looked += 1
                self.old.read(name)
                if self._seen(capability):
                    return True
        return False


Numbers = dict[str, frozenset[int]]
"""File -> the numbers of some of its top-level statements."""


def _differing(old: Program, new: Program) -> tuple[tuple[Numbers, Numbers], dict[str, str]]:
    """The statements to be looked at, on either side, and names of imports that mean others now."""
    found: tuple[Numbers, Numbers] = ({}, {})
    turned: dict[str, str] = {}
    for name in {*old.modules} & {*new.modules}:
        modules = old.modules[name], new.modules[name]
        loose = differing(*modules)
        bound = {
            it for module, some in zip(modules, loose, strict=True) for it in bound_by(module, some)
        }
        for side, module in enumerate(modules):
            found[side][module.file] = frozenset(
                number
                for number, it in enumerate(module.tree.body)
                if number in loose[side] or (bound and _mentions(it, bound))
            )
        mine = _turned(modules, loose) & {*modules[0].names}
        turned |= dict.fromkeys(mine, modules[1].file)
    return found, turned


def _turned(
    modules: tuple[Module, Module], loose: tuple[frozenset[int], frozenset[int]]
) -> set[str]:
    """Names that something else than a definition of their own gives another value.

    All branches count alike: of a condition that differs, only what stands under it is looked at.
    """
    before, after = (
        {ast.dump(it): it for number in some for it in _leaves(module.tree.body[number])}
        for module, some in zip(modules, loose, strict=True)
    )
    body = [it for text, it in after.items() if text not in before and not isinstance(it, DEFINED)]
    return {name for name, _ in bindings_of(ast.Module(body=body, type_ignores=[]))}


DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _leaves(node: ast.stmt) -> Iterator[ast.stmt]:
    """The statements in the branches of one, or itself."""
    if not isinstance(node, (ast.If, ast.Try)):
        yield node
        return
    handlers = node.handlers if isinstance(node, ast.Try) else ()
    blocks = [node.body, node.orelse, getattr(node, "finalbody", ()), *(it.body for it in handlers)]
    for block in blocks:
        for inner in block:
            yield from _leaves(inner)


def _mentions(node: ast.AST, names: Collection[str]) -> bool:
    return any(isinstance(it, ast.Name) and it.id in names for it in everything(node))


def _is_kept(node: str) -> bool:
    return ":=" in node or ".=" in node


def _reachable(graph: Graph, starts: Iterable[str]) -> set[str]:
    """All nodes that some nodes surely lead to."""
    seen = set(starts)
    ahead = list(seen)
    while ahead:
        for to, how in graph.edges.get(ahead.pop(), {}):
            if how < How.MAYBE and to not in seen:
                seen.add(to)
                ahead.append(to)
    return seen


@cache
def _hints(capability: str) -> re.Pattern[str]:
    """Words of which one stands in any code that has that capability."""
    kind, _, name = capability.partition(":")
    letter = next((k for k, v in LETTERS.items() if v == kind), "")
    if name or not letter:
        return re.compile(rf"\b{re.escape(name or kind)}\b")
    tables = [NAMES, METHODS, PATH_METHODS, *CLASS_METHODS.values()]
    words = {n.rpartition(".")[2] for table in tables for n, can in table.items() if letter in can}
    return re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, words)))})\b")
