"""Monocyte: cells that people can trust and models can rewrite, in one process, on one bus."""

from msgspec import Meta

from monocyte.cell import App, Ask, Caller, Cell, Clock, Files, Ids, Rule
from monocyte.contracts import Command, Event, Map, Query, State, Tick, Value, replace
from monocyte.errors import BusError, MonocyteError, Refused

__all__ = [
    "App",
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
    "Meta",
    "MonocyteError",
    "Query",
    "Refused",
    "Rule",
    "State",
    "Tick",
    "Value",
    "replace",
]
