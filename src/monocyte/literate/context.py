"""What a model needs to work on one cell, and no more: packed within a budget of tokens.

The house rules, what it imports from its neighbours, their cards, its file, what is wrong with it.
Everything comes from source files, manifests and findings; nothing from a journal or a state, so
no personal data ever stands in a prompt. The same app gives the same text, byte for byte.
"""

from __future__ import annotations

import ast
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from monocyte.cell import Manifest
from monocyte.contracts.tokens import estimate
from monocyte.errors import ConfigError
from monocyte.literate.cards import BUDGET as CARD
from monocyte.literate.cards import LEGEND, Card, card
from monocyte.literate.findings import Finding
from monocyte.literate.pictures.maps import Tie, derive_map
from monocyte.literate.pictures.notation import close_to
from monocyte.literate.trees import tree_of

__all__ = ["BUDGET", "HOUSE", "Known", "Pack", "Part", "pack", "used_names"]

BUDGET = 16_000
"""Tokens."""

MOST = 20
"""Findings that are packed; once they are mended, the next check says what is left."""

HOUSE = """\
# The house rules of a cell

- A cell is one Python file: words, rules, behaviour, picture, scenarios, decisions, runbooks,
  read from top to bottom. Keep its order, its style and its names.
- The annotations of a function are its contract. `@cell.handles`: the first parameter is the
  message, the result what it answers and which events happen (`-> Event`, `-> Event | None`, or
  `-> tuple[Reply, *tuple[Event, ...]]`); others are the state and ports (`Caller`, `Clock`,
  `Ids`, `Ask`, `Files`), by their types. A query changes nothing and emits nothing.
- Only `@cell.evolves` functions change the state; they get an event and the state, and never
  fail. Handlers read the state, and are pure: no I/O, no clock, no randomness but through ports.
- `async def` only to await a port: `await ask(Message(...))` asks another cell. Whatever was read
  before may have changed; then the handler runs again by itself.
- `@cell.reacts` takes a neighbour's event, `@cell.every(period)` a `Tick`, `@cell.after(delay)`
  an own event; they emit events or `await ask(...)`, and answer nobody.
- A rule is `NAME = cell.rule("ID", "sentence")`, enforced by `NAME.require(condition, detail)`.
  IDs are never used twice. Every `require` must be seen held and refused by scenarios: `with
  NAME.refuses(): ...`.
- Words (`Value`, `Command[R]`, `Query[R]`, `Event`) are immutable: tuple, frozenset, `Map`, no
  list or dict; fields carry constraints (`Annotated[int, Meta(ge=1)]`). A field added to an
  existing word needs a default. Import only words from another cell.
- A scenario gets a `World`: `lab.by("ada", "role").send(command)` or `.ask(query)`,
  `lab.settle()` until reactions are done, `lab.advance(timedelta)`, `lab.restart()`,
  `lab.events(Kind)`. Its name and docstring tell the story. Scenarios may call each other.
- The picture has one arrow for each message, function, event and evolver, as they are annotated:
  `person -> Command -> handler -> Event -> evolver`, `handler -> other.Query`, `other.Event ->
  reaction -> Event -> evolver`, `clock -> timer`.
- `@cell.decision` checks why something is so and not otherwise, `@cell.runbook` yields steps with
  `do` and `undo`; both are run, and must still hold after a change.
- People own words, rules, scenarios, decisions and runbooks: change them only if you are asked
  to, and never weaken one to make a check pass. Handlers, evolvers, reactions and private
  functions are yours.
- A cell stays below 4,000 tokens. `monocyte check` proves it: every line must be needed by a
  scenario.
"""
"""What holds for every cell, for who has never seen one."""


class Part(NamedTuple):
    """A piece of the pack: what it is, its text, and how readily it is left out (0: never)."""

    title: str
    text: str
    tokens: int
    spare: int = 0
    instead: str = ""
    """How to get it if it was left out."""
    shorter: Part | None = None
    """What says less of the same."""


class Pack(NamedTuple):
    """What a model is told of a cell, about how many tokens that is, and what found no room."""

    cell: str
    text: str
    tokens: int
    budget: int
    parts: tuple[Part, ...]
    dropped: tuple[Part, ...]


class Known:
    """What packs of the same manifests have in common, for whoever makes several of them."""

    def __init__(self) -> None:
        self.cards: dict[tuple[str, int], Card] = {}
        self.ties: dict[str, tuple[Tie, ...]] = {}
        self.named: dict[str, frozenset[str]] = {}
        self.modules: dict[str, _Module] = {}

    def ties_of(self, manifest: Manifest, manifests: Sequence[Manifest]) -> Iterator[Tie]:
        """What cells that know of this one say to others: nobody else says anything to it."""
        for other in manifests:
            if other.name == manifest.name or manifest.module in self._named_in(other):
                if other.name not in self.ties:
                    self.ties[other.name] = derive_map([other])
                yield from self.ties[other.name]

    def _named_in(self, manifest: Manifest) -> frozenset[str]:
        """The modules that a cell's file has anything of, wherever in it that is imported."""
        if manifest.name not in self.named:
            found = _modules_in(_read(manifest.file), manifest.module)
            self.named[manifest.name] = frozenset(map(str, found))
        return self.named[manifest.name]


def pack(
    manifest: Manifest,
    manifests: Sequence[Manifest],
    *,
    budget: int = BUDGET,
    findings: Sequence[Finding] = (),
    focus: str = "",
    known: Known | None = None,
) -> Pack:
    """Pack what is needed to work on a cell of an app within so many tokens.

    `findings` are what was last found wrong (others' are left out); `focus` is a function, a word
    or the ID of a rule of the cell, to which the work is limited. If there is too little room,
    cards are shortened first, then dropped with the warnings: those of who only hears this cell,
    then of who asks it, whom it hears, whom it asks; and at last the words that it imports.

    Raises:
        ConfigError: the budget is too small for the rest, or there is nothing called `focus`.
    """
    parts = [*_parts(manifest, manifests, findings, focus, known or Known())]
    dropped: list[Part] = []
    while (tokens := estimate(text := _text(parts, dropped))) > budget:
        spare = [part for part in parts if part.spare]
        if not spare:
            raise _too_small(manifest, parts, tokens, budget)
        most = max(spare, key=lambda part: (part.shorter is not None, part.spare, part.tokens))
        place = parts.index(most)
        if most.shorter is not None:
            parts[place] = most.shorter
        else:
            dropped.append(parts.pop(place))
    return Pack(manifest.name, text, tokens, budget, tuple(parts), tuple(dropped))


def _text(parts: Iterable[Part], dropped: Sequence[Part]) -> str:
    texts = [part.text.strip("\n") for part in parts]
    if dropped:
        left = "\n".join(f"- {part.title}: {part.instead}" for part in dropped)
        texts.append(f"# Left out for want of room\n\n{left}")
    return "\n\n".join(texts) + "\n"


def _too_small(manifest: Manifest, parts: Sequence[Part], tokens: int, budget: int) -> ConfigError:
    sizes = ", ".join(f"{part.title} {part.tokens:,}" for part in parts)
    return ConfigError(
        f"{manifest.name} needs {tokens:,} tokens, and {budget:,} are given: {sizes}",
        where=f"{manifest.file}:1",
        mend=f"give --budget {tokens}, or split the cell: one that fits in 4,000 tokens is best",
    )


# -- the parts -------------------------------------------------------------------------------------


def _part(title: str, text: str, spare: int = 0, instead: str = "") -> Part:
    return Part(title, text, estimate(text), spare, instead)


def _parts(
    manifest: Manifest,
    manifests: Sequence[Manifest],
    findings: Sequence[Finding],
    focus: str,
    known: Known,
) -> Iterator[Part]:
    """All parts in their order: the general first, what is to be done last."""
    text = _read(manifest.file)
    tree = tree_of(manifest.file) or ast.parse(text)
    cards = [*_cards(manifest, manifests, known)]
    yield _part("house rules", HOUSE + (f"\n{LEGEND}\n" if cards else ""))
    yield from cards
    yield from _imported(manifest, tree, known)
    path = shown_path(manifest.file, manifest.module)
    yield _part(path, f"# The cell {manifest.name}: {path}\n\n{_fenced(text, 'python')}")
    lines = range(0)
    if focus:
        lines, said = _focus(manifest, tree, focus)
        yield _part("the work", f"# The work\n\n{said}\n")
    own = [it for it in findings if it.cell == manifest.name]
    own.sort(key=lambda it: _line(it.where) not in lines)
    yield from _evidence("errors", [it for it in own if it.severity == "error"], manifest)
    yield from _evidence("warnings", [it for it in own if it.severity != "error"], manifest)


class Relation(NamedTuple):
    """How the cell stands to a neighbour: by which ties, in words; how spare that one's card is."""

    kind: str
    own: str
    """The end of the tie where the cell is."""
    far: str
    verb: str
    spare: int
    room: int
    """Tokens for the card: whom it uses, it must know better."""


RELATIONS = (
    Relation("asks", "source", "target", "asks", 2, 450),
    Relation("tells", "target", "source", "hears", 3, 450),
    Relation("asks", "target", "source", "answers", 4, CARD),
    Relation("tells", "source", "target", "tells", 5, CARD),
)


def _cards(manifest: Manifest, manifests: Sequence[Manifest], known: Known) -> Iterator[Part]:
    """The cards of those that the cell uses, and of those that use it; the closest first."""
    ties = [*known.ties_of(manifest, manifests)]
    others = {other.name: other for other in manifests if other.name != manifest.name}
    met: dict[str, dict[Relation, list[str]]] = {}
    for relation in RELATIONS:
        for tie in ties:
            name = getattr(tie, relation.far)
            is_ours = tie.kind == relation.kind and getattr(tie, relation.own) == manifest.name
            if is_ours and name in others:
                met.setdefault(name, {}).setdefault(relation, []).append(tie.name)
    for name, relations in met.items():
        said = "; ".join(f"{it.verb} {', '.join(names)}" for it, names in relations.items())
        closest = next(iter(relations))
        title, head = f"card of {name}", f"# Neighbour {name}: {manifest.name} {said}\n\n"
        instead = f"{manifest.name} {said}; `monocyte card {name}`"
        brief = _drawn(others[name], CARD, known)
        short = _part(title, head + _fenced(brief), closest.spare, instead)
        if closest.room > CARD:
            full = head + _fenced(_drawn(others[name], closest.room, known))
            yield _part(title, full, closest.spare, instead)._replace(shorter=short)
        else:
            yield short


def _drawn(manifest: Manifest, budget: int, known: Known) -> str:
    key = (manifest.name, budget)
    if key not in known.cards:
        known.cards[key] = card(manifest, budget)
    return known.cards[key].text


def _evidence(title: str, findings: Sequence[Finding], manifest: Manifest) -> Iterator[Part]:
    """What a check has found wrong with this cell."""
    if not findings:
        return
    path = shown_path(manifest.file, manifest.module)
    lines = [f"# What `monocyte check` says ({title})", ""]
    for it in findings[:MOST]:
        where = it.where.replace(manifest.file, path)
        lines.append(f"- {it.kind} at {where}: {it.message.replace(manifest.file, path)}")
        lines += [f"  What to do: {it.mend}"] if it.mend else []
    if more := len(findings) - MOST:
        lines += [f"- and {more} more"] if more > 0 else []
    spare = 0 if title == "errors" else 6
    yield _part(title, "\n".join(lines) + "\n", spare, "`monocyte check`")


def _focus(manifest: Manifest, tree: ast.Module, focus: str) -> tuple[range, str]:
    """Where the named thing stands, and every function that it has to do with."""
    defined = _definitions(tree)
    rule = manifest.rules.get(focus)
    name = focus if rule is None else _variable(manifest, rule)
    if name not in defined:
        known = [*manifest.rules, *defined]
        close = close_to(focus, known)
        mend = f"did you mean {close}?" if close else "name one that stands in its file"
        what = f"{manifest.name} has no rule, word or function {focus!r}"
        raise ConfigError(what, where=f"{manifest.file}:1", mend=mend)
    node = defined[name]
    lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
    names = {name, *_message_of(node)}
    users = [
        f"`{it.name}` (line {it.lineno})"
        for it in tree.body
        if isinstance(it, FUNCTIONS) and it is not node and names & _names(it)
    ]
    said = f"It is about `{name}` (line {lines.start})"
    said += "." if rule is None else f", the rule {rule.id}: {rule.text}"
    said += f" It has to do with {', '.join(users)}." if users else ""
    return lines, f"{said} Leave the rest as it is."


def _message_of(node: ast.stmt) -> Iterator[str]:
    """The message that a function takes: scenarios name that, and not the function."""
    if isinstance(node, FUNCTIONS) and node.decorator_list and node.args.args:
        taken = node.args.args[0].annotation
        if isinstance(taken, ast.Name):
            yield taken.id


def _variable(manifest: Manifest, thing: Any) -> str:
    names = vars(sys.modules[manifest.module])
    return next((name for name, it in names.items() if it is thing), "")


def _names(node: ast.AST) -> set[str]:
    reads = (it for it in ast.walk(node) if isinstance(it, ast.Name))
    return {it.id for it in reads if isinstance(it.ctx, ast.Load)}


# -- what is imported ------------------------------------------------------------------------------

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _imported(manifest: Manifest, tree: ast.Module, known: Known) -> Iterator[Part]:
    """The full definitions of what the cell takes from other modules of its package."""
    files = _Files(manifest.module, known.modules)
    for module, name in used_names(tree, manifest.module):
        files.want(module, name)
    for module, text in files.texts():
        path = shown_path(sys.modules[module].__file__ or "", module)
        title = f"what is imported from {path}"
        yield _part(title, f"# From {path}\n\n{_fenced(text, 'python')}", 1, f"read {path}")


IMPORTS = re.compile(r"^\s*(?:from|import)\s+([\w.]+)(?:\s+import\s+([^#\n]+))?", re.MULTILINE)


def _modules_in(text: str, module: str) -> Iterator[str]:
    """The modules that a file imports, and those where what it has of them was defined."""
    for thing in vars(sys.modules[module]).values():
        yield getattr(thing, "__module__", None) or getattr(thing, "__name__", None) or ""
    for origin, names in IMPORTS.findall(text):  # in functions, too; far quicker than a tree
        yield origin
        yield from (f"{origin}.{name}" for name in re.findall(r"\w+", names))


@lru_cache(maxsize=1 << 14)
def used_names(tree: ast.AST, module: str) -> tuple[tuple[str, str], ...]:
    """Every name that a file takes from another module of its package: (module, name)."""
    return tuple(_used(tree, vars(sys.modules[module])))


def _used(tree: ast.AST, scope: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.module, alias.name
        elif isinstance(node, ast.Attribute):
            holder = _resolved(node.value, scope)
            if isinstance(holder, ModuleType):
                yield holder.__name__, node.attr


def _resolved(node: ast.expr, scope: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return scope.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_resolved(node.value, scope), node.attr, None)
    return None


class _Module(NamedTuple):
    """A file that was read: its lines, what it defines, and what it imports from where."""

    lines: list[str]
    defined: dict[str, ast.stmt]
    imported: dict[str, tuple[str, str]]


class _Files:
    """The modules of a package, and which of their definitions are wanted."""

    def __init__(self, home: str, read: dict[str, _Module]) -> None:
        self.home = home
        self.package = home.partition(".")[0]
        self.read = read
        self.wanted: dict[str, set[str]] = {}

    def want(self, module: str, name: str) -> None:
        """Want a definition, and whatever it stands on."""
        ahead = [(module, name)]
        while ahead:
            module, name = ahead.pop()
            if module == self.home or module.partition(".")[0] != self.package:
                continue
            if name in self.wanted.setdefault(module, set()):
                continue
            found = self.opened(module)
            if name in found.defined:
                self.wanted[module].add(name)
                ahead += [(module, other) for other in _names(found.defined[name])]
                ahead += used_names(found.defined[name], module)
            elif name in found.imported:
                ahead.append(found.imported[name])

    def opened(self, module: str) -> _Module:
        """The file of a module; an empty one if there is none."""
        if module not in self.read:
            file = getattr(sys.modules.get(module), "__file__", None)
            text = _read(file) if file else ""
            tree = (tree_of(file) if file else None) or ast.parse(text)
            imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
            given = {
                alias.asname or alias.name: (node.module or "", alias.name)
                for node in imports
                for alias in node.names
            }
            self.read[module] = _Module(text.split("\n"), _definitions(tree), given)
        return self.read[module]

    def texts(self) -> Iterator[tuple[str, str]]:
        """The wanted definitions of each module, as they stand in it."""
        for module in sorted(self.wanted):
            found, wanted = self.opened(module), self.wanted[module]
            nodes = {id(it): it for name, it in found.defined.items() if name in wanted}
            if nodes:
                pieces = (_lines_of(node, found.lines) for node in nodes.values())
                yield module, "\n\n".join(pieces) + "\n"


def _definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    """What the top level of a file defines, by name."""
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, *FUNCTIONS)):
            found[node.name] = node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {it.id: node for it in targets if isinstance(it, ast.Name)}
    return found


def _lines_of(node: ast.stmt, lines: Sequence[str]) -> str:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(it.lineno for it in decorators)])
    return "\n".join(lines[first - 1 : node.end_lineno])


# -- texts -----------------------------------------------------------------------------------------


def shown_path(file: str, module: str) -> str:
    """The path of a module's file within the app: the same on every machine."""
    depth = module.count(".") + 1 + (Path(file).name == "__init__.py")
    return "/".join(Path(file).parts[-depth:])


def _read(file: str) -> str:
    with tokenize.open(file) as source:
        return source.read()


def _fenced(text: str, language: str = "text") -> str:
    """A block of code, in a fence that does not stand in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def _line(where: str) -> int:
    line = where.rpartition(":")[2]
    return int(line) if line.isdigit() else 0
