"""Base and head of a change, on the disk and in git; an edit that does not fit exactly is an error.

The base is the app as it is in this repository, with what a team has around an app (tests for
pytest, settings of tools, a pipeline, a budget): some changes are made there.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks.genops.candidates.reading import Change, Part
from benchmarks.report import ROOT

__all__ = ["DoesNotFit", "Trees", "apply", "made"]

BASES = Path(__file__).parent / "bases"
WITHOUT = shutil.ignore_patterns("__pycache__", ".monocyte", "data", "*.db*")
GIT = ("git", "-c", "user.name=b", "-c", "user.email=b@example.org", "-c", "commit.gpgsign=false")


class DoesNotFit(Exception):
    """The app is not what a change was written for."""


class Trees(NamedTuple):
    """A change as two work trees of one repository."""

    base: Path
    head: Path
    base_commit: str
    head_commit: str


def made(change: Change, folder: Path) -> Trees:
    """Write both trees; raises DoesNotFit."""
    base, head = folder / "base", folder / "head"
    copy_base(change.base, base)
    try:
        apply(change.of("given"), base)
        if change.author == "model":
            locked(change, base)
        run(base, "init", "-q")
        first = committed(base, "base")
        run(base, "worktree", "add", "-q", "--detach", str(head))
        apply(change.of("edit", "add", "append", "drop", "cut"), head)
        if change.author == "person":
            locked(change, head)
        return Trees(base, head, first, committed(head, change.name))
    except DoesNotFit as why:
        raise DoesNotFit(f"{change.family}: {change.name}: {why}") from None


def copy_base(name: str, to: Path) -> None:
    """The app, and what stands around it."""
    shutil.copytree(BASES / name, to, ignore=WITHOUT)
    if name == "lab":
        lab = ROOT / "examples/lab"
        shutil.copytree(lab / "lab", to / "lab", ignore=WITHOUT)
        (to / "rules.lock").write_text((lab / "rules.lock").read_text("utf-8"), "utf-8")
        more = (to / "more.toml").read_text("utf-8")
        (to / "monocyte.toml").write_text((lab / "monocyte.toml").read_text("utf-8") + more)
        (to / "more.toml").unlink()
    else:
        template = ROOT / "src/monocyte/cli/template"
        (to / name).mkdir()
        shutil.copy(template / "todo.py", to / name / "todo.py")
        shutil.copy(template / "__init__.py", to / name / "__init__.py")
        shutil.copy(template / "rules.lock", to / "rules.lock")


def apply(parts: Iterable[Part], to: Path) -> None:
    """Do what they say; raises DoesNotFit where it is not possible exactly."""
    for part in parts:
        file = to / part.file
        if part.kind == "drop":
            if not file.is_file():
                raise DoesNotFit(f"there is no {part.file}")
            file.unlink()
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        if part.kind == "add":
            file.write_text(part.old + "\n", "utf-8")
            continue
        if not file.is_file():
            raise DoesNotFit(f"there is no {part.file}")
        text = file.read_text("utf-8")
        if part.kind == "cut":
            for name in part.old.split():
                text = without(name, text, part.file)
            file.write_text(text, "utf-8")
        elif part.kind == "append":
            file.write_text(f"{text.rstrip()}\n\n\n{part.old}\n", "utf-8")
        elif (count := text.count(part.old)) != 1 or not part.old:
            raise DoesNotFit(f"{part.file}: {count} times, not once: {part.old!r}")
        else:
            file.write_text(text.replace(part.old, part.new), "utf-8")


def without(name: str, text: str, file: str) -> str:
    """The text, less a function with its decorators; raises DoesNotFit."""
    found = [it for it in ast.parse(text).body if getattr(it, "name", "") == name]
    if len(found) != 1 or not isinstance(it := found[0], ast.FunctionDef):
        raise DoesNotFit(f"{file}: there is no function {name}")
    first = min([it.lineno, *(decorator.lineno for decorator in it.decorator_list)])
    lines = text.splitlines(keepends=True)
    return "".join(lines[: first - 1] + lines[it.end_lineno :])


def locked(change: Change, to: Path) -> None:
    """Write the rules that a person has made into the book, by their IDs."""
    file = to / "rules.lock"
    lines = file.read_text("utf-8").splitlines()
    new = {it.split(" | ")[0]: it for part in change.of("lock") for it in part.old.splitlines()}
    kept = [line for line in lines if line.split(" | ")[0] not in new]
    comments = [line for line in kept if line.startswith("#")]
    rules = [line for line in kept if line and not line.startswith("#")] + list(new.values())
    file.write_text("\n".join([*comments, *sorted(rules, key=_by_number)]) + "\n", "utf-8")


def _by_number(line: str) -> tuple[str, int]:
    found = re.match(r"([A-Z-]+)-(\d+)", line)
    return (found[1], int(found[2])) if found else (line, 0)


def committed(tree: Path, why: str) -> str:
    """Commit everything; the commit's ID."""
    run(tree, "add", "-A", "-f")
    run(tree, "commit", "-q", "--allow-empty", "-m", why)
    return run(tree, "rev-parse", "HEAD").strip()


def run(tree: Path, *arguments: str) -> str:
    command = (*GIT, *arguments)
    return subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True).stdout
