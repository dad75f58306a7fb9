"""Chat completions: what OpenAI began with, and most others understand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from monocyte.genops.metering.wires.fields import (
    FREE,
    Field,
    admit,
    cap,
    choices,
    kinds,
    never,
    objects,
    only,
)
from monocyte.genops.metering.wires.interface import (
    Asked,
    Body,
    Reader,
    Refusal,
    Stop,
    Terms,
    Turn,
    asked,
    encode,
)
from monocyte.genops.metering.wires.usages import openai_usage

__all__ = ["FIELDS", "Chat"]

FIELDS: Final[Mapping[str, Field]] = {
    "frequency_penalty": FREE,
    "function_call": FREE,
    "functions": FREE,
    "logit_bias": FREE,
    "logprobs": FREE,
    "max_completion_tokens": FREE,
    "max_tokens": FREE,
    "messages": FREE,
    "metadata": FREE,
    "modalities": only(["text"]),
    "model": FREE,
    "n": FREE,
    "parallel_tool_calls": FREE,
    "presence_penalty": FREE,
    "prompt_cache_key": FREE,
    "prompt_cache_retention": only("in_memory", "in-memory"),
    "reasoning_effort": FREE,
    "response_format": FREE,
    "safety_identifier": FREE,
    "seed": FREE,
    "service_tier": only("default"),
    "stop": FREE,
    "store": only(False),
    "stream": FREE,
    "stream_options": FREE,
    "temperature": FREE,
    "tool_choice": FREE,
    "tools": FREE,
    "top_logprobs": FREE,
    "top_p": FREE,
    "user": FREE,
    "verbosity": FREE,
    "audio": never("sound is billed apart from text"),
    "best_of": never("answers that nobody sees are billed"),
    "prediction": never("tokens that were predicted wrongly are billed on top of the cap"),
    "web_search_options": never("searches are billed apart from tokens"),
}

STOPS: Final[Mapping[str, Stop]] = {
    "stop": "end",
    "length": "length",
    "tool_calls": "tools",
    "function_call": "tools",
    "content_filter": "refusal",
}


class Chat:
    """POST /chat/completions."""

    name = "chat"
    path = "/chat/completions"

    def read(self, body: Body, terms: Terms) -> Asked:
        """What may be sent for this request; with its cap, and with usage at the end of a stream.

        Raises:
            Refusal: it could cost what nobody can tell.
        """
        sent = admit(body, FIELDS)
        for message in objects("messages", sent.get("messages")):
            if isinstance(content := message.get("content"), list):
                kinds("messages", content, ("text", "refusal"))
            if message.get("audio") is not None:
                raise Refusal("sound is billed apart from text")
        kinds("tools", sent.get("tools", []), ("function", "custom"))
        output = cap(sent, ("max_completion_tokens", "max_tokens"), terms.cap, terms.output)
        if terms.tier:
            sent["service_tier"] = terms.tier
        if sent.get("stream") is True:
            sent["stream_options"] = {"include_usage": True}
        else:
            sent.pop("stream_options", None)
        return asked(sent, output=output * choices(sent))

    def reader(self, *, stream: bool) -> Reader:
        """A reader for the answer."""
        return ChatReader(stream=stream)

    def refusal(self, message: str) -> bytes:
        """A body that says no in the provider's own way."""
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
        return encode({"error": error})

    def headers(self, key: str) -> dict[str, str]:
        """How the provider wants to be shown the key."""
        return {"authorization": f"Bearer {key}"}

    def compose(
        self,
        model: str,
        system: str,
        turns: Sequence[Turn],
        output: int,
        parameters: Mapping[str, Any],
    ) -> Body:
        """The request that asks for one answer in text."""
        messages = [{"role": "system", "content": system}] if system else []
        messages += [{"role": turn.role, "content": turn.text} for turn in turns]
        own = {"model": model, "messages": messages, "stream": True}
        caps = {} if "max_tokens" in parameters else {"max_completion_tokens": output}
        return {**parameters, **caps, **own}


class ChatReader(Reader):
    """Reads a completion, or its chunks up to `[DONE]`."""

    def on_event(self, data: Body) -> None:
        """Read one chunk."""
        self._common(data)
        for choice in data.get("choices") or []:
            self._piece(choice.get("delta") or {})
            self._stops(choice.get("finish_reason"))

    def on_done(self) -> None:
        """Believe that it is over."""
        self.complete = True

    def on_body(self, data: Body) -> None:
        """Read the whole completion."""
        self._common(data)
        for choice in data["choices"]:
            self._piece(choice["message"])
            self._stops(choice.get("finish_reason"))
        self.complete = True

    def _common(self, data: Body) -> None:
        self.failed = self.failed or data.get("error") is not None
        self.model = str(data.get("model") or self.model)
        if data.get("usage") is not None:
            names = ("prompt_tokens", "completion_tokens", "prompt_tokens_details")
            self.usage = openai_usage(data["usage"], *names)
        if data.get("service_tier") not in (None, "default"):
            self.tiered = True

    def _piece(self, said: Body) -> None:
        self.says(said.get("content"))
        if said.get("refusal"):
            self.stop = "refusal"
        for name in ("refusal", "reasoning_content", "reasoning"):
            self.thinks(said.get(name))
        for call in said.get("tool_calls") or []:
            for part in (call.get("function") or {}, call.get("custom") or {}):
                for name in ("name", "arguments", "input"):
                    self.thinks(part.get(name))

    def _stops(self, reason: object) -> None:
        if isinstance(reason, str) and self.stop != "refusal":
            self.stop = STOPS.get(reason, "unknown")
