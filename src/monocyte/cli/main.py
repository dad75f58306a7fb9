"""The program: its commands, by name."""

from __future__ import annotations

from importlib.metadata import version

import click

from monocyte.cli.access import access
from monocyte.cli.cells import cells
from monocyte.cli.completion import completion
from monocyte.cli.journal import journal
from monocyte.cli.letters import letters
from monocyte.cli.messages import ask, events, send
from monocyte.cli.running import run
from monocyte.cli.scaffold import new
from monocyte.cli.scenarios import test
from monocyte.cli.show import EXIT_CODES

__all__ = ["main"]

EPILOG = "Exit codes: " + "; ".join(f"{code} {text}" for code, text in EXIT_CODES.items()) + "."


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("monocyte"), prog_name="monocyte")
def main() -> None:
    """Write an app as cells, run it, and look at what it does.

    An app is a directory with a monocyte.toml and a package of cells. Make one with `monocyte new`,
    run it with `monocyte run`, and talk to it with `send`, `ask` and `events`.
    """


for command in (new, run, test, cells, send, ask, events, journal, letters, access, completion):
    main.add_command(command)
