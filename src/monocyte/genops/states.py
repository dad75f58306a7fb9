"""The states of a plan, and every way from one to another: the one table, docs are drawn from it.

A plan is in one state. Whoever wants to move it names where to; the table says whether that is
possible. What is not in `MOVES` cannot happen: there are no further conditions in other files, only
further refusals. Pure.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from monocyte.errors import IllegalMove

__all__ = ["FINAL", "MOVES", "OPEN", "Move", "State", "move", "table"]


class State(StrEnum):
    """Where a plan stands."""

    DRAFT = "DRAFT"
    PLANNED = "PLANNED"
    SPEND_APPROVED = "SPEND_APPROVED"
    GENERATING = "GENERATING"
    CANDIDATE = "CANDIDATE"
    GATED = "GATED"
    MERGE_APPROVED = "MERGE_APPROVED"
    PROMOTED = "PROMOTED"
    ROLLED_BACK = "ROLLED_BACK"
    SUPERSEDED = "SUPERSEDED"
    STALE = "STALE"
    OVER_BUDGET = "OVER_BUDGET"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


MEANINGS: dict[State, str] = {
    State.DRAFT: "somebody changed a rule, a scenario or a word; nothing is worked out yet",
    State.PLANNED: "it is known what would be regenerated, why, and what that costs",
    State.SPEND_APPROVED: "who must agree to the spending has agreed",
    State.GENERATING: "a model writes; money is being spent",
    State.CANDIDATE: "there is an answer that may be judged",
    State.GATED: "every gate has given its verdict",
    State.MERGE_APPROVED: "who must agree to the change has agreed",
    State.PROMOTED: "it is what the app runs",
    State.ROLLED_BACK: "it was taken back, and what was before it runs again",
    State.SUPERSEDED: "a later release took its place",
    State.STALE: "something that it was made from has changed",
    State.OVER_BUDGET: "a cap left no room for it, or for its next call",
    State.REJECTED: "a person said no",
    State.FAILED: "no candidate came through within its attempts",
    State.CANCELLED: "somebody ended it",
}
"""What each state means to people."""


class Move(NamedTuple):
    """A way from one state to another, and what takes a plan along it."""

    source: State
    target: State
    by: str


_S = State
_FORWARD = (
    Move(_S.DRAFT, _S.PLANNED, "`monocyte plan`"),
    Move(_S.PLANNED, _S.SPEND_APPROVED, "`monocyte approve`, or a policy that asks for nobody"),
    Move(_S.SPEND_APPROVED, _S.GENERATING, "`monocyte apply`"),
    Move(_S.GENERATING, _S.CANDIDATE, "an answer that can be read"),
    Move(_S.CANDIDATE, _S.GATED, "the gates"),
    Move(_S.GATED, _S.GENERATING, "findings, while attempts and money are left"),
    Move(_S.GATED, _S.MERGE_APPROVED, "`monocyte approve`, or a policy that asks for nobody"),
    Move(_S.MERGE_APPROVED, _S.PROMOTED, "`monocyte promote`"),
    Move(_S.PROMOTED, _S.ROLLED_BACK, "`monocyte rollback`, or the watch after a promotion"),
    Move(_S.PROMOTED, _S.SUPERSEDED, "the promotion of a later plan for the same cells"),
    Move(_S.SUPERSEDED, _S.ROLLED_BACK, "`monocyte rollback`, once the later one is ROLLED_BACK"),
)
_EXITS: dict[State, tuple[tuple[State, ...], str]] = {
    State.STALE: (
        (_S.DRAFT, _S.PLANNED, _S.SPEND_APPROVED, _S.CANDIDATE, _S.GATED, _S.MERGE_APPROVED),
        "a look at what it was made from",
    ),
    State.OVER_BUDGET: (
        (_S.DRAFT, _S.PLANNED, _S.SPEND_APPROVED, _S.GENERATING, _S.GATED),
        "a cap",
    ),
    State.REJECTED: (
        (_S.PLANNED, _S.SPEND_APPROVED, _S.CANDIDATE, _S.GATED, _S.MERGE_APPROVED),
        "`monocyte reject`",
    ),
    State.FAILED: (
        (_S.GENERATING, _S.CANDIDATE, _S.GATED, _S.MERGE_APPROVED),
        "no attempt left, or a promotion that did not come about",
    ),
    State.CANCELLED: (
        (
            *(_S.DRAFT, _S.PLANNED, _S.SPEND_APPROVED, _S.GENERATING),
            *(_S.CANDIDATE, _S.GATED, _S.MERGE_APPROVED),
        ),
        "whoever made it",
    ),
}
MOVES: tuple[Move, ...] = (
    *_FORWARD,
    *(Move(source, end, by) for end, (sources, by) in _EXITS.items() for source in sources),
)
"""Every legal move; `GATED -> GENERATING` is the only way back."""

_LEGAL = frozenset((it.source, it.target) for it in MOVES)

FINAL = frozenset(State) - {it.source for it in MOVES}
"""What nothing leads out of."""

OPEN = frozenset(State) - FINAL - {State.PROMOTED, State.SUPERSEDED}
"""Where somebody still has to do something."""


def move(source: State, target: State, *, plan: str = "") -> State:
    """Where a plan stands after it was moved.

    Raises:
        IllegalMove: there is no such way.
    """
    if (source, target) in _LEGAL:
        return target
    ways = [it.target.value for it in MOVES if it.source is source]
    mend = f"from there: {', '.join(ways)}" if ways else "nothing leads on; make a new plan"
    raise IllegalMove(
        f"a plan that is {source} ({MEANINGS[source]}) cannot become {target}",
        source=source,
        target=target,
        where=plan,
        mend=mend,
    )


def table() -> str:
    """The table as Markdown: each state, what it means, and where it leads, by what."""
    rows = ["| state | means | leads to |", "|---|---|---|"]
    for state in State:
        ways = [f"{it.target} ({it.by})" for it in _FORWARD if it.source is state]
        exits = [it.target.value for it in MOVES[len(_FORWARD) :] if it.source is state]
        ways += [f"exits: {', '.join(exits)}"] if exits else []
        rows.append(f"| {state} | {MEANINGS[state]} | {'; '.join(ways) or '(an end)'} |")
    return "\n".join(rows) + "\n"
