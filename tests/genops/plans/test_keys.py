"""Keys: private ones that stay private, and signatures that hold for nothing else."""

import json
from pathlib import Path

import pytest

from monocyte.errors import ConfigError, GenopsError, NotApproved
from monocyte.genops.pins import regeneration
from monocyte.genops.plans import keys

pytest.importorskip("securesystemslib")

KIND = "application/vnd.monocyte.test"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home for private keys."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def public(name: str) -> str:
    """The public half."""
    return keys.public_line(name).split('"')[1]


def test_a_private_key_is_its_owners() -> None:
    """In a folder of their own, readable by nobody else; the public half fits into the settings."""
    file = keys.make_key("ada")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    text = f"[approval.keys]\n{keys.public_line('ada')}\n"
    assert regeneration("t", text).approval.keys == {"ada": public("ada")}
    assert keys.own_names() == ["ada"]


def test_a_key_is_never_overwritten() -> None:
    """It may be the only one with which something was approved."""
    before = keys.make_key("ada").read_bytes()
    with pytest.raises(ConfigError, match="there is a key"):
        keys.make_key("ada")
    assert (keys.folder() / "ada.pem").read_bytes() == before


def test_a_private_key_is_not_made_inside_of_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would soon be committed."""
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "repo" / "home"))
    with pytest.raises(ConfigError, match="inside of the repository"):
        keys.make_key("ada")
    assert not (tmp_path / "repo" / "home").exists()


@pytest.mark.parametrize("name", ["", "Ada", "../ada", "a/b", "a" * 65, "ada\n"])
def test_a_name_is_a_name(name: str) -> None:
    """It becomes a file's."""
    with pytest.raises(ConfigError, match="is no name"):
        keys.make_key(name)


def test_a_key_that_others_may_read_is_not_used() -> None:
    """They may have signed with it."""
    keys.make_key("ada").chmod(0o644)
    with pytest.raises(ConfigError, match="others may read it"):
        keys.load_key("ada")


def test_what_is_no_key_is_said_to_be_none() -> None:
    """Nor is one that is not there."""
    with pytest.raises(ConfigError, match="no key 'bob'"):
        keys.load_key("bob")
    keys.make_key("ada").write_bytes(b"hello")
    with pytest.raises(ConfigError, match="no private key"):
        keys.load_key("ada")


def test_what_was_signed_is_read_back() -> None:
    """By whoever has the public key."""
    keys.make_key("ada")
    envelope = keys.sign(keys.load_key("ada"), b"content", KIND)
    assert keys.verified(envelope, KIND, public("ada")) == b"content"


WRONG = {
    "another content": lambda it: it | {"payload": "b3RoZXI="},
    "another kind": lambda it: it | {"payloadType": "application/other"},
    "no signature": lambda it: it | {"signatures": []},
    "a signature of nothing": lambda it: it | {"signatures": [{"keyid": "x", "sig": ""}]},
    "no base64": lambda it: it | {"payload": "%%%"},
    "nothing": lambda _: {},
    "a list": lambda _: [1],
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_somebody_changed_does_not_hold(change: object) -> None:
    """Nobody has approved that."""
    keys.make_key("ada")
    envelope = json.loads(keys.sign(keys.load_key("ada"), b"content", KIND))
    assert callable(change)
    with pytest.raises(NotApproved):
        keys.verified(json.dumps(change(envelope)), KIND, public("ada"))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "x" * 100_000, "\ud800"])
def test_what_is_no_envelope_does_not_hold(text: str) -> None:
    """Whatever it is."""
    keys.make_key("ada")
    with pytest.raises(NotApproved):
        keys.verified(text, KIND, public("ada"))


def test_another_key_does_not_hold() -> None:
    """Nor does one that pretends by its ID."""
    for name in ("ada", "bob"):
        keys.make_key(name)
    envelope = json.loads(keys.sign(keys.load_key("bob"), b"content", KIND))
    with pytest.raises(NotApproved):
        keys.verified(json.dumps(envelope), KIND, public("ada"))
    envelope["signatures"][0]["keyid"] = keys.load_key("ada").public_key.keyid
    with pytest.raises(NotApproved):
        keys.verified(json.dumps(envelope), KIND, public("ada"))


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is approved."""
    keys.make_key("ada")
    line = public("ada")
    envelope = keys.sign(keys.load_key("ada"), b"content", KIND)
    monkeypatch.setitem(__import__("sys").modules, "securesystemslib.dsse", None)
    with pytest.raises(GenopsError) as refusal:
        keys.verified(envelope, KIND, line)
    assert refusal.value.mend == 'pip install "monocyte[genops]"'


def test_a_key_that_was_made_elsewhere_is_kept_as_it_is() -> None:
    """A runner has it from its secrets, under whatever name."""
    file = keys.make_key("ada")
    taken = keys.take_key("runner", file.read_bytes())
    assert taken.stat().st_mode & 0o777 == 0o600
    assert public("runner") == public("ada")


@pytest.mark.parametrize("pem", [b"", b"secret", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_key_is_not_kept(pem: bytes) -> None:
    """An empty secret is the usual one."""
    with pytest.raises(ConfigError, match="no private key"):
        keys.take_key("runner", pem)
    assert keys.own_names() == []
