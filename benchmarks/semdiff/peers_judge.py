"""What other tools say of pairs of files: flagged or not. It knows nothing of the benchmark.

`python -P peers_judge.py PAIRS ANSWERS`, run by path in an environment with tree-sitter,
tree-sitter-python and griffe. PAIRS is JSON: a list of [old path, new path]. For each tool the
answers hold its version, one boolean for every pair (null where it fails), and its CPU seconds.
"""

import ast
import importlib.metadata
import json
import logging
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import griffe
import tree_sitter
import tree_sitter_python

logging.disable(logging.CRITICAL)
GIT = shutil.which("git") or "git"
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))


def git(*options: str) -> Callable[[str, str], bool]:
    """`git diff` of two files that are in no repository."""

    def judge(old: str, new: str) -> bool:
        command = [GIT, "diff", "--no-index", "--quiet", *options, old, new]
        return subprocess.run(command, check=False).returncode == 1

    return judge


def whitespace(old: str, new: str) -> bool:
    """`git diff -w`; asked for its text, since with `--quiet` it does not look at `-w`."""
    command = [GIT, "diff", "--no-index", "-w", "--ignore-blank-lines", old, new]
    return bool(subprocess.run(command, check=False, capture_output=True).stdout)


@lru_cache(maxsize=4)
def _dumped(path: str) -> str:
    return ast.dump(ast.parse(Path(path).read_bytes()))


def dump(old: str, new: str) -> bool:
    """The syntax trees of `ast`, without places."""
    return _dumped(old) != _dumped(new)


@lru_cache(maxsize=4)
def _shape(path: str) -> list[bytes | str]:
    return list(_walked(PARSER.parse(Path(path).read_bytes()).root_node))


def _walked(root: tree_sitter.Node) -> Iterator[bytes | str]:
    """Kinds of nodes with their ends, and the text of leaves; comments are left out."""
    stack: list[tree_sitter.Node | str] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            yield node
        elif node.type != "comment":
            yield node.type
            if node.child_count == 0:
                yield node.text or b""
            else:
                stack.append(")")
                stack.extend(reversed(node.children))


def structure(old: str, new: str) -> bool:
    """The concrete syntax of tree-sitter, as structural diffs compare it."""
    return _shape(old) != _shape(new)


@lru_cache(maxsize=4)
def _module(path: str) -> griffe.Module:
    return griffe.visit("module", Path(path), Path(path).read_text(encoding="utf-8"))


def breakages(old: str, new: str) -> bool:
    """What griffe calls a breaking change of a module's public names."""
    return any(True for _ in griffe.find_breaking_changes(_module(old), _module(new)))


TOOLS = {
    "git diff": git(),
    "git diff -w": whitespace,
    "tree-sitter": structure,
    "ast.dump": dump,
    "griffe": breakages,
}


def versions() -> dict[str, str]:
    """What was asked, exactly."""
    said = subprocess.run([GIT, "--version"], check=True, capture_output=True, text=True).stdout
    packages = ("tree-sitter", "tree-sitter-python", "griffe")
    found = {name: importlib.metadata.version(name) for name in packages}
    return {"git": said.split()[-1], "python": sys.version.split()[0], **found}


def spent() -> float:
    """CPU seconds of this process and its children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    """Ask every tool about every pair."""
    pairs = json.loads(Path(sys.argv[1]).read_text())
    answers = {}
    for name, judge in TOOLS.items():
        began = spent()
        flagged = [asked(judge, old, new) for old, new in pairs]
        answers[name] = {"flagged": flagged, "cpu": round(spent() - began, 2)}
    Path(sys.argv[2]).write_text(json.dumps({"versions": versions(), "tools": answers}))


def asked(judge: Callable[[str, str], bool], old: str, new: str) -> bool | None:
    """What a tool says, or None where it fails."""
    try:
        return judge(old, new)
    except Exception:  # noqa: BLE001 - whatever happens in another tool, it gave no answer
        return None


if __name__ == "__main__":
    main()
