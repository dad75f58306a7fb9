"""What a name of the outside world can do, by the table: letters for dotted names. Pure.

Soundness lives here: what the table does not list counts as everything its module can do, what is
private to a module counts as dynamic, and a module that is handed about counts as all of its names.
"""

from __future__ import annotations

from functools import cache

from monocyte.semdiff.capability_table import ALIASES, MODULES, NAMES

__all__ = ["PORTS", "canonical", "is_module", "is_standard", "letters", "module_letters"]

PORTS = frozenset({"Caller", "Clock", "Ids", "Ask", "Http", "Model", "Files", "Sql"})
"""What a handler of a cell asks for by annotation."""

PLAIN_DUNDERS = frozenset(
    [
        "__name__",
        "__doc__",
        "__file__",
        "__version__",
        "__all__",
        "__class__",
        "__qualname__",
        "__module__",
        "__init__",
        "__new__",
        "__eq__",
        "__hash__",
        "__repr__",
        "__str__",
        "__setattr__",
        "__delattr__",
        "__call__",
        "__len__",
        "__iter__",
        "__next__",
        "__contains__",
        "__getitem__",
        "__setitem__",
        "__delitem__",
        "__enter__",
        "__exit__",
        "__lt__",
        "__le__",
        "__gt__",
        "__ge__",
        "__ne__",
        "__format__",
        "__copy__",
        "__deepcopy__",
        "__post_init__",
        "__init_subclass__",
        "__members__",
        "__abs__",
        "__add__",
        "__mul__",
        "__sub__",
        "__or__",
        "__and__",
        "__xor__",
        "__bool__",
        "__int__",
        "__float__",
        "__index__",
        "__sizeof__",
        "__class_getitem__",
        "__missing__",
        "__reversed__",
        "__annotations__",
        "__author__",
        "__truediv__",
        "__neg__",
        "__pos__",
        "__mod__",
        "__floordiv__",
        "__pow__",
        "__radd__",
        "__iadd__",
        "__await__",
        "__aenter__",
        "__aexit__",
        "__set_name__",
        "__instancecheck__",
        "__subclasscheck__",
        "__dir__",
        "__struct_fields__",
        "__args__",
        "__origin__",
        "__prepare__",
        "__path__",
        "__package__",
        "__debug__",
        "__match_args__",
        "__slots__",
        "__getattr__",
        "__hash__",
        "__bytes__",
        "__future__",
        "__dataclass_fields__",
        "__required_keys__",
        "__optional_keys__",
        "__abstractmethods__",
        "__get__",
        "__set__",
        "__delete__",
        "__fspath__",
        "__ceil__",
        "__floor__",
        "__round__",
        "__trunc__",
        "__divmod__",
        "__invert__",
        "__lshift__",
    ]
)
"""Dunders of outside things that lead nowhere."""


def is_standard(dotted: str) -> bool:
    """Whether the name belongs to the standard library (or to the builtins)."""
    top = dotted.partition(".")[0]
    return top in MODULES or (top.startswith("_") and top.lstrip("_") in MODULES) or top in _PRIVATE


_PRIVATE = frozenset(
    [
        "_thread",
        "_io",
        "_socket",
        "_ssl",
        "_posixsubprocess",
        "_ctypes",
        "_winapi",
        "_imp",
        "_frozen_importlib",
        "_sitebuiltins",
        "_frozen_importlib_external",
        "_pyio",
        "_posixshmem",
        "_sqlite3",
        "_interpreters",
        "_xxsubinterpreters",
        "_testcapi",
        "_testinternalcapi",
        "_collections_abc",
        "_weakref",
        "_weakrefset",
        "_strptime",
        "_random",
        "_warnings",
        "_operator",
        "_functools",
        "_tracemalloc",
        "_signal",
        "_aix_support",
        "_osx_support",
        "_sysconfig",
    ]
)


def is_module(dotted: str) -> bool:
    """Whether the name is a module, as far as the table knows."""
    return dotted in MODULES


def canonical(dotted: str) -> str:
    """The name under which the table has it: shown by another module, it is what it is."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        alias = ALIASES.get(".".join(parts[:end]))
        if alias is not None:
            return ".".join([alias, *parts[end:]])
    return dotted


@cache
def module_letters(module: str) -> str:
    """Everything that any name of a module can do."""
    found = set(MODULES.get(module, "D"))
    for name, can in NAMES.items():
        if name.startswith(module + "."):
            found |= set(can)
    return "".join(sorted(found))


@cache
def letters(dotted: str) -> str:
    """What mentioning that name of the standard library can lead to."""
    dotted = canonical(dotted)
    parts = dotted.split(".")
    found: set[str] = set()
    for index, part in enumerate(parts):
        if index and part.startswith("_") and ".".join(parts[: index + 1]) not in NAMES:
            found |= _private(parts, index)
        module = part.lstrip("_")
        shown = index and module in MODULES and parts[0] != "builtins"
        if shown and module != parts[index - 1] and not _listed(parts[: index + 1]):
            rest = [module, *parts[index + 1 :]]
            found |= set(letters(".".join(rest)) if rest[1:] else module_letters(module))
    return "".join(sorted(found | set(_by_table(parts))))


def _private(parts: list[str], index: int) -> set[str]:
    if parts[index] in PLAIN_DUNDERS:
        return set()
    owner = ".".join(parts[:index])
    return {"D", *(module_letters(owner) if is_module(owner) else "")}


def _listed(parts: list[str]) -> bool:
    name = ".".join(parts)
    return name in MODULES or name in NAMES


def _by_table(parts: list[str]) -> str:
    for end in range(len(parts), 0, -1):
        name = ".".join(parts[:end])
        if name in NAMES:
            return NAMES[name]
        if name in MODULES:
            return MODULES[name]
    top = parts[0].lstrip("_")
    return "D" + MODULES.get(top, "")
