"""What a cell says about itself besides its code, executed: its scenarios."""

from monocyte.literate.scenarios import Outcome, run

__all__ = ["Outcome", "run"]
