"""`monocyte.toml`: what an operator may set. An unknown key is an error that names its line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from monocyte.errors import ConfigError

__all__ = ["FILE", "Settings", "read_settings"]

FILE = "monocyte.toml"
"""The file that makes a directory an app."""

_WRONG = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"field `(?P<name>[^`]+)`")

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class AppSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[app]`: its name, and the package beside the file that holds its cells."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]*$")]
    cells: Annotated[str, msgspec.Meta(pattern=r"^[a-zA-Z_][\w.]*$")]


class JournalSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[journal]`: its file, and whether an answer waits for the disk (`full`) or not."""

    path: str = "data/journal.db"
    durability: Literal["full", "relaxed"] = "full"


class GatewaySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[gateway]`: where it listens; port 0 takes any that is free."""

    host: str = "127.0.0.1"
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


def read_settings(root: Path) -> Settings:
    """The settings of the app in the directory `root`.

    Raises:
        ConfigError: there is no `monocyte.toml`, or something in it cannot be; names file:line.
    """
    file = root / FILE
    try:
        text = file.read_text(encoding="utf-8")
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
        what, mend = f"{path or 'the file'}: {what}", "see docs/configuration.md"
    else:
        section, key = path, named["name"]
        unknown = "unknown" in what
        what = f"{key!r} is not a setting" if unknown else f"{key!r} is missing"
        mend = _allowed(section)
    return ConfigError(what, where=f"{file}:{_line_of(text, section, key)}", mend=mend)


def _allowed(section: str) -> str:
    kind: Any = type(getattr(_EXAMPLE, section, _EXAMPLE))
    names = ", ".join(kind.__struct_fields__)
    return f"{f'[{section}]' if section else 'the file'} may have: {names}"


def _line_of(text: str, section: str, key: str) -> int:
    """The line of a key, else of its section, else the first."""
    inside, fallback = not section, 1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([\w.-]+)", line):
            inside = header[1] == section
            if header[1] in (key, section):
                fallback = number
        elif inside and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return fallback


_EXAMPLE = Settings(AppSettings("app", "cells"))
