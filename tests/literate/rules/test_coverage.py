"""Rules: one that nobody enforces, and a line that was never seen both ways, are red."""

from pathlib import Path

import pytest

from monocyte.literate.findings import Finding
from monocyte.literate.rules.coverage import (
    matrix_of,
    rule_findings,
    seen_sites,
    site_records,
    witness_scenarios,
)
from tests.cell.apps import App
from tests.literate.tills import ALL, HELD_ONLY, REFUSED_ONLY, REST, SOUND, marked, said, till


def findings(app: App, body: str, scenarios: str = ALL, **others: str) -> list[Finding]:
    """What is wrong with the rules of a till that pays like that."""
    manifests = till(app, body, scenarios, **others)
    return list(rule_findings(manifests[0], witness_scenarios(manifests)))


def test_a_cell_whose_rules_are_seen_has_no_finding(app: App) -> None:
    """Each line was held in one scenario at least, and refused in one."""
    assert findings(app, SOUND) == []


def test_a_deleted_require_is_seen(app: App) -> None:
    """The rule is declared, and nothing enforces it any more."""
    (found,) = findings(app, SOUND.replace("    WHOLE.require(it.coin > 0)\n", ""))
    assert (found.kind, found.severity) == ("rule-unenforced", "error")
    assert found.message == "no line of code enforces TILL-1"
    assert 'cell.retired("TILL-1"' in found.mend
    line = int(found.where.rpartition(":")[2])
    assert (
        "WHOLE = cell.rule"
        in Path(found.where.rpartition(":")[0]).read_text().split("\n")[line - 1]
    )


MISSING: dict[str, tuple[str, str, str, str]] = {
    "a require that is never refused": (
        SOUND.replace("> 0)", "> 0)  #!"),
        HELD_ONLY,
        "no scenario has seen WHOLE refused at till.py:{line} in `pay`",
        "sends Pay so that it is refused by TILL-1",
    ),
    "a require that is never held": (
        "    WHOLE.require(it.coin > 0)  #!\n    return Paid(it.coin)\n",
        REFUSED_ONLY,
        "no scenario has seen WHOLE held at till.py:{line} in `pay`",
        "sends Pay so that TILL-1 is held there",
    ),
    "a require that nobody comes to": (
        SOUND + "\ndef nowhere() -> None:\n    WHOLE.require(True)  #!\n",
        ALL,
        "no scenario has seen WHOLE held or has seen WHOLE refused at till.py:{line} in `nowhere`",
        "sends a message that leads there so that TILL-1 is held there, and one so that",
    ),
    "a refuse whose guard is always true": (
        "    if it.coin > -1:\n        WHOLE.refuse()  #!\n    return Paid(it.coin)\n",
        REFUSED_ONLY,
        "no scenario has got past WHOLE.refuse at till.py:{line} in `pay`",
        "sends Pay so that TILL-1 is held there",
    ),
    "a refuse whose guard is never true": (
        "    if it.coin < -9:\n        WHOLE.refuse()  #!\n    return Paid(it.coin)\n",
        HELD_ONLY,
        "no scenario has been refused by WHOLE at till.py:{line} in `pay`",
        "sends Pay so that it is refused by TILL-1",
    ),
}


@pytest.mark.parametrize("row", MISSING.values(), ids=MISSING.keys())
def test_a_line_that_was_not_seen_both_ways(app: App, row: tuple[str, str, str, str]) -> None:
    """It says which rule, where, which way, and what scenario to write."""
    body, scenarios, message, mend = row
    unseen = [it for it in findings(app, body, scenarios) if it.kind == "rule-unseen"]
    (found,) = [it for it in unseen if it.where in marked(app)]
    assert found.message == message.format(line=found.where.rpartition(":")[2])
    assert mend in found.mend


def test_one_of_two_lines_of_a_rule_is_not_enough(app: App) -> None:
    """Every line counts by itself: the second of them was never refused."""
    body = SOUND.replace("    return", "    WHOLE.require(it.coin < 50)  #!\n    return")
    (found,) = findings(app, body)
    assert [found.where] == marked(app)


def test_two_on_one_line_are_told_apart(app: App) -> None:
    """By their columns, which the message has then."""
    body = SOUND.replace("> 0)\n", "> 0); WHOLE.require(it.coin < 50)  #!\n")
    (found,) = findings(app, body)
    line = found.where.rpartition(":")[2]
    assert found.message == f"no scenario has seen WHOLE refused at till.py:{line}:33 in `pay`"


ELSEWHERE = '''
@cell.decision(instead_of="paper")
def coins_weigh(lab: World) -> None:
    """Who carries them knows."""
    with WHOLE.refuses():
        lab.by("ada").send(Pay(0))
'''


def test_a_decision_is_no_scenario(app: App) -> None:
    """What a decision sees does not count."""
    kinds = [it.kind for it in findings(app, SOUND, HELD_ONLY + ELSEWHERE)]
    assert kinds == ["rule-unseen"]


CALLED = '''
def checked(coin: int) -> None:
    WHOLE.require(coin > 0)  #!

@cell.scenario
def by_hand(lab: World) -> None:
    """Asks the rule, and no cell."""
    with WHOLE.refuses():
        checked(0)
'''


def test_what_a_scenario_calls_itself_does_not_count(app: App) -> None:
    """A private function that only a scenario calls proves nothing about the cell."""
    body = SOUND.replace("WHOLE.require(it.coin > 0)", "checked(it.coin)")
    found = findings(app, body, HELD_ONLY + CALLED)
    assert said(found)[0][:2] == ("rule-unseen", marked(app)[0])
    assert "has seen WHOLE refused" in found[0].message


NEIGHBOUR = """\
from monocyte import Cell, Command, Event, State
from monocyte.testing import World
from {app}.till import Pay

cell = Cell("thief")

@cell.scenario
def a_button(lab: World) -> None:
    try:
        lab.by("tom").send(Pay(0))
    except Exception:
        pass
"""


def test_a_scenario_of_another_cell_counts(app: App) -> None:
    """It is named with its cell."""
    manifests = till(app, SOUND, HELD_ONLY, thief=NEIGHBOUR)
    witnessed = witness_scenarios(manifests)
    assert list(rule_findings(manifests[0], witnessed)) == []
    assert seen_sites(manifests[0], witnessed)[0].refused_by == ("thief.a_button",)


def test_the_scenarios_of_the_cell_itself_come_first(app: App) -> None:
    """Whatever the order of the cells."""
    manifests = till(app, SOUND, ALL, thief=NEIGHBOUR)[::-1]
    seen = seen_sites(manifests[1], witness_scenarios(manifests))
    assert seen[0].refused_by == ("nothing", "thief.a_button")


JOURNEY = """\
from monocyte import App, Refused
from monocyte.testing import Stage
from {app}.till import Pay

app = App("shop")

@app.scenario
def a_button(lab: Stage) -> None:
    try:
        lab.by("tom").send(Pay(0))
    except Refused:
        pass
"""


def test_a_journey_counts(app: App) -> None:
    """So does a scenario of the app."""
    till(app, SOUND, HELD_ONLY)
    loaded = app.load(journeys=JOURNEY)
    witnessed = witness_scenarios(loaded.manifests, loaded.journeys)
    assert list(rule_findings(loaded.manifests[0], witnessed)) == []
    assert seen_sites(loaded.manifests[0], witnessed)[0].refused_by == ("shop.a_button",)


COMPOSED = '''
@cell.scenario
def again(lab: World) -> None:
    """The same once more."""
    nothing(lab)
'''


def test_a_composed_scenario_counts_under_its_own_name(app: App) -> None:
    """Whatever it is made of."""
    manifests = till(app, SOUND, ALL + COMPOSED)
    seen = seen_sites(manifests[0], witness_scenarios(manifests))
    assert seen[0].refused_by == ("nothing", "again")


def test_a_scenario_that_fails_has_seen_what_it_has_seen(app: App) -> None:
    """Its failure is told elsewhere, and not once more here."""
    assert findings(app, SOUND, ALL + "    assert False\n") == []


# -- what cannot be read ---------------------------------------------------------------------------

ALIASES = {
    "renamed": "    check = WHOLE.require\n    check(it.coin > 0)  #!\n",
    "looped over": (
        "    for rule, held in ((WHOLE, it.coin > 0),):\n        rule.require(held)  #!\n"
    ),
    "passed on": "    ask(WHOLE, it.coin > 0)\n",
}
PASSED_ON = "\ndef ask(rule, held) -> None:\n    rule.require(held)  #!\n"


@pytest.mark.parametrize("body", ALIASES.values(), ids=ALIASES.keys())
def test_an_alias_is_seen_where_it_is_asked(app: App, body: str) -> None:
    """The line that asks counts as a line of the rule, and enforces it."""
    more = PASSED_ON if "ask(" in body else ""
    manifests = till(app, body + REST + more)
    witnessed = witness_scenarios(manifests)
    assert list(rule_findings(manifests[0], witnessed)) == []
    (seen,) = [it for it in seen_sites(manifests[0], witnessed) if it.site.rule == "TILL-1"]
    assert [seen.site.where] == marked(app)


@pytest.mark.parametrize("body", ALIASES.values(), ids=ALIASES.keys())
def test_an_alias_is_held_to_both_ways(app: App, body: str) -> None:
    """It must be refused, too."""
    more = PASSED_ON if "ask(" in body else ""
    (found,) = findings(app, body + REST + more, HELD_ONLY)
    assert [found.where] == marked(app)
    assert "has seen WHOLE refused" in found.message


def test_an_alias_that_nobody_asked_is_told(app: App) -> None:
    """Where it is passed on stands in the finding."""
    body = "    later = WHOLE.require  #!\n" + REST
    (found,) = findings(app, body)
    assert found.kind == "rule-unenforced"
    line = marked(app)[0].rpartition(":")[2]
    assert f"WHOLE is passed on at line {line}, and no scenario" in found.message


HELPER = "def need(rule, held):\n    rule.require(held)\n"


def test_a_helper_module_asks_for_the_line_that_calls_it(app: App) -> None:
    """What stands in a file that is no cell counts where the cell calls it."""
    app.write("helper.py", HELPER)
    body = "    helper.need(WHOLE, it.coin > 0)  #!\n" + REST
    scenarios = "\nimport {app}.helper as helper\n" + ALL
    manifests = till(app, body, scenarios)
    seen = seen_sites(manifests[0], witness_scenarios(manifests))
    assert [it.site.where for it in seen if it.site.rule == "TILL-1"] == marked(app)


# -- the matrix ------------------------------------------------------------------------------------

PAST = """\
cell.retired("TILL-0", "Any coin.", because="buttons were paid with")
cell.retired("TILL-3", "Round coins.", because="one had seven sides", supersedes="TILL-0")
SMALL = cell.rule("TILL-4", "No foreign coins.", supersedes="TILL-3")

"""


def test_the_matrix_says_everything_about_every_rule(app: App) -> None:
    """Text, lines, who has seen them, what was retired and why, what took its place."""
    body = SOUND.replace("    return", "    SMALL.require(it.coin < 9)\n    return")
    manifests = till(app, body, PAST + ALL)
    rows = {row.id: row for row in matrix_of(manifests, witness_scenarios(manifests)).rows}
    assert [*rows] == ["TILL-1", "TILL-2", "TILL-4", "TILL-0", "TILL-3"]
    assert rows["TILL-4"].supersedes == ("TILL-3", "TILL-0")
    assert rows["TILL-0"].because == "buttons were paid with"
    (seen,) = rows["TILL-1"].sites
    assert (seen.held_by, seen.refused_by) == (("coins",), ("nothing",))


def test_the_matrix_reads_well(app: App) -> None:
    """The rule, and below it each line with who has seen what."""
    manifests = till(app, SOUND, PAST + ALL)
    witnessed = witness_scenarios(manifests)
    text = str(matrix_of(manifests, witnessed))
    line = witnessed.readings["till"].sites[0].line
    assert text.startswith(
        f"""\
till
  TILL-1  A coin is worth something.
      till.py:{line} in pay
          held: coins
          refused: nothing
"""
    )
    assert "  TILL-4  No foreign coins.\n      enforced nowhere\n      supersedes TILL-3" in text
    assert "  TILL-0  Any coin.\n      retired: buttons were paid with" in text


def test_sites_are_kept_as_records(app: App) -> None:
    """What is kept beside the app is the same, without columns."""
    manifests = till(app, SOUND)
    seen = seen_sites(manifests[0], witness_scenarios(manifests))
    (first, _) = site_records(seen)
    assert (first.rule, first.function, first.held_by) == ("TILL-1", "pay", ("coins",))
    assert first.where == seen[0].site.where
