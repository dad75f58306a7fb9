"""# Notebook: what was done, in Markdown, by whom; found again by any word in it.

Everybody keeps their own pages: `ada-7` is Ada's seventh. A page is revised as often as its author
likes, each revision is kept, and once it is signed it never changes again. A colleague can witness
what was signed. `@lise` in the text tells Lise; a barcode in the text must be on something real.
"""

import re
from datetime import date, datetime
from typing import Annotated

from lab.people import Enrol, Handle
from lab.samples import FindUnknown, RegisterSample, Unit
from monocyte import Ask, Caller, Cell, Clock, Command, Event, Meta, Query, State, Value
from monocyte.testing import Operator, Step, Steps, World, answers

# ## Words

Page = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*-[1-9][0-9]*$", max_length=32)]
Title = Annotated[str, Meta(min_length=1, max_length=120)]
Markdown = Annotated[str, Meta(max_length=20_000)]
Count = Annotated[int, Meta(ge=1)]


class Text(Value):
    title: Title
    body: Markdown


class Entry(Value):
    page: Page
    author: Handle
    day: date
    text: Text
    revision: Count
    signed: datetime | None
    witnesses: tuple[Handle, ...]


class Hit(Value):
    """A page that was found, and some words around the first one."""

    page: Page
    title: Title
    excerpt: str


class Written(Event):
    page: Page
    author: Handle
    day: date
    text: Text
    mentions: tuple[Handle, ...]


class Revised(Event):
    page: Page
    revision: Count
    text: Text
    mentions: tuple[Handle, ...]


class Signed(Event):
    page: Page
    author: Handle
    at: datetime


class Witnessed(Event):
    page: Page
    author: Handle
    by: Handle


class Hidden(Event):
    page: Page
    hidden: bool


class WriteEntry(Command[Written]):
    day: date
    text: Text


class ReviseEntry(Command[Revised]):
    """`of` is the revision that the author had in front of them."""

    page: Page
    of: Count
    text: Text


class SignEntry(Command[Signed]):
    page: Page


class WitnessEntry(Command[Witnessed]):
    page: Page


class HidePage(Command[Hidden]):
    page: Page
    hidden: bool


class GetEntry(Query[Entry | None]):
    """The newest revision, or the one asked for, unless the page is hidden."""

    page: Page
    revision: Count | None = None


class ListEntries(Query[tuple[Page, ...]]):
    author: Handle


class Search(Query[tuple[Hit, ...]]):
    """Pages with all these words, newest first; those with the words in their title before."""

    words: Annotated[str, Meta(min_length=1, max_length=200)]
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


# ## Rules and behaviour


class Leaf(State):
    """One page with all its revisions, and the words of the newest."""

    author: Handle
    day: date
    texts: list[Text]
    words: set[str]
    signed: datetime | None = None
    witnesses: list[Handle] = []
    hidden: bool = False


class Notebook(State):
    leaves: dict[Page, Leaf] = {}
    pages: dict[Handle, list[Page]] = {}


cell = Cell("notebook", state=Notebook)

WRITTEN = cell.rule("NOTEBOOK-1", "What is revised, signed, witnessed or hidden was written first.")
OWN = cell.rule("NOTEBOOK-2", "Only the author revises and signs a page.")
LOCKED = cell.rule("NOTEBOOK-3", "A signed page never changes.")
NEWEST = cell.rule("NOTEBOOK-4", "A revision starts from the newest one.")
OTHER = cell.rule("NOTEBOOK-5", "A page is witnessed after it is signed, by others, each once.")
REAL = cell.rule("NOTEBOOK-6", "A barcode in the text is on something in the lab.")
HEAD = cell.rule("NOTEBOOK-7", "The head of the lab hides pages, and shows them again.")


@cell.handles
async def write(it: WriteEntry, notebook: Notebook, caller: Caller, ask: Ask) -> Written:
    page = f"{caller.name}-{len(notebook.pages.get(caller.name, ())) + 1}"
    await only_real(it.text, ask)
    return Written(page, caller.name, it.day, it.text, mentions(it.text))


@cell.handles
async def revise(it: ReviseEntry, notebook: Notebook, caller: Caller, ask: Ask) -> Revised:
    leaf = own_leaf(it.page, notebook, caller)
    LOCKED.require(leaf.signed is None, it.page)
    NEWEST.require(it.of == len(leaf.texts), f"it is number {len(leaf.texts)}")
    await only_real(it.text, ask)
    already = mentions(leaf.texts[-1])
    news = tuple(who for who in mentions(it.text) if who not in already)
    return Revised(it.page, it.of + 1, it.text, news)


@cell.handles
def sign(it: SignEntry, notebook: Notebook, caller: Caller, clock: Clock) -> Signed:
    leaf = own_leaf(it.page, notebook, caller)
    LOCKED.require(leaf.signed is None, it.page)
    return Signed(it.page, leaf.author, clock.now())


@cell.handles
def witness(it: WitnessEntry, notebook: Notebook, caller: Caller) -> Witnessed:
    leaf = written(it.page, notebook)
    fresh = caller.name != leaf.author and caller.name not in leaf.witnesses
    OTHER.require(leaf.signed is not None and fresh, it.page)
    return Witnessed(it.page, leaf.author, caller.name)


@cell.handles
def hide(it: HidePage, notebook: Notebook, caller: Caller) -> Hidden:
    HEAD.require("head" in caller.roles, caller.name)
    written(it.page, notebook)
    return Hidden(it.page, it.hidden)


@cell.handles
def entry(it: GetEntry, notebook: Notebook) -> Entry | None:
    leaf = notebook.leaves.get(it.page)
    if leaf is None or leaf.hidden or (it.revision or 1) > len(leaf.texts):
        return None
    revision = it.revision or len(leaf.texts)
    text, witnesses = leaf.texts[revision - 1], tuple(leaf.witnesses)
    return Entry(it.page, leaf.author, leaf.day, text, revision, leaf.signed, witnesses)


@cell.handles
def entries(it: ListEntries, notebook: Notebook) -> tuple[Page, ...]:
    return tuple(notebook.pages.get(it.author, ()))


@cell.handles
def search(it: Search, notebook: Notebook) -> tuple[Hit, ...]:
    wanted, leaves = words(it.words), notebook.leaves
    shown = [page for page in reversed(leaves) if not leaves[page].hidden]
    pages = [page for page in shown if wanted and wanted <= leaves[page].words]

    def rank(page: Page) -> tuple[bool, date]:
        return wanted <= words(leaves[page].texts[-1].title), leaves[page].day

    best = sorted(pages, key=rank, reverse=True)[: it.limit]
    return tuple(hit(page, leaves[page].texts[-1], wanted) for page in best)


@cell.evolves
def open_page(it: Written, notebook: Notebook) -> None:
    notebook.leaves[it.page] = Leaf(it.author, it.day, [it.text], all_words(it.text))
    notebook.pages.setdefault(it.author, []).append(it.page)


@cell.evolves
def rewrite(it: Revised, notebook: Notebook) -> None:
    leaf = notebook.leaves[it.page]
    leaf.texts.append(it.text)
    leaf.words = all_words(it.text)


@cell.evolves
def lock(it: Signed, notebook: Notebook) -> None:
    notebook.leaves[it.page].signed = it.at


@cell.evolves
def cover(it: Hidden, notebook: Notebook) -> None:
    notebook.leaves[it.page].hidden = it.hidden


@cell.evolves
def countersign(it: Witnessed, notebook: Notebook) -> None:
    notebook.leaves[it.page].witnesses.append(it.by)


async def only_real(text: Text, ask: Ask) -> None:
    barcodes = tuple(dict.fromkeys(re.findall(r"\b[A-Z]{2}[0-9]{6}\b", text.body)))
    unknown = await ask(FindUnknown(barcodes)) if barcodes else ()
    REAL.require(not unknown, ", ".join(unknown))


def written(page: Page, notebook: Notebook) -> Leaf:
    WRITTEN.require(page in notebook.leaves, page)
    return notebook.leaves[page]


def own_leaf(page: Page, notebook: Notebook, caller: Caller) -> Leaf:
    leaf = written(page, notebook)
    OWN.require(caller.name == leaf.author, leaf.author)
    return leaf


def mentions(text: Text) -> tuple[Handle, ...]:
    found = re.findall(r"(?<![\w.])@([a-z][a-z0-9-]{1,23})\b", text.body)
    return tuple(dict.fromkeys(found))


def words(text: str) -> set[str]:
    """In lower case, of two letters or digits at least."""
    return set(re.findall(r"\w[\w-]*\w", text.casefold()))


def all_words(text: Text) -> set[str]:
    return words(text.title) | words(text.body)


def hit(page: Page, text: Text, wanted: set[str]) -> Hit:
    line = next((ln for ln in text.body.splitlines() if wanted & words(ln)), text.body)
    return Hit(page, text.title, line.strip()[:160])


cell.picture("""
    person -> WriteEntry   -> write   -> Written   -> open_page
                              write   -> samples.FindUnknown
    person -> ReviseEntry  -> revise  -> Revised   -> rewrite
                              revise  -> samples.FindUnknown
    person -> SignEntry    -> sign    -> Signed    -> lock
    person -> WitnessEntry -> witness -> Witnessed -> countersign
    person -> HidePage     -> hide    -> Hidden    -> cover
    person -> GetEntry     -> entry
    person -> ListEntries  -> entries
    person -> Search       -> search
""")


# ## Scenarios and decisions

MONDAY = date(2026, 1, 5)
BLOT = Text("Western blot", "## Lysate\n  Ada thawed *HeLa* lysate.\nThanks to @lise and @lise.")


@cell.scenario
def ada_writes(lab: World) -> None:
    """Her pages are numbered; every word finds them, in any case, the newest first."""
    ada = lab.by("ada")
    ada.send(WriteEntry(MONDAY, BLOT))
    ada.send(WriteEntry(date(2026, 1, 6), Text("Gel", "A blot of western HeLa.")))
    assert ada.ask(ListEntries("ada")) == ("ada-1", "ada-2")
    assert lab.events(Written)[0].mentions == ("lise",)
    assert ada.ask(Search("hela")) == (
        Hit("ada-2", "Gel", "A blot of western HeLa."),
        Hit("ada-1", "Western blot", "Ada thawed *HeLa* lysate."),
    )
    for words in ("hela zebrafish", "!?"):
        assert ada.ask(Search(words)) == ()
    assert ada.ask(GetEntry("ada-3")) is None


@cell.scenario
def many_pages(lab: World) -> None:
    """First whose title has the word, then of newer days, then later pages; and no more."""
    ada = lab.by("ada")
    for title, day in [("Dot blot", 6), ("Blot", 6), ("Gel", 8), ("Old blot", 5)]:
        ada.send(WriteEntry(date(2026, 1, day), Text(title, "blot " * 40)))
    hits = ada.ask(Search("blot", limit=3))
    assert [it.page for it in hits] == ["ada-2", "ada-1", "ada-4"]
    assert hits[0].excerpt == ("blot " * 40)[:160]


@cell.scenario
def a_page_is_revised(lab: World) -> None:
    """By its author, from the newest revision; the old words lead there no more, but are kept."""
    ada_writes(lab)
    ada, text = lab.by("ada"), Text("Southern blot", "DNA, not protein. @kim @lise")
    with WRITTEN.refuses():
        ada.send(ReviseEntry("ada-3", 1, text))
    with OWN.refuses():
        lab.by("lise").send(ReviseEntry("ada-1", 1, text))
    assert ada.send(ReviseEntry("ada-1", 1, text)).mentions == ("kim",)
    lab.restart()
    assert ada.ask(Search("lysate")) == ()
    assert [it.page for it in ada.ask(Search("Southern DNA"))] == ["ada-1"]
    first, third = ada.ask(GetEntry("ada-1", 1)), ada.ask(GetEntry("ada-1", 3))
    assert first is not None
    assert (first.text, third) == (BLOT, None)


@cell.scenario
def two_windows_of_ada(lab: World) -> None:
    """She revises one page in both at once: one is told to look again, no word is lost."""
    ada_writes(lab)
    ada = lab.by("ada")
    tries = [ada.start(ReviseEntry("ada-1", 1, Text(title, ""))) for title in ("Left", "Right")]
    with NEWEST.refuses():
        for attempt in tries:
            attempt.result()
    assert [it.revision for it in lab.events(Revised)] == [2]


@cell.scenario
def signed_and_witnessed(lab: World) -> None:
    """After Ada signs, nobody changes it, not she either; Lise witnesses it, once."""
    ada_writes(lab)
    ada, lise = lab.by("ada"), lab.by("lise")
    with OTHER.refuses():
        lise.send(WitnessEntry("ada-1"))
    ada.send(SignEntry("ada-1"))
    lab.restart()
    with LOCKED.refuses():
        ada.send(SignEntry("ada-1"))
    with LOCKED.refuses():
        ada.send(ReviseEntry("ada-1", 1, BLOT))
    lise.send(WitnessEntry("ada-1"))
    for who in (ada, lise):
        with OTHER.refuses():
            who.send(WitnessEntry("ada-1"))
    page = ada.ask(GetEntry("ada-1"))
    assert page is not None
    assert (page.signed, page.witnesses) == (lab.events(Signed)[0].at, ("lise",))


@cell.scenario
def a_page_is_hidden(lab: World) -> None:
    """By the head alone, who can show it again."""
    ada_writes(lab)
    head = lab.by("hedy", "head")
    with HEAD.refuses():
        lab.by("ada").send(HidePage("ada-1", hidden=True))
    with WRITTEN.refuses():
        head.send(HidePage("ada-3", hidden=True))
    head.send(HidePage("ada-1", hidden=True))
    assert [it.page for it in head.ask(Search("hela"))] == ["ada-2"]
    head.send(HidePage("ada-1", hidden=False))
    assert len(head.ask(Search("hela"))) == 2


@cell.scenario
def a_barcode_must_be_real(lab: World) -> None:
    """A typing error in a barcode is found while the vial is still in the hand."""
    lab.by("olga", "office").send(Enrol("ada", "Ada", frozenset(), MONDAY))
    vial = RegisterSample("AB000001", "anti-GFP", "ada", "bench-1", Unit.MICROLITRES, 100)
    lab.by("ada").send(vial)
    lab.by("ada").send(WriteEntry(MONDAY, Text("Stain", "Used AB000001.")))
    with REAL.refuses():
        lab.by("ada").send(WriteEntry(MONDAY, Text("Stain", "AB000001, then AB000010.")))
    with REAL.refuses():
        lab.by("ada").send(ReviseEntry("ada-1", 1, Text("Stain", "AB000010")))


@cell.decision(instead_of="one count for all pages", review="2028-01-01")
def pages_are_numbered_by_author(lab: World) -> None:
    """A page's name says whose it is, and two who write at once do not wait for each other."""
    tries = [lab.by(who).start(WriteEntry(MONDAY, BLOT)) for who in ("ada", "lise")]
    assert {attempt.result().page for attempt in tries} == {"ada-1", "lise-1"}


@cell.decision(instead_of="asking about each page", review="2027-07-01")
def only_barcodes_are_asked_about(lab: World) -> None:
    """Who writes of other things can do so while the samples are down."""
    ada_writes(lab)
    assert not any(it.name == "FindUnknown" for it in lab.trace)


@cell.decision(instead_of="an index", review="2027-09-01")
def every_page_is_looked_at() -> None:
    """Two thousand are written a year: to look at the words of ten years takes milliseconds."""


# ## When it breaks


def found(it: Operator, words: str) -> object:
    return it.ask(Search(words))


@cell.runbook(
    when="a patient's name, or another secret, stands in the notebook",
    after=ada_writes,
    keeps=found,
    roles=("head",),
    example={"words": "hela"},
)
def hide_what_says(it: Operator, words: str) -> Steps:
    """Nobody reads it, until its author has written a page without it."""
    for hit in it.ask(Search(words)):
        yield Step(
            f"Hide {hit.page}",
            check=answers(GetEntry(hit.page), None),
            do=[HidePage(hit.page, hidden=True)],
            undo=[HidePage(hit.page, hidden=False)],
        )
