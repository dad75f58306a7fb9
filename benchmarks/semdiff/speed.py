"""How long a whole diff takes: 200 000 lines, 30 files changed, cold, edited, warm; one 10 kB cell.

    python -m benchmarks.semdiff.speed [--lines 200000] [--files 30] [--repeat 3] [--json FILE]

The tree is made of the standard library of the Python that runs this, without its tests. In each
changed file one comparison is turned round. Nothing is run: evidence has a budget of its own.
Cold knows nothing; warm has read these very trees before; edited has, but for one further edit.
Each is a process of its own, as it is for who types the command; starting Python is not counted.
Processor time, that of forks included, is told beside wall time, since machines are shared.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from monocyte.semdiff.difference import Difference, Options, difference
from monocyte.semdiff.keeping import Keeper
from monocyte.semdiff.sources import from_directory, from_texts

LEFT_OUT = frozenset({"test", "tests", "idlelib", "lib2to3", "site-packages", "__pycache__"})
READ_ONLY = Options(run=False)


def main() -> int:
    """Measure, print, write JSON; 0 if the goals were reached."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--lines", type=int, default=200_000)
    made.add_argument("--files", type=int, default=30)
    made.add_argument("--repeat", type=int, default=3)
    made.add_argument("--json", type=Path)
    made.add_argument("--run", nargs=2, type=Path, help=argparse.SUPPRESS)
    asked = made.parse_args()
    if asked.run:
        print(json.dumps(timed(partial(whole, *asked.run))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        told: dict[str, Any] = {
            "python": platform.python_version(),
            "tree": tree(Path(folder), asked),
            "cell": cell(asked.repeat),
        }
    print(json.dumps(told, indent=1))
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=1))
    found = told["tree"]
    reached = found["cold"]["wall"] < 5 and found["edited"]["wall"] < 1
    return 0 if reached and told["cell"]["wall"] < 0.03 else 1


def tree(folder: Path, asked: Any) -> dict[str, Any]:
    """The whole diff, as the command does it, but for starting Python."""
    lines, changed = make(folder, asked.lines, asked.files)
    times: dict[str, list[tuple[float, float]]] = {"cold": [], "warm": [], "edited": []}
    for turn in range(asked.repeat):
        cache = folder / f"cache-{turn}"
        times["cold"].append(apart(folder, cache))
        times["warm"].append(apart(folder, cache))
        edit_again(folder / "new", turn)
        times["edited"].append(apart(folder, cache))
    return {"lines": lines, "changed": changed, **{way: best(it) for way, it in times.items()}}


def apart(folder: Path, cache: Path) -> tuple[float, float]:
    """Wall and processor seconds of one run in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-m", __spec__.name, "--run", str(folder), str(cache)],
        stdout=subprocess.PIPE,
        check=True,
    )
    wall, cpu = json.loads(told.stdout)
    return wall, cpu


def whole(folder: Path, cache: Path) -> Difference:
    """One run."""
    old, new = (from_directory(folder / side) for side in ("old", "new"))
    return difference(old, new, READ_ONLY, memory=Keeper(cache))


def edit_again(tree: Path, turn: int) -> None:
    """One more edit, each time of another file."""
    files = sorted(tree.rglob("*.py"))
    chosen = random.Random(turn)
    while not edit(chosen.choice(files), chosen):
        pass


def make(folder: Path, wanted: int, files: int) -> tuple[int, int]:
    """Write both sides; how many lines, and how many changed files, there are."""
    library = Path(sysconfig.get_path("stdlib"))
    lines, paths = 0, []
    for path in sorted(library.rglob("*.py")):
        inside = path.relative_to(library)
        if LEFT_OUT & set(inside.parts) or lines >= wanted:
            continue
        data = path.read_bytes()
        lines += data.count(b"\n")
        paths.append(inside)
        for side in ("old", "new"):
            target = folder / side / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    chosen = random.Random(7)
    chosen.shuffle(paths)
    changed = 0
    for inside in paths:
        changed += changed < files and edit(folder / "new" / inside, chosen)
    return lines, changed


def edit(path: Path, chosen: random.Random) -> bool:
    """Turn one comparison round; whether there was one."""
    lines = path.read_bytes().splitlines(keepends=True)
    found = [i for i, it in enumerate(lines) if b" == " in it and it.strip().startswith(b"if ")]
    if not found:
        return False
    i = chosen.choice(found)
    lines[i] = lines[i].replace(b" == ", b" != ", 1)
    path.write_bytes(b"".join(lines))
    return True


def cell(repeat: int) -> dict[str, float]:
    """One module of 10 kB, one function of it changed."""
    body = '    """Count."""\n    total = a + {i}\n    if total > b:\n        return total\n'
    text = "".join(f"def f{i}(a: int, b: int) -> int:\n{body.format(i=i)}    return b\n\n\n"
                   for i in range(78))  # fmt: skip
    old, new = from_texts({"m.py": text}), from_texts({"m.py": text.replace("a + 40", "a - 40")})
    found = best([timed(lambda: difference(old, new, READ_ONLY)) for _ in range(repeat * 5)])
    return {**found, "bytes": len(text)}


def timed(do: Callable[[], Difference]) -> tuple[float, float]:
    """Wall and processor seconds."""
    wall, cpu = time.perf_counter(), spent()
    do()
    return time.perf_counter() - wall, spent() - cpu


def spent() -> float:
    """Processor seconds of this process, and of those that it has waited for."""
    return sum(os.times()[:4])


def best(times: list[tuple[float, float]]) -> dict[str, float]:
    """The least of each, and the median wall time."""
    walls, cpus = zip(*times, strict=True)
    return {
        "wall": round(min(walls), 4),
        "cpu": round(min(cpus), 4),
        "median": round(statistics.median(walls), 4),
    }


if __name__ == "__main__":
    sys.exit(main())
