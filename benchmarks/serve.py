"""The servers that are measured from outside: `python -m benchmarks.serve PORT [ROOT]`.

With a directory, the app in it behind its gateway, as `monocyte run` serves it; without, bare
starlette. Both on the same server with the same options, on the same event loop.
"""

import asyncio
import sys
from pathlib import Path

from monocyte.app import load_app, serving
from monocyte.dmz import Server


async def app(port: int, root: Path) -> None:
    """Serve the app in that directory until killed."""
    async with serving(load_app(root), port=port):
        await asyncio.Event().wait()


async def starlette(port: int) -> None:
    """Serve bare starlette until killed."""
    from benchmarks import bare_starlette

    async with Server(bare_starlette.app, "127.0.0.1", port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    _, number, *rest = sys.argv
    asyncio.run(app(int(number), Path(rest[0])) if rest else starlette(int(number)))
