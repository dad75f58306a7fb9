"""A cell that makes something up when it does not know: only a failing port shows it."""

from contextlib import suppress

from monocyte import Ask, BusError, Cell, Query
from tests.testing.toys import rates


class Guess(Query[int]):
    pass


cell = Cell("guessing")


@cell.handles
async def guess(it: Guess, ask: Ask) -> int:
    """Says something in any case."""
    with suppress(BusError):
        return await ask(rates.Rate())
    return -1
