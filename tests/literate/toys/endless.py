"""Scenarios that never end: in their own code, in a handler, and some that will not be stopped."""

from monocyte import Cell, Command, Event, State
from monocyte.testing import World


class Turned(Event):
    pass


class Turn(Command[Turned]):
    for_ever: bool = False


class Wheel(State):
    turns: int = 0


cell = Cell("wheel", state=Wheel)


@cell.handles
def turn(it: Turn, wheel: Wheel) -> Turned:
    while it.for_ever:
        pass  # in the handler
    return Turned()


@cell.evolves
def count(it: Turned, wheel: Wheel) -> None:
    wheel.turns += 1


@cell.scenario
def first(lab: World) -> None:
    lab.by("ada").send(Turn())
    while True:
        pass  # in the scenario


@cell.scenario
def in_the_handler(lab: World) -> None:
    lab.by("ada").send(Turn())
    lab.by("ada").send(Turn(for_ever=True))


@cell.scenario
def stubborn(lab: World) -> None:
    while True:
        try:  # noqa: SIM105 (as people write it)
            lab.by("ada").send(Turn())
        except BaseException:  # noqa: BLE001, S110 (on purpose)
            pass


@cell.scenario(given={"once": (1,), "twice": (2,)})
def well(lab: World, times: int) -> None:
    for _ in range(times):
        lab.by("ada").send(Turn())
