"""Tables in the reference say what the code says: settings, routes, kinds of errors."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from monocyte.dmz import Gateway, Keys
from monocyte.dmz.problems import STATUSES
from monocyte.genops.pins import Approval, Options, Pin, Spending
from monocyte.runtime import Settings

DOCS = Path(__file__).parents[2] / "docs"


def rows(page: str, header: str) -> list[list[str]]:
    """Return the cells of the table under `header` in a page of docs/."""
    text = (DOCS / page).read_text(encoding="utf-8").rstrip()
    table = text[text.index(header) :].split("\n\n", 1)[0]
    return [
        [cell.strip() for cell in line.strip("|").split(" |")] for line in table.split("\n")[2:]
    ]


def settings() -> dict[str, str]:
    """Every key of monocyte.toml with its default, as the code has them."""
    found = {}
    own = [it for it in msgspec.structs.fields(Settings) if isinstance(it.type, type)]
    for section in own:
        for field in msgspec.structs.fields(section.type):
            given = field.default is not msgspec.NODEFAULT
            default = f"`{msgspec.json.encode(field.default).decode()}`" if given else ""
            found[f"`{section.name}.{field.name}`"] = default or "must be given"
    return found


def test_every_setting_is_described_with_its_default() -> None:
    """docs/configuration.md has the keys and defaults of `Settings`, in order."""
    described = rows("configuration.md", "| key | default |")
    known = settings()
    assert [(key, default) for key, default, _ in described[: len(known)]] == list(known.items())


REGENERATION = {"models": Pin, "budget": Spending, "approval": Approval, "genops": Options}
"""Sections that only regeneration reads; one row may describe several keys."""


@pytest.mark.parametrize(("section", "table"), REGENERATION.items(), ids=REGENERATION)
def test_every_setting_of_regeneration_is_described(section: str, table: type) -> None:
    """docs/configuration.md names each key, and no key that there is not."""
    described = [
        (f"{key} {means}", re.findall(rf"`(?:{section}\.(?:NAME\.)?|\.)(\w+)", key))
        for key, _, means in rows("configuration.md", "| key | default |")
        if key.startswith(f"`{section}.")
    ]
    told = {word for text, _ in described for word in re.findall(r"\w+", text)}
    keys = {field.name for field in msgspec.structs.fields(table)}
    assert keys <= told
    assert {name for _, names in described for name in names} <= keys | {"plan"}


def test_every_kind_of_problem_is_described() -> None:
    """docs/http.md has the table of statuses, row by row."""
    described = rows("http.md", "| status | kind |")
    assert described == [
        [str(code), f"`{kind}`", title] for kind, (code, title) in STATUSES.items()
    ]


def test_every_path_is_described(tmp_path: Path) -> None:
    """docs/http.md has every route of the gateway, in order."""
    nothing: Any = SimpleNamespace(transport=None)
    app = Gateway("app", "0", nothing, Keys(tmp_path / "keys.json")).app
    assert isinstance(app, Starlette)
    paths = [route.path_format for route in app.routes if isinstance(route, Route)]
    assert [path for path, _ in rows("http.md", "| path | answers |")] == [f"`{p}`" for p in paths]
