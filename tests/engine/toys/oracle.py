"""Answers when the gate is open."""

from monocyte import Cell, Query
from tests.engine.toys import gates


class Rate(Query[int]):
    of: str = ""


cell = Cell("oracle")


@cell.handles
async def rate(it: Rate) -> int:
    await gates.enter("rate")
    return 1
