"""The stage of a process: what is said goes out as JSON and comes back as the type that it has."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from monocyte.cell import Manifest, Rule, load_cells
from monocyte.contracts import Command
from monocyte.contracts.codec import decode_json, encode_json
from monocyte.errors import Unavailable
from monocyte.literate.process import ProcessStage
from monocyte.testing import Said, World, story
from tests.literate.toys import failing, journeys
from tests.testing import stage as toys
from tests.testing.toys import letters, till


class FakeWay:
    """Somebody's way into a World, as if it were an app behind its wall: only JSON passes."""

    def __init__(self, world: World, name: str, roles: tuple[str, ...]) -> None:
        self.ids: list[str] = []
        self._world = world
        self._actor = world.by(name, *roles)
        self._words: dict[str, Any] = {}

    def know(self, manifests: tuple[Manifest, ...]) -> "FakeWay":
        """Understand what these cells do."""
        for it in manifests:
            self._words |= {
                f"{it.name}.{h.message.__name__}": h.message for h in it.handlers.values()
            }
        return self

    def send(self, address: str, body: bytes, id: str = "") -> Any:
        self.ids.append(id)
        message: Command[Any] = decode_json(self._words[address], body)
        return json.loads(encode_json(self._actor.send(message)))

    def ask(self, address: str, body: bytes) -> Any:
        return json.loads(encode_json(self._actor.ask(decode_json(self._words[address], body))))


@contextmanager
def staged(patience: float = 0.05) -> Iterator[tuple[ProcessStage, World]]:
    """A stage in front of a World of all toys."""
    manifests = (*toys.MANIFESTS, *load_cells([failing.cell]).manifests)

    def door(name: str, roles: tuple[str, ...]) -> FakeWay:
        return FakeWay(world, name, roles).know(manifests)

    with World(*manifests) as world:
        yield ProcessStage(door, patience=patience), world


def test_commands_and_queries_have_their_types() -> None:
    """An event, a number, a tuple of texts: what the reply type says."""
    with staged() as (lab, _):
        paid = lab.by("ada").send(till.PayIn(5))
        assert isinstance(paid, till.PaidIn)
        assert (paid.who, lab.by("ada").ask(till.Balance())) == ("ada", 5)
        assert lab.by("ada").ask(letters.ListFiles()) == (f"{paid.receipt}.txt",)


def test_a_refusal_is_one() -> None:
    """So `RULE.refuses()` works as in a World, and tells one rule from another."""
    with staged() as (lab, _):
        with till.COVERED.refuses():
            lab.by("eve").send(till.TakeOut(5))
        with pytest.raises(AssertionError, match="TILL-2 should refuse, but TILL-1 did"):
            take_out_by(till.SOMETHING, lab)


def take_out_by(rule: Rule, lab: ProcessStage) -> None:
    """Have it refused by that rule."""
    with rule.refuses():
        lab.by("eve").send(till.TakeOut(5))


def test_it_is_waited_for_what_takes_its_time() -> None:
    """Until the check holds, which is asked again; what it returns comes back."""
    tries: list[int] = []

    def third() -> str:
        tries.append(1)
        assert len(tries) == 3
        return "well"

    with staged(patience=60) as (lab, _):
        assert lab.eventually(third) == "well"


def test_patience_ends() -> None:
    """With the last error of the check; and another error than an assertion is not waited for."""

    def never() -> None:
        raise AssertionError("not yet")

    def broken() -> None:
        raise Unavailable("gone")

    with staged() as (lab, _):
        with pytest.raises(AssertionError, match="not yet"):
            lab.eventually(never)
        with pytest.raises(Unavailable):
            lab.eventually(broken)


@pytest.mark.parametrize("scenario", journeys.JOURNEYS.scenarios, ids=lambda it: it.name)
def test_a_journey_goes_as_in_a_world(scenario: Any) -> None:
    """The same function, unchanged; well or not."""

    def ends(stage: Any) -> str:
        try:
            scenario.play(stage)
        except AssertionError as why:
            return str(why)
        return "well"

    with staged() as (lab, _), World(failing.cell) as world:
        assert ends(lab) == ends(world)


def test_what_people_say_is_told() -> None:
    """The trace has what was said at the wall, and what was heard."""
    with staged() as (lab, _):
        lab.by("ada").send(till.PayIn(5))
        with till.COVERED.refuses():
            lab.by("eve").send(till.TakeOut(5))
        told = story(lab.trace).splitlines()[1:]
        assert all(isinstance(it, Said) for it in lab.trace)
    assert told[0] == "  ada -> till: PayIn(5) -> PaidIn"
    assert told[1].startswith("  eve -> till: TakeOut(5) -> refused by TILL-1")


def test_people_are_known_by_name_and_roles() -> None:
    """In each role they have a way in of their own."""
    asked: list[tuple[str, tuple[str, ...]]] = []

    with staged() as (_, world):

        def door(name: str, roles: tuple[str, ...]) -> FakeWay:
            asked.append((name, roles))
            return FakeWay(world, name, roles).know(toys.MANIFESTS)

        lab = ProcessStage(door)
        lab.by("ada").ask(till.Balance())
        lab.by("ada", "clerk").ask(till.Balance())
        assert repr(lab.by("ada", "clerk")) == "<ada ['clerk']>"
    assert asked == [("ada", ()), ("ada", ("clerk",))]


def test_each_command_has_an_id_of_its_own() -> None:
    """So that no answer is mistaken for that of another."""
    with staged() as (_, world):
        way = FakeWay(world, "ada", ()).know(toys.MANIFESTS)
        lab = ProcessStage(lambda *_: way)
        for _ in range(2):
            lab.by("ada").send(till.PayIn(5))
    assert len({*way.ids, ""}) == 3
