"""`pins`: the models that are pinned, and what is to be said of them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from monocyte.cli.check import COLOURS, Day
from monocyte.cli.places import app_option
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import counted, failing, json_option, say

__all__ = ["pins"]


@click.group()
def pins() -> None:
    """Look at the models that are pinned in monocyte.toml."""


@pins.command("audit", short_help="Warn of models that retire, or that nobody can price.")
@click.option("--today", type=Day(), help="Judge as on this day.  [default: today]")
@app_option
@json_option
@failing
def audit(today: date | None, app_path: Path | None, as_json: bool) -> None:
    """Audit every pin: when its model retires, whether its price is known.

    A retirement is warned of ninety days ahead. Ends with 1 if a pin cannot be used. An alias, or
    an ID without a date, is refused wherever the settings are read.
    """
    from monocyte.genops.pins import audit as audit_pins
    from monocyte.genops.pins import read_regeneration
    from monocyte.runtime import find_root

    settings = read_regeneration(find_root(app_path or Path.cwd()))
    day = today or datetime.now().astimezone().date()
    found = list(audit_pins(settings, day))
    errors = sum(it.severity == "error" for it in found)
    if as_json:
        print_json({"pins": sorted(settings.pins), "findings": [it._asdict() for it in found]})
    else:
        for it in found:
            severity = click.style(f"{it.severity}:", fg=COLOURS[it.severity], bold=True)
            say(f"{it.where}: {severity} {it.message} [{it.pin}]\n  what to do: {it.mend}")
        warnings = sum(it.severity == "warning" for it in found)
        counts = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
        say(f"{counted(len(settings.pins), 'pin')}: {counts}")
    if errors:
        raise SystemExit(1)
