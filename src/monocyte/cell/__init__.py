"""What a cell is: definition, rules, ports, manifest. It declares; nothing is executed here."""

from monocyte.cell.definition import Cell, Declared
from monocyte.cell.loader import Loaded, load_cells, load_package
from monocyte.cell.manifest import (
    Evolver,
    Function,
    Handler,
    Manifest,
    Reaction,
    Timer,
    manifest_of,
)
from monocyte.cell.ports import PORTS, Ask, Caller, Clock, Files, Ids, Port
from monocyte.cell.results import Result, Shape
from monocyte.cell.rules import Rule

__all__ = [
    "PORTS",
    "Ask",
    "Caller",
    "Cell",
    "Clock",
    "Declared",
    "Evolver",
    "Files",
    "Function",
    "Handler",
    "Ids",
    "Loaded",
    "Manifest",
    "Port",
    "Reaction",
    "Result",
    "Rule",
    "Shape",
    "Timer",
    "load_cells",
    "load_package",
    "manifest_of",
]
