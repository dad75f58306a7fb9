"""What reading two trees has shown, kept between runs: by their content, and nothing else.

The name of an entry is the digest of both trees, of the code of this room, and of the Python that
read them. So nothing ever has to be invalidated, and everything may be deleted at any time. What
running code has shown is not kept: it depends on what is installed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from functools import cache
from pathlib import Path

import msgspec

from monocyte.semdiff.difference import Known
from monocyte.semdiff.sources import Tree

__all__ = ["Keeper"]

MOST = 200
"""Entries; of more, those used longest ago go."""


class Keeper:
    """A folder of entries; one that cannot be read or written is as good as none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def recall(self, old: Tree, new: Tree) -> Known | None:
        """What is known of these very trees, or None."""
        path = self._path(old, new)
        try:
            found = msgspec.msgpack.decode(path.read_bytes(), type=Known)
        except (OSError, msgspec.MsgspecError, ValueError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return found

    def keep(self, old: Tree, new: Tree, known: Known) -> None:
        """Remember it: another run sees all of an entry, or nothing."""
        path = self._path(old, new)
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            fd, name = tempfile.mkstemp(dir=self.folder, prefix=".")
            with open(fd, "wb") as file:  # noqa: PTH123 (it is open already)
                file.write(msgspec.msgpack.encode(known))
            Path(name).replace(path)
            self._tidy()

    def _path(self, old: Tree, new: Tree) -> Path:
        key = f"{_ours()}\n{old.digest}\n{new.digest}"
        name = hashlib.blake2b(key.encode(), digest_size=20).hexdigest()
        return self.folder / f"{name}.msgpack"

    def _tidy(self) -> None:
        entries = sorted(self.folder.glob("*.msgpack"), key=lambda it: it.stat().st_mtime)
        for path in entries[:-MOST]:
            path.unlink(missing_ok=True)


@cache
def _ours() -> str:
    """What decides beside the trees: the code of this room, and the Python that it runs on."""
    made = hashlib.blake2b(sys.version.encode(), digest_size=20)
    room = Path(__file__).parent
    for path in sorted((*room.glob("*.py"), *room.glob("normal/*.py"))):
        made.update(path.read_bytes())
    return made.hexdigest()
