"""The bytes of entries: stable, because they are on people's disks."""

from collections.abc import Callable

import msgspec
import pytest

from monocyte.errors import JournalDamaged, JournalError
from monocyte.journal import Entry
from monocyte.journal.entries import decode, decode_all, decode_events, encode
from tests.journal.support import entry, event
from tests.journal.test_conformance import FULL


def test_the_format_on_disk_stays() -> None:
    """An entry of every field, byte for byte: changing this breaks every journal there is."""
    assert encode(FULL).hex() == (
        "dc0012a16101a87265616374696f6ea178ffa2446f03c40200ffc4009293a848617070656e656401c408"
        "68617070656e656493a54f7468657201c4009196a5636c6f636ba36e6f77c408313233343536373802c4"
        "0100c3a46c69736592a7747261696e6572a091a3776562a163a164a16592a670656f706c6507"
    )


def test_entries_of_older_versions_are_read() -> None:
    """A field that was added later takes its default."""
    first_fields = msgspec.msgpack.encode(["a", 1, "command", "x", 0, "Do", 1, b""])
    assert decode(first_fields) == Entry("a", 1, "command", "x", 0, "Do", 1, b"")


def test_entries_of_newer_versions_are_read() -> None:
    """A field that is not known here is passed over."""
    fields = [*msgspec.msgpack.decode(encode(FULL)), "new"]
    assert decode(msgspec.msgpack.encode(fields)) == FULL


@pytest.mark.parametrize(("events", "end"), [(0, 7), (1, 7), (3, 9)])
def test_an_entry_takes_a_position_per_event(events: int, end: int) -> None:
    """At least one: positions name refusals too."""
    assert entry("a", 7, events=events).end == end


def test_events_are_read_without_the_rest() -> None:
    """For folds."""
    bodies = [encode(FULL), encode(entry("a", 3, events=0)), encode(entry("a", 4))]
    assert list(decode_events(bodies)) == [
        (1, event()),
        (2, event(b"", "Other")),
        (4, event(b"a 4")),
    ]


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x90", b"not an entry", encode(FULL)[:-1]])
def test_other_bytes_are_damage(body: bytes) -> None:
    """Not a traceback of the codec."""
    reads: list[Callable[[], object]] = [
        lambda: decode(body),
        lambda: list(decode_all([body])),
        lambda: list(decode_events([body])),
    ]
    for read in reads:
        with pytest.raises(JournalDamaged, match="not an entry"):
            read()


@pytest.mark.parametrize("odd", [{"id": "\udcff"}, {"at": 1 << 64}, {"message": object()}])
def test_what_has_no_bytes_is_an_error_of_the_journal(odd: dict[str, object]) -> None:
    """It names the entry."""
    with pytest.raises(JournalError, match="'a' cannot be written") as refused:
        encode(entry("a", 7, **odd))  # type: ignore[arg-type]
    assert refused.value.where == "'a' at 7"
