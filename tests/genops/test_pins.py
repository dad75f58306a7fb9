"""Pins, budget, approval, options: what may stand in `monocyte.toml`; what is said of pins."""

from datetime import date
from pathlib import Path

import pytest

from monocyte.app import load_app
from monocyte.errors import ConfigError
from monocyte.genops.budget import Cap
from monocyte.genops.money import Money
from monocyte.genops.pins import MENDS, audited, regeneration
from monocyte.genops.prices import Usage

KEY = "ed25519:" + "A" * 43 + "="
PIN = '[models.writer]\nprovider = "anthropic"\nmodel = "claude-sonnet-4-5-20250929"\n'

FAULTY = {
    "an unknown key of a pin": (PIN + "modle = 1\n", 4, "'modle'", "did you mean model?"),
    "no provider": ('[models.w]\nmodel = "m-20250101"\n', 1, "'provider' is missing", "anthropic"),
    "no model": ('[models.w]\nprovider = "x"\n', 1, "'model' is missing", "with a date"),
    "a pin that is none": ("[models]\nwriter = 'gpt'\n", 1, "models", "[models.NAME]"),
    "a list of pins": ("[[models]]\nmodel = 'gpt'\n", 1, "models", "[models.NAME]"),
    "another way": (PIN + 'way = "mail"\n', 4, "models.writer.way", "handover"),
    "no tokens": (PIN + "max_output_tokens = 0\n", 4, "max_output_tokens", "from 1"),
    "a price in floats": (PIN + "price = { input = 3.0, output = 15.0 }\n", 4, "price", '"3.00"'),
    "an unknown digest": (PIN + 'template = "md5:0"\n', 4, "template", "sha256:"),
    "an agent without a command": (PIN + 'way = "agent"\n', 1, "an agent is pinned", "version"),
    "an unknown cap": ('[budget]\nweek = "1"\n', 2, "'week'", "plan, day, month, person"),
    "a cap that is a float": ("[budget]\nday = 1.5\n", 2, "budget.day", "in quotes"),
    "a cap below nothing": ('[budget]\nday = "-1"\n', 2, "budget.day", "in quotes"),
    "an unknown cap of a person": ('[budget.person]\nyear = "1"\n', 2, "'year'", "plan, day"),
    "an unknown option": ("[genops]\nretries = 3\n", 2, "'retries'", "attempts"),
    "too many attempts": ("[genops]\nattempts = 99\n", 2, "attempts", "from 1 to 20"),
    "a pin that is not there": (PIN + '[genops]\nmodel = "reader"\n', 5, "'reader'", "writer"),
    "a cell's pin that is not there": ('[genops.cells]\nbooking = "x"\n', 2, "'x'", "none yet"),
    "a key that is none": ('[approval.keys]\nada = "ssh-rsa A"\n', 2, "ada", "keys init"),
    "a role of nobody": ('[approval.roles]\nlead = ["ada"]\n', 2, "ada has no key", "ada"),
    "an unknown class": ('[approval.policy]\ncosmetic = "none"\n', 2, "'cosmetic'", "internal"),
    "an unknown role": ('[approval.policy]\ninternal = "1 lead"\n', 2, "'lead'", "roles"),
    "a need that is none": ('[approval.policy]\ninternal = "some"\n', 2, "internal", "1 anybody"),
    "an unknown role for money": ('[approval.spend]\n"1" = "1 lead"\n', 2, "'lead'", "roles"),
    "days for ever": ("[approval]\ndays = 0\n", 2, "days", "365"),
    "an unknown approval": ("[approval]\nquorum = 2\n", 2, "'quorum'", "days, own, keys"),
}


@pytest.mark.parametrize(("text", "line", "says", "mend"), FAULTY.values(), ids=FAULTY)
def test_a_fault_is_told_with_its_line_and_its_mend(
    text: str, line: int, says: str, mend: str
) -> None:
    """What is wrong, in which line, and what may stand there instead."""
    with pytest.raises(ConfigError) as refusal:
        regeneration("monocyte.toml", text)
    assert says in refusal.value.message
    assert mend in refusal.value.mend
    assert refusal.value.where == f"monocyte.toml:{line}"


@pytest.mark.parametrize(
    "model", ["latest", "gpt-5", "gpt-5-latest", "sonnet", "gpt-5-2025-latest"]
)
def test_a_model_that_may_be_another_tomorrow_is_refused(model: str) -> None:
    """An alias, or an ID without a date."""
    text = f'[models.writer]\nprovider = "openai"\nmodel = "{model}"\n'
    with pytest.raises(ConfigError, match="another model tomorrow") as refusal:
        regeneration("monocyte.toml", text)
    assert refusal.value.where == "monocyte.toml:3"


@pytest.mark.parametrize(
    "model",
    [
        'model = "gpt-4-0613"',
        'model = "gpt-5-2025-08-07"',
        'model = "claude-opus-4-6"\nreleased = 2026-02-05',
        'model = "default"\nway = "cassette"',
    ],
)
def test_a_model_that_stays_the_same_is_pinned(model: str) -> None:
    """By the date in its ID, or by the word of who operates it; a cassette is what it is."""
    found = regeneration("monocyte.toml", f'[models.writer]\nprovider = "openai"\n{model}\n')
    assert f'"{found.pins["writer"].model}"' in model


def test_where_nothing_is_said_nothing_is_allowed() -> None:
    """No pins, no caps, no keys."""
    found = regeneration("monocyte.toml", "")
    assert (found.pins, found.budget.caps, found.approval.keys) == ({}, (), {})
    with pytest.raises(ConfigError, match="no model is pinned"):
        found.pin_of("booking")


def test_everything_can_be_set() -> None:
    """Every table, to something else than its default."""
    text = f"""{PIN}price = {{ input = "3", output = "15" }}
        [budget]
        day = "20.00"
        [budget.person]
        month = "7"
        [approval]
        own = true
        [approval.keys]
        ada = "{KEY}"
        [approval.roles]
        lead = ["ada"]
        [approval.policy]
        internal = "none"
        contract-breaking = "1 lead"
        [approval.spend]
        "1.00" = "1 anybody"
        [genops]
        model = "writer"
        """
    found = regeneration("monocyte.toml", text)
    assert found.pin_of("booking")[0] == "writer"
    assert found.budget.caps == (
        Cap("day", "all", Money.parse("20")),
        Cap("month", "each", Money.parse("7")),
    )
    assert found.approval.policy["contract-breaking"] == "1 lead"
    price = found.pins["writer"].priced(date(2026, 11, 22))
    assert price.cost(Usage(input=10**6, output=10**6)) == Money.parse("18")


def test_a_pin_is_another_when_anything_about_it_is() -> None:
    """Its digest says so; how it is written does not matter."""
    digests = {
        regeneration("t", PIN + more).pins["writer"].digest
        for more in ("", "# why\n", "parameters = { temperature = 0 }\n", 'wire = "messages"\n')
    }
    assert len(digests) == 3


RETIRES = date(2026, 11, 30)
SAYS = {
    "long before": (date(2026, 8, 1), None),
    "ninety days before": (date(2026, 9, 1), "warning"),
    "the day before": (date(2026, 11, 29), "warning"),
    "on that day": (RETIRES, "error"),
    "after": (date(2027, 1, 1), "error"),
}


@pytest.mark.parametrize(("today", "severity"), SAYS.values(), ids=SAYS)
def test_a_retirement_is_told_in_time(today: date, severity: str | None) -> None:
    """Sixty days ahead at least, and when it is too late."""
    pin = regeneration("t", PIN + 'price = { input = "3", output = "15" }\n').pins["writer"]
    said = [it for it in audited(pin, today) if "retire" in it[1]]
    assert [it[0] for it in said] == ([severity] if severity else [])


def test_what_has_no_price_cannot_be_used() -> None:
    """Nor what nobody has ever heard of."""
    text = '[models.w]\nprovider = "nobody"\nmodel = "nothing-20250101"\nway = "api"\n'
    pin = regeneration("t", text).pins["w"]
    assert [it[0] for it in audited(pin, date(2026, 1, 1))] == ["note", "error"]


def test_every_table_has_its_mend() -> None:
    """What may stand where is said for all that people are likely to get wrong."""
    tables = {"models", "budget", "approval", "genops", "gates"}
    assert {key.split(".")[0] for key in MENDS} == tables


def test_every_command_tells_a_fault_in_these_tables(tmp_path: Path) -> None:
    """An app is not loaded with half of its settings understood."""
    toml = tmp_path / "monocyte.toml"
    toml.write_text('[app]\nname = "shop"\ncells = "shop"\n[budget]\nweek = "1"\n', "utf-8")
    with pytest.raises(ConfigError, match="'week'") as refusal:
        load_app(tmp_path)
    assert refusal.value.where == f"{toml}:5"
