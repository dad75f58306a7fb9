"""Call sites: every line that enforces a rule is found in the source, and told from the others."""

import pytest

from monocyte.literate.rules.sites import Reading, read_sites
from tests.cell.apps import App
from tests.literate.tills import till

GOOD = "    return Paid(it.coin)\n"


def reading(app: App, body: str, more: str = "") -> Reading:
    """What is read of a till that pays like that."""
    return read_sites(till(app, body, more)[0])


FOUND: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "in a handler": ("    WHOLE.require(it.coin > 0)\n", [("WHOLE", "pay")]),
    "two on one line": (
        "    WHOLE.require(it.coin > 0); FULL.require(len(purse.coins) < 9)\n",
        [("WHOLE", "pay"), ("FULL", "pay")],
    ),
    "one inside of the other": (
        "    WHOLE.require(FULL.require(True) is None)\n",
        [("WHOLE", "pay"), ("FULL", "pay")],
    ),
    "in a comprehension": (
        "    [WHOLE.require(coin > 0) for coin in (it.coin,)]\n",
        [("WHOLE", "pay")],
    ),
    "in a lambda": ("    (lambda: WHOLE.require(it.coin > 0))()\n", [("WHOLE", "pay")]),
    "in a function inside": (
        "    def check() -> None:\n        WHOLE.require(it.coin > 0)\n    check()\n",
        [("WHOLE", "pay")],
    ),
    "over several lines": ("    WHOLE.require(\n        it.coin > 0\n    )\n", [("WHOLE", "pay")]),
    "refused outright": ("    if it.coin < 1:\n        WHOLE.refuse()\n", [("WHOLE", "pay")]),
    "nothing of that name": ("    WHOLE = it\n    getattr(WHOLE, 'require')\n", []),
    "shadowed": ("    for WHOLE in ():\n        WHOLE.require(True)\n", []),
    "another method": ("    WHOLE.refuses()\n", []),
    "renamed": ("    check = WHOLE.require\n    check(it.coin > 0)\n", []),
}


@pytest.mark.parametrize(("body", "found"), FOUND.values(), ids=FOUND.keys())
def test_what_is_written_is_found(app: App, body: str, found: list[tuple[str, str]]) -> None:
    """By the name of the rule and of the outermost function, in the order of the line."""
    read = reading(app, body + GOOD)
    assert [(it.variable, it.function) for it in read.sites] == found


def test_a_site_says_where_it_is(app: App) -> None:
    """Line and column of the call, and where it ends."""
    body = "    é = WHOLE.require(it.coin > 0)  #!\n"
    (site,) = reading(app, body + GOOD).sites
    assert [site.where] == app.marked("till")
    assert (site.column, site.end.column) == (9, 35), "in bytes, as frames count"


def test_a_rule_of_a_helper_module_is_found(app: App) -> None:
    """Rules may live in a class, or in a module that is no cell."""
    grouped = "class Rules:\n    ALIAS = WHOLE\n\n"
    app.write("till.py", "")
    body = "    Rules.ALIAS.require(it.coin > 0)\n" + GOOD
    (site,) = reading(app, body, grouped).sites
    assert (site.rule, site.variable) == ("TILL-1", "Rules.ALIAS")


def test_what_cannot_be_followed_is_a_use(app: App) -> None:
    """A rule that is renamed, looped over or passed on, also as a default."""
    body = (
        "    check = WHOLE.require\n"
        "    for rule in (WHOLE, FULL):\n"
        "        print(rule)\n"
        "    def later(by=FULL): ...\n"
    )
    read = reading(app, body + GOOD)
    first = read.uses["TILL-1"][0]
    assert read.uses == {"TILL-1": (first, first + 1), "TILL-2": (first + 1, first + 3)}


PROOFS = '''
@cell.scenario
def tried(lab: World) -> None:
    WHOLE.require(True)

@cell.decision(instead_of="paper")
def coins_are_round(lab: World) -> None:
    """They roll."""
    WHOLE.require(True)
'''


def test_what_proves_enforces_nothing(app: App) -> None:
    """A rule in a scenario or a decision guards nothing, neither does one at the top of a file."""
    assert reading(app, GOOD, PROOFS + "\nFULL.require(True)\n").sites == ()


PRIVATE = """
def checked(it: Pay) -> None:
    deeper(it)

def deeper(it: Pay) -> None:
    WHOLE.require(it.coin > 0)

def nobody() -> None: ...

class Scale(Value):
    def weigh(self) -> None:
        deeper(self)
"""


def test_the_messages_that_lead_to_a_function(app: App) -> None:
    """Through as many functions as it takes, methods too."""
    read = reading(app, "    checked(it)\n    Scale().weigh()\n" + GOOD, PRIVATE)
    found = {name: read.entrances[name] for name in ("pay", "count", "deeper", "weigh", "nobody")}
    assert found == {
        "pay": ("Pay",),
        "count": ("Count",),
        "deeper": ("Pay",),
        "weigh": ("Pay",),
        "nobody": (),
    }


GUARDED: dict[str, tuple[str, bool]] = {
    "if": ("    if it.coin < 1:\n        WHOLE.refuse()\n", True),
    "else": ("    if it.coin > 0:\n        pass\n    else:\n        WHOLE.refuse()\n", True),
    "or": ("    it.coin > 0 or WHOLE.refuse()\n", True),
    "a conditional expression": ("    it.coin if it.coin > 0 else WHOLE.refuse()\n", True),
    "a loop": ("    for coin in purse.coins:\n        WHOLE.refuse()\n", True),
    "a match": ("    match it.coin:\n        case 0:\n            WHOLE.refuse()\n", True),
    "an exception": (
        "    try:\n        1 / it.coin\n    except ZeroDivisionError:\n        WHOLE.refuse()\n",
        True,
    ),
    "an early return": (
        "    if it.coin > 0:\n        return Paid(it.coin)\n    WHOLE.refuse()\n",
        True,
    ),
    "nothing": ("    WHOLE.refuse()\n", False),
    "a statement before it": ("    coin = it.coin\n    WHOLE.refuse()\n", False),
}


@pytest.mark.parametrize(("body", "both"), GUARDED.values(), ids=GUARDED.keys())
def test_what_decides_whether_a_refusal_is_reached(app: App, body: str, both: bool) -> None:
    """Only what something decides can be held, too."""
    (site,) = reading(app, body + GOOD).sites
    assert site.both is both


def test_a_require_can_always_be_held(app: App) -> None:
    """Its argument decides; no guard is looked for."""
    (site,) = reading(app, "    WHOLE.require(it.coin > 0)\n" + GOOD).sites
    assert site.guard is None
    assert site.both


def test_a_deep_expression_is_no_obstacle(app: App) -> None:
    """A thousand terms are walked without recursion."""
    body = f"    WHOLE.require(it.coin > {' + '.join(['0'] * 900)})\n"
    assert len(reading(app, body + GOOD).sites) == 1


def test_a_file_that_is_gone_has_no_sites(app: App) -> None:
    """There is nothing to read, and nothing to fail about."""
    manifest = till(app, GOOD, "")[0]._replace(file="/nowhere/till.py")
    assert read_sites(manifest) == Reading((), {}, {})
