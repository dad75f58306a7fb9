"""`monocyte apply`, `propose`, `ledger settle`, as people run them, against a provider here."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.cli.conftest import PROGRAM, Cli, environment, program
from tests.genops.generation.stage import fenced
from tests.genops.ledger.facts import git, repository
from tests.genops.plans.toys import commit
from tests.genops.provider import Act, Provider

pytest.importorskip("anthropic")
pytest.importorskip("securesystemslib")
pytestmark = pytest.mark.timeout(180)

TOML = """[app]
name = "shop"
cells = "shop"

[models.writer]
provider = "somebody"
model = "writer-20250101"
wire = "messages"
base_url = "{url}"
key_env = "THE_KEY"
price = {{ input = "1.00", output = "5.00" }}

[genops]
model = "writer"
attempts = 2

[budget]
plan = "2.00"
day = "10.00"

[approval]
own = true
[approval.keys]
{keys}
"""
RULE = '\nSHORT = cell.rule("TODO-4", "A promise fits on a note.")\n'
KEY = "sk-the-real-key-0123456789"


class Shop(NamedTuple):
    """An app with an approved plan."""

    root: Path
    plan: str
    provider: Provider

    @property
    def text(self) -> str:
        """The cell."""
        return (self.root / "shop" / "todo.py").read_text("utf-8")

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command as people run it."""
        config = str(self.root.parent / "config")
        return program(*arguments, cwd=self.root, XDG_CONFIG_HOME=config, THE_KEY=KEY)

    def said(self, *arguments: str, code: int = 0) -> Any:
        """The JSON that a command prints."""
        done = self.run(*arguments, "--json")
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)


@contextmanager
def opened(shop: Path, cli: Cli, *acts: Act) -> Iterator[Shop]:
    """An app of people who have added a rule."""
    with Provider(*acts) as provider:
        keys = cli("keys", "init", "--name", "ada").stdout
        toml = TOML.format(url=provider.url, keys=keys)
        (shop / "monocyte.toml").write_text(toml, "utf-8")
        repository(shop)
        assert cli("plan", "--adopt").exit_code == 0
        commit(shop)
        file = shop / "shop" / "todo.py"
        file.write_text(file.read_text("utf-8") + RULE, "utf-8")
        commit(shop)
        at = Shop(shop, "", provider)
        made = at.said("plan", code=2)["plan"]["id"]
        assert at.said("approve", made)["state"] == "SPEND_APPROVED"
        yield at._replace(plan=made)


@pytest.fixture
def team(shop: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """An app with an approved plan, and a provider that answers with prose."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(shop.parent / "config"))
    with opened(shop, cli, Act("I would rather not.")) as it:
        yield it


def test_a_plan_that_comes_to_nothing_ends_with_1(team: Shop) -> None:
    """With what was wrong, and what it has cost; for people line by line."""
    done = team.run("apply", team.plan)
    assert done.returncode == 1
    assert f"{team.plan} is FAILED; spent: $" in done.stdout
    assert "error: answer-prose: the answer has no block of code" in done.stdout
    assert "todo: attempt 2 of 2" in done.stderr
    assert "rather not" not in done.stderr
    again = team.said("apply", team.plan, code=1)["error"]
    assert "FAILED" in again["message"]


def test_what_is_interrupted_is_gone_on_with(team: Shop) -> None:
    """Ctrl-C says how, and ends with 130; what was judged wrong is a matter of the next run."""
    team.provider.script[:] = [Act("never", mute=True)]
    config = {"XDG_CONFIG_HOME": str(team.root.parent / "config"), "THE_KEY": KEY}
    with subprocess.Popen(
        [*PROGRAM, "apply", team.plan],
        cwd=team.root,
        env=environment(**config),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert team.provider.arrived.acquire(timeout=60)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "nothing is lost, and nothing more is spent: monocyte apply" in said
    assert "Traceback" not in said
    assert team.said("show", team.plan)["state"] == "GENERATING"
    team.provider.release.set()
    team.provider.script[:] = [Act("I would rather not.")]
    assert team.said("apply", team.plan, code=1)["state"] == "FAILED"
    assert git("worktree", "list", cwd=team.root).count("\n") == 0


def test_a_plan_that_is_generated_can_be_given_up(team: Shop) -> None:
    """For good."""
    team.provider.script[:] = [Act(status=401)]
    assert "would not answer" in team.said("apply", team.plan, code=2)["error"]["message"]
    assert team.said("apply", team.plan, "--cancel")["state"] == "CANCELLED"
    assert team.said("show", team.plan)["state"] == "CANCELLED"


def test_by_hand(team: Shop) -> None:
    """It says where the prompt is and where the answer goes, and waits."""
    config = {"XDG_CONFIG_HOME": str(team.root.parent / "config")}
    with subprocess.Popen(
        [*PROGRAM, "apply", team.plan, "--backend", "hand-over"],
        cwd=team.root,
        env=environment(**config),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        answered = 0
        for line in process.stderr:
            if "answer in " in line:
                path = Path(line.partition("answer in ")[2].partition(",")[0])
                path.with_name("part").write_text(fenced("x = (\n"), "utf-8")
                path.with_name("part").rename(path)
                answered += 1
        assert process.stdout is not None
        said = process.stdout.read()
    assert (process.returncode, answered) == (1, 2)
    assert "answer-syntax" in said
    assert "spent: $0.00" in said
    assert team.provider.asked == []


DRAFT = '''LOUD = cell.rule("TODO-5", "Nobody shouts.")


@cell.scenario
def nobody_shouts(world: World) -> None:
    """Not even Ada."""
    with LOUD.refuses():
        world.by("ada").send(Promise("SHOUT"))
'''


def test_a_draft_is_written_only_if_it_is_accepted(team: Shop) -> None:
    """Shown as a diff; sealed, for a person has accepted it."""
    team.provider.script[:] = [Act(fenced(DRAFT))]
    before = team.text
    shown = team.run("propose", "todo", "Nobody shouts.")
    assert shown.returncode == 1
    assert '+LOUD = cell.rule("TODO-5", "Nobody shouts.")' in shown.stdout
    assert "nothing was written" in shown.stderr
    assert (team.text, git("status", "--porcelain", cwd=team.root)) == (before, "")
    said = team.said("propose", "todo", "Nobody shouts.", "--yes")
    assert (said["rule"], said["accepted"]) == ("TODO-5", True)
    assert DRAFT.split("\n\n\n")[1] in team.text
    assert "unsealed" not in team.text
    reasons = team.said("plan", code=2)["plan"]["cells"][0]["reasons"]
    assert {"TODO-5", "nobody_shouts"} <= {it["about"] for it in reasons}


ILL = {
    "nobody": (("apply", "{plan}", "--backend", "nobody"), "cannot answer in place of a pin"),
    "no cassette": (("apply", "{plan}", "--backend", "cassette:/nowhere"), "there is no cassette"),
    "no plan": (("apply", "plan-0"), "there is no plan"),
    "no cell": (("propose", "tood", "x"), "did you mean todo"),
    "no reservation": (("ledger", "settle", "x", "--nothing", "--why", "y"), "begins with 'x'"),
    "no amount": (("ledger", "settle", "x", "--why", "y"), "--amount or --nothing"),
}


@pytest.mark.parametrize(("arguments", "says"), ILL.values(), ids=ILL)
def test_what_is_asked_wrongly_is_said(arguments: tuple[str, ...], says: str, team: Shop) -> None:
    """In words, without a traceback; nothing has begun."""
    done = team.run(*(it.format(plan=team.plan) for it in arguments))
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert team.said("show", team.plan)["state"] == "SPEND_APPROVED"
