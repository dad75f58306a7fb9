"""A model that is none, verbose and forgetful, and served as a real one is.

Its first answer in a round does what is asked, forgets a fix, and is wordy in ways that chance
chooses. Its further answers read the findings in the prompt and mend those, and nothing else.
"""

from __future__ import annotations

import ast
import json
import random
import re
import threading
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks.genops.desks import BLOCK, FIXES, Fix, done, extent, forgotten, source, within
from monocyte.contracts.tokens import estimate

MODEL = "scripted-2026-01-01"
LIKELY = 0.75
"""How likely each way to be wordy is in a first answer."""


def with_helper(text: str, number: int) -> str:
    """A helper that nobody calls."""
    helper = (
        f"def is_usual_{number}(text: str) -> bool:\n"
        f"    short = text.strip().lower()\n"
        f'    return len(short) > {number % 7} and short != "none"\n\n\n'
    )
    return text.replace("cell.picture(", f"{helper}cell.picture(", 1)


def with_block(text: str, _: int) -> str:
    """What `fits` says, once more in `change`."""
    block = source(text, "fits").splitlines(keepends=True)[1:]
    if '"""' in "".join(block):
        return text
    return within(
        text,
        "change",
        lambda body: [new for it in body for new in (block if BLOCK in it else [it])],
    )


def with_else(text: str, number: int) -> str:
    """A function for the last line of `fits`, with an `else` that it does not need."""
    lines = source(text, "fits").splitlines()
    plain = re.fullmatch(r"    (\w+)\.require\((.+), ([\w.()]+)\)", lines[-1])
    if plain is None or "_holds_" in lines[-1]:
        return text
    rule, held, detail = plain.groups()
    name = f"{rule.lower()}_holds_{number}"
    helper = (
        f"def {name}(it: {signature(text)}, caller: Caller) -> bool:\n"
        f"    if {held}:\n        return True\n    else:\n        return False\n\n\n"
    )
    called = f"    {rule}.require({name}(it, caller), {detail})"
    text = within(
        text, "fits", lambda body: [f"{called}\n" if it == lines[-1] + "\n" else it for it in body]
    )
    return text.replace("cell.picture(", f"{helper}cell.picture(", 1)


def signature(text: str) -> str:
    """What `fits` takes."""
    found = re.search(r"def fits\(it: ([^,]+),", text)
    return found[1] if found else "object"


def with_name(text: str, number: int) -> str:
    """A name for what is returned at once."""
    names = ("keep", "change", "strike", "number_of", "in_order")
    for name in names[number % 5 :] + names[: number % 5]:
        body = source(text, name).splitlines()
        if body and body[-1].startswith("    return ") and body[-1] != "    return result":
            return within(
                text,
                name,
                lambda body: [
                    *body[:-1],
                    body[-1].replace("return", "result =", 1),
                    "    return result\n",
                ],
            )
    return text


def with_nested(text: str, _: int) -> str:
    """A question within a question, of which neither is needed."""

    def nest(body: list[str]) -> list[str]:
        if len(body) != 3:
            return body
        many = re.search(r"del (\w+)\[", body[1])
        if many is None:
            return body
        said = f"    if it.old in {many[1]}:\n        if it.kept.text:\n"
        return [body[0], *said.splitlines(keepends=True), f"        {body[1]}", body[2]]

    return within(text, "put_again", nest)


WORDY = (with_helper, with_block, with_else, with_name, with_nested)


class Scripted:
    """A model that is none: what it knows of a cell, and how careless it is."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.round = 0
        self.due: Fix | None = None
        self.dropped: Fix | None = None
        self.found: Counter[str] = Counter()
        self.unmended: Counter[str] = Counter()
        self.asked = 0

    def answer(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """The answer to a conversation."""
        self.asked += 1
        said = [str(it["content"]) for it in messages if it["role"] == "user"]
        drafts = [str(it["content"]) for it in messages if it["role"] == "assistant"]
        if not drafts:
            return f"Here is the file.\n\n````python\n{self.first(file_in(said[0]))}````\n"
        draft = file_in(drafts[-1])
        return edits(draft, self.mended(draft, said[-1]))

    def first(self, text: str) -> str:
        """A first answer: what is asked for, something forgotten, and many words."""
        fixes = fixes_in(text)
        assert self.due is not None
        earlier = [it for it in fixes if it != self.due and f"def {it.name}(" in text]
        self.dropped = earlier[self.round % len(earlier)]
        text = done(forgotten(text, self.dropped), self.due)
        chosen = [wordy for wordy in WORDY if self._random.random() < LIKELY]
        for wordy in chosen or WORDY[:1]:
            text = wordy(text, self.round)
        return text

    def mended(self, text: str, said: str) -> str:
        """The draft without what is named in the findings."""
        findings = re.findall(r"^- ([a-z-]+)(?: at (\S+?:?\d*))?: (.*)$", said, re.MULTILINE)
        for kind, place, told in sorted(findings, key=lambda it: -line_of(it[1])):
            self.found[kind] += 1
            after = self._mend(text, kind, line_of(place), told)
            if after == text:
                self.unmended[kind] += 1
            text = after
        return text

    def _mend(self, text: str, kind: str, line: int, told: str) -> str:
        if kind == "dead-code":
            name = re.search(r"'(\w+)'", told)
            return without(text, name[1]) if name else text
        if kind == "duplicated":
            return unblocked(text)
        if kind == "wordy":
            return said_so(text, function_at(text, line))
        if kind in ("overgrown", "too-complex"):
            for node in ast.parse(text).body:
                if isinstance(node, ast.FunctionDef):
                    text = said_so(text, node.name)
            return unblocked(text)
        named = [it for it in fixes_in(text) if is_named(it, told)]
        for fix in named or ([self.dropped] if self.dropped else []):
            text = done(text, fix)
        return text


def is_named(fix: Fix, told: str) -> bool:
    """Whether a finding speaks of a fix: by the ID of its rule, or by its scenario."""
    names = [it for it in (fix.id, fix.constant, fix.name) if it]
    return any(re.search(rf"\b{re.escape(it)}\b", told) for it in names)


def line_of(place: str) -> int:
    """The line of a place; 0 if it has none."""
    number = place.rpartition(":")[2]
    return int(number) if number.isdigit() else 0


def file_in(said: str) -> str:
    """The file of the cell within a text."""
    for fence, inner in re.findall(r"^(`{3,})[^\n]*\n(.*?)^\1$", said, re.MULTILINE | re.DOTALL):
        if fence and "cell = Cell(" in inner:
            return str(inner)
    raise ValueError("no cell in the prompt")


def fixes_in(text: str) -> tuple[Fix, ...]:
    """The fixes of the cell that a text is of."""
    found = re.search(r'cell = Cell\("(\w+)"', text)
    return FIXES[found[1]] if found else ()


def function_at(text: str, line: int) -> str:
    """The function that a line is in."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
            return node.name
    return ""


def without(text: str, function: str) -> str:
    """The text without a function."""
    try:
        first, last = extent(text, function)
    except KeyError:
        return text
    lines = text.splitlines(keepends=True)
    while last < len(lines) and not lines[last].strip():
        last += 1
    return "".join([*lines[:first], *lines[last:]])


def unblocked(text: str) -> str:
    """The block in `change` taken back: it calls `fits`."""
    lines = source(text, "fits").splitlines(keepends=True)[1:]

    def call(body: list[str]) -> list[str]:
        if BLOCK in "".join(body):
            return body
        kept = [it for it in body if it not in lines]
        at = next(n for n, it in enumerate(kept) if n and re.match(r"    (return|result)", it))
        return [*kept[:at], f"    {BLOCK}\n", *kept[at:]]

    # A rule that stands in `change` in other words than in `fits` stays where it is.
    rules = {it.partition("(")[0] for it in lines}
    text = within(
        text,
        "change",
        lambda body: (
            [it for it in body if it.partition("(")[0] not in rules or "require" not in it]
            if BLOCK not in "".join(body)
            else body
        ),
    )
    return within(text, "change", call)


def said_so(text: str, function: str) -> str:
    """A function said in fewer words."""
    if "_holds_" in function:
        held = re.search(r"    if (.+):\n", source(text, function))
        if held is None:
            return text
        text = text.replace(f"{function}(it, caller)", held[1])
        return without(text, function)

    def plain(body: list[str]) -> list[str]:
        if body[-1] == "    return result\n" and "result = " in body[-2]:
            return [*body[:-2], body[-2].replace("result =", "return", 1)]
        if len(body) > 2 and "        if it.kept.text:\n" in body:
            return [body[0], f"    {body[3].strip()}\n", *body[4:]]
        return body

    return within(text, function, plain)


def edits(before: str, after: str) -> str:
    """One edit that makes one text of the other: what differs, with enough lines to be unique."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if old == new:
        return "Nothing is wrong with it.\n"
    first = next(
        (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
        min(len(old), len(new)),
    )
    behind = 0
    while behind < min(len(old), len(new)) - first and old[-1 - behind] == new[-1 - behind]:
        behind += 1
    last, end = len(old) - behind, len(new) - behind
    while first and (last - first < 2 or before.count("".join(old[first:last])) != 1):
        first -= 1
    searched, put_there = "".join(old[first:last]), "".join(new[first:end])
    return f"```edits\n<<<<<<< SEARCH\n{searched}=======\n{put_there}>>>>>>> REPLACE\n```\n"


@contextmanager
def served(model: Scripted) -> Iterator[str]:
    """Serve the model as an OpenAI-compatible chat; says where."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                text = model.answer(body["messages"])
            except Exception as why:  # noqa: BLE001 (it is to be seen, and nobody is to hang)
                traceback.print_exc()
                text = f"I cannot: {type(why).__name__}: {why}"
            events = list(streamed(body, text))
            raw = "".join(f"data: {it}\n\n" for it in (*events, "[DONE]")).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream; charset=utf-8")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def streamed(body: Mapping[str, Any], text: str) -> Iterator[str]:
    """An answer as chat completions are streamed, and what it is billed as."""
    whole = {"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": MODEL}
    for delta, stop in (({"role": "assistant", "content": text}, None), ({}, "stop")):
        choice = {"index": 0, "delta": delta, "finish_reason": stop}
        yield json.dumps({**whole, "choices": [choice], "usage": None})
    into, out = estimate(json.dumps(body)), estimate(text)
    usage = {"prompt_tokens": into, "completion_tokens": out, "total_tokens": into + out}
    yield json.dumps({**whole, "choices": [], "usage": usage})
