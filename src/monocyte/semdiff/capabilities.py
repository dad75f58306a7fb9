"""What code can reach that it could not before: capabilities per entry point, old and new. Pure.

An entry point is what others can start: a public function, method or class, or a module by being
imported. A capability is gained when an entry, or the program as a whole, reaches in the new
version what it did not reach in the old; each gain comes with the path that leads there. No code
is run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

import msgspec

from monocyte.semdiff.bindings import Shared
from monocyte.semdiff.callgraph import Graph, Step
from monocyte.semdiff.dependencies import dependencies
from monocyte.semdiff.references import build
from monocyte.semdiff.scoped import Scope, changed_files

__all__ = [
    "WORDS",
    "Capability",
    "Gain",
    "Where",
    "code_gains",
    "dependency_gains",
    "gains",
    "reached",
]


class Capability(StrEnum):
    """What code can do to the world; `port` and `dependency` carry a name (`port:Files`)."""

    PORT = "port"
    FILES_READ = "files.read"
    FILES_WRITE = "files.write"
    NETWORK = "network"
    SUBPROCESS = "subprocess"
    ENVIRONMENT = "environment"
    DYNAMIC = "dynamic"
    FFI = "ffi"
    THREADS = "threads"
    SIGNALS = "signals"
    PATCHING = "patching"
    IMPORT = "import"
    DEPENDENCY = "dependency"


WORDS = {
    "port": "asks for the port {name}",
    "files.read": "can read files",
    "files.write": "can write files",
    "network": "can use the network",
    "subprocess": "can start or steer processes",
    "environment": "can read or change the environment",
    "dynamic": "can run code that is not there to be read",
    "ffi": "can call foreign functions",
    "threads": "can start threads or processes of its own",
    "signals": "can send or handle signals",
    "patching": "can replace parts of other modules",
    "import": "does this when it is imported: {name}",
    "dependency": "uses the package {name}, which can do anything",
}


class Where(StrEnum):
    """Who has gained a capability."""

    PROGRAM = "program"
    """No code of the old version could."""
    ENTRY = "entry"
    """An entry point that was there before; others could already."""
    NEW_ENTRY = "new entry"
    """An entry point that is new; others could already."""


class Gain(msgspec.Struct, frozen=True):
    """An entry point can reach what it could not before."""

    capability: str
    entry: str
    where: Where
    path: tuple[Step, ...]

    def explain(self) -> str:
        """The gain in words, with the way that leads there."""
        kind, _, name = self.capability.partition(":")
        way = " -> ".join(f"{step.what} ({step.file}:{step.line})" for step in self.path)
        return f"{self.entry} {WORDS[kind].format(name=name)}: {way}"


def reached(sources: Mapping[str, str]) -> dict[str, dict[str, tuple[Step, ...]]]:
    """Entry point -> capability -> the path that leads there, for one version of a program."""
    graph = build(sources)
    return {entry: _reach(graph, entry) for entry in graph.entries}


def _reach(graph: Graph, entry: str) -> dict[str, tuple[Step, ...]]:
    if not _is_module(entry):
        return graph.reach(entry)
    running = graph.reach(entry, running=True)
    return {_at_import(name): path for name, path in running.items()}


def _at_import(capability: str) -> str:
    """A package imported is a dependency; anything else that an import does is an effect."""
    plain = capability.startswith(("dependency:", "port:"))
    return capability if plain else f"import:{capability}"


def _is_module(entry: str) -> bool:
    return entry.endswith(":<module>")


def _is_all(entry: str) -> bool:
    return entry.endswith(":<all>")


def gains(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Gain, ...]:
    """Everything that the new version (file -> source) can reach and the old one cannot."""
    return (*code_gains(old, new), *dependency_gains(old, new))


def code_gains(
    old: Mapping[str, str], new: Mapping[str, str], shared: Shared | None = None
) -> tuple[Gain, ...]:
    """What the Python of the new version can reach, and that of the old one cannot.

    Programs beyond WHOLE are read as far as the change demands it (`scoped`).
    """
    if changed_files(old, new) and max(map(_size, (old, new))) > WHOLE:
        return tuple(_scoped(Scope(old, new, shared)))
    after = build(new)
    return tuple(_gains(build(old), after)) if after.sites else ()  # else it can do nothing


WHOLE = 100_000
"""Characters of Python up to which a program is read as a whole, for every change."""


def _size(sources: Mapping[str, str]) -> int:
    return sum(len(text) for file, text in sources.items() if file.endswith((".py", ".pyi")))


def _scoped(scope: Scope) -> Iterator[Gain]:
    before = scope.nodes(scope.old)
    for node, ways in scope.grown().items():
        running = _is_module(node)
        for name, path in ways.items():
            where = Where.ENTRY if node in before else Where.NEW_ENTRY
            where = where if scope.could(name) else Where.PROGRAM
            yield Gain(_at_import(name) if running else name, node, where, path)
    if not scope.is_complete:
        step = Step("", min(scope.changed), 0, "more modules than are followed")
        yield Gain("dynamic", f"{step.file}:<all>", Where.PROGRAM, (step,))


def _gains(old: Graph, new: Graph) -> Iterator[Gain]:
    before, after = _all(old), _all(new)
    # What an unknown value might lead to is counted on both sides, and so hides what is gained for
    # sure: what can be reached along known ways alone is compared by itself.
    surely_before, surely_after = _all(old, surely=True), _all(new, surely=True)
    could = frozenset[str]().union(*before.values())
    for entry, can in after.items():
        gained = can - before.get(entry, frozenset())
        gained |= surely_after[entry] - surely_before.get(entry, frozenset())
        paths: dict[str, tuple[Step, ...]] = {}
        for name in sorted(gained):
            where = Where.ENTRY if entry in before else Where.NEW_ENTRY
            where = where if name in could else Where.PROGRAM
            if _is_all(entry) and where is not Where.PROGRAM:
                continue  # it stands for all code, also for what nobody can start
            paths = paths or _reach(new, entry)
            yield Gain(name, entry, where, paths.get(name, ()))


def _all(graph: Graph, *, surely: bool = False) -> dict[str, frozenset[str]]:
    states = [(entry, _is_module(entry)) for entry in graph.entries]
    found = graph.reach_all(states, surely=surely)
    return {
        entry: frozenset(map(_at_import, found[entry, running]))
        if running
        else found[entry, running]
        for entry, running in states
    }


def dependency_gains(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Gain]:
    """The packages that the files of a project ask for now, and did not before."""
    before = {name for file, text in old.items() for name in dependencies(file, text)}
    for file, text in new.items():
        if old.get(file) == text:
            continue
        for name, line in dependencies(file, text).items():
            if name not in before:
                step = Step(file, file, line, name)
                yield Gain(f"dependency:{name}", file, Where.PROGRAM, (step,))
