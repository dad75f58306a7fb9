"""Anthropic's models, by the official library: messages."""

from __future__ import annotations

from monocyte.genops.metering.server import Seat
from monocyte.genops.models.asking import Ask, converse, installed
from monocyte.genops.models.interface import Answer, Hears, Prompt

__all__ = ["Anthropic"]


class Anthropic:
    """Asks through the proxy at `seat`.

    Raises:
        ConfigError: the library is not installed.
    """

    def __init__(self, ask: Ask, seat: Seat) -> None:
        self._ask = ask
        self._library = installed("anthropic")
        self._client = self._library.Anthropic(
            base_url=seat.url,
            api_key=seat.token,
            max_retries=ask.retries,
            timeout=ask.timeout,
        )

    def ask(self, prompt: Prompt, hears: Hears) -> Answer:
        """Ask once, and wait."""
        body = self._ask.body(prompt)
        known = {name: body.pop(name) for name in ("model", "stream", "messages", "max_tokens")}
        create = self._client.messages.with_streaming_response.create
        return converse(self._ask, self._library, lambda: create(**known, extra_body=body), hears)

    def close(self) -> None:
        """Give its connections back."""
        self._client.close()
