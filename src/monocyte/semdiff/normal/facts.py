"""What rules may rely on in one module: which names are builtins, stable, private to a frame.

Everything here errs on the side of "no": a fact is claimed only where nothing in the module can
break it. What other modules do to this one from outside (assign to its globals, to builtins) is
outside the observation model; doing it from inside is looked for.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from functools import cached_property
from typing import Any

from monocyte.semdiff.normal.assigned import maybe_unbound
from monocyte.semdiff.normal.imports import NO_TREE, Imports
from monocyte.semdiff.normal.namespaces import NAMESPACES, rebinds_unseen
from monocyte.semdiff.scopes import BUILTINS, FUNCTIONS, Scope, inner_scope

__all__ = ["ModuleFacts"]

FRAME_READERS = frozenset({"locals", "vars", "dir", "eval", "exec", "breakpoint"})
"""Builtins that may see the variables of the frame that calls them."""

_TYPE_MAKERS = frozenset(
    {"typing.TypeVar", "typing.ParamSpec", "typing.TypeVarTuple", "typing.NewType"}
)

FRAME_WORDS = frozenset({"_getframe", "currentframe", "f_locals", "f_back", "set_trace"})
"""Attributes and names that lead to frames."""

LIBRARY_FRAME_WORDS = {
    "stack": "inspect",
    "getargvalues": "inspect",
    "interact": "code",
    "embed": "IPython",
    "ic": "icecream",
    "evaluate": "numexpr",
    "argname": "varname",
    "query": "pandas",
    "sql": "duckdb",
    "dmatrix": "patsy",
    "dmatrices": "patsy",
}
"""Words that lead to frames where the module knows that library."""

_LEADING = FRAME_READERS | FRAME_WORDS | LIBRARY_FRAME_WORDS.keys() | {"builtins", "__builtins__"}

DYNAMIC_METHODS = frozenset(
    {"__class_getitem__", "__getattr__", "__getattribute__", "__getitem__", "__or__", "__ror__"}
    | {"__get__"}
)
"""Methods that looking something up may call."""

CLASS_METHODS = frozenset({"__class_getitem__", "__get__"})
"""Those that a class without a metaclass may have for lookups on itself."""

_LEAVES = frozenset({ast.Name, ast.Constant, ast.alias})

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class ModuleFacts:
    """Facts about one resolved module."""

    def __init__(self, scope: Scope, imports: Imports = NO_TREE) -> None:
        self.scope = scope
        self.imports = imports
        self.tree: ast.Module = scope.node  # type: ignore[assignment]
        self.body = tuple(self.tree.body)
        self._unbound: dict[tuple[Scope, bool], frozenset[str]] = {}
        self._raw: dict[Scope, bool] = {}

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the module as it was written, outer before inner; operators left out."""
        return [self.tree, *self.parents]

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node around each node of the module as it was written."""
        found: dict[ast.AST, ast.AST] = {}
        todo: list[ast.AST] = [self.tree]
        add = todo.append
        for node in todo:
            if node.__class__ in _LEAVES:
                continue
            for name in node._fields:
                value = getattr(node, name, None)
                if value.__class__ is list:
                    for child in value:
                        if isinstance(child, ast.AST) and child._fields:
                            found[child] = node
                            add(child)
                elif isinstance(value, ast.AST) and value._fields:
                    found[value] = node
                    add(value)
        return found

    @cached_property
    def kinds(self) -> dict[type[ast.AST], list[Any]]:
        """Those nodes by their class, each list in their order."""
        found: dict[type[ast.AST], list[Any]] = defaultdict(list)
        for node in self.nodes:
            found[node.__class__].append(node)
        return found

    def prepare(self) -> None:
        """Take every docstring out of its body, into `node.doc`: it is documentation, not code.

        All facts about the module as written are gathered first; rules look at them afterwards.
        """
        _ = self.rebinds_unseen
        for node in (it for kind in _DOCUMENTED for it in self.kinds[kind]):
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str(text))), *rest]:
                    node.__dict__["doc"] = text
                    node.body = list(rest)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every identifier in the module, as name, attribute or import."""
        found = {node.id for node in self.kinds[ast.Name]}
        found |= {node.attr for node in self.kinds[ast.Attribute]}
        for node in self.kinds[ast.alias]:
            found.update(node.name.split("."))
        return frozenset(found)

    @cached_property
    def star_imports(self) -> bool:
        """Whether a star import may bind any name."""
        return any(node.name == "*" for node in self.kinds[ast.alias])

    def may_be_starred(self, name: str) -> bool:
        """Whether a star import may bind this name; of a package, it may be a module in it."""
        if not self.star_imports:
            return False
        if self._starred is None or name in self._starred:
            return True
        return any(self.imports.is_module(f"{it}.{name}") for it in self._star_modules)

    @cached_property
    def _star_modules(self) -> tuple[str, ...]:
        """The modules that are imported by a star."""
        return tuple(
            self.imports.absolute(node)
            for node in self.nodes
            if isinstance(node, ast.ImportFrom) and any(it.name == "*" for it in node.names)
        )

    @cached_property
    def _starred(self) -> frozenset[str] | None:
        """All that star imports may bind; None where that is not in sight."""
        found = [self.imports.star_names(it) for it in self._star_modules]
        if self.imports.is_patched("__all__"):
            return None
        return None if None in found else frozenset[str]().union(*(it or () for it in found))

    @cached_property
    def rebinds_unseen(self) -> bool:
        """Whether the module may rebind globals or builtins by other means than assignment."""
        return bool(self.words & NAMESPACES) and rebinds_unseen(
            self.scope, self.parents, self.imports.is_held
        )

    @cached_property
    def imported(self) -> dict[str, str]:
        """What a top-level import binds, once and for all: name to dotted origin."""
        found: dict[str, str] = {}
        for node in self.body:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    found[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom) and not node.level:
                origins = {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
                found.update(origins)
        once = self.scope.stored
        return {
            name: origin
            for name, origin in found.items()
            if once.get(name) == 1 and name not in self.global_writers
        }

    @cached_property
    def import_lines(self) -> dict[str, int]:
        """The line of the top-level import that binds a name."""
        return {
            alias.asname or alias.name.partition(".")[0]: node.lineno
            for node in self.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }

    def dotted(self, node: ast.AST, scope: Scope) -> str | None:
        """Where an expression like `functools.wraps` comes from; builtins by their bare name."""
        if isinstance(node, ast.Attribute):
            root = self.dotted(node.value, scope)
            return f"{root}.{node.attr}" if root else None
        if isinstance(node, ast.Name) and scope.owner(scope.mangle(node.id)) is None:
            if self.is_builtin(node.id, scope):
                return node.id
            return self.imported.get(node.id)
        return None

    @cached_property
    def lazy_annotations(self) -> bool:
        """Whether `from __future__ import annotations` keeps annotations as text."""
        return any(
            isinstance(node, ast.ImportFrom)
            and node.module == "__future__"
            and any(alias.name == "annotations" for alias in node.names)
            for node in self.body
        )

    @cached_property
    def global_writers(self) -> frozenset[str]:
        """Names that some function declares global."""
        inner = (s for s in self.scope.within() if s.kind != "module")
        return frozenset(name for scope in inner for name in scope.globals)

    def is_builtin(self, name: str, scope: Scope) -> bool:
        """Whether a name read in `scope` is surely the builtin of that name."""
        return (
            name in BUILTINS
            and scope.owner(name) is None
            and name not in self.scope.bound
            and name not in self.global_writers
            and not self.may_be_starred(name)
            and not self.rebinds_unseen
            and not (scope.kind == "class" and name in scope.bound)
            and not self.imports.is_patched(name)
        )

    def is_stable(self, name: str, scope: Scope) -> bool:
        """Whether a global read inside a function always gives the same value.

        That is: a builtin, or bound once at the top level by a plain def, class or import that
        comes before the function, so that there is no time at which it is missing.
        """
        if not scope.is_function or scope.owner(name) is not None:
            return False
        if self.is_builtin(name, scope):
            return True
        line = self._bound_once.get(name)
        known = line is not None and not self.may_be_starred(name) and not self.rebinds_unseen
        known = known and not self.imports.is_patched(name)
        return known and line < _first_line(scope)  # type: ignore[operator]

    @cached_property
    def _bound_once(self) -> dict[str, int]:
        """Names that one plain top-level statement binds, and nobody deletes, with its line."""
        found: dict[str, int] = {}
        for statement in self.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found[statement.name] = statement.end_lineno or statement.lineno
            elif isinstance(statement, ast.Import | ast.ImportFrom):
                names = (a.asname or a.name.partition(".")[0] for a in statement.names)
                found.update(dict.fromkeys(names, statement.lineno))
        once = self.scope.stored
        return {
            name: line
            for name, line in found.items()
            if once.get(name) == 1 and name not in self.global_writers
        }

    def is_plain(self, name: str, scope: Scope) -> bool:
        """Whether a name is a variable of this very function that no inner scope shares."""
        if scope.kind not in {"function", "lambda", "comprehension"}:
            return False
        if scope.owner(name) is not scope or self.is_raw(scope):
            return False
        return not any(
            name in inner.used | inner.nonlocals and inner.owner(name) is scope
            for child in scope.children
            for inner in child.within()
        )

    def is_dynamic_root(self, name: str) -> bool:
        """Whether looking into what a name is bound to, or subscripting it, may run our code."""
        origin = self.origins.get(name)
        if origin is not None:
            return self.imports.is_dynamic(origin)
        if self.scope.stored.get(name) != 1:
            return name in self.scope.bound
        made_from = self._assigned.get(name)
        if made_from is None:  # a class, or a name of a class's body
            return bool(self._defined & CLASS_METHODS) or self._has_metaclass
        if name in self._variables_of_types:
            return False
        if self._defined & DYNAMIC_METHODS:
            return True
        return any(other in self.origins and self.is_dynamic_root(other) for other in made_from)

    @cached_property
    def _variables_of_types(self) -> frozenset[str]:
        """Names that are made by `TypeVar("T")` and its like, and by nothing else."""
        return frozenset(
            node.targets[0].id
            for node in self.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Call)
            and self.dotted(node.value.func, self.scope) in _TYPE_MAKERS
        )

    def asks_module(self, node: ast.Attribute) -> bool | None:
        """Whether an attribute is one of a plain module of the tree: `a.b.C` after `import a.b`.

        Nobody's code runs then. False where a module on the way may answer with code of its own, or
        may be something else; None where the last of them is not the one that is asked.
        """
        parts = [node.attr]
        root = node.value
        while isinstance(root, ast.Attribute):
            parts.append(root.attr)
            root = root.value
        if not isinstance(root, ast.Name) or root.id not in self._plainly_imported:
            return None
        parts = [root.id, *reversed(parts)]
        every = [".".join(parts[:length]) for length in range(1, len(parts))]
        modules = [it for it in every if self.imports.is_module(it)]
        if any(self.imports.answers(it) or self._is_replaced(it) for it in modules):
            return False
        return True if modules == every else None

    def _is_replaced(self, module: str) -> bool:
        """Whether a package may have something else under the name of a module in it."""
        package, _, name = module.rpartition(".")
        asked = self.imports
        return bool(package) and (asked.may_shadow(package, name) or asked.is_replaced(module))

    @cached_property
    def _plainly_imported(self) -> frozenset[str]:
        """Names that `import a.b` binds, and nothing else does, anywhere in the module."""
        aliases = [
            alias
            for node in self._imports
            if isinstance(node, ast.Import)
            for alias in node.names
            if alias.asname is None
        ]
        counts = Counter(alias.name.partition(".")[0] for alias in aliases)
        stored: Counter[str] = Counter()
        for scope in self.scope.within():
            stored.update(scope.stored)
            stored.update(scope.params)
        return frozenset(name for name, count in counts.items() if stored[name] == count)

    @cached_property
    def _assigned(self) -> dict[str, set[str]]:
        """Names that the module assigns, with the names that the values mention."""
        return {
            target.id: {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            for node in self.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    @cached_property
    def _has_metaclass(self) -> bool:
        return any(
            isinstance(base, ast.Name) and base.id.endswith(("type", "Meta"))
            for node in self.kinds[ast.ClassDef]
            for base in node.bases
        )

    @cached_property
    def origins(self) -> dict[str, str]:
        """What imports bind, wherever they stand, to the dotted name of the module they name."""
        found: dict[str, str] = {}
        for node in self._imports:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.partition(".")[0]] = alias.name
            else:
                module = self.imports.absolute(node)
                found.update({alias.asname or alias.name: module for alias in node.names})
        return found

    @cached_property
    def _imports(self) -> list[ast.Import | ast.ImportFrom]:
        """All imports, wherever they stand."""
        if not self.kinds[ast.alias]:
            return []
        return [node for node in self.nodes if isinstance(node, (ast.Import, ast.ImportFrom))]

    @cached_property
    def _defined(self) -> frozenset[str]:
        return frozenset(node.name for kind in FUNCTIONS for node in self.kinds[kind])

    def unbound(self, scope: Scope, *, passing: bool = False) -> frozenset[str]:
        """Variables of a function that may be read before they are assigned.

        `passing`: unless a `with` swallows an error that nobody knows it to swallow.
        """
        found = self._unbound.get((scope, passing))
        if found is None:
            found = self._unbound[scope, passing] = maybe_unbound(scope, passing=passing)
        return found

    def is_raw(self, scope: Scope) -> bool:
        """Whether the names of a function's variables may be read by what it calls."""
        found = self._raw.get(scope)
        if found is None:
            found = self._raw[scope] = self._reader_has_other_name or any(
                s in self._readers for s in scope.within()
            )
        return found

    @cached_property
    def _reader_has_other_name(self) -> bool:
        """Whether `locals`, `eval`… are handed on as values, to be called under any name."""
        called = {id(node.func) for node in self.kinds[ast.Call]}
        return any(
            node.id in FRAME_READERS
            and isinstance(node.ctx, ast.Load)
            and id(node) not in called
            and not any(node.id in scope.bound for scope in self.scope.within())
            for node in self.kinds[ast.Name]
        )

    @cached_property
    def _readers(self) -> set[Scope]:
        """Scopes that mention something which reads frames."""
        found: set[Scope] = set()
        if not self.words & _LEADING:
            return found
        self._find_readers(self.tree, self.scope, found)
        return found

    def _find_readers(self, node: ast.AST, scope: Scope, found: set[Scope]) -> None:
        for child in ast.iter_child_nodes(node):
            inner = inner_scope(child) if "scope" in child.__dict__ else scope
            if _reads_frame(child, node, self.words):
                found.add(scope)
            self._find_readers(child, inner, found)


def _first_line(scope: Scope) -> int:
    """The line on which the outermost function around a scope begins."""
    line = 0
    above: Scope | None = scope
    while above is not None and above.kind != "module":
        line = getattr(above.node, "lineno", line)
        above = above.parent
    return line


def _reads_frame(node: ast.AST, parent: ast.AST, words: frozenset[str]) -> bool:
    if isinstance(node, ast.Attribute):
        of_builtins = isinstance(node.value, ast.Name) and "builtins" in node.value.id
        return _leads_to_frame(node.attr, words) or (of_builtins and node.attr in FRAME_READERS)
    if not isinstance(node, ast.Name):
        return False
    if _leads_to_frame(node.id, words):
        return True
    if node.id not in FRAME_READERS:
        return False
    called = isinstance(parent, ast.Call) and parent.func is node
    return not (called and _has_namespace(node.id, parent))  # type: ignore[arg-type]


def _leads_to_frame(word: str, words: frozenset[str]) -> bool:
    return word in FRAME_WORDS or LIBRARY_FRAME_WORDS.get(word, "!") in words


def _has_namespace(name: str, call: ast.Call) -> bool:
    """Whether the call says which names it works on, so that the frame's own stay unseen."""
    if any(isinstance(a, ast.Starred) for a in call.args) or call.keywords:
        return False
    if name in {"vars", "dir"}:
        return len(call.args) == 1
    if name in {"eval", "exec"}:
        explicit = call.args[1:]
        return bool(explicit) and not any(
            isinstance(a, ast.Constant) or _is_call_of(a, "locals") for a in explicit
        )
    return False


def _is_call_of(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
