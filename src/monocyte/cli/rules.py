"""`rules`: what is required, where it is enforced, and which scenarios have seen that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monocyte.cli.places import app_option, complete_cell, open_app, refuse_unknown
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, note, progress, say

if TYPE_CHECKING:
    from monocyte.literate.rules.coverage import Matrix, Row, Seen

__all__ = ["rules"]


@click.command(short_help="List the rules, where they are enforced, and who has seen that.")
@click.argument("cell", required=False, shell_complete=complete_cell())
@app_option
@json_option
@failing
def rules(cell: str | None, app_path: Path | None, as_json: bool) -> None:
    """List the rules of CELL, or of all cells, line by line of the code that enforces them.

    Every scenario is played once, to see which lines it saw let pass, and which refuse. Retired
    rules stand at the end of their cell, with the reason. What is missing, `monocyte check` says.
    """
    from monocyte.literate.rules.coverage import matrix_of, witness_scenarios

    app = open_app(app_path)
    if cell is not None:
        refuse_unknown([cell], [manifest.name for manifest in app.cells])
    with progress("scenarios") as bar:
        witnessed = witness_scenarios(app.cells, app.journeys, progress=bar)
    chosen = [manifest for manifest in app.cells if cell in (None, manifest.name)]
    matrix = matrix_of(chosen, witnessed)
    if as_json:
        print_json(_described(matrix))
    elif matrix.rows:
        say(str(matrix))
    else:
        note("there are no rules")


def _described(matrix: Matrix) -> list[dict[str, Any]]:
    return [_row(row) for row in matrix.rows]


def _row(row: Row) -> dict[str, Any]:
    return {
        "cell": row.cell,
        "id": row.id,
        "text": row.text,
        "where": row.where,
        "state": "retired" if row.because else "in force",
        "because": row.because,
        "supersedes": list(row.supersedes),
        "sites": [_site(it) for it in row.sites],
    }


def _site(it: Seen) -> dict[str, Any]:
    return {
        "where": it.site.where,
        "function": it.site.function,
        "held_by": list(it.held_by),
        "refused_by": list(it.refused_by),
    }
