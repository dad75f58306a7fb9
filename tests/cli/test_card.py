"""`monocyte card`: cards on standard output, their size beside them."""

import json
from pathlib import Path

import pytest

from monocyte.contracts.tokens import estimate
from tests.cli.conftest import Cli, program


@pytest.mark.usefixtures("shop")
def test_every_card_with_its_size(cli: Cli) -> None:
    """What is on standard output is the card and nothing else."""
    result = cli("card")
    assert result.exit_code == 0
    assert result.stdout.startswith("# todo (shop.todo): what a few people have promised")
    assert "command Promise(text" in result.stdout
    assert result.stderr.startswith(f"todo: {estimate(result.stdout)} tokens")


@pytest.mark.usefixtures("shop")
def test_all_there_is_to_say(cli: Cli) -> None:
    """--full has what the short one names as left out."""
    short, full = cli("card", "todo"), cli("card", "todo", "--full")
    assert "without what messages say of themselves" in short.stderr
    assert "Say what you are going to do." not in short.stdout
    assert "Say what you are going to do." in full.stdout
    assert "without" not in full.stderr


@pytest.mark.usefixtures("shop")
def test_for_machines(cli: Cli) -> None:
    """--json has text, size and what is left out; of cards and of the page."""
    (card,) = json.loads(cli("card", "todo", "--json").stdout)
    assert card["cell"] == "todo"
    assert card["tokens"] == estimate(card["text"])
    assert card["left_out"] == ["what messages say of themselves"]
    page = json.loads(cli("card", "--llms", "--json").stdout)
    assert page["tokens"] == estimate(page["text"])


@pytest.mark.usefixtures("shop")
def test_the_page_for_agents(cli: Cli) -> None:
    """--llms prints llms.txt, with links from where the app is."""
    result = cli("card", "--llms")
    assert result.stdout.startswith("# shop\n\n> An app of 1 cell on Monocyte")
    assert "- [todo](shop/todo.py): what a few people" in result.stdout
    assert "tokens" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("tod",), 1, "did you mean todo?"),
        (("todo", "nobody"), 1, "there is no cell 'nobody'"),
        (("--llms", "todo"), 2, "--llms is about the whole app"),
        (("--llms", "--full"), 2, "--llms is about the whole app"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_what_cannot_be(cli: Cli, arguments: tuple[str, ...], code: int, said: str) -> None:
    """An unknown cell and a contradiction are refused, with the mend."""
    result = cli("card", *arguments)
    assert result.exit_code == code
    assert said in result.stderr
    assert result.stdout == ""


def test_a_faulty_neighbour_is_no_hindrance(cli: Cli, shop: Path) -> None:
    """Who is well formed has a card, whatever is wrong elsewhere."""
    (shop / "shop" / "broken.py").write_text("cell = 3 +\n", encoding="utf-8")
    assert cli("card").stdout.startswith("# todo")


def test_cells_are_completed(shop: Path) -> None:
    """The shell completes the names of cells."""
    words = {"COMP_WORDS": "monocyte card t", "COMP_CWORD": "2"}
    done = program(cwd=shop, _MONOCYTE_COMPLETE="bash_complete", **words)
    assert "todo" in done.stdout
