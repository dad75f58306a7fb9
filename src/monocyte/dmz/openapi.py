"""The app as OpenAPI 3.1, drawn from what the bus serves.

The names of our own schemas have a dot, which no class has, so that they never meet a cell's.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

from monocyte.bus import Route, Service
from monocyte.contracts import Message
from monocyte.contracts.codec import json_schemas
from monocyte.dmz.problems import STATUSES

__all__ = ["openapi", "resolve"]

Json = dict[str, Any]

TEXT: Json = {"type": "string"}

PROBLEM: Json = {
    "type": "object",
    "description": "What went wrong, as RFC 9457 has it.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"enum": [f"about:blank#{kind}" for kind in STATUSES]},
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "cell": {"type": "string", "description": "The cell that was asked."},
        "rule": {"type": "string", "description": "The rule that refused it."},
        "reason": {"type": "string", "description": "What the rule had to say in this case."},
        "what_to_do": TEXT,
    },
}

HEADERS: tuple[Json, ...] = (
    {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "minLength": 1, "maxLength": 128},
        "description": "Sent again under the same key, a command gives its first answer.",
    },
    {
        "name": "Monocyte-Timeout",
        "in": "header",
        "schema": {"type": "number", "maximum": 3600},
        "description": "Seconds after which the answer is no longer wanted.",
    },
    {
        "name": "traceparent",
        "in": "header",
        "schema": {"type": "string", "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"},
        "description": "The W3C trace that the request belongs to.",
    },
)

FOLLOWING: tuple[Json, ...] = (
    {
        "name": "cell",
        "in": "query",
        "schema": {"type": "array", "items": TEXT},
        "description": "The cells to follow; all by default.",
    },
    {
        "name": "after",
        "in": "query",
        "schema": TEXT,
        "description": "A cursor, cell=position,…; `now` for the end.",
    },
    {
        "name": "Last-Event-ID",
        "in": "header",
        "schema": TEXT,
        "description": "The cursor of the last event; it goes before `after`.",
    },
)

OTHERS: tuple[tuple[str, str, str], ...] = (
    ("get", "/cells", "The cells, how they are, and what they cost"),
    ("get", "/letters", "The dead letters; for owners"),
    ("post", "/letters/{cell}/{position}", "Let a dead letter take its effect; for owners"),
)
"""Method, path and summary of what is no message."""


def openapi(name: str, version: str, services: Iterable[Service]) -> Json:
    """The whole description, as JSON says it."""
    services = tuple(services)
    routes = [route for service in services for route in service.routes]
    types = [t for route in routes for t in (route.message, route.reply)]
    events = [event for service in services for event in service.events]
    shown, shared = json_schemas([*types, *events])
    pairs = zip(routes, shown[::2], shown[1::2], strict=False)
    return {
        "openapi": "3.1.0",
        "info": {"title": name, "version": version},
        "security": [{"key": []}],
        "tags": [{"name": service.cell} for service in services],
        "paths": {
            **{_path(route): _item(route, m, a, shared) for route, m, a in pairs},
            "/events": _events(),
            **{path: _other(verb, path, summary) for verb, path, summary in OTHERS},
        },
        "components": {
            "schemas": shared
            | {"monocyte.Problem": PROBLEM, "monocyte.Event": _event(shown[len(types) :])},
            "responses": dict(_responses()),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def resolve(schema: Json, shared: Json) -> Json:
    """The schema that a reference names; any other itself."""
    found: Json = shared.get(schema.get("$ref", "").rpartition("/")[2], schema)
    return found


def _path(route: Route) -> str:
    return f"/cells/{route.cell}/{route.message.__name__}"


def _item(route: Route, message: Json, reply: Json, shared: Json) -> Json:
    operation: Json = {
        "operationId": route.address,
        "tags": [route.cell],
        **_prose(route.message),
        "responses": {
            "200": {
                "description": "The answer.",
                "content": {"application/json": {"schema": reply}},
            },
            **_problems(),
        },
    }
    if route.is_command:
        operation["parameters"] = list(HEADERS)
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": message}},
        }
        return {"post": operation}
    operation["parameters"] = [*_parameters(message, shared), *HEADERS[1:]]
    return {"get": operation}


def _parameters(message: Json, shared: Json) -> Iterator[Json]:
    """A query's fields, one parameter each; where one does not fit into a URL, all as `json`."""
    schema = resolve(message, shared)
    fields = schema.get("properties", {})
    if not all(_is_plain(shape, shared) for shape in fields.values()):
        yield {
            "name": "json",
            "in": "query",
            "required": bool(schema.get("required")),
            "content": {"application/json": {"schema": message}},
        }
        return
    for name, shape in fields.items():
        required = name in schema.get("required", [])
        yield {"name": name, "in": "query", "required": required, "schema": shape}


def _is_plain(shape: Json, shared: Json) -> bool:
    """Whether a parameter in a URL can say it."""
    shape = resolve(shape, shared)
    if members := shape.get("anyOf"):
        return all(_is_plain(member, shared) for member in members)
    return "enum" in shape or shape.get("type") in ("string", "integer", "number", "boolean")


def _prose(message: type[Message]) -> Json:
    """The docstring, its first line apart from the rest; without one, the name in words."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", message.__name__).capitalize()
    text = inspect.cleandoc(vars(message).get("__doc__") or words)
    first, _, rest = text.partition("\n")
    return {"summary": first} | ({"description": rest.strip()} if rest.strip() else {})


def _problems() -> Json:
    statuses = sorted({status for status, _ in STATUSES.values()})
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses}


def _responses() -> Iterator[tuple[str, Json]]:
    """One response for each status, which says what it may stand for."""
    content = {"application/problem+json": {"schema": {"$ref": _name("Problem")}}}
    for status in sorted({status for status, _ in STATUSES.values()}):
        titles = [f"{title} (`{kind}`)" for kind, (s, title) in STATUSES.items() if s == status]
        yield str(status), {"description": "; ".join(titles) + ".", "content": content}


def _events() -> Json:
    data = {"contentMediaType": "application/json", "contentSchema": {"$ref": _name("Event")}}
    stream = {"type": "string", "description": "Each `data` is an event.", **data}
    response = {
        "description": "Events as they come; the `id` of each is the cursor to go on from.",
        "content": {"text/event-stream": {"schema": stream}},
    }
    return {
        "get": {
            "operationId": "events",
            "summary": "Follow what happens, from any position on",
            "parameters": list(FOLLOWING),
            "responses": {"200": response, **_problems()},
        }
    }


def _event(data: Iterable[Json]) -> Json:
    shapes = list(data)
    properties = {
        "cell": TEXT,
        "position": {"type": "integer"},
        "event": {"type": "string", "description": "The name of its type."},
        "at": {"type": "integer", "description": "When, in µs since 1970-01-01, UTC."},
        "by": {"type": "string", "description": "Whose command or which cell's reaction."},
        "cause": {"type": "string", "description": "The id of what made it happen."},
        "correlation": {"type": "string", "description": "The id of the first of the chain."},
        "data": {"anyOf": shapes} if shapes else {},
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def _other(verb: str, path: str, summary: str) -> Json:
    shapes = {"cell": TEXT, "position": {"type": "integer", "minimum": 1}}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": shape}
        for name, shape in shapes.items()
        if f"{{{name}}}" in path
    ]
    answer = {"description": HTTPStatus.OK.phrase, "content": {"application/json": {"schema": {}}}}
    operation = {"operationId": f"{verb} {path}", "summary": summary, "parameters": parameters}
    return {verb: operation | {"responses": {"200": answer, **_problems()}}}


def _name(own: str) -> str:
    return f"#/components/schemas/monocyte.{own}"
