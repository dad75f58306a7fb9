"""Worlds for scenarios: deterministic time, ids, order and faults, shipped to users."""

from monocyte.cell import Source
from monocyte.testing.faults import Faults
from monocyte.testing.stage import Person, Stage
from monocyte.testing.steps import Check, Operator, Step, Steps, answers
from monocyte.testing.trace import Said, story
from monocyte.testing.world import Actor, Dead, Pending, World

__all__ = [
    "Actor",
    "Check",
    "Dead",
    "Faults",
    "Operator",
    "Pending",
    "Person",
    "Said",
    "Source",
    "Stage",
    "Step",
    "Steps",
    "World",
    "answers",
    "story",
]
