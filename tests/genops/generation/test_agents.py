"""Agents at work: locked in, metered, and read back by us; scripts stand in for them here."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from monocyte.errors import ConfigError
from monocyte.genops.candidates import ref_of
from monocyte.genops.generation import agents
from monocyte.genops.generation.agents import changes, homes_of, snapshot
from monocyte.genops.generation.locked import missing
from monocyte.genops.ledger.entries import Settlement
from monocyte.genops.models import NoAnswer
from monocyte.genops.states import State
from tests.genops.generation.stage import BETTER, GOOD, Gates, Stage, staged, wrong
from tests.genops.ledger.facts import git
from tests.genops.provider import Act

pytest.importorskip("anthropic")
needs_lock = pytest.mark.skipif(bool(missing()), reason=f"no lock here: {missing()}")

AGENT = """#!{python} -S
import json, os, sys, urllib.request
if sys.argv[1:] == ["--version"]:
    print("scripted 1.2.3"); sys.exit()
FILE = "shop/people.py"
def ask(text, output=500):
    url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
    body = {{"model": "writer-20250101", "max_tokens": output,
            "messages": [{{"role": "user", "content": text}}]}}
    headers = {{"x-api-key": os.environ["ANTHROPIC_API_KEY"], "content-type": "application/json"}}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["content"][0]["text"]
def read():
    return open(FILE, encoding="utf-8").read()
def write(text, to=FILE):
    open(to, "w", encoding="utf-8").write(text)
prompt = sys.stdin.read()
{body}
"""
OLD = "    ONCE.require(it.name not in register.names, it.name)\\n"
NEW = "    SHORT.require(len(it.name) <= 40)\\n" + OLD
WRITES = f"""
said = ask("what shall I do?")
print("I do", said)
if "it is too long" in prompt:
    write(read().replace("<= 40", "<= 30"))
else:
    write(read().replace("{OLD}", "{NEW}"))
"""


@pytest.fixture(autouse=True)
def _config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of the test's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@contextmanager
def scripted(tmp: Path, body: str, *acts: Act, version: str = "1.2.3") -> Iterator[Stage]:
    """A plan whose cell is written by an agent that does that."""
    folder = tmp / "agent"
    folder.mkdir()
    file = folder / "scripted"
    file.write_text(AGENT.format(python=sys.executable, body=body), "utf-8")
    file.chmod(0o755)
    pin = f'way = "agent"\ncommand = ["scripted"]\nversion = "{version}"\n'
    with staged(tmp, *(acts or (Act("Write."),)), pin=pin) as stage:
        yield stage


def run(stage: Stage, tmp: Path, gates: Gates | None = None, **more: Any) -> Any:
    """Apply the plan."""
    path = f"{tmp / 'agent'}:/usr/bin:/bin"
    return stage.applying(gates, PATH=path, **more).run(stage.plan.id)


@needs_lock
def test_an_agent_writes_the_file_in_a_tree_of_its_own(tmp_path: Path) -> None:
    """Through the proxy; then a gate finds something, and it mends its own draft."""
    with scripted(tmp_path, WRITES) as stage:
        gates = Gates((wrong(),), ())
        outcome = run(stage, tmp_path, gates)
        assert outcome.state is State.MERGE_APPROVED
        assert gates.texts == [GOOD, BETTER]
        assert git("status", "--porcelain", cwd=stage.root) == ""
        settled = [it for it in stage.facts if isinstance(it, Settlement)]
        assert [it.ending for it in settled] == ["answered", "answered"]
        assert outcome.candidate is not None
        assert [it for it in outcome.candidate.cassettes if it.startswith("people-0000")]


STRAYS = {
    "another cell": "write('x = 1\\n', 'shop/greeter.py')",
    "a new file": "write('x', 'shop/easy.py')",
    "the settings": "write('', 'monocyte.toml')",
    "a file that is gone": "os.remove('regen.lock')",
    "a link": "os.symlink('/etc/passwd', 'shop/link')",
    "rights": "os.chmod('shop/greeter.py', 0o755)",
}


@needs_lock
@pytest.mark.parametrize("stray", STRAYS.values(), ids=STRAYS)
def test_whatever_else_an_agent_changes_is_a_finding(tmp_path: Path, stray: str) -> None:
    """Only the cell's file is taken, and not even that beside a stray."""
    with scripted(tmp_path, f"{WRITES}\n{stray}\n") as stage:
        outcome = run(stage, tmp_path)
        assert outcome.state is State.FAILED
        assert "file-foreign" in {it.kind for it in outcome.findings}


DOES = {
    "nothing": ("ask('x')", "file-unchanged"),
    "a link in place of the file": (
        "ask('x'); os.remove(FILE); os.symlink('/etc/passwd', FILE)",
        "file-gone",
    ),
    "a pipe in place of the file": ("ask('x'); os.remove(FILE); os.mkfifo(FILE)", "file-gone"),
    "no file any more": ("ask('x'); os.remove(FILE)", "file-gone"),
    "half a file": ("ask('x'); write(read()[:400] + '(')", "answer-syntax"),
    "a weaker scenario": ("ask('x'); write(read().replace('== 1', '>= 0'))", "sealed-changed"),
    "failure, after it was paid for": ("ask('x'); sys.exit(3)", "answer-missing"),
}


@needs_lock
@pytest.mark.parametrize(("body", "kind"), DOES.values(), ids=DOES)
def test_what_an_agent_leaves_is_judged_like_an_answer(
    tmp_path: Path, body: str, kind: str
) -> None:
    """In the same words."""
    with scripted(tmp_path, body) as stage:
        outcome = run(stage, tmp_path)
        assert outcome.state is State.FAILED
        assert kind in stage.said


@needs_lock
def test_a_repository_in_its_tree_is_not_believed(tmp_path: Path) -> None:
    """No program of ours is run there, so nothing that it has configured is."""
    plant = (
        "os.mkdir('.git'); write('[core]\\n\\tfsmonitor = touch /tmp/monocyte-owned\\n',"
        " '.git/config')"
    )
    with scripted(tmp_path, f"{WRITES}\n{plant}\n") as stage:
        assert run(stage, tmp_path).state is State.MERGE_APPROVED
        assert not Path("/tmp/monocyte-owned").exists()


@needs_lock
def test_an_agent_has_no_key_and_finds_none(tmp_path: Path) -> None:
    """Not in its environment, not in its home, not in what its tree leads to."""
    looks = """
print(dict(os.environ))
print(sorted(os.listdir(os.environ["HOME"])))
for path in (".git", "../..", os.path.expanduser("~root")):
    try:
        print("FOUND", os.listdir(path))
    except OSError as why:
        print(path, why.strerror)
"""
    with scripted(tmp_path, looks + WRITES) as stage:
        run(stage, tmp_path)
        heard = "".join(it.said for it in stage.steps)
        assert "FOUND" not in heard
        assert "sk-the-real-key" not in heard
        assert "['.claude', '.codex', 'prompt.md']" in heard


@needs_lock
def test_without_money_an_agent_is_over_budget(tmp_path: Path) -> None:
    """Even if it takes the refusal for a success."""
    body = "try:\n    ask('x' * 200, 90000000)\nexcept Exception as why:\n    print(why)\n"
    big = body.replace("'x' * 200", "'x' * 9000000")
    with scripted(tmp_path, big) as stage:
        assert run(stage, tmp_path).state is State.OVER_BUDGET
        assert stage.provider.asked == []


@needs_lock
def test_another_version_is_not_run(tmp_path: Path) -> None:
    """A pin is exact."""
    with scripted(tmp_path, WRITES, version="1.2.4") as stage:
        with pytest.raises(ConfigError, match=r"it is not 1.2.4 but 'scripted 1.2.3'"):
            run(stage, tmp_path)
        assert stage.provider.asked == []


@needs_lock
def test_an_agent_that_fails_before_it_pays_ends_the_run_for_now(tmp_path: Path) -> None:
    """Its last words are shown, and the plan can be applied again."""
    with scripted(tmp_path, "print('no luck'); sys.exit(3)") as stage:
        with pytest.raises(NoAnswer, match=r"ended with 3: no luck"):
            run(stage, tmp_path)
        assert stage.moves == ["GENERATING"]


def test_where_there_is_no_lock_an_agent_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said why, and what to do."""
    monkeypatch.setattr(agents, "missing", lambda: "this kernel has no Landlock")
    with scripted(tmp_path, WRITES) as stage, pytest.raises(ConfigError, match="no Landlock"):
        run(stage, tmp_path)


def test_a_program_that_is_not_there_is_named() -> None:
    """Before anything is made."""
    with pytest.raises(ConfigError, match="no program 'nobody'"):
        [*homes_of("nobody", "/usr/bin")]


def test_what_belongs_to_a_program_is_little(tmp_path: Path) -> None:
    """All of its node_modules, or its environment; never the folder that it is in."""
    modules = tmp_path / "node_modules"
    (modules / "a" / "bin").mkdir(parents=True)
    (modules / ".bin").mkdir()
    script = modules / "a" / "bin" / "cli.js"
    script.write_text("#!/usr/bin/env sh\n", "utf-8")
    script.chmod(0o755)
    (modules / ".bin" / "it").symlink_to(script)
    (tmp_path / "plain").write_text("#!/bin/sh\n", "utf-8")
    (tmp_path / "plain").chmod(0o755)
    path = f"{modules / '.bin'}:{tmp_path}:/usr/bin:/bin"
    assert {modules} <= {*homes_of("it", path)}
    assert tmp_path not in {*homes_of("it", path)} | {*homes_of("plain", path)}
    assert tmp_path / "plain" in {*homes_of("plain", path)}


def test_a_snapshot_follows_no_link(tmp_path: Path) -> None:
    """And sees what differs: contents, kinds, rights; but for what tools leave behind."""
    (tmp_path / "a").write_text("x", "utf-8")
    before = snapshot(tmp_path)
    (tmp_path / "b").symlink_to("/etc")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a").write_text("y", "utf-8")
    assert changes(before, snapshot(tmp_path), "a") == ("b", "pipe")


def test_a_ref_keeps_a_candidate_of_a_plan() -> None:
    """One for each attempt."""
    assert ref_of("plan-1", 2) == "refs/monocyte/candidates/plan-1/2"
