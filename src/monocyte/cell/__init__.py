"""What a cell is: definition, rules, ports, manifest. It declares; nothing is executed here."""

from monocyte.cell.definition import App, Cell, Declared
from monocyte.cell.evidence import Decision, DecisionKind, Picture, Runbook, Scenario, Waiver
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
from monocyte.cell.proving import Journeys
from monocyte.cell.reloading import Reloaded, reload_package
from monocyte.cell.results import Result, Shape
from monocyte.cell.rules import Retired, Rule, Witness
from monocyte.cell.source import Source

__all__ = [
    "PORTS",
    "App",
    "Ask",
    "Caller",
    "Cell",
    "Clock",
    "Decision",
    "DecisionKind",
    "Declared",
    "Evolver",
    "Files",
    "Function",
    "Handler",
    "Ids",
    "Journeys",
    "Loaded",
    "Manifest",
    "Picture",
    "Port",
    "Reaction",
    "Reloaded",
    "Result",
    "Retired",
    "Rule",
    "Runbook",
    "Scenario",
    "Shape",
    "Source",
    "Timer",
    "Waiver",
    "Witness",
    "load_cells",
    "load_package",
    "manifest_of",
    "reload_package",
]
