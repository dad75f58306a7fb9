"""Problems: every error that can cross the bus has a status, and says all that it knows."""

import json

import pytest

from monocyte.dmz.problems import RETRY_AFTER, STATUSES, described, problem, problem_of
from monocyte.errors import KINDS, BusError, Refused

OURS = {"unauthenticated", "no-such-page", "wrong-method"}
"""Kinds that only the wall knows."""


def test_every_kind_of_error_has_a_status() -> None:
    """The table has each kind that may cross the bus, those of the wall, and no other."""
    assert set(STATUSES) == set(KINDS) | OURS
    assert set(RETRY_AFTER) <= set(STATUSES)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_becomes_its_problem(kind: str) -> None:
    """Status, type, title, detail and what to do come from the error and the table."""
    response = problem_of(KINDS[kind]("it went wrong", cell="rooms", mend="mend it"))
    status, title = STATUSES[kind]
    assert response.status_code == status
    assert response.media_type == "application/problem+json"
    assert json.loads(bytes(response.body)) == {
        "type": f"about:blank#{kind}",
        "title": title,
        "status": status,
        "detail": "it went wrong",
        "cell": "rooms",
        "what_to_do": "mend it",
    }
    assert ("retry-after" in response.headers) == (status == 503)


def test_a_refusal_names_its_rule() -> None:
    """The rule and its reason are fields of their own."""
    said = json.loads(described(Refused("booked once", rule="ROOM-1", detail="annex")))
    assert (said["rule"], said["reason"]) == ("ROOM-1", "annex")


@pytest.mark.parametrize("text", ["", "a\nb", "\ud800", "\0", "<script>", "ü" * 100_000])
def test_any_text_can_be_said(text: str) -> None:
    """What an author wrote into an error becomes JSON, and is not too long."""
    body = described(Refused(text, rule=text, detail=text))
    assert isinstance(json.loads(body), dict)
    assert len(body) < 100_000


def test_an_error_of_no_known_kind_is_a_crash() -> None:
    """The root of the family has no status of its own."""
    assert problem_of(BusError("?")).status_code == 500


def test_who_is_not_known_is_told_how_to_sign_in() -> None:
    """401 comes with its challenge."""
    assert problem("unauthenticated", "?").headers["www-authenticate"] == "Bearer"
