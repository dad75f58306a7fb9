"""The gate of hygiene: errors that vanish, comparisons that lie, records and rules that go.

Read only. Each is judged against the base: what stood there already is nobody's change.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from monocyte.genops.gates.reading import PROOFS, CellText, Part
from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.verdict import Finding

__all__ = ["judge"]

BROAD = frozenset(
    [
        *("Exception", "BaseException", "MonocyteError", "BusError", "Refused", "ArithmeticError"),
        *("LookupError", "ExceptionGroup", "OSError", "RuntimeError", "AssertionError"),
    ]
)
"""What an `except` should not take without going on with it: it is too much, or a refusal."""

COMPARING = frozenset(
    [
        *("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__bool__"),
        *("__contains__", "__len__", "__getattr__", "__getattribute__", "__instancecheck__"),
        *("__subclasshook__", "__iter__"),
    ]
)
TELLING = ("log", "logger", "logging", "audit", "announce", "warn", "warning", "notify")
CHANGING = frozenset(
    [
        *("append", "add", "extend", "insert", "update", "setdefault", "pop", "popitem", "clear"),
        *("remove", "discard", "appendleft", "sort", "reverse", "__setitem__"),
    ]
)


def judge(scene: Scene) -> Iterator[Finding]:
    """What was done to how a cell tells of errors, facts and rules."""
    for cell, part, had in scene.changed_parts():
        if part.kind in PROOFS or part.kind in ("import", "picture", "waiver"):
            continue
        before = had.node if had is not None else None
        yield from _swallowed(scene, cell, part, before)
        yield from _faked(scene, cell, part, before)
        if part.name in cell.generated:
            yield from _shared(scene, cell, part, before)
            yield from _chancy(scene, cell, part, before)
    for old, new in scene.pairs:
        if old is not None and new is not None:
            yield from _dropped(scene, old, new)


# -- errors ----------------------------------------------------------------------------------------


def _swallowed(
    scene: Scene, cell: CellText, part: Part, before: ast.stmt | None
) -> Iterator[Finding]:
    known = _handlers(before)
    for node in ast.walk(part.node):
        said = ""
        if isinstance(node, ast.ExceptHandler) and ast.dump(node) not in known and _is_broad(node):
            said = f"except {ast.unparse(node.type) if node.type else ''}".strip()
        elif isinstance(node, ast.withitem) and _called(node.context_expr) == "suppress":
            call = node.context_expr
            args = call.args if isinstance(call, ast.Call) else []
            if ast.dump(node) not in known and any(_called(it) in BROAD for it in args):
                said = ast.unparse(node)
        elif isinstance(node, ast.Try) and ast.dump(node) not in known and node.finalbody:
            leaves = (ast.Return, ast.Break, ast.Continue)
            if any(isinstance(it, leaves) for step in node.finalbody for it in ast.walk(step)):
                said = "a `return` in `finally`"
        if said:
            yield scene.found(
                "error-swallowed", f"{part.name} swallows what goes wrong: {said}", cell=cell.name,
                where=f"{cell.path}:{getattr(node, 'lineno', part.line)}",
                mend="let it through, or take exactly what can be answered",
            )  # fmt: skip


def _handlers(before: ast.stmt | None) -> set[str]:
    kinds = (ast.ExceptHandler, ast.withitem, ast.Try)
    return {ast.dump(it) for it in ast.walk(before) if isinstance(it, kinds)} if before else set()


def _is_broad(node: ast.ExceptHandler) -> bool:
    if any(isinstance(it, ast.Raise) for it in node.body):
        return False
    types = [node.type] if not isinstance(node.type, ast.Tuple) else node.type.elts
    return any(it is None or _called(it) in BROAD for it in types)


# -- comparisons -----------------------------------------------------------------------------------


def _faked(scene: Scene, cell: CellText, part: Part, before: ast.stmt | None) -> Iterator[Finding]:
    inside = [it for it in ast.walk(part.node) if isinstance(it, ast.ClassDef)]
    known = {ast.dump(it) for it in ast.walk(before)} if before is not None else set[str]()
    for owner in inside:
        for it in owner.body:
            name = getattr(it, "name", "")
            targets = [getattr(t, "id", "") for t in getattr(it, "targets", ())]
            said = next((n for n in (name, *targets) if n in COMPARING), "")
            if said and ast.dump(it) not in known and not _delegates(it):
                yield scene.found(
                    "equality-faked", f"{owner.name}.{said} was made by hand", cell=cell.name,
                    where=cell.place(it), mend="words and values compare by their fields",
                )  # fmt: skip


def _delegates(node: ast.stmt) -> bool:
    """Whether a method compares what it has with what the other has: fields, on both sides."""
    if not isinstance(node, ast.FunctionDef) or len(node.args.args) < 2:
        return False
    me, other = (it.arg for it in node.args.args[:2])
    for it in ast.walk(node):
        if isinstance(it, ast.Compare):
            names = {n.id for n in ast.walk(it) if isinstance(n, ast.Name)}
            if {me, other} <= names:
                constants = [n for n in ast.walk(node) if isinstance(n, ast.Constant)]
                return not any(n.value is True for n in constants)
    return False


# -- records and rules -----------------------------------------------------------------------------


def _dropped(scene: Scene, old: CellText, new: CellText) -> Iterator[Finding]:
    """What handlers, reactions and timers made happen, said or asked, and do not any more."""
    before, after = _made(old), _made(new)
    for (what, name), number in before.items():
        left = after[what, name]
        if left >= number:
            continue
        if what == "rule":
            if left == 0 or (number - left > 0 and not _is_merged(old, new, name)):
                rule = old.by_name[name].rule
                said = f"{rule} is asked at {left} places, and was at {number}"
                yield scene.found(
                    "rule-dropped", said, cell=new.name, where=new.path, rule=rule,
                    mend="ask it wherever it was asked",
                )  # fmt: skip
        elif left == 0:
            said = (
                f"{name} does not happen any more"
                if what == "event"
                else f"{name} is not said any more"
            )
            yield scene.found(
                "record-dropped", said, cell=new.name, where=new.path,
                mend="make it happen as before: somebody may count on it",
            )  # fmt: skip


def _is_merged(old: CellText, new: CellText, name: str) -> bool:
    """Whether a rule moved into a function that several share: as many functions lead there."""
    return len(_leading(new, name)) >= len(_leading(old, name))


def _leading(cell: CellText, name: str) -> set[str]:
    """The handlers, reactions and timers from which a rule is reached."""
    roles = ("handles", "reacts", "every", "after")
    found = set()
    for part in cell.parts:
        if part.kind in roles:
            reached = {it for n in cell.reach([part.name]) for it in [n] if n in cell.by_name}
            if any(_asks(cell.by_name[it].node, name) for it in reached):
                found.add(part.name)
    return found


def _asks(node: ast.AST, rule: str) -> bool:
    return any(
        isinstance(it, ast.Attribute)
        and it.attr in ("require", "refuse")
        and isinstance(it.value, ast.Name)
        and it.value.id == rule
        for it in ast.walk(node)
    )


def _is_event(part: Part) -> bool:
    return any(_called(it) == "Event" for it in getattr(part.node, "bases", ()))


def _made(cell: CellText) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    words = {it.name for it in cell.parts if it.kind == "word" and _is_event(it)}
    rules = {it.name for it in cell.parts if it.kind == "rule"}
    for part in cell.parts:
        if part.name not in cell.generated:
            continue
        for node in ast.walk(part.node):
            name = _called(node.value) if isinstance(node, ast.Attribute) else ""
            if name in rules and getattr(node, "attr", "") in ("require", "refuse"):
                found["rule", name] += 1
            if isinstance(node, ast.Call):
                name = _called(node.func)
                if name in words:
                    found["event", name] += 1
                if any(it in ast.unparse(node.func).lower().split(".") for it in TELLING):
                    found["log", ast.unparse(node.func)] += 1
    return found


# -- state that is shared --------------------------------------------------------------------------


def _shared(scene: Scene, cell: CellText, part: Part, before: ast.stmt | None) -> Iterator[Finding]:
    """Functions that keep something in a global, a default or an attribute of a function."""
    values = {it.name for it in cell.parts if it.kind != "import"}
    known = {ast.dump(it) for it in ast.walk(before)} if before is not None else set[str]()
    own = _bound(part.node)
    for node in ast.walk(part.node):
        said = ""
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            said = ast.unparse(node) if isinstance(node, ast.Global) else ""
        elif isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(
            node.ctx, (ast.Store, ast.Del)
        ):
            root = _root(node)
            said = ast.unparse(node) if root in values and root not in own else ""
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            root = _root(node.func.value)
            if node.func.attr in CHANGING and root in values and root not in own:
                said = ast.unparse(node)
        elif isinstance(node, ast.arguments):
            defaults = [*node.defaults, *filter(None, node.kw_defaults)]
            said = next((ast.unparse(it) for it in defaults if _is_mutable(it)), "")
        elif isinstance(node, ast.Name) and node.id in ("cache", "lru_cache", "cached_property"):
            said = node.id
        if said and ast.dump(node) not in known and isinstance(part.node, _FUNCTIONS):
            yield scene.found(
                "state-shared", f"{part.name} keeps something beside the state: {said[:100]}",
                cell=cell.name, where=f"{cell.path}:{getattr(node, 'lineno', part.line)}",
                mend="keep it in the state, by an event",
            )  # fmt: skip


CHANCY = {
    "": frozenset(["id", "hash", "uuid1", "uuid4", "getnode"]),
    "uuid": frozenset(["uuid1", "uuid4", "getnode"]),
    "datetime": frozenset(["now", "utcnow", "today"]),
    "date": frozenset(["today"]),
}
"""Calls that answer something else in the next process, by whom they are asked of.

Modules that can do nothing else (`random`, `secrets`, `time`) are the gate of capabilities' affair.
"""


def _chancy(scene: Scene, cell: CellText, part: Part, before: ast.stmt | None) -> Iterator[Finding]:
    known = {ast.dump(it) for it in ast.walk(before)} if before is not None else set[str]()
    own = _bound(part.node)
    for node in ast.walk(part.node):
        if not isinstance(node, ast.Call) or ast.dump(node) in known:
            continue
        *owner, name = ast.unparse(node.func).split(".")
        asked = owner[-1] if owner else ""
        if name in CHANCY.get(asked, ()) and not (not owner and name in own):
            yield scene.found(
                "nondeterministic", f"{part.name} asks for chance: {ast.unparse(node)[:100]}",
                cell=cell.name, where=f"{cell.path}:{node.lineno}",
                mend="take what is new from a port (`Ids`, `Clock`): it is recorded, and replayed",
            )  # fmt: skip


def _is_mutable(node: ast.expr) -> bool:
    kinds = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    made = ("list", "dict", "set", "defaultdict", "deque", "Counter", "bytearray", "OrderedDict")
    return isinstance(node, kinds) or (isinstance(node, ast.Call) and _called(node) in made)


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _bound(node: ast.stmt) -> set[str]:
    found = {it.arg for it in ast.walk(node) if isinstance(it, ast.arg)}
    names = (it for it in ast.walk(node) if isinstance(it, ast.Name))
    return found | {it.id for it in names if isinstance(it.ctx, ast.Store)}


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _called(node: ast.expr) -> str:
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
