"""Packages are found in every file that asks for them, under the name that an index knows."""

import pytest

from monocyte.semdiff.dependencies import dependencies


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("requirements.txt", "# a\nAttrs>=1 ; x\n-r other.txt\n", {"attrs": 2}),
        ("requirements.txt", "-e git+https://h/r#egg=Left_Pad\n", {"left-pad": 1}),
        ("requirements/dev.txt", "a.b[c]==1\n", {"a-b": 1}),
        ("requirements.lock", "a==1 --hash=sha256:0\n", {"a": 1}),
        ("pyproject.toml", '[project]\ndependencies = ["a>1"]\n', {"a": 2}),
        ("pyproject.toml", '[build-system]\nrequires = ["hatchling"]\n', {"hatchling": 2}),
        ("pyproject.toml", '[dependency-groups]\ndev = ["b", {include-group = "x"}]\n', {"b": 2}),
        ("pyproject.toml", '[project.optional-dependencies]\nx = ["c"]\n', {"c": 2}),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3"\nd = "1"\n', {"d": 3}),
        ("Pipfile", '[packages]\ne = "*"\n', {"e": 2}),
        ("setup.cfg", "[options]\ninstall_requires =\n  f>1\n  g; x\n", {"f": 3, "g": 4}),
        ("setup.py", "setup(install_requires=['h'])\n", {"h": 1}),
        ("environment.yml", "dependencies:\n  - i=1\n  - pip:\n    - j\n", {"i": 2, "j": 4}),
        ("pyproject.toml", "not toml [", {}),
        ("setup.py", "def (", {}),
        ("m.py", "install_requires = ['k']", {}),
    ],
)
def test_what_a_file_asks_for(file: str, text: str, expected: dict[str, int]) -> None:
    """Name and line of each package; a file that cannot be read asks for nothing."""
    assert dependencies(file, text) == expected
