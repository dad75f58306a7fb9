"""What rules made equal is found again as long as nothing that they asked has another answer."""

import ast

import pytest

from monocyte.semdiff.normal.imports import NO_TREE, Imports
from monocyte.semdiff.recalling import Settled, Sides, recalled


class Memory(dict[str, bytes]):
    """A shelf in memory."""

    def put(self, name: str, value: bytes) -> None:
        """Keep it."""
        self[name] = value

    def fetch(self, names: object) -> None:
        """Everything is here."""


class Others:
    """Other modules, of which some names are patched; all else is as without a tree."""

    def __init__(self, *patched: str) -> None:
        self.patched = patched

    def is_patched(self, name: str) -> bool:
        """Whether it is one of them."""
        return name in self.patched

    def __getattr__(self, question: str) -> object:
        return getattr(NO_TREE, question)


class Rules:
    """Rules that ask about one name, and how often they were tried."""

    def __init__(self) -> None:
        self.tried = 0

    def __call__(self, sides: Sides) -> Settled:
        """Equal unless the name is patched on the new side; other questions go along."""
        self.tried += 1
        node = ast.ImportFrom(module="b", names=[], level=1)
        sides[0].absolute(node)
        sides[0].star_names("c")
        return {} if sides[1].is_patched("len") else {"f": "shapes"}


def ask(
    memory: Memory, rules: Rules, *patched: str, content: str = "1", names: str = "f"
) -> Settled:
    """One run."""
    new: Imports = Others(*patched)  # type: ignore[assignment]
    return recalled(memory, ["a.py", "0", content], names, (NO_TREE, new), rules)


def test_what_was_found_is_found_again() -> None:
    """Without trying."""
    memory, rules = Memory(), Rules()
    assert ask(memory, rules) == ask(memory, rules) == ask(memory, rules, "print")
    assert rules.tried == 1


@pytest.mark.parametrize("first", [(), ("len",)])
def test_another_answer_makes_it_try_again(first: tuple[str, ...]) -> None:
    """Neither equal nor different is told where the tree around says otherwise by now."""
    memory, rules = Memory(), Rules()
    then = () if first else ("len",)
    assert ask(memory, rules, *first) == ({} if first else {"f": "shapes"})
    assert ask(memory, rules, *then) == ({} if then else {"f": "shapes"})
    assert rules.tried == 2


@pytest.mark.parametrize("other", [{"content": "2"}, {"names": "g"}])
def test_other_content_is_tried(other: dict[str, str]) -> None:
    """As are other definitions."""
    memory, rules = Memory(), Rules()
    ask(memory, rules)
    ask(memory, rules, **other)
    assert rules.tried == 2


def test_damage_costs_time_only() -> None:
    """What cannot be read is tried anew."""
    memory, rules = Memory(), Rules()
    ask(memory, rules)
    for name in memory:
        memory[name] = b"\xc1"
    assert ask(memory, rules) == {"f": "shapes"}
    assert rules.tried == 2


def test_without_a_shelf_it_is_tried_each_time() -> None:
    """Nothing is kept, and nothing asked for twice."""
    rules = Rules()
    for _ in range(2):
        assert recalled(None, [], "f", (NO_TREE, NO_TREE), rules) == {"f": "shapes"}
    assert rules.tried == 2
