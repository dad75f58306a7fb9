"""A toy: a shelf of books, for its neighbours to ask."""

from monocyte import Cell, Command, Event, Query

Titles = dict[str, int]
cell = Cell("shelf", state=Titles)


class Stored(Event):
    title: str


class Store(Command[Stored]):
    title: str


class Find(Query[bool]):
    title: str


class Count(Query[int]):
    pass


@cell.handles
def store(it: Store, titles: Titles) -> Stored:
    return Stored(it.title)


@cell.handles
def find(it: Find, titles: Titles) -> bool:
    return it.title in titles


@cell.handles
def count(it: Count, titles: Titles) -> int:
    return len(titles)


@cell.evolves
def put(it: Stored, titles: Titles) -> None:
    titles[it.title] = titles.get(it.title, 0) + 1
