"""`llms.txt`: the page by which an agent finds its way in an app (the form is that of llmstxt.org).

It says what the app is, where each cell is and what it is for, who talks to whom, and which
journeys there are. It is read before anything else, so it keeps to a budget: what is said last in
`LEFT_OUT` is left out last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os.path import relpath
from pathlib import Path
from typing import NamedTuple

from monocyte.cell import Journeys, Manifest
from monocyte.contracts.tokens import estimate
from monocyte.literate.cards import LEGEND, ids_in_short, purpose_of
from monocyte.literate.pictures.maps import derive_map, redraw_map

__all__ = ["BUDGET", "llms_txt"]

BUDGET = 2_000
"""Tokens."""

SUMMARY = """\
> An app of {cells} on Monocyte: each is one Python file, with its words, rules, behaviour and
> proofs. Cells talk only by messages, and import nothing of each other but words.

- `monocyte card CELL`: how to use a cell, in about 200 tokens.
- `monocyte context CELL`: all that is needed to change one, within a token budget.
- `monocyte check`: proves a change; run it before you say that it is done."""


class Detail(NamedTuple):
    """How much the page says."""

    stories: bool = True
    """What a journey tells, beside its name."""
    messages: bool = True
    """The commands and queries of each cell."""
    rules: bool = True
    """The IDs of each cell's rules."""
    ties: bool = True
    """The map with every message; else only who asks or tells whom."""
    journeys: bool = True
    """The journeys at all."""


def llms_txt(
    name: str,
    manifests: Sequence[Manifest],
    journeys: Sequence[Journeys] = (),
    *,
    root: Path | None = None,
    budget: int = BUDGET,
) -> str:
    """The page of an app, the fullest within so many tokens; links are relative to `root`."""
    detail = Detail()
    text = _page(name, manifests, journeys, root, detail)
    for flag in Detail._fields:
        if estimate(text) <= budget:
            return text
        detail = detail._replace(**{flag: False})
        text = _page(name, manifests, journeys, root, detail)
    most = len(manifests)
    while most and estimate(text) > budget:
        most = most * 3 // 4
        text = _page(name, manifests, (), root, detail, most)
    return text


def _page(
    name: str,
    manifests: Sequence[Manifest],
    journeys: Sequence[Journeys],
    root: Path | None,
    detail: Detail,
    most: int | None = None,
) -> str:
    count = f"{len(manifests)} cell{'s' * (len(manifests) != 1)}"
    lines = [f"# {name}", "", SUMMARY.format(cells=count), "", LEGEND, "", "## Cells", ""]
    lines += [_cell(manifest, root, detail) for manifest in manifests[:most]]
    if most is not None and most < len(manifests):
        lines.append(f"- and {len(manifests) - most} more: `monocyte cells` lists all")
    else:
        lines += _map(manifests, detail)
    if detail.journeys and any(it.scenarios for it in journeys):
        lines += ["", "## Journeys", "", *_journeys(journeys, root, detail)]
    return "\n".join(lines) + "\n"


def _cell(manifest: Manifest, root: Path | None, detail: Detail) -> str:
    said = [purpose_of(manifest).rstrip(".")]
    if detail.messages:
        said.append(", ".join(message.__name__ for message in manifest.handlers))
    if detail.rules and manifest.rules:
        said.append(f"rules {ids_in_short(list(manifest.rules))}")
    about = ". ".join(filter(None, said)) or "no purpose given"
    return f"- [{manifest.name}]({_link(manifest.file, root)}): {about}"


def _map(manifests: Sequence[Manifest], detail: Detail) -> Iterator[str]:
    ties = derive_map(manifests)
    if not ties:
        return
    yield from (
        "",
        "## Who talks to whom",
        "",
        "`->` asks or commands, `=>` tells what happened.",
        "",
    )
    if detail.ties:
        yield from ("```text", redraw_map(manifests), "```")
        return
    for kind, verb in (("asks", "asks"), ("tells", "tells")):
        found: dict[str, dict[str, None]] = {}
        for tie in ties:
            if tie.kind == kind:
                found.setdefault(tie.source, {})[tie.target] = None
        yield from (f"- {source} {verb} {', '.join(others)}" for source, others in found.items())


def _journeys(journeys: Sequence[Journeys], root: Path | None, detail: Detail) -> Iterator[str]:
    for it in journeys:
        for scenario in it.scenarios:
            story = " ".join(scenario.story.split()) if detail.stories else ""
            link = f"- [{scenario.name}]({_link(it.file, root)})"
            yield f"{link}: {story}" if story else link


def _link(file: str, root: Path | None) -> str:
    """The way to a file, with the slashes of a URL."""
    return Path(relpath(file, root) if root else Path(file).name).as_posix()
