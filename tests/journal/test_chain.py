"""The chain: no change of a log goes unseen."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from monocyte.journal import chain

bodies = st.lists(st.binary(max_size=20), min_size=1, max_size=8)


def end(name: str, log: list[bytes]) -> bytes:
    """The last link of a log."""
    return chain.follow(chain.first(name), log)


def test_a_link_is_the_hash_of_the_one_before_and_the_body() -> None:
    """Written out, so that others can verify what we wrote."""
    first = sha256(b"monocyte chain 1\0booking").digest()
    assert chain.first("booking") == first
    assert chain.link(first, b"body") == sha256(first + b"body").digest()
    assert len(first) == chain.SIZE


@given(log=bodies, other=bodies)
def test_different_logs_end_in_different_links(log: list[bytes], other: list[bytes]) -> None:
    """Changed, taken out, put in between, reordered, split: all of it shows."""
    assert (end("a", log) == end("a", other)) == (log == other)


@given(log=bodies)
def test_logs_of_different_names_cannot_be_exchanged(log: list[bytes]) -> None:
    """The same bodies under another name end elsewhere."""
    assert end("a", log) != end("b", log)


@given(log=bodies, at=st.integers(0, 8))
def test_a_chain_can_be_followed_from_any_link(log: list[bytes], at: int) -> None:
    """That is why it may be verified from a snapshot on."""
    assert chain.follow(end("a", log[:at]), log[at:]) == end("a", log)
