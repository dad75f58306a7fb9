"""What is packed for a model: everything it needs, nothing else, and never beyond the budget."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from monocyte.cell import Manifest, load_package
from monocyte.contracts.tokens import estimate
from monocyte.errors import ConfigError
from monocyte.literate.context import HOUSE, MOST, Pack, pack, shown_path
from monocyte.literate.findings import Finding, finding
from tests.cell.apps import App

ROOT = Path(__file__).parents[2]
LAB = ROOT / "examples" / "lab"

WIDE = 1_000_000
"""A budget that nothing here exceeds."""

HUB = '''\
"""# Hub: in the middle. A fence stands here: ```python 3``` """
from monocyte import Ask, Cell, Command, Event, Query, Rule

from {app} import above
from {app}.below import Sum
from {app}.texts import tidy

class Done(Event):
    id: int

class Do(Command[Done]):
    id: int

class Count(Query[int]):
    pass

cell = Cell("hub", state=int)
ONCE = cell.rule("HUB-1", "Nothing is done twice.")
cell.rule("HUB-2", "Nobody enforces this.")

@cell.handles
async def do(it: Do, done: int, ask: Ask) -> Done:
    once(it.id, done)
    await ask(Sum((it.id,)))
    return Done(it.id)

@cell.handles
def count(it: Count, done: int) -> int:
    return done

@cell.reacts
def follow(it: above.Rained, done: int) -> Done:
    return Done(len(tidy(it.where.name)))

@cell.evolves
def note(it: Done, done: int) -> int:
    return done + 1

def once(id: int, done: int) -> None:
    ONCE.require(id != done)

def unused() -> None:
    pass

@cell.scenario
def it_is_done_once(lab) -> None:
    with ONCE.refuses():
        lab.by("ada").send(Do(0))
'''

ABOVE = '''\
from monocyte import Cell, Event, Command, Value

class Place(Value):
    """Where."""

    name: str

class Rained(Event):
    where: Place

class Unrelated(Value):
    secret: str

def where() -> None:
    """Called like a field, and not meant by it."""

class Rain(Command[Rained]):
    where: Place

cell = Cell("above", state=int)

@cell.handles
def rain(it: Rain) -> Rained:
    return Rained(it.where)

@cell.evolves
def wet(it: Rained, s: int) -> int:
    return s + 1
'''

BELOW = """\
from monocyte import Cell, Query

Numbers = tuple[int, ...]

class Sum(Query[int]):
    numbers: Numbers

cell = Cell("below", state=int)

@cell.handles
def total(it: Sum) -> int:
    return sum(it.numbers)
"""

TEXTS = """\
from {app}.signs import SIGNS

def tidy(text: str) -> str:
    return text.strip(SIGNS)

def other() -> None:
    pass
"""

SIGNS = """\
SIGNS = "!?"
OTHERS = "#"
"""

ASKER = """\
from monocyte import Ask, Cell, Command, Event
from {app}.hub import Count

class Asked(Event):
    pass

class Please(Command[Asked]):
    pass

cell = Cell("asker", state=int)

@cell.handles
async def please(it: Please, ask: Ask) -> Asked:
    await ask(Count())
    return Asked()

@cell.evolves
def heard(it: Asked, s: int) -> int:
    return s + 1
"""

HEARER = """\
from monocyte import Cell
from {app} import hub

cell = Cell("hearer", state=int)

@cell.reacts
def follow(it: hub.Done, s: int) -> None:
    pass
"""

STRANGER = 'from monocyte import Cell\ncell = Cell("stranger", state=int)\n'

SOURCES = {
    "hub": HUB, "above": ABOVE, "below": BELOW, "texts": TEXTS, "signs": SIGNS, "asker": ASKER,
    "hearer": HEARER, "stranger": STRANGER,
}  # fmt: skip

Cells = tuple[Manifest, ...]


@pytest.fixture
def cells(app: App) -> Cells:
    """A cell with a neighbour of each sort, and one that it has nothing to do with."""
    found = app.load(**SOURCES)
    assert not found.faults
    return found.manifests


def hub_of(cells: Cells) -> Manifest:
    """The cell in the middle."""
    return next(it for it in cells if it.name == "hub")


def titles(packed: Pack) -> list[str]:
    """What was packed, in its order, without the name of the test's package."""
    return [re.sub(r"written\d+", "app", part.title) for part in packed.parts]


def error(n: int, manifest: Manifest, kind: str = "rule-unseen") -> Finding:
    """A finding in a cell."""
    return finding(kind, manifest.name, f"{manifest.file}:{n}", f"fault {n} is there", f"mend {n}")


def test_everything_that_is_needed_in_its_order(cells: Cells) -> None:
    """The general comes first, what is wrong last; who has nothing to do with it is not there."""
    hub = hub_of(cells)
    findings = [error(3, hub), error(4, hub, "decision-expiring")]
    packed = pack(hub, cells, budget=WIDE, findings=findings, focus="HUB-1")
    assert titles(packed) == [
        "house rules",
        "card of below",
        "card of above",
        "card of asker",
        "card of hearer",
        "what is imported from app/above.py",
        "what is imported from app/below.py",
        "what is imported from app/signs.py",
        "what is imported from app/texts.py",
        "app/hub.py",
        "the work",
        "errors",
        "warnings",
    ]
    assert not packed.dropped
    assert "stranger" not in packed.text


def test_the_file_is_whole(cells: Cells) -> None:
    """Every byte of the cell's file is there, in a fence that does not end inside of it."""
    hub = hub_of(cells)
    text = Path(hub.file).read_text(encoding="utf-8")
    fenced = re.search(r"^(`+)python\n(.*?)\n\1$", pack(hub, cells).text.partition("# The cell")[2],
                       re.DOTALL | re.MULTILINE)  # fmt: skip
    assert fenced is not None
    assert fenced[1] == "````"
    assert fenced[2] + "\n" == text


def test_imported_words_with_all_they_stand_on(cells: Cells) -> None:
    """Definitions come whole, with what they need, from cells and from helpers; no more."""
    text = pack(hub_of(cells), cells).text.partition("# The cell")[0]
    for said in (
        'class Place(Value):\n    """Where."""\n\n    name: str',
        "class Rained(Event):",
        "Numbers = tuple[int, ...]",
        'SIGNS = "!?"',
        "def tidy(text: str) -> str:\n    return text.strip(SIGNS)",
    ):
        assert said in text
    for unsaid in ("secret", "def where", "OTHERS", "def other", "def rain", "def total"):
        assert unsaid not in text


def test_each_neighbour_with_what_it_is_for(cells: Cells) -> None:
    """A card says why it is there."""
    text = pack(hub_of(cells), cells).text
    for said in (
        "# Neighbour below: hub asks Sum",
        "# Neighbour above: hub hears Rained",
        "# Neighbour asker: hub answers Count",
        "# Neighbour hearer: hub tells Done",
    ):
        assert said in text


def test_a_cell_alone_needs_no_legend(cells: Cells) -> None:
    """Without neighbours there are the rules of the house and the file."""
    stranger = next(it for it in cells if it.name == "stranger")
    packed = pack(stranger, cells)
    assert titles(packed) == ["house rules", "app/stranger.py"]
    assert packed.text.startswith(HOUSE)
    assert "cards" not in packed.text


def test_a_neighbour_that_is_not_well_formed(cells: Cells) -> None:
    """Who could not be loaded has no card; its words are there all the same."""
    packed = pack(hub_of(cells), [it for it in cells if it.name != "below"])
    assert "card of below" not in titles(packed)
    assert "class Sum(Query[int]):" in packed.text


# -- the budget ------------------------------------------------------------------------------------


def test_the_count_is_that_of_the_text(cells: Cells) -> None:
    """What is shown as tokens is the estimate of exactly what is given out."""
    packed = pack(hub_of(cells), cells)
    assert packed.tokens == estimate(packed.text) <= packed.budget
    assert sum(part.tokens for part in packed.parts) == pytest.approx(packed.tokens, rel=0.03)


def test_a_budget_that_just_fits(cells: Cells) -> None:
    """With exactly the tokens it takes all is there; with one less, something is not."""
    hub = hub_of(cells)
    whole = pack(hub, cells, budget=WIDE)
    assert pack(hub, cells, budget=whole.tokens).text == whole.text
    assert pack(hub, cells, budget=whole.tokens - 1).text != whole.text


def test_what_is_dropped_first(cells: Cells) -> None:
    """Warnings, who only hears it, who asks it, whom it hears, whom it asks; imports at last."""
    hub = hub_of(cells)
    warned = [error(4, hub, "decision-expiring"), error(5, hub)]
    order: list[str] = []
    budget = WIDE
    while True:
        try:
            packed = pack(hub, cells, budget=budget, findings=warned)
        except ConfigError:
            break
        order += [it.title for it in packed.dropped if it.title not in order]
        assert packed.tokens <= budget
        budget = packed.tokens - 1
    assert order[:5] == [
        "warnings", "card of hearer", "card of asker", "card of above", "card of below",
    ]  # fmt: skip
    assert {it.partition(" from ")[0] for it in order[5:]} == {"what is imported"}
    assert len(order) == 9


def test_what_is_left_out_is_said(cells: Cells) -> None:
    """The text itself says what had no room, and how to get it."""
    hub = hub_of(cells)
    least = pack(hub, cells, budget=least_budget(hub, cells))
    left = least.text.partition("# Left out for want of room")[2]
    assert "- card of hearer: hub tells Done; `monocyte card hearer`" in left
    assert left.count("\n- ") == len(least.dropped) == 8
    assert titles(least) == ["house rules", "app/hub.py"]


def least_budget(manifest: Manifest, cells: Cells) -> int:
    """What the error says is needed at least."""
    with pytest.raises(ConfigError) as caught:
        pack(manifest, cells, budget=1)
    return int(re.search(r"--budget (\d+)", caught.value.mend)[1])  # type: ignore[index]


def test_too_small_a_budget(cells: Cells) -> None:
    """The error names the sizes of what cannot be left out, and a budget that is enough."""
    hub = hub_of(cells)
    enough = least_budget(hub, cells)
    with pytest.raises(ConfigError, match=r"house rules \d+, .*hub.py \d+") as caught:
        pack(hub, cells, budget=enough - 1)
    assert caught.value.where == f"{hub.file}:1"
    assert "split the cell" in caught.value.mend
    assert pack(hub, cells, budget=enough).tokens == enough


@pytest.mark.parametrize("budget", [0, 1, -5])
def test_a_budget_of_nothing(cells: Cells, budget: int) -> None:
    """No budget is too absurd for a clear answer."""
    with pytest.raises(ConfigError, match="tokens, and"):
        pack(hub_of(cells), cells, budget=budget)


def test_a_cell_of_ten_thousand_lines(app: App) -> None:
    """A cell that is much too large is refused with its size; with room enough it is packed."""
    lines = "".join(f"# line {n} says nothing, at some length\n" for n in range(10_000))
    found = app.load(large=STRANGER.replace("stranger", "large") + lines)
    (large,) = found.manifests
    with pytest.raises(ConfigError, match=r"large needs 1\d\d,\d\d\d tokens, and 16,000 are given"):
        pack(large, found.manifests)
    assert "line 9999 says" in pack(large, found.manifests, budget=WIDE).text


# -- what is wrong, and what is to be done ---------------------------------------------------------


def test_only_its_own_findings(cells: Cells) -> None:
    """Others' findings are not its work; its own are told with their place and mend."""
    hub, other = hub_of(cells), cells[0]
    assert other is not hub
    text = pack(hub, cells, findings=[error(7, hub), error(8, other)]).text
    assert re.search(r"- rule-unseen at written\d+/hub.py:7: fault 7 is there", text)
    assert "What to do: mend 7" in text
    assert "fault 8" not in text


def test_a_flood_of_findings(cells: Cells) -> None:
    """The first are told, and how many more there are."""
    hub = hub_of(cells)
    text = pack(hub, cells, findings=[error(n, hub) for n in range(MOST + 5)], budget=WIDE).text
    assert text.count("What to do: mend") == MOST
    assert "- and 5 more" in text


def test_the_findings_of_the_work_come_first(cells: Cells) -> None:
    """Those inside of what the work is about."""
    hub = hub_of(cells)
    line = (
        Path(hub.file).read_text(encoding="utf-8").splitlines().index("def unused() -> None:") + 1
    )
    text = pack(hub, cells, findings=[error(1, hub), error(line + 1, hub)], focus="unused").text
    assert text.index(f"fault {line + 1} is") < text.index("fault 1 is")


FOCUS = {
    "HUB-1": ("`ONCE` (line ", "rule HUB-1: Nothing is done twice.", "`once`", "`it_is_done_once`"),
    "ONCE": ("`ONCE` (line ", "`once`"),
    "do": ("`do` (line ", "`it_is_done_once`"),
    "Do": ("`Do` (line ", "`do`"),
    "unused": ("`unused` (line ", "Leave the rest as it is."),
}


@pytest.mark.parametrize("focus", FOCUS)
def test_what_the_work_is_about(cells: Cells, focus: str) -> None:
    """A rule, a word or a function, where it stands, and which functions it has to do with."""
    work = next(
        it for it in pack(hub_of(cells), cells, focus=focus).parts if it.title == "the work"
    )
    for said in FOCUS[focus]:
        assert said in work.text


@pytest.mark.parametrize(
    ("focus", "mend"),
    [
        ("hub-1", "did you mean HUB-1?"),
        ("onse", "did you mean"),
        ("zebra", "name one"),
        ("HUB-2", ""),
    ],
)
def test_work_on_what_is_not_there(cells: Cells, focus: str, mend: str) -> None:
    """A name that the file does not define is refused, with what may have been meant."""
    with pytest.raises(ConfigError) as caught:
        pack(hub_of(cells), cells, focus=focus)
    assert mend in caught.value.mend
    assert focus in caught.value.message


# -- the same for the same -------------------------------------------------------------------------

SCRIPT = """\
import sys
from pathlib import Path
from monocyte.cell import load_package
from monocyte.literate.context import pack
cells = load_package(Path(sys.argv[1]), "lab").manifests
sys.stdout.buffer.write("".join(pack(it, cells).text for it in cells).encode())
"""


def test_byte_for_byte() -> None:
    """Neither the process nor its hashes show in the text."""
    texts = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(LAB)],
            env={"PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
    assert len(texts.pop()) > 10_000


def test_no_path_of_this_machine(cells: Cells) -> None:
    """Paths are those within the app: the same for everybody."""
    hub = hub_of(cells)
    text = pack(hub, cells, findings=[error(7, hub)], focus="do").text
    assert str(Path(hub.file).parents[1]) not in text


@pytest.mark.parametrize(
    ("file", "module", "shown"),
    [
        ("/home/ada/lab/people.py", "lab.people", "lab/people.py"),
        ("/home/ada/lab/sub/people.py", "lab.sub.people", "lab/sub/people.py"),
        ("/home/ada/lab/sub/__init__.py", "lab.sub", "lab/sub/__init__.py"),
        ("people.py", "people", "people.py"),
    ],
)
def test_the_path_within_an_app(file: str, module: str, shown: str) -> None:
    """It begins with the package, wherever that lies."""
    assert shown_path(file, module) == shown


def test_the_lab_fits() -> None:
    """Every cell of the lab can be worked on within the budget, with nothing left out."""
    cells = load_package(LAB, "lab").manifests
    for manifest in cells:
        assert not pack(manifest, cells).dropped, manifest.name
