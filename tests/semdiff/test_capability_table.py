"""The table knows every module of the standard library, and errs on the side of more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from monocyte.semdiff.capability_table import ALIASES, MODULES, NAMES
from monocyte.semdiff.outside import is_standard, letters, module_letters


def test_every_module_of_the_standard_library_is_listed() -> None:
    """A module that nobody thought of would pass as harmless."""
    public = {name for name in sys.stdlib_module_names if not name.startswith("_")}
    assert public - MODULES.keys() == set()


@pytest.mark.parametrize("python", ["3.12.1", "3.13.0"])
def test_the_modules_of_other_pythons_are_listed(python: str) -> None:
    """The table serves code of every Python that we support."""
    found = Path(f"/root/.pyenv/versions/{python}/bin/python")
    if not found.exists():
        pytest.skip(f"no Python {python} here")
    script = (
        "import sys, json; print(json.dumps([n for n in sys.stdlib_module_names if n[0] != '_']))"
    )
    done = subprocess.run([found, "-c", script], capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) - MODULES.keys() == set()


def test_only_known_letters_stand_in_the_table() -> None:
    """A misspelled letter would be a capability that nobody tells of."""
    assert set("".join([*MODULES.values(), *NAMES.values()])) <= set("RWNPEDFTSM")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("os.path.join", ""),
        ("os.system", "P"),
        ("os.something_new", "EPRSW"),
        ("random._os.system", "DP"),
        ("logging.os.system", "NPRW"),
        ("typing.sys.modules", "DM"),
        ("json.dumps", ""),
        ("datetime.datetime.now", ""),
        ("shutil.copy", "RW"),
        ("collections.abc.Mapping", ""),
        ("enum.bltns.eval", "D"),
        ("_posixsubprocess.fork_exec", "D"),
        ("builtins.open", "RW"),
        ("os.__dict__", "DEFPRSW"),
    ],
)
def test_what_a_name_can_do(name: str, expected: str) -> None:
    """Listed names say so; unlisted ones count as their whole module, private ones as dynamic."""
    assert letters(name) == "".join(sorted(expected))


def test_a_module_handed_about_is_all_of_its_names() -> None:
    """Who has the module has everything in it."""
    assert set(module_letters("os")) >= set("RWPES")


def test_an_alias_leads_to_what_is_listed() -> None:
    """Aliases end at names that the table knows."""
    assert all(is_standard(target) for target in ALIASES.values())
