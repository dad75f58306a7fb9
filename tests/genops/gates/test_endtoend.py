"""Journeys in front of a real process that runs apart: it reaches nothing outside."""

import os
import sys
from pathlib import Path

import pytest

from monocyte.genops.gates.apart import NOT_APART, run_apart
from tests.genops.gates.changes import APP, HONEST, Edits, case, found

JOURNEYS = '''"""# The shop, from end to end."""

from shop.desk import HowMany
from shop.loans import ONE, Borrow

from monocyte import App
from monocyte.testing import Stage

app = App("shop")


@app.scenario
def a_loan_is_counted(shop: Stage) -> None:
    """Lise cannot have it; the desk has counted one."""
    shop.by("ada").send(Borrow("Optics"))
    with ONE.refuses():
        shop.by("lise").send(Borrow("Optics"))

    def counted() -> None:
        assert shop.by("ada").ask(HowMany()) == 1

    shop.eventually(counted)
'''

WITH_JOURNEYS = {**APP, "shop/journeys.py": JOURNEYS}

SHOWN = """
import os, socket, sys, tempfile
try:
    open(sys.argv[1], "w")
except OSError as why:
    print("no writing:", why.strerror)
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=2)
except OSError:
    print("no network")
print("alone" if not os.path.exists(f"/proc/{sys.argv[3]}/environ") else "not alone")
open(os.path.join(os.environ["TMPDIR"], "x"), "w").write("x")
print("room")
"""


def is_allowed() -> bool:
    """Whether this system lets processes be run apart."""
    return run_apart([sys.executable, "-c", ""], {}, 30).returncode != NOT_APART


apart = pytest.mark.skipif(not is_allowed(), reason="namespaces are not allowed here")


@apart
def test_what_is_run_apart_reaches_nothing(tmp_path: Path) -> None:
    """Neither files, nor whoever listens outside, nor other processes; but room of its own."""
    arguments = [str(tmp_path / "x"), "9", str(os.getpid())]
    done = run_apart([sys.executable, "-c", SHOWN, *arguments], {}, 30)
    said = done.stdout.decode().splitlines()
    assert said == ["no writing: Read-only file system", "no network", "alone", "room"]
    assert not (tmp_path / "x").exists()


ATTACKS: dict[str, tuple[Edits, str]] = {
    "it refuses everything": (
        (("    ONE.require(it.book not in shelf.lent, it.book)", "    ONE.refuse()"),),
        "journey-failed",
    ),
    "it ends when it is asked": (
        (("    SHORT.require(1 <=", "    import os; os._exit(0)\n    SHORT.require(1 <="),),
        "journey-failed",
    ),
    "it does not start": ((("LONGEST = 30", "LONGEST = 1 // 0"),), "journey-failed"),
}


@apart
@pytest.mark.parametrize(("edits", "kind"), ATTACKS.values(), ids=ATTACKS)
def test_a_process_that_does_not_do_it_fails(tmp_path: Path, edits: Edits, kind: str) -> None:
    """The judge is the base's, and in another process."""
    said = found(case(tmp_path, edits, app=WITH_JOURNEYS), "endtoend")
    assert [it.kind for it in said] == [kind]


@apart
def test_an_honest_change_passes(tmp_path: Path) -> None:
    """And an app without scenarios of its own is not asked."""
    assert found(case(tmp_path / "with", HONEST, app=WITH_JOURNEYS), "endtoend") == []
    assert found(case(tmp_path / "without", HONEST), "endtoend") == []
