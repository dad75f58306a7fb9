"""What an installation brings along, counted over everything that is pulled in."""

import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MOST = 15


def closure(lines: list[str]) -> set[str]:
    """Return the names of the distributions that the requirement `lines` install here."""
    found: set[str] = set()
    waiting = [(Requirement(line), "") for line in lines]
    while waiting:
        wanted, extra = waiting.pop()
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(wanted.name)
        if name not in found:
            found.add(name)
            needs = [Requirement(line) for line in metadata.requires(name) or []]
            waiting += [(need, e) for need in needs for e in {"", *wanted.extras}]
    return found


def test_the_core_installs_few_distributions() -> None:
    """Monocyte and all that comes with it are at most 15 distributions."""
    installed = {"monocyte"} | closure(PROJECT["dependencies"])
    assert len(installed) <= MOST, f"{len(installed)} distributions: {sorted(installed)}"


def test_the_closure_is_followed_to_its_end() -> None:
    """The count is not fooled: what a dependency's dependency needs is in it."""
    assert {"starlette", "anyio", "idna"} <= closure(["starlette"])


def test_tests_only_libraries_stay_out_of_the_product() -> None:
    """The libraries that only tests need are no dependency of the product."""
    assert closure(PROJECT["dependencies"]).isdisjoint({"httpx", "pytest", "hypothesis"})
