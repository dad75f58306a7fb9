"""`verify`, `replay`: whether what was released can still be shown, and made again."""

from __future__ import annotations

from pathlib import Path

import click

from monocyte.cli.places import app_option
from monocyte.cli.plan import base_option, desk_of
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, say

__all__ = ["verify"]


@click.command(short_help="Verify every release: signatures, hashes, the chain, the lock.")
@base_option
@app_option
@json_option
@failing
def verify(base: str | None, app_path: Path | None, as_json: bool) -> None:
    """Look for anything about releases that cannot be shown any more; works offline.

    The ledger's chain and attachments; of each release its signature, by the keys of the base
    revision of then, who has agreed, and that its commit holds the files that were signed; and that
    regen.lock says what was released last. Ends with 1 if anything is wrong.
    """
    from monocyte.genops.promotion.verifying import verify as verify_all
    from monocyte.genops.states import State

    desk = desk_of(app_path, base)
    found = list(verify_all(desk))
    if as_json:
        print_json({"intact": not found, "findings": [it._asdict() for it in found]})
    else:
        for it in found:
            say(f"{it.about}: {it.what}")
    if found:
        raise SystemExit(1)
    if not as_json:
        book = desk.ledger.read().book
        releases = sum(state in (State.PROMOTED, State.ROLLED_BACK) for _, state in book.entered)
        say(f"intact: {releases} release{'s' * (releases != 1)}")
