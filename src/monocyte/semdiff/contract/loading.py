"""In a worker: the files of one version, written when an import asks for them, and no sooner.

A tree of a thousand files costs what is imported of it. Files that are not Python are written at
once: nobody says when they are opened.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from monocyte.semdiff.summaries import imported_words

__all__ = ["install", "needed"]


def install(files: Mapping[str, str]) -> None:
    """Make the modules of a program importable in this process."""
    inside = {name: text for name, text in files.items() if _is_inside(name)}
    for name, text in inside.items():
        if not name.endswith(".py"):
            _write(name, text)
    here = Path.cwd()
    roots = {str(here), *(str(here / _root(name, inside)) for name in inside)}
    sys.path[:0] = sorted(roots)
    sys.meta_path.insert(0, _Shelf(inside, here, sorted(roots)))


def needed(files: Mapping[str, str], start: Iterable[str]) -> dict[str, str]:
    """Of a program the files that some may import, and what is no Python: told by words alone."""
    leaves: dict[str, list[str]] = {}
    for name in files:
        path = PurePosixPath(name)
        leaf = path.parent.name if path.stem == "__init__" else path.stem
        leaves.setdefault(leaf, []).append(name)
    found = {name for name in files if not name.endswith(".py")} | {*start}
    ahead = list(found)
    while ahead:
        name = ahead.pop()
        parents = (f"{folder}/__init__.py" for folder in PurePosixPath(name).parents)
        words = imported_words(files.get(name, "")) if name.endswith(".py") else set()
        fresh = {*parents, *(it for word in words for it in leaves.get(word, ()))} & files.keys()
        ahead += fresh - found
        found |= fresh
    return {name: files[name] for name in found if name in files}


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _root(name: str, files: Mapping[str, str]) -> PurePosixPath:
    folder = PurePosixPath(name).parent
    while str(folder) != "." and f"{folder}/__init__.py" in files:
        folder = folder.parent
    return folder


def _write(name: str, text: str) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="surrogateescape")


class _Shelf:
    """Finds no module, but puts what is looked for where Python's own finder will see it."""

    def __init__(self, files: Mapping[str, str], here: Path, roots: Sequence[str]) -> None:
        self.files = dict(files)
        self.here = here
        self.roots = roots
        self.folders = {str(part) for name in files for part in PurePosixPath(name).parents}

    def find_spec(self, name: str, path: Sequence[str] | None = None, *_: object) -> None:
        """Write the file, or the package, of that name."""
        leaf = name.rpartition(".")[2]
        found = [
            self._take(Path(base) / leaf)
            for base in (self.roots if path is None else list(path))
            if Path(base).is_relative_to(self.here)
        ]
        if any(found):
            importlib.invalidate_caches()

    def _take(self, place: Path) -> bool:
        own = place.relative_to(self.here).as_posix()
        wanted = [file for file in (f"{own}.py", f"{own}/__init__.py") if file in self.files]
        for file in wanted:
            _write(file, self.files.pop(file))
        if own in self.folders:
            place.mkdir(parents=True, exist_ok=True)
        return bool(wanted) or own in self.folders
