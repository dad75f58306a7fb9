"""A small shop, typed and constrained as words are: what the witness rate is measured on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Annotated, Literal, NamedTuple, TypedDict

import msgspec
from msgspec import Meta

Quantity = Annotated[int, Meta(ge=1, le=50)]
Cents = Annotated[int, Meta(ge=0, le=100_000)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Code = Annotated[str, Meta(pattern=r"\A[A-Z]{2}[0-9]{1,3}\Z")]


class Level(Enum):
    NEW = "new"
    KNOWN = "known"
    LOYAL = "loyal"


class Line(msgspec.Struct, frozen=True):
    code: Code
    quantity: Quantity
    price: Cents


class Order(msgspec.Struct, frozen=True):
    lines: Annotated[tuple[Line, ...], Meta(max_length=5)]
    level: Level = Level.NEW
    coupon: Percent | None = None


class Slot(msgspec.Struct, frozen=True):
    room: Literal["red", "blue"]
    start: datetime
    end: datetime


class Stay(NamedTuple):
    arrival: date
    nights: Annotated[int, Meta(ge=1, le=30)]


class Address(TypedDict):
    street: str
    zip: str
    country: Literal["CH", "DE", "FR"]


def subtotal(order: Order) -> int:
    return sum(line.quantity * line.price for line in order.lines)


def discount(order: Order) -> int:
    percent = 0
    if order.level is Level.LOYAL:
        percent = 10
    elif order.level is Level.KNOWN and len(order.lines) >= 3:
        percent = 5
    if order.coupon is not None:
        percent = max(percent, order.coupon)
    return subtotal(order) * percent // 100


def shipping(order: Order, express: bool = False) -> int:
    if not order.lines:
        raise ValueError("an order has lines")
    count = sum(line.quantity for line in order.lines)
    cost = 490 if count < 10 else 990
    if subtotal(order) - discount(order) > 5000 and not express:
        return 0
    return cost * 2 if express else cost


def invoice(order: Order) -> list[str]:
    rows = []
    for number, line in enumerate(order.lines, 1):
        rows.append(f"{number}. {line.code} {line.quantity} x {line.price / 100:.2f}")
    rows.append(f"total {(subtotal(order) - discount(order)) / 100:.2f}")
    return rows


def merge(lines: list[Line]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in lines:
        if line.price == 0:
            continue
        found[line.code] = found.get(line.code, 0) + line.quantity
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def overlaps(first: Slot, second: Slot) -> bool:
    return first.room == second.room and first.start < second.end and second.start < first.end


def book(wanted: Slot, taken: list[Slot]) -> list[Slot]:
    length = wanted.end - wanted.start
    if length <= timedelta(0):
        raise ValueError("it ends before it starts")
    if length > timedelta(hours=8):
        raise ValueError("too long")
    for slot in taken:
        if overlaps(wanted, slot):
            raise LookupError(slot.room)
    taken.append(wanted)
    taken.sort(key=lambda slot: (slot.start, slot.room))
    return taken


def price_of(stay: Stay, guests: Annotated[int, Meta(ge=1, le=6)], child: bool = False) -> int:
    total = 0
    for night in range(stay.nights):
        day = stay.arrival + timedelta(days=night)
        total += 12000 if day.weekday() >= 5 else 9000
    if stay.nights >= 7:
        total -= total // 10
    if guests > 2:
        total += (guests - 2) * 1500 * stay.nights
    return total - 500 if child else total


def round_to(amount: Decimal, step: Literal["0.05", "0.01", "1"]) -> Decimal:
    unit = Decimal(step)
    return (amount / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit


def check_digit(number: Annotated[str, Meta(pattern=r"\A[0-9]{1,12}\Z")]) -> int:
    total = 0
    for i, digit in enumerate(reversed(number)):
        value = int(digit)
        if i % 2 == 0:
            value *= 2
            if value > 9:
                value -= 9
        total += value
    return (10 - total % 10) % 10


def initials(name: Annotated[str, Meta(max_length=20)]) -> str:
    words = [word for word in name.replace("-", " ").split() if word[0].isalpha()]
    if not words:
        return "?"
    if len(words) == 1:
        return words[0][:2].upper()
    return words[0][0].upper() + words[-1][0].upper()


def parse_time(text: Annotated[str, Meta(pattern=r"\A[0-9]{1,2}(:[0-9]{2})?(am|pm)?\Z")]) -> int:
    match = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?(am|pm)?", text)
    if match is None:
        raise ValueError(text)
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3]:
        if not 1 <= hour <= 12:
            raise ValueError("no such hour")
        hour = hour % 12 + (12 if match[3] == "pm" else 0)
    if hour > 23 or minute > 59:
        raise ValueError("no such time")
    return hour * 60 + minute


def label(address: Address) -> str:
    lines = [address["street"].strip()]
    town = address["zip"].zfill(4)
    if address["country"] != "CH":
        town = f"{address['country']}-{town}"
    lines.append(town)
    return "\n".join(line for line in lines if line)


def grade(
    points: Annotated[float, Meta(ge=0, le=100)], attempts: Annotated[int, Meta(ge=1, le=3)]
) -> str:
    if attempts > 1:
        points = min(points, 80)
    if points >= 90:
        return "A"
    if points >= 75:
        return "B"
    if points >= 50:
        return "C" if attempts < 3 else "D"
    return "F"


def waiting(
    queue: list[Annotated[int, Meta(ge=1, le=9)]], desks: Annotated[int, Meta(ge=1, le=4)]
) -> list[int]:
    free = [0] * desks
    starts = []
    for length in queue:
        desk = min(range(desks), key=lambda i: free[i])
        starts.append(free[desk])
        free[desk] += length
    return starts


def pages(
    total: Annotated[int, Meta(ge=0, le=500)],
    size: Annotated[int, Meta(ge=1, le=50)],
    page: Annotated[int, Meta(ge=1, le=20)],
) -> tuple[int, int]:
    last = max(1, -(-total // size))
    page = min(page, last)
    start = (page - 1) * size
    return start, min(start + size, total)


def retry_after(
    failures: Annotated[int, Meta(ge=0, le=20)], base: Annotated[float, Meta(gt=0, le=5)] = 0.5
) -> float:
    if failures == 0:
        return 0.0
    return min(60.0, base * 2 ** (failures - 1))


def diff_keys(old: dict[str, int], new: dict[str, int]) -> dict[str, list[str]]:
    return {
        "added": sorted(key for key in new if key not in old),
        "removed": sorted(key for key in old if key not in new),
        "changed": sorted(key for key in new if key in old and old[key] != new[key]),
    }


@dataclass
class Account:
    owner: str
    balance: Cents = 0
    limit: Cents = 50_000
    log: list[str] = field(default_factory=list)

    def deposit(self, amount: Cents) -> int:
        if amount == 0:
            raise ValueError("nothing to deposit")
        self.balance += amount
        self.log.append(f"+{amount}")
        return self.balance

    def withdraw(self, amount: Cents, fee: Annotated[int, Meta(ge=0, le=500)] = 0) -> int:
        if amount > self.limit:
            raise PermissionError("over the limit")
        if amount + fee > self.balance:
            raise ValueError("not enough")
        self.balance -= amount + fee
        self.log.append(f"-{amount}")
        if fee:
            self.log.append(f"fee {fee}")
        return self.balance

    @property
    def is_low(self) -> bool:
        return self.balance < self.limit // 10


class Stock:
    def __init__(
        self, counts: dict[Literal["pen", "ink", "pad"], Annotated[int, Meta(ge=0, le=20)]]
    ) -> None:
        self.counts = dict(counts)
        self.reserved: dict[str, int] = {}

    def reserve(
        self, item: Literal["pen", "ink", "pad"], count: Annotated[int, Meta(ge=1, le=10)]
    ) -> bool:
        free = self.counts.get(item, 0) - self.reserved.get(item, 0)
        if free < count:
            return False
        self.reserved[item] = self.reserved.get(item, 0) + count
        return True

    def running_low(self, least: Annotated[int, Meta(ge=0, le=20)] = 5) -> list[str]:
        return sorted(item for item, count in self.counts.items() if count < least)
