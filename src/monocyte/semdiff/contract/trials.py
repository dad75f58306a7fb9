"""Code that shows a change of a surface: what to run on either side, and what it should tell. Pure.

A trial is a small script that anybody can run in a tree of either version; it prints what it sees.
Nothing is claimed here: `showing` runs trials in a locked worker, and only what was seen to differ
counts. Of several trials the first that tells the versions apart is the witness.
"""

from __future__ import annotations

import inspect
import itertools
import random
import re
from collections.abc import Callable, Iterator

from monocyte.semdiff.contract.calls import PLACED, filled, is_required
from monocyte.semdiff.contract.surface import Offer

__all__ = ["MOST", "trials_of"]

MOST = 80
"""No more calls are tried for one change."""

VALUES = {
    "int": ("1", "0", "-1", "1000"),
    "str": ("'a'", "''", "'1'"),
    "float": ("1.5", "0.0", "-1.5"),
    "bool": ("True", "False"),
    "bytes": ("b'a'", "b''"),
    "list": ("[]", "[1]"),
    "tuple": ("()", "(1,)"),
    "set": ("set()", "{1}"),
    "dict": ("{}", "{'a': 1}"),
    "None": ("None",),
}
ANY = ("1", "'a'", "None", "[]", "0", "-1", "''", "{}")


def trials_of(
    rule: str, path: str, old: Offer | None, new: Offer | None, call: str, about: str = ""
) -> tuple[str, ...]:
    """The scripts that may show a change of that rule, the plainest first."""
    it = old or new
    maker = _MAKERS.get(rule)
    if maker is None or it is None or not it.module:
        return ()
    return tuple(itertools.islice(maker(_Case(it, old, new, path, call, about)), MOST))


class _Case:
    """One change, and how its subject is spelled."""

    def __init__(
        self, it: Offer, old: Offer | None, new: Offer | None, path: str, call: str, about: str
    ) -> None:
        self.old, self.new = old or it, new or it
        self.path = path.strip("()")
        self.call = re.sub(r"<(\w+)>", r"'\1'", call)
        self.about = about
        self.module = it.module
        self.name = it.name.removeprefix(it.module + ".")
        self.top = self.name.partition(".")[0]
        self.owner, _, self.leaf = self.name.rpartition(".")

    def script(self, body: str, *imports: str) -> str:
        lines = [*(f"import {name}" for name in imports), f"from {self.module} import {self.top}"]
        return "\n".join([*lines, body]) + "\n"

    def bound(self, call: str, side: Offer, then: str = "") -> str:
        inside = call[1:-1]
        if self.owner and side.kind == "method" and side.binding == "plain":
            inside = f"None, {inside}" if inside else "None"
        bind = f"it = inspect.signature({self.name}).bind({inside})"
        return self.script(f"{bind}\n{then or 'print(dict(it.arguments))'}", "inspect")


def _there(case: _Case) -> Iterator[str]:
    if not case.owner:
        yield case.script("print('imported')")
        return
    yield case.script(f"{case.name}\nprint('there')")
    yield case.script(f"print({case.leaf!r} in {case.owner}.__annotations__)")
    for given in ("", "1", "'a'", "None", "1, 1", "'a', 'a'"):
        yield case.script(f"print(hasattr({case.owner}({given}), {case.leaf!r}))")


def _exported(case: _Case) -> Iterator[str]:
    yield f"from {case.module} import *\nprint({case.about!r} in globals())\n"


def _kind(case: _Case) -> Iterator[str]:
    yield case.script(f"print(inspect.isclass({case.name}), callable({case.name}))", "inspect")


def _value(case: _Case) -> Iterator[str]:
    yield case.script(f"print(repr({case.name}))")


def _value_type(case: _Case) -> Iterator[str]:
    yield case.script(f"print(type({case.name}).__name__)")


def _base(case: _Case) -> Iterator[str]:
    yield case.script(f"print({case.about!r} in [it.__name__ for it in {case.name}.__mro__])")


def _binding(case: _Case) -> Iterator[str]:
    found = f"inspect.getattr_static({case.owner}, {case.leaf!r})" if case.owner else case.name
    yield case.script(f"print(type({found}).__name__)", "inspect")


def _flavour(case: _Case) -> Iterator[str]:
    asked = ("iscoroutinefunction", "isgeneratorfunction", "isasyncgenfunction")
    answers = ", ".join(f"inspect.{name}({case.name})" for name in asked)
    yield case.script(f"print({answers})", "inspect")


def _final(case: _Case) -> Iterator[str]:
    yield case.script(f"print(getattr({case.name}, '__final__', False))")


def _abstract(case: _Case) -> Iterator[str]:
    if case.owner:
        yield case.script(
            f"print({case.leaf!r} in getattr({case.owner}, '__abstractmethods__', ()))"
        )


def _call(case: _Case) -> Iterator[str]:
    if case.call:
        yield case.bound(case.call, case.old)


def _default(case: _Case) -> Iterator[str]:
    if case.call:
        then = f"it.apply_defaults()\nprint(repr(it.arguments[{case.path!r}]))"
        yield case.bound(case.call, case.old, then)


def _shorter(case: _Case) -> Iterator[str]:
    """A call that only the new version takes: what was needed is left out."""
    if case.new.signature is not None:
        yield case.bound(f"({_needed(case.new)})", case.new)


def _longer(case: _Case) -> Iterator[str]:
    """A call that only the new version takes: what is new is given."""
    if case.new.signature is not None:
        parameter = case.new.signature.parameters.get(case.path)
        named = parameter is not None and parameter.kind is not inspect.Parameter.POSITIONAL_ONLY
        given = [_needed(case.new), *([f"{case.path}={case.path!r}"] if named else [])]
        yield case.bound(f"({', '.join(filter(None, given))})", case.new)


def _needed(offer: Offer) -> str:
    """The arguments that a call needs, `self` not among them."""
    assert offer.signature is not None  # noqa: S101 (whoever asks has looked)
    return re.sub(r"<(\w+)>", r"'\1'", filled(_own(offer)))


def _own(offer: Offer) -> inspect.Signature:
    assert offer.signature is not None  # noqa: S101 (as above)
    found = list(offer.signature.parameters.values())
    bound = offer.kind == "method" and offer.binding != "static"
    if bound and found and found[0].kind in PLACED:
        found = found[1:]
    return offer.signature.replace(parameters=found)


def _raising(case: _Case) -> Iterator[str]:
    """Calls with values that either version mentions, until one of them raises."""
    for given in _givens(case):
        for made in _made(case, given):
            yield case.script(f"print(repr({made}))")


def _typed(case: _Case) -> Iterator[str]:
    """What a call returns, by the name of its type."""
    for given in _givens(case):
        for made in _made(case, given):
            yield case.script(f"print(type({made}).__name__)")


def _given_type(case: _Case) -> Iterator[str]:
    if case.call:
        for made in _made(case, case.call[1:-1]):
            yield case.script(f"print(repr({made}))")


def _made(case: _Case, given: str) -> Iterator[str]:
    names = [case.name]
    if case.owner and case.old.kind == "method" and case.old.binding == "plain":
        if case.leaf == "__init__":
            names = [case.owner]
        else:
            names = [f"{case.owner}().{case.leaf}", f"object.__new__({case.owner}).{case.leaf}"]
    for name in names:
        call = f"{name}({given})"
        if case.old.flavour == "async":
            call += ".send(None)"
        elif case.old.flavour == "generator":
            call = f"[it for it, _ in zip({call}, range(50))]"
        yield call


def _givens(case: _Case) -> Iterator[str]:
    """Arguments for all that a call needs, or can be given, one at a time and then mixed."""
    if case.new.signature is None:
        return
    parameters = [p for p in _own(case.new).parameters.values() if p.kind in _GIVEN]
    mined = tuple(dict.fromkeys([*case.new.constants, *case.old.constants]))
    rows = [_candidates(p, mined) for p in parameters]
    needed = [i for i, p in enumerate(parameters) if is_required(p)]
    base = {i: rows[i][0] for i in needed}
    yield _spelled(parameters, base)
    for i, row in enumerate(rows):
        for value in row[i in base :]:
            yield _spelled(parameters, base | {i: value})
    chance = random.Random(0)  # noqa: S311 (repeatable, no secret)
    for _ in range(MOST if len(rows) > 1 else 0):
        yield _spelled(parameters, {i: chance.choice(row) for i, row in enumerate(rows)})


_GIVEN = (*PLACED, inspect.Parameter.KEYWORD_ONLY)


def _spelled(parameters: list[inspect.Parameter], given: dict[int, str]) -> str:
    """Arguments by place as long as there is no gap, then by name."""
    parts: list[str] = []
    gap = False
    for i, parameter in enumerate(parameters):
        if i not in given:
            gap = True
        elif gap or parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            parts.append(f"{parameter.name}={given[i]}")
        else:
            parts.append(given[i])
    return ", ".join(parts)


def _candidates(parameter: inspect.Parameter, mined: tuple[str, ...]) -> list[str]:
    said = parameter.annotation
    words = re.findall(r"\w+", "" if said is inspect.Parameter.empty else str(said))
    typed = [value for word in words for value in VALUES.get(word, ())]
    return list(dict.fromkeys([*(typed or ANY), *mined]))


_MAKERS: dict[str, Callable[[_Case], Iterator[str]]] = {
    "object-removed": _there,
    "object-added": _there,
    "abstract-added": _abstract,
    "object-kind": _kind,
    "export-removed": _exported,
    "export-added": _exported,
    "attribute-value": _value,
    "attribute-type": _value_type,
    "base-removed": _base,
    "base-added": _base,
    "binding-changed": _binding,
    "async-changed": _flavour,
    "generator-changed": _flavour,
    "final-added": _final,
    "exception-added": _raising,
    "exception-removed": _raising,
    "parameter-moved": _call,
    "parameter-removed": _call,
    "parameter-kind": _call,
    "parameter-required": _call,
    "parameter-renamed": _call,
    "parameter-added-required": _call,
    "parameter-default": _default,
    "parameter-optional": _shorter,
    "parameter-added-optional": _longer,
    "parameter-type": _given_type,
    "parameter-type-wider": _given_type,
    "return-type": _typed,
    "return-type-narrower": _typed,
}
"""How each rule is shown; a rule that is not here is shown by nothing."""
