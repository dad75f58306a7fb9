"""Part (a): what one request costs inside one process, beside a bare await and the peers.

The figure is CPU time per request, one request in flight; the goal is judged on the ratio to the
bare await.
"""

from benchmarks.harness import Plan, Samples, Skipped, measure
from benchmarks.options import Options
from benchmarks.ours import OURS
from benchmarks.peers import BARE, PEERS
from benchmarks.report import Goal, Table, ratio_row, versions

CANDIDATES = (*OURS, *PEERS)
FULL_PATH = "monocyte query"
"""The row that the goals are about."""


def run(options: Options) -> Table:
    """Measure all candidates in interleaved rounds."""
    plan = Plan(options.rounds, options.seconds, options.seed)
    results = measure(BARE, CANDIDATES, plan)
    return Table(
        part="inprocess",
        title="(a) one in-process request: CPU time (medians; quartiles of paired rounds)",
        columns=("", "µs CPU", "times bare", "q1", "q3"),
        rows=tuple(ratio_row(name, result) for name, result in results.items()),
        goals=tuple(goals(results)),
        versions=versions("msgspec", *(peer.distribution for peer in PEERS if peer.distribution)),
        notes=(
            "one request in flight; collector on for all; message and reply built for each request",
        ),
    )


def goals(results: dict[str, Samples | Skipped]) -> list[Goal]:
    """The goals that can be judged: ours against the bare await, the heavy peers against ours."""
    ours = results.get(FULL_PATH)
    if not isinstance(ours, Samples):
        return []
    own = ours.spread()[1]
    found = [Goal(f"{FULL_PATH} against a bare await", 5, own, unit="x")]
    for name in ("autogen-core", "FastStream TestNatsBroker"):
        peer = results.get(name)
        if isinstance(peer, Samples):
            found.append(
                Goal(
                    f"{name} against {FULL_PATH}",
                    100,
                    peer.spread()[1] / own,
                    at_most=False,
                    unit="x",
                )
            )
    return found
