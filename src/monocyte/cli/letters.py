"""`letters`: what could not take its effect."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monocyte.cli.places import finish, open_app, reach_options, remote
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, note, table
from monocyte.errors import ConfigError

if TYPE_CHECKING:
    from monocyte.app import App

__all__ = ["letters"]


@click.group(short_help="List and resend dead letters.")
def letters() -> None:
    """List and resend dead letters: events and timers that a cell could not deal with."""


@letters.command("list", short_help="List the dead letters of all cells.")
@reach_options
@json_option
@failing
def list_(app_path: Path | None, url: str | None, key: str | None, as_json: bool) -> None:
    """List what was given up: by which cell, at which position, whence, and why."""
    app = None if url else open_app(app_path, tolerant=True)
    there = remote(app, url, key)
    found: list[dict[str, Any]] = there.get("/letters") if there else finish(_list(_here(app)))
    if as_json:
        print_json(found)
    else:
        keys = ("cell", "position", "from", "message", "error")
        table(keys, [[letter[key] for key in keys] for letter in found])


@letters.command(short_help="Let a dead letter take its effect after all.")
@click.argument("cell")
@click.argument("position", type=int)
@reach_options
@json_option
@failing
def resend(
    cell: str, position: int, app_path: Path | None, url: str | None, key: str | None, as_json: bool
) -> None:
    """Deliver a dead letter again; it leaves the list when it has taken its effect."""
    app = None if url else open_app(app_path, tolerant=True)
    if (there := remote(app, url, key)) is not None:
        there.post(f"/letters/{cell}/{position}")
    else:
        finish(_resend(_here(app), cell, position))
    if as_json:
        print_json({"resent": {"cell": cell, "position": position}})
    else:
        note(f"{cell}: letter {position} has taken its effect")


def _here(app: App | None) -> App:
    if app is None:
        raise ConfigError("no app is meant", mend="give --app or --url")
    return app


async def _list(app: App) -> list[dict[str, Any]]:
    async with app.runtime() as runtime:
        return runtime.letters()


async def _resend(app: App, cell: str, position: int) -> None:
    async with app.runtime() as runtime:
        await runtime.resend(cell, position)
