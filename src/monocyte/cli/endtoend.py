"""Plays the app's scenarios against `monocyte run`: a process and a journal of its own for each.

The app is run from a directory that links to its files and has its own data, so that nothing of
what is tried reaches the real journal, and on any free port. While one scenario is played, the
process for the next one starts.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

import monocyte
from monocyte.cli.remote import Remote
from monocyte.errors import Unavailable

if TYPE_CHECKING:
    from monocyte.app import App
    from monocyte.cell import Journeys, Scenario
    from monocyte.literate.scenarios import Outcome

__all__ = ["Process", "play_all"]

TAIL = 20
"""How many lines of what a process has complained of are shown."""

STARTING = 30.0
"""Seconds that a process may take to answer."""

ENDING = 10.0
"""Seconds that it may take to end in order."""

DYING = 2.0
"""Seconds that one that does not answer any more may take to be dead."""

LEFTOVERS = {"crashed", "dead-letter"}
"""Facts that no scenario may leave behind."""

DATA = "data"

START = "import sys; sys.argv[0] = 'monocyte'; from monocyte.cli import main; main()"


def play_all(
    app: App,
    journeys: Sequence[Journeys],
    *,
    timeout: float,
    traced: bool = False,
    code: Path | None = None,
) -> Generator[Outcome, None, None]:
    """Play every scenario, in the order of the files, each in front of a process of its own.

    What runs is the app itself, or, with `code`, what lies there instead of it.
    """
    chosen = [(it, scenario) for it in journeys for scenario in it.scenarios]
    with tempfile.TemporaryDirectory(prefix="monocyte-") as home, _interruptible():
        started: list[Process] = []
        try:
            for number, (journey, scenario) in enumerate(chosen):
                while len(started) < min(number + 2, len(chosen)):
                    started.append(Process(app, Path(home, f"{len(started)}"), code))
                with started[number] as process:
                    yield _play(process, journey, scenario, timeout, traced=traced)
        finally:
            for process in started:
                process.kill()


def _play(
    process: Process, journey: Journeys, scenario: Scenario, timeout: float, *, traced: bool
) -> Outcome:
    from monocyte.literate.limits import Overdue, within
    from monocyte.literate.process import ProcessStage
    from monocyte.literate.scenarios import Outcome, explained

    stage = ProcessStage(process.door)
    failure: BaseException | None = None
    started = time.perf_counter()
    try:
        process.ready()
        with within(timeout, [journey.file]):
            scenario.play(stage)
        process.refuse_leftovers()
    except (Exception, Overdue, SystemExit) as why:  # noqa: BLE001 (a supervision edge: the author's code)
        failure = why
    seconds = time.perf_counter() - started
    if failure is None:
        trace = stage.trace if traced else ()
        return Outcome(journey.name, scenario.name, 0, True, "", "", seconds, (), trace)
    error, where = explained(failure, [journey.file])
    gone = isinstance(failure, Unavailable)  # it may be about to end
    parts = [error, process.epitaph(DYING if gone else 0)]
    return Outcome(
        journey.name,
        scenario.name,
        0,
        False,
        "\n".join(filter(None, parts)),
        where or scenario.where,
        seconds,
        tuple(process.complaints()),
        stage.trace,
        isinstance(failure, Overdue),
    )


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let a SIGTERM end it as Ctrl-C does, so that nothing is left behind."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Process:
    """`monocyte run` on an app that has no past; it starts at once, and is waited for later."""

    def __init__(self, app: App, home: Path, code: Path | None = None) -> None:
        from monocyte.dmz import Keys

        self._root, self._home = (code or app.root).resolve(), home
        _copy(app, self._root, home)
        self._keys = Keys(home / DATA / "keys.json")
        self._ways: dict[str, tuple[tuple[str, ...], Remote]] = {}
        self._keys.add("e2e-watch", ())  # somebody has a key, so that none is made and shown
        self._complaints = home / "stderr"
        self._url = ""
        reading, writing = os.pipe()
        self._out: IO[bytes] = os.fdopen(reading, "rb")
        with os.fdopen(writing, "wb") as out, self._complaints.open("wb") as complaints:
            self._child = subprocess.Popen(  # noqa: S603 (our own)
                [
                    sys.executable,
                    "-c",
                    START,
                    "run",
                    "--json",
                    "--strict",
                    "--port",
                    "0",
                    str(home),
                ],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=complaints,
                start_new_session=True,  # Ctrl-C is for us, and we end it
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def ready(self) -> None:
        """Wait until it answers.

        Raises:
            Unavailable: it ended before, or takes too long.
        """
        line = _line(self._out.fileno(), STARTING)
        told = json.loads(self._at_home(line.decode())) if line else {}
        if "url" not in told:
            why = {"mend": "try it: monocyte run --strict", **told.get("error", {})}
            said = f"the app did not start: {why.get('message', 'nobody knows why')}"
            raise Unavailable(said, where=why.get("where", ""), mend=why["mend"])
        self._url = told["url"]

    def door(self, name: str, roles: tuple[str, ...]) -> Remote:
        """The way in for somebody, with a key of their own; in other roles, with another."""
        known = self._ways.get(name)
        if known is not None and known[0] == roles:
            return known[1]
        if known is not None:
            self._keys.revoke(name)
        way = Remote(self._url, self._keys.add(name, roles))
        self._ways[name] = (roles, way)
        return way

    def refuse_leftovers(self) -> None:
        """End it in order; what cells gave up until now is a failure, as it is in a World.

        Raises:
            AssertionError: there are dead letters, or a function has crashed.
        """
        self.stop()
        for line in self._said():
            if (fact := _fact(line)) is not None and fact["kind"] in LEFTOVERS:
                raise AssertionError(_sentence(line))

    def complaints(self) -> list[str]:
        """The last lines of its standard error; facts in a sentence."""
        return [_sentence(line) for line in self._said()[-TAIL:]]

    def _said(self) -> list[str]:
        try:
            return self._at_home(self._complaints.read_text("utf-8", "replace")).splitlines()
        except FileNotFoundError:
            return []

    def _at_home(self, text: str) -> str:
        """What it says of its files is said of those that they are links to."""
        return text.replace(str(self._home.resolve()), str(self._root))

    def epitaph(self, patience: float) -> str:
        """That it is dead, if it is so within some seconds, and what it has complained of."""
        try:
            code = self._child.wait(patience)
        except subprocess.TimeoutExpired:
            head = "the app complains:"
        else:
            how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
            head = f"the app has ended {how}"
            if not self.complaints():
                return head
        lines = [f"  {line}" for line in self.complaints()]
        return "\n".join([head, *lines]) if lines else ""

    def stop(self) -> None:
        """End it in order, or else at once."""
        try:
            self._child.terminate()
            self._child.wait(ENDING)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()

    def kill(self) -> None:
        """End it at once."""
        self._child.kill()
        self._child.wait()
        self._out.close()


def _fact(line: str) -> dict[str, str] | None:
    """A fact that the app has told in this line; None if it is something else."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    told: dict[str, str] | None = said if isinstance(said, dict) and "kind" in said else None
    return told


def _sentence(line: str) -> str:
    fact = _fact(line)
    if fact is None:
        return line
    place = f"  [{fact['where']}]" if fact.get("where") else ""
    return f"{fact['kind']}  {fact.get('cell', '')}: {fact.get('text', '')}{place}"


def _copy(app: App, root: Path, home: Path) -> None:
    """A directory that runs the app on a journal of its own."""
    home.mkdir(parents=True)
    own = {"monocyte.toml", DATA, app.data.name}
    for path in root.iterdir():
        if path.name not in own and not path.name.startswith("."):
            (home / path.name).symlink_to(path)
    (home / "monocyte.toml").write_text(_settings(app), encoding="utf-8")


def _settings(app: App) -> str:
    """The settings of the app, with the journal where it may be."""
    import msgspec

    kept = ("app", "journal", "gateway", "limits")  # the rest is of no concern to who runs it
    sections = {it: msgspec.to_builtins(getattr(app.settings, it)) for it in kept}
    sections["journal"]["path"] = f"{DATA}/journal.db"
    lines = []
    for section, values in sections.items():
        lines.append(f"[{section}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join([*lines, ""])


def _environment() -> dict[str, str]:
    """Ours, with the very Monocyte that runs here."""
    source = str(Path(monocyte.__file__).resolve().parents[1])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def _line(descriptor: int, seconds: float) -> bytes:
    """The first line that comes, if one does in time; else nothing."""
    import select

    found, ends = b"", time.monotonic() + seconds
    while not found.endswith(b"\n"):
        left = max(ends - time.monotonic(), 0)
        if not select.select([descriptor], [], [], left)[0]:
            return b""
        if not (more := os.read(descriptor, 65536)):
            return b""
        found += more
    return found
