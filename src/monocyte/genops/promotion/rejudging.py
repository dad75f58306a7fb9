"""A verdict by our own gates: what the ledger says was judged, judged once more, here and now.

Whoever can write the ledger can write a verdict. Where people have agreed, they have signed it, and
answer for it; where the policy asks for nobody, only the gates themselves can.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from monocyte.errors import GenopsError
from monocyte.genops.gates.judging import judge
from monocyte.genops.gates.trees import case_of
from monocyte.genops.gates.verdict import Verdict
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.policy import needs, refuse_unmet, unmet
from monocyte.genops.promotion.merging import Judged, refuse_failed

__all__ = ["judge_again", "refuse_other"]


def judge_again(
    desk: Desk, found: Judged, hears: Callable[[str], None] = lambda _: None
) -> Verdict:
    """What the gates say of a candidate now; `hears` is told of each gate as it ends.

    Raises:
        GenopsError: a tree cannot be written, or holds no such app.
    """
    candidate = found.candidate
    with tempfile.TemporaryDirectory(prefix="monocyte-gate-") as folder:
        case = case_of(
            desk.git,
            candidate.base,
            candidate.commit,
            desk.root,
            Path(folder),
            author="model",
            rules=found.plan.rules,
        )
        return judge(case._replace(candidate=candidate.digest), hears=hears)


def refuse_other(desk: Desk, found: Judged, verdict: Verdict) -> None:
    """Refuse a candidate that would not come through with this verdict instead of its own.

    Raises:
        GenopsError: a gate refuses it, or could not look.
        NotApproved: it is of a class that somebody has to agree to, and nobody has.
    """
    try:
        refuse_failed(found._replace(verdict=verdict))
    except GenopsError as why:
        said = f"judged once more, it is not what the ledger says: {why.message}"
        raise GenopsError(said, mend=f"monocyte reject {found.plan.id}; see who wrote it") from why
    approval, agreed = desk.base.approval, [it.by for it in found.agreed]
    refuse_unmet(unmet(approval, needs(approval, verdict.classes), agreed, found.plan.by))
