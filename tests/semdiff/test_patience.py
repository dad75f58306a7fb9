"""How often garbage is looked for while two trees are read."""

import gc

import pytest

from monocyte.semdiff import difference as room
from monocyte.semdiff.difference import Known, Options, difference
from monocyte.semdiff.patience import THRESHOLDS
from monocyte.semdiff.sources import Tree, from_texts


def test_all_of_the_reading_looks_for_garbage_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read anew is what makes millions of objects, and it is as before afterwards."""
    seen = []
    read = room._read

    def watched(old: Tree, new: Tree, memory: room.Memory | None) -> Known:
        seen.append(gc.get_threshold())
        return read(old, new, memory)

    monkeypatch.setattr(room, "_read", watched)
    before = gc.get_threshold()
    difference(from_texts({"a.py": "x = 1"}), from_texts({"a.py": "x = 2"}), Options(run=False))
    assert seen == [THRESHOLDS]
    assert gc.get_threshold() == before
