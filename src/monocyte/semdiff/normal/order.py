"""One order for statements whose order has no meaning.

Two neighbours may swap when they touch nothing in conflicting ways; of all the orders that such
swaps can reach, the lexicographically smallest is the normal form (Cartier and Foata's traces).
What a statement touches is a table: resource to mode. Equal commuting modes do not conflict.
"""

from __future__ import annotations

import ast
import heapq
import sys
from collections.abc import Mapping, Sequence
from typing import TypeVar

from monocyte.semdiff.normal.effects import Effects, reach_of
from monocyte.semdiff.normal.imports import Imports
from monocyte.semdiff.normal.rewriter import Site

__all__ = ["arrange", "arrange_body", "arrange_imports"]

T = TypeVar("T")
Touches = Mapping[str, str]
Importing = ast.Import | ast.ImportFrom

WRITE = "write"
"""The one mode that conflicts with itself."""


_FALLIBLE = frozenset(
    {"curses", "readline", "fcntl", "msvcrt", "winreg", "winsound", "pwd", "grp", "termios", "tty"}
    | {"pty", "resource", "syslog", "sqlite3", "ssl", "tkinter", "lzma", "bz2", "zlib", "dbm"}
    | {"crypt", "spwd", "nis", "ossaudiodev", "tomllib", "_winapi", "asyncio"}
)
"""Standard modules that some builds lack."""


def _touches(
    node: ast.stmt, effects: Effects, reach: set[str], imports: Imports, tries: int = 0
) -> Touches:
    """What a statement touches, and in which mode."""
    if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
        return _star(node, imports, tries)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return _import(node, imports, tries)
    if not effects.inert:
        return _effectful(effects)
    touched = dict.fromkeys(effects.reads, "read") | dict.fromkeys(effects.binds, WRITE)
    if reach & (effects.reads | effects.binds):
        touched["!reach"] = "inert"
    touched["!module"] = touched["!star"] = "inert"
    return touched


def _effectful(effects: Effects) -> dict[str, str]:
    named = dict.fromkeys(effects.reads, "read") | dict.fromkeys(effects.binds, WRITE)
    return {**named, "!reach": WRITE, "!imports": WRITE, "!sensitive": WRITE, "!star": WRITE}


def _import(node: ast.Import | ast.ImportFrom, imports: Imports, tries: int) -> dict[str, str]:
    touched = {"!imports": "import", "!star": "import"}
    for alias in node.names:
        bound = alias.asname or alias.name.partition(".")[0]
        plain = isinstance(node, ast.Import) and alias.asname is None
        touched[bound] = f"import {bound}" if plain else WRITE
        for module in _modules(node, alias, imports):
            touched.update(_submodules(module))
            match imports.sensitivity(module):
                case "loud":
                    touched["!sensitive"] = f"import {imports.entry(module)}"
                case "listening":
                    touched.setdefault("!sensitive", "listen")
            if imports.comes_back(module):
                touched["!module"] = f"import {imports.entry(module)}"
        parts = {part for it in _modules(node, alias, imports) for part in it.split(".")}
        if "!module" not in touched and any(map(imports.is_sought, {bound, *parts})):
            touched["!module"] = "inert"  # whoever comes back looks for it in what is half-made
        if isinstance(node, ast.ImportFrom):
            package = imports.absolute(node)
            if imports.may_shadow(package, alias.name):
                touched[f"!sub {package}.{alias.name}"] = "from"
        if tries:
            sure = isinstance(node, ast.Import) and _cannot_fail(alias.name)
            touched["!fails"] = "fine" if sure else WRITE
    return touched


def _star(node: ast.ImportFrom, imports: Imports, tries: int) -> dict[str, str]:
    """A star import: as many names as its module gives, or nobody knows which."""
    names = None if tries else imports.star_names(imports.absolute(node))
    if names is None:
        return _effectful(Effects(inert=False))
    touched: dict[str, str] = {}
    for name in sorted(names) or ["__all__"]:
        single = ast.ImportFrom(node.module, [ast.alias(name)], node.level)
        touched.update(_import(single, imports, tries))
    return touched


def _modules(node: ast.Import | ast.ImportFrom, alias: ast.alias, imports: Imports) -> list[str]:
    """The modules that an import runs if nobody has before; what decides its place comes last."""
    if isinstance(node, ast.Import):
        return [alias.name]
    package = imports.absolute(node)
    inner = f"{package}.{alias.name}"
    return [package, inner] if imports.is_module(inner) else [package]


def _submodules(module: str) -> dict[str, str]:
    """Importing a.b.c sets b on a, and c on a.b."""
    parts = module.split(".")
    return {f"!sub {'.'.join(parts[:n])}": "import" for n in range(2, len(parts) + 1)}


def _cannot_fail(module: str) -> bool:
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names and "." not in module and top not in _FALLIBLE


def arrange(items: Sequence[T], keys: Sequence[str], touches: Sequence[Touches]) -> list[T]:
    """The items in the one order that stands for all orders which only swap what may swap."""
    followers, waiting = _conflicts(touches)
    ready = [(keys[n], n) for n in range(len(items)) if not waiting[n]]
    heapq.heapify(ready)
    arranged: list[T] = []
    while ready:
        _, n = heapq.heappop(ready)
        arranged.append(items[n])
        for later in followers[n]:
            waiting[later] -= 1
            if not waiting[later]:
                heapq.heappush(ready, (keys[later], later))
    return arranged


def _conflicts(touches: Sequence[Touches]) -> tuple[list[set[int]], list[int]]:
    """Edges from each item to later ones that must stay behind it, and how many each waits for."""
    followers: list[set[int]] = [set() for _ in touches]
    groups: dict[str, tuple[str, list[int], list[int]]] = {}
    for n, touched in enumerate(touches):
        for resource, mode in touched.items():
            current, members, before = groups.get(resource, ("", [], []))
            if mode == WRITE or mode != current:
                members, before = [], members
                groups[resource] = (mode, members, before)
            for earlier in before:
                followers[earlier].add(n)
            members.append(n)
    waiting = [0] * len(touches)
    for later in (n for edges in followers for n in edges):
        waiting[later] += 1
    return followers, waiting


def arrange_imports(body: list[ast.stmt], site: Site) -> list[ast.stmt]:
    """Imports that stand together in a block, in one order.

    Side conditions, per pair: different names bound (or both `import a.…`), no star, neither in a
    cycle, not both sensitive, no name that is a submodule for one and an attribute for the other;
    inside `try` also that neither can fail.
    """
    done: list[ast.stmt] = []
    run: list[Importing] = []
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            run.append(statement)
            continue
        done += _arrange_run(run, site)
        run = []
        done.append(statement)
    return done + _arrange_run(run, site)


def _arrange_run(run: list[Importing], site: Site) -> list[Importing]:
    if len(run) < 2:
        return run
    touches = [_touches(s, Effects(), set(), site.facts.imports, site.tries) for s in run]
    return arrange(run, [_import_key(s) for s in run], touches)


def _import_key(node: Importing) -> str:
    """What is imported, whatever it is called here: a renamed variable must not move it."""
    origin = f"{node.level} {node.module}" if isinstance(node, ast.ImportFrom) else ""
    return f"{origin} {[alias.name for alias in node.names]}"


def arrange_body(
    body: Sequence[tuple[ast.stmt, Effects, str]], imports: Imports
) -> list[tuple[ast.stmt, Effects, str]]:
    """The statements of a module or class (with effects and keys), in one order."""
    reach = reach_of((statement, effects) for statement, effects, _ in body)
    touches = [_touches(statement, effects, reach, imports) for statement, effects, _ in body]
    return arrange(body, [key for _, _, key in body], touches)
