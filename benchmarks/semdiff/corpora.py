"""Which PyPI packages the semantic diff is measured on, and how they get here.

TUNING is what one may look at while writing rules. HELD_OUT is for measuring: whoever changes a
rule because of what it showed there must say so, and move that package to TUNING. Nothing of them
is ever committed: they are fetched as pinned, and kept outside the checkout.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

TUNING = (
    "attrs==25.3.0",
    "click==8.1.8",
    "jinja2==3.1.6",
    "more-itertools==10.7.0",
    "toolz==1.0.0",
)
HELD_OUT = (
    *("requests==2.32.4", "tomlkit==0.13.3", "markdown-it-py==3.0.0", "packaging==25.0"),
    *("pluggy==1.6.0", "flask==3.1.1", "itsdangerous==2.2.0", "sqlparse==0.5.3"),
    *("tabulate==0.9.0", "pyparsing==3.2.3", "httpcore==1.0.9", "h11==0.16.0"),
    *("starlette==0.47.1", "tenacity==9.1.2", "sortedcontainers==2.4.0"),
    *("python-dateutil==2.9.0.post0", "mako==1.3.10", "marshmallow==4.0.0", "parso==0.8.4"),
    "httpx==0.28.1",
)
FRESH = (
    *("urllib3==2.5.0", "werkzeug==3.1.3", "anyio==4.9.0", "cachetools==6.1.0", "boltons==25.0.0"),
    "networkx==3.5",
)
"""Held out as well, and not looked at when HELD_OUT was first measured: for the next time."""


def home() -> Path:
    """Where corpora are kept: $MONOCYTE_CORPORA, or the cache directory."""
    given = os.environ.get("MONOCYTE_CORPORA")
    return Path(given) if given else Path.home() / ".cache" / "monocyte" / "corpora"


def fetch(requirement: str) -> Path:
    """The directory that holds a package's Python files, downloaded once."""
    folder = home() / "packages" / requirement.replace("==", "-")
    if not folder.is_dir():
        wheels = home() / "wheels" / requirement
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary",
            ":none:",
        ]
        only = ["--only-binary", ":all:", "-d", str(wheels), requirement]
        subprocess.run([*command, *only], check=True)
        with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
            wheel.extractall(folder)
    return folder


def python_files(folder: Path) -> dict[str, str]:
    """Every module of a package that this Python can compile, by path."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        text = path.read_bytes().decode("utf-8", "replace")
        try:
            compile(text, str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            continue
        found[path.relative_to(folder).as_posix()] = text
    return found
