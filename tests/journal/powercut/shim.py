"""Compiling the shim, and the environment that preloads it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("shim.c")


def compiled(directory: Path) -> Path:
    """The shim as a shared object; without a C compiler the test is skipped, in CI it fails."""
    if not sys.platform.startswith("linux"):
        pytest.skip("power cuts are simulated by a preloaded library, which is written for Linux")
    compiler = shutil.which("cc")
    if compiler is None:
        why = "power cuts are simulated by a preloaded library: it takes a C compiler, cc"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{why}; in CI this must not be skipped")
        pytest.skip(why)
    target = directory / "shim.so"
    options = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run(
        [compiler, *options, "-o", str(target), str(SOURCE), "-ldl", "-lpthread"], check=True
    )
    return target


def recording(shim: Path, root: Path, log: Path) -> dict[str, str]:
    """The environment of a process whose writes under `root` are recorded in `log`."""
    return os.environ | {
        "LD_PRELOAD": str(shim),
        "MONOCYTE_SHIM_ROOT": str(root),
        "MONOCYTE_SHIM_LOG": str(log),
    }


def delaying(shim: Path, microseconds: int) -> dict[str, str]:
    """The environment of a process each of whose syncs takes so much longer."""
    return os.environ | {"LD_PRELOAD": str(shim), "MONOCYTE_SHIM_DELAY": str(microseconds)}
