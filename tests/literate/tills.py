"""A till that takes coins, to which the tests of this room add rules, scenarios and decisions."""

from monocyte.cell import Manifest
from monocyte.literate.findings import Finding
from tests.cell.apps import App

TILL = '''\
"""# A till: coins go in."""
from collections.abc import Iterator
from monocyte import Ask, Caller, Cell, Command, Event, Query, State, Value
from monocyte.testing import Source, World

class Paid(Event):
    coin: int

class Pay(Command[Paid]):
    coin: int

class Count(Query[int]):
    pass

class Purse(State):
    coins: list[int] = []

cell = Cell("till", state=Purse)

WHOLE = cell.rule("TILL-1", "A coin is worth something.")
FULL = cell.rule("TILL-2", "Nine coins fill the till.")

@cell.handles
def count(it: Count, purse: Purse) -> int:
    return len(purse.coins)

@cell.evolves
def drop(it: Paid, purse: Purse) -> None:
    purse.coins.append(it.coin)

'''

PAY = """\
@cell.handles
def pay(it: Pay, purse: Purse, caller: Caller) -> Paid:
"""

ALL = '''\

@cell.scenario
def coins(lab: World) -> None:
    """Coins of two go in until the till is full; a coin of nothing never does."""
    for _ in range(9):
        lab.by("ada").send(Pay(2))
    with FULL.refuses():
        lab.by("ada").send(Pay(2))

@cell.scenario
def nothing(lab: World) -> None:
    """A coin of nothing never goes in."""
    with WHOLE.refuses():
        lab.by("ada").send(Pay(0))
'''
"""Scenarios that see both rules held and refused."""

HELD_ONLY = ALL.replace("Pay(0)", "Pay(2)").replace("with WHOLE.refuses():", "if True:")
"""The first rule is never refused."""

REFUSED_ONLY = ALL.replace("range(9)", "range(0)").replace("with FULL.refuses():", "if False:")
"""No rule is ever held."""

SOUND = """\
    WHOLE.require(it.coin > 0)
    FULL.require(len(purse.coins) < 9)
    return Paid(it.coin)
"""
"""How `pay` keeps both rules."""

REST = "    FULL.require(len(purse.coins) < 9)\n    return Paid(it.coin)\n"
"""How `pay` keeps the second rule, after whatever it does about the first."""


def till(app: App, body: str, scenarios: str = ALL, **others: str) -> tuple[Manifest, ...]:
    """The till, and the other cells, loaded; `body` is what `pay` does."""
    loaded = app.load(till=TILL + PAY + body + scenarios, **others)
    assert loaded.faults == (), [*map(str, loaded.faults)]
    return tuple(sorted(loaded.manifests, key=lambda it: it.name != "till"))


def marked(app: App, name: str = "till") -> list[str]:
    """file:line of the lines that end in `#!`."""
    return app.marked(name)


def said(findings: list[Finding]) -> list[tuple[str, str, str]]:
    """Kind, place and message of findings."""
    return [(it.kind, it.where, it.message) for it in findings]
