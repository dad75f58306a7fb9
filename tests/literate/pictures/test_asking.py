"""Whom functions ask, read from their source."""

import pytest

from monocyte.cell import load_cells
from monocyte.literate.pictures.asking import asked_by
from tests.literate.toys import asker, shelf

LOADED = load_cells([asker.cell, shelf.cell])
MANIFEST = LOADED.manifests[0]
FUNCTIONS = {it.function.name: it.function for it in MANIFEST.handlers.values()} | {
    name: it.function for name, it in MANIFEST.timers.items()
}

WAYS = {
    "own": ("shelf.Find",),  # through two functions, once though it is called twice
    "go": ("shelf.Store", "shelf.Find"),  # in the order of the source, by their real names
    "constant": ("shelf.Count",),
    "elsewhere": ("shelf.Count",),
    "elsewhere_by_module": ("shelf.Count",),
    "imported_inside": ("shelf.Count",),
    "nested": ("shelf.Find",),
    "in_circles": ("shelf.Count",),
    "looks_only": (),
    "shadowed": (),
    "cannot": (),
}


@pytest.mark.parametrize("name", WAYS)
def test_whom_a_function_asks(name: str) -> None:
    """Every way to make a neighbour's message is seen, and nothing that only looks like it."""
    assert asked_by(FUNCTIONS[name], MANIFEST) == WAYS[name]


def test_every_way_is_in_the_table() -> None:
    """The toy has no function that the table forgets."""
    assert not LOADED.faults
    assert FUNCTIONS.keys() == WAYS.keys()


def test_a_source_that_is_gone_asks_nobody() -> None:
    """A cell made of a string has no source to read; that is no error."""
    code = "async def go(it, ask):\n    await ask(Find('a'))\n"
    scope = {"Find": shelf.Find}
    exec(compile(code, "<gone>", "exec"), scope)  # noqa: S102 (what is tested)
    assert asked_by(FUNCTIONS["go"]._replace(call=scope["go"]), MANIFEST) == ()
