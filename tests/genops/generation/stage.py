"""A plan that may be applied, against a provider on this machine; and judges made by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from monocyte.genops.applying import Applying, Step
from monocyte.genops.gates.case import Case
from monocyte.genops.gates.verdict import Finding, Looked, Verdict
from monocyte.genops.ledger.entries import Fact
from monocyte.genops.plans import keys
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.plan import Plan
from tests.genops.ledger.facts import Hand, git
from tests.genops.plans.toys import PEOPLE, app, change, commit, fresh, load
from tests.genops.provider import Act, Provider

KEY = "sk-the-real-key-0123456789"
RULE = 'ONCE = cell.rule("PEOPLE-1", "Nobody joins twice.")'
SHORT = RULE + '\nSHORT = cell.rule("PEOPLE-2", "Names are short.")'
POLICY = """
[approval]
own = true
[approval.keys]
{keys}
[approval.policy]
internal = "none"
"""
PIN = """
[models.writer]
provider = "somebody"
model = "{model}"
wire = "{wire}"
base_url = "{url}"
key_env = "THE_KEY"
price = {{ input = "3.00", output = "15.00" }}
"""
BASE = PEOPLE.replace(RULE, SHORT)
"""The cell at the base: people have added a rule."""

OLD = "    ONCE.require(it.name not in register.names, it.name)\n"
NEW = f"    SHORT.require(len(it.name) <= 40)\n{OLD}"
GOOD = BASE.replace(OLD, NEW)
"""What a model should write."""

BETTER = BASE.replace(OLD, NEW.replace("40", "30"))
MEND = (
    "<<<<<<< SEARCH\n    SHORT.require(len(it.name) <= 40)\n=======\n"
    "    SHORT.require(len(it.name) <= 30)\n>>>>>>> REPLACE\n"
)


def fenced(text: str) -> str:
    """An answer with a file."""
    return f"Here.\n\n````python\n{text}````\n"


WRITTEN = Act(fenced(GOOD))
MENDED = Act(MEND)
TAMPERED = Act(fenced(GOOD.replace("lab.by(ADA).ask(Count()) == 1", "lab.ask(Count()) >= 0")))


class Gates:
    """Judges that say what they are told to, the last again and again; `cases` were judged."""

    def __init__(self, *rounds: tuple[Finding, ...]) -> None:
        self._rounds = [*rounds] or [()]
        self.cases: list[Case] = []
        self.texts: list[str] = []
        """The file of the cell as each case had it."""

    def __call__(self, case: Case, *, hears: Callable[[str], None]) -> Verdict:
        """Judge."""
        hears("looked")
        self.cases.append(case)
        self.texts.append((case.head / case.app / "shop/people.py").read_text("utf-8"))
        found = self._rounds.pop(0) if len(self._rounds) > 1 else self._rounds[0]
        return Verdict(
            base=case.base_commit,
            head=case.head_commit,
            candidate=case.candidate,
            findings=found,
            looked=(Looked(gate="toy", outcome="found" if found else "passed", seconds=0.0),),
            classes=("internal",),
            summary="0 unexplained",
        )


def wrong(cell: str = "people", said: str = "it is too long") -> Finding:
    """Something that a gate refuses."""
    return Finding(
        gate="toy", kind="toy", severity="error", cell=cell, said=said, evidence="x > 30"
    )


class Stage(NamedTuple):
    """A repository with an approved plan, and what stands around it."""

    root: Path
    provider: Provider
    plan: Plan
    steps: list[Step]

    def desk(self) -> Desk:
        """A desk in a process that has just begun."""
        return Desk("shop", self.root, load(self.root), person="ada")

    def applying(
        self,
        gates: Gates | None = None,
        backend: str = "",
        hears: Callable[[Step], None] = lambda _: None,
        **more: str,
    ) -> Applying:
        """What applies the plan."""

        def heard(step: Step) -> None:
            self.steps.append(step)
            hears(step)

        return Applying(
            self.desk(),
            gates or Gates(),
            backend=backend,
            hears=heard,
            environment={"THE_KEY": KEY, **more},
            pause=lambda _: None,
        )

    @property
    def facts(self) -> list[Fact]:
        """What stands in the ledger."""
        return [it.fact for it in self.desk().ledger.read().entries]

    @property
    def moves(self) -> list[str]:
        """Where the plan has been since it was approved."""
        found = [getattr(it, "target", None) for it in self.facts]
        return [str(it) for it in found if it is not None][2:]

    @property
    def said(self) -> str:
        """Everything that was said while it went on, but for pieces of answers."""
        return "\n".join(it.said for it in self.steps if it.kind != "piece")


@contextmanager
def staged(
    tmp: Path,
    *acts: Act,
    wire: str = "messages",
    pin: str = "",
    model: str = "",
    attempts: int = 3,
    cells: tuple[str, ...] = ("people",),
) -> Iterator[Stage]:
    """A plan for a new rule, approved; a provider that acts so. `pin` is more of the pin."""
    with fresh(), Provider(*acts) as provider:
        url = provider.url + ("" if wire == "messages" else "/v1")
        section = PIN.format(wire=wire, url=url, model=model or "writer-20250101") + pin
        root = _app(tmp / "app", section, attempts)
        yield Stage(root, provider, approved(root, *cells), [])


def _app(at: Path, pin: str, attempts: int) -> Path:
    root = app(at)
    if "ada" not in keys.own_names():
        keys.make_key("ada")
    file = root / "monocyte.toml"
    text = file.read_text("utf-8")
    begin, end = text.index("[models.writer]"), text.index("[models.other]")
    text = text[:begin] + pin + text[end:]
    text = text.replace("[genops]\n", f"[genops]\nattempts = {attempts}\n")
    text += POLICY.format(keys=keys.public_line("ada"))
    file.write_text(text, "utf-8")
    Desk("shop", root, load(root), person="ada", clock=Hand()).adopt()
    commit(root)
    git("checkout", "-q", "-b", "work", cwd=root)
    change(root, "shop/people.py", RULE, SHORT)
    commit(root, "Names are short")
    return root


def approved(root: Path, *cells: str) -> Plan:
    """The plan, whose price ada has agreed to."""
    desk = Desk("shop", root, load(root), person="ada")
    plan = desk.plan(cells or ["people"])
    assert plan is not None
    desk.approve(plan.id, keys.load_key("ada"), by="ada")
    return plan
