"""The lock file says exactly what is installed, on every machine, from any registry."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# One entry: `name==version`, perhaps a marker, then hashes, each on a continued line.
ENTRY = re.compile(
    r"^([\w.-]+)==([\w.!+]+)(?: ; [^\\\n]+)? ?((?:\\\n +--hash=sha256:\w{64} ?)*)$", re.MULTILINE
)
PINS = {canonicalize_name(name): (version, hashes) for name, version, hashes in ENTRY.findall(LOCK)}
WANTED = [*CONFIG["project"]["dependencies"], *CONFIG["dependency-groups"]["dev"]]


@pytest.mark.parametrize("line", WANTED)
def test_the_lock_pins_what_the_project_asks_for(line: str) -> None:
    """A requirement that changed without `make lock` is found."""
    wanted = Requirement(line)
    version, _ = PINS[canonicalize_name(wanted.name)]
    assert wanted.specifier.contains(version, prereleases=True)


def test_every_pin_has_hashes() -> None:
    """Nothing is installed whose bytes we have not seen."""
    assert [name for name, (_, hashes) in PINS.items() if "--hash" not in hashes] == []


def test_every_line_is_a_pin_a_hash_or_a_comment() -> None:
    """No registry, path or option hides between the pins."""
    rest = [line for line in ENTRY.sub("", LOCK).splitlines() if line.strip()]
    assert [line for line in rest if not line.lstrip().startswith("#")] == []
    assert "://" not in LOCK
