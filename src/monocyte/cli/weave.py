"""`weave`: the app as a site, for whoever approves and operates it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monocyte.cli.places import app_option, open_app
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import counted, failing, json_option, note, say

if TYPE_CHECKING:
    from monocyte.literate.weave import Woven

__all__ = ["weave"]


@click.command(short_help="Write the app as a site that works offline.")
@app_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where to write it: a directory of its own.  [default: site, in the app]",
)
@json_option
@failing
def weave(app_path: Path | None, out: Path | None, as_json: bool) -> None:
    """Write a static site of the app: every cell, what it promises, and what shows that it holds.

    It works from a folder, without a server, and refers to nothing outside. What has not changed is
    not written again; files that are not of the site are never touched. It shows what the last
    `monocyte check` has seen, and says where that is out of date. Ends with 2 if a cell does not
    load: the site then has the others, and says so.
    """
    from monocyte.literate.keeping import Keeper
    from monocyte.literate.weave import Inputs
    from monocyte.literate.weave import weave as write

    app = open_app(app_path, tolerant=True)
    package = app.root.joinpath(*app.settings.app.cells.split("."))
    record = Keeper(app.root).record()
    name = app.settings.app.name
    inputs = Inputs(name, package, app.cells, app.journeys, record, app.faults)
    folder = out or app.root / "site"
    woven = write(inputs, folder)
    if as_json:
        print_json({"site": str(folder / "index.html"), **woven._asdict()})
    else:
        _report(woven, folder)
    if app.faults:
        note(f"{counted(len(app.faults), 'fault')}: not everything loads; see `monocyte cells`")
        raise SystemExit(2)


def _report(woven: Woven, folder: Path) -> None:
    say(str(folder / "index.html"))
    written = counted(len(woven.written), "file")
    note(f"{written} written, {len(woven.unchanged)} unchanged, {len(woven.removed)} removed")
    for path in woven.foreign:
        note(f"{folder / path} is of no cell any more, but was changed by somebody: left alone")
