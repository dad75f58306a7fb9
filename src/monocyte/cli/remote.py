"""An app that runs, over HTTP: the other side of the gateway, with nothing but the stdlib."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from monocyte.errors import (
    KINDS,
    BusError,
    ConfigError,
    Denied,
    Invalid,
    NoSuchMessage,
    TooLarge,
    Unavailable,
)

__all__ = ["Remote"]

TOO_LONG = (http.client.REQUEST_URI_TOO_LONG, http.client.REQUEST_HEADER_FIELDS_TOO_LARGE)
"""What the server says of a URL that it does not even read."""

PATIENCE = 60.0
"""Seconds that an answer may take."""


class Remote:
    """An app that runs, over HTTP."""

    def __init__(self, url: str, key: str) -> None:
        if not (key.isascii() and key.isprintable()):
            raise ConfigError("this is no key", mend="a key begins with mono_")
        self.url = url.rstrip("/")
        self._https, self._host, self._port = _place(url)
        self._headers = {"Authorization": f"Bearer {key}"}

    def send(self, address: str, body: bytes, id: str = "") -> Any:
        """Post a command; raises BusError as the app says it."""
        if not (id.isascii() and id.isprintable()):
            raise ConfigError(f"{id!r} is no id", mend="use printable ASCII characters")
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": id} if id else {})
        return self._json("POST", _path(address), body, headers)

    def ask(self, address: str, body: bytes) -> Any:
        """Get a query; raises BusError as the app says it."""
        return self._json("GET", f"{_path(address)}?{urlencode({'json': body})}")

    def get(self, path: str) -> Any:
        """Get something else that the app says in JSON."""
        return self._json("GET", path)

    def post(self, path: str, body: bytes | None = None) -> Any:
        """Let the app do something that is no message."""
        return self._json("POST", path, body)

    def events(self, cells: tuple[str, ...], after: str) -> Iterator[dict[str, Any]]:
        """The events of cells behind a cursor, as they come; ends when the app does.

        Raises:
            BusError: as the app says it, at the start or amid the events.
        """
        query = urlencode([*(("cell", cell) for cell in cells), ("after", after)])
        with closing(self._connection(None)) as connection:
            response = self._response(connection, "GET", f"/events?{query}", None, {})
            kind = b""
            for line in _lines(response):
                name, _, value = line.rstrip(b"\n").partition(b": ")
                if name == b"event":
                    kind = value
                elif name == b"data" and kind == b"problem":
                    raise _problem(json.loads(value))
                elif name == b"data":
                    yield json.loads(value)

    def _json(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        with closing(self._connection(PATIENCE)) as connection:
            response = self._response(connection, method, path, body, headers or {})
            try:
                return json.loads(response.read())
            except ValueError as why:
                raise _stranger(self.url) from why
            except (OSError, http.client.HTTPException) as why:
                raise Unavailable(f"{self.url} broke off amid its answer") from why

    def _connection(self, timeout: float | None) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._https else http.client.HTTPConnection
        return kind(self._host, self._port, timeout=timeout)

    def _response(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
    ) -> http.client.HTTPResponse:
        try:
            connection.request(method, path, body, self._headers | headers)
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as why:
            mend = "is it running? start it: monocyte run"
            said = getattr(why, "strerror", "") or why
            raise Unavailable(f"{self.url} does not answer: {said}", mend=mend) from why
        if response.status != http.client.OK:
            raise _error(self.url, response)
        return response


def _place(url: str) -> tuple[bool, str, int | None]:
    """Whether by TLS, the host, and the port."""
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts.scheme == "https", parts.hostname, parts.port
    except ValueError:  # a port that is none, half an IPv6 address
        pass
    raise ConfigError(f"{url!r} is no address", mend="write it like http://127.0.0.1:8420")


def _lines(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The lines of a stream, until it ends in whichever way."""
    try:
        yield from response
    except (OSError, http.client.HTTPException):
        return


def _path(address: str) -> str:
    cell, dot, message = address.partition(".")
    if not (cell and dot and message):
        raise NoSuchMessage(
            f"{address!r} is no message", mend="write CELL.Message, as in people.Enrol"
        )
    return f"/cells/{quote(cell, safe='')}/{quote(message, safe='')}"


def _error(url: str, response: http.client.HTTPResponse) -> BusError:
    """The problem that the app has answered with, as the error that it was."""
    if response.status in TOO_LONG:
        return TooLarge("the fields are too long for a query", mend="ask for less at once")
    try:
        return _problem(json.loads(response.read()))
    except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
        return _stranger(f"{url} says HTTP {response.status}: it")


def _stranger(who: str) -> Unavailable:
    return Unavailable(f"{who} is not this app", mend="is another program at that address?")


def _problem(said: dict[str, Any]) -> BusError:
    kind = str(said["type"]).rpartition("#")[2]
    if kind == "unauthenticated":
        return Denied(
            "the app does not know this key",
            mend="is it a key of this app, and not revoked? see: monocyte access list",
        )
    if kind == "wrong-method":
        mend = "a command is sent, a query is asked: monocyte send, monocyte ask"
        return Invalid(str(said["detail"]).partition(":")[0], mend=mend)
    error = KINDS.get(kind, BusError)(str(said["detail"]), mend=str(said.get("what_to_do", "")))
    error.cell = str(said.get("cell", ""))
    for name, field in (("rule", "rule"), ("detail", "reason")):
        if hasattr(error, name):
            setattr(error, name, str(said.get(field, "")))
    return error
