"""The wall: HTTP to bus, and nobody without a key."""

from monocyte.dmz.gateway import Gateway
from monocyte.dmz.keys import OWNER, Keys
from monocyte.dmz.server import Server

__all__ = ["OWNER", "Gateway", "Keys", "Server"]
