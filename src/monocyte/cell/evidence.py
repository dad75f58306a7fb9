"""What proves a cell: the declarations that execute beside its behaviour, as they were read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal, NamedTuple

__all__ = ["Decision", "DecisionKind", "Picture", "Runbook", "Scenario", "Waiver"]

DecisionKind = Literal["behaviour", "structure", "assumption"]
"""What a decision is checked against: a World, the cell's own source, or only the calendar."""


class Picture(NamedTuple):
    """A diagram as it was declared: its text, and where the call stands (file:line)."""

    text: str
    where: str


class Scenario(NamedTuple):
    """An example that must come true; `row` names its arguments if it has several."""

    function: Callable[..., None]
    where: str
    row: str = ""
    arguments: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """The name of its function, with its row in brackets."""
        name = self.function.__name__
        return f"{name}[{self.row}]" if self.row else name

    @property
    def story(self) -> str:
        """What it tells, in the words of its author."""
        return (self.function.__doc__ or "").strip()

    def play(self, stage: Any) -> None:
        """Play it there; raises whatever does not come true."""
        self.function(stage, *self.arguments)


class Decision(NamedTuple):
    """Why it is so and not otherwise, what would show it wrong, and until when it holds.

    `until` is a date or a condition (of nothing, or of the cell's `Source`) that ends it; `review`
    the date on which people look at it again; `refuted_by` source text that must make it fail.
    """

    name: str
    kind: DecisionKind
    function: Callable[..., Any]
    where: str
    instead_of: str
    until: date | Callable[..., bool] | None
    review: date | None
    refuted_by: str

    @property
    def rationale(self) -> str:
        """Why, in the words of its author."""
        return (self.function.__doc__ or "").strip()


class Runbook(NamedTuple):
    """An operating procedure: when it is needed, the steps, and how it is rehearsed.

    `parameters` are what `function` takes besides the operator, by name, with their types, and
    `example` a value for each, used in rehearsals. `after` is the scenario that leads there,
    `keeps` a view that doing and undoing must restore, `roles` what its operator needs.
    """

    name: str
    function: Callable[..., Any]
    where: str
    when: str
    after: Scenario
    keeps: Callable[..., Any] | None
    roles: tuple[str, ...]
    parameters: Mapping[str, Any]
    example: Mapping[str, Any]

    @property
    def purpose(self) -> str:
        """What it achieves, in the words of its author."""
        return (self.function.__doc__ or "").strip()


class Waiver(NamedTuple):
    """A mutant that changes nothing anybody could notice, why that is so, and until when."""

    mutant: str
    because: str
    until: date
    where: str
