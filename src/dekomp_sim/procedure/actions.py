"""Every step of the clinic as data: what a script, a window, a tracker or a replay may ask of a case.

Each action is a frozen dataclass; `do` is its word in a scenario file, and every number carries its unit in its name.
Ranges stand in the types: the scenario reader and `rules.out_of_range` read the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator
from pydantic import Field as Told

from dekomp_sim.anatomy.labels import Level, Side
from dekomp_sim.imaging.ct.protocol import Kernel, Preset
from dekomp_sim.imaging.stand.brightness import DoseRate
from dekomp_sim.imaging.stand.collimator import Field
from dekomp_sim.instruments import CATALOGUE
from dekomp_sim.procedure.ct.acquired import GridLine


def _on_tray(key: str) -> str:
    if key not in CATALOGUE:
        raise ValueError(f"one of {', '.join(CATALOGUE)}")
    return key


OnTray = Annotated[str, AfterValidator(_on_tray), Told(json_schema_extra={"enum": list(CATALOGUE)})]
"""An instrument by its name on the tray, where a file or a remote names it."""

Positive = Annotated[float, Gt(0.0)]
Depth = Annotated[float, Ge(0.0), Le(300.0)]
Angle = Annotated[float, Ge(-180.0), Le(180.0)]
Shift = Annotated[float, Ge(-80.0), Le(80.0)]
Tilt = Annotated[float, Ge(-45.0), Le(45.0)]
Travel = Annotated[float, Ge(-200.0), Le(200.0)]
CtKv = Annotated[float, Ge(80.0), Le(140.0)]
CtMa = Annotated[float, Ge(10.0), Le(800.0)]
Thickness = Annotated[float, Ge(0.6), Le(10.0)]
CtField = Annotated[float, Ge(50.0), Le(500.0)]
Rows = Annotated[int, Ge(1), Le(3)]


class View(StrEnum):
    """A view with a name in the clinic."""

    AP = "ap"
    LATERAL = "lateral"
    OBLIQUE = "oblique"
    ENDPLATE = "endplate"
    NEEDLE_EYE = "needle_eye"
    BIPLANE = "biplane"


class Mark(StrEnum):
    """A place along a needle's axis that a script can name whatever the patient's size."""

    SKIN = "skin"
    ANNULUS = "annulus"
    NUCLEUS = "nucleus"
    NUCLEUS_CENTRE = "nucleus_centre"
    FAR_NUCLEUS = "far_nucleus"


class Agent(StrEnum):
    """An antibiotic."""

    CEFAZOLIN = "cefazolin"
    CLINDAMYCIN = "clindamycin"
    VANCOMYCIN = "vancomycin"


class Route(StrEnum):
    """A way to give the antibiotic."""

    INTRAVENOUS = "intravenous"
    INTRADISCAL = "intradiscal"


class Sedation(StrEnum):
    """How far from awake."""

    NONE = "none"
    LIGHT = "light"
    DEEP = "deep"
    GENERAL = "general"


class Treatment(StrEnum):
    """What helps when the vital signs fall; one is one standard dose (`clinic.courses.STANDARD_DOSE`)."""

    OXYGEN = "oxygen"
    FLUID = "fluid"
    LEGS_UP = "legs_up"
    ATROPINE = "atropine"
    ADRENALINE = "adrenaline"
    LIPID = "lipid"
    STIMULATE = "stimulate"
    FLUMAZENIL = "flumazenil"
    NALOXONE = "naloxone"


@dataclass(frozen=True, slots=True)
class Point:
    """A point in the patient frame (LPS)."""

    x_mm: float
    y_mm: float
    z_mm: float


@dataclass(frozen=True, slots=True)
class GridMark:
    """A place on the skin under the grid: beside one of its lines, where the laser's plane crosses it.

    Without `table_mm` the laser is where it is now.
    """

    line: GridLine
    aside_mm: Annotated[float, Ge(-10.0), Le(10.0)] = 0.0
    table_mm: Travel | None = None


class Through(StrEnum):
    """What the slice is laid through."""

    DISC = "disc"
    WAY = "way"
    NEEDLE = "needle"
    TIP = "tip"


@dataclass(frozen=True, slots=True)
class AssessCandidate:
    """Read the card against indications and contraindications."""

    do: Literal["assess_candidate"] = "assess_candidate"


@dataclass(frozen=True, slots=True)
class Consent:
    """Explain benefit, risk and alternatives; the patient signs; side and level are marked."""

    do: Literal["consent"] = "consent"


@dataclass(frozen=True, slots=True)
class PositionProne:
    """Lay the patient prone, with a pillow under the abdomen to open the disc behind."""

    abdominal_pillow: bool = True
    do: Literal["position_prone"] = "position_prone"


@dataclass(frozen=True, slots=True)
class TimeOut:
    """The team reads out level and side; both must match the consent. Without them they are read off the consent."""

    level: Level | None = None
    side: Side | None = None
    do: Literal["time_out"] = "time_out"


@dataclass(frozen=True, slots=True)
class GiveAntibiotic:
    """Give an antibiotic."""

    agent: Agent = Agent.CEFAZOLIN
    route: Route = Route.INTRAVENOUS
    dose_g: Annotated[float, Gt(0.0), Le(4.0)] = 2.0
    do: Literal["give_antibiotic"] = "give_antibiotic"


@dataclass(frozen=True, slots=True)
class PrepareSterileField:
    """Wash the skin, lay drapes, cover the C-arm."""

    drape_c_arm: bool = True
    do: Literal["prepare_sterile_field"] = "prepare_sterile_field"


@dataclass(frozen=True, slots=True)
class Sedate:
    """Give the usual dose for a level of sedation; doses add up, and wear off within the hour."""

    level: Sedation = Sedation.LIGHT
    do: Literal["sedate"] = "sedate"


@dataclass(frozen=True, slots=True)
class SetView:
    """Turn the C-arm: a named view, or DICOM's positioner angles; `biplane` needs a machine of two planes."""

    view: View | None = None
    primary_deg: Angle | None = None
    secondary_deg: Tilt | None = None
    do: Literal["set_view"] = "set_view"

    def __post_init__(self) -> None:
        by_angles = self.primary_deg is not None and self.secondary_deg is not None
        if (self.view is not None) == (self.primary_deg is not None or self.secondary_deg is not None) or not (
            self.view is not None or by_angles
        ):
            raise ValueError("set_view takes either view, or primary_deg together with secondary_deg")


@dataclass(frozen=True, slots=True)
class MoveTable:
    """Shift the table, with the patient, from where the C-arm's isocentre lies in the treated disc.

    The next views are taken about the same place. A raised patient is nearer to the detector and farther from the tube.
    """

    left_mm: Annotated[float, Ge(-120.0), Le(120.0)] = 0.0
    head_mm: Annotated[float, Ge(-300.0), Le(300.0)] = 0.0
    up_mm: Annotated[float, Ge(-150.0), Le(300.0)] = 0.0
    do: Literal["move_table"] = "move_table"


@dataclass(frozen=True, slots=True)
class SetCollimator:
    """Close the beam to a share of the field: between the blades across and along the picture, and within the iris."""

    across: Annotated[float, Ge(0.1), Le(1.0)] = 1.0
    along: Annotated[float, Ge(0.1), Le(1.0)] = 1.0
    iris: Annotated[float, Ge(0.1), Le(1.5)] | None = None
    do: Literal["set_collimator"] = "set_collimator"


@dataclass(frozen=True, slots=True)
class SetField:
    """Choose the field: the whole detector or one of two magnified parts."""

    field: Field = Field.FULL
    do: Literal["set_field"] = "set_field"


@dataclass(frozen=True, slots=True)
class SetFluoroscopy:
    """Choose dose rate and pulses per second."""

    rate: DoseRate = DoseRate.NORMAL
    pulses_per_s: Annotated[float, Ge(1.0), Le(30.0)] = 8.0
    do: Literal["set_fluoroscopy"] = "set_fluoroscopy"


@dataclass(frozen=True, slots=True)
class Expose:
    """Press the pedal: `frames` pulses. kV, and the mAs of one pulse, are the machine's own choice or set by hand.

    `spot` asks for a picture to keep rather than a frame of fluoroscopy: more dose, less noise. `held` says that the
    pedal was down already, something else having been done meanwhile: it is no press of its own.
    """

    kv: Annotated[float, Ge(40.0), Le(125.0)] | Literal["auto"] = "auto"
    mas: Positive | Literal["auto"] = "auto"
    frames: Annotated[int, Ge(1), Le(2000)] = 1
    spot: bool = False
    note: str = ""
    held: bool = False
    do: Literal["expose"] = "expose"


@dataclass(frozen=True, slots=True)
class MoveGantry:
    """Move the CT couch and lean the gantry, until the laser shows where the slice is wanted.

    `table_mm` counts headward from where the slice passes the treated disc's middle. `through` lays it through the
    disc, the planned way, a needle's whole way or its tip: the first three lean the gantry too, unless `tilt_deg` says
    how far. What is not told stays.
    """

    table_mm: Travel | None = None
    tilt_deg: Annotated[float, Ge(-30.0), Le(30.0)] | None = None
    through: Through | None = None
    do: Literal["move_gantry"] = "move_gantry"


@dataclass(frozen=True, slots=True)
class LayGrid:
    """Tape a grid of wires to the back, on the side of approach, its middle at a place along the couch.

    Slices show its lines. Washing the skin takes it off; where its lines lay stays marked.
    """

    table_mm: Travel = 0.0
    do: Literal["lay_grid"] = "lay_grid"


@dataclass(frozen=True, slots=True)
class CtScan:
    """A scan along the couch, everybody out of the room: slices side by side from one table position to another.

    What a preset says is taken, as far as nothing else is asked.
    """

    from_mm: Travel = -40.0
    to_mm: Travel = 40.0
    preset: Preset = Preset.PLANNING
    kv: CtKv | None = None
    ma: CtMa | None = None
    thickness_mm: Thickness | None = None
    field_mm: CtField | None = None
    kernel: Kernel | None = None
    note: str = ""
    do: Literal["ct_scan"] = "ct_scan"


@dataclass(frozen=True, slots=True)
class CtStep:
    """One turn at the couch's place: a single slice, or up to three side by side.

    `beside` keeps the operator at the couch: quicker, and with dose to the operator.
    """

    slices: Rows = 1
    preset: Preset = Preset.STEP
    kv: CtKv | None = None
    ma: CtMa | None = None
    thickness_mm: Thickness | None = None
    field_mm: CtField | None = None
    kernel: Kernel | None = None
    beside: bool = False
    note: str = ""
    do: Literal["ct_step"] = "ct_step"


@dataclass(frozen=True, slots=True)
class CtFluoroscopy:
    """Press the pedal in the scanner: turns for some time, the operator at the couch.

    Short presses between movements are a quick check; `held` says that the pedal was down already, a needle having
    moved meanwhile.
    """

    seconds: Annotated[float, Gt(0.0), Le(120.0)] = 0.5
    slices: Rows = 1
    preset: Preset = Preset.FLUOROSCOPY
    kv: CtKv | None = None
    ma: CtMa | None = None
    thickness_mm: Thickness | None = None
    field_mm: CtField | None = None
    kernel: Kernel | None = None
    note: str = ""
    held: bool = False
    do: Literal["ct_fluoroscopy"] = "ct_fluoroscopy"


@dataclass(frozen=True, slots=True)
class Anaesthetise:
    """Inject lidocaine at the anaesthetic needle's tip.

    `aspirated` says whether the syringe is drawn back first: with blood or clear fluid in it nothing is injected.
    """

    volume_ml: Annotated[float, Gt(0.0), Le(50.0)]
    concentration_percent: Annotated[float, Gt(0.0), Le(4.0)] = 1.0
    aspirated: bool = True
    do: Literal["anaesthetise"] = "anaesthetise"


@dataclass(frozen=True, slots=True)
class Incise:
    """Cut the skin; the place is told as for `Insert`."""

    length_mm: Annotated[float, Gt(0.0), Le(30.0)] = 3.0
    entry: Point | GridMark | Literal["planned"] = "planned"
    entry_lateral_mm: Shift = 0.0
    entry_cranial_mm: Shift = 0.0
    level: Level | None = None
    do: Literal["incise"] = "incise"


@dataclass(frozen=True, slots=True)
class Insert:
    """Set an instrument on the skin, or into the one that guides it; `advance` then pushes it in.

    `entry` and `aim` are points of the patient frame or the plan's own; an entry that is not the planned one slides
    along its axis onto the skin, and one under the skin grid is told by line and laser. The two shifts move the entry,
    for scripts that stray from the plan on any patient.
    `prebend_deg` bends the last centimetre of a fine needle, away from its bevel's opening: held, it curves more.
    `level` takes the plan of a control disc instead of the treated one's; marks are then found in that disc.
    """

    instrument: OnTray
    entry: Point | GridMark | Literal["planned"] = "planned"
    aim: Point | Literal["planned"] = "planned"
    entry_lateral_mm: Shift = 0.0
    entry_cranial_mm: Shift = 0.0
    prebend_deg: Annotated[float, Ge(0.0), Le(20.0)] = 0.0
    level: Level | None = None
    do: Literal["insert"] = "insert"


@dataclass(frozen=True, slots=True)
class Advance:
    """Push an instrument on to a depth below the skin, or to a mark plus an offset; depths count along the needle.

    `bevel_deg` holds the needle with its bevel's opening facing there, 0 to the patient's head and clockwise as the
    operator sees it: a bevelled needle then curves away from its opening. Without it the operator turns the needle to
    and fro between finger and thumb, and it goes straight on.
    """

    instrument: OnTray
    to: Mark | None = None
    offset_mm: Annotated[float, Ge(-300.0), Le(300.0)] = 0.0
    to_depth_mm: Depth | None = None
    bevel_deg: Angle | None = None
    do: Literal["advance"] = "advance"

    def __post_init__(self) -> None:
        _one_goal("advance", self.to, self.to_depth_mm)


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Pull an instrument back along its axis to a depth below the skin, or to a mark plus an offset."""

    instrument: OnTray
    to: Mark | None = None
    offset_mm: Annotated[float, Ge(-300.0), Le(300.0)] = 0.0
    to_depth_mm: Depth | None = None
    do: Literal["withdraw"] = "withdraw"

    def __post_init__(self) -> None:
        _one_goal("withdraw", self.to, self.to_depth_mm)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Turn an instrument about its skin entry: tip toward the midline, tip toward the head."""

    instrument: OnTray
    medial_deg: Annotated[float, Ge(-45.0), Le(45.0)] = 0.0
    cranial_deg: Annotated[float, Ge(-45.0), Le(45.0)] = 0.0
    do: Literal["redirect"] = "redirect"


@dataclass(frozen=True, slots=True)
class Remove:
    """Take an instrument out of the body."""

    instrument: OnTray
    do: Literal["remove"] = "remove"


@dataclass(frozen=True, slots=True)
class InjectContrast:
    """Discography: inject contrast through the needle in the disc, watching the manometer.

    `announced` tells the patient when and where: the answer is then no longer blind.
    """

    volume_ml: Annotated[float, Gt(0.0), Le(10.0)]
    rate_ml_s: Annotated[float, Gt(0.0), Le(5.0)] = 0.05
    iodine_mg_ml: Annotated[float, Ge(0.0), Le(400.0)] = 300.0
    announced: bool = False
    do: Literal["inject_contrast"] = "inject_contrast"


@dataclass(frozen=True, slots=True)
class RemoveStylet:
    """Take the trocar's stylet out of its cannula."""

    do: Literal["remove_stylet"] = "remove_stylet"


@dataclass(frozen=True, slots=True)
class InsertProbe:
    """Lead the probe through the trocar's cannula until it is seated."""

    do: Literal["insert_probe"] = "insert_probe"


@dataclass(frozen=True, slots=True)
class Decompress:
    """Run the probe while it is moved to and fro along its axis, back from where its tip is.

    `lever_deg` is by how much the handle is held out of the axis: the shaft bends, turns bent, and may break.
    """

    strokes: Annotated[int, Ge(0), Le(1000)] = 20
    stroke_mm: Annotated[float, Ge(0.0), Le(40.0)] = 10.0
    seconds: Annotated[float, Gt(0.0), Le(600.0)] = 60.0
    rpm: Annotated[float, Ge(0.0), Le(30000.0)] = 12000.0
    lever_deg: Annotated[float, Ge(0.0), Le(30.0)] = 0.0
    do: Literal["decompress"] = "decompress"


@dataclass(frozen=True, slots=True)
class SendSpecimen:
    """Empty the probe's chamber, measure what came out and send it to histology."""

    do: Literal["send_specimen"] = "send_specimen"


@dataclass(frozen=True, slots=True)
class AskPatient:
    """Ask how it is now, and have both feet moved."""

    do: Literal["ask_patient"] = "ask_patient"


@dataclass(frozen=True, slots=True)
class HoldBreath:
    """Ask the patient to breathe out and hold the breath: pictures taken meanwhile show the spine in one place.

    Assumption: nobody holds it for more than 20 s, breathed out and lying prone.
    """

    seconds: Annotated[float, Gt(0.0), Le(20.0)] = 15.0
    do: Literal["hold_breath"] = "hold_breath"


@dataclass(frozen=True, slots=True)
class Treat:
    """Help the circulation or the breathing by one standard dose."""

    treatment: Treatment
    do: Literal["treat"] = "treat"


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer a question of the lesson: the name of what asked it, and which of its answers, counted from 1."""

    question: str
    choice: Annotated[int, Ge(1), Le(20)]
    do: Literal["answer"] = "answer"


@dataclass(frozen=True, slots=True)
class Bandage:
    """Cover the incision."""

    do: Literal["bandage"] = "bandage"


@dataclass(frozen=True, slots=True)
class AdviseRecovery:
    """Tell the patient what to do and to avoid at home."""

    do: Literal["advise_recovery"] = "advise_recovery"


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass."""

    seconds: Annotated[float, Gt(0.0), Le(86400.0)]
    do: Literal["wait"] = "wait"


Action = (
    AssessCandidate
    | Consent
    | PositionProne
    | TimeOut
    | GiveAntibiotic
    | PrepareSterileField
    | Sedate
    | SetView
    | MoveTable
    | SetCollimator
    | SetField
    | SetFluoroscopy
    | Expose
    | MoveGantry
    | LayGrid
    | CtScan
    | CtStep
    | CtFluoroscopy
    | Anaesthetise
    | Incise
    | Insert
    | Advance
    | Withdraw
    | Redirect
    | Remove
    | InjectContrast
    | RemoveStylet
    | InsertProbe
    | Decompress
    | SendSpecimen
    | AskPatient
    | HoldBreath
    | Treat
    | Answer
    | Bandage
    | AdviseRecovery
    | Wait
)
"""Whatever may be asked of a case; in a file the key `do` tells which."""


def _one_goal(do: str, to: Mark | None, to_depth_mm: float | None) -> None:
    if (to is None) == (to_depth_mm is None):
        raise ValueError(f"{do} takes either to (a mark) or to_depth_mm")
