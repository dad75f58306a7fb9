"""Fragments in changelog.d are named so that a release can gather them."""

import re
from pathlib import Path

import pytest

FRAGMENTS = Path(__file__).parents[2] / "changelog.d"
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.(added|changed|fixed|removed|security)\.md")
SENTENCE = re.compile(r"[^#*\-\s].*[.)]", re.DOTALL)


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(FRAGMENTS.iterdir()) if path.name != "README.md"],
    ids=lambda path: path.name,
)
def test_a_fragment_has_a_name_and_a_sentence(path: Path) -> None:
    """A fragment is called what-it-is.kind.md, and is prose that ends with a full stop."""
    assert NAME.fullmatch(path.name)
    assert SENTENCE.fullmatch(path.read_text(encoding="utf-8").strip())
