"""What cells say: messages, their envelope, their codec, and errors as values. Pure."""

from monocyte.contracts.envelope import ANYONE, FOREVER, Envelope, Principal
from monocyte.contracts.faults import Fault, to_error, to_fault
from monocyte.contracts.values import (
    Command,
    Event,
    Map,
    Message,
    Query,
    State,
    Tick,
    Value,
    replace,
    reply_type,
)

__all__ = [
    "ANYONE",
    "FOREVER",
    "Command",
    "Envelope",
    "Event",
    "Fault",
    "Map",
    "Message",
    "Principal",
    "Query",
    "State",
    "Tick",
    "Value",
    "replace",
    "reply_type",
    "to_error",
    "to_fault",
]
