"""What providers say that a call was: their numbers as ours, or nothing where they cannot be.

A number that is missing, negative, broken or larger than the whole it is part of makes all of it
unbelievable: then nothing was said, and the whole reservation is due.
"""

from __future__ import annotations

from typing import Any

from monocyte.genops.prices import Usage

__all__ = ["UNPRICED", "anthropic_usage", "openai_usage"]

UNPRICED = ("audio_tokens", "image_tokens", "video_tokens")
"""Details that say that something else than text was billed."""

STANDARD = (None, "standard")


def openai_usage(said: Any, entered: str, output: str, details: str) -> Usage | None:
    """The usage of a completion or a response, whose parts are called so."""
    if not isinstance(said, dict):
        return None
    parts = said.get(details) or {}
    more = said.get(output.replace("_tokens", "_tokens_details")) or {}
    if any(part.get(name) for part in (parts, more) for name in UNPRICED):
        return None
    read, write = parts.get("cached_tokens") or 0, parts.get("cache_write_tokens") or 0
    total, out = said.get(entered, -1), said.get(output, -1)
    if not _counts(total, out, read, write) or read + write > total:
        return None
    return _usage(input=total - read - write, read=read, write=write, output=out)


def anthropic_usage(said: Any) -> Usage | None:
    """The usage of a message."""
    if not isinstance(said, dict) or said.get("service_tier") not in STANDARD:
        return None
    if any((said.get("server_tool_use") or {}).values()):
        return None  # searches and the like are billed apart from tokens
    written = said.get("cache_creation_input_tokens") or 0
    hour = (said.get("cache_creation") or {}).get("ephemeral_1h_input_tokens") or 0
    read = said.get("cache_read_input_tokens") or 0
    plain, out = said.get("input_tokens", -1), said.get("output_tokens", -1)
    if not _counts(plain, out, read, written, hour) or hour > written:
        return None
    return _usage(input=plain, read=read, write=written - hour, write_1h=hour, output=out)


def _counts(*numbers: Any) -> bool:
    return all(type(number) is int for number in numbers)


def _usage(**counts: int) -> Usage | None:
    try:
        return Usage(**counts)
    except ValueError:
        return None
