"""Letters, kept as files; while the office is shut, nobody writes one."""

from monocyte import Cell, Command, Event, Files, Query, State


class Written(Event):
    to: str
    receipt: str


class Shut(Event):
    shut: bool


class WriteLetter(Command[Written]):
    to: str
    receipt: str


class ShutOffice(Command[Shut]):
    shut: bool


class ListFiles(Query[tuple[str, ...]]):
    pass


class Office(State):
    shut: bool = False


cell = Cell("letters", state=Office)

OPEN = cell.rule("LETTER-1", "Letters are written while the office is open.")


@cell.handles
async def write(it: WriteLetter, office: Office, files: Files) -> Written:
    OPEN.require(not office.shut)
    await files.write(f"{it.receipt}.txt", it.to.encode())
    return Written(it.to, it.receipt)


@cell.handles
def shut(it: ShutOffice, office: Office) -> Shut:
    return Shut(it.shut)


@cell.handles
async def listed(it: ListFiles, office: Office, files: Files) -> tuple[str, ...]:
    return await files.list()


@cell.evolves
def keep(it: Written, office: Office) -> None:
    """The file is all there is."""


@cell.evolves
def lock(it: Shut, office: Office) -> None:
    office.shut = it.shut
