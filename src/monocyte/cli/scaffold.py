"""`new`: a working app with one cell and its scenario."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path

import click

from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, say
from monocyte.errors import ConfigError

__all__ = ["new"]

SETTINGS = """\
# The settings of {name}; docs/configuration.md of monocyte has them all.

[app]
name = "{name}"
cells = "{package}" # the package beside this file; each of its modules that defines `cell` is one

[gateway]
host = "127.0.0.1"
port = 8420

[journal]
path = "data/journal.db"
"""

NEXT = """\
  cd {root}
  monocyte check        # its rules, picture, scenarios, decision and runbook, and what they prove
  monocyte run          # and then, in another terminal, with the key that it shows:
  export MONOCYTE_KEY=mono_…
  monocyte send todo.Promise '{{"text": "water the plants"}}'
  monocyte ask todo.ListOpen"""

REVIEW = "2028-01-01"
"""The date in the template, for which that in a year is written."""

IGNORED = """\
.monocyte/
data/
site/
__pycache__/
"""


@click.command(short_help="Make a working app with one cell.")
@click.argument("name")
@json_option
@failing
def new(name: str, as_json: bool) -> None:
    """Make the directory NAME with an app in it: settings, one cell, and its scenario."""
    root = Path(name)
    app = root.name
    package = app.replace("-", "_")
    if root.exists():
        raise ConfigError(f"{root} is there already", mend="give another name")
    _refuse_name(app, package)
    template = files("monocyte.cli.template")
    cell = template.joinpath("todo.py").read_text(encoding="utf-8")
    cell = cell.replace(REVIEW, f"{datetime.now(UTC).date() + timedelta(days=365)}")
    made = {
        "monocyte.toml": SETTINGS.format(name=app, package=package),
        "rules.lock": template.joinpath("rules.lock").read_text(encoding="utf-8"),
        ".gitignore": IGNORED,
        f"{package}/__init__.py": f'"""The cells of {app}."""\n',
        f"{package}/todo.py": cell,
    }
    for file, content in made.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    if as_json:
        print_json({"app": app, "files": [str(root / file) for file in made]})
        return
    say(f"{root} is an app with one cell, {package}/todo.py. Go on with:")
    say(NEXT.format(root=root))


def _refuse_name(app: str, package: str) -> None:
    """Refuse what Python or the settings could not take as a name."""
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", app) or iskeyword(package):
        raise ConfigError(
            f"{app!r} is no name for an app", mend="use a-z, 0-9, - and _, a letter first"
        )
    if find_spec(package) is not None:
        raise ConfigError(
            f"Python has a package {package!r} already", mend=f"give another name: my-{app}"
        )
