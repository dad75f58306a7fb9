"""Who can feel a change: along names, and along the messages of cells. Pure.

Two directions of one graph of top-level statements. Backwards: which public functions, messages,
rules and cells lead to what has changed. Forwards: which scenarios lead to none of it, so that
playing them again shows nothing new. The second must be sound: whatever a scenario may run is
reached from it by the names that stand in the code, by the messages that it mentions, or by loading
the modules; where code reaches what it does not name, everything counts as reached.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

import msgspec

from monocyte.semdiff.bindings import module_name
from monocyte.semdiff.capability_table import MODULES
from monocyte.semdiff.summaries import WORD, Imported, Unit, at_words, imported_words, read, summary

__all__ = ["Impact", "Played", "felt_files", "impact", "mentioned_in"]

PLAYED = ("scenario", "decision", "runbook")
TAKERS = frozenset({"handles", "evolves", "reacts"})


class Played(msgspec.Struct, frozen=True):
    """A scenario, a decision or a runbook: whether it must be played again, and why."""

    name: str
    kind: str
    again: bool
    why: str
    way: tuple[str, ...] = ()
    """From it to what has changed."""


class Impact(msgspec.Struct, frozen=True):
    """Who can feel what has changed; names are `module.name`."""

    changed: tuple[str, ...]
    functions: tuple[str, ...]
    """Public functions and classes."""
    messages: tuple[str, ...]
    """Classes that something consumes which can feel it."""
    rules: tuple[str, ...]
    cells: tuple[str, ...]
    """Modules that hold a cell which can feel it."""
    played: tuple[Played, ...]

    @property
    def again(self) -> tuple[str, ...]:
        """What must be played again."""
        return tuple(it.name for it in self.played if it.again)

    @property
    def spared(self) -> tuple[str, ...]:
        """What need not be played again: it would do what it did."""
        return tuple(it.name for it in self.played if not it.again)

    def explain(self) -> str:
        """One line for people."""
        felt = f"{len(self.functions)} functions, {len(self.messages)} messages"
        told = f"{len(self.rules)} rules, {len(self.cells)} cells can feel it"
        return f"{felt}, {told}; {len(self.again)} of {len(self.played)} scenarios to play again"


def impact(
    old: Mapping[str, str],
    new: Mapping[str, str],
    *,
    same: Collection[str] = (),
    summed: Callable[[str], bytes] = summary,
) -> Impact:
    """Who can feel the difference between two versions (file -> source).

    `same` names definitions (`module.name`) that are proven to mean the same though their text has
    changed. `summed` gives the summary of a text: give one that remembers, and only what is new is
    read.
    """
    others = sorted(
        file
        for file in {*old, *new}
        if not file.endswith((".py", ".md", ".rst")) and old.get(file) != new.get(file)
    )
    before, after = _Web(old, summed), _Web(new, summed)
    loud, quiet = _changes(before, after, frozenset(same))
    felt = {web: web.felt([*quiet[side], *loud[side]]) for side, web in enumerate((before, after))}
    everyone = {key for web in felt for key in felt[web]}
    names = sorted({f"{module}.{name}" for module, name in everyone})
    return Impact(
        changed=tuple(sorted({it.name for found in (*loud, *quiet) for it in found})),
        functions=tuple(it for it in names if after.is_public(it) or before.is_public(it)),
        messages=tuple(sorted(after.consumed(felt[after]) | before.consumed(felt[before]))),
        rules=tuple(sorted(after.rules(felt[after]) | before.rules(felt[before]))),
        cells=tuple(sorted({module for module, _ in everyone if after.is_cell(module)})),
        played=tuple(_played(before, after, (loud, quiet), others)),
    )


class Node(NamedTuple):
    """A unit in its module."""

    module: str
    place: int
    unit: Unit

    @property
    def name(self) -> str:
        """How it is called from outside."""
        return f"{self.module}.{self.unit.names[0] if self.unit.names else '<module>'}"


class _Web:
    """The units of one version, and which leads to which."""

    def __init__(self, sources: Mapping[str, str], summed: Callable[[str], bytes]) -> None:
        self.nodes: dict[str, list[Node]] = {}
        self.broken: set[str] = set()
        for file, text in sources.items():
            if file.endswith(".py"):
                name, found = module_name(file, sources), read(summed(text))
                name = name if name not in self.nodes else file
                self.nodes[name] = [Node(name, i, unit) for i, unit in enumerate(found.units)]
                if found.error:
                    self.broken.add(name)
        self.packages = {file for file in sources if file.endswith("__init__.py")}
        self.inits = {module_name(file, sources) for file in self.packages}
        self.own: dict[str, dict[str, list[Node]]] = {}
        self.everywhere: dict[str, list[Node]] = {}
        self.takers: dict[str, list[Node]] = {}
        self._name()
        self._steps: dict[tuple[str, int], list[Node]] = {}
        self._loaded: dict[str, frozenset[str]] = {}
        self._following: set[tuple[str, Imported]] = set()

    def _name(self) -> None:
        """Find units by their names, and takers by the messages that they take."""
        for module, nodes in self.nodes.items():
            mine = self.own[module] = {}
            for node in nodes:
                for name in node.unit.names:
                    mine.setdefault(name, []).append(node)
                    self.everywhere.setdefault(name, []).append(node)
        for nodes in self.nodes.values():
            for node in nodes:
                if TAKERS & {*node.unit.marks}:
                    for name in self._meant(node.unit.first):
                        self.takers.setdefault(name, []).append(node)

    def _meant(self, names: Iterable[str]) -> set[str]:
        """Names of types, and what stands behind those that are aliases of others."""
        found = set(names)
        ahead = list(found)
        while ahead:
            for node in self.everywhere.get(ahead.pop(), ()):
                if node.unit.kind == "class":
                    continue
                said = {*node.unit.names_read, *node.unit.attributes}
                ahead += said - found
                found |= said
        return found

    def is_cell(self, module: str) -> bool:
        """Whether a module declares a cell."""
        return any(
            node.unit.kind == "constant" and "Cell" in node.unit.names_read
            for node in self.nodes.get(module, ())
        )

    def is_public(self, name: str) -> bool:
        """Whether it is a function or a class that others may use."""
        module, _, own = name.rpartition(".")
        found = self.own.get(module, {}).get(own, [])
        return not own.startswith("_") and any(n.unit.kind in ("function", "class") for n in found)

    def steps(self, node: Node) -> list[Node]:
        """Where a unit leads: what it names, and who takes the messages that it is or names."""
        key = (node.module, node.place)
        found = self._steps.get(key)
        if found is None:
            seen: dict[tuple[str, int], Node] = {}
            for to in self._named(node):
                seen.setdefault((to.module, to.place), to)
            found = self._steps[key] = list(seen.values())
        return found

    def _named(self, node: Node) -> Iterator[Node]:
        if node.unit.kind == "import":
            return  # it leads nowhere by itself: each of its names does, for who reads that name
        mine = self.own[node.module]
        stars = any(it.name == "*" for n in self.nodes[node.module] for it in n.unit.imports)
        for name in node.unit.names_read:
            yield from self._meaning(mine.get(name, ()), name)
            if stars and name not in mine:
                yield from self._meaning(self.everywhere.get(name, ()), name)
        for name in node.unit.attributes:
            yield from self._meaning(self.everywhere.get(name, ()), name)
        for imported in node.unit.imports:
            yield from self._imported(node.module, imported)
        for name in node.unit.names if node.unit.kind == "class" else ():
            yield from self.takers.get(name, ())

    def _meaning(self, nodes: Iterable[Node], name: str) -> Iterator[Node]:
        """What a name leads to: the statements that bind it, and what those import under it."""
        for node in nodes:
            yield node
            for it in node.unit.imports if node.unit.kind == "import" else ():
                if it.bound == name or it.name == "*":
                    yield from self._imported(node.module, it)

    def _imported(self, module: str, it: Imported) -> Iterator[Node]:
        key = (module, it)
        if key in self._following:
            return  # modules that import a name from each other
        self._following.add(key)
        try:
            source = self.absolute(module, it)
            if it.name and it.name != "*":
                mine = self.own.get(source, {})
                yield from self._meaning(mine.get(it.name, ()), it.name)
                if source in self.own and it.name not in mine:
                    yield from self._meaning(self.everywhere.get(it.name, ()), it.name)
        finally:
            self._following.discard(key)

    def absolute(self, module: str, it: Imported) -> str:
        """The module that an import names."""
        if not it.level:
            return it.module
        parts = module.split(".")
        keep = len(parts) - it.level + (module in self.inits)
        return ".".join([*parts[: max(keep, 0)], *([it.module] if it.module else [])])

    def loaded(self, module: str) -> frozenset[str]:
        """The modules that loading one loads, itself among them; every cell may join a World."""
        found = self._loaded.get(module)
        if found is None:
            seen = {module, *(name for name in self.nodes if self.is_cell(name))}
            ahead = list(seen)
            while ahead:
                for name in self._imports(ahead.pop()):
                    if name not in seen:
                        seen.add(name)
                        ahead.append(name)
            found = self._loaded[module] = frozenset(seen)
        return found

    def _imports(self, module: str) -> Iterator[str]:
        for node in self.nodes.get(module, ()):
            for it in node.unit.imports:
                source = self.absolute(module, it)
                for name in (source, f"{source}.{it.name}"):
                    parts = name.split(".")
                    for end in range(1, len(parts) + 1):
                        if ".".join(parts[:end]) in self.nodes:
                            yield ".".join(parts[:end])

    def ways(self, start: Node) -> dict[tuple[str, int], tuple[str, ...]]:
        """All that playing a unit may run, each with the way that leads there."""
        here = self.loaded(start.module)
        run = [n for name in sorted(here) for n in self.nodes.get(name, ()) if _at_load(n.unit)]
        found: dict[tuple[str, int], tuple[str, ...]] = {}
        ahead = deque([(start, (start.name,)), *((n, (start.name, n.name)) for n in run)])
        while ahead:
            node, way = ahead.popleft()
            if (node.module, node.place) in found or node.module not in here:
                continue
            found[node.module, node.place] = way
            further: Iterable[Node] = self.steps(node)
            if node.unit.is_dynamic:
                further = (n for name in sorted(here) for n in self.nodes.get(name, ()))
            ahead.extend((to, (*way, to.name)) for to in further)
        return found

    def felt(self, changed: Iterable[Node]) -> set[tuple[str, str]]:
        """The names of all units that lead to some, and theirs."""
        back: dict[tuple[str, int], list[Node]] = {}
        for nodes in self.nodes.values():
            for node in nodes:
                for to in self.steps(node):
                    back.setdefault((to.module, to.place), []).append(node)
        ahead = [node for node in changed if node.place >= 0]
        seen = {(node.module, node.place): node for node in ahead}
        while ahead:
            here = ahead.pop()
            for node in back.get((here.module, here.place), ()):
                if (node.module, node.place) not in seen:
                    seen[node.module, node.place] = node
                    ahead.append(node)
        return {(n.module, name) for n in seen.values() for name in n.unit.names or ("<module>",)}

    def consumed(self, felt: Collection[tuple[str, str]]) -> set[str]:
        """Messages that something takes which is among those, and messages among them."""
        found: set[str] = set()
        for name, takers in self.takers.items():
            words = [n for n in self.everywhere.get(name, ()) if n.unit.kind == "class"]
            if any((n.module, own) in felt for n in [*takers, *words] for own in n.unit.names):
                found |= {word.name for word in words}
        return found

    def rules(self, felt: Collection[tuple[str, str]]) -> set[str]:
        """Rules that code among those enforces."""
        found: set[str] = set()
        for module, nodes in self.nodes.items():
            mine = {n.unit.names[0] for n in nodes if n.unit.names and _is_rule(n.unit)}
            for node in nodes:
                if node.unit.kind == "function" and (module, node.unit.names[0]) in felt:
                    found |= {f"{module}.{it}" for it in mine & {*node.unit.names_read}}
            found |= {f"{module}.{it}" for it in mine if (module, it) in felt}
        return found


def _is_rule(unit: Unit) -> bool:
    return unit.kind == "constant" and "rule" in unit.attributes


def _is_played(unit: Unit) -> bool:
    return any(mark in PLAYED for mark in unit.marks)


def _at_load(unit: Unit) -> bool:
    """Whether loading the module runs it, or hands it to somebody who may."""
    dunder = any(name.startswith("__") and name.endswith("__") for name in unit.names)
    return unit.runs or (dunder and unit.kind == "function")


Changed = tuple[list[Node], list[Node]]
"""What has changed, on the old side and on the new."""


def _changes(old: _Web, new: _Web, same: frozenset[str]) -> tuple[Changed, Changed]:
    """(loud, quiet): what already tells when a module is loaded, and what tells when it is run."""
    loud: Changed = ([], [])
    quiet: Changed = ([], [])
    for module in sorted({*old.nodes, *new.nodes}):
        if module in old.broken or module in new.broken:
            if old.nodes.get(module) == new.nodes.get(module) and module in old.broken & new.broken:
                continue
            unit = Unit("code", (), 0, "", "", (), (), (), (), (), True, True)
            for both in loud:
                both.append(Node(module, -1, unit))
            continue
        sides = [web.nodes.get(module, []) for web in (old, new)]
        for was, now in _pairs(*sides):
            if _is_same(was, now) or (was and now and _is_named(now, same)):
                continue
            kept = loud if _is_loud(was, now) else quiet
            for side, node in enumerate((was, now)):
                if node is not None:
                    kept[side].append(node)
    return loud, quiet


def _pairs(old: list[Node], new: list[Node]) -> Iterator[tuple[Node | None, Node | None]]:
    """Units of one name, the first with the first; code without a name by what it says."""
    before: dict[object, list[Node]] = {}
    for node in old:
        before.setdefault(_key(node), []).append(node)
    for node in new:
        twins = before.get(_key(node))
        yield (twins.pop(0) if twins else None), node
    for rest in before.values():
        yield from ((node, None) for node in rest)


def _key(node: Node) -> object:
    return node.unit.names or node.unit.digest


def _is_same(was: Node | None, now: Node | None) -> bool:
    return was is not None and now is not None and was.unit.digest == now.unit.digest


def _is_named(node: Node, same: frozenset[str]) -> bool:
    """Whether it is among these; only of functions and classes the name says what they are."""
    return node.unit.kind in ("function", "class") and node.name in same


def _is_loud(was: Node | None, now: Node | None) -> bool:
    """Whether loading the module may tell the difference."""
    units = [node.unit for node in (was, now) if node is not None]
    if any(unit.kind == "import" for unit in units):
        return not all(_is_known(it) for unit in units for it in unit.imports)
    if any(unit.runs or unit.kind == "code" for unit in units):
        return True
    if len(units) == 1:
        return bool(units[0].marks and {*units[0].marks} - {*PLAYED})
    heads_differ = units[0].head != units[1].head
    return units[0].kind != units[1].kind or (heads_differ and units[0].kind != "constant")


def _is_known(it: Imported) -> bool:
    """Whether an import brings something of the standard library, which loads nothing of ours."""
    return not it.level and it.module.partition(".")[0] in MODULES and it.name != "*"


def _played(
    old: _Web, new: _Web, changes: tuple[Changed, Changed], others: list[str]
) -> Iterator[Played]:
    loud, quiet = changes
    changed = [{(n.module, n.place): n for n in (*loud[side], *quiet[side])} for side in range(2)]
    modules = [{node.module for node in loud[side]} for side in range(2)]
    before = {n.name: n for nodes in old.nodes.values() for n in nodes if _is_played(n.unit)}
    for nodes in new.nodes.values():
        for node in nodes:
            if not _is_played(node.unit):
                continue
            kind = next(mark for mark in node.unit.marks if mark in PLAYED)
            was = before.get(node.name)
            why, way = _why(old, new, was, node, changed, modules)
            if others and not why:
                why = f"{others[0]} has changed, and nobody knows who reads it"
            yield Played(node.name, kind, bool(why), why or "it leads to nothing that changed", way)
    for name, node in before.items():
        if node.module in new.broken:
            kind = next(mark for mark in node.unit.marks if mark in PLAYED)
            yield Played(name, kind, True, f"{node.module} cannot be read")


def _why(
    old: _Web,
    new: _Web,
    was: Node | None,
    now: Node,
    changed: list[dict[tuple[str, int], Node]],
    modules: list[set[str]],
) -> tuple[str, tuple[str, ...]]:
    """Why a scenario must be played again, and the way; empty if it need not."""
    if was is None:
        return "it is new", ()
    if was.unit.digest != now.unit.digest:
        return "it has changed itself", ()
    for side, (web, node) in enumerate(((old, was), (new, now))):
        loaded = web.loaded(node.module) & modules[side]
        if loaded:
            return f"loading {min(loaded)} does something else", (node.name, min(loaded))
        for key, way in web.ways(node).items():
            if key in changed[side]:
                return f"it leads to {changed[side][key].name}", way
    return "", ()


def felt_files(
    old: Mapping[str, str], new: Mapping[str, str], summed: Callable[[str], bytes] = summary
) -> frozenset[str]:
    """The Python files that differ, and those where something mentions what differs, and so on.

    Told by names alone, and by the files' imports: of the files that have not changed only those
    are read in which such a name stands.
    """
    changed = {f for f in {*old, *new} if f.endswith(".py") and old.get(f) != new.get(f)}
    names = {name: file for file in changed for name in _differing(file, old, new, summed)}
    return frozenset(changed) | mentioned_in(names, new, changed, summed)


def mentioned_in(
    names: Mapping[str, str],
    sources: Mapping[str, str],
    without: Collection[str],
    summed: Callable[[str], bytes] = summary,
) -> frozenset[str]:
    """The Python files, but for some, that mention names (name -> its file), and so on."""
    if not names:
        return frozenset()
    others = {f: text for f, text in sources.items() if f.endswith(".py") and f not in without}
    words: dict[str, frozenset[str]] = {}
    starred = {file for file, text in others.items() if "import *" in text}
    imported = {file: imported_words(text) for file, text in others.items()}
    relative = {file for file, text in others.items() if any(at_words(FROM_HERE, text))}
    kept: dict[str, tuple[Unit, ...]] = {}
    known: dict[str, set[str]] = {}
    ahead = {name: _leaf(file) for name, file in names.items()}
    while ahead:
        leaves = {*ahead.values()}
        homes = {leaf: {name for name, home in ahead.items() if home == leaf} for leaf in leaves}
        fresh: dict[str, str] = {}
        for file, text in others.items():
            close = leaves if file in relative else leaves & imported[file]
            near = {name for leaf in close for name in homes[leaf]}
            if file not in starred and not near:
                continue
            if file not in words:
                words[file] = frozenset(WORD.findall(text))
            silent = file not in starred or words[file].isdisjoint(leaves)
            if silent and words[file].isdisjoint(near):
                continue
            if file not in kept:
                kept[file] = read(summed(text)).units
            mine = _mentioning(kept[file], ahead, leaves) - known.get(file, set())
            if mine:
                known.setdefault(file, set()).update(mine)
                fresh |= dict.fromkeys(mine, _leaf(file))
        ahead = fresh
    return frozenset(known)


FROM_HERE = re.compile(r"from[\s\\]*\.[\s\\.]*import\b")
"""`from . import name`: the one import that does not say the name of the module it comes from."""


def _leaf(file: str) -> str:
    path = PurePosixPath(file)
    return path.parent.name if path.stem == "__init__" else path.stem


def _differing(
    file: str, old: Mapping[str, str], new: Mapping[str, str], summed: Callable[[str], bytes]
) -> set[str]:
    """Names whose statements are not the same on both sides."""
    sides = [read(summed(side.get(file, ""))).units for side in (old, new)]
    said = [{(unit.names, unit.digest) for unit in units} for units in sides]
    return {name for names, _ in said[0] ^ said[1] for name in names}


def _mentioning(units: Iterable[Unit], names: Mapping[str, str], leaves: set[str]) -> set[str]:
    """What the statements of a file bind that comes from one of the names (name -> its module).

    A name comes in by an import of its own, by a star, or as an attribute of its module.
    """
    own: set[str] = set()
    parts: set[str] = set()
    for it in (it for unit in units for it in unit.imports):
        leaf = it.module.rpartition(".")[2]
        if it.name in names and (not leaf or names[it.name] == leaf):
            own.add(it.bound)
        elif it.name == "*" and (not leaf or leaf in leaves):
            own |= {name for name, home in names.items() if not leaf or home == leaf}
        elif it.name in leaves or (not it.name and leaf in leaves):
            parts |= {name for name, home in names.items() if home in (it.name, leaf)}
    found = set(own)
    while True:
        fresh = {
            name
            for unit in units
            if not found.isdisjoint(unit.names_read) or not parts.isdisjoint(unit.attributes)
            for name in unit.names
        }
        if fresh <= found:
            return found
        found |= fresh
