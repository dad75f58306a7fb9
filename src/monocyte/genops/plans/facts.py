"""What a cell says and does, as facts that can be kept and compared: words, rules, evidence, code.

Facts are of meaning and not of text: comments, docstrings, the order of definitions and how lines
are broken change none. Each belongs to people or to the model: words, rules and evidence are
people's; whatever handlers, evolvers, reactions and timers reach is generated. `meaning` is the one
function that says when two pieces of code are the same.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from monocyte.cell import Manifest
from monocyte.contracts import Command, Event, Query, Value, reply_type
from monocyte.contracts.annotations import spell
from monocyte.contracts.schema import digest as shape_of
from monocyte.literate.context import used_names
from monocyte.literate.trees import tree_of

__all__ = [
    "STUB",
    "Facts",
    "Shape",
    "facts_of",
    "is_stub",
    "meaning",
    "named",
    "sealed_names",
    "text_of",
]

Shape = dict[str, str]
"""A word: its fields, and what each is."""

STUB = "stub"
"""In place of the digest of a function that says only `...`: it is still to be written."""

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (*FUNCTIONS, ast.ClassDef)
PLAIN = (bool, int, float, str, bytes, None, type(None))
KINDS: tuple[tuple[type, str], ...] = (
    (Command, "a command"),
    (Query, "a query"),
    (Event, "an event"),
    (Value, "a value"),
)


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be known of a cell: by name, what each thing says, or a digest of what it means."""

    words: dict[str, Shape] = {}
    rules: dict[str, str] = {}
    evidence: dict[str, str] = {}
    """Scenarios, decisions, runbooks, waivers, and what only they use."""
    generated: dict[str, str] = {}
    uses: dict[str, Shape] = {}
    """The words of neighbours that it uses, as `cell.Word`."""

    @property
    def edits(self) -> str:
        """What changes when a generated part does: what a waiver is bound to."""
        return hashlib.sha256(msgspec.json.encode(self.generated, order="sorted")).hexdigest()

    @property
    def digest(self) -> str:
        """What changes when any of it does."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


def meaning(node: ast.AST) -> str:
    """A digest of what a piece of code means, as far as we can tell: what it is, without its prose.

    It is the same on every version of Python that reads the code alike.
    """
    return hashlib.blake2b("".join(_spelled(node)).encode(), digest_size=8).hexdigest()


IGNORED = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
"""Fields of nodes that follow from the others, or mean nothing."""


def _spelled(node: object) -> Iterator[str]:
    """A tree as text: what is empty is left out, for versions differ in what they add to it."""
    if isinstance(node, ast.AST):
        yield f"({type(node).__name__}"
        for name in node._fields:
            value = getattr(node, name, None)
            if name == "body" and isinstance(node, DOCUMENTED) and value and _is_prose(value[0]):
                value = value[1:]
            if name not in IGNORED and value is not None and value != []:
                yield f" {name}="
                yield from _spelled(value)
        yield ")"
    elif isinstance(node, list):
        for item in node:
            yield from _spelled(item)
    else:
        yield f"{type(node).__name__} {node!r}"


def facts_of(
    manifest: Manifest, manifests: Sequence[Manifest], known: Facts | None = None
) -> Facts:
    """The facts of a cell among the cells of its app.

    `known` are its facts as they were when its file had the same text: then only what others may
    have changed is looked at, which is faster than to read the file once more.
    """
    if known is not None:
        return _renewed(known, manifest, manifests)
    tree = tree_of(manifest.file) or ast.Module([], [])
    used = used_names(tree, manifest.module)
    file = _File(tree, manifest)
    words = manifest.words.items()
    return Facts(
        {name: _word(word) | file.functions_of(name) for name, word in sorted(words)},
        _rules(manifest),
        dict(sorted(file.evidence())),
        dict(sorted(file.generated())),
        dict(sorted(_uses(manifest, manifests, used))),
    )


def sealed_names(
    manifest: Manifest, tree: ast.Module, unsealed: Iterable[str] = ()
) -> frozenset[str]:
    """The statements of a cell's file that are people's, as `named` calls them.

    `unsealed` are scenarios and the like that nobody has accepted yet: they seal nothing.
    """
    file = _File(tree, manifest)
    file.proofs -= {*unsealed}
    evidence = file.reach(file.proofs) - file.ours - file.words - {*unsealed}
    return frozenset((evidence | file.words | file.rules) & file.nodes.keys())


def text_of(file: str) -> str:
    """The SHA-256 of a file's text: while that is the same, so is all that stands in it."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def _renewed(known: Facts, manifest: Manifest, manifests: Sequence[Manifest]) -> Facts:
    """The same file: what it imports may be another thing now, and so may its words be."""
    words = {
        name: _word(word) | {it: digest for it, digest in known.words[name].items() if "(" in it}
        for name, word in sorted(manifest.words.items())
    }
    modules = {it.name: it.module for it in manifests}
    taken = (name.partition(".") for name in known.uses)
    used = [(modules[cell], name) for cell, _, name in taken if cell in modules]
    uses = dict(sorted(_uses(manifest, manifests, used)))
    return msgspec.structs.replace(known, words=words, uses=uses)


# -- words and rules -------------------------------------------------------------------------------


def _word(word: type[Value]) -> Shape:
    """What a word is: its kind, its fields, and what is answered."""
    kinds = (said for kind, said in KINDS if issubclass(word, kind))
    shape = {"is": next(kinds)}
    fields: Any = word  # mypy does not see that a Value is a Struct
    for field in msgspec.structs.fields(fields):
        default = "" if field.default is msgspec.NODEFAULT else f" = {field.default!r}"
        made = "" if field.default_factory is msgspec.NODEFAULT else " = …"
        shape[field.name] = f"{_typed(field.type)}{default}{made}"
    if issubclass(word, (Command, Query)):
        shape["->"] = _typed(reply_type(word))
    if issubclass(word, Event) and word.__version__ != 1:
        shape["version"] = str(word.__version__)
    return shape


def _typed(annotation: Any) -> str:
    """A type by its name, and by a digest of its shape unless the name says it all."""
    said = spell(annotation)
    if annotation in PLAIN:
        return said
    digest = f"#{shape_of(annotation)[:8]}"
    return f"{said} {digest}" if said.isidentifier() else digest  # unions are spelled variously


def _rules(manifest: Manifest) -> dict[str, str]:
    """Every rule by its ID: its text, or that it is retired."""
    in_force = {id: " ".join(rule.text.split()) for id, rule in manifest.rules.items()}
    return dict(sorted((in_force | dict.fromkeys(manifest.retired, "retired")).items()))


def _uses(
    manifest: Manifest, manifests: Sequence[Manifest], used: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, Shape]]:
    """Every word of a neighbour that the file takes, and other types of its."""
    cells = {it.module: it for it in manifests if it.name != manifest.name}
    for module, name in used:
        other = cells.get(module)
        if other is None:
            continue
        if name in other.words:
            yield f"{other.name}.{name}", _word(other.words[name])
        elif (shape := _foreign(vars(sys.modules[module]).get(name))) is not None:
            yield f"{other.name}.{name}", {"is": shape}


def _foreign(thing: Any) -> str | None:
    try:
        return _typed(thing)
    except (TypeError, ValueError, KeyError, AttributeError):  # no type: a function, a constant
        return None


# -- code ------------------------------------------------------------------------------------------


class _File:
    """The statements of a cell's file by name, and whose they are."""

    def __init__(self, tree: ast.Module, manifest: Manifest) -> None:
        self.manifest = manifest
        self.nodes: dict[str, ast.stmt] = dict(named(tree))
        homes = {name: key for key, node in self.nodes.items() for name in _stores(key, node)}
        self.reads = {
            key: {homes.get(name, name) for name in _reads(node)}
            for key, node in self.nodes.items()
        }
        self.rules = {*_rule_names(manifest)}
        self.roots = {it.function.name for it in manifest.handlers.values()}
        self.roots |= {it.call.__name__ for it in manifest.evolvers.values()}
        self.roots |= {it.function.name for it in manifest.reactions.values()}
        self.roots |= {it.function.name for it in manifest.timers.values()}
        self.roots |= {it.__name__ for it in manifest.upcasts.values()}
        self.proofs = {it.function.__name__ for it in manifest.scenarios}
        self.proofs |= {it.function.__name__ for it in manifest.decisions}
        self.proofs |= {it.function.__name__ for it in manifest.runbooks.values()}
        words = self.reach(manifest.words)
        self.ours = self.reach(self.roots | {"cell"}) - words
        self.theirs = self.reach(self.proofs) - self.ours - words
        self.words = words

    def reach(self, names: Iterable[str]) -> set[str]:
        """What these statements read of the file, directly or not; neither rules nor proofs."""
        found, ahead = set[str](), [*names]
        while ahead:
            name = ahead.pop()
            if name in self.nodes and name not in found:
                found.add(name)
                ahead += self.reads[name] - self.rules - self.proofs - self.manifest.words.keys()
        return found

    def evidence(self) -> Iterator[tuple[str, str]]:
        """What proves the cell, and what only that uses."""
        for name in self.theirs:
            yield name, meaning(self.nodes[name])
        for waiver in self.manifest.waivers:
            yield f"waiver {waiver.mutant}", f"{waiver.until}"

    def generated(self) -> Iterator[tuple[str, str]]:
        """What a model may write: everything that is not people's."""
        for name, node in self.nodes.items():
            if name not in self.theirs | self.words | self.rules:
                yield name, STUB if is_stub(node) else meaning(node)

    def functions_of(self, word: str) -> dict[str, str]:
        """What the class of a word does besides having fields."""
        node = self.nodes.get(word)
        inside = node.body if isinstance(node, ast.ClassDef) else []
        return {f"{it.name}()": meaning(it) for it in inside if isinstance(it, FUNCTIONS)}


def named(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Every statement that defines something or does something, under a name of its own."""
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)) or _is_prose(node) or _is_declared(node):
            continue
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield ", ".join(ast.unparse(it) for it in targets), node
        else:
            yield f"line `{ast.unparse(node).splitlines()[0][:60]}`", node


def _is_declared(node: ast.stmt) -> bool:
    """Whether it is a call such as `cell.picture(…)`, which the manifest knows better."""
    call = node.value if isinstance(node, ast.Expr) else None
    called = call.func if isinstance(call, ast.Call) else None
    known = ("picture", "retired", "waives")
    return isinstance(called, ast.Attribute) and called.attr in known


def _rule_names(manifest: Manifest) -> Iterator[str]:
    rules = {*map(id, manifest.rules.values())}
    for name, thing in vars(sys.modules[manifest.module]).items():
        if id(thing) in rules:
            yield name


def _stores(key: str, node: ast.stmt) -> set[str]:
    """The names that a statement gives to something."""
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return {key}
    inside = (it for it in ast.walk(node) if isinstance(it, ast.Name))
    return {it.id for it in inside if isinstance(it.ctx, ast.Store)}


def _reads(node: ast.AST) -> set[str]:
    inside = (it for it in ast.walk(node) if isinstance(it, ast.Name))
    return {it.id for it in inside if isinstance(it.ctx, ast.Load)}


def _is_prose(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def is_stub(node: ast.stmt) -> bool:
    """Whether a function says nothing but `...`, perhaps below its prose."""
    if not isinstance(node, FUNCTIONS):
        return False
    body: list[ast.stmt] = node.body[1:] if _is_prose(node.body[0]) else node.body
    return all(
        isinstance(it, ast.Expr) and isinstance(it.value, ast.Constant) and it.value.value is ...
        for it in body
    ) and bool(body)
