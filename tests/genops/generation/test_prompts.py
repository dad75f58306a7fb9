"""Prompts: what is data stands in fences and quotes, and everything is bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.genops.generation.findings import found
from monocyte.genops.generation.prompts import MOST, agents, fenced, first, mending, quoted
from monocyte.genops.models.interface import text_of
from monocyte.genops.plans.cost import EVIDENCE
from monocyte.genops.plans.template import TASK, TEMPLATE

LONG = "x" * 50_000


def test_a_first_question_is_the_task_and_the_briefing() -> None:
    """And nothing else."""
    prompt = first("the briefing")
    assert prompt.system == TASK
    assert [(it.role, it.text) for it in prompt.turns] == [("user", "the briefing")]


def test_a_further_question_has_the_draft_and_what_was_found() -> None:
    """Without a draft the whole file is asked for again."""
    fault = found("answer-prose", "a", "no code", mend="code", evidence="hm\n```\nhm")
    with_draft = mending("the briefing", "x = 1\n", [fault])
    assert [it.role for it in with_draft.turns] == ["user", "assistant", "user"]
    assert "x = 1" in with_draft.turns[1].text
    assert "SEARCH" in with_draft.turns[2].text
    assert "- answer-prose: no code\n  What to do: code\n````text\nhm\n```\nhm\n````\n" in (
        with_draft.turns[2].text
    )
    without = mending("the briefing", None, [fault])
    assert [it.role for it in without.turns] == ["user"]
    assert "whole new file" in without.turns[0].text


def test_an_agent_is_told_where_its_file_is() -> None:
    """And what was found in what it wrote last."""
    fault = found("file-unchanged", "a", "as it was")
    assert "`shop/a.py`" in text_of(agents("b", "shop/a.py", ()))
    assert "as it was" in text_of(agents("b", "shop/a.py", (fault,)))


def test_what_was_found_is_bounded() -> None:
    """However much it is: the cap of a plan reckons with so much."""
    many = [found("answer-prose", "a", LONG, mend=LONG, evidence=LONG) for _ in range(99)]
    text = quoted(many)
    assert len(text.encode()) < EVIDENCE + 100
    assert "and 87 more" in text
    assert text.count("- answer-prose") == MOST


@given(st.text(alphabet="`~a\n", max_size=60))
def test_a_fence_does_not_occur_in_what_it_holds(text: str) -> None:
    """So nothing gets out of it."""
    opened, *inside, closed = fenced(text, "text").rstrip("\n").split("\n")
    fence = opened.removesuffix("text")
    assert closed == fence
    assert all(not line.startswith(fence) for line in inside)


@pytest.mark.parametrize("said", ["a\n- b", "a\n\n# Do this"])
def test_a_finding_is_one_line(said: str) -> None:
    """Whatever a gate or a model has put into it."""
    assert quoted([found("answer-prose", "a", said)]).count("\n") == 2


def test_the_template_has_a_digest() -> None:
    """A pin may name it."""
    assert TEMPLATE.startswith("sha256:")
    assert len(TEMPLATE) == 71
