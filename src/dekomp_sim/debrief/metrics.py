"""The figures of a case, measured on its sequence of cases; `definitions.METRICS` says what each means."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dekomp_sim.arrays import FloatArray
from dekomp_sim.debrief.track import Gap, Stay, least_gaps, length_mm, stays
from dekomp_sim.disc import DENSITY_G_ML, PARTS, Tissue
from dekomp_sim.imaging.radiation.ct_dose import ct_totals
from dekomp_sim.imaging.radiation.dose import totals
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.events import Breach, Contact, Event, Pain, Refusal, Risk
from dekomp_sim.procedure.fluoroscopy.radiation import skin_map, staff_doses
from dekomp_sim.procedure.needle.encounters import NERVES, ORGANS

WORKING: Final = ("probe", "trocar_cannula", "discography_needle", "fine_discography_needle")
"""Instruments that are to reach the target, the one that matters most first."""


@dataclass(frozen=True, slots=True)
class Aim:
    """How one instrument lay to the plan after its last advance.

    Parameters
    ----------
    instrument
        Its key.
    clock_s
        When that advance ended.
    depth_mm
        Depth of its tip below the skin.
    tip_to_target_mm
        Least distance of the planned target from the way of its tip.
    past_target_mm
        Where its tip stood along the planned axis; above 0 beyond the target.
    off_axis_mm
        Distance of the target from its axis.
    angle_error_deg
        Angle between its axis and the planned one.
    """

    instrument: str
    clock_s: float
    depth_mm: float
    tip_to_target_mm: float
    past_target_mm: float
    off_axis_mm: float
    angle_error_deg: float


@dataclass(frozen=True, slots=True)
class Removed:
    """One tissue's account: at first = left + in the cannula + collected; and the mass of what came out."""

    tissue: Tissue
    initial_ml: float
    remaining_ml: float
    in_cannula_ml: float
    collected_ml: float

    @property
    def removed_ml(self) -> float:
        """What has left the disc."""
        return self.in_cannula_ml + self.collected_ml

    @property
    def removed_g(self) -> float:
        """Its wet mass."""
        return self.removed_ml * DENSITY_G_ML[self.tissue]

    @property
    def difference_ml(self) -> float:
        """What the account is out by: 0 but for rounding."""
        return self.initial_ml - self.remaining_ml - self.removed_ml


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of a case; None where the step they belong to was not done.

    The single-valued fields are defined one by one in `definitions.METRICS`. `harms` says each complication in words,
    `aims` holds the instruments that were to reach the target, `gaps` the smallest gap to each critical structure,
    nearest first, `removed` the account by tissue.
    """

    procedure_s: float | None
    exposures: int
    risk_contacts: int
    redirects: int
    tip_to_target_mm: float | None
    total_s: float
    frames: int
    fluoroscopy_s: float
    air_kerma_reference_mgy: float
    kap_gycm2: float
    ct_acquisitions: int
    ct_fluoroscopy_s: float
    ct_dlp_mgycm: float
    ct_effective_msv: float
    peak_skin_mgy: float
    operator_apron_usv: float
    operator_eye_usv: float
    operator_hand_usv: float
    skin_punctures: int
    tip_path_mm: float
    past_target_mm: float | None
    off_axis_mm: float | None
    angle_error_deg: float | None
    least_clearance_mm: float | None
    nerve_contacts: int
    breaches: int
    lapses: int
    refused: int
    worst_pain: float
    lidocaine_mg: float
    contrast_ml: float
    opening_pressure_kpa: float
    highest_pressure_kpa: float
    pressure_before_kpa: float | None
    pressure_after_kpa: float | None
    probe_s: float
    outside_nucleus_s: float
    removed_ml: float
    removed_g: float
    removal_ml_min: float | None
    harms: tuple[str, ...]
    aims: tuple[Aim, ...]
    gaps: tuple[Gap, ...]
    removed: tuple[Removed, ...]

    @property
    def harmed(self) -> bool:
        """Whether the case ended in harm."""
        return bool(self.harms)


def measure(cases: Sequence[Case]) -> Metrics:
    """The figures of a case.

    Parameters
    ----------
    cases
        All cases of one procedure in order, the opening first.

    Raises
    ------
    ValueError
        If there is no case.
    """
    if not cases:
        raise ValueError("measure needs at least the opening case")
    last, track = cases[-1], stays(cases)
    dose = totals(exposure.dose for exposure in last.exposures)
    by_ct = ct_totals(taken.dose for taken in last.acquisitions)
    operator = {at.place: at for at in staff_doses(last)["operator"]}
    aims = _aims(last, track)
    working = aims[0] if aims else None
    gaps = least_gaps(last.patient, track)
    removed = _removed(last)
    injections = [injection for injection in last.injections if injection.level is last.level]
    receipts = last.receipts
    probe_s, removed_ml = math.fsum(receipt.seconds for receipt in receipts), math.fsum(r.removed_ml for r in removed)
    return Metrics(
        procedure_s=_procedure_s(cases),
        exposures=last.presses,
        risk_contacts=sum(_at_risk(event) for event in last.events),
        redirects=last.redirects,
        tip_to_target_mm=working.tip_to_target_mm if working else None,
        total_s=last.clock_s - cases[0].clock_s,
        frames=sum(exposure.frames for exposure in last.exposures),
        fluoroscopy_s=last.fluoroscopy_s,
        air_kerma_reference_mgy=dose.air_kerma_reference_mgy,
        kap_gycm2=dose.kap_gycm2,
        ct_acquisitions=sum(not taken.held for taken in last.acquisitions),
        ct_fluoroscopy_s=last.ct_fluoroscopy_s,
        ct_dlp_mgycm=by_ct.dlp_mgycm,
        ct_effective_msv=by_ct.effective_msv,
        peak_skin_mgy=skin_map(last).peak_mgy,
        operator_apron_usv=operator["chest"].outside_usv if operator else 0.0,
        operator_eye_usv=operator["eye"].behind_usv if operator else 0.0,
        operator_hand_usv=operator["hand"].behind_usv if operator else 0.0,
        skin_punctures=len(last.punctures),
        tip_path_mm=_tip_path_mm(track),
        past_target_mm=working.past_target_mm if working else None,
        off_axis_mm=working.off_axis_mm if working else None,
        angle_error_deg=working.angle_error_deg if working else None,
        least_clearance_mm=gaps[0].distance_mm if gaps else None,
        nerve_contacts=_count(last.events, Contact, nerves_only=True),
        breaches=_count(last.events, Breach),
        lapses=_count(last.events, Risk),
        refused=_count(last.events, Refusal),
        worst_pain=max((event.rating for event in last.events if isinstance(event, Pain)), default=0.0),
        lidocaine_mg=math.fsum(deposit.lidocaine_mg for deposit in last.deposits),
        contrast_ml=math.fsum(injection.volume_ml for injection in injections),
        opening_pressure_kpa=last.disc.opening_kpa,
        highest_pressure_kpa=max([i.pressure_kpa for i in injections], default=last.disc.opening_kpa),
        pressure_before_kpa=receipts[0].pressure_before_kpa if receipts else None,
        pressure_after_kpa=receipts[-1].pressure_after_kpa if receipts else None,
        probe_s=probe_s,
        outside_nucleus_s=math.fsum(receipt.dwell_outside_nucleus_s for receipt in receipts),
        removed_ml=removed_ml,
        removed_g=math.fsum(r.removed_g for r in removed),
        removal_ml_min=60.0 * removed_ml / probe_s if probe_s > 0.0 else None,
        harms=tuple(event.words for event in last.events if event.harm),
        aims=aims,
        gaps=gaps,
        removed=removed,
    )


def off_axis_mm(target_mm: FloatArray, on_axis_mm: FloatArray, direction: FloatArray) -> float:
    """Distance of a point (3,) from the line through `on_axis_mm` (3,) along the unit vector `direction` (3,).

    Examples
    --------
    >>> off_axis_mm(np.array([3.0, 4.0, 9.0]), np.zeros(3), np.array([0.0, 0.0, 1.0]))
    5.0
    """
    return float(np.linalg.norm(np.cross(target_mm - on_axis_mm, direction)))


def angle_deg(one: FloatArray, other: FloatArray) -> float:
    """Angle between two unit vectors (3,), degrees; exact near 0, where the arc cosine is not.

    Examples
    --------
    >>> round(angle_deg(np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])), 9)
    90.0
    """
    return float(np.degrees(2.0 * np.arctan2(np.linalg.norm(one - other), np.linalg.norm(one + other))))


def _procedure_s(cases: Sequence[Case]) -> float | None:
    """From the first puncture until no instrument is left in; to the end of the record where one still is."""
    last = cases[-1]
    if not last.punctures:
        return None
    out_s = last.clock_s
    for later, earlier in zip(reversed(cases[1:]), reversed(cases[:-1]), strict=True):
        if later.placements or earlier.placements:
            out_s = later.clock_s
            break
    return out_s - last.punctures[0].clock_s


def _aims(case: Case, track: Sequence[Stay]) -> tuple[Aim, ...]:
    """How the working instruments lay after their last advance to the treated disc, what matters most first."""
    found = []
    meant = [stay for stay in track if stay.level is case.level and stay.moved_mm > 0.0]
    for key in WORKING:
        advanced = [stay for stay in meant if stay.placement.instrument.key == key]
        if advanced:
            found.append(_aim(case, advanced[-1]))
    return tuple(found)


def _aim(case: Case, stay: Stay) -> Aim:
    placement, plan = stay.placement, case.plan
    course, along_mm = placement.course, max(length_mm(placement, plan.target_mm), 0.0)
    nearest, inward = course.points(along_mm), course.inward(along_mm)
    return Aim(
        instrument=placement.instrument.key,
        clock_s=stay.clock_s,
        depth_mm=placement.depth_mm,
        tip_to_target_mm=float(np.linalg.norm(nearest - plan.target_mm)),
        past_target_mm=float((placement.tip_mm - plan.target_mm) @ plan.direction),
        off_axis_mm=off_axis_mm(plan.target_mm, nearest, inward),
        angle_error_deg=angle_deg(inward, plan.direction),
    )


def _tip_path_mm(track: Iterable[Stay]) -> float:
    return math.fsum(abs(stay.moved_mm) for stay in track if not stay.carried)


def _removed(case: Case) -> tuple[Removed, ...]:
    ledger, left = case.disc.ledger, case.disc.remaining_ml
    return tuple(
        Removed(
            tissue,
            float(ledger.initial_ml[tissue]),
            float(left[tissue]),
            float(ledger.in_cannula_ml[tissue]),
            float(ledger.collected_ml[tissue]),
        )
        for tissue in PARTS
    )


def _count(events: Iterable[Event], kind: type[Event], *, nerves_only: bool = False) -> int:
    return sum(
        isinstance(event, kind) and (not nerves_only or getattr(event, "structure", None) in NERVES) for event in events
    )


def _at_risk(event: Event) -> bool:
    """A nerve touched, or an organ opened; a nerve that is opened was touched first."""
    if isinstance(event, Contact):
        return event.structure in NERVES
    return isinstance(event, Breach) and event.structure in ORGANS
