"""`journal`: look at it, verify it, back it up, restore it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monocyte.cli.places import app_option, complete_cell, open_app, refuse_unknown
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, note, one_json, progress, say
from monocyte.errors import ConfigError

if TYPE_CHECKING:
    from monocyte.journal import Entry

__all__ = ["journal"]


@click.group(short_help="Show, verify, back up and restore the journal.")
def journal() -> None:
    """Show, verify, back up and restore the journal: everything that was ever decided."""


@journal.command(short_help="Show the entries of cells.")
@click.argument("cells", metavar="[CELL]...", nargs=-1, shell_complete=complete_cell())
@click.option("--after", type=click.IntRange(0), default=0, help="Begin behind this position.")
@click.option("--limit", type=click.IntRange(1), help="Show at most so many of each cell.")
@app_option
@json_option
@failing
def show(
    cells: tuple[str, ...], after: int, limit: int | None, app_path: Path | None, as_json: bool
) -> None:
    """Show what cells were asked, by whom, what they answered and what happened.

    The app may run meanwhile. With --json, one entry a line.
    """
    from itertools import islice

    from monocyte.journal import JournalReader

    app = open_app(app_path, tolerant=True)
    if not app.journal.exists():
        return note("nothing has happened yet")
    with JournalReader(app.journal) as reader:
        refuse_unknown(cells, {*reader.cells(), *(manifest.name for manifest in app.cells)})
        for cell in cells or reader.cells():
            for entry in islice(reader.read(cell, after), limit):
                shown = _described(entry)
                say(one_json(shown) if as_json else _line(shown))
    return None


@journal.command(short_help="Check that everything is there as it was written.")
@app_option
@json_option
@failing
def verify(app_path: Path | None, as_json: bool) -> None:
    """Walk the whole journal: pages, chains, snapshots, and what was acknowledged.

    The app may run meanwhile. Ends with 1 if something is damaged or missing.
    """
    from monocyte.journal import verify as walk

    findings = list(walk(open_app(app_path, tolerant=True).journal))
    damaged = [finding for finding in findings if finding.damage]
    if as_json:
        names = ("kind", "where", "detail", "mend", "damage")
        shown = [{name: getattr(finding, name) for name in names} for finding in findings]
        print_json({"intact": not damaged, "findings": shown})
    else:
        for finding in findings:
            say(finding.explain())
        colour = "red" if damaged else "green"
        text = "damaged" if damaged else "intact: every chain and page is whole"
        say(click.style(text, fg=colour))
    if damaged:
        raise SystemExit(1)


@journal.command(short_help="Copy the journal to a file, also while the app runs.")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@app_option
@json_option
@failing
def backup(target: Path, app_path: Path | None, as_json: bool) -> None:
    """Copy the journal to the new file TARGET and verify the copy; the app may run meanwhile."""
    from monocyte.journal import backup as copy

    path = open_app(app_path, tolerant=True).journal
    with progress("copying") as bar:
        entries = copy(path, target, bar)
    if as_json:
        print_json({"entries": entries, "file": str(target)})
    else:
        say(f"{entries:,} entries are in {target}")


@journal.command(short_help="Put a backup in the place of the journal.")
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--yes", is_flag=True, help="Do not ask.")
@app_option
@json_option
@failing
def restore(source: Path, yes: bool, app_path: Path | None, as_json: bool) -> None:
    """Verify the backup SOURCE and put it in the place of the journal; what was there is kept.

    The app must not run.
    """
    from monocyte.journal import restore as put_back

    path = open_app(app_path, tolerant=True).journal
    if not yes and not as_json:
        click.confirm(
            f"replace {path} by {source}? what is there now is kept beside it", abort=True
        )
    kept = put_back(source, path)
    if as_json:
        print_json({"journal": str(path), "kept": [str(file) for file in kept]})
    else:
        say(f"{path} is restored from {source}")
        for file in kept:
            say(f"  what was there is kept as {file}")


@journal.command(short_help="Write what people said to the app as a corpus for `gate`.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option("--redact", is_flag=True, help="Replace names and texts, always by the same ones.")
@click.option("--limit", type=click.IntRange(1), help="Take at most so many steps, the first.")
@app_option
@json_option
@failing
def sample(
    out: Path, redact: bool, limit: int | None, app_path: Path | None, as_json: bool
) -> None:
    """Write a corpus: every command that came from outside, in order, for who has no journal.

    The app may run meanwhile. With --redact, names and other texts are replaced, letter by letter,
    and the key to that is not kept; numbers, moments, choices and roles stay.
    """
    from monocyte.genops.gates.corpus import Head, lines_of
    from monocyte.genops.gates.sampling import Redaction
    from monocyte.genops.gates.sampling import sample as sampled
    from monocyte.journal import JournalReader

    app = open_app(app_path)
    entries: list[Entry] = []
    if app.journal.exists():
        with JournalReader(app.journal) as reader:
            entries = [it for cell in reader.cells() for it in reader.read(cell)]
    story = sampled(entries, app.cells, Redaction() if redact else None)
    if limit is not None:
        story = story.__class__(story.name, story.steps[:limit])
    head = Head(app=app.settings.app.name, redacted=redact, stories=1)
    try:
        out.write_bytes(b"".join(lines_of(head, [story])))
    except OSError as why:
        what = f"it cannot be written: {why.strerror}"
        raise ConfigError(what, where=str(out), mend="name another file") from why
    said = sum(it.do == "say" for it in story.steps)
    if as_json:
        print_json({"file": str(out), "messages": said, "redacted": redact})
    else:
        say(f"{said:,} messages are in {out}" + ("" if redact else "; they are not redacted"))


def _described(entry: Entry) -> dict[str, Any]:
    from monocyte.contracts.codec import raw
    from monocyte.engine.ports import moment

    return {
        "cell": entry.cell,
        "position": entry.seq,
        "kind": entry.kind,
        "id": entry.id,
        "at": moment(entry.at).isoformat(),
        "by": entry.principal,
        "message": entry.name,
        "fields": raw(entry.message),
        "answer": raw(entry.reply) if entry.reply is not None else None,
        "events": [
            {"event": e.name, "version": e.version, "data": raw(e.body)} for e in entry.events
        ],
        "ports": [f"{p.port}.{p.method}" + (" failed" if p.failed else "") for p in entry.ports],
        "labels": list(entry.labels),
        "cause": entry.cause,
        "correlation": entry.correlation,
        "release": entry.release,
    }


def _line(entry: dict[str, Any]) -> str:
    name = click.style(f"{entry['cell']}.{entry['message']}", bold=True)
    events = ", ".join(event["event"] for event in entry["events"])
    if entry["kind"] in ("refusal", "dead"):
        events = click.style(str((entry["answer"] or {}).get("message", "")), fg="red")
    when = entry["at"][:19].replace("T", " ")
    head = f"{when}  {entry['position']:>6}  {entry['kind']:<8}  {name}  {entry['by']}"
    return f"{head}  {one_json(entry['fields'])}" + (f"  → {events}" if events else "")
