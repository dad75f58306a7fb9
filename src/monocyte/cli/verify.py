"""`verify`, `replay`: whether what was released can still be shown, and made again."""

from __future__ import annotations

from pathlib import Path

import click

from monocyte.cli.places import app_option
from monocyte.cli.plan import base_option, desk_of
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, say

__all__ = ["replay", "verify"]


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


@click.command(short_help="Make releases once more, offline, and compare them byte by byte.")
@click.argument("name", metavar="[PLAN]", required=False)
@click.option("--frozen", is_flag=True, required=True, help="Ask no model: only what was answered.")
@click.option("--all", "everything", is_flag=True, help="Every release there ever was.")
@base_option
@app_option
@json_option
@failing
def replay(
    name: str | None,
    frozen: bool,
    everything: bool,
    base: str | None,
    app_path: Path | None,
    as_json: bool,
) -> None:
    """Make the release of PLAN, or with --all every one, once more from what the ledger has.

    The same prompts are asked, the answers that are attached are heard, and spliced as then, in a
    process without a network. Ends with 1 if anything comes out otherwise than it was released.
    """
    from monocyte.genops.promotion.replaying import Replaying
    from monocyte.runtime import read_settings

    del frozen  # there is no other way yet
    if bool(name) == everything:
        raise click.UsageError("name a PLAN, or say --all")
    desk = desk_of(app_path, base)
    replaying = Replaying(desk, read_settings(desk.root).app.cells)
    done = (
        [*replaying.every()] if name is None else [replaying.replay(desk.ledger.read().book, name)]
    )
    if as_json:
        rows = [{"plan": it.plan, "files": sorted(it.files), "faults": it.faults} for it in done]
        print_json(rows)
    else:
        for it in done:
            said = "; ".join(it.faults) or f"byte by byte as it was: {', '.join(sorted(it.files))}"
            say(f"{it.plan}: {said}")
    if any(it.faults for it in done):
        raise SystemExit(1)
