"""Faulty cells: each is refused at load with what is wrong, the exact line, and what to do."""

import pytest

from tests.cell.apps import SHOP, App

Row = tuple[str, str, str]
"""What is added to a sound cell (the faulty line ends in #!), the message, the mend."""

FUNCTIONS: dict[str, Row] = {
    "two handlers": (
        "@cell.handles #!\ndef again(it: Make, s: S) -> Made: ...\n",
        "Make has two handlers",
        "delete one; the first is at",
    ),
    "unannotated parameter": (
        (
            "class Ask2(Query[int]): ...\n"
            "@cell.handles #!\ndef ask2(it: Ask2, s: S, caller) -> int: ...\n"
        ),
        "parameter caller of ask2 has no annotation",
        "with a message, the state, or a port",
    ),
    "unannotated message": (
        "@cell.handles #!\ndef sell(it, s: S) -> Made: ...\n",
        "parameter it of sell has no annotation",
        "annotate it",
    ),
    "lambda": (
        "cell.handles(lambda it: None) #!\n",
        "a lambda cannot say what it handles",
        "write a def with annotations",
    ),
    "no return annotation": (
        "class Count(Query[int]): ...\n@cell.handles #!\ndef count(it: Count, s: S): ...\n",
        "count does not say what it returns",
        "annotate its result",
    ),
    "no parameter": (
        "@cell.handles #!\ndef nothing() -> None: ...\n",
        "nothing consumes nothing",
        "its first parameter must be a Command or a Query of this cell",
    ),
    "unknown port": (
        (
            "class Count(Query[int]): ...\n"
            "@cell.handles #!\ndef count(it: Count, s: S, log: print) -> int: ...\n"
        ),
        "parameter log of count asks for an unknown port",
        "the ports are Caller, Clock, Ids, Ask, Files",
    ),
    "another state": (
        (
            "class Count(Query[int]): ...\n"
            "@cell.handles #!\ndef count(it: Count, s: dict[str, int]) -> int: ...\n"
        ),
        "asks for an unknown port dict[str, int]",
        "the state is dict[int, int]",
    ),
    "event nobody can apply": (
        (
            "class Sold(Event): ...\nclass Sell(Command[Sold]): ...\n"
            "@cell.handles #!\ndef sell(it: Sell) -> Sold: ...\n"
        ),
        "nobody can apply Sold",
        "declare @cell.evolves for it in this cell",
    ),
    "message nobody handles": (
        "class Sell(Command[Made]): #!\n    id: int\n",
        "nobody handles Sell",
        "declare @cell.handles for it, or delete it",
    ),
    "handler of an event": (
        "@cell.handles #!\ndef made(it: Made, s: S) -> None: ...\n",
        "made consumes Made",
        "must be a Command or a Query of this cell",
    ),
    "wrong reply": (
        "class Count(Query[int]): ...\n@cell.handles #!\ndef count(it: Count) -> str: ...\n",
        "count returns str, but is to answer int",
        "-> int",
    ),
    "query that emits": (
        (
            "class Count(Query[int]): ...\n"
            "@cell.handles #!\ndef count(it: Count) -> tuple[int, Made]: ...\n"
        ),
        "count answers a query and cannot emit events",
        "make the message a Command",
    ),
    "event that is answered only": (
        (
            "class Sold(Event): ...\nclass Sell(Command[Sold]): ...\n"
            "@cell.evolves\ndef sold(it: Sold, s: S) -> None: ...\n"
            "@cell.handles #!\ndef sell(it: Sell) -> tuple[Sold, Made]: ...\n"
        ),
        "sell answers Sold without emitting it",
        "-> tuple[Sold, Sold, ...]",
    ),
    "sync handler that asks": (
        (
            "class Count(Query[int]): ...\n"
            "@cell.handles #!\ndef count(it: Count, ask: Ask) -> int: ...\n"
        ),
        "count waits for Ask and must be async",
        "async def count",
    ),
    "sync handler with files": (
        (
            "class Count(Query[int]): ...\n"
            "@cell.handles #!\ndef count(it: Count, f: Files) -> int: ...\n"
        ),
        "count waits for Files and must be async",
        "async def count",
    ),
    "*args": (
        (
            "class Count(Query[int]): ...\n"
            "@cell.handles #!\ndef count(it: Count, *args: Caller) -> int: ...\n"
        ),
        "parameter args of count cannot be passed by name",
        "no *, ** or /",
    ),
    "positional only": (
        "class Count(Query[int]): ...\n@cell.handles #!\ndef count(it: Count, /) -> int: ...\n",
        "parameter it of count cannot be passed by name",
        "no *, ** or /",
    ),
    "generator": (
        (
            "from collections.abc import Iterator\n"
            "class Sell(Command[None]): ...\n"
            "@cell.handles #!\ndef sell(it: Sell) -> None:\n    yield Made(1)\n"
        ),
        "sell yields, so nobody would run it to its end",
        "return what it makes",
    ),
    "async generator": (
        (
            "class Sell(Command[None]): ...\n"
            "@cell.handles #!\nasync def sell(it: Sell) -> None:\n    yield Made(1)\n"
        ),
        "sell yields",
        "return what it makes",
    ),
    "nested function": (
        (
            "class Count(Query[int]): ...\n"
            "def outer():\n    @cell.handles #!\n    def count(it: Count) -> int: ...\nouter()\n"
        ),
        "outer.<locals>.count is inside of a function or class",
        "move it to the top level of the file",
    ),
    "method": (
        (
            "class Count(Query[int]): ...\n"
            "class Shop:\n    @cell.handles #!\n    def count(it: Count) -> int: ...\n"
        ),
        "Shop.count is inside of a function or class",
        "move it to the top level of the file",
    ),
    "undefined name, quoted": (
        (
            "class Count(Query[int]): ...\n"
            "@cell.handles #!\ndef count(it: Count, c: 'Coller') -> int: ...\n"
        ),
        "an annotation of count cannot be read: name 'Coller' is not defined",
        "import or define what it names",
    ),
    "no function at all": (
        "cell.handles(Caller) #!\n",
        "@handles needs a function, not a ",
        "put it right above a def",
    ),
}

EVOLVERS: dict[str, Row] = {
    "async": (
        "class Sold(Event): ...\n@cell.evolves #!\nasync def sold(it: Sold, s: S) -> None: ...\n",
        "sold cannot be async",
        "make it a plain def",
    ),
    "wrong second parameter": (
        "class Sold(Event): ...\n@cell.evolves #!\ndef sold(it: Sold, s: int) -> None: ...\n",
        "sold must take its event and the state, and nothing else",
        "annotate the second parameter as dict[int, int]",
    ),
    "no second parameter": (
        "class Sold(Event): ...\n@cell.evolves #!\ndef sold(it: Sold) -> None: ...\n",
        "sold must take its event and the state",
        "annotate the second parameter as dict[int, int]",
    ),
    "unannotated state": (
        "class Sold(Event): ...\n@cell.evolves #!\ndef sold(it: Sold, s) -> None: ...\n",
        "parameter s of sold has no annotation",
        "annotate it",
    ),
    "a port": (
        (
            "class Sold(Event): ...\n"
            "@cell.evolves #!\ndef sold(it: Sold, s: S, c: Clock) -> None: ...\n"
        ),
        "sold must take its event and the state",
        "annotate the second parameter",
    ),
    "returns an event": (
        "class Sold(Event): ...\n@cell.evolves #!\ndef sold(it: Sold, s: S) -> Made: ...\n",
        "sold must return None or the next state",
        "-> dict[int, int]",
    ),
    "no return annotation": (
        "class Sold(Event): ...\n@cell.evolves #!\ndef sold(it: Sold, s: S): ...\n",
        "sold does not say what it returns",
        "-> None if there is none",
    ),
    "of a command": (
        "@cell.evolves #!\ndef sold(it: Make, s: S) -> None: ...\n",
        "sold consumes Make",
        "must be an Event of this cell",
    ),
    "two": (
        "@cell.evolves #!\ndef again(it: Made, s: S) -> None: ...\n",
        "Made has two evolvers",
        "make them one",
    ),
}

TIMERS: dict[str, Row] = {
    "zero period": (
        "@cell.every(timedelta(0)) #!\ndef tidy(it: Tick) -> None: ...\n",
        "a timer needs a period above zero",
        "like timedelta(hours=1)",
    ),
    "negative period": (
        "@cell.every(timedelta(-1)) #!\ndef tidy(it: Tick) -> None: ...\n",
        "a timer needs a period above zero",
        "timedelta",
    ),
    "period in seconds": (
        "@cell.every(60) #!\ndef tidy(it: Tick) -> None: ...\n",
        "a timer needs a period above zero",
        "timedelta",
    ),
    "wrong first parameter": (
        "@cell.every(timedelta(1)) #!\ndef tidy(it: Made) -> None: ...\n",
        "tidy is called by the clock",
        "annotate its first parameter as Tick",
    ),
    "after a tick": (
        "@cell.after(timedelta(1)) #!\ndef tidy(it: Tick) -> None: ...\n",
        "tidy consumes Tick",
        "must be an Event of this cell",
    ),
    "after a negative delay": (
        "@cell.after(timedelta(-1)) #!\ndef tidy(it: Made) -> None: ...\n",
        "a timer needs a delay that is not negative",
        "a function of the event",
    ),
    "after no delay": (
        "@cell.after(3) #!\ndef tidy(it: Made) -> None: ...\n",
        "a timer needs a delay",
        "timedelta",
    ),
    "two of a name": (
        (
            "@cell.every(timedelta(1))\ndef tidy(it: Tick) -> None: ...\n"
            "@cell.after(timedelta(1)) #!\ndef tidy(it: Made) -> None: ...\n"
        ),
        "two timers are called tidy",
        "rename one; the first is at",
    ),
    "emits what nobody applies": (
        (
            "class Sold(Event): ...\n"
            "@cell.every(timedelta(1)) #!\ndef tidy(it: Tick) -> Sold | None: ...\n"
        ),
        "nobody can apply Sold",
        "declare @cell.evolves",
    ),
    "returns a value": (
        "@cell.every(timedelta(1)) #!\ndef tidy(it: Tick) -> int: ...\n",
        "tidy returns int, but is to answer None",
        "-> Event",
    ),
    "every without its period": (
        "@cell.every #!\ndef tidy(it: Tick) -> None: ...\n",
        "@every stands above no function",
        "@cell.every(...) above a def",
    ),
    "after without its delay": (
        "@cell.after #!\ndef tidy(it: Made) -> None: ...\n",
        "@after stands above no function",
        "@cell.after(...) above a def",
    ),
}

SCENARIOS: dict[str, Row] = {
    "no parameter": (
        "@cell.scenario #!\ndef works() -> None: ...\n",
        "works must be a plain function of one parameter",
        "def (lab: World) -> None",
    ),
    "async: it would never run": (
        "@cell.scenario #!\nasync def works(lab: Any) -> None: ...\n",
        "works must be a plain function of one parameter",
        "def (lab: World) -> None",
    ),
    "generator: it would never run": (
        "@cell.scenario #!\ndef works(lab: Any) -> None:\n    yield\n",
        "works yields",
        "return what it makes",
    ),
}

WORDS: dict[str, Row] = {
    "list": (
        "class V(Value):\n    a: int\n    b: list[int] #!\n",
        "V.b cannot be a list[int]",
        "tuple",
    ),
    "dict": ("class V(Value):\n    b: dict[str, int] #!\n", "V.b cannot be a dict[", "Map[K, V]"),
    "set": ("class V(Value):\n    b: set[int] #!\n", "V.b cannot be a set[int]", "frozenset"),
    "Any": ("class V(Value):\n    b: Any #!\n", "V.b cannot be a", "say the type"),
    "nested": (
        "class V(Value):\n    b: tuple[int | list[int], ...] #!\n",
        "V.b cannot be a tuple[int | list[int], ...]",
        "tuple",
    ),
    "in a Map": ("class V(Value):\n    b: Map[str, list[int]] #!\n", "V.b cannot be a", "tuple"),
    "a class": (
        "class C: ...\nclass V(Value):\n    b: C #!\n",
        "V.b cannot be a C",
        "use a Value",
    ),
    "a State": ("class V(Value):\n    b: State #!\n", "V.b cannot be a State", "use a Value"),
    "of an event": ("class E(Event):\n    b: list[int] #!\n", "E.b cannot be a list[int]", "tuple"),
    "thawed": ("class V(Value, frozen=False): #!\n    b: int\n", "V is not frozen", "frozen=False"),
    "written twice: the last one counts": (
        "class V(Value):\n    b: int\nclass V(Value, frozen=False): #!\n    b: int\n",
        "V is not frozen",
        "frozen=False",
    ),
    "a docstring that looks like a field": (
        'class V(Value):\n    """b: what it is."""\n\n    b: list[int] #!\n',
        "V.b cannot be a list[int]",
        "tuple",
    ),
    "untagged union in a field": (
        "class A(Value): ...\nclass B(Value): ...\nclass V(Value):\n    b: A | B #!\n",
        "V.b cannot be a ",
        "class X(Value, tag=True)",
    ),
    "undefined name": (
        "class V(Value):\n    a: int\n    b: 'Nobody' #!\n",
        "V: an annotation cannot be read: name 'Nobody' is not defined",
        "import or define what it names",
    ),
    "no answer": (
        "class Count(Query): #!\n    ...\n@cell.handles\ndef count(it: Count) -> int: ...\n",
        "Count does not say what it is answered with",
        "class Count(Query[R])",
    ),
    "mutable answer": (
        (
            "class Count(Query[list[int]]): #!\n    ...\n"
            "@cell.handles\ndef count(it: Count) -> list[int]: ...\n"
        ),
        "the answer of Count cannot be a list[int]",
        "tuple",
    ),
    "answer that the codec cannot carry": (
        (
            "class Count(Query[str | datetime]): #!\n    ...\n"
            "@cell.handles\ndef count(it: Count) -> str: ...\n"
        ),
        "the answer of Count cannot be a str | datetime",
        "keep one of them",
    ),
    "untagged union as answer": (
        (
            "class A(Value): ...\nclass B(Value): ...\nclass Count(Query[A | B]): #!\n    ...\n"
            "@cell.handles\ndef count(it: Count) -> A: ...\n"
        ),
        "the answer of Count cannot be a ",
        "class X(Value, tag=True)",
    ),
    "version in the wrong place": (
        "class E(Event):\n    __version__: int = 2 #!\n",
        "the version of E is no whole number above zero",
        "__version__: ClassVar[int] = 2",
    ),
    "version zero": (
        "class E(Event):\n    __version__: ClassVar[int] = 0 #!\n",
        "the version of E is no whole number above zero",
        "ClassVar[int]",
    ),
}

UPCASTS: dict[str, Row] = {
    "unknown event": (
        "@cell.upcasts('Mode', version=1) #!\ndef old(old: dict[str, object]) -> Any: ...\n",
        "this cell has no event Mode to upcast",
        "its events are Made",
    ),
    "of a command": (
        "@cell.upcasts(Make, version=1) #!\ndef old(old: dict[str, object]) -> Any: ...\n",
        "this cell has no event Make to upcast",
        "its events are Made",
    ),
    "from the present version": (
        "@cell.upcasts(Made, version=1) #!\ndef old(old: dict[str, object]) -> Any: ...\n",
        "Made is at version 1: nothing upcasts from 1",
        "raise __version__",
    ),
    "from version zero": (
        "@cell.upcasts(Made, version=0) #!\ndef old(old: dict[str, object]) -> Any: ...\n",
        "nothing upcasts from 0",
        "older version",
    ),
    "a step is missing": (
        (
            "class Sold(Event): #!\n    __version__: ClassVar[int] = 3\n"
            "@cell.upcasts(Sold, version=1)\ndef old(old: dict[str, object]) -> Any: ...\n"
        ),
        "stored Sold of version 2 cannot be read any more",
        "declare @cell.upcasts('Sold', version=2)",
    ),
    "no step at all": (
        "class Sold(Event): #!\n    __version__: ClassVar[int] = 2\n",
        "stored Sold of version 1 cannot be read any more",
        "declare @cell.upcasts('Sold', version=1)",
    ),
    "a step twice": (
        (
            "class Sold(Event):\n    __version__: ClassVar[int] = 2\n"
            "@cell.upcasts(Sold, version=1)\ndef old(old: dict[str, object]) -> Any: ...\n"
            "@cell.upcasts(Sold, version=1) #!\ndef older(old: dict[str, object]) -> Any: ...\n"
        ),
        "two functions upcast Sold from version 1",
        "delete one",
    ),
    "takes the state": (
        (
            "class Sold(Event):\n    __version__: ClassVar[int] = 2\n"
            "@cell.upcasts(Sold, version=1) #!\ndef old(old: dict[str, object], s: S) -> Any: ...\n"
        ),
        "old must take the stored fields, and nothing else",
        "def (old: dict[str, object]) -> dict[str, object]",
    ),
}

RULES: dict[str, Row] = {
    "twice": (
        "A = cell.rule('A-1', 'One.')\nB = cell.rule('A-1', 'Two.') #!\n",
        "rule A-1 is declared twice",
        "give it an ID of its own; the first is at",
    ),
    "no ID": (
        "A = cell.rule('no id', 'One.') #!\n",
        "'no id' is no ID for a rule",
        "like BOOK-1",
    ),
}

TABLES = {
    f"{table}: {what}": row
    for table, rows in {
        "function": FUNCTIONS,
        "evolver": EVOLVERS,
        "timer": TIMERS,
        "scenario": SCENARIOS,
        "word": WORDS,
        "upcast": UPCASTS,
        "rule": RULES,
    }.items()
    for what, row in rows.items()
}


@pytest.mark.parametrize(("added", "message", "mend"), TABLES.values(), ids=TABLES.keys())
def test_a_faulty_cell_is_refused_once(app: App, added: str, message: str, mend: str) -> None:
    """One fault gives one report: what, where, what to do; none that only follows from it."""
    loaded = app.load(shop=SHOP + added)
    assert loaded.manifests == ()
    assert len(loaded.faults) == 1, [*map(str, loaded.faults)]
    (fault,) = loaded.faults
    assert message in fault.message
    assert mend in fault.mend
    assert [fault.where] == app.marked("shop")
