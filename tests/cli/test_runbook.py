"""`runbook` as people use it: shown, confirmed, killed amid a command, resumed, undone."""

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from monocyte.literate.runbooks.logbook import FileLogbook, Taken
from tests.cli.conftest import PROGRAM, Cli, Running, environment, program, running

NAME = "todo.pass_on_everything"
RUN = ("runbook", "run", NAME, "who=owner", "to=kim")
TEXTS = ("water the plants", "order gloves", "wash up")

KILLED = """
import os, sys
from monocyte.cli.desks import RemoteDesk
send = RemoteDesk.send
def dies(self, command, id):
    if when == "before" and id.endswith(at):
        os.kill(os.getpid(), 9)
    reply = send(self, command, id)
    if when == "after" and id.endswith(at):
        os.kill(os.getpid(), 9)
    return reply
RemoteDesk.send = dies
sys.argv[0] = "monocyte"
from monocyte.cli import main
main()
"""


def promise(app: Running, shop: Path) -> None:
    """Let the owner promise three things."""
    for text in TEXTS:
        send = ("send", "todo.Promise", json.dumps({"text": text}))
        assert program(*send, cwd=shop, MONOCYTE_KEY=app.key).returncode == 0


def keepers(app: Running, shop: Path) -> dict[str, str]:
    """Who is to keep what."""
    result = program("ask", "todo.ListOpen", cwd=shop, MONOCYTE_KEY=app.key)
    return {it["text"]: it["who"] for it in json.loads(result.stdout)}


def passed_on(shop: Path) -> list[str]:
    """To whom promises were passed on, in order, as the journal has it."""
    lines = program("events", "--json", cwd=shop).stdout.splitlines()
    events = [json.loads(line) for line in lines]
    return [it["data"]["to"] for it in events if it["event"] == "PassedOn"]


def lead(shop: Path) -> str:
    """The key of Tim, who leads."""
    return program("access", "add", "tim", "--role", "lead", cwd=shop).stdout.strip()


def runs(shop: Path) -> list[str]:
    """The runs of which there is a record."""
    return sorted(path.stem for path in (shop / "data" / "runbooks").glob("*.jsonl"))


def killed(when: str, at: str, *arguments: str, cwd: Path, key: str) -> int:
    """The exit code of a program that is killed -9 before or after a command of that id."""
    source = f"when, at = {when!r}, {at!r}\n{KILLED}"
    run = subprocess.run(
        [sys.executable, "-c", source, *arguments],
        cwd=cwd,
        env=environment(MONOCYTE_KEY=key),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return run.returncode


# -- over HTTP, killed -----------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_amid_a_command_it_is_resumed_exactly_once(when: str, shop: Path) -> None:
    """Whether or not the command had taken effect; then undone, killed amid that, undone."""
    with running(shop) as app:
        promise(app, shop)
        tim = lead(shop)
        key = {"MONOCYTE_KEY": tim}
        assert killed(when, "/2.1", *RUN, "--yes", cwd=shop, key=tim) == -9
        (run,) = runs(shop)
        resumed = program("runbook", "run", "--resume", run, "--yes", cwd=shop, **key)
        assert resumed.returncode == 0, resumed.stderr
        assert set(keepers(app, shop).values()) == {"kim"}
        undo = ("runbook", "run", "--undo", run, "--yes")
        assert killed(when, "/2.1u", *undo, cwd=shop, key=tim) == -9
        undone = program(*undo, cwd=shop, **key)
        assert undone.returncode == 0, undone.stderr
        assert set(keepers(app, shop).values()) == {"owner"}
    assert passed_on(shop) == ["kim"] * 3 + ["owner"] * 3


def test_it_is_the_holder_of_the_key_who_does_it(shop: Path) -> None:
    """The journal and the record name them; without a key nothing begins."""
    with running(shop) as app:
        promise(app, shop)
        keyless = program(*RUN, "--yes", cwd=shop)
        assert keyless.returncode == 2
        assert "MONOCYTE_KEY" in keyless.stderr
        assert runs(shop) == []
        done = program(*RUN, "--yes", "--json", cwd=shop, MONOCYTE_KEY=lead(shop))
        entries = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 0
        assert [it["what"] for it in entries][-1] == "ended"
        assert entries[0]["by"] == "tim"
        assert {it["by"] for it in entries if it["what"] == "sending"} == {"tim"}
    lines = program("events", "--json", cwd=shop).stdout.splitlines()
    assert json.loads(lines[-1])["by"] == "tim"


def test_what_a_rule_refuses_stops_it(shop: Path) -> None:
    """With the rule, the code of a refusal, and the commands that go on."""
    with running(shop) as app:
        promise(app, shop)
        key = program("access", "add", "tim", cwd=shop).stdout.strip()
        stopped = program(*RUN, "--yes", cwd=shop, MONOCYTE_KEY=key)
        assert stopped.returncode == 1
        assert "refused by TODO-3" in stopped.stderr
        assert "in the role of lead, which tim may lack" in stopped.stderr
        (run,) = runs(shop)
        assert f"monocyte runbook run --resume {run}" in stopped.stderr
        assert f"monocyte runbook run --undo {run}" in stopped.stderr


# -- on a terminal ---------------------------------------------------------------------------------


CTRL_C = b"\x03"


def on_terminal(*arguments: str, cwd: Path, keys: list[bytes]) -> tuple[str, int]:
    """What a program shows on a terminal where somebody answers its questions."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        env = environment(TERM="xterm-256color", COLUMNS="100")
        os.execve(PROGRAM[0], [*PROGRAM, *arguments], env)  # noqa: S606 (as a shell does)
    shown, left, last, patience = b"", list(keys), b"", 20
    while patience:
        if not select.select([terminal], [], [], 1)[0]:
            patience -= 1
            if last == CTRL_C:  # Python does not see one that comes just before it reads a line
                os.write(terminal, last)
            continue
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
        if left and shown.endswith(b"the rest: "):
            last = left.pop(0)
            os.write(terminal, last)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return shown.decode(), os.waitstatus_to_exitcode(status)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_each_step_is_confirmed_and_ctrl_c_leaves_it_resumable(shop: Path, cli: Cli) -> None:
    """In this process, as the app does not run: yes, Ctrl-C; yes, no; all."""
    me = begun(cli)
    ran = (*RUN[:3], f"who={me}", "to=kim")
    shown, code = on_terminal(*ran, cwd=shop, keys=[b"y\n", CTRL_C])
    assert code == 130, shown
    (run,) = runs(shop)
    assert f"monocyte runbook run --resume {run}" in shown
    assert 'send todo.PassOn text="water the plants" to="kim"' in shown
    assert "so far: 1. Let kim water the plants" in shown
    shown, code = on_terminal("runbook", "run", "--resume", run, cwd=shop, keys=[b"y\n", b"n\n"])
    assert code == 1, shown
    assert "step 3 (Let kim wash up) was not confirmed" in shown
    shown, code = on_terminal("runbook", "run", "--resume", run, cwd=shop, keys=[b"a\n"])
    assert code == 0, shown
    assert "the run is done" in shown
    assert passed_on(shop) == ["kim"] * 3


def begun(cli: Cli) -> str:
    """Let whoever tests promise three things; their name."""
    for text in TEXTS:
        answer = json.loads(cli("send", "todo.Promise", json.dumps({"text": text})).stdout)
    return str(answer["who"])


# -- shown -----------------------------------------------------------------------------------------


def test_a_dry_run_sends_nothing_and_says_what_it_cannot_know(shop: Path, cli: Cli) -> None:
    """What comes after the first step is as planned before it."""
    me = begun(cli)
    result = cli(*RUN[:3], f"who={me}", "to=kim", "--dry-run")
    assert result.exit_code == 0
    assert "3. Let kim wash up  (as planned before step 1: it may change)" in result.stdout
    assert "1. Let kim water the plants\n" in result.stdout
    assert "whether the app would accept it, only sending can tell" in result.stderr
    assert (passed_on(shop), runs(shop)) == ([], [])
    steps = json.loads(cli(*RUN[:3], f"who={me}", "to=kim", "--dry-run", "--json").stdout)
    assert [(it["holds"], it["sure"]) for it in steps] == [
        *((False, True), (False, False), (False, False))
    ]


def test_runbooks_are_listed_and_shown_with_their_runs(shop: Path, cli: Cli) -> None:
    """For people and for machines."""
    me = begun(cli)
    assert "never" in cli("runbook", "list").stdout
    assert (
        cli("runbook", "run", "pass_on_everything", f"who={me}", "to=kim", "--yes").exit_code == 0
    )
    (run,) = runs(shop)
    (row,) = json.loads(cli("runbook", "list", "--json").stdout)
    assert (row["name"], row["roles"], row["parameters"].keys()) == (NAME, ["lead"], {"who", "to"})
    assert [(it["run"], it["state"], it["by"]) for it in row["runs"]] == [(run, "done", me)]
    shown = cli("runbook", "show", "pass_on_everything").stdout
    assert "who: str (min_length=1, max_length=64)" in shown
    assert f"monocyte runbook run {NAME} who=ada to=kim" in shown
    assert f"run {run}: done ({me}" in shown
    planned = json.loads(cli("runbook", "show", NAME, f"who={me}", "to=kim", "--json").stdout)
    assert planned["steps"] == []
    assert "nothing is to be done" in cli("runbook", "show", NAME, "who=x", "to=y").stderr


def test_a_run_that_was_left_is_told_to_the_next(shop: Path, cli: Cli) -> None:
    """Before somebody begins another."""
    me = begun(cli)
    assert cli(*RUN[:3], f"who={me}", "to=kim", "--yes").exit_code == 0
    (run,) = runs(shop)
    record = shop / "data" / "runbooks" / f"{run}.jsonl"
    lines = record.read_bytes().splitlines(keepends=True)
    record.write_bytes(b"".join(lines[:5]) + b'{"entry":')
    again = cli(*RUN[:3], f"who={me}", "to=kim", "--yes")
    assert again.exit_code == 0
    assert f"{run} ({me}" in again.stderr
    assert "was never finished" in again.stderr
    resumed = cli("runbook", "run", "--resume", run, "--yes")
    assert resumed.exit_code == 0, resumed.stderr
    assert "never finished, and is dropped" in resumed.stderr
    assert passed_on(shop) == ["kim"] * 3


# -- asked wrongly ---------------------------------------------------------------------------------

ILL: dict[str, tuple[int, tuple[str, ...], str]] = {
    "no such runbook": (2, ("show", "pass_on_everythin"), "did you mean pass_on_everything?"),
    "nothing like it": (2, ("show", "zzz"), f"there is: {NAME}"),
    "no runbook": (2, ("run", "--yes"), "monocyte runbook list"),
    "an argument is missing": (2, ("run", NAME, "who=a", "--yes"), "needs to: str (min_length=1"),
    "an unknown argument": (2, ("run", NAME, "x=a", "--yes"), "has no argument 'x'"),
    "no argument at all": (2, ("run", NAME, "ada", "--yes"), "'ada' is no argument"),
    "an argument twice": (2, ("run", NAME, "who=a", "who=b", "--yes"), "who is given twice"),
    "a wrong argument": (2, ("run", NAME, "who=", "to=b", "--yes"), "who= is no str"),
    "a wrong type": (2, ("run", NAME, f"who={'x' * 65}", "to=b", "--yes"), "length <= 64"),
    "nobody to confirm": (2, ("run", NAME, "who=a", "to=b"), "add --yes"),
    "nobody, in JSON": (2, ("run", NAME, "who=a", "to=b", "--json"), "add --yes"),
    "two at a time": (2, ("run", "--resume", "a", "--undo", "b", "--yes"), "at a time"),
    "arguments again": (2, ("run", NAME, "who=a", "--resume", "a", "--yes"), "give none"),
    "no such run": (2, ("run", "--resume", "a", "--yes"), "there is no run 'a'"),
}


@pytest.mark.parametrize(("code", "arguments", "says"), ILL.values(), ids=ILL)
def test_what_is_asked_wrongly_is_said(
    code: int, arguments: tuple[str, ...], says: str, shop: Path, cli: Cli
) -> None:
    """With the mend; and nothing begins."""
    result = cli("runbook", *arguments)
    assert result.exit_code == code, result.output
    assert says in result.output
    assert runs(shop) == []


def taken(shop: Path, cli: Cli) -> str:
    """A run that is done."""
    me = begun(cli)
    assert cli(*RUN[:3], f"who={me}", "to=kim", "--yes").exit_code == 0
    return runs(shop)[0]


def edit(shop: Path, run: str, change: Callable[[str], str]) -> None:
    """Change the record of a run."""
    record = shop / "data" / "runbooks" / f"{run}.jsonl"
    record.write_text(change(record.read_text(encoding="utf-8")), encoding="utf-8")


def test_a_record_that_was_edited_is_refused(shop: Path, cli: Cli) -> None:
    """Its line is named; the others are still listed."""
    run = taken(shop, cli)
    edit(shop, run, lambda text: text.replace("order gloves", "order cakes", 1))
    refused = cli("runbook", "run", "--undo", run, "--yes")
    assert refused.exit_code == 1
    assert f"{run}.jsonl:8" in refused.stderr.replace("\n", "")
    assert "not what was written there" in refused.stderr
    listed = cli("runbook", "list")
    assert listed.exit_code == 0
    assert "not what was written there" in listed.stderr


def test_a_run_in_other_hands_is_refused(shop: Path, cli: Cli) -> None:
    """Who has it is named, with the code of what cannot be now."""
    run = taken(shop, cli)
    with FileLogbook(shop / "data" / "runbooks", run) as log:
        first = log.entries[0]
        assert isinstance(first, Taken)
        refused = cli("runbook", "run", "--undo", run, "--yes")
    assert refused.exit_code == 3
    assert f"{first.by} ({first.process}, since" in refused.stderr
    assert cli("runbook", "run", "--undo", run, "--yes").exit_code == 0


def test_what_is_over_is_said_to_be(shop: Path, cli: Cli) -> None:
    """Undone once, and no more; another runbook's name does not fit."""
    run = taken(shop, cli)
    other = cli("runbook", "run", "todo.other", "--undo", run, "--yes")
    assert f"is a run of {NAME}" in other.stderr
    assert cli("runbook", "run", "--undo", run, "--yes").exit_code == 0
    again = cli("runbook", "run", "--undo", run, "--yes")
    assert (again.exit_code, "it is undone" in again.stderr) == (2, True)
    mistyped = cli("runbook", "run", "--undo", run[:-1], "--yes")
    assert f"did you mean {run}?" in mistyped.stderr


BY_HAND = '''

@cell.runbook(when="it rains", after=lise_is_ill)
def go_home(it: Operator) -> Steps:
    """Nobody gets wet."""
    yield Step("Close the windows")
'''


def test_yes_does_not_vouch_for_what_hands_must_do(shop: Path, cli: Cli) -> None:
    """It takes somebody at a terminal who says so."""
    file = shop / "shop" / "todo.py"
    file.write_text(file.read_text("utf-8") + BY_HAND, "utf-8")
    stopped = program("runbook", "run", "go_home", "--yes", cwd=shop)
    assert stopped.returncode == 2
    assert "step 1 is done by hand: do: Close the windows" in stopped.stderr
    (run,) = runs(shop)
    assert f"--resume {run}" in stopped.stderr


def test_a_cell_that_changed_is_said_when_a_run_is_taken_up(shop: Path, cli: Cli) -> None:
    """What was begun is taken back as it was begun."""
    run = taken(shop, cli)
    file = shop / "shop" / "todo.py"
    file.write_text(file.read_text("utf-8") + "\n# later\n", "utf-8")
    undone = program("runbook", "run", "--undo", run, "--yes", cwd=shop)
    assert undone.returncode == 0, undone.stderr
    assert "todo has changed since" in undone.stderr


def test_a_run_of_a_runbook_that_is_gone_can_be_undone(shop: Path, cli: Cli) -> None:
    """Its record has the commands; it cannot be resumed, and that is said."""
    run = taken(shop, cli)
    file = shop / "shop" / "todo.py"
    head, _, _ = file.read_text("utf-8").partition("@cell.runbook")
    file.write_text(head, "utf-8")
    resumed = program("runbook", "run", "--resume", run, "--yes", cwd=shop)
    assert (resumed.returncode, "there is no runbook" in resumed.stderr) == (2, True)
    undone = program("runbook", "run", "--undo", run, "--yes", cwd=shop)
    assert undone.returncode == 0, undone.stderr
    assert "any more" in undone.stderr


def test_it_is_said_how_it_was_rehearsed(shop: Path, cli: Cli) -> None:
    """Not at all, well, or before the cell has changed; and before a run, unless well."""
    me = begun(cli)
    begin = (*RUN[:3], f"who={me}", "to=kim", "--yes")
    assert "not rehearsed yet" in cli("runbook", "show", NAME).stdout
    assert "not rehearsed yet" in cli(*begin).stderr
    checked = program("check", cwd=shop)
    assert checked.returncode == 0, checked.stdout
    assert "rehearsed 14 times, well\n" in cli("runbook", "show", NAME).stdout
    assert "rehearsed" not in program(*begin, cwd=shop).stderr
    file = shop / "shop" / "todo.py"
    file.write_text(file.read_text("utf-8") + "\n# later\n", "utf-8")
    assert "well, before the cell changed" in program("runbook", "show", NAME, cwd=shop).stdout


@pytest.mark.parametrize("command", ["show", "run"])
def test_a_shell_completes_the_names_of_runbooks(command: str, shop: Path) -> None:
    """As bash asks for them."""
    asked = {"COMP_WORDS": f"monocyte runbook {command} todo.p", "COMP_CWORD": "3"}
    answer = program(cwd=shop, _MONOCYTE_COMPLETE="bash_complete", **asked)
    assert answer.stdout.split(",")[-1].strip() == NAME
