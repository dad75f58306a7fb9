"""`status`: the one page for who approves: what needs somebody, and why; quiet if nothing does."""

from __future__ import annotations

from pathlib import Path

import click

from monocyte.cli.places import app_option
from monocyte.cli.plan import base_option, desk_of
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import counted, failing, json_option, say

__all__ = ["status"]


@click.command(short_help="Say what needs somebody's attention, and why.")
@base_option
@app_option
@json_option
@failing
def status(base: str | None, app_path: Path | None, as_json: bool) -> None:
    """Say what needs somebody, and why; it is one line if nothing does.

    Edits by hand, changes, open plans, candidates with their verdict, releases that the watch has
    taken back, models that retire, money. Each line says what it rests on. Ends with 0 unless it
    cannot be said, as when the ledger is damaged.
    """
    from monocyte.genops.promotion.overview import overview
    from monocyte.runtime import read_settings

    desk = desk_of(app_path, base)
    journal = desk.root / read_settings(desk.root).journal.path
    found = overview(desk, journal.parent / "releases")
    if as_json:
        return print_json([it._asdict() for it in found.lines] + [{"spent": found.spent}])
    for it in found.lines:
        say(f"{it.kind}: {it.said}")
        for why in it.because:
            say(f"  {why}")
    if not found.lines:
        say(f"Nothing needs you: {counted(len(desk.manifests), 'cell')} as promoted. {found.spent}")
    else:
        say(found.spent)
    return None
