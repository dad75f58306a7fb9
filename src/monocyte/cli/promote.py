"""`promote`, `rollback`: bring a release into force, and take it back; here and where it runs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monocyte.cli.approve import only_key
from monocyte.cli.places import KEY, app_option, complete_cell
from monocyte.cli.plan import base_option, desk_of
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, note, say
from monocyte.errors import ConfigError, GenopsError

if TYPE_CHECKING:
    from monocyte.cli.remote import Remote
    from monocyte.genops.gates.verdict import Verdict
    from monocyte.genops.plans.desk import Desk
    from monocyte.genops.promotion.bundles import Bundle, Deliver
    from monocyte.genops.promotion.landing import Hand, Landed
    from monocyte.genops.promotion.merging import Judged

__all__ = ["promote", "rollback"]

as_option = click.option(
    "--as", "signer", metavar="NAME", help="Your key.  [default: the only one here]"
)


def reach(command: Any) -> Any:
    """Options for where a release is delivered to."""
    for option in (
        click.option("--key", envvar=KEY, help=f"Your key, for an app that runs.  [env: {KEY}]"),
        click.option(
            "--to",
            metavar="URL",
            help="The app that receives it.  [default: the one that runs here]",
        ),
    ):
        command = option(command)
    return command


@click.command(short_help="Bring a candidate that was agreed to into force.")
@click.argument("name", metavar="PLAN")
@as_option
@reach
@click.option(
    "--judge", is_flag=True, help="Have the gates judge it here again, though people have agreed."
)
@click.option("--watch", is_flag=True, help="Wait until the watch is over; roll back as it says.")
@base_option
@app_option
@json_option
@failing
def promote(  # noqa: PLR0913, PLR0917 (a command has the options that it has)
    name: str,
    signer: str | None,
    to: str | None,
    key: str | None,
    judge: bool,
    watch: bool,
    base: str | None,
    app_path: Path | None,
    as_json: bool,
) -> None:
    """Commit the candidate of PLAN on the branch that you are on, with regen.lock, in one step.

    Who has agreed, and that nothing has moved, is looked at once more, and what is released is
    signed with your key. If nobody had to agree, the gates judge it here again: nobody answers for
    what the ledger says of them. An app that runs here, or at --to, is asked before, and lets the
    release take over without refusing anybody; if it has anything against it, nothing is done.
    Whatever interrupts this, the same command again ends it.
    """
    from monocyte.genops.promotion.bundles import bundled
    from monocyte.genops.promotion.promoting import Promoting
    from monocyte.genops.promotion.rejudging import judge_again

    desk = desk_of(app_path, base)
    there = _running(desk, to, key)

    def again(found: Judged) -> Verdict | None:
        if found.agreed and not judge:
            return None
        note("judged once more:")
        return judge_again(desk, found, hears=lambda it: None if as_json else note(f"  {it}"))

    done = Promoting(desk, desk.package, _hand(signer), _deliver(there), again).promote(name)
    told: dict[str, Any] = {}
    if there is not None:
        files = _files(desk, done.landed)
        book = desk.ledger.read().book
        bundle = bundled(book, done.plan, done.landed.envelope, files)
        told = _deliver(there)(bundle, False)
    watched = _watch(there) if watch and there is not None else ""
    if watched:
        _take_back(desk_of(app_path, base), _hand(signer), done.plan.id, watched)
    if as_json:
        print_json(
            _landed(done.landed)
            | {"plan": done.plan.id, "superseded": done.superseded, "running": told}
            | ({"rolled_back": watched} if watched else {})
        )
        raise SystemExit(1 if watched else 0)
    branch = done.landed.branch.removeprefix("refs/heads/")
    say(f"{done.plan.id} is PROMOTED: {done.landed.commit[:12]} on {branch}")
    for it in done.mended:
        say(f"put in place: {it}")
    for it in done.superseded:
        say(f"superseded: {it}")
    _say_told(told)
    if watched:
        raise GenopsError(f"{done.plan.id} was taken back by the watch: {watched}")


@click.command(short_help="Take the last release of a cell back, or that of a plan.")
@click.argument("name", metavar="CELL|PLAN", shell_complete=complete_cell())
@click.option("--why", required=True, metavar="TEXT", help="What is wrong with it.")
@as_option
@reach
@base_option
@app_option
@json_option
@failing
def rollback(  # noqa: PLR0917 (a command has the options that it has)
    name: str,
    why: str,
    signer: str | None,
    to: str | None,
    key: str | None,
    base: str | None,
    app_path: Path | None,
    as_json: bool,
) -> None:
    """Take back what the last release of CELL, or PLAN, has generated, by a commit of its own.

    All cells of its plan go back together. What people have written since stays. It is refused if
    the former release could not read what has happened since: nothing is lost.
    """
    desk = desk_of(app_path, base)
    there = _running(desk, to, key)
    done, told = _rolled(desk, _hand(signer), name, why, there)
    if as_json:
        return print_json(_landed(done.landed) | {"plan": done.plan.id, "running": told})
    say(f"{done.plan.id} is ROLLED_BACK: {done.landed.commit[:12]}")
    _say_told(told)
    return None


def _rolled(
    desk: Desk, hand: Hand, name: str, why: str, there: Remote | None
) -> tuple[Any, dict[str, Any]]:
    from monocyte.genops.promotion.bundles import bundled
    from monocyte.genops.promotion.rolling import Rolling

    deliver = _deliver(there)
    done = Rolling(desk, desk.package, hand, _journal(desk), deliver).rollback(name, why)
    if there is None:
        return done, {}
    book = desk.ledger.read().book
    files = _files(desk, done.landed)
    return done, deliver(bundled(book, done.plan, done.landed.envelope, files), False)


def _take_back(desk: Desk, hand: Hand, plan: str, why: str) -> None:
    """Write down what the watch of an app has done; the app needs not be told."""
    _rolled(desk, hand, plan, f"by the watch: {why}", None)


# -- where it runs ---------------------------------------------------------------------------------


def _running(desk: Desk, to: str | None, key: str | None) -> Remote | None:
    """The app that is to receive a release; None if there is none."""
    from monocyte.cli.remote import Remote
    from monocyte.journal import in_use

    journal = _journal(desk)
    address = journal.parent / "address"
    if to is None and not (in_use(journal) and address.exists()):
        return None
    url = to or address.read_text("utf-8").strip()
    if not key:
        mend = f"export {KEY}=… or give --key, of somebody who is operator or owner; or stop it"
        raise ConfigError(f"the app runs at {url} and asks who you are", mend=mend)
    return Remote(url, key)


def _deliver(there: Remote | None) -> Deliver:
    """Brings a release to an app that runs, or asks it."""
    from monocyte.genops.promotion.bundles import nowhere

    if there is None:
        return nowhere

    def deliver(bundle: Bundle, trial: bool) -> dict[str, Any]:
        told: dict[str, Any] = there.post(
            f"/releases?trial={'yes' if trial else 'no'}", bundle.content
        )
        return told

    return deliver


def _watch(there: Remote) -> str:
    """Wait until the watch of an app is over: why it has taken the release back, or nothing."""
    while True:
        told = there.get("/releases")
        if told["rolled_back"] or not told["watched_for"]:
            return str(told["rolled_back"])
        note(f"watched for {told['watched_for']:.0f} s more")
        time.sleep(min(1.0, max(0.2, told["watched_for"])))


def _files(desk: Desk, landed: Landed) -> dict[str, bytes | None]:
    """The files of a release by path within the app, as its commit has them."""
    from monocyte.genops.promotion.commits import file_at
    from monocyte.genops.promotion.landing import inside

    names = landed.statement.files
    return {it: file_at(desk.git, landed.commit, inside(desk, it)) for it in names}


def _journal(desk: Desk) -> Path:
    from monocyte.runtime import read_settings

    return desk.root / read_settings(desk.root).journal.path


def _hand(signer: str | None) -> Hand:
    from monocyte.genops.plans.keys import load_key
    from monocyte.genops.promotion.landing import Hand

    name = signer or only_key()
    return Hand(name, load_key(name))


def _landed(landed: Landed) -> dict[str, Any]:
    return {"branch": landed.branch, "commit": landed.commit, "files": landed.statement.files}


def _say_told(told: dict[str, Any]) -> None:
    if told.get("took_over"):
        say(f"took over in the app that runs: {', '.join(told['took_over'])}")
    if told.get("already"):
        say("the app that runs has it already")
    if told.get("restart") == "under way":
        say(f"the app restarts, for {', '.join(told['because'])}")
    elif told.get("restart"):
        say(f"restart the app: that takes {', '.join(told['because'])} into force")
