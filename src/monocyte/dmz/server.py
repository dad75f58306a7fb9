"""Serves the gateway with granian, within the running loop, on the loopback interface."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from contextlib import suppress
from types import TracebackType
from typing import Self

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server as Granian
from starlette.types import ASGIApp

from monocyte.errors import ConfigError

__all__ = ["Server"]

HEADERS_WITHIN = 10_000
"""Milliseconds in which a client must have sent its headers."""

MAX_HEADERS = 1 << 16
"""Bytes of a request that are buffered before it is understood."""

CONNECTIONS = 1024
"""Open at once, idle ones and streams included; the next waits. Granian's own 128 starve people."""


PATIENCE = 10.0
"""Seconds that requests in flight are waited for at the end."""


class Server:
    """An HTTP server for one ASGI application; an async context manager.

    `url` is where it answers. Port 0 takes any that is free.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        why: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Begin to serve.

        Raises:
            ConfigError: the host is not this machine's loopback, or the port is taken.
        """
        _refuse_outside(self._host)
        address = "127.0.0.1" if self._host == "localhost" else self._host
        self._port = _claim(address, self._port)
        self._granian = Granian(
            self._app,
            address=address,
            port=self._port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(
                header_read_timeout=HEADERS_WITHIN, max_buffer_size=MAX_HEADERS
            ),
            backlog=CONNECTIONS,
            backpressure=CONNECTIONS,
            websockets=False,
            log_enabled=False,
        )
        self._task = asyncio.create_task(self._granian.serve())
        await self._listening(address)

    async def stop(self) -> None:
        """End: requests that are being answered are answered first.

        Who does not take an answer for `PATIENCE` seconds does not hold up the end.
        """
        if self._task is not None:
            self._granian.stop()  # type: ignore[no-untyped-call]
            with suppress(TimeoutError):
                await asyncio.wait_for(self._task, PATIENCE)
            self._task = None

    async def _listening(self, address: str) -> None:
        """Wait until the port answers."""
        for _ in range(200):
            if self._task is not None and self._task.done():
                self._task.result()
            try:
                _, writer = await asyncio.open_connection(address, self._port)
            except OSError:
                await asyncio.sleep(0.01)
                continue
            writer.close()
            return
        raise ConfigError(f"the server does not answer at {self.url}", mend="try another port")


def _refuse_outside(host: str) -> None:
    try:
        inside = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise ConfigError(
            f"[gateway] host {host!r} is not a loopback address",
            mend="use 127.0.0.1 and let a reverse proxy with TLS face the network",
        )


def _claim(host: str, port: int) -> int:
    """The port, if it is free: granian would share it with whoever has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as why:
            raise ConfigError(
                f"port {port} on {host} cannot be had: {why.strerror}",
                mend="stop what uses it, or set another: --port, or [gateway] port",
            ) from why
        taken: int = probe.getsockname()[1]
        return taken
