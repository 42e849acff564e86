"""What counts of a case when it is compared with an earlier one: numbers by name, after every step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dekomp_sim.disc.pressure import pressure_kpa
from dekomp_sim.geometry.carm import CArm
from dekomp_sim.imaging.radiation.dose import totals
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.events import Event, Pain

Value = float | tuple[float, ...] | str
"""A number, a vector, or a word."""

State = Mapping[str, Value]
"""Values by name; names of one thing begin alike: `trocar_cannula.depth_mm`, `L4-L5.pressure_kpa`."""

TELLING: Final = ("kind", "structure", "ailment", "lapse", "action", "quantity", "trigger", "question")
"""Fields of an event, of which the first that it has tells it from others of its kind."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A step, counted from 1, the word of its action, and the state after it; step 0 is the opening."""

    step: int
    do: str
    state: State


def moments(cases: Sequence[Case], words: Iterable[str]) -> tuple[Moment, ...]:
    """The moments of a case.

    Parameters
    ----------
    cases
        The opening, and the case after each step.
    words
        Of the steps' actions.
    """
    earlier = (None, *cases)
    told = zip(earlier, cases, ("opening", *words), strict=False)
    return tuple(Moment(step, do, state_of(before, case)) for step, (before, case, do) in enumerate(told))


def state_of(before: Case | None, case: Case) -> State:
    """The state of a case; `before` is the one a step earlier, by which new events are known.

    Left out: the map of the skin's dose, the dose of staff, and the voxels of a disc one by one; their sums are in it.
    """
    found = (*_course(before, case), *_body(case), *_instruments(case), *_discs(case), *_machine(case))
    return {name: _plain(value) for name, value in found}


def _plain(value: Value) -> Value:
    """A number as float; what is no finite number as its word, which a file can hold."""
    if isinstance(value, str):
        return value
    numbers = value if isinstance(value, tuple) else (value,)
    if not all(map(math.isfinite, numbers)):
        return f"not finite: {', '.join(map(str, numbers))}"
    return value if isinstance(value, tuple) else float(value)


def _course(before: Case | None, case: Case) -> Iterator[tuple[str, Value]]:
    """Time, what happened, and what was counted."""
    yield "clock_s", case.clock_s
    new = case.events[len(before.events) if before is not None else 0 :]
    yield "events", ", ".join(_named(event) for event in new) or "none"
    yield "harm", "yes" if case.harmed else "no"
    yield "steps_carried_out", len(case.done)
    yield "skin_punctures", len(case.punctures)
    yield "redirects", case.redirects
    if case.pushes:
        yield "push_n", case.pushes[-1].peak_n


def _named(event: Event) -> str:
    kind = type(event).__name__
    word = next((str(getattr(event, name)) for name in TELLING if hasattr(event, name)), "")
    return f"{kind} {word}".strip()


def _body(case: Case) -> Iterator[tuple[str, Value]]:
    shown = case.vitals
    yield "heart_bpm", shown.heart_bpm
    yield "systolic_mmhg", shown.systolic_mmhg
    yield "saturation_percent", shown.saturation_percent
    yield "sedation_depth", case.sedation_depth
    yield "lidocaine_mg", sum(deposit.lidocaine_mg for deposit in case.deposits)
    yield "pain", next((event.rating for event in reversed(case.events) if isinstance(event, Pain)), 0.0)


def _instruments(case: Case) -> Iterator[tuple[str, Value]]:
    for key, placement in sorted(case.placements.items()):
        yield f"{key}.tip_mm", _vector(placement.tip_mm)
        yield f"{key}.inward", _vector(placement.tip_direction)
        yield f"{key}.depth_mm", placement.depth_mm
        yield f"{key}.roll_deg", placement.roll_deg
    yield "probe.fatigue", case.probe_fatigue


def _discs(case: Case) -> Iterator[tuple[str, Value]]:
    for level, disc in case.discs.items():
        yield f"{level}.pressure_kpa", pressure_kpa(disc)
        yield f"{level}.tissue_ml", _vector(disc.remaining_ml)
        yield f"{level}.removed_ml", disc.removed_ml
        yield f"{level}.contrast_ml", float(disc.contrast_ml.sum())
        yield f"{level}.injected_ml", disc.contrast.injected_ml


def _machine(case: Case) -> Iterator[tuple[str, Value]]:
    dose = totals(exposure.dose for exposure in case.exposures)
    yield "kap_gycm2", dose.kap_gycm2
    yield "air_kerma_reference_mgy", dose.air_kerma_reference_mgy
    yield "fluoroscopy_s", case.fluoroscopy_s
    yield "exposures", case.presses
    yield "frames", sum(exposure.frames for exposure in case.exposures)
    if case.guidance.has_scanner:
        yield "ct_dlp_mgycm", math.fsum(taken.dose.dlp_mgycm for taken in case.acquisitions)
        yield "ct_slices", sum(taken.slices for taken in case.acquisitions)
        yield "couch", (case.couch.table_mm, case.couch.tilt_deg, *case.couch.drift_mm)
    yield from _posed("c_arm", case.carm)
    yield from _posed("lateral_plane", case.lateral)


def _posed(name: str, carm: CArm | None) -> Iterator[tuple[str, Value]]:
    if carm is not None:
        yield f"{name}.angles_deg", (carm.primary_deg, carm.secondary_deg)
        yield f"{name}.isocentre_mm", _vector(carm.isocentre_mm)


def _vector(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
