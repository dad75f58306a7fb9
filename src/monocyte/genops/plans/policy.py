"""The policy: which class of change needs whose approval. Pure; the table is in `monocyte.toml`.

What counts is what the base revision says, never the tree under judgement: otherwise a change could
approve itself. A class that the table does not name needs what `DEFAULTS` says. Whoever made a
change does not approve it, unless `own = true` says so; two names with one key are one person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from monocyte.errors import NotApproved
from monocyte.genops.money import Money
from monocyte.genops.pins import CLASSES, EVERYBODY, Approval

__all__ = ["DEFAULTS", "Need", "Unmet", "needs", "refuse_unmet", "unmet"]

DEFAULTS = {
    "none": "none",
    "internal": "none",
    "behaviour-explained": f"1 {EVERYBODY}",
    "behaviour-unexplained": f"1 {EVERYBODY}",
    "contract-additive": f"1 {EVERYBODY}",
    "contract-breaking": f"1 {EVERYBODY}",
    "capability": f"1 {EVERYBODY}",
    "dependency": f"1 {EVERYBODY}",
}
"""What each class needs that the table does not name."""

DEFAULT_SPEND = {"0": f"1 {EVERYBODY}"}
"""What spending more than each amount needs, if the table has none: any cent needs somebody."""


class Need(NamedTuple):
    """So many people of a role, and what for."""

    people: int
    role: str
    because: str


class Unmet(NamedTuple):
    """A need, and who has met it in part."""

    need: Need
    have: tuple[str, ...]
    could: tuple[str, ...]
    """Who could meet the rest."""

    def __str__(self) -> str:
        need, so_far = self.need, f", so far {', '.join(self.have)}" if self.have else ""
        who = f"{need.people} of {need.role}" if need.role != EVERYBODY else f"{need.people}"
        could = (
            f" (may: {', '.join(self.could)})" if self.could else " (nobody can: no key is left)"
        )
        return f"{need.because} needs {who}{so_far}{could}"


def needs(
    approval: Approval, classes: Iterable[str] = (), spend: Money | None = None
) -> list[Need]:
    """What changes of these classes need, and what spending up to so much does."""
    found = [_need(_class_needs(approval, it), f"a change that is {it}") for it in classes]
    if spend is not None and spend.nano:
        found += _spend_needs(approval, spend)
    return [it for it in found if it is not None]


def unmet(
    approval: Approval, wanted: Sequence[Need], approved_by: Iterable[str], author: str
) -> list[Unmet]:
    """Which needs are not met by those who approved; `author` made what is to be approved."""
    valid = {*_counted(approval, approved_by, author)}
    found: list[Unmet] = []
    for need in wanted:
        may = {*_counted(approval, _members(approval, need.role), author)}
        have = _one_per_key(approval, valid & may)
        if len(have) < need.people:
            rest = may - {it for it in may for h in have if approval.keys[it] == approval.keys[h]}
            found.append(Unmet(need, tuple(sorted(have)), tuple(sorted(rest))))
    return found


def refuse_unmet(found: Sequence[Unmet]) -> None:
    """Raise NotApproved if anything is missing, saying what and from whom."""
    if found:
        said = "; ".join(map(str, found))
        raise NotApproved(said, mend="ask one of them: monocyte approve")


def _class_needs(approval: Approval, name: str) -> str:
    """A class that nobody has heard of needs as much as the gravest."""
    if name not in CLASSES:
        name = CLASSES[-1]
    return approval.policy.get(name, DEFAULTS[name])


def _spend_needs(approval: Approval, spend: Money) -> Iterator[Need | None]:
    """What the highest threshold needs that is passed: it stands in for those below it."""
    table = approval.spend or DEFAULT_SPEND
    passed = [(Money.parse(it), it) for it in table if Money.parse(it) < spend]
    if passed:
        amount, key = max(passed)
        yield _need(table[key], f"spending up to {spend.about()}, which is above {amount.about()},")


def _need(text: str, because: str) -> Need | None:
    if text == "none":
        return None
    number, _, role = text.partition(" ")
    return Need(int(number), role, because)


def _members(approval: Approval, role: str) -> Iterable[str]:
    return approval.keys if role == EVERYBODY else approval.roles.get(role, ())


def _counted(approval: Approval, names: Iterable[str], author: str) -> Iterator[str]:
    """Those of the names who have a key, without the author and whoever shares a key with them."""
    own = approval.keys.get(author)
    for name in names:
        key = approval.keys.get(name)
        if key is not None and (approval.own or (name != author and key != own)):
            yield name


def _one_per_key(approval: Approval, names: Iterable[str]) -> list[str]:
    return [*{approval.keys[name]: name for name in sorted(names)}.values()]
