"""# Drills: valves that are opened and closed by runbooks, most of which are wrong somewhere."""

from typing import Annotated, Any

from monocyte import Caller, Cell, Command, Event, Meta, Query, State
from monocyte.testing import Operator, Step, Steps, World, answers
from tests.literate.toys.pantry import Stock

Name = Annotated[str, Meta(min_length=1, max_length=20)]


class Turned(Event):
    valve: Name
    open: bool


class Locked(Event):
    by: str


class Turn(Command[Turned]):
    valve: Name
    open: bool


class Lock(Command[Locked]):
    pass


class IsOpen(Query[bool]):
    valve: Name


class ListOpen(Query[tuple[str, ...]]):
    pass


class CountTurns(Query[int]):
    pass


class Valves(State):
    open: dict[str, bool] = {}
    turns: int = 0
    locked: str = ""


cell = Cell("drills", state=Valves)
LOCKED = cell.rule("DRILL-1", "Nobody turns a valve while another has locked them.")


@cell.handles
def turn(it: Turn, valves: Valves, caller: Caller) -> Turned:
    LOCKED.require(valves.locked in ("", caller.name), valves.locked)
    return Turned(it.valve, it.open)


@cell.handles
def lock(it: Lock, valves: Valves, caller: Caller) -> Locked:
    return Locked("" if valves.locked else caller.name)


@cell.handles
def is_open(it: IsOpen, valves: Valves) -> bool:
    return valves.open.get(it.valve, False)


@cell.handles
def list_open(it: ListOpen, valves: Valves) -> tuple[str, ...]:
    return tuple(sorted(name for name, is_open in valves.open.items() if is_open))


@cell.handles
def count_turns(it: CountTurns, valves: Valves) -> int:
    return valves.turns


@cell.evolves
def turned(it: Turned, valves: Valves) -> None:
    valves.open[it.valve] = it.open
    valves.turns += 1


@cell.evolves
def locked(it: Locked, valves: Valves) -> None:
    valves.locked = it.by


@cell.scenario
def two_are_open(lab: World) -> None:
    """Gas and water are on."""
    for valve in ("gas", "water"):
        lab.by("ada").send(Turn(valve, True))


@cell.scenario
def it_fails(lab: World) -> None:
    """Never comes true."""
    assert lab.by("ada").ask(IsOpen("gas"))


def what_is_open(it: Operator, **_: Any) -> object:
    return it.ask(ListOpen())


def how_often(it: Operator) -> object:
    return it.ask(CountTurns())


def nothing_at_all(it: Operator) -> object:
    return 7


def closing(valve: str) -> Step:
    return Step(
        f"Close {valve}",
        check=answers(IsOpen(valve), False),
        do=[Turn(valve, False)],
        undo=[Turn(valve, True)],
    )


# -- good ones


@cell.runbook(when="it smells", after=two_are_open, keeps=what_is_open)
def close_all(it: Operator) -> Steps:
    """Close whatever is open, one step each: planned anew, it has fewer steps."""
    for valve in it.ask(ListOpen()):
        yield closing(valve)


@cell.runbook(when="it smells", after=two_are_open, keeps=what_is_open)
def close_at_once(it: Operator) -> Steps:
    """One step of several commands, and then one by hand."""
    valves = it.ask(ListOpen())
    yield Step(
        "Close all",
        check=answers(ListOpen(), ()),
        do=[Turn(valve, False) for valve in valves],
        undo=[Turn(valve, True) for valve in valves],
    )
    yield Step("Open a window")


@cell.runbook(when="it smells", after=two_are_open, keeps=what_is_open, example={"valve": "gas"})
def close_one(it: Operator, valve: Name) -> Steps:
    """With an argument; the undo of its step is one command for two."""
    yield Step(
        f"Close {valve}, twice to be sure",
        check=answers(IsOpen(valve), False),
        do=[Turn(valve, False), Turn(valve, False)],
        undo=[Turn(valve, True)],
    )


# -- bad ones


@cell.runbook(when="x", after=two_are_open, keeps=how_often)
def undo_does_not_restore(it: Operator) -> Steps:
    """Turning it back is one turn more: like booking anew, which issues new numbers."""
    yield closing("gas")


@cell.runbook(when="x", after=two_are_open)
def nothing_to_restore(it: Operator) -> Steps:
    """It has an undo, and nothing says what of."""
    yield closing("gas")


@cell.runbook(when="x", after=two_are_open, keeps=nothing_at_all)
def blind_view(it: Operator) -> Steps:
    """Its view would be content with anything."""
    yield closing("gas")


@cell.runbook(when="x", after=two_are_open, keeps=what_is_open)
def half_an_undo(it: Operator) -> Steps:
    """One step can be taken back, the other not."""
    yield closing("gas")
    yield Step("Close water", check=answers(IsOpen("water"), False), do=[Turn("water", False)])


@cell.runbook(when="x", after=two_are_open)
def check_never_holds(it: Operator) -> Steps:
    """It closes, and waits for it to be open."""
    yield Step("Close air", check=answers(IsOpen("air"), True), do=[Turn("air", False)])


@cell.runbook(when="x", after=two_are_open)
def check_always_holds(it: Operator) -> Steps:
    """Nothing of it is ever sent."""
    yield Step("Open gas", check=answers(IsOpen("gas"), True), do=[Turn("gas", True)])


@cell.runbook(when="x", after=two_are_open)
def only_by_hand(it: Operator) -> Steps:
    """Nothing of it can be rehearsed."""
    yield Step("Open a window")


@cell.runbook(when="x", after=two_are_open)
def sends_twice(it: Operator) -> Steps:
    """Nothing says that it is done."""
    yield Step("Close gas", do=[Turn("gas", False)])


@cell.runbook(when="x", after=two_are_open)
def nobody_answers(it: Operator) -> Steps:
    """It sends what no cell of the app handles."""
    yield Step("Stock up", do=[Stock()])


@cell.runbook(when="x", after=two_are_open)
def raises(it: Operator) -> Steps:
    """It fails between two steps."""
    yield Step("Close gas", check=answers(IsOpen("gas"), False), do=[Turn("gas", False)])
    raise LookupError("where is the list?")


@cell.runbook(when="x", after=two_are_open)
def no_step(it: Operator) -> Steps:
    """It yields something else."""
    yield "Close gas"  # type: ignore[misc]


@cell.runbook(when="x", after=two_are_open)
def no_command(it: Operator) -> Steps:
    """It sends a query."""
    yield Step("Look", do=[IsOpen("gas")])  # type: ignore[list-item]


@cell.runbook(when="x", after=two_are_open)
def no_list(it: Operator) -> Steps:
    """It sends a command that is not in a list."""
    yield Step("Close gas", do=Turn("gas", False))  # type: ignore[arg-type]


SHUT: Any = IsOpen("gas")


@cell.runbook(when="x", after=two_are_open)
def no_such_reply(it: Operator) -> Steps:
    """Its check waits for what is never answered."""
    yield Step("Close gas", check=answers(SHUT, "shut"), do=[Turn("gas", False)])


@cell.runbook(when="x", after=two_are_open)
def invalid(it: Operator) -> Steps:
    """Its command has a field of a wrong form."""
    yield Step("Close it", do=[Turn("", False)])


@cell.runbook(when="x", after=two_are_open)
def no_title(it: Operator) -> Steps:
    """It does not say what it achieves."""
    yield Step(" ", do=[Turn("gas", False)])


@cell.runbook(when="x", after=two_are_open)
def endless(it: Operator) -> Steps:
    """It plans step after step."""
    while True:
        yield Step("Look out of the window")


@cell.runbook(when="x", after=two_are_open)
def asks_for_ever(it: Operator) -> Steps:
    """It waits for what it alone could do."""
    while it.ask(IsOpen("gas")):
        pass
    yield Step("Open a window")


@cell.runbook(when="x", after=two_are_open)
def thinks_for_ever(it: Operator) -> Steps:
    """It does not even ask."""
    wise = False
    while not wise:
        wise = False
    yield Step("Open a window")


@cell.runbook(when="x", after=two_are_open)
def acts_by_itself(it: Operator) -> Steps:
    """It sends while it is planning."""
    it.ask(Turn("gas", False))  # type: ignore[arg-type]
    yield Step("Open a window")


@cell.runbook(when="x", after=it_fails)
def led_to_by_nothing(it: Operator) -> Steps:
    """The scenario before it does not come true."""
    yield closing("gas")


@cell.runbook(when="x", after=two_are_open, keeps=what_is_open)
def undo_is_refused(it: Operator) -> Steps:
    """Its undo names what nobody can do."""
    yield Step(
        "Close gas",
        check=answers(IsOpen("gas"), False),
        do=[Turn("gas", False)],
        undo=[Turn("gas", False), Turn("water", False)],
    )


@cell.runbook(when="x", after=two_are_open)
def depends_on_the_past(it: Operator) -> Steps:
    """What it does depends on how often somebody has turned a valve."""
    if it.ask(CountTurns()) < 3:
        yield Step("Close gas", check=answers(IsOpen("gas"), False), do=[Turn("gas", False)])
        yield Step("Close water", check=answers(IsOpen("water"), False), do=[Turn("water", False)])
