"""Who may call which models: what a run was approved for, and the token that stands for it.

A run is one plan's cell being generated. Its token opens the proxy while the run lasts and is worth
nothing anywhere else; the keys stay with the routes, which only the proxy sees.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec

from monocyte.errors import ConfigError
from monocyte.genops.metering.secrets import Secret
from monocyte.genops.metering.wires import Terms
from monocyte.genops.money import Money
from monocyte.genops.prices import Price

__all__ = ["Route", "Run", "Runs", "is_loopback"]


class Route(msgspec.Struct, frozen=True):
    """The way to a pinned model."""

    pin: str
    """What the pin is called."""
    wires: tuple[str, ...]
    """The wire formats that it may be asked in."""
    base: str
    """The provider's address, to which a wire's path is added."""
    price: Price
    terms: Terms
    key: Secret | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.base)
        plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
        if parts.scheme != "https" and not plain:
            mend = "https://, or http:// on this machine"
            raise ConfigError(f"{self.base!r} would show the key to everybody", mend=mend)


class Run(msgspec.Struct, frozen=True):
    """What is being generated, for whom, and what for at most."""

    plan: str
    cell: str
    person: str
    cap: Money
    routes: Mapping[str, Route]
    """By the provider's name of the model."""


class Runs:
    """The runs that are going on, by their tokens."""

    def __init__(self) -> None:
        self._open: dict[bytes, Run] = {}

    def open(self, run: Run) -> str:
        """A token for the run, 256 bits that nobody can guess."""
        token = secrets.token_urlsafe(32)
        self._open[_digest(token)] = run
        return token

    def close(self, token: str) -> None:
        """Let nobody in with it any more."""
        self._open.pop(_digest(token), None)

    def find(self, token: str) -> Run | None:
        """The run that the token stands for; looked up by its digest, so time tells nothing."""
        return self._open.get(_digest(token))


def is_loopback(host: str) -> bool:
    """Whether that host is this machine, whatever a name server says."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
