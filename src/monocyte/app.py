"""The composition root: an app from its directory, wired by hand, here and nowhere else."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from monocyte.cell import Journeys, Manifest, load_package, reload_package
from monocyte.contracts.facts import Emit, Fact, ignore
from monocyte.dmz import OWNER, Gateway, Keys, Server
from monocyte.errors import DefinitionError
from monocyte.journal import in_use
from monocyte.runtime import Runtime, Settings, read_settings

if TYPE_CHECKING:
    from monocyte.genops.promotion.receiving import Receiver

__all__ = ["App", "Serving", "load_app", "recover", "serving"]


class App(NamedTuple):
    """An app as its directory has it: settings, well-formed cells, and faults of the others."""

    root: Path
    settings: Settings
    cells: tuple[Manifest, ...]
    faults: tuple[DefinitionError, ...]
    journeys: tuple[Journeys, ...] = ()
    texts: Mapping[str, bytes] = {}
    """What the modules of its cells were loaded from."""

    def runtime(self, emit: Emit = ignore) -> Runtime:
        """The app, ready to start in this process."""
        return Runtime(self.cells, self.settings, self.root, faults=self.faults, emit=emit)

    def keys(self) -> Keys:
        """Who may come in; kept beside the journal."""
        return Keys(self.data / "keys.json")

    @property
    def journal(self) -> Path:
        """The file of the journal."""
        return self.root / self.settings.journal.path

    @property
    def address(self) -> Path:
        """The file that says where the app answers, while it does."""
        return self.data / "address"

    @property
    def data(self) -> Path:
        """The directory with everything that the app keeps."""
        return self.journal.parent


class Serving:
    """An app that answers: where, with what, and the owner's key if it has just been made."""

    def __init__(self, app: App, runtime: Runtime, keys: Keys) -> None:
        self.app = app
        self.runtime = runtime
        self.keys = keys
        self.url = ""
        self.new_key = ""
        self.gateway: Gateway
        self.restart: Callable[[], bool] = _nobody_starts_it_again
        """Ends this process in order, to be started again; False if nobody would."""
        self._texts = app.texts
        self._reloading = asyncio.Lock()

    @property
    def texts(self) -> Mapping[str, bytes]:
        """What the modules that run were loaded from."""
        return self._texts

    async def reload(self) -> list[str]:
        """Let what has changed in the files of the cells take over; say in which cells.

        Nobody is refused meanwhile. If this raises, nothing has changed. The files are read in a
        thread: a function that imports a module of the app at that very moment may get the next.

        Raises:
            DefinitionError: a cell is not well formed, or the change takes a restart of the app.
            NoSuchCell: a cell is new; that takes a restart, too.
            Busy, JournalDamaged, Crashed: it cannot take over; see `Runtime.swap`.
        """
        app = self.app
        async with self._reloading:
            package = app.settings.app.cells
            with _giving_way():
                new = await asyncio.to_thread(reload_package, app.root, package, self._texts)
            await self.runtime.swap(new.manifests)
            new.commit()
            self._texts = new.texts
            return [manifest.name for manifest in new.manifests]


def _nobody_starts_it_again() -> bool:
    return False


def _receiver(serves: Serving, emit: Emit) -> Receiver | None:
    """Who receives releases for an app; nobody where what verifies them is not installed."""
    if find_spec("securesystemslib") is None:
        return None
    from monocyte.genops.promotion.receiving import Host, Receiver  # noqa: PLC0415 (an extra)
    from monocyte.genops.promotion.watching import Limits  # noqa: PLC0415

    app, watch = serves.app, serves.app.settings.watch
    host = Host(
        app.settings.app.name,
        app.root,
        app.settings.app.cells,
        app.journal,
        app.data / "releases",
        lambda: serves.texts,
        serves.reload,
        lambda: serves.restart(),  # noqa: PLW0108 (whoever runs it sets that later)
        serves.runtime.status,
        lambda text: emit(Fact("release", "", text)),
    )
    return Receiver(host, Limits(watch.seconds, watch.errors, watch.refusals, watch.latency))


OFTEN = 0.0002
"""Seconds after which a thread that computes gives way to the loop, while one does."""


@contextmanager
def _giving_way() -> Iterator[None]:
    """While inside, whoever is asked waits less for a thread that computes: 5 ms is the default.

    Nor does what that thread makes set off the collector, which would look through all states.
    """
    before, is_collecting = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(OFTEN)
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(before)
        if is_collecting:
            gc.enable()


@asynccontextmanager
async def serving(
    app: App, emit: Emit = ignore, *, port: int | None = None
) -> AsyncIterator[Serving]:
    """Run an app with its gateway, from the first start on with an owner.

    Raises:
        JournalError: the journal cannot be opened.
        ConfigError: the port is taken, or the keys cannot be read.
    """
    keys = app.keys()
    async with app.runtime(emit) as runtime:
        settings = app.settings
        serves = Serving(app, runtime, keys)
        releases = _receiver(serves, emit)
        serves.gateway = gateway = Gateway(
            settings.app.name,
            version("monocyte"),
            runtime,
            keys,
            timeout=settings.limits.timeout,
            emit=emit,
            releases=releases,
        )
        wanted = settings.gateway
        server = Server(gateway, wanted.host, wanted.port if port is None else port)
        async with server, _watched(releases):
            serves.url = server.url
            serves.new_key = "" if keys.holders() else keys.add(OWNER, (OWNER,))
            app.address.write_text(server.url, encoding="utf-8")
            try:
                yield serves
            finally:
                gateway.close()
                app.address.unlink(missing_ok=True)


@asynccontextmanager
async def _watched(releases: Receiver | None) -> AsyncIterator[None]:
    """While inside, what cells do is counted, and a release that does harm is taken back."""
    if releases is None or not releases.limits.seconds:
        yield
        return
    watch = asyncio.create_task(releases.keep_watch())
    try:
        yield
    finally:
        watch.cancel()


def recover(root: Path, settings: Settings) -> str:
    """Before an app is loaded: put back what a kill has left half-released; says what."""
    folder = (root / settings.journal.path).parent / "releases"
    journal = root / settings.journal.path
    if not (folder / "pending.json").exists() or in_use(journal):
        return ""  # there is none, or the app that runs is at it
    from monocyte.genops.promotion.receiving import put_back  # noqa: PLC0415 (an extra)

    return put_back(root, folder)


def load_app(root: Path) -> App:
    """Read the settings and load the cells.

    Raises:
        ConfigError: the settings cannot be.
        DefinitionError: the package with the cells is not there, or is empty.
    """
    settings = read_settings(root)
    recover(root, settings)
    if settings.models or settings.budget or settings.approval or settings.genops:
        from monocyte.genops.pins import read_regeneration  # noqa: PLC0415 (who has none of it)

        read_regeneration(root)
    loaded = load_package(root, settings.app.cells)
    return App(root, settings, *loaded)
