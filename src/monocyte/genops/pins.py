"""What `monocyte.toml` says about regeneration: pins, budget, approval, options, gates.

A pin names one model for ever: a provider, an ID that the provider does not move, parameters, the
prompt template. Everything is read strictly: an unknown key, an alias like "latest" or an amount
that is none is an error with its line. Where nothing is said, nothing is allowed: no budget, no
spending; no keys, nobody who could approve.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec

from monocyte.errors import ConfigError
from monocyte.genops.budget import Cap, Whose, Window
from monocyte.genops.money import ZERO, Money, NotMoney
from monocyte.genops.prices import Price, Unpriced, price_of
from monocyte.genops.retirements import AS_OF, SOURCE, retires
from monocyte.tables import FILE, Document, parse

__all__ = [
    "NOTICE",
    "Approval",
    "Audit",
    "Judging",
    "Options",
    "Pin",
    "Regeneration",
    "Spending",
    "audit",
    "audited",
    "read_regeneration",
    "regeneration",
]

T = TypeVar("T")

NOTICE = timedelta(days=90)
"""How long before a model retires it is warned of: so that sixty days are left to a slow reader."""

Way = Literal["api", "agent", "cassette", "handover"]
Wire = Literal["chat", "responses", "messages"]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]*\Z")]
Amount = Annotated[str, msgspec.Meta(pattern=r"^\$?[0-9]{1,12}(\.[0-9]{1,9})?\Z")]
Digest = Annotated[str, msgspec.Meta(pattern=r"^sha256:[0-9a-f]{64}\Z")]
PublicKey = Annotated[str, msgspec.Meta(pattern=r"^ed25519:[A-Za-z0-9+/]{43}=\Z")]
Needed = Annotated[str, msgspec.Meta(pattern=r"^(none|[1-9][0-9]? [a-z][a-z0-9_-]*)\Z")]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class OwnPrice(_Table, frozen=True):
    """Dollars for a million tokens, of a model whose price only the operator knows."""

    input: Amount
    output: Amount


class Pin(_Table, frozen=True):
    """A model that may be asked, exactly."""

    provider: Text
    model: Text
    way: Way = "api"
    wire: Wire = "chat"
    base_url: Text | None = None
    key_env: Text | None = None
    """The environment variable with the key; the key itself stands nowhere."""
    released: date | None = None
    """For an ID without a date, of which the provider says that it will not move: since when."""
    parameters: dict[str, str | int | float | bool] = {}
    max_output_tokens: Count = 16_000
    template: Digest | None = None
    """The prompt template that was agreed on; none: that of this version."""
    command: tuple[Text, ...] = ()
    """An agent's command line."""
    version: Text | None = None
    """What an agent's `--version` says."""
    price: OwnPrice | None = None

    @property
    def digest(self) -> str:
        """What changes when anything about the pin does."""
        return sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    def priced(self, on: date) -> Price:
        """What it costs on that day; what calls nobody costs nothing.

        Raises:
            Unpriced: nobody knows.
        """
        if self.price is not None:
            entered, output = Money.parse(self.price.input), Money.parse(self.price.output)
            source = f"[models] of {FILE}"
            return Price.flat(self.model, entered=entered, output=output, source=source)
        if self.way in FREE:
            source = "nobody is called"
            return Price.flat(self.model, entered=ZERO, output=ZERO, source=source)
        return price_of(self.provider, self.model, on)


FREE = ("cassette", "handover")
"""Ways on which we call nobody."""


LICENCES = (
    *("MIT", "BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "PSF-2.0", "MPL-2.0"),
    *("Unlicense", "0BSD", "Zlib"),
)
"""Licences that ask for no more than a notice (or for changes to the package's own files)."""


class Caps(_Table, frozen=True):
    """The most that may be spent, by window."""

    plan: Amount | None = None
    day: Amount | None = None
    month: Amount | None = None


class Spending(Caps, frozen=True):
    """`[budget]`: caps for everybody together, and for each person."""

    person: Caps = Caps()

    @property
    def caps(self) -> tuple[Cap, ...]:
        """Every cap that is set; none at all means that nothing may be spent."""
        return (*_caps(self, "all"), *_caps(self.person, "each"))


class Approval(_Table, frozen=True):
    """`[approval]`: who may approve, and whose approval which class of change needs."""

    days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 7
    """How long an approval holds."""
    own: bool = False
    """Whether one may approve what one has made."""
    keys: dict[Name, PublicKey] = {}
    roles: dict[Name, tuple[Name, ...]] = {}
    policy: dict[str, Needed] = {}
    spend: dict[Amount, Needed] = {}


class Options(_Table, frozen=True):
    """`[genops]`: which pin writes which cell, how often it may try, from what."""

    model: Name | None = None
    cells: dict[str, Name] = {}
    attempts: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    context: Annotated[int, msgspec.Meta(ge=1000, le=1_000_000)] = 16_000
    """Tokens of a prompt."""


Ratio = Annotated[float, msgspec.Meta(gt=1, le=1000)]


class Judging(_Table, frozen=True):
    """`[gates]`: within which limits a change is judged; only the base revision's count."""

    seconds: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 60
    """How long one gate may let a change run, by the clock."""
    scenario: Annotated[float, msgspec.Meta(gt=0, le=600)] = 20.0
    """How long one scenario may take, in seconds."""
    memory: Annotated[int, msgspec.Meta(ge=64, le=65536)] = 1024
    """What a process of the change may use, in MiB."""
    sequences: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 60
    """How many stories of generated messages old and new are told."""
    slower: Ratio = 1.5
    """How many times the processor time of the base it may take."""
    heavier: Ratio = 1.5
    """How many times the memory of the base it may take."""
    complexity: Annotated[int, msgspec.Meta(ge=5, le=100)] = 15
    """Cognitive complexity that a function may have; one that has more already may keep it."""
    growth: Annotated[int, msgspec.Meta(ge=50, le=4000)] = 300
    """Tokens that each thing that was asked for may add."""
    survivors: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    """How many mutants of what was changed may go unnoticed."""
    licences: tuple[Text, ...] = LICENCES
    """Under which a new package may stand, as its metadata says."""


class Regeneration(NamedTuple):
    """Everything that is set about regeneration."""

    pins: dict[str, Pin]
    budget: Spending
    approval: Approval
    options: Options
    judging: Judging
    document: Document

    def pin_of(self, cell: str) -> tuple[str, Pin]:
        """The pin that writes a cell, with its name.

        Raises:
            ConfigError: there is none.
        """
        name = self.options.cells.get(cell, self.options.model)
        if name is None:
            mend = 'write [genops] model = "NAME", and [models.NAME]'
            raise self.document.fault("no model is pinned for it", mend, "genops", "model")
        return name, self.pins[name]


MENDS = {
    "models": "a section for each model: [models.NAME]",
    "models.provider": 'whose model it is: "anthropic"',
    "models.model": 'its ID, with a date: "claude-sonnet-4-5-20250929"',
    "models.way": '"api", "agent", "cassette" or "handover"',
    "models.wire": '"chat", "responses" or "messages"',
    "models.released": "a date: 2026-02-05",
    "models.max_output_tokens": "a number of tokens, from 1",
    "models.template": '"sha256:" and 64 hex digits',
    "models.price": 'dollars for a million tokens: price = { input = "3.00", output = "15.00" }',
    "models.command": 'a list of words: ["claude", "--print"]',
    "budget": "a section: [budget]",
    "budget.plan": 'dollars, in quotes: "5.00"',
    "budget.day": 'dollars, in quotes: "20.00"',
    "budget.month": 'dollars, in quotes: "200.00"',
    "budget.person": "a section: [budget.person]",
    "approval": "a section: [approval]",
    "approval.days": "a number of days, from 1 to 365",
    "approval.own": "true or false",
    "approval.keys": 'what `monocyte keys init` has printed: ada = "ed25519:…"',
    "approval.roles": 'a list of names for each role: lead = ["ada", "bob"]',
    "approval.policy": 'for each class "none", or how many of whom: "1 anybody", "2 lead"',
    "approval.spend": 'for each amount how many of whom: "10.00" = "1 lead"',
    "genops": "a section: [genops]",
    "genops.model": "the name of a pin",
    "genops.cells": 'cell = "pin"',
    "genops.attempts": "a number from 1 to 20",
    "genops.context": "a number of tokens, from 1000",
    "gates": "a section: [gates]",
    "gates.seconds": "a number of seconds, from 1 to 3600",
    "gates.scenario": "seconds, more than 0 and at most 600",
    "gates.memory": "a number of MiB, from 64 to 65536",
    "gates.sequences": "a number from 1 to 10000",
    "gates.slower": "a ratio above 1: 1.5",
    "gates.heavier": "a ratio above 1: 1.5",
    "gates.complexity": "a number from 5 to 100",
    "gates.growth": "a number of tokens, from 50 to 4000",
    "gates.survivors": "a number from 0 to 1000",
    "gates.licences": 'a list of licences: ["MIT", "Apache-2.0"]',
}
"""What may stand where."""

CLASSES = (
    *("none", "internal", "behaviour-explained", "behaviour-unexplained"),
    *("contract-additive", "contract-breaking", "capability", "dependency"),
)
"""The classes of change, the mildest first; spending is judged by its amount beside them."""

EVERYBODY = "anybody"
"""The role of all who have a key."""


def read_regeneration(root: Path) -> Regeneration:
    """What the app in `root` says; raises ConfigError with file:line."""
    file = root / FILE
    return regeneration(str(file), file.read_text(encoding="utf-8-sig"))


def regeneration(file: str, text: str) -> Regeneration:
    """What a text says that is called `file`; raises ConfigError with file:line."""
    document = parse(file, text)
    pins = {name: _pin(document, name, raw) for name, raw in _named(document).items()}
    found = Regeneration(
        pins,
        _section(document, "budget", Spending),
        _section(document, "approval", Approval),
        _section(document, "genops", Options),
        _section(document, "gates", Judging),
        document,
    )
    _refuse_dangling(found)
    return found


def _named(document: Document) -> dict[str, Any]:
    named = document.raw.get("models", {})
    if not isinstance(named, dict) or not all(isinstance(it, dict) for it in named.values()):
        raise document.fault("models cannot be so", f"write {MENDS['models']}", "models")
    return named


def _section(document: Document, name: str, kind: type[T]) -> T:
    return document.typed(document.raw.get(name, {}), kind, MENDS, section=name)


def _pin(document: Document, name: str, raw: dict[str, Any]) -> Pin:
    section = f"models.{name}"
    pin = document.typed(raw, Pin, MENDS, section=section, like="models")
    if fault := _unpinned(pin):
        raise document.fault(*fault, section, "model")
    if pin.way == "agent" and not (pin.command and pin.version):
        mend = "write command = [...], and version = what its --version says"
        raise document.fault("an agent is pinned by its command and its version", mend, section)
    return pin


DATED = re.compile(r"(?<!\d)(20\d{6}|20\d\d-\d\d-\d\d|\d{4})(?!\d)")
ALIASES = re.compile(r"(?<![a-z])(latest|current|default|auto|newest|stable)(?![a-z])")


def _unpinned(pin: Pin) -> tuple[str, str] | None:
    """Why a model's ID may mean another model tomorrow, and what to do; None if it cannot."""
    if pin.way in FREE:
        return None
    dated = 'name it by its dated ID, such as "claude-sonnet-4-5-20250929"'
    if ALIASES.search(pin.model.lower()):
        return f"{pin.model!r} is an alias: it may be another model tomorrow", dated
    if not DATED.search(pin.model) and pin.released is None:
        more = "; or, if the provider never moves it, say since when: released = 2026-02-05"
        return f"{pin.model!r} has no date: it may be another model tomorrow", dated + more
    return None


def _refuse_dangling(found: Regeneration) -> None:
    """Names that name nothing."""
    options, approval, document = found.options, found.approval, found.document
    used = {"model": options.model, **options.cells}
    for key, name in used.items():
        if name is not None and name not in found.pins:
            section = "genops" if key == "model" else "genops.cells"
            mend = f"write [models.{name}], or name one of: {', '.join(found.pins) or 'none yet'}"
            raise document.fault(f"there is no pin {name!r}", mend, section, key)
    for role, names in approval.roles.items():
        for name in names:
            if name not in approval.keys:
                mend = f"write the public key of {name} into [approval.keys]"
                raise document.fault(f"{name} has no key", mend, "approval.roles", role)
    _refuse_unknown_needs(found)


def _refuse_unknown_needs(found: Regeneration) -> None:
    approval, document = found.approval, found.document
    for name in approval.policy:
        if name not in CLASSES:
            mend = f"there are: {', '.join(CLASSES)}"
            raise document.fault(f"{name!r} is no class of change", mend, "approval.policy", name)
    for section, table in (("policy", approval.policy), ("spend", approval.spend)):
        for key, needed in table.items():
            role = needed.partition(" ")[2]
            if role and role != EVERYBODY and role not in approval.roles:
                mend = f'write [approval.roles] {role} = ["…"], or "{EVERYBODY}"'
                raise document.fault(f"nobody is {role!r}", mend, f"approval.{section}", key)


def _caps(caps: Caps, whose: Whose) -> Iterator[Cap]:
    windows: tuple[Window, ...] = ("plan", "day", "month")
    for window in windows:
        if (amount := getattr(caps, window)) is not None:
            yield Cap(window, whose, Money.parse(amount))


# -- the audit -------------------------------------------------------------------------------------


class Audit(NamedTuple):
    """What is to be said of a pin: an error (it cannot be used), a warning, or a note."""

    pin: str
    severity: Literal["error", "warning", "note"]
    message: str
    mend: str
    where: str


def audit(found: Regeneration, today: date) -> Iterator[Audit]:
    """What is wrong with pins on a day, or will soon be."""
    for name, pin in found.pins.items():
        where = found.document.fault("", "", f"models.{name}", "model").where
        for severity, message, mend in audited(pin, today):
            yield Audit(name, severity, message, mend, where)


def audited(
    pin: Pin, today: date
) -> Iterator[tuple[Literal["error", "warning", "note"], str, str]]:
    """What is wrong with one pin on a day: how bad, what, and what to do."""
    another = "pin its successor, then look what would change: monocyte plan --all"
    day = retires(pin.provider, pin.model)
    if pin.way not in FREE and day is not None and day <= today:
        yield "error", f"{pin.model} was retired on {day} ({SOURCE})", another
    elif pin.way not in FREE and day is not None and day - today <= NOTICE:
        left = (day - today).days
        yield "warning", f"{pin.model} retires on {day}, in {left} days ({SOURCE})", another
    elif pin.way not in FREE and day is None:
        known = f"when {pin.model} retires is not known ({SOURCE}, as of {AS_OF})"
        yield "note", known, "look at what its provider announces"
    try:
        pin.priced(today)
    except (Unpriced, NotMoney) as why:
        yield "error", why.message, why.mend


def refuse_unusable(name: str, pin: Pin, today: date) -> None:
    """Raise ConfigError if a pin cannot be used on a day."""
    for severity, message, mend in audited(pin, today):
        if severity == "error":
            raise ConfigError(f"the pin {name} cannot be used: {message}", where=FILE, mend=mend)
