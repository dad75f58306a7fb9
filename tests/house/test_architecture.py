"""ARCHITECTURE.md has a place for every room, and says what the linter enforces."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_room_is_on_the_map() -> None:
    """A room that exists is a row of the code map."""
    package = ROOT / "src" / "monocyte"
    rooms = {f"{path.name}/" for path in package.iterdir() if (path / "__init__.py").exists()}
    rooms |= {path.name for path in package.glob("*.py") if not path.name.startswith("__")}
    mapped = set(re.findall(r"^\| `([\w.]+/?)` \|", TEXT, re.MULTILINE))
    assert rooms - mapped == set()


def test_the_layers_drawn_are_the_layers_enforced() -> None:
    """The picture of the layers is the linter's list, letter by letter."""
    contracts = CONFIG["tool"]["importlinter"]["contracts"]
    (enforced,) = (contract["layers"] for contract in contracts if contract["id"] == "layers")
    drawn = "\n".join(re.sub(r"[()]", "", layer) for layer in enforced)
    assert f"```text\n{drawn}\n```" in TEXT


def test_agents_md_is_under_a_page() -> None:
    """What every session has to read stays short."""
    text = (ROOT / "AGENTS.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    assert len(text) <= 4_000
