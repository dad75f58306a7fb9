"""The lab proves itself: everything it says is executed and can fail, and no mutant survives."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = (sys.executable, "-c", "from monocyte.cli import main; main()", "check", "--json")


@pytest.fixture(scope="module")
def report(lab_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the gate says of a fresh copy of the lab, on the day that its dates are true."""
    app = tmp_path_factory.mktemp("check") / "lab"
    shutil.copytree(lab_folder, app, ignore=shutil.ignore_patterns("data", ".monocyte"))
    command = (*COMMAND, "--all", "--today", "2026-12-01")
    done = subprocess.run(command, cwd=app, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.timeout(400)
def test_the_gate_is_open(report: dict[str, Any]) -> None:
    """No error, and no warning either."""
    assert report["findings"] == []
    assert report["left_out"] == []


@pytest.mark.timeout(400)
def test_everything_is_executed_and_can_fail(report: dict[str, Any]) -> None:
    """Every scenario, decision, runbook and picture; waivers stay exceptions."""
    counts = report["counts"]
    assert counts["executed"] == counts["artefacts"] > 80
    assert counts["cannot_fail"] == counts["survived"] == 0
    assert counts["mutants"] > 500
    assert counts["waived"] <= counts["mutants"] * 0.02
