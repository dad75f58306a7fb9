"""Which app is meant, and how to reach it: over HTTP where it runs, else in this process."""

from __future__ import annotations

import getpass
import http.client
import json
import os
from collections.abc import Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import click

from monocyte.errors import KINDS, BusError, ConfigError, Denied, Unavailable

if TYPE_CHECKING:
    from monocyte.app import App

__all__ = [
    "Remote",
    "app_option",
    "complete_message",
    "finish",
    "open_app",
    "reach_options",
    "remote",
]

T = TypeVar("T")

KEY = "MONOCYTE_KEY"
URL = "MONOCYTE_URL"

app_option = click.option(
    "--app",
    "app_path",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The app's directory.  [default: the nearest with a monocyte.toml]",
)


def reach_options(command: Any) -> Any:
    """Options of commands that ask an app, which may be running."""
    for option in (
        click.option("--key", envvar=KEY, help=f"Your key, for an app that runs.  [env: {KEY}]"),
        click.option("--url", envvar=URL, help=f"Where the app answers.  [env: {URL}]"),
        app_option,
    ):
        command = option(command)
    return command


def open_app(path: Path | None, *, tolerant: bool = False) -> App:
    """Load the app in a directory or above it.

    Raises:
        ConfigError: it has no settings, or they cannot be.
        DefinitionError: a cell is not well formed (unless `tolerant`).
    """
    from monocyte.app import find_root, load_app

    app = load_app(find_root(path or Path.cwd()))
    if app.faults and not tolerant:
        first, *rest = app.faults
        first.more = (*first.more, *rest)
        raise first
    return app


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run what waits, to its end."""
    import asyncio

    return asyncio.run(work)


def complete_message(kind: str) -> Any:
    """Completes `cell.Message` for commands, queries, or all, from the app that is here."""

    def complete(_: Any, __: Any, incomplete: str) -> list[str]:
        try:
            app = open_app(None, tolerant=True)
        except Exception:  # noqa: BLE001 (a completion that fails is an empty one, never a traceback)
            return []
        wanted = {"command": (True,), "query": (False,), "any": (True, False)}[kind]
        names = (
            f"{cell.name}.{handler.message.__name__}"
            for cell in app.cells
            for handler in cell.handlers.values()
            if handler.is_command in wanted
        )
        return sorted(name for name in names if name.startswith(incomplete))

    return complete


def remote(app: App | None, url: str | None, key: str | None) -> Remote | None:
    """The running app, if one is meant or found; None if it does not run.

    Raises:
        ConfigError: it runs, but there is no key to ask it with.
    """
    from monocyte.journal import in_use

    if url is None and app is not None and in_use(app.journal):
        settings = app.settings.gateway
        url = f"http://{settings.host}:{settings.port}"
    if url is None:
        return None
    if not key:
        raise ConfigError(f"{url} asks for a key", mend=f"set {KEY}, or give --key")
    return Remote(url, key)


def whoami() -> str:
    """The name of who is at the keyboard, for an app that is asked in this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


class Remote:
    """An app that runs, over HTTP."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"{url!r} is no address", mend="http://127.0.0.1:8420")
        self.url = url.rstrip("/")
        self._https = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._headers = {"Authorization": f"Bearer {key}"}

    def send(self, address: str, body: bytes, id: str = "", timeout: float | None = None) -> Any:
        """Post a command; raises BusError as the app says it."""
        headers = {"Content-Type": "application/json"}
        headers |= {"Idempotency-Key": id} if id else {}
        headers |= {"Monocyte-Timeout": str(timeout)} if timeout else {}
        return self._json("POST", _path(address), body, headers)

    def ask(self, address: str, body: bytes) -> Any:
        """Get a query; raises BusError as the app says it."""
        return self._json("GET", f"{_path(address)}?{urlencode({'json': body})}")

    def get(self, path: str) -> Any:
        """Get something else that the app says in JSON."""
        return self._json("GET", path)

    def post(self, path: str) -> Any:
        """Let the app do something that is no message."""
        return self._json("POST", path)

    def events(self, cells: tuple[str, ...], after: str) -> Iterator[dict[str, Any]]:
        """The events of cells behind a cursor, as they come; ends when the app does."""
        query = urlencode([*(("cell", cell) for cell in cells), ("after", after)])
        with closing(self._connection(None)) as connection:
            response = self._response(connection, "GET", f"/events?{query}", None, {})
            for line in response:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

    def _json(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        with closing(self._connection(60.0)) as connection:
            return json.loads(self._response(connection, method, path, body, headers or {}).read())

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
            raise Unavailable(f"{self.url} does not answer: {why}", mend=mend) from why
        if response.status != http.client.OK:
            raise _error(response)
        return response


def _path(address: str) -> str:
    cell, dot, message = address.partition(".")
    if not (cell and dot and message):
        raise ConfigError(
            f"{address!r} is no message", mend="write CELL.Message, as in people.Enrol"
        )
    return f"/cells/{quote(cell, safe='')}/{quote(message, safe='')}"


def _error(response: http.client.HTTPResponse) -> BusError:
    """The problem that the app has answered with, as the error that it was."""
    try:
        body = json.loads(response.read())
        kind = str(body["type"]).rpartition("#")[2]
    except (ValueError, KeyError, TypeError):
        return Unavailable(f"the answer is not this app's: HTTP {response.status}")
    if kind == "unauthenticated":
        return Denied(str(body["detail"]), mend=f"is {KEY} the key of this app?")
    error = KINDS.get(kind, BusError)(str(body["detail"]), mend=str(body.get("what_to_do", "")))
    error.cell = str(body.get("cell", ""))
    for name, field in (("rule", "rule"), ("detail", "reason")):
        if hasattr(error, name):
            setattr(error, name, str(body.get(field, "")))
    return error
