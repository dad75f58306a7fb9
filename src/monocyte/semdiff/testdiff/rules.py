"""What makes a test weaker, by reading both of its versions: a table of rules.

Each rule looks at one old and one new reading and yields what it saw. A rule that only suspects
(`sure` is False) is overruled where the kill matrix shows that the test notices all that it did;
one that is sure is not: what it sees no mutant has to show.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from monocyte.semdiff.testdiff.checks import Check, Reading
from monocyte.semdiff.testdiff.conventions import Module, Test
from monocyte.semdiff.testdiff.names import Names, literal, shown

__all__ = ["RULES", "Expected", "Hit", "Pair", "expectations", "hits"]


class Hit(NamedTuple):
    """What a rule saw: its name, the words, the line in the new version, and whether it is sure."""

    rule: str
    what: str
    line: int
    sure: bool = True


class Pair(NamedTuple):
    """Both versions of one test (or helper), read."""

    old: Reading
    new: Reading
    tests: tuple[Test | None, Test | None]
    modules: tuple[Module, Module]
    names: tuple[Names, Names]
    elsewhere: Collection[str]
    """Texts of the checks that other tests have gained."""
    project: frozenset[str]
    """Top names of the code under test."""


def hits(pair: Pair) -> list[Hit]:
    """All that the rules see in a pair."""
    return [it for rule in RULES for it in rule(pair)]


# -- it does not run, or cannot fail --------------------------------------------------------------


def stopped(pair: Pair) -> Iterator[Hit]:
    """It leaves before its end, where it did not."""
    for stop, line in pair.new.stops.items():
        if stop not in pair.old.stops:
            kind = stop.split()[0]
            rule = {"skip": "skipped", "xfail": "xfailed", "exit": "exits"}.get(
                kind, "returns-early"
            )
            yield Hit(
                rule, f"it leaves early (`{stop}`)", line, kind != "return" or stop == "return"
            )


MARKS = {
    "pytest.mark.skip": "skipped",
    "pytest.mark.skipif": "skipped",
    "pytest.mark.xfail": "xfailed",
    "unittest.skip": "skipped",
    "unittest.skipIf": "skipped",
    "unittest.skipUnless": "skipped",
    "unittest.expectedFailure": "xfailed",
    "pytest.mark.usefixtures": "",
}


def marked(pair: Pair) -> Iterator[Hit]:
    """A mark has come that lets it be skipped, or fail."""
    old, new = (_marks(pair, i) for i in (0, 1))
    for (name, said), line in new.items():
        rule = MARKS.get(name, "")
        if rule and (name, said) not in old:
            yield Hit(rule, f"`{said}` has come", line)
        elif name not in {*MARKS, *HARMLESS, *(it for it, _ in old)} and _deselected(pair, name):
            yield Hit("deselected", f"`{said}` has come, and `addopts` leaves it out", line)


HARMLESS = frozenset(
    {"pytest.mark.parametrize", "pytest.mark.filterwarnings", "pytest.mark.timeout"}
)


def _deselected(pair: Pair, name: str) -> bool:
    said = " ".join(pair.modules[1].rules.addopts)
    return name.startswith("pytest.mark.") and name.rpartition(".")[2] in said


def _marks(pair: Pair, side: int) -> dict[tuple[str, str], int]:
    test, module, names = pair.tests[side], pair.modules[side], pair.names[side]
    found: dict[tuple[str, str], int] = {}
    if test is None:
        return found
    nodes: list[ast.expr] = [*test.node.decorator_list]
    for owner in test.owners:
        nodes += [*owner.decorator_list, *_assigned(owner.body, "pytestmark")]
    nodes += _assigned(module.tree.body, "pytestmark")
    for node in nodes:
        parts = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
        for part in parts:
            found[names.dotted(part), shown(part)] = part.lineno
            found.update(_inner_marks(part, names))
    return found


def _inner_marks(node: ast.expr, names: Names) -> dict[tuple[str, str], int]:
    """Marks on single parameters."""
    inner = [kw.value for it in ast.walk(node) if isinstance(it, ast.Call) for kw in it.keywords
             if kw.arg == "marks"]  # fmt: skip
    parts = [
        it
        for one in inner
        for it in ([one] if not isinstance(one, ast.List | ast.Tuple) else one.elts)
    ]
    return {(names.dotted(it), shown(it)): it.lineno for it in parts}


def _assigned(body: list[ast.stmt], name: str) -> list[ast.expr]:
    return [
        it.value
        for it in body
        if isinstance(it, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == name for target in it.targets)
    ]


def dead(pair: Pair) -> Iterator[Hit]:
    """A check that could fail no longer can."""
    before = Counter(it.text for it in pair.old.dead)
    for it in pair.new.dead:
        if before[it.text]:
            before[it.text] -= 1
        else:
            yield Hit(it.rule, f"`{it.text}` cannot fail: {it.why}", it.line)


def generator(pair: Pair) -> Iterator[Hit]:
    """A test that yields, or is awaited by nobody, is never run."""
    old, new = pair.tests
    if old is None or new is None:
        return
    if _yields(new.node) and not _yields(old.node):
        yield Hit("generator", "it yields, so that its body is never run", new.node.lineno)
    awaits = isinstance(new.node, ast.AsyncFunctionDef) and isinstance(old.node, ast.FunctionDef)
    marks = " ".join(it for it, _ in _marks(pair, 1))
    if awaits and not any(it in marks for it in ("asyncio", "anyio", "trio")):
        what = "it is `async`, and may be awaited by nobody"
        yield Hit("awaited-by-nobody", what, new.node.lineno, sure=False)


def _yields(node: ast.AST) -> bool:
    left = list(ast.iter_child_nodes(node))
    while left:
        it = left.pop()
        if isinstance(it, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            left += ast.iter_child_nodes(it)
    return False


# -- what it checks -------------------------------------------------------------------------------


def unchecked(pair: Pair) -> Iterator[Hit]:
    """Checks have gone, or ask for less."""
    gone, come = lost_checks(pair)
    line = pair.tests[1].node.lineno if pair.tests[1] else 0
    for old, new in _twins(gone, come):
        if new.weight < old.weight:
            what = f"`{old.text}` has become `{new.text}`"
            yield Hit("check-weakened", what, new.line, sure=_says_less(old, new))
        elif new.conditions and not set(new.conditions) <= set(old.conditions):
            when = " and ".join(new.conditions)
            yield Hit("conditional", f"`{new.text}` is only asked if {when}", new.line, sure=False)
    if pair.old.checks and not pair.new.checks:
        yield Hit("no-assertion", "it checks nothing any more", line, sure=False)
    elif len(come) < len(gone):
        said = ", ".join(f"`{it.text}`" for it in gone[:3])
        few = (
            f"{len(gone) - len(come)} check{'s have' if len(gone) - len(come) > 1 else ' has'} gone"
        )
        yield Hit("fewer-checks", f"{few}: {said}", line, sure=not come)


def _says_less(old: Check, new: Check) -> bool:
    """Whether less is asked of the very same, whatever the code is."""
    vague = {"is not", "isinstance", "!=", *(() if old.value is True else ("truth",))}
    return old.actual == new.actual and old.weight >= EXACT and new.kind in vague


EXACT = 5


def lost_checks(pair: Pair) -> tuple[list[Check], list[Check]]:
    """The checks that have gone, those apart that others have gained, and those that have come."""

    def key(it: Check) -> tuple[str, tuple[str, ...]]:
        return it.text, it.conditions

    before, after = Counter(map(key, pair.old.checks)), Counter(map(key, pair.new.checks))
    gone = _left(pair.old.checks, after, key)
    come = _left(pair.new.checks, before, key)
    return [it for it in gone if it.text not in pair.elsewhere], come


def _left(
    checks: list[Check],
    others: Counter[tuple[str, tuple[str, ...]]],
    key: Callable[[Check], tuple[str, tuple[str, ...]]],
) -> list[Check]:
    left, found = others.copy(), []
    for it in checks:
        if left[key(it)]:
            left[key(it)] -= 1
        else:
            found.append(it)
    return found


def _twins(gone: list[Check], come: list[Check]) -> Iterator[tuple[Check, Check]]:
    """Which new check stands for which old one: they look at the same thing."""
    left = list(come)
    for old in gone:
        for same in (
            lambda it, old=old: it.actual == old.actual,
            lambda it, old=old: old.actual in it.actual or it.actual in old.actual,
        ):
            new = next((it for it in left if same(it)), None)
            if new is not None:
                left.remove(new)
                yield old, new
                break


class Expected(NamedTuple):
    """An expectation that has changed: what is looked at, and both values as source."""

    actual: str
    old: str
    new: str
    line: int


def expectations(pair: Pair) -> list[Expected]:
    """What the test now expects instead, of the same thing."""
    gone, come = lost_checks(pair)
    found = []
    for old, new in _twins(gone, come):
        same = old.actual == new.actual and old.kind == new.kind and old.expected != new.expected
        if same and (old.value is ... or new.value is ... or old.value != new.value):
            found.append(Expected(old.actual, old.expected, new.expected, new.line))
    return found


def tolerant(pair: Pair) -> Iterator[Hit]:
    """A tolerance has become wider."""
    old = sorted(pair.old.tolerances, key=lambda it: it[:2])
    for kind, width, line in pair.new.tolerances:
        before = [it for it in old if it[0] == kind]
        if not before:
            exact = any(it.kind == "==" for it in lost_checks(pair)[0])
            if exact and width > SLIGHT:
                yield Hit(
                    "tolerance-widened", f"what had to be equal may now differ by {width:g}", line
                )
        elif all(it[1] < width for it in before):
            was = max(it[1] for it in before)
            yield Hit(
                "tolerance-widened", f"the tolerance `{kind}` was {was:g}, and is {width:g}", line
            )
        elif _widths(pair.new, kind) > (usual := _widths(pair.old, kind)) and width not in usual:
            yield Hit("tolerance-widened", f"a tolerance `{kind}` is {width:g} now", line)


SLIGHT = 1e-6


def _widths(reading: Reading, kind: str) -> list[float]:
    return sorted(width for it, width, _ in reading.tolerances if it == kind)


def forgiving(pair: Pair) -> Iterator[Hit]:
    """An expected error has become a wider one, or its message is no longer looked at."""
    before = {(it.error, it.match) for it in pair.old.raises}
    gone = [it for it in pair.old.raises if (it.error, it.match) not in
            {(new.error, new.match) for new in pair.new.raises}]  # fmt: skip
    for new in pair.new.raises:
        if (new.error, new.match) in before or not gone:
            continue
        old = next((it for it in gone if it.error == new.error), gone[0])
        gone.remove(old)
        if _is_wider(new.error, old.error):
            yield Hit(
                "raises-widened", f"any {new.error} will do, where it was {old.error}", new.line
            )
        if old.match is not None and _is_vaguer(new.match, old.match):
            now = f"only {new.match}" if new.match else "nothing"
            yield Hit("match-dropped", f"of the message {old.match}, {now} is asked", new.line)


def _is_wider(new: str, old: str) -> bool:
    if new == old:
        return False
    one, other = (_classes(it) for it in (new, old))
    if {"Exception", "BaseException"} & one and not {"BaseException"} & other:
        return True
    if other < one:
        return True
    return any(_is_above(wide, narrow) for wide in one for narrow in other)


def _is_above(wide: str, narrow: str) -> bool:
    """Whether one built-in error is a kind of the other."""
    one, other = (getattr(builtins, it, None) for it in (wide, narrow))
    if wide == narrow or not isinstance(one, type) or not isinstance(other, type):
        return False
    return issubclass(other, one)


def _classes(text: str) -> set[str]:
    return {it.strip() for it in text.strip("()").split(",") if it.strip()}


def _is_vaguer(new: str | None, old: str) -> bool:
    if new is None:
        return True
    bare = new.strip("rf'\"^$ ")
    return bare in ("", ".", ".*", ".+") or (new != old and bare in old)


def mocked(pair: Pair) -> Iterator[Hit]:
    """Something of the project is replaced by a fake, where the real thing was used."""
    for target, line in pair.new.mocks.items():
        if target in pair.old.mocks:
            continue
        top = target.partition(".")[0].partition(" ")[0]
        if top in pair.project or top == "sys" or _is_subject(target, pair):
            yield Hit(
                "mocked", f"`{target}` is replaced, where the real one was used", line, sure=False
            )


def _is_subject(target: str, pair: Pair) -> bool:
    known = pair.names[1].known.get(target.partition(".")[0], "")
    return known.partition(".")[0] in pair.project if known else False


# -- with what it is run --------------------------------------------------------------------------


def fewer_cases(pair: Pair) -> Iterator[Hit]:
    """Parameters have gone."""
    old, new = (_cases(pair, i) for i in (0, 1))
    for (names, position), before in old.items():
        after = new.get((names, position))
        if after is None:
            similar = [it for key, it in new.items() if key[0] == names]
            after = similar[0] if similar else None
        if after is None or after[0] is None or before[0] is None:
            continue
        gone = before[0] - after[0]
        lost = [it for it in gone if it not in pair.elsewhere]
        if sum(after[0].values()) < sum(before[0].values()) and lost:
            many = sum(before[0].values()) - sum(after[0].values())
            said = ", ".join(f"`{_short(it)}`" for it in list(lost)[:3])
            yield Hit("cases-removed", f"{many} case(s) of `{names}` have gone: {said}", after[1])


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


Cases = tuple[Counter[str] | None, int]


def _cases(pair: Pair, side: int) -> dict[tuple[str, int], Cases]:
    """The cases of each `parametrize`, by the names of its parameters, and its line."""
    test, names = pair.tests[side], pair.names[side]
    found: dict[tuple[str, int], Cases] = {}
    if test is None:
        return found
    decorators = [
        *test.node.decorator_list,
        *(d for owner in test.owners for d in owner.decorator_list),
    ]
    for position, node in enumerate(decorators):
        last = names.dotted(node).rpartition(".")[2]
        if isinstance(node, ast.Call) and last in ("parametrize", "expand", "data") and node.args:
            values = node.args[-1] if len(node.args) > 1 else None
            values = next((it.value for it in node.keywords if it.arg == "argvalues"), values)
            if last != "parametrize":
                values = node.args[0]
            said = literal(node.args[0]) if last == "parametrize" else last
            key = ",".join(said) if isinstance(said, list | tuple) else str(said).replace(" ", "")
            found[key, position] = _values(values, names), node.lineno
    return found


def _values(node: ast.expr | None, names: Names) -> Counter[str] | None:
    if isinstance(node, ast.Name):
        node = names.values.get(node.id)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        if any(isinstance(it, ast.Starred) for it in node.elts):
            return None
        return Counter(_case(it, names) for it in node.elts)
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "range":
        bounds = [literal(it) for it in node.args]
        if bounds and all(isinstance(it, int) for it in bounds):
            return Counter(str(it) for it in range(*bounds))  # type: ignore[call-overload]
    if isinstance(node, ast.Subscript):
        inner = _values(node.value, names)
        if inner is not None and isinstance(node.slice, ast.Slice):
            held = list(inner.elements())
            low, high = (literal(it) if it else None for it in (node.slice.lower, node.slice.upper))
            if isinstance(low, int | None) and isinstance(high, int | None):
                return Counter(held[low:high])
    return None


def _case(node: ast.expr, names: Names) -> str:
    """One case, without its id and marks."""
    if isinstance(node, ast.Call) and names.dotted(node).rpartition(".")[2] == "param":
        inner: ast.expr = ast.Tuple(list(node.args), ast.Load())
        return ast.unparse(node.args[0] if len(node.args) == 1 else inner)
    return ast.unparse(node)


def fewer_turns(pair: Pair) -> Iterator[Hit]:
    """A loop over literals takes fewer turns."""
    before = Counter({name: 0 for name, *_ in pair.old.loops})
    for name, size, _ in pair.old.loops:
        before[name] += size
    after: Counter[str] = Counter()
    lines = {}
    for name, size, line in pair.new.loops:
        after[name] += size
        lines[name] = line
    for name, size in before.items():
        if name in lines and after[name] < size:
            what = f"the loop over `{name}` takes {after[name]} turns, not {size}"
            yield Hit("cases-removed", what, lines[name], sure=after[name] == 0)


def narrowed(pair: Pair) -> Iterator[Hit]:
    """Generated inputs have become fewer, or are filtered."""
    old, new = (_generated(pair, i) for i in (0, 1))
    line = pair.tests[1].node.lineno if pair.tests[1] else 0
    if new["max_examples"] < old["max_examples"]:
        yield Hit("inputs-narrowed", f"only {new['max_examples']:g} examples are tried", line)
    for word in ("assume", "filter"):
        if new[word] > old[word]:
            yield Hit("inputs-narrowed", f"inputs are left out by `{word}`", line)
    if new["example"] < old["example"]:
        yield Hit("inputs-narrowed", "an example has gone", line)
    for word, narrower in NARROWER.items():
        if word in old and word in new and narrower(new[word], old[word]):
            yield Hit("inputs-narrowed", f"`{word}` was {old[word]:g}, and is {new[word]:g}", line)
        elif word in new and word not in old and old["given"]:
            yield Hit("inputs-narrowed", f"`{word}={new[word]:g}` has come", line)


NARROWER: dict[str, Callable[[float, float], bool]] = {
    "min_value": lambda new, old: new > old,
    "min_size": lambda new, old: new > old,
    "max_value": lambda new, old: new < old,
    "max_size": lambda new, old: new < old,
}


def _generated(pair: Pair, side: int) -> dict[str, float]:
    test, names = pair.tests[side], pair.names[side]
    found: dict[str, float] = dict.fromkeys(("assume", "filter", "example", "given"), 0.0)
    found["max_examples"] = 100.0
    for node in ast.walk(test.node) if test else ():
        if not isinstance(node, ast.Call):
            continue
        name = names.dotted(node.func)
        last = node.func.attr if isinstance(node.func, ast.Attribute) else name.rpartition(".")[2]
        if last in ("given", "assume", "filter", "example") and (
            last == "filter" or "hypothesis" in name
        ):
            found[last] += 1
        for keyword in node.keywords:
            value = literal(keyword.value)
            if isinstance(value, int | float) and not isinstance(value, bool):
                if keyword.arg in NARROWER and "hypothesis" in name:
                    found[keyword.arg] = float(value)
                elif keyword.arg == "max_examples":
                    found["max_examples"] = float(value)
    return found


Rule = Callable[[Pair], Iterator[Hit]]

RULES: tuple[Rule, ...] = (
    stopped,
    marked,
    dead,
    generator,
    unchecked,
    tolerant,
    forgiving,
    mocked,
    fewer_cases,
    fewer_turns,
    narrowed,
)
