"""`show`, `approve`, `reject`: look at a plan, agree to its price, or say no."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monocyte.cli.places import app_option
from monocyte.cli.plan import base_option, desk_of, plan_fields, show_plan
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, say
from monocyte.errors import ConfigError

if TYPE_CHECKING:
    from monocyte.genops.ledger.book import Book
    from monocyte.genops.plans.desk import Desk
    from monocyte.genops.plans.plan import Plan

__all__ = ["approve", "only_key", "reject", "show"]

PLAN = click.argument("name", metavar="PLAN")


@click.command(short_help="Show a plan: what, why, the price, who agreed, and if it is stale.")
@PLAN
@base_option
@app_option
@json_option
@failing
def show(name: str, base: str | None, app_path: Path | None, as_json: bool) -> None:
    """Show a plan of the ledger, by its ID or by how that begins.

    Says where it stands, who has agreed, who must, and what has moved since it was made.
    """
    from monocyte.genops.plans.plan import moved
    from monocyte.genops.states import OPEN

    desk = desk_of(app_path, base)
    book = desk.ledger.read().book
    standing = desk.standing(book, desk.find(book, name))
    is_open = standing.state in OPEN
    what = moved(standing.plan, desk.scene(book, desk.lock())) if is_open else ()
    if as_json:
        return print_json(plan_fields(standing) | {"moved": what})
    show_plan(standing)
    _show_candidate(desk, book, standing.plan)
    last = book.moved[standing.plan.id]
    say(f"{standing.state} since {last.at:%Y-%m-%d %H:%M} UTC, by {last.who}")
    for it in what:
        say(f"stale: {it}")
    return None


@click.command(short_help="Agree to a plan's price, or to its candidate, signed with your key.")
@PLAN
@click.option("--as", "signer", metavar="NAME", help="Your key.  [default: the only one here]")
@click.option("--why", default="", metavar="TEXT", help="What you want to be on record.")
@base_option
@app_option
@json_option
@failing
def approve(
    name: str, signer: str | None, why: str, base: str | None, app_path: Path | None, as_json: bool
) -> None:
    """Agree to what PLAN waits for: its price, or, once it was judged, its candidate.

    Signed with your key, bound to exactly this plan or to exactly these files with this verdict,
    and for some days only. A candidate may be named by how its digest begins. Your public key and
    the policy are those of the base revision. It is refused if anything has moved that it was made
    from, or if that is not committed.
    """
    from monocyte.genops.plans.keys import load_key
    from monocyte.genops.promotion.merging import Merging
    from monocyte.genops.states import State

    key = load_key(signer := signer or only_key())
    desk = desk_of(app_path, base)
    merging, book = Merging(desk), desk.ledger.read().book
    plan = merging.plan(book, name)
    if book.entered.get((plan.id, State.CANDIDATE)) is None:
        return _answer(desk.approve(plan.id, key, by=signer, why=why), as_json=as_json)
    found = merging.approve(plan.id, key, by=signer, why=why)
    if not as_json:
        say(f"{found.verdict.summary or 'judged'}: {', '.join(found.verdict.classes) or 'none'}")
    standing = desk.standing(desk.ledger.read().book, plan)._replace(missing=found.missing)
    return _answer(standing, as_json=as_json)


@click.command(short_help="Say no to a plan, and why.")
@PLAN
@click.option("--why", required=True, metavar="TEXT", help="Why not.")
@app_option
@json_option
@failing
def reject(name: str, why: str, app_path: Path | None, as_json: bool) -> None:
    """Say no to PLAN, or to its candidate, for good; the ledger keeps why."""
    from monocyte.genops.promotion.merging import Merging

    desk = desk_of(app_path)
    plan = Merging(desk).plan(desk.ledger.read().book, name)
    _answer(desk.reject(plan.id, why), as_json=as_json)


def _show_candidate(desk: Desk, book: Book, plan: Plan) -> None:
    """Say what the gates have said of its candidate, and who has agreed to that."""
    from monocyte.genops.promotion.merging import Merging
    from monocyte.genops.states import State

    if book.state(plan.id) not in (State.GATED, State.MERGE_APPROVED, State.PROMOTED):
        return
    found = Merging(desk).judged(book, plan)
    word = "passed" if found.verdict.passed else "refused"
    say(f"\ncandidate {found.candidate.digest[:12]}: {word}. {found.verdict.summary}".rstrip())
    for it in found.verdict.findings:
        place = f"{it.where}: " if it.where else ""
        say(f"  {it.severity}: {place}{it.said}")
    for statement in found.agreed:
        say(f"agreed to it: {statement.by}, until {statement.expires:%Y-%m-%d %H:%M} UTC")
    for missing in found.missing if book.state(plan.id) is State.GATED else ():
        say(f"waits: {missing}")


def _answer(standing: Any, *, as_json: bool) -> None:
    if as_json:
        return print_json(plan_fields(standing))
    say(f"{standing.plan.id} is {standing.state}")
    for missing in standing.missing:
        say(f"waits: {missing}")
    return None


def only_key() -> str:
    """The name of the only key that is here; raises ConfigError if there is another number."""
    from monocyte.genops.plans.keys import own_names

    names = own_names()
    if len(names) == 1:
        return names[0]
    mend = f"say which with --as: {', '.join(names)}" if names else "make one: monocyte keys init"
    raise ConfigError("you have no key" if not names else "you have several keys", mend=mend)
