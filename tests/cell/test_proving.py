"""What proves a cell is read whole or refused once: with what, the exact line, and what to do."""

from datetime import date

import pytest

from monocyte.cell import Loaded
from tests.cell.apps import SHOP, App

Row = tuple[str, str, str]
"""What is added to a sound cell (the faulty line ends in #!), the message, the mend."""

PROVED = (
    SHOP
    + """\
from monocyte.testing import Operator, Source, Step, Steps, World

ONE = cell.rule("SHOP-1", "One at a time.")

@cell.scenario
def sold(lab: World) -> None:
    lab.by("ada").send(Make(1))

def stock(it: Operator) -> int:
    return 1

"""
)

RULES: dict[str, Row] = {
    "says nothing": ("A = cell.rule('A-1', ' ') #!\n", "rule A-1 says nothing", "in a sentence"),
    "retired without a reason": (
        "cell.retired('A-1', 'One.', because=' ') #!\n",
        "rule A-1 is retired without a reason",
        "say because=",
    ),
    "retired twice": (
        (
            "cell.retired('A-1', 'One.', because='old')\n"
            "cell.retired('A-1', 'One.', because='older') #!\n"
        ),
        "rule A-1 is declared twice",
        "an ID of its own; the first is at",
    ),
    "retired, and in force again": (
        "cell.retired('A-1', 'One.', because='old')\nA = cell.rule('A-1', 'Two.') #!\n",
        "rule A-1 is declared twice",
        "an ID of its own; the first is at",
    ),
    "retired under no ID": (
        "cell.retired('no id', 'One.', because='old') #!\n",
        "'no id' is no ID for a rule",
        "like BOOK-1",
    ),
    "ID that is no text": ("cell.rule(['A-1'], 'One.') #!\n", "is no ID for a rule", "like BOOK-1"),
    "supersedes what nobody knows": (
        "A = cell.rule('A-2', 'Two.', supersedes='A-1') #!\n",
        "A-2 supersedes A-1, which nobody knows",
        'cell.retired("A-1"',
    ),
    "supersedes what is in force": (
        "A = cell.rule('A-2', 'Two.', supersedes='SHOP-1') #!\n",
        "A-2 supersedes SHOP-1, which is still in force",
        'cell.retired("SHOP-1"',
    ),
    "supersedes itself": (
        "A = cell.rule('A-2', 'Two.', supersedes='A-2') #!\n",
        "A-2 supersedes A-2, which is itself",
        'cell.retired("A-2"',
    ),
}

PICTURES: dict[str, Row] = {
    "two": ("cell.picture('')\ncell.picture('') #!\n", "there are two pictures", "delete one; see"),
    "no text": ("cell.picture(None) #!\n", "a picture is a text", 'cell.picture("""'),
}

SCENARIOS: dict[str, Row] = {
    "further parameters without rows": (
        "@cell.scenario #!\ndef works(lab: World, n: int) -> None: ...\n",
        "works must be a plain function of one parameter",
        "@scenario(given={",
    ),
    "no rows": (
        "@cell.scenario(given={}) #!\ndef works(lab: World, n: int) -> None: ...\n",
        "a scenario is given a mapping of rows",
        'given={"a name": (argument,',
    ),
    "a list of rows": (
        "@cell.scenario(given=[(1,)]) #!\ndef works(lab: World, n: int) -> None: ...\n",
        "a scenario is given a mapping of rows",
        'given={"a name": (argument,',
    ),
    "a row that is no tuple": (
        "@cell.scenario(given={'one': 1}) #!\ndef works(lab: World, n: int) -> None: ...\n",
        "row 'one' of works does not fit its parameters",
        "give a tuple of 1: n",
    ),
    "a row too short": (
        (
            "@cell.scenario(given={'one': (1,)}) #!\n"
            "def works(lab: World, n: int, m: int) -> None: ...\n"
        ),
        "row 'one' of works does not fit its parameters",
        "give a tuple of 2: n, m",
    ),
    "a name that is taken": (
        "@cell.scenario #!\ndef sold(lab: World) -> None: ...\n",
        "two artefacts are called sold",
        "rename one; see",
    ),
    "above nothing": (
        "cell.scenario(given={'one': (1,)}) #!\n",
        "@scenario stands above no function",
        "above a def",
    ),
}

DOC = '    """Because."""\n'

DECISIONS: dict[str, Row] = {
    "without its reason": (
        "@cell.decision(instead_of='b', review='2028-01-01') #!\ndef a() -> None: ...\n",
        "a does not say why it is so",
        "its docstring says why it is so",
    ),
    "without its alternative": (
        f"@cell.decision(instead_of=' ', review='2028-01-01') #!\ndef a() -> None:\n{DOC}",
        "a decision names its alternative",
        'instead_of="',
    ),
    "until no date": (
        f"@cell.decision(instead_of='b', until='soon') #!\ndef a(lab: World) -> None:\n{DOC}",
        "until='soon' of a is no date",
        'write it as "2028-01-31"',
    ),
    "until a moment": (
        (
            "@cell.decision(instead_of='b', until=datetime(2028, 1, 1)) #!\n"
            f"def a(lab: World) -> None:\n{DOC}"
        ),
        "of a is no date",
        'write it as "2028-01-31"',
    ),
    "review that is a condition": (
        (
            "@cell.decision(instead_of='b', review=lambda: True) #!\n"
            f"def a(lab: World) -> None:\n{DOC}"
        ),
        "of a is no date",
        'write it as "2028-01-31"',
    ),
    "an assumption that nobody looks at": (
        f"@cell.decision(instead_of='b') #!\ndef a() -> None:\n{DOC}",
        "a has no date of review",
        "nothing executes it",
    ),
    "a condition that may never hold": (
        (
            "@cell.decision(instead_of='b', until=lambda: False) #!\n"
            f"def a(lab: World) -> None:\n{DOC}"
        ),
        "a has no date of review",
        "a condition may never hold",
    ),
    "a condition of too much": (
        (
            "@cell.decision(instead_of='b', until=lambda x, y: False, review='2028-01-01') #!\n"
            f"def a(lab: World) -> None:\n{DOC}"
        ),
        "the condition that ends a takes too much",
        "nothing, or the cell's Source",
    ),
    "structure that nothing refutes": (
        f"@cell.decision(instead_of='b') #!\ndef a(it: Source) -> None:\n{DOC}",
        "nothing refutes a, so it may be unable to fail",
        'refuted_by="',
    ),
    "refuted by no text": (
        f"@cell.decision(instead_of='b', refuted_by=7) #!\ndef a(it: Source) -> None:\n{DOC}",
        "refuted_by of a is no text",
        "source, as a string",
    ),
    "behaviour refuted by source": (
        (
            "@cell.decision(instead_of='b', refuted_by='import os') #!\n"
            f"def a(lab: World) -> None:\n{DOC}"
        ),
        "refuted_by of a is source, and it reads none",
        "let the check take a Source",
    ),
    "two parameters": (
        (f"@cell.decision(instead_of='b') #!\ndef a(lab: World, it: Source) -> None:\n{DOC}"),
        "a takes one annotated parameter, or none",
        "(it: Source)",
    ),
    "no annotation": (
        f"@cell.decision(instead_of='b', refuted_by='import os') #!\ndef a(it) -> None:\n{DOC}",
        "a takes one annotated parameter, or none",
        "(it: Source)",
    ),
    "checked against something else": (
        f"@cell.decision(instead_of='b') #!\ndef a(it: int) -> None:\n{DOC}",
        "a is checked against int",
        "(lab: World), (it: Source), or ()",
    ),
    "an annotation that cannot be read": (
        f"@cell.decision(instead_of='b') #!\ndef a(it: 'Worlt') -> None:\n{DOC}",
        "an annotation of a cannot be read",
        "import or define",
    ),
    "async": (
        f"@cell.decision(instead_of='b') #!\nasync def a(lab: World) -> None:\n{DOC}",
        "a must be a plain function",
        "it waits by itself",
    ),
    "above nothing": (
        "cell.decision(instead_of='b') #!\n",
        "@decision stands above no function",
        "above a def",
    ),
}

STEP = f"{DOC}    yield Step('look')\n"

RUNBOOKS: dict[str, Row] = {
    "no steps": (
        (
            "@cell.runbook(when='it breaks', after=sold) #!\n"
            f"def mend(it: Operator) -> Steps:\n{DOC}    return iter(())\n"
        ),
        "mend yields no steps",
        "yield Step(",
    ),
    "no occasion": (
        f"@cell.runbook(when='', after=sold) #!\ndef mend(it: Operator) -> Steps:\n{STEP}",
        "mend does not say when it is needed",
        'when="',
    ),
    "no purpose": (
        (
            "@cell.runbook(when='it breaks', after=sold) #!\n"
            "def mend(it: Operator) -> Steps:\n    yield Step('look')\n"
        ),
        "mend does not say what it achieves",
        "its docstring says",
    ),
    "keeps no view": (
        (
            "@cell.runbook(when='it breaks', after=sold, keeps=3) #!\n"
            f"def mend(it: Operator) -> Steps:\n{STEP}"
        ),
        "what mend keeps is no view",
        "a function of the operator",
    ),
    "one role as letters": (
        (
            "@cell.runbook(when='it breaks', after=sold, roles='technician') #!\n"
            f"def mend(it: Operator) -> Steps:\n{STEP}"
        ),
        "the roles of mend are no tuple of names",
        "roles=('technician',)",
    ),
    "nobody works": (
        f"@cell.runbook(when='it breaks', after=sold) #!\ndef mend() -> Steps:\n{STEP}",
        "mend needs an operator and annotations",
        "def (it: Operator,",
    ),
    "no annotation": (
        (
            "@cell.runbook(when='it breaks', after=sold, example={'n': 1}) #!\n"
            f"def mend(it: Operator, n) -> Steps:\n{STEP}"
        ),
        "mend needs an operator and annotations",
        "each parameter with its type",
    ),
    "an annotation that cannot be read": (
        (
            "@cell.runbook(when='it breaks', after=sold) #!\n"
            f"def mend(it: 'Operater') -> Steps:\n{STEP}"
        ),
        "an annotation of mend cannot be read",
        "import or define",
    ),
    "no example": (
        (
            "@cell.runbook(when='it breaks', after=sold) #!\n"
            f"def mend(it: Operator, n: int) -> Steps:\n{STEP}"
        ),
        "the example of mend does not fit its parameters",
        "example={…} with n",
    ),
    "an example of nothing": (
        (
            "@cell.runbook(when='it breaks', after=sold, example={'m': 1}) #!\n"
            f"def mend(it: Operator) -> Steps:\n{STEP}"
        ),
        "the example of mend does not fit its parameters",
        "with nothing",
    ),
    "an example that is no mapping": (
        (
            "@cell.runbook(when='it breaks', after=sold, example=3) #!\n"
            f"def mend(it: Operator) -> Steps:\n{STEP}"
        ),
        "the example of mend does not fit its parameters",
        "with nothing",
    ),
    "after no scenario": (
        (
            "@cell.runbook(when='it breaks', after=stock) #!\n"
            f"def mend(it: Operator) -> Steps:\n{STEP}"
        ),
        "mend is rehearsed after no scenario",
        "declared above",
    ),
    "after a scenario that is not sound": (
        (
            "@cell.scenario(given={}) #!\ndef works(lab: World, n: int) -> None: ...\n"
            "@cell.runbook(when='it breaks', after=works)\n"
            f"def mend(it: Operator) -> Steps:\n{STEP}"
        ),
        "a scenario is given a mapping of rows",
        "given=",
    ),
}

WAIVERS: dict[str, Row] = {
    "no reason": (
        "cell.waives(mutant='m', because=' ', until='2027-01-31') #!\n",
        "a waiver needs a mutant, a reason and a date",
        'because="',
    ),
    "no date": (
        "cell.waives(mutant='m', because='equal', until='never') #!\n",
        "a waiver needs a mutant, a reason and a date",
        'until="2027-01-31"',
    ),
    "no mutant": (
        "cell.waives(mutant='', because='equal', until='2027-01-31') #!\n",
        "a waiver needs a mutant, a reason and a date",
        'mutant="',
    ),
}

TABLES = {
    f"{table}: {what}": row
    for table, rows in {
        "rule": RULES,
        "picture": PICTURES,
        "scenario": SCENARIOS,
        "decision": DECISIONS,
        "runbook": RUNBOOKS,
        "waiver": WAIVERS,
    }.items()
    for what, row in rows.items()
}


@pytest.mark.parametrize(("added", "message", "mend"), TABLES.values(), ids=TABLES.keys())
def test_a_faulty_proof_is_refused_once(app: App, added: str, message: str, mend: str) -> None:
    """One fault gives one report: what, where, what to do; none that only follows from it."""
    loaded = app.load(shop=PROVED + added)
    assert len(loaded.faults) == 1, [*map(str, loaded.faults)]
    (fault,) = loaded.faults
    assert message in fault.message
    assert mend in fault.mend
    assert [fault.where] == app.marked("shop")


SOUND = {
    "a rule that takes another's place": (
        "cell.retired('A-1', 'One.', because='two are wanted')\n"
        "A = cell.rule('A-2', 'Two.', supersedes='A-1')\n"
    ),
    "a chain of them": (
        "cell.retired('A-1', 'One.', because='two are wanted')\n"
        "cell.retired('A-2', 'Two.', because='three are wanted', supersedes='A-1')\n"
        "A = cell.rule('A-3', 'Three.', supersedes='A-2')\n"
    ),
    "two rules for one that was too much": (
        "cell.retired('A-1', 'One.', because='it said two things')\n"
        "A = cell.rule('A-2', 'Two.', supersedes='A-1')\n"
        "B = cell.rule('A-3', 'Three.', supersedes='A-1')\n"
    ),
    "a scenario that is called": "@cell.scenario()\ndef works(lab: World) -> None: ...\n",
    "a scenario that composes, with a default": (
        "@cell.scenario\ndef works(lab: World, n: int = 3) -> None: ...\n"
    ),
    "a condition of the source": (
        "@cell.decision(instead_of='b', until=lambda it: 'os' in it.imports, review='2028-01-01')\n"
        f"def a(lab: World) -> None:\n{DOC}"
    ),
    "a behaviour without an end": (
        f"@cell.decision(instead_of='b')\ndef a(lab: World) -> None:\n{DOC}"
    ),
    "a date as a date": (
        "@cell.decision(instead_of='b', until=datetime(2028, 1, 1).date())\n"
        f"def a(lab: World) -> None:\n{DOC}"
    ),
    "a picture that is still empty": "cell.picture('\\n')\n",
    "a waiver": "cell.waives(mutant='m', because='equal', until='2027-01-31')\n",
}


@pytest.mark.parametrize("added", SOUND.values(), ids=SOUND.keys())
def test_a_sound_proof_is_taken(app: App, added: str) -> None:
    """What makes sense is not complained about."""
    loaded = app.load(shop=PROVED + added)
    assert [*map(str, loaded.faults)] == []
    assert [m.name for m in loaded.manifests] == ["shop"]


WHOLE = (
    PROVED
    + '''\
cell.retired("SHOP-0", "Two at a time.", because="nobody could carry them")
TWO = cell.rule("SHOP-2", "Never two.", supersedes="SHOP-0")
cell.picture("person -> Make -> make -> Made -> enter")

@cell.scenario(given={"one": (1,), "two": (2,)})
def several(lab: World, n: int) -> None:
    """As many as wanted."""

@cell.decision(instead_of="counting", until="2028-01-01")
def numbers_come_from_outside(lab: World) -> None:
    """They stand on the boxes."""

@cell.decision(instead_of="a printer", refuted_by="import socket")
def it_has_no_network(it: Source) -> None:
    """It need not."""

@cell.decision(instead_of="weighing", review="2028-02-01")
def boxes_have_numbers() -> None:
    """The factory prints them."""

@cell.runbook(when="a box falls", after=several, keeps=stock, roles=["porter"], example={"n": 3})
def pick_it_up(it: Operator, n: int) -> Steps:
    """Put it back."""
    yield Step("look")

cell.waives(mutant="m", because="equal", until="2027-01-31")
'''
)


def loaded_whole(app: App) -> Loaded:
    """An app whose one cell proves itself in every way."""
    loaded = app.load(shop=WHOLE)
    assert [*map(str, loaded.faults)] == []
    return loaded


def test_rules_are_read_with_their_past(app: App) -> None:
    """In force, retired, and which follows which."""
    (shop,) = loaded_whole(app).manifests
    assert [*shop.rules] == ["SHOP-1", "SHOP-2"]
    assert shop.rules["SHOP-2"].supersedes == "SHOP-0"
    assert shop.retired["SHOP-0"].because == "nobody could carry them"
    assert shop.picture is not None
    assert shop.picture.text.startswith("person")


def test_scenarios_are_read_row_by_row(app: App) -> None:
    """Each row is a scenario of its own, with its name and its arguments."""
    (shop,) = loaded_whole(app).manifests
    rows = [(s.name, s.arguments) for s in shop.scenarios]
    assert rows == [("sold", ()), ("several[one]", (1,)), ("several[two]", (2,))]
    assert shop.scenarios[1].story == "As many as wanted."


def test_decisions_are_read_by_what_they_are_checked_against(app: App) -> None:
    """Their kind comes from the annotation, their dates are dates."""
    (shop,) = loaded_whole(app).manifests
    read = [(d.name, d.kind, d.until, d.review) for d in shop.decisions]
    assert read == [
        ("numbers_come_from_outside", "behaviour", date(2028, 1, 1), None),
        ("it_has_no_network", "structure", None, None),
        ("boxes_have_numbers", "assumption", None, date(2028, 2, 1)),
    ]
    assert shop.decisions[1].refuted_by == "import socket"
    assert shop.decisions[2].rationale == "The factory prints them."


def test_runbooks_are_read_with_how_to_rehearse_them(app: App) -> None:
    """After the first row of a scenario, with an example of each parameter."""
    (shop,) = loaded_whole(app).manifests
    it = shop.runbooks["pick_it_up"]
    assert (it.when, it.roles, it.example) == ("a box falls", ("porter",), {"n": 3})
    assert it.parameters == {"n": int}
    assert it.after.name == "several[one]"
    assert it.purpose == "Put it back."


def test_waivers_are_read(app: App) -> None:
    """With reason, date and line."""
    (shop,) = loaded_whole(app).manifests
    (waiver,) = shop.waivers
    assert (waiver.mutant, waiver.because, waiver.until) == ("m", "equal", date(2027, 1, 31))


JOURNEY = """\
\"\"\"# What people do here.\"\"\"
from monocyte import App
from monocyte.testing import Stage
app = App("shops")
app.picture("shop")

"""

JOURNEYS: dict[str, Row] = {
    "name": ("app = App('Sh op') #!\n", "'Sh op' is no name for an app", "lower-case"),
    "no parameter": (
        "@app.scenario #!\ndef visit() -> None: ...\n",
        "visit must be a plain function of one parameter",
        "def (lab: World) -> None",
    ),
    "twice": (
        (
            "@app.scenario\ndef visit(lab: Stage) -> None: ...\n"
            "@app.scenario #!\ndef visit(lab: Stage) -> None: ...\n"
        ),
        "two artefacts are called visit",
        "rename one",
    ),
    "above nothing": (
        "app.scenario(given={'a': (1,)}) #!\n",
        "@scenario stands above no function",
        "above a def",
    ),
    "two maps": ("app.picture('') #!\n", "there are two pictures", "delete one"),
}


@pytest.mark.parametrize(("added", "message", "mend"), JOURNEYS.values(), ids=JOURNEYS.keys())
def test_a_faulty_journey_is_refused_once(app: App, added: str, message: str, mend: str) -> None:
    """Journeys are judged like cells, and their cells stay loaded."""
    loaded = app.load(shop=SHOP, journeys=JOURNEY + added)
    (fault,) = loaded.faults
    assert message in fault.message
    assert mend in fault.mend
    assert [fault.where] == app.marked("journeys")
    assert [m.name for m in loaded.manifests] == ["shop"]


def test_journeys_are_read(app: App) -> None:
    """Their prose, their map, and their scenarios row by row."""
    added = "@app.scenario(given={'a': (1,)})\ndef visit(lab: Stage, n: int) -> None: ...\n"
    loaded = app.load(shop=SHOP, journeys=JOURNEY + added)
    assert loaded.faults == ()
    (journeys,) = loaded.journeys
    assert (journeys.name, journeys.purpose) == ("shops", "# What people do here.")
    assert [s.name for s in journeys.scenarios] == ["visit[a]"]
    assert journeys.picture is not None
    assert journeys.picture.text == "shop"
