"""What the proxy lets through: decided from a request's path, headers and body alone.

No I/O. What passes is an `Exchange`, with the most that it can cost, and the call to reserve.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from monocyte.genops.metering.exchange import Exchange
from monocyte.genops.metering.meter import Call
from monocyte.genops.metering.runs import Route, Run
from monocyte.genops.metering.wires import WIRES, Refusal, Wire

__all__ = ["PASSED", "PATHS", "Admitted", "admit", "bearer", "passed", "wire_of"]

PATHS: Final[Mapping[str, str]] = {
    "/v1/chat/completions": "chat",
    "/v1/responses": "responses",
    "/v1/messages": "messages",
}
"""Everything that the proxy answers, and in which wire format."""

QUERIES: Final = ("", "beta=true")
"""Query strings that change no price; Claude Code sends the second."""

PASSED: Final = ("accept", "anthropic-beta", "anthropic-version", "openai-beta", "user-agent")
"""Headers that are passed on; whatever else a client sends stays here."""


class Admitted(NamedTuple):
    """A request that may be sent if the meter agrees."""

    route: Route
    exchange: Exchange
    call: Call


def wire_of(method: str, path: str, query: str) -> Wire:
    """The wire format of an endpoint.

    Raises:
        Refusal: there is no such endpoint here.
    """
    name = PATHS.get(path)
    if name is None or method != "POST" or query not in QUERIES:
        raise Refusal(f"{method} {path[:200]} is not let through", mend=f"POST {', '.join(PATHS)}")
    return WIRES[name]


def bearer(headers: Mapping[str, str]) -> str:
    """The token that a client shows, in the way of either provider."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")


def passed(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that are passed on."""
    return {name: headers[name] for name in PASSED if name in headers}


def admit(run: Run, wire: Wire, headers: Mapping[str, str], raw: bytes, most: int) -> Admitted:
    """Decide about a request; its answer may have `most` bytes.

    Raises:
        Refusal: it is no request, or not for a pinned model, or nobody knows what it may cost.
    """
    if headers.get("content-encoding", "identity") != "identity":
        raise Refusal("a request must not be compressed: nobody can tell how long it is")
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as why:
        raise Refusal(f"the request is not JSON: {why}") from why
    if not isinstance(body, dict):
        raise Refusal("the request is no JSON object")
    route = _route(run, wire, body.get("model"))
    asked = wire.read(body, route.terms)
    exchange = Exchange(wire, body, asked, route.price, most)
    return Admitted(route, exchange, _call(run, route, exchange))


def _route(run: Run, wire: Wire, model: object) -> Route:
    route = run.routes.get(model) if isinstance(model, str) else None
    if route is None:
        pins = ", ".join(sorted(run.routes)) or "none"
        raise Refusal(f"the model {str(model)[:200]!r} is not pinned for this run: {pins}")
    if wire.name not in route.wires:
        raise Refusal(f"the pin {route.pin!r} is asked by {', '.join(route.wires)} only")
    return route


def _call(run: Run, route: Route, exchange: Exchange) -> Call:
    asked = exchange.asked
    return Call(
        run.plan,
        run.cell,
        run.person,
        route.pin,
        asked.model,
        exchange.wire.name,
        run.cap,
        exchange.worst,
        asked.entered,
        asked.output,
    )
