"""Draw what gates can find into docs/gates.md, and the schema of a verdict, from the code.

`python docs/generate_gates.py` writes both, a test compares them.
"""

import json
import sys
from pathlib import Path

import msgspec
from marks import drawn_between

from monocyte.genops.gates.kinds import table
from monocyte.genops.gates.verdict import Verdict

PAGE = Path(__file__).with_name("gates.md")
SCHEMA = Path(__file__).with_name("gate.schema.json")
START = "<!-- Kinds: drawn by `make docs`, do not edit. -->\n"
END = "<!-- End of the kinds. -->\n"


def drawn(page: str) -> str:
    """Return `page` with the table as the code has it; ValueError if it has no marks."""
    return drawn_between(page, START, END, table())


def schema() -> str:
    """Return the schema of `monocyte gate --json`."""
    return json.dumps(msgspec.json.schema(Verdict), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Draw both."""
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    SCHEMA.write_text(schema(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}, {SCHEMA.name}: drawn\n")


if __name__ == "__main__":
    main()
