"""The normal form of Python code: rules, each sound on its own, and one way of writing the result.

Rules come in stages, cheapest and safest first. A later stage is asked only where the earlier ones
left a difference, and each says which channels its rules may change beside the text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from monocyte.semdiff.normal.channels import Channel
from monocyte.semdiff.normal.conditions import CONDITIONS
from monocyte.semdiff.normal.constants import CONSTANTS
from monocyte.semdiff.normal.loops import LOOPS
from monocyte.semdiff.normal.rewriter import RuleSet
from monocyte.semdiff.normal.spelling import SPELLING
from monocyte.semdiff.normal.temporaries import CARRIED, MADE, TEMPORARIES

__all__ = ["EASY", "STAGES", "Channel", "Stage"]


@dataclass(frozen=True)
class Stage:
    """Rules that are applied together."""

    name: str
    rules: Sequence[RuleSet]
    channels: frozenset[Channel] = frozenset()
    """What the rules may change, beside what the text shows."""


_SHAPES = (SPELLING, CONSTANTS, CONDITIONS, CARRIED)
_LOOKED_UP = (*_SHAPES, TEMPORARIES)
_MADE = (*_LOOKED_UP, MADE)
_COLLECTED = (*_MADE, LOOPS, TEMPORARIES, MADE)

_DYING = frozenset({Channel.CODE, Channel.DEATHS})

EASY = Stage("spelling", (SPELLING,))
"""Rules that always hold: nothing but spelling and order."""

STAGES = (
    Stage("shapes", _SHAPES, frozenset({Channel.CODE})),
    Stage("carried", _LOOKED_UP, _DYING),
    Stage("made", _MADE, _DYING | {Channel.LIFETIME}),
    Stage("temporaries", _COLLECTED, _DYING | {Channel.LIFETIME, Channel.FRAMES}),
)
"""The further stages, in the order in which they are tried; each begins with the one before."""
