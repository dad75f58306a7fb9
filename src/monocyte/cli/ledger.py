"""`ledger`: what was decided and spent: look at it, verify it, bring it together with others'."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monocyte.cli.places import app_option
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import counted, failing, json_option, say

if TYPE_CHECKING:
    from monocyte.genops.ledger.gitledger import GitLedger

__all__ = ["ledger"]


@click.group()
def ledger() -> None:
    """Look after the ledger: every plan, approval and cent, on a ref of its own in git."""


def _ledger(app_path: Path | None) -> GitLedger:
    from monocyte.genops.ledger.gitledger import GitLedger
    from monocyte.runtime import find_root

    return GitLedger(find_root(app_path or Path.cwd()))


@ledger.command("show", short_help="Print what stands in the ledger.")
@click.argument("plan", required=False)
@app_option
@json_option
@failing
def show_ledger(plan: str | None, app_path: Path | None, as_json: bool) -> None:
    """Print every entry, or those of PLAN: when, who, and what."""
    import msgspec

    from monocyte.genops.ledger.entries import said

    for entry in _ledger(app_path).read().entries:
        about = getattr(entry.fact, "plan", "")
        if plan and not about.startswith((plan, f"plan-{plan}")):
            continue
        if as_json:
            print_json(msgspec.to_builtins(entry))
        else:
            say(f"{entry.seq:>5}  {entry.at:%Y-%m-%d %H:%M:%S}  {entry.who}  {said(entry.fact)}")


@ledger.command("verify", short_help="Look for anything that was changed in the ledger.")
@app_option
@json_option
@failing
def verify(app_path: Path | None, as_json: bool) -> None:
    """Read every entry and attachment; ends with 1 if anything was changed, dropped or put in."""
    found = _ledger(app_path)
    damages = list(found.verify())
    if as_json:
        print_json({"intact": not damages, "findings": [it._asdict() for it in damages]})
    else:
        for it in damages:
            say(f"entry {it.seq}: {it.what}")
        if not damages:
            say(f"intact: {counted(found.read().head.seq, 'entry').replace('entrys', 'entries')}")
    if damages:
        raise SystemExit(1)


@ledger.command("settle", short_help="Say what a call has cost that was cut off.")
@click.argument("id")
@click.option("--amount", metavar="DOLLARS", help="What the provider's invoice says.")
@click.option("--nothing", is_flag=True, help="It was never made.")
@click.option("--why", required=True, metavar="TEXT", help="How you know.")
@app_option
@json_option
@failing
def settle(
    id: str, amount: str | None, nothing: bool, why: str, app_path: Path | None, as_json: bool
) -> None:
    """Settle the reservation ID (or how it begins) of a call whose end nobody has seen.

    A run that was killed leaves what it had set aside, for the call may have been made. What was
    certainly not made is freed by the next `monocyte apply`; the rest waits for who has looked.
    """
    from monocyte.cli.places import whoami
    from monocyte.genops.generation.paid import settle_by_hand
    from monocyte.genops.money import ZERO, Money

    if nothing == (amount is not None):
        raise click.UsageError("say either --amount or --nothing")
    cost = ZERO if amount is None else Money.parse(amount)
    full = settle_by_hand(_ledger(app_path), id, cost, why, whoami())
    if as_json:
        return print_json({"reservation": full, "nano": cost.nano})
    say(f"{full[:8]} is settled: {cost}")
    return None


@ledger.command("sync", short_help="Fetch what others wrote, and push what we wrote.")
@click.argument("remote", default="origin")
@app_option
@json_option
@failing
def sync(remote: str, app_path: Path | None, as_json: bool) -> None:
    """Bring the ledger together with that of REMOTE.

    Nothing is overwritten: what we wrote is put behind what others pushed first, and judged again
    there. What is no longer possible is kept, and counts for nothing.
    """
    from monocyte.genops.ledger.syncing import sync as sync_ledger
    from monocyte.genops.pins import read_regeneration
    from monocyte.genops.plans.spending import within
    from monocyte.runtime import find_root

    caps = read_regeneration(find_root(app_path or Path.cwd())).budget
    done = sync_ledger(_ledger(app_path), remote, within(caps))
    if as_json:
        return print_json(done._asdict())
    say(f"{done.pulled} came, {done.pushed} went, {done.moved} of ours put behind theirs")
    for late in done.voided:
        say(f"came too late: {late}")
    return None
