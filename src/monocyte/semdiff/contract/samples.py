"""Values that fit a type and sit where types differ: boundaries, members, omissions, one at a time.

Runs in a locked worker. What is made here is only a proposal: every sample has been accepted by the
version under which it is said, before the other version sees it.
"""

from __future__ import annotations

import base64
import itertools
import random
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from monocyte.contracts.annotations import unalias, union_members
from monocyte.semdiff.contract.shapes import Shape, fields_of, shape_of

__all__ = ["Hints", "hints_of", "matching", "samples"]

EXTRA = "surplus_field_of_nobody"
MOST = 400


class Hints(msgspec.Struct, frozen=True):
    """What either version's types mention: numbers, lengths, patterns, texts."""

    numbers: tuple[float, ...] = ()
    lengths: tuple[int, ...] = ()
    patterns: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()


def hints_of(*shapes: Shape) -> Hints:
    """Mine the shapes of both versions."""
    found: dict[str, list[Any]] = {"numbers": [], "lengths": [], "patterns": [], "values": []}
    for shape in shapes:
        _mine(shape, found)
    return Hints(
        *(
            tuple(dict.fromkeys(found[name]))
            for name in ("numbers", "lengths", "patterns", "values")
        )
    )


def _mine(shape: Any, found: dict[str, list[Any]]) -> None:  # noqa: C901 (one for each kind)
    if isinstance(shape, list):
        for part in shape:
            _mine(part, found)
        return
    if not isinstance(shape, dict):
        return
    for name, limit in shape.get("limits", {}).items():
        key = "patterns" if name == "pattern" else "lengths" if "length" in name else "numbers"
        if name != "tz":
            found[key].append(limit)
    if shape.get("kind") == "row":
        found["lengths"].append(len(shape["items"]))
    found["values"] += shape.get("values", [])
    for said in shape.get("mentions", []):
        found["values" if isinstance(said, str) else "numbers"].append(said)
    members = shape.get("members")
    if isinstance(members, dict):
        found["values"] += [value for value in members.values() if isinstance(value, str | int)]
    if isinstance(shape.get("default"), bool | int | float | str):
        found["values"].append(shape["default"])
    for part in shape.values():
        if isinstance(part, dict | list):
            _mine(part, found)


Fits = Callable[[Any, Any], bool]
"""Whether a type accepts a value, written as JSON."""


def samples(annotation: Any, hints: Hints, fits: Fits, depth: int = 0) -> list[Any]:
    """Plain values that the type accepts, the simplest first."""
    found: list[Any] = []
    seen: set[str] = set()
    for value in itertools.islice(_proposed(annotation, hints, fits, depth), 4 * MOST):
        key = repr(value)
        if key not in seen and len(found) < MOST:
            seen.add(key)
            if fits(annotation, value):
                found.append(value)
    return found


def _proposed(annotation: Any, hints: Hints, fits: Fits, depth: int) -> Iterator[Any]:
    annotation = unalias(annotation)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _proposed(args[0], hints, fits, depth)
    elif members := union_members(annotation):
        for member in members:
            yield from samples(member, hints, fits, depth)
    elif origin is Literal:
        yield from args
    elif fields_of(annotation) or getattr(annotation, "__struct_fields__", None) is not None:
        if depth < 5:
            yield from _records(annotation, hints, fits, depth + 1)
    elif args or annotation in (list, tuple, set, frozenset, dict):
        if depth < 6:
            yield from _containers(annotation, args, hints, fits, depth + 1)
    else:
        yield from _scalars(shape_of(annotation), hints)


def _scalars(shape: Shape, hints: Hints) -> Iterator[Any]:
    kind = shape["kind"]
    if kind == "enum":
        yield from shape["members"].values()
    elif kind == "any":
        yield from (None, True, 1, -1, 1.5, "a", "", [], [1], {}, {"a": 1})
        yield from hints.values
    else:
        yield from {"int": _ints, "float": _floats, "str": _texts, "bytes": _bytes}.get(
            kind, _fixed
        )(hints)
        yield from FIXED.get(kind, ())


FIXED: dict[str, tuple[Any, ...]] = {
    "bool": (True, False),
    "none": (None,),
    "decimal": ("1.5", "0", "-1.5", "1E+3", "100000000000000000000.5", 2),
    "datetime": ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00", "2020-06-01T12:30:00.123456+02:00"),
    "date": ("2020-02-29", "1999-12-31"),
    "time": ("12:30:00", "00:00:00.5", "12:30:00Z"),
    "timedelta": ("PT1.5S", "P1D", "-PT1S", "PT0S"),
    "uuid": ("12345678-1234-5678-1234-567812345678",),
}


def _fixed(_hints: Hints) -> Iterator[Any]:
    yield from ()


def _ints(hints: Hints) -> Iterator[int]:
    yield from (1, 0, 2, -1, 7, 100, -100)
    for number in hints.numbers:
        base = int(number)
        yield from (base, base + 1, base - 1, base * 2, base * 3)
    yield from (v for v in hints.values if isinstance(v, int) and not isinstance(v, bool))
    yield from (1 << 31, (1 << 53) + 1, (1 << 63) - 1, -(1 << 63), (1 << 64) - 1)


def _floats(hints: Hints) -> Iterator[float]:
    yield from (1.5, 0.0, -1.5, 1.0, 0.1, 1e300, 3)
    for number in hints.numbers:
        yield from (
            number,
            number + 0.5,
            number - 0.5,
            number * 1.0 + 1,
            number - 1.0,
            number * 2.0,
        )
    yield from (v for v in hints.values if isinstance(v, int | float) and not isinstance(v, bool))


def _texts(hints: Hints) -> Iterator[str]:
    yield from ("a", "", "ab", "A1", " a ", "é ß", "1", "hello world", "a@b.c")
    for length in hints.lengths:
        yield from ("a" * n for n in (length, length + 1, max(length - 1, 0)) if n < 5000)
    for pattern in hints.patterns:
        yield from matching(pattern)
    yield from (v for v in hints.values if isinstance(v, str))
    yield from (
        "2020-01-01T00:00:00Z",
        "2020-01-01",
        "1.5",
        "P1D",
        "12345678-1234-5678-1234-567812345678",
        "aGk=",
        "true",
        "null",
    )
    for pattern, length in itertools.product(hints.patterns, hints.lengths):
        for text in itertools.islice(matching(pattern), 6):
            yield (text * (length + 1))[:length] if text else ""


def _bytes(hints: Hints) -> Iterator[str]:
    lengths = {0, 1, 2, 5, *(n + d for n in hints.lengths for d in (-1, 0, 1))}
    yield from (base64.b64encode(b"x" * n).decode() for n in sorted(lengths) if 0 <= n < 5000)


def _containers(annotation: Any, args: Any, hints: Hints, fits: Fits, depth: int) -> Iterator[Any]:
    named = get_origin(annotation) or annotation
    if named is tuple and args and args[-1] is not Ellipsis:
        rows = [samples(arg, hints, fits, depth) for arg in args]
        if all(rows):
            yield from _one_at_a_time([row[0] for row in rows], rows)
        return
    if named in (list, tuple, set, frozenset):
        items = samples(args[0], hints, fits, depth) if args else [1, "a"]
        yield from ([item] for item in items[:60])
        yield []
        yield items[:2]
        if named in (list, tuple):  # a set says nothing twice
            yield items[:1] * 2
        for length in {n + d for n in hints.lengths for d in (-1, 0, 1)}:
            if 0 < length < 300 and items and (named in (list, tuple) or length <= len(items)):
                yield (items * length)[:length]
        return
    keys = samples(args[0], hints, fits, depth) if len(args) == 2 else ["a"]
    values = samples(args[1], hints, fits, depth) if len(args) == 2 else [1, "a"]
    yield {}
    if keys and values:
        yield from ({_key(key): values[0]} for key in keys[:40])
        yield from ({_key(keys[0]): value} for value in values[:60])
        for length in {n + d for n in hints.lengths for d in (-1, 0, 1)}:
            if 0 < length <= len(keys):
                yield {_key(key): values[0] for key in keys[:length]}


def _key(key: Any) -> str:
    return key if isinstance(key, str) else msgspec.json.encode(key).decode()


def _one_at_a_time(base: list[Any], rows: list[list[Any]]) -> Iterator[list[Any]]:
    yield base
    for index, row in enumerate(rows):
        for value in row[1:]:
            yield [*base[:index], value, *base[index + 1 :]]


def _records(annotation: Any, hints: Hints, fits: Fits, depth: int) -> Iterator[Any]:
    shape = shape_of(annotation)
    fields = fields_of(annotation)
    rows = [samples(field[2], hints, fits, depth) for field in fields]
    make = _row_maker(shape) if shape.get("row") else _record_maker(shape, fields)
    if not all(rows):
        # A field whose type nothing fits (or that nests too deep) can only be left out.
        if any(field[3] and not row for field, row in zip(fields, rows, strict=True)):
            return
        keep = [i for i, row in enumerate(rows) if row]
        yield make({i: rows[i][0] for i in keep})
        return
    base = _base(annotation, make, rows, fits)
    yield make(base)
    optional = [i for i, field in enumerate(fields) if not field[3]]
    yield make({i: v for i, v in base.items() if i not in optional})
    if not shape.get("row"):
        yield from (make({i: v for i, v in base.items() if i != left}) for left in optional)
        if depth < 3:
            yield {**make(base), EXTRA: 1}
    else:
        yield from (make({i: v for i, v in base.items() if i < left}) for left in optional)
        yield [*make(base), 1]
    for index, row in enumerate(rows):
        yield from (make({**base, index: value}) for value in row[1:])
    distinct = {i: row[i % len(row)] for i, row in enumerate(rows)}
    yield make(distinct)
    yield from _mixed(make, rows)


def _mixed(make: Any, rows: list[list[Any]]) -> Iterator[Any]:
    """Several fields at once: what is judged across fields shows only so."""
    chance = random.Random(0)  # noqa: S311 (repeatable, no secret)
    for _ in range(60 if len(rows) > 1 else 0):
        yield make({i: chance.choice(row) for i, row in enumerate(rows)})


def _base(annotation: Any, make: Any, rows: list[list[Any]], fits: Fits) -> dict[int, Any]:
    simplest = {i: row[0] for i, row in enumerate(rows)}
    if fits(annotation, make(simplest)):
        return simplest
    chance = random.Random(0)  # noqa: S311 (repeatable, no secret)
    for _ in range(400):
        tried = {i: chance.choice(row) for i, row in enumerate(rows)}
        if fits(annotation, make(tried)):
            return tried
    return simplest


def _record_maker(shape: Shape, fields: list[Any]) -> Callable[[dict[int, Any]], Any]:
    tag = {shape["tag"][0]: shape["tag"][1]} if shape.get("tag") else {}
    return lambda values: {**tag, **{fields[i][1]: v for i, v in values.items()}}


def _row_maker(shape: Shape) -> Callable[[dict[int, Any]], Any]:
    tag = [shape["tag"][1]] if shape.get("tag") else []
    return lambda values: [*tag, *(values[i] for i in sorted(values))]


# -- texts for a pattern ---------------------------------------------------------------------------


def matching(pattern: str) -> Iterator[str]:
    """Texts that a regular expression matches, and some that stand close by."""
    from re import _parser  # type: ignore[attr-defined]  # noqa: PLC0415 (not in every Python)

    try:
        tree = _parser.parse(pattern)
    except (re.error, RecursionError):
        return
    for choice in range(6):
        text = _text(tree, choice)
        yield text
        yield from (
            text.upper(),
            text.lower(),
            f"x{text}",
            f"{text}x",
            f"{text}\n",
            text[:-1],
            text + text,
        )


def _text(tree: Any, choice: int) -> str:
    return "".join(_piece(str(op), arg, choice) for op, arg in tree)


def _piece(op: str, arg: Any, choice: int) -> str:  # noqa: PLR0911 (one line for each kind)
    if op == "LITERAL":
        return chr(arg)
    if op == "NOT_LITERAL":
        return "b" if arg == ord("a") else "a"
    if op == "ANY":
        return "aZ9_-é"[choice % 6]
    if op == "IN":
        return _one_of(arg, choice)
    if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, tree = arg
        top = min(int(most), int(least) + 3)
        times = (int(least), top, min(int(least) + 1, top))[choice % 3]
        return "".join(_text(tree, choice + turn) for turn in range(times))
    if op == "BRANCH":
        return _text(arg[1][choice % len(arg[1])], choice)
    if op == "SUBPATTERN":
        return _text(arg[-1], choice)
    if op == "ATOMIC_GROUP":
        return _text(arg, choice)
    return ""


CATEGORIES = {
    "CATEGORY_DIGIT": "0519",
    "CATEGORY_WORD": "aZ9_",
    "CATEGORY_SPACE": " \t",
    "CATEGORY_NOT_DIGIT": "a-",
    "CATEGORY_NOT_WORD": "- ",
    "CATEGORY_NOT_SPACE": "a1",
}


def _one_of(parts: Any, choice: int) -> str:
    found: list[str] = []
    negated: set[str] = set()
    for op, arg in parts:
        name = str(op)
        if name == "LITERAL":
            found.append(chr(arg))
        elif name == "RANGE":
            found += [chr(arg[0]), chr(arg[1]), chr((arg[0] + arg[1]) // 2)]
        elif name == "CATEGORY":
            found += CATEGORIES.get(str(arg), "a")
        elif name == "NEGATE":
            negated = {"^"}
    if negated:
        found = [c for c in "aZ9 _-.,é" if c not in found] or ["~"]
    return found[choice % len(found)] if found else ""
