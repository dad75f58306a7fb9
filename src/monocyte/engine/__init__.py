"""Executes cells: decide, journal, evolve, re-run, replay. World and runtime both stand on it."""

from monocyte.engine.books import DeadLetter
from monocyte.engine.engine import Engine
from monocyte.engine.host import Host
from monocyte.engine.ports import Outside

__all__ = ["DeadLetter", "Engine", "Host", "Outside"]
