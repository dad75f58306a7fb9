"""When providers retire their models: a dated table, so that nobody is surprised by it.

The dates are those of LiteLLM's `model_prices_and_context_window_backup.json` (release 1.109.1, MIT
License, Copyright (c) 2023 Berri AI), cut down to the models that write text. A model that is
missing here may be retired all the same: silence is no promise, and `AS_OF` says how old it is.
"""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import Final

__all__ = ["AS_OF", "SOURCE", "retires"]

AS_OF: Final = date(2026, 11, 22)
"""The day on which the table was taken over."""

SOURCE: Final = "LiteLLM 1.109.1"
"""Whose table it is."""


def retires(provider: str, model: str) -> date | None:
    """The day on which the provider stops answering as that model; none if nobody has said so."""
    day = _DATES.get(provider, {}).get(model)
    return None if day is None else date.fromisoformat(day)


_DATES: Final = MappingProxyType(
    {
        "anthropic": {
            "claude-mythos-preview": "2026-06-09",
            "claude-sonnet-4-5": "2026-11-30",
            "claude-sonnet-4-5-20250929": "2026-11-30",
        },
        "openai": {
            "gpt-3.5-turbo": "2026-10-23",
            "gpt-3.5-turbo-0125": "2026-10-23",
            "gpt-3.5-turbo-1106": "2026-09-28",
            "gpt-3.5-turbo-16k": "2026-10-23",
            "gpt-4": "2026-10-23",
            "gpt-4-0613": "2026-10-23",
            "gpt-4-1106-preview": "2026-10-23",
            "gpt-4-turbo": "2026-10-23",
            "gpt-4-turbo-2024-04-09": "2026-10-23",
            "gpt-4.1-2025-04-14": "2027-01-14",
            "gpt-4.1-mini-2025-04-14": "2027-01-14",
            "gpt-4.1-nano": "2026-10-23",
            "gpt-4.1-nano-2025-04-14": "2026-10-23",
            "gpt-4o-2024-05-13": "2026-10-23",
            "gpt-4o-2024-08-06": "2027-01-14",
            "gpt-4o-2024-11-20": "2027-01-14",
            "gpt-4o-mini-2024-07-18": "2027-01-14",
            "gpt-5": "2026-12-11",
            "gpt-5-2025-08-07": "2026-12-11",
            "gpt-5-chat": "2026-07-23",
            "gpt-5-chat-latest": "2026-07-23",
            "gpt-5-codex": "2026-07-23",
            "gpt-5-mini": "2026-12-11",
            "gpt-5-mini-2025-08-07": "2026-12-11",
            "gpt-5-nano": "2026-12-11",
            "gpt-5-nano-2025-08-07": "2026-12-11",
            "gpt-5-pro": "2026-12-11",
            "gpt-5-pro-2025-10-06": "2026-12-11",
            "gpt-5.1": "2027-04-01",
            "gpt-5.1-2025-11-13": "2027-04-01",
            "gpt-5.1-chat-latest": "2026-07-23",
            "gpt-5.1-codex": "2026-07-23",
            "gpt-5.1-codex-max": "2026-07-23",
            "gpt-5.1-codex-mini": "2026-07-23",
            "gpt-5.2-chat-latest": "2026-08-10",
            "gpt-5.2-codex": "2026-07-23",
            "gpt-5.3-chat-latest": "2026-08-10",
            "gpt-5.3-codex": "2027-04-01",
            "gpt-5.4-nano": "2027-04-01",
            "gpt-5.4-nano-2026-03-17": "2027-04-01",
            "o1": "2026-10-23",
            "o1-2024-12-17": "2026-10-23",
            "o1-pro": "2026-10-23",
            "o1-pro-2025-03-19": "2026-10-23",
            "o3": "2026-12-11",
            "o3-2025-04-16": "2026-12-11",
            "o3-mini": "2026-10-23",
            "o3-mini-2025-01-31": "2026-10-23",
            "o3-pro": "2026-12-11",
            "o3-pro-2025-06-10": "2026-12-11",
            "o4-mini": "2026-10-23",
            "o4-mini-2025-04-16": "2026-10-23",
        },
    }
)
