"""A prompt is handed over in a file, and an answer comes back in one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monocyte.genops.metering.wires import Turn
from monocyte.genops.models import HandOver, NoAnswer, Prompt
from monocyte.genops.models.handover import ANSWER, MOST, PROMPT

ASKED = Prompt("You write cells.", (Turn("user", "Write one."), Turn("assistant", "No.\nWell.")))


class Carrier:
    """Whoever carries: acts in the pauses, one step each."""

    def __init__(self, directory: Path, *steps: Callable[[Path], object]) -> None:
        self.directory = directory
        self.steps = list(steps)
        self.now = 0.0

    def pause(self) -> None:
        """Do the next step, or let time pass."""
        self.now += 1
        if self.steps:
            self.steps.pop(0)(next(self.directory.iterdir()) / ANSWER)

    def backend(self, patience: float = 100) -> HandOver:
        """A backend that waits for this carrier."""
        return HandOver(self.directory, patience=patience, pause=self.pause, clock=lambda: self.now)


def write(text: str) -> Callable[[Path], object]:
    """Write an answer as it should be written."""

    def writing(path: Path) -> None:
        part = path.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)

    return writing


def test_the_prompt_is_shown_and_the_answer_taken(tmp_path: Path) -> None:
    """It says where to read and where to write."""
    heard: list[str] = []
    answer = Carrier(tmp_path, lambda _: None, write("A cell.")).backend().ask(ASKED, heard.append)
    (place,) = tmp_path.iterdir()
    assert answer.text == "A cell."
    assert str(place / PROMPT) in heard[0]
    assert str(place / ANSWER) in heard[0]
    prompt = (place / PROMPT).read_text(encoding="utf-8")
    assert prompt == "You write cells.\n\nWrite one.\n\nYou have answered:\n\n> No.\n> Well.\n"


def test_an_answer_that_is_there_is_taken_at_once(tmp_path: Path) -> None:
    """Who was interrupted goes on where it stopped; another prompt has another place."""
    Carrier(tmp_path, write("A cell.")).backend().ask(ASKED, _nobody)
    idle = Carrier(tmp_path)
    assert idle.backend().ask(ASKED, _nobody).text == "A cell."
    assert idle.now == 0
    with pytest.raises(NoAnswer):
        idle.backend().ask(Prompt("", (Turn("user", "Another."),)), _nobody)


def test_nobody_is_waited_for_for_ever(tmp_path: Path) -> None:
    """The error says where the answer should have been."""
    with pytest.raises(NoAnswer, match=ANSWER):
        Carrier(tmp_path).backend(patience=3).ask(ASKED, _nobody)


def large(path: Path) -> None:
    """An answer of more than any cell needs, which takes no room."""
    with path.open("wb") as file:
        file.truncate(MOST + 1)


WRONG: dict[str, Callable[[Path], object]] = {
    "a directory": Path.mkdir,
    "a link": lambda path: path.symlink_to("/etc/hostname"),
    "a link to nowhere": lambda path: path.symlink_to("nowhere"),
    "too large": large,
    "no text": lambda path: path.write_bytes(b"\xff\xfe\xff"),
}


@pytest.mark.parametrize("doing", WRONG.values(), ids=WRONG)
def test_what_is_no_answer_is_not_read(doing: Callable[[Path], object], tmp_path: Path) -> None:
    """Only an ordinary file of text, of a size that can be one."""
    with pytest.raises(NoAnswer):
        Carrier(tmp_path, doing).backend().ask(ASKED, _nobody)


def _nobody(piece: str) -> None:
    pass
