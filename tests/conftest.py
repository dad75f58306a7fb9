"""What holds for every test: nothing leaves this machine.

Sockets may bind and connect to loopback and to Unix paths only; names other than `localhost` are
not looked up. A test that needs a peer starts one here.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("monocyte", deadline=None)  # time belongs into benchmarks
settings.load_profile("monocyte")


class NetworkRefusedError(AssertionError):
    """A test reached for an address that is not on this machine."""


def is_local(host: object) -> bool:
    """Whether `host` (text, bytes or None, as sockets take them) names this machine itself."""
    if host is None:
        return True  # getaddrinfo(None, port) means "any of mine"
    name = host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else str(host)
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_abroad(host: object, what: str) -> None:
    if not is_local(host):
        raise NetworkRefusedError(f"tests stay on this machine, but one tried to {what} {host!r}")


def _guard_address(what: str) -> Callable[..., Any]:
    """Wrap the socket method `what`, whose last argument is an address."""
    real = getattr(socket.socket, what)

    def guarded(self: socket.socket, *args: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_abroad(args[-1][0], what)
        return real(self, *args)

    return guarded


def _guard_lookup() -> Callable[..., Any]:
    real = socket.getaddrinfo

    def guarded(host: Any, *args: Any, **options: Any) -> Any:
        _refuse_abroad(host, "look up")
        return real(host, *args, **options)

    return guarded


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Refuse every address that is not loopback, for the whole session."""
    with pytest.MonkeyPatch.context() as patch:
        for what in ("connect", "connect_ex", "bind", "sendto"):
            patch.setattr(socket.socket, what, _guard_address(what))
        patch.setattr(socket, "getaddrinfo", _guard_lookup())
        yield
