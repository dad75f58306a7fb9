"""The gate of tampering: what a change does to everything but the behaviour of its cells.

A model changes the files of the cells it was asked for, and in them what is generated. Whatever
sways how code is judged (settings, hooks, pipelines, locks, marks that hide a line from a tool) is
not its business; of a person it is shown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from monocyte.genops.gates.reading import CellText
from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.verdict import Finding
from monocyte.semdiff.testdiff import test_diff
from monocyte.semdiff.verdicts import Severity

__all__ = ["judge"]

SETTINGS = frozenset(
    [
        *("pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "pytest.ini", ".pytest.ini"),
        *("monocyte.toml", "conftest.py", "sitecustomize.py", "usercustomize.py", "noxfile.py"),
        *(".coveragerc", "ruff.toml", ".ruff.toml", "mypy.ini", ".mypy.ini", "Makefile"),
        *(".pre-commit-config.yaml", ".gitattributes", ".gitmodules", ".gitlab-ci.yml"),
        *("pyrightconfig.json", "Dockerfile", "CODEOWNERS"),
    ]
)
"""Files by whose content everything is judged, or started."""

FOLDERS = frozenset([".ci", ".github", ".gitlab", ".circleci", ".git", ".husky", "hooks"])
COMPILED = frozenset([".pyc", ".pyo", ".so", ".pyd", ".dll", ".dylib"])
LOCKS = frozenset(["rules.lock", "regen.lock"])
MARKS = re.compile(
    r"#\s*(noqa|pragma\b|type:\s*ignore|nosec|mypy:|pyright:|ruff:|fmt:\s*(off|skip)|"
    r"pylint:|isort:|coverage:|nosemgrep|bandit:)",
    re.IGNORECASE,
)
NARROW = re.compile(r"#\s*type:\s*ignore\[[\w\-, ]+\]\s*$")
"""One kind of complaint of a type checker, named: it hides nothing that is judged here."""

SKIPS = frozenset(["skip", "skipif", "xfail", "skipIf", "skipUnless", "expectedFailure"])
LEAVE = "take it out of this change"


def judge(scene: Scene) -> Iterator[Finding]:
    """What was touched beside the behaviour of cells."""
    ours = _ours(scene)
    for path, (_, new) in scene.changed.items():
        yield from _file(scene, path, ours, is_gone=new is None)
    for old, new_cell in scene.pairs:
        if new_cell is not None:
            yield from _marks(scene, old, new_cell)
            yield from _patches(scene, old, new_cell)
    yield from _tests(scene)


def _ours(scene: Scene) -> set[str]:
    """The files of the cells that the change is for."""
    wanted = scene.case.cells or scene.cells
    both = (scene.base.cells, scene.head.cells)
    return {it.path for side in both for name, it in side.items() if name in wanted}


def _file(scene: Scene, path: str, ours: set[str], *, is_gone: bool) -> Iterator[Finding]:
    place = PurePosixPath(path)
    what = f"{path} {'is gone' if is_gone else 'differs'}"
    if path in ours:
        return
    if place.suffix in COMPILED:
        mend = "take it out: what runs is what can be read"
        yield scene.found("code-hidden", f"{what}: it is compiled", where=path, mend=mend)
    elif place.name in LOCKS:
        mend = "only monocyte check --fix, plan --adopt and promote write it"
        yield scene.found("lock-changed", what, where=path, mend=mend)
    elif _sways(place):
        yield scene.found(
            "settings-changed", f"{what}: it sways every judgement", where=path, mend=LEAVE
        )
    else:
        yield scene.found(
            "outside-changed", f"{what}, and is no cell of the plan", where=path, mend=LEAVE
        )


def _sways(place: PurePosixPath) -> bool:
    inside = any(part in FOLDERS for part in place.parts[:-1])
    return place.name in SETTINGS or inside or place.suffix in (".pth", ".ini", ".cfg", ".toml")


# -- marks -----------------------------------------------------------------------------------------


def _marks(scene: Scene, old: CellText | None, new: CellText) -> Iterator[Finding]:
    known = _marked(old.text) if old is not None else []
    left = list(known)
    for number, line in enumerate(new.text.decode("utf-8", "replace").splitlines(), 1):
        mark = MARKS.search(line)
        if mark is None:
            continue
        said = mark[0].lower()
        if said in left:
            left.remove(said)
            continue
        kind = "type-ignored" if NARROW.search(line) else "suppressed"
        yield scene.found(
            kind, f"it hides a line from a tool: {line.strip()[:100]}", cell=new.name,
            where=f"{new.path}:{number}", mend="write it so that nothing need be hidden",
        )  # fmt: skip
    waived = {it.meaning for it in (old.parts if old else ()) if it.kind == "waiver"}
    for part in new.parts:
        if part.kind == "waiver" and part.meaning not in waived:
            yield scene.found(
                "suppressed", "it waives a mutant", cell=new.name, where=new.place(part),
                mend="write the scenario that notices it, or have a person waive it",
            )  # fmt: skip


def _marked(text: bytes) -> list[str]:
    lines = text.decode("utf-8", "replace").splitlines()
    return [mark[0].lower() for it in lines if (mark := MARKS.search(it))]


# -- what is not its own ---------------------------------------------------------------------------


def _patches(scene: Scene, old: CellText | None, new: CellText) -> Iterator[Finding]:
    """Statements that run when the cell is loaded, and code that changes what is not its own."""
    known = {it.meaning for it in (old.parts if old else ())}
    for part in new.parts:
        if part.meaning in known:
            continue
        if part.kind == "statement":
            yield scene.found(
                "runner-patched", f"it runs when the cell is loaded: {part.name[:100]}",
                cell=new.name, where=new.place(part), mend="a cell runs nothing but definitions",
            )  # fmt: skip
        yield from _assigned(scene, new, part.node)
        yield from _skipped(scene, new, part.node)


def _assigned(scene: Scene, new: CellText, node: ast.stmt) -> Iterator[Finding]:
    """What is set on modules, classes, rules or cells; a local variable's fields are its own."""
    names = _global_names(new)
    for inner in ast.walk(node):
        target = None
        if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, (ast.Store, ast.Del)):
            target = inner.value
        elif isinstance(inner, ast.Call) and _name(inner.func) in ("setattr", "delattr"):
            target = inner.args[0] if inner.args else None
        root = _root(target) if target is not None else ""
        if target is not None and root in names and root not in _locals(node):
            yield scene.found(
                "runner-patched", f"it changes {ast.unparse(target)[:80]}, which is not its own",
                cell=new.name, where=new.place(inner), mend="leave it as it is",
            )  # fmt: skip


def _global_names(new: CellText) -> set[str]:
    found = {"cell", "app"}
    for part in new.parts:
        if part.kind == "import":
            found |= {(it.asname or it.name).partition(".")[0] for it in part.node.names}  # type: ignore[attr-defined]
        elif part.kind in ("word", "rule", "class", *("scenario", "decision", "runbook")):
            found.add(part.name)
    return found


def _locals(node: ast.stmt) -> set[str]:
    """Parameters, and what is bound in a function."""
    found = {it.arg for it in ast.walk(node) if isinstance(it, ast.arg)}
    names = (it for it in ast.walk(node) if isinstance(it, ast.Name))
    return found | {it.id for it in names if isinstance(it.ctx, ast.Store)}


def _skipped(scene: Scene, new: CellText, node: ast.stmt) -> Iterator[Finding]:
    for decorator in getattr(node, "decorator_list", ()):
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if _name(called) in SKIPS:
            yield scene.found(
                "test-weakened", f"{ast.unparse(decorator)[:80]}: it is not played any more",
                cell=new.name, where=new.place(decorator), mend="let it be played",
            )  # fmt: skip


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


# -- tests -----------------------------------------------------------------------------------------


def _tests(scene: Scene) -> Iterator[Finding]:
    """Tests of pytest's that stand beside the cells: whether they notice less."""
    files = scene.base.files.keys() | scene.head.files.keys()
    if not any(it.endswith(".py") and it not in files for it in scene.changed):
        return
    old, new = scene.trees
    for it in test_diff(old, new, SECONDS, run=True):
        if it.severity >= Severity.WARNING:
            yield scene.found(
                "test-weakened", f"{it.definition}: {it.what}", where=str(it.new or it.old or ""),
                mend="let it notice what it noticed", evidence="\n".join(it.why),
            )  # fmt: skip


SECONDS = 15.0
"""For running tests on mutants."""
