"""The gate of journeys: the app's scenarios in front of the app as it runs, in a real process.

The judge is `monocyte test --e2e` on the base: it plays the base's scenarios and reads the answers
with the base's words, and the change runs in a process of its own behind HTTP. Both run apart from
everything else. Where words have changed, the scenarios are the change's own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import monocyte
from monocyte.genops.gates.apart import NOT_APART, run_apart
from monocyte.genops.gates.scenarios import local
from monocyte.genops.gates.scene import Scene, Unseen
from monocyte.genops.gates.verdict import Finding

__all__ = ["judge"]

PROGRAM = "import sys; sys.argv[0] = 'monocyte'; from monocyte.cli import main; main()"
PLAIN = "let the app start, answer and end as it did"


def judge(scene: Scene) -> Iterator[Finding]:
    """How every scenario of the app went.

    Raises:
        Unseen: processes cannot be run apart here.
    """
    app = scene.base if scene.keeps_words else scene.head
    wanted = [f"{it.name}.{name}" for it in app.journeys.values() for name in it.scenarios]
    if not wanted or not scene.cells:
        return
    said, why = _played(scene)
    if said is None:
        text = f"the app's scenarios came to no end: {why}"
        yield scene.found("journey-unheard", text, mend=PLAIN)
        return
    failed = {f"{it['cell']}.{it['scenario']}": it for it in said.get("failed", ())}
    passed = {f"{it['cell']}.{it['scenario']}" for it in said.get("traces", ())}
    for name in wanted:
        if name in failed:
            it = failed[name]
            error = str(it["error"])
            text = f"the scenario {name} fails end to end: {(error.splitlines() or [''])[0][:300]}"
            where = local(scene, str(it["where"]))
            yield scene.found("journey-failed", text, where=where, evidence=error, mend=PLAIN)
        elif name not in passed and not _has_rows(name, passed | failed.keys()):
            text = f"the scenario {name} was not played end to end"
            yield scene.found("journey-unheard", text, mend=PLAIN)


def _has_rows(name: str, played: set[str]) -> bool:
    stem = name.removesuffix("*]")
    return stem != name and any(it.startswith(stem) for it in played)


def _played(scene: Scene) -> tuple[dict[str, Any] | None, str]:
    """What the judge has said; or why it has not."""
    judging = scene.base_root if scene.keeps_words else scene.head_root
    options = ["--e2e", "--json", "--verbose", "--timeout", str(scene.limits.scenario)]
    command = [sys.executable, "-c", PROGRAM, "test", *options]
    command += ["--code", str(scene.head_root), str(judging)]
    try:
        done = run_apart(command, _environment(), BUSY * scene.limits.seconds)
    except subprocess.TimeoutExpired:
        return None, "it took too long"
    complaints = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode == NOT_APART:
        raise Unseen(complaints or "processes cannot be run apart here")
    try:
        said = json.loads(done.stdout)
    except ValueError:
        return None, (complaints.splitlines() or [f"it ended with {done.returncode}"])[-1][:500]
    if not isinstance(said, dict) or "error" in said:
        return None, str(said)[:500]
    return said, ""


BUSY = 4
"""By the clock, others compute, too."""


def _environment() -> dict[str, str]:
    """Nothing of ours but where we are: no keys, no proxies, no home."""
    places = [str(Path(monocyte.__file__).resolve().parents[1]), *sys.path]
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(filter(None, places))),
    }
