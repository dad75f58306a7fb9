"""What a module offers to those who import it, read from its tree: nothing is run. Pure.

Public is what has no leading underscore, or what `__all__` lists. A class offers its own public
members and those that it inherits from classes of the same program.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from monocyte.semdiff.bindings import Module, Program, Shared, below, bindings_of
from monocyte.semdiff.verdicts import Place

__all__ = ["Offer", "heirs", "surface_of"]

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Offer(msgspec.Struct, frozen=True):
    """One thing that others can use, and all that they can see of it."""

    name: str
    """Dotted, from its module."""
    kind: str
    """function, method, class, value, module or import."""
    place: Place
    signature: inspect.Signature | None = None
    """Annotations and defaults as their source text."""
    binding: str = ""
    """plain, static, class, property, cached."""
    flavour: str = ""
    """plain, async, generator, async generator."""
    raises: frozenset[str] = frozenset()
    bases: tuple[str, ...] = ()
    annotation: str = ""
    value: str = ""
    marks: frozenset[str] = frozenset()
    """abstract, final, overload, enum."""
    module: str = ""
    constants: tuple[str, ...] = ()
    """Values that the code of a function that raises mentions, and those next to them, as code."""


def surface_of(
    sources: Mapping[str, str],
    names: Mapping[str, Collection[str] | None] | None = None,
    shared: Shared | None = None,
) -> dict[str, Offer]:
    """All that a program (file -> source) offers, by dotted name; or some names of some files."""
    program = Program(sources, names, shared)
    offers: dict[str, Offer] = {}
    for module in list(program.modules.values()):
        if any(part.startswith("_") and part != "__init__" for part in module.name.split(".")):
            continue
        for offer in _Reader(program, module, (names or {}).get(module.file)).offers():
            offers.setdefault(offer.name, offer)
    return offers


def heirs(sources: Mapping[str, str], names: Collection[str]) -> dict[str, set[str]]:
    """The classes, by file, that may inherit from what has one of these names; told by words."""
    found: dict[str, set[str]] = {}
    wanted = set(names)
    texts = {f: text for f, text in sources.items() if f.endswith(PYTHON)} if wanted else {}
    classes = {file: _classes(text) for file, text in texts.items()}
    alias = [pair for text in texts.values() for pair in _aliases(text)]
    while wanted:
        wanted |= {new for name, new in alias if name in wanted}
        fresh = {
            (file, name)
            for file, mine in classes.items()
            for name, bases in mine
            if bases
            and wanted.intersection(WORD.findall(bases))
            and name not in found.get(file, ())
        }
        for file, name in fresh:
            found.setdefault(file, set()).add(name)
        wanted = {name for _, name in fresh}
    return found


MANY = 4096
"""Files whose classes are remembered: two versions of a program have most of them in common."""


@lru_cache(maxsize=MANY)
def _classes(text: str) -> list[tuple[str, str]]:
    """The classes of a file and their bases, by a look at its words."""
    return CLASS.findall(text)


@lru_cache(maxsize=MANY)
def _aliases(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    done = 0
    for match in ALIAS.finditer(text):
        before = LAST.search(text, max(done, text.rfind("\n", 0, match.start()) + 1), match.start())
        if before:
            found.append((before[1], match[1]))
            done = match.end()
    return found


PYTHON = (".py", ".pyi")
CLASS = re.compile(r"^[ \t]*class\s+(\w+)[^\n(:]*(?:\(([^)]*)\))?", re.MULTILINE)
ALIAS = re.compile(r" as +(\w+)")
LAST = re.compile(r"\b(\w+) *\Z")
WORD = re.compile(r"\w+")


class _Reader:
    """Reads the offers of one module."""

    def __init__(
        self, program: Program, module: Module, names: Collection[str] | None = None
    ) -> None:
        self.program = program
        self.module = module
        self.names = names
        self.exported = _exported(module.tree)

    def offers(self) -> Iterator[Offer]:
        if self.exported is not None and self.names is None:
            listed = ", ".join(sorted(self.exported))
            yield Offer(
                f"{self.module.name}.__all__",
                "exports",
                self.place(self.module.tree),
                value=listed,
                module=self.module.name,
            )
        for name, bindings in self.module.names.items():
            if bindings and self.is_public(name) and (self.names is None or name in self.names):
                yield from self.offer(self.module.name, name, bindings[-1], "function")

    def is_public(self, name: str) -> bool:
        if self.exported is not None:
            return name in self.exported
        return not name.startswith("_")

    def offer(self, owner: str, name: str, binding: Any, kind: str) -> Iterator[Offer]:
        full = f"{owner}.{name}"
        if isinstance(binding, tuple):
            # What is imported is offered only if it is said to be: by `__all__`, or in a package.
            is_said = self.exported is not None or self.module.is_package
            if is_said and binding[0] != "__future__":
                yield Offer(
                    full,
                    "import",
                    self.place(self.module.tree),
                    value=".".join(filter(None, binding)),
                    module=self.module.name,
                )
        elif isinstance(binding, ast.FunctionDef | ast.AsyncFunctionDef):
            yield self.function(full, binding, kind)
        elif isinstance(binding, ast.ClassDef):
            yield from self.class_(full, binding)
        elif isinstance(binding, ast.AST):
            value = ast.unparse(binding) if isinstance(binding, ast.expr) else ""
            yield Offer(
                full,
                "value",
                self.place(binding),
                value=value,
                annotation=self.annotation_of(owner, name),
                module=self.module.name,
            )

    def annotation_of(self, owner: str, name: str) -> str:
        for node in self.module.tree.body if owner == self.module.name else ():
            if (
                isinstance(node, ast.AnnAssign)
                and isinstance(node.target, ast.Name)
                and node.target.id == name
            ):
                return ast.unparse(node.annotation)
        return ""

    def function(self, full: str, node: Function, kind: str) -> Offer:
        marks = {ast.unparse(d).rpartition(".")[2] for d in node.decorator_list}
        own = list(_own(node))
        return Offer(
            name=full,
            kind=kind,
            place=self.place(node),
            signature=_signature(node),
            binding=_binding(marks),
            flavour=_flavour(node, own),
            raises=(raises := _raises(own)),
            module=self.module.name,
            constants=_constants(own) if raises else (),
            marks=frozenset(
                {"abstract"} & {m.replace("abstractmethod", "abstract") for m in marks}
                | {"final"} & marks
            ),
        )

    def class_(self, full: str, node: ast.ClassDef) -> Iterator[Offer]:
        bases = tuple(ast.unparse(base) for base in node.bases)
        marks = {ast.unparse(d).rpartition(".")[2] for d in node.decorator_list}
        is_enum = any(
            base.rpartition(".")[2] in ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag")
            for base in bases
        )
        found = frozenset({"final"} & marks | ({"enum"} if is_enum else set()))
        yield Offer(
            full,
            "class",
            self.place(node),
            _constructor(node),
            bases=bases,
            marks=found,
            module=self.module.name,
        )
        seen: set[str] = set()
        for holder in [node, *self.ancestors(node, set())]:
            annotated = {
                statement.target.id: ast.unparse(statement.annotation)
                for statement in holder.body
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
            }
            for name, binding in [*bindings_of(holder), *_made_in_init(holder)]:
                if name in seen or (name.startswith("_") and name not in ("__init__", "__call__")):
                    continue
                seen.add(name)
                if isinstance(binding, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield self.function(f"{full}.{name}", binding, "method")
                elif isinstance(binding, ast.AST):
                    value = ast.unparse(binding) if isinstance(binding, ast.expr) else ""
                    said = annotated.get(name, "")
                    yield Offer(
                        f"{full}.{name}",
                        "attribute",
                        self.place(binding),
                        value=value,
                        annotation=said,
                        marks=found & {"enum"},
                        module=self.module.name,
                    )

    def ancestors(self, node: ast.ClassDef, seen: set[int]) -> Iterator[ast.ClassDef]:
        """The classes of this program that a class inherits from, nearest first."""
        for base in node.bases:
            found = self.class_named(base)
            if found is not None and id(found) not in seen:
                seen.add(id(found))
                yield found
                yield from self.ancestors(found, seen)

    def class_named(self, base: ast.expr) -> ast.ClassDef | None:
        name = base.value if isinstance(base, ast.Subscript) else base
        if not isinstance(name, ast.Name):
            return None
        for binding in self.module.names.get(name.id, []):
            if isinstance(binding, ast.ClassDef):
                return binding
            if isinstance(binding, tuple) and (other := self.program.find(binding[0])) is not None:
                for found in other.names.get(binding[1], []):
                    if isinstance(found, ast.ClassDef):
                        return found
        return None

    def place(self, node: ast.AST) -> Place:
        return Place(self.module.file, getattr(node, "lineno", 0))


def _made_in_init(node: ast.ClassDef) -> Iterator[tuple[str, ast.AST]]:
    """`self.name = …` in `__init__`: attributes of every instance."""
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            for inner in ast.walk(statement):
                if (
                    isinstance(inner, ast.Attribute)
                    and isinstance(inner.ctx, ast.Store)
                    and isinstance(inner.value, ast.Name)
                    and inner.value.id == "self"
                ):
                    yield inner.attr, ast.Pass(lineno=inner.lineno)


def _exported(tree: ast.Module) -> set[str] | None:
    for node in tree.body:
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
        if any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets):
            value = node.value  # type: ignore[attr-defined]
            if isinstance(value, ast.List | ast.Tuple):
                return {
                    e.value
                    for e in value.elts
                    if isinstance(e, ast.Constant) and isinstance(e.value, str)
                }
    return None


class _Text(str):
    """A default or an annotation, as its source says it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _signature(node: Function) -> inspect.Signature:
    args, kinds = node.args, inspect.Parameter
    found: list[inspect.Parameter] = []
    plain = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(args.defaults)) + list(
        args.defaults
    )
    for index, (arg, default) in enumerate(zip(plain, defaults, strict=True)):
        kind = (
            kinds.POSITIONAL_ONLY if index < len(args.posonlyargs) else kinds.POSITIONAL_OR_KEYWORD
        )
        found.append(_parameter(arg, kind, default))
    if args.vararg:
        found.append(_parameter(args.vararg, kinds.VAR_POSITIONAL, None))
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        found.append(_parameter(arg, kinds.KEYWORD_ONLY, default))
    if args.kwarg:
        found.append(_parameter(args.kwarg, kinds.VAR_KEYWORD, None))
    returns = _Text(ast.unparse(node.returns)) if node.returns else inspect.Signature.empty
    return inspect.Signature(found, return_annotation=returns)


def _parameter(arg: ast.arg, kind: Any, default: ast.expr | None) -> inspect.Parameter:
    return inspect.Parameter(
        arg.arg,
        kind,
        default=_Text(ast.unparse(default)) if default is not None else inspect.Parameter.empty,
        annotation=_Text(ast.unparse(arg.annotation))
        if arg.annotation
        else inspect.Parameter.empty,
    )


def _constructor(node: ast.ClassDef) -> inspect.Signature | None:
    """What a dataclass takes; of other classes `__init__` is an offer of its own."""
    if not any("dataclass" in ast.unparse(d) for d in node.decorator_list):
        return None
    found, keyword = [], "kw_only=True" in " ".join(map(ast.unparse, node.decorator_list))
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            said = ast.unparse(statement.annotation)
            if "ClassVar" in said or "init=False" in (
                ast.unparse(statement.value) if statement.value else ""
            ):
                continue
            kind = (
                inspect.Parameter.KEYWORD_ONLY
                if keyword
                else inspect.Parameter.POSITIONAL_OR_KEYWORD
            )
            found.append(
                _parameter(
                    ast.arg(statement.target.id, statement.annotation), kind, statement.value
                )
            )
    try:
        return inspect.Signature(found)
    except ValueError:
        return None


def _binding(marks: set[str]) -> str:
    for mark, name in (
        ("staticmethod", "static"),
        ("classmethod", "class"),
        ("cached_property", "cached"),
    ):
        if mark in marks:
            return name
    return "property" if marks & {"property", "setter", "getter", "deleter"} else "plain"


INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def _own(node: Function) -> Iterator[ast.AST]:
    """The nodes of a function's own body, not of functions inside."""
    ahead: list[ast.AST] = list(node.body)
    while ahead:
        here = ahead.pop()
        yield here
        if not isinstance(here, INNER):
            ahead += below(here)


def _flavour(node: Function, own: Iterable[ast.AST]) -> str:
    generator = any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in own)
    words = ["async"] * isinstance(node, ast.AsyncFunctionDef) + ["generator"] * generator
    return " ".join(words) or "plain"


def _raises(own: Iterable[ast.AST]) -> frozenset[str]:
    """The exceptions that a function's own code raises by name, and does not catch by that name."""
    raised, caught = set(), set()
    for inner in own:
        if isinstance(inner, ast.Raise) and inner.exc is not None:
            exc = inner.exc.func if isinstance(inner.exc, ast.Call) else inner.exc
            if isinstance(exc, ast.Name | ast.Attribute) and ast.unparse(exc)[:1].isupper():
                raised.add(ast.unparse(exc).rpartition(".")[2])
        elif isinstance(inner, ast.Try):
            handled = {ast.unparse(h.type) for h in inner.handlers if h.type is not None}
            caught |= {name for name in handled if not _raised_again(inner, name)}
    return frozenset(raised - caught)


def _raised_again(node: ast.Try, name: str) -> bool:
    return any(
        isinstance(inner, ast.Raise)
        for handler in node.handlers
        if handler.type is not None and ast.unparse(handler.type) == name
        for inner in ast.walk(handler)
    ) or any(
        isinstance(inner, ast.Raise)
        for part in (node.orelse, node.finalbody)
        for n in part
        for inner in ast.walk(n)
    )


def _constants(own: Iterable[ast.AST]) -> tuple[str, ...]:
    """What its code compares with and the like, and what stands next to that, as code."""
    found: dict[str, None] = {}
    for inner in own:
        value = inner.value if isinstance(inner, ast.Constant) else None
        if isinstance(value, int) and not isinstance(value, bool):
            found |= dict.fromkeys([repr(value), repr(value + 1), repr(value - 1)])
        elif isinstance(value, str) and len(value) < SHORT:
            found[repr(value)] = None
        elif isinstance(value, float):
            found |= dict.fromkeys([repr(value), repr(value * 2), repr(-value)])
    return tuple(found)[:12]


SHORT = 30
"""Longer texts are for people."""
