"""Tables: what settings are read by, beyond what tests/runtime/test_settings.py says."""

from typing import Annotated, Any

import msgspec
import pytest

from monocyte.errors import ConfigError
from monocyte.tables import parse


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    size: Annotated[int, msgspec.Meta(ge=1)] = 1


class Outer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    inner: Inner = Inner()
    many: dict[str, Inner] = {}


MENDS = {
    "a": "a table",
    "a.inner": "[a.inner]",
    "a.inner.size": "one or more",
    "a.many": "[a.many.NAME]",
}

FAULTS = {
    "a key of a table inside": ("[a.inner]\nsise = 1\n", 2, "'sise'", "did you mean size?"),
    "a value of a table inside": ("[a.inner]\n\nsize = 0\n", 3, "a.inner.size", "one or more"),
    "a table inside": ("[a]\n[a.iner]\n", 2, "'iner'", "did you mean inner?"),
    "a text for a table": ("[a]\ninner = 'x'\n", 2, "a.inner", "[a.inner]"),
}


@pytest.mark.parametrize(("text", "line", "says", "mend"), FAULTS.values(), ids=FAULTS)
def test_a_fault_in_a_nested_table_is_told(text: str, line: int, says: str, mend: str) -> None:
    """With its line, and what was meant."""
    document = parse("monocyte.toml", text)
    raw: Any = document.raw["a"]
    with pytest.raises(ConfigError) as refusal:
        document.typed(raw, Outer, MENDS, section="a")
    assert says in refusal.value.message
    assert mend in refusal.value.mend
    assert refusal.value.where == f"monocyte.toml:{line}"


def test_what_is_right_is_typed() -> None:
    """As values."""
    document = parse("monocyte.toml", "[a.inner]\nsize = 3\n[a.many.x]\nsize = 4\n")
    typed = document.typed(document.raw["a"], Outer, MENDS, section="a")
    assert typed == Outer(Inner(3), {"x": Inner(4)})
