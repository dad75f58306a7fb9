"""Prose: a backticked name means something that is there, or is found with its line."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import monocyte
from monocyte.cell import load_package
from monocyte.literate.findings import Finding
from monocyte.literate.prose import prose_findings
from tests.cell.apps import App
from tests.literate.tills import till

NEIGHBOUR = """\
from monocyte import Cell, Command, Event, Value

class Left(Event):
    handle: str

class Draft(Value):
    text: str

cell = Cell("people")
RULE = cell.rule("PEOPLE-1", "People leave once.")

@cell.evolves
def gone(it: Left, state: None) -> None: ...
"""

WRITTEN = '''\
    # {before}
    """{inside}"""
    fee = it.coin * 2  # {behind}
    from json import loads as parsed
    try:
        parsed(str(fee))
    except ValueError as why:
        print(why)
    WHOLE.require(it.coin > 0, "too_little")
    return Paid(it.coin)

# ABOVE

# {above_class}
class Slot(Value):
    """{of_class}"""

    start: int
    """{of_field}"""
    end: Left | None = None

cell.retired("TILL-9", "Old.", because="{because}")
THIRD = cell.rule("TILL-3", "{rule}")

@cell.decision(instead_of="{instead_of}")
def coins_weigh(lab: World) -> None:
    """They do."""
'''
PLACES = (
    "before",
    "inside",
    "behind",
    "above_class",
    "of_class",
    "of_field",
    "because",
    "rule",
    "instead_of",
)


def findings(app: App, **prose: str) -> list[Finding]:
    """What is found in a till with prose in those places."""
    body = WRITTEN.format(**(dict.fromkeys(PLACES, "Words.") | prose))
    body = body.replace("# ABOVE", f"from {app.package}.people import Left")
    manifests = till(app, body, "", people=NEIGHBOUR)
    return list(prose_findings(manifests[0], manifests))


def line_of(found: Finding) -> str:
    """The line that a finding names."""
    file, _, line = found.where.rpartition(":")
    return Path(file).read_text(encoding="utf-8").split("\n")[int(line) - 1]


MEANINGFUL = {
    "a global": "`WHOLE`, `pay` and `Purse`",
    "a parameter": "`it` and `caller`",
    "a local": "`fee`, `parsed`, `why`, and in words `pay.fee`",
    "a field of the parameter": "`it.coin`",
    "a field": "`Slot.start`, or `start`, or `coin`",
    "a field of a field": "`Slot.end.handle`",
    "a word of a neighbour": "`people.Left`, `Left` and `people.Left.handle`",
    "a cell": "`till` and `people`",
    "a rule": "`TILL-1`, `PEOPLE-1`, and `TILL-9`, which is retired",
    "a port": "`Ask`, `Files`",
    "Python": "`self`, `None`, `len`, `str.join`, `async`, `match`",
    "a module": "`asyncio.sleep` and `collections.abc`",
    "ours": "`World`, `Cell`, `monocyte.testing`, `cell.rule`",
    "a call": "`pay(it)` and `WHOLE.require(…)` and `cell.picture()`",
    "an attribute of the code": "`require`",
    "a text of the code": "`too_little`",
    "a keyword of the code": "`instead_of`",
    "the package": "`{package}.people`",
    "double": "``WHOLE``",
    "a command": "`monocyte test -k till`, `monocyte`",
    "operators and numbers": "`a <= b`, `<`, `3`, `0.5`, `-1`",
    "a path": "`monocyte.toml`, `docs/rules.md`, `rules.lock`, `example.org`",
    "a handle": "`@lise`, `ada-7`, `BOOK-7`, `#5`, `€`",
    "several words": "`no name has spaces`",
    "lonely": "the ` key, or 5` of arc",
    "nothing at all": "`` and ``",
    "not English": "Ein Gerät — für eine Person. 仪器一次只供一个人使用。🙂 `🙂`",
}


@pytest.mark.parametrize("text", MEANINGFUL.values(), ids=MEANINGFUL.keys())
@pytest.mark.parametrize("place", ["inside", "behind"])
def test_what_means_something_is_no_finding(app: App, place: str, text: str) -> None:
    """Names of the code, of the neighbours, of Python; and whatever is no name."""
    assert findings(app, **{place: text.replace("{package}", app.package)}) == []


DANGLING = {
    "a typo": ("`WHOEL`", "`WHOEL` means nothing: there is no WHOEL here", "`WHOLE`"),
    "a typo in a call": ("`WHOLE.requier(…)`", "WHOLE has no requier", "`WHOLE.require`"),
    "a local that is none": ("`pay.feee`", "pay has no feee", ""),
    "a field that is gone": ("`Slot.strat`", "Slot has no strat", "`Slot.start`"),
    "a field of a neighbour": ("`Left.handel`", "Left has no handel", "`Left.handle`"),
    "a word that is no more": ("`people.Lefft`", "people has no Lefft", "`people.Left`"),
    "what is private to a neighbour": ("`people.gone`", "people has no gone", ""),
    "a rule that is none": ("`TILL-12`", "there is no such rule", "`TILL-"),
    "a local of another function": ("`purses_of_all`", "there is no purses_of_all here", ""),
    "a builtin method": ("`str.jion`", "str has no jion", "`str.join`"),
    "a module": ("`asyncio.sleeep`", "asyncio has no sleeep", "`asyncio.sleep`"),
    "not English": ("Das `Gerät` ist kaputt 🙂", "there is no Gerät here", ""),
}


@pytest.mark.parametrize(("text", "message", "like"), DANGLING.values(), ids=DANGLING.keys())
def test_what_means_nothing_is_found(app: App, text: str, message: str, like: str) -> None:
    """With the name that may have been meant."""
    (found,) = findings(app, inside=f"Well: {text}.")
    assert (found.kind, found.severity, found.cell) == ("prose-dangling", "error", "till")
    assert message in found.message
    assert like in found.mend
    assert ("did you mean" in found.mend) is bool(like)


@pytest.mark.parametrize("place", PLACES)
def test_every_place_for_prose_is_read(app: App, place: str) -> None:
    """Comments, docstrings, and what declarations say; the finding has the very line."""
    (found,) = findings(app, **{place: "Here `nobody_knows` it."})
    assert "nobody_knows" in line_of(found)


def test_the_line_is_that_of_the_name(app: App) -> None:
    """Not the first of a docstring or of a comment over many lines."""
    prose = "One.\n\n    Two `WHOLE` `pay(\n    it)`\n    three `nobody_knows`.\n    "
    comment = "One\n    # two\n    # `nobody_else`"
    found = findings(app, inside=prose, before=comment)
    for it, name in zip(found, ("nobody_else", "nobody_knows"), strict=True):
        assert name in line_of(it)


def test_a_local_means_nothing_outside_of_its_function(app: App) -> None:
    """A docstring speaks of its own parameters."""
    assert findings(app, inside="`fee`") == []
    for place in ("of_class", "above_class"):
        said = [it.message for it in findings(app, **{place: "`fee`"})]
        assert said == ["`fee` means nothing: there is no fee here"]


CODE = """One.

    ```
    `nobody_knows`
    ```
    >>> print("`nobody_knows`")
    `nobody_knows` but not this
    """


def test_code_in_prose_is_left_out(app: App) -> None:
    """What is fenced, and what a doctest says."""
    (found,) = findings(app, inside=CODE)
    assert "but not this" in line_of(found)


JOURNEY = '''\
"""# What people do: `till.Pay`, then `till.Pey`."""
from monocyte import App
app = App("shop")
'''


def test_journeys_are_read_too(app: App) -> None:
    """Their prose speaks of the words of all cells."""
    till(app, "    return Paid(it.coin)\n", "")
    loaded = app.load(journeys=JOURNEY)
    (found,) = prose_findings(loaded.journeys[0], loaded.manifests)
    assert found.message == "`till.Pey` means nothing: till has no Pey"
    assert "`till.Pay`" in found.mend


def test_other_line_ends_and_encodings(app: App) -> None:
    """Windows, and a file that says how it is written."""
    manifests = till(app, "    return Paid(it.coin)\n", "")
    file = app.folder / "till.py"
    text = "# coding: latin-1\n" + file.read_text() + "\n# Gerät: `WHOLE` and `WHOEL`\n"
    file.write_bytes(text.replace("\n", "\r\n").encode("latin-1"))
    (found,) = prose_findings(manifests[0], manifests)
    assert found.where == f"{file}:{text.count(chr(10))}"


@given(text=st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("`\n.-_()#")))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_prose_can_be_read(tmp_path: Path, text: str) -> None:
    """Whatever people write, findings have lines of the file, and there is no other error."""
    prose = text.replace("\\", "/").replace('"', "'")
    source = f'"""{prose}"""\n' + "".join(f"# {line}\n" for line in prose.split("\n"))
    file = tmp_path / "any.py"
    file.write_text(source, encoding="utf-8")
    (template,) = load_package(Path(monocyte.__file__).parent / "cli", "template").manifests
    for found in prose_findings(template._replace(file=str(file)), [template]):
        assert "`" in line_of(found)


def test_the_template_means_what_it_says() -> None:
    """`monocyte new` makes prose that is true."""
    loaded = load_package(Path(monocyte.__file__).parent / "cli", "template")
    for manifest in loaded.manifests:
        assert list(prose_findings(manifest, loaded.manifests)) == []
