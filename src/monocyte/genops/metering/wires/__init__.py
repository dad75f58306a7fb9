"""Wire formats: one file per interface of providers, all behind the same protocol."""

from monocyte.genops.metering.wires.chat import Chat
from monocyte.genops.metering.wires.interface import (
    Asked,
    Reader,
    Refusal,
    Said,
    Stop,
    Terms,
    Turn,
    Wire,
    weigh,
)
from monocyte.genops.metering.wires.messages import Messages
from monocyte.genops.metering.wires.responses import Responses

__all__ = ["WIRES", "Asked", "Reader", "Refusal", "Said", "Stop", "Terms", "Turn", "Wire", "weigh"]

WIRES: dict[str, Wire] = {wire.name: wire for wire in (Chat(), Responses(), Messages())}
"""Every wire format by its name."""
