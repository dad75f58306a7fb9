"""The app as OpenAPI 3.1, drawn from what the bus serves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from monocyte.bus import Route, Service
from monocyte.contracts import Message
from monocyte.contracts.codec import json_schemas
from monocyte.dmz.problems import STATUSES

__all__ = ["openapi"]

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "cell": {"type": "string"},
        "rule": {"type": "string", "description": "The rule that refused it."},
        "reason": {"type": "string"},
        "what_to_do": {"type": "string"},
    },
}

HEADERS: tuple[dict[str, Any], ...] = (
    {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "maxLength": 128},
        "description": "Sent again under the same key, a command gives its first answer.",
    },
    {
        "name": "Monocyte-Timeout",
        "in": "header",
        "schema": {"type": "number", "exclusiveMinimum": 0, "maximum": 3600},
        "description": "Seconds within which the answer is of use.",
    },
    {"name": "traceparent", "in": "header", "schema": {"type": "string"}},
)


def openapi(name: str, version: str, services: Iterable[Service]) -> dict[str, Any]:
    """The whole description, as JSON says it."""
    services = tuple(services)
    routes = [route for service in services for route in service.routes]
    events = [event for service in services for event in service.events]
    types = [t for route in routes for t in (route.message, route.reply)]
    shown, shared = json_schemas([*types, *events])
    pairs = zip(routes, shown[::2], shown[1::2], strict=False)
    return {
        "openapi": "3.1.0",
        "info": {"title": name, "version": version},
        "security": [{"key": []}],
        "paths": {path: item for r, m, a in pairs for path, item in [_path(r, m, a, shared)]}
        | {"/events": _events()},
        "components": {
            "schemas": shared | {"Problem": PROBLEM},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "tags": [{"name": service.cell} for service in services],
    }


def _path(
    route: Route, message: dict[str, Any], reply: dict[str, Any], shared: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    operation: dict[str, Any] = {
        "operationId": route.address,
        "tags": [route.cell],
        "summary": _summary(route.message),
        "responses": {
            "200": {
                "description": "The answer.",
                "content": {"application/json": {"schema": reply}},
            },
            "default": {
                "description": "One of "
                + ", ".join(sorted({str(s) for s, _ in STATUSES.values()})),
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            },
        },
    }
    if route.is_command:
        operation["parameters"] = list(HEADERS)
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": message}},
        }
    else:
        operation["parameters"] = [*_parameters(route.message, shared), *HEADERS[1:]]
    method = "post" if route.is_command else "get"
    return f"/cells/{route.cell}/{route.message.__name__}", {method: operation}


def _parameters(message: type[Message], shared: dict[str, Any]) -> Iterator[dict[str, Any]]:
    schema = shared.get(message.__name__, {})
    required = schema.get("required", [])
    for name, shape in schema.get("properties", {}).items():
        yield {"name": name, "in": "query", "required": name in required, "schema": shape}


def _summary(message: type[Message]) -> str:
    own = message.__doc__ if message.__doc__ != message.__mro__[1].__doc__ else None
    return (own or message.__name__).strip().splitlines()[0]


def _events() -> dict[str, Any]:
    parameters = [
        {
            "name": "cell",
            "in": "query",
            "schema": {"type": "array", "items": {"type": "string"}},
            "description": "The cells to follow; all by default.",
        },
        {
            "name": "after",
            "in": "query",
            "schema": {"type": "string"},
            "description": "A cursor as `Last-Event-ID` has it: cell=position,…; `now` for the end.",
        },
    ]
    content = {"text/event-stream": {"schema": {"type": "string"}}}
    responses = {"200": {"description": "Events, as they happen.", "content": content}}
    summary = "Follow what happens, from any position on"
    return {
        "get": {
            "operationId": "events",
            "summary": summary,
            "parameters": parameters,
            "responses": responses,
        }
    }
