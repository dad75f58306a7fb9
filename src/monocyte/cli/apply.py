"""`apply`: have a plan that was approved written by its model, and judged; shown as it goes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monocyte.cli.places import app_option
from monocyte.cli.plan import base_option, desk_of
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, note, say

if TYPE_CHECKING:
    from monocyte.genops.applying import Outcome, Step

__all__ = ["apply", "live"]


@click.command(short_help="Have an approved plan written by its model, and judged.")
@click.argument("name", metavar="PLAN")
@click.option(
    "--backend",
    default="",
    metavar="WHO",
    help="Who answers in place of the pinned model: hand-over (files), or cassette:DIRECTORY.",
)
@click.option("--cancel", "cancelled", is_flag=True, help="Give the plan up instead, for good.")
@click.option("--why", default="given up", metavar="TEXT", help="Why it is given up.")
@base_option
@app_option
@json_option
@failing
def apply(  # noqa: PLR0917 (a command has the options that it has)
    name: str,
    backend: str,
    cancelled: bool,
    why: str,
    base: str | None,
    app_path: Path | None,
    as_json: bool,
) -> None:
    """Have PLAN written by its pinned model, cell by cell, and judged by the gates.

    Nobody's files are touched: what is written becomes a candidate, a commit that no branch has.
    What the gates find goes back to the model while attempts and money are left. It may be
    interrupted at any moment: applied again, it goes on, and nothing is paid for twice.
    Ends with 0 if there is a candidate that has passed, and with 1 if there is none.
    """
    from monocyte.genops.applying import Applying, cancel
    from monocyte.genops.gates.judging import judge

    desk = desk_of(app_path, base)
    if cancelled:
        state = cancel(desk, name, why)
        return print_json({"state": state.value}) if as_json else say(f"{name} is {state}")
    with live(quiet=as_json) as hears:
        try:
            outcome = Applying(desk, judge, backend=backend, hears=hears).run(name)
        except KeyboardInterrupt:
            note(f"interrupted; nothing is lost, and nothing more is spent: monocyte apply {name}")
            raise SystemExit(130) from None
    if as_json:
        print_json(_fields(outcome))
    else:
        _show(outcome)
    if outcome.verdict is None or not outcome.verdict.passed:
        raise SystemExit(1)
    return None


@contextmanager
def live(*, quiet: bool = False) -> Iterator[Callable[[Step], None]]:
    """Shows on standard error what goes on: a line that lives on a terminal, lines elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda step: None if quiet or _is_noise(step) else note(_line(step))
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False, markup=False)
    heard: dict[str, int] = {}
    with console.status("…") as status:

        def show(step: Step) -> None:
            if _is_noise(step):
                heard[step.cell] = heard.get(step.cell, 0) + len(step.said)
                status.update(f"{step.cell}: {heard[step.cell]:,} characters")
            else:
                heard.pop(step.cell, None)
                console.print(_line(step))
                status.update(f"{step.cell or step.kind}: …")

        yield show


def _is_noise(step: Step) -> bool:
    """Whether it is a piece of an answer; where an answer is to be put is none."""
    return step.kind == "piece" and not step.said.startswith("read ")


def _line(step: Step) -> str:
    said = "".join(it if it.isprintable() or it == "\n" else "?" for it in step.said)
    return f"{step.cell}: {said.rstrip()}" if step.cell else said.rstrip()


def _show(outcome: Outcome) -> None:
    """What became of it, why, what it cost, and what comes next."""
    from monocyte.genops.states import State

    plan, candidate, verdict = outcome.plan, outcome.candidate, outcome.verdict
    say(f"{plan.id} is {outcome.state}; spent: {outcome.spent.about()}")
    if candidate is not None:
        say(f"candidate {candidate.digest[:12]}: git show {candidate.commit[:12]}")
    if verdict is not None and verdict.summary:
        say(verdict.summary)
    for it in outcome.findings:
        if it.severity != "note":
            place = f" at {it.where}" if it.where else ""
            say(f"{it.severity}: {it.kind}{place}: {it.said}")
    for missing in outcome.missing:
        say(f"waits: {missing}")
    if outcome.state is State.GATED and candidate is not None:
        note(f"next: monocyte approve {candidate.digest[:12]}")
    elif outcome.state is State.MERGE_APPROVED:
        note(f"next: monocyte promote {plan.id}")


def _fields(outcome: Outcome) -> dict[str, Any]:
    """The same for machines; money in nano-USD."""
    import msgspec

    candidate, verdict = outcome.candidate, outcome.verdict
    return {
        "plan": outcome.plan.id,
        "state": outcome.state.value,
        "candidate": None if candidate is None else msgspec.to_builtins(candidate),
        "candidate_digest": None if candidate is None else candidate.digest,
        "verdict": None if verdict is None else msgspec.to_builtins(verdict),
        "passed": verdict is not None and verdict.passed,
        "findings": [msgspec.to_builtins(it) for it in outcome.findings],
        "spent": outcome.spent.nano,
        "missing": outcome.missing,
    }
