"""`drift`: what becomes of an edit by hand in a generated part; never lost in silence."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from monocyte.cli.places import app_option, complete_cell
from monocyte.cli.plan import adopted, base_option, desk_of
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, say

__all__ = ["drift"]

CELL = click.argument("cell", metavar="CELL", shell_complete=complete_cell())


@click.group(short_help="Decide what becomes of edits by hand in generated parts.")
def drift() -> None:
    """Decide what becomes of an edit by hand: adopt it, let it stand until a day, take it back."""


@drift.command(short_help="Take cells as they stand.")
@click.argument("cells", metavar="[CELL]...", nargs=-1, shell_complete=complete_cell())
@click.option("--why", default="", metavar="TEXT", help="Why they are adopted.")
@base_option
@app_option
@json_option
@failing
def adopt(
    cells: tuple[str, ...], why: str, base: str | None, app_path: Path | None, as_json: bool
) -> None:
    """Take CELLs, or all, as they stand, and write regen.lock; the same as `plan --adopt`.

    What an edit was for is best said in a rule or a scenario too: the next regeneration keeps
    those, and nothing else.
    """
    adopted(app_path, base, cells, why, as_json=as_json)


@drift.command(short_help="Let the edits in a cell stand until a day.")
@CELL
@click.option(
    "--until", required=True, type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="The last day."
)
@click.option("--why", required=True, metavar="TEXT", help="Why they may stand.")
@base_option
@app_option
@json_option
@failing
def waive(
    cell: str,
    until: datetime,
    why: str,
    base: str | None,
    app_path: Path | None,
    as_json: bool,
) -> None:
    """Let exactly the edits that are in CELL now stand until a day: status is quiet of them.

    A plan that would lose them is refused all the same; and so is it after that day.
    """
    from monocyte.genops.promotion.drifting import waive as waive_edits

    found = waive_edits(desk_of(app_path, base), cell, until.date(), why)
    if as_json:
        return print_json(
            {"cell": cell, "until": str(until.date()), "edits": [it.part for it in found]}
        )
    say(f"{cell}: {', '.join(it.part for it in found)} may stand until {until.date()}")
    return None


@drift.command(short_help="Take the edits in a cell back.")
@CELL
@base_option
@app_option
@json_option
@failing
def revert(cell: str, base: str | None, app_path: Path | None, as_json: bool) -> None:
    """Put back the generated parts of CELL that were released or adopted last.

    What people own of the cell stays as it is. The file is changed and not committed: git diff.
    """
    from monocyte.genops.promotion.drifting import revert as revert_edits

    found = revert_edits(desk_of(app_path, base), cell)
    if as_json:
        return print_json({"cell": cell, "reverted": [it.part for it in found]})
    say(f"{cell}: taken back: {', '.join(it.part for it in found)}")
    return None
