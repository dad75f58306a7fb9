"""Keys: only hashes are kept, only their owner may read them, and changes are seen in time."""

import json
import os
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.contracts import Principal
from monocyte.dmz import keys as module
from monocyte.dmz.keys import OWNER, PREFIX, Keys
from monocyte.errors import ConfigError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the keys are kept."""
    return tmp_path / "data" / "keys.json"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, as a list of one number that a test can change."""
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


def test_a_key_is_known_and_its_roles_with_it(path: Path) -> None:
    """Who was given a key is who holds it."""
    keys = Keys(path)
    key = keys.add("ada", (OWNER, "trainer"))
    assert keys.holder(key) == Principal("ada", frozenset({OWNER, "trainer"}))
    assert key.startswith(PREFIX)


def test_only_the_hash_is_kept(path: Path) -> None:
    """The file holds the SHA-256 of a key and nothing of the key."""
    key = Keys(path).add("ada", ())
    text = path.read_text(encoding="utf-8")
    assert key not in text
    assert key.removeprefix(PREFIX) not in text
    assert list(json.loads(text)["keys"]) == [sha256(key.encode()).hexdigest()]


def test_only_the_owner_can_read_the_file(path: Path) -> None:
    """The file and its directory are closed to everybody else, whatever the umask."""
    before = os.umask(0)
    try:
        Keys(path).add("ada", ())
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("wrong", ["", "mono_", "ada", "mono_" + "A" * 43, "ключ", "\udcff", "\0"])
def test_another_key_is_nobodys(path: Path, wrong: str) -> None:
    """What is no key that was given opens nothing, and breaks nothing."""
    keys = Keys(path)
    keys.add("ada", ())
    assert keys.holder(wrong) is None


@given(st.text())
def test_no_text_is_a_key_by_chance(text: str) -> None:
    """Whatever is sent as a key: nobody, and never an exception."""
    assert Keys(Path("/nonexistent/keys.json")).holder(text) is None


def test_two_keys_differ(path: Path) -> None:
    """Each key is random; the two holders are told apart."""
    keys = Keys(path)
    ada, lise = keys.add("ada", ()), keys.add("lise", ())
    assert ada != lise
    assert [keys.holder(key) for key in (ada, lise)] == [Principal("ada"), Principal("lise")]
    assert [holder.name for holder in keys.holders()] == ["ada", "lise"]


def test_a_key_that_is_added_elsewhere_is_known_at_once(path: Path, clock: list[float]) -> None:
    """Another process adds; the one that runs looks again when it meets an unknown key."""
    running = Keys(path)
    key = Keys(path).add("ada", ())
    assert running.holder(key) == Principal("ada")


def test_a_key_that_is_revoked_elsewhere_is_refused_within_a_second(
    path: Path, clock: list[float]
) -> None:
    """Another process revokes; the one that runs looks again after a moment."""
    running = Keys(path)
    key = running.add("ada", ())
    assert running.holder(key) is not None
    Keys(path).revoke("ada")
    clock[0] += module.LOOK_EVERY
    assert running.holder(key) is None
    assert module.LOOK_EVERY < 1


def test_the_file_is_not_looked_at_for_every_request(
    path: Path, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A known key costs no system call until it is time to look again."""
    keys = Keys(path)
    key = keys.add("ada", ())
    looks: list[None] = []
    real = keys._stat

    def counted() -> tuple[int, int, int]:
        looks.append(None)
        return real()

    monkeypatch.setattr(keys, "_stat", counted)
    for _ in range(100):
        keys.holder(key)
    assert not looks
    clock[0] += module.LOOK_EVERY
    keys.holder(key)
    assert len(looks) == 1


def test_a_file_that_is_gone_lets_nobody_in(path: Path, clock: list[float]) -> None:
    """Without its file no key is known."""
    keys = Keys(path)
    key = keys.add("ada", ())
    path.unlink()
    clock[0] += 1
    assert keys.holder(key) is None


HASH = sha256(b"key").hexdigest()
HOLDER = '{"name": "ada", "roles": [], "since": ""}'

TAMPERED = {
    "not JSON": "{",
    "empty": "",
    "not UTF-8": b"\xff\xfe",
    "an unknown field": '{"version": 1, "keys": {}, "more": 1}',
    "another version": '{"version": 2, "keys": {}}',
    "no hash": f'{{"keys": {{"mono_key": {HOLDER}}}}}',
    "no holder": f'{{"keys": {{"{HASH}": "ada"}}}}',
    "a name with a colon": f'{{"keys": {{"{HASH}": {HOLDER.replace("ada", "cell:rooms")}}}}}',
    "roles that are no list": f'{{"keys": {{"{HASH}": {HOLDER.replace("[]", "1")}}}}}',
}


@pytest.mark.parametrize("content", TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_file_is_refused(path: Path, content: str | bytes) -> None:
    """What is not a file of keys is not read as one; the error names it and says what to do."""
    path.parent.mkdir()
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(0o600)
    with pytest.raises(ConfigError) as refusal:
        Keys(path)
    assert refusal.value.where == str(path)
    assert "backup" in refusal.value.mend


def test_a_file_that_goes_bad_while_running_lets_nobody_in(path: Path, clock: list[float]) -> None:
    """Until it is mended everybody is refused; then the old keys work again."""
    keys = Keys(path)
    key = keys.add("ada", ())
    good = path.read_bytes()
    path.write_bytes(b"{")
    clock[0] += 1
    for wanted in (key, key, "another"):
        with pytest.raises(ConfigError):
            keys.holder(wanted)
    path.write_bytes(good + b"\n")
    clock[0] += 1
    assert keys.holder(key) == Principal("ada")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o602])
def test_a_file_that_others_can_open_is_refused(path: Path, mode: int) -> None:
    """Wider permissions are an error with the mend, not a warning."""
    Keys(path).add("ada", ())
    path.chmod(mode)
    with pytest.raises(ConfigError, match=r"others can read or write") as refusal:
        Keys(path)
    assert refusal.value.mend == f"chmod 600 {path}"


def test_permissions_that_widen_while_running_are_noticed(path: Path, clock: list[float]) -> None:
    """A change of mode changes nothing else of the file, and is seen all the same."""
    keys = Keys(path)
    key = keys.add("ada", ())
    path.chmod(0o644)
    clock[0] += 1
    with pytest.raises(ConfigError):
        keys.holder(key)


@pytest.mark.parametrize(
    "name", ["", " ", "a:b", "a b", "cell:rooms", "-x", "a\n", "a\0", "a" * 65, "../x"]
)
def test_a_name_that_could_mislead_is_refused(path: Path, name: str) -> None:
    """Names are plain words; so are roles."""
    keys = Keys(path)
    for given_name, roles in ((name, ()), ("ada", (name,))):
        with pytest.raises(ConfigError, match="is no name"):
            keys.add(given_name, roles)
    assert not path.exists()


@pytest.mark.parametrize("name", ["ada", "Ada.Lovelace", "ada@example.org", "ada+ci", "å_1", "7"])
def test_an_ordinary_name_is_taken(path: Path, name: str) -> None:
    """Names as people and mail addresses have them."""
    assert Keys(path).add(name, (name,))


def test_a_name_is_held_once(path: Path) -> None:
    """A second key for a name is refused, by another process too; after revoking it is fine."""
    Keys(path).add("ada", ())
    with pytest.raises(ConfigError, match="has a key already"):
        Keys(path).add("ada", ())
    Keys(path).revoke("ada")
    assert Keys(path).add("ada", ())


def test_revoking_nobody_is_an_error(path: Path) -> None:
    """Who has no key cannot lose it."""
    with pytest.raises(ConfigError, match="has no key"):
        Keys(path).revoke("ada")


def test_two_processes_add_at_once(path: Path) -> None:
    """Each reads before it writes, so that neither forgets what the other added."""
    first, second = Keys(path), Keys(path)
    first.add("ada", ())
    second.add("lise", ())
    assert [holder.name for holder in Keys(path).holders()] == ["ada", "lise"]


def test_a_draft_left_by_a_crash_is_not_reused(path: Path) -> None:
    """A leftover draft that others may read does not become the file."""
    path.parent.mkdir()
    path.with_suffix(".draft").touch(mode=0o666)
    Keys(path).add("ada", ())
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """The error names the file."""
    (tmp_path / "data").write_text("a file where a directory should be", encoding="utf-8")
    path = tmp_path / "data" / "keys.json"
    with pytest.raises(ConfigError) as refusal:
        Keys(path).add("ada", ())
    assert refusal.value.where == str(path)
