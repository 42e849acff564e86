"""The case: everything that is true at one moment of the procedure, and how a case begins.

Nothing in a case is ever changed; `procedure.after` makes the next one. A case is therefore also a still of the film:
its pictures, dose, pain and score are read off it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Final

from annotated_types import Ge, Gt, Le

from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.anatomy.labels import Level, Side
from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.disc import Disc, Receipt, find_spaces, voxelise
from dekomp_sim.errors import InputError
from dekomp_sim.geometry.carm import CArm, Detector
from dekomp_sim.imaging.radiation.body import body_of
from dekomp_sim.imaging.radiation.staff import Protection
from dekomp_sim.imaging.stand.brightness import Fluoroscopy
from dekomp_sim.imaging.stand.collimator import OPEN, Collimator, Field
from dekomp_sim.imaging.stand.machine import Gantry, Table
from dekomp_sim.instruments import EMPTY_NEST, Hole, Nest, Placement
from dekomp_sim.planning import Trajectory, posterolateral
from dekomp_sim.procedure.actions import Sedation
from dekomp_sim.procedure.clinic.card import Assessment, DiscFindings, Nucleus, PatientCard
from dekomp_sim.procedure.clinic.courses import Influence, sedation_depth
from dekomp_sim.procedure.clinic.local_anaesthetic import Deposit, Syringe
from dekomp_sim.procedure.clinic.vitals import Vitals, vitals
from dekomp_sim.procedure.ct.acquired import Acquisition, Couch, Guidance, Manner, SkinGrid
from dekomp_sim.procedure.events import Event
from dekomp_sim.procedure.fluoroscopy.views import process_turn_deg
from dekomp_sim.procedure.lesson.plan import Lesson
from dekomp_sim.procedure.records import Antibiotic, Exposure, Fault, Incision, Injection, Puncture, Push, Tip

NO_LESSON: Final = Lesson()
"""Nobody teaches."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The C-arm at hand: distances from the focus, the detector, what it can reach, the table, and what shields staff.

    The defaults are a mobile C-arm's with a 31 cm flat detector, standing opposite the operator. A machine of two
    planes has a second C for the lateral, alike in all.

    Raises
    ------
    ValueError
        If the detector would not lie beyond the isocentre.
    """

    source_to_isocentre_mm: Annotated[float, Gt(200.0), Le(1500.0)] = 600.0
    source_to_detector_mm: Annotated[float, Gt(300.0), Le(2000.0)] = 1020.0
    detector: Detector = field(default_factory=Detector)
    gantry: Gantry = field(default_factory=Gantry)
    table: Table = field(default_factory=Table)
    protection: Protection = field(default_factory=Protection)
    planes: Annotated[int, Ge(1), Le(2)] = 1

    def __post_init__(self) -> None:
        if self.source_to_isocentre_mm >= self.source_to_detector_mm:
            raise ValueError("source_to_detector_mm must exceed source_to_isocentre_mm")


@dataclass(frozen=True, slots=True)
class Controls:
    """How console and table are set.

    Parameters
    ----------
    fluoroscopy
        Dose rate and pulses.
    collimator, field
        What of the detector is used, and what of that is open.
    shift_mm
        How far the table is moved left, up and headward from where the isocentre lies in the treated disc.
    """

    fluoroscopy: Fluoroscopy = field(default_factory=Fluoroscopy)
    collimator: Collimator = OPEN
    field: Field = Field.FULL
    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class ControlDisc:
    """A disc taken as a control: the planned way to it, and the disc now."""

    plan: Trajectory
    disc: Disc


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One moment of the procedure.

    Parameters
    ----------
    seed, patient, level, side, card, machine, plan, lesson, guidance
        What the case began with and keeps.
    disc
        The treated disc now.
    clock_s
        The case's own time.
    done
        Words of the actions carried out, in order; refused ones are not among them.
    assessment, sedation, carm, lateral, controls, incision
        What the named steps left; `lateral` is the second plane where two are in use.
    couch, grid
        Where the CT couch and gantry stand, and where the skin grid lay, if one did.
    control_discs
        The discs that discography takes as controls, by level.
    placements
        Instruments in the patient, by key.
    nest
        Which of them is inside which: inner key to outer key.
    holes
        The ways that were cut, each with its depth and width.
    influences
        What moves the vital signs: pain, sedation, a faint, blood loss, remedies.
    breath_held_until_s
        Time on the clock until which the patient holds the breath.
    uncrept_s
        Time for which the carved nucleus has not been let creep yet.
    probe_fatigue
        Share of the probe's fatigue life that bending while turning has used up; at 1 it breaks.
    fired, faults
        Triggers of the lesson that came true, and what it let fail.
    antibiotics, deposits, punctures, redirects, track, pushes, exposures, acquisitions, injections, receipts, events
        The records, each in order of time.
    """

    seed: int
    patient: Patient
    level: Level
    side: Side
    card: PatientCard
    machine: Machine
    plan: Trajectory
    disc: Disc
    control_discs: Mapping[Level, ControlDisc] = field(default_factory=lambda: MappingProxyType({}))
    clock_s: float = 0.0
    done: tuple[str, ...] = ()
    assessment: Assessment | None = None
    sedation: Sedation = Sedation.NONE
    carm: CArm | None = None
    lateral: CArm | None = None
    controls: Controls = field(default_factory=Controls)
    guidance: Guidance = Guidance.FLUOROSCOPY
    couch: Couch = field(default_factory=Couch)
    grid: SkinGrid | None = None
    incision: Incision | None = None
    placements: Mapping[str, Placement] = field(default_factory=lambda: MappingProxyType({}))
    nest: Nest = field(default_factory=lambda: EMPTY_NEST)
    holes: tuple[Hole, ...] = ()
    influences: tuple[Influence, ...] = ()
    breath_held_until_s: float = 0.0
    antibiotics: tuple[Antibiotic, ...] = ()
    deposits: tuple[Deposit, ...] = ()
    syringes: tuple[Syringe, ...] = ()
    punctures: tuple[Puncture, ...] = ()
    redirects: int = 0
    track: tuple[Tip, ...] = ()
    pushes: tuple[Push, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    acquisitions: tuple[Acquisition, ...] = ()
    injections: tuple[Injection, ...] = ()
    uncrept_s: float = 0.0
    probe_fatigue: float = 0.0
    receipts: tuple[Receipt, ...] = ()
    lesson: Lesson = NO_LESSON
    fired: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def shape(self) -> DiscShape:
        """The treated disc's geometry."""
        return self.patient.discs[self.level]

    @property
    def discs(self) -> Mapping[Level, Disc]:
        """The discs that are worked on, the treated one first."""
        return {self.level: self.disc} | {level: control.disc for level, control in self.control_discs.items()}

    def plan_to(self, level: Level) -> Trajectory:
        """The planned way to a disc that is worked on."""
        return self.plan if level is self.level else self.control_discs[level].plan

    def findings(self, level: Level) -> DiscFindings:
        """What the card says of a disc that is worked on."""
        return self.card.treated if level is self.level else self.card.controls[level]

    def with_disc(self, level: Level, disc: Disc) -> Case:
        """The case with one of its discs replaced."""
        if level is self.level:
            return replace(self, disc=disc)
        control = replace(self.control_discs[level], disc=disc)
        return replace(self, control_discs=MappingProxyType({**self.control_discs, level: control}))

    @property
    def vitals(self) -> Vitals:
        """Heart rate, blood pressure and saturation now."""
        return vitals(self.influences, self.clock_s)

    @property
    def sedation_depth(self) -> float:
        """How deeply sedated the patient is now: 0 awake, 1 light, 3 deep."""
        return sedation_depth(self.influences, self.clock_s)

    @property
    def harmed(self) -> bool:
        """Whether any event of the case was an injury."""
        return any(event.harm for event in self.events)

    @property
    def presses(self) -> int:
        """How often the pedal was pressed; two planes at once are one press."""
        return len({exposure.clock_s for exposure in self.exposures if not exposure.held})

    @property
    def fluoroscopy_s(self) -> float:
        """Time of fluoroscopy so far."""
        return sum(exposure.seconds for exposure in self.exposures)

    @property
    def ct_fluoroscopy_s(self) -> float:
        """Time of CT fluoroscopy so far."""
        return sum(taken.seconds for taken in self.acquisitions if taken.manner is Manner.FLUOROSCOPY)

    @property
    def removed_ml(self) -> float:
        """Tissue taken out of the disc so far."""
        return float(self.disc.removed_ml)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a case begins with besides the patient: where, on which side, for whom, with which machine and chance."""

    level: Level
    side: Side
    card: PatientCard = field(default_factory=PatientCard)
    machine: Machine = field(default_factory=Machine)
    seed: int = 1
    lesson: Lesson = NO_LESSON
    guidance: Guidance = Guidance.FLUOROSCOPY


def begin(patient: Patient, setting: Setting) -> Case:
    """The case before its first step: the corridors planned, the discs filled with tissue.

    Raises
    ------
    InputError
        If the patient's volume does not show a level, no corridor to it is free, or the treated disc is its own
        control.
    """
    card = setting.card
    if setting.level in card.controls:
        raise InputError("card.controls", setting.level, "another disc than the treated one")
    controls = {
        level: ControlDisc(_planned(patient, level, setting.side), _filled(patient, level, findings))
        for level, findings in sorted(card.controls.items())
    }
    plan, disc = _planned(patient, setting.level, setting.side), _filled(patient, setting.level, card.treated)
    _looked_up(patient, setting, (disc, *(control.disc for control in controls.values())))
    return Case(
        seed=setting.seed,
        lesson=setting.lesson,
        guidance=setting.guidance,
        patient=patient,
        level=setting.level,
        side=setting.side,
        card=setting.card,
        machine=setting.machine,
        plan=plan,
        disc=disc,
        control_discs=MappingProxyType(controls),
    )


@lru_cache(maxsize=4)
def _planned(patient: Patient, level: Level, side: Side) -> Trajectory:
    """The corridor, kept for the next case of the same patient: planning it takes a third of a short case."""
    if level not in patient.discs:
        shown = ", ".join(sorted(patient.discs)) or "none"
        raise InputError(f"patient {patient.name}", f"level {level}", f"a level it shows: {shown}")
    return posterolateral(patient, level, side)


def _filled(patient: Patient, level: Level, findings: DiscFindings) -> Disc:
    lobular = findings.nucleus is Nucleus.LOBULAR
    water = findings.water_percent / 100.0
    return voxelise(patient.discs[level], findings.dallas_grade, lobular=lobular, water=water)


def _looked_up(patient: Patient, setting: Setting, discs: Iterable[Disc]) -> None:
    """What steps ask of patient and discs again and again is found now and kept, so that no step waits for it."""
    body_of(patient.volume)
    process_turn_deg(patient, setting.level, setting.side)
    for disc in discs:
        find_spaces(disc)
