"""Writes a rewritten definition down so that equal text means equal meaning.

Layout is gone, variables are numbered by first use with the depth of the scope that owns them, and
three channels are kept apart because most programs never read them: documentation, annotations that
are safe to evaluate, and the names of variables. A guard joins them again where they are read.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

from monocyte.semdiff.normal.annotations import is_inert_annotation
from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.normal.flows import COMPOUND, Region, Step, flow_of, resolved
from monocyte.semdiff.scopes import COMPREHENSIONS, FUNCTIONS, Scope, inner_scope

__all__ = ["Writer", "Written"]

_SKIPPED = frozenset({"ctx", "type_comment", "kind", "type_ignores", "simple"})
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


class Written:
    """One definition, written down: its code and the channels beside it, as digests."""

    __slots__ = ("_variables", "annotations", "code", "docs", "facts", "names", "text")

    def __init__(self, writer: Writer) -> None:
        self.text = "".join(writer.out)
        self.code = _digest(self.text)
        self.docs = tuple(writer.docs)
        self.annotations = tuple(writer.annotations)
        self.names = tuple(writer.names)
        self.facts = writer.facts
        self._variables = tuple(writer.renamable)

    @property
    def unbound(self) -> tuple[str, ...]:
        """The names of the variables that may be read before they are assigned."""
        variables = self._variables
        return tuple(n for o, n in variables if n in self.facts.unbound(o, passing=True))

    @property
    def swallowed(self) -> tuple[str, ...]:
        """Those too that are unassigned if a `with` swallows an error."""
        return tuple(n for owner, n in self._variables if n in self.facts.unbound(owner))


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Writer:
    """Writes nodes that stand in one scope."""

    def __init__(
        self, facts: ModuleFacts, scope: Scope, own_name: str | None = None, *, flows: bool = False
    ) -> None:
        """`flows`: statements are written as the graph of what comes after what."""
        self.flows = flows
        self.facts = facts
        self.scope = scope
        self.base = scope.depth
        self.own_name = own_name
        self.out: list[str] = []
        self.docs: list[str | None] = []
        self.annotations: list[str] = []
        self.names: list[str] = []
        self.renamable: list[tuple[Scope, str]] = []
        self.numbers: dict[tuple[Scope, str], str] = {}
        self.apart: Mapping[int, str] = {}
        """Definitions, by `id`, that are written elsewhere, and how they are spoken of here."""

    def written(self) -> Written:
        """What was written so far."""
        return Written(self)

    def write(self, node: ast.AST) -> None:
        """Write one node."""
        kind = type(node)
        special = _SPECIAL.get(kind)
        if self.apart and id(node) in self.apart:
            self.out.append(self.apart[id(node)])
        elif special is not None:
            special(self, node)
        else:
            self.plain(node, kind)

    def plain(self, node: ast.AST, kind: type[ast.AST]) -> None:
        """A node without a rule of its own: its type and its fields."""
        fields = _FIELDS.get(kind)
        if fields is None:
            fields = _FIELDS[kind] = tuple(f for f in kind._fields if f not in _SKIPPED)
        self.out.append(kind.__name__ + "(")
        for name in fields:
            self.value(getattr(node, name, None))
        self.out.append(")")

    def value(self, value: object) -> None:
        """A field: a node, a list of fields, or a plain value."""
        if isinstance(value, ast.AST):
            self.write(value)
        elif isinstance(value, list):
            self.out.append("[")
            for item in value:
                self.value(item)
            self.out.append("]")
        else:
            self.out.append("~" if value is None else f"{value!r},")

    # -- statements -------------------------------------------------------------------------------

    def compound(self, node: ast.stmt) -> None:
        """A statement that holds others, outside a function's own flow."""
        if self.flows:
            self.flow([node], whole=False)
        else:
            self.plain(node, type(node))

    def flow(self, body: list[ast.stmt], *, whole: bool) -> None:
        """Each step once, where the flow first comes to it; later only its number."""
        numbers: dict[Step, int] = {}
        regions: dict[Region | None, int] = {None: 0}
        todo = [flow_of(body, self.is_builtin, whole=whole)]
        while todo:
            step = resolved(todo.pop())
            if step in numbers:
                self.out.append(f"@{numbers[step]};")
                continue
            numbers[step] = len(numbers)
            for region in step.opens:
                regions[region] = len(regions)
            self.out.append(f"{step.kind} {len(step.edges)}r{regions[step.region]}(")
            for part in step.parts:
                self.value(part)
            self.out.append(")")
            todo.extend(reversed(step.edges))

    def is_builtin(self, name: str) -> bool:
        """Whether a name surely is the builtin where we write."""
        return self.facts.is_builtin(name, self.scope)

    # -- names ------------------------------------------------------------------------------------

    def variable(self, raw: str) -> str:
        """How a name is written: variables by number, everything else by name."""
        name = self.scope.mangle(raw)
        owner = self.scope.owner(name)
        if owner is None:
            if name == self.own_name:
                return "<itself>"
            return f"c:{name}" if self._class_level(name) else f"g:{name}"
        if not owner.is_function:
            return f"c:{name}"
        number = self.numbers.get((owner, name))
        if number is None:
            number = self.numbers[owner, name] = self._number(owner, name)
        return number

    def _class_level(self, name: str) -> bool:
        """In a class body a global name may be found among the class's own names first."""
        return self.scope.kind == "class" and name not in self.scope.globals

    def _number(self, owner: Scope, name: str) -> str:
        depth = owner.depth - self.base
        if self._keeps_name(owner, name):
            return f"n{depth}:{name}"
        self.names.append(name)
        self.renamable.append((owner, name))
        return f"v{depth}.{len(self.numbers)}"

    def _keeps_name(self, owner: Scope, name: str) -> bool:
        return name in owner.params or owner.kind == "typeparams" or self.facts.is_raw(owner)

    def name(self, node: ast.Name) -> None:
        """A name, wherever it stands."""
        self.out.append(self.variable(node.id) + ";")

    def attribute(self, node: ast.Attribute) -> None:
        """An attribute, as the compiler stores it."""
        self.out.append("Attribute(")
        self.write(node.value)
        self.out.append(f".{self.scope.mangle(node.attr)})")

    def alias(self, node: ast.alias) -> None:
        """What an import names, and what it binds."""
        bound = node.asname or node.name.partition(".")[0]
        whole = node.asname is not None or "." not in node.name
        as_name = "*" if node.name == "*" else self.variable(bound)
        self.out.append(f"alias({node.name!r},{'as' if whole else 'top'} {as_name})")

    def handler(self, node: ast.ExceptHandler) -> None:
        """An `except` clause and the name that it binds."""
        name = self.variable(node.name) if node.name else "~"
        self.out.append(f"ExceptHandler({name};")
        self.value(node.type)
        self.value(node.body)
        self.out.append(")")

    def match_as(self, node: ast.MatchAs) -> None:
        """A capture, or `_`."""
        self.out.append("MatchAs(")
        self.value(node.pattern)
        self.out.append(f"{self.variable(node.name) if node.name else '~'})")

    def match_star(self, node: ast.MatchStar) -> None:
        """A starred capture."""
        self.out.append(f"MatchStar({self.variable(node.name) if node.name else '~'})")

    def match_mapping(self, node: ast.MatchMapping) -> None:
        """A mapping pattern and its rest."""
        self.out.append("MatchMapping(")
        self.value(node.keys)
        self.value(node.patterns)
        self.out.append(f"{self.variable(node.rest) if node.rest else '~'})")

    def nothing(self, node: ast.AST) -> None:
        """Declarations: what they say is in every name already."""

    # -- constants --------------------------------------------------------------------------------

    def constant(self, node: ast.Constant) -> None:
        """A constant with its type: `1`, `1.0` and `True` are three."""
        value = node.value
        shown = hex(value) if type(value) is int else repr(value)
        self.out.append(f"{type(value).__name__}:{shown};")

    # -- scopes -----------------------------------------------------------------------------------

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """A function: header in the scope around it, body in its own."""
        outer = self.scope
        self.out.append(f"{type(node).__name__}{self._kind(node)}({self.named(node.name)};")
        self.value(node.decorator_list)
        self.value([*node.args.defaults, *node.args.kw_defaults])
        self.header(node)
        self.signature(node.args)
        self.annotation(node.returns)
        self.scope = inner_scope(node)
        self.docs.append(node.__dict__.get("doc"))
        if self.flows:
            self.flow(node.body, whole=True)
        else:
            self.value(node.body)
        self.scope = outer
        self.out.append(")")

    def named(self, name: str) -> str:
        """A definition's own name: it is seen (`__name__`), so it stays, beside its variable."""
        variable = self.variable(name)
        return variable if variable == "<itself>" else f"{variable}={name}"

    def _kind(self, node: ast.AST) -> str:
        return "*" if node.__dict__.get("generator") else ""

    def header(self, node: ast.AST) -> None:
        """Python 3.12: enter the scope of the type parameters, if there is one."""
        between: Scope | None = node.__dict__.get("header")
        if between is not None:
            self.scope = between
            self.value(node.type_params)  # type: ignore[attr-defined]

    def signature(self, arguments: ast.arguments) -> None:
        """Parameters: names, kinds and which have defaults."""
        groups = (arguments.posonlyargs, arguments.args, arguments.kwonlyargs)
        shapes = [",".join(a.arg for a in group) for group in groups]
        stars = [a.arg if a else "" for a in (arguments.vararg, arguments.kwarg)]
        keyword_defaults = "".join("0" if d is None else "1" for d in arguments.kw_defaults)
        self.out.append(f"sig({shapes}{stars}{len(arguments.defaults)}|{keyword_defaults})")
        starred = (arguments.vararg, arguments.kwarg)
        for argument in (a for group in (*groups, starred) for a in group if a is not None):
            self.annotation(argument.annotation)

    def annotation(self, node: ast.expr | None) -> None:
        """Safe to evaluate: a channel of its own; otherwise part of the code."""
        if node is None:
            self.annotations.append("")
        elif is_inert_annotation(node, self.facts, self.scope):
            self.annotations.append(ast.dump(node))
        else:
            self.annotations.append("")
            self.out.append(f"annotation{len(self.annotations)}:")
            self.write(node)

    def lambda_(self, node: ast.Lambda) -> None:
        """A lambda; its parameters keep their names."""
        outer = self.scope
        self.out.append(f"Lambda{self._kind(node)}(")
        self.value([*node.args.defaults, *node.args.kw_defaults])
        self.scope = inner_scope(node)
        self.signature(node.args)
        self.write(node.body)
        self.scope = outer
        self.out.append(")")

    def class_(self, node: ast.ClassDef) -> None:
        """A class inside a definition."""
        outer = self.scope
        self.out.append(f"ClassDef({self.named(node.name)};")
        self.value(node.decorator_list)
        self.header(node)
        self.value(node.bases)
        self.value(node.keywords)
        self.scope = inner_scope(node)
        self.docs.append(node.__dict__.get("doc"))
        self.value(node.body)
        self.scope = outer
        self.out.append(")")

    def class_header(self, node: ast.ClassDef, body: list[str]) -> None:
        """A class as a definition of its own: its statements come written, methods by name."""
        self.out.append(f"ClassDef({self.named(node.name)};")
        self.value(node.decorator_list)
        self.header(node)
        self.value(node.bases)
        self.value(node.keywords)
        self.docs.append(node.__dict__.get("doc"))
        self.out.extend(["[", *body, "])"])

    def comprehension(self, node: ast.AST) -> None:
        """A comprehension: the first iterable belongs to the scope around it."""
        outer = self.scope
        first, *rest = node.generators  # type: ignore[attr-defined]
        self.out.append(f"{type(node).__name__}({'async ' if first.is_async else ''}")
        self.write(first.iter)
        self.scope = inner_scope(node)
        self.value([first.target, first.ifs, rest])
        for name in ("key", "value", "elt"):
            self.value(getattr(node, name, None))
        self.scope = outer
        self.out.append(")")

    def type_alias(self, node: ast.AST) -> None:
        """A `type` statement (Python 3.12)."""
        outer = self.scope
        self.out.append("TypeAlias(")
        self.write(node.name)  # type: ignore[attr-defined]
        self.header(node)
        self.write(node.value)  # type: ignore[attr-defined]
        self.scope = outer
        self.out.append(")")

    def type_parameter(self, node: ast.AST) -> None:
        """Its name is seen, in `__type_params__` and messages."""
        self.out.append(f"{type(node).__name__}({node.name};")  # type: ignore[attr-defined]
        for child in ast.iter_child_nodes(node):
            self.write(child)
        self.out.append(")")


_SPECIAL: dict[type[ast.AST], Callable[[Writer, Any], None]] = {
    ast.Name: Writer.name,
    ast.Attribute: Writer.attribute,
    ast.alias: Writer.alias,
    ast.ExceptHandler: Writer.handler,
    ast.MatchAs: Writer.match_as,
    ast.MatchStar: Writer.match_star,
    ast.MatchMapping: Writer.match_mapping,
    ast.Global: Writer.nothing,
    ast.Nonlocal: Writer.nothing,
    ast.Constant: Writer.constant,
    **dict.fromkeys(FUNCTIONS, Writer.function),
    ast.Lambda: Writer.lambda_,
    ast.ClassDef: Writer.class_,
    **dict.fromkeys(COMPREHENSIONS, Writer.comprehension),
    **dict.fromkeys(COMPOUND, Writer.compound),
}
if hasattr(ast, "TypeAlias"):  # Python 3.12
    _SPECIAL[ast.TypeAlias] = Writer.type_alias
    for _kind in ("TypeVar", "ParamSpec", "TypeVarTuple"):
        _SPECIAL[getattr(ast, _kind)] = Writer.type_parameter
