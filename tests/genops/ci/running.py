"""Runs the jobs of a pipeline as its host would: each step as it is written, in a fresh clone.

Only what our pipelines use is known; whatever else stands in one is an error of the test. What is
installed by them is what is tested: `pip install` is checked, and not done.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*([^}]*?)\s*\}\}")

PYTHON = """#!/bin/sh
if [ "$1 $2 $3" = "-m pip install" ]; then
    [ "$5" = "monocyte[genops]=={version}" ] && exit 0
    echo "what would be installed is not what is tested: $*" >&2
    exit 1
fi
exec "{python}" "$@"
"""


@dataclass
class Ran:
    """What became of a job."""

    ok: bool = True
    said: str = ""
    """Everything that was printed."""
    steps: list[str] = field(default_factory=list)
    """The names of the steps that were run."""
    summary: str = ""


class Runner:
    """A machine that is fresh for each job, with one repository to clone from."""

    def __init__(self, origin: Path, home: Path) -> None:
        self.origin = origin
        self.home = home
        self.artefacts = home / "artefacts"
        self.more: dict[str, str] = {}
        """What else the host tells every job."""
        self._jobs = 0

    def github(self, workflow: Path, job: str, context: Mapping[str, str]) -> Ran:
        """Run a job of a workflow; `context` are the values of expressions, by their names."""
        told = yaml.safe_load(workflow.read_text("utf-8"))
        shell = told["defaults"]["run"]["shell"]
        assert shell == "bash"
        wanted = told["jobs"][job]
        machine = self._machine()
        known = {**context, "runner.temp": str(machine / "temp")}
        environment = self._environment(machine)
        for level in (told, wanted):
            environment |= {name: _filled(it, known) for name, it in level.get("env", {}).items()}
        ran = Ran()
        for step in wanted["steps"]:
            ran.steps.append(step.get("name") or step["uses"].partition("@")[0])
            own = {name: _filled(it, known) for name, it in step.get("env", {}).items()}
            if "uses" in step:
                self._use(step, known, machine)
            elif not self._run(step["run"], machine, environment | own, ran):
                ran.ok = False
                break
            environment |= _pairs(machine / "env")
        ran.summary = (machine / "summary").read_text("utf-8")
        return ran

    def gitlab(self, pipeline: Path, job: str, variables: Mapping[str, str], ref: str) -> Ran:
        """Run a job of a pipeline on a branch or commit."""
        told = yaml.safe_load(pipeline.read_text("utf-8"))
        wanted = {**told[told[job]["extends"]], **told[job]}
        base = told[told[job]["extends"]].get("variables", {})
        machine = self._machine()
        own = {**base, **told[job].get("variables", {})}
        environment = self._environment(machine) | {k: str(v) for k, v in own.items()}
        work = machine / "work"
        if own.get("GIT_STRATEGY") == "none":
            work.mkdir()
        else:
            self._clone(work, ref)
        if needs := wanted.get("needs"):
            for it in needs:
                if (kept := self.artefacts / it.replace(":", "-")).exists():
                    shutil.copytree(kept, work, dirs_exist_ok=True)
        ran = Ran()
        script = "\n".join([*wanted["before_script"], *wanted["script"]])
        ran.ok = self._run(script, machine, environment | dict(variables), ran)
        for name in wanted.get("artifacts", {}).get("paths", ()):
            shutil.copytree(work / name, self.artefacts / job.replace(":", "-") / name)
        return ran

    # -- one machine -------------------------------------------------------------------------------

    def _machine(self) -> Path:
        self._jobs += 1
        machine = self.home / f"job-{self._jobs}"
        for name in ("temp", "bin", "home"):
            (machine / name).mkdir(parents=True)
        for name in ("env", "summary"):
            (machine / name).write_text("", "utf-8")
        text = PYTHON.replace("{version}", version("monocyte")).replace("{python}", sys.executable)
        (machine / "bin" / "python").write_text(text, "utf-8")
        (machine / "bin" / "python").chmod(0o755)
        return machine

    def _environment(self, machine: Path) -> dict[str, str]:
        """Nothing of the host's but where its programs are."""
        installed = Path(sys.executable).parent
        kept = {k: os.environ[k] for k in ("PYTHONPATH", "LANG") if k in os.environ}
        return (
            kept
            | self.more
            | {
                "PATH": f"{machine / 'bin'}:{installed}:{os.environ['PATH']}",
                "HOME": str(machine / "home"),
                "RUNNER_TEMP": str(machine / "temp"),
                "GITHUB_ENV": str(machine / "env"),
                "GITHUB_STEP_SUMMARY": str(machine / "summary"),
            }
        )

    def _run(self, script: str, machine: Path, environment: dict[str, str], ran: Ran) -> bool:
        work = machine / "work"
        work.mkdir(exist_ok=True)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=work,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        ran.said += done.stdout
        return done.returncode == 0

    def _use(self, step: dict[str, Any], known: Mapping[str, str], machine: Path) -> None:
        action, _, pinned = step["uses"].partition("@")
        assert re.fullmatch("[0-9a-f]{40}", pinned), f"{action} is not pinned by its commit"
        more = {name: _filled(str(it), known) for name, it in step.get("with", {}).items()}
        match action:
            case "actions/checkout":
                assert more["fetch-depth"] == "0"
                self._clone(machine / "work", more["ref"])
            case "actions/setup-python":
                assert re.fullmatch(r"3\.\d+", more["python-version"])
            case "actions/upload-artifact":
                shutil.copytree(more["path"], self.artefacts / more["name"])
            case "actions/download-artifact":
                shutil.copytree(self.artefacts / more["name"], more["path"])
            case _:
                raise AssertionError(f"nobody knows what {action} does")

    def _clone(self, to: Path, ref: str) -> None:
        subprocess.run(["git", "clone", "-q", str(self.origin), str(to)], check=True)
        branch = ref.removeprefix("refs/heads/")
        subprocess.run(["git", "-C", str(to), "checkout", "-q", branch], check=True)


def _filled(text: Any, known: Mapping[str, str]) -> str:
    """A value with its expressions filled in; raises KeyError for one that nobody knows."""
    return EXPRESSION.sub(lambda it: known[it[1]], str(text))


def _pairs(file: Path) -> dict[str, str]:
    rows = file.read_text("utf-8").splitlines()
    return dict(row.split("=", 1) for row in rows)
