"""One cell as its pages see it: what it declares, its text, and what the last check has seen of it.

Lines come from the text itself and so are always those of today. Evidence knows for which text it
was found: what was seen of another text is `old`, and no page may show it as if it were not.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_origin

from monocyte.cell import Journeys, Manifest, Rule
from monocyte.contracts import Value
from monocyte.literate.record import CellRecord, ScenarioRecord
from monocyte.literate.weave.highlight import LINE_END
from monocyte.literate.weave.prose import title_and_rest

__all__ = ["Evidence", "Names", "Seen", "Use", "View", "decode", "words_of_name"]

Evidence = Literal["fresh", "old", "none"]
"""Whether the last check has seen this very text, another one, or nothing at all."""

Names = Mapping[str, str]

TOP = re.compile(
    r"^(?:async[ \t]+def|def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE
)
"""Every name that is made at the top level."""
CLASS = re.compile(
    r"^class[ \t]+(?P<name>\w+).*\r?\n(?P<body>(?:(?:[ \t].*)?\r?\n)*)", re.MULTILINE
)
FIELD = re.compile(r"^[ \t]+(\w+)[ \t]*:[ \t]*([^=#\n\"']+?)[ \t]*(?:=.*|\#.*)?\r?$", re.MULTILINE)

SITE = re.compile(r"\b(\w+)\.(?:require|refuse)\(")


class Use(NamedTuple):
    """What another cell does with a word of this one."""

    word: str
    how: str
    """asks, or reacts."""
    cell: str
    function: str


class Seen(NamedTuple):
    """A line that enforces a rule; `both` is false where it can only refuse."""

    rule: str
    line: int
    function: str
    both: bool
    held_by: tuple[str, ...]
    refused_by: tuple[str, ...]

    @property
    def is_seen(self) -> bool:
        """Whether scenarios have seen all that it can do."""
        return bool(self.refused_by) and (bool(self.held_by) or not self.both)


class View:
    """A cell, or the journeys of an app, with all that its pages say. `up` leads to the start."""

    def __init__(
        self,
        it: Manifest | Journeys,
        raw: bytes,
        record: CellRecord | None,
        *,
        cells: Mapping[str, str],
        uses: Iterable[Use] = (),
        up: str = "../",
    ) -> None:
        self.it = it
        self.source = decode(raw)
        self.digest = hashlib.blake2b(raw, digest_size=8).hexdigest()
        self.record = record
        self.cells = cells
        self.uses = tuple(uses)
        self.up = up

    @property
    def manifest(self) -> Manifest:
        """The cell; only views of cells are asked."""
        assert isinstance(self.it, Manifest)  # noqa: S101 (for the type checker)
        return self.it

    @property
    def evidence(self) -> Evidence:
        """What the record is worth."""
        if self.record is None:
            return "none"
        return "fresh" if self.record.digest == self.digest else "old"

    @property
    def slug(self) -> str:
        """What its pages are called: no cell has a dash in its name."""
        return self.it.name if isinstance(self.it, Manifest) else f"app-{self.it.name}"

    @cached_property
    def title(self) -> str:
        """The heading with which its file opens, or its name."""
        return title_and_rest(self.it.purpose, self.it.name)[0]

    @cached_property
    def rest(self) -> str:
        """The prose below that heading."""
        return title_and_rest(self.it.purpose, self.it.name)[1]

    # -- lines -------------------------------------------------------------------------------------

    @cached_property
    def lines(self) -> dict[str, int]:
        """The line of every name at the top level of its file."""
        found: dict[str, int] = {}
        at, line = 0, 1
        for it in TOP.finditer(self.source):
            line += self.source.count("\n", at, it.start())
            at = it.start()
            found.setdefault(it[1] or it[2], line)
        return found

    @property
    def page(self) -> str:
        """The page with its source."""
        return f"{self.up}source/{self.slug}.html"

    def line_of(self, where: str) -> int:
        """The line of a place in its own file; 0 if it is elsewhere."""
        file, _, line = where.rpartition(":")
        own = file.rpartition("/")[2] == self._file
        return int(line) if own and line.isdigit() else 0

    @cached_property
    def _file(self) -> str:
        return Path(self.it.file).name

    def href(self, line: int) -> str:
        """Where a line of its source is shown."""
        return f"{self.page}#L{line}" if line else self.page

    @cached_property
    def names(self) -> Names:
        """Where a name in its prose leads to: to its section, or else to its line."""
        found = {name: self.href(line) for name, line in self.lines.items()}
        if isinstance(self.it, Manifest):
            for name, word in self._namespace.items():
                home = _home(word)
                if home in self.cells and home != self.it.name:
                    found[name] = f"{self.up}cells/{home}.html#{name}"
            found |= {name: f"#{name}" for name in (*self.it.words, *self.it.runbooks)}
            found |= {id: f"#rule-{id}" for id in (*self.it.rules, *self.it.retired)}
            found |= {it.name: f"#{it.name}" for it in self.it.decisions}
        found |= {it.function.__name__: f"#{it.function.__name__}" for it in self.it.scenarios}
        own = {self.it.name} if isinstance(self.it, Manifest) else set()
        return found | {
            name: f"{self.up}cells/{name}.html" for name in self.cells if name not in own
        }

    @cached_property
    def annotations(self) -> dict[tuple[str, str], str]:
        """The type of every field of a class, as its author wrote it, where that is on one line."""
        found: dict[tuple[str, str], str] = {}
        for cls in CLASS.finditer(self.source):
            for name, spelling in FIELD.findall(cls["body"]):
                if spelling.count("[") == spelling.count("]") and "(" not in spelling:
                    found[cls["name"], name] = spelling
        return found

    @cached_property
    def aliases(self) -> dict[str, Any]:
        """The constrained types that have a name in its file."""
        return {name: it for name, it in self._namespace.items() if get_origin(it) is Annotated}

    @cached_property
    def _namespace(self) -> Mapping[str, Any]:
        """What its module knows by name; nothing if it was forgotten."""
        return dict(vars(sys.modules[self.it.module])) if self.it.module in sys.modules else {}

    # -- rules -------------------------------------------------------------------------------------

    @cached_property
    def sites(self) -> tuple[Seen, ...]:
        """The lines that enforce rules: as the check has seen them, or else as they can be read."""
        found: dict[tuple[str, int], Seen] = {}
        for site in self._seen() if self.evidence == "fresh" else self._read():
            found.setdefault((site.rule, site.line), site)
        return tuple(sorted(found.values(), key=lambda it: (it.line, it.rule)))

    def _seen(self) -> Iterator[Seen]:
        """What the record has; who can only refuse is told by its line, and by what was found."""
        assert self.record is not None  # noqa: S101 (for the type checker)
        text = LINE_END.split(self.source)
        wrong = {self.line_of(it.where) for it in self.record.findings if it.kind == "rule-unseen"}
        for it in self.record.sites:
            line = self.line_of(it.where)
            refuses = 0 < line <= len(text) and ".refuse(" in text[line - 1]
            both = not refuses or line in wrong or bool(it.held_by)
            yield Seen(it.rule, line, it.function, both, it.held_by, it.refused_by)

    def _read(self) -> Iterator[Seen]:
        """What stands there: rules that are called by their names outside of what proves them."""
        tops = sorted((line, name) for name, line in self.lines.items())
        proofs = {it.function.__name__ for it in self.it.scenarios}
        proofs |= {it.name for it in self.manifest.decisions}
        for number, line in enumerate(LINE_END.split(self.source), 1):
            for found in SITE.finditer(line.partition("#")[0]):
                rule = self._namespace.get(found[1])
                function = next((name for at, name in reversed(tops) if at <= number), "")
                if isinstance(rule, Rule) and function not in proofs:
                    yield Seen(rule.id, number, function, True, (), ())

    def lines_of(self, rule: str) -> tuple[int, int]:
        """How many lines enforce a rule, and how many of them were seen in every way there is."""
        own = [it for it in self.sites if it.rule == rule]
        return len(own), sum(it.is_seen for it in own)

    @property
    def scenarios(self) -> Mapping[str, ScenarioRecord]:
        """What the record has of each scenario."""
        return {it.name: it for it in self.record.scenarios} if self.record else {}


def decode(raw: bytes) -> str:
    """The text of a source file as Python reads it, line ends as they are; never fails."""
    try:
        encoding, _ = tokenize.detect_encoding(BytesIO(raw).readline)
        return raw.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return raw.decode("utf-8", errors="replace")


def words_of_name(name: str) -> str:
    """`ada_was_first` as people say it: Ada was first."""
    said = name.replace("_", " ").strip()
    return said[:1].upper() + said[1:] or name


def _home(thing: Any) -> str:
    """The cell of a word."""
    if isinstance(thing, type) and issubclass(thing, Value):
        cell = getattr(sys.modules.get(thing.__module__), "cell", None)
        return str(getattr(cell, "name", ""))
    return ""
