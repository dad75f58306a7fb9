"""A rule of the lab is changed: planned, priced, written by a (scripted) model, judged, promoted.

The commands are those that people type, run in the copy of the app that the demo has made, while
somebody goes on working with it over HTTP. Keys and the repository are the demo's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rich.console import Console

from scripted import MODEL, scripted

__all__ = ["Works", "a_rule"]

console = Console(highlight=False)

OLD_RULE = 'IN_HAND = cell.rule("STOCK-3", "What somebody has taken out, nobody else uses.")\n'
RULE = OLD_RULE + 'SIP = cell.rule("STOCK-4", "Nobody uses more than a thousand at a time.")\n'
SCENARIO = '''

@cell.scenario
def not_all_at_once(lab: World) -> None:
    """A thousand is as much as one takes."""
    a_hundred_microlitres(lab)
    ada = lab.by("ada")
    ada.send(Restock("AB000001", 5000))
    with SIP.refuses():
        ada.send(Consume("AB000001", 1001))
    assert ada.send(Consume("AB000001", 1000)) == 4021
'''
LOCKED = "STOCK-4 | stock | in force | Nobody uses more than a thousand at a time.\n"

FORMER = '    IN_HAND.require(sample.holder in (None, caller.name), f"{sample.holder} has it")\n'
NEW = "    SIP.require(it.amount <= 1000, str(it.amount))\n"
MENDED = f"```edits\n<<<<<<< SEARCH\n{NEW}=======\n{FORMER}{NEW}>>>>>>> REPLACE\n```\n"
"""The first answer has the new rule in place of a former one, which nobody has asked for."""

SETTINGS = """
[models.writer]
provider = "scripted"
model = "{model}"
wire = "chat"
base_url = "{url}"
price = {{ input = "1.00", output = "5.00" }}

[genops]
model = "writer"

[budget]
plan = "1.00"
day = "5.00"

[approval]
own = true

[approval.keys]
{key}
"""


class Works(Protocol):
    """Somebody who works with the app: asks it something; whether it was answered."""

    def __call__(self) -> bool:
        """Ask once."""
        ...


class Shell:
    """What a person types in the copy of the app."""

    def __init__(self, home: Path, config: Path, key: str) -> None:
        self._home = home
        who = {f"GIT_{it}_{what}": name for it in ("AUTHOR", "COMMITTER") for what, name in WHO}
        self._environment = {
            **os.environ,
            **who,
            "XDG_CONFIG_HOME": str(config),
            "MONOCYTE_KEY": key,
            "NO_COLOR": "1",
        }

    def git(self, *arguments: str) -> None:
        """Run git, and say nothing of it."""
        self._run(["git", *arguments], (0,), quiet=True)

    def types(self, *arguments: str, codes: tuple[int, ...] = (0,), most: int = 12) -> str:
        """Run a command of monocyte's, and show it with the first lines of what it says."""
        console.print(f"[bold]$ monocyte {' '.join(arguments)}")
        said = self.asks(*arguments, codes=codes)
        for line in said.splitlines()[:most]:
            console.print(f"  {line[:150]}", markup=False)
        return said

    def asks(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run a command of monocyte's, and show nothing."""
        program = Path(sys.executable).with_name("monocyte")
        return self._run([str(program), *arguments], codes)

    def _run(self, command: list[str], codes: tuple[int, ...], *, quiet: bool = False) -> str:
        done = subprocess.run(  # noqa: S603 (our own)
            command,
            cwd=self._home,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if not quiet else subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode not in codes:
            told = done.stdout + (done.stderr or "")
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{told}")
        return done.stdout


WHO = (("NAME", "Ada Lind"), ("EMAIL", "ada@lab.example"))


def a_rule(home: Path, key: str, works: Works) -> None:
    """Change a rule of the app that runs from `home`; `key` is its owner's."""
    console.rule("[bold]A rule is changed, while people work")
    started = time.perf_counter()
    text = (home / "lab" / "stock.py").read_text("utf-8")
    draft = (text.replace(OLD_RULE, RULE) + SCENARIO).replace(FORMER, NEW)
    with tempfile.TemporaryDirectory(prefix="monocyte-demo-") as config:
        shell = Shell(home, Path(config), key)
        with scripted([f"```python\n{draft}```\n", MENDED]) as url:
            released(shell, home, url, works)
        shell.types("verify")
        shell.types("replay", "--frozen", "--all")  # nobody answers: all is in the ledger
        shell.types("status")
    console.print(f"all of this took {time.perf_counter() - started:.0f} s")


def released(shell: Shell, home: Path, url: str, works: Works) -> None:
    """Up to the release, and back."""
    prepare(shell, home, url)
    cell = home / "lab" / "stock.py"
    cell.write_text(cell.read_text("utf-8").replace(OLD_RULE, RULE) + SCENARIO, "utf-8")
    with (home / "rules.lock").open("a", encoding="utf-8") as lock:
        lock.write(LOCKED)
    shell.git("commit", "-q", "-a", "-m", "Nobody uses more than a thousand at a time")
    console.print("a person has written STOCK-4 and a scenario for it; nothing enforces it yet")
    regenerate(shell, works)


def prepare(shell: Shell, home: Path, url: str) -> None:
    """A repository, a key, a model, a budget; and what is there is taken as it stands."""
    public = shell.asks("keys", "init", "--name", "ada").splitlines()[0]
    with (home / "monocyte.toml").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS.format(url=url, model=MODEL, key=public))
    (home / ".gitignore").write_text("data/\n.monocyte/\n__pycache__/\n", "utf-8")
    shell.git("init", "-q", "-b", "main", ".")
    shell.git("add", "-A")
    shell.git("commit", "-q", "-m", "The lab as it is")
    shell.asks("plan", "--adopt")
    shell.git("add", "-A")
    shell.git("commit", "-q", "-m", "Adopt what is there")


def regenerate(shell: Shell, works: Works) -> None:
    """Plan, agree, have it written and judged, promote, look, roll back, verify."""
    said = shell.types("plan", codes=(2,))
    plan = next(it for it in said.split() if it.startswith("plan-"))
    shell.types("approve", plan)
    console.print(
        "the model is scripted: its first answer drops a former rule, its second has both"
    )
    with working(works) as heard:
        shell.types("apply", plan, most=60)
        shell.types("approve", plan)
        shell.types("promote", plan)
        shell.types("rollback", "stock", "--why", "the demo is over")
    told = ", ".join(f"{count:,} {how}" for how, count in sorted(heard.items()))
    console.print(f"meanwhile somebody went on working: {told or 'nothing was asked'}")
    if heard["dropped"] or not heard["answered"]:
        raise SystemExit("a request was dropped during the exchange")


@contextmanager
def working(works: Works) -> Iterator[Counter[str]]:
    """Somebody asks the app all the time; how it went is counted."""
    heard: Counter[str] = Counter()
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.05):
            try:
                heard["answered" if works() else "dropped"] += 1
            except OSError:
                heard["dropped"] += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield heard
    finally:
        over.set()
        thread.join()
