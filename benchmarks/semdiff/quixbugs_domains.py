"""What the 40 QuixBugs programs may be called with: our words, typed and constrained, for each.

QuixBugs states preconditions in prose above each program; here they are types and bounds, as the
words of a cell would have them. A row is (parameters, guard, call): the parameters with what
constrains them, the same as an expression (for tools that do not read constraints), and how the
program is called.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["DOMAINS", "Domain", "driver", "wrapper"]


class Domain(NamedTuple):
    parameters: dict[str, tuple[str, str]]
    """Name to (type, arguments of Meta)."""
    guard: str
    call: str
    setup: str = ""


INTS = "list[Annotated[int, Meta(ge=-20, le=20)]]"
SMALL = "Annotated[int, Meta(ge=0, le=4)]"
EDGES = f"list[tuple[{SMALL}, {SMALL}]]"
WEIGHTS = f"dict[tuple[{SMALL}, {SMALL}], Annotated[int, Meta(ge=1, le=9)]]"

GRAPH = """
nodes = [Node(i) for i in range(5)]
for node in nodes:
    node.successors, node.predecessors = [], []
    node.incoming_nodes, node.outgoing_nodes = [], []
for a, b in edges:
    nodes[a].successors.append(nodes[b])
    nodes[b].predecessors.append(nodes[a])
"""
CHAIN = """
nodes = [Node(i) for i in range(size)]
for a, b in zip(nodes, nodes[1:]):
    a.successor = b
"""
ACYCLIC = """
nodes = [Node(i, None, [], [], [], []) for i in range(5)]
for a, b in sorted(set(edges)):
    if a < b:
        nodes[order[a]].outgoing_nodes.append(nodes[order[b]])
        nodes[order[b]].incoming_nodes.append(nodes[order[a]])
"""
WEIGHTED = """
nodes = [Node(i, None, [], [], [], []) for i in range(5)]
Node.__lt__ = lambda self, other: self.value < other.value
lengths = {}
for (a, b), length in weights.items():
    nodes[a].successors.append(nodes[b])
    lengths[nodes[a], nodes[b]] = length
"""


def _d(guard: str, call: str, setup: str = "", **parameters: tuple[str, str]) -> Domain:
    return Domain(parameters, guard, call, setup)


DOMAINS: dict[str, Domain] = {
    "bitcount": _d("0 <= n <= 127", "bitcount(n)", n=("int", "ge=0, le=127")),
    "breadth_first_search": _d(
        "all(0 <= a < 5 and 0 <= b < 5 for a, b in edges) and 0 <= start < 5 and 0 <= goal < 5",
        "breadth_first_search(nodes[start], nodes[goal])",
        GRAPH,
        edges=(EDGES, ""),
        start=(SMALL, ""),
        goal=(SMALL, ""),
    ),
    "bucketsort": _d(
        "all(0 <= x < 8 for x in arr)",
        "bucketsort(arr, 8)",
        arr=("list[Annotated[int, Meta(ge=0, lt=8)]]", ""),
    ),
    "depth_first_search": _d(
        "all(0 <= a < 5 and 0 <= b < 5 for a, b in edges) and 0 <= start < 5 and 0 <= goal < 5",
        "depth_first_search(nodes[start], nodes[goal])",
        GRAPH,
        edges=(EDGES, ""),
        start=(SMALL, ""),
        goal=(SMALL, ""),
    ),
    "detect_cycle": _d(
        "1 <= size <= 6 and -1 <= back < size",
        "detect_cycle(nodes[0])",
        CHAIN + "if 0 <= back < size:\n    nodes[-1].successor = nodes[back]\n",
        size=("int", "ge=1, le=6"),
        back=("int", "ge=-1, le=5"),
    ),
    "find_first_in_sorted": _d(
        "True", "find_first_in_sorted(sorted(arr), x)", arr=(INTS, ""), x=("int", "ge=-20, le=20")
    ),
    "find_in_sorted": _d(
        "True", "find_in_sorted(sorted(arr), x)", arr=(INTS, ""), x=("int", "ge=-20, le=20")
    ),
    "flatten": _d("True", "list(flatten(arr))", arr=("list[int | list[int | list[int]]]", "")),
    "gcd": _d(
        "0 <= a <= 1000 and 0 <= b <= 1000",
        "gcd(a, b)",
        a=("int", "ge=0, le=1000"),
        b=("int", "ge=0, le=1000"),
    ),
    "get_factors": _d("1 <= n <= 1000", "get_factors(n)", n=("int", "ge=1, le=1000")),
    "hanoi": _d(
        "0 <= height <= 5 and 1 <= start <= 3 and 1 <= end <= 3 and start != end",
        "hanoi(height, start, end) if start != end else []",
        height=("int", "ge=0, le=5"),
        start=("int", "ge=1, le=3"),
        end=("int", "ge=1, le=3"),
    ),
    "is_valid_parenthesization": _d(
        "all(c in '()' for c in parens)",
        "is_valid_parenthesization(parens)",
        parens=("str", "pattern=r'\\A[()]*\\Z'"),
    ),
    "kheapsort": _d(
        "0 <= k <= len(arr)",
        "list(kheapsort(arr, min(k, len(arr))))",
        arr=(INTS, ""),
        k=("int", "ge=0, le=6"),
    ),
    "knapsack": _d(
        "0 <= capacity <= 20 and all(1 <= w <= 9 and 1 <= v <= 9 for w, v in items)",
        "knapsack(capacity, items)",
        capacity=("int", "ge=0, le=20"),
        items=(
            "list[tuple[Annotated[int, Meta(ge=1, le=9)], Annotated[int, Meta(ge=1, le=9)]]]",
            "",
        ),
    ),
    "kth": _d(
        "0 <= k < len(arr)",
        "kth(arr, k % len(arr)) if arr else None",
        arr=(INTS, ""),
        k=("int", "ge=0, le=6"),
    ),
    "lcs_length": _d(
        "True", "lcs_length(s, t)", s=("str", "max_length=6"), t=("str", "max_length=6")
    ),
    "levenshtein": _d(
        "len(source) <= 5 and len(target) <= 5",
        "levenshtein(source, target)",
        source=("str", "max_length=5"),
        target=("str", "max_length=5"),
    ),
    "lis": _d("True", "lis(list(dict.fromkeys(arr)))", arr=(INTS, "")),
    "longest_common_subsequence": _d(
        "len(a) <= 5 and len(b) <= 5",
        "longest_common_subsequence(a, b)",
        a=("str", "max_length=5"),
        b=("str", "max_length=5"),
    ),
    "max_sublist_sum": _d("True", "max_sublist_sum(arr)", arr=(INTS, "")),
    "mergesort": _d("True", "mergesort(arr)", arr=(INTS, "")),
    "minimum_spanning_tree": _d(
        "all(0 <= a < 5 and 0 <= b < 5 and 1 <= w <= 9 for (a, b), w in weights.items())",
        "minimum_spanning_tree(weights)",
        weights=(WEIGHTS, ""),
    ),
    "next_palindrome": _d(
        "digits and all(0 <= d <= 9 for d in digits) and digits[0] > 0 and digits == digits[::-1]",
        "next_palindrome([first, *rest, *middle, *rest[::-1], first])",
        first=("int", "ge=1, le=9"),
        rest=("list[Annotated[int, Meta(ge=0, le=9)]]", "max_length=2"),
        middle=("list[Annotated[int, Meta(ge=0, le=9)]]", "max_length=1"),
    ),
    "next_permutation": _d(
        "True",
        "next_permutation(perm)",
        "perm = list(dict.fromkeys(perm))\n",
        perm=(INTS, ""),
    ),
    "pascal": _d("1 <= n <= 8", "pascal(n)", n=("int", "ge=1, le=8")),
    "possible_change": _d(
        "all(1 <= c <= 9 for c in coins) and 0 <= total <= 15",
        "possible_change(coins, total)",
        coins=("list[Annotated[int, Meta(ge=1, le=9)]]", "max_length=4"),
        total=("int", "ge=0, le=15"),
    ),
    "powerset": _d("len(arr) <= 5", "powerset(arr)", arr=(INTS, "max_length=5")),
    "quicksort": _d("True", "quicksort(arr)", arr=(INTS, "")),
    "reverse_linked_list": _d(
        "0 <= size <= 5",
        "listed(reverse_linked_list(nodes[0] if nodes else None))",
        "def listed(node):\n    found = []\n    while node and len(found) < 9:\n"
        "        found.append(node.value)\n        node = node.successor\n    return found\n"
        + CHAIN,
        size=("int", "ge=0, le=5"),
    ),
    "rpn_eval": _d(
        "True",
        "rpn_eval(tokens)",
        "tokens = [first]\nfor number, sign in rest:\n    tokens += [number, sign]\n",
        first=("float", "ge=-9, le=9"),
        rest=(
            "list[tuple[Annotated[float, Meta(ge=1, le=9)], Literal['+', '-', '*', '/']]]",
            "max_length=4",
        ),
    ),
    "shortest_path_length": _d(
        "all(0 <= a < 5 and 0 <= b < 5 and 1 <= w <= 9 for (a, b), w in weights.items()) "
        "and 0 <= start < 5 and 0 <= goal < 5",
        "shortest_path_length(lengths, nodes[start], nodes[goal])",
        WEIGHTED,
        weights=(WEIGHTS, "min_length=1, max_length=8"),
        start=(SMALL, ""),
        goal=(SMALL, ""),
    ),
    "shortest_path_lengths": _d(
        "all(0 <= a < 5 and 0 <= b < 5 and 1 <= w <= 9 for (a, b), w in weights.items())",
        "dict(shortest_path_lengths(5, weights))",
        weights=(WEIGHTS, "max_length=8"),
    ),
    "shortest_paths": _d(
        "all(0 <= a < 5 and 0 <= b < 5 and 1 <= w <= 9 for (a, b), w in weights.items())",
        "shortest_paths(source, weights)",
        source=(SMALL, ""),
        weights=(WEIGHTS, "max_length=8"),
    ),
    "shunting_yard": _d(
        "True",
        "shunting_yard(tokens)",
        "tokens = [first]\nfor sign, number in rest:\n    tokens += [sign, number]\n",
        first=("int", "ge=0, le=9"),
        rest=(
            "list[tuple[Literal['+', '-', '*', '/'], Annotated[int, Meta(ge=0, le=9)]]]",
            "max_length=4",
        ),
    ),
    "sieve": _d("0 <= max <= 50", "sieve(max)", max=("int", "ge=0, le=50")),
    "sqrt": _d(
        "1 <= x <= 100 and 0.001 <= epsilon <= 0.5",
        "sqrt(x, epsilon)",
        x=("float", "ge=1, le=100"),
        epsilon=("float", "ge=0.001, le=0.5"),
    ),
    "subsequences": _d(
        "0 <= a <= 6 and 0 <= b <= 8 and 0 <= k <= 4",
        "subsequences(a, b, k)",
        a=("int", "ge=0, le=6"),
        b=("int", "ge=0, le=8"),
        k=("int", "ge=0, le=4"),
    ),
    "to_base": _d(
        "0 <= num <= 10000 and 2 <= b <= 36",
        "to_base(num, b)",
        num=("int", "ge=0, le=10000"),
        b=("int", "ge=2, le=36"),
    ),
    "topological_ordering": _d(
        "all(0 <= a < 5 and 0 <= b < 5 for a, b in edges) and sorted(order) == [0, 1, 2, 3, 4]",
        "[it.value for it in topological_ordering(nodes)]",
        "order = [*dict.fromkeys(order), *(i for i in range(5) if i not in order)]\n" + ACYCLIC,
        edges=(EDGES, ""),
        order=(f"list[{SMALL}]", ""),
    ),
    "wrap": _d(
        "1 <= cols <= 20",
        "wrap(text, cols)",
        text=("str", "max_length=40"),
        cols=("int", "ge=1, le=20"),
    ),
}


def driver(name: str) -> str:
    """The typed entry point of a program, with its constraints, as a module of its own."""
    domain = DOMAINS[name]
    parameters = ", ".join(
        f"{it}: {f'Annotated[{kind}, Meta({meta})]' if meta else kind}"
        for it, (kind, meta) in domain.parameters.items()
    )
    return "\n".join([
        "from typing import Annotated, Literal",
        "from msgspec import Meta",
        *(["from node import Node"] if "Node" in domain.setup else []),
        f"import {name} as program",
        "",
        f"def entry({parameters}):",
        *(f"    {line}" for line in domain.setup.strip().splitlines()),
        _called(name, domain),
    ])  # fmt: skip


def _called(name: str, domain: Domain) -> str:
    """The program's name may stand inside of an expression."""
    call = domain.call.replace(f"{name}(", f"program.{name}(", 1)
    return f"    return {call}"


def wrapper(name: str, module: str) -> str:
    """The same entry for CrossHair: plain types, and the constraints as a guard that both share."""
    domain = DOMAINS[name]
    plain = {it: _plain(kind) for it, (kind, _) in domain.parameters.items()}
    parameters = ", ".join(f"{it}: {kind}" for it, kind in plain.items())
    guard = domain.guard
    if any(it not in domain.parameters for it in _names(guard)):
        guard = _guard(domain)
    return "\n".join([
        "from typing import Literal",
        *(["from node import Node"] if "Node" in domain.setup else []),
        f"import {module} as program",
        "",
        f"def entry({parameters}):",
        f"    if not ({guard}):",
        "        return None",
        *(f"    {line}" for line in domain.setup.strip().splitlines()),
        _called(name, domain),
    ])  # fmt: skip


def _plain(kind: str) -> str:
    for text, short in ((SMALL, "int"), ("Annotated[int, Meta(ge=-20, le=20)]", "int")):
        kind = kind.replace(text, short)
    while "Annotated[" in kind:
        before, _, after = kind.partition("Annotated[")
        inner, _, rest = after.partition(", Meta(")
        kind = before + inner + rest.partition(")]")[2]
    return kind


def _names(guard: str) -> set[str]:
    import ast

    return {
        it.id
        for it in ast.walk(ast.parse(guard, mode="eval"))
        if isinstance(it, ast.Name) and it.id == "digits"
    }


def _guard(domain: Domain) -> str:
    return "1 <= first <= 9 and all(0 <= d <= 9 for d in rest + middle) and len(middle) <= 1"
