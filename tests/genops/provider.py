"""A provider on this machine that speaks the three wire formats, and misbehaves on demand.

It answers each request by the next `Act` of its script, or by the last one again. What it was asked
is kept in `asked`, with the headers, so that a test can see what a client and the proxy have sent.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

from monocyte.contracts.tokens import estimate

KINDS = {"/v1/chat/completions": "chat", "/v1/responses": "responses", "/v1/messages": "messages"}


class Act(NamedTuple):
    """How to answer one request."""

    text: str = "Hello."
    tools: tuple[tuple[str, dict[str, Any]], ...] = ()
    stop: str = ""
    """`length` or `refusal`; otherwise what the rest makes plain."""
    status: int = 200
    complaint: str = "overloaded"
    usage: dict[str, Any] | None = None
    """What to say instead of the truth; `{}` to say nothing."""
    read: int = 0
    """Tokens of the request that came from the cache."""
    write: int = 0
    cut: int = -1
    """After how many events, or kilobytes, to close the connection."""
    endless: bool = False
    mute: bool = False
    """Whether to wait for `Provider.release` before the answer, like one that times out."""
    pause: int = -1
    """Before which event to wait for `Provider.release`."""
    raw: bytes | None = None
    """A body to send instead of any answer."""


class Asked(NamedTuple):
    """A request as it arrived."""

    wire: str
    headers: dict[str, str]
    body: dict[str, Any]


class Provider:
    """The provider; a context that serves while it is open."""

    def __init__(self, *script: Act) -> None:
        self.script = list(script) or [Act()]
        self.asked: list[Asked] = []
        self.release = threading.Event()
        self.arrived = threading.Semaphore(0)
        self.lost = threading.Event()
        """Set when a client went away while it was answered."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who hangs up may
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and let go whoever waits."""
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def next(self, asked: Asked) -> Act:
        """How to answer that."""
        self.asked.append(asked)
        self.arrived.release()
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


def tokens(act: Act, body: dict[str, Any]) -> tuple[int, int]:
    """What a call really is: tokens in and out."""
    called = "".join(name + json.dumps(given) for name, given in act.tools)
    return estimate(json.dumps(body)), estimate(act.text + called)


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:  # noqa: C901
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            wire = KINDS[self.path.partition("?")[0]]
            headers = {name.lower(): value for name, value in self.headers.items()}
            act = provider.next(Asked(wire, headers, body))
            try:
                self.answer(wire, body, act)
            except (BrokenPipeError, ConnectionResetError):
                provider.lost.set()
                self.close_connection = True

        def answer(self, wire: str, body: dict[str, Any], act: Act) -> None:
            if act.mute:
                provider.release.wait(30)
            if act.raw is not None or act.status != 200:
                self.whole(act.status, act.raw or complaint(wire, act))
            elif body.get("stream"):
                self.stream(wire, body, act)
            else:
                self.whole(200, json.dumps(WHOLE[wire](act, body)).encode(), act.cut)

        def whole(self, status: int, raw: bytes, cut: int = -1) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            if status == 429:
                self.send_header("retry-after", "0")
            self.end_headers()
            self.wfile.write(raw if cut < 0 else raw[: cut << 10])
            if cut >= 0:
                self.close_connection = True

        def stream(self, wire: str, body: dict[str, Any], act: Act) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream; charset=utf-8")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for number, event in enumerate(EVENTS[wire](act, body)):
                if number == act.cut:
                    self.close_connection = True
                    return
                if number == act.pause:
                    provider.release.wait(30)
                self.chunk(event.encode())
            self.chunk(b"")

        def chunk(self, raw: bytes) -> None:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(raw), raw))
            self.wfile.flush()

    return Handler


def complaint(wire: str, act: Act) -> bytes:
    """A refusal in the provider's own shape."""
    error = {"type": "api_error", "message": act.complaint}
    return json.dumps({"type": "error", "error": error}).encode()


def pieces(act: Act) -> Iterator[str]:
    """The text in pieces of four letters, without end if the act says so."""
    while True:
        for start in range(0, len(act.text), 4):
            yield act.text[start : start + 4]
        if not act.endless:
            return


def _event(data: dict[str, Any]) -> str:
    return f"event: {data.get('type', 'message')}\ndata: {json.dumps(data)}\n\n"


# -- chat completions ------------------------------------------------------------------------------


def _chat_usage(act: Act, body: dict[str, Any]) -> dict[str, Any] | None:
    if act.usage is not None:
        return act.usage or None
    entered, out = tokens(act, body)
    return {
        "prompt_tokens": entered,
        "completion_tokens": out,
        "total_tokens": entered + out,
        "prompt_tokens_details": {"cached_tokens": act.read},
    }


def _chat_stop(act: Act) -> str:
    stops = {"length": "length", "refusal": "content_filter"}
    return stops.get(act.stop, "tool_calls" if act.tools else "stop")


def _chat_calls(act: Act) -> list[dict[str, Any]]:
    return [
        {
            "index": i,
            "id": f"call_{i}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(given)},
        }
        for i, (name, given) in enumerate(act.tools)
    ]


def _chat_whole(act: Act, body: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": act.text, "refusal": None}
    if act.tools:
        message["tool_calls"] = _chat_calls(act)  # type: ignore[assignment]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": _chat_stop(act)}],
        "usage": _chat_usage(act, body),
    }


def _chat_events(act: Act, body: dict[str, Any]) -> Iterator[str]:
    head = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": body["model"],
    }

    def chunk(delta: dict[str, Any], stop: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": stop}
        return f"data: {json.dumps({**head, 'choices': [choice], 'usage': None})}\n\n"

    yield chunk({"role": "assistant", "content": ""})
    for piece in pieces(act):
        yield chunk({"content": piece})
    if act.tools:
        yield chunk({"tool_calls": _chat_calls(act)})
    yield chunk({}, _chat_stop(act))
    if (body.get("stream_options") or {}).get("include_usage"):
        last = {**head, "choices": [], "usage": _chat_usage(act, body)}
        yield f"data: {json.dumps(last)}\n\n"
    yield "data: [DONE]\n\n"


# -- responses -------------------------------------------------------------------------------------


def _responses_whole(act: Act, body: dict[str, Any], *, done: bool = True) -> dict[str, Any]:
    entered, out = tokens(act, body)
    truth = {
        "input_tokens": entered,
        "input_tokens_details": {"cached_tokens": act.read},
        "output_tokens": out,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": entered + out,
    }
    usage = (act.usage or None) if act.usage is not None else truth
    why = {"length": "max_output_tokens", "refusal": "content_filter"}.get(act.stop)
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": ("incomplete" if why else "completed") if done else "in_progress",
        "incomplete_details": {"reason": why} if why else None,
        "error": None,
        "model": body["model"],
        "output": _items(act) if done else [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage if done else None,
    }


def _items(act: Act) -> list[dict[str, Any]]:
    part = {"type": "output_text", "text": act.text, "annotations": []}
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    calls = [
        {
            "id": f"fc_{i}",
            "type": "function_call",
            "call_id": f"call_{i}",
            "name": name,
            "arguments": json.dumps(given),
            "status": "completed",
        }
        for i, (name, given) in enumerate(act.tools)
    ]
    return ([message] if act.text else []) + calls


def _responses_events(act: Act, body: dict[str, Any]) -> Iterator[str]:
    number = iter(range(1 << 30))

    def event(kind: str, **more: Any) -> str:
        return _event({"type": kind, "sequence_number": next(number), **more})

    yield event("response.created", response=_responses_whole(act, body, done=False))
    for index, item in enumerate(_items(act)):
        started = {
            **item,
            "status": "in_progress",
            **({"content": []} if "content" in item else {}),
        }
        yield event("response.output_item.added", output_index=index, item=started)
        if item["type"] == "message":
            place = {"item_id": item["id"], "output_index": index, "content_index": 0}
            empty = {**item["content"][0], "text": ""}
            yield event("response.content_part.added", part=empty, **place)
            for piece in pieces(act):
                yield event("response.output_text.delta", delta=piece, logprobs=[], **place)
            yield event("response.output_text.done", text=act.text, logprobs=[], **place)
            yield event("response.content_part.done", part=item["content"][0], **place)
        else:
            place = {"item_id": item["id"], "output_index": index}
            given = item["arguments"]
            yield event("response.function_call_arguments.delta", delta=given, **place)
            yield event("response.function_call_arguments.done", arguments=given, **place)
        yield event("response.output_item.done", output_index=index, item=item)
    whole = _responses_whole(act, body)
    yield event(f"response.{whole['status']}", response=whole)


# -- messages --------------------------------------------------------------------------------------


def _message_usage(act: Act, body: dict[str, Any]) -> dict[str, Any]:
    if act.usage is not None:
        return act.usage
    entered, out = tokens(act, body)
    return {
        "input_tokens": entered - act.read - act.write,
        "cache_read_input_tokens": act.read,
        "cache_creation_input_tokens": act.write,
        "output_tokens": out,
    }


def _message_stop(act: Act) -> str:
    stops = {"length": "max_tokens", "refusal": "refusal"}
    return stops.get(act.stop, "tool_use" if act.tools else "end_turn")


def _blocks(act: Act) -> list[dict[str, Any]]:
    uses = [
        {"type": "tool_use", "id": f"toolu_{i}", "name": name, "input": given}
        for i, (name, given) in enumerate(act.tools)
    ]
    return ([{"type": "text", "text": act.text}] if act.text else []) + uses


def _message_whole(act: Act, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": _blocks(act),
        "stop_reason": _message_stop(act),
        "stop_sequence": None,
        "usage": _message_usage(act, body),
    }


def _message_events(act: Act, body: dict[str, Any]) -> Iterator[str]:
    usage = _message_usage(act, body)
    began = {**usage, "output_tokens": 1} if usage else {}
    whole = {**_message_whole(act, body), "content": [], "stop_reason": None, "usage": began}
    yield _event({"type": "message_start", "message": whole})
    yield _event({"type": "ping"})
    for index, block in enumerate(_blocks(act)):
        empty: dict[str, Any] = {**block, **({"text": ""} if "text" in block else {"input": {}})}
        yield _event({"type": "content_block_start", "index": index, "content_block": empty})
        deltas = (
            ({"type": "text_delta", "text": piece} for piece in pieces(act))
            if "text" in block
            else [{"type": "input_json_delta", "partial_json": json.dumps(block["input"])}]
        )
        for delta in deltas:
            yield _event({"type": "content_block_delta", "index": index, "delta": delta})
        yield _event({"type": "content_block_stop", "index": index})
    ends = {"stop_reason": _message_stop(act), "stop_sequence": None}
    said = {"output_tokens": usage["output_tokens"]} if usage else {}
    yield _event({"type": "message_delta", "delta": ends, "usage": said})
    yield _event({"type": "message_stop"})


WHOLE = {"chat": _chat_whole, "responses": _responses_whole, "messages": _message_whole}
EVENTS = {"chat": _chat_events, "responses": _responses_events, "messages": _message_events}
