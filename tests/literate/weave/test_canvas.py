"""Types and their constraints, in words."""

from datetime import datetime
from typing import Annotated, Any

import pytest

from monocyte import Map, Meta
from monocyte.literate.weave.canvas import constraints, spelt

Short = Annotated[str, Meta(min_length=2, max_length=8)]

TYPES: dict[str, tuple[Any, str, list[str]]] = {
    "plain": (int, "int", []),
    "bounds": (Annotated[int, Meta(ge=1, lt=9)], "int", ["at least 1", "less than 9"]),
    "lengths": (Short, "str", ["length 2 to 8"]),
    "at least": (Annotated[str, Meta(min_length=1)], "str", ["length at least 1"]),
    "a pattern": (Annotated[str, Meta(pattern="^a")], "str", ["like ^a"]),
    "a zone": (Annotated[datetime, Meta(tz=True)], "datetime", ["with a time zone"]),
    "or nothing": (Short | None, "str | None", ["length 2 to 8"]),
    "several": (tuple[Short, ...], "tuple[str, ...]", ["each length 2 to 8"]),
    "a mapping": (
        Map[Short, Annotated[int, Meta(gt=0)]],
        "Map[str, int]",
        ["each key length 2 to 8", "each value more than 0"],
    ),
}


@pytest.mark.parametrize(("annotation", "spelling", "said"), TYPES.values(), ids=TYPES)
def test_a_type_in_words(annotation: Any, spelling: str, said: list[str]) -> None:
    """How it is spelt without its constraints, and what those are."""
    assert spelt(annotation) == spelling
    assert list(constraints(annotation)) == said
