"""`send`, `ask` and `events`: talk to an app, whether it runs or not."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monocyte.cli.places import (
    complete_cell,
    complete_message,
    finish,
    open_app,
    reach_options,
    refuse_unknown,
    remote,
    whoami,
)
from monocyte.cli.show import as_json, failing, json_option, note, one_json, say
from monocyte.errors import ConfigError, Invalid, Unavailable

if TYPE_CHECKING:
    from monocyte.app import App
    from monocyte.runtime import Runtime

__all__ = ["ask", "events", "send"]


@click.command(short_help="Send a command: cell.Message and its fields as JSON.")
@click.argument("address", metavar="CELL.MESSAGE", shell_complete=complete_message(command=True))
@click.argument("fields", metavar="JSON", default="{}")
@click.option("--id", "given_id", default="", help="Sent again under this id: the first answer.")
@reach_options
@json_option
@failing
def send(  # noqa: PLR0917 (a command has the options that it has)
    address: str,
    fields: str,
    given_id: str,
    app_path: Path | None,
    url: str | None,
    key: str | None,
    as_json: bool,  # noqa: ARG001 (an answer is JSON anyway; errors look at it)
) -> None:
    """Send a command to a cell and print its answer.

    JSON are the fields of the command; @FILE reads them from a file, - from standard input.
    An app that runs is asked over HTTP, with your key; one that does not is asked in this process.
    """
    body = _body(fields)
    app = None if url else open_app(app_path, tolerant=True)
    if (there := remote(app, url, key)) is not None:
        _print(there.send(address, body, given_id))
    elif app is not None:
        _print(finish(_here(app, address, body, given_id, command=True)))


@click.command(short_help="Ask a query: cell.Message and its fields as JSON.")
@click.argument("address", metavar="CELL.MESSAGE", shell_complete=complete_message(command=False))
@click.argument("fields", metavar="JSON", default="{}")
@reach_options
@json_option
@failing
def ask(
    address: str,
    fields: str,
    app_path: Path | None,
    url: str | None,
    key: str | None,
    as_json: bool,  # noqa: ARG001 (an answer is JSON anyway; errors look at it)
) -> None:
    """Ask a cell a query and print its answer.

    JSON are the fields of the query; @FILE reads them from a file, - from standard input.
    """
    body = _body(fields)
    app = None if url else open_app(app_path, tolerant=True)
    if (there := remote(app, url, key)) is not None:
        _print(there.ask(address, body))
    elif app is not None:
        _print(finish(_here(app, address, body, "", command=False)))


@click.command(short_help="Show what has happened, and what happens.")
@click.argument("cells", metavar="[CELL]...", nargs=-1, shell_complete=complete_cell())
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens from now on.")
@click.option("--after", default="", help="Begin behind a cursor: cell=position,…")
@reach_options
@json_option
@failing
def events(  # noqa: PLR0917 (a command has the options that it has)
    cells: tuple[str, ...],
    follow: bool,
    after: str,
    app_path: Path | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Show the events of some cells, or of all: those of the past, and with --follow those to come.

    Past events are read from the journal; to follow them, the app must run.
    """
    app = None if url else open_app(app_path, tolerant=True)
    there = remote(app, url, key)
    if follow and there is None:
        raise Unavailable("the app does not run, so nothing happens", mend="monocyte run")
    if there is not None and (follow or app is None):
        _follow(there.events(cells, after), as_json, follow)
    elif app is not None:
        _past(app, cells, after, as_json)


def _follow(arriving: Any, json_wanted: bool, follow: bool) -> None:
    if not follow:
        note("from afar, events can only be followed; Ctrl-C ends it")
    try:
        for event in arriving:
            _event(event, json_wanted)
    except KeyboardInterrupt:
        note("")


def _past(app: App, cells: tuple[str, ...], after: str, json_wanted: bool) -> None:
    from monocyte.contracts.codec import raw
    from monocyte.journal import JournalReader

    begin = _cursor(after)
    if not app.journal.exists():
        return note("nothing has happened yet")
    with JournalReader(app.journal) as reader:
        refuse_unknown(cells, {*reader.cells(), *(manifest.name for manifest in app.cells)})
        for cell in cells or reader.cells():
            for entry in reader.read(cell, begin.get(cell, 0)):
                for index, record in enumerate(entry.events):
                    shown = {
                        "cell": cell,
                        "position": entry.seq + index,
                        "event": record.name,
                        "at": entry.at,
                        "by": entry.principal,
                        "data": raw(record.body),
                    }
                    _event(shown, json_wanted)
    return None


def _cursor(text: str) -> dict[str, int]:
    try:
        pairs = [part.split("=") for part in filter(None, text.split(","))]
        return {cell: int(position) for cell, position in pairs}
    except ValueError as why:
        raise Invalid(f"{text!r} is no cursor", mend="write CELL=POSITION,CELL=POSITION") from why


def _event(event: dict[str, Any], json_wanted: bool) -> None:
    if json_wanted:
        return say(one_json(event))
    from monocyte.engine.ports import moment

    when = moment(event["at"]).strftime("%Y-%m-%d %H:%M:%S")
    name = click.style(f"{event['cell']}.{event['event']}", bold=True)
    return say(f"{when}  {event['position']:>6}  {name}  {event['by']}  {one_json(event['data'])}")


def _body(fields: str) -> bytes:
    if fields == "-":
        return sys.stdin.buffer.read()
    if fields.startswith("@"):
        try:
            return Path(fields[1:]).read_bytes()
        except OSError as why:
            raise ConfigError(
                f"the fields cannot be read: {why.strerror}", where=fields[1:] or "@"
            ) from why
    return fields.encode("utf-8", "surrogateescape")


def _print(answer: Any) -> None:
    as_json(answer)


async def _here(app: App, address: str, body: bytes, id: str, *, command: bool) -> Any:
    """Start the app in this process for one message; what it is to do by itself, it does later."""
    async with app.runtime() as runtime:
        return await _exchange(runtime, address, body, id, command=command)


async def _exchange(runtime: Runtime, address: str, body: bytes, id: str, *, command: bool) -> Any:
    from monocyte.bus import core
    from monocyte.contracts import Command, Principal
    from monocyte.contracts.codec import decode_json, encode_json
    from monocyte.dmz import OWNER

    cell, _, name = address.partition(".")
    routes = [r for service in runtime.services for r in service.routes if r.address == address]
    if not routes:
        raise core.missing(cell, name, runtime.services)
    if routes[0].is_command is not command:
        kind, verb = ("command", "send") if routes[0].is_command else ("query", "ask")
        raise Invalid(f"{address} is a {kind}", cell=cell, mend=f"monocyte {verb} {address}")
    message = decode_json(routes[0].message, body)
    me = whoami()
    client = runtime.client(Principal(me, frozenset({OWNER})))
    if isinstance(message, Command):
        reply = await client.send(message, id=f"{me}:{id}" if id else "")  # as the gateway has it
    else:
        query: Any = message
        reply = await client.ask(query)
    if (written := runtime.written()) is not None:
        await written
    return json.loads(encode_json(reply))
