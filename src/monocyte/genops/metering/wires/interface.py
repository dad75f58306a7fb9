"""What a wire format has to tell the proxy: what a request may cost, and what an answer has cost.

A wire reads requests and answers of one provider interface; it sends nothing and knows no prices.
Whatever it does not know is refused, never passed on: what nobody has looked at may cost anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, Protocol

import msgspec

from monocyte.contracts.tokens import estimate
from monocyte.errors import MonocyteError
from monocyte.genops.metering.wires.events import EventStream, StreamDamaged
from monocyte.genops.prices import Dearest, Usage

__all__ = [
    "OVERHEAD",
    "Asked",
    "Body",
    "Reader",
    "Refusal",
    "Said",
    "Stop",
    "Terms",
    "Turn",
    "Wire",
    "asked",
    "encode",
    "weigh",
]

Body = dict[str, Any]
"""A JSON object as it travels."""

OVERHEAD: Final = 1024
"""Tokens that a provider adds to a request unasked, and again for each tool of its own making.

Anthropic documents up to 530 for the use of tools and 735 for the largest tool.
"""

FRAME: Final = 1024
"""Bytes of a request around its texts: the model, a cap, roles, some parameters."""

CHOICES: Final = 8
"""More alternatives to one question than anybody needs."""

Stop = Literal["end", "length", "refusal", "tools", "unknown"]
"""Why a model stopped: it was done, or at its cap, or would not, or wants a tool to be used."""


class Refusal(MonocyteError):
    """The proxy will not pass this request on."""

    fault = "caller"


class Terms(msgspec.Struct, frozen=True):
    """What a pin says about its requests."""

    output: int
    """The most tokens of one answer: taken where a request has no cap or a higher one."""
    tier: str = ""
    """The service tier to insist on; none is sent if this is empty."""
    cap: str = "max_completion_tokens"
    """How the provider calls the cap of a chat completion."""


class Turn(NamedTuple):
    """Something that was said to a model, or by it."""

    role: Literal["user", "assistant"]
    text: str


class Asked(msgspec.Struct, frozen=True):
    """A request that may be sent, and the most that it can come to."""

    model: str
    stream: bool
    body: Body
    entered: int
    """Tokens that go in: none is shorter than a byte."""
    output: int
    """Tokens that may come out, over all choices."""
    dearest: Dearest


class Said(NamedTuple):
    """What a model has answered."""

    text: str
    stop: Stop
    model: str
    """Who answered, by the answer's own word."""


class Reader:
    """Reads one answer as it arrives; a wire says what the pieces mean.

    `complete` tells that the answer said itself that it was over; `usage` is what the provider says
    it was, `None` as long as it has said nothing that can be; `heard` is our own estimate.
    """

    def __init__(self, *, stream: bool) -> None:
        self.complete = False
        self.usage: Usage | None = None
        self.model = ""
        self.stop: Stop = "unknown"
        self.failed = False
        """Whether the answer says that something went wrong."""
        self.tiered = False
        """Whether it says that it was billed at another rate than the usual one."""
        self._events = EventStream() if stream else None
        self._whole = bytearray()
        self._texts: list[str] = []
        self._told = 0
        self._pending: list[str] = []
        self._waiting = 0
        self.sure = 0
        """Of `heard`, what is already known without looking again."""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the body.

        Raises:
            StreamDamaged: this is not what such an answer looks like.
        """
        if self._events is None:
            self._whole += chunk
            return
        for data in self._events.feed(chunk):
            if data == "[DONE]":
                self.on_done()
            else:
                self._guard(self.on_event, data.encode())

    def end(self) -> None:
        """Note that the body is over.

        Raises:
            StreamDamaged: this is not what such an answer looks like.
        """
        if self._events is None:
            self._guard(self.on_body, bytes(self._whole))

    @property
    def heard(self) -> int:
        """About how many tokens of output have arrived."""
        return self.sure + estimate("".join(self._pending))

    @property
    def said(self) -> Said:
        """The answer, as far as it has arrived."""
        return Said("".join(self._texts), self.stop, self.model)

    def fresh(self) -> str:
        """What has been said since this was asked last: for whoever shows it live."""
        new, self._told = self._texts[self._told :], len(self._texts)
        return "".join(new)

    def says(self, text: object) -> None:
        """Take a piece of what the answer is for."""
        if isinstance(text, str):
            self._texts.append(text)
            self.thinks(text)

    def thinks(self, text: object) -> None:
        """Take a piece of output that is counted, but is no part of the answer."""
        if not isinstance(text, str):
            return
        # Pieces are as small as a letter; estimated one by one, each would count as a word.
        self._pending.append(text)
        self._waiting += len(text)
        if self._waiting > 1 << 12:
            self.sure, self._pending, self._waiting = self.heard, [], 0

    def on_event(self, data: Body) -> None:
        """Read one event of a stream."""
        raise NotImplementedError

    def on_body(self, data: Body) -> None:
        """Read the whole answer."""
        raise NotImplementedError

    def on_done(self) -> None:
        """Read the word that ends a stream, where there is one."""

    def _guard(self, read: Any, raw: bytes) -> None:
        """Whatever a provider answers must not break the proxy, only this answer."""
        try:
            data = msgspec.json.decode(raw)
            if not isinstance(data, dict):
                raise StreamDamaged("the provider sent JSON that is no object")
            read(data)
        except (msgspec.DecodeError, RecursionError, LookupError, TypeError, AttributeError) as why:
            raise StreamDamaged(f"the provider sent what is no answer: {why}") from why


class Wire(Protocol):
    """One interface of providers."""

    name: str
    path: str
    """Below a provider's base address, as SDKs and agents know it."""

    def read(self, body: Body, terms: Terms) -> Asked:
        """What may be sent for this request.

        Raises:
            Refusal: it could cost what nobody can tell.
        """
        ...

    def reader(self, *, stream: bool) -> Reader:
        """A reader for the answer."""
        ...

    def refusal(self, message: str) -> bytes:
        """A body that says no in the provider's own way."""
        ...

    def headers(self, key: str) -> dict[str, str]:
        """How the provider wants to be shown the key."""
        ...

    def compose(
        self,
        model: str,
        system: str,
        turns: Sequence[Turn],
        output: int,
        parameters: Mapping[str, Any],
    ) -> Body:
        """The request that asks for one answer in text."""
        ...


def encode(body: Body) -> bytes:
    """The bytes that are sent: always ours, so that nobody reads a request otherwise than we."""
    return msgspec.json.encode(body)


def weigh(*texts: str) -> int:
    """Tokens that are reserved at most for a request of ours with these texts: for a plan's cap."""
    return len(encode({"texts": texts})) + FRAME + OVERHEAD


def asked(body: Body, *, output: int, tools: int = 0, dearest: Dearest = "input") -> Asked:
    """The request, with the most that it can come to; `tools` are those of the provider's making.

    Raises:
        Refusal: it names no model.
    """
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise Refusal("the request names no model")
    entered = len(encode(body)) + OVERHEAD * (1 + tools)
    return Asked(model, body.get("stream") is True, body, entered, output, dearest)
