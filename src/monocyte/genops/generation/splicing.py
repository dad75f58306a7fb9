"""Splices what a model wrote between what belongs to people, which stays byte by byte.

The new file is built from the base: in its order, with its sealed parts as they stand there,
comments included, and with the model's parts in place of the generated ones. What the model did to
a sealed part is neither applied nor dropped in silence: it is a finding. So whatever a model was
talked into, it has no way to a rule or a scenario that somebody relies on. Pure: nothing that a
model wrote is imported.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from monocyte.errors import GenopsError
from monocyte.genops.gates.verdict import Finding
from monocyte.genops.generation.answers import parsed
from monocyte.genops.generation.findings import found, refuses
from monocyte.genops.plans.facts import is_stub, named

__all__ = [
    "UNSEALED",
    "Segment",
    "Spliced",
    "is_unsealed",
    "put",
    "segments",
    "splice",
    "unsealed_in",
]

UNSEALED: Final = "# unsealed: a model has written this; who takes this line away has accepted it"
"""Stands above what a model has added to the evidence, until a person accepts it."""

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
PROOFS: Final = frozenset({"scenario", "decision", "runbook"})
WORDS: Final = frozenset({"Value", "Command", "Query", "Event"})
DECLARED: Final = frozenset({"picture", "retired", "waives"})
LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
"""Lines as Python counts them."""

BOM: Final = "\ufeff"


class Spliced(NamedTuple):
    """The new file, unless a finding refuses it; and everything that was found."""

    text: str | None
    findings: tuple[Finding, ...] = ()


class Segment(NamedTuple):
    """A statement of a file with what stands above it; lines of both together are all lines."""

    key: str
    node: ast.stmt
    far: str
    """What stands above it with a blank line in between: headings, and blank lines."""
    near: str
    """The comments right above it."""
    body: str

    @property
    def text(self) -> str:
        """All of it."""
        return self.far + self.near + self.body


def segments(text: str) -> tuple[list[Segment], str]:
    """The statements of a file in order, and what stands below the last.

    Raises:
        SyntaxError: it is no Python, or two statements share a line.
    """
    tree, lines = parsed(text), LINES.findall(text)
    keys = {id(node): key for key, node in named(tree)}
    parts: list[Segment] = []
    done = 0
    for node in tree.body:
        marks = getattr(node, "decorator_list", ())
        first = min([node.lineno, *(it.lineno for it in marks)]) - 1
        if first < done:
            raise SyntaxError(f"line {node.lineno} has two statements")
        above, done = lines[done:first], node.end_lineno or node.lineno
        body = "".join(lines[first:done])
        if _is_text(node) and parts:  # it speaks of what stands above it
            whole = parts[-1].body + "".join(above) + body
            parts[-1] = parts[-1]._replace(body=whole)
        else:
            parts.append(Segment(keys.get(id(node)) or _key(node), node, *_lead(above), body))
    return parts, "".join(lines[done:])


def is_unsealed(segment: Segment) -> bool:
    """Whether a model has written it, and nobody has accepted it yet."""
    return any(line.startswith("# unsealed:") for line in segment.near.splitlines())


def unsealed_in(text: str) -> frozenset[str]:
    """The names of everything in a file that nobody has accepted yet."""
    return frozenset(it.key for it in segments(text)[0] if is_unsealed(it))


def splice(cell: str, path: str, base: str, written: str, sealed: frozenset[str]) -> Spliced:
    """The base with the generated parts of what was written; `sealed` names what is people's.

    `path` is the file within the repository, for findings.
    """
    try:
        work = _Splice(cell, path, base.removeprefix(BOM), written.removeprefix(BOM), sealed)
    except SyntaxError as why:
        mend = "put each statement on a line of its own"
        raise GenopsError(f"nothing can be spliced in: {why.msg}", where=path, mend=mend) from why
    findings = tuple(work.findings())
    if refuses(findings):
        return Spliced(None, findings)
    text = work.text()
    _prove(work, text)
    return Spliced(BOM * base.startswith(BOM) + text, findings)


def put(
    path: str, base: str, former: str, generated: frozenset[str], before: frozenset[str]
) -> str:
    """The base with the generated parts of a former release, as somebody has decided.

    `generated` names those parts in the base, `before` those in the former file.

    Raises:
        GenopsError: two statements share a line.
    """
    try:
        sealed = {it.key for it in segments(base)[0]} - generated - {"picture"}
        parts = [it for it in segments(former)[0] if _is_models(it.key, before)]
        work = _Splice("", path, base, "".join(it.text for it in parts), frozenset(sealed))
    except SyntaxError as why:
        raise GenopsError(f"nothing can be spliced in: {why.msg}", where=path) from why
    text = work.text()
    _prove(work, text)
    return text


def _is_models(key: str, generated: frozenset[str]) -> bool:
    return key in generated or key == "picture" or key.startswith("import ")


def _lead(lines: list[str]) -> tuple[str, str]:
    """What stands above a statement, parted at its last blank line."""
    at = len(lines)
    while at and lines[at - 1].strip():
        at -= 1
    return "".join(lines[:at]), "".join(lines[at:])


def _key(node: ast.stmt) -> str:
    """What a statement is called that `named` knows nothing of."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return f"import {ast.unparse(node)}"
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        what = node.value.func
        if isinstance(what, ast.Attribute) and what.attr == "picture":
            return "picture"
        return f"declared {ast.unparse(node)}"
    return "prose"


def _prove(work: _Splice, text: str) -> None:
    """Hold the result to the rule of this file; raises GenopsError, which is our defect."""
    after = {it.key: it for it in segments(text)[0]}
    for it in work.base:
        now = after.get(it.key)
        if work.is_sealed(it) and (now is None or (now.near, now.body) != (it.near, it.body)):
            said = f"{it.key} did not come through the splicing as it was"
            raise GenopsError(said, where=work.path, mend="this is our defect")


# -- the work --------------------------------------------------------------------------------------


class _Splice:
    """One base, one answer."""

    def __init__(self, cell: str, path: str, base: str, written: str, sealed: frozenset[str]):
        self.cell, self.path, self.names = cell, path, sealed
        self.base, self.below = segments(base)
        self.newline = "\r\n" if base.count("\r\n") * 2 > base.count("\n") else "\n"
        self.crowded = ""
        try:
            self.new, _ = segments(written)
        except SyntaxError as why:
            self.new, self.crowded = [], why.msg
        self.variable = _variable(self.base)
        self.old = {it.key: it for it in self.base}
        self.given = {it.key: it for it in self.new}

    def is_sealed(self, it: Segment) -> bool:
        """Whether a part of the base is people's."""
        return it.key in self.names or it.key == "prose" or it.key.startswith("declared ")

    # -- what is wrong -----------------------------------------------------------------------------

    def findings(self) -> Iterator[Finding]:
        """Everything that is to be said of what the model wrote."""
        if self.crowded:
            yield self._found("answer-syntax", self.crowded, mend="one statement on a line")
            return
        for it in self.base:
            if self.is_sealed(it):
                yield from self._sealed(it)
        yield from self._twice()
        for it in self.new:
            if it.key not in self.old:
                yield from self._added(it)
        yield from self._stubs()
        yield from self._renamed()
        yield from self._shadows()

    def _found(self, kind: str, said: str, node: ast.stmt | None = None, **more: str) -> Finding:
        where = f"{self.path}:{node.lineno}" if node is not None else self.path
        return found(kind, self.cell, said, where=where, **more)

    def _sealed(self, it: Segment) -> Iterator[Finding]:
        """What became of a sealed part."""
        new = self.given.get(it.key)
        leave = "leave it as it stands in the file: it belongs to people"
        if it.key == "prose":
            if new is None or _dumped(new) != _dumped(it):
                said = "the text at the top of the file was changed"
                yield self._found("sealed-prose", said, it.node, mend=leave)
        elif new is None:
            said = f"`{_short(it.key)}` is gone"
            yield self._found("sealed-gone", said, it.node, mend=leave, evidence=it.body)
        elif _dumped(new) != _dumped(it):
            said = f"`{_short(it.key)}` was changed"
            diff = _diff(it.body, new.body)
            yield self._found("sealed-changed", said, it.node, mend=leave, evidence=diff)
        elif _comments(new) != _comments(it):
            said = f"a comment of `{_short(it.key)}` was changed; it stays as it was"
            yield self._found("sealed-comment", said, it.node)

    def _twice(self) -> Iterator[Finding]:
        """Names that are defined more often than before: the second wins, whatever the first is."""
        keys = [it.key for it in self.new]
        before = [it.key for it in self.base]
        for key in dict.fromkeys(keys):
            if keys.count(key) > max(1, before.count(key)):
                node = [it.node for it in self.new if it.key == key][-1]
                said = f"`{_short(key)}` is defined {keys.count(key)} times"
                yield self._found("name-twice", said, node, mend="define it once")

    def _added(self, it: Segment) -> Iterator[Finding]:
        """What is new in the file, and not everybody's to write."""
        node, name = it.node, _short(it.key)
        if it.key == "prose":
            said = "a text was put at the top of the file"
            yield self._found("sealed-prose", said, node, mend="people write it, or nobody")
        elif it.key.startswith("declared "):
            said = f"`{name}` is for people to say"
            yield self._found("waiver-invented", said, node, mend="take it out")
        elif _called(node, self.variable) == "rule":
            said = f"the rule `{name}` is new"
            mend = "take it out; whoever wants a rule writes it, or says: monocyte propose"
            yield self._found("rule-invented", said, node, mend=mend)
        elif _is_proof(node, self.variable):
            yield self._found("proof-added", f"`{name}` is new, and not sealed", node)
        elif isinstance(node, ast.ClassDef) and _bases(node) & WORDS:
            said = f"the word `{name}` is new"
            yield self._found("word-added", said, node, change="contract-additive")
        elif not _defines(node):
            said = f"`{name}` does something when the file is loaded"
            mend = "a cell's file only defines; do it in a function"
            yield self._found("statement-bare", said, node, mend=mend)

    def _stubs(self) -> Iterator[Finding]:
        """Functions that were written out, and say only `...` now."""
        for it in self.new:
            before = self.old.get(it.key)
            if is_stub(it.node) and (before is None or not is_stub(before.node)):
                said = f"`{_short(it.key)}` says only `...`"
                yield self._found("answer-half", said, it.node, mend="write it out")

    def _renamed(self) -> Iterator[Finding]:
        """The cell is called as it was, in the file and by the app."""
        before, after = _cell(self.base), _cell(self.new)
        if before is None:
            return
        if after is None or (before[0], ast.dump(before[1])) != (after[0], ast.dump(after[1])):
            said = f"`{before[0]} = Cell({ast.unparse(before[1])}, …)` is not there any more"
            yield self._found("cell-renamed", said, mend="keep the cell's name and its variable")

    def _shadows(self) -> Iterator[Finding]:
        """Names that sealed parts read, and that mean something else now."""
        theirs = [it for it in self.base if self.is_sealed(it)]
        read = {name for it in theirs for name in _reads(it.node)}
        read |= {name for it in theirs for name in _binds(it.node)}
        before = self._bound(self.base)
        for it in self.new:
            if it.key in self.old and self.is_sealed(self.old[it.key]):
                continue
            for name, origin in _binds(it.node).items():
                if name == "*" or (name in read and before.get(name) != (origin or it.key)):
                    said = f"`{name}` means something else, and a sealed part uses it"
                    mend = "take another name"
                    yield self._found("name-shadowed", said, it.node, mend=mend)

    def _bound(self, parts: Iterable[Segment]) -> dict[str, str]:
        """Where each name comes from: what is imported, or which statement gives it a meaning."""
        return {name: origin or it.key for it in parts for name, origin in _binds(it.node).items()}

    # -- the new file ------------------------------------------------------------------------------

    def text(self) -> str:
        """The base in its order, with the generated parts of what was written."""
        placed: list[tuple[str, str]] = []
        heading = ""
        for it in self.base:
            piece = self._piece(it)
            if piece is None:
                heading += it.far if "#" in it.far else ""
            else:
                placed.append((it.key, heading + piece))
                heading = ""
        placed = self._with_imports(placed)
        known = {line.strip() for it in self.base for line in (it.far + it.near).splitlines()}
        before = ""
        for it in self.new:
            if it.key not in self.old and not it.key.startswith("import "):
                placed.insert(_behind(placed, before), (it.key, self._fresh(it, known)))
            if any(key == it.key for key, _ in placed):
                before = it.key
        return "".join(piece for _, piece in placed) + heading + self.below

    def _piece(self, it: Segment) -> str | None:
        """What stands in place of a part of the base; None if it went."""
        if self.is_sealed(it) or it.key.startswith("import "):
            return it.text
        new = self.given.get(it.key)
        if new is None:
            return it.text if it.key == "picture" else None
        mark = f"{UNSEALED}\n" if is_unsealed(it) and not is_unsealed(new) else ""
        return it.far + self._ended(mark + new.near + new.body)

    def _fresh(self, it: Segment, known: set[str]) -> str:
        """A new part: without headings of the base, and marked if it proves something."""
        far = [x for x in LINES.findall(it.far) if not x.strip() or x.strip() not in known]
        while len(far) > 2 and not far[0].strip() and not far[1].strip() and not far[2].strip():
            far.pop(0)
        near = "".join(x for x in LINES.findall(it.near) if x.strip() not in known)
        is_marked = is_unsealed(it) or not _is_proof(it.node, self.variable)
        return self._ended("".join(far) + near + ("" if is_marked else f"{UNSEALED}\n") + it.body)

    def _ended(self, text: str) -> str:
        """With the line ends of the base, and one at the end."""
        whole = text if text.endswith("\n") else f"{text}\n"
        return whole.replace("\r\n", "\n").replace("\n", self.newline)

    def _with_imports(self, placed: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """What the model imports, and what sealed parts need, in place of what was imported."""
        old = [it for it in self.base if it.key.startswith("import ")]
        new = [it for it in self.new if it.key.startswith("import ")]
        before, after = self._bound(old), self._bound(new)
        if before == after:
            return placed
        lines = [self._ended(it.near + it.body) for it in new]
        lines += [self._ended(f"{line}\n") for line in self._missing(before, after)]
        keys = [key for key, _ in placed]
        if not old:
            at = int(bool(keys) and keys[0] == "prose")
            return [*placed[:at], ("import", self._ended("\n" + "".join(lines))), *placed[at:]]
        first, last = keys.index(old[0].key), keys.index(old[-1].key)
        if last - first + 1 != len(old):  # they stand apart: leave them, and add what is new
            fresh = [self._ended(it.body) for it in new if it.key not in self.old]
            return [*placed[: last + 1], ("import", "".join(fresh)), *placed[last + 1 :]]
        whole = old[0].far + "".join(lines)
        return [*placed[:first], (old[0].key, whole), *placed[last + 1 :]]

    def _missing(self, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
        """What only sealed parts need of what was imported, and the model has left out."""
        theirs = [it for it in self.base if self.is_sealed(it)]
        read = {name for it in theirs for name in _reads(it.node)}
        for name, origin in before.items():
            if name in after or (name not in read and "__future__" not in origin):
                continue
            module, _, thing = origin.partition(" ")
            alias = "" if thing == name or (not thing and module == name) else f" as {name}"
            yield f"from {module} import {thing}{alias}" if thing else f"import {module}{alias}"


def _behind(placed: list[tuple[str, str]], key: str) -> int:
    """The place behind a part; behind the imports if there is none."""
    keys = [it for it, _ in placed]
    if key in keys:
        return keys.index(key) + 1
    heads = [n for n, it in enumerate(keys) if it == "prose" or it.startswith("import")]
    return heads[-1] + 1 if heads else 0


# -- what statements are ---------------------------------------------------------------------------


def _dumped(it: Segment) -> str:
    """What a part says, texts included, however it is laid out."""
    tree = parsed(it.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and _is_text(node):
            text = node.value
            text.value = inspect.cleandoc(text.value)  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(node: ast.stmt) -> bool:
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _comments(it: Segment) -> list[str]:
    """The comments in and right above a part."""
    try:
        tokens = tokenize.generate_tokens(io.StringIO(it.near + it.body).readline)
        return [token.string.strip() for token in tokens if token.type == tokenize.COMMENT]
    except (tokenize.TokenError, SyntaxError):
        return []


def _diff(old: str, new: str) -> str:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "people", "model", lineterm="")
    return "\n".join(lines)


def _short(key: str) -> str:
    return key.removeprefix("declared ").removeprefix("import ")[:80]


def _variable(parts: Iterable[Segment]) -> str:
    made = _cell(parts)
    return made[0] if made else "cell"


def _cell(parts: Iterable[Segment]) -> tuple[str, ast.expr] | None:
    """The variable that holds the cell, and how it is named."""
    for it in parts:
        value = getattr(it.node, "value", None)
        if isinstance(value, ast.Call) and value.args and _last(value.func) == "Cell":
            return it.key, value.args[0]
    return None


def _last(called: ast.expr) -> str:
    return ast.unparse(called).rpartition(".")[2]


def _called(node: ast.stmt, variable: str) -> str:
    """Which method of the cell a statement calls for its value."""
    value = getattr(node, "value", None)
    what = value.func if isinstance(value, ast.Call) else None
    is_ours = isinstance(what, ast.Attribute) and isinstance(what.value, ast.Name)
    return what.attr if is_ours and what.value.id == variable else ""  # type: ignore[union-attr]


def _is_proof(node: ast.stmt, variable: str) -> bool:
    marks = getattr(node, "decorator_list", ())
    calls = [it.func if isinstance(it, ast.Call) else it for it in marks]
    return any(
        ast.unparse(it).startswith(f"{variable}.") and it.attr in PROOFS
        for it in calls
        if isinstance(it, ast.Attribute)
    )


def _bases(node: ast.ClassDef) -> set[str]:
    plain = (it.value if isinstance(it, ast.Subscript) else it for it in node.bases)
    return {ast.unparse(it).rpartition(".")[2] for it in plain}


def _defines(node: ast.stmt) -> bool:
    """Whether a statement only gives names to things."""
    if isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)):
        return True
    if isinstance(node, ast.Expr):
        return _key(node) == "picture"
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return all(isinstance(it, (ast.Name, ast.Tuple)) for it in targets)
    return type(node).__name__ == "TypeAlias"


def _reads(node: ast.AST) -> set[str]:
    names = {it.id for it in ast.walk(node) if isinstance(it, ast.Name)}
    quoted = (it.value for it in ast.walk(node) if isinstance(it, ast.Constant))
    return names | {it for it in quoted if isinstance(it, str) and it.isidentifier()}


def _binds(node: ast.stmt) -> dict[str, str]:
    """The names that a statement gives a meaning to; imported ones with their origin."""
    found_names: dict[str, str] = {}
    for it in ast.walk(node):
        if isinstance(it, ast.Global):
            found_names |= dict.fromkeys(it.names, "")
    if isinstance(node, FUNCTIONS):
        return {node.name: "", **found_names}
    if isinstance(node, ast.ClassDef):
        return {node.name: "", **found_names}
    for it in _outside_functions(node):
        if isinstance(it, ast.Import):
            found_names |= {(a.asname or a.name.partition(".")[0]): a.name for a in it.names}
        elif isinstance(it, ast.ImportFrom):
            module = "." * it.level + (it.module or "")
            found_names |= {(a.asname or a.name): f"{module} {a.name}" for a in it.names}
        elif isinstance(it, (*FUNCTIONS, ast.ClassDef)):
            found_names[it.name] = ""
        elif isinstance(it, ast.Name) and not isinstance(it.ctx, ast.Load):
            found_names[it.id] = ""
    return found_names


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """A statement and what is in it, but for the bodies of functions and classes."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            yield child
        else:
            yield from _outside_functions(child)
