"""What a request says: read strictly, refused by name, never an exception of another kind."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.contracts.codec import MAX_BYTES
from monocyte.dmz import incoming
from monocyte.errors import Invalid, TooLarge

QUERIES: dict[bytes, dict[str, str] | None] = {
    b"": {},
    b"a=1": {"a": "1"},
    b"a=1&b=2": {"a": "1", "b": "2"},
    b"a=": {"a": ""},
    b"a=b=c": {"a": "b=c"},
    b"a=1+2%2B": {"a": "1 2+"},
    b"a=%C3%BC": {"a": "ü"},
    "a=ü".encode(): {"a": "ü"},
    b"a=%26%3D": {"a": "&="},
    b"a=%zz": {"a": "%zz"},
    b"a=1&a=1": None,
    b"a=1&%61=2": None,
    b"a": None,
    b"=1": None,
    b"a=1&&b=2": None,
    b"&": None,
    b"a=%ff": None,
    b"a=\xff": None,
    b"%ff=1": None,
}


@pytest.mark.parametrize(("query", "wanted"), QUERIES.items(), ids=map(repr, QUERIES))
def test_a_query_is_read_strictly(query: bytes, wanted: dict[str, str] | None) -> None:
    """Each name once, each with a value, all of it UTF-8; None stands for Invalid."""
    if wanted is not None:
        assert incoming.fields(query) == wanted
        return
    with pytest.raises(Invalid, match="URL"):
        incoming.fields(query)


@given(st.binary(max_size=200))
def test_any_query_is_fields_or_invalid(query: bytes) -> None:
    """No bytes end in anything else."""
    with suppress(Invalid):
        assert all(isinstance(value, str) for value in incoming.fields(query).values())


TIMEOUTS: dict[bytes, float | None] = {
    b"5": 5.0,
    b"0.25": 0.25,
    b"0": 0.0,
    b"-1": -1.0,
    b"3600": 3600.0,
    b"3600.1": None,
    b"1e9": None,
    b"inf": None,
    b"nan": None,
    b"abc": None,
    b"": None,
    b"5s": None,
    b"\xff": None,
}


@pytest.mark.parametrize(("given_text", "wanted"), TIMEOUTS.items(), ids=map(repr, TIMEOUTS))
def test_a_timeout_is_a_number_of_seconds(given_text: bytes, wanted: float | None) -> None:
    """Up to an hour; nothing and less is over at once, which is for the bus to say."""
    if wanted is not None:
        assert incoming.timeout(given_text, 30.0) == wanted
        return
    with pytest.raises(Invalid, match="Monocyte-Timeout"):
        incoming.timeout(given_text, 30.0)


def test_without_a_timeout_there_is_the_default() -> None:
    """The settings decide."""
    assert incoming.timeout(None, 30.0) == 30.0


@pytest.mark.parametrize("text", [b"monday-1", b"a", b"x" * 128, b"a b:c/d"])
def test_an_idempotency_key_is_taken(text: bytes) -> None:
    """Anything that can be printed, within a limit."""
    assert incoming.key(text) == text.decode()


@pytest.mark.parametrize("text", [b"", b"x" * 129, b"a\x07", b"\xfc", b"a\tb", b"\x7f"])
def test_a_bad_idempotency_key_is_refused(text: bytes) -> None:
    """Empty, too long, not printable, not ASCII."""
    with pytest.raises(Invalid, match="Idempotency-Key"):
        incoming.key(text)


BEARERS: dict[bytes | None, str | None] = {
    None: None,
    b"": None,
    b"Bearer mono_x": "mono_x",
    b"bearer  mono_x ": "mono_x",
    b"Bearer": "",
    b"Basic bW9ubw==": None,
    b"mono_x": None,
    b"Bearer\tmono_x": None,
    b"Bearer \xff": "ÿ",
}


@pytest.mark.parametrize(("given_text", "wanted"), BEARERS.items(), ids=map(repr, BEARERS))
def test_a_key_is_borne_in_one_way(given_text: bytes | None, wanted: str | None) -> None:
    """Only the scheme Bearer counts; None: there is no key."""
    assert incoming.bearer(given_text) == wanted


BASICS: dict[bytes | None, str | None] = {
    None: None,
    b"Basic YWRhOm1vbm9feA==": "mono_x",
    b"basic YWRhOm1vbm9feA==": "mono_x",
    b"Basic !!!": None,
    b"Basic /w==": None,
    b"Basic": "",
    b"Bearer mono_x": None,
}


@pytest.mark.parametrize(("given_text", "wanted"), BASICS.items(), ids=map(repr, BASICS))
def test_a_browser_sends_the_key_as_a_password(given_text: bytes, wanted: str | None) -> None:
    """Whatever the name; what is malformed is no password."""
    assert incoming.basic(given_text) == wanted


@pytest.mark.parametrize("name", sorted(incoming.SINGLE))
def test_a_header_that_decides_is_given_once(name: bytes) -> None:
    """Two of them would leave it open which one is meant."""
    with pytest.raises(Invalid, match="given twice"):
        incoming.headers({"headers": [(name, b"1"), (b"accept", b"*"), (name, b"1")]})


def test_other_headers_may_be_repeated() -> None:
    """Proxies add some of them twice."""
    found = incoming.headers({"headers": [(b"accept", b"a"), (b"accept", b"b"), (b"host", b"h")]})
    assert found == {b"accept": b"b", b"host": b"h"}


CURSORS: dict[str, dict[str, int] | None] = {
    "": {},
    "rooms=5": {"rooms": 5},
    "rooms=5,cars=0": {"rooms": 5, "cars": 0},
    "rooms=5,": {"rooms": 5},
    "rooms": None,
    "=5": None,
    "rooms=": None,
    "rooms=-1": None,
    "rooms=1.5": None,
    "rooms=²": None,
    "rooms=" + "9" * 19: None,
    "now": None,
}


@pytest.mark.parametrize(("text", "wanted"), CURSORS.items(), ids=CURSORS)
def test_a_cursor_names_positions(text: str, wanted: dict[str, int] | None) -> None:
    """A position per cell; None stands for Invalid."""
    if wanted is not None:
        assert incoming.cursor(text) == wanted
        return
    with pytest.raises(Invalid, match="is no cursor"):
        incoming.cursor(text)


def read(*messages: dict[str, Any], declared: bytes | None = None) -> tuple[bytes, int]:
    """The body that comes in these messages, and how many of them were waited for."""
    left = list(messages)

    async def receive() -> Any:
        return left.pop(0)

    async def reading() -> bytes:
        return await incoming.body(receive, declared)

    body = asyncio.run(reading())
    return body, len(messages) - len(left)


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    """A piece of a body as ASGI has it."""
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_is_put_together() -> None:
    """In one piece or in many, with empty ones amid."""
    assert read(part(b"all")) == (b"all", 1)
    assert read(part(b"a", more=True), part(b"", more=True), part(b"b"), declared=b"2")[0] == b"ab"
    assert read({"type": "http.request"})[0] == b""


@pytest.mark.parametrize("declared", [b"1048577", b"100000000", b"9" * 5000])
def test_a_body_announced_too_large_is_not_read(declared: bytes) -> None:
    """Not a byte is waited for."""
    with pytest.raises(TooLarge):
        read(declared=declared)


def test_a_body_that_grows_too_large_is_not_read_to_its_end() -> None:
    """As soon as it passes the limit; whatever was announced."""
    piece = part(b"x" * MAX_BYTES, more=True)
    with pytest.raises(TooLarge):
        read(piece, part(b"x", more=True), declared=b"5")
    with pytest.raises(TooLarge):
        read(part(b"x" * (MAX_BYTES + 1)))


@pytest.mark.parametrize("declared", [b"", b"-1", b"+5", b"abc", "²".encode(), b"1 2"])
def test_a_length_that_is_no_number_is_refused(declared: bytes) -> None:
    """Content-Length has digits only."""
    with pytest.raises(Invalid, match="Content-Length"):
        read(declared=declared)


def test_a_body_that_breaks_off_is_invalid() -> None:
    """Half a body is no body: the client left, or it sent chunks that are none."""
    with pytest.raises(Invalid, match="broke off"):
        read(part(b"a", more=True), {"type": "http.disconnect"})
