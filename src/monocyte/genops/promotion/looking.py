"""What the cells of a tree are, asked in a process of its own: this one has imported others.

The child imports the package of the tree, and answers into a file that has no name, which what is
printed does not reach. What it says is written down in `regen.lock`; a tree that cannot be loaded
is no release.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from monocyte.errors import GenopsError
from monocyte.genops.plans.facts import Facts, facts_of, text_of

__all__ = ["Seen", "asked", "look"]

T = TypeVar("T")

SECONDS = 120.0

START = "import sys; sys.path[:] = {path!r}; from {module} import main; main(sys.argv[1:])"


class Seen(msgspec.Struct, frozen=True):
    """A cell: its file within the app, the SHA-256 of its text, and its facts."""

    file: str
    text: str
    facts: Facts


class Told(NamedTuple):
    """How a child ended: with which code, what it answered, and what it printed."""

    code: int
    answer: bytes
    printed: str


def look(root: Path, package: str) -> dict[str, Seen]:
    """Every cell of the app in `root`, by name.

    Raises:
        GenopsError: it cannot be loaded.
    """
    told = asked(__name__, [str(root), package])
    try:
        return msgspec.json.decode(told.answer, type=dict[str, Seen])
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        lines = told.printed.strip().splitlines()[-3:]
        said = f"the app cannot be loaded: {' '.join(lines) or f'it ended with {told.code}'}"
        raise GenopsError(said, where=str(root), mend="mend it, or generate it again") from why


def asked(module: str, arguments: Sequence[str], seconds: float = SECONDS) -> Told:
    """Run `main` of a module of ours in a fresh process; what it answered and printed.

    Raises:
        GenopsError: it takes too long.
    """
    code = START.format(path=_path(), module=module)
    with tempfile.TemporaryFile() as paper:
        writing = paper.fileno()
        child = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-c", code, str(writing), *arguments],
            pass_fds=(writing,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**_environment(), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        try:
            printed, _ = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as why:
            child.kill()
            child.communicate()
            said = f"the app was not loaded within {seconds:g} s"
            raise GenopsError(said, mend="what does it do when it is imported?") from why
        paper.seek(0)
        return Told(child.returncode, paper.read(), printed.decode("utf-8", "replace"))


def answer(descriptor: str, value: Any) -> None:
    """Answer to who has asked, and end: nothing of the app runs any more."""
    with os.fdopen(int(descriptor), "wb") as paper:
        paper.write(msgspec.json.encode(value, order="sorted"))
    sys.stdout.flush()
    os._exit(0)


def main(arguments: Sequence[str]) -> None:
    """The child: load the package, and answer its cells."""
    from monocyte.cell import load_package  # noqa: PLC0415 (in the child only)

    descriptor, root, package = arguments
    loaded = load_package(Path(root), package)
    for fault in loaded.faults:
        raise SystemExit(str(fault))
    home = Path(root).resolve()
    answer(
        descriptor,
        {
            it.name: Seen(
                Path(it.file).resolve().relative_to(home).as_posix(),
                text_of(it.file),
                facts_of(it, loaded.manifests),
            )
            for it in loaded.manifests
        },
    )


def _path() -> list[str]:
    """Where this process finds modules, but for apps: their folders hold a `monocyte.toml`."""
    return [it for it in sys.path if it and not (Path(it) / "monocyte.toml").exists()]


def _environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ}
