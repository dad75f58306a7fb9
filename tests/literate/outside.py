"""A pytest of its own, as a user runs it: it finds the plugin by its entry point."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
INFO = {
    "METADATA": "Metadata-Version: 2.1\nName: monocyte-here\nVersion: 0\n",
    "entry_points.txt": "[pytest11]\nmonocyte = pytest_monocyte\n",
}


class Ran:
    """What a pytest has printed, and how it ended."""

    def __init__(self, run: "subprocess.CompletedProcess[str]") -> None:
        self.code = run.returncode
        self.text = run.stdout + run.stderr

    @property
    def items(self) -> list[str]:
        """The items with their results, in order; of workers, the results before the items."""
        line = r"^(?:\[gw\d\].*?%\] )?(\S+::\S+ [A-Z]+|[A-Z]+ \S+::\S+)"
        return re.findall(line, self.text, re.MULTILINE)


def run_pytest(at: Path, *arguments: str) -> Ran:
    """Run pytest in a directory, with a site that says which plugin there is."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", *arguments]
    with tempfile.TemporaryDirectory() as site:
        info = Path(site) / "monocyte_here-0.dist-info"
        info.mkdir()
        for name, text in INFO.items():
            (info / name).write_text(text)
        run = subprocess.run(
            command,
            cwd=at,
            env=kept | {"PYTHONPATH": os.pathsep.join((str(ROOT / "src"), site))},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    return Ran(run)
