"""What a request says, read strictly: headers, query, body, cursor. What does not fit is `Invalid`.

Everything that comes from outside passes through here before anything else looks at it; nothing
here knows of the app.
"""

from __future__ import annotations

from base64 import b64decode
from contextlib import suppress
from urllib.parse import unquote_to_bytes

from starlette.types import Message, Receive, Scope

from monocyte.contracts.codec import MAX_BYTES
from monocyte.errors import Invalid, TooLarge

__all__ = ["Headers", "basic", "bearer", "body", "cursor", "fields", "headers", "key", "timeout"]

Headers = dict[bytes, bytes]
"""Headers by their lower-case names, as ASGI has them."""

SINGLE = frozenset(
    {b"authorization", b"content-length", b"idempotency-key", b"monocyte-timeout", b"traceparent"}
)
"""Headers of which a second one would leave it open which is meant."""

LONGEST_KEY = 128
"""Characters of an idempotency key."""

LONGEST_TIMEOUT = 3600.0
"""Seconds."""


def headers(scope: Scope) -> Headers:
    """The headers of a request.

    Raises:
        Invalid: one that decides something is given twice.
    """
    given = scope["headers"]
    found: Headers = dict(given)
    if len(found) < len(given):
        names = [name for name, _ in given]
        for name in SINGLE & found.keys():
            if names.count(name) > 1:
                raise Invalid(f"the header {name.decode()} is given twice")
    return found


def bearer(authorization: bytes | None) -> str | None:
    """The key that `Authorization` bears; None if there is none."""
    if authorization is None:
        return None
    scheme, _, key = authorization.partition(b" ")
    return key.strip().decode("latin-1") if scheme.lower() == b"bearer" else None


def basic(authorization: bytes | None) -> str | None:
    """The password of HTTP's basic authentication; None if there is none."""
    scheme, _, given = (authorization or b"").partition(b" ")
    if scheme.lower() == b"basic":
        with suppress(ValueError):
            return b64decode(given, validate=True).decode().partition(":")[2]
    return None


def key(given: bytes | None) -> str:
    """The `Idempotency-Key`, empty if there is none.

    Raises:
        Invalid: it is empty, too long, or has characters that cannot be shown.
    """
    if given is None:
        return ""
    text = given.decode("latin-1")
    if not 0 < len(text) <= LONGEST_KEY or not (text.isascii() and text.isprintable()):
        raise Invalid(f"Idempotency-Key: 1 to {LONGEST_KEY} printable ASCII characters")
    return text


def timeout(given: bytes | None, default: float) -> float:
    """The seconds of `Monocyte-Timeout`; none or fewer are allowed, and over at once.

    Raises:
        Invalid: it is no number, or more than `LONGEST_TIMEOUT`.
    """
    if given is None:
        return default
    with suppress(ValueError):
        if (seconds := float(given)) <= LONGEST_TIMEOUT:  # which NaN is not
            return seconds
    shown = given[:40].decode("latin-1")
    raise Invalid(f"Monocyte-Timeout: seconds, at most {LONGEST_TIMEOUT:.0f}, not {shown!r}")


def fields(query: bytes) -> dict[str, str]:
    """The parameters of a URL's query, each once.

    Raises:
        Invalid: one is given twice, has no value, or is not UTF-8 behind its percent signs.
    """
    found: dict[str, str] = {}
    for part in query.split(b"&") if query else ():
        name, equals, value = map(_text, part.partition(b"="))
        if not (name and equals):
            raise Invalid(f"in the URL, {part[:80].decode('latin-1')!r} is not NAME=VALUE")
        if name in found:
            raise Invalid(f"in the URL, {name[:80]!r} is given twice")
        found[name] = value
    return found


def _text(said: bytes) -> str:
    if b"%" in said or b"+" in said:
        said = unquote_to_bytes(said.replace(b"+", b" "))
    try:
        return said.decode()
    except UnicodeDecodeError as why:
        raise Invalid("the URL is not UTF-8 behind its percent signs") from why


async def body(receive: Receive, declared: bytes | None) -> bytes:
    """The body of a request, of which `declared` bytes are announced.

    Raises:
        Invalid: what is announced is no number, or it broke off.
        TooLarge: it is more than a message may have, or will be; the rest is not waited for.
    """
    if declared is not None:
        if not declared.isdigit():
            raise Invalid("Content-Length is no number")
        if len(declared) > 18 or int(declared) > MAX_BYTES:
            raise _too_large()
    message = await receive()
    if not message.get("more_body") and message["type"] == "http.request":
        whole: bytes = message.get("body", b"")  # in one piece, as it mostly comes
        if len(whole) > MAX_BYTES:
            raise _too_large()
        return whole
    return await _pieces(receive, message)


async def _pieces(receive: Receive, message: Message) -> bytes:
    read = bytearray()
    while message["type"] == "http.request":
        read += message.get("body", b"")
        if len(read) > MAX_BYTES:
            raise _too_large()
        if not message.get("more_body"):
            return bytes(read)
        message = await receive()
    raise Invalid("the body broke off: it is shorter than announced, or not in proper chunks")


def _too_large() -> TooLarge:
    return TooLarge(f"the body is larger than {MAX_BYTES:,} bytes, which is all that is allowed")


def cursor(text: str) -> dict[str, int]:
    """A position for each cell that a cursor names.

    Raises:
        Invalid: it is not of the form `cell=position,…`.
    """
    found: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        cell, _, position = part.partition("=")
        if not (cell and position.isascii() and position.isdigit()) or len(position) > 18:
            raise Invalid(f"{part[:80]!r} is no cursor: cell=position,…")
        found[cell] = int(position)
    return found
