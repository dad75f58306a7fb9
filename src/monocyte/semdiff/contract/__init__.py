"""What a change means to those outside: messages on the wire, and signatures in code.

For the sender (who still says what the old version understood) and for the receiver (who still
reads with the old version's eyes) apart: breaking, additive or neutral. A break of a message is
shown by a message that one version accepts and the other does not, or reads as something else; a
break of a surface by code that runs in a locked worker on one version, and not on the other.
"""

from monocyte.semdiff.contract.changes import RULES, Change, Effect, Evidence, Step, step_demanded
from monocyte.semdiff.contract.messages import compare_messages, may_speak
from monocyte.semdiff.contract.showing import shown
from monocyte.semdiff.contract.signatures import compare_surfaces

__all__ = [
    "RULES",
    "Change",
    "Effect",
    "Evidence",
    "Step",
    "compare_messages",
    "compare_surfaces",
    "may_speak",
    "shown",
    "step_demanded",
]
