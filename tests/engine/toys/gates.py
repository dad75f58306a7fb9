"""Where handlers wait until a test lets them go on, and where they are told to fail."""

import asyncio
from collections import Counter

closed: set[str] = set()
waiting: dict[str, list[asyncio.Future[None]]] = {}
troubles: dict[str, list[BaseException]] = {}
passed: Counter[str] = Counter()


def reset() -> None:
    """Open every gate, end every trouble."""
    for things in (closed, waiting, troubles, passed):
        things.clear()


def close(*names: str) -> None:
    """From now on, who comes here waits."""
    closed.update(names)


def let_go(name: str, count: int = 1) -> None:
    """Let those go on who have waited longest."""
    for future in waiting[name][:count]:
        if not future.done():
            future.set_result(None)
    del waiting[name][:count]


def trouble(name: str, *errors: BaseException) -> None:
    """The next ones who come here fail with these."""
    troubles.setdefault(name, []).extend(errors)


def check(name: str) -> None:
    """Pass, or fail as told."""
    passed[name] += 1
    if troubles.get(name):
        raise troubles[name].pop(0)


async def enter(name: str) -> None:
    """Pass, or wait, or fail as told."""
    if name in closed:
        future = asyncio.get_running_loop().create_future()
        waiting.setdefault(name, []).append(future)
        await future
    check(name)
