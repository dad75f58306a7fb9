"""What reading a test gives: its checks, those that are dead, and what else sways it.

Data alone: what is found out of a test stands in `reading`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Check", "Dead", "Raises", "Reading"]


@dataclass(frozen=True)
class Check:
    """Something that can make a test fail."""

    kind: str
    actual: str
    """What is looked at, as source."""
    expected: str
    line: int
    conditions: tuple[str, ...] = ()
    """What must hold for it to be reached."""
    value: object = ...
    """What is expected, where that is a literal."""

    @property
    def weight(self) -> int:
        """How much it says: more is stronger."""
        return WEIGHTS.get(self.kind, 3)

    @property
    def text(self) -> str:
        """What is checked, wherever it stands."""
        return f"{self.kind} {self.actual} {self.expected}".strip()


WEIGHTS = {
    "==": 6,
    "is": 6,
    "raises": 6,
    "approx": 5,
    "in": 4,
    "not in": 3,
    "<": 3,
    "<=": 3,
    ">": 3,
    ">=": 3,
    "truth": 2,
    "falsehood": 3,
    "isinstance": 2,
    "!=": 1,
    "is not": 1,
    "runs": 0,
}


@dataclass(frozen=True)
class Dead:
    """A check that cannot make the test fail, and why."""

    text: str
    line: int
    why: str
    rule: str


@dataclass(frozen=True)
class Raises:
    """An error that is expected."""

    error: str
    match: str | None
    line: int


@dataclass
class Reading:
    """All that reading a function tells."""

    checks: list[Check] = field(default_factory=list)
    dead: list[Dead] = field(default_factory=list)
    stops: dict[str, int] = field(default_factory=dict)
    """What keeps it from running or failing (`pytest.skip`, `return`), with its line."""
    raises: list[Raises] = field(default_factory=list)
    tolerances: list[tuple[str, float, int]] = field(default_factory=list)
    """Of which kind, how wide, on which line."""
    mocks: dict[str, int] = field(default_factory=dict)
    """What is replaced, as it is written or resolved."""
    loops: list[tuple[str, int, int]] = field(default_factory=list)
    """Loops over literals: their variable, how many there are, and the line."""
