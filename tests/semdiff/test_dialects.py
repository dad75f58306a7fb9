"""What this Python cannot parse is said to be of another one, where it looks like it."""

import ast
import sys

import pytest

from monocyte.semdiff.dialects import complaint

OTHERS = {
    "print": ("print 'a'\n", "Python 2"),
    "exec": ("exec 'a'\n", "Python 2"),
    "backticks": ("x = `1`\n", "Python 2"),
    "unequal": ("x = 1 <> 2\n", "Python 2"),
    "octal": ("x = 0777\n", "Python 2"),
    "old except": ("try:\n    pass\nexcept E, e:\n    pass\n", "Python 2"),
    "old raise": ("raise E, 'a'\n", "Python 2"),
    "a type": ("type A = int\n", "Python 3.12"),
    "a generic": ("def f[T](x: T) -> T:\n    return x\n", "Python 3.12"),
    "a generic class": ("class A[T]: pass\n", "Python 3.12"),
    "a quoted f-string": ('n = 1\nx = f"{\'a\' + "b"}"\n', "Python 3.12"),
    "a default": ("class A[T = int]: pass\n", "Python 3.13"),
    "a template": ('n = 1\nx = t"{n}"\n', "Python 3.14"),
    "except without parentheses": ("try:\n    pass\nexcept A, B:\n    pass\n", "Python 3.14"),
}


def said_of(text: str) -> str:
    """What is said of a text that does not parse."""
    with pytest.raises((SyntaxError, ValueError)) as caught:
        ast.parse(text.encode())
    return complaint(text.encode(), caught.value)


@pytest.mark.parametrize(("text", "python"), OTHERS.values(), ids=OTHERS)
def test_another_python_is_named(text: str, python: str) -> None:
    """And what to do about it."""
    wanted = tuple(map(int, python.removeprefix("Python ").split(".")))
    if wanted > (3,) and sys.version_info >= wanted:
        pytest.skip("this Python can parse it")
    said = said_of(text)
    assert f"{python}" in said.partition(";")[2]
    assert ("convert it first" if python == "Python 2" else "run monocyte with that") in said


PLAIN = {"a slip": "def f(:\n", "a parenthesis": "x = (1\n", "nothing": "x = \n", "text": "a b c\n"}


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_a_slip_is_a_slip(text: str) -> None:
    """Of no other Python."""
    said = said_of(text)
    assert "seems" not in said
    assert "line 1" in said
