"""No test reaches the network, and what is on this machine stays reachable."""

import asyncio
import socket

import pytest

ABROAD = ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "0.0.0.0"]  # noqa: S104 - to be refused


@pytest.mark.parametrize("host", ABROAD)
@pytest.mark.parametrize("what", ["connect", "connect_ex", "bind"])
def test_an_address_abroad_is_refused(host: str, what: str) -> None:
    """A socket neither goes to nor listens for another machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as sock, pytest.raises(AssertionError, match="stay on this machine"):
        getattr(sock, what)((host, 9))


def test_a_datagram_abroad_is_refused() -> None:
    """Connectionless sockets are watched, too."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        pytest.raises(AssertionError, match="stay on this machine"),
    ):
        sock.sendto(b"hello", ("192.0.2.1", 9))


def test_a_name_is_not_looked_up() -> None:
    """Even the question where a name lives would leave the machine."""
    with pytest.raises(AssertionError, match=r"look up 'example\.org'"):
        socket.getaddrinfo("example.org", 80)


def test_a_loop_is_held_back_as_well() -> None:
    """Asyncio goes through the same sockets."""

    async def go() -> None:
        await asyncio.open_connection("192.0.2.1", 9)

    with pytest.raises(AssertionError, match="stay on this machine"):
        asyncio.run(go())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_works(host: str) -> None:
    """A peer that the test itself has started is reached as ever."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection((host, server.getsockname()[1])) as client,
        server.accept()[0] as peer,
    ):
        client.sendall(b"hello")
        assert peer.recv(5) == b"hello"
