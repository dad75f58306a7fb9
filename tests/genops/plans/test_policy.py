"""The policy as a table: which class of change needs whom, and who counts."""

import pytest

from monocyte.errors import NotApproved
from monocyte.genops.money import Money
from monocyte.genops.pins import CLASSES, Approval
from monocyte.genops.plans.policy import DEFAULTS, Need, needs, refuse_unmet, unmet

KEYS = {name: f"ed25519:{name}" for name in ("ada", "bob", "eve", "lise")}
TEAM = Approval(
    keys=KEYS | {"bobs-phone": KEYS["bob"]},
    roles={"lead": ("ada", "bob", "bobs-phone")},
    policy={"internal": "1 anybody", "contract-breaking": "2 lead", "dependency": "none"},
    spend={"1.00": "1 anybody", "10": "1 lead", "0.10": "none"},
)

CLASS_NEEDS = {
    "none": None,
    "internal": (1, "anybody"),
    "behaviour-explained": (1, "anybody"),
    "contract-breaking": (2, "lead"),
    "dependency": None,
    "never heard of": None,
}


@pytest.mark.parametrize(("name", "wanted"), CLASS_NEEDS.items(), ids=CLASS_NEEDS)
def test_a_class_needs_what_the_table_says(name: str, wanted: tuple[int, str] | None) -> None:
    """Or what is the default; what nobody has heard of needs as much as the gravest."""
    assert [(it.people, it.role) for it in needs(TEAM, [name])] == ([wanted] if wanted else [])


def test_where_no_table_is_everything_but_the_mildest_needs_somebody() -> None:
    """And a class that nobody has heard of does."""
    strict = [name for name in CLASSES if needs(Approval(), [name])]
    assert strict == [name for name in CLASSES if name not in ("none", "internal")]
    assert needs(Approval(), ["never heard of"])
    assert set(DEFAULTS) == set(CLASSES)


SPEND = {
    "0": None,
    "0.05": None,
    "0.50": None,
    "1.00": None,
    "1.01": (1, "anybody"),
    "10.00": (1, "anybody"),
    "10.01": (1, "lead"),
}


@pytest.mark.parametrize(("spend", "wanted"), SPEND.items(), ids=SPEND)
def test_spending_needs_what_the_highest_threshold_says(
    spend: str, wanted: tuple[int, str] | None
) -> None:
    """That it is above."""
    found = needs(TEAM, spend=Money.parse(spend))
    assert [(it.people, it.role) for it in found] == ([wanted] if wanted else [])


def test_without_a_table_any_cent_needs_somebody() -> None:
    """And nothing needs nobody."""
    assert needs(Approval(), spend=Money(1))
    assert needs(Approval(), spend=Money(0)) == []


LEADS = Need(2, "lead", "it")
ONE = Need(1, "anybody", "it")
WHO: dict[str, tuple[Need, list[str], str, bool]] = {
    "nobody": (ONE, [], "eve", False),
    "somebody": (ONE, ["lise"], "eve", True),
    "oneself": (ONE, ["eve"], "eve", False),
    "who has no key": (ONE, ["mallory"], "eve", False),
    "two leads": (LEADS, ["ada", "bob"], "eve", True),
    "one lead twice": (LEADS, ["ada", "ada"], "eve", False),
    "one lead with two names": (LEADS, ["bob", "bobs-phone"], "eve", False),
    "a lead and another": (LEADS, ["ada", "lise"], "eve", False),
    "a lead who made it": (LEADS, ["ada", "bob"], "bob", False),
    "the other name of who made it": (ONE, ["bobs-phone"], "bob", False),
}


@pytest.mark.parametrize(("need", "by", "author", "met"), WHO.values(), ids=WHO)
def test_who_counts(need: Need, by: list[str], author: str, met: bool) -> None:
    """People with a key and the role, each once, and never who made it."""
    found = unmet(TEAM, [need], by, author)
    assert (found == []) is met
    if not met:
        with pytest.raises(NotApproved):
            refuse_unmet(found)


def test_a_team_of_one_may_say_so() -> None:
    """Then one may approve what one has made."""
    alone = Approval(keys={"ada": "k"}, own=True)
    assert unmet(alone, [ONE], ["ada"], "ada") == []
    assert unmet(Approval(keys={"ada": "k"}), [ONE], ["ada"], "ada") != []


def test_who_could_agree_is_said() -> None:
    """Without those who have, and who may not."""
    (found,) = unmet(TEAM, [LEADS], ["ada"], "eve")
    assert (found.have, found.could) == (("ada",), ("bob", "bobs-phone"))
    assert "nobody can" in str(unmet(Approval(), [ONE], [], "ada")[0])
