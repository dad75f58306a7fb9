"""The environment that the benchmarks run in: the project's own lock, then the pinned peers on top.

It lives in `benchmarks/.venv` and is made again when a pin changes. A peer that cannot be
installed does not stop the others, but it is reported here and again in the table.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / "benchmarks" / ".venv"
PINS = (ROOT / "requirements.lock", ROOT / "benchmarks" / "peers.txt")


def ensure() -> Path:
    """The interpreter of a ready environment; made again when the pins or Python changed."""
    python = VENV / "bin" / "python"
    stamp = VENV / "benchmarks-ready"
    ready = python.exists() and stamp.exists() and stamp.read_text() == pinned()
    if not ready and make(python):
        stamp.write_text(pinned())
    return python


def pinned() -> str:
    """A digest of everything that decides what the environment holds."""
    parts = (sys.version.encode(), *(path.read_bytes() for path in PINS))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def make(python: Path) -> bool:
    """Bootstrap the project there and add the peers; False if some had to be left out."""
    shutil.rmtree(VENV, ignore_errors=True)
    wanted = os.environ | {"VENV": str(VENV), "PYTHON": sys.executable}
    if subprocess.run(("sh", "tools/bootstrap.sh"), cwd=ROOT, env=wanted, check=False).returncode:
        sys.exit("benchmarks: their environment could not be made; the reason is above")
    if install(python, PINS[1].read_text()):
        return True
    for pin in pins(PINS[1].read_text()):
        if not install(python, pin, "--no-deps"):
            print(f"!! NOT INSTALLED: {pin.split()[0]}", file=sys.stderr)
    return False


def install(python: Path, requirements: str, *options: str) -> bool:
    """Install these requirements, hashes checked; False when that fails."""
    tool = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    wanted = VENV / "wanted.txt"
    wanted.write_text(requirements)
    return (
        subprocess.run(
            (*tool, "--require-hashes", *options, "-r", str(wanted)), check=False
        ).returncode
        == 0
    )


def pins(requirements: str) -> Iterator[str]:
    """The requirements of a pinned file, each with its hashes."""
    block: list[str] = []
    for line in requirements.splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            if block:
                yield "\n".join(block)
            block = []
        if block or not line.startswith("#"):
            block.append(line)
    if block:
        yield "\n".join(block)
