"""`picture`: what leads to what, in a cell or between the cells, as its code has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monocyte.cli.places import app_option, complete_cell, open_app, refuse_unknown
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, note, say

if TYPE_CHECKING:
    from monocyte.cell import Manifest

__all__ = ["picture"]


@click.command(short_help="Draw what leads to what: in a cell, or between the cells.")
@click.argument("cell", required=False, shell_complete=complete_cell())
@click.option(
    "--svg",
    "svg_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a drawing to this file, for a browser.",
)
@click.option("--mermaid", is_flag=True, help="Print Mermaid text, for tools that draw it.")
@click.option("--narrow", is_flag=True, help="With --svg: as a list, for a phone.")
@app_option
@json_option
@failing
def picture(
    cell: str | None,
    svg_path: Path | None,
    mermaid: bool,
    narrow: bool,
    app_path: Path | None,
    as_json: bool,
) -> None:
    """Print the picture of CELL as its code has it; without CELL, the map of the app.

    The text is what belongs into cell.picture(…), or app.picture(…); `monocyte check` compares the
    two, and `monocyte check --fix` puts it there.
    """
    app = open_app(app_path)
    if cell is not None:
        refuse_unknown([cell], [manifest.name for manifest in app.cells])
    chosen = next((manifest for manifest in app.cells if manifest.name == cell), None)
    if svg_path is not None:
        drawn = _drawn(app.settings.app.name, app.cells, chosen, narrow=narrow)
        svg_path.write_text(drawn, encoding="utf-8")
        note(f"drawn into {svg_path}")
    elif as_json:
        print_json(_described(app.cells, chosen))
    else:
        say(_mermaid(app.cells, chosen) if mermaid else _text(app.cells, chosen))


def _text(cells: tuple[Manifest, ...], chosen: Manifest | None) -> str:
    from monocyte.literate.pictures.cells import redraw
    from monocyte.literate.pictures.maps import redraw_map

    return redraw_map(cells) if chosen is None else redraw(chosen)


def _drawn(name: str, cells: tuple[Manifest, ...], chosen: Manifest | None, *, narrow: bool) -> str:
    from monocyte.literate.pictures.cartography import draw_map
    from monocyte.literate.pictures.cells import derive
    from monocyte.literate.pictures.drawing import draw
    from monocyte.literate.pictures.maps import derive_map

    if chosen is not None:
        return draw(derive(chosen), narrow=narrow, alone=True)
    names = [manifest.name for manifest in cells]
    return draw_map(name, names, derive_map(cells), narrow=narrow, alone=True)


def _mermaid(cells: tuple[Manifest, ...], chosen: Manifest | None) -> str:
    from monocyte.literate.pictures.cells import derive
    from monocyte.literate.pictures.maps import derive_map
    from monocyte.literate.pictures.mermaid import mermaid, mermaid_map

    if chosen is not None:
        return mermaid(derive(chosen)).rstrip()
    return mermaid_map([manifest.name for manifest in cells], derive_map(cells)).rstrip()


def _described(cells: tuple[Manifest, ...], chosen: Manifest | None) -> list[dict[str, str]]:
    from monocyte.literate.pictures.cells import derive
    from monocyte.literate.pictures.maps import derive_map

    if chosen is None:
        return [tie._asdict() for tie in derive_map(cells)]
    return [
        {
            "source": one.name,
            "source_kind": one.kind.value,
            "target": other.name,
            "target_kind": other.kind.value,
        }
        for one, other in derive(chosen).edges.values()
    ]
