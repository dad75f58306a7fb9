"""Errors as the wall says them: problem details (RFC 9457), one status for each kind."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from monocyte.contracts import to_fault
from monocyte.errors import BusError

__all__ = ["STATUSES", "described", "problem", "problem_of"]

STATUSES: dict[str, tuple[int, str]] = {
    "invalid": (400, "The message is not what its type says"),
    "unauthenticated": (401, "No key, or none that is known"),
    "denied": (403, "Not allowed"),
    "no-such-cell": (404, "No such cell"),
    "no-such-message": (404, "No such message"),
    "no-such-page": (404, "No such page"),
    "wrong-method": (405, "Commands are posted, queries are got"),
    "conflict": (409, "The state kept changing"),
    "too-large": (413, "Too large"),
    "refused": (422, "A rule forbids it"),
    "cancelled": (499, "Cancelled"),
    "crashed": (500, "The handler failed"),
    "port-failed": (502, "A port failed"),
    "busy": (503, "Busy"),
    "unavailable": (503, "Not available now"),
    "deadline-exceeded": (504, "The deadline passed"),
    "ask-cycle": (508, "Asked in a circle"),
}
"""Status and title for each kind of error; the docs are drawn from it."""

RETRY_AFTER = {"busy": "1", "unavailable": "1"}
"""Seconds after which it may go better."""


def problem(kind: str, detail: str, *, allow: str = "") -> Response:
    """A problem that the wall itself has found, as a response."""
    return _response(kind, _body(kind, detail), {"Allow": allow} if allow else {})


def problem_of(error: BusError) -> Response:
    """A bus error as a response."""
    return _response(_kind(error), described(error), {})


def described(error: BusError) -> bytes:
    """A bus error as a problem document; fields that are empty are left out."""
    fault = to_fault(error)
    return _body(
        _kind(error),
        fault.message,
        cell=fault.cell,
        rule=fault.rule,
        reason=fault.detail,
        what_to_do=fault.mend,
    )


def _kind(error: BusError) -> str:
    return error.kind if error.kind in STATUSES else "crashed"


def _body(kind: str, detail: str, **fields: str) -> bytes:
    status, title = STATUSES[kind]
    body = {"type": f"about:blank#{kind}", "title": title, "status": status, "detail": detail}
    return msgspec.json.encode(body | {name: value for name, value in fields.items() if value})


def _response(kind: str, body: bytes, headers: dict[str, str]) -> Response:
    headers |= {"Cache-Control": "no-store"}
    if kind in RETRY_AFTER:
        headers["Retry-After"] = RETRY_AFTER[kind]
    if kind == "unauthenticated":
        headers["WWW-Authenticate"] = "Bearer"
    return Response(body, STATUSES[kind][0], headers, media_type="application/problem+json")
