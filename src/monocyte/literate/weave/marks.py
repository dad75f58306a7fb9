"""What pages say of evidence: in words first, with a sign and a colour beside them.

Every mark goes through `mark`, and that never shows as well what was seen of another text.
"""

from __future__ import annotations

from typing import Literal

from monocyte.literate.weave.html import Html, tag
from monocyte.literate.weave.view import Evidence, View

__all__ = ["Tone", "counted", "mark", "mend", "notice", "scroll", "tone_of"]

Tone = Literal["ok", "bad", "warn", "none"]

SIGNS: dict[str, str] = {"ok": "✓", "bad": "✗", "warn": "!", "none": "·", "old": "↺"}

TONES: dict[str, Tone] = {
    "holds": "ok",
    "killed": "ok",
    "waived": "none",
    "expiring": "warn",
    "due": "warn",
    "timeout": "warn",
    "failed": "bad",
    "expired": "bad",
    "overdue": "bad",
    "raised": "bad",
    "survived": "bad",
    "unreached": "bad",
}
"""How good a verdict of the check is."""


def tone_of(verdict: str) -> Tone:
    """How good a verdict is; one that is not known is worth a look."""
    return TONES.get(verdict, "warn")


def mark(tone: Tone, said: str, evidence: Evidence = "fresh") -> Html:
    """A verdict in words; what was seen of another text is no verdict any more."""
    if evidence == "old":
        tone, said = "none", f"was: {said}"
    sign = SIGNS["old"] if evidence == "old" else SIGNS[tone]
    return tag("span", tag("i", sign, aria_hidden="true"), f"\u00a0{said}", class_=f"mark {tone}")


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural unless there is one."""
    return f"{number:,} {noun}{'s' if number != 1 else ''}"


def mend(view: View) -> str:
    """The command that makes the evidence fresh."""
    name = f" {view.it.name}" if view.slug == view.it.name else ""
    return f"monocyte check{name}"


def notice(view: View) -> Html:
    """What there is to say before any evidence; nothing if it is fresh."""
    if view.evidence == "fresh":
        return Html("")
    if view.evidence == "old":
        said = "The evidence is out of date."
        more = " The file has changed since: what is marked ↺ was seen of another text. "
    else:
        said = "There is no evidence yet."
        more = " Nothing here has been executed for this page. "
    return tag(
        *("p", tag("i", "!", aria_hidden="true"), " ", tag("strong", said), more, "Run "),
        *(tag("code", mend(view)), ", then ", tag("code", "monocyte weave"), "."),
        class_="notice",
    )


def scroll(table: Html, label: str) -> Html:
    """What may be wider than the page scrolls in a box of its own, with the keyboard too."""
    return tag("div", table, class_="scroll", role="group", tabindex="0", aria_label=label)
