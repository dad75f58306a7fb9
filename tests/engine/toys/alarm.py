"""Rings each hour, and when it was told to."""

from datetime import UTC, datetime, timedelta

from monocyte import Cell, Command, Event, Query, State, Tick
from tests.engine.toys import gates


class Rang(Event):
    due: datetime


class Armed(Event):
    name: str
    at: datetime | None = None


class Went(Event):
    name: str


class Arm(Command[Armed]):
    name: str
    at: datetime | None = None


class Rings(Query[tuple[datetime, ...]]):
    pass


class Gone(Query[tuple[str, ...]]):
    pass


class Log(State):
    rings: list[datetime] = []
    gone: list[str] = []


cell = Cell("alarm", state=Log)


def _when(it: Armed) -> timedelta | datetime:
    gates.check("when")
    return it.at.astimezone(UTC) if it.at else timedelta(minutes=15)


@cell.every(timedelta(hours=1))
def ring(due: Tick, log: Log) -> Rang:
    gates.check("ring")
    return Rang(due.at)


@cell.after(_when)
async def go(it: Armed, log: Log) -> Went:
    await gates.enter("go")
    return Went(it.name)


@cell.handles
def arm(it: Arm, log: Log) -> Armed:
    return Armed(it.name, it.at)


@cell.handles
def rings(it: Rings, log: Log) -> tuple[datetime, ...]:
    return tuple(log.rings)


@cell.handles
def gone(it: Gone, log: Log) -> tuple[str, ...]:
    return tuple(log.gone)


@cell.evolves
def rang(it: Rang, log: Log) -> None:
    log.rings.append(it.due)


@cell.evolves
def armed(it: Armed, log: Log) -> None:
    """Only the timer is started."""


@cell.evolves
def went(it: Went, log: Log) -> None:
    log.gone.append(it.name)
