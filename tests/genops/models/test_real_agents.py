"""Real coding agents against a provider on this machine, through the proxy, to a finished run.

They come from npm and PyPI, so these tests run where somebody has put them:

    npm install --prefix DIR @anthropic-ai/claude-code@2.1.197 @openai/codex@0.169.0
    python -m venv DIR/aider && DIR/aider/bin/pip install aider-chat==0.86.2
    MONOCYTE_AGENTS=DIR/node_modules/.bin:DIR/aider/bin python -m pytest -m agents

Without the variable they are skipped; with it, an agent that is missing is an error. Aider alone
may be missing: it brings a hundred distributions along.
"""

import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from monocyte.genops.metering.wires import Turn
from monocyte.genops.models import AGENTS, Agent, NoAnswer, Prompt, command
from tests.genops.provider import Act
from tests.genops.till import KEY, Closing, Till, till

WHERE = os.environ.get("MONOCYTE_AGENTS", "")
CODE = "print('a cell')\n"
ASKED = Prompt("You write Python.", (Turn("user", "Write cell.py."),))

pytestmark = [
    pytest.mark.agents,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not WHERE, reason="MONOCYTE_AGENTS says where they are; it is not set"),
]


class Kind(NamedTuple):
    """What is particular about an agent, beside its recipe."""

    wire: str
    model: str
    tool: str
    """What it calls to write a file; nothing, if it reads that from the answer."""

    def acts(self, tree: Path) -> tuple[Act, ...]:
        """A provider that has the file written, then is done."""
        if not self.tool:
            edit = f"<<<<<<< SEARCH\n=======\n{CODE}>>>>>>> REPLACE"
            return (Act(f"It is written.\n\ncell.py\n```python\n{edit}\n```\n"),)
        given = {
            "Write": {"file_path": str(tree / "cell.py"), "content": CODE},
            "exec_command": {"cmd": f'printf "%s\\n" "{CODE.strip()}" > cell.py'},
        }[self.tool]
        return Act("I write it.", tools=((self.tool, given),)), Act("It is written.")


KINDS = {
    "claude": Kind("messages", "claude-haiku-4-5-20251001", "Write"),
    "codex": Kind("responses", "gpt-5.4-2026-03-05", "exec_command"),
    "aider": Kind("chat", "gpt-4o-2024-08-06", ""),
}
EVERY = pytest.mark.parametrize("name", KINDS)


def agent(name: str, it: Till, tree: Path, home: Path) -> Agent:
    """The agent at the till, with an empty home."""
    if name == "aider" and not shutil.which(name, path=WHERE):
        pytest.skip(f"aider is not in {WHERE}")
    assert shutil.which(name, path=WHERE), f"{name} is not in {WHERE}"
    node = Path(shutil.which("node") or "node").parent
    tree.mkdir(parents=True)
    path = f"{WHERE}:{node}:/usr/bin:/bin"
    made = command(AGENTS[name], KINDS[name].model, it.seat, tree, home, path)
    return Agent(made, timeout=100)


def closing(name: str, **more: Any) -> Closing:
    """A till with the agent's model."""
    kind = KINDS[name]
    return Closing(cap="9.00", output=8000, models={kind.wire: kind.model})._replace(**more)


@EVERY
def test_an_agent_works_through_the_proxy_and_is_played_back_elsewhere(
    name: str, tmp_path: Path
) -> None:
    """Every call is settled; then the same again from the cassette, in another directory."""
    tree, home, takes = tmp_path / "tree", tmp_path / "home", tmp_path / "takes"
    heard: list[str] = []
    recording = closing(name, cassette=takes, places=(tree, home))
    acts = KINDS[name].acts(tree)
    with till(*acts, how=recording) as it:
        answer = agent(name, it, tree, home).ask(ASKED, heard.append)
    assert (tree / "cell.py").read_text() == CODE
    assert "It is written." in answer.text
    assert [settled.ending for settled in it.settlements] == ["answered"] * len(acts)
    _assert_hidden(it, [home, takes], "".join(heard))

    tree, home = tmp_path / "else" / "where", tmp_path / "another-home"
    with till(how=closing(name, playing=takes, places=(tree, home))) as it:
        agent(name, it, tree, home).ask(ASKED, heard.append)
    assert (tree / "cell.py").read_text() == CODE
    assert it.provider.asked == []


@EVERY
def test_an_agent_stops_at_the_first_refusal(name: str, tmp_path: Path) -> None:
    """Without money nothing is asked, and it does not insist."""
    with till(how=closing(name, cap="0.001")) as it:
        said = refused(agent(name, it, tmp_path / "tree", tmp_path / "home"))
    assert "may cost" in said
    assert it.provider.asked == []


@EVERY
def test_an_agent_cannot_reach_a_model_that_is_not_pinned(name: str, tmp_path: Path) -> None:
    """Not even for side errands."""
    other = closing(name, models={KINDS[name].wire: "another-model"})
    with till(how=other) as it:
        said = refused(agent(name, it, tmp_path / "tree", tmp_path / "home"))
    assert "not pinned" in said
    assert it.provider.asked == []


def refused(it: Agent) -> str:
    """What an agent says that is refused; some take that for a success."""
    try:
        return " ".join(it.ask(ASKED, _nobody).text.split())
    except NoAnswer as why:
        return str(why)


def _assert_hidden(it: Till, places: list[Path], text: str) -> None:
    """The key reached the provider, and neither the agent nor anything that stays."""
    assert all(KEY in str(asked.headers) for asked in it.provider.asked)
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    assert KEY not in text
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def _nobody(piece: str) -> None:
    pass
