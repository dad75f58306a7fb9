"""The gate of capabilities: what code can reach that it could not, and what a cell asks for.

Cells are pure: what they need of the world they ask for as a port. So a model may ask for a port
(people are asked about it), and may not reach around the ports at all.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from monocyte.genops.gates.reading import BEHAVIOUR, CellText
from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.verdict import Finding
from monocyte.semdiff.capabilities import code_gains
from monocyte.semdiff.sources import BadSource

__all__ = ["judge"]

PORTS = ("Http", "Model", "Files", "Sql", "Ask", "Clock", "Ids", "Caller")
QUIET = frozenset(["Caller"])
"""Who asks is no way out."""

PLAIN = frozenset(
    [
        *("__future__", "abc", "array", "bisect", "calendar", "cmath", "collections"),
        *("collections.abc", "copy", "dataclasses", "datetime", "decimal", "difflib", "enum"),
        *("fractions", "functools", "graphlib", "hashlib", "heapq", "hmac", "itertools", "json"),
        *("keyword", "math", "msgspec", "numbers", "operator", "re", "statistics", "string"),
        *("struct", "textwrap", "types", "typing", "unicodedata", "uuid", "zoneinfo", "base64"),
        *("binascii", "colorsys", "contextlib", "html", "ipaddress", "reprlib", "zlib"),
        *("typing_extensions", "monocyte", "monocyte.testing"),
    ]
)
"""Modules that a pure function may use; what they can do stays in the process and in the call."""

ASK = "ask for what is needed as a port, or do without it"


def judge(scene: Scene) -> Iterator[Finding]:
    """What is reached now and was not."""
    for old, new in scene.pairs:
        if new is not None:
            yield from _imports(scene, old, new)
            if not new.is_journeys:
                yield from _ports(scene, old, new)
    yield from _reached(scene)


def _imports(scene: Scene, old: CellText | None, new: CellText) -> Iterator[Finding]:
    known = _imported(old) if old is not None else {}
    for name, node in _imported(new).items():
        inside = name.partition(".")[0] == scene.base.package.partition(".")[0]
        if name in known or name in PLAIN or inside or name.startswith("."):
            continue
        standard = name.partition(".")[0] in sys.stdlib_module_names
        whose = "of Python's" if standard else "of ours" if name.startswith("monocyte") else ""
        if not whose:
            continue  # a package: the gate of dependencies says so
        yield scene.found(
            "import-gained", f"it imports {name}, a module {whose} that reaches beyond messages",
            cell=new.name, where=new.place(node), mend=ASK,
        )  # fmt: skip


def _imported(cell: CellText) -> dict[str, ast.stmt]:
    """Every module that is imported anywhere in a file, with the statement."""
    found: dict[str, ast.stmt] = {}
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.Import):
            for it in node.names:
                found.setdefault(it.name, node)
        elif isinstance(node, ast.ImportFrom):
            name = "." * node.level + (node.module or "")
            found.setdefault(name, node)
    return found


def _ports(scene: Scene, old: CellText | None, new: CellText) -> Iterator[Finding]:
    known = _asked(old) if old is not None else {}
    for name, place in _asked(new).items():
        if name not in known and name not in QUIET:
            yield scene.found(
                "port-gained", f"it asks for the port {name}, which it did not have",
                cell=new.name, where=place, mend="do without it, or have a person agree",
            )  # fmt: skip


def _asked(cell: CellText) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in cell.parts:
        if part.kind in BEHAVIOUR:
            for it in ast.walk(part.node.args):  # type: ignore[attr-defined]
                name = it.id if isinstance(it, ast.Name) else getattr(it, "attr", "")
                if name in PORTS:
                    found.setdefault(name, cell.place(part))
    return found


def _reached(scene: Scene) -> Iterator[Finding]:
    """What semdiff finds that code of the package reaches."""
    old, new = _texts(scene, 0), _texts(scene, 1)
    if old == new:
        return
    told = set()
    for gain in code_gains(old, new):
        kind = gain.capability.removeprefix("import:").partition(":")[0]
        if kind in ("port", "dependency", "import") or (kind, gain.entry) in told:
            continue
        told.add((kind, gain.entry))
        step = gain.path[-1] if gain.path else None
        file = step.file if step is not None else gain.entry.partition(":")[0]
        where = f"{file}:{step.line}" if step is not None else file
        cell = next((it.name for it in scene.head.cells.values() if it.path == file), "")
        if len(told) <= MOST:
            yield scene.found(
                "capability-gained", f"capability {kind}: {gain.explain()}",
                cell=cell, where=where, mend=ASK,
            )  # fmt: skip


MOST = 12


def _texts(scene: Scene, side: int) -> dict[str, str]:
    """The Python of the app on a side, the package only: cells start nothing else."""
    tree = scene.trees[side]
    folder = "/".join(filter(None, [scene.case.app, *scene.base.package.split(".")]))
    found = {}
    for path, source in tree.items():
        if path.startswith(f"{folder}/"):
            try:
                found[path] = source.text
            except BadSource:
                continue
    return found
