"""From a pin to the way to its model, with a key that is nowhere else."""

from datetime import date

import msgspec
import pytest

from monocyte.errors import ConfigError
from monocyte.genops.models import PROVIDERS, route_of
from monocyte.genops.pins import Pin
from monocyte.genops.prices import Unpriced

TODAY = date(2026, 11, 22)
GPT = Pin(provider="openai", model="gpt-4o-2024-08-06")
CLAUDE = Pin(provider="anthropic", model="claude-haiku-4-5-20251001", wire="messages")
KEYS = {"OPENAI_API_KEY": "sk-openai-1", "ANTHROPIC_API_KEY": "sk-ant-1", "OTHER": "sk-other-1"}


def test_known_providers_need_no_address() -> None:
    """And the tier whose prices are listed is insisted on."""
    gpt, claude = (route_of("w", pin, TODAY, KEYS) for pin in (GPT, CLAUDE))
    assert gpt.base == PROVIDERS["openai"].base
    assert (gpt.terms.tier, claude.terms.tier) == ("default", "standard_only")
    assert gpt.key is not None
    assert gpt.key.reveal() == "sk-openai-1"
    assert (gpt.wires, claude.wires) == (("chat",), ("messages",))


def test_a_compatible_server_is_found_by_its_address() -> None:
    """It is sent neither a tier that it does not know, nor somebody else's key."""
    local = Pin(provider="openai", model="gpt-4o-2024-08-06", base_url="http://127.0.0.1:8000/v1")
    route = route_of("w", local, TODAY, KEYS)
    assert (route.base, route.key, route.terms.tier) == (local.base_url, None, "")
    assert route.terms.cap == "max_tokens"
    named = route_of("w", msgspec.structs.replace(local, key_env="OTHER"), TODAY, KEYS)
    assert named.key is not None
    assert named.key.reveal() == "sk-other-1"


def test_without_its_key_there_is_no_way() -> None:
    """The error names the variable, and not what else is in the environment."""
    with pytest.raises(ConfigError, match="OPENAI_API_KEY") as missing:
        route_of("w", GPT, TODAY, {"OTHER": "sk-other-1"})
    assert "sk-other" not in str(missing.value)


def test_without_an_address_there_is_no_way() -> None:
    """Nobody is guessed."""
    with pytest.raises(ConfigError, match="base_url"):
        route_of("w", Pin(provider="acme", model="m-2026-01-01"), TODAY, KEYS)


def test_without_a_price_there_is_no_way() -> None:
    """An unknown model is refused before it is asked."""
    unknown = Pin(provider="openai", model="gpt-99-2026-01-01")
    with pytest.raises(Unpriced):
        route_of("w", unknown, TODAY, KEYS)
