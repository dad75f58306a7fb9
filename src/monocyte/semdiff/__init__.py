"""What code means: so far, how to break it on purpose and what of it has run. Pure."""

from monocyte.semdiff.lines import Lines, code_objects
from monocyte.semdiff.mutator import Mutant, Mutator, fingerprint, functions_of, swapped
from monocyte.semdiff.operators import OPERATORS, Operator

__all__ = [
    "OPERATORS",
    "Lines",
    "Mutant",
    "Mutator",
    "Operator",
    "code_objects",
    "fingerprint",
    "functions_of",
    "swapped",
]
