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

__all__ = [
    "arrange",
    "arrange_body",
    "arrange_imports",
    "arrange_tried",
    "arrange_unseen",
    "parted",
]

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
            _meet(touched, imports.meetings(module))
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


def _meet(touched: dict[str, str], met: Mapping[str, str]) -> None:
    """Join what a further module of one import touches; what differs conflicts with everything."""
    for resource, mode in met.items():
        if touched.setdefault(resource, mode) != mode:
            touched[resource] = WRITE


def _star(node: ast.ImportFrom, imports: Imports, tries: int) -> dict[str, str]:
    """A star import: as many names as its module gives, or nobody knows which."""
    names = None if tries else imports.star_names(imports.absolute(node))
    if names is None:
        return _effectful(Effects(inert=False))
    touched: dict[str, str] = {}
    for name in sorted(names) or ["__all__"]:
        single = ast.ImportFrom(node.module, [ast.alias(name)], node.level)
        _meet(touched, _import(single, imports, tries))
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


def parted(node: ast.ImportFrom) -> list[ast.stmt]:
    """`from m import a, b` as two statements."""
    if node.module == "__future__":
        return [node]
    return [
        ast.copy_location(ast.ImportFrom(node.module, [alias], node.level), node)
        for alias in node.names
    ]


def arrange_tried(node: ast.Try, site: Site) -> ast.AST:
    """Imports in `try: … except ImportError: …` are parted and in one order, as they are outside.

    Side conditions: nothing around catches what escapes, and no `finally`. In the `try` itself also
    that its one handler takes whatever an import raises, binds all names that the imports bind
    without looking at them or at the error, and runs nothing that might.
    """
    if site.tries or node.finalbody:
        return node
    if len(node.handlers) == 1 and _makes_up_for(node.handlers[0], _bound_in(node.body), site):
        node.body = _parted_block(node.body, site)
    for handler in node.handlers:
        handler.body = _parted_block(handler.body, site)
    node.orelse = _parted_block(node.orelse, site)
    return node


def _parted_block(body: list[ast.stmt], site: Site) -> list[ast.stmt]:
    if not any(isinstance(it, ast.Import | ast.ImportFrom) for it in body):
        return body
    flat = [p for it in body for p in (parted(it) if isinstance(it, ast.ImportFrom) else [it])]
    return arrange_imports(flat, site)


def _bound_in(body: Sequence[ast.stmt]) -> set[str]:
    """The names that imports of a block bind."""
    return {
        alias.asname or alias.name.partition(".")[0]
        for it in body
        if isinstance(it, ast.Import | ast.ImportFrom)
        for alias in it.names
    }


def _makes_up_for(handler: ast.ExceptHandler, names: set[str], site: Site) -> bool:
    """Whether after a handler nobody can tell which of these names were bound before it."""
    if handler.name or not _takes_import_errors(handler.type, site) or "*" in names:
        return False
    bound = _bound_in(handler.body)
    for statement in handler.body:
        match statement:
            case ast.Import() | ast.ImportFrom():
                pass
            case ast.Assign(value=ast.Constant() | ast.Name(), targets=targets):
                if not all(isinstance(it, ast.Name) for it in targets):
                    return False
                bound |= {it.id for it in targets if isinstance(it, ast.Name)}
            case ast.ClassDef(bases=[], keywords=[], decorator_list=[], body=[], name=name):
                bound.add(name)
            case ast.FunctionDef(decorator_list=[], name=name):
                bound.add(name)
            case _:
                return False
    read = (n for n in ast.walk(handler) if isinstance(n, ast.Name | ast.arg))
    return names <= bound and not any(
        isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id in names for n in read
    )


_WIDE = frozenset({"ImportError", "Exception", "BaseException"})


def _takes_import_errors(kind: ast.expr | None, site: Site) -> bool:
    """Whether a handler is for all that goes wrong when a module cannot be imported."""
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return kind is None or any(
        isinstance(it, ast.Name) and it.id in _WIDE and _is_left_alone(it.id, site) for it in kinds
    )


def _is_left_alone(name: str, site: Site) -> bool:
    """Whether nothing that is written down gives a builtin's name to something else."""
    facts = site.facts
    return (
        not any(name in scope.bound for scope in facts.scope.within())
        and not facts.imports.is_patched(name)
        and not any(isinstance(n, ast.Constant) and n.value == name for n in facts.nodes)
        and (not facts.star_imports or site.is_builtin(name))
    )


def arrange_unseen(node: ast.If, site: Site) -> ast.AST:
    """Imports for type checkers are parted and in one order: at run time there are none of them.

    Side conditions: the test is `typing.TYPE_CHECKING` and nothing else, which the tree never sets;
    the imports bind different names, which shows nobody which came last.
    """
    if not all(isinstance(it, ast.Import | ast.ImportFrom) for it in node.body):
        return node
    test = site.facts.dotted(node.test, site.scope)
    if test != "typing.TYPE_CHECKING" or site.facts.imports.is_patched("TYPE_CHECKING"):
        return node
    body = [p for it in node.body for p in (parted(it) if isinstance(it, ast.ImportFrom) else [it])]
    touches = [dict.fromkeys(_bound_in([it]), WRITE) for it in body]
    node.body = arrange(body, [_import_key(it) for it in body], touches)  # type: ignore[arg-type]
    return node


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
