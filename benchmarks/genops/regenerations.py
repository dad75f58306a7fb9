"""What is left after fifty regenerations by a verbose, forgetful model? This says.

    python -m benchmarks.genops.regenerations [--rounds 50] [--control] [--json FILE]

A small app of five cells; in each round a person adds a rule or mends a fault, with a scenario, and
commits; then it is planned, approved, applied, judged, agreed to and promoted, as the commands do
it, ledger, proxy and signatures included. The model is scripted, and serves on this machine. Its
first answer in each round does what is asked, forgets one of the cell's earlier fixes, and is
wordy: a helper that nobody calls, a block that stands twice, a needless `else`, a needless name, a
nested `if`; which of them, chance says. Its further answers mend what the findings in the prompt
name, and nothing else: what the gates let pass stays. The person agrees to whatever has passed.

At the end every scenario that was ever written is played, and every fix is asked for by messages
that no scenario has. Debt is compared with the same app written tidily by hand (`TEMPLATE`).

The control is the same without gates: a judge that is content with everything. It must fail.

The gates are `FEW`, and in every tenth round all of them; `--all` has all of them always.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from monocyte.cell import load_package
from monocyte.contracts.tokens import estimate
from monocyte.errors import GenopsError
from monocyte.genops.applying import Applying, Outcome
from monocyte.genops.debt.measures import measure
from monocyte.genops.gates.case import Case
from monocyte.genops.gates.judging import GATES, judge
from monocyte.genops.gates.verdict import Looked, Verdict
from monocyte.genops.plans import keys
from monocyte.genops.plans.desk import Desk
from monocyte.genops.promotion.landing import Hand
from monocyte.genops.promotion.merging import Merging
from monocyte.genops.promotion.promoting import Promoting
from monocyte.genops.states import State

MODEL = "scripted-2026-01-01"
PACKAGE = "desks"
FEW = ("sealed", "hygiene", "behaviour", "scenarios", "debt")
EVERY = 10
"""Each so-manieth round is judged by all gates."""

LIMIT = 1.1
"""How many times the debt of the baseline it may be."""

LIKELY = 0.75
"""How likely each way to be wordy is in a first answer."""

# -- the app ---------------------------------------------------------------------------------------


class Noun(NamedTuple):
    """What a cell keeps, and the numbers and words of its rules."""

    cell: str
    one: str
    many: str
    word: str
    long: int
    high: int
    words: int
    most: int
    item: str
    """A text that no rule forbids."""
    who: str


NOUNS = (
    Noun("notes", "Note", "notes", "secret", 61, 90, 4, 3, "water the plants", "ada"),
    Noun("parcels", "Parcel", "parcels", "fragile", 48, 75, 5, 4, "gloves for Kim", "lise"),
    Noun("samples", "Sample", "samples", "spoiled", 37, 60, 3, 5, "yeast culture", "tim"),
    Noun("rooms", "Room", "rooms", "closed", 53, 82, 6, 2, "corner office", "noor"),
    Noun("tools", "Tool", "tools", "broken", 44, 66, 7, 6, "torque wrench", "kim"),
)

TEMPLATE = '''"""# {Many}: who keeps which, and how many of each."""

from typing import Annotated

from monocyte import Caller, Cell, Command, Event, Meta, Query
from monocyte.testing import World

# ## Words

Text = Annotated[str, Meta(min_length=1, max_length=100)]
Number = Annotated[int, Meta(ge=1, le=1000)]


class {One}Kept(Event):
    who: str
    text: Text
    number: Number


class {One}Changed(Event):
    old: Text
    kept: {One}Kept


class {One}Struck(Event):
    text: Text


class Keep{One}(Command[{One}Kept]):
    text: Text
    number: Number


class Change{One}(Command[{One}Changed]):
    old: Text
    text: Text
    number: Number


class Strike{One}(Command[{One}Struck]):
    text: Text


class NumberOf{One}(Query[int | None]):
    text: Text


class List{Many}(Query[tuple[{One}Kept, ...]]):
    pass


# ## Rules and behaviour

{Many} = dict[str, {One}Kept]

cell = Cell("{many}", state={Many})

{RULES}


@cell.handles
def keep(it: Keep{One}, {many}: {Many}, caller: Caller) -> {One}Kept:
    fits(it, caller)
    return {One}Kept(caller.name, it.text, it.number)


@cell.handles
def change(it: Change{One}, {many}: {Many}, caller: Caller) -> {One}Changed:
    fits(it, caller)
    return {One}Changed(it.old, {One}Kept({many}[it.old].who, it.text, it.number))


@cell.handles
def strike(it: Strike{One}, {many}: {Many}, caller: Caller) -> {One}Struck:
    return {One}Struck(it.text)


@cell.handles
def number_of(it: NumberOf{One}, {many}: {Many}) -> int | None:
    return {many}[it.text].number


@cell.handles
def in_order(it: List{Many}, {many}: {Many}) -> tuple[{One}Kept, ...]:
    return tuple({many}.values())


@cell.evolves
def put(it: {One}Kept, {many}: {Many}) -> None:
    {many}[it.text] = it


@cell.evolves
def put_again(it: {One}Changed, {many}: {Many}) -> None:
    del {many}[it.old]
    {many}[it.kept.text] = it.kept


@cell.evolves
def take_out(it: {One}Struck, {many}: {Many}) -> None:
    del {many}[it.text]


def fits(it: Keep{One} | Change{One}, caller: Caller) -> None:
    """Whether it may be kept."""


cell.picture("""
    person -> Keep{One}     -> keep      -> {One}Kept    -> put
    person -> Change{One}   -> change    -> {One}Changed -> put_again
    person -> Strike{One}   -> strike    -> {One}Struck  -> take_out
    person -> NumberOf{One} -> number_of
    person -> List{Many}    -> in_order
""")


# ## Scenarios
'''


class Line(NamedTuple):
    """A line of a function: at its top, at its end, or an expression in the place of another."""

    function: str
    where: str
    text: str
    instead: str = ""


class Fix(NamedTuple):
    """Something that a person asks for: perhaps a rule, a scenario, what it takes, and a probe."""

    id: str
    constant: str
    rule: str
    name: str
    scenario: str
    probe: str
    """Messages that no scenario has, as the body of one."""
    lines: tuple[Line, ...]


def fixes_of(it: Noun) -> tuple[Fix, ...]:
    """Three that are there from the beginning, and ten that come one by one."""
    found: list[Fix] = []
    one, many, item, who = it.one, it.many, it.item, it.who
    keep, change = f"Keep{one}", f"Change{one}"
    prefix = it.cell.upper()

    def fix(name: str, rule: str, scenario: str, probe: str, *lines: Line) -> None:
        number = sum(bool(one.rule) for one in found) + 1
        constant = f"{name.upper()}_{one.upper()}" if rule else ""
        id = f"{prefix}-{number}" if rule else ""
        if rule:
            lines = tuple(x._replace(text=x.text.replace("RULE", constant)) for x in lines)
        told = [text.replace("RULE", constant) for text in (scenario, probe)]
        found.append(Fix(id, constant, rule, f"{name}_{it.cell}", *told, lines))

    def everywhere(name: str, rule: str, held: str, bad: str, worse: str) -> None:
        """A rule for what is kept, and for what it is changed to."""
        number = 10 + len(found)

        def says(person: str, good: str, wrong: str, count: int) -> str:
            return (
                f"person = lab.by({person!r})\n"
                f"person.send({keep}({good!r}, {count}))\n"
                f"with RULE.refuses():\n    person.send({keep}({wrong}))\n"
                f"with RULE.refuses():\n    person.send({change}({good!r}, {wrong}))\n"
            )

        line = Line("fits", "end", f"RULE.require({held})")
        probe = says("nils", f"{item} too", worse, number + 20)
        fix(name, rule, says(who, item, bad, number), probe, line)

    fix(
        "once",
        f"No {one.lower()} is kept twice at a time.",
        f"lab.by({who!r}).send({keep}({item!r}, 7))\n"
        f"with RULE.refuses():\n    lab.by('zoe').send({keep}({item!r}, 8))\n",
        f"lab.by('nils').send({keep}('another one', 2))\n"
        f"with RULE.refuses():\n    lab.by('nils').send({keep}('another one', 2))\n",
        Line("keep", "top", f"RULE.require(it.text not in {many}, it.text)"),
    )
    fix(
        "known",
        f"Only a {one.lower()} that is kept is changed.",
        f"with RULE.refuses():\n    lab.by({who!r}).send({change}('nothing', {item!r}, 6))\n",
        f"with RULE.refuses():\n    lab.by('nils').send({change}('no such', 'thing', 2))\n",
        Line("change", "top", f"RULE.require(it.old in {many}, it.old)"),
    )
    fix(
        "there",
        f"Only a {one.lower()} that is kept is struck.",
        f"with RULE.refuses():\n    lab.by({who!r}).send(Strike{one}('nothing'))\n",
        f"with RULE.refuses():\n    lab.by('nils').send(Strike{one}('no such'))\n",
        Line("strike", "top", f"RULE.require(it.text in {many}, it.text)"),
    )
    everywhere(
        "word",
        f"No {one.lower()} is called {it.word}.",
        f'"{it.word}" not in it.text, it.text',
        f"'a {it.word}', 9",
        f"'{it.word}ish', 5",
    )
    fix(
        "sorted",
        "",
        f"person = lab.by({who!r})\n"
        f"first = person.send({keep}('b {it.many}', 3))\nsecond = person.send({keep}('a', 4))\n"
        f"assert lab.by('zoe').ask(List{it.cell.title()}()) == (second, first)\n",
        f"for text in ('c', 'b', 'a'):\n    lab.by(text).send({keep}(text, 2))\n"
        f"assert [it.text for it in lab.by('zoe').ask(List{it.cell.title()}())] == ['a', 'b', 'c']\n",
        Line(
            "in_order",
            "swap",
            f"tuple(sorted({many}.values(), key=lambda kept: kept.text))",
            f"tuple({many}.values())",
        ),
    )
    everywhere(
        "long",
        f"The name of a {one.lower()} has at most {it.long} letters.",
        f"len(it.text) <= {it.long}, it.text",
        f"'x' * {it.long + 1}, 11",
        f"'y' * {it.long + 9}, 3",
    )
    fix(
        "nobody",
        "",
        f"assert lab.by('zoe').ask(NumberOf{one}('nothing')) is None\n"
        f"lab.by({who!r}).send({keep}({item!r}, 12))\n"
        f"assert lab.by('zoe').ask(NumberOf{one}({item!r})) == 12\n",
        f"assert lab.by('zoe').ask(NumberOf{one}('unheard of')) is None\n",
        Line(
            "number_of",
            "swap",
            f"{many}[it.text].number if it.text in {many} else None",
            f"{many}[it.text].number",
        ),
    )
    high = f"it.number <= {it.high}"
    everywhere(
        "high",
        f"More than {it.high} are for a lead.",
        f'{high} or "lead" in caller.roles, str(it.number)',
        f"{item!r}, {it.high + 1}",
        f"'many', {it.high + 7}",
    )
    # Who keeps the same name again would break ONCE too: a name of its own for what is refused.
    found[-1] = found[-1]._replace(
        scenario=found[-1].scenario.replace(f"({item!r}, {it.high + 1})", f"('m', {it.high + 1})")
        + f"lab.by('zoe', 'lead').send({keep}('m', {it.high + 1}))\n"
    )
    everywhere(
        "bare",
        "A name has no blanks around it.",
        "it.text == it.text.strip(), it.text",
        f"' {it.word[:3]}', 14",
        "'end ', 4",
    )
    everywhere(
        "digits",
        "A name has no digits in it.",
        "not any(letter.isdigit() for letter in it.text), it.text",
        f"'{it.word[:4]}5', 15",
        "'7th', 6",
    )
    own = f'caller.name == {many}[it.text].who or "lead" in caller.roles'
    fix(
        "own",
        f"A {one.lower()} is struck by who keeps it, or by a lead.",
        f"lab.by({who!r}).send({keep}({item!r}, 16))\n"
        f"with RULE.refuses():\n    lab.by('zoe').send(Strike{one}({item!r}))\n"
        f"lab.by('zoe', 'lead').send(Strike{one}({item!r}))\n",
        f"lab.by('nils').send({keep}('mine', 2))\n"
        f"with RULE.refuses():\n    lab.by('olga').send(Strike{one}('mine'))\n"
        f"lab.by('nils').send(Strike{one}('mine'))\n",
        Line("strike", "end", f"RULE.require({own}, {many}[it.text].who)"),
    )
    everywhere(
        "words",
        f"A name has at most {it.words} words.",
        f"len(it.text.split()) <= {it.words}, it.text",
        f"'{' '.join('abcdefghi'[: it.words + 1])}', 17",
        f"'{' '.join('zyxwvutsr'[: it.words + 2])}', 8",
    )
    names = ", ".join(repr(text) for text in "pqrstuv"[: it.most])
    fix(
        "most",
        f"Nobody keeps more than {it.most}.",
        f"for text in ({names}):\n    lab.by({who!r}).send({keep}(text, 18))\n"
        f"with RULE.refuses():\n    lab.by({who!r}).send({keep}({item!r}, 18))\n"
        f"lab.by('zoe').send({keep}({item!r}, 18))\n",
        f"for text in 'abcdefg'[:{it.most}]:\n    lab.by('nils').send({keep}(text, 2))\n"
        f"with RULE.refuses():\n    lab.by('nils').send({keep}('one more', 2))\n",
        Line(
            "keep",
            "end",
            f"RULE.require(sum(kept.who == caller.name for kept in {many}.values()) < {it.most})",
        ),
    )
    return tuple(found)


BEGUN = 3
"""So many fixes are there from the beginning."""

FIXES = {it.cell: fixes_of(it) for it in NOUNS}


def declared(it: Noun, fix: Fix) -> str:
    """The rule of a fix, as a person writes it."""
    return f'{fix.constant} = cell.rule("{fix.id}", "{fix.rule}")\n' if fix.rule else ""


def scene(fix: Fix, name: str = "", body: str = "") -> str:
    """The scenario of a fix, as a person writes it."""
    lines = "".join(f"    {line}\n" for line in (body or fix.scenario).splitlines())
    title = fix.rule or f"{fix.name.replace('_', ' ').capitalize()}."
    return (
        f"\n\n@cell.scenario\ndef {name or fix.name}(lab: World) -> None:\n"
        f'    """{title}"""\n{lines.replace(chr(39), chr(34))}'
    )


def skeleton(it: Noun) -> str:
    """A cell with nothing of what is asked for, and without its rules."""
    title = it.cell.title()
    named = {"{One}": it.one, "{Many}": title, "{many}": it.many}
    text = TEMPLATE
    for old, new in named.items():
        text = text.replace(old, new)
    return text


def asked(it: Noun, fixes: Sequence[Fix]) -> str:
    """A cell with the rules and scenarios of some fixes, and nothing that enforces them."""
    rules = "".join(declared(it, fix) for fix in fixes)
    return skeleton(it).replace("{RULES}\n", rules) + "".join(map(scene, fixes))


def tidy(it: Noun, fixes: Sequence[Fix]) -> str:
    """A cell as somebody writes it by hand who takes care."""
    text = asked(it, fixes)
    for fix in fixes:
        text = done(text, fix)
    return text


# -- how a text is changed -------------------------------------------------------------------------


def extent(text: str, function: str) -> tuple[int, int]:
    """Where a function begins and ends, with its decorators; raises KeyError if it is not there."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            first = min([node.lineno, *(it.lineno for it in node.decorator_list)]) - 1
            return first, node.end_lineno or node.lineno
    raise KeyError(function)


def within(text: str, function: str, edit: Callable[[list[str]], list[str]]) -> str:
    """The text with another body of a function; `edit` is given its lines from `def` on."""
    try:
        first, last = extent(text, function)
    except KeyError:
        return text
    lines = text.splitlines(keepends=True)
    while not lines[first].startswith("def "):
        first += 1
    return "".join([*lines[:first], *edit(lines[first:last]), *lines[last:]])


def source(text: str, function: str) -> str:
    """A function's text; nothing if it is not there."""
    try:
        first, last = extent(text, function)
    except KeyError:
        return ""
    return "".join(text.splitlines(keepends=True)[first:last])


def has(text: str, line: Line) -> bool:
    """Whether a line is there, in these or other words."""
    there = source(text, line.function)
    return (line.text if line.where == "swap" else line.text.partition("(")[0]) in there


def done(text: str, fix: Fix) -> str:
    """The text with what a fix takes, where it is not there."""
    for line in fix.lines:
        if has(text, line):
            continue
        if line.where == "swap":
            text = within(
                text,
                line.function,
                lambda body, line=line: [it.replace(line.instead, line.text) for it in body],
            )
        else:
            text = within(text, line.function, lambda body, line=line: put(body, line))
        if line.function == "fits" and BLOCK not in source(text, "change"):
            text = within(text, "change", lambda body, line=line: put(body, line))
    return text


BLOCK = "fits(it, caller)"


def put(body: list[str], line: Line) -> list[str]:
    """A function with one more line: behind its head, or before what it returns."""
    new = f"    {line.text}\n"
    if line.where == "top":
        return [body[0], new, *body[1:]]
    if body[-1].startswith("    return"):
        at = len(body) - 1
        if at > 1 and re.match(r"    result = ", body[at - 1]):
            at -= 1
        return [*body[:at], new, *body[at:]]
    return [*(it for it in body if '"""' not in it), new]


def forgotten(text: str, fix: Fix) -> str:
    """The text without what a fix took."""
    for line in fix.lines:
        if line.where == "swap":
            text = within(
                text,
                line.function,
                lambda body, line=line: [it.replace(line.text, line.instead) for it in body],
            )
            continue
        call = line.text.partition("(")[0]
        for function in {line.function, "change" if line.function == "fits" else line.function}:
            text = within(text, function, lambda body, call=call: less(body, call))
    return text


def less(body: list[str], call: str) -> list[str]:
    """A function without the lines that have a call; it says something still."""
    kept = [it for it in body if call not in it]
    return kept if len(kept) > 1 else [*kept, '    """Whether it may be kept."""\n']


# -- the model -------------------------------------------------------------------------------------


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
        lambda body: [
            it for it in body if it.partition("(")[0] not in rules or "require" not in it
        ]
        if BLOCK not in "".join(body)
        else body,
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
            except Exception as why:  # it is to be seen in the report, not to hang
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


# -- the team --------------------------------------------------------------------------------------

SETTINGS = """[app]
name = "desks"
cells = "{package}"

[models.writer]
provider = "scripted"
model = "{model}"
wire = "chat"
base_url = "{url}"
price = {{ input = "0.10", output = "0.40" }}

[genops]
model = "writer"
attempts = {attempts}

[budget]
plan = "5.00"
day = "1000.00"
month = "1000.00"

[approval]
own = true

[approval.keys]
{key}
"""
ATTEMPTS = 6


class Team:
    """A person with a repository, and a model that writes for them."""

    def __init__(self, root: Path, model: Scripted, url: str) -> None:
        self.root, self.model = root, model
        folder = root / PACKAGE
        folder.mkdir(parents=True)
        keys.make_key("ada")
        self.key = keys.load_key("ada")
        (folder / "__init__.py").write_text('"""Five cells."""\n', "utf-8")
        for it in NOUNS:
            self.file(it).write_text(tidy(it, FIXES[it.cell][:BEGUN]), "utf-8")
        line = keys.public_line("ada")
        told = SETTINGS.format(package=PACKAGE, model=MODEL, url=url, attempts=ATTEMPTS, key=line)
        (root / "monocyte.toml").write_text(told, "utf-8")
        (root / ".gitignore").write_text("data/\n.monocyte/\n__pycache__/\n", "utf-8")
        self.locks()
        self.git("init", "-q", "-b", "main", ".")
        self.git("config", "user.name", "Ada")
        self.git("config", "user.email", "ada@example.org")
        self.git("config", "gc.auto", "0")
        self.commit("A new app")
        self.desk().adopt()
        self.commit("Adopt what is there")

    def file(self, it: Noun) -> Path:
        """The file of a cell."""
        return self.root / PACKAGE / f"{it.cell}.py"

    def texts(self) -> dict[str, str]:
        """The files of all cells."""
        return {f"{PACKAGE}/{it.cell}.py": self.file(it).read_text("utf-8") for it in NOUNS}

    def git(self, *arguments: str) -> None:
        """Run git."""
        subprocess.run(["git", *arguments], cwd=self.root, check=True, capture_output=True)

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def locks(self) -> None:
        """Write the book of rules: those that the cells declare."""
        pattern = re.compile(r'cell\.rule\("([A-Z]+-\d+)", "(.*)"\)')
        lines = [
            f"{id} | {it.cell} | in force | {said}\n"
            for it in NOUNS
            for id, said in pattern.findall(self.file(it).read_text("utf-8"))
        ]
        (self.root / "rules.lock").write_text("".join(lines), "utf-8")

    def desk(self) -> Desk:
        """The desk as a command finds it that has just begun."""
        for name in [it for it in sys.modules if it.partition(".")[0] == PACKAGE]:
            del sys.modules[name]
        loaded = load_package(self.root, PACKAGE)
        if loaded.faults:
            raise loaded.faults[0]
        return Desk("desks", self.root, loaded.manifests, person="ada")

    def ask(self, it: Noun, fix: Fix) -> None:
        """A person asks for a fix: its rule, if it has one, and its scenario."""
        file = self.file(it)
        text = file.read_text("utf-8")
        if fix.rule:
            last = [one for one in FIXES[it.cell] if one.rule and declared(it, one) in text][-1]
            text = text.replace(declared(it, last), declared(it, last) + declared(it, fix))
        file.write_text(text + scene(fix), "utf-8")
        self.locks()
        self.commit(fix.rule or fix.name)

    def regenerate(self, it: Noun, fix: Fix, judges: Any) -> tuple[Outcome, bool]:
        """Plan, agree, have it written and judged, agree, promote; whether it was promoted."""
        self.ask(it, fix)
        self.model.due = fix
        desk = self.desk()
        plan = desk.plan()
        if plan is None:
            raise RuntimeError("nothing to do")
        desk.approve(plan.id, self.key, by="ada")
        applying = Applying(desk, judges, environment=os.environ, pause=lambda _: None)
        outcome = again(lambda: applying.run(plan.id))
        if outcome.verdict is None or not outcome.verdict.passed:
            return outcome, False
        if outcome.state is State.GATED:
            Merging(self.desk()).approve(plan.id, self.key, by="ada")
        Promoting(self.desk(), PACKAGE, Hand("ada", self.key)).promote(plan.id)
        return outcome, True


def again(run: Callable[[], Outcome], times: int = 5) -> Outcome:
    """What becomes of a plan; applied again, as its message says, where a gate could not look."""
    for turn in range(times):
        try:
            return run()
        except GenopsError as why:
            if "could not judge" not in why.message or turn == times - 1:
                raise
    raise AssertionError


def content(case: Case, *, hears: Callable[[str], None]) -> Verdict:
    """The control: content with everything."""
    hears("content")
    return Verdict(
        base=case.base_commit,
        head=case.head_commit,
        candidate=case.candidate,
        looked=(Looked(gate="none", outcome="passed", seconds=0.0),),
        classes=("internal",),
        summary="not judged",
    )


class Judges:
    """The gates of a round, and what they have found."""

    def __init__(self, *, everything: bool) -> None:
        self.gates = {name: GATES[name] for name in (GATES if everything else FEW)}
        self.verdicts: list[Verdict] = []

    def __call__(self, case: Case, *, hears: Callable[[str], None]) -> Verdict:
        """Judge."""
        verdict = judge(case, hears=hears, gates=self.gates)
        self.verdicts.append(verdict)
        return verdict


# -- what is left ----------------------------------------------------------------------------------


def played(texts: Mapping[str, str], settings: str) -> dict[str, bool]:
    """How the scenarios of an app went, by `cell.name`; none if it cannot be loaded."""
    with tempfile.TemporaryDirectory(prefix="regenerations-") as folder:
        root = Path(folder)
        (root / PACKAGE).mkdir()
        (root / PACKAGE / "__init__.py").write_text("", "utf-8")
        (root / "monocyte.toml").write_text(settings, "utf-8")
        for name, text in texts.items():
            (root / name).write_text(text, "utf-8")
        ran = subprocess.run(
            [str(Path(sys.executable).with_name("monocyte")), "test", "--json", str(root)],
            capture_output=True,
            text=True,
            check=False,
        )
        told = json.loads(ran.stdout)
    names = [
        f"{Path(file).stem}.{name}"
        for file, text in texts.items()
        for name in re.findall(r"^@cell\.scenario\ndef (\w+)", text, re.MULTILINE)
    ]
    failed = {f"{it['cell']}.{it['scenario']}" for it in told["failed"]}
    if told["passed"] + len(failed) != len(names):
        raise RuntimeError(f"{len(names)} scenarios, and {told['passed']} + {len(failed)} outcomes")
    return {it: it not in failed for it in names}


def left(texts: Mapping[str, str], settings: str, wanted: Sequence[tuple[Noun, Fix]]) -> Any:
    """Of the fixes that were ever made: those whose scenario passes, and whose probe does."""
    probed = dict(texts)
    for it, fix in wanted:
        file = f"{PACKAGE}/{it.cell}.py"
        probed[file] += scene(fix, f"probe_of_{fix.name}", fix.probe)
    went = played(probed, settings)
    lost = [
        f"{it.cell}: {fix.id or fix.name}"
        for it, fix in wanted
        if not (went.get(f"{it.cell}.{fix.name}") and went.get(f"{it.cell}.probe_of_{fix.name}"))
    ]
    return {
        "fixes": len(wanted),
        "scenarios": sum(went.get(f"{it.cell}.{fix.name}", False) for it, fix in wanted),
        "enforced": sum(went.get(f"{it.cell}.probe_of_{fix.name}", False) for it, fix in wanted),
        "lost": lost,
    }


def debts(texts: Mapping[str, str], fixes: Mapping[str, Sequence[Fix]]) -> Any:
    """The debt of what is there, and of the same written tidily."""
    by_hand = {f"{PACKAGE}/{it.cell}.py": tidy(it, fixes[it.cell]) for it in NOUNS}
    theirs = sum(estimate(asked(it, fixes[it.cell])) for it in NOUNS)
    made = {}
    for name, which in (("ours", texts), ("tidy", by_hand)):
        debt = measure(which).debt
        made[name] = {
            "complexity": debt.complexity,
            "duplicated": debt.duplicated,
            "tokens": debt.tokens,
            "bodies": debt.tokens - theirs,
            "largest": max(it.tokens for it in debt.cells.values()),
            "dead": len(debt.dead),
            "simpler": len(debt.simpler),
        }
    made["ratio"] = {
        key: round(made["ours"][key] / made["tidy"][key], 3) if made["tidy"][key] else None
        for key in ("complexity", "duplicated", "tokens", "bodies")
    }
    made["more"] = {key: made["ours"][key] - made["tidy"][key] for key in made["tidy"]}
    return made


def run(
    rounds: int, *, control: bool, everything: bool, seed: int, writes: Callable[[Any], None]
) -> Any:
    """So many regenerations; what is known after each is given to `writes`."""
    report: dict[str, Any] = {
        "scripted": True,
        "control": control,
        "seed": seed,
        "gates": [] if control else [*(GATES if everything else FEW)],
        "all gates in every round divisible by": None if control else EVERY,
        "begun": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
        "rounds": [],
    }
    model = Scripted(seed)
    sys.dont_write_bytecode = True
    with tempfile.TemporaryDirectory(prefix="regenerations-") as folder, served(model) as url:
        os.environ["XDG_CONFIG_HOME"] = str(Path(folder) / "config")
        team = Team(Path(folder) / "app", model, url)
        made = {it.cell: list(FIXES[it.cell][:BEGUN]) for it in NOUNS}
        for number in range(rounds):
            it = NOUNS[number % len(NOUNS)]
            fix = FIXES[it.cell][BEGUN + number // len(NOUNS)]
            model.round, model.asked = number, 0
            started, used = time.perf_counter(), os.times()
            judges = Judges(everything=everything or (number + 1) % EVERY == 0)
            outcome, promoted = team.regenerate(it, fix, content if control else judges)
            if promoted:
                made[it.cell].append(fix)
            now = os.times()
            cpu = sum(now[:4]) - sum(used[:4])
            kinds = [
                dict(Counter(f"{one.gate}: {one.kind}" for one in v.findings if said(one)))
                for v in judges.verdicts
            ]
            report["rounds"].append(
                {
                    "round": number + 1,
                    "cell": it.cell,
                    "fix": fix.id or fix.name,
                    "forgot": model.dropped and (model.dropped.id or model.dropped.name),
                    "promoted": promoted,
                    "state": str(outcome.state),
                    "answers": model.asked,
                    "found": kinds,
                    "refused": [] if promoted else [f"{x.kind}: {x.said}" for x in outcome.findings],
                    "gates": 0 if control else len(judges.gates),
                    "broke": [
                        f"{x.gate}: {x.said}"
                        for v in judges.verdicts
                        for x in v.looked
                        if x.outcome == "broke"
                    ],
                    "skipped": [
                        x.gate for v in judges.verdicts for x in v.looked if x.outcome == "skipped"
                    ],
                    "seconds": round(time.perf_counter() - started, 1),
                    "cpu": round(cpu, 1),
                }
            )
            report["debt"] = debts(team.texts(), made)
            writes(report)
            if not promoted:
                break
        settings = (team.root / "monocyte.toml").read_text("utf-8")
        wanted = [(it, fix) for it in NOUNS for fix in made[it.cell]]
        report["left"] = left(team.texts(), settings, wanted)
        report["texts"] = team.texts()
        report["model"] = {"shown": dict(model.found), "could not mend": dict(model.unmended)}
        report["intact"] = len(team.desk().ledger.read().entries)
    writes(report)
    return report


def said(finding: Any) -> bool:
    """Whether a finding refuses something."""
    return bool(finding.severity == "error")


def summary(report: Any) -> list[str]:
    """What came of it, in a few lines."""
    rounds, debt, after = report["rounds"], report["debt"], report["left"]
    caught: Counter[str] = Counter()
    for it in rounds:
        for found in it["found"]:
            caught.update(found)
    ours, by_hand = debt["ours"], debt["tidy"]
    lines = [
        f"{sum(it['promoted'] for it in rounds)} of {len(rounds)} rounds promoted, by "
        f"{sum(it['answers'] for it in rounds)} answers of a scripted model"
        + (" WITHOUT GATES (control)" if report["control"] else ""),
        "refused: " + (", ".join(f"{k} {n}" for k, n in caught.most_common()) or "nothing"),
        f"fixes: {after['fixes']}; their scenarios pass: {after['scenarios']}, "
        f"enforced: {after['enforced']}; lost: {', '.join(after['lost']) or 'none'}",
    ]
    for key in ("complexity", "duplicated", "tokens", "bodies", "dead", "simpler"):
        ratio = debt["ratio"].get(key)
        lines.append(f"{key}: {ours[key]}, by hand {by_hand[key]}" + (f": {ratio}x" if ratio else ""))
    lines.append(f"largest cell: {ours['largest']} tokens")
    return lines


def holds(report: Any) -> bool:
    """Whether every fix is there, and debt is within its limit."""
    ours, by_hand = report["debt"]["ours"], report["debt"]["tidy"]
    light = all(ours[key] <= LIMIT * by_hand[key] for key in ("complexity", "duplicated", "tokens"))
    every = all(it["promoted"] for it in report["rounds"])
    return light and every and not report["left"]["lost"]


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", action="store_true", help="without gates: this must fail")
    parser.add_argument("--all", action="store_true", help="all gates in every round")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()

    def writes(report: Any) -> None:
        if given.json:
            given.json.write_text(json.dumps(report, indent=1), "utf-8")
        last = report["rounds"][-1]
        print(json.dumps(last), flush=True)

    report = run(
        given.rounds, control=given.control, everything=given.all, seed=given.seed, writes=writes
    )
    print("\n".join(summary(report)))
    return 0 if holds(report) != given.control else 1


if __name__ == "__main__":
    sys.exit(main())
