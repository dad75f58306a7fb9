"""Every format tells all of a difference, and takes nothing in it for its own markup."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest

from monocyte.semdiff.difference import Change, Difference, Looked, Options, Unseen, difference
from monocyte.semdiff.hunks import Hunk
from monocyte.semdiff.report import as_html, as_json, as_markdown, as_sarif, as_text, schema
from monocyte.semdiff.report.rows import rows, tokens
from monocyte.semdiff.report.sarif import LEVELS
from monocyte.semdiff.report.summary import headline, meaning
from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.verdicts import Finding, Place, Severity, Verdict, Witness
from monocyte.semdiff.whole import Demand, Felt, Gained, Promise

ROOT = Path(__file__).parents[3]
EVIL = "</td><script>alert(1)</script> `*_[x](y)_*` \x1b[31m\u202e ```"


def finding(verdict: Verdict, severity: Severity, name: str = "f", **more: Any) -> Finding:
    """A finding on line 3 of both sides."""
    fields: dict[str, Any] = {
        "kind": "function",
        "what": "`f(0)` returned 1, now returned 2",
        "why": ("it was tried",),
        "old": Place("a/b c.py", 3),
        "new": Place("a/b c.py", 3),
        **more,
    }
    witness = Witness(code="import a", old="1", new="2") if verdict is Verdict.CHANGED else None
    return Finding(verdict=verdict, severity=severity, definition=name, witness=witness, **fields)


PROMISE = Promise(
    definition="worst",
    part="each",
    what="had the default 2",
    rule="parameter-required",
    because="Calls that leave it out fail.",
    verdict=Verdict.CHANGED,
    severity=Severity.BREAKING,
    sender="breaking",
    receiver="neutral",
    said="(1)",
    by="old",
    meant="binds",
    read="TypeError: it is missing",
    new=Place("a/b c.py", 3),
    witness=Witness(code="import a", old="1", new="TypeError"),
)
GAIN = Gained(
    capability="network",
    what="can use the network",
    scope="program",
    severity=Severity.WARNING,
    entries=("a:worst", "a:caller"),
    way=("urlopen (a/b c.py:3)",),
    place=Place("a/b c.py", 3),
)
FAR = msgspec.structs.replace(
    GAIN, capability="ffi", scope="new entry", severity=Severity.NOTE, way=("far away",)
)
HUNK = Hunk(3, ("    return 1",), 3, ("    return 2",))
FULL = Difference(
    old="HEAD",
    new="the working tree",
    changes=(
        Change(finding=finding(Verdict.UNKNOWN, Severity.WARNING, "unsure")),
        Change(
            finding=finding(Verdict.CHANGED, Severity.BREAKING, "worst"),
            words=("returns `2`, was `1`",),
            hunks=(HUNK,),
            tried="3 inputs, 0.1 s",
            test='def test_it():\n    assert "x"\n',
            more=(finding(Verdict.UNKNOWN, Severity.NOTE, "worst", rule="tests:weaker"),),
            promises=(PROMISE,),
        ),
        Change(finding=finding(Verdict.NO_DIFFERENCE_FOUND, Severity.NOTE, "tried")),
    ),
    ignored=(
        finding(
            Verdict.SAME,
            Severity.IGNORED,
            "layout",
            why=("source text differ, and nothing here looks at them",),
        ),
    ),
    gains=(GAIN, FAR),
    demand=Demand(step="major", old="1.4.2", new="1.4.3", least="2.0.0", is_enough=False),
    felt=Felt(functions=("a.worst",), again={"a.scene": "it is new"}, spared=("a.other",)),
    unseen=(Unseen("x.bin", "it differs, but is no Python"),),
    looked=Looked(2, 2, 1),
    ran=True,
    python="3.11.7",
)
HOSTILE = Difference(
    old=EVIL,
    new=EVIL,
    changes=(
        Change(
            finding=finding(
                Verdict.CHANGED, Severity.WARNING, EVIL, what=EVIL, why=(EVIL,), new=Place(EVIL, 1)
            ),
            words=(EVIL,),
            hunks=(Hunk(1, (EVIL,), 1, (EVIL, EVIL)),),
            tried=EVIL,
            test=EVIL,
            promises=(
                msgspec.structs.replace(
                    PROMISE, definition=EVIL, part=EVIL, what=EVIL, said=EVIL, read=EVIL
                ),
            ),
        ),
    ),
    gains=(msgspec.structs.replace(GAIN, what=EVIL, entries=(EVIL,), way=(EVIL,)),),
    felt=Felt(functions=(EVIL,), untold=EVIL),
    unseen=(Unseen(EVIL, EVIL),),
    looked=Looked(1, 1, 1),
)
EQUAL = Difference(old="a", new="b", looked=Looked(1, 1, 0))

HEADLINES = {
    "all of it": (
        FULL,
        (
            "1 definition means something else, 1 may, 1 no difference found, 1 means the same, "
            "1 not looked at; 1 breaking change: major step, 2.0.0, but it says 1.4.3; "
            "new capability: network; 1 of 2 scenarios can feel it"
        ),
    ),
    "nothing": (EQUAL, "no Python file differs"),
    "only text": (
        Difference(old="a", new="b", ignored=FULL.ignored, looked=Looked(1, 1, 1)),
        "nothing changed in meaning, 1 means the same",
    ),
}


@pytest.mark.parametrize(("found", "line"), HEADLINES.values(), ids=HEADLINES)
def test_the_headline_counts_each_verdict_apart(found: Difference, line: str) -> None:
    """The whole answer in a line."""
    assert headline(found) == line


FORMATS: dict[str, Callable[[Difference], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "html": as_html,
    "json": as_json,
}


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_tells_everything(name: str) -> None:
    """Verdicts, meanings, words, lines, witnesses, what was ignored and what was not looked at."""
    page = re.sub(r"<[^>]*>|\\", "", FORMATS[name](FULL))
    for said in (
        *("unsure", "worst", "tried", "3 inputs", "layout", "x.bin", "no Python"),
        *("leave it out fail", "TypeError: it is missing", "the network", "urlopen", "a.worst"),
        *("a.scene", "a.other", "tests:weaker"),
    ):
        assert said in page, said
    assert "return 2" in page
    assert name == "text" or "test_it" in page


def test_the_worst_comes_first() -> None:
    """Whatever the order of the files."""
    text = as_text(FULL)
    assert text.index("function worst") < text.index("unsure") < text.index("function tried")


def test_what_is_far_is_folded() -> None:
    """What other code could before is counted, and told in full where that is asked for."""
    assert "far away" not in as_text(FULL)
    assert "and 1 more, which other code could before" in as_text(FULL)
    assert "far away" in as_text(FULL, full=True)


BREAKS = FULL.changes[1]


@pytest.mark.parametrize("full", [False, True])
def test_many_changes_stay_on_a_page(full: bool) -> None:
    """The first at length, the others on a line or counted; all, where that is asked for."""
    many = Difference(old="a", new="b", changes=(BREAKS,) * 60, looked=Looked(1, 1, 1))
    text = as_text(many, full=full)
    assert text.count("return 2") == (60 if full else 12)
    assert ("More: 48" in text) is ("and 28 more: --full" in text) is not full


LONG = "x" * 400


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (f"`f()` returned [{LONG}1], now returned [{LONG}2]", "returned …xxxxxxxxxxxxxxxxxxxx1]"),
        (f"`f()` returned a{LONG}, now returned b{LONG}", "returned a" + "x" * 158 + "…, now"),
        ("`f()` returned 1, now returned 2", "`f()` returned 1, now returned 2"),
        (f"is {LONG}", f"is {LONG}"),
    ],
)
def test_of_long_answers_the_difference_is_shown(what: str, said: str) -> None:
    """And a little of what stands before it."""
    change = Change(finding=finding(Verdict.CHANGED, Severity.WARNING, what=what))
    assert said in meaning(change)


def test_json_keeps_its_schema() -> None:
    """Of a made answer, a hostile one, and a real one; the schema is what is published."""
    published = json.loads((ROOT / "docs" / "diff.schema.json").read_text(encoding="utf-8"))
    assert published == schema(), "run `make docs`"
    jsonschema.Draft202012Validator.check_schema(published)
    old, new = from_texts({"a.py": "X = 1\n"}), from_texts({"a.py": "X = 2\n"})
    real = difference(old, new, Options(run=False))
    for found in (FULL, HOSTILE, EQUAL, real):
        jsonschema.validate(json.loads(as_json(found, "1.0")), published)


def test_json_says_verdicts_and_severities_by_name() -> None:
    """Numbers would have to be looked up."""
    said = json.loads(as_json(FULL, "1.0"))
    assert said["counts"] == {"same": 1, "changed": 1, "no-difference-found": 1, "unknown": 1}
    assert (said["format"], said["severity"]) == (1, "breaking")
    assert said["changes"][1]["witness"]["new"] == "2"


def test_sarif_has_a_result_for_each_change() -> None:
    """With a rule, a level, a place, and a fingerprint that does not know the line."""
    log = json.loads(as_sarif(FULL, "1.0"))
    run = log["runs"][0]
    assert log["version"] == "2.1.0"
    rules = [it["id"] for it in run["tool"]["driver"]["rules"]]
    levels = [it["level"] for it in run["results"]]
    assert levels == ["warning", "error", "note", "error", "warning", "note"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "a/b%20c.py"
        assert place["region"]["startLine"] == 3
    assert set(LEVELS) == set(Severity)


def test_sarif_is_read_by_others() -> None:
    """A library that knows nothing of us finds every result in the log."""
    models = pytest.importorskip("sarif_pydantic")
    for found in (FULL, HOSTILE, EQUAL):
        log = models.Sarif.model_validate_json(as_sarif(found, "1.0"))
        results = json.loads(as_sarif(found))["runs"][0]["results"]
        assert [it.message.text for it in log.runs[0].results] == [
            it["message"]["text"] for it in results
        ]


def test_a_fingerprint_survives_a_move() -> None:
    """What only has another line is the same result."""
    moved = finding(Verdict.UNKNOWN, Severity.WARNING, "unsure", new=Place("a/b c.py", 99))
    both = [
        json.loads(as_sarif(Difference(old="", new="", changes=(it,))))["runs"][0]["results"][0]
        for it in (FULL.changes[0], Change(finding=moved))
    ]
    assert both[0]["partialFingerprints"] == both[1]["partialFingerprints"]


class Tags(HTMLParser):
    """The tags of a page, as they nest."""

    EMPTY = frozenset({"meta", "col", "br"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.references: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.references += [it or "" for name, it in attrs if name in ("href", "src")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("found", [FULL, HOSTILE, EQUAL], ids=["full", "hostile", "equal"])
def test_a_page_is_closed_in_itself(found: Difference) -> None:
    """Well formed, no scripts, no reference to anything else, whatever the code says."""
    tags = Tags(page := as_html(found))
    assert not tags.open
    assert "script" not in tags.seen
    assert all(it.startswith("#c") for it in tags.references)
    assert "\u202e" not in page
    assert "url(" not in page


def test_a_terminal_obeys_nobody() -> None:
    """Neither colours nor directions that come from code."""
    for width in (80, 140):
        text = as_text(HOSTILE, width=width, colour=False)
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_colours_are_there_when_asked_for() -> None:
    """And only then."""
    assert "\x1b[" in as_text(FULL, colour=True)
    assert "\x1b[" not in as_text(FULL)


def test_wide_terminals_show_both_sides_at_once() -> None:
    """Narrow ones, and pipes, one after the other."""
    wide = next(it for it in as_text(FULL, width=120).splitlines() if "return 1" in it)
    assert "return 2" in wide
    assert "return 2" not in next(it for it in as_text(FULL).splitlines() if "return 1" in it)


def test_markdown_escapes_what_is_no_code() -> None:
    """And its fences are longer than any in what they hold."""
    page = as_markdown(HOSTILE)
    prose = re.sub(r"(?s)(`{4,}).*?\1|`[^`\n]*`", "", page)
    assert "script" in prose
    assert not re.search(r"(?<!\\)<script", prose)
    assert "````diff" in page
    assert "\u202e" not in page


def test_markdown_fits_into_a_comment() -> None:
    """Of too many definitions the last are counted."""
    many = Difference(old="a", new="b", changes=FULL.changes[1:2] * 500, looked=Looked(1, 1, 1))
    page = as_markdown(many)
    assert len(page) < 65_536
    assert re.search(r"and \d+ definitions more", page)
    assert page.count("<details>") == page.count("</details>")


def test_markdown_folds_what_is_long_and_small() -> None:
    """Thousands of notes do not push out what breaks, nor leave anything unfolded."""
    notes = tuple(
        Change(finding=finding(Verdict.CHANGED, Severity.NOTE, f"note{i}")) for i in range(3000)
    )
    page = as_markdown(Difference(old="a", new="b", changes=(*notes, BREAKS)))
    assert len(page) < 65_536
    assert "function worst" in page
    assert page.count("<details>") == page.count("</details>")


def test_rows_mark_what_differs_in_a_line() -> None:
    """Word by word; a line that has no partner stands alone."""
    hunk = Hunk(7, ("if total > 10:",), 9, ("if total >= 10:", "    pass"))
    first, second = rows(hunk)
    assert [it.text for it in first.left if it.changed] == [">"]
    assert [it.text for it in first.right if it.changed] == [">="]
    assert (first.old, first.new, second.old, second.new) == (7, 9, 0, 10)


@pytest.mark.parametrize(
    "line", ["", "x = 'a # b'  # c", '"""open', "\tif é:", EVIL, "0x1F + 1e-3"]
)
def test_tokens_are_the_line(line: str) -> None:
    """Nothing is lost, in whatever text."""
    assert "".join(text for text, _ in tokens(line)) == line


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no browser here")
def test_a_browser_shows_the_page(tmp_path: Path) -> None:
    """It lays the page out, and has nothing to complain about."""
    page = tmp_path / "page.html"
    page.write_text(as_html(FULL), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "--enable-logging=stderr"]
    run = subprocess.run(
        ["chromium", *flags, f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert "worst" in run.stdout
    assert "CONSOLE" not in run.stderr
