"""`weave`: a static site of an app. What has not changed since the last weaving is not made again.

Nothing depends on the clock, on the machine, or on where the app stands: the same code and the same
evidence give the same bytes.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib.resources import files as resources
from pathlib import Path
from typing import NamedTuple

import msgspec

from monocyte.cell import Journeys, Manifest
from monocyte.errors import DefinitionError
from monocyte.literate.cards import Card, card
from monocyte.literate.guide import llms_txt
from monocyte.literate.record import CellRecord, Record
from monocyte.literate.weave.app_pages import APP_PAGES, App, Fault
from monocyte.literate.weave.cell_page import card_text, cell_page, source_page
from monocyte.literate.weave.files import Files, digest
from monocyte.literate.weave.html import visible
from monocyte.literate.weave.output import Kept, Output, Written
from monocyte.literate.weave.search import index_js
from monocyte.literate.weave.sharing import shared
from monocyte.literate.weave.summary import Summary, summarised
from monocyte.literate.weave.view import Use, View

__all__ = ["Inputs", "Woven", "weave"]


class Inputs(NamedTuple):
    """What a site is woven from; `package` is the directory with the cells."""

    name: str
    package: Path
    cells: tuple[Manifest, ...]
    journeys: tuple[Journeys, ...] = ()
    record: Record | None = None
    faults: tuple[DefinitionError, ...] = ()


class Woven(NamedTuple):
    """What became of each file; `foreign` ones were ours, but somebody has changed them since."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    foreign: tuple[str, ...]


def weave(inputs: Inputs, out: Path) -> Woven:
    """Write the site of an app into the directory `out`.

    Raises:
        ConfigError: the directory holds something else.
        OSError: it cannot be written.
    """
    output = Output(out)
    with _uncollected():
        return _woven(_Loom(inputs, output), output)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection: pages are no cycles, and every collection walks all cells."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _woven(loom: _Loom, output: Output) -> Woven:
    plan = list(loom.plan())
    known = {it.path: output.current(it.path, it.inputs) for it in plan}
    files = {path: written for path, written in known.items() if written is not None}
    unchanged = tuple(files)
    stale = [it for it in plan if it.path not in files]
    if not stale and files.keys() == output.index.files.keys():
        return Woven((), unchanged, (), ())
    output.begin([it.path for it in stale])

    def made(it: _Planned) -> bytes:
        return msgspec.msgpack.encode(output.write(it.path, it.inputs, it.made().encode()))

    for it, written in zip(stale, shared(stale, made), strict=True):
        files[it.path] = msgspec.msgpack.decode(written, type=Written)
    removed, foreign = output.finish(files, loom.kept)
    return Woven(tuple(it.path for it in stale), unchanged, tuple(removed), tuple(foreign))


class _Planned(NamedTuple):
    """A file, the digest of what it is made of, and how it is made."""

    path: str
    inputs: str
    made: Callable[[], str]


class _Loom:
    """One weaving: what is known of every cell, and what is made of it."""

    def __init__(self, inputs: Inputs, output: Output) -> None:
        self.inputs = inputs
        self.files = Files(inputs.package.resolve().parent)
        self.names = {it.name: it.name for it in inputs.cells}
        self.version = digest(_version(), inputs.name, *sorted(self.names))
        self.kept: dict[str, Kept] = {}
        self._cells = sorted(inputs.cells, key=lambda it: it.name)
        self._old = output.index.kept

    def plan(self) -> Iterator[_Planned]:
        """Every file of the site; across cells first, so that both halves are as much work."""
        summaries = self._summaries()
        cells = [(it, *summaries[it.name]) for it in self._cells]
        told = [(it, *summaries[it.name]) for it in self.inputs.journeys]
        uses = _uses([summary for _, _, summary in cells])
        yield from self._across(
            [s for _, _, s in cells], [it for it, _, _ in told], [s for _, _, s in told]
        )
        for it, facts, summary in cells:
            yield from self._cell(it, facts, summary, uses.get(it.name, ()))
        for journeys, facts, _ in told:
            yield self._source(journeys, facts)
        for name in ("style.css", "script.js"):
            text = _asset(name)
            yield _Planned(f"assets/{name}", digest(text), lambda text=text: text)  # type: ignore[misc]

    # -- one cell ----------------------------------------------------------------------------------

    def _summaries(self) -> dict[str, tuple[str, Summary]]:
        """By name, the digest of what is known of a cell or of the journeys, and its summary."""
        parts: list[Manifest | Journeys] = [*self._cells, *self.inputs.journeys]
        views = {it.name: self._view(it) for it in parts}
        facts = {it.name: self._facts(it, views[it.name]) for it in parts}
        known = {name: self._old.get(view.slug) for name, view in views.items()}
        stale = [n for n, old in known.items() if old is None or old.inputs != facts[n]]
        made = shared(stale, lambda name: msgspec.msgpack.encode(summarised(views[name])))
        fresh = {
            n: msgspec.msgpack.decode(it, type=Summary) for n, it in zip(stale, made, strict=True)
        }
        summaries = {n: old.summary for n, old in known.items() if old} | fresh
        self.kept = {views[n].slug: Kept(facts[n], it) for n, it in summaries.items()}
        return {name: (facts[name], summary) for name, summary in summaries.items()}

    def _facts(self, it: Manifest | Journeys, view: View) -> str:
        """The digest of what a summary is made of."""
        closure = self.files.closure(it.module)
        return digest(self.version, closure, msgspec.json.encode(view.record))

    def _view(self, it: Manifest | Journeys, uses: Sequence[Use] = ()) -> View:
        up = "../" if isinstance(it, Manifest) else ""
        record = self._record(it)
        return View(it, self.files.raw(it.file), record, cells=self.names, uses=uses, up=up)

    def _record(self, it: Manifest | Journeys) -> CellRecord | None:
        known = self.inputs.record.cells if self.inputs.record else {}
        return known.get(it.name)

    def _cell(
        self, it: Manifest, facts: str, summary: Summary, uses: Sequence[Use]
    ) -> Iterator[_Planned]:
        name, app = it.name, self.inputs.name
        used = digest(facts, *(":".join(use) for use in uses))

        @cache
        def made() -> Card:
            return card(it)

        def page() -> str:
            return cell_page(self._view(it, uses), summary, made(), app)

        yield _Planned(f"cells/{name}.html", used, page)
        yield self._source(it, facts)
        yield _Planned(f"cards/{name}.txt", facts, lambda: card_text(made()))

    def _source(self, it: Manifest | Journeys, facts: str) -> _Planned:
        view = self._view(it)
        path = f"source/{view.slug}.html"
        return _Planned(path, facts, lambda: source_page(view, self.inputs.name))

    # -- across cells ------------------------------------------------------------------------------

    def _across(
        self, cells: list[Summary], journeys: list[Journeys], told: list[Summary]
    ) -> Iterator[_Planned]:
        faults = tuple(self._fault(it) for it in self.inputs.faults)
        size = sum(file.stat().st_size for file in sorted(self.inputs.package.rglob("*.py")))
        views = tuple(self._view(it) for it in journeys)
        app = App(self.inputs.name, tuple(cells), views, faults, size)
        told_by = [self.kept[view.slug].inputs for view in views]
        for path, drawn in APP_PAGES.items():
            shown = [[it.slug, drawn.judges and it.evidence, drawn.shows(it)] for it in cells]
            whole = size if path == "size.html" else None
            known = self._digest(path, shown, told_by, faults, whole)
            yield _Planned(path, known, partial(drawn.page, app))
        found = [
            [it.title, it.prose, it.words, it.rules, it.scenarios, it.decisions, it.runbooks]
            for it in (*cells, *told)
        ]
        yield _Planned("assets/search.js", self._digest(found), lambda: index_js([*cells, *told]))
        guide = [[it.name, it.title, it.words, it.links, [r.id for r in it.rules]] for it in cells]
        stories = [[it.title, it.scenarios] for it in told]
        yield _Planned("llms.txt", self._digest(guide, stories), lambda: self._guide(journeys))

    def _digest(self, *parts: object) -> str:
        return digest(self.version, msgspec.json.encode(parts))

    def _guide(self, journeys: list[Journeys]) -> str:
        """How an agent finds its way; with places as they are seen from the app's directory."""
        root = self.inputs.package.resolve().parent
        return visible(llms_txt(self.inputs.name, self.inputs.cells, journeys, root=root)) + "\n"

    def _fault(self, fault: DefinitionError) -> Fault:
        here = f"{self.inputs.package.resolve().parent}/"
        return Fault(*(said.replace(here, "") for said in (fault.where, fault.message, fault.mend)))


def _uses(cells: list[Summary]) -> dict[str, list[Use]]:
    """What others do with the words of each cell."""
    found: dict[str, list[Use]] = {}
    for it in cells:
        for link in it.links:
            found.setdefault(link.cell, []).append(Use(link.word, link.how, it.name, link.function))
    return found


def _asset(name: str) -> str:
    text = resources("monocyte.literate.weave").joinpath(name).read_text(encoding="utf-8")
    if name == "style.css":
        from monocyte.literate.pictures.svg import STYLE  # noqa: PLC0415

        text += f"\n{STYLE}"
    return text


@cache
def _version() -> str:
    """A digest of whatever makes pages: the code of this room and its Python."""
    room = Path(__file__).parent.parent
    code = sorted((*room.rglob("*.py"), *room.rglob("*.css"), *room.rglob("*.js")))
    return digest(str(sys.version_info[:2]), *(it.read_bytes() for it in code))
