"""The parity suite: what every transport means by a request and by a stream, as one table.

A row has a name, what is done on a stage, and what must come out. To hold a transport of your own
against it, say how it is opened and closed, and play every row:

    for row in ROWS:
        asyncio.run(play(row, make_my_transport))

The suite needs no pytest. What comes out is compared by value and by type; an error by its fields.
"""

from tests.bus import requests, streams
from tests.bus.row import Row, play

__all__ = ["ROWS", "Row", "play"]

ROWS: tuple[Row, ...] = (*requests.rows(), *streams.rows())
"""The table."""
