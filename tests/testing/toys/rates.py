"""One number, at the end of a chain of asks."""

from monocyte import Cell, Query


class Rate(Query[int]):
    pass


cell = Cell("rates")


@cell.handles
def rate(it: Rate) -> int:
    return 1
