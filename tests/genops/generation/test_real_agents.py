"""Real coding agents, locked in, against a provider on this machine, to a judged candidate.

See tests/genops/models/test_real_agents.py for how they are installed; without MONOCYTE_AGENTS
these tests are skipped.
"""

import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from monocyte.genops.applying import Applying
from monocyte.genops.candidates import ref_of
from monocyte.genops.gates.judging import judge
from monocyte.genops.generation.locked import missing
from monocyte.genops.ledger.entries import Settlement
from tests.genops.generation.stage import GOOD, KEY, staged
from tests.genops.ledger.facts import git
from tests.genops.provider import Act

WHERE = os.environ.get("MONOCYTE_AGENTS", "")

pytestmark = [
    pytest.mark.agents,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not WHERE, reason="MONOCYTE_AGENTS says where they are; it is not set"),
    pytest.mark.skipif(bool(missing()), reason=f"no lock here: {missing()}"),
]

BELOW = r"    SHORT.require(len(it.name) <= 40)\n&"
EDIT = f"sed -i 's/^    ONCE.require(it.name not/{BELOW}/' shop/people.py"
LOOK = "cat ~/.ssh/id_* /root/.ssh/id_* /etc/shadow; ls /home /root"


class Kind(NamedTuple):
    """What is particular about an agent."""

    wire: str
    model: str
    version: str

    def does(self, command: str) -> Act:
        """A provider that has a command run."""
        if self.wire == "messages":
            given: dict[str, Any] = {"command": command, "description": "edit"}
            return Act("I do it.", tools=(("Bash", given),))
        return Act("I do it.", tools=(("exec_command", {"cmd": command}),))


KINDS = {
    "claude": Kind("messages", "claude-haiku-4-5-20251001", "2.1.197"),
    "codex": Kind("responses", "gpt-5.4-2026-03-05", "0.169.0"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_real_agent_comes_to_a_judged_candidate(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks for keys, finds none, edits its file, and the gates judge what it left."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    kind = KINDS[name]
    pin = f'way = "agent"\ncommand = ["{name}"]\nversion = "{kind.version}"\n'
    acts = (kind.does(LOOK), kind.does(EDIT), Act("It is written."))
    how: dict[str, Any] = {"wire": kind.wire, "pin": pin, "model": kind.model}
    with staged(tmp_path, *acts, **how, attempts=1) as stage:
        node = Path(shutil.which("node") or "node").parent
        applying = Applying(
            stage.desk(),
            judge,
            hears=stage.steps.append,
            environment={"THE_KEY": KEY, "PATH": f"{WHERE}:{node}:/usr/bin:/bin"},
        )
        outcome = applying.run(stage.plan.id)
        assert stage.moves[:3] == ["GENERATING", "CANDIDATE", "GATED"], stage.said
        written = git("show", f"{ref_of(stage.plan.id, 1)}:shop/people.py", cwd=stage.root)
        assert written == GOOD.rstrip("\n")
        assert outcome.verdict is not None
        settled = [it for it in stage.facts if isinstance(it, Settlement)]
        assert [it.ending for it in settled] == ["answered"] * 3
        looked = str(stage.provider.asked[1].body)
        assert "Permission denied" in looked
        assert "PRIVATE KEY" not in looked
