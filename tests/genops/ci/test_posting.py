"""One comment on a change, whoever else has written there: against hosts on this machine."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import pytest

from monocyte.errors import ConfigError, GenopsError
from monocyte.genops.ci.posting import host_of, post

MARK = "<!-- monocyte: lab -->"
HEAD = "a" * 40


class Hosting(ThreadingHTTPServer):
    """What code hosts do with comments, as their references say."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.github: list[dict[str, Any]] = []
        self.gitlab: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, str]] = []
        self.answer = 0
        self.head = HEAD

    @classmethod
    @contextmanager
    def serving(cls) -> Iterator[Self]:
        """One that answers."""
        with cls() as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            yield server
            server.shutdown()
            thread.join()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Hosting

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Lists, a hundred to a page."""
        self._note()
        path, _, query = self.path.partition("?")
        page = int(query.rpartition("page=")[2] or 1)
        part = slice((page - 1) * 100, page * 100)
        answers: dict[str, Any] = {
            "/repos/team/lab/issues/7/comments": self.server.github[part],
            f"/repos/team/lab/commits/{self.server.head}/pulls": [
                {"number": 3, "head": {"sha": "b" * 40}},
                {"number": 7, "head": {"sha": self.server.head}},
            ],
            f"/repos/team/lab/commits/{'c' * 40}/pulls": [],
            "/user": {"id": 5},
            "/projects/9/merge_requests/7/notes": self.server.gitlab[part],
        }
        self._say(answers.get(path))

    def do_POST(self) -> None:
        """A new comment."""
        body = self._note()
        if self.path == "/repos/team/lab/issues/7/comments":
            self.server.github.append({"id": 1, "body": body, "user": {"type": "Bot"}})
        else:
            self.server.gitlab.append({"id": 1, "body": body, "author": {"id": 5}})
        self._say({})

    def do_PATCH(self) -> None:
        """Another text for a comment of GitHub's."""
        self._over(self.server.github)

    def do_PUT(self) -> None:
        """Another text for a note of GitLab's."""
        self._over(self.server.gitlab)

    def _over(self, among: list[dict[str, Any]]) -> None:
        body = self._note()
        number = int(self.path.rpartition("/")[2])
        next(it for it in among if it["id"] == number)["body"] = body
        self._say({})

    def _note(self) -> str:
        token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
        self.server.asked.append((self.command, self.path, token))
        length = int(self.headers.get("Content-Length") or 0)
        return str(json.loads(self.rfile.read(length))["body"]) if length else ""

    def _say(self, answer: Any) -> None:
        code = self.server.answer or (404 if answer is None else 200)
        content = json.dumps(answer).encode()
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "http://localhost:1/elsewhere")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def hosting() -> Iterator[Hosting]:
    """A host that answers."""
    with Hosting.serving() as server:
        yield server


def github(hosting: Hosting, **more: str) -> dict[str, str]:
    """What a runner of GitHub has in its environment."""
    told = {
        "GITHUB_REPOSITORY": "team/lab",
        "GITHUB_API_URL": hosting.url,
        "GITHUB_TOKEN": "secret",
        "GITHUB_REF": "refs/pull/7/merge",
    }
    return told | more


def gitlab(hosting: Hosting) -> dict[str, str]:
    """What a runner of GitLab has in its environment."""
    return {
        "CI_PROJECT_ID": "9",
        "CI_API_V4_URL": hosting.url,
        "CI_MERGE_REQUEST_IID": "7",
        "MONOCYTE_COMMENT_TOKEN": "secret",
    }


@pytest.mark.parametrize("where", ["github", "gitlab"])
def test_there_is_one_comment_and_it_is_written_over(hosting: Hosting, where: str) -> None:
    """Whoever wrote a hundred others meanwhile, and whoever copied our mark."""
    environment = github(hosting) if where == "github" else gitlab(hosting)
    found = hosting.github if where == "github" else hosting.gitlab
    human = {"id": 900, "body": f"{MARK}\nmine", "user": {"type": "User"}, "author": {"id": 6}}
    found.append(human)
    found.extend({**human, "id": 901 + i, "body": "a remark"} for i in range(120))
    assert post(host_of(environment), MARK, f"{MARK}\nfirst")
    assert not post(host_of(environment), MARK, f"{MARK}\nsecond")
    assert [it["body"] for it in found if it["id"] == 1] == [f"{MARK}\nsecond"]
    assert found[0]["body"] == f"{MARK}\nmine"
    assert {token for _, _, token in hosting.asked} == {
        "Bearer secret" if where == "github" else "secret"
    }


def test_a_change_is_found_by_its_head(hosting: Hosting) -> None:
    """A workflow that may write does not belong to the change, and knows only the commit."""
    environment = github(hosting, GITHUB_REF="refs/heads/main")
    assert post(host_of(environment, HEAD), MARK, f"{MARK}\nfirst")
    assert hosting.github[0]["body"] == f"{MARK}\nfirst"


def test_a_change_that_has_moved_on_is_left_alone(hosting: Hosting) -> None:
    """What was said of an older commit is no comment on a newer one."""
    with pytest.raises(GenopsError, match="moved on"):
        host_of(github(hosting), "c" * 40)
    assert hosting.github == []


@pytest.mark.parametrize("head", ["../../user", "main", "a" * 39])
def test_a_head_is_a_commit(hosting: Hosting, head: str) -> None:
    """It becomes part of an address."""
    with pytest.raises(ConfigError, match="no commit"):
        host_of(github(hosting), head)
    assert hosting.asked == []


@pytest.mark.parametrize("missing", ["GITHUB_TOKEN", "GITHUB_REPOSITORY"])
def test_without_a_runner_it_says_what_is_missing(hosting: Hosting, missing: str) -> None:
    """And asks nobody."""
    environment = github(hosting)
    del environment[missing]
    with pytest.raises(ConfigError):
        host_of(environment)
    assert hosting.asked == []


def test_a_token_is_shown_to_nobody_else(hosting: Hosting) -> None:
    """Neither without TLS to another machine, nor to where the host sends us."""
    environment = github(hosting, GITHUB_API_URL="http://api.example")
    with pytest.raises(ConfigError, match="show the token"):
        post(host_of(environment), MARK, MARK)
    hosting.answer = 302
    with pytest.raises(GenopsError, match="302"):
        post(host_of(github(hosting)), MARK, MARK)


@pytest.mark.parametrize("code", [401, 403, 404, 500])
def test_a_host_that_refuses_is_told(hosting: Hosting, code: int) -> None:
    """With what it said, and what may be wrong."""
    hosting.answer = code
    with pytest.raises(GenopsError, match=str(code)):
        post(host_of(github(hosting)), MARK, MARK)
