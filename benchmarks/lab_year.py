"""The lab app with a year behind it, and a key for each user of the crowd.

Run as a module in a process of its own, because an app's cells are imported from its directory:
`python -m benchmarks.lab_year ROOT COMMANDS USERS` prints the users as JSON.
"""

import asyncio
import importlib
import json
import sys
from contextlib import suppress
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from monocyte import Refused
from monocyte.app import load_app
from monocyte.contracts import Principal
from monocyte.runtime import Runtime


async def tell(root: Path, count: int, users: int) -> list[dict[str, str]]:
    """Send a year of commands, enrol who is missing, and give everybody a key."""
    app = load_app(root)
    assert not app.faults, app.faults
    seed: Any = importlib.import_module("seed")
    people: dict[str, frozenset[str]] = {}
    async with app.runtime() as runtime:
        for _, moment in groupby(seed.commands(count=count), key=lambda sent: sent.at):
            together = list(moment)
            people |= {sent.who: sent.roles for sent in together}
            await asyncio.gather(*(send(runtime, s.who, s.roles, s.command) for s in together))
        for number in range(len(people), users):
            await enrol(runtime, f"guest-{number}")
            people[f"guest-{number}"] = frozenset({"student"})
    keys = app.keys()
    chosen = list(people.items())[:users]
    return [{"handle": who, "key": keys.add(who, tuple(roles))} for who, roles in chosen]


async def send(runtime: Runtime, who: str, roles: frozenset[str], command: Any) -> None:
    """Send a command of the year; some are refused, as in life."""
    with suppress(Refused):
        await runtime.client(Principal(who, roles)).send(command)


async def enrol(runtime: Runtime, handle: str) -> None:
    """Make somebody a member of the lab."""
    people: Any = importlib.import_module("lab.people")
    roles = frozenset({people.Role.STUDENT})
    command = people.Enrol(handle, handle, roles, date(2026, 1, 5))
    await runtime.client(Principal("owner", frozenset({"owner"}))).send(command)


if __name__ == "__main__":
    _, directory, commands, crowd = sys.argv
    print(json.dumps(asyncio.run(tell(Path(directory), int(commands), int(crowd)))))
