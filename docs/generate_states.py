"""Draw the table of states in docs/regeneration.md from the code, so that they cannot differ.

`python docs/generate_states.py` writes it between its marks, a test compares it.
"""

import sys
from pathlib import Path

from marks import drawn_between

from monocyte.genops.states import table

PAGE = Path(__file__).with_name("regeneration.md")
START = "<!-- States: drawn by `make docs`, do not edit. -->\n"
END = "<!-- End of the states. -->\n"


def drawn(page: str) -> str:
    """Return `page` with the table as the code has it; ValueError if it has no marks."""
    return drawn_between(page, START, END, table())


def main() -> None:
    """Draw the table."""
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: drawn\n")


if __name__ == "__main__":
    main()
