"""What a package answers while its suite runs: every plain value that a function of it returns.

Loaded by `suite_run.py` alone, in the environment that the suite needs. It knows nothing of our
guards, nor of who reads what: a value is plain if it is a string, a number, or made of such, and it
is kept as a digest, under the file and the qualified name of the function. To hear it, each
`return x` of the package is compiled as `return __heard__(name, x)`, on the very same line.
Afterwards every module is imported, and what its globals hold is kept in the same way.
"""

import ast
import builtins
import contextlib
import hashlib
import importlib
import importlib.machinery
import sys
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

PLAIN = (str, bytes, int, float, complex, bool, type(None))
MOST = 400
"""Different answers of one function that are kept."""
OWN = frozenset({"__doc__", "__file__", "__cached__", "__path__", "__name__", "__spec__"})


class Answers:
    """Hears the modules below a folder that are imported after `start`; `told` are the digests."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.told: dict[str, set[str]] = {}

    def start(self) -> None:
        """Compile what is imported from now on so that it can be heard."""
        builtins.__heard__ = self._heard  # type: ignore[attr-defined]
        plain = importlib.machinery.SourceFileLoader.source_to_code

        def source_to_code(loader: Any, data: Any, path: Any, **more: Any) -> CodeType:
            if not str(path).startswith(self.folder) or "/tests/" in str(path):
                return plain(loader, data, path, **more)
            name = Path(path).relative_to(self.folder).as_posix()
            tree = _Heard(name).visit(ast.parse(data, path))
            return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)

        importlib.machinery.SourceFileLoader.source_to_code = source_to_code  # type: ignore[method-assign]

    def _heard(self, name: str, answer: Any) -> Any:
        self._keep(name, answer)
        return answer

    def _keep(self, name: str, answer: Any) -> None:
        if not is_plain(answer):
            return
        known = self.told.setdefault(name, set())
        if len(known) < MOST:
            text = repr(answer).replace(self.folder, "")
            known.add(hashlib.md5(text.encode("utf-8", "replace")).hexdigest()[:12])  # noqa: S324

    def globals_of_all(self) -> None:
        """Import every module of the folder, and keep what their globals hold."""
        for path in sorted(Path(self.folder).rglob("*.py")):
            parts = path.relative_to(self.folder).with_suffix("").parts
            if parts[-1] in {"__main__", "setup", "conftest"} or "tests" in parts:
                continue
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            module = sys.modules.get(name) or imported(name)
            if module is None or str(path) != getattr(module, "__file__", None):
                continue
            for word, value in sorted(vars(module).items()):
                if word not in OWN:
                    self._keep(f"{path.relative_to(self.folder).as_posix()}:<module> {word}", value)


def imported(name: str) -> ModuleType | None:
    """A module, or None where it cannot be imported here."""
    with contextlib.suppress(BaseException):
        return importlib.import_module(name)
    return None


def is_plain(value: Any, depth: int = 3) -> bool:
    """Whether a value is made of plain ones only, and its `repr` therefore says all of it."""
    if type(value) in PLAIN:
        return True
    if not depth or type(value) not in (tuple, list, dict) or len(value) > 200:
        return False
    inner = [*value, *value.values()] if type(value) is dict else value
    return all(is_plain(it, depth - 1) for it in inner)


class _Heard(ast.NodeTransformer):
    """Wraps what functions return; generators say nothing of value when they end."""

    def __init__(self, path: str) -> None:
        self.names = [f"{path}:"]

    def _inside(self, node: Any) -> Any:
        self.names.append(f"{self.names[-1]}.{node.name}" if len(self.names) > 1 else node.name)
        self.generic_visit(node)
        self.names.pop()
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _inside  # noqa: N815

    def visit_Return(self, node: ast.Return) -> ast.Return:
        if node.value is not None:
            name = ast.Constant(self.names[0] + self.names[-1])
            call = ast.Call(ast.Name("__heard__", ast.Load()), [name, node.value], [])
            node.value = ast.copy_location(call, node.value)
        return node
