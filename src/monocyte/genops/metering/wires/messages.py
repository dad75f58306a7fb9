"""Messages: Anthropic's interface, which Claude Code speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from monocyte.genops.metering.wires.fields import (
    FREE,
    Field,
    admit,
    cap,
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
from monocyte.genops.metering.wires.usages import anthropic_usage
from monocyte.genops.prices import Dearest

__all__ = ["FIELDS", "Messages"]

FIELDS: Final[Mapping[str, Field]] = {
    "cache_control": FREE,
    "context_management": FREE,
    "max_tokens": FREE,
    "messages": FREE,
    "metadata": FREE,
    "model": FREE,
    "output_config": FREE,
    "output_format": FREE,
    "service_tier": only("standard_only"),
    "stop_sequences": FREE,
    "stream": FREE,
    "system": FREE,
    "temperature": FREE,
    "thinking": FREE,
    "tool_choice": FREE,
    "tools": FREE,
    "top_k": FREE,
    "top_p": FREE,
    "container": never("it is billed apart from tokens"),
    "inference_geo": never("it is billed at a rate of its own"),
    "mcp_servers": never("the provider asks the model as often as it likes"),
    "speed": never("it is billed at a rate of its own"),
}

BLOCKS: Final = ("text", "tool_use", "tool_result", "thinking", "redacted_thinking")
"""What may be in a message: text, and tools that the client runs."""

CLIENT_TOOLS: Final = ("bash_", "text_editor_", "memory_")
"""How the types of tools begin that Anthropic has made and the client runs."""

EDITS: Final = ("clear_tool_uses_20250919", "clear_thinking_20251015")
"""Edits of the context that take away; others ask the model once more."""

STOPS: Final[Mapping[str, Stop]] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tools",
    "refusal": "refusal",
}


class Messages:
    """POST /v1/messages."""

    name = "messages"
    path = "/v1/messages"

    def read(self, body: Body, terms: Terms) -> Asked:
        """What may be sent for this request; with its cap.

        Raises:
            Refusal: it could cost what nobody can tell.
        """
        sent = admit(body, FIELDS)
        if not isinstance(sent.get("system", ""), str):
            kinds("system", sent["system"], ("text",))
        for message in objects("messages", sent.get("messages")):
            _blocks(message.get("content"))
        _edits(sent.get("context_management", {}))
        tools = _tools(sent.get("tools", []))
        output = cap(sent, ("max_tokens",), "max_tokens", terms.output)
        if terms.tier:
            sent["service_tier"] = terms.tier
        return asked(sent, output=output, tools=tools, dearest=_dearest(sent))

    def reader(self, *, stream: bool) -> Reader:
        """A reader for the answer."""
        return MessagesReader(stream=stream)

    def refusal(self, message: str) -> bytes:
        """A body that says no in the provider's own way."""
        error = {"type": "invalid_request_error", "message": message}
        return encode({"type": "error", "error": error})

    def headers(self, key: str) -> dict[str, str]:
        """How the provider wants to be shown the key."""
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}

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
            "messages": [{"role": turn.role, "content": turn.text} for turn in turns],
            "max_tokens": output,
            "stream": True,
        }
        return {**parameters, **({"system": system} if system else {}), **own}


def _blocks(content: Any) -> None:
    if isinstance(content, str):
        return
    for block in kinds("messages", content, BLOCKS):
        if isinstance(inner := block.get("content"), list):
            kinds("messages", inner, ("text",))


def _edits(management: Any) -> None:
    if not isinstance(management, dict) or management.keys() - {"edits"}:
        raise Refusal("nobody here knows what that 'context_management' costs")
    kinds("context_management", management.get("edits", []), EDITS)


def _tools(value: Any) -> int:
    """How many tools are of Anthropic's making; those that it runs itself are refused."""
    made = 0
    for tool in objects("tools", value):
        kind = str(tool.get("type") or "custom")
        if kind.startswith(CLIENT_TOOLS):
            made += 1
        elif kind != "custom":
            raise Refusal(f"the tool {kind[:64]!r} runs at the provider, and is not priced")
    return made


def _dearest(sent: Body) -> Dearest:
    """Where the request may write its tokens to: seen in our own bytes, wherever it stands."""
    raw = encode(sent)
    if b'"cache_control"' not in raw:
        return "input"
    return "write_1h" if b'"ttl"' in raw else "write"


class MessagesReader(Reader):
    """Reads a message, or its events up to `message_stop`."""

    def __init__(self, *, stream: bool) -> None:
        super().__init__(stream=stream)
        self._usage: Body = {}

    def on_event(self, data: Body) -> None:
        """Read one event."""
        kind = data.get("type")
        if kind == "message_start":
            self.model = str(data["message"].get("model") or "")
            self._counts(data["message"].get("usage"))
        elif kind == "content_block_start":
            self._block(data["content_block"])
        elif kind == "content_block_delta":
            self._piece(data["delta"])
        elif kind == "message_delta":
            self._stops(data["delta"].get("stop_reason"))
            self._counts(data.get("usage"))
        elif kind == "error":
            self.failed = True
        elif kind == "message_stop":
            self._ends()

    def on_body(self, data: Body) -> None:
        """Read the whole message."""
        self.model = str(data.get("model") or "")
        for block in data["content"]:
            self._block(block)
        self._stops(data.get("stop_reason"))
        self._counts(data.get("usage"))
        self._ends()

    def _block(self, block: Body) -> None:
        self.says(block.get("text"))
        for name in ("thinking", "name"):
            self.thinks(block.get(name))
        if block.get("input"):
            self.thinks(encode(block["input"]).decode())

    def _piece(self, delta: Body) -> None:
        self.says(delta.get("text"))
        for name in ("thinking", "partial_json"):
            self.thinks(delta.get(name))

    def _stops(self, reason: object) -> None:
        if isinstance(reason, str):
            self.stop = STOPS.get(reason, "unknown")

    def _counts(self, said: Any) -> None:
        """Later numbers replace earlier ones, but a count never shrinks."""
        for name, value in said.items() if isinstance(said, dict) else ():
            old = self._usage.get(name)
            shrinks = type(value) is int and type(old) is int and value < old
            if value is not None and not shrinks:
                self._usage[name] = value

    def _ends(self) -> None:
        self.usage = anthropic_usage(self._usage)
        self.complete = True
