"""`access`: who may come in."""

from __future__ import annotations

from pathlib import Path

import click

from monocyte.cli.places import app_option, open_app
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, note, say, table

__all__ = ["access"]


@click.group(short_help="Give, list and revoke keys.")
def access() -> None:
    """Give, list and revoke the keys with which people and programs come in."""


@access.command(short_help="Give somebody a key, and show it once.")
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, help="A role of theirs; may be given several times."
)
@app_option
@json_option
@failing
def add(name: str, roles: tuple[str, ...], app_path: Path | None, as_json: bool) -> None:
    """Give NAME a key. It is shown now and never again: what is kept is its hash."""
    key = open_app(app_path, tolerant=True).keys().add(name, roles)
    if as_json:
        print_json({"name": name, "roles": list(roles), "key": key})
    else:
        note(f"the key of {name}, shown this once:")
        say(key)


@access.command("list", short_help="List who has a key.")
@app_option
@json_option
@failing
def list_(app_path: Path | None, as_json: bool) -> None:
    """List who has a key, with which roles, since when."""
    holders = open_app(app_path, tolerant=True).keys().holders()
    if as_json:
        print_json([{"name": h.name, "roles": list(h.roles), "since": h.since} for h in holders])
    else:
        table(("name", "roles", "since"), [(h.name, ", ".join(h.roles), h.since) for h in holders])


@access.command(short_help="Take somebody's key away.")
@click.argument("name")
@app_option
@json_option
@failing
def revoke(name: str, app_path: Path | None, as_json: bool) -> None:
    """Take the key of NAME away; an app that runs sees it within a second."""
    open_app(app_path, tolerant=True).keys().revoke(name)
    if as_json:
        print_json({"revoked": name})
    else:
        note(f"{name} has no key any more")
