"""Draw the table of states in docs/regeneration.md from the code, so that they cannot differ.

`python docs/generate_states.py` writes it between its marks, a test compares it.
"""

import sys
from pathlib import Path

from monocyte.genops.states import table

PAGE = Path(__file__).with_name("regeneration.md")
START = "<!-- States: drawn by `make docs`, do not edit. -->\n"
END = "<!-- End of the states. -->\n"


def drawn(page: str) -> str:
    """Return `page` with the table as the code has it; ValueError if it has no marks."""
    before, _, rest = page.partition(START)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError("the marks around the table are missing")
    return f"{before}{START}\n{table()}\n{END}{after}"


def main() -> None:
    """Draw the table."""
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: drawn\n")


if __name__ == "__main__":
    main()
