"""What was recorded is played back to the same request, and to no other."""

import json
from pathlib import Path
from typing import Any

import pytest

from monocyte.genops.metering.cassettes import (
    PASSAGES,
    VARIES,
    CassetteDamaged,
    CassetteMiss,
    Player,
    Recorder,
    canonical,
    departs,
    digest,
)
from monocyte.genops.metering.wires import WIRES
from tests.genops.till import request

JSON = "application/json"


def kept(tmp_path: Path, *bodies: dict[str, Any], wire: str = "chat") -> Path:
    """A directory with an answer for each request: its number."""
    recorder = Recorder(tmp_path)
    for number, body in enumerate(bodies):
        recorder.keep(wire, body, 200, JSON, str(number).encode())
    return tmp_path


def test_a_request_is_answered_by_its_own_take(tmp_path: Path) -> None:
    """Whatever the order in which they are asked."""
    one, two = request("chat", "one"), request("chat", "two")
    player = Player(kept(tmp_path, one, two))
    assert player.play("chat", two)[1] == b"1"
    assert player.play("chat", one)[1] == b"0"
    assert player.left == 0


def test_the_same_request_is_answered_in_the_order_of_recording(tmp_path: Path) -> None:
    """Each take is played once: the third time is a miss."""
    same = request("chat")
    player = Player(kept(tmp_path, same, same))
    assert [player.play("chat", same)[1] for _ in range(2)] == [b"0", b"1"]
    with pytest.raises(CassetteMiss, match="none is left"):
        player.play("chat", same)


@pytest.mark.parametrize(
    "change", [{"model": "another"}, {"temperature": 1}, {"max_tokens": 9}, {"tools": []}]
)
def test_another_request_is_a_miss_that_says_where_it_departs(
    change: dict[str, Any], tmp_path: Path
) -> None:
    """Never the nearest answer."""
    player = Player(kept(tmp_path, request("chat")))
    with pytest.raises(CassetteMiss, match=rf"departs at \$\.{next(iter(change))}"):
        player.play("chat", {**request("chat"), **change})


def test_the_wire_is_part_of_a_request(tmp_path: Path) -> None:
    """The same body in another format is another request."""
    player = Player(kept(tmp_path, request("chat")))
    with pytest.raises(CassetteMiss):
        player.play("messages", request("chat"))


VARYING = [(wire, name) for wire in VARIES for name in VARIES[wire]]


@pytest.mark.parametrize(("wire", "name"), VARYING)
def test_what_varies_between_identical_runs_changes_nothing(wire: str, name: str) -> None:
    """Every row of the table, by itself."""
    plain = request(wire, "hi")
    if (outer := name.partition("[].")[0]) != name:
        one, two = (
            {**plain, outer: [{"role": "user", "content": "hi", **more}]}
            for more in ({}, {"id": "msg_1"})
        )
    else:
        one, two = plain, {**plain, name: {"x": "1"}}
    assert canonical(wire, one) == canonical(wire, two)


def test_every_wire_says_what_varies() -> None:
    """A new wire format needs its row."""
    assert set(VARIES) == set(WIRES)
    assert all(VARIES[wire].values() for wire in VARIES)
    assert all(PASSAGES.values())


SAID = (
    "<current_date>2026-11-22</current_date>",
    "# currentDate\nToday's date is 2026-11-22.",
    "OS Version: Linux 6.11-22\nbelow",
    "Chunk ID: 123fd0\nWall time: 0.0123 seconds\nOutput:",
)


@pytest.mark.parametrize("text", SAID)
def test_days_and_durations_change_nothing(text: str) -> None:
    """Agents tell models what day it is, and how long a command took."""
    later = text.replace("11-22", "12-31").replace("123fd0", "0a1b2c").replace("0.0123", "17.5")
    assert later != text
    assert canonical("chat", request("chat", text)) == canonical("chat", request("chat", later))


def test_a_run_is_played_back_in_another_directory(tmp_path: Path) -> None:
    """Paths are kept under a name, and come back as the new ones."""
    old, new = tmp_path / "old" / "work", tmp_path / "new-and-longer"
    takes, home = tmp_path / "takes", tmp_path / "old"
    answer = json.dumps({"path": str(old / "cell.py"), "home": str(home / "x")}).encode()
    Recorder(takes, old, home).keep("chat", request("chat", f"in {old}"), 200, JSON, answer)
    assert str(tmp_path) not in next(takes.iterdir()).read_text(encoding="utf-8")
    player = Player(takes, new, tmp_path / "h")
    played = json.loads(player.play("chat", request("chat", f"in {new}"))[1])
    assert played == {"path": str(new / "cell.py"), "home": str(tmp_path / "h" / "x")}


def damaged(path: Path, **change: Any) -> None:
    """Change fields of a take."""
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **change}))


DAMAGES: dict[str, dict[str, Any]] = {
    "another format": {"format": 2},
    "an unknown field": {"more": 1},
    "another request": {"request": {"model": "m"}},
    "an unknown wire": {"wire": "smoke"},
    "no text": {"body": 7},
}


@pytest.mark.parametrize("change", DAMAGES.values(), ids=DAMAGES)
def test_a_take_that_is_not_what_was_recorded_is_an_error(
    change: dict[str, Any], tmp_path: Path
) -> None:
    """Nothing is played from a directory with a damaged file."""
    (path,) = kept(tmp_path, request("chat")).iterdir()
    damaged(path, **change)
    with pytest.raises(CassetteDamaged):
        Player(tmp_path)


def test_half_a_take_is_none(tmp_path: Path) -> None:
    """A file that was not finished is not read; one that was cut is an error."""
    kept(tmp_path, request("chat"))
    (tmp_path / "00001-abc.part").write_text("{")
    assert Player(tmp_path).left == 1
    (tmp_path / "00001-abc.json").write_text("{")
    with pytest.raises(CassetteDamaged):
        Player(tmp_path)


def test_an_answer_that_is_no_text_is_not_kept(tmp_path: Path) -> None:
    """A cassette can be read by people."""
    with pytest.raises(CassetteDamaged):
        Recorder(tmp_path).keep("chat", request("chat"), 200, JSON, b"\xff")
    assert list(tmp_path.iterdir()) == []


def test_digests_are_the_same_for_ever() -> None:
    """A cassette that was recorded years ago is found; changing this breaks all of them."""
    body = {"b": 1, "a": [1.5, None, "é"]}
    assert digest("chat", canonical("chat", body)) == digest(
        "chat", {"a": [1.5, None, "é"], "b": 1}
    )
    assert digest("chat", body)[:16] == "5387b6146b24a111"


DEPARTS = [
    ({"a": 1}, {"a": 1}, ""),
    ({"a": 1}, {"a": 2}, "$.a"),
    ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "$.a[1].b"),
    ({"a": [1]}, {"a": [1, 2]}, "$.a"),
    ({}, {"z": 1}, "$.z"),
]


@pytest.mark.parametrize(("one", "two", "where"), DEPARTS)
def test_the_first_departure_is_named(one: Any, two: Any, where: str) -> None:
    """As a path that can be looked up in the file."""
    assert departs(one, two) == where
