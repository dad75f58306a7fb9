"""An agent is a command that is given a prompt, a proxy, and nothing else."""

import sys
from pathlib import Path

import pytest

from monocyte.genops.metering import Seat
from monocyte.genops.metering.wires import Turn
from monocyte.genops.models import AGENTS, Agent, NoAnswer, Prompt, Recipe, command
from monocyte.genops.models.agent import TAIL

SEAT = Seat("http://127.0.0.1:9", "the-token")
ASKED = Prompt("You write cells.", (Turn("user", "Write one."),))


def agent(tmp_path: Path, code: str, timeout: float = 30) -> Agent:
    """An agent in Python."""
    recipe = Recipe((sys.executable, "-c", code, "{model}"), {"URL": "{url}", "KEY": "{token}"}, ())
    worktree = tmp_path / "tree"
    worktree.mkdir(exist_ok=True)
    made = command(recipe, "m-1", SEAT, worktree, tmp_path / "home", "/usr/bin:/bin")
    return Agent(made, timeout=timeout)


def test_an_agent_reads_its_prompt_and_works_in_its_directory(tmp_path: Path) -> None:
    """What it prints is heard, and is the answer."""
    code = "import sys; open('cell.py', 'w').write(sys.argv[1]); print(sys.stdin.read())"
    heard: list[str] = []
    answer = agent(tmp_path, code).ask(ASKED, heard.append)
    assert "Write one." in answer.text
    assert "".join(heard) == answer.text
    assert (tmp_path / "tree" / "cell.py").read_text() == "m-1"


def test_an_agent_has_nothing_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not our keys, not our home: what the recipe says, and what a program cannot do without."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real")
    code = "import os; print(sorted(n for n in os.environ if n != 'LC_CTYPE'), os.environ['KEY'])"
    text = agent(tmp_path, code).ask(ASKED, _nobody).text
    assert text == f"{['HOME', 'KEY', 'LANG', 'PATH', 'TMPDIR', 'URL']} the-token\n"


FAILS = {
    "fails": ("import sys; print('no money'); sys.exit(3)", "ended with 3: no money"),
    "is killed": ("import os; os.kill(os.getpid(), 9)", "ended with -9"),
}


@pytest.mark.parametrize(("code", "why"), FAILS.values(), ids=FAILS)
def test_an_agent_that_fails_has_not_answered(code: str, why: str, tmp_path: Path) -> None:
    """And the error has its last words."""
    with pytest.raises(NoAnswer, match=why):
        agent(tmp_path, code).ask(ASKED, _nobody)


def test_an_agent_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """With what to do."""
    made = command(Recipe(("no-such",), {}, ()), "m", SEAT, tmp_path, tmp_path, "/usr/bin")
    with pytest.raises(NoAnswer, match="install it"):
        Agent(made, timeout=9).ask(ASKED, _nobody)


def test_an_agent_that_takes_too_long_ends_with_all_it_has_started(tmp_path: Path) -> None:
    """Its children, too: what they print is listened to until the last of them is gone."""
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "time.sleep(60)"
    )
    with pytest.raises(NoAnswer, match="-9"):
        agent(tmp_path, code, timeout=0.5).ask(ASKED, _nobody)


def test_interrupting_us_ends_the_agent(tmp_path: Path) -> None:
    """Ctrl-C costs nothing more."""

    def interrupt(piece: str) -> None:
        raise KeyboardInterrupt

    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with pytest.raises(KeyboardInterrupt):
        agent(tmp_path, code).ask(ASKED, interrupt)


def test_only_the_last_of_much_output_is_kept(tmp_path: Path) -> None:
    """An agent that chatters fills no memory."""
    answer = agent(tmp_path, f"print('x' * {TAIL * 3} + 'end')").ask(ASKED, _nobody)
    assert len(answer.text) == TAIL
    assert answer.text.endswith("end\n")


@pytest.mark.parametrize("name", AGENTS)
def test_every_recipe_leads_to_the_proxy(name: str, tmp_path: Path) -> None:
    """With the token where a key would be, and no placeholder left."""
    made = command(AGENTS[name], "m-1", SEAT, tmp_path, tmp_path / "home", "/usr/bin")
    said = " ".join((*made.words, *made.environment.values()))
    assert "http://127.0.0.1:9" in said
    assert "the-token" in said
    assert "m-1" in said
    assert not [p for p in ("{url}", "{token}", "{model}", "{home}", "{prompt}") if p in said]
    assert AGENTS[name].version[0] == made.words[0]


def test_the_token_is_in_no_command_line(tmp_path: Path) -> None:
    """Where every process of the machine could read it."""
    for recipe in AGENTS.values():
        made = command(recipe, "m", SEAT, tmp_path, tmp_path, "")
        assert not any("the-token" in word for word in made.words)


def _nobody(piece: str) -> None:
    pass
