"""What a request may contain, as tables: a field that is not in them is refused.

A provider adds features faster than anybody can price them, and most of them are switched on by a
field. So each wire lists what is known to cost nothing but tokens; the rest is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from monocyte.genops.metering.wires.interface import CHOICES, Body, Refusal

__all__ = ["FREE", "Field", "admit", "cap", "choices", "kinds", "never", "objects", "only"]


class Field(NamedTuple):
    """Which values pass (all, if there are none), or why none does."""

    values: tuple[Any, ...] = ()
    why: str = ""


FREE: Final = Field()
"""Costs nothing but the tokens that are counted anyway."""


def only(*values: Any) -> Field:
    """Passes with these values."""
    return Field(values, "other values are billed otherwise")


def never(why: str) -> Field:
    """Does not pass."""
    return Field((), why)


def admit(body: Body, fields: Mapping[str, Field]) -> Body:
    """A copy of the request without empty fields.

    Raises:
        Refusal: it has a field, or a value, that nobody has priced.
    """
    kept = {name: value for name, value in body.items() if value is not None}
    for name, value in kept.items():
        _check(name, value, fields.get(name))
    return kept


def _check(name: str, value: Any, field: Field | None) -> None:
    if field is None:
        raise Refusal(f"nobody here knows what the field {name[:64]!r} costs")
    if field.why and not any(type(value) is type(one) and value == one for one in field.values):
        raise Refusal(f"the field {name!r} is not let through so: {field.why}")


def cap(body: Body, names: tuple[str, ...], default: str, most: int) -> int:
    """The cap of the output, which is written into the request where it is missing or higher.

    Raises:
        Refusal: what is there is no number of tokens.
    """
    given = [name for name in names if name in body]
    for name in given or [default]:
        body[name] = min(_whole(name, body.get(name, most)), most)
    return int(max(body[name] for name in given or [default]))


def choices(body: Body) -> int:
    """How many answers the request asks for.

    Raises:
        Refusal: more than anybody needs, or no number.
    """
    number = _whole("n", body.get("n", 1))
    if number > CHOICES:
        raise Refusal(f"{number} choices; at most {CHOICES} are let through")
    return number


def _whole(name: str, value: Any) -> int:
    if type(value) is not int or value < 1:
        raise Refusal(f"{name!r} must be a whole number from 1")
    return value


def objects(where: str, value: Any) -> list[Body]:
    """A list of objects.

    Raises:
        Refusal: it is something else.
    """
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Refusal(f"{where!r} must be a list of objects")
    return value


def kinds(where: str, value: Any, known: Iterable[str], default: str = "") -> list[Body]:
    """A list of objects, each of a known `type`.

    Raises:
        Refusal: one is of a type that nobody has priced.
    """
    for one in (found := objects(where, value)):
        kind = one.get("type", default)
        if kind not in known:
            raise Refusal(
                f"{where!r} has something of type {str(kind)[:64]!r}, which is not priced"
            )
    return found
