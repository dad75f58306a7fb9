"""In a worker: make calls that are written down on one version, in a process that sees no other.

What confirms a witness; and recorded calls, to be made again. It knows nothing of how calls are
found.
"""

from __future__ import annotations

import msgspec

from monocyte.semdiff.evidence import Replay, Replayed
from monocyte.semdiff.outcomes import Outcome
from monocyte.semdiff.trial import DRIVER, Target, built, load

__all__ = ["replay"]


def replay(payload: bytes) -> bytes:
    """The job: from a Replay, which sees one version, to the outcomes of its calls."""
    asked = msgspec.msgpack.decode(payload, type=Replay)
    try:
        loaded = load(asked.version, asked.driver)
        module = DRIVER if asked.driver else asked.version.module
        on = Target(loaded, module, asked.name)
    except BaseException as error:  # noqa: BLE001 (the edge: anybody's module)
        problem = f"cannot be imported: {type(error).__name__}: {error}"
        return msgspec.msgpack.encode(Replayed(problem=problem))
    outcomes = []
    for call in asked.calls:
        seen = on.observe(built(call), asked.seconds, asked.seed)
        outcomes.append(seen or Outcome("unmade"))
    return msgspec.msgpack.encode(Replayed(tuple(outcomes)))
