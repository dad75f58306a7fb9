"""The program: its commands, by name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import click

from monocyte.cli.access import access
from monocyte.cli.apply import apply
from monocyte.cli.approve import approve, reject, show
from monocyte.cli.card import card
from monocyte.cli.cells import cells
from monocyte.cli.check import check
from monocyte.cli.ci import ci
from monocyte.cli.completion import completion
from monocyte.cli.context import context
from monocyte.cli.debt import debt
from monocyte.cli.diff import diff
from monocyte.cli.drift import drift
from monocyte.cli.gate import gate
from monocyte.cli.journal import journal
from monocyte.cli.keys import keys
from monocyte.cli.lastword import held_to_its_word
from monocyte.cli.ledger import ledger
from monocyte.cli.letters import letters
from monocyte.cli.messages import ask, events, send
from monocyte.cli.picture import picture
from monocyte.cli.pins import pins
from monocyte.cli.plan import plan
from monocyte.cli.promote import promote, rollback
from monocyte.cli.propose import propose
from monocyte.cli.rules import rules
from monocyte.cli.runbook import runbook
from monocyte.cli.running import run
from monocyte.cli.scaffold import new
from monocyte.cli.scenarios import test
from monocyte.cli.show import EXIT_CODES, as_json, stop
from monocyte.cli.status import status
from monocyte.cli.verify import replay, verify
from monocyte.cli.weave import weave
from monocyte.errors import MonocyteError

__all__ = ["main"]

EPILOG = "Exit codes: " + "; ".join(f"{code} {text}" for code, text in EXIT_CODES.items()) + "."


JUDGES = {"check", "test", "plan"}
"""Commands whose exit code is a verdict about code that they run."""

OTHERWISE = {"plan": 1}
"""What a command ends with that comes to no end, where 2 means something else."""


class Program(click.Group):
    """The commands; with --json, what is wrong with a command line is said in JSON too."""

    def main(self, args: Sequence[str] | None = None, *more: Any, **options: Any) -> Any:
        """Run the program as click does, but for the form of its errors."""
        given = list(sys.argv[1:] if args is None else args)
        options["obj"] = given  # for a command that runs itself again
        if args is not None or not JUDGES.intersection(given[:1]) or "--watch" in given:
            return self._run(given, args, *more, **options)
        try:
            held_to_its_word(lambda: self._run(given, args, *more, **options))
        except MonocyteError as why:
            stop(why, json_wanted="--json" in given, code=OTHERWISE.get(given[0]))

    def _run(
        self, given: Sequence[str], args: Sequence[str] | None, *more: Any, **options: Any
    ) -> Any:
        if "--json" not in given or not options.get("standalone_mode", True):
            return super().main(args, *more, **options)
        try:
            return super().main(args, *more, **options | {"standalone_mode": False})
        except click.ClickException as why:
            as_json({"error": {"message": why.format_message(), "fault": "caller"}})
            raise SystemExit(why.exit_code) from why
        except click.Abort:
            raise SystemExit(130) from None


@click.group(
    cls=Program,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(version("monocyte"), prog_name="monocyte")
def main() -> None:
    """Write an app as cells, run it, and look at what it does.

    An app is a directory with a monocyte.toml and a package of cells. Make one with `monocyte new`,
    run it with `monocyte run`, and talk to it with `send`, `ask` and `events`.
    """


COMMANDS: tuple[click.Command, ...] = (
    *(new, run, test, check, weave, diff, gate),
    *(cells, rules, picture, card, context),
    *(send, ask, events, runbook),
    *(propose, plan, show, approve, reject, apply, promote, rollback, verify, replay, drift),
    *(status, pins, keys, ledger, debt, ci),
    *(journal, letters, access, completion),
)
for command in COMMANDS:
    main.add_command(command)
