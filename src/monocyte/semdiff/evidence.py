"""What is asked of a worker that looks for evidence, and what it answers: frozen values only."""

from __future__ import annotations

import msgspec

from monocyte.semdiff.outcomes import Outcome

__all__ = ["Budget", "Call", "Found", "Replay", "Search", "Version"]


class Version(msgspec.Struct, frozen=True):
    """One version of a module: where its tree is, its name, and its text if no file has it."""

    module: str
    """Dotted name, as the tree imports it."""
    roots: tuple[str, ...] = ()
    """Folders that its imports start from."""
    source: str = ""
    """Text of the module; if empty, it is imported from its file."""
    lines: tuple[int, ...] = ()
    """The changed lines of the definition, in this version; they are what is to be covered."""


class Budget(msgspec.Struct, frozen=True):
    """How much is tried before it is said that nothing was found."""

    examples: int = 2000
    seconds: float = 5.0
    """Seconds of processor time; of wall time, three times as many."""
    shrink: float = 0.5
    """Seconds of processor time to make a difference that was found smaller."""
    case: float = 0.03
    """Seconds of processor time for one call, while searching."""
    hang: float = 0.3
    """Seconds after which a call has not finished, if the other version was 20 times faster."""
    symbolic: float = 0.0
    """Seconds for CrossHair, where nothing was found otherwise; 0 does not ask it."""


class Call(msgspec.Struct, frozen=True):
    """Arguments as source: what a person runs, and what was confirmed."""

    arguments: str
    """An expression: the tuple of positional arguments, the receiver of a method first."""
    named: str = "{}"
    """An expression: the dict of the named ones."""
    imports: tuple[str, ...] = ()
    text: str = ""
    """The whole call, as it would be written."""
    how: str = "call"
    """call, coroutine or property."""


class Search(msgspec.Struct, frozen=True):
    """Find an input on which two versions of a definition differ."""

    old: Version
    new: Version
    name: str
    """Qualified name of the definition; with a driver, of its entry."""
    budget: Budget
    driver: str = ""
    """Text of a module whose typed entry exercises the definition, or nothing."""
    recorded: tuple[Call, ...] = ()
    small: bool = False
    seed: int = 0


class Found(msgspec.Struct, frozen=True):
    """What a search came to; `call` is None if no difference was seen."""

    call: Call | None = None
    differs: str = ""
    examples: int = 0
    invalid: int = 0
    """Inputs that could not be made, or on which neither version finished."""
    unstable: int = 0
    """Inputs on which one version differed from itself."""
    covered_old: tuple[int, ...] = ()
    covered_new: tuple[int, ...] = ()
    executable_old: tuple[int, ...] = ()
    executable_new: tuple[int, ...] = ()
    guessed: tuple[str, ...] = ()
    """Parameters whose types were guessed."""
    problem: str = ""
    """Why nothing could be tried, if so."""
    seconds: float = 0.0
    source: str = ""
    """Where the input came from: recorded, generated, solved."""


class Replay(msgspec.Struct, frozen=True):
    """Make one call on one version, in a process that has seen no other."""

    version: Version
    name: str
    calls: tuple[Call, ...]
    seconds: float
    driver: str = ""
    seed: int = 0


class Replayed(msgspec.Struct, frozen=True):
    """Outcomes of the calls, in order; `problem` if the version could not be loaded."""

    outcomes: tuple[Outcome, ...] = ()
    problem: str = ""


class Import(msgspec.Struct, frozen=True):
    """Import one version, in a process that has seen no other, and say what it holds."""

    version: Version
    names: tuple[str, ...] = ()
    """Qualified names that are looked for, beside the module's own."""
    seconds: float = 1.0


class Imported(msgspec.Struct, frozen=True):
    """What importing a version did, and what it left: images by name."""

    ended: str = ""
    """How it went wrong, if it did."""
    output: str = ""
    effects: tuple[str, ...] = ()
    names: dict[str, str] = {}
    """The module's global names."""
    asked: dict[str, str] = {}
    """The names that were looked for, as far as they are there."""
