"""`run`: an app at work, until it is told to stop."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monocyte.cli.places import finish, open_app
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import counted, failing, fault_lines, json_option, note

if TYPE_CHECKING:
    import asyncio

    from monocyte.app import App
    from monocyte.contracts.facts import Emit, Fact

__all__ = ["run"]

WORTH = {"blocked", "crashed", "dead-letter", "failed", "journal", "release", "restarted"}
"""Facts that somebody should see; the others are said only when asked for."""


@click.command(short_help="Run an app, with its gateway.")
@click.argument(
    "app_path",
    metavar="[APP]",
    required=False,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
)
@click.option("--port", type=click.IntRange(0, 65535), help="Where to listen; 0: any free port.")
@click.option("--strict", is_flag=True, help="Refuse to start when a cell is not well formed.")
@click.option("--verbose", "-v", is_flag=True, help="Tell of every cell that is loaded or stopped.")
@json_option
@failing
def run(
    app_path: Path | None, port: int | None, strict: bool, verbose: bool, as_json: bool
) -> None:
    """Run the app in the directory APP (by default the nearest one) until Ctrl-C.

    The first start makes the owner's key and shows it, once. A cell that is not well formed is left
    out and named; the app then runs without it and is not ready.
    """
    app = open_app(app_path, tolerant=not strict)
    for fault in app.faults:
        for line in fault_lines(fault):
            note(line)
    finish(_run(app, port, _teller(verbose, as_json), as_json))


async def _run(app: App, port: int | None, emit: Emit, json_wanted: bool) -> None:
    import asyncio

    from monocyte.app import serving

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, stopping)
    again = False

    def restart() -> bool:
        nonlocal again
        again = True
        stopping.set()
        return True

    async with serving(app, emit, port=port) as serves:
        serves.restart = restart
        gc.freeze()  # the state stays: to look through it for garbage holds everybody up
        cells = list(serves.runtime.host.engines)
        if json_wanted:
            print_json({"url": serves.url, "cells": cells, "new_key": serves.new_key})
            sys.stdout.flush()
        else:
            _welcome(app, serves.url, serves.new_key, cells)
        await stopping.wait()
        if not json_wanted:
            note("stopping: what is in flight is answered first; Ctrl-C again ends it at once")
    if again:
        note("starting again, with the release that was received")
        _start_again(serves.url)


def _start_again(url: str) -> None:
    """Let a fresh process take the place of this one, at the same address."""
    given = [it for it in sys.orig_argv if not it.startswith("--port=")]
    if "--port" in given:
        at = given.index("--port")
        del given[at : at + 2]
    sys.stdout.flush()
    os.execv(sys.executable, [*given, "--port", url.rpartition(":")[2]])  # noqa: S606 (as it was started)


def _stop(stopping: asyncio.Event) -> None:
    """End in order at the first signal, at once at the second: the journal bears it."""
    if stopping.is_set():
        os._exit(130)
    stopping.set()


def _welcome(app: App, url: str, new_key: str, cells: list[str]) -> None:
    name = click.style(app.settings.app.name, bold=True)
    click.echo(f"{name} answers at {url}  ({counted(len(cells), 'cell')}: {', '.join(cells)})")
    click.echo(f"  what it understands: {url}/docs (any name, your key as the password)")
    if new_key:
        click.echo(f"  the owner's key, shown this once: {click.style(new_key, fg='yellow')}")
        click.echo(
            "  keep it: export MONOCYTE_KEY=… and `monocyte ask`, `send`, `events` will use it"
        )
    click.echo("  Ctrl-C stops it.")
    sys.stdout.flush()


def _teller(verbose: bool, json_wanted: bool) -> Emit:
    """What prints facts: to standard error, as they come."""

    def tell(fact: Fact) -> None:
        if not verbose and fact.kind not in WORTH:
            return
        now = datetime.now().astimezone()
        if json_wanted:
            said = {"at": now.isoformat(), "kind": fact.kind, "cell": fact.cell, "text": fact.text}
            note(json.dumps(said | {"where": fact.where}, ensure_ascii=False))
        else:
            place = f"  [{fact.where}]" if fact.where else ""
            cell = f"{fact.cell}: " if fact.cell else ""
            note(f"{now:%H:%M:%S} {fact.kind}  {cell}{fact.text}{place}")

    return tell
