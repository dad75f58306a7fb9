"""Which mutants a cell has: those that tell something, each by a name that stays."""

from pathlib import Path

import pytest

from monocyte.errors import DefinitionError
from monocyte.literate.mutation.mutants import Behaviour, Candidate
from tests.cell.apps import App

HEAD = """\
from collections.abc import Callable
from datetime import timedelta

from monocyte import Caller, Cell, Clock, Command, Event, Query, State, Tick, Value
from monocyte.testing import World


class Made(Event):
    n: int
    note: str = ""

    def doubled(self) -> int:
        return self.n * 2


class Make(Command[Made]):
    n: int


class Count(Query[int]):
    pass


class Shelf(State):
    made: list[int] = []
    last: int = 0


cell = Cell("shop", state=Shelf)
FEW = cell.rule("SHOP-1", "Not too many.")


@cell.handles
def make(it: Make, shelf: Shelf, caller: Caller) -> Made:
    BODY
    return Made(it.n)


@cell.handles
def count(it: Count, shelf: Shelf) -> int:
    return len(shelf.made)


@cell.evolves
def put(it: Made, shelf: Shelf) -> None:
    shelf.made.append(it.doubled())


def helper(n: int, most: int = 3) -> bool:
    return n < most


def near(a: int, b: int) -> bool:
    return a < b or b < a


def before(a: int, b: int) -> bool:
    return a < b


def only_for_scenarios(n: int) -> int:
    return n + 1


@cell.scenario
def proof(lab: World) -> None:
    assert only_for_scenarios(1) == 2
"""

LONG = " + ".join(["it.n"] * 40)
PACKAGES = iter(range(10_000))


def behaviour(root: Path, body: str = "pass", more: str = "") -> Behaviour:
    """The behaviour of a cell whose handler has this body."""
    package = App(root, f"shop{next(PACKAGES)}")
    text = HEAD.replace("    BODY", "    " + body.replace("\n", "\n    "))
    loaded = package.load(shop=text + more)
    assert not loaded.faults, loaded.faults
    return Behaviour(loaded.manifests[0])


def made_of(root: Path, body: str) -> list[str]:
    """The keys of the mutants of the handler, but for those that it always has."""
    always = {it.key for it in behaviour(root).candidates()}
    return [it.key for it in behaviour(root, body).candidates() if it.key not in always]


MUTANTS: dict[str, tuple[str, list[str]]] = {
    "a rule that is held": (
        "FEW.require(it.n <= 8, f'{it.n + 1} is too many')",
        [
            "make: `FEW.require(it.n <= 8, f'{it.n + 1} is too many')` is removed",
            "make: `it.n <= 8` becomes `it.n >= 8`",
            "make: `it.n <= 8` becomes `it.n < 8`",
            "make: `it.n <= 8` becomes `it.n <= 9`",
        ],
    ),
    "a rule that refuses": (
        "if it.n > 8:\n    FEW.refuse(str(it.n))",
        [
            "make: `if it.n > 8: FEW.refuse(str(it.n))` becomes `if False: FEW.refuse(str(it.n))`",
            "make: `if it.n > 8: FEW.refuse(str(it.n))` becomes `if True: FEW.refuse(str(it.n))`",
            "make: `it.n > 8` becomes `it.n < 8`",
            "make: `it.n > 8` becomes `it.n >= 8`",
            "make: `it.n > 8` becomes `it.n > 9`",
            "make: `FEW.refuse(str(it.n))` is removed",
        ],
    ),
    "text for people": ("FEW.require(caller.name != 'no body', detail='a')", []),
    "a role": (
        "FEW.require('chief' in caller.roles)",
        ["make: `'chief' in caller.roles` becomes `'chief!' in caller.roles`"],
    ),
    "two of the same": (
        "FEW.require(min(it.n, 5) + min(it.n, 5) > 0)",
        [
            "make: `min(it.n, 5)` becomes `max(it.n, 5)`",
            "make: `min(it.n, 5)` becomes `min(it.n, 6)`",
            "make: `min(it.n, 5)` becomes `max(it.n, 5)` (2)",
            "make: `min(it.n, 5)` becomes `min(it.n, 6)` (2)",
        ],
    ),
    "a first assignment": ("n = helper(it.n)", ["make: `n = helper(it.n)` becomes `n = None`"]),
    "a second assignment": (
        "n = 1\nif it.n:\n    n = it.n\nFEW.require(n > 0)",
        ["make: `n = it.n` is removed", "make: `n = it.n` becomes `n = None`"],
    ),
    "symmetric arguments": ("FEW.require(near(it.n, 1))", []),
    "other arguments": (
        "FEW.require(before(it.n, 1))",
        ["make: `before(it.n, 1)` becomes `before(1, it.n)`"],
    ),
    "a conversion": ("FEW.require(sum(list([it.n])) > 0)", []),
    "a default": (
        "FEW.require(helper(it.n))",
        ["helper: the default `3` becomes `4`", "helper: `n < most` becomes `n <= most`"],
    ),
    "very long": (
        f"FEW.require({LONG} > 0)",
        [f"make: in `{LONG[:120]}…` `>` becomes `<`", f"make: in `{LONG[:120]}…` 0 becomes 1"],
    ),
}


@pytest.mark.parametrize(("body", "wanted"), MUTANTS.values(), ids=MUTANTS)
def test_a_cell_has_the_mutants_that_tell_something(
    tmp_path: Path, body: str, wanted: list[str]
) -> None:
    """Each row: a body, and mutants that are among those that it makes."""
    made = made_of(tmp_path, body)
    assert [it for it in wanted if it not in made] == []
    assert len(made) == len(set(made))


NOISE = {
    "the detail of a refusal": (
        "FEW.require(it.n < 8, f'{it.n + 1} of 9')",
        ["+ 2", "- 1", "of 9!"],
    ),
    "a detail by name": (
        "FEW.require(it.n < 8, detail='over')",
        ["over!", "FEW.require(it.n < 8)`"],
    ),
    "the detail given first": ("FEW.require('over', str(it.n))", ["str(it.n), 'over'"]),
    "text of several words": ("x = 'so and so'", ["so!", "''"]),
    "an empty text": ("x = 'so'", ["= ''"]),
    "a first assignment": ("n = helper(it.n)", ["is removed"]),
    "a conversion": ("FEW.require(bool(it.n))", ["`it.n`"]),
    "symmetric arguments": ("FEW.require(near(it.n, 1))", ["near(1"]),
    "the order of min": ("FEW.require(min(it.n, 1) > 0)", ["min(1, it.n)"]),
    "a limit that becomes 0": ("FEW.require(it.n < 8)", ["< 0"]),
}


@pytest.mark.parametrize(("body", "parts"), NOISE.values(), ids=NOISE)
def test_what_tells_nothing_is_left_out(tmp_path: Path, body: str, parts: list[str]) -> None:
    """No key becomes any of these."""
    ends = [it.partition(" becomes ")[2] or it for it in made_of(tmp_path, body)]
    assert [it for it in ends for part in parts if part in it] == []


def test_only_what_is_used_in_behaviour_is_mutated(tmp_path: Path) -> None:
    """Handlers, evolvers, methods of words and helpers; not scenarios, nor what only they use."""
    cell = behaviour(tmp_path, "FEW.require(helper(it.n))")
    functions = {it.mutant.function for it in cell.candidates()}
    assert functions == {"make", "count", "put", "helper", "Made.doubled"}


TIMED = """
@cell.every(timedelta(days=1))
def daily(due: Tick, shelf: Shelf) -> Made | None:
    return Made(1) if shelf.last > 3 else None


def later(it: Made) -> timedelta:
    return timedelta(hours=it.n)


@cell.after(later)
def check(it: Made, shelf: Shelf) -> Made | None:
    return Made(2) if shelf.last > 4 else None
"""


def test_every_way_into_a_cell_is_known(tmp_path: Path) -> None:
    """Commands, queries, evolvers, timers and their delays, with what they consume and emit."""
    loaded = App(tmp_path, f"shop{next(PACKAGES)}").load(shop=HEAD.replace("BODY", "pass") + TIMED)
    assert not loaded.faults, loaded.faults
    entries = Behaviour(loaded.manifests[0]).entries.values()
    assert {(it.role, it.name, it.message, it.events) for it in entries} == {
        ("command", "make", "Make", ("Made",)),
        ("query", "count", "Count", ()),
        ("evolver", "put", "Made", ()),
        ("timer", "daily", "Tick", ("Made",)),
        ("timer", "check", "Made", ("Made",)),
        ("delay", "later", "Made", ()),
    }


def candidate(root: Path, body: str, end: str) -> tuple[Behaviour, Candidate]:
    """The mutant of a body whose key ends so."""
    cell = behaviour(root, body)
    return cell, next(it for it in cell.candidates() if it.key.endswith(end))


def test_a_mutant_is_put_in_and_taken_out(tmp_path: Path) -> None:
    """While it is in, whoever holds the function runs it."""
    cell, mutant = candidate(tmp_path, "FEW.require(helper(it.n))", "`n <= most`")
    helper = cell.functions["helper"]
    with mutant.put_in():
        assert helper(3) is True
    assert helper(3) is False


def test_the_lines_of_a_mutant_are_those_of_its_statement(tmp_path: Path) -> None:
    """Of a compound statement the head; one of them runs whenever the mutant could matter."""
    body = "if (\n    it.n\n    > 8\n):\n    FEW.refuse()"
    cell, mutant = candidate(tmp_path, body, "it.n >= 8`")
    first = next(n for n, line in enumerate(cell.text.splitlines(), 1) if "if (" in line)
    assert mutant.places == {(cell.file, first + n) for n in range(4)}


def test_a_guard_is_found_around_a_mutant(tmp_path: Path) -> None:
    """The rule in whose condition it stands, with its variable and ID."""
    cell, mutant = candidate(tmp_path, "FEW.require(it.n <= 8)", "`it.n < 8`")
    guard = cell.guard(mutant.mutant)
    assert guard is not None
    assert (guard.variable, guard.id) == ("FEW", "SHOP-1")


def test_a_file_that_has_changed_since_is_refused(tmp_path: Path) -> None:
    """What is on the disk is not what runs: it says so, and does not guess."""
    changed = behaviour(tmp_path)
    changed.text = changed.text.replace("def put(", "def place(")
    with pytest.raises(DefinitionError, match="has changed since it was loaded"):
        list(changed.candidates())
