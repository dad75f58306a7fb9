"""Signatures, exports, classes, exceptions, old against new: what users feel. Pure.

A break of a call is shown by a call: one that binds to the old signature and not to the new, tried
with `inspect.Signature.bind`, or one whose arguments land in other parameters. The sender is who
calls, imports and reads; the receiver is who is called: results, exceptions, overriders.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from monocyte.semdiff.bindings import Program, Shared, bound_by, differing
from monocyte.semdiff.contract.calls import (
    PLACED,
    broken_calls,
    failing,
    filled,
    is_required,
    landing,
)
from monocyte.semdiff.contract.changes import Change, Effect, Evidence
from monocyte.semdiff.contract.promises import example, relation, said
from monocyte.semdiff.contract.surface import Offer, heirs, surface_of
from monocyte.semdiff.contract.trials import trials_of

__all__ = ["compare_surfaces"]

Kinds = inspect.Parameter
EMPTY = inspect.Parameter.empty
NEUTRAL, ADDITIVE, BREAKING = Effect.NEUTRAL, Effect.ADDITIVE, Effect.BREAKING


def compare_surfaces(
    old: Mapping[str, str], new: Mapping[str, str], shared: Shared | None = None
) -> tuple[Change, ...]:
    """What has changed in what a program offers (file -> source): only what changed is read."""
    shared = {} if shared is None else shared
    changed = {file for file in {*old, *new} if old.get(file) != new.get(file)}
    named = _names_changed(Program(old, changed, shared), Program(new, changed, shared))
    names = {name for some in named.values() for name in some}
    before, after = (surface_of(side, _wanted(side, named, names), shared) for side in (old, new))
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


def _names_changed(old: Program, new: Program) -> dict[str, set[str]]:
    """File -> names whose top-level statements are not on both sides what they were."""
    found: dict[str, set[str]] = {}
    for name in {*old.modules, *new.modules}:
        sides = old.modules.get(name), new.modules.get(name)
        if sides[0] and sides[1]:
            some = differing(sides[0], sides[1])
            pairs = zip((sides[0], sides[1]), some, strict=True)
            mine = {it for module, numbers in pairs for it in bound_by(module, numbers)}
        else:
            mine = {it for module in sides if module for it in module.names} | {"__all__"}
        for module in sides:
            if module and mine:
                found[module.file] = mine
    return found


def _wanted(
    side: Mapping[str, str],
    named: Mapping[str, set[str]],
    names: Collection[str],
) -> dict[str, frozenset[str] | None]:
    """File -> the names whose offers are compared; None for all, where `__all__` itself differs."""
    found: dict[str, set[str]] = {file: set(it) for file, it in named.items() if file in side}
    for file, classes in heirs(side, names).items():
        found.setdefault(file, set()).update(classes)
    return {file: None if "__all__" in it else frozenset(it) for file, it in found.items()}


def _gone(offer: Offer) -> Change:
    if offer.kind == "exports":
        what, sides = "__all__ is gone", (ADDITIVE, NEUTRAL)
        return Change(offer.name, "", "export-added", what, *sides, old=offer.place)
    seen = Evidence(offer.name, "old", f"a {offer.kind}", _missing(offer), "code")
    return Change(
        subject=offer.name,
        path="",
        rule="object-removed",
        what=f"{offer.kind} is gone",
        sender=BREAKING,
        receiver=BREAKING,
        to_sender=seen,
        to_receiver=seen,
        old=offer.place,
        module=offer.module,
        trials=trials_of("object-removed", "", offer, None, ""),
    )


def _missing(offer: Offer) -> str:
    owner, _, name = offer.name.rpartition(".")
    return f"AttributeError: {owner!r} has no attribute {name!r}"


def _come(offer: Offer) -> Iterator[Change]:
    if offer.kind == "exports":
        return
    is_abstract = "abstract" in offer.marks
    rule = "abstract-added" if is_abstract else "object-added"
    seen = Evidence(
        offer.name, "old", "subclasses without it can be made", "TypeError: abstract method", "code"
    )
    yield Change(
        subject=offer.name,
        path="",
        rule=rule,
        what=f"{offer.kind} is new",
        sender=ADDITIVE,
        receiver=BREAKING if is_abstract else NEUTRAL,
        to_receiver=seen if is_abstract else None,
        new=offer.place,
        module=offer.module,
        trials=trials_of(rule, "", None, offer, ""),
    )


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
        shown: tuple[str, ...] = (),
        *,
        about: str = "",
    ) -> Change:
        """`shown`: what the old version makes of it, what the new one does, and the call."""
        was, now, call = (*shown, "", "", "")[:3]
        said, wire = (call, "call") if call else (self.old.name + path, "code")
        seen = Evidence(said, "old", was, now, wire) if was or now else None
        return Change(
            subject=self.old.name,
            path=path,
            rule=rule,
            what=what,
            sender=sender,
            receiver=receiver,
            to_sender=seen if sender is BREAKING else None,
            to_receiver=seen if receiver is BREAKING else None,
            old=self.old.place,
            new=self.new.place,
            about=about,
            module=self.old.module,
            trials=trials_of(rule, path, self.old, self.new, call, about),
        )


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
            about=name,
        )
    for name in sorted(after - before - {""}):
        yield make("export-added", "", f"{name} is exported", ADDITIVE, NEUTRAL, about=name)


def _values(old: Offer, new: Offer, make: _Maker) -> Iterator[Change]:
    if old.annotation != new.annotation:
        wider, narrower = relation(old.annotation, new.annotation)
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
            about=name,
        )
    for name in sorted(old.raises - new.raises):
        what = f"no longer raises {name}"
        yield make("exception-removed", "", what, NEUTRAL, ADDITIVE, about=name)
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
            what = f"no longer a {base}"
            yield make("base-removed", "", what, BREAKING, BREAKING, sides, about=_bare(base))
    for base in new.bases:
        if base not in old.bases:
            yield make("base-added", "", f"is a {base}", ADDITIVE, NEUTRAL, about=_bare(base))


def _bare(base: str) -> str:
    """A class by its own name: `collections.abc.Mapping[str, int]` is `Mapping`."""
    return base.partition("[")[0].rpartition(".")[2]


# -- signatures ------------------------------------------------------------------------------------


def _signatures(
    old: inspect.Signature, new: inspect.Signature, make: _Maker, *, bound: bool
) -> Iterator[Change]:
    before, after = (_without_self(s) if bound else s for s in (old, new))
    found = list(_parameters(before, after, make))
    yield from found
    broken = broken_calls(before, after)
    if broken and not any(
        change.sender is BREAKING and change.rule != "parameter-type" for change in found
    ):
        first = broken[0]
        what = "calls are taken differently"
        shown = (f"binds: {first.meant}", first.read, first.call)
        yield make("parameter-kind", "(…)", what, BREAKING, BREAKING, shown)
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
        placed = alike or (was.kind in PLACED and now.kind in PLACED)
        unknown = now.name not in old.parameters and was.name not in new.parameters
        if was.name != now.name and placed and unknown:
            yield was.name, now.name


def _removed(
    old: inspect.Signature, new: inspect.Signature, parameter: inspect.Parameter, make: _Maker
) -> Iterator[Change]:
    call = failing(old, new, parameter)
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
        "parameter-removed", f"({parameter.name})", "is gone", BREAKING, BREAKING, _seen(call)
    )


def _added(
    old: inspect.Signature, new: inspect.Signature, parameter: inspect.Parameter, make: _Maker
) -> Iterator[Change]:
    path = f"({parameter.name})"
    if is_required(parameter):
        call = failing(old, new, parameter)
        effect = BREAKING if call else NEUTRAL
        yield make(
            "parameter-added-required",
            path,
            "is new and required",
            effect,
            effect,
            _seen(call),
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
        call = failing(old, new, was)
        if call is not None:
            yield make(
                "parameter-renamed",
                path,
                f"is now {now.name}",
                BREAKING,
                BREAKING,
                _seen(call),
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
        call = failing(old, new, was)
        effect = BREAKING if call else ADDITIVE
        what = f"{_kind(was)} became {_kind(now)}"
        yield make(
            "parameter-kind",
            path,
            what,
            effect,
            BREAKING,
            _seen(call),
        )
    moved = landing(old, new, was, now)
    if moved is not None:
        yield make("parameter-moved", path, "stands elsewhere", BREAKING, BREAKING, _seen(moved))
    yield from _default(old, new, was, now, make)
    yield from _type(old, was, now, make)


def _default(
    old: inspect.Signature,
    new: inspect.Signature,
    was: inspect.Parameter,
    now: inspect.Parameter,
    make: _Maker,
) -> Iterator[Change]:
    path = f"({was.name})"
    if is_required(was) and not is_required(now):
        yield make(
            "parameter-optional", path, f"may be left out: {now.default}", ADDITIVE, ADDITIVE
        )
    elif is_required(now) and not is_required(was):
        call = failing(old, new, was)
        effect = BREAKING if call else NEUTRAL
        yield make(
            "parameter-required",
            path,
            f"had the default {was.default}",
            effect,
            NEUTRAL,
            _seen(call),
        )
    elif (
        was.default is not EMPTY
        and str(was.default) != str(now.default)
        and not _equal(was.default, now.default)
    ):
        sides = (f"{was.name}={was.default}", f"{now.name}={now.default}", f"({filled(old)})")
        yield make(
            "parameter-default",
            path,
            f"{was.default} became {now.default}",
            BREAKING,
            NEUTRAL,
            sides,
        )


def _equal(one: Any, other: Any) -> bool:
    """Whether two defaults are the same constant, differently spelled."""
    try:
        a, b = (ast.literal_eval(str(side)) for side in (one, other))
    except (ValueError, SyntaxError):
        return False
    return type(a) is type(b) and bool(a == b)


def _type(
    old: inspect.Signature, was: inspect.Parameter, now: inspect.Parameter, make: _Maker
) -> Iterator[Change]:
    before, after = said(was.annotation), said(now.annotation)
    if before == after:
        return
    wider, narrower = relation(before, after)
    path, what = f"({was.name})", f"{before or 'any type'} became {after or 'any type'}"
    if wider and not narrower:
        value = example(after, before)
        shown = ("", f"understands {value}", f"({_with(old, was, value)})")
        yield make("parameter-type-wider", path, what, ADDITIVE, ADDITIVE, shown)
    elif narrower or wider:
        value = example(before, after)
        yield make(
            "parameter-type",
            path,
            what,
            BREAKING,
            NEUTRAL,
            (f"understands {value}", f"promises {after}", f"({_with(old, was, value)})"),
        )


def _returns(old: inspect.Signature, new: inspect.Signature, make: _Maker) -> Iterator[Change]:
    before, after = (said(s.return_annotation) for s in (old, new))
    if before == after:
        return
    wider, narrower = relation(before, after)
    what = f"{before or 'any type'} became {after or 'any type'}"
    if narrower and not wider:
        yield make("return-type-narrower", " ->", what, NEUTRAL, NEUTRAL)
    elif before and (wider or narrower):
        yield make("return-type", " ->", what, NEUTRAL, BREAKING, (before, after))


def _with(signature: inspect.Signature, parameter: inspect.Parameter, value: str) -> str:
    """The arguments that a call needs, one of them given that value."""
    given = filled(signature)
    marked = f"<{parameter.name}>"
    if marked in given:
        return given.replace(marked, value)
    return ", ".join(filter(None, [given, f"{parameter.name}={value}"]))


def _seen(call: tuple[str, str, str] | None) -> tuple[str, ...]:
    """What each side makes of a call, and the call."""
    return (call[1], call[2], call[0]) if call else ()


def _kind(parameter: inspect.Parameter) -> str:
    return str(parameter.kind.description)
