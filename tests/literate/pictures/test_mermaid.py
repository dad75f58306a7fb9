"""Mermaid text: every thing once, every arrow once, and no name that breaks it."""

import re

import pytest

from monocyte.cell import load_cells
from monocyte.literate.pictures.cells import derive
from monocyte.literate.pictures.maps import Tie
from monocyte.literate.pictures.mermaid import mermaid, mermaid_map, quoted
from tests.literate.toys import desk, shelf

DESK = derive(load_cells([desk.cell, shelf.cell]).manifests[0])


def test_a_cell() -> None:
    """Shapes tell the kinds apart; what is asked is dashed."""
    lines = mermaid(DESK).splitlines()
    assert lines[0] == "flowchart LR"
    assert {
        '    n0(("person"))',
        '    n1["Lend"]',
        '    n2("lend")',
        '    n3{{"Lent"}}',
        '    n5[["shelf.Find"]]',
        "    n0 --> n1",
        "    n2 -.-> n5",
    } <= set(lines)
    things = [line for line in lines if '"' in line]
    arrows = [line for line in lines if "->" in line]
    assert len(things) == len({name for row in DESK.rows for name in row.names})
    assert len(arrows) == len(set(arrows)) == len(DESK.edges)


def test_a_map() -> None:
    """One line for each two cells and kind, with all its names."""
    ties = [Tie("a", "b", "asks", "Find"), Tie("b", "a", "tells", "X"), Tie("b", "a", "tells", "Y")]
    assert mermaid_map(["a", "b", "end"], ties).splitlines() == [
        "flowchart TB",
        '    n0["a"]',
        '    n1["b"]',
        '    n2["end"]',
        '    n0 -.->|"Find"| n1',
        '    n1 -->|"X, Y"| n0',
    ]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Booked", "Booked"),
        ("человек", "человек"),
        ('a"b', "a#34;b"),
        ("a#b;c", "a#35;b#59;c"),
        ("<b>[x](y)`", "#60;b#62;#91;x#93;#40;y#41;#96;"),
        ("🐈\n", "#128008;#10;"),
    ],
)
def test_names_are_escaped(name: str, wanted: str) -> None:
    """What Mermaid could take for its own is a number; letters of any script stay."""
    assert quoted(name) == wanted
    assert not re.search(r'["<>`\[\]()\n]', quoted(name))
