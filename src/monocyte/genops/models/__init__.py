"""Ways to ask a model, all behind one protocol: libraries, agents, cassettes, and by hand."""

from monocyte.genops.models.agent import AGENTS, Agent, Command, Recipe, command
from monocyte.genops.models.anthropic import Anthropic
from monocyte.genops.models.asking import Ask
from monocyte.genops.models.cassette import Cassette
from monocyte.genops.models.handover import HandOver
from monocyte.genops.models.interface import (
    Answer,
    Backend,
    Declined,
    Hears,
    ModelError,
    NoAnswer,
    Prompt,
    text_of,
)
from monocyte.genops.models.openai import OpenAI
from monocyte.genops.models.routes import PROVIDERS, route_of

__all__ = [
    "AGENTS",
    "PROVIDERS",
    "Agent",
    "Answer",
    "Anthropic",
    "Ask",
    "Backend",
    "Cassette",
    "Command",
    "Declined",
    "HandOver",
    "Hears",
    "ModelError",
    "NoAnswer",
    "OpenAI",
    "Prompt",
    "Recipe",
    "command",
    "route_of",
    "text_of",
]
