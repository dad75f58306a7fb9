"""The gate of dependencies: packages that were not needed before, and under which licences."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib import metadata

from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.verdict import Finding
from monocyte.semdiff.capabilities import dependency_gains
from monocyte.semdiff.sources import BadSource, Tree

__all__ = ["judge", "licence_of"]

DO = "do without it, or have a person add it"


def judge(scene: Scene) -> Iterator[Finding]:
    """Every package that is new, named in a file of requirements or imported."""
    told: set[str] = set()
    for name, where in _new(scene):
        if _plain(name) in told:
            continue
        told.add(_plain(name))
        yield scene.found("dependency-added", f"it needs the package {name}", where=where, mend=DO)
        licence = licence_of(name)
        if not _is_allowed(licence, scene.limits.licences):
            said = f"the licence of {name} is {licence or 'not known: it is not installed here'}"
            mend = "install it, and allow its licence under [gates] licences, or do without it"
            yield scene.found("licence-unknown", said, where=where, mend=mend)


def _new(scene: Scene) -> Iterator[tuple[str, str]]:
    texts = [_others(it) for it in scene.trees]
    for gain in dependency_gains(*texts):
        step = gain.path[-1] if gain.path else None
        where = f"{step.file}:{step.line}" if step is not None else gain.entry.partition(":")[0]
        yield gain.capability.partition(":")[2], where
    package = scene.base.package.partition(".")[0]
    known = {name for name, _ in _imported(scene, 0)}
    for name, where in _imported(scene, 1):
        if name not in {*known, *OURS, package, *sys.stdlib_module_names}:
            yield name, where


OURS = frozenset(["monocyte", "msgspec"])


def _others(tree: Tree) -> dict[str, str]:
    """Every file that may name requirements."""
    found = {}
    for path, source in {**tree.others, **tree.sources}.items():
        try:
            if not path.endswith(".py") or path.endswith("setup.py"):
                found[path] = source.data.decode("utf-8", "replace")
        except BadSource:
            continue
    return found


def _imported(scene: Scene, side: int) -> Iterator[tuple[str, str]]:
    """The packages that are imported anywhere in the app's Python, and where."""
    app = scene.head if side else scene.base
    for path, cell in app.files.items():
        for node in ast.walk(cell.tree):
            names = []
            if isinstance(node, ast.Import):
                names = [it.name for it in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                yield name.partition(".")[0], f"{path}:{getattr(node, 'lineno', 1)}"


def licence_of(package: str) -> str:
    """What the metadata of an installed package says; nothing if it is not installed."""
    try:
        told = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        providers = metadata.packages_distributions().get(package, ())
        return licence_of(providers[0]) if providers and providers[0] != package else ""
    classified = [
        it.rpartition(" :: ")[2] for it in told.get_all("Classifier", ()) if "License ::" in it
    ]
    said = next((told[it] for it in ("License-Expression", "License") if it in told), "")
    return str(said).splitlines()[0][:100] if said else ", ".join(classified)


def _is_allowed(licence: str, allowed: tuple[str, ...]) -> bool:
    """Whether every licence that must be kept is among them; one of those that may be chosen is."""
    if not licence:
        return False
    names = {_word(it) for it in allowed}
    choices = re.split(r"\s+OR\s+|,", licence)
    return any(all(_word(it) in names for it in re.split(r"\s+AND\s+", one)) for one in choices)


def _word(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", text.lower().replace("license", "").replace("software", ""))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
