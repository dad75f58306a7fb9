"""What a mutant may leave behind in memory: the values that its module holds and that can change.

Several mutants share a child, one after the other, as long as none of them leaves anything there:
what one left must never make the next one look noticed. What cannot be looked into counts as left.
"""

from __future__ import annotations

import re
import types
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta, tzinfo
from enum import Enum
from typing import Any

from monocyte.cell import App, Cell, Rule
from monocyte.contracts import Value

__all__ = ["Traces"]

CONTAINERS = (list, dict, set, bytearray, deque)
"""What can change, and shows by its repr whether it has."""

PLAIN = (bool, int, float, str, bytes)
CODE = (
    *(types.ModuleType, type, types.FunctionType, types.BuiltinFunctionType, types.MethodType),
    *(types.GenericAlias, types.UnionType, Cell, App, Rule),
)
SETTLED = (
    *(type(None), bool, int, float, complex, str, bytes, range, re.Pattern, Enum, Value),
    *(date, time, timedelta, tzinfo),
)
"""What cannot change."""


class Traces:
    """What can be seen of a module's values, at the time and again later."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names
        self.is_blind = not all(map(_is_known, self._values()))
        """Whether the module holds something that could change without being seen."""
        self._before = self._now()

    @property
    def is_clean(self) -> bool:
        """Whether everything is as it was in the beginning."""
        return not self.is_blind and self._now() == self._before

    def _now(self) -> tuple[object, ...]:
        # An equal id may be that of another object, made where the first one stood.
        bound = {n: it if isinstance(it, PLAIN) else id(it) for n, it in self._names.items()}
        return bound, *(repr(it) for it in self._values() if _can_change(it))

    def _values(self) -> Iterator[Any]:
        """The values of the module, the defaults of its functions, what its classes hold."""
        for name, value in list(self._names.items()):
            if name.startswith("__"):
                continue
            yield value
            if isinstance(value, types.FunctionType):
                yield from value.__defaults__ or ()
                yield from (value.__kwdefaults__ or {}).values()
            elif isinstance(value, type) and value.__module__ == self._names.get("__name__"):
                held = vars(value).values()
                yield from (it for it in held if isinstance(it, CONTAINERS))


def _is_known(value: Any) -> bool:
    """Whether it cannot change, or a change can be seen."""
    if isinstance(value, (tuple, frozenset)):
        return all(map(_is_known, value))
    if isinstance(value, dict):
        return all(map(_is_known, value.values()))
    if isinstance(value, (list, set, deque)):
        return all(map(_is_known, value))
    if isinstance(value, (*SETTLED, *CODE, bytearray)) or hasattr(value, "cache_clear"):
        return True
    return type(value).__module__ in ("typing", "__future__")


def _can_change(value: Any) -> bool:
    if isinstance(value, (tuple, frozenset)):
        return any(map(_can_change, value))
    return isinstance(value, CONTAINERS)
