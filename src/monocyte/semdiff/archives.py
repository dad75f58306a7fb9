"""Trees from wheels, zips and sdists. They are read, never unpacked here, and never executed.

What an archive holds is anybody's: paths that lead outside, and files that grow beyond all measure,
are named and left alone.
"""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from monocyte.errors import ConfigError
from monocyte.semdiff.sources import LARGEST, BadSource, Source, Tree, held, plain_path

__all__ = ["from_archive"]

ARCHIVES = (".whl", ".zip", ".egg", ".tar", ".gz", ".tgz", ".bz2", ".xz")
MOST = 200_000_000
"""Bytes of all files of an archive together: they are held in memory."""
FULL = f"the files of the archive before it have {MOST:,} bytes already"
DAMAGES = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError)


def from_archive(path: Path) -> Tree:
    """Every file of a wheel, a zip or an sdist.

    Raises:
        ConfigError: it is no such archive, or it is damaged.
    """
    try:
        if zipfile.is_zipfile(path):
            return _gathered(path, _zipped(path))
        if tarfile.is_tarfile(path):
            return _gathered(path, _tarred(path))
    except DAMAGES as error:
        raise _wrong(path, f"is a damaged archive: {error}") from error
    said = "is no wheel" if path.suffix == ".whl" else "is no archive"
    raise _wrong(path, f"{said}: neither a zip nor a tar")


def _wrong(path: Path, what: str) -> ConfigError:
    mend = "name a directory, a Python file, a wheel, an sdist or a git revision"
    return ConfigError(what, where=str(path), mend=mend)


def _gathered(path: Path, found: Iterator[Source | tuple[str, str]]) -> Tree:
    tree = Tree(name=str(path))
    for it in found:
        if isinstance(it, Source):
            tree.add(it)
        else:
            tree.unseen[it[0]] = it[1]
    return tree


def _outside(path: str) -> bool:
    return path.startswith("/") or ".." in PurePosixPath(path).parts or not path


def _zipped(path: Path) -> Iterator[Source | tuple[str, str]]:
    size = 0
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = plain_path(info.filename)
            if info.is_dir():
                continue
            if _outside(name):
                yield name, "its path leads outside of the archive"
            elif info.file_size > LARGEST:
                yield name, f"it is larger than {LARGEST:,} bytes"
            elif info.flag_bits & 1:
                yield name, "it is encrypted"
            elif (size := size + info.file_size) > MOST:
                yield name, FULL
            else:
                yield _read(archive, info, name)


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Source:
    try:
        return held(name, archive.read(info))
    except (*DAMAGES, NotImplementedError) as error:
        return Source(name, _Broken(f"it is damaged in the archive: {error}"))


class _Broken:
    """Bytes that nobody can have."""

    def __init__(self, why: str) -> None:
        self.why = why

    def __call__(self) -> bytes:
        raise BadSource(self.why)


def _tarred(path: Path) -> Iterator[Source | tuple[str, str]]:
    size = 0
    with tarfile.open(path) as archive:
        for member in archive:
            inside = plain_path(member.name).partition("/")[2]  # below the sdist's one folder
            if member.isdir() or not inside:
                continue
            if _outside(inside):
                yield inside, "its path leads outside of the archive"
            elif not member.isfile():
                yield inside, "it is a link, or no plain file"
            elif member.size > LARGEST:
                yield inside, f"it is larger than {LARGEST:,} bytes"
            elif (size := size + member.size) > MOST:
                yield inside, FULL
            else:
                file = archive.extractfile(member)
                yield held(inside, file.read() if file else b"")
