"""Signatures: every pair of small signatures, judged by all calls that there are; griffe beside us.

The oracle knows no rules: both functions are called in every way (up to three arguments by place,
any of the names by name), and a caller breaks if a call that worked fails, or gives one of the same
parameters another value. Nothing of the library takes part in the labels.

    python -m benchmarks.semdiff.signature [--griffe]
"""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from monocyte.semdiff.contract import Change, Effect, compare_surfaces

__all__ = ["breaks", "judged", "main", "pairs", "signatures"]

NAMES = "xyz"
DEFAULTS = {"x": "0", "y": "1", "z": "2"}


def signatures() -> Iterator[str]:
    """Every signature of up to two parameters of x, y, z: every kind, with and without defaults."""
    for count in range(3):
        for names in itertools.permutations(NAMES, count):
            for kinds in itertools.product(("/", "", "*"), repeat=count):
                if sorted(kinds, key=("/", "", "*").index) != list(kinds):
                    continue
                for filled in itertools.product((False, True), repeat=count):
                    for stars in ("", "*args", "**kwargs", "*args, **kwargs"):
                        text = _signature(names, kinds, filled, stars)
                        if text is not None:
                            yield text


def _signature(names: Any, kinds: Any, filled: Any, stars: str) -> str | None:
    parts: list[str] = []
    for wanted in ("/", "", "*"):
        group = [
            f"{name}={DEFAULTS[name]}" if default else name
            for name, kind, default in zip(names, kinds, filled, strict=True)
            if kind == wanted
        ]
        if wanted == "*" and "*args" in stars:
            parts.append("*args")
        elif wanted == "*" and group:
            parts.append("*")
        parts += group
        if wanted == "/" and group:
            parts.append("/")
    if "**kwargs" in stars:
        parts.append("**kwargs")
    text = ", ".join(parts)
    try:
        compile(f"def f({text}): ...", "f", "exec")
    except SyntaxError:
        return None
    return text


def _function(signature: str) -> Callable[..., dict[str, Any]]:
    space: dict[str, Any] = {}
    exec(f"def f({signature}): return locals()", space)  # noqa: S102 (ours)
    found: Callable[..., dict[str, Any]] = space["f"]
    return found


def _calls() -> Iterator[tuple[tuple[int, ...], dict[str, int]]]:
    for count in range(4):
        for size in range(5):
            for names in itertools.combinations((*NAMES, "other"), size):
                yield tuple(range(10, 10 + count)), {n: 20 + i for i, n in enumerate(names)}


CALLS = tuple(_calls())


def breaks(old: str, new: str) -> bool:
    """Whether any call that the old function takes fails, or arrives elsewhere, in the new."""
    before, after = _function(old), _function(new)
    for places, names in CALLS:
        try:
            was = before(*places, **names)
        except TypeError:
            continue
        try:
            now = after(*places, **names)
        except TypeError:
            return True
        if any(was[a] != now[b] for a, b in _renamed(before, after)):
            return True
        shared = was.keys() & now.keys() - {"args", "kwargs"}
        if any(was[name] != now[name] for name in shared):
            return True
    return False


def _renamed(before: Any, after: Any) -> list[tuple[str, str]]:
    """Parameters at the same place, with names that the other function does not have."""
    old, new = (f.__code__.co_varnames[: f.__code__.co_argcount] for f in (before, after))
    everyone = [set(f.__code__.co_varnames) for f in (before, after)]
    return [
        (a, b)
        for a, b in zip(old, new, strict=False)
        if a not in everyone[1] and b not in everyone[0]
    ]


def pairs(count: int, seed: int = 0) -> list[tuple[str, str]]:
    """That many pairs of signatures, half of them a single step apart."""
    chance = random.Random(seed)
    every = list(signatures())
    found = []
    for _ in range(count):
        old = chance.choice(every)
        near = [s for s in chance.sample(every, 40) if abs(len(s) - len(old)) <= 3]
        found.append((old, chance.choice(near or every)))
    return found


def judged(old: str, new: str) -> tuple[bool, tuple[Change, ...]]:
    """Whether the library says that callers break."""
    said = compare_surfaces({"m.py": f"def f({old}): ..."}, {"m.py": f"def f({new}): ..."})
    return any(change.sender is Effect.BREAKING for change in said), said


def _griffe(both: list[tuple[str, str]], python: str) -> list[bool]:
    """Whether griffe finds a breakage, in its own environment."""
    script = (
        "import sys, json\n"
        "from griffe import find_breaking_changes, temporary_visited_module as t\n"
        "out = []\n"
        "for a, b in json.load(sys.stdin):\n"
        "    with t(f'def f({a}): ...') as x, t(f'def f({b}): ...') as y:\n"
        "        out.append(bool(list(find_breaking_changes(x, y))))\n"
        "print(json.dumps(out))\n"
    )
    import json

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.py"
        path.write_text(script)
        done = subprocess.run(
            [python, str(path)], input=json.dumps(both), capture_output=True, text=True, check=True
        )
    found: list[bool] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print the counts, and the first cases that are wrong."""
    both = pairs(3000)
    labels = [breaks(*pair) for pair in both]
    started = time.perf_counter()
    answers = [judged(*pair) for pair in both]
    spent = time.perf_counter() - started
    _print("ours", labels, [answer for answer, _ in answers], spent)
    unshown = sum(
        c.sender is Effect.BREAKING and c.to_sender is None for _, said in answers for c in said
    )
    print("breaks without a call that shows them:", unshown)
    if "--griffe" in sys.argv:
        started = time.perf_counter()
        theirs = _griffe(both, sys.argv[sys.argv.index("--griffe") + 1])
        _print("griffe", labels, theirs, time.perf_counter() - started)
    wrong = [
        (pair, label, [(c.rule, c.path, c.to_sender) for c in said])
        for pair, label, (answer, said) in zip(both, labels, answers, strict=True)
        if answer is not label
    ]
    print(*wrong[:15], sep="\n")


def _print(who: str, labels: list[bool], answers: list[bool], spent: float) -> None:
    found = sum(a and b for a, b in zip(labels, answers, strict=True))
    false = sum(b and not a for a, b in zip(labels, answers, strict=True))
    print(
        f"{who:7} pairs {len(labels)} breaking {sum(labels)}"
        f" found {found} false {false} {spent:.2f} s"
    )


if __name__ == "__main__":
    main()
