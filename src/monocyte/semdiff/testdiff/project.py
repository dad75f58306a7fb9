"""What makes all tests weaker at once: configuration, conftests, pragmas, pipelines, held answers.

Each rule looks at two trees, and yields what it saw with the file in which it stands.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import NamedTuple

from monocyte.semdiff.sources import BadSource, Source, Tree
from monocyte.semdiff.testdiff.conventions import Conventions, Module, is_support
from monocyte.semdiff.testdiff.names import Names, shown
from monocyte.semdiff.testdiff.rules import Hit

__all__ = ["PROJECT_RULES", "Sides", "project_hits"]


class Sides(NamedTuple):
    """Both trees with what is known of their tests."""

    trees: tuple[Tree, Tree]
    rules: tuple[Conventions, Conventions]
    modules: tuple[dict[str, Module], dict[str, Module]]
    code: tuple[frozenset[str], frozenset[str]]
    """Files that are no tests."""
    differing: frozenset[str] = frozenset()
    """Files that differ, or that only one side has."""


Found = Iterator[tuple[str, Hit]]


def project_hits(sides: Sides) -> list[tuple[str, Hit]]:
    """All that the rules see, with the file in which it stands."""
    return [it for rule in PROJECT_RULES for it in rule(sides)]


def _text(source: Source | None) -> str:
    try:
        return source.data.decode("utf-8", "replace") if source else ""
    except BadSource:
        return ""


def _changed(sides: Sides, wanted: Callable[[str], bool]) -> Iterator[tuple[str, str, str]]:
    """Files that differ, with both texts; what is not there has none."""
    old, new = ({**it.others, **it.sources} for it in sides.trees)
    for path in sorted(sides.differing):
        if wanted(path):
            before, after = _text(old.get(path)), _text(new.get(path))
            if before != after:
                yield path, before, after


# -- configuration --------------------------------------------------------------------------------

LEAVES_OUT = (
    *("--deselect", "--ignore", "-k", "-m", "-p no:", "-pno:", "--collect-only", "--co", "--lf"),
    *(
        "--last-failed",
        "--sw",
        "--stepwise",
        "--setup-only",
        "--setup-plan",
        "-W ignore",
        "-Wignore",
    ),
    *("--runxfail", "--fixtures", "--version", "--noconftest", "--pyargs", "--suppress-no-test"),
    *("--ff", "--maxfail", "--exitfirst", "--disable-warnings", "--help", "-c ", "--override-ini"),
)


def options(sides: Sides) -> Found:
    """Pytest is told to leave tests out."""
    old, new = (" ".join(it.addopts) for it in sides.rules)
    path = sides.rules[1].path or sides.rules[0].path
    for word in LEAVES_OUT:
        if _times(word, new) > _times(word, old):
            yield path, Hit("deselected", f"`addopts` leaves tests out: `{new}`", 0)
    if _times("--strict", new) < _times("--strict", old):
        yield path, Hit("less-strict", "`addopts` is no longer strict", 0)
    for key in ("deselect", "ignore"):
        if key in sides.rules[1].settings and key not in sides.rules[0].settings:
            yield path, Hit("deselected", f"`{key}` has come", 0)


def _times(word: str, text: str) -> int:
    return len(re.findall(rf"(?:^|\s){re.escape(word)}", text))


def collection(sides: Sides) -> Found:
    """Files that were tests are none by the new configuration."""
    old, new = sides.rules
    path = new.path or old.path
    held = [it for it in sides.trees[1] if it.endswith(".py") and old.is_test_file(it)]
    lost = [it for it in held if not new.is_test_file(it)]
    if lost:
        yield (
            path,
            Hit("uncollected", f"{len(lost)} files are not collected: {', '.join(lost[:3])}", 0),
        )
    for key in ("functions", "classes"):
        if set(getattr(old, key)) - set(getattr(new, key)):
            yield path, Hit("uncollected", f"`python_{key}` was {getattr(old, key)}", 0, sure=False)


STRICT = ("xfail_strict", "strict", "strict_config", "strict_markers", "strict_xfail",
          "strict_parametrization_ids", "empty_parameter_set_mark")  # fmt: skip


def strictness(sides: Sides) -> Found:
    """What was an error is none."""
    old, new = (it.settings for it in sides.rules)
    path = sides.rules[1].path or sides.rules[0].path
    for key in STRICT:
        if _is_on(old, key) and not _is_on(new, key):
            yield path, Hit("less-strict", f"`{key}` was on", 0)
    before, after = (it.get("filterwarnings", "") for it in (old, new))
    if "error" in before and "error" not in after:
        yield path, Hit("less-strict", "warnings are no errors any more", 0)
    elif after.count("ignore") > before.count("ignore"):
        yield path, Hit("less-strict", "more warnings are ignored", 0, sure=False)


def _is_on(settings: dict[str, str], key: str) -> bool:
    return settings.get(key, "").lower() in ("true", "1", "yes", "on")


THRESHOLD = re.compile(
    r"(fail[_-]under|min[_-]coverage|minimum_coverage|threshold)[\"']?\s*[:= ]\s*"
    r"[\"']?(\d+(?:\.\d+)?)"
)
CONFIGURED = (
    *("*.toml", "*.cfg", "*.ini", "*.yml", "*.yaml", ".coveragerc*", "Makefile", "*.mk", "*.sh"),
    *("noxfile.py", "tasks.py", "justfile", "Jenkinsfile", "*.json", "conftest.py"),
)


def _is_configuration(path: str) -> bool:
    return any(fnmatch(PurePosixPath(path).name, it) for it in CONFIGURED)


def thresholds(sides: Sides) -> Found:
    """A threshold has been lowered, or taken away."""
    for path, before, after in _changed(sides, _is_configuration):
        old = [float(it) for _, it in THRESHOLD.findall(_bare(before))]
        new = [float(it) for _, it in THRESHOLD.findall(_bare(after))]
        if old and (not new or min(new) < min(old)):
            now = f"{min(new):g} now" if new else "gone"
            yield path, Hit("threshold-lowered", f"the threshold was {max(old):g}, and is {now}", 0)


def _bare(text: str) -> str:
    return "\n".join(line.partition("#")[0] for line in text.splitlines())


def coverage(sides: Sides) -> Found:
    """Coverage is told to look at less."""
    for path, before, after in _changed(sides, _is_configuration):
        if "cov" not in path and "cov" not in after:
            continue
        old, new = (_coverage_lines(it) for it in (before, after))
        for line in new - old:
            yield path, Hit("coverage-narrowed", f"coverage is told `{line}`", 0)
            break
        if re.search(r"branch\s*=\s*true", before, re.IGNORECASE) and not re.search(
            r"branch\s*=\s*true", after, re.IGNORECASE
        ):
            yield path, Hit("coverage-narrowed", "branches are not covered any more", 0)


def _coverage_lines(text: str) -> Counter[str]:
    """What stands under the keys that leave something out."""
    found: Counter[str] = Counter()
    under = False
    for line in text.splitlines():
        bare = line.strip()
        if re.match(r"(omit|exclude_lines|exclude_also|partial_branches)\b", bare):
            under = True
            found[bare] += 1
        elif (
            under and bare and (line[0] in " \t" or bare[0] in "\"']") and not bare.startswith("[")
        ):
            found[bare.strip(",")] += 1
        elif bare:
            under = False
    return found


PIPELINES = (
    "*.yml",
    "*.yaml",
    "tox.ini",
    "Makefile",
    "noxfile.py",
    "*.sh",
    "Jenkinsfile",
    "justfile",
)
HUSHED = re.compile(
    r"\|\|\s*(?:true|:|exit 0)|continue-on-error:\s*true|allow_failure:\s*true"
    r"|ignore_outcome\s*=\s*true|--deselect|--ignore[= ]|\s-k\s|--collect-only|set \+e"
    r"|if:\s*(?:false|\$\{\{\s*false)"
    r"|^\s*-\s*pytest\b.*;\s*true|success_codes",
    re.MULTILINE | re.IGNORECASE,
)


def pipelines(sides: Sides) -> Found:
    """What runs the tests no longer minds, or leaves some out, or does not run them."""

    def is_pipeline(path: str) -> bool:
        return any(fnmatch(PurePosixPath(path).name, it) for it in PIPELINES)

    for path, before, after in _changed(sides, is_pipeline):
        old, new = (Counter(HUSHED.findall(_bare(it))) for it in (before, after))
        for said in new - old:
            yield path, Hit("pipeline-hushed", f"`{said.strip()}` has come", 0)
            break
        runs = [len(re.findall(r"\bpytest\b|\bunittest\b", _bare(it))) for it in (before, after)]
        if runs[1] < runs[0]:
            yield path, Hit("pipeline-hushed", "the tests are run less often", 0, sure=True)


PRAGMA = re.compile(
    r"#.*?\b(pragma:? *no *(?:cover|branch|mutate)|coverage: ignore|no-?mutate)", re.IGNORECASE
)


def pragmas(sides: Sides) -> Found:
    """Code is taken out of coverage's sight."""
    for path, before, after in _changed(sides, lambda it: it.endswith(".py")):
        if not before:
            continue
        old, new = (Counter(PRAGMA.findall(it)) for it in (before, after))
        for said in new - old:
            line = next(i for i, it in enumerate(after.splitlines(), 1) if said in it)
            yield path, Hit("pragma", f"`{said}` has come", line)
            break


# -- conftests and plugins ------------------------------------------------------------------------

HOOKS = frozenset(
    {
        "pytest_runtest_makereport",
        "pytest_collection_modifyitems",
        "pytest_ignore_collect",
        "pytest_collect_file",
        "pytest_collect_directory",
        "pytest_pycollect_makeitem",
        "pytest_pycollect_makemodule",
        "pytest_runtest_protocol",
        "pytest_runtest_call",
        "pytest_runtest_setup",
        "pytest_runtestloop",
        "pytest_pyfunc_call",
        "pytest_sessionfinish",
        "pytest_exception_interact",
        "pytest_report_teststatus",
        "pytest_generate_tests",
        "pytest_fixture_setup",
        "pytest_itemcollected",
        "pytest_collection",
        "pytest_cmdline_main",
        "pytest_load_initial_conftests",
        "pytest_cmdline_preparse",
        "pytest_runtest_logreport",
        "pytest_unconfigure",
        "pytest_make_parametrize_id",
        "pytest_terminal_summary",
    }
)
"""Hooks of pytest that can change what is collected, what is run, and what came out."""


def hooks(sides: Sides) -> Found:
    """A hook has come, or changed, that decides what runs and what counts."""
    for path, new in sides.modules[1].items():
        old = sides.modules[0].get(path)
        before = _hooks(old) if old else {}
        moved = {said for it in sides.modules[0].values() for said, _ in _hooks(it).values()}
        for name, (said, line) in _hooks(new).items():
            if said not in moved:
                how = "differs" if name in before else "has come"
                yield path, Hit("conftest-hook", f"the hook `{name}` {how}", line)


def _hooks(module: Module) -> dict[str, tuple[str, int]]:
    """Hooks by name, as they are written; whatever is bound to a hook's name is one."""
    found = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in HOOKS:
            found[node.name] = (ast.dump(node), node.lineno)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id in HOOKS:
                    found[target.id] = (ast.dump(node), node.lineno)
    return found


LISTS = ("collect_ignore", "collect_ignore_glob", "pytest_plugins")


def ignored(sides: Sides) -> Found:
    """A conftest tells pytest to pass files over, or brings plugins."""
    for path, new in sides.modules[1].items():
        old = sides.modules[0].get(path)
        for name in LISTS:
            before = _bound(old, name) if old else ""
            after = _bound(new, name)
            if after and after != before:
                rule = "plugin" if name == "pytest_plugins" else "uncollected"
                yield path, Hit(rule, f"`{name}` is `{after}` now", 0)


def _bound(module: Module, name: str) -> str:
    said = []
    for node in ast.walk(module.tree):
        targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            named = any(isinstance(it, ast.Name) and it.id == name for it in targets)
            said += [shown(node.value)] if named and node.value else []
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=called))) if called == name:
                said.append(shown(node))
    return ", ".join(said)


def autouse(sides: Sides) -> Found:
    """A fixture that every test uses has come, or differs, and replaces or skips something."""
    for path, new in sides.modules[1].items():
        old = sides.modules[0].get(path)
        before = _autouse(old) if old else {}
        for name, (said, line, words) in _autouse(new).items():
            if name not in before or before[name][0] != said:
                why = words & ACTING
                if why:
                    what = f"the fixture `{name}`, which all tests use, does `{min(why)}`"
                    yield path, Hit("autouse", what, line)


ACTING = frozenset({"setattr", "patch", "setitem", "skip", "xfail", "modules", "delattr", "Mock",
                    "MagicMock", "object", "suppress", "__code__", "exit"})  # fmt: skip


def _autouse(module: Module) -> dict[str, tuple[str, int, frozenset[str]]]:
    found = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_autouse(node):
            words = {
                it.id if isinstance(it, ast.Name) else it.attr
                for it in ast.walk(node)
                if isinstance(it, ast.Name | ast.Attribute)
            }
            found[node.name] = (ast.dump(node), node.lineno, frozenset(words))
    return found


META = re.compile(r"^(sys\.modules|builtins\.|sys\.path|sys\.meta_path|importlib)")


def _is_autouse(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    calls = [it for it in node.decorator_list if isinstance(it, ast.Call)]
    said = [shown(kw.value) for it in calls for kw in it.keywords if kw.arg == "autouse"]
    return any(it != "False" for it in said)


def at_import(sides: Sides) -> Found:
    """Files of the tests do something to the interpreter or the code as they are imported."""
    project = _tops(sides)
    for path, new in sides.modules[1].items():
        old = sides.modules[0].get(path)
        before = {said for said, _ in _acts(old, project)} if old else set()
        for said, line in _acts(new, project):
            if said not in before:
                yield path, Hit("tampered", f"`{said}` runs when it is imported", line, sure=True)


def _tops(sides: Sides) -> frozenset[str]:
    parts = [PurePosixPath(it).parts for it in sides.code[0]]
    return frozenset(
        (it[1] if it[0] == "src" and len(it) > 1 else it[0]).removesuffix(".py") for it in parts
    )


def _acts(module: Module, project: frozenset[str]) -> Iterator[tuple[str, int]]:
    names = Names(module.tree)
    for node in module.tree.body:
        inner = (
            [node]
            if not isinstance(node, ast.If | ast.Try | ast.For | ast.With)
            else ast.walk(node)
        )
        for it in inner:
            targets = it.targets if isinstance(it, ast.Assign) else []
            for target in targets:
                value = (
                    target.value if isinstance(target, ast.Subscript | ast.Attribute) else target
                )
                dotted = names.dotted(value)
                whole = names.dotted(target) or dotted
                if isinstance(target, ast.Name):
                    continue
                if META.match(f"{whole}.") or dotted.partition(".")[0] in project | {"pytest"}:
                    yield shown(it), it.lineno  # type: ignore[attr-defined]
            if isinstance(it, ast.Expr) and isinstance(it.value, ast.Call):
                dotted = names.dotted(it.value.func)
                is_path = dotted.startswith(("sys.path", "sys.modules"))
                first = it.value.args[0] if it.value.args else None
                owner = names.dotted(first) if first and dotted == "setattr" else ""
                if is_path or owner.partition(".")[0] in project | {"pytest"}:
                    yield shown(it), it.lineno


def shadows(sides: Sides) -> Found:
    """A file of the tests goes by the name of what is tested."""
    project = _tops(sides)
    for path in sorted(set(sides.trees[1]) - set(sides.trees[0])):
        pure = PurePosixPath(path)
        if not is_support(path, sides.rules[1]) and pure.name != "sitecustomize.py":
            continue
        names = {pure.stem, *(pure.parts[-2:-1] if pure.name == "__init__.py" else ())}
        if names & project - {"__init__", "conftest", "tests", "test"} or pure.name in CUSTOMIZE:
            yield path, Hit("shadowed", "it goes by the name of what is tested", 0)


CUSTOMIZE = frozenset({"sitecustomize.py", "usercustomize.py"})


# -- held answers ---------------------------------------------------------------------------------

SNAPSHOTS = ("*.ambr", "*.snap", "*.golden", "*.expected", "*.approved.*", "*.out", "*.ref")
CONFIG_SUFFIXES = frozenset({".ini", ".cfg", ".toml", ".md", ".rst", ".lock"})


def goldens(sides: Sides) -> Found:
    """An answer that is held in a file of the tests differs now, or has gone."""

    def is_data(path: str) -> bool:
        pure = PurePosixPath(path)
        if path.endswith(".py") or pure.suffix in CONFIG_SUFFIXES:
            return False
        held = is_support(path, sides.rules[0]) or any(fnmatch(pure.name, it) for it in SNAPSHOTS)
        return held and path in sides.trees[0].others

    for path, before, after in _changed(sides, is_data):
        if path not in sides.trees[1].others:
            yield path, Hit("golden-changed", "a file that tests are held against has gone", 0)
        elif before.split() != after.split():
            what = "a file that tests are held against differs"
            yield path, Hit("golden-changed", what, 0, sure=False)


def unreadable(sides: Sides) -> Found:
    """A file of the tests can no longer be read."""
    for path in sorted(sides.modules[0]):
        if path in sides.trees[1] and path not in sides.modules[1]:
            yield path, Hit("unreadable", "its tests cannot be read any more", 0)


ProjectRule = Callable[[Sides], Found]

PROJECT_RULES: tuple[ProjectRule, ...] = (
    options,
    collection,
    strictness,
    thresholds,
    coverage,
    pipelines,
    pragmas,
    hooks,
    ignored,
    autouse,
    at_import,
    shadows,
    goldens,
    unreadable,
)
