"""Any command-line coding agent, as a command that works in a directory.

What an agent needs is a row in `AGENTS`; another one is its command with the same placeholders. It
is given nothing of the environment but what the row says: not the home, not a key. It is told that
the proxy is its provider, and its token there is worth nothing elsewhere. Locking the process in is
the affair of whoever runs the command; here it only gets a session of its own, so that all of it
ends with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Timer
from typing import IO, Final, NamedTuple

import msgspec

from monocyte.genops.metering.server import Seat
from monocyte.genops.models.interface import Answer, Hears, NoAnswer, Prompt, text_of

__all__ = ["AGENTS", "TAIL", "Agent", "Command", "Recipe", "command"]

TAIL: Final = 64 << 10
"""Characters of an agent's output that are kept, the last ones."""


class Recipe(msgspec.Struct, frozen=True):
    """How an agent is run.

    `{model}`, `{url}`, `{token}`, `{home}` and `{prompt}` (a file with it) are filled in; it reads
    the prompt from its standard input, too.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    version: tuple[str, ...]
    """What shows its version."""


AGENTS: Final[Mapping[str, Recipe]] = {
    "claude": Recipe(
        (
            *("claude", "--print", "--model", "{model}", "--output-format", "text"),
            *("--permission-mode", "acceptEdits"),
            *("--tools", "Read,Edit,Write,Bash,Glob,Grep"),
            *("--allowedTools", "Read,Edit,Write,Bash,Glob,Grep"),
        ),
        {
            "ANTHROPIC_BASE_URL": "{url}",
            "ANTHROPIC_API_KEY": "{token}",
            "ANTHROPIC_MODEL": "{model}",
            # Side errands (titles, summaries) go to a smaller model, which is not pinned.
            "ANTHROPIC_DEFAULT_HAIKU_MODEL": "{model}",
            "ANTHROPIC_SMALL_FAST_MODEL": "{model}",
            "CLAUDE_CONFIG_DIR": "{home}/.claude",
            # What it would add is paid for in every call, or differs from run to run.
            "CLAUDE_CODE_DISABLE_AUTO_MEMORY": "1",
            "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
            "CLAUDE_CODE_DISABLE_BUNDLED_SKILLS": "1",
            "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1",
            "CLAUDE_CODE_DISABLE_FAST_MODE": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        },
        ("claude", "--version"),
    ),
    "codex": Recipe(
        (
            *("codex", "exec", "--skip-git-repo-check", "--model", "{model}"),
            # Its own sandbox needs rights that a locked process has not; the lock is ours.
            *("--sandbox", "danger-full-access"),
            *("-c", 'model_provider="monocyte"'),
            *("-c", 'model_providers.monocyte.name="monocyte"'),
            *("-c", 'model_providers.monocyte.base_url="{url}/v1"'),
            *("-c", 'model_providers.monocyte.env_key="MONOCYTE_TOKEN"'),
            *("-c", 'model_providers.monocyte.wire_api="responses"'),
            *("-c", 'web_search="disabled"'),
            "-",
        ),
        {"MONOCYTE_TOKEN": "{token}", "CODEX_HOME": "{home}/.codex"},
        ("codex", "--version"),
    ),
    "aider": Recipe(
        (
            *("aider", "--model", "openai/{model}", "--message-file", "{prompt}"),
            *("--weak-model", "openai/{model}", "--no-pretty", "--no-show-release-notes"),
            *("--chat-history-file", "{home}/chat.md", "--input-history-file", "{home}/input"),
            *("--yes-always", "--no-auto-commits", "--no-check-update", "--no-analytics"),
            *("--no-show-model-warnings", "--no-git"),
        ),
        {
            "OPENAI_API_BASE": "{url}/v1",
            "OPENAI_API_KEY": "{token}",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
        ("aider", "--version"),
    ),
}
"""Agents that are known to work through the proxy."""


class Command(NamedTuple):
    """What is run, ready to be locked in."""

    words: tuple[str, ...]
    environment: dict[str, str]
    directory: Path


def command(
    recipe: Recipe, model: str, seat: Seat, directory: Path, home: Path, path: str
) -> Command:
    """The command of an agent; `path` is where it may look for programs, `home` is empty."""
    filled = {
        "{model}": model,
        "{url}": seat.url,
        "{token}": seat.token,
        "{home}": str(home),
        "{prompt}": str(home / "prompt.md"),
    }

    def fill(word: str) -> str:
        for name, value in filled.items():
            word = word.replace(name, value)
        return word

    environment = {name: fill(value) for name, value in recipe.environment.items()}
    # What a program does without a home or a locale is nobody's to guess.
    given = {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "TMPDIR": str(home)}
    return Command(tuple(map(fill, recipe.command)), {**given, **environment}, directory)


class Agent:
    """An agent that works in a directory; its answer is what it printed last."""

    def __init__(self, it: Command, *, timeout: float, wrap: Sequence[str] = ()) -> None:
        self._command = it
        self._timeout = timeout
        self._wrap = tuple(wrap)
        """A command that locks in what follows it."""

    def ask(self, prompt: Prompt, hears: Hears) -> Answer:
        """Let it work until it ends.

        Raises:
            NoAnswer: it cannot be run, failed, or was too slow.
        """
        text = text_of(prompt)
        home = Path(self._command.environment["HOME"])
        for place in (home, *(home / name for name in (".claude", ".codex"))):
            place.mkdir(parents=True, exist_ok=True)
        (home / "prompt.md").write_text(text, encoding="utf-8")
        with (home / "prompt.md").open("rb") as given:
            status, tail = self._run(given, hears)
        if status != 0:
            raise NoAnswer(f"the agent ended with {status}: {tail[-500:]}", where=self._name)
        return Answer(tail, "end", self._name)

    @property
    def _name(self) -> str:
        return self._command.words[0]

    def _run(self, given: IO[bytes], hears: Hears) -> tuple[int, str]:
        try:
            process = subprocess.Popen(  # noqa: S603  # the operator has pinned this command
                [*self._wrap, *self._command.words],
                cwd=self._command.directory,
                env=self._command.environment,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as why:
            mend = "install it, or pin another way to ask"
            raise NoAnswer(f"cannot be run: {why}", where=self._name, mend=mend) from why
        timer = Timer(self._timeout, _end, (process.pid,))
        timer.start()
        try:
            return self._listen(process, hears)
        finally:
            timer.cancel()
            _end(process.pid)
            process.wait()

    @staticmethod
    def _listen(process: subprocess.Popen[bytes], hears: Hears) -> tuple[int, str]:
        """What it prints, to the end, and how it ended."""
        assert process.stdout is not None  # noqa: S101  # asked for above
        tail = ""
        with process.stdout as printed:
            while chunk := os.read(printed.fileno(), 1 << 16):
                text = chunk.decode(errors="replace")
                tail = (tail + text)[-TAIL:]
                hears(text)
        return process.wait(), tail


def _end(group: int) -> None:
    """End all that the agent has started; a group keeps its number while it has members."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
