"""The index of the search is a script that holds data and nothing else."""

import json

from hypothesis import given
from hypothesis import strategies as st

from monocyte.literate.weave.search import entries, index_js
from monocyte.literate.weave.summary import RuleLine, ScenarioLine, Summary, WordLine


def summary(said: str) -> Summary:
    """A cell that says this everywhere."""
    return Summary(
        *("desk", "desk", said, said, "none", 1, 1, 1),
        words=(WordLine("Lend", "command", said),),
        rules=(RuleLine("DESK-1", said, 3), RuleLine("DESK-2", said, 4, because=said)),
        scenarios=(ScenarioLine("ada", said, said, ""),),
    )


@given(st.text())
def test_the_index_is_one_line_of_json(said: str) -> None:
    """Whatever is in it can end neither the script nor the line, and comes back."""
    script = index_js([summary(said)])
    assert script.startswith("self.monocyteIndex=")
    assert not {"<", "\u2028", "\u2029"} & set(script)
    rows = json.loads(script.removeprefix("self.monocyteIndex=").removesuffix(";\n"))
    assert len(rows) == 5


def test_everything_can_be_found() -> None:
    """Each entry says what it is, of which cell, and where it stands."""
    found = {(kind, href) for kind, _, _, href in entries([summary("x")])}
    assert found == {
        ("cell", "cells/desk.html"),
        ("command in desk", "cells/desk.html#Lend"),
        ("rule of desk", "cells/desk.html#rule-DESK-1"),
        ("retired rule of desk", "cells/desk.html#rule-DESK-2"),
        ("scenario of desk", "cells/desk.html#ada"),
    }
