"""Responses: OpenAI's newer interface, which Codex speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from monocyte.genops.metering.wires.fields import FREE, Field, admit, cap, kinds, never, only
from monocyte.genops.metering.wires.interface import (
    Asked,
    Body,
    Reader,
    Refusal,
    Terms,
    Turn,
    asked,
    encode,
)
from monocyte.genops.metering.wires.usages import openai_usage

__all__ = ["FIELDS", "Responses"]

_ELSEWHERE = "it bills input that the request does not show"

FIELDS: Final[Mapping[str, Field]] = {
    "background": only(False),
    "client_metadata": FREE,
    "include": FREE,
    "input": FREE,
    "instructions": FREE,
    "max_output_tokens": FREE,
    "max_tool_calls": FREE,
    "metadata": FREE,
    "model": FREE,
    "parallel_tool_calls": FREE,
    "prompt_cache_key": FREE,
    "prompt_cache_retention": only("in_memory", "in-memory"),
    "reasoning": FREE,
    "safety_identifier": FREE,
    "service_tier": only("default"),
    "store": FREE,
    "stream": FREE,
    "stream_options": FREE,
    "temperature": FREE,
    "text": FREE,
    "tool_choice": FREE,
    "tools": FREE,
    "top_logprobs": FREE,
    "top_p": FREE,
    "truncation": FREE,
    "user": FREE,
    "context_management": never("it makes the provider ask the model more than once"),
    "conversation": never(_ELSEWHERE),
    "previous_response_id": never(_ELSEWHERE),
    "prompt": never(_ELSEWHERE),
}

ITEMS: Final = (
    "message",
    "reasoning",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "local_shell_call",
    "local_shell_call_output",
)
"""What may be in the input: text, and tools that the client runs."""

PARTS: Final = ("input_text", "output_text", "refusal", "summary_text", "reasoning_text")
TOOLS: Final = ("function", "custom", "local_shell", "namespace")
OWN_TOOLS: Final = ("local_shell",)
SUMMARY: Final = "response.reasoning_summary"
"""What events are called that retell the reasoning: written for people, and not what is billed."""
INCLUDES: Final = ("reasoning.encrypted_content", "message.output_text.logprobs")


class Responses:
    """POST /responses."""

    name = "responses"
    path = "/responses"

    def read(self, body: Body, terms: Terms) -> Asked:
        """What may be sent for this request; with its cap.

        Raises:
            Refusal: it could cost what nobody can tell.
        """
        sent = admit(body, FIELDS)
        if not isinstance(sent.get("input"), str):
            _items(sent.get("input"))
        include = sent.get("include", [])
        if not isinstance(include, list) or any(one not in INCLUDES for one in include):
            raise Refusal("'include' asks for more than reasoning")
        tools = _tools(sent.get("tools", []))
        output = cap(sent, ("max_output_tokens",), "max_output_tokens", terms.output)
        if terms.tier:
            sent["service_tier"] = terms.tier
        return asked(sent, output=output, tools=tools)

    def reader(self, *, stream: bool) -> Reader:
        """A reader for the answer."""
        return ResponsesReader(stream=stream)

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
        own: Body = {
            "model": model,
            "input": [{"role": turn.role, "content": turn.text} for turn in turns],
            "max_output_tokens": output,
            "store": False,
            "stream": True,
        }
        return {**parameters, **({"instructions": system} if system else {}), **own}


def _items(value: Any) -> None:
    for item in kinds("input", value, ITEMS, default="message"):
        for name in ("content", "output", "summary"):
            if isinstance(item.get(name), list):
                kinds("input", item[name], PARTS)


def _tools(value: Any) -> int:
    """How many tools are of the provider's making; hosted ones are refused.

    A namespace is a drawer with further tools in it.
    """
    found = kinds("tools", value, TOOLS)
    inner = sum(_tools(tool.get("tools", [])) for tool in found if tool["type"] == "namespace")
    return inner + sum(tool["type"] in OWN_TOOLS for tool in found)


class ResponsesReader(Reader):
    """Reads a response, or its events up to the one that brings the response as a whole."""

    def on_event(self, data: Body) -> None:
        """Read one event."""
        kind = str(data.get("type"))
        if kind == "response.output_text.delta":
            self.says(data.get("delta"))
        elif kind.endswith(".delta") and not kind.startswith(SUMMARY):
            self.thinks(data.get("delta"))
        if kind == "response.refusal.delta":
            self.stop = "refusal"
        if kind == "error":
            self.failed = True
        if kind in ("response.completed", "response.incomplete", "response.failed"):
            self._ends(data["response"])

    def on_body(self, data: Body) -> None:
        """Read the whole response."""
        for item in data["output"]:
            for part in item.get("content") or []:
                self.says(part.get("text"))
                self.thinks(part.get("refusal"))
            for name in ("name", "arguments", "input"):
                self.thinks(item.get(name))
        self._ends(data)

    def _ends(self, response: Body) -> None:
        """Take what the response says about itself."""
        self.failed = self.failed or response.get("status") not in ("completed", "incomplete")
        self.model = str(response.get("model") or "")
        names = ("input_tokens", "output_tokens", "input_tokens_details")
        self.usage = openai_usage(response.get("usage"), *names)
        self.tiered = response.get("service_tier") not in (None, "default")
        self._stops(response)
        self.complete = True

    def _stops(self, response: Body) -> None:
        parts = [part for item in response["output"] for part in item.get("content") or []]
        calls = any(str(item.get("type")).endswith("_call") for item in response["output"])
        why = (response.get("incomplete_details") or {}).get("reason")
        if why == "content_filter" or any(part.get("type") == "refusal" for part in parts):
            self.stop = "refusal"
        elif why is not None:
            self.stop = "length" if why == "max_output_tokens" else "unknown"
        elif self.stop != "refusal":
            self.stop = "tools" if calls else "end"
