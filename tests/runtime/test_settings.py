"""Settings: what may stand in `monocyte.toml`, and how what may not is told, by line."""

from pathlib import Path

import msgspec
import pytest

from monocyte.errors import ConfigError
from monocyte.runtime import FILE, Settings, read_settings
from monocyte.runtime.settings import MENDS

APP = '[app]\nname = "shop"\ncells = "shop"\n'

ELSEWHERE = ("models", "budget", "approval", "genops", "gates")
"""Tables that are read in another room."""

FAULTY = {
    "nothing": ("", 1, "'app' is missing", "[app]"),
    "no cells": ('[app]\nname = "shop"\n', 1, "'cells' is missing", "package"),
    "no name": ('# shop\n\n[app]\ncells = "shop"\n', 3, "'name' is missing", "lower-case"),
    "an unknown section": (APP + '[jornal]\npath = "x"\n', 4, "'jornal'", "did you mean journal?"),
    "an unknown key": (APP + "[gateway]\nprot = 1\n", 5, "'prot'", "did you mean port?"),
    "an unknown section of another room": (
        APP + "[modles.a]\n",
        4,
        "'modles'",
        "did you mean models?",
    ),
    "a strange key": (APP + "[limits]\ncolour = 1\n", 5, "'colour'", "in_flight, timeout"),
    "a key outside": ("debug = true\n" + APP, 1, "'debug'", "app, journal, gateway, limits"),
    "a key of another section": (APP + "[journal]\nport = 1\n", 5, "'port'", "path, durability"),
    "a bad name": ('[app]\nname = "My Shop"\ncells = "s"\n', 2, "app.name", "lower-case"),
    "a bad package": ('[app]\nname = "s"\ncells = "../s"\n', 3, "app.cells", "package"),
    "a number for a path": (APP + "[journal]\npath = 1\n", 5, "got `int`", "data/journal.db"),
    "an empty path": (APP + '[journal]\npath = ""\n', 5, "journal.path", "data/journal.db"),
    "another durability": (APP + '[journal]\ndurability = "fast"\n', 5, "'fast'", "relaxed"),
    "everybody's host": (APP + '[gateway]\nhost = "0.0.0.0"\n', 5, "gateway.host", "127.0.0.1"),
    "another host": (APP + '[gateway]\nhost = "example.org"\n', 5, "gateway.host", "proxy"),
    "a port in quotes": (APP + '[gateway]\nport = "8420"\n', 5, "got `str`", "65535"),
    "a port too high": (APP + "[gateway]\nport = 70000\n", 5, "<= 65535", "65535"),
    "a port below": (APP + "[gateway]\nport = -1\n", 5, ">= 0", "65535"),
    "a dotted port": ("gateway.port = -1\n" + APP, 1, ">= 0", "65535"),
    "no requests": (APP + "[limits]\nin_flight = 0\n", 5, "in_flight", "from 1"),
    "half a request": (APP + "[limits]\nin_flight = 1.5\n", 5, "in_flight", "from 1"),
    "no time": (APP + "[limits]\ntimeout = 0\n", 5, "timeout", "3600"),
    "no time at all": (APP + "[limits]\ntimeout = nan\n", 5, "timeout", "3600"),
    "all the time": (APP + "[limits]\ntimeout = inf\n", 5, "timeout", "3600"),
    "yes for a time": (APP + "[limits]\ntimeout = true\n", 5, "got `bool`", "3600"),
    "a text for a section": (APP + "x = 1\n[limits]\n", 4, "'x'", "name, cells"),
    "a section that is none": ('app = "shop"\n', 1, "app", "[app]"),
    "several of a section": ('[[app]]\nname = "shop"\n', 1, "app", "[app]"),
    "no TOML": (APP + "[gateway\n", 4, "this is not TOML", "toml.io"),
    "a key twice": (APP + 'cells = "t"\n', 4, "this is not TOML", "toml.io"),
}


def write(root: Path, content: str | bytes) -> Path:
    """Write the file and say where it is."""
    file = root / FILE
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


@pytest.mark.parametrize(("text", "line", "says", "mend"), FAULTY.values(), ids=FAULTY)
def test_a_fault_is_told_with_its_line_and_its_mend(
    text: str, line: int, says: str, mend: str, tmp_path: Path
) -> None:
    """What is wrong, in which line, and what may stand there instead."""
    file = write(tmp_path, text)
    with pytest.raises(ConfigError) as refusal:
        read_settings(tmp_path)
    assert refusal.value.where == f"{file}:{line}"
    assert says in refusal.value.message
    assert mend in refusal.value.mend


def test_a_file_that_is_missing_is_told_with_what_to_do(tmp_path: Path) -> None:
    """Most people who see this are in the wrong directory."""
    with pytest.raises(ConfigError, match=r"there is no monocyte.toml here") as refusal:
        read_settings(tmp_path)
    assert refusal.value.where == str(tmp_path)
    assert "monocyte new" in refusal.value.mend


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Not UTF-8, or a directory."""
    write(tmp_path, b'[app]\nname = "\xff"\n')
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings(tmp_path)
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings(tmp_path)


def test_the_rest_has_defaults(tmp_path: Path) -> None:
    """Name and package are enough; also as an editor with a byte order mark writes them."""
    write(tmp_path, b"\xef\xbb\xbf" + APP.encode())
    settings = read_settings(tmp_path)
    assert settings.journal.durability == "full"
    assert settings.gateway.host == "127.0.0.1"
    assert settings.limits.in_flight == 256


def test_everything_can_be_set(tmp_path: Path) -> None:
    """Every key, to something else than its default."""
    rest = """
    [journal]
    path = "/var/lib/shop/journal.db"
    durability = "relaxed"
    [gateway]
    host = "::1"
    port = 0
    [limits]
    in_flight = 1
    timeout = 1
    [watch]
    seconds = 5
    errors = 0.5
    refusals = 0.5
    latency = 2
    """
    write(tmp_path, APP + rest)
    settings = msgspec.to_builtins(read_settings(tmp_path))
    assert settings == {
        "app": {"name": "shop", "cells": "shop"},
        "journal": {"path": "/var/lib/shop/journal.db", "durability": "relaxed"},
        "gateway": {"host": "::1", "port": 0},
        "limits": {"in_flight": 1, "timeout": 1.0},
        "watch": {"seconds": 5.0, "errors": 0.5, "refusals": 0.5, "latency": 2.0},
        **{key: {} for key in ELSEWHERE},
    }


def test_every_setting_has_its_mend() -> None:
    """The table of what may stand where is complete."""
    keys = [
        name
        for section in msgspec.structs.fields(Settings)
        for name in (
            section.name,
            *(
                f"{section.name}.{field}"
                for field in getattr(section.type, "__struct_fields__", ())
            ),
        )
    ]
    assert list(MENDS) == keys
