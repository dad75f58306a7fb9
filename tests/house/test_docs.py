"""Every code block in the documents is run, or vouched for by name; none is skipped in silence.

What a fence may be:

    python     is executed; all blocks of a document share one namespace. A block that opens with
               a path (`# lab/greeter.py`) is saved there, for the commands below it, and imported
    console    `$ ` lines are run in a directory of the document's own and print what follows them;
               `…` stands for anything, a trailing `# exits 3` for an exit code other than 0
    http       a request, perhaps with a body, then status and body of the answer, which the app in
               that directory must give; `$MONOCYTE_KEY` is the key of somebody called ada
    sh         for the reader's own shell: each line must be in VOUCHED
    toml       must parse, and is saved if it opens with a path
    json       must parse
    text       is not code
"""

import asyncio
import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from monocyte.app import load_app, serving

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "AGENTS.md")),
    ROOT / "changelog.d" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
SAVED = re.compile(r"# (?P<path>[\w./-]+\.(?:py|toml))\n")
LINK = re.compile(r"\]\((?!https?://|#)(?P<target>[^)#\s]+)")
EXCHANGE = re.compile(
    r"(?P<method>[A-Z]+) (?P<path>\S+)\n(?P<headers>(?:[\w-]+: .*\n)*)"
    r"(?:\n(?P<body>[^\d].*\n))?\n(?P<status>\d{3})\n(?P<answer>.*)\n"
)
COMMAND = re.compile(r"^\$ (?P<line>.*?)(?:  # exits (?P<code>\d+))?$", re.MULTILINE)

# Lines for the reader's own shell, and what proves each of them instead of this file.
VOUCHED = {
    re.compile(r"git clone \S+"): "nothing of ours",
    re.compile(r"cd [\w-]+"): "nothing of ours",
    re.compile(r"make (?P<target>\w+)( .*)?"): "must be a target of the Makefile, see below",
}


@dataclass(frozen=True)
class Block:
    """One fenced block: where it stands, what it is, what it says."""

    document: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line} ({self.language})"

    @property
    def path(self) -> str | None:
        """Where the block wants to be saved, if it opens with a path."""
        found = SAVED.match(self.text)
        return found and found["path"]


def blocks(document: Path) -> list[Block]:
    """Return the fenced blocks of `document`; fail on a fence that the pattern does not see."""
    text = document.read_text(encoding="utf-8")
    found = [
        Block(document, text.count("\n", 0, m.start()) + 1, m["info"].strip(), m["body"])
        for m in FENCE.finditer(text)
    ]
    fences = len(re.findall(r"^\s*(?:```|~~~)", text, re.MULTILINE))
    assert fences == 2 * len(found), f"{document.name}: a fence is indented, unclosed or not ```"
    return found


@dataclass
class Reader:
    """Somebody who types in a document from top to bottom, in a directory of their own."""

    home: Path
    names: ModuleType
    here: Path = field(init=False)
    key: str = ""

    def __post_init__(self) -> None:
        self.here = self.home

    def read(self, document: Path) -> None:
        """Do what `document` says, from top to bottom."""
        for block in blocks(document):
            self.follow(block)

    def follow(self, block: Block) -> None:
        """Do what `block` says; an unknown language is an error."""
        does = getattr(self, f"_{block.language}", None)
        assert does is not None, f"{block}: no such language here, see {Path(__file__).name}"
        does(block)

    def _text(self, block: Block) -> None:
        """Nothing to do: prose in a fixed pitch."""

    def _toml(self, block: Block) -> None:
        tomllib.loads(block.text)
        self._save(block)

    def _json(self, block: Block) -> None:
        json.loads(block.text)

    def _http(self, block: Block) -> None:
        exchange = EXCHANGE.fullmatch(block.text)
        assert exchange is not None, f"{block}: not a request and its answer"
        answer = asyncio.run(self._exchange(exchange))
        assert answer.status_code == int(exchange["status"]), f"{block}: {answer.text}"
        assert same(exchange["answer"], answer.text), f"{block}: {answer.text}"

    async def _exchange(self, said: re.Match[str]) -> httpx.Response:
        """Make the request to the app in the directory where the reader is."""
        app = load_app(self.here)
        async with serving(app, port=0) as at, httpx.AsyncClient(base_url=at.url) as client:
            self.key = self.key or app.keys().add("ada", ())
            lines = said["headers"].replace("$MONOCYTE_KEY", self.key).splitlines()
            headers = dict(line.split(": ", 1) for line in lines)
            body = (said["body"] or "").strip()
            return await client.request(
                said["method"], said["path"], headers=headers, content=body or None
            )

    def _sh(self, block: Block) -> None:
        for line in filter(None, block.text.splitlines()):
            assert any(known.fullmatch(line) for known in VOUCHED), f"{block}: who proves {line!r}?"
            if target := re.match(r"make (\w+)", line):
                makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
                assert re.search(rf"^{target[1]}:.*## ", makefile, re.MULTILINE), f"{block}: {line}"

    def _python(self, block: Block) -> None:
        if block.path is not None:
            self._save(block)
            sys.path.insert(0, str(self.here))
            module = importlib.import_module(block.path.removesuffix(".py").replace("/", "."))
            public = {k: v for k, v in vars(module).items() if not k.startswith("__")}
            vars(self.names).update(public)
            return
        shifted = "\n" * block.line + block.text
        exec(compile(shifted, block.document, "exec"), vars(self.names))  # noqa: S102 - our own docs

    def _save(self, block: Block) -> None:
        if block.path is not None:
            path = self.here / block.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            importlib.invalidate_caches()

    def _console(self, block: Block) -> None:
        wanted = list(COMMAND.finditer(block.text))
        assert wanted, f"{block}: no line starts with `$ `"
        assert wanted[0].start() == 0, f"{block}: output before the first command"
        ends = [*(m.start() for m in wanted[1:]), len(block.text)]
        for command, end in zip(wanted, ends, strict=True):
            output, code = self._run(command["line"])
            assert code == int(command["code"] or 0), f"{block}: {command[0]}\n{output}"
            expected = block.text[command.end() : end].strip()
            assert same(expected, output.strip()), f"{block}: {command[0]}\n{output}"

    def _run(self, line: str) -> tuple[str, int]:
        """Run one command line where the last one left off: its output and its exit code."""
        script = f"trap 'pwd >\"$HOME/.here\"' EXIT\n{line}"
        run = subprocess.run(
            ["bash", "-c", script],
            cwd=self.here,
            env={**os.environ, **self._own(), "PATH": self._path(), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.here = Path((self.home / ".here").read_text(encoding="utf-8").strip())
        return run.stdout, run.returncode

    def _own(self) -> dict[str, str]:
        """Who the reader is: somebody with a home of their own, whom git knows."""
        who = {f"GIT_{it}_NAME": "Ada" for it in ("AUTHOR", "COMMITTER")}
        who |= {f"GIT_{it}_EMAIL": "ada@example.org" for it in ("AUTHOR", "COMMITTER")}
        return who | {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / ".config")}

    def _path(self) -> str:
        """PATH with a `monocyte` of this very checkout in front, installed or not."""
        command = self.home / ".bin" / "monocyte"
        if not command.exists():
            command.parent.mkdir()
            start = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r})"
            main = "from monocyte.cli import main; sys.argv[0] = 'monocyte'; main()"
            command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{start}; {main}" "$@"\n')
            command.chmod(0o755)
        return f"{command.parent}:{os.environ['PATH']}"


def same(expected: str, output: str) -> bool:
    """Whether `output` is what was `expected`, where `…` stands for anything."""
    pattern = ".*?".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, output, re.DOTALL) is not None


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """A reader whose modules and working directory leave nothing behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    names = ModuleType("document")
    sys.modules["document"] = names
    yield Reader(tmp_path, names)
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__spec__", None)):
            del sys.modules[name]
    del sys.modules["document"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_document_says_works(document: Path, reader: Reader) -> None:
    """Typed in from top to bottom, every block does what the document says."""
    reader.read(document)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_link_leads_somewhere(document: Path) -> None:
    """Relative links name files that exist."""
    text = FENCE.sub("", document.read_text(encoding="utf-8"))
    missing = [t for t in LINK.findall(text) if not (document.parent / t).exists()]
    assert missing == []


WRONG = {
    "python that fails": "```python\nassert 1 == 2\n```\n",
    "another output": "```console\n$ echo yes\nno\n```\n",
    "another exit code": "```console\n$ exit 3\n```\n",
    "no command": "```console\nhello\n```\n",
    "an unknown language": "```ruby\nputs 1\n```\n",
    "no language": "```\nwhat am I\n```\n",
    "not TOML": "```toml\na = \n```\n",
    "half an exchange": "```http\nGET /cells\n```\n",
    "not JSON": "```json\n{,}\n```\n",
    "a command nobody vouches for": "```sh\nrm -rf /\n```\n",
    "a target that is not there": "```sh\nmake peace\n```\n",
    "a fence that is indented": "- so:\n\n  ```python\n  1 / 0\n  ```\n",
    "a fence left open": "```python\n1 / 0\n",
    "tildes": "~~~python\n1 / 0\n~~~\n",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_wrong_block_is_found(text: str, reader: Reader) -> None:
    """Each way to be wrong, or to hide from the reader, turns red."""
    document = reader.home / "wrong.md"
    document.write_text(text, encoding="utf-8")
    with pytest.raises((AssertionError, ValueError)):
        reader.read(document)


RIGHT = """
```python
# words/hello.py
GREETING = "hello"
```
```python
assert GREETING == "hello"
```
```console
$ cd words
$ echo one && echo two
one
…
$ ls *.py
hello.py
$ exit 3  # exits 3
```
"""


def test_a_right_document_is_followed(reader: Reader) -> None:
    """Names, files, the directory and exit codes carry over from block to block."""
    document = reader.home / "right.md"
    document.write_text(RIGHT, encoding="utf-8")
    reader.read(document)
    assert reader.here == reader.home / "words"
