"""In a worker: import one version of a module, and say what that did and what it holds.

What a constant is, whether a name is still there, and what a module does on import are seen so;
nothing of the module is called.
"""

from __future__ import annotations

import hashlib
import inspect
import io
import random
import sys
from types import ModuleType
from typing import Any

import msgspec

from monocyte.semdiff.evidence import Import, Imported
from monocyte.semdiff.outcomes import image
from monocyte.semdiff.trial import load
from monocyte.semdiff.workers.lock import effects
from monocyte.semdiff.workers.stopwatch import Overtime, stopwatch

__all__ = ["import_it"]

LONGEST = 10_000
"""Characters of one image."""


def import_it(payload: bytes) -> bytes:
    """The job: from an Import to what was Imported."""
    asked = msgspec.msgpack.decode(payload, type=Import)
    output = io.StringIO()
    outer, sys.stdout = sys.stdout, output
    random.seed(0)
    effects.tried, effects.on = [], True
    try:
        loaded = load(asked.version)
    except BaseException as error:  # noqa: BLE001 (the edge: anybody's module)
        ended = f"{type(error).__qualname__}: {error}"
        found = Imported(ended=ended[:300], output=output.getvalue(), effects=tuple(effects.tried))
        return msgspec.msgpack.encode(found)
    finally:
        effects.on = False
        sys.stdout = outer
    module = loaded.modules[asked.version.module]
    with loaded.active():
        held = Imported(
            output=output.getvalue(),
            effects=tuple(effects.tried),
            names={n: _image(it, asked.seconds) for n, it in _own(module).items()},
            asked=_asked(module, asked),
        )
    return msgspec.msgpack.encode(held)


def _own(module: ModuleType) -> dict[str, Any]:
    return {n: it for n, it in vars(module).items() if not (n.startswith("__") and n != "__all__")}


def _asked(module: ModuleType, asked: Import) -> dict[str, str]:
    found = {}
    for name in asked.names:
        try:
            value: Any = module
            for part in name.split("."):
                value = (
                    inspect.getattr_static(value, part)
                    if value is not module
                    else getattr(value, part)
                )
        except AttributeError:
            continue
        found[name] = _image(value, asked.seconds)
    return found


def _kept(text: str) -> str:
    """A long image by its beginning and a digest, so that what differs at its end still does."""
    if len(text) <= LONGEST:
        return text
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return f"{text[:LONGEST]}… ({len(text)} characters, {digest})"


def _image(value: Any, seconds: float) -> str:
    try:
        with stopwatch(seconds):
            return _kept(image(value))
    except (Exception, Overtime) as error:  # noqa: BLE001 (the edge: anybody's value)
        return f"<cannot be looked at: {type(error).__qualname__}>"
