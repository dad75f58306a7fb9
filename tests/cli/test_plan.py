"""`plan`, `show`, `approve`, `reject`, `status`, `keys`, `pins`, `ledger`: what they say."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, program
from tests.genops.ledger.facts import git, repository
from tests.genops.plans.toys import TOML, commit

pytest.importorskip("securesystemslib")

RULE = 'SHORT = cell.rule("TODO-4", "A promise fits on a note.")\n'


@pytest.fixture
def team(shop: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new app in a repository, adopted; ada and bob may approve, and ada is here."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "bob"))
    keys = json.loads(cli("keys", "init", "--name", "bob", "--json").stdout)["public"]
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "ada"))
    keys += "\n" + cli("keys", "init", "--name", "ada").stdout
    (shop / "monocyte.toml").write_text(f"{TOML}\n[approval.keys]\n{keys}", "utf-8")
    repository(shop)
    assert cli("plan", "--adopt").exit_code == 0
    commit(shop)
    return shop


def add(team: Path, line: str = RULE) -> None:
    """Add a line to the cell; a cell is imported once, so ask programs from then on."""
    file = team / "shop" / "todo.py"
    file.write_text(file.read_text("utf-8") + line, "utf-8")


def said(*arguments: str, cwd: Path, code: int = 0, home: str = "ada") -> Any:
    """The JSON that a program prints."""
    done = program(*arguments, "--json", cwd=cwd, XDG_CONFIG_HOME=str(cwd.parent / home))
    assert done.returncode == code, done.stderr + done.stdout
    return json.loads(done.stdout)


def test_a_plan_ends_with_what_it_found(team: Path, cli: Cli) -> None:
    """0: nothing to do; 2: there are changes; 1: it cannot be said."""
    nothing = cli("plan")
    assert (nothing.exit_code, nothing.stdout[:14]) == (0, "Nothing to do:")
    assert said("plan", cwd=team) == {"plan": None, "cells": []}
    add(team)
    made = said("plan", cwd=team, code=2)
    assert made["headline"].startswith("Regenerating `todo` for TODO-4: $")
    assert (made["state"], made["plan"]["by"]) == ("PLANNED", "ada")
    assert "bob" in made["missing"][0]
    assert made["plan"] == said("plan", cwd=team, code=2)["plan"]


ILL = {
    "an unknown option": (("--al",), "--al"),
    "an unknown cell": (("tood",), "tood"),
    "an unknown base": (("--base", "nowhere"), "nowhere"),
    "an unknown directory": (("--app", "/nowhere"), "/nowhere"),
}


@pytest.mark.parametrize(("arguments", "says"), ILL.values(), ids=ILL)
def test_a_plan_that_was_asked_wrongly_does_not_look_like_changes(
    arguments: tuple[str, ...], says: str, team: Path, cli: Cli
) -> None:
    """It ends with 1, for people and for machines."""
    result = cli("plan", *arguments)
    assert (result.exit_code, says in result.stderr) == (1, True)
    result = cli("plan", *arguments, "--json")
    assert result.exit_code == 1
    assert says in json.dumps(json.loads(result.stdout)["error"])


BROKEN = {
    "settings that cannot be": ("monocyte.toml", "[gatway]\n", "gatway"),
    "a cell that cannot be": ("shop/todo.py", "def x(:\n", "todo.py"),
    "a cell that ends the process": ("shop/todo.py", "import os; os._exit(0)\n", "verdict"),
    "a lock that cannot be": ("regen.lock", "x", "regen.lock"),
    "an edit by hand": ("shop/todo.py", "LIMIT = 3\n", "todo.LIMIT was written by hand"),
}


@pytest.mark.parametrize(("file", "text", "says"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_no_plan(file: str, text: str, says: str, team: Path) -> None:
    """Nor is it a lack of changes: it ends with 1."""
    path = team / file
    path.write_text(path.read_text("utf-8") + text, "utf-8")
    done = program("plan", cwd=team, XDG_CONFIG_HOME=str(team.parent / "ada"))
    assert done.returncode == 1, done.stdout
    assert says in done.stderr


def test_without_a_repository_there_is_no_plan(shop: Path, cli: Cli) -> None:
    """The ledger has no other place."""
    for arguments in (("plan",), ("plan", "--adopt")):
        result = cli(*arguments)
        assert (result.exit_code, "git init" in result.stderr) == (1, True)


def test_from_the_plan_to_its_approval(team: Path) -> None:
    """Shown, refused to who made it, approved by another, on record; then stale."""
    add(team)
    commit(team)
    plan = said("plan", cwd=team, code=2)["plan"]["id"]
    assert said("show", plan, cwd=team)["moved"] == []
    refusal = said("approve", plan, cwd=team, code=1)["error"]
    assert "ada made this plan" in refusal["message"]
    assert (
        said("approve", plan[:9], "--why", "ok", cwd=team, home="bob")["state"] == "SPEND_APPROVED"
    )
    assert said("approve", plan, cwd=team, code=1, home="bob")["error"]["mend"].endswith(plan)
    assert [it["by"] for it in said("show", plan, cwd=team)["agreed"]] == ["bob"]
    add(team, "# a model is told this, too\n")
    assert said("show", plan, cwd=team)["moved"] == ["what a model is told about todo changed"]
    add(team, 'LATE = cell.rule("TODO-5", "Not yesterday.")\n')
    assert said("show", plan, cwd=team)["moved"] == ["todo changed"]
    assert said("reject", plan, "--why", "no", cwd=team)["state"] == "REJECTED"
    kinds = [it["kind"] for it in said("status", cwd=team)[:-1]]
    assert kinds == ["changed"]


def test_an_edit_by_hand_is_adopted_with_its_reason(team: Path) -> None:
    """And then it is no edit any more."""
    add(team, "LIMIT = 3\n")
    drift, spent = said("status", cwd=team)
    assert drift["because"][0] == "LIMIT was written by hand"
    assert spent["spent"].startswith("Spent: $0.00 of $20.00 today")
    adopted = said("plan", "--adopt", "todo", "--why", "a limit", cwd=team)
    assert adopted == {"adopted": ["todo"], "lock": "regen.lock"}
    assert said("plan", cwd=team)["plan"] is None
    assert said("plan", "--adopt", "tood", cwd=team, code=1)["error"]["kind"] == "no-such-cell"


def test_status_is_one_line_when_nothing_matters(team: Path, cli: Cli) -> None:
    """And ends with 0."""
    result = cli("status")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1)
    assert result.stdout.startswith("Nothing needs you: 1 cell as promoted.")


def test_keys_are_made_and_shown(team: Path, cli: Cli) -> None:
    """The public half on standard output and nothing else; never the private one."""
    shown = cli("keys", "show")
    assert shown.stdout.startswith('ada = "ed25519:')
    assert json.loads(cli("keys", "show", "ada", "--json").stdout) == [shown.stdout.strip()]
    assert cli("keys", "init", "--name", "ada").exit_code == 2
    assert cli("keys", "show", "eve").exit_code == 2
    for arguments in (("keys", "show"), ("keys", "init", "--name", "eve")):
        result = cli(*arguments)
        assert "PRIVATE" not in result.output


def test_who_has_several_keys_says_which(team: Path, cli: Cli) -> None:
    """It is not guessed who agrees."""
    cli("keys", "init", "--name", "eve")
    result = cli("approve", "plan")
    assert (result.exit_code, "--as: ada, eve" in result.stderr) == (2, True)


def test_pins_are_audited(team: Path, cli: Cli) -> None:
    """A model that retires is told in time, one that was retired is an error."""
    assert cli("pins", "audit").exit_code == 0
    toml = team / "monocyte.toml"
    text = toml.read_text("utf-8").replace("writer-20250101", "gpt-4o-2024-11-20")
    toml.write_text(text.replace('"somebody"', '"openai"', 1), "utf-8")
    for today, severity, code in (("2026-11-22", "warning", 0), ("2027-01-14", "error", 1)):
        result = cli("pins", "audit", "--today", today, "--json")
        assert result.exit_code == code
        found = json.loads(result.stdout)["findings"]
        assert ("writer", severity) in {(it["pin"], it["severity"]) for it in found}
    assert "2027-01-14, in 53 days" in cli("pins", "audit", "--today", "2026-11-22").stdout


def test_the_ledger_is_shown_verified_and_brought_together(team: Path, cli: Cli) -> None:
    """Between clones, through a bare repository."""
    git("clone", "-q", "--bare", str(team), "bare.git", cwd=team.parent)
    git("remote", "add", "origin", str(team.parent / "bare.git"), cwd=team)
    assert json.loads(cli("ledger", "sync", "--json").stdout)["pushed"] == 1
    git("clone", "-q", "bare.git", "second", cwd=team.parent)
    second = ("--app", str(team.parent / "second"))
    assert "1 came, 0 went" in cli("ledger", "sync", *second).stdout
    assert cli("ledger", "show").stdout == cli("ledger", "show", *second).stdout
    assert cli("ledger", "verify", *second).stdout == "intact: 1 entry\n"
    git("update-ref", "-d", "refs/monocyte/ledger", cwd=team)
    damaged = cli("ledger", "verify", "--json")
    assert (damaged.exit_code, json.loads(damaged.stdout)["intact"]) == (1, False)
    assert cli("ledger", "show").exit_code == 1
    assert cli("status").exit_code == 1
    assert cli("ledger", "sync", "nowhere").exit_code in (1, 3)
