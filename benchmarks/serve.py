"""The servers that are measured from outside: `python -m benchmarks.serve PORT [ROOT [FILE]]`.

With a directory, the app in it behind its gateway, as `monocyte run` serves it; without, bare
starlette. Both on the same server with the same options, on the same event loop. With the FILE of
a cell, other releases of it take over while there is a file `swapping` in the directory; the file
`swapped` says how many did.
"""

import asyncio
import gc
import sys
from pathlib import Path

from monocyte.app import load_app, serving
from monocyte.dmz import Server

PAUSE = 0.2
"""Seconds between two releases."""


async def app(port: int, root: Path, cell: str = "") -> None:
    """Serve the app in that directory until killed."""
    async with serving(load_app(root), port=port) as at:
        gc.freeze()  # as `monocyte run` does
        while True:
            await asyncio.sleep(PAUSE)
            if (root / "swapping").exists():
                edit(root / cell)
                await at.reload()
                count(root / "swapped")


def edit(cell: Path) -> None:
    """Make another release of a cell: its text differs, and what it does does not."""
    text, mark = cell.read_text("utf-8"), "\n#\n"
    cell.write_text(text.removesuffix(mark) if text.endswith(mark) else text + mark)


def count(file: Path) -> None:
    """Add one to the number in a file."""
    file.write_text(f"{int(file.read_text()) + 1 if file.exists() else 1}")


async def starlette(port: int) -> None:
    """Serve bare starlette until killed."""
    from benchmarks import bare_starlette

    async with Server(bare_starlette.app, "127.0.0.1", port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    _, number, *rest = sys.argv
    asyncio.run(app(int(number), Path(rest[0]), *rest[1:]) if rest else starlette(int(number)))
