"""`card`: what a neighbour or a model must know of a cell to use it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monocyte.cli.places import app_option, complete_cell, open_app, refuse_unknown
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, note, say
from monocyte.errors import ConfigError

if TYPE_CHECKING:
    from monocyte.app import App

__all__ = ["card"]


@click.command(short_help="Print the cards of cells: how to use them, in a few lines.")
@click.argument("cells", nargs=-1, metavar="[CELL]...", shell_complete=complete_cell())
@click.option("--full", is_flag=True, help="All there is to say, however long that gets.")
@click.option("--llms", is_flag=True, help="Print the page that leads agents: llms.txt.")
@app_option
@json_option
@failing
def card(
    cells: tuple[str, ...], full: bool, llms: bool, app_path: Path | None, as_json: bool
) -> None:
    """Print the card of each CELL, or of all: commands, queries, events, rules and neighbours.

    A card has 200 tokens at most (about); --full leaves nothing out. How many tokens each has, and
    what it leaves out, goes to standard error. Tokens are estimated as OpenAI's o200k_base counts.
    """
    from monocyte.literate.cards import BUDGET
    from monocyte.literate.cards import card as card_of

    if llms and (cells or full):
        raise ConfigError("--llms is about the whole app", mend="give it without CELL and --full")
    app = open_app(app_path, tolerant=True)
    if llms:
        return _page(app, as_json=as_json)
    refuse_unknown(cells, (manifest.name for manifest in app.cells))
    chosen = [it for it in app.cells if not cells or it.name in cells]
    drawn = [card_of(manifest, None if full else BUDGET) for manifest in chosen]
    if as_json:
        return print_json([it._asdict() for it in drawn])
    for i, it in enumerate(drawn):
        say(("\n" if i else "") + it.text.rstrip("\n"))
        without = f", without {', '.join(it.left_out)}" if it.left_out else ""
        note(f"{it.cell}: {it.tokens:,} tokens{without}")
    return None


def _page(app: App, *, as_json: bool) -> None:
    from monocyte.contracts.tokens import estimate
    from monocyte.literate.guide import llms_txt

    text = llms_txt(app.settings.app.name, app.cells, app.journeys, root=app.root)
    if as_json:
        print_json({"text": text, "tokens": estimate(text)})
    else:
        say(text.rstrip("\n"))
        note(f"llms.txt: {estimate(text):,} tokens")
