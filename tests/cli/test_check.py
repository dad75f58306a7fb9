"""`monocyte check`: what is right passes, and every seeded fault is found at its line, with a mend.

The app is the one that `monocyte new` makes, with a second cell that listens to the first. Each
fault is one edit, of the kind that people and models make.
"""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.cli.conftest import PROGRAM, Cli, environment

BELL = '''"""# Bell: how often each promise has been rung for."""

from shop.todo import Finish, Promise, Promised, Text, WhoKeeps

from monocyte import Ask, Cell, Event, Query
from monocyte.testing import Source, World

# ## Words


class Rung(Event):
    text: Text


class CountRings(Query[int]):
    text: Text


class IsUrgent(Query[bool]):
    text: Text


# ## Rules and behaviour

Rings = dict[Text, int]

cell = Cell("bell", state=Rings)


@cell.reacts
def ring(it: Promised) -> Rung:
    return Rung(it.text)


@cell.handles
def count(it: CountRings, rings: Rings) -> int:
    return rings.get(it.text, 0)


@cell.handles
async def urgent(it: IsUrgent, rings: Rings, ask: Ask) -> bool:
    """Whether it is open, and was so before."""
    return count(CountRings(it.text), rings) > 1 and await ask(WhoKeeps(it.text)) is not None


@cell.evolves
def remember(it: Rung, rings: Rings) -> None:
    rings[it.text] = rings.get(it.text, 0) + 1


cell.picture("""
    todo.Promised -> ring -> Rung -> remember
    person -> CountRings -> count
    person -> IsUrgent -> urgent -> todo.WhoKeeps
""")

# ## Scenarios and decisions


@cell.scenario
def it_rings(world: World) -> None:
    """Once for each promise; what is promised again is urgent, until it is done."""
    ada = world.by("ada")
    for count, urgent in ((1, False), (2, True)):
        ada.send(Promise("feed the cat"))
        world.settle()
        assert ada.ask(CountRings("feed the cat")) == count
        assert ada.ask(IsUrgent("feed the cat")) is urgent
        ada.send(Finish("feed the cat"))
    assert not ada.ask(IsUrgent("feed the cat"))
    assert ada.ask(CountRings("rest")) == 0


@cell.decision(instead_of="a bell of brass", refuted_by="import socket")
def it_makes_no_noise(it: Source) -> None:
    """Nobody is disturbed: it counts, and reaches nothing outside."""
    assert "socket" not in it.imports


@cell.decision(instead_of="asking everybody each year", review="2028-01-01")
def people_have_ears() -> None:
    """Everybody in the shop hears a bell."""
'''


class Fault(NamedTuple):
    """An edit, and what must be said about it: of which kind, at the line with which text."""

    edit: tuple[str, str, str]
    """The file, what stands there, and what stands there then."""
    kind: str
    at: str
    said: str
    mend: str
    options: tuple[str, ...] = ("--no-mutation",)


TODO, RING = "shop/todo.py", "shop/bell.py"
MUTANTS = ("--all",)

STRANGER = """\
def nobody(world: World) -> None:
    ...


@cell.scenario
"""
EMPTY = """\
@cell.scenario
def all_is_well(world: World) -> None:
    assert world.by("ada").ask(ListOpen()) is not None


# ## When it breaks"""
WAIVER = """\
cell.waives(mutant="x", because="it is so", until="2099-01-01")

# ## When it breaks"""
ENDLESS = """\
    ada = world.by("ada")
    while ada:
        ...
"""

FAULTS: dict[str, Fault] = {
    "a dangling rule": Fault(
        (TODO, "OPEN.require(text in todo, text)", "OPENED.require(text in todo, text)"),
        "scenario-failed",
        "OPENED.require",
        "NameError: name 'OPENED' is not defined",
        "monocyte test -k todo.ada_keeps_her_promise",
    ),
    "a rule that nobody enforces": Fault(
        (TODO, "    OPEN.require(text in todo, text)\n", ""),
        "rule-unenforced",
        'cell.rule("TODO-2"',
        "no line of code enforces TODO-2",
        "call OPEN.require(…) where it is decided, or retire the rule",
    ),
    "a require that is never refused": Fault(
        (TODO, "    with ONCE.refuses():\n        lise.send(Promise(", "    (lambda x: x)(("),
        "rule-unseen",
        "ONCE.require(",
        "no scenario has seen ONCE refused",
        "write a scenario that sends Promise so that it is refused by TODO-1",
    ),
    "a require that is never held": Fault(
        (TODO, "    return todo.get(it.text)\n", "    OWN.require(False)\n"),
        "rule-unseen",
        "OWN.require(False)",
        "no scenario has seen OWN held",
        "write a scenario that sends WhoKeeps",
    ),
    "a rule that vanished": Fault(
        ("rules.lock", "TODO-1 |", "TODO-0 | todo | in force | Be polite.\nTODO-1 |"),
        "rule-vanished",
        "TODO-0",
        "is declared nowhere any more",
        "cell.retired('TODO-0'",
    ),
    "a rule that means something else": Fault(
        (TODO, "Nothing is promised twice at a time.", "Everything is promised twice."),
        "rule-reworded",
        'cell.rule("TODO-1"',
        "TODO-1",
        "supersedes",
    ),
    "an ID that is used again": Fault(
        ("rules.lock", "TODO-1 | todo | in force", "TODO-1 | todo | retired"),
        "rule-reused",
        'cell.rule("TODO-1"',
        "TODO-1 was retired for ever",
        "an ID of its own",
    ),
    "what is superseded was never retired": Fault(
        (TODO, 'at a time.")', 'at a time.", supersedes="TODO-9")'),
        "definition",
        'cell.rule("TODO-1"',
        "TODO-1 supersedes TODO-9",
        'cell.retired("TODO-9"',
    ),
    "prose about what is not there": Fault(
        (TODO, '"""Say what you are going to do."""', '"""Say it, unless `Promisd` says so."""'),
        "prose-dangling",
        "`Promisd`",
        "Promisd",
        "Promised",
    ),
    "an arrow that is wrong": Fault(
        (TODO, "Done     -> cross_out", "Done     -> remember"),
        "picture-wrong",
        "Done     -> remember",
        "Done -> remember",
        "Done leads to cross_out",
    ),
    "an arrow that is missing": Fault(
        (TODO, "    person -> ListOpen -> list_open\n", ""),
        "picture-incomplete",
        "cell.picture(",
        "ListOpen",
        "monocyte check --fix",
    ),
    "an arrow that nobody walks": Fault(
        (RING, "rings) > 1 and", "rings) > 9 and"),
        "picture-unwalked",
        "urgent -> todo.WhoKeeps",
        "no scenario walks urgent -> todo.WhoKeeps",
        "write a scenario in which urgent comes so far",
    ),
    "a scenario that does not come true": Fault(
        (TODO, 'assert tim.ask(WhoKeeps(text)) == "ada"', 'assert tim.ask(WhoKeeps(text)) == "x"'),
        "scenario-failed",
        'assert tim.ask(WhoKeeps(text)) == "x"',
        "lise_is_ill fails",
        "monocyte test -k todo.lise_is_ill",
    ),
    "a scenario that never ends": Fault(
        (RING, '    ada = world.by("ada")\n', ENDLESS),
        "scenario-endless",
        "while ada:",
        "it_rings never ends",
        "monocyte test -k bell.it_rings",
        ("--no-mutation", "--timeout", "1"),
    ),
    "a dead scenario": Fault(
        (TODO, "@cell.scenario\n", STRANGER),
        "scenario-dead",
        "def nobody",
        "nobody is never run",
        "put @cell.scenario",
    ),
    "a vacuous assert": Fault(
        (TODO, "# ## When it breaks", EMPTY),
        "cannot-fail",
        "@cell.scenario",
        "scenario all_is_well notices none of the",
        "assert",
        MUTANTS,
    ),
    "a decision that cannot fail": Fault(
        (TODO, '    assert world.by("ada").ask(WhoKeeps("calibrate the scale")) == "lise"\n', ""),
        "cannot-fail",
        "@cell.decision",
        "decision what_is_done_may_be_promised_again notices none of the",
        "assert",
        MUTANTS,
    ),
    "a decision that nothing refutes": Fault(
        (RING, 'refuted_by="import socket"', 'refuted_by="import os"'),
        "decision-unrefuted",
        "@cell.decision",
        "it_makes_no_noise",
        "refuted_by",
    ),
    "a decision that does not hold": Fault(
        (RING, 'assert "socket" not in it.imports', 'assert "shop.todo" not in it.imports'),
        "decision-failed",
        'assert "shop.todo" not in it.imports',
        "it_makes_no_noise",
        "",
    ),
    "a decision that raises": Fault(
        (RING, 'assert "socket" not in it.imports', "assert it.nothing"),
        "decision-raised",
        "assert it.nothing",
        "it_makes_no_noise",
        "",
    ),
    "a decision whose time is over": Fault(
        (TODO, 'review="', 'until="2026-01-01", review="'),
        "decision-expired",
        "@cell.decision",
        "what_is_done_may_be_promised_again",
        "remembering for ever what is done",
    ),
    "an assumption that nobody looked at": Fault(
        (RING, 'review="2028-01-01"', 'review="2026-01-01"'),
        "assumption-overdue",
        "@cell.decision",
        "people_have_ears",
        "asking everybody each year",
    ),
    "an undo that does not restore": Fault(
        (TODO, "undo=[PassOn(promised.text, who)]", 'undo=[PassOn(promised.text, "tim")]'),
        "rehearsal-failed",
        "yield Step(",
        "pass_on_everything",
        "undo",
    ),
    "a step that is never done": Fault(
        (TODO, "check=answers(WhoKeeps(promised.text), to)", 'check=answers(WhoKeeps("x"), to)'),
        "rehearsal-failed",
        "yield Step(",
        "pass_on_everything",
        "check",
    ),
    "a step that sends what is no message any more": Fault(
        (TODO, "do=[PassOn(promised.text, to)]", "do=[HandOver(promised.text, to)]"),
        "rehearsal-failed",
        "do=[HandOver",
        "HandOver",
        "",
    ),
    "what a neighbour keeps private": Fault(
        (RING, "import Finish, Promise, Promised", "import Finish, OPEN, Promise, Promised"),
        "definition",
        "from shop.todo import",
        "shop.todo.OPEN is private to its cell",
        "use only a neighbour's words",
    ),
    "an event that nobody can apply": Fault(
        (RING, "@cell.evolves\n", ""),
        "definition",
        "@cell.reacts",
        "nobody can apply Rung",
        "@cell.evolves",
    ),
    "a boundary that nobody tries": Fault(
        (RING, "((1, False), (2, True))", "((1, False), (2, True), (3, True))[::2]"),
        "scenario-failed",
        "assert ada.ask(CountRings",
        "it_rings fails",
        "",
    ),
    "a change that nobody notices": Fault(
        (TODO, '"lead" in caller.roles', '"lead" in caller.roles or "boss" in caller.roles'),
        "mutant-survived",
        '"boss" in caller.roles',
        "no artefact notices",
        "add a scenario",
        MUTANTS,
    ),
    "a waiver for nothing": Fault(
        (TODO, "# ## When it breaks", WAIVER),
        "waiver-stale",
        "cell.waives(",
        "x",
        "",
        MUTANTS,
    ),
    "a cell that is too big": Fault(
        (RING, "# ## Words", "# ## Words\n" + "# A word about nothing at all.\n" * 800),
        "size",
        '"""# Bell',
        "4,000 are allowed",
        "split the cell, not the file",
    ),
}


@pytest.fixture
def app(shop: Path, cli: Cli) -> Path:
    """An app of two cells in which nothing is wrong, its rules accepted."""
    (shop / RING).write_text(BELL, "utf-8")
    return shop


def findings(cli: Cli, *options: str) -> list[dict[str, Any]]:
    """What the check finds."""
    said = json.loads(cli("check", "--json", *options).stdout)
    found: list[dict[str, Any]] = said["findings"]
    return found


def test_what_is_right_passes(app: Path, cli: Cli) -> None:
    """Every artefact is executed and can fail, no mutant survives; and it says so."""
    assert cli("check", "--fix").exit_code == 0
    result = cli("check")
    assert result.exit_code == 0, result.output
    assert "51 mutants: 0 survive, 0 waived, 51 known from before" in result.stdout
    assert "8 of 8 artefacts executed, 0 cannot fail" in result.stdout
    assert "0 errors, 0 warnings" in result.stdout


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_seeded_fault_is_found(app: Path, cli: Cli, fault: Fault) -> None:
    """At its line, with what is wrong and what to do about it; and the gate is shut."""
    name, old, new = fault.edit
    file = app / name
    text = file.read_text("utf-8")
    assert text.count(old) >= 1, old
    file.write_text(text.replace(old, new, 1), "utf-8")
    found = findings(cli, *fault.options)
    of_kind = [it for it in found if it["kind"] == fault.kind and fault.said in it["message"]]
    assert of_kind, found
    first = of_kind[0]
    where, _, line = first["where"].rpartition(":")
    assert fault.at in Path(where).read_text("utf-8").splitlines()[int(line) - 1], first
    assert first["mend"], first
    assert fault.mend in first["mend"], first
    assert first["severity"] == "error"


def test_a_picture_is_redrawn_for_review(app: Path, cli: Cli) -> None:
    """And the rules are accepted; nothing else in the file is touched, and all is well then."""
    book = (app / "rules.lock").read_text("utf-8")
    (app / "rules.lock").unlink()
    text = (app / TODO).read_text("utf-8")
    (app / TODO).write_text(text.replace("Done     -> cross_out", "Done -> remember"), "utf-8")
    result = cli("check", "--fix", "--no-mutation")
    assert result.exit_code == 0
    assert "redrawn: shop/todo.py" in result.stderr
    assert (app / TODO).read_text("utf-8") == text
    assert (app / "rules.lock").read_text("utf-8") == book


def test_warnings_alone_do_not_shut_the_gate(app: Path, cli: Cli) -> None:
    """What is due soon is said first, and an error later; `--today` looks ahead."""
    ahead = {"2027-12-31": (0, ""), "2028-01-02": (0, "warning:"), "2028-02-15": (1, "error:")}
    for today, (code, said) in ahead.items():
        result = cli("check", "bell", "--no-mutation", "--today", today)
        assert (result.exit_code, said in result.stdout) == (code, True), result.stdout


def test_only_some_cells_are_judged(app: Path, cli: Cli) -> None:
    """Those that are named; an unknown one is refused, with what may have been meant."""
    text = (app / RING).read_text("utf-8")
    (app / RING).write_text(text.replace("import socket", "import os"), "utf-8")
    assert [cli("check", it, "--no-mutation").exit_code for it in ("todo", "bell")] == [0, 1]
    refused = cli("check", "bel")
    assert refused.exit_code == 1
    assert "did you mean bell?" in refused.stderr


def test_what_is_not_judged_decides_nothing(app: Path, cli: Cli) -> None:
    """A neighbour's failing scenario is its own affair: the cell's mutants are tried."""
    text = (app / RING).read_text("utf-8")
    (app / RING).write_text(text.replace('CountRings("rest")) == 0', 'CountRings("rest")) == 9'))
    judged = json.loads(cli("check", "todo", "--json").stdout)
    assert (judged["errors"], judged["left_out"]) == (0, [])
    assert judged["counts"]["mutants"] == 31
    whole = json.loads(cli("check", "--json").stdout)
    assert whole["errors"] == 1
    assert whole["left_out"] == ["mutants were not tried: first let what fails come true"]


def test_a_check_of_one_cell_forgets_nothing_of_the_others(app: Path, cli: Cli) -> None:
    """What is known of their mutants is still known at the next check of all."""
    known = [
        json.loads(cli("check", *cells, "--json").stdout)["counts"]["kept"]
        for cells in ((), ("bell",), ("todo",), ())
    ]
    assert known == [0, 20, 31, 51]


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ("os._exit(0)", "it_makes_no_noise raised: os._exit(0)"),
        ("os.kill(os.getpid(), 9)", "the check of it_makes_no_noise came to no end"),
    ],
)
def test_a_decision_that_ends_its_process_is_found(
    app: Path, cli: Cli, ends: str, said: str
) -> None:
    """Said at its place, and the others are judged all the same."""
    text = (app / RING).read_text("utf-8")
    text = text.replace('assert "socket" not in it.imports', ends)
    (app / RING).write_text(
        text.replace("from shop.todo", "import os\n\nfrom shop.todo", 1), "utf-8"
    )
    (found,) = [it for it in findings(cli, "--no-mutation") if it["kind"] == "decision-raised"]
    assert said in found["message"]


def test_findings_are_written_as_sarif(app: Path, cli: Cli) -> None:
    """From the root of the app, or of the repository around it."""
    (app / "rules.lock").unlink()
    (app / TODO).write_text((app / TODO).read_text("utf-8").replace("`", "'"), "utf-8")
    assert cli("check", "--no-mutation", "--sarif", "check.sarif").exit_code == 0
    log = json.loads((app / "check.sarif").read_text("utf-8"))
    (result,) = log["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert (result["ruleId"], place) == ("rule-unlocked", "rules.lock")
    (app / ".git").mkdir()
    (app.parent / "elsewhere").mkdir()
    shown = json.loads(cli("check", "--no-mutation", "--sarif", "-").stdout)
    assert shown["runs"] == log["runs"]
    assert cli("check", "--no-mutation", "--sarif", "no/such/place.sarif").exit_code == 2


def test_while_a_cell_does_not_load_nothing_is_executed(app: Path, cli: Cli) -> None:
    """A world without it would be another; what is wrong is said, and that this is not all."""
    (app / RING).write_text("import nowhere\n" + BELL, "utf-8")
    result = cli("check")
    assert result.exit_code == 1
    assert "No module named 'nowhere'" in result.stdout
    assert "nothing was executed: mend the definitions first" in result.stdout
    assert "mutant" not in result.stdout


def test_it_watches(app: Path) -> None:
    """Each change is checked anew, in a process of its own, until Ctrl-C."""
    command = [*PROGRAM, "check", "--watch", "--no-mutation"]
    with subprocess.Popen(
        command,
        cwd=app,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stdout is not None
        lines = iter(watching.stdout.readline, "")
        assert any("0 errors" in line for line in lines)
        (app / RING).write_text(BELL.replace("import socket", "import os"), "utf-8")
        assert any("1 error," in line for line in lines)
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 0
        assert watching.stderr is not None
        assert "Traceback" not in watching.stderr.read()
