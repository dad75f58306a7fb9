"""A proxy in a process of its own: `proxying.py REPOSITORY PROVIDER`; it serves until it is killed.

It says its address and a token; what it may spend in a day is enough for one call.
"""

import sys
from pathlib import Path

from monocyte.genops.ledger.gitledger import GitLedger
from monocyte.genops.metering import ProviderUpstream, Proxy
from monocyte.genops.paying import LedgerMeter
from monocyte.genops.pins import Spending
from tests.genops.till import run_at


def main() -> None:
    """Serve."""
    meter = LedgerMeter(GitLedger(Path(sys.argv[1])), Spending(day="0.03"))
    with Proxy(meter, ProviderUpstream()) as proxy, proxy.seat(run_at(sys.argv[2])) as seat:
        print(seat.url, seat.token, flush=True)  # noqa: T201
        sys.stdin.read()


if __name__ == "__main__":
    main()
