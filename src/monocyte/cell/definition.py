"""`Cell` and `App`: what authors write against. They collect; `manifest.py` judges.

Nothing is raised here, so that one wrong declaration does not hide what is wrong with the others.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import FrameType, FunctionType, NoneType
from typing import Any, NamedTuple, TypeVar, cast, overload

from monocyte.cell.evidence import Picture, Waiver
from monocyte.cell.places import frame_place, function_place
from monocyte.cell.rules import Retired, Rule
from monocyte.contracts import Event
from monocyte.errors import DefinitionError

__all__ = ["App", "Cell", "Declared", "Delay"]

F = TypeVar("F", bound=Callable[..., Any])

Delay = timedelta | Callable[[Any], timedelta | datetime]
"""How long after an event: a time span, or a function of the event to a span or a moment."""

Rows = Mapping[str, tuple[Any, ...]]
"""The arguments of a scenario that is played several times, by a name for each."""

NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
"""What a cell may be called: it stands in URLs, in file names and before the name of a message."""

RULE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)
"""What a rule may be called: people quote it, and it stands in URLs."""


class Declared(NamedTuple):
    """A function that was declared: as what (`handles`…), how (`options`), and where."""

    role: str
    function: Callable[..., Any]
    where: str
    options: dict[str, Any]


class _Declarations:
    """What stands in one file: who wrote what, and which declarations make no sense."""

    def __init__(self, kind: str, name: str, frame: FrameType) -> None:
        self.name = name
        self.module: str = frame.f_globals["__name__"]
        self.file = frame.f_code.co_filename
        self.where = frame_place(frame)
        self.is_global = frame.f_code.co_name == "<module>"
        self.declared: list[Declared] = []
        self.unused: dict[str, str] = {}
        self.drawn: Picture | None = None
        self.faults: list[DefinitionError] = []
        if not NAME.fullmatch(str(name)):
            self._fault(
                f"{name!r} is no name for {kind}",
                self.where,
                "use lower-case letters, digits and underscores, a letter first",
            )

    @overload
    def scenario(self, function: F) -> F: ...

    @overload
    def scenario(self, function: None = None, *, given: Rows | None = None) -> Callable[[F], F]: ...

    def scenario(self, function: Any = None, *, given: Rows | None = None) -> Any:
        """Declare an example that must come true.

        It is given a `World`, or in an app a `Stage`; with `given`, once for each row of arguments.
        """
        if function is None:
            return self._declare_with("scenario", given=given)
        return self._declare("scenario", function)

    def picture(self, text: str) -> None:
        """Declare the diagram: one path per line, `->` between what leads to what."""
        where, given = frame_place(_author()), cast(object, text)
        if self.drawn is not None:
            self._fault("there are two pictures", where, f"delete one; see {self.drawn.where}")
        elif not isinstance(given, str):
            self._fault("a picture is a text", where, 'say cell.picture("""…""")')
        self.drawn = Picture(text, where)

    def _declare_with(self, role: str, **options: Any) -> Callable[[F], F]:
        """A decorator with options; until a function stands under it, it is `unused`."""
        where = frame_place(_author(2))
        self.unused[where] = role

        def decorate(function: F) -> F:
            self.unused.pop(where, None)
            return self._declare(role, function, **options)

        return decorate

    def _declare(self, role: str, function: F, **options: Any) -> F:
        if isinstance(function, FunctionType):
            self.declared.append(Declared(role, function, function_place(function), options))
        else:
            what = f"@{role} needs a function, not a {type(function).__name__}"
            self._fault(what, frame_place(_author(2)), "put it right above a def")
        return function

    def _fault(self, message: str, where: str, mend: str) -> None:
        self.faults.append(DefinitionError(message, where=where, mend=mend))


class App(_Declarations):
    """What holds across the cells of an app: its journeys, from end to end, and its map.

    >>> app = App("lab")
    """

    def __init__(self, name: str) -> None:
        super().__init__("an app", name, _author())

    def __repr__(self) -> str:
        return f"App({self.name!r})"


class Cell(_Declarations):
    """One cell: its name, the type of its state, and everything declared through it.

    The initial state is `state()`. Decorated functions stay ordinary functions. `faults` are the
    declarations that make no sense by themselves; whoever reads the cell reports them.

    >>> cell = Cell("greeter", state=dict[str, int])
    >>> POLITE = cell.rule("GREET-1", "Nobody is greeted twice a day.")
    """

    def __init__(self, name: str, *, state: Any = NoneType) -> None:
        super().__init__("a cell", name, _author())
        self.state = state
        self.rules: dict[str, Rule] = {}
        self.retired_rules: dict[str, Retired] = {}
        self.waivers: list[Waiver] = []

    def __repr__(self) -> str:
        return f"Cell({self.name!r})"

    # -- rules -------------------------------------------------------------------------------------

    def rule(self, id: str, text: str, *, supersedes: str = "") -> Rule:
        """A requirement; `id` is never used for another, in the whole app.

        `supersedes` is the ID of the retired rule whose place it takes.
        """
        rule = Rule(id, text, self.name, frame_place(_author()), supersedes)
        if self._takes(id, text, rule.where):
            self.rules[id] = rule
        return rule

    def retired(self, id: str, text: str, *, because: str, supersedes: str = "") -> None:
        """A requirement that is no longer in force, and why; its `id` stays taken."""
        rule = Retired(id, text, because, self.name, frame_place(_author()), supersedes)
        if self._takes(id, text, rule.where):
            self.retired_rules[id] = rule
            if _is_blank(because):
                self._fault(f"rule {id} is retired without a reason", rule.where, "say because=…")

    def _takes(self, id: str, text: str, where: str) -> bool:
        """Whether the ID was free; what is wrong with it, or with the text, is noted."""
        if _is_blank(id) or not RULE_ID.fullmatch(id):
            self._fault(f"{id!r} is no ID for a rule", where, "like BOOK-1: letters, digits, . _ -")
            return False
        first = self.rules.get(id) or self.retired_rules.get(id)
        if first is not None:
            mend = f"give it an ID of its own; the first is at {first.where}"
            self._fault(f"rule {id} is declared twice", where, mend)
        elif _is_blank(text):
            self._fault(f"rule {id} says nothing", where, "say what it requires, in a sentence")
        return first is None

    # -- behaviour ---------------------------------------------------------------------------------

    def handles(self, function: F) -> F:
        """Declare the handler of the command or query that its first parameter names."""
        return self._declare("handles", function)

    def evolves(self, function: F) -> F:
        """Declare how an event changes the state: in place, or by returning the next."""
        return self._declare("evolves", function)

    def reacts(self, function: F) -> F:
        """Declare what happens when another cell's event arrives."""
        return self._declare("reacts", function)

    def every(self, period: timedelta) -> Callable[[F], F]:
        """Declare a timer that is due each `period`; its function consumes a `Tick`."""
        return self._declare_with("every", period=period)

    def after(self, delay: Delay) -> Callable[[F], F]:
        """Declare a timer that is due `delay` after each event that its function consumes."""
        return self._declare_with("after", delay=delay)

    def upcasts(self, event: type[Event] | str, version: int) -> Callable[[F], F]:
        """Declare how the stored fields of an event of that version become those of the next."""
        name = event if isinstance(event, str) else event.__name__
        return self._declare_with("upcasts", event=name, version=version)

    # -- rationale and operation -------------------------------------------------------------------

    def decision(
        self,
        *,
        instead_of: str,
        until: date | str | Callable[..., bool] | None = None,
        review: date | str | None = None,
        refuted_by: str = "",
    ) -> Callable[[F], F]:
        """Declare why it is so, and not `instead_of`; the function's docstring is the reason.

        Its parameter says what it is checked against. A `World`: a scenario that would fail if it
        were otherwise. A `Source`: a claim about the cell's text, which `refuted_by`, added to that
        text, must break. None: an assumption about the outside world, which needs a `review` date.
        `until` is a date (`"2028-01-01"`), or a condition that ends it; that needs a `review`, too.
        """
        return self._declare_with(
            "decision", instead_of=instead_of, until=until, review=review, refuted_by=refuted_by
        )

    def runbook(
        self,
        *,
        when: str,
        after: Callable[..., None],
        keeps: Callable[..., Any] | None = None,
        roles: Sequence[str] = (),
        example: Mapping[str, Any] | None = None,
    ) -> Callable[[F], F]:
        """Declare an operating procedure: a generator of `Step`, given an `Operator`.

        `when` says what happened. It is rehearsed `after` that scenario, by an operator in those
        `roles`, with the arguments of `example`; doing and undoing it must restore what the view
        `keeps(operator, …)` shows.
        """
        options = {"when": when, "after": after, "keeps": keeps}
        options |= {"roles": roles, "example": {} if example is None else example}
        return self._declare_with("runbook", **options)

    def waives(self, *, mutant: str, because: str, until: date | str) -> None:
        """Declare that a surviving mutant changes nothing that anybody could notice."""
        where = frame_place(_author())
        ends = date_of(until)
        if ends is None or _is_blank(because) or _is_blank(mutant):
            mend = 'say mutant="…", because="…" and until="2027-01-31"'
            self._fault("a waiver needs a mutant, a reason and a date", where, mend)
        else:
            self.waivers.append(Waiver(mutant, because, ends, where))


def date_of(given: object) -> date | None:
    """A date, as one or in ISO 8601; None if it is neither."""
    if isinstance(given, date) and not isinstance(given, datetime):
        return given
    try:
        return date.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        return None


def _is_blank(text: object) -> bool:
    return not (isinstance(text, str) and text.strip())


def _author(depth: int = 1) -> FrameType:
    """The frame of the author's file: who called the method, `depth` calls above it, that asks."""
    return sys._getframe(depth + 1)  # noqa: SLF001 (inspect.stack reads every source file)
