"""Putting the comment where a code host keeps those of a change: one, written over each time.

The host is asked by its own REST interface and with the token of the runner. A comment counts as
ours only if it begins with our mark; on a host that says who wrote it, also only if we did.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from monocyte.errors import ConfigError, GenopsError

__all__ = ["GitHub", "GitLab", "Host", "host_of", "post"]

TIMEOUT = 30.0
"""Seconds for one request."""

PAGES = 50
"""Pages of comments that are looked through, a hundred each."""


class Comment(NamedTuple):
    """A comment that is there."""

    id: int
    body: str


class Host(Protocol):
    """Where changes are discussed."""

    def comments(self) -> Iterator[Comment]:
        """Those of the change that we may write over."""

    def create(self, body: str) -> None:
        """Write a new one."""

    def update(self, id: int, body: str) -> None:
        """Write over one."""


def post(host: Host, mark: str, body: str) -> bool:
    """Write the comment, over the one with this mark if there is one; whether it is a new one.

    Raises:
        GenopsError: the host cannot be reached, or refuses.
    """
    for it in host.comments():
        if it.body.startswith(mark):
            host.update(it.id, body)
            return False
    host.create(body)
    return True


def host_of(environment: Mapping[str, str], head: str | None = None) -> Host:
    """The host that this runner belongs to; `head` is the change's commit, if that has to find it.

    Raises:
        ConfigError: it is no runner of a host that we know, or has no token.
        GenopsError: no change has that commit at its head.
    """
    if environment.get("GITHUB_REPOSITORY"):
        return GitHub.of(environment, head)
    if environment.get("CI_PROJECT_ID"):
        return GitLab.of(environment)
    mend = "run it in a job of GitHub or GitLab, or print the comment without --post"
    raise ConfigError("this is no runner of GitHub or GitLab", mend=mend)


class GitHub:
    """A pull request on GitHub."""

    def __init__(self, api: str, repository: str, number: int, token: str) -> None:
        self._issues = f"{api}/repos/{repository}/issues"
        self._number = number
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }

    @classmethod
    def of(cls, environment: Mapping[str, str], head: str | None) -> GitHub:
        """From what a runner says; the pull request is found by the commit at its head."""
        token = _needed(environment, "GITHUB_TOKEN")
        api = environment.get("GITHUB_API_URL") or "https://api.github.com"
        repository = environment["GITHUB_REPOSITORY"]
        found = re.fullmatch(r"refs/pull/(\d+)/merge", environment.get("GITHUB_REF", ""))
        if found and head is None:
            return cls(api, repository, int(found[1]), token)
        wanted = head or _needed(environment, "GITHUB_SHA")
        if not re.fullmatch(r"[0-9a-f]{40,64}", wanted):
            raise ConfigError(f"{wanted!r} is no commit", mend="give all of its digits")
        it = cls(api, repository, 0, token)
        url = f"{api}/repos/{repository}/commits/{wanted}/pulls"
        pulls = [p for p in _asked(url, it._headers) if p["head"]["sha"] == wanted]
        if not pulls:
            raise GenopsError(f"no open change has {wanted[:12]} at its head: it has moved on")
        it._number = int(pulls[0]["number"])
        return it

    def comments(self) -> Iterator[Comment]:
        """Those that a program wrote, for nobody else may be written over."""
        for page in range(1, PAGES):
            url = f"{self._issues}/{self._number}/comments?per_page=100&page={page}"
            found = _asked(url, self._headers)
            yield from (
                Comment(int(it["id"]), str(it["body"]))
                for it in found
                if it["user"]["type"] == "Bot"
            )
            if len(found) < 100:
                return

    def create(self, body: str) -> None:
        """Write a new one."""
        _asked(f"{self._issues}/{self._number}/comments", self._headers, "POST", body)

    def update(self, id: int, body: str) -> None:
        """Write over one."""
        _asked(f"{self._issues}/comments/{id}", self._headers, "PATCH", body)


class GitLab:
    """A merge request on GitLab."""

    def __init__(self, api: str, project: str, number: str, token: str) -> None:
        self._api = api
        self._notes = f"{api}/projects/{project}/merge_requests/{number}/notes"
        self._headers = {"PRIVATE-TOKEN": token}

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> GitLab:
        """From what a runner says; a job's own token may not comment, so it takes one that may."""
        return cls(
            _needed(environment, "CI_API_V4_URL"),
            urllib.parse.quote(environment["CI_PROJECT_ID"], safe=""),
            urllib.parse.quote(_needed(environment, "CI_MERGE_REQUEST_IID"), safe=""),
            _needed(environment, "MONOCYTE_COMMENT_TOKEN"),
        )

    def comments(self) -> Iterator[Comment]:
        """Those that the holder of the token wrote."""
        me = int(_asked(f"{self._api}/user", self._headers)["id"])
        for page in range(1, PAGES):
            found = _asked(f"{self._notes}?per_page=100&page={page}", self._headers)
            yield from (
                Comment(int(it["id"]), str(it["body"])) for it in found if it["author"]["id"] == me
            )
            if len(found) < 100:
                return

    def create(self, body: str) -> None:
        """Write a new one."""
        _asked(self._notes, self._headers, "POST", body)

    def update(self, id: int, body: str) -> None:
        """Write over one."""
        _asked(f"{self._notes}/{id}", self._headers, "PUT", body)


def _needed(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name):
        return value
    raise ConfigError(f"{name} is not set", mend="pass it to this job, and to no other")


def _asked(
    url: str, headers: Mapping[str, str], method: str = "GET", body: str | None = None
) -> Any:
    """What the host answers, from JSON; a token is shown to https and to this machine only."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ConfigError(f"{parts.scheme}://{parts.netloc} would show the token to everybody")
    data = None if body is None else json.dumps({"body": body}).encode()
    ask = urllib.request.Request(url, data, dict(headers), method=method)  # noqa: S310 (checked above)
    ask.add_header("Content-Type", "application/json")
    ask.add_header("User-Agent", "monocyte")
    try:
        with _opener.open(ask, timeout=TIMEOUT) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as why:
        mend = "does the token of this job have the right to comment?"
        raise GenopsError(f"{parts.netloc} answers {why.code} {why.reason}", mend=mend) from why
    except (OSError, ValueError, KeyError) as why:
        raise GenopsError(f"{parts.netloc} does not answer: {why}", mend="try again") from why


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nobody elsewhere: the token would go along."""

    def redirect_request(self, *_: Any) -> None:
        """Refuse."""


_opener = urllib.request.build_opener(_Stay)
