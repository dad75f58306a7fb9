"""`test`: run the scenarios of all cells, under as many seeds as wanted."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monocyte.cli.places import open_app
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import counted, failing, json_option, note, progress, say

if TYPE_CHECKING:
    from monocyte.literate.scenarios import Outcome

__all__ = ["test"]


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
@json_option
@failing
def test(app_path: Path | None, seeds: int, seed: int | None, wanted: str, as_json: bool) -> None:
    """Run every scenario of the app in APP in a world of its own, with virtual time.

    Seed 0 is the plain order of things. Every further seed is another order, in which the world
    also crashes, dawdles and repeats itself. A failure names its seed; --seed repeats it exactly.
    Ends with 1 if a scenario fails, or if there is none.
    """
    from monocyte.literate.scenarios import run

    app = open_app(app_path)
    chosen = [
        manifest._replace(
            scenarios=tuple(s for s in manifest.scenarios if wanted in f"{manifest.name}.{s.name}")
        )
        for manifest in app.cells
    ]
    planned = [seed] if seed is not None else list(range(seeds))
    total = sum(len(manifest.scenarios) for manifest in chosen) * len(planned)
    started = time.perf_counter()
    outcomes: list[Outcome] = []
    with progress("scenarios") as bar:
        for outcome in run(chosen, planned):
            outcomes.append(outcome)
            bar(len(outcomes), total)
    _report(outcomes, len(planned), time.perf_counter() - started, json_wanted=as_json)
    if not outcomes or not all(outcome.passed for outcome in outcomes):
        raise SystemExit(1)


def _report(outcomes: list[Outcome], seeds: int, seconds: float, *, json_wanted: bool) -> None:
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if json_wanted:
        return print_json(
            {
                "seeds": seeds,
                "passed": len(outcomes) - len(failed),
                "failed": [_fields(o) for o in failed],
            }
        )
    for outcome in failed:
        say(str(outcome))
        note(
            f"  repeat it: monocyte test --seed {outcome.seed} -k {outcome.cell}.{outcome.scenario}"
        )
    if not outcomes:
        note("there is no such scenario")
    colour = "red" if failed or not outcomes else "green"
    counts = f"{len(outcomes) - len(failed)} passed, {len(failed)} failed"
    text = f"{counts}, {counted(seeds, 'seed')}, {seconds:.1f} s"
    return say(click.style(text, fg=colour))


def _fields(outcome: Outcome) -> dict[str, Any]:
    return outcome._asdict()
