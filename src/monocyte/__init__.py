"""Monocyte: cells that people can trust and models can rewrite, in one process, on one bus."""

from monocyte.cell import Ask, Caller, Cell, Clock, Files, Ids, Rule
from monocyte.contracts import Command, Event, Map, Query, State, Tick, Value
from monocyte.errors import BusError, MonocyteError, Refused

__all__ = [
    "Ask",
    "BusError",
    "Caller",
    "Cell",
    "Clock",
    "Command",
    "Event",
    "Files",
    "Ids",
    "Map",
    "MonocyteError",
    "Query",
    "Refused",
    "Rule",
    "State",
    "Tick",
    "Value",
]
