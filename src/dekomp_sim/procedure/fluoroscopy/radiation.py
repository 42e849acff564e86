"""What a case's exposures did to the patient's skin and to the people in the room: read off the case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dekomp_sim.imaging.radiation.body import body_of
from dekomp_sim.imaging.radiation.dose import UNCERTAINTY_WORDS, totals
from dekomp_sim.imaging.radiation.skin import Irradiation, SkinMap, skin_dose
from dekomp_sim.imaging.radiation.staff import Room, Scattering, StaffDose, assistant, operator, staff_dose, summed
from dekomp_sim.imaging.stand.collimator import active
from dekomp_sim.imaging.stand.machine import Table
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.ct.radiation import operator_dose
from dekomp_sim.procedure.records import Exposure


def skin_map(case: Case) -> SkinMap:
    """Dose of the patient's skin from all exposures of a case."""
    sent = [irradiation(case, exposure) for exposure in case.exposures]
    return skin_dose(body_of(case.patient.volume), sent, _table(case))


def irradiation(case: Case, exposure: Exposure) -> Irradiation:
    """What one exposure sent into the patient."""
    return Irradiation(
        exposure.pose,
        active(case.machine.detector, exposure.field),
        exposure.collimator,
        exposure.technique.beam,
        exposure.dose.air_kerma_reference_mgy,
    )


def staff_doses(case: Case) -> Mapping[str, tuple[StaffDose, ...]]:
    """Dose of operator, at the side of approach, and assistant beside, place by place, from all exposures of a case.

    The operator's holds what CT gave him; the assistant leaves the room for that.
    """
    room = Room(body_of(case.patient.volume), _table(case), case.machine.protection)
    scattered = [Scattering(e.carm, e.technique.beam, e.dose.kap_gycm2) for e in case.exposures]
    by_ct = [operator_dose(taken, case.machine.protection) for taken in case.acquisitions]
    first, second = operator(case.side), assistant(case.side)
    return {
        first.title: summed([*(staff_dose(first, one, room) for one in scattered), *by_ct]),
        second.title: summed(staff_dose(second, one, room) for one in scattered),
    }


def dose_words(case: Case) -> tuple[str, ...]:
    """The case's dose in sentences: at the reference point, on the skin, to the operator, and what they are worth."""
    whole = totals(exposure.dose for exposure in case.exposures)
    at_operator = {dose.place: dose for dose in staff_doses(case)["operator"]}
    told = [
        f"{_frames(case, spots=False)} frames in {case.fluoroscopy_s:.1f} s of fluoroscopy and "
        f"{_frames(case, spots=True)} spots: "
        f"{whole.air_kerma_reference_mgy:.2g} mGy at the reference point, {whole.kap_gycm2:.2g} Gy cm2.",
        f"Peak skin dose {skin_map(case).peak_mgy:.2g} mGy.",
    ]
    if at_operator:
        chest, eye, hand = (at_operator[place] for place in ("chest", "eye", "hand"))
        told.append(
            f"Operator: {chest.outside_usv:.2g} uSv on the apron, {chest.behind_usv:.2g} uSv behind it, "
            f"{eye.behind_usv:.2g} uSv to the eye, {hand.behind_usv:.2g} uSv to the hand."
        )
    return (*told, UNCERTAINTY_WORDS[0].upper() + UNCERTAINTY_WORDS[1:])


def _frames(case: Case, *, spots: bool) -> int:
    return sum(exposure.frames for exposure in case.exposures if exposure.spot is spots)


def _table(case: Case) -> Table:
    table = case.machine.table
    return replace(table, height_mm=table.height_mm + case.controls.shift_mm[1])
