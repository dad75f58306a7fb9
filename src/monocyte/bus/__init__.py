"""How messages travel: a small transport interface, decisions without I/O, and memory."""

from monocyte.bus.account import Account, accounted
from monocyte.bus.client import Client, fresh_id, fresh_number
from monocyte.bus.interface import (
    Delivery,
    History,
    Permit,
    Route,
    Service,
    Transport,
    permit_all,
)
from monocyte.bus.memory import MemoryTransport

__all__ = [
    "Account",
    "Client",
    "Delivery",
    "History",
    "MemoryTransport",
    "Permit",
    "Route",
    "Service",
    "Transport",
    "accounted",
    "fresh_id",
    "fresh_number",
    "permit_all",
]
