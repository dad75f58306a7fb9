"""Says in words which scenario is missing when a mutant survives: a sentence for each operator.

Written for whoever has to add it: what nobody notices, what to set up, and what to look at.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from monocyte.literate.mutation.mutants import Behaviour, Candidate, Entry, Guard
from monocyte.semdiff import Mutant

__all__ = ["proposal"]


class _Scene(NamedTuple):
    """What the sentences are made of."""

    function: str
    mutant: Mutant
    entry: Entry
    guard: Guard | None
    old: str
    new: str
    look: str

    @property
    def play(self) -> str:
        """What has to happen for the function to run."""
        via = "" if self.entry.name == self.function else f" (`{self.entry.name}` uses it)"
        return PLAYS[self.entry.role].format(self.entry.message) + via

    @property
    def refused(self) -> str:
        """How a scenario says that a rule refuses."""
        assert self.guard is not None  # noqa: S101 (asked for only then)
        return f"`with {self.guard.variable}.refuses():`"


PLAYS = {
    "command": "somebody sends {}",
    "query": "somebody asks {}",
    "evolver": "{} has happened",
    "reaction": "{} arrives, and `lab.settle()` has let it take effect",
    "timer": "`lab.advance(…)` lets the time pass after {}",
    "delay": "`lab.advance(…)` stops just before and just after what {} has set off is due",
    "upcast": "the function is called with the stored fields of an old {}",
    "function": "this function is used",
}


def proposal(candidate: Candidate, behaviour: Behaviour, *, reached: bool) -> str:
    """The scenario that is missing, for a mutant that no artefact has noticed."""
    scene = _scene(candidate, behaviour)
    if not reached:
        return (
            f"Nothing executes `{_brief(scene.old)}` of `{scene.function}`: "
            f"add a scenario in which {scene.play} and gets there, and {scene.look}."
        )
    tell = SENTENCES.get(candidate.mutant.operator, _changed)
    return tell(scene)


def _scene(candidate: Candidate, behaviour: Behaviour) -> _Scene:
    mutant = candidate.mutant
    entry = behaviour.entry(mutant.function)
    guard = behaviour.guard(mutant)
    if guard is None and mutant.operator == "statement":
        guard = next(iter(behaviour.guards_in(mutant.old)), None)
    look = _look(candidate, behaviour, entry)
    return _Scene(mutant.function, mutant, entry, guard, candidate.old, candidate.new, look)


def _look(candidate: Candidate, behaviour: Behaviour, entry: Entry) -> str:
    """Where the effect of a mutant can be seen."""
    if entry.role == "query":
        return "compare the whole answer"
    if entry.role == "upcast":
        return "compare the fields"
    queries = behaviour.queries(candidate.mutant.function, candidate.old)
    asked = f"ask {' or '.join(queries[:2])}" if queries else "look at what it says"
    if entry.role == "evolver":
        return f"{asked} afterwards"
    events = " and ".join(f"`lab.events({it})`" for it in entry.events)
    answer = "look at the answer" if entry.role == "command" else "look"
    return f"{answer} and at {events}" if events else asked


# -- a sentence for each operator ----------------------------------------------------------------


def _boundary(it: _Scene) -> str:
    left, sign, right = _sides(it)
    accepted = "accepted" if "=" in sign else "refused"
    if it.guard is None:
        return (
            f"No scenario meets `{left}` exactly equal to `{right}` in `{it.function}`: "
            f"add one in which {it.play} with just that, and {it.look}."
        )
    other = "refuses" if "=" in sign else "accepts"
    return (
        f"No scenario meets `{left}` exactly equal to `{right}`: add one in which {it.play} with "
        f"just that, which must be {accepted}; and one by the smallest step off, which "
        f"{it.guard.variable} ({it.guard.id}) {other}."
    )


def _comparison(it: _Scene) -> str:
    left, sign, right = _sides(it)
    if it.guard is not None:
        return (
            f"No scenario tells `{left} {sign} {right}` from its contrary: add one in which "
            f"{it.play} against {it.guard.variable} ({it.guard.id}), inside {it.refused}, "
            "and one in which it is held."
        )
    return (
        f"No scenario tells `{left} {sign} {right}` of `{it.function}` from its contrary: add one "
        f"for either side, in which {it.play}, and {it.look}."
    )


def _check(it: _Scene) -> str:
    if it.guard is None:
        return (
            f"Nobody misses `{_brief(it.old)}` in `{it.function}`: add a scenario in which "
            f"{it.play} and that check stops it."
        )
    return (
        f"Nobody misses {it.guard.variable} ({it.guard.id}: {it.guard.text}) in `{it.function}`: "
        f"add a scenario in which {it.play} against it, inside {it.refused}."
    )


def _number(it: _Scene) -> str:
    if it.guard is not None:
        return (
            f"No scenario notices when `{it.old}` becomes `{it.new}` in `{it.function}`: add one "
            f"in which {it.play} with something between the two, which "
            f"{it.guard.variable} ({it.guard.id}) refuses (inside {it.refused}) or has to accept."
        )
    return (
        f"No scenario notices when `{it.old}` becomes `{it.new}` in `{it.function}`: add one in "
        f"which {it.play} so that the difference matters, and {it.look}."
    )


def _text(it: _Scene) -> str:
    return (
        f"The word `{it.mutant.old}` makes no difference in `{it.function}`: add a scenario "
        f"in which {it.play} and only this word decides (somebody has just that role, something "
        f"just that name), and {it.look}."
    )


def _operand(it: _Scene) -> str:
    part = it.mutant.what.partition("`")[2].rpartition("`")[0]
    whole = ast.parse(it.old, mode="eval").body
    is_or = isinstance(whole, ast.BoolOp) and isinstance(whole.op, ast.Or)
    only = "alone holds" if is_or else "alone does not hold"
    end = f", and {it.look}"
    if it.guard is not None:
        end = ", which must be accepted" if is_or else f", inside {it.refused}"
    return (
        f"`{part}` never decides in `{it.function}`: add a scenario in which {it.play} and it "
        f"{only} of `{_brief(it.old)}`{end}."
    )


def _logic(it: _Scene) -> str:
    return (
        f"No scenario tells `{_brief(it.old)}` from `{_brief(it.new)}` in `{it.function}`: add one "
        f"in which {it.play} and just one part of it holds, and {it.look}."
    )


def _decided(it: _Scene) -> str:
    test = _test(it)
    never = "never" in it.mutant.what
    what = f"`{test}` holds" if never else f"`{test}` does not hold"
    return (
        f"It makes no difference in `{it.function}` when `{test}` "
        f"{'never' if never else 'always'} holds: add a scenario in which {it.play} and {what}, "
        f"and {it.look}."
    )


def _choice(it: _Scene) -> str:
    return (
        f"`{it.function}` may always answer `{_brief(it.new)}` instead of `{_brief(it.old)}`: add "
        f"a scenario in which {it.play} in the other case, and {it.look}."
    )


def _loop(it: _Scene) -> str:
    return (
        f"The loop `{_brief(it.old)}` of `{it.function}` may do nothing: add a scenario in which "
        f"{it.play} with something to loop over, and {it.look}."
    )


def _filter(it: _Scene) -> str:
    condition = it.mutant.what.partition("`if ")[2].rpartition("`")[0]
    return (
        f"Nothing is ever left out by `if {condition}` in `{it.function}`: add a scenario with "
        f"something for which it is false, in which {it.play}, and {it.look}: it must be missing."
    )


def _statement(it: _Scene) -> str:
    if it.guard is not None:
        return _check(it)
    return (
        f"Nobody looks at what `{_brief(it.old)}` does in `{it.function}`: add a scenario in which "
        f"{it.play}, and {it.look}."
    )


def _swapped(it: _Scene) -> str:
    return (
        f"In `{_brief(it.old)}` of `{it.function}`, {it.mutant.what} and nobody notices: "
        f"add a scenario in which {it.play} with two that differ, and {it.look}."
    )


def _keyword(it: _Scene) -> str:
    return (
        f"In `{_brief(it.old)}` of `{it.function}`, {it.mutant.what} and nobody notices: "
        f"add a scenario in which {it.play} and it is not what it would be by default, "
        f"and {it.look}."
    )


def _twin(it: _Scene) -> str:
    return (
        f"In `{_brief(it.old)}` of `{it.function}`, {it.mutant.what} and nobody notices: "
        f"add a scenario in which {it.play} with two or more that differ, and {it.look}."
    )


def _forgotten(it: _Scene) -> str:
    end = "in another order than they must come out" if "sorted" in it.old else "where it matters"
    return (
        f"In `{_brief(it.old)}` of `{it.function}`, {it.mutant.what} and nobody notices: "
        f"add a scenario in which {it.play} with several things, {end}, and {it.look}."
    )


def _event(it: _Scene) -> str:
    gone = it.mutant.what.partition("`")[2].partition("`")[0].lstrip("*")
    event = gone.partition("(")[0] or "the event"
    return (
        f"Nobody misses `{_brief(gone or it.old)}` when `{it.function}` does not say it any more: "
        f"add a scenario in which {it.play}, and look at `lab.events({event})` or at what follows."
    )


def _returned(it: _Scene) -> str:
    return (
        f"Nobody looks at what `{it.function}` returns (`{_brief(it.old)}`): add a scenario in "
        f"which {it.play}, and {it.look}."
    )


def _raised(it: _Scene) -> str:
    return (
        f"`{_brief(it.old)}` of `{it.function}` makes no difference ({it.mutant.what}): add "
        f"a scenario in which {it.play} and expects just that error."
    )


def _edge(it: _Scene) -> str:
    return (
        f"In `{_brief(it.old)}` of `{it.function}`, {it.mutant.what} and nobody notices: "
        f"add a scenario in which {it.play} at the very first and the very last, and {it.look}."
    )


def _changed(it: _Scene) -> str:
    return (
        f"No scenario notices that `{_brief(it.old)}` of `{it.function}` is changed "
        f"({it.mutant.what}): add one in which {it.play} so that it matters, and {it.look}."
    )


SENTENCES: dict[str, Callable[[_Scene], str]] = {
    "boundary": _boundary,
    "comparison": _comparison,
    "check": _check,
    "number": _number,
    "text": _text,
    "operand": _operand,
    "logic": _logic,
    "decided condition": _decided,
    "choice": _choice,
    "loop": _loop,
    "filter": _filter,
    "statement": _statement,
    "augmented assignment": _statement,
    "swapped arguments": _swapped,
    "keyword": _keyword,
    "default": _keyword,
    "twin": _twin,
    "forgotten call": _forgotten,
    "event": _event,
    "return value": _returned,
    "raise": _raised,
    "except": _raised,
    "off by one": _edge,
    "slice": _edge,
}
"""What is said about a survivor, by its operator; about others, what was changed."""


def _sides(it: _Scene) -> tuple[str, str, str]:
    """Of a comparison the two sides around the sign that is changed, and that sign."""
    old, new = (ast.parse(side, mode="eval").body for side in (it.old, it.new))
    assert isinstance(old, ast.Compare)  # noqa: S101 (by the operator)
    assert isinstance(new, ast.Compare)  # noqa: S101
    pairs = zip(old.ops, new.ops, strict=True)
    at = next(i for i, (one, other) in enumerate(pairs) if type(one) is not type(other))
    left = ast.unparse([old.left, *old.comparators][at])
    right = ast.unparse(old.comparators[at])
    whole = ast.unparse(ast.Compare(ast.Name("a"), [old.ops[at]], [ast.Name("b")]))
    return left, whole[2:-2], right


def _test(it: _Scene) -> str:
    """The condition of an `if` or a `while`."""
    statement = ast.parse(it.mutant.old).body[0]
    assert isinstance(statement, ast.If | ast.While)  # noqa: S101 (by the operator)
    return _brief(ast.unparse(statement.test))


def _brief(text: str, most: int = 72) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
