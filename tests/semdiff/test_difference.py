"""Verdicts, evidence and words are joined by definition, and never merged."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monocyte.semdiff.difference import Change, Difference, Options, difference
from monocyte.semdiff.evidence import Budget
from monocyte.semdiff.report.summary import proof
from monocyte.semdiff.sources import Tree, from_texts
from monocyte.semdiff.verdicts import Finding, Place, Severity, Verdict

OPTIONS = Options(each=Budget(examples=200, seconds=2.0))
OLD = '''"""Prices."""
import math

LIMIT = 5
SAME_VALUE = sorted([2, 1])
STAMP = object()


def price(n: int) -> int:
    """Cost."""
    return n * 2 if n > LIMIT else 0


def tidy(text: str) -> str:
    out = text.strip()
    return out


def equal(n: int) -> int:
    return n + n


def _private(n: int) -> int:
    return n


def gone(n: int) -> int:
    return n


class Cart:
    def __init__(self, n: int = 0) -> None:
        self.n = n

    def add(self, k: int) -> int:
        self.n += k
        return self.n
'''
NEW = '''"""Prices."""
import json
import math

LIMIT = 6
SAME_VALUE = [1, 2]
STAMP = [object()]


def price(n: int) -> int:
    """What it costs."""
    return n * 2 if n > LIMIT + 3 else 0


def tidy(text: str) -> str:
    return text.strip()


def equal(n: int) -> int:
    return sum([n, n])


def come(n: int) -> str:
    return str(n)


class Cart:
    def __init__(self, n: int = 0) -> None:
        self.n = n

    def add(self, k: int) -> int:
        if k < 0:
            raise ValueError("negative")
        self.n += k
        return self.n
'''


def trees(old: str, new: str) -> tuple[Tree, Tree]:
    """One module in a package, in both versions."""
    empty = {"shop/__init__.py": ""}
    return from_texts({**empty, "shop/a.py": old}), from_texts({**empty, "shop/a.py": new})


@pytest.fixture(scope="module")
def found() -> Difference:
    """The whole answer, evidence included."""
    return difference(*trees(OLD, NEW), OPTIONS)


@pytest.fixture(scope="module")
def by_name(found: Difference) -> dict[str, Change]:
    """Its changes, by definition."""
    return {it.finding.definition: it for it in found.changes}


CHANGED = {
    "price": (Severity.WARNING, "shop.a.price("),
    "Cart.add": (Severity.BREAKING, "raised ValueError: negative"),
    "LIMIT": (Severity.WARNING, "is 6, was 5"),
    "gone": (Severity.BREAKING, "is gone"),
    "_private": (Severity.WARNING, "is gone"),
    "come": (Severity.NOTE, "is new"),
    "<module>": (Severity.NOTE, "has `json` now"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_change_is_witnessed_and_weighed(by_name: dict[str, Change], name: str) -> None:
    """CHANGED, how bad, and in what."""
    finding = by_name[name].finding
    severity, said = CHANGED[name]
    assert (finding.verdict, finding.severity) == (Verdict.CHANGED, severity)
    assert said in finding.what
    assert finding.witness is not None
    assert not finding.open


def test_what_was_tried_in_vain_says_how_hard(by_name: dict[str, Change]) -> None:
    """NO DIFFERENCE FOUND comes with its budget and the coverage of the changed lines."""
    for name, said in (("equal", "2 of 2 changed lines ran"), ("SAME_VALUE", "gives [1, 2]")):
        finding = by_name[name].finding
        assert finding.verdict is Verdict.NO_DIFFERENCE_FOUND
        assert said in " ".join(finding.why)


def test_what_cannot_be_told_is_unknown(by_name: dict[str, Change]) -> None:
    """With the reason of the normal form, and that of the trial."""
    finding = (
        difference(*trees("F = lambda n: n", "F = lambda n: n + 1"), OPTIONS).changes[0].finding
    )
    assert finding.verdict is Verdict.UNKNOWN
    assert "cannot be looked into" in finding.why[-1]
    assert len(finding.why) == 2
    assert by_name["STAMP"].finding.verdict is Verdict.CHANGED


def test_what_means_the_same_is_ignored_and_told(found: Difference) -> None:
    """It is no change, and not silent either."""
    assert "tidy" in {it.definition for it in found.ignored}
    assert all(it.verdict is Verdict.SAME and it.why for it in found.ignored)


def test_words_and_lines_are_of_the_change_alone(by_name: dict[str, Change]) -> None:
    """The docstring that differs too is not shown."""
    price = by_name["price"]
    assert len(price.hunks) == 1
    assert price.hunks[0].new == ("    return n * 2 if n > LIMIT + 3 else 0",)
    assert price.words == (
        "returns `n * 2 if n > LIMIT + 3 else 0`, was `n * 2 if n > LIMIT else 0`",
    )


def test_a_witness_is_a_test_that_runs(
    by_name: dict[str, Change], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each passes on the old version, and fails on the new."""
    for side, text in (("old", OLD), ("new", NEW)):
        (tmp_path / side / "shop").mkdir(parents=True)
        (tmp_path / side / "shop" / "__init__.py").touch()
        (tmp_path / side / "shop" / "a.py").write_text(text)
    tests = {name: it.test for name, it in by_name.items() if it.test}
    assert set(CHANGED) <= set(tests)
    for test in tests.values():
        assert passes(test, tmp_path / "old", monkeypatch), test
        assert not passes(test, tmp_path / "new", monkeypatch), test


def passes(test: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the test functions of a module pass, where `shop` is that of this folder."""
    space: dict[str, Any] = {}
    with monkeypatch.context() as patched:
        patched.syspath_prepend(folder)
        try:
            exec(test, space)  # noqa: S102 - rendered by us
            for name in [it for it in space if it.startswith("test_")]:
                space[name]()
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 - however it fails
            return False
        finally:
            for name in [it for it in sys.modules if it.partition(".")[0] == "shop"]:
                del sys.modules[name]
    return True


def test_nothing_is_run_unless_it_may_be() -> None:
    """Without running, what is open stays UNKNOWN, and says so."""
    found = difference(*trees(OLD, NEW), Options(run=False))
    assert {it.finding.verdict for it in found.changes} == {Verdict.UNKNOWN}
    assert all("nothing was run" in it.finding.why[-1] for it in found.changes)
    assert not found.ran


def test_what_comes_after_the_budget_is_unknown() -> None:
    """And says that the time was used up."""
    found = difference(*trees(OLD, NEW), Options(seconds=0))
    assert all("used up" in it.finding.why[-1] for it in found.changes)


def test_only_what_is_asked_about_is_told() -> None:
    """Findings and unseen files elsewhere are left out."""
    old = from_texts({"a/m.py": "X = 1\n", "b/m.py": "X = 1\n", "b/x.bin": "1"})
    new = from_texts({"a/m.py": "X = 2\n", "b/m.py": "X = 2\n", "b/x.bin": "2"})
    found = difference(old, new, Options(run=False, only=("./a/",)))
    assert {it.place.file for it in found.changes} == {"a/m.py"}
    assert not found.unseen


FILES = {
    "syntax error, old": (b"def f(:\n", b"x = 1\n", "old unreadable"),
    "syntax error, new": (b"x = 1\n", b"def f(:\n", "new unreadable"),
    "python 2": (b"print 'a'\n", b"print 'b'\n", "old and new unreadable"),
    "another version's syntax": (b"x = 1\n", b"def f[T: (]: pass\n", "new unreadable"),
    "no utf-8": (b"x = '\xff'\n", b"x = '\xfe'\n", "unreadable"),
    "an unknown cookie": (b"x = 1\n", b"# coding: klingon\nx = 1\n", "new unreadable"),
    "binary": (b"x = 1\n", b"\0\1\2", "new unreadable"),
    "generated, 5 MB": (b"x = 1\n", b"y = 2  # " + b"y" * 5_000_000 + b"\n", "new unreadable"),
    "too deep": (b"x = 1\n", b"x = " + b"(" * 500 + b")" * 500, "new unreadable"),
}


@pytest.mark.parametrize(("old", "new", "what"), FILES.values(), ids=FILES)
def test_bad_input_is_unknown_and_says_why(old: bytes, new: bytes, what: str) -> None:
    """Never a traceback, never silence, and the other files are compared all the same."""
    fine = {"fine.py": "X = 1\n"}
    found = difference(
        from_texts({**fine, "bad.py": old}),
        from_texts({"fine.py": "X = 2\n", "bad.py": new}),
        OPTIONS,
    )
    bad, good = found.changes
    assert bad.finding.verdict is Verdict.UNKNOWN
    assert what in bad.finding.what
    assert bad.finding.why
    assert good.finding.verdict is Verdict.CHANGED


GOOD = {
    "a coding cookie": (
        "# coding: latin-1\nX = 'é'\n".encode("latin-1"),
        "# coding: latin-1\nX = 'è'\n".encode("latin-1"),
        "X",
    ),
    "form feeds": (
        b"A = 1\n\x0c\ndef f(n: int) -> int:\n    return n\n",
        b"A = 1\n\x0c\ndef f(n: int) -> int:\n    return -n\n",
        "f",
    ),
    "crlf and cr": (b"A = 1\r\nX = 2\rY = 3\n", b"A = 1\r\nX = 2\rY = 4\n", "Y"),
    "a byte order mark": (b"\xef\xbb\xbfX = 1\n", b"\xef\xbb\xbfX = 2\n", "X"),
}


@pytest.mark.parametrize(("old", "new", "name"), GOOD.values(), ids=GOOD)
def test_unusual_files_are_compared(old: bytes, new: bytes, name: str) -> None:
    """By definition, with the lines that Python counts."""
    found = difference(from_texts({"a.py": old}), from_texts({"a.py": new}), OPTIONS)
    assert [it.finding.definition for it in found.changes] == [name]
    change = found.changes[0]
    assert change.finding.verdict is Verdict.CHANGED
    assert change.hunks[0].new


def test_code_that_acts_on_import_acts_nowhere(tmp_path: Path) -> None:
    """It is imported in a locked worker only, and what it tried is what differs."""
    mark = tmp_path / "mark"
    body = f"import pathlib, sys\npathlib.Path({str(mark)!r}).touch()\nsys.shop_was_here = True\n"
    found = difference(*trees(body + "X = 1\n", body + "X = 2\n"), OPTIONS)
    assert not mark.exists()
    assert not hasattr(sys, "shop_was_here")
    assert found.changes[0].finding.verdict is Verdict.UNKNOWN
    assert "PermissionError" in found.changes[0].finding.why[-1]


def test_what_an_import_does_is_compared() -> None:
    """Output, and whether it still works."""
    print_it = difference(*trees("print('a')", "print('b')"), OPTIONS).changes[0]
    assert print_it.finding.what == "prints something else when it is imported"
    broken = difference(*trees("import json\n", "import json\nraise OSError\n"), OPTIONS)
    assert broken.changes[0].finding.what == "cannot be imported any more"
    assert broken.severity is Severity.BREAKING


def test_our_own_modules_can_be_judged() -> None:
    """A tree that has what this tool itself imports is not taken for the tool."""
    empty = {"monocyte/__init__.py": "", "monocyte/semdiff/__init__.py": ""}
    text = "def f(n: int) -> int:\n    return n\n"
    old = from_texts({**empty, "monocyte/semdiff/lines.py": text})
    new = from_texts({**empty, "monocyte/semdiff/lines.py": text.replace("n\n", "-n\n")})
    finding = difference(old, new, OPTIONS).changes[0].finding
    assert finding.verdict is Verdict.CHANGED, finding


def test_files_that_come_and_go_are_told_once() -> None:
    """With the names in them, and not once for each of these."""
    text = "def first(n):\n    return n\n\n\ndef second(n):\n    return first(n)\n"
    old = from_texts({"p/__init__.py": "", "p/old.py": text})
    new = from_texts({"p/__init__.py": "", "p/new.py": text.replace("return n", "return 3 * n")})
    found = difference(old, new, OPTIONS)
    kinds = {it.finding.definition: it.finding for it in found.changes if it.finding.kind == "file"}
    assert kinds["p/old.py"].severity is Severity.BREAKING
    assert kinds["p/new.py"].severity is Severity.NOTE
    assert "first" in kinds["p/new.py"].what


def test_what_is_no_python_is_said_to_differ() -> None:
    """Neither in silence, nor as if it had been understood."""
    old = from_texts({"a.py": "", "x.toml": "a = 1", "gone.bin": "1", "same.txt": "1"})
    new = from_texts({"a.py": "", "x.toml": "a = 2", "new.bin": "1", "same.txt": "1"})
    found = difference(old, new)
    assert [it.path for it in found.unseen] == ["gone.bin", "new.bin", "x.toml"]
    assert not found.changes


def test_further_analyses_are_told_beside_the_change() -> None:
    """A finding about the same definition joins it, another stands alone; no verdict is merged."""

    def said(name: str) -> Finding:
        return Finding(
            verdict=Verdict.UNKNOWN,
            kind="capability",
            definition=name,
            what="can use the network",
            why=("a path leads there",),
            severity=Severity.BREAKING,
            new=Place("shop/a.py", 9),
        )

    def analysis(_old: Tree, _new: Tree) -> Iterator[Finding]:
        yield said("price")
        yield said("elsewhere")

    found = difference(*trees(OLD, NEW), Options(run=False), analyses=(analysis,))
    by_name = {it.finding.definition: it for it in found.changes}
    assert by_name["price"].finding.kind == "function"
    assert [it.kind for it in by_name["price"].more] == ["capability"]
    assert by_name["price"].severity is Severity.BREAKING
    assert by_name["elsewhere"].finding.kind == "capability"


SHOP = {"shop.py": "def price(n: int) -> int:\n    return n * 9 if n > 10 else n * 10\n"}
STRICT = "from shop import price\n\n\ndef test_price():\n    assert price(20) == 180\n"
WEAK = STRICT.replace("== 180", "> 0")


@pytest.mark.parametrize("run", [True, False])
def test_a_test_is_judged_by_what_it_notices(run: bool) -> None:
    """Not by what it returns: that it passes on both sides says nothing; its lines are shown."""
    old = from_texts(SHOP | {"tests/test_shop.py": STRICT})
    new = from_texts(SHOP | {"tests/test_shop.py": WEAK})
    (change,) = difference(old, new, Options(run=run)).changes
    assert (change.finding.kind, change.finding.definition) == ("test", "test_price")
    assert change.finding.verdict is (Verdict.CHANGED if run else Verdict.UNKNOWN)
    assert change.severity is (Severity.BREAKING if run else Severity.WARNING)
    assert [hunk.new for hunk in change.hunks] == [("    assert price(20) > 0",)]
    assert proof(change)[0] == ("as a script" if run else "")
    assert ("subprocess.run" in proof(change)[1]) == run
