"""Lines that ran are told, and only those of the code that was asked for."""

import sys

from monocyte.semdiff.lines import Lines, code_objects


def branching(n: int) -> int:
    """Two ways."""
    if n > 0:
        return n
    return other(n)


def other(n: int) -> int:
    """Not asked for."""
    return -n


FIRST = branching.__code__.co_firstlineno


def test_the_lines_that_ran_are_told() -> None:
    """Each way adds its own, and what was called is not among them."""
    lines = Lines(code_objects(branching))
    with lines:
        branching(1)
    assert lines.hit - {FIRST} == {FIRST + 2, FIRST + 3}
    with lines:
        branching(-1)
    assert lines.hit - {FIRST} == {FIRST + 2, FIRST + 3, FIRST + 4}
    assert lines.executable >= lines.seen
    assert {file for file, _ in lines.seen} == {__file__}


def test_nothing_is_told_when_it_is_off() -> None:
    """After the `with` nobody listens."""
    lines = Lines(code_objects(branching))
    with lines:
        pass
    branching(1)
    assert lines.hit == set()


def test_two_can_listen_one_after_the_other() -> None:
    """Each has its own code, as the two versions of a definition have."""
    first, second = Lines(code_objects(branching)), Lines(code_objects(other))
    for _ in range(2):
        with first:
            branching(-1)
        with second:
            other(1)
    assert FIRST + 4 in first.hit
    assert second.hit - {other.__code__.co_firstlineno} == {other.__code__.co_firstlineno + 2}


class Methods:
    """Code in all its places."""

    def method(self) -> list[int]:
        """With code inside."""
        return [it for it in map(lambda it: it, [1])]  # noqa: C416, C417

    @property
    def prop(self) -> int:
        """A property."""
        return 1

    @staticmethod
    def static() -> int:
        """A static method."""
        return 1


def test_the_code_of_a_class_is_that_of_its_methods() -> None:
    """Methods, properties, static methods, and what is defined inside of them."""
    names = {it.co_name for it in code_objects(Methods)}
    assert {"method", "prop", "static", "<lambda>"} <= names


def test_who_listened_before_listens_again() -> None:
    """A tracer that was there (coverage, a debugger) is put back where it was."""
    before = sys.gettrace()
    calls: list[str] = []
    sys.settrace(lambda frame, *_: calls.append(frame.f_code.co_name))
    try:
        with Lines(code_objects(other)):
            other(1)
        branching(1)
    finally:
        sys.settrace(before)
    assert "branching" in calls
