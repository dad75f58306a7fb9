"""# To do: what a few people have promised each other, and who is still to keep it.

A promise is named by its words: nobody needs to know a number to keep one, and the same thing is
not promised twice.
"""

from typing import Annotated

from monocyte import Caller, Cell, Command, Event, Meta, Query
from monocyte.testing import Operator, Step, Steps, World, answers

# ## Words

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]


class Promised(Event):
    who: Name
    text: Text


class PassedOn(Event):
    text: Text
    to: Name


class Done(Event):
    text: Text


class Promise(Command[Promised]):
    """Say what you are going to do."""

    text: Text


class PassOn(Command[PassedOn]):
    """Let somebody else keep a promise."""

    text: Text
    to: Name


class Finish(Command[Done]):
    """Say that it is done."""

    text: Text


class WhoKeeps(Query[Name | None]):
    """Who is to keep a promise; nobody if it is not open."""

    text: Text


class ListOpen(Query[tuple[Promised, ...]]):
    """What is still to be done, oldest first."""


# ## Rules and behaviour

Open = dict[Text, Name]

cell = Cell("todo", state=Open)

ONCE = cell.rule("TODO-1", "Nothing is promised twice at a time.")
OPEN = cell.rule("TODO-2", "Only what is promised is passed on or finished.")
OWN = cell.rule("TODO-3", "A promise is kept or passed on by who made it; a lead may help.")


@cell.handles
def promise(it: Promise, todo: Open, caller: Caller) -> Promised:
    ONCE.require(it.text not in todo, todo.get(it.text, ""))
    return Promised(caller.name, it.text)


@cell.handles
def pass_on(it: PassOn, todo: Open, caller: Caller) -> PassedOn:
    may_touch(it.text, todo, caller)
    return PassedOn(it.text, it.to)


@cell.handles
def finish(it: Finish, todo: Open, caller: Caller) -> Done:
    may_touch(it.text, todo, caller)
    return Done(it.text)


@cell.handles
def who_keeps(it: WhoKeeps, todo: Open) -> Name | None:
    return todo.get(it.text)


@cell.handles
def list_open(it: ListOpen, todo: Open) -> tuple[Promised, ...]:
    return tuple(Promised(who, text) for text, who in todo.items())


@cell.evolves
def remember(it: Promised, todo: Open) -> None:
    todo[it.text] = it.who


@cell.evolves
def hand_over(it: PassedOn, todo: Open) -> None:
    todo[it.text] = it.to


@cell.evolves
def cross_out(it: Done, todo: Open) -> None:
    del todo[it.text]


def may_touch(text: Text, todo: Open, caller: Caller) -> None:
    OPEN.require(text in todo, text)
    OWN.require(caller.name == todo[text] or "lead" in caller.roles, todo[text])


cell.picture("""
    person -> Promise  -> promise -> Promised -> remember
    person -> PassOn   -> pass_on -> PassedOn -> hand_over
    person -> Finish   -> finish  -> Done     -> cross_out
    person -> WhoKeeps -> who_keeps
    person -> ListOpen -> list_open
""")


# ## Scenarios and decisions


@cell.scenario
def ada_keeps_her_promise(world: World) -> None:
    """Lise cannot finish it for her, nobody can finish it twice, and a crash forgets nothing."""
    ada, lise = world.by("ada"), world.by("lise")
    promised = ada.send(Promise("calibrate the scale"))
    with ONCE.refuses():
        lise.send(Promise("calibrate the scale"))
    with OWN.refuses():
        lise.send(Finish("calibrate the scale"))
    world.restart()
    assert lise.ask(ListOpen()) == (promised,)
    ada.send(Finish("calibrate the scale"))
    with OPEN.refuses():
        ada.send(Finish("calibrate the scale"))
    assert lise.ask(ListOpen()) == ()


@cell.scenario
def lise_is_ill(world: World) -> None:
    """She passes one promise on to Ada; Tim, who leads, passes on the other."""
    ada, lise, tim = world.by("ada"), world.by("lise"), world.by("tim", "lead")
    lise.send(Promise("water the plants"))
    lise.send(Promise("order gloves"))
    lise.send(PassOn("water the plants", "ada"))
    with OWN.refuses():
        ada.send(PassOn("order gloves", "ada"))
    tim.send(PassOn("order gloves", "ada"))
    for text in ("water the plants", "order gloves"):
        assert tim.ask(WhoKeeps(text)) == "ada"


@cell.decision(instead_of="remembering for ever what is done", review="2028-01-01")
def what_is_done_may_be_promised_again(world: World) -> None:
    """Plants are watered every week; the journal remembers, and the list stays short."""
    ada_keeps_her_promise(world)
    world.by("lise").send(Promise("calibrate the scale"))
    assert world.by("ada").ask(WhoKeeps("calibrate the scale")) == "lise"


# ## When it breaks


def open_promises(it: Operator, who: Name, to: Name) -> frozenset[Promised]:
    still_open = it.ask(ListOpen())
    return frozenset(still_open)


@cell.runbook(
    when="somebody who has promised things is away for long",
    after=lise_is_ill,
    keeps=open_promises,
    roles=("lead",),
    example={"who": "ada", "to": "kim"},
)
def pass_on_everything(it: Operator, who: Name, to: Name) -> Steps:
    """Whatever one person has promised, another keeps."""
    for promised in it.ask(ListOpen()):
        if promised.who == who:
            yield Step(
                f"Let {to} {promised.text}",
                check=answers(WhoKeeps(promised.text), to),
                do=[PassOn(promised.text, to)],
                undo=[PassOn(promised.text, who)],
            )
