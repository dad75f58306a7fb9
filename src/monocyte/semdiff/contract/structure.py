"""Where two shapes differ: the structural changes between two versions of a type, by rule. Pure.

This names and explains; whether a change breaks anybody is decided by messages, not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from monocyte.semdiff.contract.shapes import Shape

__all__ = ["Difference", "differences", "spelled"]


class Difference(NamedTuple):
    """One structural change: where, by which rule, in words."""

    path: str
    rule: str
    what: str


LOWER = ("ge", "gt", "min_length")
UPPER = ("le", "lt", "max_length")


def spelled(shape: Shape) -> str:
    """A shape in a few words."""
    kind = shape["kind"]
    if kind == "union":
        return " | ".join(spelled(member) for member in shape["members"])
    if kind in ("record", "ref", "custom", "enum"):
        return str(shape["name"])
    if kind == "literal":
        return f"Literal{shape['values']!r}"
    if kind in ("list", "set"):
        return f"{kind}[{spelled(shape['item'])}]"
    if kind == "row":
        return f"row[{', '.join(map(spelled, shape['items']))}]"
    if kind == "map":
        return f"map[{spelled(shape['key'])}, {spelled(shape['value'])}]"
    limits = ", ".join(f"{name}={limit}" for name, limit in shape.get("limits", {}).items())
    return f"{kind}({limits})" if limits else str(kind)


def differences(old: Shape, new: Shape, path: str = "") -> Iterator[Difference]:
    """The changes from one shape to the other, each at its place."""
    if _bare(old) == _bare(new):
        if old != new:
            yield Difference(path, "prose-changed", "what it says to people has changed")
        return
    kinds = {old["kind"], new["kind"]}
    if kinds == {"record"}:
        yield from _records(old, new, path)
    elif "union" in kinds:
        yield from _unions(old, new, path)
    elif kinds <= {"enum", "literal"}:
        yield from _members(old, new, path)
    elif len(kinds) > 1:
        yield Difference(path, "type-changed", f"{spelled(old)} became {spelled(new)}")
    else:
        yield from _inside(old, new, path)
        yield from _limits(old, new, path)


def _bare(shape: Any) -> Any:
    """The shape without its prose and without the names of types, which no wire shows."""
    if isinstance(shape, list):
        return [_bare(part) for part in shape]
    if not isinstance(shape, dict):
        return (type(shape).__name__, shape)
    if shape.get("kind") == "enum":
        return {"kind": "enum", "values": sorted(map(repr, shape["members"].values()))}
    hidden = {"prose", "mentions"} | ({"name"} if shape.get("kind") == "record" else set())
    hidden |= set() if shape.get("limits") else {"limits"}
    return {key: _bare(part) for key, part in shape.items() if key not in hidden}


def _inside(old: Shape, new: Shape, path: str) -> Iterator[Difference]:
    for key, step in (("item", "[]"), ("key", "{key}"), ("value", "{}")):
        if key in old and key in new:
            yield from differences(old[key], new[key], path + step)
    if old["kind"] == "row":
        if len(old["items"]) != len(new["items"]):
            said = f"{len(old['items'])} items became {len(new['items'])}"
            yield Difference(path, "type-changed", said)
            return
        for index, (before, after) in enumerate(zip(old["items"], new["items"], strict=True)):
            yield from differences(before, after, f"{path}[{index}]")
    if old["kind"] in ("custom", "ref") and old["name"] != new["name"]:
        yield Difference(path, "type-changed", f"{spelled(old)} became {spelled(new)}")


def _limits(old: Shape, new: Shape, path: str) -> Iterator[Difference]:
    before, after = old.get("limits", {}), new.get("limits", {})
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        if was is None or now is None:
            rule = "constraint-tightened" if was is None else "constraint-loosened"
        elif name in LOWER:
            rule = "constraint-tightened" if now > was else "constraint-loosened"
        elif name in UPPER:
            rule = "constraint-tightened" if now < was else "constraint-loosened"
        else:
            rule = "constraint-changed"
        yield Difference(path, rule, f"{name}: {_or_none(was)} became {_or_none(now)}")


def _or_none(limit: Any) -> str:
    return "no limit" if limit is None else repr(limit)


def _members(old: Shape, new: Shape, path: str) -> Iterator[Difference]:
    before, after = _values(old), _values(new)
    gone = [value for value in before if value not in after]
    come = [value for value in after if value not in before]
    names = {value: name for name, value in old.get("members", {}).items()} if gone else {}
    for value in gone:
        now = new.get("members", {}).get(names.get(value))
        if now is not None:
            yield Difference(path, "member-changed", f"{names[value]}: {value!r} became {now!r}")
            come = [other for other in come if other != now]
        else:
            yield Difference(path, "member-removed", f"{value!r} is gone")
    for value in come:
        yield Difference(path, "member-added", f"{value!r} is new")


def _values(shape: Shape) -> list[Any]:
    return list(shape["members"].values()) if shape["kind"] == "enum" else list(shape["values"])


def _unions(old: Shape, new: Shape, path: str) -> Iterator[Difference]:
    before = old["members"] if old["kind"] == "union" else [old]
    after = new["members"] if new["kind"] == "union" else [new]
    gone = [m for m in before if _bare(m) not in [_bare(n) for n in after]]
    come = [m for m in after if _bare(m) not in [_bare(n) for n in before]]
    for member in list(gone):
        twin = next((n for n in come if _alike(member, n)), None)
        if twin is not None:
            gone.remove(member)
            come.remove(twin)
            yield from differences(member, twin, path)
    for member in gone:
        yield Difference(path, "member-removed", f"may no longer be {spelled(member)}")
    for member in come:
        yield Difference(path, "member-added", f"may be {spelled(member)} too")


def _alike(one: Shape, other: Shape) -> bool:
    return one["kind"] == other["kind"] and (
        one["kind"] != "record"
        or one["name"] == other["name"]
        or one.get("tag") == other.get("tag")
    )


def _records(old: Shape, new: Shape, path: str) -> Iterator[Difference]:
    if old["tag"] != new["tag"]:
        yield Difference(path, "tag-changed", f"tag {old['tag']} became {new['tag']}")
    if old["row"] != new["row"]:
        yield Difference(
            path, "layout-changed", "row became record" if old["row"] else "record became row"
        )
    if old["forbids"] != new["forbids"]:
        rule = "unknown-forbidden" if new["forbids"] else "unknown-allowed"
        yield Difference(path, rule, "unknown fields")
    if old["judges"] != new["judges"]:
        yield Difference(path, "validation-changed", "__post_init__ has changed")
    yield from _fields(old, new, path)


def _fields(old: Shape, new: Shape, path: str) -> Iterator[Difference]:
    before = {field["wire"]: field for field in old["fields"]}
    after = {field["wire"]: field for field in new["fields"]}
    gone = [field for name, field in before.items() if name not in after]
    come = [field for name, field in after.items() if name not in before]
    for field in list(gone):
        twin = _twin(field, gone, come)
        if twin is not None:
            gone.remove(field)
            come.remove(twin)
            yield Difference(f"{path}.{field['wire']}", "field-renamed", f"is now {twin['wire']}")
    for field in gone:
        yield Difference(f"{path}.{field['wire']}", "field-removed", "is gone")
    for field in come:
        rule = "field-added-required" if field["required"] else "field-added-optional"
        yield Difference(f"{path}.{field['wire']}", rule, f"is new: {spelled(field['shape'])}")
    for name, field in before.items():
        if name in after:
            yield from _field(field, after[name], f"{path}.{name}")
    order = [name for name in before if name in after]
    if order != [name for name in after if name in before]:
        rule = "order-changed" if old["row"] or new["row"] else "order-free"
        yield Difference(path, rule, "fields stand in another order")


def _twin(field: Any, gone: list[Any], come: list[Any]) -> Any:
    """The field that a field was renamed to, if there is just one that it can be."""
    same = [
        f
        for f in come
        if (_bare(f["shape"]), f["required"]) == (_bare(field["shape"]), field["required"])
    ]
    rivals = [f for f in gone if _bare(f["shape"]) == _bare(field["shape"])]
    return same[0] if len(same) == 1 and len(rivals) == 1 else None


def _field(old: Any, new: Any, path: str) -> Iterator[Difference]:
    if old["required"] and not new["required"]:
        yield Difference(path, "field-now-optional", f"may be left out: {new['default']!r}")
    elif new["required"] and not old["required"]:
        yield Difference(path, "field-now-required", f"had the default {old['default']!r}")
    elif repr(old["default"]) != repr(new["default"]):
        yield Difference(path, "default-changed", f"{old['default']!r} became {new['default']!r}")
    yield from differences(old["shape"], new["shape"], path)
