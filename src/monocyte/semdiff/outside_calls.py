"""Calls of outside things that need a look at their arguments: open, getattr, setattr, type… Pure.

A constant tells what is meant; a computed name is DYNAMIC, unless its beginning is known and what
it is looked up in belongs to the program.
"""

from __future__ import annotations

import ast

from monocyte.semdiff.callgraph import How
from monocyte.semdiff.outside import canonical
from monocyte.semdiff.resolving import UNKNOWN, text_of
from monocyte.semdiff.touching import DANGEROUS, Toucher

__all__ = ["OutsideCaller"]


class OutsideCaller(Toucher):
    """Reads the calls that say more than the name that is called."""

    def special(self, name: str, node: ast.Call) -> bool:
        """Whether a call needs a look of its own, which it then gets."""
        handler = _SPECIAL.get(canonical(name))
        return bool(handler and handler(self, node))

    def rest(self, node: ast.Call, skip: int = 0) -> None:
        """The arguments that nobody has looked at."""
        with self.called():
            self.each(node.args[skip:])
            for keyword in node.keywords:
                self.visit(keyword.value)

    def call_open(self, node: ast.Call) -> bool:
        """`open`: read or write, by its mode."""
        given = [k.value for k in node.keywords if k.arg == "mode"] + node.args[1:2]
        mode = "r" if not given else text_of(given[0])
        if any(isinstance(a, ast.Starred) for a in node.args) or any(
            not k.arg for k in node.keywords
        ):
            mode = None
        found = "RW" if mode is None else _by_mode(mode)
        self.touch_letters(found, node, f"open(…, {mode!r})" if mode else "open", runs=True)
        self.rest(node)
        return True

    def call_getattr(self, node: ast.Call) -> bool:
        """`getattr`: the attribute, if its name is known."""
        if len(node.args) < 2 or any(isinstance(a, ast.Starred) for a in node.args):
            self.touch("dynamic", node, "getattr(…)", runs=True)
            self.rest(node)
            return True
        base, wanted = node.args[:2]
        self.rest(node, skip=2)
        names = self.texts(wanted)
        if names is not None:
            for name in names:
                self.attribute(base, name, node)
            return True
        self.visit(wanted)
        self.visit(base)
        prefix = _prefix(wanted)
        if prefix and not prefix.startswith("__") and not self.leads_outside(base):
            for name in self.index.members:
                if name.startswith(prefix):
                    self.link(f"attr:{name}", node, How.CALLS)  # one of them it will be
            return True
        self.touch("dynamic", node, "getattr with a computed name", runs=True)
        self.link("attr:*", node, How.MAYBE_CALLS)
        return True

    def call_setattr(self, node: ast.Call) -> bool:
        """`setattr`, `delattr`: what is replaced, if it is not of `self`."""
        if len(node.args) < 2 or any(isinstance(a, ast.Starred) for a in node.args):
            self.touch("patching", node, "setattr(…)", runs=True)
            self.rest(node)
            return True
        base, wanted = node.args[:2]
        names = self.texts(wanted)
        own = isinstance(base, ast.Name) and base.id == "self"
        for kind, name in self.resolve(base):
            if kind in ("ext", "mod", "cls", "fn"):
                self.patch(node, f"{name}.{'|'.join(names or ['?'])}")
        if names is None and not own:
            self.touch("patching", node, "setattr with a computed name", runs=True)
        if names and any(n in DANGEROUS or n == "__class__" for n in names):
            self.touch("dynamic", node, "setattr", runs=True)
        with self.keeping(*[f"attr:{n}" for n in names or ["*"]]):
            self.rest(node, skip=2)
        self.visit(wanted)
        if not self.leads_outside(base):
            self.visit(base)
        return True

    def call_type(self, node: ast.Call) -> bool:
        """`type(it)` asks; `type(name, bases, space)` makes."""
        if len(node.args) != 1 or node.keywords:
            self.touch("dynamic", node, "type(…, …, …)", runs=True)
        self.rest(node)
        return True

    def call_vars(self, node: ast.Call) -> bool:
        """`vars()` without an argument is the frame."""
        if not node.args:
            self.touch("dynamic", node, "vars()", runs=True)
        self.rest(node)
        return True

    def call_getter(self, node: ast.Call) -> bool:
        """`attrgetter`, `methodcaller`: the attributes that they name."""
        for arg in node.args[:1] if "methodcaller" in ast.unparse(node.func) else node.args:
            names = self.texts(arg)
            if names is None:
                self.touch("dynamic", node, "attrgetter with a computed name", runs=True)
            for name in (part for n in names or () for part in n.split(".")):
                if name in DANGEROUS:
                    self.touch("dynamic", node, f".{name}", runs=True)
                self.unknown_attribute(UNKNOWN, name, node)
        self.rest(node)
        return True

    def call_getsetter(self, node: ast.Call) -> bool:
        """`object.__setattr__(self, name, value)` of frozen classes."""
        own = bool(node.args) and isinstance(node.args[0], ast.Name) and node.args[0].id == "self"
        return self.call_setattr(node) if not own else self._kept(node)

    def _kept(self, node: ast.Call) -> bool:
        names = self.texts(node.args[1]) if len(node.args) > 1 else None
        with self.keeping(*[f"attr:{n}" for n in names or ["*"]]):
            self.rest(node, skip=2)
        return True


_SPECIAL = {
    "builtins.open": OutsideCaller.call_open,
    "io.open": OutsideCaller.call_open,
    "codecs.open": OutsideCaller.call_open,
    "builtins.getattr": OutsideCaller.call_getattr,
    "builtins.setattr": OutsideCaller.call_setattr,
    "builtins.delattr": OutsideCaller.call_setattr,
    "builtins.type": OutsideCaller.call_type,
    "builtins.vars": OutsideCaller.call_vars,
    "builtins.object.__setattr__": OutsideCaller.call_getsetter,
    "operator.attrgetter": OutsideCaller.call_getter,
    "operator.methodcaller": OutsideCaller.call_getter,
}


def _prefix(node: ast.expr) -> str:
    """The constant beginning of a built string."""
    if isinstance(node, ast.JoinedStr) and node.values:
        return text_of(node.values[0]) or ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        return (text_of(node.left) or _prefix(node.left)).partition("%")[0]
    return ""


def _by_mode(mode: str) -> str:
    writes = any(letter in mode for letter in "wax+")
    reads = "r" in mode or "+" in mode or not writes
    return ("R" if reads else "") + ("W" if writes else "")
