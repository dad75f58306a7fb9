"""`context`: what a model needs to work on one cell, within a budget."""

from __future__ import annotations

from pathlib import Path

import click

from monocyte.cli.places import app_option, complete_cell, open_app, refuse_unknown
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, note, say

__all__ = ["context"]


@click.command(short_help="Print what a model needs to work on a cell, within a token budget.")
@click.argument("cell", shell_complete=complete_cell())
@click.option("--budget", type=click.IntRange(1), default=16_000, show_default=True, metavar="N")
@click.option("--for", "focus", default="", metavar="NAME", help="A function, word or rule of it.")
@app_option
@json_option
@failing
def context(cell: str, budget: int, focus: str, app_path: Path | None, as_json: bool) -> None:
    """Pack the house rules, the neighbours' cards, what CELL imports, and its file.

    The text goes to standard output, and how many tokens each part has to standard error. Where
    the budget is short it leaves out cards first, the most distant neighbours' before the others,
    then what is imported, and says so; never the file. It holds no data of the app: nothing that
    somebody has sent, and nothing that a cell remembers.
    """
    from monocyte.literate.context import pack
    from monocyte.literate.keeping import Keeper

    app = open_app(app_path, tolerant=True)
    if app.faults and cell not in {manifest.name for manifest in app.cells}:
        raise app.faults[0]  # it may be that very cell
    refuse_unknown([cell], (manifest.name for manifest in app.cells))
    manifest = next(it for it in app.cells if it.name == cell)
    record = Keeper(app.root).record()
    known = record.cells.get(cell) if record is not None else None
    if known is None or known.digest != manifest.release:
        note(
            f"{cell} has changed since it was checked: `monocyte check` says what is wrong with it"
        )
    found = known.findings if known is not None else ()
    packed = pack(manifest, app.cells, budget=budget, focus=focus, findings=found)
    if as_json:
        print_json(
            {
                "cell": packed.cell,
                "tokens": packed.tokens,
                "budget": packed.budget,
                "parts": [{"title": it.title, "tokens": it.tokens} for it in packed.parts],
                "dropped": [{"title": it.title, "tokens": it.tokens} for it in packed.dropped],
                "text": packed.text,
            }
        )
        return
    say(packed.text.rstrip("\n"))
    for part in packed.parts:
        note(f"{part.tokens:>7,}  {part.title}")
    note(f"{packed.tokens:>7,}  of {packed.budget:,} tokens")
    for part in packed.dropped:
        note(f"left out: {part.title} ({part.tokens:,}); {part.instead}")
