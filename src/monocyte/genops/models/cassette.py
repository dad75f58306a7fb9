"""A model that was recorded: the same questions have the same answers, without any provider."""

from __future__ import annotations

from monocyte.genops.metering.cassettes import Player
from monocyte.genops.metering.wires import WIRES
from monocyte.genops.models.asking import Ask
from monocyte.genops.models.interface import Answer, Hears, Prompt

__all__ = ["Cassette"]


class Cassette:
    """Answers from the takes of a player; nothing is imported that could reach a network."""

    def __init__(self, ask: Ask, player: Player) -> None:
        self._ask = ask
        self._player = player

    def ask(self, prompt: Prompt, hears: Hears) -> Answer:
        """Find what was answered.

        Raises:
            CassetteMiss: this was never asked so.
        """
        take, answer = self._player.play(self._ask.wire, self._ask.body(prompt))
        reader = WIRES[self._ask.wire].reader(stream=take.kind.startswith("text/event-stream"))
        reader.feed(answer)
        reader.end()
        hears(reader.fresh())
        return Answer.of(reader.said)
