"""Which code a page depends on: the files of a cell and of what it imports, told by digests.

Only modules of the app count, found by reading import statements; too many is slow, too few wrong,
so whatever looks like an import is one.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

__all__ = ["Files", "digest"]

IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)|import[ \t]+([^\n]*))",
    re.MULTILINE,
)
NAME = re.compile(rb"[\w.]+")


def digest(*parts: bytes | str) -> str:
    """A digest in which no part runs into the next."""
    made = hashlib.sha256()  # the quickest where processors know it
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        made.update(len(raw).to_bytes(8, "big") + raw)
    return made.hexdigest()[:32]


class Files:
    """The files of an app under `root`, each read once."""

    def __init__(self, root: Path) -> None:
        self.root = str(root.resolve())
        self._raw: dict[str, bytes] = {}
        self._digests: dict[str, str] = {}
        self._imports: dict[str, frozenset[str]] = {}

    def raw(self, file: str) -> bytes:
        """The bytes of a file; nothing if it cannot be read any more."""
        if file not in self._raw:
            try:
                self._raw[file] = Path(file).read_bytes()
            except OSError:
                self._raw[file] = b""
        return self._raw[file]

    def closure(self, module: str) -> str:
        """One digest for a module and all that it imports from the app."""
        seen: set[str] = set()
        ahead = [module]
        while ahead:
            name = ahead.pop()
            if name not in seen:
                seen.add(name)
                ahead += self._imported(name) - seen
        return digest(*(f"{name} {self._digest(name)}" for name in sorted(seen)))

    def _digest(self, module: str) -> str:
        if module not in self._digests:
            self._digests[module] = digest(self.raw(_file(module)))
        return self._digests[module]

    def _imported(self, module: str) -> frozenset[str]:
        if module not in self._imports:
            names = set(_named(self.raw(_file(module)), module))
            self._imports[module] = frozenset(
                it for it in names if _file(it).startswith(self.root + "/")
            )
        return self._imports[module]


def _file(module: str) -> str:
    return getattr(sys.modules.get(module), "__file__", None) or ""


def _named(raw: bytes, module: str) -> set[str]:
    """Every module that an import might mean."""
    found: set[str] = set()
    for origin, names, plain in IMPORT.findall(raw):
        if plain:
            found |= {it.decode() for it in NAME.findall(plain)}
            continue
        base = origin.decode()
        if base.startswith("."):
            dots = len(base) - len(base.lstrip("."))
            parent = module.rsplit(".", dots)[0]
            base = f"{parent}.{base.lstrip('.')}".rstrip(".")
        found |= {base, *(f"{base}.{it.decode()}" for it in NAME.findall(names))}
    return found
