"""`monocyte context`: the pack on standard output, what it weighs beside it."""

import json
import re
from pathlib import Path

import pytest

from monocyte.contracts.tokens import estimate
from tests.cli.conftest import Cli


@pytest.mark.usefixtures("shop")
def test_the_pack_and_what_it_weighs(cli: Cli) -> None:
    """The text is for the model; each part's tokens, and the total, are for who pays."""
    result = cli("context", "todo")
    assert result.exit_code == 0
    assert result.stdout.startswith("# The house rules of a cell\n")
    assert "\ndef promise(it: Promise" in result.stdout
    unchecked, *lines = result.stderr.splitlines()
    assert unchecked.startswith("todo has changed since it was checked: `monocyte check`")
    assert [line.split("  ")[-1] for line in lines[:-1]] == ["house rules", "shop/todo.py"]
    assert lines[-1].split() == [f"{estimate(result.stdout):,}", "of", "16,000", "tokens"]


def test_what_is_wrong_with_the_cell_is_packed(shop: Path, cli: Cli) -> None:
    """What the last check has found; and no warning, as long as the text is the one it saw."""
    file = shop / "shop" / "todo.py"
    file.write_text(file.read_text("utf-8").replace("OWN.require(", "ONCE.require("), "utf-8")
    assert cli("check", "--no-mutation").exit_code == 1
    result = cli("context", "todo")
    assert "no line of code enforces TODO-3" in result.stdout
    assert "changed" not in result.stderr


@pytest.mark.usefixtures("shop")
def test_for_machines(cli: Cli) -> None:
    """--json has the text, the budget, and every part with its tokens."""
    said = json.loads(cli("context", "todo", "--json").stdout)
    assert said["tokens"] == estimate(said["text"])
    assert [part["title"] for part in said["parts"]] == ["house rules", "shop/todo.py"]
    assert said["dropped"] == []


@pytest.mark.usefixtures("shop")
def test_the_work_may_be_named(cli: Cli) -> None:
    """--for says what the work is about."""
    assert "the rule TODO-1: Nothing is" in cli("context", "todo", "--for", "TODO-1").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("tod",), 1, "did you mean todo?"),
        ((), 2, "Missing argument 'CELL'"),
        (("todo", "--budget", "0"), 2, "0 is not in the range"),
        (("todo", "--budget", "much"), 2, "'much' is not a valid integer"),
        (("todo", "--budget", "500"), 2, "tokens, and 500 are given: house rules"),
        (("todo", "--for", "TODO-9"), 2, "todo has no rule, word or function 'TODO-9'"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_what_cannot_be(cli: Cli, arguments: tuple[str, ...], code: int, said: str) -> None:
    """What was asked wrongly, or has no room, is refused with nothing on standard output."""
    result = cli("context", *arguments)
    assert result.exit_code == code
    assert said in result.stderr
    assert result.stdout == ""


@pytest.mark.usefixtures("shop")
def test_the_budget_that_an_error_names_is_enough(cli: Cli) -> None:
    """Who follows the mend gets the pack."""
    refused = cli("context", "todo", "--budget", "500").stderr
    enough = re.search(r"--budget (\d+)", refused)
    assert enough is not None
    assert cli("context", "todo", "--budget", enough[1]).exit_code == 0


def test_a_cell_that_is_not_well_formed(cli: Cli, shop: Path) -> None:
    """What is wrong with it is said; a well-formed neighbour is packed all the same."""
    (shop / "shop" / "broken.py").write_text("cell = 3 +\n", encoding="utf-8")
    result = cli("context", "broken")
    assert result.exit_code == 2
    assert "broken.py:1" in result.stderr
    assert cli("context", "todo").exit_code == 0


@pytest.mark.usefixtures("shop")
def test_nothing_that_people_have_sent(cli: Cli) -> None:
    """Neither the journal nor the state is ever in it."""
    before = cli("context", "todo").stdout
    assert cli("send", "todo.Promise", '{"text": "call Mrs Zwick-Ada"}').exit_code == 0
    assert "Zwick" in cli("events").stdout
    assert cli("context", "todo").stdout == before
