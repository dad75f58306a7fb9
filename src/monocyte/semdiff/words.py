"""What a change to a definition is, in words: a table from kinds of statements to sentences.

It tells what the code says now and said before. Whether that makes a difference to anybody is for
verdicts to say; nothing here is evidence.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from monocyte.semdiff.hunks import DEFINITIONS, FUNCTIONS, Pair, Unit

__all__ = ["in_words"]

MOST = 4
"""Sentences about one definition."""

WIDE = 70
"""Characters of code quoted in a sentence."""


def in_words(changed: Sequence[Pair]) -> tuple[str, ...]:
    """Sentences about groups of statements that changed together."""
    said = list(dict.fromkeys(it for old, new in changed for it in _group(old, new)))
    more = len(said) - MOST
    return (*said[:MOST], *([f"and {more} more"] if more > 0 else []))


def _group(old: Sequence[Unit], new: Sequence[Unit]) -> Iterator[str]:
    alike = len(old) == len(new) and all(
        _alike(a.node, b.node) for a, b in zip(old, new, strict=True)
    )
    if alike:
        for a, b in zip(old, new, strict=True):
            yield from _changed(a.node, b.node)
        return
    rest = list(new)
    for unit in old:
        twin = next((it for it in rest if _is_twin(unit.node, it.node)), None)
        if twin is None:
            yield _sentence(unit, "no longer ")
        else:
            rest.remove(twin)
            yield from _changed(unit.node, twin.node)
    for unit in rest:
        yield _sentence(unit, "now ")


def _is_twin(old: ast.AST, new: ast.AST) -> bool:
    """Whether two statements are about the same name, so that one has become the other."""
    if not _alike(old, new):
        return False
    names = [_first_target(it) for it in (old, new)]
    return bool(names[0]) and names[0] == names[1]


def _first_target(node: ast.AST) -> str:
    if isinstance(node, DEFINITIONS):
        return node.name
    target = getattr(node, "target", None) or next(iter(getattr(node, "targets", [])), None)
    return ast.unparse(target) if isinstance(target, ast.expr) else ""


def _alike(old: ast.AST, new: ast.AST) -> bool:
    both_functions = isinstance(old, FUNCTIONS) and isinstance(new, FUNCTIONS)
    return type(old) is type(new) or both_functions


# -- statements that went or came -----------------------------------------------------------------


def _code(node: object) -> str:
    if not isinstance(node, ast.AST):
        return "nothing" if node is None else str(node)
    text = " ".join(ast.unparse(node).split())
    return f"`{text if len(text) <= WIDE else text[: WIDE - 1] + '…'}`"


def _sentence(unit: Unit, when: str) -> str:
    if unit.key.endswith((" else", " finally")):
        return f"{when}has an {unit.key.rpartition(' ')[2]} block"
    node = unit.node
    tell = next((tell for kinds, tell in STATEMENTS if isinstance(node, kinds)), None)
    return when + (tell(node) if tell else f"has {_code(node)}")


def _verb(node: ast.Expr) -> str:
    match node.value:
        case ast.Call() as call:
            return f"calls {_code(call)}"
        case ast.Await(value=awaited):
            return f"awaits {_code(awaited)}"
        case ast.Yield() | ast.YieldFrom():
            return f"yields {_code(node.value.value)}"
    return f"evaluates {_code(node.value)}"


def _named(node: ast.Import | ast.ImportFrom) -> str:
    names = ", ".join(f"`{it.asname or it.name}`" for it in node.names)
    if isinstance(node, ast.Import):
        return f"imports {names}"
    return f"imports {names} from `{'.' * node.level}{node.module or ''}`"


Tell = Callable[..., str]
STATEMENTS: tuple[tuple[type | tuple[type, ...], Tell], ...] = (
    (ast.Return, lambda n: f"returns {_code(n.value)}"),
    (ast.Raise, lambda n: f"raises {_code(n.exc)}" if n.exc else "raises again what it caught"),
    (ast.Expr, _verb),
    (ast.Assign, lambda n: f"sets {_code(n.targets[0])} to {_code(n.value)}"),
    (ast.AnnAssign, lambda n: f"declares {_code(n)}"),
    (ast.AugAssign, lambda n: f"does {_code(n)}"),
    (ast.If, lambda n: f"asks whether {_code(n.test)}"),
    (ast.While, lambda n: f"repeats while {_code(n.test)}"),
    ((ast.For, ast.AsyncFor), lambda n: f"goes through {_code(n.iter)}"),
    ((ast.With, ast.AsyncWith), lambda n: f"works within {_code(n.items[0].context_expr)}"),
    (ast.Try, lambda _: "tries, and handles what goes wrong"),
    (ast.ExceptHandler, lambda n: f"catches {_code(n.type)}" if n.type else "catches everything"),
    (ast.Assert, lambda n: f"asserts {_code(n.test)}"),
    (ast.Delete, lambda n: f"deletes {', '.join(_code(it) for it in n.targets)}"),
    ((ast.Import, ast.ImportFrom), _named),
    (ast.Break, lambda _: "leaves the loop early"),
    (ast.Continue, lambda _: "goes on to the next round early"),
    (ast.Pass, lambda _: "does nothing (`pass`)"),
    (ast.Match, lambda n: f"distinguishes cases of {_code(n.subject)}"),
    (ast.match_case, lambda n: f"has the case {_code(n.pattern)}"),
    (DEFINITIONS, lambda n: f"defines `{n.name}`"),
)
"""What a statement does, so that "now" or "no longer" can stand before it."""


# -- statements that changed ----------------------------------------------------------------------


def _changed(old: ast.AST, new: ast.AST) -> Iterator[str]:
    if isinstance(old, FUNCTIONS) and isinstance(new, FUNCTIONS):
        yield from _signature(old, new)
        return
    for role, tell in ROLES.get(type(old), ()):
        ours, theirs = getattr(old, role), getattr(new, role)
        if _dump(ours) != _dump(theirs):
            yield tell.format(old=_quoted(ours), new=_quoted(theirs), **_around(old))
            return
    if isinstance(old, ast.stmt) and _dump(old) == _dump(new):
        yield f"{_code(old)} is about another name, `{_first_name(new)}`"
        return
    yield f"{_header(old)} became {_header(new)}"


ROLES: dict[type, tuple[tuple[str, str], ...]] = {
    ast.Return: (("value", "returns {new}, was {old}"),),
    ast.If: (("test", "the condition {old} is now {new}"),),
    ast.While: (("test", "repeats while {new}, was {old}"),),
    ast.Assert: (("test", "asserts {new}, was {old}"),),
    ast.Raise: (("exc", "raises {new}, was {old}"),),
    ast.For: (
        ("iter", "goes through {new}, was {old}"),
        ("target", "calls each item {new}, was {old}"),
    ),
    ast.Assign: (
        ("value", "{name} is {new}, was {old}"),
        ("targets", "sets {new}, was {old}"),
    ),
    ast.AnnAssign: (
        ("value", "{name} is {new}, was {old}"),
        ("annotation", "the type of {name} is {new}, was {old}"),
    ),
    ast.AugAssign: (
        ("value", "{name} is changed by {new}, was {old}"),
        ("op", "{name} is changed by another operator"),
    ),
    ast.ExceptHandler: (("type", "catches {new}, was {old}"),),
    ast.Expr: (("value", "does {new}, was {old}"),),
    ast.ClassDef: (
        ("bases", "is derived from {new}, was {old}"),
        ("keywords", "its class arguments are {new}, were {old}"),
        ("decorator_list", "is decorated by {new}, was {old}"),
    ),
}
"""What may differ in a statement of a kind, and how that is told; the first that differs is."""


def _around(node: ast.AST) -> dict[str, str]:
    target = getattr(node, "target", None) or next(iter(getattr(node, "targets", [])), None)
    return {"name": _code(target)}


def _dump(value: object) -> str:
    if isinstance(value, list):
        return str([_dump(it) for it in value])
    return ast.dump(value) if isinstance(value, ast.AST) else repr(value)


def _quoted(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_code, value)) or "nothing"
    return _code(value)


def _header(node: ast.AST) -> str:
    first = ast.unparse(node).splitlines()[0]
    return f"`{first if len(first) <= WIDE else first[: WIDE - 1] + '…'}`"


def _first_name(node: ast.AST) -> str:
    return next((it.id for it in ast.walk(node) if isinstance(it, ast.Name)), "?")


# -- signatures -----------------------------------------------------------------------------------

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _signature(old: Function, new: Function) -> Iterator[str]:
    ours, theirs = _parameters(old.args), _parameters(new.args)
    for name in ours.keys() - theirs.keys():
        yield f"the parameter `{name}` is gone"
    for name in theirs.keys() - ours.keys():
        default = theirs[name][1]
        yield f"has a new parameter `{name}`" + (f", by default {default}" if default else "")
    for name in (it for it in ours if it in theirs):
        yield from _parameter(name, ours[name], theirs[name])
    if ours.keys() == theirs.keys() and list(ours) != list(theirs):
        yield f"its parameters come in another order: `{', '.join(theirs)}`"
    if _dump(old.returns) != _dump(new.returns):
        yield f"the type of its result is {_code(new.returns)}, was {_code(old.returns)}"
    if _dump(old.decorator_list) != _dump(new.decorator_list):
        before, after = _quoted(old.decorator_list), _quoted(new.decorator_list)
        yield f"is decorated by {after}, was {before}"
    if type(old) is not type(new):
        yield "is a coroutine now" if isinstance(new, ast.AsyncFunctionDef) else "is no coroutine"


Parameter = tuple[str, str, str]
"""Its kind, its default and its annotation, as code."""


def _parameters(args: ast.arguments) -> dict[str, Parameter]:
    found: dict[str, Parameter] = {}
    plain = [("positional only", it) for it in args.posonlyargs]
    plain += [("positional", it) for it in args.args]
    defaults = [None] * (len(plain) - len(args.defaults)) + list(args.defaults)
    rows = [(*it, default) for it, default in zip(plain, defaults, strict=True)]
    rows += [("keyword only", *it) for it in zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    rows += [("star", args.vararg, None)] if args.vararg else []
    rows += [("stars", args.kwarg, None)] if args.kwarg else []
    for kind, arg, default in rows:
        annotation = _code(arg.annotation) if arg.annotation else ""
        found[arg.arg] = (kind, _code(default) if default else "", annotation)
    return found


def _parameter(name: str, old: Parameter, new: Parameter) -> Iterator[str]:
    if old[0] != new[0]:
        yield f"the parameter `{name}` is {new[0]}, was {old[0]}"
    if old[1] != new[1]:
        yield f"the default of `{name}` is {new[1] or 'gone'}, was {old[1] or 'none'}"
    if old[2] != new[2]:
        yield f"the type of `{name}` is {new[2] or 'not said'}, was {old[2] or 'not said'}"
