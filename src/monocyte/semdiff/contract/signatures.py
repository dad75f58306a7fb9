"""Signatures, exports, classes and exceptions, old against new: what callers and overriders feel. Pure.

A break of a call is shown by a call: one that binds to the old signature and not to the new, tried
with `inspect.Signature.bind`, or one whose arguments land in other parameters. The sender is who
calls, imports and reads; the receiver is who is called: results, exceptions, overriders.
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from monocyte.semdiff.contract.changes import Change, Effect, Evidence
from monocyte.semdiff.contract.surface import Offer, surface_of

__all__ = ["compare_surfaces"]

Kinds = inspect.Parameter
EMPTY = inspect.Parameter.empty
NEUTRAL, ADDITIVE, BREAKING = Effect.NEUTRAL, Effect.ADDITIVE, Effect.BREAKING


def compare_surfaces(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Change, ...]:
    """What has changed in what a program offers (file -> source)."""
    before, after = surface_of(old), surface_of(new)
    found: list[Change] = []
    for name, offer in before.items():
        if name not in after:
            if name.rpartition(".")[0] not in before or name.rpartition(".")[0] in after:
                found.append(_gone(offer))
        else:
            found += _compared(offer, after[name])
    for name, offer in after.items():
        if name not in before and (
            name.rpartition(".")[0] not in after or name.rpartition(".")[0] in before
        ):
            found += _come(offer)
    return tuple(found)


def _gone(offer: Offer) -> Change:
    path = offer.name
    shown = Evidence(path, "old", f"a {offer.kind}", _missing(offer), "code")
    if offer.kind == "exports":
        return Change(
            path, "", "export-added", "__all__ is gone", ADDITIVE, NEUTRAL, old=offer.place
        )
    return Change(
        path,
        "",
        "object-removed",
        f"{offer.kind} is gone",
        BREAKING,
        BREAKING,
        shown,
        shown,
        old=offer.place,
    )


def _missing(offer: Offer) -> str:
    owner, _, name = offer.name.rpartition(".")
    return f"AttributeError: {owner!r} has no attribute {name!r}"


def _come(offer: Offer) -> Iterator[Change]:
    if offer.kind == "exports":
        return
    rule = "abstract-added" if "abstract" in offer.marks else "object-added"
    receiver = BREAKING if rule == "abstract-added" else NEUTRAL
    shown = Evidence(
        offer.name, "old", "subclasses without it can be made", "TypeError: abstract method", "code"
    )
    yield Change(
        offer.name, "", rule, f"{offer.kind} is new", ADDITIVE, receiver,
        to_receiver=shown if receiver is BREAKING else None, new=offer.place,
    )  # fmt: skip


def _compared(old: Offer, new: Offer) -> Iterator[Change]:
    make = _Maker(old, new)
    if old.kind != new.kind:
        if "import" not in (old.kind, new.kind):
            yield make(
                "object-kind",
                "",
                f"{old.kind} became {new.kind}",
                BREAKING,
                BREAKING,
                (old.kind, new.kind),
            )
        return
    if old.kind == "exports":
        yield from _exports(old, new, make)
    elif old.kind in ("value", "attribute", "import"):
        yield from _values(old, new, make)
    else:
        yield from _ways(old, new, make)
        if old.kind == "class":
            yield from _bases(old, new, make)
        if old.signature is not None and new.signature is not None:
            is_bound = old.kind == "method" and old.binding != "static"
            yield from _signatures(old.signature, new.signature, make, bound=is_bound)


class _Maker:
    """Makes changes of one offer."""

    def __init__(self, old: Offer, new: Offer) -> None:
        self.old, self.new = old, new

    def __call__(
        self,
        rule: str,
        path: str,
        what: str,
        sender: Effect,
        receiver: Effect,
        sides: tuple[str, str] = ("", ""),
        said: str = "",
        open: str = "",
    ) -> Change:
        shown = Evidence(said or self.old.name + path, "old", *sides, "call" if said else "code")
        has = sides != ("", "")
        return Change(
            self.old.name, path, rule, what, sender, receiver,
            shown if has and sender is BREAKING else None,
            shown if has and receiver is BREAKING else None,
            open, self.old.place, self.new.place,
        )  # fmt: skip


def _exports(old: Offer, new: Offer, make: _Maker) -> Iterator[Change]:
    before, after = set(old.value.split(", ")), set(new.value.split(", "))
    for name in sorted(before - after - {""}):
        yield make(
            "export-removed",
            "",
            f"{name} is no longer exported",
            BREAKING,
            NEUTRAL,
            ("exported", "not exported"),
        )
    for name in sorted(after - before - {""}):
        yield make("export-added", "", f"{name} is exported", ADDITIVE, NEUTRAL)


def _values(old: Offer, new: Offer, make: _Maker) -> Iterator[Change]:
    if old.annotation != new.annotation:
        wider, narrower = _relation(old.annotation, new.annotation)
        if wider or not narrower:
            yield make(
                "attribute-type",
                "",
                f"{old.annotation or 'no type'} became {new.annotation or 'no type'}",
                *_typed(old.annotation, new.annotation),
                (old.annotation, new.annotation),
            )
    if old.value != new.value and (
        old.kind != "import" or old.value.rpartition(".")[2] != new.value.rpartition(".")[2]
    ):
        sides = (old.value or "no value", new.value or "no value")
        yield make("attribute-value", "", f"{sides[0]} became {sides[1]}", BREAKING, NEUTRAL, sides)


def _typed(old: str, new: str) -> tuple[Effect, Effect]:
    return (BREAKING, BREAKING) if old and new else (NEUTRAL, NEUTRAL)


def _ways(old: Offer, new: Offer, make: _Maker) -> Iterator[Change]:
    if old.binding != new.binding:
        kinds = {old.binding, new.binding}
        if kinds != {"property", "cached"}:
            yield make(
                "binding-changed",
                "",
                f"{old.binding} became {new.binding}",
                BREAKING,
                BREAKING,
                (old.binding, new.binding),
            )
    if old.flavour != new.flavour:
        rule = "async-changed" if "async" in old.flavour + new.flavour else "generator-changed"
        yield make(
            rule,
            "",
            f"{old.flavour} became {new.flavour}",
            BREAKING,
            BREAKING,
            (old.flavour, new.flavour),
        )
    for name in sorted(new.raises - old.raises):
        yield make(
            "exception-added",
            "",
            f"may raise {name}",
            NEUTRAL,
            BREAKING,
            (f"does not raise {name}", f"raise {name}"),
        )
    for name in sorted(old.raises - new.raises):
        yield make("exception-removed", "", f"no longer raises {name}", NEUTRAL, ADDITIVE)
    if "final" in new.marks - old.marks:
        yield make(
            "final-added",
            "",
            "may not be subclassed or overridden",
            NEUTRAL,
            BREAKING,
            ("open", "final"),
        )
    if "abstract" in new.marks - old.marks:
        yield make(
            "abstract-added",
            "",
            "must be defined by subclasses",
            NEUTRAL,
            BREAKING,
            ("defined", "abstract"),
        )


def _bases(old: Offer, new: Offer, make: _Maker) -> Iterator[Change]:
    for base in old.bases:
        if base not in new.bases:
            sides = (f"isinstance(it, {base})", f"not isinstance(it, {base})")
            yield make("base-removed", "", f"no longer a {base}", BREAKING, BREAKING, sides)
    for base in new.bases:
        if base not in old.bases:
            yield make("base-added", "", f"is a {base}", ADDITIVE, NEUTRAL)


# -- signatures ------------------------------------------------------------------------------------


def _signatures(
    old: inspect.Signature, new: inspect.Signature, make: _Maker, *, bound: bool
) -> Iterator[Change]:
    before, after = (_without_self(s) if bound else s for s in (old, new))
    found = list(_parameters(before, after, make))
    yield from found
    broken = _broken(before, after)
    if broken and not any(
        change.sender is BREAKING and change.rule != "parameter-type" for change in found
    ):
        first = broken[0]
        what = "calls are taken differently"
        sides = (f"binds: {first.meant}", first.read)
        yield make("parameter-kind", "(…)", what, BREAKING, BREAKING, sides, first.call)
    yield from _returns(before, after, make)


def _without_self(signature: inspect.Signature) -> inspect.Signature:
    found = list(signature.parameters.values())
    first = found[:1]
    if first and first[0].kind in (Kinds.POSITIONAL_ONLY, Kinds.POSITIONAL_OR_KEYWORD):
        found = found[1:]
    return signature.replace(parameters=found)


def _parameters(old: inspect.Signature, new: inspect.Signature, make: _Maker) -> Iterator[Change]:
    renamed = dict(_renamed(old, new))
    for name, parameter in old.parameters.items():
        twin = new.parameters.get(renamed.get(name, name))
        if twin is None:
            yield from _removed(old, new, parameter, make)
        else:
            yield from _parameter(old, new, parameter, twin, make)
    for name, parameter in new.parameters.items():
        if name not in old.parameters and name not in renamed.values():
            yield from _added(old, new, parameter, make)


def _renamed(old: inspect.Signature, new: inspect.Signature) -> Iterator[tuple[str, str]]:
    """Parameters at the same place, of the same kind, with another name that is nowhere else."""
    for was, now in zip(old.parameters.values(), new.parameters.values(), strict=False):
        alike = was.kind == now.kind is not Kinds.KEYWORD_ONLY
        if was.name != now.name and (alike or (was.kind in PLACED and now.kind in PLACED)):
            if now.name not in old.parameters and was.name not in new.parameters:
                yield was.name, now.name


def _removed(
    old: inspect.Signature, new: inspect.Signature, parameter: inspect.Parameter, make: _Maker
) -> Iterator[Change]:
    call = _failing(old, new, parameter)
    if call is None:
        yield make(
            "parameter-removed",
            f"({parameter.name})",
            "is gone, but is still taken",
            NEUTRAL,
            NEUTRAL,
        )
        return
    yield make(
        "parameter-removed", f"({parameter.name})", "is gone", BREAKING, BREAKING, call[1:], call[0]
    )


def _added(
    old: inspect.Signature, new: inspect.Signature, parameter: inspect.Parameter, make: _Maker
) -> Iterator[Change]:
    path = f"({parameter.name})"
    if _is_required(parameter):
        call = _failing(old, new, parameter)
        effect = BREAKING if call else NEUTRAL
        sides = (call[1], call[2]) if call else ("", "")
        yield make(
            "parameter-added-required",
            path,
            "is new and required",
            effect,
            effect,
            sides,
            call[0] if call else "",
        )
        return
    # A new parameter in the middle moves those after it: `parameter-moved` says so of them.
    sides = ("an override without it", f"called with {parameter.name}")
    yield make("parameter-added-optional", path, "is new", ADDITIVE, ADDITIVE, sides)


def _parameter(
    old: inspect.Signature,
    new: inspect.Signature,
    was: inspect.Parameter,
    now: inspect.Parameter,
    make: _Maker,
) -> Iterator[Change]:
    path = f"({was.name})"
    if was.name != now.name:
        call = _failing(old, new, was)
        if call is not None:
            yield make(
                "parameter-renamed",
                path,
                f"is now {now.name}",
                BREAKING,
                BREAKING,
                call[1:],
                call[0],
            )
        elif was.kind is Kinds.POSITIONAL_ONLY or was.kind in (
            Kinds.VAR_POSITIONAL,
            Kinds.VAR_KEYWORD,
        ):
            yield make(
                "parameter-renamed",
                path,
                f"is now {now.name}, which no call says",
                NEUTRAL,
                NEUTRAL,
            )
    elif was.kind != now.kind:
        call = _failing(old, new, was)
        effect = BREAKING if call else ADDITIVE
        what = f"{_kind(was)} became {_kind(now)}"
        yield make(
            "parameter-kind",
            path,
            what,
            effect,
            BREAKING,
            call[1:] if call else ("", ""),
            call[0] if call else "",
        )
    moved = _landing(old, new, was, now)
    if moved is not None:
        yield make(
            "parameter-moved", path, "stands elsewhere", BREAKING, BREAKING, moved[1:], moved[0]
        )
    yield from _default(old, new, was, now, make)
    yield from _type(was, now, make)


def _default(
    old: inspect.Signature,
    new: inspect.Signature,
    was: inspect.Parameter,
    now: inspect.Parameter,
    make: _Maker,
) -> Iterator[Change]:
    path = f"({was.name})"
    if _is_required(was) and not _is_required(now):
        yield make(
            "parameter-optional", path, f"may be left out: {now.default}", ADDITIVE, ADDITIVE
        )
    elif _is_required(now) and not _is_required(was):
        call = _failing(old, new, was)
        sides = call[1:] if call else ("", "")
        effect = BREAKING if call else NEUTRAL
        yield make(
            "parameter-required",
            path,
            f"had the default {was.default}",
            effect,
            NEUTRAL,
            sides,
            call[0] if call else "",
        )
    elif (
        was.default is not EMPTY
        and str(was.default) != str(now.default)
        and not _equal(was.default, now.default)
    ):
        sides = (f"{was.name}={was.default}", f"{now.name}={now.default}")
        yield make(
            "parameter-default",
            path,
            f"{was.default} became {now.default}",
            BREAKING,
            NEUTRAL,
            sides,
            f"{make.old.name}({_filled(old)})",
        )


def _equal(one: Any, other: Any) -> bool:
    """Whether two defaults are the same constant, differently spelled."""
    try:
        a, b = (ast.literal_eval(str(side)) for side in (one, other))
    except (ValueError, SyntaxError):
        return False
    return type(a) is type(b) and bool(a == b)


def _type(was: inspect.Parameter, now: inspect.Parameter, make: _Maker) -> Iterator[Change]:
    before, after = _said(was.annotation), _said(now.annotation)
    if before == after:
        return
    wider, narrower = _relation(before, after)
    path, what = f"({was.name})", f"{before or 'any type'} became {after or 'any type'}"
    if wider and not narrower:
        yield make("parameter-type-wider", path, what, ADDITIVE, ADDITIVE)
    elif narrower or wider:
        example = _example(before, after)
        yield make(
            "parameter-type",
            path,
            what,
            BREAKING,
            NEUTRAL,
            (f"understands {example}", f"promises {after}"),
            f"{make.old.name}({was.name}={example})",
        )


def _returns(old: inspect.Signature, new: inspect.Signature, make: _Maker) -> Iterator[Change]:
    before, after = (_said(s.return_annotation) for s in (old, new))
    if before == after:
        return
    wider, narrower = _relation(before, after)
    what = f"{before or 'any type'} became {after or 'any type'}"
    if narrower and not wider:
        yield make("return-type-narrower", " ->", what, NEUTRAL, NEUTRAL)
    elif before and (wider or narrower):
        yield make("return-type", " ->", what, NEUTRAL, BREAKING, (before, after))


def _said(annotation: Any) -> str:
    return "" if annotation is EMPTY else _plain(str(annotation))


def _plain(text: str) -> str:
    """An annotation without quotes and modules: `"typing.Sequence[int]"` is `Sequence[int]`."""
    try:
        node: ast.expr = ast.parse(text, mode="eval").body
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = ast.parse(node.value, mode="eval").body
    except SyntaxError:
        return text
    return " | ".join(sorted(_members(node)))


def _members(node: ast.expr) -> set[str]:
    """The members of a union, however it is spelled."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _members(node.left) | _members(node.right)
    if isinstance(node, ast.Subscript):
        name = ast.unparse(node.value).rpartition(".")[2]
        if name == "Optional":
            return _members(node.slice) | {"None"}
        if name == "Union":
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return {member for part in parts for member in _members(part)}
        return {
            f"{ {'List': 'list', 'Dict': 'dict', 'Tuple': 'tuple', 'Set': 'set', 'Type': 'type'}.get(name, name) }[{ast.unparse(node.slice)}]"
        }
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {_plain(node.value)}
    return {ast.unparse(node).rpartition(".")[2]}


WIDE = {"float": {"int"}, "complex": {"int", "float"}, "int": {"bool"}, "Sequence": {"list", "tuple", "str"}, "Iterable": {"list", "tuple", "str", "set", "dict", "frozenset", "Sequence", "Iterator", "Collection"}, "Mapping": {"dict"}, "Collection": {"list", "tuple", "set", "dict", "frozenset", "Sequence"}}  # fmt: skip


def _relation(old: str, new: str) -> tuple[bool, bool]:
    """(wider, narrower): whether the new type takes in more, whether less; both if neither holds."""
    if not old or not new or "Any" in (old, new) or "object" in (old, new):
        if not old or not new:
            return False, False  # a promise that was not made before, or is not made any more
        return new in ("Any", "object"), old in ("Any", "object") and old != new
    before, after = set(old.split(" | ")), set(new.split(" | "))
    gained = {m for m in after if not any(_fits(m, other) for other in before)}
    lost = {m for m in before if not any(_fits(m, other) for other in after)}
    return bool(gained), bool(lost)


def _fits(member: str, other: str) -> bool:
    """Whether every value of one type is one of the other."""
    if member == other or other in ("Any", "object"):
        return True
    (name, _, inner), (wide, _, outer) = member.partition("["), other.partition("[")
    return name in WIDE.get(wide, ()) and (
        inner == outer or not outer or inner.replace(", ...", "") == outer
    )


def _example(old: str, new: str) -> str:
    after = set(new.split(" | "))
    lost = [m for m in old.split(" | ") if not any(_fits(m, other) for other in after)]
    values = {
        "int": "1",
        "str": "'a'",
        "float": "1.5",
        "bool": "True",
        "None": "None",
        "bytes": "b'a'",
        "list": "[]",
        "dict": "{}",
    }
    return values.get((lost or [old])[0].partition("[")[0], f"<a {(lost or [old])[0]}>")


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.default is EMPTY and parameter.kind not in (
        Kinds.VAR_POSITIONAL,
        Kinds.VAR_KEYWORD,
    )


def _kind(parameter: inspect.Parameter) -> str:
    return str(parameter.kind.description)


# -- calls -----------------------------------------------------------------------------------------

Call = tuple[list[str], dict[str, str]]
MANY = 9
"""Beyond so many names, calls are tried with one surplus name at a time, not with two."""


def _calls(old: inspect.Signature, new: inspect.Signature) -> Iterator[Call]:
    """Calls by place and by name: every number of places, with what is needed and up to two more."""
    plain = [p for p in old.parameters.values() if p.kind in PLACED]
    names = [p.name for s in (old, new) for p in s.parameters.values() if p.kind not in STARRED]
    names = [*dict.fromkeys(names), "another"]
    most = max(len(plain), sum(p.kind in PLACED for p in new.parameters.values())) + 1
    for count in range(most + 1):
        places = [f"<{p.name}>" for p in plain[:count]]
        places += [f"<more{i}>" for i in range(count - len(places))]
        given = {p.name for p in plain[:count]}
        needed = [
            p.name
            for p in old.parameters.values()
            if _is_required(p) and p.name not in given and p.kind is not Kinds.POSITIONAL_ONLY
        ]
        others = [name for name in names if name not in needed]
        for size in range(3 if len(names) <= MANY else 2):
            for more in itertools.combinations(others, size):
                yield places, {name: f"<{name}>" for name in [*needed, *more]}


PLACED = (Kinds.POSITIONAL_ONLY, Kinds.POSITIONAL_OR_KEYWORD)
STARRED = (Kinds.VAR_POSITIONAL, Kinds.VAR_KEYWORD)


@functools.lru_cache(maxsize=256)
def _broken(old: inspect.Signature, new: inspect.Signature) -> tuple[_Broken, ...]:
    """The calls that bind to the old signature and not, or otherwise, to the new; shortest first."""
    found: list[_Broken] = []
    for places, names in _calls(old, new):
        try:
            before = _bind(old, places, names)
        except TypeError:
            continue
        text = f"({', '.join([*places, *(f'{k}={v}' for k, v in names.items())])})"
        about = {*re.findall(r"<(\w+)>", text)}
        try:
            after = _bind(new, places, names)
        except TypeError as why:
            said = {*re.findall(r"'(\w+)'", str(why))}
            found.append(
                _Broken(
                    text, _bound(before), f"TypeError: {why}", said or about, about, frozenset()
                )
            )
            continue
        landed = _landed(before, after)
        if landed:
            found.append(
                _Broken(text, _bound(before), f"binds: {_bound(after)}", set(landed), about, landed)
            )
    return tuple(sorted(found, key=lambda it: (len(it.call), it.call)))


def _bind(
    signature: inspect.Signature, places: list[str], names: dict[str, str]
) -> inspect.BoundArguments:
    """As a call binds. Before Python 3.13 `bind` refuses what `**kwargs` takes: f(a=1) of f(a=0, /, **kw)."""
    kinds = {name: p.kind for name, p in signature.parameters.items()}
    if Kinds.VAR_KEYWORD in kinds.values():
        names = {n + " " * (kinds.get(n) is Kinds.POSITIONAL_ONLY): v for n, v in names.items()}
    return signature.bind(*places, **names)


class _Broken(NamedTuple):
    call: str
    meant: str
    read: str
    blamed: set[str]
    """Parameters that the error is about."""
    about: set[str]
    """Parameters that the call gives."""
    landed: frozenset[str]


def _landed(before: inspect.BoundArguments, after: inspect.BoundArguments) -> frozenset[str]:
    """Parameters of both that no longer get the argument that they got."""
    both = [
        name
        for name, parameter in before.signature.parameters.items()
        if (twin := after.signature.parameters.get(name)) is not None
        and parameter.kind not in STARRED
        and twin.kind not in STARRED
    ]
    return frozenset(n for n in both if before.arguments.get(n) != after.arguments.get(n))


def _failing(
    old: inspect.Signature, new: inspect.Signature, parameter: inspect.Parameter
) -> tuple[str, str, str] | None:
    """The shortest call about a parameter that binds to the old signature and not to the new."""
    broken = [it for it in _broken(old, new) if not it.landed]
    blamed = [it for it in broken if parameter.name in it.blamed]
    about = [it for it in broken if parameter.name in it.about]
    for it in [*blamed, *about]:
        return it.call, f"binds: {it.meant}", it.read
    return None


def _landing(
    old: inspect.Signature, new: inspect.Signature, was: inspect.Parameter, now: inspect.Parameter
) -> tuple[str, str, str] | None:
    """The shortest call that binds to both, with the argument of one parameter landing in another."""
    for it in _broken(old, new):
        if it.landed & {was.name, now.name}:
            return it.call, f"binds: {it.meant}", it.read
    return None


def _bound(bound: inspect.BoundArguments) -> str:
    return ", ".join(f"{name} is {value}" for name, value in bound.arguments.items()) or "nothing"


def _filled(signature: inspect.Signature) -> str:
    needed = [p for p in signature.parameters.values() if _is_required(p)]
    return ", ".join(
        f"{p.name}=<{p.name}>" if p.kind is Kinds.KEYWORD_ONLY else f"<{p.name}>" for p in needed
    )
