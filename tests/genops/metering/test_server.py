"""The proxy over a real connection: what it lets through, what it costs, and how calls end."""

import json
import logging
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest

from monocyte.genops.budget import Cap
from monocyte.genops.metering import Call, Limits, Settlement
from monocyte.genops.metering.exchange import ENDINGS
from monocyte.genops.money import Money
from tests.genops.provider import Act
from tests.genops.till import KEY, MODELS, PLAN, Closing, Till, price, request, till

WIRES = ("chat", "responses", "messages")
WAYS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
EVERY = pytest.mark.parametrize("wire", WIRES)
STORY = "There was a cell that kept its rules, and everybody in the house relied on it. " * 4


def read(till: Till, wire: str, **more: Any) -> tuple[int, bytes, bool]:
    """Ask with a stream: the status, what arrived, and whether it came to its end."""
    arrived = bytearray()
    with httpx2.Client(trust_env=False, timeout=20) as client:
        headers = {"x-api-key": till.seat.token}
        url = till.seat.url + {"chat": "/v1/chat/completions"}.get(wire, f"/v1/{wire}")
        body = request(wire, stream=True, **more)
        with client.stream("POST", url, headers=headers, json=body) as response:
            try:
                for chunk in response.iter_bytes():
                    arrived += chunk
            except httpx2.RemoteProtocolError:
                return response.status_code, bytes(arrived), False
            return response.status_code, bytes(arrived), True


@EVERY
@WAYS
def test_an_answer_is_handed_on_and_paid_for_by_the_providers_numbers(
    wire: str, stream: bool
) -> None:
    """What the provider says arrives whole, and its own count of tokens is what is settled."""
    with till(Act(STORY, read=5)) as it:
        response = it.post(wire, request(wire, stream=stream))
    (settled,) = it.settlements
    assert response.status_code == 200
    assert settled.ending == "answered"
    assert settled.usage is not None
    assert settled.usage.read == 5
    assert settled.usage.output > 60
    assert settled.amount == price("x").cost(settled.usage) == it.book.spent(PLAN)
    if not stream:
        assert STORY in json.dumps(response.json())


@EVERY
def test_the_key_is_shown_to_the_provider_and_to_nobody_else(
    wire: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Clients have a token; the real key is in no answer, cassette, log or fact."""
    caplog.set_level(logging.DEBUG)
    with till(how=Closing(cassette=tmp_path / "takes")) as it:
        response = it.post(wire)
    headers = it.provider.asked[0].headers
    assert KEY in headers.get("authorization", "") + headers.get("x-api-key", "")
    assert it.seat.token not in json.dumps(headers)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "takes").iterdir())
    seen = (response.text, str(response.headers), caplog.text, repr(it.written), kept.decode())
    assert not any(KEY in text or it.seat.token in text for text in seen)
    assert KEY not in repr(it.proxy)


@pytest.mark.parametrize(
    "act",
    [
        Act(f"your key is {KEY}"),
        Act(status=500, complaint=f"Incorrect API key: {KEY}"),
        Act(status=401, complaint="Incorrect API key: sk-the-r***6789"),
    ],
    ids=["answer", "complaint", "masked"],
)
def test_a_provider_that_repeats_the_key_is_not_heard(act: Act, tmp_path: Path) -> None:
    """Wherever the key comes back, nothing of it reaches the client or the cassette."""
    with till(act, how=Closing(cassette=tmp_path)) as it:
        response = it.post("chat")
    assert response.status_code == 400
    assert "sk-the-r" not in response.text
    assert list(tmp_path.iterdir()) == []


@EVERY
def test_a_request_without_a_cap_gets_one_and_a_higher_one_is_lowered(wire: str) -> None:
    """The provider never sees a request that may answer without end."""
    name = {"chat": "max_completion_tokens", "responses": "max_output_tokens"}
    with till(how=Closing(output=123)) as it:
        it.post(wire, {**request(wire), name.get(wire, "max_tokens"): 10**6})
        it.post(wire, {k: v for k, v in request(wire).items() if k != "max_tokens"})
    caps = [asked.body[name.get(wire, "max_tokens")] for asked in it.provider.asked]
    assert caps == [123, 123]


CHAT = "chat"
REFUSED: dict[str, tuple[str, Any, str]] = {
    "unpinned": (CHAT, {"model": "gpt-9"}, "not pinned"),
    "no model": (CHAT, {"model": None}, "not pinned"),
    "another wire": (CHAT, {"model": MODELS["messages"]}, "is asked by messages only"),
    "unknown field": (CHAT, {"turbo": True}, "'turbo'"),
    "too many choices": (CHAT, {"n": 9}, "choices"),
    "no number": (CHAT, {"max_tokens": "many"}, "whole number"),
    "a negative cap": (CHAT, {"max_tokens": -1}, "whole number"),
    "best of": (CHAT, {"best_of": 3}, "'best_of'"),
    "prediction": (CHAT, {"prediction": {"content": "x"}}, "'prediction'"),
    "sound": (CHAT, {"modalities": ["text", "audio"]}, "'modalities'"),
    "search": (CHAT, {"web_search_options": {}}, "'web_search_options'"),
    "priority": (CHAT, {"service_tier": "priority"}, "'service_tier'"),
    "an image": (
        CHAT,
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]},
        "image_url",
    ),
    "no messages": (CHAT, {"messages": "hi"}, "list of objects"),
    "flex": ("responses", {"service_tier": "flex"}, "'service_tier'"),
    "background": ("responses", {"background": True}, "'background'"),
    "what was said before": ("responses", {"previous_response_id": "r"}, "does not show"),
    "a conversation": ("responses", {"conversation": "c"}, "does not show"),
    "a stored prompt": ("responses", {"prompt": {"id": "p"}}, "does not show"),
    "a reference": ("responses", {"input": [{"type": "item_reference", "id": "i"}]}, "item_ref"),
    "a file": (
        "responses",
        {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]},
        "input_file",
    ),
    "hosted tool": ("responses", {"tools": [{"type": "web_search"}]}, "web_search"),
    "hosted tool in a drawer": (
        "responses",
        {"tools": [{"type": "namespace", "tools": [{"type": "code_interpreter"}]}]},
        "code_interpreter",
    ),
    "an include": ("responses", {"include": ["file_search_call.results"]}, "'include'"),
    "server tool": ("messages", {"tools": [{"type": "web_search_20250305"}]}, "web_search"),
    "code at Anthropic": ("messages", {"tools": [{"type": "code_execution_20250825"}]}, "code_"),
    "MCP servers": ("messages", {"mcp_servers": []}, "'mcp_servers'"),
    "fast mode": ("messages", {"speed": "fast"}, "'speed'"),
    "a place": ("messages", {"inference_geo": "us"}, "'inference_geo'"),
    "compaction": (
        "messages",
        {"context_management": {"edits": [{"type": "compact_20260112"}]}},
        "compact",
    ),
    "a document": (
        "messages",
        {"messages": [{"role": "user", "content": [{"type": "document"}]}]},
        "document",
    ),
    "an image in a result": (
        "messages",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "content": [{"type": "image"}]}],
                }
            ]
        },
        "image",
    ),
}


@pytest.mark.parametrize(("wire", "change", "why"), REFUSED.values(), ids=REFUSED)
def test_what_nobody_has_priced_is_refused(wire: str, change: dict[str, Any], why: str) -> None:
    """It never reaches the provider, and the client is told in a way that stops it."""
    with till() as it:
        response = it.post(wire, {**request(wire), **change})
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert why in error["message"]
    assert (it.provider.asked, it.written) == ([], [])


BAD_BODIES = {
    "no JSON": b"{",
    "a list": b"[]",
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "not UTF-8": b'{"model": "\xff"}',
    "empty": b"",
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    """Whatever arrives, the proxy answers and lives on."""
    with till() as it:
        assert it.post("chat", body).status_code == 400
        assert it.post("chat").status_code == 200


def test_endpoints_that_nobody_has_priced_are_refused() -> None:
    """Batches, files, images, embeddings, other methods and queries are not there."""
    with till() as it:
        for path in ("/v1/batches", "/v1/images/generations", "/v1/messages/batches", "/"):
            assert it.post("chat", path=path).status_code == 400
        assert it.post("messages", path="/v1/messages?beta=true").status_code == 200
        assert it.post("messages", path="/v1/messages?fast=1").status_code == 400
        refusal = it.post("messages", path="/v1/messages/count_tokens").json()
        got = httpx2.get(it.seat.url + "/v1/models", trust_env=False)
    assert refusal["type"] == "error"
    assert got.status_code == 400
    assert len(it.provider.asked) == 1


def test_only_a_token_of_a_run_that_goes_on_opens_the_proxy() -> None:
    """No key, a wrong one, the real one, and one whose run is over are all strangers."""
    with till() as it:
        for token in ("-", "x", KEY, it.seat.token[:-1]):
            headers = {"authorization": f"Bearer {token}"}
            assert it.post("chat", headers=headers).status_code == 401
        with it.proxy.seat(it.proxy._runs.find(it.seat.token)) as other:  # type: ignore[arg-type]
            headers = {"authorization": f"Bearer {other.token}"}
            assert it.post("chat", headers=headers).status_code == 200
        assert it.post("chat", headers=headers).status_code == 401
    assert len(it.provider.asked) == 1


def test_compressed_and_oversized_requests_are_refused() -> None:
    """Nobody can tell what a compressed request costs; a large one is not even kept."""
    with till(how=Closing(limits=Limits(request=1 << 10))) as it:
        zipped = it.post("chat", headers={"content-encoding": "gzip"})
        large = it.post("chat", request("chat", "x" * (1 << 11)))
    assert "compressed" in zipped.json()["error"]["message"]
    assert "1024 bytes" in large.json()["error"]["message"]


@EVERY
def test_what_could_pass_the_cap_is_refused_before_it_is_sent(wire: str) -> None:
    """The worst case counts, not the likely one."""
    with till(how=Closing(cap="0.01")) as it:
        response = it.post(wire, request(wire))
    assert response.status_code == 400
    assert "may cost" in response.json()["error"]["message"]
    assert it.provider.asked == []


def test_calls_in_flight_count() -> None:
    """Two calls that fit one by one do not fit at once; after the first, the second does."""
    worst = 0.019  # (1024 + 102 bytes) * $3 + 1000 * $15, for a million
    with till(Act(mute=True), Act(), how=Closing(cap=f"{worst * 1.5:.4f}")) as it:
        first = threading.Thread(target=it.post, args=("chat",))
        first.start()
        it.provider.arrived.acquire(timeout=20)
        during = it.post("chat").status_code
        it.provider.release.set()
        first.join()
        after = it.post("chat").status_code
    assert (during, after) == (400, 200)


def test_no_more_calls_at_once_than_the_limit() -> None:
    """The next one is told to come again."""
    with till(Act(mute=True), how=Closing(limits=Limits(in_flight=1))) as it:
        first = threading.Thread(target=it.post, args=("chat",))
        first.start()
        it.provider.arrived.acquire(timeout=20)
        assert it.post("chat").status_code == 429
        it.provider.release.set()
        first.join()


CAPS = {
    "day": Cap("day", "all", Money.parse("0.01")),
    "month": Cap("month", "all", Money.parse("0.01")),
    "each": Cap("month", "each", Money.parse("0.01")),
}


@pytest.mark.parametrize("cap", CAPS.values(), ids=CAPS)
def test_every_cap_holds(cap: Cap) -> None:
    """Not only the plan's."""
    with till(how=Closing(caps=(cap,))) as it:
        assert it.post("chat").status_code == 400


def test_without_a_budget_nothing_is_let_through() -> None:
    """No caps mean no money, not any amount of it."""
    with till(how=Closing(caps=())) as it:
        response = it.post("chat")
    assert "there is no budget" in response.json()["error"]["message"]


# -- how calls end ---------------------------------------------------------------------------------

ENDS: dict[str, tuple[Act, int, str]] = {
    "too many requests": (Act(status=429), 429, "refused"),
    "overloaded": (Act(status=529), 529, "refused"),
    "bad request": (Act(status=400), 400, "refused"),
    "wrong key": (Act(status=401), 400, "refused"),
    "failed": (Act(status=500), 500, "failed"),
    "bad gateway": (Act(status=502), 502, "failed"),
    "moved": (Act(status=302), 400, "failed"),
    "broke off": (Act(STORY * 9, cut=1), 502, "broken"),
    "prose": (Act(raw=b"Sorry, I am a teapot."), 502, "broken"),
    "a list": (Act(raw=b"[]"), 502, "broken"),
    "half JSON": (Act(raw=b'{"choices": ['), 502, "broken"),
    "no usage": (Act(usage={}), 200, "silent"),
    "no output": (Act(STORY, usage={"prompt_tokens": 9, "completion_tokens": 0}), 200, "doubted"),
    "a tenth": (Act(STORY, usage={"prompt_tokens": 9, "completion_tokens": 8}), 200, "doubted"),
    "no input": (
        Act(STORY * 9, usage={"prompt_tokens": 0, "completion_tokens": 999}),
        200,
        "answered",
    ),
    "negative": (Act(usage={"prompt_tokens": -9, "completion_tokens": 9}), 200, "silent"),
    "absurd": (Act(usage={"prompt_tokens": 10**30, "completion_tokens": 9}), 200, "silent"),
    "fractions": (Act(usage={"prompt_tokens": 1.5, "completion_tokens": 9}), 200, "silent"),
    "truth": (Act(usage={"prompt_tokens": True, "completion_tokens": 9}), 200, "silent"),
    "more cached than there is": (
        Act(
            usage={
                "prompt_tokens": 9,
                "completion_tokens": 9,
                "prompt_tokens_details": {"cached_tokens": 10},
            }
        ),
        200,
        "silent",
    ),
}


@pytest.mark.parametrize(("act", "status", "ending"), ENDS.values(), ids=ENDS)
def test_every_way_to_end_is_settled_by_the_table(act: Act, status: int, ending: str) -> None:
    """What is due is the reported usage, nothing, or all that was reserved."""
    with till(act) as it:
        assert it.post("chat").status_code == status
    (settled,) = it.settlements
    assert settled.ending == ending
    worst = it.written[0][1].worst
    due = {"nothing": Money(0), "whole": worst, "reported": settled.amount}
    assert settled.amount == due[ENDINGS[settled.ending][0]] == it.book.spent(PLAN)


def test_a_lie_about_what_went_in_is_not_believed() -> None:
    """A provider that counts a thousand words as one token is asked for nothing less."""
    with till(Act(usage={"prompt_tokens": 1, "completion_tokens": 3})) as it:
        it.post("chat", request("chat", STORY * 5))
    assert it.settlements[0].ending == "doubted"


@EVERY
@pytest.mark.parametrize("cut", [0, 1, 4])
def test_a_stream_that_breaks_off_breaks_off_at_the_client_too(wire: str, cut: int) -> None:
    """Half an answer is never shown as a whole one, and all that was reserved is due."""
    with till(Act(STORY, cut=cut)) as it:
        status, _, whole = read(it, wire)
    assert (status, whole) in {(200, False), (502, True)}
    assert it.settlements[0].ending == "broken"
    assert it.settlements[0].amount == it.written[0][1].worst


@EVERY
def test_an_endless_stream_is_cut(wire: str) -> None:
    """A provider that ignores the cap is not listened to for ever."""
    with till(Act(STORY, endless=True), how=Closing(output=50)) as it:
        _, arrived, whole = read(it, wire)
    assert not whole
    assert it.settlements[0].ending == "endless"
    assert len(arrived) < 10 << 20


@WAYS
def test_an_answer_of_ten_megabytes_is_cut(stream: bool) -> None:
    """It is not kept, nor handed on to its end."""
    act = Act(raw=b'{"choices": "' + b"x y " * (10 << 18))
    if stream:
        act = Act("x y " * (1 << 18))
    with till(act, how=Closing(limits=Limits(answer=1 << 18))) as it:
        if stream:
            assert not read(it, "chat")[2]
        else:
            assert it.post("chat").status_code == 502
    assert it.settlements[0].ending == "endless"


@WAYS
def test_a_provider_that_is_silent_is_not_waited_for(stream: bool) -> None:
    """After the limit the call is over, and all that was reserved is due."""
    with till(Act(mute=True), how=Closing(silence=0.05)) as it:
        assert it.post("chat", request("chat", stream=stream)).status_code == 504
    assert it.settlements[0].ending == "late"


def test_a_stream_that_trickles_is_not_waited_for() -> None:
    """The time of a whole answer is limited, too."""
    with till(Act(STORY, pause=5), how=Closing(limits=Limits(total=0.3))) as it:
        assert not read(it, "messages")[2]
    assert it.settlements[0].ending == "late"


def test_a_provider_that_is_not_there_costs_nothing() -> None:
    """Nothing was sent, so nothing is due."""
    with till() as it:
        it.provider.release.set()
        run = it.proxy._runs.find(it.seat.token)
        assert run is not None
        it.provider._server.shutdown()
        it.provider._server.server_close()
        assert it.post("chat").status_code == 502
    assert it.settlements[0].ending == "unreachable"
    assert it.book.spent(PLAN) == Money(0)


@EVERY
def test_a_client_that_goes_away_pays_what_was_reserved(wire: str) -> None:
    """And the provider is not listened to any longer."""
    with till(Act(STORY, pause=6)) as it, httpx2.Client(trust_env=False) as client:
        url = it.seat.url + {"chat": "/v1/chat/completions"}.get(wire, f"/v1/{wire}")
        headers = {"x-api-key": it.seat.token}
        with client.stream(
            "POST", url, headers=headers, json=request(wire, stream=True)
        ) as response:
            next(response.iter_bytes())
        assert it.settled.wait(20)
    assert it.settlements[0].ending == "gone"
    assert it.settlements[0].amount == it.written[0][1].worst


def test_stopping_settles_what_is_in_flight() -> None:
    """Nothing stays open when the proxy ends."""
    with till(Act(mute=True)) as it:
        asking = threading.Thread(target=_ignoring, args=(it,))
        asking.start()
        it.provider.arrived.acquire(timeout=20)
        it.proxy.__exit__()
        asking.join()
    assert it.settlements[0].ending in {"stopped", "gone"}
    assert it.settlements[0].due == "whole"


def test_a_wrong_tier_in_the_answer_is_not_settled_by_the_usual_prices() -> None:
    """An answer that says it was billed otherwise costs all that was reserved."""
    usage = {"input_tokens": 9, "output_tokens": 9, "service_tier": "priority"}
    with till(Act(usage=usage)) as it:
        it.post("messages")
    assert it.settlements[0].ending == "silent"


# -- the books -------------------------------------------------------------------------------------


class Broken:
    """A meter that cannot write."""

    def __init__(self, when: str) -> None:
        self.when = when

    def reserve(self, call: Call) -> str:
        """Reserve, or not."""
        if self.when == "reserve":
            raise OSError("no space left on device")
        return "1"

    def settle(self, id: str, call: Call, settlement: Settlement) -> None:
        """Settle, or not."""
        raise OSError("no space left on device")


@pytest.mark.parametrize("when", ["reserve", "settle"])
@WAYS
def test_what_cannot_be_written_down_is_not_handed_on(when: str, stream: bool) -> None:
    """A full disk stops calls before they are made; nobody gets an answer that is not booked."""
    with till(how=Closing(meter=Broken(when))) as it:
        if stream and when == "settle":
            assert not read(it, "chat")[2]
        else:
            assert it.post("chat", request("chat", stream=stream)).status_code == 400
        it.proxy.defects.clear()
    assert len(it.provider.asked) == (when == "settle")


def test_the_end_of_an_answer_is_seen_after_it_is_settled_and_kept(tmp_path: Path) -> None:
    """Whoever has the whole answer finds its cassette and its settlement."""
    with till(Act(STORY), how=Closing(cassette=tmp_path)) as it:
        _, arrived, whole = read(it, "messages")
        assert whole
        assert b"message_stop" in arrived
        assert len(it.settlements) == 1
        assert len(list(tmp_path.iterdir())) == 1


def test_answers_that_are_none_are_not_kept(tmp_path: Path) -> None:
    """A cassette has only what can be played back."""
    acts = (Act(status=429), Act(status=500), Act(STORY, cut=3), Act())
    with till(*acts, how=Closing(cassette=tmp_path)) as it:
        for _ in acts:
            read(it, "chat")
    assert len(list(tmp_path.iterdir())) == 1


def _ignoring(it: Till) -> None:
    try:
        it.post("chat")
    except httpx2.HTTPError:
        return
