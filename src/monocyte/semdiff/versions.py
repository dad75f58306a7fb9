"""What version a tree says it is, and the lowest that may follow it. Pure."""

from __future__ import annotations

import re
import tomllib
from pathlib import PurePosixPath

from monocyte.semdiff.sources import BadSource, Tree

__all__ = ["following", "is_enough", "version_of"]

NUMBERS = re.compile(r"v?(?:\d+!)?(\d+)(?:\.(\d+))?(?:\.(\d+))?(.*)")
METADATA = re.compile(r"^Version:[ \t]*(\S+)", re.MULTILINE)
STEPS = {"patch": 2, "minor": 1, "major": 0}


def version_of(tree: Tree) -> str:
    """What `pyproject.toml`, or the metadata of a wheel or an sdist, says; empty if none does."""
    for path in sorted(tree.others, key=lambda it: (it.count("/"), it)):
        name = PurePosixPath(path).name
        is_wheel = name == "METADATA" and PurePosixPath(path).parent.suffix == ".dist-info"
        if path == "pyproject.toml":
            found = _declared(_text(tree, path))
        elif (is_wheel and path.count("/") == 1) or path == "PKG-INFO":
            said = METADATA.search(_text(tree, path))
            found = said[1] if said else ""
        else:
            continue
        if found:
            return found
    return ""


def _text(tree: Tree, path: str) -> str:
    try:
        return tree.others[path].data.decode("utf-8", "replace")
    except BadSource:
        return ""


def _declared(text: str) -> str:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return ""
    for table in (data.get("project"), data.get("tool", {}).get("poetry")):
        if isinstance(table, dict) and isinstance(table.get("version"), str):
            return str(table["version"])
    return ""


def following(version: str, step: str) -> str:
    """The lowest version after this one that makes such a step; empty if it cannot be told.

    Below 1.0 the second number is what breaks (as caret requirements take it), and the third what
    grows.
    """
    parts = _numbers(version)
    if parts is None or step not in STEPS:
        return ""
    at = min(STEPS[step] + (parts[0] == 0), 2)
    raised = [*parts[:at], parts[at] + 1, *[0] * (2 - at)]
    return ".".join(map(str, raised))


def is_enough(version: str, least: str) -> bool | None:
    """Whether a version is at least that; None if it cannot be told."""
    parts, wanted = _numbers(version), _numbers(least)
    return None if parts is None or wanted is None else parts >= wanted


def _numbers(version: str) -> list[int] | None:
    found = NUMBERS.fullmatch(version)
    return [int(it or 0) for it in found.groups()[:3]] if found else None
