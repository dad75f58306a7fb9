"""What every format says alike: the headline, titles, contracts, ways, and what was ignored."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from monocyte.semdiff.difference import Change, Difference, Unseen
from monocyte.semdiff.verdicts import Finding, Severity, Verdict
from monocyte.semdiff.whole import Felt, Gained, Promise

__all__ = [
    "BADGES",
    "SEVERITIES",
    "Group",
    "Told",
    "by_kind",
    "by_weight",
    "feelings",
    "gist",
    "headline",
    "headline_parts",
    "ignored_groups",
    "is_brief",
    "meaning",
    "proof",
    "reasons",
    "title",
    "told",
    "ways",
]

BADGES = {
    Verdict.CHANGED: "changed",
    Verdict.UNKNOWN: "unknown",
    Verdict.NO_DIFFERENCE_FOUND: "no difference found",
    Verdict.SAME: "same",
}
"""The verdicts, for people; they are never merged."""

SEVERITIES = {
    Severity.BREAKING: "breaking",
    Severity.WARNING: "",
    Severity.NOTE: "note",
    Severity.IGNORED: "",
}


def headline(difference: Difference) -> str:
    """The whole answer in one line."""
    return "; ".join(headline_parts(difference))


def headline_parts(difference: Difference) -> list[str]:
    """How many definitions have which verdict, what breaks, what is new to it, who feels it."""
    parts = [", ".join(_verdicts(difference)), _contract(difference), _capabilities(difference)]
    if difference.changes or difference.gains:
        parts.append(_felt(difference.felt))
    return [it for it in parts if it]


def _verdicts(difference: Difference) -> Iterator[str]:
    news = Counter(_news(it) for it in difference.changes)
    if news[""]:
        means = "means" if news[""] == 1 else "mean"
        yield f"{_count(news[''], 'definition')} {means} something else"
    elif news["may"]:
        yield f"{_count(news.pop('may'), 'definition')} may mean something else"
    if news["weaker"]:
        yield f"{_count(news['weaker'], 'test')} {'is' if news['weaker'] == 1 else 'are'} weaker"
    if news["reads"]:
        yield f"{news['reads']} {'looks' if news['reads'] == 1 else 'look'} at lines or text"
    for word in ("may", "no difference found", "new", "gone", "moved", "of note"):
        if news[word]:
            yield f"{news[word]} {word}"
    if not difference.changes:
        differs = difference.looked.differing or difference.ignored
        yield "nothing changed in meaning" if differs else "no Python file differs"
    if difference.ignored:
        count = len(difference.ignored)
        yield f"{count} {'means' if count == 1 else 'mean'} the same"
    if difference.unseen:
        yield f"{len(difference.unseen)} not looked at"


def _news(change: Change) -> str:
    finding = change.finding
    if finding.kind == "contract":
        return "outside"
    if finding.kind == "test" and change.severity > Severity.NOTE:
        return "weaker"
    if finding.old is None or finding.new is None:
        return "new" if finding.old is None else "gone"
    if finding.rule in ("moved", "renamed"):
        return "moved"
    if finding.verdict is Verdict.UNKNOWN and finding.what.startswith("may see "):
        return "reads"
    if finding.verdict is Verdict.CHANGED and change.severity <= Severity.NOTE:
        return "of note"
    unsure = {Verdict.UNKNOWN: "may", Verdict.NO_DIFFERENCE_FOUND: "no difference found"}
    return unsure.get(finding.verdict, "")


def _contract(difference: Difference) -> str:
    demand = difference.demand
    breaks = [p for it in difference.changes for p in it.promises if p.is_breaking]
    step = f"{demand.step} step" + (f", {demand.least}" if demand.least else "")
    short = f", but it says {demand.new}" if demand.is_enough is False else ""
    if breaks:
        messages = sum(it.message for it in breaks)
        kind = "message " if messages == len(breaks) else ""
        return f"{_count(len(breaks), f'breaking {kind}change')}: {step}{short}"
    return f"{step}{short}" if demand.step == "minor" or short else ""


def _capabilities(difference: Difference) -> str:
    found = dict.fromkeys(it.capability for it in difference.gains if it.scope == "program")
    shown = ", ".join([*found][:4]) + (" …" if len(found) > 4 else "")
    return f"new {'capability' if len(found) == 1 else 'capabilities'}: {shown}" if found else ""


def _felt(felt: Felt) -> str:
    played = len(felt.again) + len(felt.spared)
    if played:
        return f"{len(felt.again)} of {_count(played, 'scenario')} can feel it"
    return f"{_count(len(felt.functions), 'public function')} can feel it" if felt.functions else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


class Told(NamedTuple):
    """A change of a contract for people."""

    text: str
    because: str
    example: str
    """A message, and what becomes of it; empty if none was made."""
    is_breaking: bool


IMPLIED = frozenset({"object-added", "object-removed", "export-added", "export-removed"})


def told(change: Change) -> list[Told]:
    """What a change breaks or adds for those outside, as far as it is not said already."""
    groups: dict[tuple[object, ...], list[Promise]] = defaultdict(list)
    for it in sorted(change.promises, key=lambda it: (-it.severity, it.definition)):
        is_neutral = it.sender == it.receiver == "neutral"
        if not is_neutral and not _is_implied(it, change):
            text = "" if it.rule in EXPORTS else it.text
            groups[it.rule, text, it.verdict, it.sender, it.receiver].append(it)
    return [_told(it, change) for it in groups.values()]


EXPORTS = frozenset({"export-added", "export-removed"})
"""Names in a list: told as one."""


def _is_implied(promise: Promise, change: Change) -> bool:
    """Whether the finding itself says so: what is new is new to others too."""
    if promise.rule == "attribute-value" and change.finding.kind == "constant":
        return True
    if _news(change) not in ("new", "gone", "moved"):
        return False
    is_own = change.finding.kind == "file" or promise.definition == change.finding.definition
    return not promise.is_breaking or (is_own and promise.rule in IMPLIED)


def _told(alike: Sequence[Promise], change: Change) -> Told:
    promise = alike[0]
    sides = (("sender", promise.sender), ("receiver", promise.receiver))
    words = SIDES[promise.message]
    broken = " and ".join(words[name] for name, effect in sides if effect == "breaking")
    may = "breaks" if promise.verdict is Verdict.CHANGED else "may break"
    may = may if promise.is_breaking else "changes for"
    said = f"{may} {broken}" if broken else "adds to the contract"
    if promise.rule in EXPORTS:
        exported = _some([f"`{it.part or it.definition}`" for it in alike], 4)
        return Told(f"{said}: {exported}", promise.because, "", promise.is_breaking)
    names = [it.definition for it in alike]
    who = (
        "" if names == [change.finding.definition] else f"{_some([f'`{it}`' for it in names], 2)} "
    )
    return Told(
        f"{said}: {who}{promise.text}", promise.because, _example(promise), promise.is_breaking
    )


def _example(promise: Promise) -> str:
    """A message or a call that shows it, and what becomes of it."""
    if not promise.said or promise.said.endswith(promise.definition):
        return ""
    call = promise.said.startswith("(")
    said = f"{promise.definition}{promise.said}" if call else promise.said
    other = "new" if promise.by == "old" else "old"
    old, new = (FIELDS.sub("{", it).replace("}}", "}") for it in (promise.meant, promise.read))
    return f"`{said}`: {promise.by} {'' if call else 'takes it as '}{old}; {other} {new}"


FIELDS = re.compile(r'\{"\$fields":\{')
"""How a record is written down, to be told from a map."""


SIDES = {
    True: {"sender": "old senders", "receiver": "old readers"},
    False: {"sender": "callers", "receiver": "implementers"},
}
"""Whom it concerns: of a message, and of what is offered to code."""


def ways(difference: Difference, *, full: bool = False) -> list[tuple[str, str]]:
    """New capabilities in words, and the way that leads to each; those new to all first."""
    groups: dict[tuple[object, ...], list[Gained]] = defaultdict(list)
    for it in difference.gains:
        if full or it.is_near:
            groups[it.scope, it.entries, it.way].append(it)
    return [(_gain(it), " → ".join(it[0].way)) for it in groups.values()]


def _gain(group: Sequence[Gained]) -> str:
    gained = group[0]
    names = [it.partition(":")[2].lstrip("=") or it for it in gained.entries]
    names = [
        it.partition(":")[0] if name.startswith("<") else name
        for it, name in zip(gained.entries, names, strict=True)
    ]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    who = ", ".join(f"`{it}`" for it in dict.fromkeys(names[:3]))
    what = _joined([it.what for it in group])
    what = SINGULAR.sub(r"\1", what) if len({*names}) > 1 else what
    return f"{who}{more} {what} ({SCOPES[gained.scope]})"


SINGULAR = re.compile(r"^(use|ask|do)(?:es|s)\b")


def _joined(phrases: Sequence[str]) -> str:
    """`can read files, write files and use the network`."""
    same = all(it.startswith("can ") for it in phrases)
    rest = [*phrases[:1], *(it.removeprefix("can ") if same else it for it in phrases[1:])]
    return ", ".join(rest[:-1]) + (" and " if len(rest) > 1 else "") + rest[-1]


SCOPES = {
    "program": "nothing in the old version could",
    "entry": "other code could before",
    "new entry": "new code; other code could before",
    "tests": "a test",
}


def feelings(felt: Felt, most: int = 5) -> list[tuple[str, str]]:
    """Who can feel it, by kind."""
    if felt.untold:
        return [("not told", felt.untold)]
    rows = [
        ("public function", felt.functions),
        ("message", felt.messages),
        ("cell", felt.cells),
        ("rule", felt.rules),
        ("scenario", tuple(felt.again)),
    ]
    found = [(_count(len(names), what), _some(names, most)) for what, names in rows if names]
    if felt.spared:
        found.append((f"{len(felt.spared)} need not be played again", _some(felt.spared, most)))
    return found


def _some(names: Sequence[str], most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def meaning(change: Change, *, longest: int = 320) -> str:
    """What has become of a definition; of two long answers, where they begin to differ."""
    what = change.finding.what
    head, now, after = what.partition(", now ")
    call, returned, before = head.partition(" returned ")
    if len(what) <= longest or not (now and returned):
        return what
    after = after.removeprefix("returned ")
    pairs = zip(before, after, strict=False)
    same = next((i for i, (ours, theirs) in enumerate(pairs) if ours != theirs), 0)
    since = max(same - CONTEXT, 0) if same > 2 * CONTEXT else 0
    old, new = (_clipped(it, since, longest // 2) for it in (before, after))
    return f"{call} returned {old}, now returned {new}"


CONTEXT = 20
"""Characters before a difference, so that one sees where it is."""


def _clipped(text: str, since: int, longest: int) -> str:
    shown = f"{'…' if since else ''}{text[since:]}"
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def gist(change: Change) -> str:
    """What a line can say: the meaning, or where that is open, the words."""
    is_open = change.finding.verdict is not Verdict.CHANGED and change.words
    said = "; ".join(change.words) if is_open else meaning(change)
    return "; ".join([said, *(it.text for it in told(change)[:1])])


def proof(change: Change) -> tuple[str, str]:
    """What anybody can run to see it, and what that is; nothing, if there is none."""
    if change.test:
        return "as a test", change.test
    witness = change.finding.witness if change.finding.kind == "test" else None
    return ("as a script", witness.code) if witness else ("", "")


def reasons(change: Change) -> list[str]:
    """Why there is no more to say; what every such change has in common is left out."""
    finding = change.finding
    found = [it for it in finding.why if it != change.tried and not it.startswith(GENERAL)]
    return found or list(finding.why[: not change.tried])


GENERAL = "no rule makes the two forms equal"


def is_brief(change: Change) -> bool:
    """Whether a line is enough: it is only of note, or is itself what it was."""
    return change.severity <= Severity.NOTE or _news(change) == "reads"


def title(change: Change) -> str:
    """Which definition, and where."""
    finding = change.finding
    name = "" if finding.kind == "file" else f" {finding.definition}"
    if finding.definition.startswith("<"):
        name = ""
    return f"{change.place} {finding.kind}{name}"


def by_weight(changes: Sequence[Change]) -> list[Change]:
    """The worst first; among equals, in the order of files."""

    def weight(change: Change) -> tuple[bool, int, int]:
        return _news(change) == "reads", -change.severity, _VERDICTS[change.finding.verdict]

    return sorted(changes, key=weight)


_VERDICTS = {verdict: i for i, verdict in enumerate(BADGES)}


class Group(NamedTuple):
    """Definitions that were ignored for the same reasons."""

    why: str
    findings: tuple[Finding, ...]


def ignored_groups(difference: Difference) -> list[Group]:
    """What was ignored, by why; the largest group first."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in difference.ignored:
        found[_why(finding)].append(finding)
    groups = [Group(why, tuple(it)) for why, it in found.items()]
    return sorted(groups, key=lambda it: (-len(it.findings), it.why))


ENDING = " differ, and nothing here looks at them"


def _why(finding: Finding) -> str:
    """`a, b and c differ, and nothing here looks at them`."""
    channels = [it.removesuffix(ENDING) for it in finding.why if it.endswith(ENDING)]
    others = [it for it in finding.why if not it.endswith(ENDING)]
    if channels:
        listed = ", ".join(channels[:-1]) + (" and " if len(channels) > 1 else "") + channels[-1]
        others.append(f"{listed}{ENDING}")
    return "; ".join(others) or "means the same"


def by_kind(unseen: Sequence[Unseen], most: int = 20) -> list[str]:
    """What was not looked at, with the reasons; many files for the same reason are counted."""
    found: dict[str, list[str]] = defaultdict(list)
    for it in unseen:
        found[it.why].append(it.path)
    lines = []
    for why, paths in found.items():
        more = f" and {len(paths) - 3} more" if len(paths) > 4 else ""
        lines.append(f"{', '.join(paths[: 3 if more else 4])}{more}: {why}")
    return [*lines[:most], *([f"and {len(lines) - most} more"] if len(lines) > most else [])]
