"""The site as a whole: what it says, what it refers to, and what is made again when."""

import re
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from benchmarks.weave import lab_cells, record_of, write_cells
from monocyte.cell import load_package
from monocyte.errors import ConfigError
from monocyte.literate.weave import Inputs, weave
from monocyte.literate.weave.layout import PAGES
from tests.literate.weave.conftest import ARCHIVE, DESK, Library

VOID = {"br", "hr", "input", "link", "meta"}


class Reader(HTMLParser):
    """What a page is made of; it complains about elements that are not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.headings: list[int] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        given = dict(attrs)
        assert len(given) == len(attrs)
        self.tags.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        elif given.get("src") or given.get("href"):
            self.loads.append(given.get("src") or given.get("href") or "")
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        """Close the element that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note what it says."""
        self.said.append(data)


def read(library: Library) -> dict[str, Reader]:
    """Every page of the site."""
    pages = (it for it in library.pages() if it.endswith(".html"))
    return {path: Reader(library.page(path)) for path in pages}


# -- what a page is ------------------------------------------------------------------------------


def test_every_page_is_there(library: Library) -> None:
    """The pages of the app; for each cell its page, its source and its card; and the assets."""
    library.weave(library.record())
    own = {
        *(f"cells/{it}.html" for it in ("archive", "bare", "desk")),
        *(f"source/{it}.html" for it in ("archive", "bare", "desk", "app-library")),
        *(f"cards/{it}.txt" for it in ("archive", "bare", "desk")),
        *(f"assets/{it}" for it in ("script.js", "search.js", "style.css")),
    }
    assert set(library.pages()) == {*PAGES, *own, "llms.txt", ".monocyte-weave.json"}


def test_pages_are_well_formed(library: Library) -> None:
    """Elements nest, anchors are unique, there is one h1, and no level of heading is left out."""
    library.weave(library.record())
    for path, page in read(library).items():
        assert len(page.ids) == len(set(page.ids)), path
        assert page.headings.count(1) == 1, path
        steps = zip(page.headings, page.headings[1:], strict=False)
        assert all(after <= before + 1 for before, after in steps), (path, page.headings)
        assert ("html", {"lang": "en"}) in page.tags
        assert {"main", "header", "nav", "footer"} <= {tag for tag, _ in page.tags}
        heads = [given for tag, given in page.tags if tag == "th"]
        assert all("scope" in given for given in heads), path


def test_nothing_is_loaded_from_elsewhere(library: Library) -> None:
    """Pages load their own three files; only prose may link to elsewhere, and does so plainly."""
    library.weave(library.record())
    for path, page in read(library).items():
        up = "../" * path.count("/")
        assert set(page.loads) == {f"{up}assets/style.css", f"{up}assets/script.js"}
        abroad = [it for it in page.links if re.match(r"\w+:|//", it)]
        prose = {"http://evil.example/x.png", "https://example.org/"}
        assert set(abroad) <= (prose if path == "cells/archive.html" else set())
        assert not [given for _, given in page.tags if any(it.startswith("on") for it in given)]
        assert not [given for _, given in page.tags if "style" in given]
        policy = next(g["content"] for t, g in page.tags if g.get("http-equiv"))
        assert policy is not None
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
    for asset in ("style.css", "script.js"):
        assert not re.search(
            r"https?:|//\w|url\(|@import", library.page(f"assets/{asset}").replace("// ", "")
        )


def test_every_link_leads_somewhere(library: Library) -> None:
    """To a file that is there, and to an anchor that it has; the search's links, too."""
    library.weave(library.record())
    pages = read(library)
    files = library.pages()
    found = re.findall(r'"([^"]+\.html(?:#[^"]*)?)"\]', library.page("assets/search.js"))
    assert len(found) > 20
    links = [("index.html", it) for it in found]
    links += [(path, it) for path, page in pages.items() for it in page.links]
    for path, link in links:
        if re.match(r"\w+:", link):
            continue
        target, _, anchor = link.partition("#")
        folder = path.rpartition("/")[0]
        full = target and re.sub(r"^[^/]+/\.\./", "", f"{folder}/{target}" if folder else target)
        full = full or path
        assert full in files, (path, link)
        assert not anchor or anchor in pages[full].ids, (path, link)


def test_hostile_text_stays_text(library: Library) -> None:
    """Scripts, tags and overrides in what authors write are shown, and do nothing."""
    library.weave(library.record())
    for path, page in read(library).items():
        assert [given for tag, given in page.tags if tag == "script"] == [
            next(given for tag, given in page.tags if tag == "script")
        ], path
        assert not {"img", "iframe", "object", "embed", "form"} & {tag for tag, _ in page.tags}
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", library.page(path)), path
    said = "".join(read(library)["cells/archive.html"].said)
    assert "<script>alert(1)</script>" in said
    assert "⟨U+202E⟩" in said
    assert "⟨U+D800⟩" in said
    assert "</script" not in library.page("assets/search.js")


def test_other_scripts_are_kept(library: Library) -> None:
    """Japanese, Arabic, German and emoji are there as they were written, in their own direction."""
    library.weave()
    page = library.page("cells/archive.html")
    for said in ("本はどこにあるか", "كل كتاب له مكان واحد", "🐢 Straße, Ärger", "كتاب على الرف"):
        assert said in page
    assert '<p dir="auto">日本語' in page
    assert "本はどこにあるか" in library.page("assets/search.js")


# -- what it says --------------------------------------------------------------------------------


def test_a_cell_says_what_was_seen(library: Library) -> None:
    """Its canvas, matrix, trace, decisions, runbook, mutants and waivers are there, with lines."""
    library.weave(library.record())
    page = library.page("cells/desk.html")
    said = " ".join(" ".join(Reader(page).said).split())
    for part in (
        "✗ error : DESK-3 never refuses line",
        "What to do: write it",
        "✗ 1 finding",
        "at least 1; at most 8; optional, else 3",
        "asks archive.Find lend",
        "reacts to archive.Shelved note",
        "timer every day remind",
        "Takes the place of DESK-2",
        "Retired because: students asked for more",
        "✓ seen to hold and to refuse",
        "✗ 1 of 1 line not seen both ways",
        "✗ never refused",
        "ada sends desk Lend(title='Emma', weeks=3) → Lent(loan=…)",
        "desk asks archive Find(title='Emma')",
        "✗ does not come true",
        "AssertionError: <no>",
        "instead of a number for each loan",
        "holds until 2028-01-31",
        "! expiring",
        "refuted by import time",
        "when a reader has lost a book",
        "roles librarian",
        "✗ 1 of 2 rehearsals failed",
        "done if answers(Loans(), ()) do GiveBack(title) undo Lend(title)",
        "do by hand",
        "✗ 1 survived",
        "Ada borrows exactly five books, and then a sixth.",
        "the same number 2027-12-31",
    ):
        assert part in said, part
    line = library.line("ALONE.require")
    assert f'href="../source/desk.html#L{line}"' in page


def test_stale_evidence_is_never_green(library: Library) -> None:
    """What was seen of another text is marked so, everywhere, and the page says what to run."""
    library.weave(library.record())
    assert 'class="mark ok"' in library.page("cells/desk.html")
    record = library.record()
    library.write("desk", DESK.replace("< 5", "< 6"))
    library.weave(record)
    page = library.page("cells/desk.html")
    assert "The evidence is out of date." in page
    assert "monocyte check desk" in page
    assert "was: comes true" in page
    greens = re.findall(r'class="mark ok">.*?</i>\xa0([^<]*)', page)
    assert [it for it in greens if "tokens" not in it] == []
    for path in ("index.html", "rules.html", "decisions.html", "mutation.html", "runbooks.html"):
        shown = library.page(path)
        assert 'class="mark ok"' not in shown, path
    assert "changed since the last check" in library.page("index.html")
    assert "was: holds" in library.page("decisions.html")


def test_missing_evidence_is_said(library: Library) -> None:
    """Without a check nothing is green, and the page says so."""
    library.weave()
    page = library.page("cells/desk.html")
    assert "There is no evidence yet." in page
    assert "1 line enforces it" in page
    assert "never refused" not in page
    assert 'class="mark ok"' not in library.page("rules.html")
    assert "All cells have never been checked." in library.page("index.html")


def test_an_assumption_is_no_fact(library: Library) -> None:
    """Assumptions stand apart and are not green, even when the check has nothing against them."""
    library.weave(library.record())
    page = library.page("decisions.html")
    calendar, assumptions = page.split('id="-assumptions"')
    assert "Readers are honest" not in calendar
    assert "Readers are honest" in assumptions
    assert "2 decisions and 1 assumption;" in page
    assert 'class="mark ok"' not in assumptions
    dates = re.findall(r'datetime="([^"]*)"', calendar)
    assert dates == sorted(dates)


def test_a_cell_that_does_not_load_is_told(library: Library) -> None:
    """The others are woven; the start page says what is missing, without paths of the machine."""
    library.write("bare", "from monocyte import Cell\ncell = Cell('bare')\noops\n")
    library.weave()
    page = library.page("index.html")
    assert "library/bare.py:3" in page
    assert str(library.root) not in page
    assert "cells/bare.html" not in library.pages()


def test_a_bare_cell_has_its_page(library: Library) -> None:
    """Without prose, words, rules and pictures there is still something to say."""
    library.weave()
    page = library.page("cells/bare.html")
    for said in (
        "It provides nothing.",
        "It has no rules.",
        "It has no scenarios.",
        "Nothing passes",
    ):
        assert said in page


# -- what is made again when ---------------------------------------------------------------------


def test_the_same_gives_the_same_bytes(library: Library, tmp_path: Path) -> None:
    """On repeat nothing is written; elsewhere, and made anew, every byte is the same."""
    record = library.record()
    library.weave(record)
    first = library.pages()
    again = library.weave(record)
    assert again.written == again.removed == ()
    other = tmp_path / "elsewhere" / "site"
    weave(library.inputs(record), other)
    found = (it for it in sorted(other.rglob("*")) if it.is_file())
    assert {it.relative_to(other).as_posix(): it.read_bytes() for it in found} == first
    assert str(tmp_path).encode() not in b"".join(first.values())


def test_only_what_changed_is_made_again(library: Library) -> None:
    """A cell that nobody imports: its own pages, and those across cells."""
    library.weave()
    before = library.pages()
    library.write(
        "bare",
        '"""# Bare: but not silent."""\n\nfrom monocyte import Cell\n\ncell = Cell("bare")\n',
    )
    woven = library.weave()
    cells = [it for it in woven.written if "/" in it and not it.startswith("assets/")]
    assert cells == ["cells/bare.html", "source/bare.html", "cards/bare.txt"]
    library.out.rename(library.root / "old")
    library.weave()
    assert {**before} != library.pages()
    incremental = (library.root / "old" / "cells" / "bare.html").read_bytes()
    assert incremental == library.pages()["cells/bare.html"]


@pytest.mark.parametrize("changed", ["archive", "desk", "bare", "journeys"])
def test_a_step_by_step_site_is_one_made_at_once(library: Library, changed: str) -> None:
    """Whatever changes, weaving on gives what weaving anew gives."""
    library.weave(library.record())
    source = (library.package / f"{changed}.py").read_text(encoding="utf-8")
    library.write(changed, source.replace("Emma", "Sanditon") + "\n# more\n")
    record = library.record()
    library.weave(record)
    step_by_step = library.pages()
    library.out.rename(library.root / "old")
    library.weave(record)
    assert library.pages() == step_by_step


def test_new_evidence_is_shown(library: Library) -> None:
    """The same code with other evidence is another page."""
    library.weave()
    woven = library.weave(library.record())
    assert "cells/desk.html" in woven.written
    assert "cells/bare.html" in woven.unchanged


def test_the_pages_of_a_deleted_cell_go(library: Library) -> None:
    """And whoever asked it says so no more."""
    library.weave()
    (library.package / "bare.py").unlink()
    woven = library.weave()
    assert set(woven.removed) == {"cells/bare.html", "source/bare.html", "cards/bare.txt"}
    assert "bare" not in library.page("index.html")


def test_who_uses_a_word_is_told_at_the_word(library: Library) -> None:
    """A cell that begins to react changes the page of the one that it hears."""
    library.weave()
    assert "desk.note" in library.page("cells/archive.html")
    assert "desk.lend" in library.page("cells/archive.html")
    library.write("desk", DESK.replace("def note(", "def notice("))
    assert "cells/archive.html" in library.weave().written
    assert "desk.notice" in library.page("cells/archive.html")


def test_a_foreign_directory_is_refused(library: Library) -> None:
    """Nothing is written where something else is."""
    library.out.mkdir()
    (library.out / "letter.txt").write_text("dear")
    with pytest.raises(ConfigError, match="something else"):
        library.weave()
    assert list(library.pages()) == ["letter.txt"]


# -- sizes ---------------------------------------------------------------------------------------


def test_a_cell_of_ten_thousand_lines(library: Library) -> None:
    """It is woven like any other, and its page says that it is too big."""
    extra = "\n".join(
        f'def helper_{n}(x: int) -> int:\n    """Adds {n}, for `Find`."""\n    return x + {n}\n'
        for n in range(2500)
    )
    library.write("archive", f"{ARCHIVE}\n\n{extra}")
    started = time.perf_counter()
    library.weave()
    assert time.perf_counter() - started < 60  # no more than a guard against something quadratic
    assert 'id="L10000"' in library.page("source/archive.html")
    assert re.search(
        r'class="mark bad"><i aria-hidden="true">✗</i>\xa0\d+,\d+ tokens',
        library.page("cells/archive.html"),
    )
    assert "split the cell" in library.page("size.html")


def test_copies_of_the_lab(tmp_path: Path) -> None:
    """The cells that the benchmark weaves load, and their evidence is shown as fresh."""
    path = list(sys.path)
    try:
        package = write_cells(tmp_path, len(lab_cells()), "woven_few")
        loaded = load_package(tmp_path, package)
        assert not loaded.faults
        record = record_of(loaded.manifests, package)
        out = tmp_path / "site"
        woven = weave(Inputs(package, tmp_path / package, loaded.manifests, (), record), out)
        assert sum(it.startswith("cells/") for it in woven.written) == len(lab_cells())
        start = (out / "index.html").read_text()
        assert "out of date" not in start
        assert "never been checked" not in start
    finally:
        sys.path[:] = path
        for name in [it for it in sys.modules if it.split(".")[0] == "woven_few"]:
            del sys.modules[name]
