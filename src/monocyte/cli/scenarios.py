"""`test`: run the scenarios of all cells, under as many seeds as wanted."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

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
@click.option("--e2e", is_flag=True, help="Play the app's scenarios against the app as it runs.")
@click.option(
    "--code",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    hidden=True,
    help="With --e2e: run the app that lies there, and hold it to the scenarios of this one.",
)
@json_option
@failing
def test(  # noqa: PLR0913, PLR0917 (a command has the options that it has)
    app_path: Path | None,
    seeds: int,
    seed: int | None,
    wanted: str,
    verbose: bool,
    timeout: float,
    e2e: bool,
    code: Path | None,
    as_json: bool,
) -> None:
    """Run every scenario of the app in APP in a world of its own, with virtual time.

    Seed 0 is the plain order of things. Every further seed is another order, in which the world
    also crashes, dawdles and repeats itself. A failure names its seed; --seed repeats it exactly.
    With --e2e, the app is started for each scenario of the app (not of the cells) and has a journal
    of its own; people come in over HTTP, with keys. Ends with 1 if a scenario fails, or if there is
    none.
    """
    if e2e and (seeds > 1 or seed is not None):
        raise click.UsageError("a real process knows no seeds: leave out --e2e, or --seeds")
    app = open_app(app_path)
    cells = [_chosen(manifest, wanted) for manifest in app.cells]
    journeys = [_chosen(journey, wanted) for journey in app.journeys]
    planned = [seed] if seed is not None else list(range(seeds))
    total = sum(len(it.scenarios) for it in journeys)
    if e2e:
        from monocyte.cli.endtoend import play_all

        planned = [0]
        running = play_all(app, journeys, timeout=timeout, traced=verbose, code=code)
    else:
        from monocyte.literate.scenarios import run

        total = (total + sum(len(it.scenarios) for it in cells)) * len(planned)
        running = run(cells, planned, journeys=journeys, timeout=timeout, traced=verbose)
    started = time.perf_counter()
    outcomes: list[Outcome] = []
    with progress("scenarios") as bar, closing(running):
        for outcome in running:
            outcomes.append(outcome)
            bar(len(outcomes), total)
    report = _Report(0 if e2e else len(planned), time.perf_counter() - started, verbose)
    report.as_json(outcomes) if as_json else report.as_text(outcomes)
    if not outcomes or not all(outcome.passed for outcome in outcomes):
        raise SystemExit(1)


def _chosen(owner: T, wanted: str) -> T:
    """A cell, or an app, with those of its scenarios that are wanted."""
    it: Any = owner
    scenarios = tuple(s for s in it.scenarios if wanted in f"{it.name}.{s.name}")
    chosen: T = it._replace(scenarios=scenarios)
    return chosen


class _Report(NamedTuple):
    """What is said of outcomes, under so many seeds; under none they came about end to end."""

    seeds: int
    seconds: float
    verbose: bool

    def as_json(self, outcomes: list[Outcome]) -> None:
        failed = [outcome for outcome in outcomes if not outcome.passed]
        said = {"seeds": self.seeds, "passed": len(outcomes) - len(failed)}
        traces = [_fields(outcome) for outcome in outcomes if outcome.passed and self.verbose]
        print_json(said | {"failed": [_fields(o) for o in failed], "traces": traces})

    def as_text(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.passed and self.verbose:
                say(f"{outcome}\n{outcome.told()}\n")
        failed = [outcome for outcome in outcomes if not outcome.passed]
        for outcome in failed:
            say(str(outcome))
            note(f"  repeat it: monocyte test {self._again(outcome)}")
        if not outcomes:
            note("there is no such scenario")
        colour = "red" if failed or not outcomes else "green"
        counts = f"{len(outcomes) - len(failed)} passed, {len(failed)} failed"
        manner = counted(self.seeds, "seed") if self.seeds else "end to end"
        say(click.style(f"{counts}, {manner}, {self.seconds:.1f} s", fg=colour))

    def _again(self, outcome: Outcome) -> str:
        manner = f"--seed {outcome.seed}" if self.seeds else "--e2e"
        return f"{manner} -k {quote(f'{outcome.cell}.{outcome.scenario}')}"


def _fields(outcome: Outcome) -> dict[str, Any]:
    return outcome._asdict() | {"trace": outcome.told().splitlines()}
