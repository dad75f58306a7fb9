"""`test`: run the scenarios of all cells, under as many seeds as wanted."""

from __future__ import annotations

import time
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monocyte.cli.places import open_app
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import counted, failing, json_option, note, progress, say

if TYPE_CHECKING:
    from monocyte.literate.scenarios import Outcome

__all__ = ["test"]

T = TypeVar("T")


@click.command(short_help="Run the scenarios of the cells in a simulated world.")
@click.argument(
    "app_path",
    metavar="[APP]",
    required=False,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
)
@click.option("--seeds", type=click.IntRange(1), default=1, help="How many schedules to try.")
@click.option("--seed", type=click.IntRange(0), help="Try this one schedule: repeat a failure.")
@click.option("-k", "wanted", default="", help="Only scenarios whose cell.name has this in it.")
@click.option("--verbose", "-v", is_flag=True, help="Tell who said what to whom in each.")
@click.option(
    "--timeout",
    type=click.FloatRange(0),
    default=20.0,
    show_default=True,
    help="Seconds that a scenario may take; 0: for ever.",
)
@json_option
@failing
def test(  # noqa: PLR0917 (a command has the options that it has)
    app_path: Path | None,
    seeds: int,
    seed: int | None,
    wanted: str,
    verbose: bool,
    timeout: float,
    as_json: bool,
) -> None:
    """Run every scenario of the app in APP in a world of its own, with virtual time.

    Seed 0 is the plain order of things. Every further seed is another order, in which the world
    also crashes, dawdles and repeats itself. A failure names its seed; --seed repeats it exactly.
    Ends with 1 if a scenario fails, or if there is none.
    """
    from monocyte.literate.scenarios import run

    app = open_app(app_path)
    cells = [_chosen(manifest, wanted) for manifest in app.cells]
    journeys = [_chosen(journey, wanted) for journey in app.journeys]
    planned = [seed] if seed is not None else list(range(seeds))
    count = sum(len(it.scenarios) for it in cells) + sum(len(it.scenarios) for it in journeys)
    total = count * len(planned)
    started = time.perf_counter()
    outcomes: list[Outcome] = []
    with progress("scenarios") as bar:
        for outcome in run(cells, planned, journeys=journeys, timeout=timeout, traced=verbose):
            outcomes.append(outcome)
            bar(len(outcomes), total)
    seconds = time.perf_counter() - started
    _report(outcomes, len(planned), seconds, json_wanted=as_json, verbose=verbose)
    if not outcomes or not all(outcome.passed for outcome in outcomes):
        raise SystemExit(1)


def _chosen(owner: T, wanted: str) -> T:
    """A cell, or an app, with those of its scenarios that are wanted."""
    it: Any = owner
    scenarios = tuple(s for s in it.scenarios if wanted in f"{it.name}.{s.name}")
    chosen: T = it._replace(scenarios=scenarios)
    return chosen


def _report(
    outcomes: list[Outcome], seeds: int, seconds: float, *, json_wanted: bool, verbose: bool
) -> None:
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if json_wanted:
        return print_json(
            {
                "seeds": seeds,
                "passed": len(outcomes) - len(failed),
                "failed": [_fields(o) for o in failed],
                **({"traces": [_fields(o) for o in outcomes if o.passed]} if verbose else {}),
            }
        )
    for outcome in outcomes if verbose else ():
        if outcome.passed:
            say(f"{outcome}\n{outcome.told()}\n")
    for outcome in failed:
        say(str(outcome))
        name = quote(f"{outcome.cell}.{outcome.scenario}")
        note(f"  repeat it: monocyte test --seed {outcome.seed} -k {name}")
    if not outcomes:
        note("there is no such scenario")
    colour = "red" if failed or not outcomes else "green"
    counts = f"{len(outcomes) - len(failed)} passed, {len(failed)} failed"
    text = f"{counts}, {counted(seeds, 'seed')}, {seconds:.1f} s"
    return say(click.style(text, fg=colour))


def _fields(outcome: Outcome) -> dict[str, Any]:
    return outcome._asdict() | {"trace": outcome.told().splitlines()}
