"""A model that is none: it says what it was told to say, over the wire of a real provider.

So the demo needs no network and no account, and everything else in it is real: the proxy that sets
money aside, the prompt, the price. Whatever it answers is labelled as scripted.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from monocyte.contracts.tokens import estimate

__all__ = ["MODEL", "scripted"]

MODEL = "scripted-2026-01-01"


@contextmanager
def scripted(answers: list[str]) -> Iterator[str]:
    """Serve these answers, one for each question, as an OpenAI-compatible chat; says where."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(iter(answers)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(answers: Iterator[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            events = list(_events(asked, next(answers)))
            body = "".join(f"data: {it}\n\n" for it in (*events, "[DONE]")).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _events(asked: dict[str, Any], text: str) -> Iterator[str]:
    """The answer in pieces, as chat completions are streamed, and what it is billed as."""
    whole = {"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": MODEL}

    def piece(delta: dict[str, str], stop: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": stop}
        return json.dumps({**whole, "choices": [choice], "usage": None})

    for at in range(0, len(text), 200):
        yield piece({"role": "assistant", "content": text[at : at + 200]})
    yield piece({}, "stop")
    into, out = estimate(json.dumps(asked)), estimate(text)
    usage = {"prompt_tokens": into, "completion_tokens": out, "total_tokens": into + out}
    yield json.dumps({**whole, "choices": [], "usage": usage})
