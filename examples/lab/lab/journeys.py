"""# The lab, from end to end: what people come for, across all of its cells.

Each journey is played in a World and, by `monocyte test --e2e`, against the app as it runs. So
nobody looks inside here: what counts is what people can say and what they hear.
"""

from datetime import UTC, date, datetime, timedelta

from lab.digests import MyNews
from lab.equipment import AddInstrument, Instrument, PutBackInService, Slot, TakeOutOfService
from lab.instruments import ALONE, TRAINED, WORKING, BookInstrument, FindFree, ListBookingsOf
from lab.notebook import (
    LOCKED,
    NEWEST,
    OTHER,
    REAL,
    GetEntry,
    ReviseEntry,
    Search,
    SignEntry,
    Text,
    WitnessEntry,
    WriteEntry,
)
from lab.notices import HEARD, Mute, Topic
from lab.people import (
    FOR_EVER,
    OFFICE,
    Enrol,
    GiveRoles,
    ListMembers,
    ListTrainings,
    RecordTraining,
    Role,
    SayGoodbye,
)
from lab.samples import (
    HELD,
    OWNED,
    CheckOut,
    ListOwned,
    ListPlace,
    PutBack,
    RegisterSample,
    Unit,
)
from lab.stock import ENOUGH, IN_HAND, Consume, HowMuch, Restock
from monocyte import App
from monocyte.testing import Stage

app = App("lab")

MONDAY, NEW_YEAR = date(2026, 3, 2), date(2027, 1, 1)
FREEZER, BENCH = "freezer-1/shelf-2/box-7", "room-214/bench-3"
STAFF = {"tom": Role.TRAINER, "tea": Role.TECHNICIAN, "sam": Role.STORES}


def hours(start: int, end: int) -> Slot:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    return Slot(midnight + timedelta(hours=start), midnight + timedelta(hours=end))


def hears(lab: Stage, who: str, what: str) -> None:
    """Before long, that is among somebody's news."""

    def heard() -> None:
        assert any(what in notice.text for notice in lab.by(who).ask(MyNews()))

    lab.eventually(heard)


app.picture("""
    instruments -> equipment:   GetInstrument
    instruments -> people:      IsTrained
    notebook    -> samples:     FindUnknown
    notices     -> people:      ListMembers
    samples     -> people:      GetMember
    stock       -> samples:     GetSample
    equipment   => instruments: OutOfService, BackInService
    equipment   => notices:     OutOfService
    instruments => notices:     Cancelled
    notebook    => notices:     Written, Revised, Witnessed
    notices     => digests:     Noted
    people      => digests:     Left
    people      => instruments: Left
    people      => notices:     Joined, Trained, TrainingEnding, Left
    people      => samples:     Left
    samples     => notices:     Overdue
    stock       => notices:     RanLow
""")


# ## Coming, and going


@app.scenario
def a_new_scientist(lab: Stage) -> None:
    """The office enrols Ada, Tom teaches her the microscope, and only then she books it."""
    ada, olga = lab.by("ada"), lab.by("olga", "office")
    with OFFICE.refuses():
        ada.send(Enrol("ada", "Ada Lind", frozenset({Role.HEAD}), MONDAY))
    for who, role in STAFF.items():
        olga.send(Enrol(who, who.title(), frozenset({role}), MONDAY))
    olga.send(Enrol("ada", "Ada Lind", frozenset({Role.SCIENTIST}), MONDAY))
    microscope = Instrument("confocal", "Confocal microscope", "2.14", "confocal")
    lab.by("tea", "technician").send(AddInstrument(microscope))
    with TRAINED.refuses():
        ada.send(BookInstrument("confocal", hours(10, 12)))
    lab.by("tom", "trainer").send(RecordTraining("ada", "confocal", MONDAY, NEW_YEAR))
    assert [it.course for it in ada.ask(ListTrainings("ada"))] == ["confocal"]
    ada.send(BookInstrument("confocal", hours(10, 12), "first light"))
    hears(lab, "ada", "Welcome to the lab, Ada Lind.")
    hears(lab, "ada", "You may use what needs confocal")


@app.scenario
def somebody_leaves(lab: Stage) -> None:
    """Ada's samples go to Lise, her hours to whoever wants them, her handle to nobody."""
    a_day_at_the_bench(lab)
    ada, lise, olga = lab.by("ada"), lab.by("lise"), lab.by("olga", "office")
    ada.send(BookInstrument("confocal", hours(14, 16)))
    olga.send(SayGoodbye("ada", MONDAY, heir="lise"))
    hears(lab, "lise", "ada has left on 2026-03-02; their samples are yours.")

    def everything_is_handed_over() -> None:
        assert [it.barcode for it in lise.ask(ListOwned("lise"))] == ["AB000001"]
        assert lise.ask(ListBookingsOf("ada", hours(0, 24).start)) == ()

    lab.eventually(everything_is_handed_over)
    assert "ada" not in {it.handle for it in olga.ask(ListMembers())}
    with OWNED.refuses():
        ada.send(RegisterSample("AB000002", "DMSO", "ada", FREEZER, Unit.PIECES, 9))
    with FOR_EVER.refuses():
        olga.send(Enrol("ada", "Ada Roe", frozenset(), NEW_YEAR))


@app.scenario
def a_student_becomes_a_trainer(lab: Stage) -> None:
    """Lise is given a role, and teaches Kim the microscope that same day."""
    a_new_scientist(lab)
    olga = lab.by("olga", "office")
    for who in ("lise", "kim"):
        olga.send(Enrol(who, who.title(), frozenset({Role.STUDENT}), MONDAY))
    olga.send(GiveRoles("lise", frozenset({Role.TRAINER})))
    assert {it.handle for it in olga.ask(ListMembers(Role.TRAINER))} == {"tom", "lise"}
    lab.by("lise", "trainer").send(RecordTraining("kim", "confocal", MONDAY, NEW_YEAR))
    lab.by("kim").send(BookInstrument("confocal", hours(12, 13)))
    hears(lab, "kim", "You may use what needs confocal")


# ## Machines


@app.scenario
def two_people_and_one_microscope(lab: Stage) -> None:
    """Lise cannot have Ada's hours, sees what is left of the day, and takes the hour after."""
    a_new_scientist(lab)
    lise = lab.by("lise")
    lab.by("olga", "office").send(Enrol("lise", "Lise Ott", frozenset({Role.STUDENT}), MONDAY))
    lab.by("tom", "trainer").send(RecordTraining("lise", "confocal", MONDAY, NEW_YEAR))
    with ALONE.refuses():
        lise.send(BookInstrument("confocal", hours(11, 13)))
    free = lise.ask(FindFree("confocal", MONDAY))
    assert [it.hour for it in free] == [*range(10), *range(12, 24)]
    lise.send(BookInstrument("confocal", hours(12, 13)))


@app.scenario
def the_laser_dies(lab: Stage) -> None:
    """Who had booked hears of it, and the technicians; repaired, the microscope is Ada's again."""
    a_new_scientist(lab)
    ada, tea = lab.by("ada"), lab.by("tea", "technician")
    tea.send(TakeOutOfService("confocal", hours(8, 20), "the laser died"))
    hears(lab, "ada", "tea cancelled your confocal of 2026-03-02 10:00: the laser died")
    hears(lab, "tea", "confocal is out from 2026-03-02 08:00")
    with WORKING.refuses():
        ada.send(BookInstrument("confocal", hours(10, 12)))
    tea.send(PutBackInService("confocal", hours(8, 20).start, hours(9, 20).start))
    ten = hours(10, 12).start

    def it_is_free_at_ten() -> None:
        assert ten in ada.ask(FindFree("confocal", MONDAY))

    lab.eventually(it_is_free_at_ten)
    ada.send(BookInstrument("confocal", hours(10, 12)))


# ## Samples


@app.scenario
def a_day_at_the_bench(lab: Stage) -> None:
    """An antibody goes from the freezer to Lise's bench and back, and nobody else takes it."""
    a_new_scientist(lab)
    ada, lise = lab.by("ada"), lab.by("lise")
    lab.by("olga", "office").send(Enrol("lise", "Lise Ott", frozenset({Role.STUDENT}), MONDAY))
    it = RegisterSample("AB000001", "anti-GFP", "ada", FREEZER, Unit.MICROLITRES, 100, low=20)
    ada.send(it)
    lise.send(CheckOut("AB000001"))
    with HELD.refuses():
        ada.send(CheckOut("AB000001"))
    with IN_HAND.refuses():
        ada.send(Consume("AB000001", 5))
    assert lise.send(Consume("AB000001", 30)) == 70
    lise.send(PutBack("AB000001", BENCH))
    assert [it.barcode for it in ada.ask(ListPlace(BENCH))] == ["AB000001"]
    assert ada.ask(ListPlace(FREEZER)) == ()


@app.scenario
def the_antibody_runs_low(lab: Stage) -> None:
    """Ada and the stores hear of it once it is low; Sam orders more, and work goes on."""
    a_day_at_the_bench(lab)
    lise, sam = lab.by("lise"), lab.by("sam", "stores")
    assert lise.send(Consume("AB000001", 55)) == 15
    for who in ("ada", "sam"):
        hears(lab, who, "AB000001 anti-GFP: 15 µl left.")
    with ENOUGH.refuses():
        lise.send(Consume("AB000001", 16))
    assert sam.send(Restock("AB000001", 100)) == 115
    assert lise.ask(HowMuch("AB000001")) == 115


# ## The notebook


@app.scenario
def a_page_of_the_notebook(lab: Stage) -> None:
    """Written, found, revised, signed and witnessed; from then on it stays as it is."""
    a_day_at_the_bench(lab)
    ada, lise = lab.by("ada"), lab.by("lise")
    with REAL.refuses():
        ada.send(WriteEntry(MONDAY, Text("Stain", "With AB000010.")))
    ada.send(WriteEntry(MONDAY, Text("Stain", "With AB000001, as @lise says.")))
    hears(lab, "lise", "ada mentions you in ada-1, Stain.")
    assert [it.page for it in lise.ask(Search("stain ab000001"))] == ["ada-1"]
    better = Text("Stain", "With AB000001, 1:500, as @lise says.")
    ada.send(ReviseEntry("ada-1", 1, better))
    with NEWEST.refuses():
        ada.send(ReviseEntry("ada-1", 1, better))
    with OTHER.refuses():
        lise.send(WitnessEntry("ada-1"))
    ada.send(SignEntry("ada-1"))
    lise.send(WitnessEntry("ada-1"))
    with LOCKED.refuses():
        ada.send(ReviseEntry("ada-1", 2, better))
    page = ada.ask(GetEntry("ada-1"))
    assert page is not None
    assert (page.revision, page.text, page.witnesses) == (2, better, ("lise",))
    hears(lab, "ada", "lise witnessed your ada-1.")


# ## News


@app.scenario
def somebody_wants_her_peace(lab: Stage) -> None:
    """Lise mutes the notebook, though not her samples, and Ada's pages are no news to her."""
    a_day_at_the_bench(lab)
    ada, lise = lab.by("ada"), lab.by("lise")
    with HEARD.refuses():
        lise.send(Mute(frozenset({Topic.SAMPLE})))
    lise.send(Mute(frozenset({Topic.NOTEBOOK})))
    ada.send(WriteEntry(MONDAY, Text("Gel", "As @lise and @tom say.")))
    hears(lab, "tom", "ada mentions you in ada-1, Gel.")
    assert all(notice.topic is not Topic.NOTEBOOK for notice in lise.ask(MyNews()))
