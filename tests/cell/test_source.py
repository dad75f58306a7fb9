"""`Source`: a structural decision sees what stands in a cell's file, and executes none of it."""

from typing import Any

import pytest

from monocyte.cell import Source
from monocyte.contracts.tokens import estimate

TEXT = '''\
"""Money."""
import decimal
import lab.people as who
from datetime import datetime
from lab import samples, tools
from lab.deep.down import Word
from . import near
from .beside import Thing
from other import lab

Amount = decimal.Decimal
LIMIT: int = 3

class Price(Value):
    amount: Amount
    note: "str | None" = None

    def twice(self, by: float) -> Amount: ...

@cell.handles
async def pay(it: Pay, purse: Purse, /, more, *, ask: Ask) -> Paid:
    local: float = 1
    now = datetime.now()
    await ask(who.IsTrained())
    return (lambda: Paid())()

def _private(): ...
'''

SEEN: dict[str, tuple[str, Any]] = {
    "neighbours": ("neighbours", {"people", "samples", "tools", "deep.down", "near", "beside"}),
    "functions": ("functions", {"pay", "_private"}),
    "classes": ("classes", {"Price"}),
    "calls, as they are written": (
        "calls",
        {"datetime.now", "ask", "who.IsTrained", "Paid"},
    ),
    "annotations": (
        "annotations",
        {
            "LIMIT": "int",
            "Price.amount": "Amount",
            "Price.note": "'str | None'",
            "Price.twice.by": "float",
            "Price.twice.return": "Amount",
            "pay.it": "Pay",
            "pay.purse": "Purse",
            "pay.ask": "Ask",
            "pay.return": "Paid",
        },
    ),
}


@pytest.mark.parametrize(("what", "seen"), SEEN.values(), ids=SEEN.keys())
def test_what_is_seen(what: str, seen: Any) -> None:
    """Each view has all of it, and nothing else."""
    assert getattr(Source(TEXT, "/home/ada/lab/money.py"), what) == seen


def test_imports_have_both_ends() -> None:
    """A module and what comes from it, relative ones with their dots."""
    imports = {"decimal", "lab.people", "datetime", "datetime.datetime", "lab", "lab.samples"}
    relative = {".", ".near", ".beside", ".beside.Thing"}
    assert imports | relative <= Source(TEXT).imports


def test_names_are_read_and_written() -> None:
    """Also as attributes."""
    assert {"ask", "now", "IsTrained", "LIMIT"} <= Source(TEXT).names
    assert "float" in Source(TEXT).names


def test_tokens_are_estimated() -> None:
    """By the estimator of the whole app."""
    assert Source(TEXT).tokens == estimate(TEXT) > 100


def test_a_text_that_is_no_python_is_refused() -> None:
    """With its place."""
    with pytest.raises(SyntaxError) as why:
        Source("def", "money.py")
    assert why.value.filename == "money.py"
    assert repr(Source("", "money.py")) == "Source('money.py')"
