"""An app of five cells and the fifty fixes that people ask for, as data; tidy, it is a baseline.

Also how the text of such a cell is changed: by whoever writes it by hand, and by a scripted model.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

PACKAGE = "desks"


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
        scenario, probe = (text.replace("RULE", constant) for text in (scenario, probe))
        found.append(Fix(id, constant, rule, f"{name}_{it.cell}", scenario, probe, lines))

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
        f"person = lab.by({who!r})\n"
        f"with RULE.refuses():\n    person.send({change}('nothing', {item!r}, 6))\n"
        f"person.send({keep}('first', 5))\nperson.send({change}('first', {item!r}, 6))\n",
        f"with RULE.refuses():\n    lab.by('nils').send({change}('no such', 'thing', 2))\n",
        Line("change", "top", f"RULE.require(it.old in {many}, it.old)"),
    )
    fix(
        "there",
        f"Only a {one.lower()} that is kept is struck.",
        f"person = lab.by({who!r})\n"
        f"with RULE.refuses():\n    person.send(Strike{one}('nothing'))\n"
        f"person.send({keep}({item!r}, 4))\nperson.send(Strike{one}({item!r}))\n",
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
        f"kept = lab.by('zoe').ask(List{it.cell.title()}())\n"
        f"assert [it.text for it in kept] == ['a', 'b', 'c']\n",
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
            edit = partial(swapped, old=line.instead, new=line.text)
        else:
            edit = partial(put, line=line)
        text = within(text, line.function, edit)
        if line.function == "fits" and BLOCK not in source(text, "change"):
            text = within(text, "change", edit)
    return text


def swapped(body: list[str], old: str, new: str) -> list[str]:
    """A function with one expression in the place of another."""
    return [it.replace(old, new) for it in body]


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
            back = partial(swapped, old=line.text, new=line.instead)
            text = within(text, line.function, back)
            continue
        call = line.text.partition("(")[0]
        for function in (line.function, "change") if line.function == "fits" else (line.function,):
            text = within(text, function, partial(less, call=call))
    return text


def less(body: list[str], call: str) -> list[str]:
    """A function without the lines that have a call; it says something still."""
    kept = [it for it in body if call not in it]
    return kept if len(kept) > 1 else [*kept, '    """Whether it may be kept."""\n']
