"""The normal form of Python code: rules, each sound on its own, and one way of writing the result."""

from monocyte.semdiff.normal.spelling import SPELLING

__all__ = ["EASY", "HARD"]

EASY = (SPELLING,)
"""Rules that always hold: nothing but spelling and order."""

HARD = (SPELLING,)
"""All rules: bodies of functions too."""
