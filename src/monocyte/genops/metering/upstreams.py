"""Where a request goes once it is let through: to its provider, or to a cassette.

Only here is a key revealed, and only into the headers of a request to its own provider.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from monocyte.errors import MonocyteError
from monocyte.genops.metering.cassettes import Player
from monocyte.genops.metering.exchange import Exchange
from monocyte.genops.metering.runs import Route
from monocyte.genops.metering.wires.interface import encode

if TYPE_CHECKING:
    import httpx2

__all__ = [
    "Arriving",
    "CassetteUpstream",
    "Late",
    "Lost",
    "NotReached",
    "ProviderUpstream",
    "Upstream",
]


class NotReached(MonocyteError):
    """The provider could not be connected to; it has seen nothing of the request."""

    fault = "operator"


class Lost(MonocyteError):
    """The connection to the provider was lost after something was sent."""

    fault = "operator"


class Late(MonocyteError):
    """The provider was silent for too long."""

    fault = "operator"


class Arriving(NamedTuple):
    """An answer that has begun."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


class Upstream(Protocol):
    """Sends what was let through."""

    def send(
        self, route: Route, exchange: Exchange, headers: Mapping[str, str]
    ) -> AbstractAsyncContextManager[Arriving]:
        """Send the request; the answer is read inside of the context.

        Raises:
            NotReached: nothing was sent.
            Lost, Late: something was.
            MonocyteError: it cannot be sent.
        """
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


class ProviderUpstream:
    """Sends requests to the providers themselves."""

    def __init__(self, *, connect: float = 10.0, silence: float = 120.0) -> None:
        self._timeouts = (connect, silence)
        self._clients: dict[bool, httpx2.AsyncClient] = {}

    @asynccontextmanager
    async def send(
        self, route: Route, exchange: Exchange, headers: Mapping[str, str]
    ) -> AsyncIterator[Arriving]:
        """Send the request with the route's key, and hand on what arrives."""
        import httpx2  # noqa: PLC0415  # comes with an extra

        client = self._client(plain=route.base.startswith("http:"))
        sent = {**headers, "content-type": "application/json", "accept-encoding": "identity"}
        if route.key is not None:
            sent |= exchange.wire.headers(route.key.reveal())
        url = route.base.rstrip("/") + exchange.wire.path
        try:
            async with client.stream(
                "POST", url, content=encode(exchange.asked.body), headers=sent
            ) as answer:
                yield Arriving(answer.status_code, answer.headers, answer.aiter_bytes())
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as why:
            raise NotReached(f"the provider cannot be reached: {type(why).__name__}") from why
        except httpx2.TimeoutException as why:
            raise Late("the provider was silent for too long") from why
        except httpx2.HTTPError as why:
            raise Lost(f"the provider was lost: {type(why).__name__}") from why

    def _client(self, *, plain: bool) -> httpx2.AsyncClient:
        """One client for the network, and one for this machine, which needs no further proxy."""
        import httpx2  # noqa: PLC0415  # comes with an extra

        if plain not in self._clients:
            connect, silence = self._timeouts
            timeout = httpx2.Timeout(silence, connect=connect)
            self._clients[plain] = httpx2.AsyncClient(timeout=timeout, trust_env=not plain)
        return self._clients[plain]

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()


class CassetteUpstream:
    """Plays recorded answers back; there is no network, and no key."""

    def __init__(self, player: Player) -> None:
        self._player = player

    @asynccontextmanager
    async def send(
        self,
        route: Route,  # noqa: ARG002  # wherever it leads
        exchange: Exchange,
        headers: Mapping[str, str],  # noqa: ARG002
    ) -> AsyncIterator[Arriving]:
        """Answer from the cassette.

        Raises:
            CassetteMiss: this was never asked.
        """
        take, answer = self._player.play(exchange.wire.name, exchange.original)
        yield Arriving(take.status, {"content-type": take.kind}, _once(answer))

    async def close(self) -> None:
        """Nothing is open."""


async def _once(answer: bytes) -> AsyncIterator[bytes]:
    yield answer
