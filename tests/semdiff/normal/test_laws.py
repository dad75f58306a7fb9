"""The law of all rules at once: programs of equal form do the same, whatever they meet."""

import pytest

from monocyte.semdiff.definitions import Definitions, parse
from monocyte.semdiff.normal import STAGES, Stage
from monocyte.semdiff.normal.writer import Written
from tests.semdiff.normal.programs import Miss, Writer, behaviour


def form(code: str, stage: Stage) -> bytes:
    """The fingerprint of `f` under a stage's rules."""
    data = code.encode()
    found = Definitions(parse(data, "p.py"), data, stage.rules, wanted={"f"}).found["f"].written
    assert isinstance(found, Written)
    return found.code


def alike(seed: int, stage: Stage) -> list[tuple[str, str]]:
    """A random program, with those of its near misses that have the same form."""
    code = Writer(seed).program()
    own = form(code, stage)
    made = (Miss(seed * 31 + n).missed(code) for n in range(12))
    return [(code, other) for other in made if other and form(other, stage) == own]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_equal_forms_behave_alike(stage: Stage) -> None:
    """Whatever a hand changes: where the forms stay equal, so do the notes of every run."""
    found = 0
    for seed in range(25):
        for one, other in alike(seed, stage):
            found += one != other
            assert behaviour(one) == behaviour(other), f"{one}\n--- has the form of\n{other}"
    assert found > 25, "too few pairs to show anything"
