"""Readers: places in a module that look at a channel. Values only; `guards.py` finds them."""

from __future__ import annotations

from dataclasses import dataclass

from monocyte.semdiff.normal.channels import Channel

__all__ = ["FRAME_CHANNELS", "Home", "Reader"]

FRAME_CHANNELS = frozenset(
    {Channel.NAMES, Channel.LINES, Channel.CODE, Channel.TEXT, Channel.FRAMES, Channel.UNBOUND}
    | {Channel.SWALLOWED}
)
"""What whoever is called can see of its caller."""


@dataclass(frozen=True)
class Home:
    """The definition in which a reader stands: what behaves differently when it sees another."""

    kind: str = "module"
    name: str = "<module>"
    line: int = 1


@dataclass(frozen=True)
class Reader:
    """A place that looks at a channel."""

    channel: Channel
    word: str
    line: int
    of: str = ""
    """Whose: a definition's name, `<module>`, `<classes>`, or empty for anybody's."""
    needs: frozenset[str] = frozenset()
    """What the tree must mention, one of these at least, for it to count; or nothing."""
    home: Home = Home()

    def sees(self, kind: str, name: str) -> bool:
        """Whether it may be looking at this definition."""
        if not self.of:
            return True
        if self.of == "<classes>":
            return kind == "class"
        plain = name.partition("#")[0]
        return self.of in {name, plain} or plain.startswith(f"{self.of}.")
