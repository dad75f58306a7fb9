"""Witnesses: what a cell asks of its rules while it decides, and who gets past a `refuse`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from monocyte.cell import Rule
from monocyte.literate.findings import Finding
from monocyte.literate.rules.coverage import rule_findings, seen_sites, witness_scenarios
from monocyte.literate.rules.witness import watching
from tests.cell.apps import App
from tests.literate.tills import ALL, PAY, REFUSED_ONLY, REST, TILL, till


def findings(app: App, body: str) -> list[Finding]:
    """What is wrong with the rules of a till that pays like that."""
    manifests = till(app, body)
    return list(rule_findings(manifests[0], witness_scenarios(manifests)))


# -- refuse: who gets past it ----------------------------------------------------------------------

PASSED: dict[str, str] = {
    "if": "    if it.coin < 1:\n        WHOLE.refuse()\n",
    "if, on one line": "    if it.coin < 1: WHOLE.refuse()\n",
    "elif": "    if it.coin > 90:\n        pass\n    elif it.coin < 1:\n        WHOLE.refuse()\n",
    "else": "    if it.coin > 0:\n        pass\n    else:\n        WHOLE.refuse()\n",
    "or": "    it.coin > 0 or WHOLE.refuse()\n",
    "a conditional expression": "    it.coin if it.coin > 0 else WHOLE.refuse()\n",
    "a loop": "    for _ in range(1 - it.coin):\n        WHOLE.refuse()\n",
    "the end of a loop": (
        "    for _ in range(it.coin):\n        break\n    else:\n        WHOLE.refuse()\n"
    ),
    "a comprehension": "    [WHOLE.refuse() for _ in (1,) if it.coin < 1]\n",
    "a match": "    match it.coin:\n        case 0:\n            WHOLE.refuse()\n",
    "another case of a match": (
        "    match it.coin:\n        case 2:\n            pass\n        case _:\n"
        "            WHOLE.refuse()\n"
    ),
    "an exception": (
        "    try:\n        1 / it.coin\n    except ZeroDivisionError:\n        WHOLE.refuse()\n"
    ),
    "a loop whose head is over lines": (
        "    while (\n        it.coin < 1\n        and it\n    ):\n        WHOLE.refuse()\n"
    ),
    "another exception": (
        "    try:\n        1 / it.coin\n        int('two')\n"
        "    except ZeroDivisionError:\n        WHOLE.refuse()\n"
        "    except ValueError:\n        pass\n"
    ),
    "a guard over lines": (
        "    if (\n        it.coin\n        < 1\n    ):\n        WHOLE.refuse(\n            'no'\n"
        "        )\n"
    ),
    "a function inside": (
        "    def check() -> None:\n        if it.coin < 1:\n            WHOLE.refuse()\n"
        "    check()\n"
    ),
    "a generator": (
        "    def check() -> Iterator[int]:\n        yield 1\n        if it.coin < 1:\n"
        "            WHOLE.refuse()\n        yield 2\n    list(check())\n"
    ),
}


@pytest.mark.parametrize("body", PASSED.values(), ids=PASSED.keys())
def test_who_gets_past_a_refuse_has_seen_it_held(app: App, body: str) -> None:
    """Whatever guards it, both ways are seen; and where only one was, the other is missing."""
    manifests = till(app, body + REST)
    (seen,) = [
        it
        for it in seen_sites(manifests[0], witness_scenarios(manifests))
        if it.site.rule == "TILL-1"
    ]
    assert (seen.held_by, seen.refused_by) == (("coins",), ("nothing",))


def test_an_early_return_is_a_way_past(app: App) -> None:
    """What stands behind it is a guard, too."""
    body = (
        REST.replace("    return", "    if it.coin > 0:\n        return") + "    WHOLE.refuse()\n"
    )
    assert findings(app, body) == []


NO_WAY = {
    "another refusal before it": (
        "    WHOLE.require(it.coin > 0)\n    if it.coin > 0:\n        FULL.refuse()\n"
    ),
    "another refusal, and a return between": (
        "    WHOLE.require(it.coin > 0)\n    if it.coin > 9:\n        return Paid(it.coin)\n"
        "    FULL.refuse()\n"
    ),
    "a loop over lines that is always entered": (
        "    for _ in (\n        1,\n    ):\n        FULL.refuse()\n"
    ),
    "a loop that always comes to its end": (
        "    for _ in (1,):\n        pass\n    else:\n        FULL.refuse()\n"
    ),
    "a guard that raises": (
        "    try:\n        if 1 / it.coin > 0:\n            FULL.refuse()\n"
        "    except ZeroDivisionError:\n        WHOLE.refuse()\n"
    ),
    "a return before it": (
        "    if it.coin < 1:\n        return Paid(it.coin)\n    if it.coin > 0:\n"
        "        FULL.refuse()\n"
    ),
}


@pytest.mark.parametrize("body", NO_WAY.values(), ids=NO_WAY.keys())
def test_who_did_not_come_to_a_guard_has_not_got_past_it(app: App, body: str) -> None:
    """Nor who came there and never learned what it decides."""
    missing = [it.message for it in findings(app, body + "    return Paid(it.coin)\n")]
    assert any("has got past FULL.refuse" in message for message in missing)


BY_HAND = """
def checked(coin: int) -> None:
    if coin < 9:
        WHOLE.refuse()

@cell.scenario
def by_hand(lab: World) -> None:
    checked(10)
"""


def test_getting_past_by_hand_does_not_count(app: App) -> None:
    """A scenario that calls a private function has shown nothing about the cell."""
    manifests = till(app, "    checked(it.coin)\n" + REST, ALL + BY_HAND)
    found = [it.message for it in rule_findings(manifests[0], witness_scenarios(manifests))]
    assert any("has got past WHOLE.refuse" in message for message in found)


TICKET = """\
from monocyte import Cell, Query

class Valid(Query[bool]):
    coin: int

cell = Cell("ticket")

@cell.handles
def valid(it: Valid) -> bool:
    return it.coin > 0
"""


def test_an_awaiting_handler_is_followed(app: App) -> None:
    """It gives way inside of its guard, and comes back."""
    app.write("ticket.py", TICKET)
    body = "    if not await ask(Valid(it.coin)):\n        WHOLE.refuse()\n" + REST
    imported = TILL.replace(
        "from monocyte import", "from {app}.ticket import Valid\nfrom monocyte import"
    )
    waits = PAY.replace("def pay", "async def pay").replace("Caller)", "Caller, ask: Ask)")
    loaded = app.load(till=imported + waits + body + ALL)
    assert loaded.faults == ()
    (manifest,) = [it for it in loaded.manifests if it.name == "till"]
    seen = seen_sites(manifest, witness_scenarios(loaded.manifests))
    (whole,) = [it for it in seen if it.site.rule == "TILL-1"]
    assert (whole.held_by, whole.refused_by) == (("coins",), ("nothing",))


def test_where_somebody_else_traces_nothing_is_claimed(app: App) -> None:
    """A debugger or coverage keeps its place; a refuse is then asked for its refusals only."""
    body = "    if it.coin > -1:\n        WHOLE.refuse()\n    return Paid(it.coin)\n"
    manifests = till(app, body, REFUSED_ONLY)
    with tracing():
        witnessed = witness_scenarios(manifests)
        assert sys.gettrace() is _trace
    assert witnessed.blind
    assert [it.kind for it in rule_findings(manifests[0], witnessed)] == ["rule-unenforced"]


def _trace(*_: object) -> None:
    return None


@contextmanager
def tracing() -> Iterator[None]:
    """A tracer of somebody else's."""
    before = sys.gettrace()
    sys.settrace(_trace)
    try:
        yield
    finally:
        sys.settrace(before)


def test_watching_leaves_nothing_behind(app: App) -> None:
    """Neither a witness nor a trace, whatever happens inside."""
    manifests = till(app, "    if it.coin < 1:\n        WHOLE.refuse()\n" + REST)
    before = sys.gettrace(), Rule.witness

    def die() -> None:
        assert Rule.witness is not None
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), watching(manifests):
        die()
    assert (sys.gettrace(), Rule.witness) == before
