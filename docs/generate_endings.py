"""Draw the table of endings in docs/metering.md from the code, so that they cannot differ.

`python docs/generate_endings.py` writes it between its marks, a test compares it.
"""

import sys
from pathlib import Path

from marks import drawn_between

from monocyte.genops.metering.exchange import ENDINGS

PAGE = Path(__file__).with_name("metering.md")
START = "<!-- Endings: drawn by `make docs`, do not edit. -->\n"
END = "<!-- End of the endings. -->\n"
DUE = {
    "reported": "what the provider reports",
    "nothing": "nothing",
    "whole": "all that was set aside",
}


def table() -> str:
    """Return every ending with what it means and what is due."""
    rows = (f"| `{name}` | {means} | {DUE[due]} |" for name, (due, means) in ENDINGS.items())
    return "\n".join(("| ending | means that | due is |", "|---|---|---|", *rows))


def drawn(page: str) -> str:
    """Return `page` with the table as the code has it; ValueError if it has no marks."""
    return drawn_between(page, START, END, table())


def main() -> None:
    """Draw the table."""
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: drawn\n")


if __name__ == "__main__":
    main()
