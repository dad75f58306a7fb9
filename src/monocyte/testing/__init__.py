"""Worlds for scenarios: deterministic time, ids, order and faults, shipped to users."""

from monocyte.testing.faults import Faults
from monocyte.testing.world import Actor, Dead, Pending, World

__all__ = ["Actor", "Dead", "Faults", "Pending", "World"]
