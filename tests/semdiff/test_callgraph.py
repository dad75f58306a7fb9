"""Reaching: along mentions, along calls only when code runs, and surely only along known ways."""

import pytest

from monocyte.semdiff.callgraph import Graph, How, Site


def graph(how: How, *, runs: bool = True) -> Graph:
    """Two nodes and an edge; the second touches the network."""
    made = Graph()
    made.node("m:a", "m.py", 1)
    made.node("m:b", "m.py", 5)
    made.link("m:a", "m:b", 2, how)
    made.touch("m:b", Site("network", 6, "socket.socket", runs))
    return made


@pytest.mark.parametrize(
    ("how", "mentioning", "running", "surely"),
    [
        (How.MENTIONS, True, False, True),
        (How.CALLS, True, True, True),
        (How.RESULT, True, True, True),
        (How.IMPORTS, True, True, True),
        (How.MAYBE, True, False, False),
        (How.MAYBE_CALLS, True, True, False),
    ],
)
def test_who_reaches_along_which_edge(
    how: How, mentioning: bool, running: bool, surely: bool
) -> None:
    """To mention is to reach; to run, somebody must call; to be sure, the way must be known."""
    made = graph(how)
    assert ("network" in made.reach("m:a")) is mentioning
    assert ("network" in made.reach("m:a", running=True)) is running
    assert ("network" in made.reach("m:a", surely=True)) is surely


@pytest.mark.parametrize("how", list(How))
@pytest.mark.parametrize("runs", [True, False])
@pytest.mark.parametrize("surely", [True, False])
def test_one_pass_for_all_agrees_with_one_walk_each(how: How, runs: bool, surely: bool) -> None:
    """The fast way backwards and the way forwards find the same."""
    made = graph(how, runs=runs)
    states = [(node, running) for node in ("m:a", "m:b") for running in (False, True)]
    fast = made.reach_all(states, surely=surely)
    for node, running in states:
        slow = made.reach(node, running=running, surely=surely)
        assert fast[node, running] == slow.keys()


def test_an_import_runs_a_module_and_not_what_it_defines() -> None:
    """What a module merely mentions is not done by importing it."""
    assert "network" not in graph(How.IMPORTS, runs=False).reach("m:a")


def test_the_shortest_path_is_told() -> None:
    """Each step says where it is and what is named there."""
    (path,) = graph(How.CALLS).reach("m:a").values()
    assert [(s.node, s.file, s.line, s.what) for s in path] == [
        ("m:a", "m.py", 2, "b"),
        ("m:b", "m.py", 6, "socket.socket"),
    ]


def test_a_circle_ends() -> None:
    """Functions that call each other are no trap."""
    made = graph(How.CALLS)
    made.link("m:b", "m:a", 7, How.CALLS)
    assert made.reach("m:b").keys() == {"network"}
