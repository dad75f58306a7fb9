"""Every command: what it says, in which form, and with which code it ends."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monocyte.cli import main
from monocyte.cli.show import CODES, EXIT_CODES
from monocyte.errors import KINDS
from tests.cli.conftest import Cli

PROMISE = ("send", "todo.Promise", '{"text": "water the plants"}')

WELL: dict[str, tuple[str, ...]] = {
    "cells": ("cells",),
    "send": ("send", "todo.Promise", '{"text": "feed the cat"}'),
    "ask": ("ask", "todo.ListOpen"),
    "events": ("events",),
    "events of a cell": ("events", "todo"),
    "events from a cursor": ("events", "--after", "todo=1"),
    "journal show": ("journal", "show"),
    "journal show, a part": ("journal", "show", "todo", "--after", "0", "--limit", "1"),
    "journal verify": ("journal", "verify"),
    "journal backup": ("journal", "backup", "copy.db"),
    "letters list": ("letters", "list"),
    "access list": ("access", "list"),
    "access add": ("access", "add", "ada", "--role", "trainer"),
    "test": ("test", "--seeds", "2"),
    "completion": ("completion", "bash"),
    "version": ("--version",),
}

ILL: dict[str, tuple[int, tuple[str, ...], str]] = {
    "a rule forbids it": (1, ("send", "todo.Finish", '{"text": "fly"}'), "Only what is promised"),
    "no such cell": (1, ("ask", "tod.ListOpen"), "did you mean todo?"),
    "no such message": (1, ("ask", "todo.ListOpn"), "did you mean ListOpen?"),
    "no message at all": (1, ("ask", "todo"), "todo"),
    "nothing at all": (1, ("ask", ""), "no"),
    "events of no cell": (1, ("events", "tod"), "did you mean todo?"),
    "entries of no cell": (1, ("journal", "show", "tod"), "did you mean todo?"),
    "no such letter": (1, ("letters", "resend", "todo", "7"), "no dead letter 7"),
    "a letter of no cell": (1, ("letters", "resend", "tod", "7"), "tod"),
    "no such scenario": (1, ("test", "-k", "nothing"), "no such scenario"),
    "no JSON": (2, ("send", "todo.Promise", "{"), "Promise"),
    "a wrong field": (2, ("send", "todo.Promise", '{"text": 1}'), "$.text"),
    "an unknown field": (2, ("send", "todo.Promise", '{"text": "a", "x": 1}'), "x"),
    "not UTF-8": (2, ("send", "todo.Promise", '{"text": "\udcff"}'), "Promise"),
    "a null": (2, ("send", "todo.Promise", "\0"), "Promise"),
    "too large": (2, ("send", "todo.Promise", json.dumps({"text": "x" * 2_000_000})), "allowed"),
    "no such file": (2, ("send", "todo.Promise", "@nowhere"), "nowhere"),
    "a directory for a file": (2, ("send", "todo.Promise", "@."), "."),
    "a query is sent": (2, ("send", "todo.ListOpen"), "monocyte ask todo.ListOpen"),
    "a command is asked": (2, ("ask", "todo.Promise"), "monocyte send todo.Promise"),
    "no cursor": (2, ("events", "--after", "yesterday"), "CELL=POSITION"),
    "no such command": (2, ("sned",), "Did you mean 'send'?"),
    "no such option": (2, ("cells", "--colour"), "--colour"),
    "no argument": (2, ("send",), "CELL.MESSAGE"),
    "a number out of range": (2, ("test", "--seeds", "0"), "--seeds"),
    "a word for a number": (2, ("test", "--seed", "many"), "--seed"),
    "no such directory": (2, ("cells", "--app", "/nowhere"), "/nowhere"),
    "no backup": (2, ("journal", "restore", "nowhere.db"), "nowhere.db"),
    "a file that is no backup": (3, ("journal", "restore", "monocyte.toml", "--yes"), "journal"),
    "no name": (2, ("access", "add", "a b"), "is no name"),
    "nobody's key": (2, ("access", "revoke", "bob"), "bob has no key"),
    "no shell": (2, ("completion", "csh"), "csh"),
    "no address": (2, ("ask", "todo.ListOpen", "--url", "x", "--key", "k"), "http://"),
    "no port": (2, ("ask", "todo.ListOpen", "--url", "http://x:99999", "--key", "k"), "http://"),
    "no key": (2, ("ask", "todo.ListOpen", "--url", "http://127.0.0.1:9"), "MONOCYTE_KEY"),
    "a strange key": (2, ("ask", "a.B", "--url", "http://127.0.0.1:9", "--key", "a\nb"), "no key"),
    "nobody answers": (
        3,
        ("ask", "todo.ListOpen", "--url", "http://127.0.0.1:9", "--key", "k"),
        "does not answer",
    ),
    "nothing to follow": (3, ("events", "--follow"), "monocyte run"),
    "a place that is not there": (3, ("journal", "backup", "/nowhere/copy.db"), "/nowhere"),
}


@pytest.mark.parametrize("arguments", WELL.values(), ids=WELL)
def test_a_command_that_goes_well_ends_with_0(
    arguments: tuple[str, ...], shop: Path, cli: Cli
) -> None:
    """Its answer is on standard output, plain as in a pipe."""
    cli(*PROMISE)
    result = cli(*arguments)
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("name", [name for name in WELL if name not in ("completion", "version")])
def test_with_json_the_answer_is_json(name: str, shop: Path, cli: Cli) -> None:
    """One document, or one on each line for what may be long; nothing else on standard output."""
    cli(*PROMISE)
    result = cli(*WELL[name], "--json")
    assert result.exit_code == 0, result.output
    for line in result.stdout.splitlines():
        json.loads(line)


@pytest.mark.parametrize(("code", "arguments", "says"), ILL.values(), ids=ILL)
def test_a_command_that_goes_ill_says_why_and_ends_with_its_code(
    code: int, arguments: tuple[str, ...], says: str, shop: Path, cli: Cli
) -> None:
    """The answer goes to standard output, complaints go beside it."""
    cli(*PROMISE)
    result = cli(*arguments)
    assert result.exit_code == code, result.output
    assert says in result.stderr + result.stdout
    assert result.stderr
    assert "error" in result.stderr.lower() or "no such scenario" in result.stderr


@pytest.mark.parametrize(
    ("code", "arguments", "says"),
    [row for name, row in ILL.items() if name not in ("no shell", "no such scenario")],
    ids=[name for name in ILL if name not in ("no shell", "no such scenario")],
)
def test_with_json_a_complaint_is_json(
    code: int, arguments: tuple[str, ...], says: str, shop: Path, cli: Cli
) -> None:
    """On standard output, with a message, and with the same exit code."""
    cli(*PROMISE)
    result = cli(*arguments, "--json")
    assert result.exit_code == code, result.output
    error = json.loads(result.stdout)["error"]
    assert error["message"]
    assert says in json.dumps(error, ensure_ascii=False)


def test_every_error_has_an_exit_code() -> None:
    """The table of codes covers all families, and promises no code without a meaning."""
    assert {code for _, code in CODES} <= set(EXIT_CODES)
    assert {kind: _code(error) for kind, error in KINDS.items()} == {
        "refused": 1,
        "invalid": 2,
        "too-large": 2,
        "denied": 1,
        "no-such-cell": 1,
        "no-such-message": 1,
        "deadline-exceeded": 3,
        "cancelled": 1,
        "conflict": 1,
        "busy": 3,
        "unavailable": 3,
        "crashed": 3,
        "ask-cycle": 1,
        "port-failed": 3,
    }


def _code(error: type[Exception]) -> int:
    return next(code for family, code in CODES if issubclass(error, family))


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command by its words."""
    found: list[tuple[str, ...]] = [path]
    for name, command in group.commands.items():
        inner = (*path, name)
        found += commands(command, inner) if isinstance(command, click.Group) else [inner]
    return found


@pytest.mark.parametrize("command", commands(main), ids=" ".join)
def test_every_command_explains_itself(command: tuple[str, ...], cli: Cli) -> None:
    """Also where there is no app."""
    for option in ("--help", "-h"):
        result = cli(*command, option)
        assert result.exit_code == 0
        assert "Usage: monocyte" in result.stdout


def test_the_exit_codes_are_in_the_help(cli: Cli) -> None:
    """All of them."""
    said = " ".join(cli("--help").stdout.split())
    for code, meaning in EXIT_CODES.items():
        assert f"{code} {meaning}" in said


ADDRESSES = st.one_of(st.text(), st.from_regex(r"(todo|tod)?\.?(Promise|ListOpen|Finish)?"))
FIELDS = st.one_of(st.text(), st.from_regex(r"\{?\"?(text|id)?\"?:?[0-9\"]*\}?"), st.just("{}"))


@pytest.fixture(scope="module")
def quiet_app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app for arguments that cannot harm it."""
    root = tmp_path_factory.mktemp("quiet") / "quietapp"
    main(["new", str(root)], standalone_mode=False)
    return root


@given(verb=st.sampled_from(["send", "ask"]), address=ADDRESSES, fields=FIELDS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_that_is_typed_ends_in_a_traceback(
    verb: str, address: str, fields: str, quiet_app: Path, cli: Cli
) -> None:
    """Whatever the address and the fields: an answer, or a complaint with a code of the table."""
    if fields.startswith("@") or fields == "-":
        fields = ""
    result = cli(verb, "--app", str(quiet_app), "--", address, fields)
    assert result.exit_code in EXIT_CODES


# -- what the commands do --------------------------------------------------------------------------


def test_a_message_is_sent_once_under_its_id(shop: Path, cli: Cli) -> None:
    """The second time the first answer comes back."""
    first, second = (cli(*PROMISE, "--id", "monday") for _ in range(2))
    assert json.loads(first.stdout) == json.loads(second.stdout)
    assert len(json.loads(cli("ask", "todo.ListOpen").stdout)) == 1


def test_fields_come_from_a_file_or_from_standard_input(shop: Path, cli: Cli) -> None:
    """`@FILE` and `-`."""
    (shop / "promise.json").write_text('{"text": "from a file"}', encoding="utf-8")
    assert cli("send", "todo.Promise", "@promise.json").exit_code == 0
    assert cli("send", "todo.Promise", "-", input='{"text": "from a pipe"}').exit_code == 0
    said = json.loads(cli("ask", "todo.ListOpen").stdout)
    assert [promised["text"] for promised in said] == ["from a file", "from a pipe"]


def test_an_app_is_found_from_below(shop: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with git: the nearest directory upwards."""
    monkeypatch.chdir("shop")
    assert cli(*PROMISE).exit_code == 0


def test_events_and_entries_are_shown_with_what_they_hold(shop: Path, cli: Cli) -> None:
    """Events are what happened; entries also what was refused."""
    cli(*PROMISE)
    cli("send", "todo.Finish", '{"text": "fly"}')
    event = json.loads(cli("events", "--json").stdout)
    assert (event["cell"], event["event"], event["data"]["text"]) == (
        "todo",
        "Promised",
        "water the plants",
    )
    lines = cli("journal", "show", "--json").stdout.splitlines()
    first, second = map(json.loads, lines)
    assert (first["kind"], second["kind"]) == ("command", "refusal")
    assert first["events"][0]["data"]["text"] == "water the plants"
    assert "Only what is promised" in cli("journal", "show").stdout
    assert cli("events", "--after", "todo=1").stdout == ""


def test_before_anything_has_happened_there_is_nothing_to_show(shop: Path, cli: Cli) -> None:
    """Not an error, and no journal is made by looking."""
    for arguments in (("events",), ("journal", "show")):
        result = cli(*arguments)
        assert (result.exit_code, result.stdout) == (0, "")
    assert not (shop / "data").exists()


def test_a_backup_comes_back(shop: Path, cli: Cli) -> None:
    """What happened after it is gone from the journal, and kept beside it."""
    cli(*PROMISE)
    assert cli("journal", "backup", "copy.db").exit_code == 0
    cli("send", "todo.Promise", '{"text": "too late"}')
    assert cli("journal", "restore", "copy.db", input="n\n").exit_code == 1
    assert len(json.loads(cli("ask", "todo.ListOpen").stdout)) == 2
    restored = cli("journal", "restore", "copy.db", input="y\n")
    assert restored.exit_code == 0
    assert "is kept as" in restored.stdout
    assert [it["text"] for it in json.loads(cli("ask", "todo.ListOpen").stdout)] == [
        "water the plants"
    ]
    assert cli("journal", "verify").exit_code == 0


def test_damage_is_found_and_ends_with_1(shop: Path, cli: Cli) -> None:
    """With what is damaged, for people and for machines."""
    cli(*PROMISE)
    journal = shop / "data" / "journal.db"
    content = bytearray(journal.read_bytes())
    place = content.index(b"water the plants")
    content[place] ^= 1
    journal.write_bytes(content)
    assert cli("journal", "verify").exit_code == 1
    said = json.loads(cli("journal", "verify", "--json").stdout)
    assert said["intact"] is False
    assert said["findings"]


def test_a_key_is_shown_once(shop: Path, cli: Cli) -> None:
    """Adding shows it, listing does not, revoking ends it."""
    made = json.loads(cli("access", "add", "ada", "--role", "trainer", "--json").stdout)
    listed = cli("access", "list", "--json")
    assert made["key"] not in listed.stdout
    (holder,) = json.loads(listed.stdout)
    assert (holder["name"], holder["roles"]) == ("ada", ["trainer"])
    assert cli("access", "add", "ada").exit_code == 2
    assert cli("access", "revoke", "ada").exit_code == 0
    assert json.loads(cli("access", "list", "--json").stdout) == []


BROKEN = {
    "a syntax error": ("def handle(:\n", "invalid syntax"),
    "an import that fails": (
        "import nowhere\nfrom monocyte import Cell\ncell = Cell('x', state=dict)\n",
        "nowhere",
    ),
}


@pytest.mark.parametrize(("source", "says"), BROKEN.values(), ids=BROKEN)
def test_a_faulty_cell_does_not_stop_the_others(
    source: str, says: str, shop: Path, cli: Cli
) -> None:
    """`cells` names it and ends with 2; the others answer; `test` and `run --strict` refuse."""
    (shop / "shop" / "broken.py").write_text(f"from monocyte import Cell\n{source}", "utf-8")
    listed = cli("cells")
    assert listed.exit_code == 2
    assert "todo" in listed.stdout
    assert "broken.py" in listed.stderr
    faults = json.loads(cli("cells", "--json").stdout)["faults"]
    assert says in faults[0]["message"]
    assert cli(*PROMISE).exit_code == 0
    for refusing in (("test",), ("run", "--strict", "--port", "0")):
        result = cli(*refusing)
        assert result.exit_code == 2
        assert "broken.py" in result.stderr


def test_settings_that_cannot_be_are_told_by_every_command(shop: Path, cli: Cli) -> None:
    """With file and line."""
    toml = shop / "monocyte.toml"
    toml.write_text(toml.read_text("utf-8") + "\n[gatway]\n", "utf-8")
    line = toml.read_text("utf-8").splitlines().index("[gatway]") + 1
    for arguments in (("cells",), ("run",), ("test",), PROMISE, ("journal", "verify")):
        result = cli(*arguments)
        assert result.exit_code == 2
        assert f"monocyte.toml:{line}" in result.stderr
        assert "did you mean gateway?" in result.stderr


def test_without_an_app_every_command_says_where_it_looked(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And how to make one."""
    monkeypatch.chdir(tmp_path)
    for arguments in (("cells",), ("run",), ("test",), PROMISE, ("events",), ("access", "list")):
        result = cli(*arguments)
        assert result.exit_code == 2
        assert str(tmp_path) in result.stderr
        assert "monocyte new" in result.stderr


FAILING = '''
@cell.scenario
def lise_gets_it_wrong(world: World) -> None:
    """What cannot be true under any seed."""
    assert world.by("lise").send(Promise("x")).who == {wanted}
'''


def test_a_scenario_that_fails_names_its_seed(shop: Path, cli: Cli) -> None:
    """With the statement and its variables; `--seed` repeats it; the end is 1."""
    file = shop / "shop" / "todo.py"
    file.write_text(file.read_text("utf-8") + FAILING.format(wanted='"ada"'), "utf-8")
    result = cli("test", "--seeds", "2")
    assert result.exit_code == 1
    assert "todo.lise_gets_it_wrong, seed 0: failed at" in result.stdout
    assert "assert world.by" in result.stdout
    assert "repeat it: monocyte test --seed 1 -k todo.lise_gets_it_wrong" in result.stderr
    again = cli("test", "--seed", "1", "-k", "todo.lise_gets_it_wrong", "--json")
    assert again.exit_code == 1
    (failed,) = json.loads(again.stdout)["failed"]
    assert (failed["seed"], failed["scenario"]) == (1, "lise_gets_it_wrong")


def test_an_app_of_a_name_that_is_taken_is_not_made(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a directory, by Python, or because it is none; nothing is left behind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    rows: dict[str, Any] = {"here": "there already", "json": "my-json", "My": "a-z", "class": "a-z"}
    rows |= {"../up y": "a-z", "click": "my-click", "1st": "a-z"}
    for name, says in rows.items():
        result = cli("new", "--", name)
        assert result.exit_code == 2
        assert says in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_where_nothing_can_be_written_the_error_names_the_place(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the system is an error like any other."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    result = cli("new", "file/shop")
    assert result.exit_code == 2
    assert "file/shop" in result.stderr
