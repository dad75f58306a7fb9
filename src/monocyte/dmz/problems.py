"""Errors as the wall says them: problem details (RFC 9457), one status for each kind."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from monocyte.contracts import to_fault
from monocyte.errors import BusError

__all__ = ["STATUSES", "problem", "problem_of"]

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


def problem(kind: str, detail: str, **fields: Any) -> Response:
    """A problem as a response; `fields` that are empty are left out."""
    status, title = STATUSES[kind]
    body = {"type": f"about:blank#{kind}", "title": title, "status": status, "detail": detail}
    body |= {name: value for name, value in fields.items() if value}
    headers = {"Retry-After": RETRY_AFTER[kind]} if kind in RETRY_AFTER else {}
    if kind == "unauthenticated":
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        msgspec.json.encode(body), status, headers, media_type="application/problem+json"
    )


def problem_of(error: BusError) -> Response:
    """A bus error as a response."""
    fault = to_fault(error)
    return problem(
        fault.kind,
        fault.message,
        cell=fault.cell,
        rule=fault.rule,
        reason=fault.detail,
        what_to_do=fault.mend,
    )
