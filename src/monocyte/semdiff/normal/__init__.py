"""The normal form of Python code: rules, each sound on its own, and one way of writing the result."""

from monocyte.semdiff.normal.branches import BRANCHES
from monocyte.semdiff.normal.constants import CONSTANTS
from monocyte.semdiff.normal.loops import LOOPS
from monocyte.semdiff.normal.spelling import SPELLING
from monocyte.semdiff.normal.temporaries import TEMPORARIES

__all__ = ["EASY", "HARD"]

EASY = (SPELLING,)
"""Rules that always hold: nothing but spelling and order."""

HARD = (SPELLING, CONSTANTS, BRANCHES, LOOPS, TEMPORARIES, BRANCHES, LOOPS, TEMPORARIES)
"""All rules, bodies of functions too; some make others applicable, hence twice."""
