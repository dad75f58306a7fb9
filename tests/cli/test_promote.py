"""`promote`, `rollback`, `verify`, `drift`: by the commands, here and in an app that runs."""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monocyte.cli.remote import Remote
from monocyte.errors import BusError, Refused
from monocyte.genops.promotion.merging import Merging
from tests.cli.conftest import program, running
from tests.genops.ledger.facts import Hand, git
from tests.genops.plans import toys
from tests.genops.plans.toys import change, commit
from tests.genops.promotion import stage

pytest.importorskip("securesystemslib")


SHORT = """

@cell.scenario
def names_are_short(lab: World) -> None:
    lab.by(ADA).send(Join("a" * 40))
    with SHORT.refuses():
        lab.by(ADA).send(Join("a" * 41))
"""
"""What a person has written for the rule that a candidate keeps."""


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The app of two cells, adopted; a rule was added on a branch, and a candidate judged."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with toys.fresh():
        root = stage.team(tmp_path / "app")
        ignore = root / ".gitignore"
        ignore.write_text(ignore.read_text("utf-8") + "data/\n", "utf-8")
        commit(root)
        stage.gated(root, Hand(datetime.now(UTC)))
        yield root


def said(*arguments: str, cwd: Path, code: int = 0, **more: str) -> Any:
    """The JSON that a program prints."""
    config = {"XDG_CONFIG_HOME": str(cwd.parent / "config")} | more
    done = program(*arguments, "--json", cwd=cwd, **config)
    assert done.returncode == code, done.stderr + done.stdout
    return json.loads(done.stdout)


def plan_of(root: Path) -> str:
    """The plan that there is."""
    rows = [
        json.loads(row) for row in program("ledger", "show", "--json", cwd=root).stdout.splitlines()
    ]
    return str(next(it["fact"]["plan"] for it in rows if it["fact"]["kind"] == "transition"))


def agreed(root: Path) -> str:
    """Let bob agree to the candidate."""
    plan = plan_of(root)
    assert said("approve", plan, "--as", "bob", cwd=root)["state"] == "MERGE_APPROVED"
    return plan


def join(there: Remote, name: str) -> Any:
    """Send a command."""
    return there.send("people.Join", json.dumps({"name": name}).encode())


@contextmanager
def asking(url: str, key: str, pause: float = 0.01) -> Iterator[list[str]]:
    """While inside, somebody asks all the time; what went wrong."""
    wrong: list[str] = []
    over = threading.Event()

    def ask() -> None:
        there = Remote(url, key)
        while not over.is_set():
            try:
                there.ask("people.Count", b"{}")
                join(there, uuid.uuid4().hex)
            except BusError as why:
                wrong.append(repr(why))
            over.wait(pause)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for it in threads:
        it.start()
    try:
        yield wrong
    finally:
        over.set()
        for it in threads:
            it.join()


def test_from_the_candidate_to_the_release_and_back(team: Path) -> None:
    """Approved, promoted, verified, rolled back, each by a command of its own."""
    plan = agreed(team)
    done = said("promote", plan, "--as", "bob", cwd=team)
    assert (done["plan"], done["running"]) == (plan, {})
    assert done["commit"] == git("rev-parse", "HEAD", cwd=team)
    assert said("verify", cwd=team) == {"intact": True, "findings": []}
    assert said("promote", plan, "--as", "bob", cwd=team)["commit"] == done["commit"]
    back = said("rollback", "people", "--as", "bob", "--why", "slow", cwd=team)
    assert back["commit"] == git("rev-parse", "HEAD", cwd=team)
    assert said("verify", cwd=team)["intact"]
    assert said("show", plan, cwd=team)["state"] == "ROLLED_BACK"
    assert said("rollback", "people", "--as", "bob", "--why", "slow", cwd=team, code=1)["error"]


@pytest.mark.parametrize("agreement", ["1 anybody", "none"])
def test_what_nobody_has_signed_is_judged_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agreement: str
) -> None:
    """Somebody wrote into the ledger that it changes nothing that people would notice."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with toys.fresh():
        root = stage.team(tmp_path / "app")
        policy = f'[approval.policy]\nbehaviour-explained = "{agreement}"\n[approval.keys]'
        change(root, "monocyte.toml", "[approval.keys]", policy)
        people = root / "shop" / "people.py"
        people.write_text(people.read_text("utf-8") + SHORT, "utf-8")
        git("branch", "-f", "main", commit(root), cwd=root)
        clock = Hand(datetime.now(UTC))
        plan = stage.gated(root, clock, classes=("internal",)).plan
        Merging(stage.desk(root, clock)).settle(plan)
    promoting = ("promote", plan.id, "--as", "bob")
    done = said(*promoting, cwd=root, code=1 if agreement == "1 anybody" else 0)
    if agreement == "none":
        assert done["plan"] == plan.id
    else:
        assert "behaviour-explained needs 1" in done["error"]["message"]
        assert said("show", plan.id, cwd=root)["state"] == "MERGE_APPROVED"


def test_nobody_is_promoted_without_agreement(team: Path) -> None:
    """And a candidate can be refused by a person."""
    plan = plan_of(team)
    assert "GATED" in said("promote", plan, "--as", "bob", cwd=team, code=1)["error"]["message"]
    assert said("reject", plan, "--why", "no", cwd=team)["state"] == "REJECTED"


def test_an_app_that_runs_asks_who_releases(team: Path) -> None:
    """Without a key of an operator nothing is done, here neither."""
    plan = agreed(team)
    before = git("rev-parse", "HEAD", cwd=team)
    promoting = ("promote", plan, "--as", "bob")
    with running(team) as app:
        refusal = said(*promoting, cwd=team, code=2)["error"]
        assert "asks who you are" in refusal["message"]
        other = json.loads(program("access", "add", "eve", "--json", cwd=team).stdout)["key"]
        refusal = said(*promoting, "--key", other, cwd=team, code=1)["error"]
        assert "operator" in refusal["message"]
        assert git("rev-parse", "HEAD", cwd=team) == before
        assert Remote(app.url, app.key).get("/releases")["plan"] == ""


def test_an_app_that_runs_takes_it_over(team: Path) -> None:
    """Under load, and nobody is refused."""
    plan = agreed(team)
    with running(team) as app:
        there = Remote(app.url, app.key)
        join(there, "x" * 50)
        with asking(app.url, app.key) as wrong:
            done = said("promote", plan, "--as", "bob", "--key", app.key, cwd=team)
        assert wrong == []
        assert done["running"]["took_over"] == ["people"]
        with pytest.raises(Refused):
            join(there, "y" * 50)
        assert there.get("/releases")["plan"] == plan


def test_an_app_that_runs_gives_it_back(team: Path) -> None:
    """By the same way."""
    plan = agreed(team)
    said("promote", plan, "--as", "bob", cwd=team)
    with running(team) as app:
        there = Remote(app.url, app.key)
        rolling = ("rollback", "people", "--as", "bob", "--why", "no", "--key", app.key)
        with asking(app.url, app.key) as wrong:
            back = said(*rolling, cwd=team)
        assert wrong == []
        assert back["running"]["took_over"] == ["people"]
        join(there, "y" * 50)


def test_edits_by_hand_are_adopted_waived_or_taken_back(team: Path) -> None:
    """Each by its command; a waiver covers exactly these edits."""
    file = team / "shop" / "people.py"
    clean = file.read_text("utf-8")
    change(team, "shop/people.py", "return len(register.names)", "return 7")
    lines = said("status", cwd=team)
    assert "drift" in {it.get("kind") for it in lines}
    until = "2099-01-01"
    waive = ("drift", "waive", "people", "--why", "a demo", "--until")
    assert "waived until" in said(*waive, until, cwd=team, code=2)["error"]["message"]
    soon = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()
    done = said(*waive, soon, cwd=team)
    assert done["edits"] == ["total"]
    assert "drift" not in {it.get("kind") for it in said("status", cwd=team)}
    change(team, "shop/people.py", "return 7", "return 8")
    assert "drift" in {it.get("kind") for it in said("status", cwd=team)}
    assert said("drift", "revert", "people", cwd=team)["reverted"] == ["total"]
    assert file.read_text("utf-8") == clean
    change(team, "shop/people.py", "return len(register.names)", "return 7")
    assert said("drift", "adopt", "people", cwd=team)["adopted"] == ["people"]
    assert "drift" not in {it.get("kind") for it in said("status", cwd=team)}


def test_a_cell_that_comes_takes_a_new_process(team: Path) -> None:
    """The app ends in order, and is there again at the same address with what it knew."""
    said("reject", plan_of(team), "--why", "first another", cwd=team)
    with running(team) as app:
        there = Remote(app.url, app.key)
        join(there, "ada")
        toys.forget()
        text = (team / "shop" / "greeter.py").read_text("utf-8")
        text = text.replace('Cell("greeter"', 'Cell("waiter"').replace("Welcomed", "Served")
        stub = text.replace("return tuple(seen)", "...")
        (team / "shop" / "waiter.py").write_text(stub, "utf-8")
        commit(team)
        at = stage.desk(team, Hand(datetime.now(UTC)))
        plan = stage.planned(at, "waiter")
        files: dict[str, bytes | None] = {"shop/waiter.py": text.encode()}
        candidate = stage.attempted(at, plan, files)
        stage.judged(at, plan, stage.verdict_of(candidate))
        said("approve", plan.id, "--as", "bob", cwd=team)
        done = said("promote", plan.id, "--as", "bob", "--key", app.key, cwd=team)
        assert done["running"]["restart"] == "under way"
        assert done["running"]["because"] == ["shop/waiter.py"]
        cells = eventually(lambda: there.get("/cells")["cells"])
        assert {"waiter", "people"} <= set(cells)
        assert there.ask("people.Count", b"{}") == 1


def test_a_release_that_crashes_is_taken_back_and_written_down(team: Path) -> None:
    """By the app itself; `promote --watch` waits for it, and commits what it did."""
    toml = team / "monocyte.toml"
    toml.write_text(toml.read_text("utf-8") + "\n[watch]\nseconds = 40\n", "utf-8")
    commit(team, "Watch")
    said("reject", plan_of(team), "--why", "another", cwd=team)
    at = stage.desk(team, Hand(datetime.now(UTC)))
    plan = stage.planned(at)
    broken = stage.written(team, ("return len(register.names)", "return len(register.names) // 0"))
    stage.judged(at, plan, stage.verdict_of(stage.attempted(at, plan, broken)))
    said("approve", plan.id, "--as", "bob", cwd=team)
    before = (team / "shop" / "people.py").read_bytes()
    with running(team) as app, asking(app.url, app.key, 0.5) as wrong:  # it tells of each crash
        promoting = ("promote", plan.id, "--as", "bob", "--key", app.key, "--watch")
        done = said(*promoting, cwd=team, code=1)
        assert "requests crashed" in done["rolled_back"]
        assert Remote(app.url, app.key).ask("people.Count", b"{}") >= 0
    assert any("Crashed" in it for it in wrong)
    assert (team / "shop" / "people.py").read_bytes() == before
    assert git("status", "--porcelain", cwd=team) == ""
    assert said("show", plan.id, cwd=team)["state"] == "ROLLED_BACK"
    assert said("verify", cwd=team)["intact"]


def eventually(look: Callable[[], Any], tries: int = 200) -> Any:
    """What is seen, as soon as it is."""
    for _ in range(tries):
        try:
            found = look()
        except BusError:
            found = {}
        if "waiter" in found:
            return found
        threading.Event().wait(0.1)
    raise AssertionError(found)
