"""What taking out costs: one coin, and waits for a while when asked."""

from monocyte import Ask, Cell, Query
from tests.testing.toys import rates


class FeeFor(Query[int]):
    amount: int


cell = Cell("fees")


@cell.handles
async def fee(it: FeeFor, ask: Ask) -> int:
    return await ask(rates.Rate())
