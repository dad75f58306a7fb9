"""The gate of what is sealed: words, rules, scenarios, decisions and runbooks are people's.

Compared is what they mean, not how they are written: a scenario whose local variables are renamed
is the same scenario. Rules are compared by their IDs. What a change adds to the proofs is welcome,
and counts once a person has accepted it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from monocyte.genops.gates.reading import PROOFS, CellText, Part
from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.verdict import Finding
from monocyte.semdiff.diff import diff_trees
from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.verdicts import Verdict

__all__ = ["judge"]

RESTORE = "leave it as it was: it belongs to people; what they want changed they change"


def judge(scene: Scene) -> Iterator[Finding]:
    """What became of everything that people own."""
    for fault in scene.head.faults:
        mend = "write a file of Python that declares its cell in plain words"
        yield scene.found("unreadable", str(fault), where=fault.where, mend=mend)
    for old, new in scene.pairs:
        if old is not None and new is None:
            yield _gone(scene, old)
        elif old is not None and new is not None:
            yield from _compared(scene, old, new)
        elif new is not None:
            yield from _twice(scene, new, None)


def _gone(scene: Scene, old: CellText) -> Finding:
    return scene.found(
        "sealed-removed", f"{old.name} is gone, with all its rules and scenarios", cell=old.name,
        where=old.path, mend=RESTORE,
    )  # fmt: skip


def _compared(scene: Scene, old: CellText, new: CellText) -> Iterator[Finding]:
    same = _same_in_meaning(old, new)
    for name, part in old.sealed.items():
        match = _match(part, new)
        if match is None:
            yield scene.found(
                "sealed-removed", f"{_called(part)} is gone",
                cell=old.name, where=old.place(part), mend=RESTORE, rule=part.rule,
                change=_class(old, part),
            )  # fmt: skip
        elif not _is_same(part, match) and name not in same:
            kind = "proof-extended" if _is_more(part, match) else "sealed-changed"
            yield scene.found(
                kind, f"{_called(part)} means something else",
                cell=old.name, where=new.place(match), mend=RESTORE, rule=part.rule,
                evidence=_both(part, match), change=_follows(scene, new, part) or _class(old, part),
            )  # fmt: skip
    yield from _added(scene, old, new)
    yield from _twice(scene, new, old)


def _follows(scene: Scene, cell: CellText, part: Part) -> str:
    """Of a proof that a person has changed together with a rule of its cell: that explains it."""
    meant = scene.case.author == "person" and part.kind in PROOFS
    return "behaviour-explained" if meant and scene.case.rules & cell.rules.keys() else ""


def _class(cell: CellText, part: Part) -> str:
    """What it makes the change: of words the gate of the contract says more."""
    if part.name in cell.words:
        return "contract-additive"
    return "behaviour-explained" if part.kind in ("rule", "retired") else ""


def _match(part: Part, new: CellText) -> Part | None:
    if part.kind == "rule":
        return new.rules.get(part.rule)
    found = new.by_name.get(part.name)
    return found if found is None or found.kind == part.kind else None


def _is_same(old: Part, new: Part) -> bool:
    return old.meaning == new.meaning and _declared(old) == _declared(new)


def _is_more(old: Part, new: Part) -> bool:
    """Whether a proof does, in order, all that it did, and has checks beside that."""
    if old.kind not in PROOFS or _declared(old) != _declared(new):
        return False
    ahead = iter(getattr(new.node, "body", ()))
    steps = getattr(old.node, "body", ())
    said = [it for it in steps if not isinstance(it, ast.Expr) or not _is_text(it)]
    return all(any(ast.dump(it) == ast.dump(one) for it in ahead) for one in said)


def _is_text(node: ast.Expr) -> bool:
    return isinstance(node.value, ast.Constant)


def _declared(part: Part) -> tuple[str, ...]:
    """How it is declared: decorators are part of what a proof says."""
    return tuple(ast.dump(it) for it in getattr(part.node, "decorator_list", ()))


def _same_in_meaning(old: CellText, new: CellText) -> set[str]:
    """The names of functions that read otherwise, and are proven to mean the same."""
    differing = [
        it for it in old.sealed.values()
        if (match := _match(it, new)) is not None and it.meaning != match.meaning
        and _declared(it) == _declared(match)
    ]  # fmt: skip
    if not differing:
        return set()
    texts = from_texts({old.path: old.text}), from_texts({new.path: new.text})
    return {it.definition for it in diff_trees(*texts) if it.verdict is Verdict.SAME}


def _added(scene: Scene, old: CellText, new: CellText) -> Iterator[Finding]:
    for part in new.parts:
        if part.name in old.by_name and part.kind != "rule":
            continue
        if part.kind in PROOFS and part.name not in old.by_name:
            yield scene.found(
                "unsealed-proof", f"{_called(part)} is new",
                cell=new.name, where=new.place(part), mend="read it, and accept it",
            )  # fmt: skip
        elif part.kind in ("word", "retired") or (
            part.kind == "rule" and part.rule not in old.rules
        ):
            yield scene.found(
                "sealed-added", f"{_called(part)} is new", cell=new.name, where=new.place(part),
                mend="leave it out, or have a person write it", rule=part.rule,
                change=_class(new, part),
            )  # fmt: skip


def _twice(scene: Scene, new: CellText, old: CellText | None) -> Iterator[Finding]:
    """Names that are bound once more: what is read there is not what is run."""
    known = {it.name for it in old.twice} if old is not None else set[str]()
    for part in new.twice:
        if part.name not in known:
            yield scene.found(
                "sealed-rebound", f"{part.name} is bound once more",
                cell=new.name, where=new.place(part), mend="give it a name of its own",
            )  # fmt: skip
    sealed = (old or new).sealed
    for part in new.parts:
        if part.kind == "import":
            names = {it.asname or it.name for it in getattr(part.node, "names", ())}
            for name in sorted(names & sealed.keys()):
                yield scene.found(
                    "sealed-rebound", f"{name} is bound once more, by an import",
                    cell=new.name, where=new.place(part), mend="give it a name of its own",
                )  # fmt: skip


def _called(part: Part) -> str:
    if part.kind in ("rule", "retired"):
        return f"the rule {part.rule}"
    kind = {"class": "the type", "value": "the value", "function": "the function"}
    return f"{kind.get(part.kind, f'the {part.kind}')} {part.name}"


def _both(old: Part, new: Part) -> str:
    return f"it was:\n{ast.unparse(old.node)}\n\nit is:\n{ast.unparse(new.node)}"
