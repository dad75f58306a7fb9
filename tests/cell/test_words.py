"""States and records: what can be kept, and what is refused at load."""

import pytest

from tests.cell.apps import HEAD, App

REFUSED = {
    "a plain class": (
        "class C: ...\ncell = Cell('shop', state=C) #!\n",
        "the state cannot be a C",
        "instead of C use dict, list, set, tuple, a Value or a State",
    ),
    "a plain class inside": (
        (
            "class C: ...\nclass S(State):\n    a: int = 1\n    b: dict[str, C] = {} #!\n"
            "cell = Cell('shop', state=S)\n"
        ),
        "S.b cannot be a dict[str, ",
        "instead of C",
    ),
    "a deque": (
        "from collections import deque\ncell = Cell('shop', state=deque[int]) #!\n",
        "the state cannot be a ",
        "instead of deque",
    ),
    "a defaultdict": (
        (
            "from collections import defaultdict\n"
            "class S(State):\n    b: defaultdict[str, int] = defaultdict(int) #!\n"
            "cell = Cell('shop', state=S)\n"
        ),
        "S.b cannot be a ",
        "instead of defaultdict",
    ),
    "of anything": (
        "cell = Cell('shop', state=dict[str, Any]) #!\n",
        "the state cannot be a dict[",
        "say the type",
    ),
    "of objects": (
        "cell = Cell('shop', state=list[object]) #!\n",
        "the state cannot be a list[object]",
        "say the type",
    ),
    "a bare dict": (
        "cell = Cell('shop', state=dict) #!\n",
        "the state cannot be a dict",
        "say what the dict holds: dict[...]",
    ),
    "an untagged union inside": (
        "class A(Value): ...\nclass B(Value): ...\ncell = Cell('shop', state=list[A | B]) #!\n",
        "the state cannot be a list[",
        "tag",
    ),
    "a Map by values": (
        "class K(Value): ...\ncell = Cell('shop', state=Map[K, int]) #!\n",
        "the state cannot be a ",
        "the keys of a Map are scalars",
    ),
    "a field without a default": (
        "class S(State):\n    a: int\ncell = Cell('shop', state=S) #!\n",
        "the initial state cannot be made: S() says Missing required argument 'a'",
        "give every field a default",
    ),
    "a default of another type": (
        "class S(State):\n    a: int = 'one'\ncell = Cell('shop', state=S) #!\n",
        "the initial state is no S",
        "a default that fits its type",
    ),
    "a default that cannot be kept": (
        "class S(State):\n    a: int = 2 ** 80\ncell = Cell('shop', state=S) #!\n",
        "the initial state is no S",
        "a default that fits its type",
    ),
    "that fails": (
        (
            "class S(State):\n    a: int = 1\n"
            "    def __post_init__(self):\n        raise OSError('no')\n"
            "cell = Cell('shop', state=S) #!\n"
        ),
        "the initial state cannot be made: S() says no",
        "give every field a default",
    ),
    "a fixed tuple": (
        "cell = Cell('shop', state=tuple[int, str]) #!\n",
        "the initial state is no tuple[int, str]",
        "a default that fits its type",
    ),
    "a union": (
        "cell = Cell('shop', state=int | None) #!\n",
        "the initial state cannot be made",
        "give every field a default",
    ),
    "a faulty record deep inside": (
        (
            "class V(Value):\n    b: list[int] #!\n"
            "class S(State):\n    vs: dict[int, tuple[V, ...]] = {}\ncell = Cell('shop', state=S)\n"
        ),
        "V.b cannot be a list[int]",
        "tuple",
    ),
    "a record that cannot be told apart, deep inside": (
        (
            "class A(Value): ...\nclass B(Value): ...\n"
            "class V(Value):\n    b: A | B #!\n"
            "cell = Cell('shop', state=dict[int, V])\n"
        ),
        "V.b cannot be a A | B",
        "tag",
    ),
    "a faulty field of a dataclass": (
        (
            "from dataclasses import dataclass\n"
            "@dataclass\nclass D:\n    b: object #!\n"
            "cell = Cell('shop', state=list[D])\n"
        ),
        "D.b cannot be a object",
        "say the type",
    ),
    "a faulty field of a NamedTuple": (
        (
            "from typing import NamedTuple\n"
            "class N(NamedTuple):\n    b: range #!\n"
            "cell = Cell('shop', state=list[N])\n"
        ),
        "N.b cannot be a range",
        "instead of range",
    ),
}


@pytest.mark.parametrize(("source", "message", "mend"), REFUSED.values(), ids=REFUSED.keys())
def test_a_state_that_cannot_be_kept_is_refused(
    app: App, source: str, message: str, mend: str
) -> None:
    """A state must be made from nothing, and come back from the journal as it was."""
    loaded = app.load(shop=HEAD + source)
    assert loaded.manifests == ()
    assert len(loaded.faults) == 1, [*map(str, loaded.faults)]
    (fault,) = loaded.faults
    assert message in fault.message
    assert mend in fault.mend
    assert [fault.where] == app.marked("shop")


KEPT = {
    "nothing": "cell = Cell('shop')\n",
    "a number": "cell = Cell('shop', state=int)\n",
    "a dict of records": (
        "class V(Value):\n    a: int\ncell = Cell('shop', state=dict[int, V | None])\n"
    ),
    "a dict by tuples": "cell = Cell('shop', state=dict[tuple[str, int], set[bytes]])\n",
    "an immutable one": "cell = Cell('shop', state=Map[str, tuple[int, ...]])\n",
    "a State": (
        "class S(State):\n    a: dict[str, list[int]] = {}\n    b: datetime | None = None\n"
        "cell = Cell('shop', state=S)\n"
    ),
    "a State that holds itself": (
        "class S(State):\n    inner: dict[str, 'S'] = {}\ncell = Cell('shop', state=S)\n"
    ),
    "tagged records": (
        "class A(Value, tag=True): ...\nclass B(Value, tag=True): ...\n"
        "cell = Cell('shop', state=list[A | B])\n"
    ),
    "a dataclass": (
        "from dataclasses import dataclass, field\n@dataclass\nclass S:\n"
        "    a: list[int] = field(default_factory=list)\ncell = Cell('shop', state=S)\n"
    ),
    "constrained fields": (
        "from typing import Annotated\nfrom msgspec import Meta\n"
        "class S(State):\n    a: Annotated[int, Meta(ge=0)] = 0\ncell = Cell('shop', state=S)\n"
    ),
    "a generic record": (
        "from typing import Generic, TypeVar\nT = TypeVar('T')\n"
        "class Page(Value, Generic[T]):\n    items: tuple[T, ...]\n"
        "cell = Cell('shop', state=list[Page[int]])\n"
    ),
}


@pytest.mark.parametrize("source", KEPT.values(), ids=KEPT.keys())
def test_a_state_that_can_be_kept_is_loaded(app: App, source: str) -> None:
    """What the journal brings back as it was is a good state."""
    loaded = app.load(shop=HEAD + source)
    assert loaded.faults == ()
    assert [manifest.name for manifest in loaded.manifests] == ["shop"]


def test_a_shared_record_is_blamed_where_it_stands(app: App) -> None:
    """A Value of a helper module is judged with the cells that use it, and reported once."""
    app.write("units.py", "from monocyte import Value\nclass Bag(Value):\n    a: list[int] #!\n")
    uses = "from {app} import units\nclass E(Event):\n    bag: units.Bag\ncell = Cell('%s')\n"
    loaded = app.load(shop=HEAD + uses % "shop", store=HEAD + uses % "store")
    assert [fault.where for fault in loaded.faults] == app.marked("units")
    assert loaded.manifests == ()


def test_a_neighbour_answers_for_its_own_words(app: App) -> None:
    """A faulty word does not stain who merely mentions it."""
    faulty = "class Bag(Value):\n    a: list[int] #!\ncell = Cell('store')\n"
    uses = "from {app}.store import Bag\nclass E(Event):\n    bag: Bag\ncell = Cell('shop')\n"
    loaded = app.load(shop=HEAD + uses, store=HEAD + faulty)
    assert [fault.where for fault in loaded.faults] == app.marked("store")
    assert [manifest.name for manifest in loaded.manifests] == ["shop"]


def test_an_undefined_name_is_reported_where_it_is_written(app: App) -> None:
    """Who holds such a record cannot be judged, and is not blamed."""
    outer = (
        "class Inner(Value):\n    a: 'Nobody' #!\nclass V(Value):\n    inner: Inner\n"
        "cell = Cell('shop')\n"
    )
    loaded = app.load(shop=HEAD + outer)
    assert [fault.where for fault in loaded.faults] == app.marked("shop")


@pytest.mark.parametrize("field", ["'Nobody'", "A | B"])
def test_a_state_of_a_neighbours_faulty_words(app: App, field: str) -> None:
    """It cannot be kept, and the loader survives to say so."""
    faulty = (
        "class A(Value): ...\nclass B(Value): ...\n"
        f"class Bag(Value):\n    a: {field} #!\ncell = Cell('store')\n"
    )
    keeps = "from {app}.store import Bag\ncell = Cell('shop', state=dict[int, Bag]) #!\n"
    loaded = app.load(shop=HEAD + keeps, store=HEAD + faulty)
    assert [fault.where for fault in loaded.faults] == app.marked("shop") + app.marked("store")
