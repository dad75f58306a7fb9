"""Two cells in one file's stead: one tells, and another chokes on what it hears."""

from monocyte import Cell, Event, State
from monocyte.testing import World
from tests.literate.toys import failing


class Log(State):
    """Nothing is ever entered."""


class Heard(Event):
    pass


cell = Cell("poisoned", state=Log)


@cell.reacts
def choke(it: failing.Tapped, log: Log) -> Heard:
    raise RuntimeError("cannot swallow this")


@cell.evolves
def hear(it: Heard, log: Log) -> None:
    pass


@cell.scenario
def unseen(lab: World) -> None:
    """Does not look at what its neighbour makes of it."""
    lab.by("ada").send(failing.Tap())


@cell.scenario
def expected(lab: World) -> None:
    """Knows that a letter is left."""
    lab.by("ada").send(failing.Tap())
    lab.settle()
    assert [dead.cell for dead in lab.dead_letters] == ["poisoned"]
