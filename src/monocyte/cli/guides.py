"""Who stands beside a runbook at the command line: how its steps are shown, and confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from monocyte.cli.show import note, one_json, say
from monocyte.errors import ConfigError

if TYPE_CHECKING:
    from monocyte.literate.runbooks.logbook import Entry, Planned, Said
    from monocyte.literate.runbooks.runner import Preview, Question

__all__ = ["Console", "Lines", "readable", "show_plan"]

LONGEST = 160
"""Characters of a value, before it is cut short."""


def readable(said: Said) -> str:
    """A message in one line: its name, and its fields as one would type them."""
    fields = " ".join(f"{name}={short(value)}" for name, value in said.fields.items())
    return f"{said.message} {fields}".rstrip()


def short(value: Any) -> str:
    """A value in one line, not too long."""
    text = one_json(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def plain(title: str) -> str:
    """A title without what a terminal would take for orders: it may quote what somebody typed."""
    return "".join(letter if letter.isprintable() else "�" for letter in title)


# -- a plan ----------------------------------------------------------------------------------------


def show_plan(steps: Iterable[Preview]) -> None:
    """Show what would be done, and say what nobody can know before it is done."""
    changing = number = doubtful = 0
    for number, it in enumerate(steps, 1):
        doubt = "" if it.sure else f"  (as planned before step {changing}: it may change)"
        doubtful += not it.sure
        if it.sure and not it.holds:
            changing = number
        say(f"{number}. {click.style(plain(it.step.title), bold=True)}{doubt}")
        for line in _step_lines(it):
            say(f"   {line}")
    if not number:
        return note("nothing is to be done just now")
    note("nothing was sent; whether the app would accept it, only sending can tell")
    if doubtful:
        note(f"what comes after step {changing} is planned anew once that is done")
    return None


def _step_lines(it: Preview) -> Iterator[str]:
    step = it.step
    if step.check is not None:
        holds = "that is so: nothing to do" if it.holds else "not so yet"
        yield f"done when {readable(step.check)} → {short(step.wanted)}  ({holds})"
    if it.holds:
        return
    yield from (f"send {readable(said)}" for said in step.do)
    if not step.do:
        yield "by hand"
    yield from (f"to take it back: {readable(said)}" for said in step.undo)
    if not step.undo:
        yield "to take it back: by hand"


# -- a run -----------------------------------------------------------------------------------------


class Lines:
    """Prints every entry of the logbook as a line of JSON; everything was confirmed beforehand."""

    assumes = False

    def confirm(self, question: Question) -> bool:
        """Yes, but for what only hands can do."""
        return _beforehand(question)

    def tell(self, entry: Entry) -> None:
        """Print it."""
        say(one_json(entry))


class Console:
    """A person who is shown each step, and asked; or who has said yes to all of them."""

    assumes = False

    def __init__(self, *, yes: bool) -> None:
        self._yes = yes
        self._steps: dict[int, Planned] = {}

    def confirm(self, question: Question) -> bool:
        """Show what is to be sent, and ask."""
        step, back = question.step, question.back
        self._head(step, "take back: " if back else "")
        for said in question.unknown:
            say(f"   no answer ever came to {readable(said)}")
            say("   it is sent again under its id: if it took effect, it does not do so twice")
        if back and question.unknown and question.commands:
            say("   what has taken effect is then taken back:")
        for said in question.commands:
            say(f"   send {readable(said)}")
        is_by_hand = not question.commands and not question.unknown
        if self._yes and not is_by_hand:
            return True
        if self._yes:
            return _beforehand(question)
        return self._asked("is it done by hand?" if is_by_hand else "send it?")

    def _asked(self, text: str) -> bool:
        choice = click.prompt(
            f"   {text} [y]es, [n]o and stop, [a]ll the rest",
            type=click.Choice(["y", "n", "a"], case_sensitive=False),
            show_choices=False,
            err=True,
        )
        self._yes = self._yes or choice == "a"
        return choice != "n"

    def _head(self, step: Planned, what: str) -> None:
        say(f"{step.step}. {what}{click.style(plain(step.title), bold=True)}")

    def tell(self, entry: Entry) -> None:
        """Say what happened, in a line."""
        from monocyte.literate.runbooks import logbook

        match entry:
            case logbook.Passed():
                say(f"-  {plain(entry.title)}: {entry.why}")
            case logbook.Answered():
                say(f"   {click.style('answered', fg='green')}: {short(entry.reply)}")
            case logbook.Failed():
                say(f"   {click.style('failed', fg='red')}: {entry.message}")
            case logbook.Checked():
                say(f"   check: {'it is so' if entry.held else f'not so: {short(entry.reply)}'}")
            case logbook.Undone():
                say("   taken back")
            case logbook.Ended():
                say(click.style(f"the run is {entry.state}", fg="green", bold=True))
            case _:
                pass


def _beforehand(question: Question) -> bool:
    """Whether --yes is enough.

    Raises:
        ConfigError: it takes hands, and nobody can say beforehand that they have done their work.
    """
    if question.commands or question.unknown:
        return True
    what = "take back" if question.back else "do"
    raise ConfigError(
        f"step {question.step.step} is done by hand: {what}: {question.step.title}",
        where=question.step.where,
        mend="do it, and then go on at a terminal, without --yes",
    )
