"""What the lab of the seed has: machines, staff, names, stock, experiments. Tables only."""

from lab.people import Role
from lab.samples import Unit


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


MACHINES = (
    ("confocal-1", "Confocal microscope", "2.14", "confocal"),
    ("confocal-2", "Confocal microscope with incubator", "2.15", "confocal"),
    ("spinning-disk", "Spinning-disk microscope", "2.16", "confocal"),
    ("tem", "Transmission electron microscope", "0.03", "electron-microscopy"),
    ("nmr-400", "NMR spectrometer, 400 MHz", "0.10", "nmr"),
    ("nmr-600", "NMR spectrometer, 600 MHz, cryoprobe", "0.11", "nmr"),
    ("orbitrap", "Orbitrap mass spectrometer", "1.20", "mass-spectrometry"),
    ("sorter", "Cell sorter, five lasers", "2.02", "flow-cytometry"),
    ("cytometer", "Flow cytometer", "2.03", "flow-cytometry"),
    ("ultracentrifuge", "Ultracentrifuge, 100 000 rpm", "1.05", "ultracentrifuge"),
    ("akta", "Protein purification, in the cold room", "1.06", "chromatography"),
    ("glovebox", "Glovebox, argon", "3.08", "glovebox"),
    ("centrifuge", "Floor centrifuge", "1.04", None),
    ("qpcr-1", "qPCR cycler, 96 wells", "2.20", None),
    ("qpcr-2", "qPCR cycler, 384 wells", "2.20", None),
    ("plate-reader", "Plate reader", "2.21", None),
)
COURSES = tuple(dict.fromkeys(course for *_, course in MACHINES if course))

STAFF = (
    # how many, role in the register, roles at the wall
    (2, Role.OFFICE, frozenset({"office"})),
    (2, Role.STORES, frozenset({"stores"})),
    (5, Role.TECHNICIAN, frozenset({"technician", "trainer"})),
    (6, Role.HEAD, frozenset({"head"})),
    (8, Role.TRAINER, frozenset({"trainer"})),
    (40, Role.SCIENTIST, frozenset({"scientist"})),
    (57, Role.STUDENT, frozenset({"student"})),
)

FIRST = words(
    """
Ada Aisha Akira Alba Amara Amir Ana Anders Aoife Ayşe Beatriz Ben Bogdan Camille Carlos Chidi Chloé
Clara Dalia Daniel Diego Dmitri Elena Elif Emeka Emil Esther Fatima Felix Femi Freya Giulia Hana
Haruto Helga Hiroshi Ibrahim Ida Ines Ingrid Ivan Jamal Jana Javier Jin Joana Jonas Julia Kavya
Kofi Lars Layla Leila Lena Lise Lucas Luca Magda Mai Malik Marek Maria Mateo Mei Milan Mina Mira
Nadia Naoko Nikhil Nina Noah Nora Olu Omar Oskar Paula Pavel Priya Rafael Ravi Renée Rosa Ruth Sami
Sanne Sara Selma Sofia Sven Tariq Tessa Tom Tomás Uma Vera Victor Wei Xin Yara Yuki Yusuf Zara Zoë
"""
)
LAST = words(
    """
Abebe Adeyemi Almeida Andersson Bauer Bianchi Brandt Castillo Chen Cohen Costa Dubois Eriksen Farah
Fischer Fontaine García Gupta Haddad Hansen Hoffmann Ito Jansen Kaya Keller Khan Kim Kowalski Lee
Lindqvist López Marino Mensah Meyer Moreau Müller Nakamura Nguyen Novák Okafor Oliveira Park Patel
Petrov Ramos Rossi Sato Schmidt Silva Singh Sørby Suzuki Tanaka Virtanen Vogel Wang Weber Yildiz
"""
)

STOCK = (
    # prefix, what, unit, from, to, typical use
    ("AB", "anti-{}, rabbit", Unit.MICROLITRES, 100, 800, 10),
    ("AB", "anti-{}, mouse, Alexa 488", Unit.MICROLITRES, 50, 400, 5),
    ("PL", "pcDNA3-{}", Unit.MICROLITRES, 50, 300, 4),
    ("PR", "{}, purified", Unit.MICROLITRES, 200, 2_000, 50),
    ("CL", "HEK293 {}-GFP", Unit.PIECES, 6, 24, 1),
    ("CL", "HeLa, {} knock-out", Unit.PIECES, 4, 16, 1),
    ("CH", "{} inhibitor", Unit.MILLIGRAMS, 25, 500, 10),
    ("SI", "siRNA against {}", Unit.MICROLITRES, 40, 200, 5),
)
GENES = words(
    """
ACTB AKT1 ATM BRCA1 CASP3 CCNB1 CDK1 CTNNB1 EGFR ESR1 FOXO3 GAPDH HDAC1 HIF1A HSP90 JUN KRAS LMNB1
MAPK1 MTOR MYC NFKB1 NOTCH1 PARP1 PCNA PTEN RAB7 RAD51 RHOA SOX2 STAT3 TOMM20 TP53 TUBA1A VIM YAP1
"""
)
BENCHES = tuple(f"room-{room}/fridge" for room in ("104", "105", "202", "203", "214", "308"))

EXPERIMENTS = (
    # title, steps, what was seen
    (
        "Western blot of {gene}",
        (
            "Lysed in RIPA on ice, {n} min, spun at 14 000 g.",
            "Loaded {n} µg per lane on a 4 to 12 % gel, 120 V.",
            "Transferred overnight at 30 V in the cold room.",
            "Blocked in 5 % milk; first antibody 1:{n}00, overnight at 4 °C.",
            "Washed three times 10 min in TBST before ECL.",
        ),
        ("One band at {n} kDa, as expected.", "Background too high: milk was old.", "No band."),
    ),
    (
        "qPCR: {gene} after knock-down",
        (
            "RNA with TRIzol; 260/280 was 1.9{n}.",
            "Reverse transcription of 1 µg, random hexamers.",
            "{n} cycles, three technical replicates, GAPDH as reference.",
            "Primers from the new order, 300 nM.",
        ),
        ("Knock-down to {n} %.", "The no-template control came up at cycle {n}: repeat."),
    ),
    (
        "Imaging of {gene} in fixed cells",
        (
            "Fixed in 4 % PFA for {n} min, quenched with glycine.",
            "Permeabilised in 0.1 % Triton.",
            "Objective 60x, oil, {n} slices of 0.3 µm, laser at 4 %.",
            "Same gain for all wells; see the settings file.",
        ),
        (
            "{gene} sits at the nuclear envelope.",
            "Bleaches after {n} frames.",
            "Beautiful spindles.",
        ),
    ),
    (
        "Purification of {gene}",
        (
            "Pellet of {n} litres, lysed by sonication, 50 % duty.",
            "Ni-NTA, gradient to 300 mM imidazole.",
            "Size exclusion in 20 mM HEPES, pH 7.5, 150 mM NaCl.",
            "TEV cleavage overnight, {n} °C.",
        ),
        ("Yield {n} mg at 95 % purity.", "A shoulder in front of the main peak: aggregates?"),
    ),
    (
        "Titration of {gene} by NMR",
        (
            "15N HSQC at 298 K, {n} points.",
            "Ligand from a 50 mM stock in DMSO-d6, DMSO kept constant.",
            "Referenced to DSS.",
        ),
        (
            "Kd of about {n} µM, fast exchange.",
            "Peaks vanish from point {n} on: intermediate exchange.",
        ),
    ),
    (
        "Sorting of {gene}-GFP cells",
        (
            "Trypsinised, filtered through 35 µm.",
            "Doublets gated out on FSC-W; DAPI for the dead.",
            "Top {n} % of GFP into 96 wells, single cells.",
        ),
        ("{n} % positive.", "Viability only {n} %: keep them on ice next time."),
    ),
)
