"""Who gets hold of diagnostics again: replaced streams, recorded warnings, handlers of logs. Pure.

What goes to stderr, to a log or to warnings is for people, and lines in it count for nothing, as
long as the tree itself does not catch it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from monocyte.semdiff.guard_words import SHOWING_ERRORS
from monocyte.semdiff.normal.channels import Channel
from monocyte.semdiff.readers import Reader
from monocyte.semdiff.scopes import FUNCTIONS
from monocyte.semdiff.sight import Sight
from monocyte.semdiff.uses import Shape, is_stderr
from monocyte.semdiff.uses import spelled as _spelled

__all__ = ["Diagnostics"]

C = Channel
_OUTPUTS = frozenset({"stdout", "StringIO", "BytesIO", "TextIOWrapper"})
_RECORDED = frozenset({"emit", "handle", "filter", "format", "formatMessage"})
_RECORDERS = frozenset(
    {"catch_warnings", "showwarning", "formatwarning", "LogRecord", "makeLogRecord", "Handler"}
    | {"Formatter", "StreamHandler", "Filter", "addFilter", "assertLogs", "LoggerAdapter"}
)


class Diagnostics(Sight):
    """Finds what catches diagnostics."""

    def replaced(self, node: ast.Attribute | ast.Name) -> Iterator[Reader]:
        """`sys.stderr = …`, `warnings.showwarning = …`: what went to people comes back."""
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store):
            return
        rewritten = node.attr == "write" and is_stderr(node.value)
        if rewritten or (node.attr == "stderr" and not self._is_put_back(node)):
            yield from self.of_text("stderr", node, SHOWING_ERRORS)
        elif node.attr in {"showwarning", "formatwarning"}:
            yield from self.of_text(node.attr, node)

    def _is_put_back(self, node: ast.Attribute) -> bool:
        """`sys.stderr = saved`, where that is what it was."""
        value = getattr(self.parents.get(node), "value", None)
        if isinstance(value, ast.Attribute) and value.attr == "__stderr__":
            return True
        return isinstance(value, ast.Name) and any(
            isinstance(n, ast.Assign)
            and is_stderr(n.value)
            and any(value.id == _spelled(t) for t in n.targets)
            for n in self.facts.nodes
        )

    def caught(self, node: ast.Call, name: str) -> Iterator[Reader]:
        """Recorded warnings, and logs that go where the program's output goes."""
        if name == "catch_warnings":
            recorded = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "record")]
            asked = any(not isinstance(r, ast.Constant) or r.value for r in recorded)
            if asked and (self._is_looked_into(node) or not self._counts_all(node)):
                yield from self.of_text(name, node)
        elif name in {"StreamHandler", "basicConfig"} and "logging" in self.facts.words:
            given = [k.value for k in node.keywords if k.arg in {None, "stream", "handlers"}]
            given += node.args
            if self.facts.words & _OUTPUTS and not all(map(is_stderr, given)):
                yield from self.of_text("stderr", node, SHOWING_ERRORS)
        elif name in {"redirect_stderr", "dup2"} or _names_stderr(node):
            yield from self.of_text("stderr", node, SHOWING_ERRORS)

    def _is_looked_into(self, node: ast.Call) -> bool:
        """Whether more of recorded warnings is looked at than what they say."""
        item = self.parents.get(node)
        if not isinstance(item, ast.withitem):
            return True
        if item.optional_vars is None:
            return False
        return self.uses.bound(item.optional_vars, Shape.WARNINGS) != frozenset()

    def line_number(self, node: ast.Attribute | ast.Name) -> Iterator[Reader]:
        """`.lineno` of a log record; other things have lines of their own."""
        owner = _spelled(node.value) if isinstance(node, ast.Attribute) else "self"
        if owner == "self" or self.uses.fate(node, Shape.TEXT) == frozenset():
            return
        here = self.facts.words & _RECORDERS and self.facts.words & {"logging", "warnings"}
        yield Reader(C.LINES, "lineno", node.lineno, "" if here else "<recorded>")

    def records(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Reader]:
        """A handler of logs: does it look at more of a record than what it says?"""
        around = self.parents.get(node)
        if node.name not in _RECORDED or not isinstance(around, ast.ClassDef):
            return
        if not around.bases or "logging" not in self.facts.words or len(node.args.args) < 2:
            return
        fate = self.uses.parameter(node, node.args.args[1].arg, Shape.RECORD)
        if fate is None or fate:
            yield from self.of_text("a log record", node, fate or frozenset())

    def _counts_all(self, node: ast.AST) -> bool:
        """Whether warnings are recorded each time: by default only one of a line is."""
        above: ast.AST | None = node
        while above is not None and not isinstance(above, (*FUNCTIONS, ast.Module)):
            above = self.parents.get(above)
        said = {n.value for n in ast.walk(above or node) if isinstance(n, ast.Constant)}
        return "always" in said and not said & {"default", "module", "once"}


def _names_stderr(call: ast.Call) -> bool:
    """`patch("sys.stderr", …)`, `setattr(sys, "stderr", …)`."""
    named = (it.value for it in call.args[:2] if isinstance(it, ast.Constant))
    return _spelled(call.func) in {"patch", "setattr", "object"} and any(
        it in {"stderr", "sys.stderr"} for it in named
    )
