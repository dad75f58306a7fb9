"""Can more be spent than a cap allows? Ten thousand simulated runs say.

    python -m benchmarks.genops.overspend [--runs 10000] [--seed 1]

The proxy's core (gate, exchange, meter, book) is driven as the server drives it, step by step, by
a scheduler that chooses at random which call goes on. Several agents of several people share plans
and caps; they call in parallel, try again after failures, go away in the middle. The provider
fails, breaks off, is late, and lies about usage; the proxy crashes between steps, also between
writing a fact and acting on it, and comes up with what is written; the clock jumps. What is counted
is not what the books say, but what the provider has worked for, and would bill.

Two controls must fail, or the simulation proves nothing: one reserves nothing and looks at what was
spent before each call, as caps usually work; one reserves, but believes every usage.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from monocyte.contracts.tokens import estimate
from monocyte.genops.budget import Book, Cap, Fact, OverBudget, Reserved
from monocyte.genops.metering.exchange import Exchange
from monocyte.genops.metering.gate import admit
from monocyte.genops.metering.meter import BookMeter, Call
from monocyte.genops.metering.runs import Route, Run
from monocyte.genops.metering.wires import WIRES, Terms
from monocyte.genops.money import ZERO, Money
from monocyte.genops.prices import Price, Usage

PRICE = Price.flat("m", entered=Money.parse("3"), output=Money.parse("15"), source="a benchmark")
WORDS = ["cell", "rule", "bus", "state", "event", "the", "a", "returns", "def", "if", "not"]
TEXTS = [" ".join(random.Random(i).choices(WORDS, k=4 + 12 * i)) for i in range(60)]
COUNTS = [estimate(text) for text in TEXTS]
LIES = 13
START = date(2026, 1, 30)


class Crash(Exception):
    """The proxy dies here."""


class Careless(Book):
    """Control: looks at what was spent, not at what may be."""

    def refuse(self, ask: Reserved) -> OverBudget | None:
        """Refuse once a cap is reached."""
        for what, room in self._rooms(ask.plan, ask.person, self.day(ask.day), ask.cap):
            if room == ZERO:
                return OverBudget(what)
        return None

    def apply(self, fact: Fact) -> None:
        """Hold nothing."""
        if isinstance(fact, Reserved):
            fact = Reserved(fact.id, fact.plan, fact.person, fact.day, ZERO, fact.cap)
        super().apply(fact)


class Gullible(Exchange):
    """Control: believes whatever is said about usage."""

    def _doubts(self, usage: Usage) -> bool:
        return False


class Kind(NamedTuple):
    """Which books and which exchange a simulation uses."""

    book: type[Book] = Book
    exchange: type[Exchange] = Exchange


KINDS = {
    "reserved": Kind(),
    "control: no reservation": Kind(book=Careless),
    "control: every usage believed": Kind(exchange=Gullible),
}


class World:
    """One run: some plans, people and agents, until nobody wants anything any more."""

    def __init__(self, seed: int, kind: Kind) -> None:
        self.random = random.Random(seed)
        self.kind = kind
        self.facts: list[Fact] = []
        self.today = START
        self.bills: defaultdict[tuple[str, ...], int] = defaultdict(int)
        self.seen: Counter[str] = Counter()
        self.crashing = self.random.random() < 0.5
        self.liar = self.random.random() < 0.5
        self.lies = [self.random.randrange(LIES)] if self.random.random() < 0.7 else range(LIES)
        self.trouble = self.random.choice((0.0, 0.0, 0.3, 1.0))
        """How much of the usual trouble there is; without any, budgets are used up to the end."""
        amount = self.random.choice(["0.03", "0.08", "0.20"])
        self.plan_cap = Money.parse(amount)
        self.caps = (
            Cap("day", "all", self.plan_cap * self.random.choice((1, 2))),
            Cap("month", "all", self.plan_cap * self.random.choice((2, 3))),
            Cap("day", "each", self.plan_cap),
        )
        self.boot()

    def boot(self) -> None:
        """Come up with what is written."""
        self.book = self.kind.book(self.caps, self.facts)
        self.meter = BookMeter(self.book, lambda: self.today, self.write)

    def write(self, fact: Fact, call: Call, settled: Any) -> None:
        """Keep a fact; perhaps die before or after it."""
        if self.crashing and self.random.random() < 0.01:
            raise Crash
        self.facts.append(fact)
        if self.crashing and self.random.random() < 0.01:
            raise Crash

    def play(self) -> None:
        """Let everybody work."""
        agents = [self.agent(i) for i in range(self.random.randint(2, 8))]
        while agents:
            one = self.random.choice(agents)
            try:
                next(one)
            except StopIteration:
                agents.remove(one)
            except Crash:
                self.seen["crashes"] += 1
                agents = [self.agent(i) for i in range(len(agents) - 1)]
                self.boot()
            if self.random.random() < 0.003:
                self.today += timedelta(days=self.random.choice((-40, -1, 1, 1, 2)))

    def agent(self, number: int) -> Iterator[None]:
        """Somebody who calls, and tries again."""
        person, plan = f"person {number % 2}", f"plan {number % 2}"
        for _ in range(self.random.randint(5, 30)):
            terms = Terms(self.random.choice((20, 100, 400, 2000)))
            routes = {"m": Route("m", tuple(WIRES), "http://127.0.0.1", PRICE, terms)}
            run = Run(plan, "cell", person, self.plan_cap, routes)
            for _ in range(3):
                ending = yield from self.call(run)
                if ending not in ("failed", "refused", "unreachable", "late"):
                    break

    def call(self, run: Run) -> Generator[None, None, str]:
        """One call, as the server drives it: how it ended. Others come in where it yields."""
        wire = WIRES[self.random.choice(tuple(WIRES))]
        at = self.random.randrange(len(TEXTS))
        body = {"model": "m", "stream": True, "max_tokens": 4000}
        text = TEXTS[at]
        if wire.name == "responses":
            body = {"model": "m", "stream": True, "input": text}
        else:
            body["messages"] = [{"role": "user", "content": text}]
        admitted = admit(run, wire, {}, json.dumps(body).encode(), 1 << 24)
        asked = admitted.exchange.asked
        exchange = self.kind.exchange(wire, body, asked, PRICE, 1 << 24)
        try:
            hold = self.meter.reserve(admitted.call)
        except OverBudget:
            self.seen["refused by a cap"] += 1
            yield
            return "no"
        day = next(f.day for f in reversed(self.facts) if isinstance(f, Reserved) and f.id == hold)
        self.seen["calls"] += 1
        yield
        entered = min(int(COUNTS[at] * self.random.uniform(0.8, 1.3)) + 8, asked.entered)
        yield from self.provider(exchange, run, day, entered)
        exchange.ends("stopped")
        assert exchange.settlement is not None
        self.seen[exchange.settlement.ending] += 1
        self.meter.settle(hold, admitted.call, exchange.settlement)
        yield
        return exchange.settlement.ending

    def bill(self, run: Run, day: date, entered: int, output: int) -> None:
        """What the provider has really worked."""
        nano = PRICE.cost(Usage(input=entered, output=output)).nano
        month = day.isoformat()[:7]
        for key in (
            ("plan", run.plan),
            ("day", day.isoformat()),
            ("month", month),
            ("day", day.isoformat(), run.person),
        ):
            self.bills[key] += nano

    def provider(self, exchange: Exchange, run: Run, day: date, entered: int) -> Iterator[None]:
        """Answer, fail or lie; the bill is written as the work is done."""
        luck = self.luck()
        if luck < 0.04:
            exchange.ends("unreachable")
        elif luck < 0.10:
            exchange.answers(self.random.choice((429, 529, 503)), "application/json")
        elif luck < 0.16:
            # A provider that fails may have worked to the end.
            self.bill(run, day, entered, self.random.choice((0, exchange.asked.output)))
            exchange.answers(self.random.choice((500, 502)), "application/json")
        elif luck < 0.19:
            self.bill(run, day, entered, exchange.asked.output)
            yield
            exchange.ends("late")
        else:
            yield from self.answer(exchange, run, day, entered)

    def answer(self, exchange: Exchange, run: Run, day: date, entered: int) -> Iterator[None]:
        """Stream an answer; in the middle the client may go, or the line break."""
        most = exchange.asked.output
        fitting = [i for i, count in enumerate(COUNTS) if count * 1.3 < most] or [0]
        at = self.random.choice(fitting)
        visible = min(int(COUNTS[at] * self.random.uniform(0.8, 1.3)) + 1, most)
        # What a model thinks is billed, and never seen; a liar that hides it cannot be found out.
        hidden = 0 if self.liar else self.random.randint(0, most - visible)
        output = visible + hidden
        said = self.lie(entered, output) if self.liar else (entered, output)
        self.bill(run, day, entered, output)  # all of it, even if nobody reads to the end
        exchange.answers(200, "text/event-stream")
        for event in EVENTS[exchange.wire.name](TEXTS[at], said):
            yield
            luck = self.luck()
            if luck < 0.02:
                exchange.ends("gone")
                return
            if luck < 0.04:
                exchange.end()
                return
            exchange.feed(
                f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()
            )
        exchange.end()

    def lie(self, entered: int, output: int) -> tuple[Any, Any]:
        """What a liar says of a call."""
        lies = (
            (entered, output),
            (0, 0),
            (1, 1),
            (entered, output // 2),
            (entered // 2, output),
            (entered // 10, output // 10),
            (entered, 0),
            (-entered, -output),
            (None, None),
            (10**7, 10**7),
            (10**40, output),
            ("9", "9"),
            (entered * 0.5, output * 0.5),
        )
        return lies[self.random.choice(self.lies)]

    def luck(self) -> float:
        """Small numbers are bad luck; there is less of it where there is less trouble."""
        return self.random.random() if self.random.random() < self.trouble else 1.0

    def used(self) -> float:
        """The most that bills came to, of any cap."""
        most = 0.0
        for key, nano in self.bills.items():
            if key[0] == "plan":
                cap = self.plan_cap
            else:
                whose = "each" if len(key) == 3 else "all"
                cap = next(c.amount for c in self.caps if (c.window, c.whose) == (key[0], whose))
            most = max(most, nano / cap.nano)
        return most


def _chat(text: str, said: tuple[Any, Any]) -> Iterator[Any]:
    for half in (text[: len(text) // 2], text[len(text) // 2 :]):
        yield {"choices": [{"delta": {"content": half}}]}
    yield {"choices": [], "usage": {"prompt_tokens": said[0], "completion_tokens": said[1]}}
    yield "[DONE]"


def _responses(text: str, said: tuple[Any, Any]) -> Iterator[Any]:
    for half in (text[: len(text) // 2], text[len(text) // 2 :]):
        yield {"type": "response.output_text.delta", "delta": half}
    usage = {"input_tokens": said[0], "output_tokens": said[1]}
    whole = {"status": "completed", "output": [], "usage": usage}
    yield {"type": "response.completed", "response": whole}


def _messages(text: str, said: tuple[Any, Any]) -> Iterator[Any]:
    usage = {"input_tokens": said[0], "output_tokens": 0}
    yield {"type": "message_start", "message": {"usage": usage}}
    for half in (text[: len(text) // 2], text[len(text) // 2 :]):
        yield {"type": "content_block_delta", "delta": {"text": half}}
    yield {"type": "message_delta", "delta": {}, "usage": {"output_tokens": said[1]}}
    yield {"type": "message_stop"}


EVENTS = {"chat": _chat, "responses": _responses, "messages": _messages}


def simulate(runs: int, seed: int, kind: Kind) -> tuple[int, float, Counter[str]]:
    """How many runs overspent, by how many times at worst, and what happened in all of them."""
    bad, worst, seen = 0, 0.0, Counter[str]()
    for number in range(runs):
        world = World(seed * 10**9 + number, kind)
        world.play()
        used = world.used()
        bad += used > 1
        worst = max(worst, used)
        seen += world.seen
    return bad, worst, seen


def main() -> int:
    """Simulate all three; 0 if only the controls overspend."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    results = {}
    for name, kind in KINDS.items():
        runs = options.runs if name == "reserved" else max(1, options.runs // 10)
        began = time.process_time()
        bad, worst, seen = simulate(runs, options.seed, kind)
        results[name] = bad
        took = time.process_time() - began
        print(f"{name}: {bad} of {runs} runs overspent; {worst:.3f} of a cap at most; {took:.0f} s")
        print("  " + ", ".join(f"{what} {times}" for what, times in sorted(seen.items())))
    right = results["reserved"] == 0 and all(
        bad > 0 for name, bad in results.items() if name != "reserved"
    )
    print("as it must be" if right else "NOT as it must be")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
