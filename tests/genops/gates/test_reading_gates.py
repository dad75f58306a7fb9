"""The gates that read: capabilities, packages, tampering, hard coding, hygiene, contract."""

from pathlib import Path

import pytest

from tests.genops.gates.changes import APP, HONEST, Edits, case, found, kinds, verdict

STATIC = ("tampering", "capabilities", "dependencies", "hardcoding", "hygiene")
FEE = "    weeks = it.days // 7\n"
FEW = "    FEW.require(held(caller.name, shelf) < 3)\n"


def before(what: str) -> tuple[tuple[str, str], ...]:
    """The fee, with something in front of it."""
    return ((FEE, f"{what}{FEE}"),)


ATTACKS = {
    "the network": (
        "capabilities",
        before("    import socket\n    socket.socket()\n"),
        "import-gained",
    ),
    "a process": (
        "capabilities",
        before('    import subprocess\n    subprocess.run(["id"])\n'),
        "capability-gained",
    ),
    "the environment": (
        "capabilities",
        before('    import os\n    os.environ["HOME"]\n'),
        "capability-gained",
    ),
    "a file": ("capabilities", before('    open("/etc/passwd")\n'), "capability-gained"),
    "a port": (
        "capabilities",
        (
            ("def fee(it: Fee) -> int:", "def fee(it: Fee, clock: Clock) -> int:"),
            ("import Caller, Cell,", "import Caller, Cell, Clock,"),
        ),
        "port-gained",
    ),
    "a package": ("dependencies", before("    import requests\n"), "dependency-added"),
    "a requirement": ("dependencies", {"requirements.txt": "requests==2.32\n"}, "dependency-added"),
    "a licence nobody knows": (
        "dependencies",
        {"requirements.txt": "no-such-package\n"},
        "licence-unknown",
    ),
    "a hook": (
        "tampering",
        {"conftest.py": "def pytest_collection_modifyitems(items): items.clear()\n"},
        "settings-changed",
    ),
    "its own limits": (
        "tampering",
        {"monocyte.toml": '[app]\nname = "shop"\ncells = "shop"\n[gates]\nslower = 100.0\n'},
        "settings-changed",
    ),
    "the lock": ("tampering", {"regen.lock": "{}"}, "lock-changed"),
    "the pipeline": ("tampering", {".github/workflows/x.yml": "on: push\n"}, "settings-changed"),
    "another cell": ("tampering", {"shop/desk.py": "x = 1\n"}, "outside-changed"),
    "a test that is gone": ("tampering", {"tests/test_x.py": None}, "outside-changed"),
    "a mark": ("tampering", before("    days = it.days  # type: ignore\n"), "suppressed"),
    "a waiver": (
        "tampering",
        (
            (
                "LONGEST = 30",
                'cell.waives(mutant="x", because="y", until="2099-01-01")\nLONGEST = 30',
            ),
        ),
        "suppressed",
    ),
    "the rules themselves": ("tampering", before('    FEW.id = "LOAN-1"\n'), "runner-patched"),
    "code when it is loaded": (
        "tampering",
        (("LONGEST = 30", "print(1)\nLONGEST = 30"),),
        "runner-patched",
    ),
    "pytest": (
        "hardcoding",
        before('    import sys\n    if "pytest" in sys.modules:\n        return 5\n'),
        "test-detected",
    ),
    "frames": (
        "hardcoding",
        before("    import inspect\n    inspect.currentframe()\n"),
        "test-detected",
    ),
    "the day on which worlds begin": (
        "hardcoding",
        before('    if it == "2026-01-05":\n        return 1\n'),
        "test-detected",
    ),
    "the answer": (
        "hardcoding",
        before('    if it == "Micrographia":\n        return 5\n'),
        "answer-hardcoded",
    ),
    "words of the scenarios": (
        "hardcoding",
        before('    KNOWN = {"micrographia", "optics", "almagest", "x"}\n    len(KNOWN)\n'),
        "answer-hardcoded",
    ),
    "chance": (
        "hygiene",
        before("    import uuid\n    if uuid.uuid4().int % 2:\n        return 1\n"),
        "nondeterministic",
    ),
    "the place of an object": (
        "hygiene",
        before("    if id(it) % 2:\n        return 1\n"),
        "nondeterministic",
    ),
    "the clock on the wall": (
        "hygiene",
        before(
            "    from datetime import datetime\n    if datetime.now().day == 1:\n        return 1\n"
        ),
        "nondeterministic",
    ),
    "a friend": (
        "hardcoding",
        ((FEW, f'    if caller.name != "hooke":\n    {FEW}'),),
        "person-named",
    ),
    "a friend among others": (
        "hardcoding",
        ((FEW, f'    if caller.name.casefold() not in ("hooke", "wren"):\n    {FEW}'),),
        "person-named",
    ),
    "a friend by how they begin": (
        "hardcoding",
        ((FEW, f'    if not caller.name.startswith("ho"):\n    {FEW}'),),
        "person-named",
    ),
    "a role of its own": (
        "hardcoding",
        ((FEW, f'    if "wizard" not in caller.roles:\n    {FEW}'),),
        "person-named",
    ),
    "a date": (
        "hardcoding",
        before("    if it.days == timedelta(1).year > 2027:\n        return 1\n"),
        "time-bomb",
    ),
    "text as code": ("hardcoding", before('    eval("1")\n'), "code-hidden"),
    "a name that is put together": (
        "hardcoding",
        before('    getattr(it, "da" + "ys")\n'),
        "code-hidden",
    ),
    "a refusal that vanishes": (
        "hygiene",
        ((FEW, f"    try:\n    {FEW}    except Exception:\n        pass\n"),),
        "error-swallowed",
    ),
    "suppressed": (
        "hygiene",
        ((FEW, f"    from contextlib import suppress\n    with suppress(Exception):\n    {FEW}"),),
        "error-swallowed",
    ),
    "always equal": (
        "hygiene",
        (
            (
                "class Shelf(State):\n",
                "class Shelf(State):\n    def __eq__(self, it): return True\n\n",
            ),
        ),
        "equality-faked",
    ),
    "a rule that is not asked": ("hygiene", ((FEW, ""),), "rule-dropped"),
    "an event that does not happen": (
        "hygiene",
        (("    return Returned(it.book)", "    return it"),),
        "record-dropped",
    ),
    "a global": (
        "hygiene",
        (
            ("LONGEST = 30", "LONGEST = 30\nSEEN: list[int] = []"),
            (FEE, f"    SEEN.append(it.days)\n{FEE}"),
        ),
        "state-shared",
    ),
    "a default that lasts": (
        "hygiene",
        (
            (
                "def held(who: str, shelf: Shelf) -> int:",
                "def held(who: str, shelf: Shelf, seen: list[str] = []) -> int:",
            ),
        ),
        "state-shared",
    ),
}


@pytest.mark.parametrize(("gate", "edits", "kind"), ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_refused_as_what_it_is(
    tmp_path: Path, gate: str, edits: Edits, kind: str
) -> None:
    """By that gate; the others that read may say something of it, too."""
    app = {**APP, "tests/test_x.py": "def test_x() -> None:\n    assert True\n"}
    made = case(tmp_path, edits, app=app)
    assert kind in kinds(made, gate)


@pytest.mark.parametrize(("flags", "is_hidden"), [(0, False), (1, True), (3, False)])
def test_code_that_was_compiled_elsewhere(tmp_path: Path, flags: int, is_hidden: bool) -> None:
    """A cache of Python's is nobody's change, unless Python would take it unseen (PEP 552)."""
    what = case(tmp_path, HONEST)
    cache = what.head / "shop/__pycache__/loans.cpython-311.pyc"
    cache.parent.mkdir()
    cache.write_bytes(b"\xa7\r\r\n" + flags.to_bytes(4, "little") + b"0" * 16)
    assert ("code-hidden" in kinds(what, "tampering")) is is_hidden


@pytest.mark.parametrize("gate", STATIC)
def test_an_honest_change_passes(tmp_path: Path, gate: str) -> None:
    """A refactoring, and a query with what belongs to it."""
    assert found(case(tmp_path, HONEST), gate) == []


@pytest.mark.parametrize(
    ("mark", "is_hidden"),
    [("type: ignore[operator]", False), ("type: ignore[a] # noqa", True), ("noqa: E501", True)],
)
def test_one_complaint_of_the_type_checker_may_be_waived(
    tmp_path: Path, mark: str, is_hidden: bool
) -> None:
    """By its name, and nothing else on that line."""
    said = found(case(tmp_path, before(f"    days = it.days  # {mark}\n")), "tampering")
    kind = "suppressed" if is_hidden else "type-ignored"
    assert kind in {it.kind for it in said}
    assert any(it.severity == "error" for it in said) is is_hidden


def test_a_role_that_a_rule_names_is_nobodys_secret(tmp_path: Path) -> None:
    """Also where the rule speaks of several of them."""
    rule = ("A reader has three books at most.", "A reader has three books at most, Wizards any.")
    edits = (rule, (FEW, f'    if "wizard" not in caller.roles:\n    {FEW}'))
    made = case(tmp_path / "said", edits, author="person")
    assert "person-named" not in kinds(made, "hardcoding")
    assert "person-named" in kinds(case(tmp_path / "unsaid", edits[1:]), "hardcoding")


def test_a_pattern_may_be_compiled(tmp_path: Path) -> None:
    """It is no code; `compile` by itself makes some."""
    edits = (("LONGEST = 30", 'import re\n\nTITLE = re.compile(r"\\w+")\nLONGEST = 30'),)
    assert "code-hidden" not in kinds(case(tmp_path / "a", edits), "hardcoding")
    edits = (("LONGEST = 30", 'TITLE = compile("1", "", "eval")\nLONGEST = 30'),)
    assert "code-hidden" in kinds(case(tmp_path / "b", edits), "hardcoding")


def test_what_stood_there_before_is_nobodys_change(tmp_path: Path) -> None:
    """A base that swallows errors does so still; the change beside it is not blamed."""
    swallowed = (FEW, f"    try:\n    {FEW}    except Exception:\n        pass\n")
    old = case(tmp_path / "old", (swallowed,)).head
    app = {
        it.relative_to(old).as_posix(): it.read_text("utf-8")
        for it in old.rglob("*")
        if it.is_file()
    }
    text = app["shop/loans.py"].replace(
        "    weeks = it.days // 7\n", "    weeks = it.days // (7)\n"
    )
    text = text.replace("return weeks * PER_WEEK", "return PER_WEEK * weeks")
    assert kinds(case(tmp_path / "new", {"shop/loans.py": text}, app=app), "hygiene") == set()


@pytest.mark.parametrize(
    ("edits", "kind"),
    [
        ((("    days: int = 14", "    days: int = 14\n    why: str = ''"),), "contract-additive"),
        (
            (("class Fee(Query[int]):\n    days: int", "class Fee(Query[int]):\n    weeks: int"),),
            "contract-breaking",
        ),
        (
            (
                (
                    "class Borrow(Command[Lent]):\n    book: str",
                    "class Borrow(Command[Lent]):\n    title: str",
                ),
            ),
            "contract-breaking",
        ),
        (HONEST, None),
    ],
)
def test_the_contract(tmp_path: Path, edits: tuple[tuple[str, str], ...], kind: str | None) -> None:
    """What is added beside, what breaks who spoke it, and what nobody can tell."""
    said = verdict(case(tmp_path, edits, author="person"), "contract")
    assert said.classes[-1] == (kind or "internal")
    assert all(it.where for it in said.findings)


def test_what_means_something_else_is_named(tmp_path: Path) -> None:
    """With a witness; what only reads otherwise is named as such, and neither is refused."""
    edit = ("return weeks * PER_WEEK", "return weeks * PER_WEEK + 1")
    said = found(case(tmp_path, (edit,)), "semantic")
    assert any("fee" in it.said and it.kind == "meaning-changed" for it in said)
    assert {it.severity for it in said} == {"note"}
