"""Fresh ids sort by the order in which they were drawn, and no two processes draw the same."""

import os

from monocyte.bus import fresh_id


def drawn_in_a_fork(count: int) -> list[str]:
    """Ids that a forked process draws."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writing, " ".join(fresh_id() for _ in range(count)).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as file:
        return file.read().split()


def test_ids_are_sorted_and_unique_over_processes() -> None:
    """Also those of processes that were forked from the very same state."""
    rounds = [[fresh_id() for _ in range(100)], drawn_in_a_fork(100), drawn_in_a_fork(100)]
    assert all(ids == sorted(ids) for ids in rounds)
    assert len({id for ids in rounds for id in ids}) == 300
    assert rounds[1][0] < rounds[2][0]
