"""The metering proxy: every call of a model passes it, is paid for before, and is recorded.

`gate` decides what is let through, `exchange` what it has cost; both do no I/O. `meter` asks the
budget, `upstreams` knows the providers, `cassettes` keeps what was said, `server` ties them.
"""

from monocyte.genops.metering.cassettes import Player, Recorder
from monocyte.genops.metering.exchange import Settlement
from monocyte.genops.metering.meter import BookMeter, Call, FreeMeter, Meter
from monocyte.genops.metering.passage import Limits
from monocyte.genops.metering.runs import Route, Run
from monocyte.genops.metering.secrets import Secret
from monocyte.genops.metering.server import Proxy, Seat
from monocyte.genops.metering.upstreams import CassetteUpstream, ProviderUpstream
from monocyte.genops.metering.wires import WIRES, Terms

__all__ = [
    "WIRES",
    "BookMeter",
    "Call",
    "CassetteUpstream",
    "FreeMeter",
    "Limits",
    "Meter",
    "Player",
    "ProviderUpstream",
    "Proxy",
    "Recorder",
    "Route",
    "Run",
    "Seat",
    "Secret",
    "Settlement",
    "Terms",
]
