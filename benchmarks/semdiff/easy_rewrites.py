# ruff: noqa: N802 - visitors are named for what they visit
"""Rewrites that change no meaning, made by tools that know nothing of our normal form.

Run by an interpreter that has black, ruff, isort and libcst:
`python easy_rewrites.py KIND FOLDER` rewrites every module below FOLDER in place.
"""

import ast
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import libcst as cst
from libcst.metadata import FunctionScope, MetadataWrapper, ParentNodeProvider, ScopeProvider

BIN = Path(sys.executable).parent


def tool(*command: str) -> Callable[[Path], None]:
    """A rewrite by a command-line tool."""

    def run(folder: Path) -> None:
        files = sorted(str(path) for path in folder.rglob("*.py"))  # named, hence never excluded
        subprocess.run([BIN / command[0], *command[1:], *files], check=False, capture_output=True)

    return run


def each(rewrite: Callable[[str], str]) -> Callable[[Path], None]:
    """A rewrite of one text after the other; what would not compile any more is left alone."""

    def run(folder: Path) -> None:
        for path in sorted(folder.rglob("*.py")):
            try:
                text = path.read_text(encoding="utf-8")
                new = rewrite(text)
                compile(new, str(path), "exec", dont_inherit=True)
            except (SyntaxError, UnicodeDecodeError, cst.ParserSyntaxError, RecursionError):
                continue
            path.write_text(new, encoding="utf-8")

    return run


def comments(text: str) -> str:
    """A comment above every statement, and behind some lines; the old ones go."""
    lines = text.splitlines(keepends=True)
    starts = {n.lineno: n.col_offset for n in ast.walk(ast.parse(text)) if isinstance(n, ast.stmt)}
    tokens = tokenize.generate_tokens(StringIO(text).readline)
    old = {t.start for t in tokens if t.type == tokenize.COMMENT and t.start[0] > 2}
    out = []
    for number, text_line in enumerate(lines, 1):
        line = text_line
        for row, column in old:
            if row == number:
                line = line[:column].rstrip() + "\n" if line[:column].strip() else "\n"
        indent = starts.get(number, -1)
        if indent >= 0 and not line[:indent].strip() and number > 2 and number % 3 == 0:
            out.append(" " * indent + f"# said at {number}\n")
        out.append(line)
    return "".join(out)


class _Docstrings(cst.CSTTransformer):
    """Says one more sentence in every docstring."""

    def _said(self, body: cst.BaseSuite | cst.Module) -> None:
        pass

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        return updated_node.with_changes(body=_reworded(updated_node.body))

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        if original_node not in self.bodies:
            return updated_node
        return updated_node.with_changes(body=_reworded(updated_node.body))

    def __init__(self) -> None:
        super().__init__()
        self.bodies: set[cst.CSTNode] = set()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.bodies.add(node.body)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.bodies.add(node.body)


def _reworded(body):
    match body:
        case [
            cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString() as s)]) as line,
            *rest,
        ]:
            if (
                s.prefix.lower() in {"", "r"}
                and len(s.quote) == 3
                and not s.raw_value.endswith(s.quote[0])
            ):
                value = f"{s.prefix}{s.quote}{s.raw_value} Said again.{s.quote}"
                return [line.with_changes(body=[cst.Expr(cst.SimpleString(value))]), *rest]
    return body


def docstrings(text: str) -> str:
    return cst.parse_module(text).visit(_Docstrings()).code


SEEN = re.compile(r"\b(locals|vars|eval|exec|dir)\b|_getframe|f_locals|currentframe")


class _Renamer(cst.CSTTransformer):
    METADATA_DEPENDENCIES = ()

    def __init__(self, names: dict[cst.CSTNode, str]) -> None:
        super().__init__()
        self.names = names

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        new = self.names.get(original_node)
        return updated_node.with_changes(value=new) if new else updated_node


def renamed_locals(text: str) -> str:
    """Every local of every function gets another name, by libcst's scopes."""
    if SEEN.search(text):
        return text
    wrapper = MetadataWrapper(cst.parse_module(text))
    scopes = set(wrapper.resolve(ScopeProvider).values())
    parents = wrapper.resolve(ParentNodeProvider)
    names: dict[cst.CSTNode, str] = {}
    for scope in scopes:
        if isinstance(scope, FunctionScope):
            for name in {a.name for a in scope.assignments}:
                names.update(_occurrences(scope, name, parents))
    return wrapper.module.visit(_Renamer(names)).code


def _occurrences(scope, name, parents) -> dict[cst.CSTNode, str]:
    found: dict[cst.CSTNode, str] = {}
    if name.startswith("__") or name == "_":
        return {}
    new = f"{name}_renamed"
    for assignment in scope[name]:
        node = getattr(assignment, "node", None)
        if assignment.scope is not scope or not isinstance(node, cst.Name):
            return {}
        above = parents.get(node)
        if isinstance(
            above, cst.Param | cst.Global | cst.Nonlocal | cst.NameItem | cst.ImportAlias
        ):
            return {}
        found[node] = new
        for access in assignment.references:
            if not isinstance(access.node, cst.Name):
                return {}
            if isinstance(parents.get(access.node), cst.NameItem):
                return {}
            found[access.node] = new
    return found


def reordered_functions(text: str) -> str:
    """Runs of plain top-level functions, reversed."""
    tree = ast.parse(text)
    return _reversed_runs(text, tree.body)


def reordered_methods(text: str) -> str:
    """Runs of plain methods, reversed, in every class."""
    count = sum(isinstance(n, ast.ClassDef) for n in ast.walk(ast.parse(text)))
    for number in range(count):
        classes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ClassDef)]
        text = _reversed_runs(text, classes[number].body)
    return text


def _reversed_runs(text: str, body: list[ast.stmt]) -> str:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    runs: list[list[ast.stmt]] = [[]]
    for statement in body:
        if _is_movable(statement, runs[-1]):
            runs[-1].append(statement)
        else:
            runs.append([])
    for run in runs:
        if len(run) > 1:
            first, last = run[0].lineno - 1, run[-1].end_lineno
            chunks = ["".join(lines[s.lineno - 1 : s.end_lineno]) for s in reversed(run)]
            rest = [""] * (last - first - 1)
            lines[first:last] = ["\n".join(chunks), *rest]
    return "".join(lines)


def _is_movable(node: ast.stmt, run: list[ast.stmt]) -> bool:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.decorator_list:
        return False
    defaults = [*node.args.defaults, *node.args.kw_defaults]
    if any(d is not None and not isinstance(d, ast.Constant) for d in defaults):
        return False
    return all(node.name != other.name for other in run)


def all_at_once(folder: Path) -> None:
    """Everything, one after the other."""
    for kind in ("docstrings", "renamed-locals", "reordered-functions", "sorted-imports"):
        KINDS[kind](folder)
    for kind in ("comments", "ruff", "black"):
        KINDS[kind](folder)


KINDS: dict[str, Callable[[Path], None]] = {
    "black": tool("black", "-q"),
    "ruff": tool("ruff", "format", "-q", "--isolated"),
    "ruff-check": tool(
        *("ruff", "check", "-q", "--isolated", "--fix", "--select", "I,E713,E714,UP034,Q,COM812,W")
    ),
    "comments": each(comments),
    "docstrings": each(docstrings),
    "renamed-locals": each(renamed_locals),
    "reordered-functions": each(reordered_functions),
    "reordered-methods": each(reordered_methods),
    "sorted-imports": tool("isort", "-q", "--profile", "black", "--force-sort-within-sections"),
    "all-at-once": all_at_once,
}

if __name__ == "__main__":
    KINDS[sys.argv[1]](Path(sys.argv[2]))
