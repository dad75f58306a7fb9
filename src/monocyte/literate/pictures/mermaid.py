"""Pictures and maps as the text of Mermaid flowcharts, for tools that draw those.

Identifiers are numbers, and names stand in quotes with everything escaped that Mermaid could take
for its own syntax; so no name is reserved. Nothing here is drawn, and nothing is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from monocyte.literate.pictures.cells import Derived, Kind, Node
from monocyte.literate.pictures.maps import Tie

__all__ = ["mermaid", "mermaid_map"]

SHAPES = {
    Kind.PERSON: ("((", "))"),
    Kind.CLOCK: ("((", "))"),
    Kind.COMMAND: ("[", "]"),
    Kind.QUERY: ("[/", "/]"),
    Kind.HEARD: ("[[", "]]"),
    Kind.ASKED: ("[[", "]]"),
    Kind.FUNCTION: ("(", ")"),
    Kind.EVENT: ("{{", "}}"),
    Kind.EVOLVER: ("(", ")"),
}
"""The brackets of each kind of thing."""

PLAIN = frozenset(" .,:_-")
"""What may stand in a quoted name beside letters and digits."""


def mermaid(derived: Derived) -> str:
    """The picture of a cell: every thing once, every arrow once, in the order of the source."""
    things = {node.name: node for row in reversed(derived.rows) for node in reversed(row.nodes)}
    names = dict.fromkeys(name for row in derived.rows for name in row.names)
    numbers = {name: n for n, name in enumerate(names)}
    lines = ["flowchart LR", *(_thing(n, things[name]) for name, n in numbers.items())]
    for edge, (_, target) in derived.edges.items():
        arrow = "-.->" if target.kind is Kind.ASKED else "-->"
        lines.append(f"    n{numbers[edge.source]} {arrow} n{numbers[edge.target]}")
    return "\n".join(lines) + "\n"


def mermaid_map(cells: Sequence[str], ties: Iterable[Tie]) -> str:
    """The map of an app: what is asked is dashed, what is told is not."""
    ties = list(ties)
    names = dict.fromkeys([*cells, *(name for tie in ties for name in tie[:2])])
    numbers = {name: n for n, name in enumerate(names)}
    groups: dict[tuple[str, str, str], list[str]] = {}
    for tie in ties:
        groups.setdefault(tie[:3], []).append(tie.name)
    lines = ["flowchart TB", *(f'    n{n}["{quoted(name)}"]' for name, n in numbers.items())]
    lines += _wires(groups.items(), numbers)
    return "\n".join(lines) + "\n"


def _thing(number: int, node: Node) -> str:
    opening, closing = SHAPES[node.kind]
    return f'    n{number}{opening}"{quoted(node.name)}"{closing}'


def _wires(
    groups: Iterable[tuple[tuple[str, str, str], list[str]]], numbers: dict[str, int]
) -> Iterator[str]:
    for (source, target, kind), names in groups:
        arrow = "-.->" if kind == "asks" else "-->"
        said = quoted(", ".join(names))
        yield f'    n{numbers[source]} {arrow}|"{said}"| n{numbers[target]}'


def quoted(name: str) -> str:
    """A name as it may stand in quotes: what is neither letter nor digit as its number."""
    return "".join(c if c.isalnum() or c in PLAIN else f"#{ord(c)};" for c in name)
