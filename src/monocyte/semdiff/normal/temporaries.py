"""Rules about variables that only carry a value from one statement to the next."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from enum import IntEnum
from itertools import pairwise

from monocyte.semdiff.normal.bodies import each_block, is_sure, left_by_code, loads, stores
from monocyte.semdiff.normal.flows import is_asked_once
from monocyte.semdiff.normal.rewriter import RuleSet, Site

__all__ = ["CARRIED", "MADE", "TEMPORARIES"]


def inline_temporaries(body: list[ast.stmt], site: Site) -> list[ast.stmt]:
    """`t = E` then `…t…` is `…E…`, where E is looked up, or computed by operators.

    Side conditions: `t` is a variable of this function alone, and wherever it is bound, the next
    statement of the same block reads it once, and nothing else ever does; everything that statement
    evaluates before `t` is a constant, a variable that is surely bound, or a stable global; `t` is
    evaluated there once, for sure; E binds nothing, and no code of the tree makes what is looked
    up. The value may live shorter: the channel DEATHS.
    """
    return _inlined(body, site, Lives.ELSEWHERE)


def inline_made(body: list[ast.stmt], site: Site) -> list[ast.stmt]:
    """`t = f()` then `return g(t)` is `return g(f())`.

    Side conditions: those of `inline_temporaries`; the returned call holds the value as long as it
    needs it. Where that raises, or a `finally` or `with` around it goes on, the frame keeps `t`
    alive: the channel LIFETIME.
    """
    return _inlined(body, site, Lives.HERE)


def inline_returned(body: list[ast.stmt], site: Site) -> list[ast.stmt]:
    """`t = E` then `return t` is `return E`; likewise any next use of a value without a lifetime.

    Side conditions: those of `inline_temporaries`; the value is what is returned, with no `finally`
    or `with` around that could fail on the way out while the frame still holds `t`; or it is surely
    a bool, number or text, so that nobody can tell when it dies.
    """
    return _inlined(body, site, Lives.NOT)


class Lives(IntEnum):
    """Whose life may become shorter, each kind with those before it."""

    NOT = 0
    """What has none, as numbers and text."""
    ELSEWHERE = 1
    """What is looked up, and held by somebody else."""
    HERE = 2
    """What a call gives: a file, a lock, a directory, a generator."""


def _inlined(body: list[ast.stmt], site: Site, shorter: Lives) -> list[ast.stmt]:
    changed = True
    while changed:
        found = _Inliner(body, site, shorter)
        body = each_block(body, found.block)
        changed = found.changed
    return body


def _handed(body: list[ast.stmt]) -> Counter[str]:
    """How often each name is bound in one statement, and read once by what the next evaluates."""
    counted: Counter[str] = Counter()

    def count(block: list[ast.stmt]) -> list[ast.stmt]:
        for first, second in pairwise(block):
            match first:
                case ast.Assign(targets=[ast.Name(id=name)]) if loads(_header(second))[name] == 1:
                    counted[name] += 1
        return block

    each_block(body, count)
    return counted


def _header(node: ast.stmt) -> list[ast.stmt]:
    """What a statement evaluates before anything inside it, as a statement."""
    match node:
        case ast.Return(value=value) | ast.Expr(value=value) | ast.Assign(value=value):
            found = value
        case ast.AugAssign(target=ast.Name(), value=value) | ast.For(iter=value):
            found = value
        case ast.If(test=value) | ast.Match(subject=value) | ast.Raise(exc=value):
            found = value
        case ast.With(items=[ast.withitem(context_expr=value)]):
            found = value
        case _:
            found = None
    return [ast.Expr(found)] if found is not None else []


class _Inliner:
    def __init__(self, body: list[ast.stmt], site: Site, shorter: Lives) -> None:
        self.site = site
        self.shorter = shorter
        read, bound, handed = loads(body), stores(body), _handed(body)
        self.once = {name for name in handed if read[name] == bound[name] == handed[name]}
        self.left_by_code = left_by_code(body, site)
        self.changed = False

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        for index in range(len(body) - 2, -1, -1):
            name = self.carried(body[index])
            if name is not None and self.is_allowed(name, body[index], body[index + 1]):
                value: ast.expr = body[index].value  # type: ignore[attr-defined]
                if _Place(name, value, self.site).fill(body[index + 1]):
                    self.changed = True
                    return [*body[:index], *body[index + 1 :]]
        return body

    def is_allowed(self, name: str, first: ast.stmt, second: ast.stmt) -> bool:
        """Whether this stage may let the value die earlier there."""
        value: ast.expr = first.value  # type: ignore[attr-defined]
        match second:
            case ast.Return(value=ast.Name(id=returned)) if returned == name:
                held = True
                lives_on = id(second) not in self.left_by_code
            case ast.Return(value=ast.Call() as call):
                held, lives_on = _lives_in(call, name), False
            case _:
                held = lives_on = False
        if lives_on or _has_no_lifetime(value, self.site):
            return True
        operated = _is_operated(value)
        if operated and not _is_ours(value, self.site):
            return self.shorter >= Lives.ELSEWHERE
        return (operated or held) and self.shorter >= Lives.HERE

    def carried(self, node: ast.stmt) -> str | None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name) as target]):
                fine = name in self.once and self.site.is_plain(target) and not _binds(node.value)
                parameter = self.site.scope.mangle(name) in self.site.scope.params
                return name if fine and not parameter else None
            case _:
                return None


_VALUES = frozenset({"isinstance", "issubclass", "len", "callable", "hasattr", "bool", "id", "ord"})
_VALUES |= {"all", "any", "chr", "hex", "hash"}


def _has_no_lifetime(value: ast.expr, site: Site) -> bool:
    """Whether the value surely is a bool, a number or text, or as good: nobody sees it die."""
    match value:
        case ast.Constant() | ast.JoinedStr(values=[_, _, *_]) | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Constant(str()), attr="join" | "format")):
            return True
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(_has_no_lifetime(part, site) for part in parts)
        case ast.Compare(ops=[ast.Is() | ast.IsNot() | ast.In() | ast.NotIn()]):
            return True
        case ast.Compare(left=left, comparators=others):
            plain = all(_has_no_lifetime(it, site) for it in (left, *others))
            return plain or site.facts.imports.compares_plainly()
        case ast.Call(func=ast.Name(id=name)):
            return name in _VALUES and site.is_builtin(name)
        case _:
            return False


_VALUE_METHODS = frozenset(
    {
        "startswith",
        "endswith",
        "isdigit",
        "isalpha",
        "isspace",
        "isupper",
        "islower",
        "isidentifier",
    }
    | {"strip", "lstrip", "rstrip", "lower", "upper", "title", "join", "format", "replace"}
    | {"encode", "decode", "split", "rsplit", "splitlines", "partition", "rpartition", "count"}
    | {"find", "rfind", "index", "issubset", "issuperset", "isdisjoint", "is_integer"}
    | {"removeprefix", "removesuffix", "casefold", "capitalize", "swapcase", "zfill", "translate"}
    | {"ljust", "rjust", "center", "expandtabs", "read", "readline", "readlines", "getvalue"}
    | {"hexdigest", "digest", "isoformat", "strftime", "group", "groups", "recv", "as_posix"}
    | {"search", "match", "fullmatch", "findall", "sub", "subn", "get", "items", "keys", "values"}
)
"""Methods of text and collections; others of these names, outside the tree, give values, too."""

_HOLDING_METHODS = frozenset({"get", "items", "keys", "values"})
"""Those that give what the owner holds."""


def _is_operated(value: ast.expr) -> bool:
    """Whether it is the result of a lookup or an operator: nothing that was made to be let go of.

    What a call gives may do something when it dies: a file, a lock, a directory, a generator.
    """
    match value:
        case ast.Compare() | ast.BinOp() | ast.UnaryOp() | ast.Attribute() | ast.Subscript():
            return True
        case ast.Name() | ast.Constant() | ast.JoinedStr():
            return True
        case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(map(_is_operated, parts))
        case ast.IfExp(body=body, orelse=orelse):
            return _is_operated(body) and _is_operated(orelse)
        case ast.Call(func=ast.Attribute(attr=method)):
            return method in _VALUE_METHODS
        case _:
            return False


def _is_ours(value: ast.expr, site: Site) -> bool:
    """Whether what a lookup or an operator gives may be made on the spot, by code of the tree.

    That is: by a property or an operator's method, or because what it is looked up on dies.
    """
    imports = site.facts.imports

    def any_of(*parts: ast.expr) -> bool:
        return any(_is_ours(part, site) for part in parts)

    if any(map(imports.defines, _asked(value))):
        return True
    match value:
        case ast.Attribute(value=owner) | ast.Subscript(value=owner):
            return any_of(owner)
        case ast.BinOp(left=left, right=right):
            return any_of(left, right)
        case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
            return any_of(*parts)
        case ast.IfExp(body=body, orelse=orelse):
            return any_of(body, orelse)
        case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in _VALUE_METHODS:
            known = not imports.defines(method) and not imports.sets(method)
            return not known or (method in _HOLDING_METHODS and any_of(owner))
    return not isinstance(value, _PLAIN)


_PLAIN = (ast.Compare, ast.UnaryOp, ast.Name, ast.Constant, ast.JoinedStr)


def _asked(node: ast.expr) -> tuple[str, ...]:
    """The names of methods that decide what a lookup or an operator gives."""
    match node:
        case ast.Attribute(attr=name):
            return (name, "__getattr__", "__getattribute__")
        case ast.Subscript():
            return ("__getitem__", "__missing__", "__class_getitem__")
        case ast.BinOp(op=op) | ast.UnaryOp(op=op):
            return _OPERATORS.get(type(op), ())
        case ast.Compare(ops=ops):
            return tuple(name for op in ops for name in _OPERATORS.get(type(op), ()))
        case _:
            return ()


_OPERATORS: dict[type[ast.AST], tuple[str, ...]] = {
    **{
        op: (f"__{name}__", f"__r{name}__")
        for op, name in (
            *((ast.Add, "add"), (ast.Sub, "sub"), (ast.Mult, "mul"), (ast.MatMult, "matmul")),
            *((ast.Div, "truediv"), (ast.FloorDiv, "floordiv"), (ast.Mod, "mod")),
            *((ast.Pow, "pow"), (ast.LShift, "lshift"), (ast.RShift, "rshift")),
            *((ast.BitAnd, "and"), (ast.BitOr, "or"), (ast.BitXor, "xor")),
        )
    },
    **{
        op: (f"__{name}__",)
        for op, name in ((ast.UAdd, "pos"), (ast.USub, "neg"), (ast.Invert, "invert"))
    },
    **dict.fromkeys((ast.Lt, ast.Gt), ("__lt__", "__gt__")),
    **dict.fromkeys((ast.LtE, ast.GtE), ("__le__", "__ge__")),
    **dict.fromkeys((ast.Eq, ast.NotEq), ("__eq__", "__ne__")),
}


def _lives_in(call: ast.Call, name: str) -> bool:
    """Whether a returned call holds the value until it is done: as argument, or as its method's."""
    held = [*call.args, *(keyword.value for keyword in call.keywords)]
    if isinstance(call.func, ast.Attribute):
        held.append(call.func.value)
    return any(isinstance(node, ast.Name) and node.id == name for node in held)


def _binds(node: ast.AST) -> bool:
    return any(isinstance(n, ast.NamedExpr) for n in ast.walk(node))


class _Place:
    """Looks for the one read of a name, as far as nothing that could tell comes before it."""

    def __init__(self, name: str, value: ast.expr, site: Site) -> None:
        self.name = name
        self.value = value
        self.site = site

    def fill(self, statement: ast.stmt) -> bool:
        """Put the value where the name is read; False where that could be noticed."""
        match statement:
            case ast.Return() | ast.Expr() | ast.Assign():
                return self.field(statement, "value")
            case ast.AugAssign(target=ast.Name() as target) if target.id != self.name:
                return is_sure(_read(target), self.site) and self.field(statement, "value")
            case ast.If():
                return self.field(statement, "test")
            case ast.For():
                return self.field(statement, "iter")
            case ast.Raise():
                return self.field(statement, "exc")
            case ast.With() if len(statement.items) == 1:
                return self.field(statement.items[0], "context_expr")
            case ast.Match():
                return self.field(statement, "subject")
            case _:
                return False

    def field(self, node: ast.AST, name: str) -> bool:
        """Fill one field; True if the value has been put there."""
        child = getattr(node, name)
        if isinstance(child, ast.Name) and child.id == self.name:
            return self.put(node, name, None)
        return child is not None and self.inside(child)

    def inside(self, node: ast.AST) -> bool:
        for owner, name, index in _evaluated(node):
            child = getattr(owner, name)
            if index is not None:
                child = child[index]
            if child is None:
                continue
            if isinstance(child, ast.Name) and child.id == self.name:
                return self.put(owner, name, index)
            if self.inside(child):
                return True
            if not self.quiet(child):
                return False
        return False

    def put(self, owner: ast.AST, name: str, index: int | None) -> bool:
        """Put the value there; not where it becomes a condition whose parts are asked less often.

        As a value `not (a and b)` asks for the truth of `a` twice, as a condition once.
        """
        tested = isinstance(owner, ast.If | ast.BoolOp | ast.UnaryOp) or name == "test"
        if tested and not is_asked_once(self.value):
            return False
        if index is None:
            setattr(owner, name, self.value)
        else:
            getattr(owner, name)[index] = self.value
        return True

    def quiet(self, node: ast.AST) -> bool:
        """Whether evaluating it earlier or later makes no difference."""
        if isinstance(node, ast.Tuple):
            return all(self.quiet(element) for element in node.elts)
        return is_sure(node, self.site)


def _read(target: ast.Name) -> ast.Name:
    return ast.Name(target.id, ast.Load())


Step = tuple[ast.AST, str, int | None]


def _evaluated(node: ast.AST) -> Iterator[Step]:  # noqa: C901 - one case for each kind
    """The parts of an expression that are surely evaluated, in the order in which they are."""
    match node:
        case ast.Call():
            yield node, "func", None
            yield from _each(node, "args")
            yield from ((keyword, "value", None) for keyword in node.keywords)
        case ast.Attribute() | ast.Starred() | ast.Await() | ast.Yield() | ast.YieldFrom():
            yield node, "value", None
        case ast.FormattedValue():
            yield node, "value", None
        case ast.Subscript():
            yield from ((node, "value", None), (node, "slice", None))
        case ast.BinOp():
            yield from ((node, "left", None), (node, "right", None))
        case ast.UnaryOp():
            yield node, "operand", None
        case ast.Compare():
            yield from ((node, "left", None), (node, "comparators", 0))
        case ast.BoolOp():
            yield node, "values", 0
        case ast.IfExp():
            yield node, "test", None
        case ast.Tuple() | ast.List() | ast.Set():
            yield from _each(node, "elts")
        case ast.JoinedStr():
            yield from _each(node, "values")
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            yield node.generators[0], "iter", None


def _each(node: ast.AST, name: str) -> Iterator[Step]:
    return ((node, name, index) for index in range(len(getattr(node, name))))


def drop_dead_stores(body: list[ast.stmt], site: Site) -> list[ast.stmt]:
    """`t = E` where nothing ever reads `t` is `E`; a constant is nothing.

    Side conditions: `t` is a variable of this function alone, no parameter, never read or deleted.
    The value may live shorter: the channel DEATHS.
    """
    return _without_dead_stores(body, site, anything=True)


def drop_dead_constants(body: list[ast.stmt], site: Site) -> list[ast.stmt]:
    """`t = 7` where nothing ever reads `t` is nothing; conditions as in `drop_dead_stores`."""
    return _without_dead_stores(body, site, anything=False)


def _without_dead_stores(body: list[ast.stmt], site: Site, *, anything: bool) -> list[ast.stmt]:
    read = loads(body)
    deleted = {
        n.id
        for s in body
        for n in ast.walk(s)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del)
    }

    def dead(node: ast.stmt) -> bool:
        match node:
            case ast.Assign(targets=[ast.Name(id=name) as target]):
                unread = not read[name] and name not in deleted
                lifeless = _has_no_lifetime(node.value, site) or (
                    anything and _is_operated(node.value) and not _is_ours(node.value, site)
                )
                return (
                    unread and lifeless and site.is_plain(target) and name not in site.scope.params
                )
            case _:
                return False

    def change(block: list[ast.stmt]) -> list[ast.stmt]:
        kept = []
        for node in block:
            if not dead(node):
                kept.append(node)
            elif not isinstance(node.value, ast.Constant):  # type: ignore[attr-defined]
                kept.append(ast.copy_location(ast.Expr(node.value), node))  # type: ignore[attr-defined]
        return kept

    return each_block(body, change)


CARRIED = RuleSet(functions=(drop_dead_constants, inline_returned))
"""Temporaries whose going nobody can see."""

TEMPORARIES = RuleSet(functions=(drop_dead_stores, inline_temporaries))
"""Temporaries that others hold, too."""

MADE = RuleSet(functions=(inline_made,))
"""Temporaries that nobody else holds."""
