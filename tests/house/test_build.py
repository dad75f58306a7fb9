"""What people install is the wheel, so the wheel is built, unpacked and imported from there."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built offline by the backend that is pinned in the lock."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    """Every source file is in the wheel, and the plugin; tests, examples and caches are not."""
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = ROOT / "src"
    ours = {
        path.relative_to(package).as_posix()
        for path in [*(package / "monocyte").rglob("*"), package / "pytest_monocyte.py"]
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == ours
    assert "monocyte/py.typed" in inside


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    """Version, licence, Python floor and the command are in its metadata."""
    info = f"monocyte-{VERSION}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"{info}/METADATA").decode()
        commands = archive.read(f"{info}/entry_points.txt").decode()
        assert f"{info}/licenses/LICENSE" in archive.namelist()
    assert "\nRequires-Python: >=3.11\n" in metadata
    assert "\nLicense-Expression: Apache-2.0\n" in metadata
    assert "monocyte = monocyte.cli:main" in commands
    assert "[pytest11]\nmonocyte = pytest_monocyte" in commands


def test_the_package_imports_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """Unpacked somewhere else, the package works without the checkout."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import monocyte;"
        "print(monocyte.__file__)"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-c", program], check=True, capture_output=True, text=True
    )
    assert Path(run.stdout.strip()).is_relative_to(tmp_path)
