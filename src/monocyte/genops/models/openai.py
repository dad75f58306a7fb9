"""OpenAI and everybody who speaks like them, by the official library: completions and responses."""

from __future__ import annotations

from monocyte.genops.metering.server import Seat
from monocyte.genops.models.asking import Ask, converse, installed
from monocyte.genops.models.interface import Answer, Hears, Prompt

__all__ = ["OpenAI"]


class OpenAI:
    """Asks through the proxy at `seat`; `ask.wire` is `chat` or `responses`.

    Raises:
        ConfigError: the library is not installed.
    """

    def __init__(self, ask: Ask, seat: Seat) -> None:
        self._ask = ask
        self._library = installed("openai")
        self._client = self._library.OpenAI(
            base_url=f"{seat.url}/v1",
            api_key=seat.token,
            max_retries=ask.retries,
            timeout=ask.timeout,
        )

    def ask(self, prompt: Prompt, hears: Hears) -> Answer:
        """Ask once, and wait."""
        body = self._ask.body(prompt)
        kind, said = ("input", self._client.responses)
        if self._ask.wire == "chat":
            kind, said = ("messages", self._client.chat.completions)
        known = {name: body.pop(name) for name in ("model", "stream", kind)}
        create = said.with_streaming_response.create
        return converse(self._ask, self._library, lambda: create(**known, extra_body=body), hears)

    def close(self) -> None:
        """Give its connections back."""
        self._client.close()
