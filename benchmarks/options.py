"""What a run was asked for; the same for every part."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How thoroughly to measure: `seconds` is CPU time per sample, `quick` means small sizes."""

    rounds: int = 7
    seconds: float = 0.1
    seed: int = 0
    quick: bool = False
