"""Runs a suite and says, as JSON, how each test went and which files were imported from where.

`python -P suite_run.py ANSWER FOLDER [PYTEST OPTIONS]`, run by path in the environment that the
suite needs: it knows nothing of the rest of the benchmark. FOLDER holds the package under test.
With `$SUITE_ANSWERS` set, it also says what the functions in it returned (`suite_answers.py`).
"""

import json
import os
import sys
from pathlib import Path

import pytest


class Outcomes:
    """A pytest plugin that notes how each test went."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Failed if any phase failed, passed if its call passed; else skipped."""
        before = self.of.get(report.nodeid, "skipped")
        if report.failed:
            self.of[report.nodeid] = "failed"
        elif report.when == "call" and report.passed and before != "failed":
            self.of[report.nodeid] = "passed"
        else:
            self.of.setdefault(report.nodeid, "skipped")


def main() -> int:
    """Run, write the answer, and leave with pytest's exit code."""
    answer, folder = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
    outcomes = Outcomes()
    told = {}
    if os.environ.get("SUITE_ANSWERS"):
        sys.path.append(str(Path(__file__).parent))
        from suite_answers import Answers

        answers = Answers(folder)
        answers.start()
        code = pytest.main(sys.argv[3:], plugins=[outcomes])
        answers.globals_of_all()
        told = {"answers": {name: sorted(known) for name, known in answers.told.items()}}
    else:
        code = pytest.main(sys.argv[3:], plugins=[outcomes])
    files = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
    inside = sorted(
        Path(file).relative_to(folder).as_posix()
        for file in files
        if Path(file).is_relative_to(folder)
    )
    told |= {"code": int(code), "tests": outcomes.of, "imported": inside}
    answer.write_text(json.dumps(told))
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
