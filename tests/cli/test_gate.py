"""`monocyte gate` judges between revisions, says it in every format, and ends as it says."""

import json
import re
import subprocess
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from monocyte.cli import main
from monocyte.genops.gates import judging
from monocyte.genops.gates.trees import materialise
from monocyte.genops.git import Git
from tests.genops.gates.changes import APP, FILE

FAST = {name: judging.GATES[name] for name in ("sealed", "tampering", "capabilities", "hygiene")}


def git(folder: Path, *arguments: str) -> str:
    """Run git there, as nobody in particular."""
    who = (
        "-c",
        "user.name=ada",
        "-c",
        "user.email=ada@example.org",
        "-c",
        "init.defaultBranch=main",
    )
    done = subprocess.run(
        ["git", *who, "-C", str(folder), *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app, committed on main; only the gates that read."""
    root = tmp_path / "app"
    for name, text in APP.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    git(tmp_path, "init", "-q", str(root))
    commit(root, "base")
    monkeypatch.setattr(judging, "judge", partial(judging.judge, gates=FAST))
    monkeypatch.chdir(root)
    return root


def commit(root: Path, why: str) -> None:
    """Commit everything."""
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", why)


def edit(root: Path, old: str, new: str) -> None:
    """Change the file of the loans, and commit that."""
    file = root / FILE
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")
    commit(root, "a change")


@pytest.mark.parametrize(
    ("old", "new", "author", "code"),
    [
        ("    weeks = it.days // 7\n", "    weeks = int(it.days / 7)\n", "model", 0),
        ("thirty days at most", "a month at most", "person", 2),
        ("thirty days at most", "a month at most", "model", 1),
    ],
)
def test_how_it_ends(shop: Path, old: str, new: str, author: str, code: int) -> None:
    """0 passed, 2 somebody must agree, 1 refused; the line that leads says so."""
    edit(shop, old, new)
    done = CliRunner().invoke(main, ["gate", "HEAD~1..HEAD", "--author", author])
    assert done.exit_code == code, done.output
    word = {0: "passed: ", 2: "needs approval: ", 1: "refused: "}[code]
    assert done.stdout.startswith(word)


def test_every_format(shop: Path, tmp_path: Path) -> None:
    """JSON as the schema has it, SARIF, JUnit; without a spec it is what parted from main."""
    git(shop, "checkout", "-q", "-b", "feature")
    edit(shop, "    weeks = it.days // 7\n", '    import os\n    os.system("id")\n    weeks = 0\n')
    sarif, junit = tmp_path / "x.sarif", tmp_path / "x.xml"
    options = ["--sarif", str(sarif), "--junit", str(junit), "--json", "--author", "model"]
    done = CliRunner().invoke(main, ["gate", *options])
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert (said["format"], said["base"]) == (1, git(shop, "rev-parse", "main"))
    assert "capability" in said["classes"]
    results = json.loads(sarif.read_text())["runs"][0]["results"]
    assert {it["level"] for it in results} == {"error"}
    assert re.search(r'failures="[1-9]', junit.read_text())


def test_a_revision_that_nobody_knows(shop: Path) -> None:
    """Said with what to do."""
    done = CliRunner().invoke(main, ["gate", "nowhere..HEAD"])
    assert done.exit_code
    assert "git knows no revision 'nowhere'" in done.output


def test_a_tree_is_what_was_committed(shop: Path, tmp_path: Path) -> None:
    """No attribute hides a file or rewrites it, links stay links, what is executable stays so."""
    (shop / ".gitattributes").write_text("shop/desk.py export-ignore\n*.py eol=crlf\n")
    (shop / "out").symlink_to("/etc/passwd")
    (shop / "run.sh").write_text("true\n")
    (shop / "run.sh").chmod(0o755)
    commit(shop, "attributes")
    into = tmp_path / "tree"
    materialise(Git(shop), git(shop, "rev-parse", "HEAD"), into)
    assert (into / "shop/desk.py").read_bytes() == APP["shop/desk.py"].encode()
    assert (into / "out").is_symlink()
    assert (into / "run.sh").stat().st_mode & 0o111
