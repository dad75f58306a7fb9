"""`cells`: what there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monocyte.cli.places import app_option, open_app
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, fault_lines, json_option, note, table

if TYPE_CHECKING:
    from monocyte.cell import Manifest

__all__ = ["cells"]


@click.command(short_help="List the cells, and what is wrong with them.")
@app_option
@json_option
@failing
def cells(app_path: Path | None, as_json: bool) -> None:
    """List the cells of an app: what they answer, emit, follow, and which rules they keep.

    Ends with 2 if a cell is not well formed, and says where.
    """
    app = open_app(app_path, tolerant=True)
    shown = [_described(manifest) for manifest in app.cells]
    if as_json:
        faults = [{"where": f.where, "message": f.message, "mend": f.mend} for f in app.faults]
        print_json({"app": app.settings.app.name, "cells": shown, "faults": faults})
    else:
        names = ("cell", "commands", "queries", "events", "reacts to", "rules", "scenarios")
        keys = ("name", "commands", "queries", "events", "reacts_to", "rules", "scenarios")
        table(names, [[_few(cell[key]) for key in keys] for cell in shown])
        for fault in app.faults:
            for line in fault_lines(fault):
                note(line)
    if app.faults:
        raise SystemExit(2)


def _described(manifest: Manifest) -> dict[str, Any]:
    handlers = manifest.handlers.values()
    return {
        "name": manifest.name,
        "purpose": manifest.purpose.splitlines()[0].lstrip("# ") if manifest.purpose else "",
        "file": manifest.file,
        "release": manifest.release,
        "commands": [h.message.__name__ for h in handlers if h.is_command],
        "queries": [h.message.__name__ for h in handlers if not h.is_command],
        "events": [event.__name__ for event in manifest.evolvers],
        "reacts_to": [f"{r.source}.{r.event.__name__}" for r in manifest.reactions.values()],
        "timers": list(manifest.timers),
        "rules": list(manifest.rules),
        "scenarios": len(manifest.scenarios),
    }


def _few(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
