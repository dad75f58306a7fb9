"""What rules made equal is found again as long as nothing that they asked has another answer."""

import ast
from collections.abc import Iterator

import pytest

from monocyte.semdiff.definitions import Definitions
from monocyte.semdiff.diff import Row, _Pair, diff_trees
from monocyte.semdiff.normal.imports import NO_TREE, Imports
from monocyte.semdiff.recalling import Settled, Sides, recalled
from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.verdicts import Finding


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


PATCHING = {"p.py": "import builtins\nbuiltins.int = str\n"}
CYCLE = {"a.py": "import c\nc.x = 1\nprint(1)\n", "c.py": "import a\nx = 2\nprint(2)\n"}


@pytest.mark.parametrize(
    ("old", "new", "others"),
    [
        ("def f(a: int):\n    return a\n", 'def f(a: "int"):\n    return a\n', PATCHING),
        ("def f(a: int):\n    return a\n", "def f(a):\n    return a\n", PATCHING),
        ("import a\nimport c\n", "import c\nimport a\n", CYCLE),
    ],
)
def test_what_is_the_same_alone_is_not_so_beside_others(
    old: str, new: str, others: dict[str, str]
) -> None:
    """A file that was compared where nothing disturbs it is compared again where something does."""
    memory = Memory()

    def told(others: dict[str, str], shelf: Memory | None) -> list[Finding]:
        ours, theirs = (from_texts({"m.py": it, **others}) for it in (old, new))
        return list(diff_trees(ours, theirs, shelf))

    assert told({}, memory) != told(others, None)
    for _ in range(2):
        assert told(others, memory) == told(others, None)
        assert told({}, memory) == told({}, None)


def test_a_file_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In whatever tree it is met again, unless a name came or went: that is looked for anew."""
    compared: list[str] = []
    plain = _Pair._compared

    def counted(self: _Pair, old: Definitions, new: Definitions) -> Iterator[Row]:
        compared.append(self.path)
        return plain(self, old, new)

    monkeypatch.setattr(_Pair, "_compared", counted)
    memory = Memory()
    old = {"m.py": "def f(a):\n    return a\n", "n.py": "x = 1\n", "o.py": "def g(): 1\n"}
    new = {"m.py": "def f(a):\n    return a + 1\n", "n.py": "x = 1\n", "o.py": "def h(): 1\n"}
    first = list(diff_trees(from_texts(old), from_texts(new), memory))
    assert compared == ["m.py", "o.py"]
    edited = new | {"n.py": "x = 2\n"}
    found = list(diff_trees(from_texts(old), from_texts(edited), memory))
    assert compared == ["m.py", "o.py", "n.py", "o.py"]
    assert found == list(diff_trees(from_texts(old), from_texts(edited)))
    assert [it for it in found if it.definition == "f"] == [
        it for it in first if it.definition == "f"
    ]
