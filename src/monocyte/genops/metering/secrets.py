"""A key that nothing prints: whoever shows, logs, copies or stores it shows three dots.

Only the proxy's way out reveals it, into a header. What comes back is searched for it, so that a
provider that repeats it puts it into no log, cassette or answer.
"""

from __future__ import annotations

import re
from typing import Final, NoReturn

from monocyte.errors import ConfigError

__all__ = ["HIDDEN", "Secret"]

HIDDEN: Final = "..."
"""What is seen instead."""

_KEY = re.compile(r"[\x21-\x7e]{8,4096}")


class Secret:
    """A provider's key."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not _KEY.fullmatch(text):
            mend = "set it to the key as the provider shows it, without quotes or line ends"
            raise ConfigError("this is no key of any provider", mend=mend)
        self._text = text

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not copied, pickled or sent")

    def reveal(self) -> str:
        """The key itself: for the header of a request, and nothing else."""
        return self._text

    def inside(self, data: bytes) -> bool:
        """Whether it is found in there."""
        return self._text.encode() in data

    @property
    def size(self) -> int:
        """Bytes of the key."""
        return len(self._text)
