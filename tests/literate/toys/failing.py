"""A cell whose scenarios go well, go wrong in various ways, or never end."""

from monocyte import Caller, Cell, Command, Event, Query, State
from monocyte.testing import World


class Tapped(Event):
    by: str


class Tap(Command[Tapped]):
    pass


class HowOften(Query[int]):
    pass


class Taps(State):
    count: int = 0


cell = Cell("taps", state=Taps)

ONCE = cell.rule("TAP-1", "Three taps are enough.")


@cell.handles
def tap(it: Tap, taps: Taps, caller: Caller) -> Tapped:
    ONCE.require(taps.count < 3)
    return Tapped(caller.name)


@cell.handles
def how_often(it: HowOften, taps: Taps) -> int:
    return taps.count


@cell.evolves
def more(it: Tapped, taps: Taps) -> None:
    taps.count += 1


@cell.scenario
def well(lab: World) -> None:
    """One tap is one tap; each scenario has a World of its own."""
    lab.by("ada").send(Tap())
    assert lab.by("ada").ask(HowOften()) == 1


@cell.scenario
def wrong(lab: World) -> None:
    """Counts one too many."""
    expected = 2
    lab.by("ada").send(Tap())
    assert [lab.by(who).ask(HowOften()) for who in ("ada", "lise", "tom", "tea", "olga")] == [
        expected
    ] * 5


@cell.scenario
def refused(lab: World) -> None:
    """Did not think of the rule."""
    for _ in range(4):
        lab.by("ada").send(Tap())


@cell.scenario
def not_refused(lab: World) -> None:
    """Thought of the rule too early."""
    with ONCE.refuses():
        lab.by("ada").send(Tap())


@cell.scenario
def endless(lab: World) -> None:
    """Asks for ever."""
    while lab.by("ada").ask(HowOften()) == 0:
        pass


@cell.scenario
def in_haste(lab: World) -> None:
    """Holds in the plain World only: two are started, and the first is taken to come first."""
    pending = [lab.by(who).start(Tap()) for who in ("ada", "lise")]
    for each in pending:
        each.result()
    assert lab.events(Tapped)[0].by == "ada"
