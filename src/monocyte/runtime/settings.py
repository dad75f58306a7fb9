"""`monocyte.toml`: what an operator may set. An unknown key is an error that names its line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from monocyte.errors import ConfigError
from monocyte.tables import FILE, parse

__all__ = ["FILE", "Settings", "find_root", "read_settings"]

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
    "watch": "a section: [watch]",
    "watch.seconds": "seconds, from 0, which watches nothing, to 86400",
    "watch.errors": "a share of requests, from 0 to 1: 0.01",
    "watch.refusals": "a share of requests, from 0 to 1: 0.1",
    "watch.latency": "a factor from 1: 3.0",
    "models": "a section for each model: [models.NAME]",
    "budget": "a section: [budget]",
    "approval": "a section: [approval]",
    "genops": "a section: [genops]",
    "gates": "a section: [gates]",
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


class WatchSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[watch]`: how long a release is watched, in seconds, and by how much it may be worse.

    Errors and refusals are shares of requests beyond those of as long a time before; latency is how
    many times the work for a request. Beyond that the release is taken back by itself.
    """

    seconds: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 60.0
    errors: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.01
    refusals: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.1
    latency: Annotated[float, msgspec.Meta(ge=1)] = 3.0


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in `monocyte.toml`."""

    app: AppSettings
    journal: JournalSettings = JournalSettings()
    gateway: GatewaySettings = GatewaySettings()
    limits: LimitSettings = LimitSettings()
    watch: WatchSettings = WatchSettings()
    models: dict[str, Any] = {}
    budget: dict[str, Any] = {}
    approval: dict[str, Any] = {}
    genops: dict[str, Any] = {}
    gates: dict[str, Any] = {}
    """Of no concern to who runs an app: read by `monocyte.genops.pins`."""


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
    document = parse(str(file), text)
    return document.typed(document.raw, Settings, MENDS)
