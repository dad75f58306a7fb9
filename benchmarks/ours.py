"""Monocyte's own rows: requests through the whole path that users get, nothing switched off."""

from benchmarks.peers import Peer

OURS: tuple[Peer, ...] = ()
