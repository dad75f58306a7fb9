"""A program as a graph: who mentions whom, who calls whom, and what each touches outside. Pure.

Nodes are names (`module:qualified.name`, `module:<module>` for the module's own code); holders
stand for what is kept somewhere: `module:=name` a variable, `attr:name` every attribute of that
name, `args:function` whatever a function has been given. An edge says who leads to whom, how, and
on which line. To mention a thing is to reach it; to *run* it, somebody must call: import-time
effects ask that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from enum import IntEnum

import msgspec

__all__ = ["Edge", "Graph", "How", "Site", "Step"]


State = tuple[str, bool]
"""A node, and whether only what runs there is asked for."""

Came = dict[State, tuple[State, int] | None]


class How(IntEnum):
    """How one node leads to another."""

    MENTIONS = 0
    CALLS = 1
    RESULT = 2
    """What the other returns or holds is called: all that it mentions may run."""
    IMPORTS = 3
    """The other is a module, and its code runs; what it merely defines does not."""
    MAYBE = 4
    """Mentions, if what is not known turns out to be so: an attribute of whatever has it."""
    MAYBE_CALLS = 5
    """Calls, likewise."""


class Edge(msgspec.Struct, frozen=True, array_like=True):
    """One node leads to another, on that line of the first one's file."""

    to: str
    line: int
    how: How


class Site(msgspec.Struct, frozen=True, array_like=True):
    """A place where code touches the outside: which capability, by which name."""

    capability: str
    line: int
    what: str
    runs: bool
    """Whether it happens there and then, not only when what is mentioned is called by others."""


class Step(msgspec.Struct, frozen=True, array_like=True):
    """A step of a path: in this definition, on this line of the file, that is named."""

    node: str
    file: str
    line: int
    what: str


class Graph:
    """Nodes, edges and sites; grows while a program is read, is asked afterwards."""

    def __init__(self) -> None:
        self.edges: dict[str, dict[tuple[str, How], int]] = {}
        self.sites: dict[str, dict[tuple[str, str, bool], int]] = {}
        self.files: dict[str, str] = {}
        self.lines: dict[str, int] = {}
        self.entries: list[str] = []

    def node(self, name: str, file: str, line: int) -> None:
        """A definition, and where it stands."""
        self.files.setdefault(name, file)
        self.lines.setdefault(name, line)

    def link(self, source: str, to: str, line: int, how: How) -> None:
        """Add an edge; of several alike the first line counts."""
        if source != to:
            self.edges.setdefault(source, {}).setdefault((to, how), line)

    def touch(self, node: str, site: Site) -> None:
        """Add a site; of several alike the first line counts."""
        key = (site.capability, site.what, site.runs)
        self.sites.setdefault(node, {}).setdefault(key, site.line)

    def edges_of(self, node: str) -> Iterator[Edge]:
        """The edges that leave a node."""
        for (to, how), line in self.edges.get(node, {}).items():
            yield Edge(to, line, how)

    def reach(
        self, entry: str, *, running: bool = False, surely: bool = False
    ) -> dict[str, tuple[Step, ...]]:
        """Each capability reachable from an entry, with the shortest path that leads there.

        With `running`, only what happens when the entry itself is run: calls, not mentions. With
        `surely`, only along what is known, not along what a value of unknown type might be.
        """
        start = (entry, running)
        found: dict[str, tuple[Step, ...]] = {}
        came: Came = {start: None}
        ahead = deque(came)
        while ahead:
            state = ahead.popleft()
            for (capability, what, runs), line in self.sites.get(state[0], {}).items():
                if capability not in found and (runs or not state[1]):
                    found[capability] = self._path(came, state, line, what)
            for edge in self.edges_of(state[0]):
                after = _after(state, edge.to, edge.how)
                if surely and edge.how >= How.MAYBE:
                    continue
                if after is not None and after not in came:
                    came[after] = (state, edge.line)
                    ahead.append(after)
        return found

    def reach_all(
        self, entries: Iterable[State], *, surely: bool = False
    ) -> dict[State, frozenset[str]]:
        """The capabilities of each entry, without paths: one pass backwards for each capability."""
        backwards: dict[State, list[State]] = {}
        for source, edges in self.edges.items():
            for to, how in edges:
                if surely and how >= How.MAYBE:
                    continue
                for state in ((source, False), (source, True)):
                    after = _after(state, to, how)
                    if after is not None:
                        backwards.setdefault(after, []).append(state)
        starts: dict[str, list[State]] = {}
        for node, sites in self.sites.items():
            for capability, _what, runs in sites:
                found = [(node, False), *([(node, True)] if runs else [])]
                starts.setdefault(capability, []).extend(found)
        reaching = {name: _closure(states, backwards) for name, states in starts.items()}
        return {
            entry: frozenset(name for name, states in reaching.items() if entry in states)
            for entry in entries
        }

    def _path(self, came: Came, state: State, line: int, what: str) -> tuple[Step, ...]:
        steps: list[Step] = []
        here: State | None = state
        while here is not None:
            node = here[0]
            steps.append(Step(node, self.files.get(node, ""), line, what))
            what = node.partition(":")[2]
            before = came[here]
            here, line = (before[0], before[1]) if before else (None, 0)
        return tuple(reversed(steps))


def _is_holder(node: str) -> bool:
    return node.startswith(("attr:", "args:")) or ":=" in node or ".=" in node


def _after(state: State, to: str, how: How) -> State | None:
    """Where an edge leads; running code goes along calls, and along what a place holds."""
    node, running = state
    if how is How.IMPORTS:
        return to, True
    if not running or how is How.RESULT:
        return to, False
    return (to, True) if how in (How.CALLS, How.MAYBE_CALLS) or _is_holder(node) else None


def _closure(starts: Iterable[State], backwards: dict[State, list[State]]) -> set[State]:
    seen = set(starts)
    ahead = list(seen)
    while ahead:
        for before in backwards.get(ahead.pop(), ()):
            if before not in seen:
                seen.add(before)
                ahead.append(before)
    return seen
