"""The table of retirements says what it knows, and as of when."""

from datetime import date

import pytest

from monocyte.genops.retirements import AS_OF, SOURCE, retires

SAID = {
    ("openai", "gpt-4o-2024-08-06"): date(2027, 1, 14),
    ("anthropic", "claude-sonnet-4-5-20250929"): date(2026, 11, 30),
    ("openai", "claude-sonnet-4-5-20250929"): None,
    ("anthropic", "nobody"): None,
    ("nobody", "gpt-4o-2024-08-06"): None,
}


@pytest.mark.parametrize(("named", "day"), SAID.items(), ids=str)
def test_a_model_retires_when_its_provider_has_said(
    named: tuple[str, str], day: date | None
) -> None:
    """By provider and exact name; nothing is guessed for others."""
    assert retires(*named) == day


def test_the_table_says_how_old_it_is() -> None:
    """Whoever reads a date can judge it."""
    assert date(2026, 11, 22) <= AS_OF
    assert SOURCE
