"""Calls are paid for in the ledger: nothing is spent that it does not know."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from monocyte.genops.budget import OverBudget
from monocyte.genops.ledger.entries import Release, Reservation, Settlement
from monocyte.genops.ledger.gitledger import GitLedger
from monocyte.genops.ledger.memory import MemoryLedger
from monocyte.genops.metering import Settlement as Due
from monocyte.genops.metering.meter import Call
from monocyte.genops.money import ZERO, Money
from monocyte.genops.paying import LedgerMeter
from monocyte.genops.pins import Spending
from monocyte.genops.plans.spending import account
from monocyte.genops.prices import Usage
from tests.genops.ledger.facts import repository
from tests.genops.provider import Act, Provider
from tests.genops.till import PLAN, Closing, request, till

DIME = Money.parse("0.10")
DOLLAR = Money.parse("1.00")
CALL = Call("p", "booking", "ada", "writer", "m", "chat", DOLLAR, DIME, 9, 9)
CAPS = Spending(day="1.00")
COST = Due("answered", Money.parse("0.03"), Usage(input=7, read=2, output=3), "m")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """The time."""
        return self.now


def test_a_call_is_two_entries_with_the_providers_numbers() -> None:
    """Reserved before, settled after; one that costs nothing is released, and says why."""
    ledger = MemoryLedger()
    meter = LedgerMeter(ledger, CAPS)
    one, two = meter.reserve(CALL), meter.reserve(CALL)
    meter.settle(one, CALL, COST)
    meter.settle(two, CALL, Due("refused", ZERO, None, ""))
    facts = [entry.fact for entry in ledger.read().entries]
    assert facts == [
        Reservation(one, "p", "ada", "booking", "m", DIME.nano, DOLLAR.nano),
        Reservation(two, "p", "ada", "booking", "m", DIME.nano, DOLLAR.nano),
        Settlement(
            one,
            30_000_000,
            {"input": 7, "read": 2, "write": 0, "write_1h": 0, "output": 3},
            "answered",
            "m",
        ),
        Release(two, "refused"),
    ]
    assert account(ledger.read().book, CAPS).spent("p") == COST.amount


def test_many_proxies_on_one_ledger_reserve_no_more_than_there_is() -> None:
    """Each with a meter of its own, all at once: ten dimes make a dollar."""
    ledger, granted = MemoryLedger(), []

    def ask() -> None:
        try:
            granted.append(LedgerMeter(ledger, CAPS).reserve(CALL))
        except OverBudget:
            return

    threads = [threading.Thread(target=ask) for _ in range(15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(granted) == 10


def test_what_was_reserved_by_who_was_killed_stays_reserved() -> None:
    """Another proxy on the same ledger knows of it."""
    ledger = MemoryLedger()
    for _ in range(10):
        LedgerMeter(ledger, CAPS).reserve(CALL)
    with pytest.raises(OverBudget):
        LedgerMeter(ledger, CAPS).reserve(CALL)


@pytest.mark.parametrize(("days", "fits"), [(0, False), (1, True), (-1, False), (-40, False)])
def test_setting_a_clock_back_opens_no_day_again(days: int, fits: bool) -> None:
    """Only a new day has new money."""
    clock = Clock()
    ledger = MemoryLedger(clock)
    meter = LedgerMeter(ledger, Spending(plan="9.00", day="0.10"), clock)
    meter.reserve(CALL)
    clock.now = NOON + timedelta(days=days)
    try:
        meter.reserve(CALL)
    except OverBudget:
        assert not fits
    else:
        assert fits


def test_without_caps_nothing_is_reserved() -> None:
    """And nothing is written."""
    ledger = MemoryLedger()
    with pytest.raises(OverBudget, match="there is no budget"):
        LedgerMeter(ledger, Spending()).reserve(CALL)
    assert ledger.read().entries == ()


def test_a_call_through_the_proxy_is_in_the_ledger(tmp_path: Path) -> None:
    """From the request to the settlement, over a real connection."""
    ledger = MemoryLedger()
    meter = LedgerMeter(ledger, CAPS)
    with till(Act("Hello.", read=5), how=Closing(meter=meter)) as it:
        assert it.post("messages").status_code == 200
    reserved, settled = (entry.fact for entry in ledger.read().entries)
    assert isinstance(reserved, Reservation)
    assert isinstance(settled, Settlement)
    assert (reserved.plan, reserved.person) == (PLAN, "ada")
    assert settled.usage["read"] == 5
    assert settled.nano < reserved.nano


@pytest.mark.timeout(120)
def test_a_proxy_that_is_killed_has_spent_what_it_had_reserved(tmp_path: Path) -> None:
    """A real process, killed while a call is in flight: the next proxy knows of that call."""
    repo = repository(tmp_path / "repo")
    with Provider(Act(mute=True)) as provider:
        with proxying(repo, provider.url) as (process, url, token):
            asking = threading.Thread(target=_post, args=(url, token))
            asking.start()
            provider.arrived.acquire(timeout=60)
            process.kill()
            process.wait()
            asking.join()
        (reserved,) = (entry.fact for entry in GitLedger(repo).read().entries)
        assert isinstance(reserved, Reservation)
        with proxying(repo, provider.url) as (_, url, token):
            assert "may cost" in _post(url, token)
    assert len(provider.asked) == 1


@contextmanager
def proxying(repo: Path, provider: str) -> Iterator[tuple["subprocess.Popen[str]", str, str]]:
    """A proxy in a process of its own, its address and a token."""
    root = Path(__file__).parents[2]
    path = os.pathsep.join((str(root / "src"), str(root)))
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("proxying.py"), str(repo), provider],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url, token = process.stdout.readline().split()
        try:
            yield process, url, token
        finally:
            process.kill()


def _post(url: str, token: str) -> str:
    """What is answered; nothing if the proxy dies."""
    headers = {"x-api-key": token}
    with httpx2.Client(trust_env=False, timeout=60) as client:
        try:
            return client.post(f"{url}/v1/messages", headers=headers, json=request("messages")).text
        except httpx2.HTTPError:
            return ""
