"""A toy that asks its neighbour in every way that there is."""

from datetime import timedelta

from monocyte import Ask, Cell, Command, Query, Tick
from tests.literate.toys import errands, shelf
from tests.literate.toys.errands import how_many
from tests.literate.toys.shelf import Find
from tests.literate.toys.shelf import Store as Put

cell = Cell("asker")

COUNT = shelf.Count()


class Own(Query[bool]):
    pass


class Go(Command[None]):
    pass


@cell.handles
async def own(it: Own, ask: Ask) -> bool:
    return await deeper(ask) and await deeper(ask)


@cell.handles
async def go(it: Go, ask: Ask) -> None:
    await ask(Put("b"))
    await ask(shelf.Find("a"))


@cell.every(timedelta(days=1))
async def constant(due: Tick, ask: Ask) -> None:
    await ask(COUNT)


@cell.every(timedelta(days=1))
async def elsewhere(due: Tick, ask: Ask) -> None:
    await how_many(ask)


@cell.every(timedelta(days=1))
async def elsewhere_by_module(due: Tick, ask: Ask) -> None:
    await errands.how_many(ask)


@cell.every(timedelta(days=1))
async def imported_inside(due: Tick, ask: Ask) -> None:
    from tests.literate.toys.shelf import Count as Many

    await ask(Many())


@cell.every(timedelta(days=1))
async def nested(due: Tick, ask: Ask) -> None:
    async def inner(title: str) -> bool:
        return await ask(Find(title))

    for title in "ab":
        await inner(title)


@cell.every(timedelta(days=1))
async def in_circles(due: Tick, ask: Ask) -> None:
    await in_circles_too(due, ask)


async def in_circles_too(due: Tick, ask: Ask) -> None:
    await in_circles(due, ask)
    await ask(COUNT)


@cell.every(timedelta(days=1))
async def looks_only(due: Tick, ask: Ask) -> None:
    seen: shelf.Count | None = None
    assert not isinstance(seen, shelf.Find)


@cell.every(timedelta(days=1))
async def shadowed(due: Tick, ask: Ask) -> None:
    Find = len  # noqa: N806 (a local name that hides the message)
    assert Find("") == 0


@cell.every(timedelta(days=1))
def cannot(due: Tick) -> None:
    assert str(Find("a"))


async def deeper(ask: Ask) -> bool:
    return await deepest(ask)


async def deepest(ask: Ask) -> bool:
    return await ask(Find("a"))
