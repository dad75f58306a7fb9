"""Which PyPI packages the semantic diff is measured on, and how they get here.

TUNING is what one may look at while writing rules. HELD_OUT is for measuring: whoever changes a
rule because of what it showed there must say so, and move that package to TUNING. Nothing of them
is ever committed: they are fetched as pinned, and kept outside the checkout.
"""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

TUNING = (
    *("attrs==25.3.0", "click==8.1.8", "jinja2==3.1.6", "more-itertools==10.7.0", "toolz==1.0.0"),
    *("requests==2.32.4", "tomlkit==0.13.3", "markdown-it-py==3.0.0", "packaging==25.0"),
    *("pluggy==1.6.0", "flask==3.1.1", "itsdangerous==2.2.0", "sqlparse==0.5.3"),
    *("tabulate==0.9.0", "pyparsing==3.2.3", "httpcore==1.0.9", "h11==0.16.0"),
    *("starlette==0.47.1", "tenacity==9.1.2", "sortedcontainers==2.4.0"),
    *("python-dateutil==2.9.0.post0", "mako==1.3.10", "marshmallow==4.0.0", "parso==0.8.4"),
    "httpx==0.28.1",
)
VARIED = (
    *("bottle==0.13.4", "invoke==2.2.0", "prettytable==3.16.0", "loguru==0.7.3"),
    *("decorator==5.2.1", "pycparser==2.22", "pycodestyle==2.14.0", "webob==1.8.9"),
    *("wtforms==3.2.1", "pyjwt==2.10.1", "zipp==3.23.0", "cachetools==6.1.0"),
    *("construct==2.10.70", "cmd2==2.6.1", "dnspython==2.7.0"),
)
"""To be looked at, too: packages that read their own documentation, print tracebacks, hold others,
import in a circle or with stars, of which the first set has little."""
HELD_OUT = (
    *("arrow==1.3.0", "bleach==6.2.0", "humanize==4.12.3", "inflection==0.5.1", "isodate==0.7.2"),
    *("schema==0.7.7", "tinydb==4.8.2", "urllib3==2.5.0", "wcwidth==0.2.13", "xmltodict==0.14.2"),
    *("blinker==1.9.0", "cssselect==1.3.0", "deepdiff==8.5.0", "filelock==3.18.0", "funcy==2.0"),
    *("hpack==4.1.0", "hyperframe==6.1.0", "idna==3.10", "markdown==3.8.2", "mistune==3.1.3"),
    *("pathspec==0.12.1", "platformdirs==4.3.8", "pyasn1==0.6.1", "pyflakes==3.4.0"),
    *("pyrsistent==0.20.0", "python-slugify==8.0.4", "structlog==25.4.0", "termcolor==3.1.0"),
)
GLIMPSED = (
    *("anyio==4.9.0", "babel==2.17.0", "beautifulsoup4==4.13.4", "bidict==0.23.1"),
    *("boltons==25.0.0", "cerberus==1.3.7", "feedparser==6.0.11", "jmespath==1.0.1"),
    *("jsonschema==4.24.0", "lark==1.2.2", "natsort==8.4.0", "oauthlib==3.3.1", "ply==3.11"),
    *("pydash==8.0.5", "simpleeval==1.0.3", "tqdm==4.67.1", "voluptuous==0.15.2"),
    "werkzeug==3.1.3",
)
"""Not tuned on, but not held out either: whoever wrote the guards has seen a list of the lines in
them that hold words of readers, before the rules were done."""


def home() -> Path:
    """Where corpora are kept: $MONOCYTE_CORPORA, or the cache directory."""
    given = os.environ.get("MONOCYTE_CORPORA")
    return Path(given) if given else Path.home() / ".cache" / "monocyte" / "corpora"


def fetch(requirement: str) -> Path:
    """The directory that holds a package's Python files, downloaded once."""
    folder = home() / "packages" / requirement.replace("==", "-")
    if not folder.is_dir():
        wheels = home() / "wheels" / requirement
        _download(requirement, wheels, "--only-binary")
        with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
            wheel.extractall(folder)  # noqa: S202 - a wheel, as pinned
    return folder


def sdist(requirement: str) -> Path:
    """The unpacked sdist of a package, downloaded once: that is where its tests are."""
    folder = home() / "sdists" / requirement.replace("==", "-")
    if not folder.is_dir():
        held = folder.with_name("archives") / requirement
        _download(requirement, held, "--no-binary")
        with tarfile.open(next(held.glob("*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def _download(requirement: str, folder: Path, kind: str) -> None:
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", kind, ":all:"]
    subprocess.run([*command, "-d", str(folder), requirement], check=True)


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
