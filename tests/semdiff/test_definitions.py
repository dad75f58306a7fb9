"""Each definition of a module is written down by itself, and equal meaning gives equal digests."""

import pytest

from monocyte.semdiff.definitions import Definitions, Unreadable, parse


def read(text: str) -> Definitions:
    """The definitions of a module."""
    data = text.encode()
    return Definitions(parse(data, "m.py"), data)


def test_definitions_are_named_by_where_they_stand() -> None:
    """Functions, classes, methods and constants each have a kind and a dotted name."""
    found = read("X = 1\ndef f():\n def g(): pass\nclass A:\n def m(self): pass\n class B: pass\n")
    assert {d.name: d.kind for d in found} == {
        "X": "constant",
        "f": "function",
        "A.m": "method",
        "A.B": "class",
        "A": "class",
    }


UNDER = [
    ("try:\n def f(): return {n}\nexcept OSError:\n def f(): pass\n", {"f"}),
    ("if x:\n pass\nelse:\n with y:\n  def f(): return {n}\n", {"f"}),
    ("match x:\n case 1:\n  class A:\n   def m(self): return {n}\n", {"A.m"}),
    ("class A:\n if x:\n  def m(self): return {n}\n", {"A.m"}),
]


@pytest.mark.parametrize(("text", "changed"), UNDER)
def test_a_definition_under_a_condition_is_one_of_its_own(text: str, changed: set[str]) -> None:
    """What stands under `if`, `try`, `with`, `match` is named, and the rest is as it was."""
    old, new = (read(text.format(n=n)) for n in (1, 2))
    differing = {d.name for d in old if d.written.code != new.found[d.name].written.code}
    assert differing == changed
    assert old.order == new.order


def test_a_name_that_is_defined_again_is_numbered() -> None:
    """Two definitions of one name are two definitions."""
    assert [d.name for d in read("def f(): pass\ndef f(): return 1\n")] == ["f", "f#2"]


def test_a_change_inside_a_function_is_a_change_of_nothing_else() -> None:
    """The class and the module around a method speak of it by name only."""
    old, new = (read(f"class A:\n def m(self): return {n}\n def k(self): pass\n") for n in (1, 2))
    digests = {d.name: d.written.code == new.found[d.name].written.code for d in old}
    assert digests == {"A.m": False, "A.k": True, "A": True}
    assert old.order == new.order


CHANNELS = [
    ("docs", "def f():\n 'one'", "def f():\n 'two'"),
    ("annotations", "def f(a: int): return a", "def f(a: str): return a"),
    ("names", "def f():\n x = g()\n return x, x", "def f():\n y = g()\n return y, y"),
    ("unbound", "def f(a):\n if a: x = 1\n return x", "def f(a):\n if a: y = 1\n return y"),
]


@pytest.mark.parametrize(("channel", "old", "new"), CHANNELS)
def test_channels_are_kept_beside_the_code(channel: str, old: str, new: str) -> None:
    """Documentation, annotations and the names of variables differ where the code does not."""
    one, two = read(old).found["f"].written, read(new).found["f"].written
    assert one.code == two.code
    assert getattr(one, channel) != getattr(two, channel)


def test_a_fingerprint_is_the_meaning_and_not_the_layout() -> None:
    """Layout leaves it as it is; code, documentation and names of variables do not."""
    texts = ["def f(a): return a", "def f(a):\n\n    return (a)", "def f(a):\n 'd'\n return a"]
    one, laid_out, documented = (read(text).found["f"].fingerprint for text in texts)
    assert one == laid_out != documented


UNREADABLE = {
    "broken": b"def f(:\n",
    "python 2": b"print 'x'\n",
    "not utf-8": b"x = '\xff'\n",
    "a null byte": b"x = 1\0\n",
    "an unknown cookie": b"# coding: martian\nx = 1\n",
    "what only the compiler rejects": b"def f():\n return\n nonlocal x\n",
    "nested too deep": b"x = " + b"(" * 400 + b")" * 400,
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_says_so(name: str) -> None:
    """Source that this Python cannot parse or compile raises, with a reason."""
    with pytest.raises(Unreadable, match=r"."):
        Definitions(parse(UNREADABLE[name], "m.py"), UNREADABLE[name])


def test_a_form_feed_and_a_cookie_are_read() -> None:
    """Old habits of layout are no obstacle."""
    data = "# coding: latin-1\n\x0cx = '\u00e9'\n".encode("latin-1")
    assert Definitions(parse(data, "m.py"), data).found["x"].kind == "constant"
