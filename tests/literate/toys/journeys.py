"""Journeys across the cells of a bar."""

from monocyte import App
from monocyte.cell.proving import journeys_of
from monocyte.testing import Stage
from tests.literate.toys.failing import HowOften, Tap

app = App("bar")


@app.scenario
def somebody_taps(bar: Stage) -> None:
    """Ada taps, and Eve sees it."""
    bar.by("ada").send(Tap())

    def seen() -> None:
        assert bar.by("eve").ask(HowOften()) == 1

    bar.eventually(seen)


@app.scenario
def nobody_taps(bar: Stage) -> None:
    """And yet somebody has to have tapped."""
    assert bar.by("eve").ask(HowOften()) == 1


JOURNEYS = journeys_of(app, "")
