"""Counts what it is told to; what comes out of turn or twice is counted as wrong."""

from monocyte import Cell, Command, Event, Query, State


class Counted(Event):
    worker: int
    number: int


class Count(Command[Counted]):
    worker: int
    number: int


class Report(Query[tuple[int, int]]):
    """How many there were, and how many of them were wrong."""


class Turns(State):
    last: dict[int, int] = {}
    count: int = 0
    wrong: int = 0


cell = Cell("tally", state=Turns)


@cell.handles
def count(it: Count, turns: Turns) -> Counted:
    return Counted(it.worker, it.number)


@cell.handles
def report(it: Report, turns: Turns) -> tuple[int, int]:
    return turns.count, turns.wrong


@cell.evolves
def counted(it: Counted, turns: Turns) -> None:
    turns.count += 1
    turns.wrong += it.number != turns.last.get(it.worker, 0) + 1
    turns.last[it.worker] = it.number
