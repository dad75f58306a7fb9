"""# Pantry: a cell of which nobody loads anything; its messages go nowhere."""

from monocyte import Cell, Command, Event


class Stocked(Event):
    pass


class Stock(Command[Stocked]):
    pass


cell = Cell("pantry", state=list[int])


@cell.handles
def stock(it: Stock, shelves: list[int]) -> Stocked:
    return Stocked()


@cell.evolves
def put(it: Stocked, shelves: list[int]) -> None:
    shelves.append(1)
