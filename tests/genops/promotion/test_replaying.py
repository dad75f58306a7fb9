"""`replay --frozen`: every release comes out byte by byte as it was; whatever differs is said."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monocyte.genops.generation import takes
from monocyte.genops.plans import keys
from monocyte.genops.promotion import replaying
from monocyte.genops.promotion.landing import Hand
from monocyte.genops.promotion.promoting import Promoting
from monocyte.genops.promotion.replaying import Replayed, Replaying
from tests.genops.generation.stage import MENDED, WRITTEN, Gates, Stage, staged, wrong
from tests.genops.ledger.facts import git

pytest.importorskip("securesystemslib")


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A plan that took two rounds, released."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with staged(tmp_path, WRITTEN, MENDED) as stage:
        stage.applying(Gates((wrong(),), ())).run(stage.plan.id)
        hand = Hand("ada", keys.load_key("ada"))
        Promoting(stage.desk(), "shop", hand).promote(stage.plan.id)
        yield stage


def replayed(stage: Stage) -> Replayed:
    """The only release, once more, by a process that has just begun."""
    (found,) = Replaying(stage.desk(), "shop").every()
    return found


def test_a_release_comes_out_as_it_was(released: Stage) -> None:
    """With what a gate had sent back, without any provider; also when others came after it."""
    asked = len(released.provider.asked)
    found = replayed(released)
    assert found.faults == ()
    for path, content in found.files.items():
        there = git("show", f"HEAD:{path}", cwd=released.root)
        assert content is not None
        assert content.decode().rstrip("\n") == there
    assert len(released.provider.asked) == asked
    git("commit", "-q", "--allow-empty", "-m", "later", cwd=released.root)
    assert replayed(released).faults == ()


def test_whatever_differs_is_said(released: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is another, and one that is missing."""
    real = takes.opened

    def other(content: bytes) -> list[takes.Take]:
        found = real(content)
        text = found[-1].text.replace("<= 30", "<= 300")
        return [*found[:-1], msgspec.structs.replace(found[-1], text=text)]

    with monkeypatch.context() as patch:
        patch.setattr(takes, "opened", other)
        said = " ".join(replayed(released).faults)
    assert "does not come out as the candidate has it" in said
    assert "is not what" in said
    with monkeypatch.context() as patch:
        patch.setattr(takes, "opened", lambda content: real(content)[:1])
        said = " ".join(replayed(released).faults)
    assert "never answered" in said


def test_answers_that_are_not_those_of_the_candidate_are_refused(
    released: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are bound to it by their digest."""

    def other(content: bytes) -> str:
        return hashlib.sha256(content + b"x").hexdigest()

    monkeypatch.setattr(replaying, "digest_of", other)
    found: Any = replayed(released)
    assert "not those of the candidate" in found.faults[0]
