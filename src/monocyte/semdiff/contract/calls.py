"""Calls that tell two signatures apart, found by binding every small call to both. Pure."""

from __future__ import annotations

import functools
import inspect
import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["PLACED", "STARRED", "broken_calls", "failing", "filled", "is_required", "landing"]

Kinds = inspect.Parameter
EMPTY = inspect.Parameter.empty


def is_required(parameter: inspect.Parameter) -> bool:
    """Whether a call must give it."""
    return parameter.default is EMPTY and parameter.kind not in (
        Kinds.VAR_POSITIONAL,
        Kinds.VAR_KEYWORD,
    )


Call = tuple[list[str], dict[str, str]]
MANY = 9
"""Beyond so many names, calls are tried with one surplus name at a time, not with two."""


def _calls(old: inspect.Signature, new: inspect.Signature) -> Iterator[Call]:
    """Calls by place and by name: every number of places, what is needed, up to two more."""
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
            if is_required(p) and p.name not in given and p.kind is not Kinds.POSITIONAL_ONLY
        ]
        others = [name for name in names if name not in needed]
        for size in range(3 if len(names) <= MANY else 2):
            for more in itertools.combinations(others, size):
                yield places, {name: f"<{name}>" for name in [*needed, *more]}


PLACED = (Kinds.POSITIONAL_ONLY, Kinds.POSITIONAL_OR_KEYWORD)
STARRED = (Kinds.VAR_POSITIONAL, Kinds.VAR_KEYWORD)


@functools.lru_cache(maxsize=256)
def broken_calls(old: inspect.Signature, new: inspect.Signature) -> tuple[_Broken, ...]:
    """The calls that bind to the old signature and not, or elsewhere, to the new, in order."""
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
    """As a call binds: before 3.13 `bind` refuses f(a=1) of f(a=0, /, **kwargs).

    From 3.13 on it takes f(b=1) of f(a=0, b=0, /), which no call does.
    """
    kinds = {name: p.kind for name, p in signature.parameters.items()}
    if Kinds.VAR_KEYWORD in kinds.values():
        names = {n + " " * (kinds.get(n) is Kinds.POSITIONAL_ONLY): v for n, v in names.items()}
    bound = signature.bind(*places, **names)
    for name in names:
        if kinds.get(name) is Kinds.POSITIONAL_ONLY:
            raise TypeError(f"{name!r} parameter is positional only, but was passed as a keyword")
    return bound


class _Broken(NamedTuple):
    """A call that breaks, and what it is about."""

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


def failing(
    old: inspect.Signature, new: inspect.Signature, parameter: inspect.Parameter
) -> tuple[str, str, str] | None:
    """The shortest call about a parameter that binds to the old signature and not to the new."""
    broken = [it for it in broken_calls(old, new) if not it.landed]
    blamed = [it for it in broken if parameter.name in it.blamed]
    about = [it for it in broken if parameter.name in it.about]
    for it in [*blamed, *about]:
        return it.call, f"binds: {it.meant}", it.read
    return None


def landing(
    old: inspect.Signature, new: inspect.Signature, was: inspect.Parameter, now: inspect.Parameter
) -> tuple[str, str, str] | None:
    """The shortest call that binds to both, an argument of one parameter landing in another."""
    for it in broken_calls(old, new):
        if it.landed & {was.name, now.name}:
            return it.call, f"binds: {it.meant}", it.read
    return None


def _bound(bound: inspect.BoundArguments) -> str:
    return ", ".join(f"{name} is {value}" for name, value in bound.arguments.items()) or "nothing"


def filled(signature: inspect.Signature) -> str:
    """The arguments that a call needs."""
    needed = [p for p in signature.parameters.values() if is_required(p)]
    return ", ".join(
        f"{p.name}=<{p.name}>" if p.kind is Kinds.KEYWORD_ONLY else f"<{p.name}>" for p in needed
    )
