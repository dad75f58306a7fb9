"""A toy beside a cell: a helper module that asks on behalf of cells."""

from monocyte import Ask
from tests.literate.toys.shelf import Count


async def how_many(ask: Ask) -> int:
    return await ask(Count())
