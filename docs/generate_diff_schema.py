"""Draw docs/diff.schema.json from the format of `monocyte diff --json`; a test compares it."""

import json
import sys
from pathlib import Path

from monocyte.semdiff.report import schema

PAGE = Path(__file__).with_name("diff.schema.json")


def main() -> None:
    """Write the schema."""
    PAGE.write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: drawn\n")


if __name__ == "__main__":
    main()
