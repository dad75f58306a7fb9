"""What version a tree says it is, and which may follow."""

import pytest

from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.versions import following, is_enough, version_of

FOLLOWING = [
    ("1.4.2", "patch", "1.4.3"),
    ("1.4.2", "minor", "1.5.0"),
    ("1.4.2", "major", "2.0.0"),
    ("1.4", "minor", "1.5.0"),
    ("2", "major", "3.0.0"),
    ("0.3.1", "major", "0.4.0"),
    ("0.3.1", "minor", "0.3.2"),
    ("0.3.1", "patch", "0.3.2"),
    ("v1.0.0rc1", "minor", "1.1.0"),
    ("1!2.0", "patch", "2.0.1"),
    ("1.4.2", "none", ""),
    ("", "major", ""),
    ("unknown", "major", ""),
]


@pytest.mark.parametrize(("version", "step", "least"), FOLLOWING)
def test_the_lowest_version_that_makes_a_step(version: str, step: str, least: str) -> None:
    """Below 1.0, the second number is what breaks."""
    assert following(version, step) == least


@pytest.mark.parametrize(
    ("version", "least", "answer"),
    [
        ("2.0.0", "2.0.0", True),
        ("1.9.9", "2.0.0", False),
        ("1.10", "1.9.0", True),
        ("", "2.0.0", None),
        ("1.0", "", None),
    ],
)
def test_whether_a_version_is_enough(version: str, least: str, answer: bool | None) -> None:
    """Numbers are compared, not texts; what has none is not known."""
    assert is_enough(version, least) is answer


TREES: list[tuple[dict[str, str], str]] = [
    ({"pyproject.toml": '[project]\nname = "a"\nversion = "1.2"\n'}, "1.2"),
    ({"pyproject.toml": '[tool.poetry]\nversion = "1.3"\n'}, "1.3"),
    ({"a-1.4.dist-info/METADATA": "Name: a\nVersion: 1.4\n\nVersion: 9\n"}, "1.4"),
    ({"PKG-INFO": "Metadata-Version: 2.1\nVersion: 1.5\n"}, "1.5"),
    ({"pyproject.toml": '[project]\ndynamic = ["version"]\n', "PKG-INFO": "Version: 1.6\n"}, "1.6"),
    ({"pyproject.toml": "[project\n"}, ""),
    ({"pyproject.toml": "[project]\nversion = 1\n"}, ""),
    ({"vendor/pyproject.toml": '[project]\nversion = "9"\n'}, ""),
    ({"x/a-1.4.dist-info/METADATA": "Version: 1.4\n"}, ""),
    ({}, ""),
]


@pytest.mark.parametrize(("files", "version"), TREES)
def test_what_a_tree_says_it_is(files: dict[str, str], version: str) -> None:
    """By its own files, not by those of what it brings along."""
    assert version_of(from_texts(files)) == version
