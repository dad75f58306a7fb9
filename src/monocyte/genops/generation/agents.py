"""An agent at work: locked in with a tree of its own, which is read back by us when it has ended.

Only the cell's file counts; whatever else it changed is named, and refused. No program of ours, git
included, is run in a tree that an agent had in its hands: what stands there is data.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from monocyte.errors import ConfigError, GenopsError
from monocyte.genops.generation.answers import MOST
from monocyte.genops.generation.locked import locked_in, missing
from monocyte.genops.generation.paid import Watch
from monocyte.genops.generation.takes import Take
from monocyte.genops.generation.worktrees import worktree
from monocyte.genops.generation.writing import Question, Unanswered
from monocyte.genops.git import Git
from monocyte.genops.metering import Proxy, Recorder, Run
from monocyte.genops.metering.server import Seat
from monocyte.genops.models import AGENTS, Agent, NoAnswer, Recipe, command
from monocyte.genops.models.agent import Command
from monocyte.genops.models.interface import Hears, Prompt
from monocyte.genops.pins import Pin

__all__ = ["DROPPINGS", "SECONDS", "Agency", "Working", "changes", "homes_of", "snapshot"]

SECONDS: Final = 1800.0
"""How long an agent may work at one attempt."""

DROPPINGS: Final = ("__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".aider", ".git")
"""How the names of what tools leave behind begin: never taken, and no finding either."""


class Agency(NamedTuple):
    """What an agent needs: its pin, the repository and a commit of it, the proxy and the run."""

    pin: Pin
    git: Git
    base: str
    proxy: Proxy
    run: Run
    cassette: Path
    environment: Mapping[str, str]
    watch: Watch
    hears: Hears
    seconds: float = SECONDS


class Working:
    """The way to have questions answered by an agent.

    Raises:
        ConfigError: it cannot be locked in here, is not there, or is not the pinned version.
    """

    in_place = True

    def __init__(self, agency: Agency) -> None:
        if why := missing():
            mend = "run it where there is a lock, or pin a model with another way"
            raise ConfigError(f"an agent cannot be locked in here: {why}", mend=mend)
        self._agency = agency
        self._recipe = _recipe(agency.pin)
        self._path = agency.environment.get("PATH", os.defpath)
        self._homes = tuple(homes_of(self._recipe.command[0], self._path))
        self._checked = False

    def answer(self, question: Question) -> Take | Unanswered:
        """What the agent has left in the file of the cell; see `Way`."""
        agency = self._agency
        with worktree(agency.git, agency.base) as tree:
            home = tree.parent / "home"  # it is cleared away with the tree, also after a kill
            home.mkdir()
            (tree / ".git").unlink(missing_ok=True)  # it leads out of the tree
            file = tree / question.cell.path
            file.write_text(question.draft or question.cell.base, "utf-8", newline="")
            before = snapshot(tree)
            recorder = Recorder(agency.cassette, tree, home)
            with agency.proxy.seat(agency.run, recorder) as seat:
                lost = self._work(question.prompt, seat, tree, home)
            if lost is not None:
                return lost
            strays = changes(before, snapshot(tree), question.cell.path)
            return Take(
                cell=question.cell.name,
                attempt=question.attempt,
                prompt=question.digest,
                kind="file",
                text=_read(file),
                model=self._model(),
                strays=strays,
            )

    def _work(self, prompt: Prompt, seat: Seat, tree: Path, home: Path) -> Unanswered | None:
        """Let it work to its end; why that came to nothing, if it was paid for.

        Raises:
            OverBudget: a call of its was refused for want of money.
            NoAnswer: it failed, and nothing was paid.
        """
        agency, watch = self._agency, self._agency.watch
        since = len(watch.settlements)
        port = urlsplit(seat.url).port or 0
        made = command(self._recipe, agency.pin.model, seat, tree, home, self._path)
        failure: NoAnswer | None = None
        with locked_in(port, (tree, home), self._homes, tree.parent) as wrap:
            self._check_version(made, wrap)
            try:
                Agent(made, timeout=agency.seconds, wrap=wrap).ask(prompt, agency.hears)
            except NoAnswer as why:
                failure = why
        ended = watch.settled(since)
        if watch.refused is not None:
            raise watch.refused
        if failure is None:
            return None
        if any(it.due != "nothing" for it in ended):
            return Unanswered(f"{failure.message[:300]}; its calls were paid for")
        raise failure

    def _check_version(self, made: Command, wrap: tuple[str, ...]) -> None:
        """Ask the agent for its version, locked in like everything of it.

        Raises:
            ConfigError: it is another than the pinned one.
        """
        if self._checked:
            return
        words = (*wrap, *self._recipe.version)
        heard: list[str] = []
        asked = Command(words, made.environment, made.directory)
        Agent(asked, timeout=60.0).ask(Prompt("", ()), heard.append)
        said, wanted = "".join(heard).strip(), self._agency.pin.version or ""
        if wanted not in said.split() and wanted != said:
            mend = f"install {wanted}, or pin what is there: version = {said.split()[:1]}"
            where = self._recipe.command[0]
            raise ConfigError(f"it is not {wanted} but {said[:100]!r}", where=where, mend=mend)
        self._checked = True

    def _model(self) -> str:
        named = [it.model for it in self._agency.watch.settlements if it.model]
        return named[-1] if named else ""


def _recipe(pin: Pin) -> Recipe:
    """How a pinned agent is run: one that we know by its name, any other as the pin says."""
    if len(pin.command) == 1 and pin.command[0] in AGENTS:
        return AGENTS[pin.command[0]]
    environment = {
        "OPENAI_BASE_URL": "{url}/v1",
        "OPENAI_API_KEY": "{token}",
        "ANTHROPIC_BASE_URL": "{url}",
        "ANTHROPIC_API_KEY": "{token}",
    }
    return Recipe(pin.command, environment, (pin.command[0], "--version"))


def homes_of(program: str, path: str) -> Iterator[Path]:
    """The directories that a program was installed in, and its interpreter.

    Raises:
        ConfigError: it is not there.
    """
    found = shutil.which(program, path=path)
    if found is None:
        mend = "install it, or put its directory into PATH"
        raise ConfigError(f"there is no program {program!r}", where=f"PATH={path}", mend=mend)
    yield from _both(Path(found).absolute())
    with Path(found).resolve().open("rb") as file:
        first = file.readline(300)
    if first.startswith(b"#!"):
        words = [*first[2:].decode("utf-8", "replace").split(), ""]
        name = words[1] if words[0].endswith("/env") else words[0]
        if (named := shutil.which(name, path=path)) is not None:
            yield from _both(Path(named).absolute())


def _both(program: Path) -> Iterator[Path]:
    """A program where it is called, and where it really is; with Python's own library."""
    real = program.resolve()
    yield from (_installed(program), _installed(real))
    if real.name.startswith("python"):
        yield real.parent.parent / "lib"


def _installed(program: Path) -> Path:
    """What belongs to a program: its whole node_modules, or environment, or only itself."""
    parts = program.parts
    if "node_modules" in parts:
        return Path(*parts[: parts.index("node_modules") + 1])
    if (program.parent.parent / "pyvenv.cfg").exists():
        return program.parent.parent
    return program


# -- what became of a tree -------------------------------------------------------------------------


def snapshot(tree: Path) -> dict[str, str]:
    """Every file of a tree by path, with a digest of what it is; no link is followed."""
    found: dict[str, str] = {}
    for folder, folders, files in os.walk(tree):
        inside = Path(folder)
        links = [it for it in folders if (inside / it).is_symlink()]
        folders[:] = [it for it in folders if it not in links and not it.startswith(DROPPINGS)]
        for name in (*files, *links):
            if not name.startswith(DROPPINGS):
                path = inside / name
                found[path.relative_to(tree).as_posix()] = _digest(path)
    return found


def _digest(path: Path) -> str:
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return f"link {path.readlink()}"
        if not stat.S_ISREG(mode):
            return "no plain file"
        return f"{mode & 0o111:o} {sha256(path.read_bytes()).hexdigest()}"
    except OSError as why:
        return f"unreadable: {why.strerror}"


def changes(before: Mapping[str, str], after: Mapping[str, str], but: str) -> tuple[str, ...]:
    """Which files differ, besides one; at most twenty of them."""
    paths = sorted(before.keys() | after.keys())
    return tuple(it for it in paths if it != but and before.get(it) != after.get(it))[:20]


def _read(file: Path) -> str:
    """The text of the file; of a thing that is none, nothing: then there is no code in it."""
    try:
        found = file.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > MOST:
            return ""
        return file.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError as why:
        if isinstance(why, FileNotFoundError):
            return ""
        raise GenopsError(f"it cannot be read: {why.strerror}", where=str(file)) from why
