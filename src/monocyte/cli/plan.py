"""`plan`: which cells would be regenerated, why exactly those, and at what price."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monocyte.cli.places import app_option, complete_cell, open_cells, refuse_unknown, whoami
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import counted, failing, json_option, note, say, table

if TYPE_CHECKING:
    from monocyte.genops.plans.desk import Desk, Standing
    from monocyte.genops.plans.plan import Plan

__all__ = ["adopted", "base_option", "desk_of", "plan", "show_plan"]

base_option = click.option(
    "--base",
    metavar="REVISION",
    help="The revision whose policy and keys count.  [default: git config monocyte.base, "
    "else the branch that the remote's HEAD names, else main]",
)

failing_with_1: Callable[[Any], Any] = partial(failing, code=1)


class Judging(click.Command):
    """A command whose 2 means that there are changes: what is typed wrongly ends with 1."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the command line."""
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as why:
            vars(why)["exit_code"] = 1
            raise


@click.command(cls=Judging, short_help="Show what would be regenerated, why, and the price.")
@click.argument("cells", metavar="[CELL]...", nargs=-1, shell_complete=complete_cell())
@click.option("--all", "everything", is_flag=True, help="Regenerate every cell.")
@click.option(
    "--adopt",
    is_flag=True,
    help="Plan nothing: take CELLs, or all, as they stand, and write regen.lock.",
)
@click.option("--why", default="", metavar="TEXT", help="Why they are adopted.")
@base_option
@app_option
@json_option
@failing_with_1
def plan(  # noqa: PLR0917 (a command has the options that it has)
    cells: tuple[str, ...],
    everything: bool,
    adopt: bool,
    why: str,
    base: str | None,
    app_path: Path | None,
    as_json: bool,
) -> None:
    """Plan to regenerate what has changed since it was promoted: which cells, why, at what price.

    A plan is written to the ledger, bound to everything that it was made from; nothing is spent
    until it is approved and applied. A cell with a generated part that was edited by hand is not
    planned until the edit is adopted or taken back. Ends with 0 if there is nothing to do, with 2
    if there are changes, and with 1 if it cannot be said.
    """
    if adopt:
        return adopted(app_path, base, cells, why, as_json=as_json)
    desk = desk_of(app_path, base)
    made = desk.plan(cells, everything=everything)
    if made is None:
        if as_json:
            print_json({"plan": None, "cells": []})
        else:
            say("Nothing to do: everything is as it was promoted.")
        return None
    standing = desk.standing(desk.ledger.read().book, made)
    if as_json:
        print_json(plan_fields(standing))
    else:
        show_plan(standing)
        _note_edits(desk, made)
    raise SystemExit(2)


def desk_of(app_path: Path | None, base: str | None = None) -> Desk:
    """Where the plans of an app are made, by whom is at the keyboard."""
    from monocyte.genops.plans.desk import Desk
    from monocyte.genops.plans.keys import own_names

    root, name, cells = open_cells(app_path)
    names = own_names()
    person = names[0] if len(names) == 1 else whoami()
    return Desk(name, root, cells, person=person, base=base)


def _note_edits(desk: Desk, made: Plan) -> None:
    """Say which other cells were edited by hand: they wait for a person."""
    from monocyte.genops.plans.plan import drifting

    planned = {it.cell for it in made.cells}
    other = {it.cell for it in drifting(desk.scene(desk.ledger.read().book, desk.lock()))}
    for cell in sorted(other - planned):
        note(f"edited by hand, and not in this plan: {cell} (monocyte status)")


def adopted(
    app_path: Path | None, base: str | None, cells: Sequence[str], why: str, *, as_json: bool
) -> None:
    """Adopt cells, and say so: the one way, whatever it is called."""
    from monocyte.genops.plans.lock import FILE, read_lock

    desk = desk_of(app_path, base)
    lock = read_lock(desk.root)
    known = {it.name for it in desk.manifests} | (lock.cells.keys() if lock else set())
    refuse_unknown(cells, known)
    done = desk.adopt(cells, why)
    if as_json:
        print_json({"adopted": done, "lock": FILE})
    elif done:
        say(f"Adopted as they stand: {', '.join(done)}. Commit {FILE}, and have it reviewed.")
    else:
        say("Nothing to adopt: everything is as it was promoted.")


# -- how a plan is shown ---------------------------------------------------------------------------


def show_plan(standing: Standing) -> None:
    """Print a plan: a line, a table, its reasons, and what it waits for."""
    from monocyte.genops.money import Money
    from monocyte.genops.plans.headline import headline
    from monocyte.genops.states import State

    made = standing.plan
    say(str(headline(made)))
    say("")
    rows = [
        (
            *(it.cell, it.action, it.pin or "-", f"{it.tokens:,}"),
            *(Money(each).about() for each in (it.cost.expected, it.cost.p90, it.cost.cap)),
        )
        for it in made.cells
    ]
    table(("cell", "does", "pin", "tokens", "expected", "p90", "cap"), rows)
    for it in made.cells:
        say(f"\n{it.cell}:")
        for why in it.reasons:
            say(f"  {why.said}")
    runs = made.cost.runs
    basis = f"by {counted(runs, 'past run')}" if runs else "without any past run: see the docs"
    say(f"\n{made.id} by {made.by}, {standing.state}; estimated {basis}; prices: {made.prices}")
    for statement in standing.agreed:
        say(f"agreed: {statement.by}, until {statement.expires:%Y-%m-%d %H:%M} UTC")
    if standing.state in (State.PLANNED, State.SPEND_APPROVED):
        for missing in standing.missing:
            say(f"waits: {missing}")
    if standing.state is State.PLANNED:
        note(f"next: monocyte {'approve' if standing.missing else 'apply'} {made.id}")


def plan_fields(standing: Standing) -> dict[str, Any]:
    """A plan for machines; money in nano-USD."""
    import msgspec

    from monocyte.genops.plans.headline import headline

    return {
        "plan": msgspec.to_builtins(standing.plan),
        "headline": str(headline(standing.plan)),
        "digest": standing.plan.digest,
        "state": standing.state.value,
        "agreed": [{"by": it.by, "expires": it.expires} for it in standing.agreed],
        "missing": [str(it) for it in standing.missing],
    }
