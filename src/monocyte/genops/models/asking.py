"""What the two official libraries have in common, which is nearly everything.

A library authenticates, connects and tries again; each try passes the proxy as a call of its own.
What is sent is composed, and what arrives is read, by the wire: so a cassette finds the same.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from monocyte.errors import ConfigError
from monocyte.genops.metering.wires import WIRES
from monocyte.genops.metering.wires.events import StreamDamaged
from monocyte.genops.metering.wires.interface import Body, Reader
from monocyte.genops.models.interface import Answer, Declined, Hears, NoAnswer, Prompt

__all__ = ["Ask", "Response", "converse", "installed"]


class Ask(NamedTuple):
    """Which model is asked, and how."""

    wire: str
    model: str
    output: int
    """The most tokens of an answer."""
    parameters: Mapping[str, Any] = {}
    retries: int = 2
    """How often the library may try again after a failure that may pass."""
    timeout: float = 900.0
    """Seconds for one try."""

    def body(self, prompt: Prompt) -> Body:
        """The request."""
        wire = WIRES[self.wire]
        return wire.compose(self.model, prompt.system, prompt.turns, self.output, self.parameters)


class Response(Protocol):
    """What both libraries return for an answer that is read by ourselves."""

    headers: Any

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The body, as it arrives."""
        ...


def converse(
    ask: Ask,
    library: Any,
    opening: Callable[[], AbstractContextManager[Response]],
    hears: Hears,
) -> Answer:
    """Open a request with a library, and read the answer.

    Raises:
        Declined: the proxy or the provider turned the request away.
        NoAnswer: it failed otherwise, or the answer broke off.
    """
    import httpx2  # noqa: PLC0415  # comes with the libraries

    reader = WIRES[ask.wire].reader(stream=True)
    try:
        with opening() as response:
            _read(reader, response, hears)
    except library.APIStatusError as why:
        kind = Declined if why.status_code in (400, 401, 403, 404, 413, 422) else NoAnswer
        raise kind(_message(why), where=ask.model) from why
    except (library.APIError, httpx2.HTTPError, StreamDamaged) as why:
        raise NoAnswer(f"no answer came: {type(why).__name__}", where=ask.model) from why
    if not reader.complete or reader.failed:
        raise NoAnswer("the answer broke off", where=ask.model)
    return Answer.of(reader.said)


def _read(reader: Reader, response: Response, hears: Hears) -> None:
    for chunk in response.iter_bytes():
        reader.feed(chunk)
        if piece := reader.fresh():
            hears(piece)
    reader.end()


def _message(why: Any) -> str:
    """What the other side said, of either shape."""
    body = why.body if isinstance(why.body, dict) else {}
    error = body.get("error", body)
    said = error.get("message") if isinstance(error, dict) else None
    return str(said or f"status {why.status_code}")


def installed(name: str) -> Any:
    """The library of that name.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as why:
        mend = 'pip install "monocyte[genops]"'
        raise ConfigError(f"{name} is not installed", mend=mend) from why
