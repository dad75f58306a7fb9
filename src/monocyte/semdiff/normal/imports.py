"""What rules about order and names must know of the modules around one: asked, never imported."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from typing import Protocol

__all__ = ["LOUD", "NO_TREE", "Imports"]


class Imports(Protocol):
    """What is known about the modules that a module imports."""

    def meetings(self, module: str) -> Mapping[str, str]:
        """What its import touches beside names, and how: who speaks or listens to other imports."""

    def comes_back(self, module: str) -> bool:
        """Whether importing it runs through a cycle, so that half-made modules are seen."""

    def is_sought(self, name: str) -> bool:
        """Whether a module that comes back to this one may look for that name in it, half-made."""

    def entry(self, module: str) -> str:
        """The module whose import decides: a package that imports this one itself comes first."""

    def star_names(self, module: str) -> frozenset[str] | None:
        """What a star import of a module binds; None where that is not in sight."""

    def is_module(self, module: str) -> bool:
        """Whether the tree has a module of that name."""

    def may_shadow(self, package: str, name: str) -> bool:
        """Whether `package` may define a `name` of its own where a submodule is named alike."""

    def absolute(self, node: ast.ImportFrom) -> str:
        """The dotted name of the module that a `from` import names."""

    def is_patched(self, name: str) -> bool:
        """Whether some module sets a global of this name on another module."""

    def is_held(self) -> bool:
        """Whether some module may get hold of this one, or of the builtins, as an object."""

    def defines(self, name: str) -> bool:
        """Whether some module has a function, a method or a class's attribute of this name."""

    def sets(self, name: str) -> bool:
        """Whether some module sets an attribute of this name."""

    def compares_plainly(self) -> bool:
        """Whether no comparison method of the tree gives anything but plain values."""

    def is_replaced(self, module: str) -> bool:
        """Whether some code may set something else under a module's name on its package."""

    def answers(self, module: str) -> bool:
        """Whether a module runs code when it is asked for a name, or may be no plain module."""

    def is_dynamic(self, origin: str) -> bool:
        """Whether looking inside what an import binds may run code that we do not see."""


class _NoTree:
    """A single file: what it imports is not in sight, and taken to be quiet when imported."""

    def meetings(self, module: str) -> Mapping[str, str]:
        return {"!sensitive": f"import {module}"} if module.partition(".")[0] in LOUD else {}

    def comes_back(self, module: str) -> bool:
        return module.startswith(".")

    def is_sought(self, name: str) -> bool:  # noqa: ARG002
        return True

    def entry(self, module: str) -> str:
        return module

    def star_names(self, module: str) -> frozenset[str] | None:  # noqa: ARG002
        return None

    def is_module(self, module: str) -> bool:  # noqa: ARG002
        return False

    def may_shadow(self, package: str, name: str) -> bool:  # noqa: ARG002
        return package.partition(".")[0] not in sys.stdlib_module_names

    def absolute(self, node: ast.ImportFrom) -> str:
        return "." * node.level + (node.module or "")

    def is_patched(self, name: str) -> bool:  # noqa: ARG002
        return False

    def is_held(self) -> bool:
        return True

    def defines(self, name: str) -> bool:  # noqa: ARG002
        return True

    def sets(self, name: str) -> bool:  # noqa: ARG002
        return True

    def compares_plainly(self) -> bool:
        return False

    def is_replaced(self, module: str) -> bool:  # noqa: ARG002
        return True

    def answers(self, module: str) -> bool:  # noqa: ARG002
        return True

    def is_dynamic(self, origin: str) -> bool:  # noqa: ARG002
        return False


NO_TREE = _NoTree()
LOUD = frozenset({"this", "antigravity", "gevent", "eventlet", "readline", "rlcompleter", "site"})
"""Modules outside any tree that do something when imported."""
