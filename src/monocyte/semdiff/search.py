"""In a worker: the search for an input on which two versions of one definition differ.

Recorded calls first, then generated ones, guided by the lines of the definition that they reach. A
difference counts only if each version agrees with itself on a second run under another seed; what
does not is counted as unstable. Whatever is found here is confirmed elsewhere, in fresh processes
that see one version each.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, find, settings, target
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException, NoSuchExample

from monocyte.semdiff.evidence import Call, Found, Search
from monocyte.semdiff.inputs import Inputs, inputs_for
from monocyte.semdiff.lines import Lines, code_objects
from monocyte.semdiff.mining import Mined, mine
from monocyte.semdiff.outcomes import Outcome, difference
from monocyte.semdiff.recipes import Many, build, dotted, imports, render
from monocyte.semdiff.strategies import Strategies, Unsupported
from monocyte.semdiff.trial import DRIVER, Loaded, NoTarget, Target, built, load

__all__ = ["search", "warm"]

Drawn = tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]]


class _Over(BaseException):
    """The budget is used up; hypothesis does not catch it."""


def search(payload: bytes) -> bytes:
    """The job: from a Search to what was Found."""
    asked = msgspec.msgpack.decode(payload, type=Search)
    started = time.monotonic()
    found = _searched(asked)
    found = msgspec.structs.replace(found, seconds=time.monotonic() - started)
    return msgspec.msgpack.encode(found)


def _searched(asked: Search) -> Found:
    try:
        loaded = [load(version, asked.driver) for version in (asked.old, asked.new)]
    except NoTarget as reason:
        return Found(problem=str(reason))
    except BaseException as error:  # noqa: BLE001 (the edge: anybody's module)
        return Found(problem=f"cannot be imported: {type(error).__name__}: {error}")
    try:
        return _Hunt(asked, loaded).run()
    except (NoTarget, Unsupported) as reason:
        return Found(problem=str(reason))
    except HypothesisException as error:
        return Found(problem=f"no inputs can be generated: {error}")


class _Hunt:
    """One search: what is under way, and the best that was found."""

    def __init__(self, asked: Search, loaded: Sequence[Loaded]) -> None:
        self.asked, self.budget = asked, asked.budget
        module = DRIVER if asked.driver else asked.old.module
        self.old, self.new = [Target(it, module, asked.name) for it in loaded]
        self.until = time.process_time() + self.budget.seconds
        self.latest = time.monotonic() + self.budget.seconds * 3
        self.lines = [Lines(_judged(it, asked)) for it in (self.old, self.new)]
        self.answers: dict[str, bool] = {}
        self.examples = self.invalid = self.unstable = 0
        self.best: tuple[Drawn, str] | None = None
        self.guessed: tuple[str, ...] = ()
        self.weak: tuple[Drawn, str] | None = None

    def run(self) -> Found:
        """Recorded calls, then generated ones."""
        for call in self.asked.recorded:
            if self._differs_on_recorded(call):
                return self._found(call, "recorded")
        trees = [tree for it in (self.old, self.new) for tree in _trees(it, self.asked)]
        mined = mine(trees)
        inputs = self._inputs(trees, mined)
        self.guessed = inputs.guessed
        self._generate(inputs)
        self.best = self.best or self.weak
        if self.best is None:
            return self._found(None, "")
        return self._found(self._written(self.best[0]), "generated")

    def _inputs(self, trees: Sequence[ast.AST], mined: Mined) -> Inputs:
        spaces = [vars(it.loaded.modules[it.module]) for it in (self.new, self.old)]
        near = mine(tree for tree in trees if not isinstance(tree, ast.Module))
        strategies = Strategies(
            mined, near=near, small=self.asked.small, namespace={**spaces[0], **spaces[1]}
        )
        with self.old.loaded.active():
            return inputs_for([self.old, self.new], strategies, trees)

    def _generate(self, inputs: Inputs) -> None:
        chosen = settings(
            max_examples=self.budget.examples,
            database=None,
            deadline=None,
            derandomize=False,
            phases=(Phase.generate, Phase.target, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        try:
            find(
                inputs.calls,
                self._remembered,
                settings=chosen,
                random=random.Random(self.asked.seed),  # noqa: S311 (seeded, to be repeated)
            )
        except (NoSuchExample, _Over):
            pass
        except HypothesisException:
            if not self.examples:
                raise

    def _remembered(self, drawn: Drawn) -> bool:
        """The same answer each time, as hypothesis must have it, whatever the clock says."""
        key = repr(drawn)
        if key not in self.answers:
            self.answers[key] = self._interesting(drawn)
        return self.answers[key]

    def _interesting(self, drawn: Drawn) -> bool:
        # Processor time, so that a busy machine finds what an idle one does; but no endless wait.
        if time.process_time() > self.until or time.monotonic() > self.latest:
            raise _Over
        self.examples += 1
        args, named = drawn
        makers = [self._maker(it, args, named) for it in (self.old, self.new)]
        differs, outcomes = self._compare(makers)
        if self.best is None:
            target(float(sum(len(lines.hit) for lines in self.lines)))
        if not differs:
            return False
        if self._is_weak(differs, outcomes):
            self.weak = self.weak or (drawn, differs)
            return False
        if self.best is None:
            # Each call that does not finish takes its whole time: it is made a little smaller only.
            shrink = self.budget.shrink * (0.3 if differs == "time" else 1)
            self.until = min(self.until, time.process_time() + shrink)
        elif RANKS.index(differs) > RANKS.index(self.best[1]):
            return False
        # What is simple to hypothesis is a short list of choices; to people, a short text.
        if self.best is None or _size(drawn, differs) < _size(*self.best):
            self.best = (drawn, differs)
        return True

    def _is_weak(self, differs: str, outcomes: Sequence[Outcome]) -> bool:
        """On guessed types: old did not accept the input either, so it may not be meant."""
        return bool(self.guessed) and outcomes[0].kind != "returned" and differs != "time"

    def _maker(
        self, on: Target, args: Any, named: Any
    ) -> Callable[[], tuple[list[Any], dict[str, Any]]]:
        resolve = on.loaded.resolve

        def make() -> tuple[list[Any], dict[str, Any]]:
            return [build(arg, resolve) for arg in args], {k: build(v, resolve) for k, v in named}

        return make

    def _compare(self, makers: Sequence[Any]) -> tuple[str, Sequence[Outcome]]:
        outcomes = []
        for on, make, lines in zip((self.old, self.new), makers, self.lines, strict=True):
            # While a difference is made smaller, neither coverage nor control has more to tell:
            # the result is confirmed in other processes.
            with lines if self.best is None else contextlib.nullcontext():
                outcomes.append(on.observe(make, self.budget.case, 1))
        old, new = outcomes
        if old is None or new is None:
            self.invalid += 1
            return "", ()
        if old.kind == new.kind == "unfinished":
            self.invalid += 1
        differs = difference(old, new, guessed=bool(self.guessed))
        if differs and self.best is None and not self._stable(makers, old, new):
            self.unstable += 1
            return "", ()
        return differs, (old, new)

    def _stable(self, makers: Sequence[Any], *first: Outcome) -> bool:
        """The control: each version against itself, under another seed."""
        for on, make, once in zip((self.old, self.new), makers, first, strict=True):
            # Whether it would have finished with more time is asked when it is confirmed.
            if once.kind != "unfinished":
                again = on.observe(make, self.budget.case * 3, 2)
                if again is None or difference(once, again):
                    return False
        return True

    def _differs_on_recorded(self, call: Call) -> bool:
        self.examples += 1
        makers = [built(call) for _ in (self.old, self.new)]
        differs, _ = self._compare(makers)
        if differs:
            self.best = (((), ()), differs)
        return bool(differs)

    def _found(self, call: Call | None, source: str) -> Found:
        old, new = self.lines
        return Found(
            call=call,
            differs=self.best[1] if self.best else "",
            examples=self.examples,
            invalid=self.invalid,
            unstable=self.unstable,
            covered_old=tuple(sorted(old.hit)),
            covered_new=tuple(sorted(new.hit)),
            executable_old=tuple(sorted({line for _, line in old.executable})),
            executable_new=tuple(sorted({line for _, line in new.executable})),
            guessed=self.guessed,
            source=source,
        )

    def _written(self, drawn: Drawn) -> Call:
        args, named = drawn
        used = {it for recipe in (*args, *(value for _, value in named)) for it in imports(recipe)}
        listed = [render(arg) for arg in args]
        pairs = [(name, render(value)) for name, value in named]
        return Call(
            arguments=render(Many("tuple", args)),
            named="{" + ", ".join(f"{name!r}: {text}" for name, text in pairs) + "}",
            imports=tuple(sorted(used)),
            text=_call_text(self.old, listed, pairs),
            how=_how(self.old),
        )


RANKS = (
    *("value", "type", "arguments", "output", "effects", "exception", "exit"),
    *("exception type", "time", "exception message"),
)
"""What convinces most comes first; making an input smaller never makes it less convincing."""


def _size(drawn: Drawn, differs: str) -> tuple[int, int, str]:
    text = repr(drawn)
    return RANKS.index(differs), len(text), text


def _call_text(on: Target, args: list[str], named: list[tuple[str, str]]) -> str:
    name = on.name.rpartition(".")[2]
    if on.kind == "property":
        return f"{args[0]}.{name}"
    inside = ", ".join([*args[on.has_receiver :], *(f"{k}={v}" for k, v in named)])
    if on.has_receiver:
        return f"{args[0]}.{name}({inside})"
    return f"{dotted(on.module, on.name)}({inside})"


def _how(on: Target) -> str:
    if on.kind == "property":
        return "property"
    return "coroutine" if inspect.iscoroutinefunction(on.function) else "call"


def _judged(on: Target, asked: Search) -> Any:
    """The code whose lines count: that of the definition, or of the module that a driver drives."""
    if not asked.driver:
        return code_objects(on.function)
    module = on.loaded.modules[on.loaded.version.module]
    own = (it for it in vars(module).values() if getattr(it, "__module__", "") == module.__name__)
    return {code for it in own for code in code_objects(it)}


def _trees(on: Target, asked: Search) -> list[ast.AST]:
    """The definition's tree, those of what it calls in its module, then that of the module."""
    version = on.loaded.version
    text = version.source
    if not text:
        file = getattr(on.loaded.modules[version.module], "__file__", None) or ""
        with open(file, "rb") as opened:  # noqa: PTH123
            data = opened.read()
        tree: ast.AST = ast.parse(data)
    else:
        tree = ast.parse(text)
    if asked.driver:
        return [ast.parse(asked.driver), tree]
    inner = tree
    for part in asked.name.split("."):
        for node in getattr(inner, "body", ()):
            if getattr(node, "name", "") == part:
                inner = node
                break
    return [inner, *_called(inner, tree), tree]


MOST_CALLED = 20
"""Functions whose constants count as near: what decides often stands in a helper."""


def _called(inner: ast.AST, tree: ast.AST) -> list[ast.AST]:
    """What a definition leads to by name in its module, nearest first."""
    known = {node.name: node for node in getattr(tree, "body", ()) if isinstance(node, CALLABLES)}
    found: dict[str, ast.AST] = {}
    ahead = [inner]
    while ahead and len(found) < MOST_CALLED:
        for node in ast.walk(ahead.pop(0)):
            name = node.id if isinstance(node, ast.Name) else ""
            if name in known and name not in found and known[name] is not inner:
                found[name] = known[name]
                ahead.append(known[name])
    return list(found.values())


CALLABLES = (ast.FunctionDef, ast.AsyncFunctionDef)


def warm() -> None:
    """In the nursery: have hypothesis load, and read, what it does late, once for all children.

    It looks for constants in every module that is not installed, ours among them, as soon as an
    integer asks for one: until then some hundred examples may pass.
    """
    anything = st.tuples(st.integers(), st.text("ab"), st.floats(), st.lists(st.booleans()))
    with contextlib.suppress(NoSuchExample):
        find(anything, lambda _: False, settings=settings(max_examples=150, database=None))
    st.from_regex(r"a\w", alphabet="ab").validate()
