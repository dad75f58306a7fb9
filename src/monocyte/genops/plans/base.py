"""The base revision: whose keys and policy count, because nobody under judgement can change it.

It is the tip of the branch that changes are merged into, as this clone knows it. What the work tree
or the branch under judgement says about approval is never read.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import msgspec

from monocyte.errors import ConfigError
from monocyte.genops.git import Git
from monocyte.genops.pins import Approval, regeneration
from monocyte.tables import FILE

__all__ = ["Base", "base_of"]

CANDIDATES = ("refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master", "HEAD")


class Base(NamedTuple):
    """A revision: how it is called, its commit, and what it says about approval."""

    name: str
    commit: str
    approval: Approval

    @property
    def digest(self) -> str:
        """What changes when its policy, its keys or its roles do."""
        return hashlib.sha256(msgspec.json.encode(self.approval, order="sorted")).hexdigest()


def base_of(git: Git, root: Path, given: str | None = None) -> Base:
    """The base revision for the app in `root`: the one given, or the branch that is merged into.

    That is what `git config monocyte.base` says, else where the remote's HEAD points, else main.

    Raises:
        ConfigError: there is no such revision, or its settings cannot be read.
    """
    named = given or git.run("config", "--get", "monocyte.base").stdout.decode().strip()
    names = (named,) if named else CANDIDATES
    found = next(((name, it) for name in names if (it := git.resolve(name))), None)
    if found is None:
        what = f"there is no revision {named!r}" if named else "nothing is committed yet"
        raise ConfigError(what, where=str(git.top), mend="commit, or name another with --base")
    name, commit = found
    content = git.show(commit, root / FILE)
    if content is None:
        return Base(name, commit, Approval())
    text = content.decode("utf-8-sig", "replace")
    return Base(name, commit, regeneration(f"{name}:{FILE}", text).approval)
