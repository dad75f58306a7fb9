"""In a worker: what a definition may be called with, as a strategy of whole calls.

Types come from the signatures of both versions. Where there are none, the guesses of `mining` are
put to the test: combinations of small samples are tried on both versions, and only types that one
of them does not choke on are drawn from.
"""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from monocyte.semdiff.mining import uses_of
from monocyte.semdiff.outcomes import MISFITS
from monocyte.semdiff.recipes import Attributes, Code, Many, Pairs, build
from monocyte.semdiff.strategies import Strategies, Unsupported
from monocyte.semdiff.trial import Target

__all__ = ["Inputs", "inputs_for"]


class Inputs(NamedTuple):
    """A strategy of (positional, named) recipes, and the parameters whose types were guessed."""

    calls: SearchStrategy[tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]]]
    guessed: tuple[str, ...]


def inputs_for(
    targets: Sequence[Target], strategies: Strategies, trees: Sequence[ast.AST]
) -> Inputs:
    """For the old and the new version of a definition; raises Unsupported."""
    wanted = _wanted(targets)
    fixed: dict[str, SearchStrategy[Any]] = {}
    guessed: list[str] = []
    for name, (parameter, said) in wanted.items():
        if said or _says_default(parameter):
            found = [strategies.parameter(parameter, it) for it in said or [parameter.empty]]
            fixed[name] = st.one_of(found)
        else:
            guessed.append(name)
    if guessed:
        kinds = {name: _kinds(trees, name, targets[0]) for name in guessed}
        fixed.update(_tested(targets, wanted, strategies, kinds))
    return Inputs(_calls(wanted, strategies, fixed), tuple(guessed))


Wanted = dict[str, tuple[inspect.Parameter, list[Any]]]


def _wanted(targets: Sequence[Target]) -> Wanted:
    """The parameters that both versions have, and what their annotations say."""
    per_version = []
    for target in targets:
        strategies = Strategies.__new__(Strategies)
        strategies.namespace = vars(target.loaded.modules[target.module])
        per_version.append(_parameters(target, strategies))
    old, *others = per_version
    found: Wanted = {}
    for name, (parameter, annotation) in old.items():
        if any(name not in other for other in others) and parameter.default is not parameter.empty:
            continue
        said = [annotation, *(other[name][1] for other in others if name in other)]
        kept: list[Any] = []
        for it in said:
            if it is not parameter.empty and repr(it) not in map(repr, kept):
                kept.append(it)
        found[name] = (parameter, kept)
    return found


def _parameters(target: Target, strategies: Strategies) -> dict[str, tuple[inspect.Parameter, Any]]:
    function: Any = target.function
    if target.kind == "class":
        hinted: Any = strategies._hints_of_class(function)  # noqa: SLF001
    else:
        hinted = strategies.hints(inspect.unwrap(function))
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        raise Unsupported(f"{target.name} has no signature") from None
    found: dict[str, tuple[inspect.Parameter, Any]] = {}
    for parameter in signature.parameters.values():
        annotation = hinted.get(parameter.name, parameter.annotation)
        if isinstance(annotation, str):
            annotation = strategies._evaluated(annotation)  # noqa: SLF001
        found[parameter.name] = (parameter, annotation)
    if target.has_receiver and found:
        first = next(iter(found))
        found[first] = (found[first][0].replace(default=inspect.Parameter.empty), target.owner)
    return found


def _says_default(parameter: inspect.Parameter) -> bool:
    default = parameter.default
    return default is not parameter.empty and default is not None


def _calls(
    wanted: Wanted,
    strategies: Strategies,
    fixed: dict[str, SearchStrategy[Any]],
) -> SearchStrategy[Any]:
    @st.composite
    def call(draw: Any) -> tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]]:
        strategies.begin()
        args: list[Any] = []
        named: list[tuple[str, Any]] = []
        positional = True
        for name, (parameter, _) in wanted.items():
            has_default = parameter.default is not parameter.empty
            if parameter.kind is parameter.VAR_POSITIONAL:
                args += draw(st.lists(fixed[name], max_size=4)) if positional else []
            elif parameter.kind is parameter.VAR_KEYWORD:
                pairs = draw(st.dictionaries(st.sampled_from("pqr"), fixed[name], max_size=2))
                named += pairs.items()
            elif has_default and not draw(st.booleans()):
                positional = False
            elif positional and parameter.kind is not parameter.KEYWORD_ONLY:
                args.append(draw(fixed[name]))
            elif parameter.kind is not parameter.POSITIONAL_ONLY:
                named.append((name, draw(fixed[name])))
        return tuple(args), tuple(named)

    return call()


# -- guesses -----------------------------------------------------------------------------------

SAMPLES: dict[str, tuple[Any, ...]] = {
    "int": (3, 1),
    "str": ("ab", "1"),
    "list": (Many("list", (2, 1, 3)),),
    "list of str": (Many("list", ("b", "a")),),
    "list of list": (Many("list", (Many("list", (1, 2)), Many("list", (3, 4)))),),
    "list of pairs": (Many("list", (Many("tuple", (1, 2)), Many("tuple", (2, 3)))),),
    "nested": (Many("list", (1, Many("list", (2, Many("list", (3,)))))),),
    "dict": (Pairs("dict", (("a", 1), ("b", 2))),),
    "dict of int": (Pairs("dict", ((1, 2), (2, 1))),),
    "dict of pairs": (Pairs("dict", ((Many("tuple", (1, 2)), 3), (Many("tuple", (2, 1)), 4))),),
    "float": (0.5,),
    "set": (Many("set", (1, 2)),),
    "tuple": (Many("tuple", (1, 2)),),
    "bool": (True,),
    "callable": (Code("lambda *args: args[0]"),),
    "bytes": (b"ab",),
}
FAMILIES = {
    "list": ("list", "list of str", "list of list", "list of pairs", "nested", "tuple"),
    "dict": ("dict", "dict of int", "dict of pairs"),
    "tuple": ("tuple", "list of pairs"),
}
FALLBACK = ("int", "str", "list", "dict", "float", "set", "callable", "bytes")
MOST = 400
"""Combinations of samples that are tried, at most."""


def _kinds(trees: Sequence[ast.AST], name: str, target: Target) -> list[str]:
    """What a parameter may be, likeliest first; attributes become `.a.b` of one object."""
    votes = list(dict.fromkeys(it for tree in trees for it in uses_of(tree, name)))
    attributes = [vote[1:] for vote in votes if vote.startswith(".")]
    found: list[str] = []
    if attributes:
        found += [f"class {it}" for it in _classes_with(attributes, target)]
        found.append("." + ".".join(attributes))
    for vote in (*votes, *FALLBACK):
        if vote in SAMPLES:
            found += FAMILIES.get(vote, (vote,))
    return list(dict.fromkeys(found))


def _classes_with(attributes: list[str], target: Target) -> Iterator[str]:
    """The module's own classes that have these attributes."""
    for name, kind in vars(target.loaded.modules[target.module]).items():
        if isinstance(kind, type) and kind.__module__ == target.module:
            try:
                set_in = set(inspect.signature(kind).parameters)
            except (TypeError, ValueError):
                set_in = set()
            if all(hasattr(kind, it) or it in set_in for it in attributes):
                yield name


def _tested(
    targets: Sequence[Target],
    wanted: Wanted,
    strategies: Strategies,
    kinds: dict[str, list[str]],
) -> dict[str, SearchStrategy[Any]]:
    """For each guessed parameter, the types with which a version came further than their type."""
    names = list(kinds)
    made = {it: _strategy(it, targets[0], strategies) for name in names for it in kinds[name]}
    good: dict[str, list[str]] = {name: [] for name in names}
    for tries, combination in enumerate(_nearest_first([kinds[name] for name in names])):
        if tries > MOST or min(map(len, good.values())) >= 4:
            break
        if _fits(targets, wanted, dict(zip(names, combination, strict=True))):
            for name, kind in zip(names, combination, strict=True):
                if kind not in good[name]:
                    good[name].append(kind)
    return {
        name: st.one_of([made[kind] for kind in (good[name] or kinds[name][:4])]) for name in names
    }


def _nearest_first(choices: list[list[str]]) -> Iterator[tuple[str, ...]]:
    """Combinations of likely choices before those of unlikely ones."""
    ranks = [range(min(len(it), 12)) for it in choices]
    if len(choices) > 4:
        ranks = [range(min(len(it), 3)) for it in choices]
    for ranked in sorted(itertools.product(*ranks), key=sum)[: MOST * 2]:
        yield tuple(it[rank] for it, rank in zip(choices, ranked, strict=True))


def _fits(targets: Sequence[Target], wanted: Wanted, kinds: dict[str, str]) -> bool:
    """Whether a version takes samples of these types without complaint."""
    named = [name for name, (parameter, _) in wanted.items() if name in kinds]
    required = [
        name
        for name, (parameter, _) in wanted.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    if any(name not in kinds for name in required):
        return True  # others are typed: the guess is not tested by itself
    args = [_sample(kinds[name]) for name in named]
    for target in targets:
        resolve = target.loaded.resolve

        def fresh(resolve: Any = resolve) -> tuple[list[Any], dict[str, Any]]:
            return [build(arg, resolve) for arg in args], {}

        outcome = target.observe(fresh, 0.01, 0)
        if outcome and outcome.kind == "returned" and " raising " not in outcome.value:
            return True
        if outcome and outcome.kind == "raised" and outcome.type not in MISFITS:
            return True
    return False


def _sample(kind: str) -> Any:
    if kind.startswith("."):
        return Attributes(tuple((name, 1) for name in kind[1:].split(".")))
    if kind.startswith("class "):
        return Code("object()")
    return SAMPLES[kind][0]


def _strategy(kind: str, target: Target, strategies: Strategies) -> SearchStrategy[Any]:
    if kind.startswith("."):
        return strategies.attributes({name: strategies.anything() for name in kind[1:].split(".")})
    if kind.startswith("class "):
        try:
            return strategies.of(vars(target.loaded.modules[target.module])[kind[6:]])
        except Unsupported:
            return strategies.anything()
    return strategies.guess(kind)
