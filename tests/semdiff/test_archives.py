"""Wheels and sdists are read as they are, and say what is wrong with them."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from monocyte.errors import ConfigError
from monocyte.semdiff.archives import from_archive
from monocyte.semdiff.sources import BadSource


def test_a_wheel_is_a_tree(tmp_path: Path) -> None:
    """Python apart from the rest; a path that leads outside is named and left."""
    path = tmp_path / "shop-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("shop/__init__.py", "x = 1\n")
        wheel.writestr("shop-1.dist-info/METADATA", "Name: shop\n")
        wheel.writestr("../evil.py", "x = 1\n")
    tree = from_archive(path)
    assert list(tree) == ["shop/__init__.py"]
    assert list(tree.others) == ["shop-1.dist-info/METADATA"]
    assert tree.unseen == {"../evil.py": "its path leads outside of the archive"}


def test_an_sdist_is_a_tree_below_its_folder(tmp_path: Path) -> None:
    """So that two versions have the same paths; links in it are left."""
    path = tmp_path / "shop-1.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("shop-1/shop.py")
        info.size = 6
        archive.addfile(info, io.BytesIO(b"x = 1\n"))
        link = tarfile.TarInfo("shop-1/passwd.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    tree = from_archive(path)
    assert tree["shop.py"].data == b"x = 1\n"
    assert list(tree.unseen) == ["passwd.py"]


def test_what_is_no_wheel_says_so(tmp_path: Path) -> None:
    """Whatever it is called."""
    path = tmp_path / "shop-1-py3-none-any.whl"
    path.write_bytes(b"not a zip at all")
    with pytest.raises(ConfigError, match="is no wheel"):
        from_archive(path)


def test_a_damaged_member_spoils_only_itself(tmp_path: Path) -> None:
    """The others are read."""
    path = tmp_path / "shop.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.py", "x = 1\n")
        archive.writestr("bad.py", "yyyyyyyyyyyy\n")
    path.write_bytes(path.read_bytes().replace(b"yyyyyyyyyyyy", b"zzzzzzzzzzzz"))
    tree = from_archive(path)
    assert tree["good.py"].data == b"x = 1\n"
    with pytest.raises(BadSource, match="damaged"):
        _ = tree["bad.py"].data
