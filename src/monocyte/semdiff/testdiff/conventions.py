"""Which functions of a tree are tests, as pytest and unittest find them, by reading alone.

Configuration is read as pytest reads it: the first file that speaks of pytest decides.
"""

from __future__ import annotations

import ast
import configparser
import shlex
import tomllib
import warnings
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from monocyte.semdiff.sources import BadSource, Source, Tree

__all__ = ["Conventions", "Module", "Test", "conventions", "is_support", "module_of"]

CONFIGS = (
    ("pytest.toml", "pytest"),
    (".pytest.toml", "pytest"),
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("pyproject.toml", "tool.pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)
"""Where pytest is configured, and under which heading, in the order in which pytest looks."""

FOLDERS = frozenset({"test", "tests", "testing", "testsuite"})
"""Folders whose files belong to the tests, whatever they are."""

NO_RECURSE = ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}")


@dataclass(frozen=True)
class Conventions:
    """What counts as a test here, and what pytest is told besides."""

    path: str = ""
    """The file that says so, if there is one."""
    files: tuple[str, ...] = ("test_*.py", "*_test.py")
    functions: tuple[str, ...] = ("test",)
    classes: tuple[str, ...] = ("Test",)
    folders: tuple[str, ...] = ()
    """`testpaths`: where tests are looked for; everywhere, if empty."""
    imports: tuple[str, ...] = ()
    """`pythonpath`"""
    addopts: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = NO_RECURSE
    settings: dict[str, str] = field(default_factory=dict)
    """All that is set, as text."""

    def is_test_file(self, path: str) -> bool:
        """Whether pytest collects this file by itself."""
        pure = PurePosixPath(path)
        if any(fnmatch(part, it) for part in pure.parts[:-1] for it in self.passed_over):
            return False
        inside = not self.folders or any(_within(path, it) for it in self.folders)
        return inside and any(fnmatch(pure.name, it) for it in self.files)

    def is_function(self, name: str) -> bool:
        """Whether a function of that name is a test."""
        return _named(name, self.functions)

    def is_class(self, name: str) -> bool:
        """Whether a plain class of that name holds tests."""
        return _named(name, self.classes)


def _named(name: str, patterns: Sequence[str]) -> bool:
    return any(name.startswith(it) or ("*" in it and fnmatch(name, it)) for it in patterns)


def _within(path: str, folder: str) -> bool:
    folder = folder.strip("/").removeprefix("./")
    return folder in ("", ".") or path == folder or fnmatch(path, f"{folder}/*")


def conventions(tree: Tree) -> Conventions:
    """The conventions of a tree, at its root."""
    for path, heading in CONFIGS:
        settings = _settings(tree, path, heading)
        if settings is not None:
            return _made(path, settings)
    return Conventions()


def _made(path: str, settings: dict[str, str]) -> Conventions:
    usual = Conventions()

    def words(key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_split(settings[key])) if key in settings else default

    return Conventions(
        path=path,
        files=words("python_files", usual.files),
        functions=words("python_functions", usual.functions),
        classes=words("python_classes", usual.classes),
        folders=words("testpaths", ()),
        imports=words("pythonpath", ()),
        addopts=words("addopts", ()),
        passed_over=words("norecursedirs", usual.passed_over),
        settings=settings,
    )


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _text(source: Source | None) -> str | None:
    try:
        return source.data.decode("utf-8", "replace") if source else None
    except BadSource:
        return None


def _settings(tree: Tree, path: str, heading: str) -> dict[str, str] | None:
    text = _text(tree.others.get(path))
    if text is None:
        return None
    if path.endswith(".toml"):
        return _from_toml(text, heading)
    return _from_ini(text, heading, path.endswith("pytest.ini"))


def _from_ini(text: str, heading: str, always: bool) -> dict[str, str] | None:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {} if always else None
    if parser.has_section(heading):
        return {key: value or "" for key, value in parser[heading].items()}
    return {} if always else None


def _from_toml(text: str, heading: str) -> dict[str, str] | None:
    try:
        found: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    for part in heading.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        return None
    held = {**found, **found.get("ini_options", {})}
    return {key: _flat(value) for key, value in held.items() if key != "ini_options"}


def _flat(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(shlex.quote(str(it)) for it in value)
    return str(value)


# -- the tests of one file ------------------------------------------------------------------------

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, eq=False)
class Test:
    """One test function, where it stands."""

    __test__ = False

    path: str
    name: str
    """Qualified name."""
    node: Function
    owners: tuple[ast.ClassDef, ...] = ()
    """The classes around it, outermost first."""

    @property
    def key(self) -> tuple[str, str]:
        """What names it: its file and its qualified name."""
        return self.path, self.name


class Module:
    """One Python file of the tests: its tree, its tests, and all that is not a test in it."""

    def __init__(self, path: str, tree: ast.Module, rules: Conventions) -> None:
        self.path, self.tree, self.rules = path, tree, rules

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        """The classes of the module by name."""
        return {it.name: it for it in self.tree.body if isinstance(it, ast.ClassDef)}

    @cached_property
    def tests(self) -> dict[str, Test]:
        """Its tests by qualified name; of several of one name the last, which is the one bound."""
        found = {it.name: it for it in self._found(self.tree.body, ())}
        return {name: it for name, it in found.items() if name not in self._hidden}

    def _found(self, body: Sequence[ast.stmt], owners: tuple[ast.ClassDef, ...]) -> Iterator[Test]:
        for node in body:
            if isinstance(node, Function):
                wanted = node.name.startswith("test") if self._is_case(owners) else None
                if self.rules.is_function(node.name) if wanted is None else wanted:
                    name = ".".join([*(it.name for it in owners), node.name])
                    yield Test(self.path, name, node, owners)
            elif isinstance(node, ast.ClassDef) and self.holds_tests(node):
                yield from self._found(node.body, (*owners, node))
            elif isinstance(node, ast.If | ast.Try | ast.With):
                parts = [getattr(node, it, []) for it in ("body", "orelse", "finalbody")]
                yield from self._found([it for part in parts for it in part], owners)

    def holds_tests(self, node: ast.ClassDef) -> bool:
        """Whether a class is collected, or is what collected classes derive from."""
        if self.rules.is_class(node.name) or self._is_unittest(node):
            return True
        heirs = [it for it in self.classes.values() if node.name in _bases(it)]
        return any(it is not node and self.holds_tests(it) for it in heirs)

    def _is_case(self, owners: tuple[ast.ClassDef, ...]) -> bool:
        return bool(owners) and self._is_unittest(owners[-1])

    def _is_unittest(self, node: ast.ClassDef, depth: int = 0) -> bool:
        for base in _bases(node):
            if base.endswith("TestCase"):
                return True
            outer = self.classes.get(base, node)
            if outer is not node and depth < 10 and self._is_unittest(outer, depth + 1):
                return True
        return False

    def uncollected(self, name: str) -> str:
        """Why something of a test's name is there, and is no test; empty if it is not there."""
        if name in self._hidden:
            return f"is not collected: {self._hidden[name]}"
        last = name.rpartition(".")[2]
        for node in ast.walk(self.tree):
            if isinstance(node, Function) and node.name.strip("_").endswith(
                last.removeprefix("test")
            ):
                if node.name == last:
                    return "is there, and is not collected"
                if node.name.lstrip("_") in (last, f"no{last}", f"x{last}", f"disabled_{last}"):
                    return f"is not collected: it is called `{node.name}`"
        return ""

    @cached_property
    def helpers(self) -> list[Test]:
        """Functions and methods that are no tests: fixtures, set-up, helpers."""
        tests = {id(it.node) for it in self.tests.values()}
        found = []
        for owners, body in [
            ((), self.tree.body),
            *(((it,), it.body) for it in self.classes.values()),
        ]:
            for node in body:
                if isinstance(node, Function) and id(node) not in tests:
                    name = ".".join([*(it.name for it in owners), node.name])
                    found.append(Test(self.path, name, node, owners))
        return found

    @cached_property
    def _hidden(self) -> dict[str, str]:
        """Names that are kept from being collected, and how."""
        found: dict[str, str] = {}
        for node in self.tree.body:
            for target, value in _bindings(node):
                if target == "__test__" and value == "False":
                    found.update(dict.fromkeys(self._every, "`__test__ = False`"))
                elif target.endswith(".__test__") and value == "False":
                    found |= self._below(target.removesuffix(".__test__"), f"`{target} = False`")
                elif target in self._every or target in self.classes:
                    found |= self._below(target, f"`{target}` is bound to something else")
            if isinstance(node, ast.ClassDef):
                said = {target: value for it in node.body for target, value in _bindings(it)}
                if said.get("__test__") == "False":
                    found |= self._below(node.name, "`__test__ = False`")
                elif not self._is_unittest(node) and _has_init(node):
                    found |= self._below(node.name, "its class has an `__init__`")
        return found

    def _below(self, name: str, why: str) -> dict[str, str]:
        return {it: why for it in self._every if it == name or it.startswith(f"{name}.")}

    @cached_property
    def _every(self) -> frozenset[str]:
        return frozenset(it.name for it in self._found(self.tree.body, ()))

    @cached_property
    def rest(self) -> Counter[Part]:
        """All that is not a test: what its tests may rest on."""
        names = {id(it.node) for it in self.tests.values()}
        return Counter(_parts(self.tree.body, names, ""))

    def resting(self, names: Collection[str]) -> set[str]:
        """The tests that mention one of these names, or something that does, and so on."""
        if "" in names:
            return set(self.tests)
        words = {it.name: _words(it.node) for it in [*self.helpers, *self.tests.values()]}
        words |= {name: _words(node) for name, node in self.classes.items()}
        reached = set(names)
        grown = True
        while grown:
            more = {
                name
                for name, inside in words.items()
                if name not in self.tests and name not in self.classes and inside & reached
            } | {name.rpartition(".")[2] for name in reached}
            grown = not more <= reached
            reached |= more
        return {
            name
            for name, it in self.tests.items()
            if words[name] & reached or {owner.name for owner in it.owners} & reached
        }


def _bases(node: ast.ClassDef) -> list[str]:
    return [
        it.attr if isinstance(it, ast.Attribute) else getattr(it, "id", "") for it in node.bases
    ]


def _bindings(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """What a statement binds, and to what, as source."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield ast.unparse(target), ast.unparse(node.value)
    elif isinstance(node, ast.Delete):
        for target in node.targets:
            yield ast.unparse(target), ""


def _has_init(node: ast.ClassDef) -> bool:
    names = {it.name for it in node.body if isinstance(it, Function)}
    return bool(names & {"__init__", "__new__"})


Part = tuple[str, str]
"""A statement that is no test: the name that it binds, or none, and what it says."""


def _parts(body: Sequence[ast.stmt], left_out: set[int], owner: str) -> Iterator[Part]:
    for node in body:
        if id(node) in left_out or _is_text(node):
            continue
        if isinstance(node, ast.ClassDef):
            head = [*node.bases, *node.keywords, *node.decorator_list]
            yield owner or node.name, f"class {node.name} {[ast.dump(it) for it in head]}"
            yield from _parts(node.body, left_out, owner or node.name)
        else:
            said = ast.dump(node)
            for name in [owner] if owner else _bound(node):
                yield name, said


def _bound(node: ast.stmt) -> list[str]:
    """The names that a statement binds, and may be known by; empty where it may do anything."""
    match node:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [it.asname or it.name.partition(".")[0] for it in names]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            is_for_all = any("autouse" in ast.dump(it) for it in node.decorator_list)
            return (
                [""] if is_for_all or name.startswith(("pytest_", "setup", "teardown")) else [name]
            )
        case ast.Delete(targets=targets):
            return [it.id if isinstance(it, ast.Name) else "" for it in targets]
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name), attr="__test__")]):
            return [name]
        case ast.Assign(targets=[ast.Name(id=name)]):
            return [""] if name in ("pytestmark", "__test__", "pytest_plugins") else [name]
        case _:
            return [""]


def _words(node: ast.AST) -> frozenset[str]:
    """Every name in some code: variables, attributes, parameters, and words in texts."""
    found: set[str] = set()
    for it in ast.walk(node):
        match it:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                found.add(name)
            case ast.Constant(value=str(text)) if text.isidentifier():
                found.add(text)
    return frozenset(found)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_support(path: str, rules: Conventions) -> bool:
    """Whether a file belongs to the tests: a test, a conftest, or beside them, data included."""
    pure = PurePosixPath(path)
    if pure.name == "conftest.py" or rules.is_test_file(path):
        return True
    if any(fnmatch(pure.name, it) for it in rules.files):
        return True
    folders = [it for it in rules.folders if it.strip("./")]
    return bool(FOLDERS & set(pure.parts[:-1])) or any(_within(path, it) for it in folders)


def module_of(source: Source, rules: Conventions) -> Module | None:
    """A file of the tests, read; None if it cannot be."""
    parsed = _parsed(source)
    return Module(source.path, parsed, rules) if parsed is not None else None


def _parsed(source: Source) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.python)
    except (BadSource, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
