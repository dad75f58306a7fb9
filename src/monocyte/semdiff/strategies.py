"""From types and their constraints to hypothesis strategies of recipes (`recipes.py`).

A table of types, asked from the most special to the most general; what has no annotation is
guessed from its use, its default, and in the end from a mixture. Each leaf draws from three
sources: the constants that were mined, small and special values, and what the type allows at
large. Leaves of one type also repeat each other within an example, and integers repeat sizes,
since much behaviour hangs on two inputs being equal, or one being an index of the other.

Runs in a locked worker, where annotations can be evaluated; hypothesis is imported there only.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import inspect
import pathlib
import random
import re
import string
import types
import typing
import uuid
from collections import abc
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument, NoSuchExample
from hypothesis.strategies import SearchStrategy

from monocyte.semdiff.mining import Mined
from monocyte.semdiff.recipes import Attributes, Code, Made, Many, Member, Pairs

__all__ = ["Strategies", "Unsupported"]

Strategy = SearchStrategy[Any]
EPOCH = dt.datetime(2026, 1, 5, 9)  # noqa: DTZ001 (naive, as most annotations are)
LETTERS = (
    string.printable
    + "äßéñİıſσςΩжДא中日😀👍²½٣"
    + "\u0301\u200b\u00a0\u2028\ufeff\x00\x85\U0010ffff"
)
"""What text is made of at large. All of Unicode takes a second to be drawn up in each process, and
what tells on programs is here: case that does not return, odd digits, spaces of all kinds."""
HALF_HOUR = dt.timedelta(minutes=30)


class Unsupported(Exception):
    """No values of this type can be made; the argument says of which."""


class Bounds(NamedTuple):
    """What constrains a value, whoever said it: msgspec Meta or annotated_types."""

    low: Any = None
    high: Any = None
    above: Any = None
    below: Any = None
    multiple: Any = None
    shortest: int = 0
    longest: int | None = None
    pattern: str | None = None
    aware: bool | None = None

    def allows(self, value: Any) -> bool:
        """Whether a value that was found elsewhere keeps to the bounds."""
        if isinstance(value, dt.datetime) and (value.tzinfo is not None) != bool(self.aware):
            return False
        if isinstance(value, str | bytes):
            longest = len(value) if self.longest is None else self.longest
            kept = self.pattern is None or re.search(self.pattern, str(value)) is not None
            return self.shortest <= len(value) <= longest and kept
        return (
            (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
            and (self.multiple is None or value % self.multiple == 0)
        )


NAMES = {
    "ge": "low",
    "le": "high",
    "gt": "above",
    "lt": "below",
    "multiple_of": "multiple",
    "min_length": "shortest",
    "max_length": "longest",
    "pattern": "pattern",
    "tz": "aware",
}


def bounds_of(metadata: tuple[Any, ...]) -> Bounds:
    """Read constraints by the names of their attributes, so that every library's count."""
    found: dict[str, Any] = {}
    for item in metadata:
        for name, ours in NAMES.items():
            value = getattr(item, name, None)
            if value is not None and not callable(value):
                found[ours] = value
    return Bounds(**found)


class Strategies:
    """Strategies for one search; `small` keeps numbers and sizes small, where large ones hang.

    `near` is what of `mined` stands in the definition and in what it calls: it is drawn more often.
    """

    def __init__(
        self,
        mined: Mined,
        *,
        near: Mined | None = None,
        small: bool = False,
        namespace: Any = None,
    ) -> None:
        self.mined = mined
        self.near = near or Mined()
        self.small = small
        self.namespace: dict[str, Any] = dict(namespace or {})
        self.pool: dict[Any, list[Any]] = {}
        self._made: dict[Any, Strategy] = {}
        self._open: list[Any] = []
        self._alphabet = self._letters()

    def begin(self) -> None:
        """Forget what the last example drew; call it first in each."""
        self.pool.clear()

    def of(self, annotation: Any, bounds: Bounds = Bounds()) -> Strategy:  # noqa: B008 (immutable)
        """Recipes for values of this type; raises Unsupported."""
        key = (_key(annotation), bounds)
        if key not in self._made:
            if key in self._open:  # a type that contains itself
                return st.deferred(lambda: self._made[key])
            self._open.append(key)
            try:
                self._made[key] = self._new(annotation, bounds)
            finally:
                self._open.remove(key)
        return self._made[key]

    def _new(self, annotation: Any, bounds: Bounds) -> Strategy:  # noqa: PLR0911 (a table)
        if isinstance(annotation, str | typing.ForwardRef):
            return self.of(self._evaluated(annotation), bounds)
        origin, args = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Annotated:
            return self.of(args[0], bounds_of(annotation.__metadata__))
        if origin in (typing.Union, types.UnionType):
            return st.one_of([self.of(arg, bounds) for arg in args])
        if origin is Literal:
            return st.sampled_from([self._constant(arg) for arg in args])
        if origin in (typing.ClassVar, typing.Final, typing.Required, typing.NotRequired):
            return self.of(args[0], bounds)
        if isinstance(annotation, typing.TypeVar):
            return self._of_variable(annotation, bounds)
        if hasattr(annotation, "__supertype__"):
            return self.of(annotation.__supertype__, bounds)
        if type(annotation).__name__ == "TypeAliasType":
            return self.of(annotation.__value__, bounds)
        if annotation in (Any, object, inspect.Parameter.empty):
            return self.anything()
        return self._of_class(origin or annotation, args, bounds)

    def _of_class(self, kind: Any, args: tuple[Any, ...], bounds: Bounds) -> Strategy:
        if kind in (None, type(None)):
            return st.none()
        if kind in LEAVES:
            return self._repeating(kind, bounds, LEAVES[kind](self, bounds))
        if kind in COLLECTIONS:
            return self._collection(COLLECTIONS[kind], args, bounds)
        if kind is tuple:
            return self._tuple(args, bounds)
        if kind in MAPPINGS:
            return self._mapping(MAPPINGS[kind], args, bounds)
        if kind in (abc.Callable, types.FunctionType):
            return self._function(args)
        if kind is type:
            classes = [it for it in args if isinstance(it, type)] or [int, str]
            return st.sampled_from([Member(it.__module__, it.__qualname__) for it in classes])
        if isinstance(kind, type):
            return self._of_own(kind, args)
        raise Unsupported(str(kind))

    def _of_own(self, kind: type, args: tuple[Any, ...]) -> Strategy:
        """A class of somebody's: by what it is, by its fields, or by its constructor."""
        name = (kind.__module__, kind.__qualname__)
        if issubclass(kind, enum.Enum):
            members = [Member(name[0], f"{name[1]}.{it.name}") for it in kind]
            return st.sampled_from(members)
        if typing.is_typeddict(kind):
            return self._typed_dict(kind)
        if issubclass(kind, abc.Mapping) and name[0].startswith("monocyte."):
            keys, values = (*args, Any, Any)[:2]
            pairs = self._mapping("dict", (keys, values), Bounds())
            return pairs.map(lambda made: Made(*name, (made,)))
        if inspect.isabstract(kind) or getattr(kind, "_is_protocol", False):
            return self._of_subclass(kind)
        return self._constructed(kind, name)

    def _of_subclass(self, kind: type) -> Strategy:
        found = [
            it
            for it in self.namespace.values()
            if isinstance(it, type) and kind in it.__mro__ and not inspect.isabstract(it)
        ]
        found = [it for it in found if it is not kind]
        if not found:
            raise Unsupported(f"{kind.__qualname__} is abstract")
        return st.one_of([self.of(it) for it in found])

    def _constructed(self, kind: type, name: tuple[str, str]) -> Strategy:
        if name[0] == "builtins":  # whatever has no row in the tables cannot be made of nothing
            raise Unsupported(f"no values of {kind.__qualname__} can be made")
        try:
            signature = inspect.signature(kind)
            hints = self._hints_of_class(kind)
        except (TypeError, ValueError):
            raise Unsupported(f"{kind.__qualname__} has no signature") from None
        named: dict[str, Strategy] = {}
        optional: dict[str, Strategy] = {}
        for parameter in signature.parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            if parameter.kind is parameter.POSITIONAL_ONLY:
                raise Unsupported(f"{kind.__qualname__} takes positional arguments only")
            made = self.parameter(parameter, hints.get(parameter.name, parameter.annotation))
            room = named if parameter.default is parameter.empty else optional
            room[parameter.name] = made
        fields = st.fixed_dictionaries(named, optional=optional)
        return fields.map(lambda found: Made(*name, (), tuple(found.items())))

    def _hints_of_class(self, kind: type) -> dict[str, Any]:
        has_fields = dataclasses.is_dataclass(kind) or hasattr(kind, "__struct_fields__")
        has_fields = has_fields or hasattr(kind, "_fields") or hasattr(kind, "__attrs_attrs__")
        return self.hints(kind if has_fields else kind.__init__)  # type: ignore[misc]

    def hints(self, thing: Any) -> dict[str, Any]:
        """Annotations as far as they can be evaluated: one that cannot does not hide the others."""
        try:
            return typing.get_type_hints(thing, localns=self.namespace, include_extras=True)
        except Exception:  # noqa: BLE001 (the edge: annotations are anybody's expressions)
            raw = getattr(thing, "__annotations__", {})
            found = {name: self._evaluated(text) for name, text in raw.items()}
            return {k: v for k, v in found.items() if v is not inspect.Parameter.empty}

    def _evaluated(self, annotation: Any) -> Any:
        text = getattr(annotation, "__forward_arg__", annotation)
        if not isinstance(text, str):
            return text
        try:
            return eval(text, {**vars(typing), **self.namespace})  # noqa: S307 (in a locked worker)
        except Exception:  # noqa: BLE001 (the edge: anybody's expression)
            return inspect.Parameter.empty

    def parameter(self, parameter: inspect.Parameter, annotation: Any) -> Strategy:
        """For one parameter: its annotation, or the type of its default; its default as well."""
        default = parameter.default
        if annotation is not parameter.empty:
            return self.of(annotation)
        if default is parameter.empty or default is None:
            return self.anything()
        try:
            return self.of(type(default))
        except Unsupported:
            return self.anything()

    # -- leaves --------------------------------------------------------------------------------

    def _repeating(self, kind: Any, bounds: Bounds, fresh: Strategy) -> Strategy:
        """Sometimes what another leaf of this type has drawn, or the size of a collection."""
        if kind in (bool, type(None)):
            return fresh
        pool = self.pool

        @st.composite
        def leaf(draw: Any) -> Any:
            known = pool.get(kind, ())
            if known and draw(st.integers(0, 2)) == 2:
                usable = [value for value in known if bounds.allows(value)]
                if usable:
                    return draw(st.sampled_from(usable))
            value = draw(fresh)
            pool.setdefault(kind, []).append(value)
            return value

        return leaf()

    def integers(self, bounds: Bounds) -> Strategy:
        """Within bounds: small ones first, then mined ones, then any."""
        step = bounds.multiple or 1
        low = _first(bounds.low, None if bounds.above is None else bounds.above + 1)
        high = _first(bounds.high, None if bounds.below is None else bounds.below - 1)
        wide = 1000 if self.small else 2**63
        lowest = low if low is not None else min(-wide, (high or 0) - wide)
        highest = high if high is not None else max(wide, (low or 0) + wide)
        if self.small:
            highest = min(highest, max(lowest, 0) + wide)
        near = min(max(0, lowest), highest)
        choices = [
            _stepped(near, min(near + 10, highest), step),
            _stepped(max(lowest, near - 100), min(near + 100, highest), step),
        ]
        mined = [it for it in self.mined.ints if bounds.allows(it) and lowest <= it <= highest]
        edges = [it for it in (low, high) if it is not None and bounds.allows(it)]
        choices += _sampled([*mined, *edges])
        choices += _sampled([it for it in self.near.ints if it in mined])
        choices.append(_stepped(lowest, highest, step))
        return st.one_of([it for it in choices if it is not None])

    def floats(self, bounds: Bounds) -> Strategy:
        """Within bounds: quarters and mined ones, then any."""
        unbounded = bounds[:4] == (None,) * 4
        whole = self.integers(bounds._replace(multiple=None)).map(float)
        quarters = st.integers(-40, 40).map(lambda it: it / 4).filter(bounds.allows)
        mined = [float(it) for it in (*self.mined.floats, *self.mined.ints) if abs(it) < 2**60]
        mined = [it for it in mined if bounds.allows(it)]
        low, high = _first(bounds.low, bounds.above), _first(bounds.high, bounds.below)
        large = st.floats(
            min_value=None if low is None else float(low),
            max_value=None if high is None else float(high),
            allow_nan=unbounded and not self.small,
            allow_infinity=unbounded and not self.small,
            exclude_min=bounds.low is None and bounds.above is not None,
            exclude_max=bounds.high is None and bounds.below is not None,
        )
        if bounds.multiple:
            return self.integers(bounds).map(float)
        some = [large] if not unbounded else [quarters, large]
        return st.one_of([whole.filter(bounds.allows), *_sampled(mined), *some])

    def strings(self, bounds: Bounds) -> Strategy:
        """Mined ones, text of mined letters, matches of mined patterns, any text."""
        longest = 8 if bounds.longest is None else bounds.longest
        longest = max(bounds.shortest, min(longest, bounds.shortest + 40))
        if bounds.pattern is not None:
            made = st.from_regex(bounds.pattern, alphabet=LETTERS).filter(bounds.allows)
            return st.one_of(*_sampled(_some(made)) * 3, made)
        mined = [it for it in self.mined.strings if bounds.allows(it)]
        letters = st.text(self._alphabet, min_size=bounds.shortest, max_size=longest)
        few = st.text("ab", min_size=bounds.shortest, max_size=longest)
        any_text = st.text(LETTERS, min_size=bounds.shortest, max_size=longest)
        near = [it for it in self.near.strings if bounds.allows(it)]
        choices = [few, letters, *_sampled(mined), *self._composed(bounds), any_text]
        choices += _sampled(near) * 2
        return st.one_of(choices)

    def _composed(self, bounds: Bounds) -> list[Strategy]:
        """Text that is put together: of mined pieces, of words, by mined patterns."""
        pieces = [it for it in self.mined.strings if 0 < len(it) < 12] + ["a", "b", "1", " "]
        joined = st.lists(st.sampled_from(pieces), max_size=6).map("".join)
        words = st.lists(st.text("abcXY10", min_size=1, max_size=6), max_size=6).map(" ".join)
        found: list[Strategy] = [joined.filter(bounds.allows), words.filter(bounds.allows)]
        for pattern in self.mined.patterns[:8]:
            try:
                made = st.from_regex(pattern, alphabet=LETTERS)
                made.validate()
            except (re.error, InvalidArgument):
                continue
            found.append(made.filter(bounds.allows))
        return found

    def _letters(self) -> str:
        mined = "".join(it for it in self.mined.strings[:40] if len(it) < 40)
        return "".join(dict.fromkeys("ab01 A" + mined))[:60]

    def bytestrings(self, bounds: Bounds) -> Strategy:
        """Bytes, mined and any."""
        longest = max(bounds.shortest, min(_first(bounds.longest, 12), bounds.shortest + 40))
        mined = [it for it in self.mined.bytes if bounds.allows(it)]
        few = st.lists(
            st.sampled_from(b"ab01 \n\x00\xff"), min_size=bounds.shortest, max_size=longest
        )
        any_bytes = st.binary(min_size=bounds.shortest, max_size=longest)
        return st.one_of([few.map(bytes), *_sampled(mined), any_bytes])

    def decimals(self, bounds: Bounds) -> Strategy:
        """Amounts with two places, mined ones among them."""
        mined = [*self.mined.decimals, *map(decimal.Decimal, self.mined.ints)]
        exact = [it for it in mined if abs(it) < 10**9]
        low, high = _first(bounds.low, bounds.above), _first(bounds.high, bounds.below)
        cents = st.integers(
            -10000 if low is None else int(low * 100), 100000 if high is None else int(high * 100)
        )
        amounts = cents.map(lambda it: decimal.Decimal(it) / 100).filter(bounds.allows)
        return st.one_of([amounts, *_sampled([it for it in exact if bounds.allows(it)])])

    def moments(self, bounds: Bounds) -> Strategy:
        """Moments that meet: half-hours of a few days, mined ones, and any."""
        near = st.integers(-20, 100).map(lambda steps: EPOCH + steps * HALF_HOUR)
        any_moment = st.datetimes(EPOCH.replace(year=1970), EPOCH.replace(year=2100))
        apart = [self._apart(near, bounds)] if self.mined.deltas else []
        naive = st.one_of([near, near, *apart, *_sampled(self.mined.dates), any_moment])
        utc = dt.timezone.utc  # noqa: UP017 (as hypothesis writes it)
        if bounds.aware:
            return naive.map(lambda it: it.replace(tzinfo=utc))
        return naive

    def _apart(self, near: Strategy, bounds: Bounds) -> Strategy:
        """A mined span after another moment of the example: where `end - start` is compared."""
        pool, deltas = self.pool, st.sampled_from(self.mined.deltas)

        @st.composite
        def moment(draw: Any) -> Any:
            known = [it for it in pool.get(dt.datetime, ()) if bounds.allows(it)]
            base = draw(st.sampled_from(known)) if known else draw(near)
            return base.replace(tzinfo=None) + draw(deltas)

        return moment()

    def spans(self, bounds: Bounds) -> Strategy:
        """Spans of time: mined ones, half-hours, seconds."""
        steps = st.integers(-4, 60).map(lambda it: it * HALF_HOUR)
        seconds = st.integers(-100, 10**6).map(lambda it: dt.timedelta(seconds=it))
        mined = _sampled([it for it in self.mined.deltas if bounds.allows(it)])
        return st.one_of([steps, *mined, seconds]).filter(bounds.allows)

    # -- composed ------------------------------------------------------------------------------

    def _collection(self, kind: str, args: tuple[Any, ...], bounds: Bounds) -> Strategy:
        item = args[0] if args else inspect.Parameter.empty
        return self._many(kind, self.of(item), bounds, is_sortable=item in (int, float, str))

    def _many(
        self, kind: str, item: Strategy, bounds: Bounds, *, is_sortable: bool = False
    ) -> Strategy:
        # A bound that is mined (`len(x) > 12`) wants collections of that size now and then.
        usual = bounds.shortest + (4 if self._depth() > 2 else 6)
        longest = usual if bounds.longest is None else min(usual + 4, bounds.longest)
        unique = render_key if kind in ("set", "frozenset") else None
        plain = st.lists(item, min_size=bounds.shortest, max_size=longest, unique_by=unique)
        choices = [plain]
        if is_sortable and unique is None:
            choices.append(plain.map(sorted))
        sizes = [it for it in self.mined.ints if longest < it <= 24]
        if sizes and bounds.longest is None and self._depth() < 2:
            most = max(sizes) + 1
            choices.append(st.lists(item, min_size=min(sizes), max_size=most, unique_by=unique))
        return st.one_of(choices).map(lambda items: self._sized(Many(kind, tuple(items))))

    def _depth(self) -> int:
        return len(self._open)

    def _sized(self, made: Many) -> Many:
        self.pool.setdefault(int, []).append(len(made.items))
        return made

    def _tuple(self, args: tuple[Any, ...], bounds: Bounds) -> Strategy:
        if not args:
            return self._many("tuple", self.anything(), bounds)
        if len(args) == 2 and args[1] is Ellipsis:
            return self._collection("tuple", args[:1], bounds)
        if args == ((),):
            return st.just(Many("tuple", ()))
        return st.tuples(*map(self.of, args)).map(lambda items: Many("tuple", items))

    def _mapping(self, kind: str, args: tuple[Any, ...], bounds: Bounds) -> Strategy:
        keys, values = args if len(args) == 2 else (str, (args or (Any,))[0])
        if kind == "collections.Counter":
            values = int
        key = self.of(keys)
        if keys is str and self.mined.keys:
            key = st.one_of(st.sampled_from(self.mined.keys), key)
        longest = _first(bounds.longest, bounds.shortest + 5)
        pairs = st.lists(
            st.tuples(key, self.of(values)),
            min_size=bounds.shortest,
            max_size=longest,
            unique_by=lambda pair: render_key(pair[0]),
        )
        return pairs.map(lambda items: Pairs(kind, tuple(items)))

    def _typed_dict(self, kind: Any) -> Strategy:
        hints = self.hints(kind)
        wanted = {key: self.of(hints[key]) for key in sorted(kind.__required_keys__)}
        other = {key: self.of(hints[key]) for key in sorted(kind.__optional_keys__)}
        fields = st.fixed_dictionaries(wanted, optional=other)
        return fields.map(lambda found: Pairs("dict", tuple(found.items())))

    def _function(self, args: tuple[Any, ...]) -> Strategy:
        result = args[1] if len(args) == 2 else Any
        first = ["lambda *args: args[0]"]
        if result is bool:
            first = ["lambda *args: True", "lambda *args: False", "lambda *args: bool(args[0])"]
        elif result is int:
            first += ["lambda *args: 0", "lambda *args: args[0] + 1", "lambda *args: -args[0]"]
        elif result is str:
            first += ["lambda *args: str(args[0])", "lambda *args: ''"]
        elif result is None or result is type(None):
            first = ["lambda *args: None"]
        else:
            first += ["lambda *args: args", "lambda *args: None", "lambda *args: len(args)"]
        return st.sampled_from([Code(text) for text in first])

    def _of_variable(self, variable: typing.TypeVar, bounds: Bounds) -> Strategy:
        if variable.__constraints__:
            return self.of(variable.__constraints__[0], bounds)
        return self.of(variable.__bound__ or int, bounds)

    def _constant(self, value: Any) -> Any:
        if isinstance(value, enum.Enum):
            return Member(type(value).__module__, f"{type(value).__qualname__}.{value.name}")
        return value

    # -- guesses -------------------------------------------------------------------------------

    def anything(self) -> Strategy:
        """Of no known type: scalars, and small collections of them."""
        scalars = [self.of(kind) for kind in (int, str, float, bool)]
        scalar = st.one_of([*scalars, st.none()])
        lists = [self._many(kind, scalar, Bounds()) for kind in ("list", "tuple")]
        pairs = self._mapping("dict", (str, int), Bounds())
        return st.one_of([scalar, self.of(list[int]), self.of(list[str]), *lists, pairs])

    def guess(self, kind: str) -> Strategy:
        """For a use that `mining.uses_of` has told, and the names in GUESSES."""
        return self.of(GUESSES[kind])

    def attributes(self, names: dict[str, Strategy]) -> Strategy:
        """An object that has these attributes, and nothing else."""
        fields = st.fixed_dictionaries(names)
        return fields.map(lambda found: Attributes(tuple(found.items())))


GUESSES: dict[str, Any] = {
    "int": int,
    "str": str,
    "float": float,
    "bool": bool,
    "bytes": bytes,
    "list": list[int],
    "list of str": list[str],
    "list of list": list[list[int]],
    "list of pairs": list[tuple[int, int]],
    "nested": list[int | list[int | list[int]]],
    "tuple": tuple[int, ...],
    "set": set[int],
    "dict": dict[str, int],
    "dict of int": dict[int, int],
    "dict of pairs": dict[tuple[int, int], int],
    "callable": abc.Callable[..., Any],
    "NoneType": type(None),
}

LEAVES: dict[Any, Callable[[Strategies, Bounds], Strategy]] = {
    bool: lambda *_: st.booleans(),
    int: Strategies.integers,
    float: Strategies.floats,
    str: Strategies.strings,
    bytes: Strategies.bytestrings,
    bytearray: lambda it, b: it.bytestrings(b).map(lambda v: Many("bytearray", tuple(v))),
    complex: lambda it, b: st.tuples(it.floats(b), it.floats(b)).map(lambda v: complex(*v)),
    decimal.Decimal: Strategies.decimals,
    fractions.Fraction: lambda *_: st.fractions(-100, 100, max_denominator=12),
    dt.datetime: Strategies.moments,
    dt.date: lambda it, b: it.moments(b).map(lambda v: v.date()),
    dt.time: lambda it, b: it.moments(b).map(lambda v: v.time()),
    dt.timedelta: Strategies.spans,
    uuid.UUID: lambda *_: st.integers(0, 5).map(lambda it: uuid.UUID(int=it)),
    pathlib.Path: lambda it, b: it.strings(b).filter(_is_path).map(pathlib.PurePosixPath),
    pathlib.PurePath: lambda it, b: it.strings(b).filter(_is_path).map(pathlib.PurePosixPath),
    slice: lambda *_: st.slices(6),
    range: lambda *_: st.integers(0, 8).map(range),
}

COLLECTIONS: dict[Any, str] = {
    **dict.fromkeys(
        (list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable), "list"
    ),
    **dict.fromkeys((set, abc.MutableSet, abc.Set), "set"),
    frozenset: "frozenset",
    collections.deque: "collections.deque",
    **dict.fromkeys((abc.Iterator, abc.Generator), "iter"),
}

MAPPINGS: dict[Any, str] = {
    **dict.fromkeys((dict, abc.Mapping, abc.MutableMapping, collections.defaultdict), "dict"),
    collections.OrderedDict: "collections.OrderedDict",
    collections.Counter: "collections.Counter",
}


def render_key(recipe: Any) -> Any:
    """What makes two recipes one key of a set or a mapping: 1, 1.0 and True are one."""
    try:
        hash(recipe)
    except TypeError:
        return repr(recipe)
    return recipe


FEW = 12
"""Matches of a pattern that are drawn at once: each takes a millisecond, and most will do."""


def _some(strategy: Strategy) -> list[Any]:
    """A few values of a strategy, the same ones each time."""
    seen: dict[Any, None] = {}

    def is_enough(value: Any) -> bool:
        seen[value] = None
        return len(seen) >= FEW

    chosen = settings(
        max_examples=4 * FEW,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    with contextlib.suppress(NoSuchExample):
        find(strategy, is_enough, settings=chosen, random=random.Random(0))  # noqa: S311 (the same)
    return list(seen)


def _is_path(text: str) -> bool:
    return "\0" not in text


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _sampled(values: list[Any]) -> list[Strategy]:
    return [st.sampled_from(values)] if values else []


def _stepped(low: int, high: int, step: int) -> Strategy | None:
    """Multiples of `step` in the range, if it has any."""
    first, last = -(-low // step), high // step
    return st.integers(first, last).map(lambda it: it * step) if first <= last else None


def _key(annotation: Any) -> Any:
    """Types that are equal but not alike (`Literal[0]`, `Literal[False]`) are told apart."""
    try:
        hash(annotation)
    except TypeError:
        return repr(annotation)
    return (annotation, repr(annotation))
