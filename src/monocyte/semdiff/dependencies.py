"""Which packages a project's files ask for: pyproject, requirements, setup, Pipfile, conda. Pure.

Names are compared as package indexes compare them (PEP 503). A file that cannot be read as what its
name says asks for nothing here; that it does not parse is somebody else's finding.
"""

from __future__ import annotations

import ast
import configparser
import re
import tomllib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

__all__ = ["dependencies"]

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_REQUIREMENTS = re.compile(r"(?:.*requirements.*|constraints.*)\.(?:txt|in)$|requirements\.lock$")


def dependencies(file: str, text: str) -> dict[str, int]:
    """The packages that a file of that name asks for, each with its line."""
    base = PurePosixPath(file).name
    found: Iterator[tuple[str, int]] = iter(())
    if base in ("pyproject.toml", "Pipfile"):
        found = _toml(text)
    elif _REQUIREMENTS.match(base) or "requirements" in PurePosixPath(file).parent.parts:
        found = _lines(text) if base.endswith((".txt", ".in", ".lock")) else found
    elif base == "setup.cfg":
        found = _setup_cfg(text)
    elif base == "setup.py":
        found = _setup_py(text)
    elif base in ("environment.yml", "environment.yaml"):
        found = _conda(text)
    names: dict[str, int] = {}
    for name, line in found:
        names.setdefault(re.sub(r"[-_.]+", "-", name).lower(), line)
    return names


def _named(requirement: Any) -> str:
    match = _NAME.match(requirement) if isinstance(requirement, str) else None
    return match[1] if match else ""


def _line(text: str, name: str) -> int:
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    return next((i for i, line in enumerate(text.splitlines(), 1) if word.search(line)), 1)


def _toml(text: str) -> Iterator[tuple[str, int]]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    project = data.get("project", {})
    tool = data.get("tool", {})
    lists = [project.get("dependencies", []), data.get("build-system", {}).get("requires", [])]
    lists += list(project.get("optional-dependencies", {}).values())
    lists += list(data.get("dependency-groups", {}).values())
    poetry = tool.get("poetry", {})
    tables = [poetry.get("dependencies", {}), poetry.get("dev-dependencies", {})]
    tables += [group.get("dependencies", {}) for group in poetry.get("group", {}).values()]
    tables += [data.get("packages", {}), data.get("dev-packages", {})]
    tables += [tool.get("pdm", {}).get("dev-dependencies", {})]
    for requirements in [*lists, *tables]:
        for requirement in requirements:
            if (name := _named(requirement)) and name != "python":
                yield name, _line(text, name)


def _lines(text: str) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.partition(" #")[0].strip()
        if plain.startswith(("-e", "--editable", "git+", "http:", "https:", "file:")):
            source = plain.removeprefix("-e").removeprefix("--editable").strip(" =")
            _, _, egg = source.partition("#egg=")
            yield egg or PurePosixPath(source.partition("@")[0]).name or source, number
        elif plain and plain[0] not in "#-" and (name := _named(plain)):
            yield name, number


def _setup_cfg(text: str) -> Iterator[tuple[str, int]]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    wanted = [("options", key) for key in ("install_requires", "setup_requires", "tests_require")]
    if parser.has_section("options.extras_require"):
        wanted += [("options.extras_require", key) for key in parser["options.extras_require"]]
    for section, key in wanted:
        for line in parser.get(section, key, fallback="").replace(";", "\n;").splitlines():
            if not line.startswith(";") and (name := _named(line)):
                yield name, _line(text, name)


def _setup_py(text: str) -> Iterator[tuple[str, int]]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in (
            *("install_requires", "setup_requires", "tests_require", "extras_require"),
        ):
            for part in ast.walk(node.value):
                if isinstance(part, ast.Constant) and (name := _named(part.value)):
                    yield name, part.lineno


def _conda(text: str) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        if plain.startswith("- ") and not plain.endswith(":") and (name := _named(plain[2:])):
            yield name, number
