"""What a journal has recorded, as stories: complete, without who people are, and replayed."""

from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from monocyte.cell import load_package
from monocyte.contracts.codec import decode_json
from monocyte.errors import GenopsError
from monocyte.genops.gates.corpus import Head, lines_of, stories_of
from monocyte.genops.gates.sampling import Redaction, sample
from monocyte.genops.gates.stations.stories import Step, Story
from monocyte.testing import World
from tests.genops.gates.changes import case, found
from tests.genops.plans import toys

SAID = Step("say", "ada lovelace", ("reader",), "loans", "Borrow", b'{"book":"Optics 2","days":3}')


def written(folder: Path, *steps: Step) -> Path:
    """A corpus of one story."""
    file = folder / "corpus.jsonl"
    file.write_bytes(
        b"".join(lines_of(Head(app="shop", redacted=False, stories=1), [Story("x", steps)]))
    )
    return file


def test_a_corpus_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Steps of every kind."""
    steps = (SAID, Step("advance", micros=7), Step("restart"))
    (story,) = stories_of(written(tmp_path, *steps))
    assert story.steps[0] == SAID
    assert [it.do for it in story.steps] == ["say", "advance", "restart"]


@pytest.mark.parametrize(
    "damage", [b"", b"[]", b'{"corpus":2,"app":"x","redacted":true,"stories":0}']
)
def test_what_is_no_corpus_is_refused(tmp_path: Path, damage: bytes) -> None:
    """Nothing is guessed."""
    file = tmp_path / "corpus.jsonl"
    file.write_bytes(damage)
    with pytest.raises(GenopsError, match="no corpus"):
        stories_of(file)


def test_a_corpus_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    """It says how many stories it holds."""
    file = written(tmp_path, SAID)
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(GenopsError, match="cut short"):
        stories_of(file)


def test_a_journal_becomes_a_story_without_names(tmp_path: Path) -> None:
    """The same name is the same other name; types and constraints hold; cells' own doings go."""
    what = case(tmp_path, ())
    with toys.fresh():
        cells = load_package(what.base, "shop").manifests
        words = {name: word for cell in cells for name, word in cell.words.items()}
        with World(*cells) as world:
            for day in range(2):
                world.by("ada lovelace").send(words["Borrow"](f"Optics {day}", 3))  # type: ignore[arg-type, call-arg]
                world.advance(timedelta(hours=1))
            entries = world.entries
        plain = sample(entries, cells)
        story = sample(entries, cells, Redaction(b"k" * 32))
    assert [it.do for it in story.steps] == ["say", "advance", "say"]
    assert [it.who for it in plain.steps if it.do == "say"] == ["ada lovelace"] * 2
    names = {it.who for it in story.steps if it.do == "say"}
    assert len(names) == 1
    assert "ada" not in "".join(names)
    text = b"".join(it.body for it in story.steps)
    assert b"Optics" not in text
    for step in story.steps:
        if step.do == "say":
            decode_json(words[step.word], step.body)
            assert msgspec.json.decode(step.body)["days"] == 3


def test_texts_keep_their_shape() -> None:
    """Letters stay letters, digits digits, moments what they are; two texts stay two."""
    redaction = Redaction(b"k" * 32)
    made = redaction.text("Ada-17 b")
    assert [it.isalpha() for it in made] == [it.isalpha() for it in "Ada-17 b"]
    assert [it.isdecimal() for it in made] == [it.isdecimal() for it in "Ada-17 b"]
    assert redaction.text("Ada-17 b") == made
    assert len({redaction.text(f"{n:02}") for n in range(40)}) == 40
    assert redaction._value([date(2026, 1, 5).isoformat(), 3]) == ["2026-01-05", 3]


def test_a_corpus_is_told_to_old_and_new(tmp_path: Path) -> None:
    """What only the journal knows, a loan of 29 days, is found."""
    steps = (msgspec.structs.replace(SAID, who="ada", body=b'{"book":"X","days":29}'),)
    edit = ("1 <= it.days <= LONGEST", "it.days in (0, 14, 30) or 1 <= it.days < 29")
    what = case(tmp_path / "app", (edit,))._replace(corpus=written(tmp_path, *steps))
    assert any("29" in it.evidence for it in found(what, "behaviour"))
