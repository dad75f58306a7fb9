"""CrossHair is asked where nothing was found; without it, nothing is lost."""

from importlib.util import find_spec

from monocyte.semdiff.behaviour import Observatory
from monocyte.semdiff.evidence import Budget, Version
from monocyte.semdiff.verdicts import Verdict

OLD = "def f(a: int, b: int) -> int:\n    return a + b\n"
NEW = """
def f(a: int, b: int) -> int:
    if a * 7 + b * 13 == 76007 and a - b == 8001:
        return 0
    return a + b
"""


def test_an_equation_is_solved_where_it_is_installed() -> None:
    """No guess meets two equations; the solver does, and its input is confirmed like any other."""
    with Observatory(budget=Budget(examples=50, symbolic=20.0)) as observatory:
        found = observatory.compare(Version("m", source=OLD), Version("m", source=NEW), "f")
    if find_spec("crosshair"):
        assert (found.verdict, found.call) == (Verdict.CHANGED, "m.f(a=9001, b=1000)")
    else:
        assert found.verdict is Verdict.NO_DIFFERENCE_FOUND
