"""Rules: is each enforced, and has each line that enforces it been seen to let pass and to refuse?

Counted by line, not by rule: a rule that is enforced in two handlers can be lost in one of them. A
line counts as seen only by scenarios, since decisions and runbooks are there for something else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from monocyte.cell import Journeys, Manifest, Retired, Rule
from monocyte.literate.findings import Finding, finding
from monocyte.literate.record import SiteRecord
from monocyte.literate.rules.sites import Reading, Site
from monocyte.literate.rules.witness import Asked, Witnessed, watching
from monocyte.literate.scenarios import run

__all__ = [
    "Matrix",
    "Row",
    "Seen",
    "matrix_of",
    "rule_findings",
    "seen_sites",
    "site_records",
    "witness_scenarios",
]

NAMED = 3
"""How many scenarios a line of the matrix names."""

ENTRANCES = 3
"""How many messages are proposed for a scenario that is missing."""


class Seen(NamedTuple):
    """A line that enforces a rule, and the scenarios that saw it let pass and refuse.

    A scenario of another cell, or of the app, is called `cell.scenario`.
    """

    site: Site
    held_by: tuple[str, ...] = ()
    refused_by: tuple[str, ...] = ()


# -- what was seen ---------------------------------------------------------------------------------


def witness_scenarios(
    manifests: Sequence[Manifest],
    journeys: Sequence[Journeys] = (),
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Witnessed:
    """Play every scenario at seed 0, and collect what it asks of rules; failures are not told.

    `progress` is told how many have been played, of how many.
    """
    owners: list[Manifest | Journeys] = [*manifests, *journeys]
    names = [f"{owner.name}.{scenario.name}" for owner in owners for scenario in owner.scenarios]
    with watching(manifests) as witnessed:
        playing = run(witnessed.manifests, journeys=journeys)
        for done, name in enumerate(names, 1):
            with witnessed.by(name):
                next(playing)
            progress(done, len(names))
    return witnessed


def seen_sites(manifest: Manifest, witnessed: Witnessed) -> tuple[Seen, ...]:
    """Every line that enforces a rule of a cell: as it is written, or as it was seen to."""
    reading = witnessed.readings[manifest.name]
    held: dict[Site, tuple[str, ...]] = {}
    refused: dict[Site, tuple[str, ...]] = {}
    sites = dict.fromkeys(reading.sites)
    for asked, names in witnessed.asked.items():
        if asked.rule in manifest.rules:
            site = _site(asked, reading, manifest)
            sites.setdefault(site)
            seen = held if asked.held else refused
            seen[site] = tuple(dict.fromkeys([*seen.get(site, ()), *names]))
    ordered = sorted(sites, key=lambda it: (it.file, it.line, it.column, it.rule))
    return tuple(
        Seen(it, _local(held.get(it, ()), manifest), _local(refused.get(it, ()), manifest))
        for it in ordered
    )


def _local(names: tuple[str, ...], manifest: Manifest) -> tuple[str, ...]:
    """The cell's own scenarios first, without its name."""
    prefix = f"{manifest.name}."
    own = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
    return (*own, *(name for name in names if not name.startswith(prefix)))


def _site(asked: Asked, reading: Reading, manifest: Manifest) -> Site:
    """The site that was asked; one of its own if the rule has another name there."""
    of_rule = [it for it in reading.sites if (it.rule, it.file) == (asked.rule, asked.file)]
    exact = [it for it in of_rule if it.end == asked.end]
    near = [it for it in of_rule if it.line == asked.line and not asked.end.column]
    if found := exact or near:  # Python may have been told to forget the columns
        return found[0]
    name = variable_of(manifest.rules[asked.rule], manifest)
    called = (asked.rule, name, asked.method, asked.function, asked.file)
    return Site(*called, asked.line, asked.end.column, asked.end)


def variable_of(rule: Rule, manifest: Manifest) -> str:
    """What a rule is called in its file; its ID if it has no name there."""
    named = (name for name, thing in vars(sys.modules[manifest.module]).items() if thing is rule)
    return next(named, rule.id)


def site_records(seen: Iterable[Seen]) -> tuple[SiteRecord, ...]:
    """The same, as it is kept beside the app."""
    return tuple(
        SiteRecord(it.site.rule, it.site.where, it.site.function, it.held_by, it.refused_by)
        for it in seen
    )


# -- what is missing -------------------------------------------------------------------------------


def rule_findings(manifest: Manifest, witnessed: Witnessed) -> Iterator[Finding]:
    """Every rule that no line enforces, and every line that was not seen both ways."""
    seen = seen_sites(manifest, witnessed)
    reading = witnessed.readings[manifest.name]
    enforced = {it.site.rule for it in seen}
    for rule in manifest.rules.values():
        if rule.id not in enforced:
            yield _unenforced(rule, manifest, reading.uses.get(rule.id, ()))
    crowded = _crowded([it.site for it in seen])
    for it in seen:
        expects_held = it.site.both and not (it.site.method == "refuse" and witnessed.blind)
        missing = [
            *(["held"] if expects_held and not it.held_by else []),
            *(["refused"] if not it.refused_by else []),
        ]
        if missing:
            place = f"{Path(it.site.file).name}:{it.site.line}"
            if (it.site.file, it.site.line) in crowded:
                place = f"{place}:{it.site.column + 1}"
            yield _unseen(it.site, place, missing, manifest, reading)


def _crowded(sites: Sequence[Site]) -> set[tuple[str, int]]:
    """The lines on which there are several."""
    lines = [(it.file, it.line) for it in sites]
    return {line for line in lines if lines.count(line) > 1}


def _unenforced(rule: Rule, manifest: Manifest, uses: tuple[int, ...]) -> Finding:
    name = variable_of(rule, manifest)
    what = f"no line of code enforces {rule.id}"
    if uses:
        lines = ", ".join(map(str, uses))
        what += f": {name} is passed on at line {lines}, and no scenario has seen it asked"
    mend = (
        f"call {name}.require(…) where it is decided, or retire the rule with its reason: "
        f'cell.retired("{rule.id}", …, because="…")'
    )
    return finding("rule-unenforced", manifest.name, rule.where, what, mend)


SAID = {
    ("require", "held"): "has seen {name} held",
    ("require", "refused"): "has seen {name} refused",
    ("refuse", "held"): "has got past {name}.refuse",
    ("refuse", "refused"): "has been refused by {name}",
}
WANTED = {"held": "{rule} is held there", "refused": "it is refused by {rule}"}


def _unseen(
    site: Site, place: str, missing: list[str], manifest: Manifest, reading: Reading
) -> Finding:
    said = " or ".join(SAID[site.method, way].format(name=site.variable) for way in missing)
    what = f"no scenario {said} at {place} in `{site.function}`"
    entrances = reading.entrances.get(site.function, ())
    sends = " or ".join(entrances[:ENTRANCES]) or "a message that leads there"
    wanted = ", and one so that ".join(WANTED[way].format(rule=site.rule) for way in missing)
    text = manifest.rules[site.rule].text
    mend = f'write a scenario that sends {sends} so that {wanted} ("{text}")'
    return finding("rule-unseen", manifest.name, site.where, what, mend)


# -- the matrix ------------------------------------------------------------------------------------


class Row(NamedTuple):
    """A rule in the matrix: its text, its past, and every line that enforces it.

    `because` is why it was retired, empty while it is in force; `supersedes` are the IDs that it
    stands for, the latest first.
    """

    cell: str
    id: str
    text: str
    where: str
    because: str
    supersedes: tuple[str, ...]
    sites: tuple[Seen, ...]

    def lines(self) -> Iterator[str]:
        """The row for people: the rule, then a line for each place."""
        yield f"  {self.id}  {self.text}"
        if self.because:
            yield f"      retired: {self.because}"
        elif not self.sites:
            yield "      enforced nowhere"
        if self.supersedes:
            yield f"      supersedes {', '.join(self.supersedes)}"
        for it in self.sites:
            place = f"{Path(it.site.file).name}:{it.site.line}"
            held = _names(it.held_by) if it.site.both else "nobody, ever"
            yield f"      {place} in {it.site.function}"
            yield f"          held: {held}"
            yield f"          refused: {_names(it.refused_by)}"


class Matrix(NamedTuple):
    """Rules by lines by scenarios: what is required, where it is enforced, who has seen that."""

    rows: tuple[Row, ...]

    def __str__(self) -> str:
        lines: list[str] = []
        for cell in dict.fromkeys(row.cell for row in self.rows):
            lines += ["", cell] if lines else [cell]
            lines += [line for row in self.rows if row.cell == cell for line in row.lines()]
        return "\n".join(lines)


def matrix_of(manifests: Sequence[Manifest], witnessed: Witnessed) -> Matrix:
    """The traceability matrix of some cells."""
    known: dict[str, Rule | Retired] = {}
    for manifest in manifests:
        known |= {**manifest.rules, **manifest.retired}
    return Matrix(tuple(row for it in manifests for row in _rows(it, witnessed, known)))


def _rows(
    manifest: Manifest, witnessed: Witnessed, known: Mapping[str, Rule | Retired]
) -> Iterator[Row]:
    seen = seen_sites(manifest, witnessed)
    declared: list[Rule | Retired] = [*manifest.rules.values(), *manifest.retired.values()]
    for rule in declared:
        because = rule.because if isinstance(rule, Retired) else ""
        places = tuple(it for it in seen if it.site.rule == rule.id)
        past = tuple(_past(rule, known))
        yield Row(manifest.name, rule.id, rule.text, rule.where, because, past, places)


def _past(rule: Rule | Retired, known: Mapping[str, Rule | Retired]) -> Iterator[str]:
    """The IDs that a rule stands for, the latest first."""
    seen = {rule.id}
    while (older := rule.supersedes) and older not in seen:
        seen.add(older)
        yield older
        if older not in known:
            return
        rule = known[older]


def _names(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more if names else "by no scenario"
