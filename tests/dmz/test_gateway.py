"""The gateway: what it answers to every kind of request, good and bad; nothing is harmed by any."""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from monocyte.contracts import Principal
from monocyte.contracts.codec import MAX_BYTES
from monocyte.dmz import Keys
from monocyte.dmz.problems import STATUSES
from monocyte.errors import Busy, Unavailable
from tests.dmz.site import Site, bearer, inside, run
from tests.runtime.toys import doors


def problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem document of an answer, which is one, and whole."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    said: dict[str, Any] = answer.json()
    kind = said["type"].removeprefix("about:blank#")
    assert (said["status"], said["title"]) == STATUSES[kind]
    assert answer.status_code == said["status"]
    assert said["detail"]
    return said


# -- what is right ---------------------------------------------------------------------------------


def test_a_command_is_posted_and_a_query_is_got(tmp_path: Path) -> None:
    """Replies are JSON, and nobody may keep them."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            made = await site.book("annex")
            assert (made.status_code, made.json()) == (
                200,
                {"id": 1, "who": "ada", "room": "annex"},
            )
            assert made.headers["content-type"] == "application/json"
            assert made.headers["cache-control"] == "no-store"
            found = await site.client.get("/cells/rooms/Find", params={"who": "ada", "most": 5})
            assert found.json() == [made.json()]

    run(work())


FINDS = {
    "who=ada": 2,
    "who=ada&most=1": 1,
    "who=%61da": 2,
    "who=nobody": 0,
    'json={"who":"ada"}': 2,
    'json={"who":"ada","most":1}': 1,
}


@pytest.mark.parametrize("query", FINDS)
def test_a_query_comes_as_parameters_or_as_json(query: str, tmp_path: Path) -> None:
    """Both say the same."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            for room in ("a", "b"):
                await site.book(room)
            for _ in range(2):  # the first finds the way, the second knows it
                answer = await site.client.get(f"/cells/rooms/Find?{query}")
                assert len(answer.json()) == FINDS[query]

    run(work())


def test_what_does_not_fit_into_parameters_comes_as_json(tmp_path: Path) -> None:
    """A tuple has no form in a URL of its own."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            await site.book("a")
            given = {"json": '{"rooms": ["a", "b"]}'}
            assert (await site.client.get("/cells/rooms/Compare", params=given)).json() == 1

    run(work())


# -- what is wrong: one row each -------------------------------------------------------------------


class Bad(NamedTuple):
    """A request that cannot be, and what it is answered."""

    kind: str
    method: str
    path: str
    content: bytes | None = None
    headers: dict[str, str] = {}
    says: str = ""


def post(kind: str, content: bytes | str, says: str = "", **headers: str) -> Bad:
    """A command with a bad body."""
    body = content.encode() if isinstance(content, str) else content
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Bad(kind, "POST", "/cells/rooms/Book", body, named, says)


def get(kind: str, query: str, says: str = "", **headers: str) -> Bad:
    """A query with bad parameters."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Bad(kind, "GET", f"/cells/rooms/Find?{query}", None, named, says)


OK = '{"room": "a"}'
DEEP = 100_000

BODIES = {
    "no body": post("invalid", b""),
    "no JSON": post("invalid", "{room: 1}", "malformed"),
    "half of it": post("invalid", OK[:-1]),
    "more than one": post("invalid", OK + OK),
    "a list": post("invalid", "[]"),
    "null": post("invalid", "null"),
    "a field missing": post("invalid", "{}", "room"),
    "an unknown field": post("invalid", '{"room": "a", "who": "eve"}', "who"),
    "a number for a text": post("invalid", '{"room": 1}', "$.room"),
    "a text for a number": post("invalid", '{"room": "a", "guests": "7"}', "$.guests"),
    "a number too small": post("invalid", '{"room": "a", "guests": 0}', "$.guests"),
    "a text too long": post("invalid", json.dumps({"room": "a" * 41}), "$.room"),
    "a huge integer": post("invalid", '{"room": "a", "guests": ' + "9" * 4000 + "}"),
    "an enormous integer": post("invalid", '{"room": "a", "guests": ' + "9" * 500_000 + "}"),
    "an integer of 65 bits": post("invalid", '{"room": "a", "guests": 18446744073709551616}'),
    "a number without end": post("invalid", '{"room": "a", "price": 1e999}'),
    "NaN": post("invalid", '{"room": "a", "price": NaN}'),
    "Infinity": post("invalid", '{"room": "a", "price": -Infinity}'),
    "not UTF-8": post("invalid", b'{"room": "\xff"}'),
    "half a surrogate pair": post("invalid", '{"room": "\\ud800"}'),
    "UTF-16": post("invalid", OK.encode("utf-16")),
    "a bomb of lists": post("invalid", "[" * DEEP),
    "a bomb of objects": post("invalid", '{"room":' * DEEP),
    "a bomb in a field": post("invalid", '{"room": ' + "[" * DEEP + "]" * DEEP + "}"),
    "too large": post("too-large", b" " * (MAX_BYTES + 1)),
    "compressed": post("invalid", b"\x1f\x8b\x08\x00", content_encoding="gzip"),
    "a form": post("invalid", "room=a", content_type="application/x-www-form-urlencoded"),
}

QUERIES = {
    "a parameter missing": get("invalid", "", "who"),
    "an unknown parameter": get("invalid", "who=a&whose=b", "whose"),
    "a parameter twice": get("invalid", "who=a&who=b", "twice"),
    "a parameter twice, in disguise": get("invalid", "who=a&%77ho=b", "twice"),
    "a word for a number": get("invalid", "who=a&most=many", "$.most"),
    "a number that is none": get("invalid", "who=a&most=NaN"),
    "a number too large": get("invalid", "who=a&most=" + "9" * 500),
    "no value": get("invalid", "who", "NAME=VALUE"),
    "not UTF-8 in disguise": get("invalid", "who=%ff", "UTF-8"),
    "half a surrogate pair in JSON": get("invalid", 'json={"who":"\\ud800"}'),
    "bad JSON": get("invalid", "json={"),
    "JSON and parameters": get("invalid", 'json={"who":"a"}&most=1', "json"),
    "empty JSON": get("invalid", "json="),
}

HEADERS = {
    "time is up": post("deadline-exceeded", OK, monocyte_timeout="0"),
    "time was up": post("deadline-exceeded", OK, monocyte_timeout="-1"),
    "a time that is none": post("invalid", OK, "Monocyte-Timeout", monocyte_timeout="nan"),
    "for ever": post("invalid", OK, "Monocyte-Timeout", monocyte_timeout="inf"),
    "for years": post("invalid", OK, "3600", monocyte_timeout="1e9"),
    "a time in words": post("invalid", OK, "abc", monocyte_timeout="abc"),
    "a query whose time is up": get("deadline-exceeded", "who=a", monocyte_timeout="0"),
    "no trace": post("invalid", OK, "traceparent", traceparent="1-2-3"),
    "an empty trace": post("invalid", OK, traceparent=f"00-{'0' * 32}-{'0' * 16}-00"),
    "a trace in capitals": get("invalid", "who=a", traceparent=f"00-{'A' * 32}-{'A' * 16}-00"),
    "an empty idempotency key": post("invalid", OK, "Idempotency-Key", idempotency_key=""),
    "a long idempotency key": post("invalid", OK, "128", idempotency_key="x" * 129),
    "a strange idempotency key": post("invalid", OK, idempotency_key="a\x7f"),
    "a length that is no number": post("invalid", OK, "Content-Length", content_length="many"),
    "a length that is too large": post("too-large", OK, content_length="1" * 12),
}

PLACES = {
    "no such cell": Bad("no-such-cell", "GET", "/cells/room/Find", says="did you mean rooms?"),
    "no such query": Bad("no-such-message", "GET", "/cells/rooms/Fin", says="did you mean Find?"),
    "no such command": Bad("no-such-message", "POST", "/cells/rooms/Boo", b"{}", says="Book"),
    "an event is no message": Bad("no-such-message", "POST", "/cells/rooms/Booked", b"{}"),
    "another's message": Bad("no-such-message", "GET", "/cells/cars/Count"),
    "small letters": Bad("no-such-message", "GET", "/cells/rooms/find", says="Find"),
    "a command is got": Bad("wrong-method", "GET", "/cells/rooms/Book", says="POST it"),
    "a query is posted": Bad("wrong-method", "POST", "/cells/rooms/Find", b"{}", says="GET it"),
    "a query is put": Bad("wrong-method", "PUT", "/cells/rooms/Find", b"{}"),
    "a command is deleted": Bad("wrong-method", "DELETE", "/cells/rooms/Book"),
    "options of a query": Bad("wrong-method", "OPTIONS", "/cells/rooms/Find"),
    "options of a page": Bad("wrong-method", "OPTIONS", "/cells"),
    "events are posted": Bad("wrong-method", "POST", "/events"),
    "a letter is got": Bad("wrong-method", "GET", "/letters/rooms/1"),
    "up and away": Bad("no-such-cell", "GET", "/cells/%2e%2e/etc", says="'..'"),
    "up and away, plainly": Bad("no-such-page", "GET", "/cells/rooms/../../etc/passwd"),
    "up and away, in disguise": Bad("no-such-page", "GET", "/cells/..%2f..%2fetc%2fpasswd/x"),
    "a null": Bad("no-such-cell", "GET", "/cells/%00/Find"),
    "a line break": Bad("no-such-cell", "GET", "/cells/rooms%0d%0aX:1/Find"),
    "markup": Bad("no-such-cell", "GET", "/cells/%3Cscript%3E/Find", says="<script>"),
    "a private name": Bad("no-such-message", "GET", "/cells/rooms/__class__"),
    "no message": Bad("no-such-page", "GET", "/cells/rooms"),
    "no message, with a slash": Bad("no-such-page", "GET", "/cells/rooms/"),
    "a slash too many": Bad("no-such-page", "GET", "/cells/rooms/Find/"),
    "two slashes": Bad("no-such-page", "GET", "//cells/rooms/Find"),
    "nowhere": Bad("no-such-page", "GET", "/wp-login.php"),
    "no such letter": Bad("refused", "POST", "/letters/rooms/1"),
    "letters of no cell": Bad("no-such-cell", "POST", "/letters/room/1"),
    "a letter's position": Bad("no-such-page", "POST", "/letters/rooms/one"),
    "no cell to follow": Bad("no-such-cell", "GET", "/events?cell=room", says="rooms"),
    "no cursor": Bad("invalid", "GET", "/events?after=yesterday", says="cursor"),
    "a cursor elsewhere": Bad("no-such-cell", "GET", "/events?cell=cars&after=rooms=1"),
    "a crash": Bad("crashed", "GET", "/cells/doors/Fall", says="ZeroDivisionError"),
}

BAD = BODIES | QUERIES | HEADERS | PLACES


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Site]]:
    """One app for a table of requests that change nothing, and the loop that it is on."""
    with asyncio.Runner() as runner:
        opening = inside(tmp_path_factory.mktemp("standing"))
        yield runner, runner.run(opening.__aenter__())
        runner.run(opening.__aexit__(None, None, None))


Standing = tuple[asyncio.Runner, Site]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_gets_one_clear_problem_and_harms_nothing(
    name: str, standing: Standing
) -> None:
    """Of the right kind, saying what is wrong; afterwards everything is as before."""
    runner, site = standing
    bad = BAD[name]

    async def work() -> None:
        request = site.client.build_request(
            bad.method, bad.path, content=bad.content, headers=bad.headers
        )
        for _ in range(2):  # the first finds the way, the second knows it
            said = problem(await site.client.send(request))
            assert said["type"] == f"about:blank#{bad.kind}", said
            assert bad.says in json.dumps(said, ensure_ascii=False)
            assert len(said["detail"]) < 1000
        await site.unharmed()

    runner.run(work())


def test_a_tree_too_deep_is_too_large(tmp_path: Path) -> None:
    """A type that nests is held to the limit of depth, and far deeper does no harm either."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            for depth in (3, 40, 3_000):
                tree = '{"leaves":[' * depth + "{}" + "]}" * depth
                query = f'json={{"tree":{tree}}}'
                answer = await site.client.get(f"/cells/rooms/Weigh?{query}")
                assert answer.status_code == (200 if depth == 3 else 413), answer.text
            await site.unharmed()

    run(work())


def test_a_wrong_method_is_told_the_right_one(tmp_path: Path) -> None:
    """405 comes with Allow, for messages and for pages."""
    rows = {
        ("GET", "/cells/rooms/Book"): "POST",
        ("HEAD", "/cells/rooms/Book"): "POST",
        ("POST", "/cells/rooms/Find"): "GET",
        ("HEAD", "/cells/rooms/Find"): "GET",
        ("OPTIONS", "/cells/rooms/Find"): "GET",
        ("POST", "/cells"): "GET, HEAD",
        ("GET", "/letters/rooms/1"): "POST",
    }

    async def work() -> None:
        async with inside(tmp_path) as site:
            for (method, path), allowed in rows.items():
                answer = await site.client.request(method, path)
                assert answer.status_code == 405
                assert sorted(answer.headers["allow"].split(", ")) == allowed.split(", ")

    run(work())


# -- who it is -------------------------------------------------------------------------------------

NOBODY = {
    "nothing": {},
    "an empty header": {"Authorization": ""},
    "no scheme": {"Authorization": "mono_x"},
    "no key": {"Authorization": "Bearer"},
    "an unknown key": {"Authorization": "Bearer mono_" + "x" * 43},
    "a key in strange letters": {"Authorization": "Bearer ÿþ"},
    "a giant key": {"Authorization": "Bearer " + "x" * 100_000},
    "another scheme": {"Authorization": "Digest mono_x"},
    "a cookie": {"Cookie": "key=mono_x"},
    "another header": {"X-Api-Key": "mono_x"},
}

CLOSED = [
    *("/cells/rooms/Find?who=a", "/cells/nowhere/Find", "/events", "/cells", "/letters"),
    *("/openapi.json", "/docs"),
]


@pytest.mark.parametrize("headers", NOBODY.values(), ids=NOBODY)
def test_nobody_is_anonymous(headers: dict[str, str], standing: Standing) -> None:
    """Without a key that is known nothing is answered, not even whether something is there."""
    runner, site = standing
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    async def work() -> None:
        transport = site.client._transport
        async with httpx.AsyncClient(transport=transport, base_url="http://toys") as stranger:
            for path in CLOSED:
                answer = await stranger.get(path, headers=raw)
                assert problem(answer)["type"] == "about:blank#unauthenticated"
                challenge = "Basic" if path == "/docs" else "Bearer"
                assert answer.headers["www-authenticate"].startswith(challenge)
            posted = await stranger.post("/cells/rooms/Book", json={"room": "a"}, headers=raw)
            assert posted.status_code == 401
        await site.unharmed()

    runner.run(work())


def test_health_is_for_everybody(tmp_path: Path) -> None:
    """Whoever watches over processes has no key."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            del site.client.headers["Authorization"]
            for path in ("/health/live", "/health/ready"):
                assert (await site.client.get(path)).status_code == 200

    run(work())


def test_a_browser_signs_in_to_the_docs_and_to_nothing_else(tmp_path: Path) -> None:
    """A browser sends a password along by itself, also for who makes it post: so only to read."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            key = site.keys.add("lise", ())
            password = {"Authorization": "Basic " + b64encode(f"any:{key}".encode()).decode()}
            docs = await site.client.get("/docs", headers=password)
            assert docs.status_code == 200
            for path in ("/cells", "/events", "/openapi.json", "/cells/rooms/Count"):
                assert (await site.client.get(path, headers=password)).status_code == 401

    run(work())


def test_a_revoked_key_is_refused(tmp_path: Path) -> None:
    """By the process that revokes at once; others have their own test."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            assert await site.count() == 0
            site.keys.revoke("ada")
            assert (await site.client.get("/cells/rooms/Count")).status_code == 401

    run(work())


def test_while_the_keys_cannot_be_read_nobody_gets_in(tmp_path: Path) -> None:
    """503 rather than anybody; and as soon as they are mended, as before."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            site.keys.path.chmod(0o644)
            site.keys._look_at = 0
            said = problem(await site.client.get("/cells/rooms/Count"))
            assert said["type"] == "about:blank#unavailable"
            assert str(tmp_path) not in json.dumps(said)
            site.keys.path.chmod(0o600)
            site.keys._look_at = 0
            await site.unharmed()

    run(work())


def test_letters_are_for_owners(tmp_path: Path) -> None:
    """Who has a key but not the role is told so."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            lise = bearer(site.keys.add("lise", ("trainer",)))
            assert (await site.client.get("/letters")).json() == []
            for method, path in (("GET", "/letters"), ("POST", "/letters/rooms/1")):
                said = problem(await site.client.request(method, path, headers=lise))
                assert said["type"] == "about:blank#denied"

    run(work())


# -- the same command again ------------------------------------------------------------------------


def test_the_same_key_gives_the_first_answer(tmp_path: Path) -> None:
    """A command that is sent again under its key is applied once; a refusal stays one."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            first = await site.book("a", **{"Idempotency-Key": "monday"})
            again = await site.book("a", **{"Idempotency-Key": "monday"})
            assert first.json() == again.json()
            refused = [await site.book("a", **{"Idempotency-Key": "tuesday"}) for _ in range(2)]
            assert [problem(answer)["rule"] for answer in refused] == ["ROOM-1", "ROOM-1"]
            await site.unharmed(bookings=1)

    run(work())


def test_the_same_key_of_two_people_is_two_commands(tmp_path: Path) -> None:
    """Nobody hears another's answer by guessing a key."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            lise = bearer(site.keys.add("lise", ()))
            same = {"Idempotency-Key": "monday"}
            made = [await site.book("a", **same), await site.book("b", **same, **lise)]
            assert [answer.json()["who"] for answer in made] == ["ada", "lise"]
            await site.unharmed(bookings=2)

    run(work())


def test_two_at_once_under_one_key_are_one(tmp_path: Path) -> None:
    """The second waits for what the first decides."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            same = {"Idempotency-Key": "monday"}
            made = await asyncio.gather(*(site.book("a", **same) for _ in range(10)))
            assert {answer.text for answer in made} == {made[0].text}
            assert made[0].status_code == 200
            await site.unharmed(bookings=1)

    run(work())


# -- what has been acknowledged is durable ---------------------------------------------------------


def test_a_reply_waits_for_what_it_may_depend_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a commit is held back, neither the command nor a query that saw it is answered."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            assert await site.count() == 0
            journal: Any = site.runtime.journal
            held: list[Any] = []
            real = journal.append
            monkeypatch.setattr(journal, "append", lambda entry, done: held.append((entry, done)))
            booking = asyncio.create_task(site.book("a"))
            await until(lambda: held)
            saw = asyncio.create_task(site.client.get("/cells/rooms/Count"))
            other = asyncio.create_task(site.client.get("/cells/cars/Find"))
            refused = asyncio.create_task(site.client.get("/cells/doors/Fall"))
            for _ in range(100):
                await asyncio.sleep(0)
            assert not any(task.done() for task in (booking, saw, other, refused))
            monkeypatch.setattr(journal, "append", real)
            journal.append(*held[0])
            assert (await saw).text == "1"
            assert (await booking).status_code == 200
            assert ((await other).text, (await refused).status_code) == ("0", 500)

    run(work())


def test_what_could_not_be_written_is_not_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query that saw it is told that it is not available, not what it saw."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            assert await site.count() == 0

            async def never() -> None:
                raise Unavailable("the disk is full", cell="rooms")

            monkeypatch.setattr(site.runtime, "written", never)
            answer = await site.client.get("/cells/rooms/Count")
            assert problem(answer)["type"] == "about:blank#unavailable"
            assert answer.headers["retry-after"] == "1"

    run(work())


# -- who leaves ------------------------------------------------------------------------------------


async def until(condition: Any) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.005)


async def ask_and_leave(site: Site, method: str, path: str, content: bytes) -> list[Any]:
    """A request whose client leaves while its handler waits; what was sent to nobody."""
    sent: list[Any] = []
    left = asyncio.Event()
    messages = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    path, _, query = path.partition("?")
    headers = [(b"authorization", site.client.headers["authorization"].encode())]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode()}
    scope |= {"query_string": query.encode(), "headers": headers, "root_path": ""}
    request = asyncio.create_task(site.gateway(scope, receive, send))
    await until(lambda: doors.log == ["waits at x"])
    left.set()
    await request
    return sent


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [("GET", "/cells/doors/Peek?door=x", b""), ("POST", "/cells/doors/Pass", b'{"door": "x"}')],
)
def test_who_leaves_cancels_the_handler(
    method: str, path: str, content: bytes, tmp_path: Path
) -> None:
    """A handler that waits for nobody any more is cancelled, and nothing has happened."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            sent = await ask_and_leave(site, method, path, content)
            assert doors.log == ["waits at x", "left x"]
            assert sent[0]["status"] == 499
            assert site.runtime.latest("doors") == 0
            await site.unharmed()

    run(work())


def test_who_waits_long_enough_is_answered(tmp_path: Path) -> None:
    """A client that is still there is watched, and then answered all the same."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            asked = asyncio.create_task(site.client.get("/cells/doors/Peek?door=y"))
            await until(lambda: doors.log == ["waits at y"])
            departures = site.gateway._departures
            await until(lambda: any(w.watcher for w in departures._waiting))
            doors.opened["y"].set()
            assert (await asked).json() == "y"
            assert not departures._waiting

    run(work())


def test_a_deadline_ends_a_handler_that_waits(tmp_path: Path) -> None:
    """504, and the handler is cancelled too."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            answer = await site.client.get(
                "/cells/doors/Peek?door=z", headers={"Monocyte-Timeout": "0.05"}
            )
            assert problem(answer)["type"] == "about:blank#deadline-exceeded"
            assert doors.log == ["waits at z", "left z"]

    run(work())


def test_too_many_at_once_are_told_to_come_back(tmp_path: Path) -> None:
    """503 with Retry-After, at once; those in flight are answered."""

    async def work() -> None:
        async with inside(tmp_path, in_flight=2) as site:
            asked = [
                asyncio.create_task(site.client.get("/cells/doors/Peek?door=y")) for _ in range(2)
            ]
            await until(lambda: len(doors.log) == 2)
            answer = await site.client.get("/cells/doors/Peek?door=y")
            assert problem(answer)["type"] == f"about:blank#{Busy.kind}"
            assert "retry-after" in answer.headers
            doors.opened["y"].set()
            assert [(await task).status_code for task in asked] == [200, 200]

    run(work())


# -- faults of our own -----------------------------------------------------------------------------


def test_a_fault_of_the_gateway_is_a_problem_and_a_fact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller hears of it without details; whoever listens to facts hears all of it."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            assert await site.count() == 0

            def broken(_: str) -> Principal | None:
                raise ZeroDivisionError("secret")

            monkeypatch.setattr(Keys, "holder", lambda _, key: broken(key))
            answer = await site.client.get("/cells/rooms/Count")
            assert problem(answer)["type"] == "about:blank#crashed"
            assert "secret" not in answer.text
            (fact,) = (fact for fact in site.facts if fact.kind == "crashed")
            assert "secret" in fact.text
            assert __file__ in fact.where

    run(work())


def test_an_app_that_lacks_a_cell_is_not_ready(tmp_path: Path) -> None:
    """503 for who watches over processes; the other cells answer."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            site.runtime.host.engines["cars"].failure = Unavailable("down")
            assert (await site.client.get("/health/ready")).status_code == 503
            cells = (await site.client.get("/cells")).json()
            assert cells["ready"] is False
            assert cells["cells"]["cars"]["state"] == "down: down"
            assert cells["cells"]["rooms"]["state"] == "up"
            assert (await site.client.get("/cells/cars/Find")).status_code == 503
            assert await site.count() == 0

    run(work())


def test_a_cell_that_was_withdrawn_is_no_longer_known(tmp_path: Path) -> None:
    """The short way through the gateway does not outlive what it leads to, and comes back."""

    async def work() -> None:
        async with inside(tmp_path) as site:
            assert await site.count() == 0
            (service,) = (s for s in site.runtime.services if s.cell == "rooms")
            site.runtime.transport.withdraw("rooms")
            for _ in range(2):
                answer = await site.client.get("/cells/rooms/Count")
                assert problem(answer)["type"] == "about:blank#no-such-cell"
            site.runtime.transport.serve(service)
            assert await site.count() == 0

    run(work())


def test_a_trace_is_passed_on(tmp_path: Path) -> None:
    """The W3C trace of a request is in the envelope that the handler's bus sees."""
    seen: list[Any] = []

    async def work() -> None:
        async with inside(tmp_path) as site:
            assert await site.count() == 0
            transport: Any = site.runtime.transport
            message = site.gateway._known["/cells/rooms/Count"].message
            real = transport.requests[message]

            def watched(envelope: Any, query: Any) -> Awaitable[Any]:
                seen.append(envelope)
                answered: Awaitable[Any] = real(envelope, query)
                return answered

            transport.requests[message] = watched
            trace = f"00-{'ab' * 16}-{'cd' * 8}-01"
            await site.client.get("/cells/rooms/Count", headers={"traceparent": trace})
            assert seen[0].traceparent == trace
            assert 0 < seen[0].deadline - time.monotonic() <= 30

    run(work())
