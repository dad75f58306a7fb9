"""Locked worker processes: where code that is judged runs, and the only place where it does.

`pool` is our side: it starts a *nursery*, a fresh interpreter that has imported nothing of
anybody's, and hands it jobs. The nursery forks a child for each job, locks it (`lock`), and
reports what became of it. A job is a function of ours, by name, and a payload; both travel as
msgpack frames.

`twin` is no such place: it is a fork of this process that reads, as this does, and runs nothing.
"""

from monocyte.semdiff.workers.frames import Fate, Limits, Report
from monocyte.semdiff.workers.pool import Worker

__all__ = ["Fate", "Limits", "Report", "Worker"]
