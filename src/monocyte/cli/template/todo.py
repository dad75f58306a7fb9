"""# To do: what a few people have promised each other, and what is done of it."""

from typing import Annotated

from monocyte import Caller, Cell, Command, Event, Meta, Query
from monocyte.testing import World

# ## Words
Text = Annotated[str, Meta(min_length=1, max_length=200)]


class Promised(Event):
    id: int
    who: str
    text: str


class Done(Event):
    id: int


class Promise(Command[Promised]):
    """Say what you are going to do."""

    text: Text


class Finish(Command[Done]):
    """Say that it is done."""

    id: int


class ListOpen(Query[tuple[Promised, ...]]):
    """What is still to be done, oldest first."""


# ## Rules and behaviour
State = dict[int, Promised | None]

cell = Cell("todo", state=State)
OWN = cell.rule("TODO-1", "Nobody finishes what another has promised.")
ONCE = cell.rule("TODO-2", "What is finished stays finished.")


@cell.handles
def promise(ask: Promise, todo: State, caller: Caller) -> Promised:
    return Promised(len(todo) + 1, caller.name, ask.text)


@cell.handles
def finish(ask: Finish, todo: State, caller: Caller) -> Done:
    promised = todo.get(ask.id)
    if promised is None:
        ONCE.refuse(f"there is no open promise {ask.id}")
    OWN.require(promised.who == caller.name, promised.who)
    return Done(ask.id)


@cell.handles
def list_open(ask: ListOpen, todo: State) -> tuple[Promised, ...]:
    return tuple(promised for promised in todo.values() if promised is not None)


@cell.evolves
def remember(it: Promised, todo: State) -> None:
    todo[it.id] = it


@cell.evolves
def cross_out(it: Done, todo: State) -> None:
    todo[it.id] = None


# ## Scenarios
@cell.scenario
def ada_keeps_her_promise(world: World) -> None:
    """Lise cannot finish it for her, nobody can finish it twice, and a crash forgets nothing."""
    ada, lise = world.by("ada"), world.by("lise")
    promised = ada.send(Promise("calibrate the scale"))
    with OWN.refuses():
        lise.send(Finish(promised.id))
    world.restart()
    assert lise.ask(ListOpen()) == (promised,)
    ada.send(Finish(promised.id))
    with ONCE.refuses():
        ada.send(Finish(promised.id))
    assert lise.ask(ListOpen()) == ()
