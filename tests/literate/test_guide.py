"""llms.txt: its form, that its links lead somewhere, and that it keeps its budget."""

import re
from pathlib import Path

import pytest

from monocyte.cell import Loaded, load_package
from monocyte.contracts.tokens import estimate
from monocyte.literate.guide import BUDGET, llms_txt
from monocyte.literate.pictures.maps import derive_map, read_map
from tests.cell.apps import App

LAB = Path(__file__).parents[2] / "examples" / "lab"


@pytest.fixture(scope="module")
def lab() -> Loaded:
    """The cells of the lab, and its journeys."""
    return load_package(LAB, "lab")


def page(loaded: Loaded, budget: int = BUDGET) -> str:
    """The page of the lab."""
    return llms_txt("lab", loaded.manifests, loaded.journeys, root=LAB, budget=budget)


def test_it_has_the_form_of_llmstxt(lab: Loaded) -> None:
    """A title, a quoted summary, details, and then only sections of links and the map."""
    text = page(lab)
    assert re.match(r"# lab\n\n> [^#]+\n## Cells\n\n(- \[.*\n)+\n## Who talks to whom\n", text)
    assert text.count("\n# ") == 0
    assert text.endswith("\n")


def test_every_cell_is_there_and_every_link_leads_to_a_file(lab: Loaded) -> None:
    """Links are relative to the app, and to what is there."""
    links = re.findall(r"^- \[(.+?)\]\((.+?)\)", page(lab), re.MULTILINE)
    named = [name for name, _ in links]
    assert [name for name in named if name in {it.name for it in lab.manifests}] == [
        it.name for it in lab.manifests
    ]
    assert all((LAB / link).is_file() for _, link in links)


def test_every_message_between_cells_is_on_the_map(lab: Loaded) -> None:
    """Who asks whom and who hears what, in the notation of the app's own map."""
    ties = {tuple(tie) for tie in derive_map(lab.manifests)}
    assert ties
    (drawn,) = re.findall(r"```text\n(.*?)```", page(lab), re.DOTALL)
    assert {tuple(tie) for tie in read_map(drawn).ties} == ties


@pytest.mark.parametrize(
    ("source", "sign"),
    [
        ("journeys.py", "Ada books"),
        ("loans.py", "Lend"),
        ("loans.py", "rules LOAN-1"),
    ],
)
def test_what_an_app_may_have(app: App, source: str, sign: str) -> None:
    """Journeys with their stories, messages, rules: each is said if it is there."""
    with_all = page_of(app, journeys=True, rules=True)
    assert sign in with_all
    assert source in with_all


def page_of(app: App, *, journeys: bool, rules: bool, cells: int = 1, budget: int = BUDGET) -> str:
    """The page of a small app."""
    rule = 'cell.rule("LOAN-{n}", "Only members borrow.")\n' if rules else ""
    for n in range(cells):
        name = "loans" if n == 0 else f"loans{n}"
        app.write(
            f"{name}.py",
            "from monocyte import Cell, Event, Command\n\n"
            "class Lent(Event):\n    pass\n\nclass Lend(Command[Lent]):\n    pass\n\n"
            f'cell = Cell("{name}", state=int)\n{rule.replace("{n}", str(n + 1))}\n'
            "@cell.handles\ndef lend(it: Lend) -> Lent:\n    return Lent()\n\n"
            "@cell.evolves\ndef note(it: Lent, s: int) -> None:\n    pass\n",
        )
    if journeys:
        app.write(
            "journeys.py",
            '"""How it works."""\nfrom monocyte import App\nfrom monocyte.testing import Stage\n\n'
            'app = App("library")\n\n@app.scenario\ndef ada_borrows(stage: Stage) -> None:\n'
            '    """Ada books a book → 書."""\n',
        )
    found = load_package(app.root, app.package)
    assert not found.faults
    return llms_txt("library", found.manifests, found.journeys, root=app.root, budget=budget)


def test_an_app_without_journeys_rules_and_talk(app: App) -> None:
    """What is not there has no section."""
    text = page_of(app, journeys=False, rules=False)
    assert "## Journeys" not in text
    assert "## Who" not in text
    assert "rules" not in text.partition("## Cells")[2]


def test_a_hundred_cells_within_a_budget(app: App) -> None:
    """What is spared first are stories, messages and rules; at last the page says what is cut."""
    full = page_of(app, journeys=True, rules=True, cells=100, budget=100_000)
    short = page_of(app, journeys=True, rules=True, cells=100, budget=BUDGET)
    shortest = page_of(app, journeys=True, rules=True, cells=100, budget=400)
    assert "Lend. rules LOAN-1" in full
    assert estimate(short) <= BUDGET
    assert short.count("loans") >= 100
    assert estimate(shortest) <= 400
    assert shortest.count("\n- [loans") > 5
    assert re.search(r"- and \d+ more: `monocyte cells`", shortest)


def test_the_same_app_gives_the_same_page(lab: Loaded) -> None:
    """Byte for byte."""
    assert page(lab) == page(load_package(LAB, "lab"))
