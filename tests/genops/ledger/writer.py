"""A process of its own that writes to a ledger: `writer.py REPO NAME COUNT [KILL_AT [LIMIT]]`.

It writes COUNT reservations. With KILL_AT it kills itself, as nothing can be handled, just before
the git command of that number; with LIMIT no file may grow beyond so many bytes.
"""

import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from monocyte.errors import LedgerUnavailable
from monocyte.genops.git import Git
from monocyte.genops.ledger.gitledger import GitLedger
from monocyte.genops.ledger.interface import Decided, record
from tests.genops.ledger.facts import reserved


def main() -> None:
    """Write, and say each entry that was acknowledged."""
    repository, name, count, kill_at, limit = (*sys.argv[1:], "0", "0")[:5]
    ledger = GitLedger(Path(repository))
    if int(kill_at):
        kill_before(int(kill_at))
    if int(limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    for number in range(int(count)):
        fact = reserved(f"{name}-{number}", nano=1)
        try:
            record(ledger, lambda _, fact=fact: Decided(fact), who=name)  # type: ignore[misc]
        except LedgerUnavailable as why:
            sys.stdout.write(f"refused: {why.message}\n")
            raise SystemExit(3) from why
        sys.stdout.write(f"{name}-{number}\n")
        sys.stdout.flush()


def kill_before(wanted: int) -> None:
    """Die before the git command of that number."""
    run, done = Git.run, 0

    def counted(self: Git, *arguments: str, **options: Any) -> Any:
        nonlocal done
        done += 1
        if done == wanted:
            os.kill(os.getpid(), signal.SIGKILL)
        return run(self, *arguments, **options)

    Git.run = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
