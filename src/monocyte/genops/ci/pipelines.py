"""The pipelines: files for a code host, with the names of one app in them, written once.

They are templates beside this file, in the host's own language, so that they can be read, linted
and run as they are; what is between `@` is filled in. Existing files are never written over.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from monocyte.errors import ConfigError

__all__ = ["HOSTS", "pipelines", "write"]

HOSTS: Mapping[str, Mapping[str, str]] = {
    "github": {
        "monocyte.yml": ".github/workflows/monocyte.yml",
        "monocyte-comment.yml": ".github/workflows/monocyte-comment.yml",
        "monocyte-apply.yml": ".github/workflows/monocyte-apply.yml",
    },
    "gitlab": {"monocyte.gitlab-ci.yml": ".gitlab/monocyte.gitlab-ci.yml"},
}
"""By host: where each template belongs in a repository."""

SAFE = re.compile(r"[A-Za-z0-9._/-]+")
"""What may stand unquoted in YAML and in a shell."""


def pipelines(host: str, *, app: str, name: str) -> dict[str, str]:
    """The files by their path in the repository, for the app `name` in its folder `app`.

    Raises:
        ConfigError: the folder has a name that cannot stand in a shell.
    """
    filled = {
        "APP": app or ".",
        "NAME": name,
        "VERSION": version("monocyte"),
        "PYTHON": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
    for it in filled.values():
        if not SAFE.fullmatch(it):
            mend = "rename it, or write the pipeline by hand"
            raise ConfigError(f"{it!r} cannot stand in a pipeline", mend=mend)
    templates = files("monocyte.genops.ci").joinpath("templates", host)
    return {
        target: re.sub(
            r"@([A-Z]+)@", lambda it: filled[it[1]], templates.joinpath(source).read_text()
        )
        for source, target in HOSTS[host].items()
    }


def write(root: Path, made: Mapping[str, str], *, over: bool = False) -> Iterable[str]:
    """Write what is not there yet into the repository at `root`; says which.

    A file that is there with this very content counts as written.

    Raises:
        ConfigError: one is there with another content, and may not be written over.
    """
    new = {name: text for name, text in made.items() if _content(root / name) != text}
    for name in new:
        if (root / name).exists() and not over:
            mend = "look at it, and take it away; or write over it: --force"
            raise ConfigError("it is there already, and is another one", where=name, mend=mend)
    for name, text in new.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)
    return list(new)


def _content(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
