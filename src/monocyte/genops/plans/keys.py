"""Keys: an Ed25519 pair for each person who approves, and what they sign in DSSE.

The private key lies in the person's own folder, readable by nobody else, and never inside of a
repository; the public key is one line under `[approval.keys]` that people review. What is signed is
a statement of bytes with its type; who reads it must know which keys count, and asks for nothing
else. The cryptography is that of `securesystemslib`, imported when it is needed.
"""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path
from typing import Any, TypeAlias

from monocyte.errors import ConfigError, GenopsError, NotApproved

__all__ = [
    "Signer",
    "folder",
    "load_key",
    "make_key",
    "own_names",
    "public_line",
    "sign",
    "take_key",
    "verified",
]

Signer: TypeAlias = Any
"""A `securesystemslib.signer.CryptoSigner`, of a library that may be missing."""

PREFIX = "ed25519:"

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")

LARGEST = 64 * 1024
"""Bytes of an envelope."""


def folder() -> Path:
    """Where a person's private keys lie."""
    given = os.environ.get("XDG_CONFIG_HOME", "")
    home = Path(given) if given.startswith("/") else Path.home() / ".config"
    return home / "monocyte" / "keys"


def own_names() -> list[str]:
    """The names under which the person at this machine may sign."""
    found = folder()
    return sorted(it.stem for it in found.glob("*.pem")) if found.is_dir() else []


def make_key(name: str) -> Path:
    """Make a key pair; where its private half lies, for its owner's eyes only.

    Raises:
        ConfigError: it is no name, or taken, or the folder is inside of a repository.
    """
    return _kept(name, _signers().CryptoSigner.generate_ed25519().private_bytes)


def take_key(name: str, pem: bytes) -> Path:
    """Keep a private key that was made elsewhere, as on a runner; where it lies.

    Raises:
        ConfigError: it is none, or as for `make_key`.
    """
    _signer(Path("the key"), pem)
    return _kept(name, pem)


def _kept(name: str, pem: bytes) -> Path:
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name", mend="lower-case letters, digits, - and _")
    place = folder()
    _refuse_repository(place)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = place / f"{name}.pem"
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as why:
        mend = "use it, or move it away: whoever has approved with it needs it no more"
        raise ConfigError("there is a key of that name", where=str(file), mend=mend) from why
    with os.fdopen(handle, "wb") as out:
        out.write(pem)
    return file


def load_key(name: str) -> Signer:
    """The private key of that name.

    Raises:
        ConfigError: there is none, it is none, or others may read it.
    """
    file = folder() / f"{name}.pem"
    try:
        mode, pem = file.stat().st_mode & 0o777, file.read_bytes()
    except OSError as why:
        there = ", ".join(own_names()) or "none yet: monocyte keys init"
        raise ConfigError(f"there is no key {name!r} here", mend=f"there is {there}") from why
    if mode & 0o077:
        mend = f"chmod 600 {file}; if others may have read it, make a new one"
        raise ConfigError(f"others may read it (mode {mode:o})", where=str(file), mend=mend)
    return _signer(file, pem)


def public_line(name: str) -> str:
    """The public key as it stands under `[approval.keys]`."""
    key = load_key(name).public_key
    raw: bytes = bytes.fromhex(key.keyval["public"])
    return f'{name} = "{PREFIX}{base64.b64encode(raw).decode()}"'


def sign(signer: Signer, content: bytes, kind: str) -> str:
    """An envelope with what was signed, and the signature."""
    envelope = _dsse().Envelope(content, kind, {})
    envelope.sign(signer)
    return json.dumps(envelope.to_dict(), sort_keys=True, separators=(",", ":"))


def verified(envelope: str, kind: str, public: str) -> bytes:
    """What the owner of a public key has signed as something of that kind.

    Raises:
        NotApproved: it is no envelope, of another kind, or nobody with that key has signed it.
    """
    if len(envelope) > LARGEST:
        raise NotApproved(f"an envelope of {len(envelope):,} bytes is none")
    # The library says of bad input whatever it comes across: base64, keys, types, signatures.
    try:
        opened = _dsse().Envelope.from_dict(json.loads(envelope))
        key = _public(public)
        opened.verify([key], 1)
    except GenopsError:
        raise
    except Exception as why:  # as said above; whatever it is, nobody has approved
        raise NotApproved(f"the signature does not hold: {why}") from why
    if opened.payload_type != kind:
        raise NotApproved(f"what was signed is {opened.payload_type!r}, and not {kind!r}")
    content: bytes = opened.payload
    return content


def _public(public: str) -> Any:
    raw = base64.b64decode(public.removeprefix(PREFIX), validate=True)
    crypto = _crypto().Ed25519PublicKey.from_public_bytes(raw)
    return _signers().SSlibKey.from_crypto(crypto)


def _signer(file: Path, pem: bytes) -> Signer:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    kind = _crypto().Ed25519PrivateKey
    try:
        private = load_pem_private_key(pem, None)
    except (ValueError, TypeError) as why:
        raise ConfigError("this is no private key", where=str(file), mend="make a new one") from why
    if not isinstance(private, kind):
        raise ConfigError("this is no Ed25519 key", where=str(file), mend="make a new one")
    signer: Signer = _signers().CryptoSigner(private)
    return signer


def _refuse_repository(place: Path) -> None:
    """A private key in a work tree is soon committed."""
    around = next((it for it in (place, *place.parents) if (it / ".git").exists()), None)
    if around is not None:
        mend = "set XDG_CONFIG_HOME to a folder outside of it"
        raise ConfigError(f"{place} is inside of the repository {around}", mend=mend)


def _signers() -> Any:
    return _library("securesystemslib.signer")


def _dsse() -> Any:
    return _library("securesystemslib.dsse")


def _crypto() -> Any:
    return _library("cryptography.hazmat.primitives.asymmetric.ed25519")


def _library(name: str) -> Any:
    """A module of the extra; imported late, for most commands sign nothing."""
    from importlib import import_module  # noqa: PLC0415

    try:
        return import_module(name)
    except ImportError as why:
        mend = 'pip install "monocyte[genops]"'
        raise GenopsError("what signs and verifies is not installed here", mend=mend) from why
