"""Message evolution: who breaks, in both directions, each break with a witness that really breaks.

Labels are proven twice: by the messages that a case brings, decoded with the other version, and the
witnesses that the library shows are decoded again, here, without it.

    python -m benchmarks.semdiff.message [--held-out]
"""

from __future__ import annotations

import dataclasses
import sys
import time
import types
from typing import Any

import msgspec

from benchmarks.semdiff.message_cases import CASES, source
from benchmarks.semdiff.message_heldout import HELD_OUT
from monocyte.contracts import codec
from monocyte.contracts.values import Map
from monocyte.semdiff.contract import Change, Effect
from monocyte.semdiff.contract.messages import compare_messages
from monocyte.semdiff.workers import Worker

__all__ = ["breaks", "load", "main", "proven", "said", "witnessed"]


def load(text: str) -> Any:
    """The class M of a version; these sources are our own."""
    module = types.ModuleType("m")
    sys.modules["m"] = module
    code = compile(source(text), "m.py", "exec", dont_inherit=True)  # not our `annotations`
    exec(code, module.__dict__)  # noqa: S102 (the benchmark's own cases)
    return module.M


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value, enc_hook=lambda v: dict(v) if isinstance(v, Map) else repr(v))


def breaks(by: Any, to: Any, data: str, *, promised: bool) -> bool | None:
    """Whether a message of one version fails or misleads in the other; None: it is none."""
    try:
        ours = codec.decode_json(by, data.encode())
    except Exception:  # noqa: BLE001
        return None
    try:
        theirs = codec.decode_json(to, data.encode())
        codec.decode(to, codec.encode(ours))
    except Exception:  # noqa: BLE001
        return True
    return _misleads(_named(ours), _named(theirs), msgspec.json.decode(data), promised=promised)


def _named(value: Any) -> Any:
    """Rows by the names of their fields: which name has which value is what a row means."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()
    if isinstance(value, msgspec.Struct) and type(value).__struct_config__.array_like:
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)  # to_builtins leaves out what came from a default
    return _plain(value)


def _misleads(ours: Any, theirs: Any, said: Any, *, promised: bool) -> bool:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        names = ours.keys() & theirs.keys() - {"type"}
        lost = (
            isinstance(said, dict)
            and promised
            and (said.keys() & ours.keys()) - theirs.keys() - {"type"}
        )
        inner = (
            _misleads(
                ours[n],
                theirs[n],
                said.get(n) if isinstance(said, dict) else None,
                promised=promised,
            )
            for n in names
        )
        return bool(lost) or any(inner)
    if isinstance(ours, list | tuple) and isinstance(theirs, list | tuple):
        return sorted(map(repr, ours)) != sorted(map(repr, theirs))
    if (
        type(ours) is not type(theirs)
        and {type(ours), type(theirs)} & {str}
        and not isinstance(ours, bool)
    ):
        return str(ours) != str(theirs)
    return bool(ours != theirs) or (isinstance(ours, bool) is not isinstance(theirs, bool))


def proven(case: tuple[Any, ...]) -> bool:
    """Whether the case's own messages bear out its labels."""
    _, old, new, sender, receiver, olds, news = case
    before, after = load(old), load(new)
    forth = [breaks(before, after, data, promised=True) for data in olds]
    back = [breaks(after, before, data, promised=False) for data in news]
    return (
        None not in [*forth, *back]
        and any(forth) is (sender == "b")
        and any(back) is (receiver == "b")
    )


def said(changes: tuple[Change, ...]) -> tuple[str, str]:
    """What the library says of M: sender, receiver."""
    mine = [c for c in changes if c.subject == "m.M"]
    sides = [[c.sender for c in mine], [c.receiver for c in mine]]
    return tuple("b" if Effect.BREAKING in side else "o" for side in sides)  # type: ignore[return-value]


def witnessed(case: tuple[Any, ...], changes: tuple[Change, ...]) -> bool:
    """Whether every break has a witness, and every witness really breaks."""
    before, after = load(case[1]), load(case[2])
    for change in (c for c in changes if c.subject == "m.M"):
        for effect, shown in (
            (change.sender, change.to_sender),
            (change.receiver, change.to_receiver),
        ):
            if effect is not Effect.BREAKING:
                continue
            if shown is None:
                return False
            sides = (before, after) if shown.by == "old" else (after, before)
            if not breaks(*sides, shown.said, promised=shown.by == "old"):
                return False
    return True


def main() -> None:
    """Print the counts, and every case that is wrong."""
    chosen = HELD_OUT if "--held-out" in sys.argv else CASES
    wrong, spent = [], 0.0
    counts = dict.fromkeys(
        ("cases", "proven", "breaking", "found", "false", "open", "witnessed"), 0
    )
    with Worker(
        preload=("monocyte.semdiff.contract.station", "monocyte", "dataclasses", "uuid")
    ) as worker:
        for case in chosen:
            name, old, new, *labels = case[:5]
            started = time.perf_counter()
            changes = compare_messages({"m.py": source(old)}, {"m.py": source(new)}, worker)
            spent += time.perf_counter() - started
            answer = said(changes)
            is_proven, is_witnessed = proven(case), witnessed(case, changes)
            counts["cases"] += 1
            counts["proven"] += is_proven
            counts["breaking"] += labels.count("b")
            counts["found"] += sum(
                label == a == "b" for label, a in zip(labels, answer, strict=True)
            )
            counts["false"] += sum(
                label == "o" and a == "b" for label, a in zip(labels, answer, strict=True)
            )
            counts["open"] += any(c.open for c in changes)
            counts["witnessed"] += is_witnessed
            if not is_proven or list(answer) != labels or not is_witnessed:
                why = f"proven {is_proven} witnessed {is_witnessed} labels {labels} said {answer}"
                told = [(c.rule, c.path, c.to_sender, c.to_receiver, c.open) for c in changes]
                wrong.append(f"{name}: {why} {told}")
            elif any(c.open for c in changes):
                wrong.append(f"{name}: open: {[(c.rule, c.open) for c in changes]}")
    print(
        *(f"{k} {v}" for k, v in counts.items()), f"of {2 * len(chosen)} directions, {spent:.2f} s"
    )
    print(*wrong, sep="\n")


if __name__ == "__main__":
    main()
