"""`propose`: have a model draft a rule and a scenario, for a person to accept or not."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monocyte.cli.apply import live
from monocyte.cli.places import app_option, complete_cell, refuse_unknown
from monocyte.cli.plan import base_option, desk_of
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, note, say

if TYPE_CHECKING:
    from monocyte.genops.generation.proposing import Drafted

__all__ = ["propose"]


@click.command(short_help="Have a model draft a rule and a scenario, for you to accept.")
@click.argument("cell", shell_complete=complete_cell())
@click.argument("text")
@click.option("--yes", is_flag=True, help="Accept it without being asked.")
@click.option(
    "--backend",
    default="",
    metavar="WHO",
    help="Who answers in place of the pinned model: hand-over (files), or cassette:DIRECTORY.",
)
@base_option
@app_option
@json_option
@failing
def propose(  # noqa: PLR0917 (a command has the options that it has)
    cell: str,
    text: str,
    yes: bool,
    backend: str,
    base: str | None,
    app_path: Path | None,
    as_json: bool,
) -> None:
    """Have the model of CELL draft a rule and a scenario for what TEXT asks, and show them.

    Accepted, they are written into the cell, and are sealed like any other: `monocyte plan` then
    says what it costs to have them kept. Not accepted, they leave nothing. The call is within the
    budget, and goes through the proxy, like any other. Ends with 1 if nothing was accepted.
    """
    from monocyte.genops.proposing import proposed

    desk = desk_of(app_path, base)
    refuse_unknown([cell], [it.name for it in desk.manifests])
    with live(quiet=as_json) as hears:
        try:
            drafted = proposed(desk, cell, text, backend=backend, hears=hears)
        except KeyboardInterrupt:
            note("interrupted; nothing was written")
            raise SystemExit(130) from None
    file = Path(next(it.file for it in desk.manifests if it.name == cell))
    diff = _diff(file, drafted)
    if not as_json:
        say(diff)
    accepted = yes or (not as_json and sys.stdin.isatty() and click.confirm("Accept it?"))
    if accepted:
        file.write_text(drafted.text, "utf-8", newline="")
    if as_json:
        print_json({"rule": drafted.rule, "diff": diff, "accepted": accepted})
    elif accepted:
        note(f"{drafted.rule} is written into {file}; next: commit it, monocyte plan {cell}")
    else:
        note("nothing was written; to accept what is drafted: --yes")
    if not accepted:
        raise SystemExit(1)


def _diff(file: Path, drafted: Drafted) -> str:
    """What would be written, for people."""
    old = file.read_bytes().decode("utf-8").splitlines()
    new = drafted.text.splitlines()
    return "\n".join(difflib.unified_diff(old, new, str(file), str(file), lineterm=""))
