"""The ledger in git: what it survives, and what it notices."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from monocyte.errors import LedgerDamaged, LedgerUnavailable
from monocyte.genops.ledger.entries import START
from monocyte.genops.ledger.gitledger import REF, GitLedger
from tests.genops.ledger.facts import CLOCK, git, planned, repository, reserved, settled, write

ROOT = Path(__file__).parents[3]


SLOW = pytest.mark.timeout(240)  # processes of their own, on a machine with other work


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository."""
    return repository(tmp_path / "repo")


@pytest.fixture
def ledger(repo: Path) -> GitLedger:
    """A ledger with three entries in it."""
    ledger = GitLedger(repo, CLOCK)
    write(ledger, planned(), reserved(), settled())
    return ledger


def writer(*arguments: str) -> "subprocess.Popen[str]":
    """A process that writes."""
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    return subprocess.Popen(
        [sys.executable, Path(__file__).with_name("writer.py"), *arguments],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: "subprocess.Popen[str]") -> tuple[int, list[str]]:
    """How it ended, and what it said."""
    out, err = process.communicate(timeout=200)
    assert "Traceback" not in err, err
    return process.returncode, out.splitlines()


# -- what it survives ------------------------------------------------------------------------------


@SLOW
def test_two_processes_that_write_at_once_lose_nothing(repo: Path) -> None:
    """Every entry that was acknowledged is there, once, in one chain."""
    writers = [writer(str(repo), name, "5") for name in ("ada", "bob")]
    ends = [end(process) for process in writers]
    assert [code for code, _ in ends] == [0, 0]
    ledger = GitLedger(repo)
    assert sorted(ledger.read().book.calls) == sorted(line for _, said in ends for line in said)
    assert len(ledger.read().entries) == 10
    assert list(ledger.verify()) == []


@pytest.mark.parametrize("looks", ["read", "verify"])
def test_who_reads_while_another_writes_sees_no_damage(
    looks: str, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was acknowledged after the ref was looked at is not missed."""
    reader, other = GitLedger(repo, CLOCK), GitLedger(repo, CLOCK)
    write(other, planned())
    resolve = reader.git.resolve

    def and_then_another_writes(revision: str) -> str:
        seen = resolve(revision)
        monkeypatch.setattr(reader.git, "resolve", resolve)
        write(other, reserved())
        return seen

    monkeypatch.setattr(reader.git, "resolve", and_then_another_writes)
    if looks == "read":
        assert len(reader.read().entries) == 1
    assert list(reader.verify()) == []


@SLOW
def test_killed_before_any_step_it_keeps_what_was_acknowledged(repo: Path) -> None:
    """And goes on: the next writer finds a sound ledger."""
    write(GitLedger(repo), planned())
    for step in range(1, 40):
        before = {*GitLedger(repo).read().book.calls}
        code, said = end(writer(str(repo), f"w{step}", "1", str(step)))
        ledger = GitLedger(repo)
        assert list(ledger.verify()) == []
        assert {*ledger.read().book.calls} >= before | {*said}
        if code == 0:
            break
        assert code == -9
    assert code == 0
    assert step > 6, "no step was reached"


def test_a_lock_that_a_killed_git_left_behind_is_removed(ledger: GitLedger) -> None:
    """We are alone with it, and nobody holds it for so long."""
    ledger.git.common.joinpath(f"{REF}.lock").touch()
    write(ledger, reserved("call-2"))
    assert len(ledger.read().entries) == 4


@pytest.mark.parametrize("limit", [1, 60, 150])
def test_on_a_full_disk_nothing_is_half_written(limit: int, ledger: GitLedger) -> None:
    """It is refused, and what was there stays; with room again it goes on."""
    before = ledger.read()
    code, said = end(writer(str(ledger.git.top), "ada", "1", "0", str(limit)))
    assert (code, said[0][:8]) == (3, "refused:")
    after = GitLedger(ledger.git.top)
    assert after.read() == before
    assert list(after.verify()) == []
    write(after, reserved("call-2"))


def test_a_detached_head_does_not_matter(ledger: GitLedger) -> None:
    """The ledger stands on no branch, and touches none."""
    repo = ledger.git.top
    git("checkout", "-q", "--detach", cwd=repo)
    head = git("rev-parse", "HEAD", cwd=repo)
    write(ledger, reserved("call-2"))
    assert git("rev-parse", "HEAD", cwd=repo) == head
    assert git("status", "--porcelain", cwd=repo) == ""
    assert GitLedger(repo).read().head.seq == 4


def test_a_work_tree_has_the_same_ledger(ledger: GitLedger) -> None:
    """One repository, one ledger, wherever one stands."""
    repo = ledger.git.top
    git("worktree", "add", "-q", "--detach", "../second", cwd=repo)
    second = GitLedger(repo.parent / "second")
    write(second, reserved("call-2"))
    assert ledger.read() == second.read()


def test_in_a_hook_it_is_not_led_astray(
    ledger: GitLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git tells its hooks about a repository by the environment; ours is where we are."""
    other = repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", "nowhere")
    assert GitLedger(ledger.git.top).read().head.seq == 3


def test_without_a_repository_it_says_what_to_do(tmp_path: Path) -> None:
    """The ledger is nowhere else."""
    with pytest.raises(LedgerUnavailable, match="not a git repository") as refusal:
        GitLedger(tmp_path)
    assert "git init" in refusal.value.mend


def test_a_shallow_clone_of_it_is_no_ledger(ledger: GitLedger, tmp_path: Path) -> None:
    """A part is missing, and a part is not enough: it says how to get the rest."""
    repo = ledger.git.top
    git("clone", "-q", "--depth", "1", f"file://{repo}", "shallow", cwd=tmp_path)
    shallow = tmp_path / "shallow"
    assert GitLedger(shallow).read().head == START
    git("fetch", "-q", "--depth", "1", "origin", f"{REF}:{REF}", cwd=shallow)
    with pytest.raises(LedgerUnavailable, match="shallow") as refusal:
        GitLedger(shallow).read()
    git(*refusal.value.mend.removeprefix("git ").partition(",")[0].split(), cwd=shallow)
    assert GitLedger(shallow).read() == ledger.read()


# -- what it notices -------------------------------------------------------------------------------


def rewritten(ledger: GitLedger, order: list[int], edit: Callable[[bytes], bytes]) -> None:
    """Write the ledger anew, as somebody with git and no scruples would."""
    commits, parent = ledger.commits(ledger.git.resolve(REF)), ""
    for number in order:
        commit = commits[number]
        message = edit(ledger.git.answer("log", "-1", "--format=%B", commit.id)[:-1])
        behind = ("-p", parent) if parent else ()
        who = {f"GIT_{r}_{f}": "x" for r in ("AUTHOR", "COMMITTER") for f in ("NAME", "EMAIL")}
        parent = ledger.git.ask("commit-tree", commit.tree, *behind, stdin=message, more=who)
    ledger.git.ask("update-ref", REF, parent)
    ledger.git.common.joinpath("monocyte", "ledger-head").unlink(missing_ok=True)  # they know


def same(message: bytes) -> bytes:
    """Leave it as it is."""
    return message


WRONGS: dict[str, tuple[list[int], Callable[[bytes], bytes], str]] = {
    "edited": ([0, 1, 2], lambda it: it.replace(b'"nano":5', b'"nano":4'), "entry 2"),
    "edited at the end": ([0, 1, 2], lambda it: it.replace(b'"nano":3', b'"nano":0'), "entry 3"),
    "another author": ([0, 1, 2], lambda it: it.replace(b'"ada"', b'"bob"'), "entry 1"),
    "dropped": ([0, 2], same, "entry 2"),
    "the first dropped": ([1, 2], same, "entry 1"),
    "put in twice": ([0, 1, 1, 2], same, "entry 3"),
    "reordered": ([0, 2, 1], same, "entry 2"),
    "another title": ([0, 1, 2], lambda it: it.replace(b"2: ", b"2: not "), "entry 2"),
    "another format": ([0, 1, 2], lambda it: it.replace(b'"format":1', b'"format":2'), "entry 1"),
    "an unknown field": (
        [0, 1, 2],
        lambda it: it.replace(b'"usage"', b'"use":1,"usage"'),
        "entry 3",
    ),
    "no entry at all": ([0, 1, 2], lambda it: b"hello", "entry 1"),
    "spaces": ([0, 1, 2], lambda it: it.replace(b'"seq":1', b'"seq": 1'), "entry 1"),
}


@pytest.mark.parametrize(("order", "edit", "where"), WRONGS.values(), ids=WRONGS)
def test_what_somebody_changed_is_found(
    order: list[int], edit: Callable[[bytes], bytes], where: str, ledger: GitLedger
) -> None:
    """By verify, with its place; and nothing is read from such a ledger."""
    rewritten(ledger, order, edit)
    fresh = GitLedger(ledger.git.top)
    found = next(fresh.verify())
    assert f"entry {found.seq}" == where
    with pytest.raises(LedgerDamaged) as refusal:
        fresh.read()
    assert where in refusal.value.where


def test_a_rewriting_that_changes_nothing_is_not_called_damage(ledger: GitLedger) -> None:
    """What the table above finds is not found where nothing is wrong."""
    rewritten(ledger, [0, 1, 2], same)
    assert list(GitLedger(ledger.git.top).verify()) == []


def test_an_end_that_is_gone_is_noticed(ledger: GitLedger) -> None:
    """The ref was moved back: what was acknowledged last is not there any more."""
    ledger.git.ask("update-ref", REF, f"{REF}~1")
    (found,) = GitLedger(ledger.git.top).verify()
    assert (found.seq, found.what[:14]) == (3, "it was longer:")
    ledger.git.ask("update-ref", "-d", REF)
    with pytest.raises(LedgerDamaged, match="it was longer"):
        GitLedger(ledger.git.top).read()


def test_a_merge_is_no_ledger(ledger: GitLedger) -> None:
    """A commit with another past beside the ledger's hides something."""
    commits = ledger.commits(ledger.git.resolve(REF))
    entry = ledger.git.answer("log", "-1", "--format=%B", commits[2].id)
    other = ledger.git.resolve("HEAD")
    forged = ledger.git.ask(
        *("-c", "user.name=t", "-c", "user.email=t", "commit-tree", commits[2].tree),
        *("-p", commits[1].id, "-p", other),
        stdin=entry,
    )
    ledger.git.ask("update-ref", REF, forged)
    assert [*GitLedger(ledger.git.top).verify()]


def test_an_attachment_that_was_exchanged_is_found(repo: Path) -> None:
    """It is read by its digest."""
    ledger = GitLedger(repo, CLOCK)
    ledger.append(planned(), who="ada", after=START, files={"plan.json": b"{}"})
    (commit,) = ledger.commits(ledger.git.resolve(REF))
    message = ledger.git.answer("log", "-1", "--format=%B", commit.id)
    blob = ledger.git.ask("hash-object", "-w", "--stdin", stdin=b"[]")
    tree = ledger.git.ask("mktree", stdin=f"100644 blob {blob}\tplan.json\n".encode())
    who = ("-c", "user.name=t", "-c", "user.email=t")
    ledger.git.ask("update-ref", REF, ledger.git.ask(*who, "commit-tree", tree, stdin=message))
    ledger.git.common.joinpath("monocyte", "ledger-head").unlink()
    fresh = GitLedger(repo)
    assert [it.what for it in fresh.verify()] == ["plan.json is not what was attached"]
    with pytest.raises(LedgerDamaged):
        fresh.attachment(1, "plan.json")


def test_what_was_read_before_is_not_believed_for_ever(ledger: GitLedger) -> None:
    """Somebody writes the ledger anew while a process that has read it lives on."""
    assert len(ledger.read().entries) == 3
    rewritten(ledger, [0, 1, 2], lambda it: it.replace(b'"nano":5', b'"nano":4'))
    with pytest.raises(LedgerDamaged):
        ledger.read()
    rewritten(ledger, [0], same)
    assert len(ledger.read().entries) == 1
    write(ledger, reserved("call-2"))
    assert [it.seq for it in ledger.read().entries] == [1, 2]


def test_a_replaced_object_is_not_shown(ledger: GitLedger) -> None:
    """`git replace` shows another object under a known name; we do not look."""
    seen = ledger.read()
    first, second, _ = ledger.commits(seen.head.mark)
    git("replace", second.id, first.id, cwd=ledger.git.top)
    assert GitLedger(ledger.git.top).read() == seen
