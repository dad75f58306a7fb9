"""From a pin to the way to its model: the one place that knows where providers are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from monocyte.errors import ConfigError
from monocyte.genops.metering.runs import Route
from monocyte.genops.metering.secrets import Secret
from monocyte.genops.metering.wires import Terms
from monocyte.genops.pins import Pin

__all__ = ["PROVIDERS", "Home", "route_of"]


class Home(NamedTuple):
    """Where a provider is, and what is particular about it."""

    base: str
    key: str
    """The environment variable that usually has its key."""
    tier: str
    """The service tier whose prices are the listed ones."""


PROVIDERS: Final[Mapping[str, Home]] = {
    "openai": Home("https://api.openai.com/v1", "OPENAI_API_KEY", "default"),
    "anthropic": Home("https://api.anthropic.com", "ANTHROPIC_API_KEY", "standard_only"),
}
"""Providers that need no address in their pins."""


def route_of(name: str, pin: Pin, on: date, environment: Mapping[str, str]) -> Route:
    """The way to a pinned model, with its price of that day and its key.

    Raises:
        ConfigError: the address or the key is missing.
        Unpriced: nobody knows what it costs.
    """
    home = PROVIDERS.get(pin.provider)
    base = pin.base_url or (home and home.base)
    where = f"[models.{name}]"
    if not base:
        mend = 'write base_url = "https://..."'
        raise ConfigError(f"nobody knows where {pin.provider} is", where=where, mend=mend)
    variable = pin.key_env or (home.key if home and not pin.base_url else "")
    if variable and not environment.get(variable):
        mend = f"export {variable}=..., where only the proxy sees it"
        raise ConfigError(f"the key {variable} is not set", where=where, mend=mend)
    key = Secret(environment[variable]) if variable else None
    # Compatible servers know neither tiers nor the newer name of the cap.
    genuine = home is not None and not pin.base_url
    terms = Terms(
        pin.max_output_tokens,
        home.tier if home and genuine else "",
        "max_completion_tokens" if genuine else "max_tokens",
    )
    return Route(name, (pin.wire,), base, pin.priced(on), terms, key)
