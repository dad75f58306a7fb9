"""`monocyte.toml`: what an operator may set. An unknown key is an error that names its line."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from monocyte.errors import ConfigError

__all__ = ["FILE", "Settings", "find_root", "read_settings"]

FILE = "monocyte.toml"
"""The file that makes a directory an app."""

_WRONG = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"field `(?P<name>[^`]+)`")

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
NotEmpty = Annotated[str, msgspec.Meta(min_length=1)]
Loopback = Annotated[str, msgspec.Meta(pattern=r"^(localhost|127(\.[0-9]{1,3}){3}|::1)\Z")]

MENDS = {
    "app": "a section: [app]",
    "app.name": 'lower-case letters, digits, - and _, a letter first: "shop"',
    "app.cells": 'the name of a package beside the file: "shop"',
    "journal": "a section: [journal]",
    "journal.path": 'a path, relative to this file: "data/journal.db"',
    "journal.durability": '"full", or "relaxed" if a power cut may cost the last answers',
    "gateway": "a section: [gateway]",
    "gateway.host": 'this machine, "127.0.0.1", with a reverse proxy for everybody else',
    "gateway.port": "a number from 0, which takes any free port, to 65535",
    "limits": "a section: [limits]",
    "limits.in_flight": "a number of requests, from 1 to 100000",
    "limits.timeout": "seconds, more than 0 and at most 3600",
}
"""What may stand where."""


class AppSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[app]`: its name, and the package beside the file that holds its cells."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]*\Z")]
    cells: Annotated[str, msgspec.Meta(pattern=r"^[a-zA-Z_]\w*(\.[a-zA-Z_]\w*)*\Z")]


class JournalSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[journal]`: its file, and whether an answer waits for the disk (`full`) or not."""

    path: NotEmpty = "data/journal.db"
    durability: Literal["full", "relaxed"] = "full"


class GatewaySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[gateway]`: where it listens; port 0 takes any that is free."""

    host: Loopback = "127.0.0.1"
    port: Port = 8420


class LimitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[limits]`: requests in flight per cell; seconds for a request without a deadline."""

    in_flight: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 256
    timeout: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 30.0


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in `monocyte.toml`."""

    app: AppSettings
    journal: JournalSettings = JournalSettings()
    gateway: GatewaySettings = GatewaySettings()
    limits: LimitSettings = LimitSettings()


def find_root(start: Path) -> Path:
    """The nearest directory with a `monocyte.toml`, upwards from `start`; else `start`."""
    start = start.resolve()
    candidates = (d for d in (start, *start.parents) if (d / FILE).is_file())
    return next(candidates, start)


def read_settings(root: Path) -> Settings:
    """The settings of the app in the directory `root`.

    Raises:
        ConfigError: there is no `monocyte.toml`, or something in it cannot be; names file:line.
    """
    file = root / FILE
    try:
        text = file.read_text(encoding="utf-8-sig")  # as some editors write it
    except FileNotFoundError as why:
        mend = "go to the app's directory, name it, or make one: monocyte new NAME"
        raise ConfigError(f"there is no {FILE} here", where=str(root), mend=mend) from why
    except (OSError, UnicodeDecodeError) as why:
        raise ConfigError(
            f"cannot be read: {why}", where=str(file), mend="make it readable"
        ) from why
    return _parse(file, text)


def _parse(file: Path, text: str) -> Settings:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        line = re.search(r"line (\d+)", str(why))
        where = f"{file}:{line[1]}" if line else str(file)
        raise ConfigError(
            f"this is not TOML: {why}", where=where, mend="see https://toml.io"
        ) from why
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as why:
        raise _explain(file, text, str(why)) from why


def _explain(file: Path, text: str, complaint: str) -> ConfigError:
    found = _WRONG.match(complaint)
    what, path = (found["what"], found["path"] or "") if found else (complaint, "")
    named = _NAMED.search(what)
    if named is None:
        section, _, key = path.rpartition(".")
        what = "it is not of that form" if "regex" in what else what
        what, mend = f"{path} cannot be so: {what}", f"write {MENDS[path]}"
    else:
        section, key = path, named["name"]
        unknown = "unknown" in what
        what = f"{key!r} is not a setting" if unknown else f"{key!r} is missing"
        mend = (
            _suggest(section, key) if unknown else f"write {MENDS[f'{section}.{key}'.strip('.')]}"
        )
    return ConfigError(what, where=f"{file}:{_line_of(text, section, key)}", mend=mend)


def _suggest(section: str, key: str) -> str:
    """What was meant, or else all that there is."""
    kind: Any = type(getattr(_EXAMPLE, section, _EXAMPLE))
    names = kind.__struct_fields__
    if close := get_close_matches(key, names, n=1):
        return f"did you mean {close[0]}?"
    return f"{f'[{section}]' if section else 'the file'} may have: {', '.join(names)}"


def _line_of(text: str, section: str, key: str) -> int:
    """The line of a key, else of its section, else the first."""
    plain = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]")
    dotted = re.compile(rf"\s*{re.escape(section)}\s*\.\s*{re.escape(key)}\s*=")
    inside, fallback = not section, 1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([\w.-]+)", line):
            inside = header[1] == section
            if header[1] in (key, section):
                fallback = number
        elif (inside and plain.match(line)) or dotted.match(line):
            return number
    return fallback


_EXAMPLE = Settings(AppSettings("app", "cells"))
