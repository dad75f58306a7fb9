"""Which app is meant, and how to reach it: over HTTP where it runs, else in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monocyte.errors import ConfigError, DefinitionError, NoSuchCell, Unavailable

if TYPE_CHECKING:
    from monocyte.app import App
    from monocyte.cell import Manifest
    from monocyte.cli.remote import Remote

__all__ = [
    "KEY",
    "app_option",
    "complete_cell",
    "complete_message",
    "complete_runbook",
    "finish",
    "open_app",
    "open_cells",
    "reach_options",
    "refuse_unknown",
    "remote",
    "whoami",
]

T = TypeVar("T")

KEY = "MONOCYTE_KEY"
URL = "MONOCYTE_URL"

app_option = click.option(
    "--app",
    "app_path",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=None,
    help="The app's directory.  [default: the nearest with a monocyte.toml]",
)


def reach_options(command: Any) -> Any:
    """Options of commands that ask an app, which may be running."""
    for option in (
        click.option("--key", envvar=KEY, help=f"Your key, for an app that runs.  [env: {KEY}]"),
        click.option("--url", envvar=URL, help=f"Where the app answers.  [env: {URL}]"),
        app_option,
    ):
        command = option(command)
    return command


def open_app(path: Path | None, *, tolerant: bool = False) -> App:
    """Load the app in a directory or above it.

    Raises:
        ConfigError: it has no settings, or they cannot be.
        DefinitionError: a cell is not well formed (unless `tolerant`).
    """
    from monocyte.app import load_app
    from monocyte.runtime import find_root

    app = load_app(find_root(path or Path.cwd()))
    if not tolerant:
        _refuse_faults(app.faults)
    return app


def _refuse_faults(faults: tuple[DefinitionError, ...]) -> None:
    if faults:
        first, *rest = faults
        first.more = (*first.more, *rest)
        raise first


def open_cells(path: Path | None) -> tuple[Path, str, tuple[Manifest, ...]]:
    """The cells of an app and nothing else of it, for what never runs it: directory, name, cells.

    Raises:
        ConfigError: it has no settings, or they cannot be.
        DefinitionError: a cell is not well formed.
    """
    from monocyte.cell import load_package
    from monocyte.runtime import find_root
    from monocyte.runtime.settings import read_settings

    root = find_root(path or Path.cwd())
    settings = read_settings(root).app
    loaded = load_package(root, settings.cells)
    _refuse_faults(loaded.faults)
    return root, settings.name, loaded.manifests


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run what waits, to its end."""
    import asyncio

    return asyncio.run(work)


def refuse_unknown(cells: Iterable[str], known: Iterable[str]) -> None:
    """Refuse the name of a cell that is not there.

    Raises:
        NoSuchCell: with the name that may have been meant.
    """
    from difflib import get_close_matches

    known = sorted(known)
    for cell in cells:
        if cell not in known:
            close = get_close_matches(cell, known, n=1)
            mend = f"did you mean {close[0]}?" if close else f"there is: {', '.join(known)}"
            raise NoSuchCell(f"there is no cell {cell!r}", cell=cell, mend=mend if known else "")


def complete_message(*, command: bool) -> Any:
    """Completes `cell.Message`, for commands or for queries, from the app that is here."""

    def names(cells: tuple[Manifest, ...]) -> list[str]:
        return [
            f"{cell.name}.{handler.message.__name__}"
            for cell in cells
            for handler in cell.handlers.values()
            if handler.is_command is command
        ]

    return _completing(names)


def complete_cell() -> Any:
    """Completes the names of cells."""
    return _completing(lambda cells: [cell.name for cell in cells])


def complete_runbook() -> Any:
    """Completes `cell.runbook`."""
    return _completing(lambda cells: [f"{it.name}.{book}" for it in cells for book in it.runbooks])


def _completing(names: Callable[[tuple[Manifest, ...]], list[str]]) -> Any:
    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        try:
            found = names(_cells(context.params.get("app_path")))
        except Exception:  # noqa: BLE001 (a completion that fails is an empty one, no traceback)
            return []
        return sorted(name for name in found if name.startswith(incomplete))

    return complete


def _cells(path: Path | None) -> tuple[Manifest, ...]:
    """The cells of an app and nothing else of it: somebody waits at a key."""
    from monocyte.cell import load_package
    from monocyte.runtime import find_root, read_settings

    root = find_root(path or Path.cwd())
    return load_package(root, read_settings(root).app.cells).manifests


def remote(app: App | None, url: str | None, key: str | None) -> Remote | None:
    """The running app, if one is meant or found; None if it does not run.

    Raises:
        ConfigError: it runs, but there is no key to ask it with.
        Unavailable: it is being started or stopped, or another command has its journal.
    """
    from monocyte.cli.remote import Remote
    from monocyte.journal import in_use

    if url is None and app is not None and in_use(app.journal):
        url = _answering(app)
    if url is None:
        return None
    if not key:
        raise ConfigError(
            f"the app runs at {url} and asks who you are",
            mend=f"export {KEY}=… or give --key; a new key: monocyte access add NAME",
        )
    return Remote(url, key)


def _answering(app: App) -> str:
    try:
        return app.address.read_text(encoding="utf-8").strip()
    except OSError as why:
        raise Unavailable(
            "another process has this app's journal, but does not answer over HTTP",
            mend="it may be about to start or to end: try again in a moment",
        ) from why


def whoami() -> str:
    """The name of who is at the keyboard, for an app that is asked in this process."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
