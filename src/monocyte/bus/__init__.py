"""How messages travel: a small transport interface, decisions without I/O, memory, loopback."""

from monocyte.bus.account import Account, accounted
from monocyte.bus.client import Client, fresh_id, fresh_number
from monocyte.bus.interface import (
    Delivery,
    History,
    Permit,
    Request,
    Route,
    Service,
    Transport,
    permit_all,
)
from monocyte.bus.loopback import LoopbackTransport, Weather, calm
from monocyte.bus.memory import MemoryTransport

__all__ = [
    "Account",
    "Client",
    "Delivery",
    "History",
    "LoopbackTransport",
    "MemoryTransport",
    "Permit",
    "Request",
    "Route",
    "Service",
    "Transport",
    "Weather",
    "accounted",
    "calm",
    "fresh_id",
    "fresh_number",
    "permit_all",
]
