"""One exposure, from patient, instruments and disc to the console's picture.

Line integrals add: the patient's are computed once per pose and kept; the disc's change is projected from its own small
grid; instruments are drawn analytically. Only then spectrum, blur, noise and display, so a moving needle never
projects the patient again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dekomp_sim.anatomy import Patient
from dekomp_sim.arrays import BoolArray, Float32Array
from dekomp_sim.disc.voxels import Disc
from dekomp_sim.geometry import CArm, Detector, Solid
from dekomp_sim.imaging.beam import Response, response
from dekomp_sim.imaging.display import Window, annotated, console_picture, positioner_words
from dekomp_sim.imaging.dose import Technique
from dekomp_sim.imaging.noise import quantum_noise
from dekomp_sim.imaging.shadow import shadows
from dekomp_sim.imaging.thickness import PatientProjector, Thickness, field_thickness
from dekomp_sim.matter import Beam, Substance

BLUR_SIGMA_MM: Final = 0.2
"""Assumption: standard deviation of the detector's and focal spot's blur together, on the detector. A Gaussian of this
width has an MTF of 0.45 at 1 line pair/mm, within what makers of CsI panels state (0.4 to 0.6)."""

FAINTEST_SHARE: Final = 1e-6
"""Signal below which the display's logarithm is held, as a share of the open beam."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """What one exposure sees.

    Parameters
    ----------
    carm, detector, technique
        Pose, pixel grid, beam and charge.
    solids
        Instruments in the beam, in the patient frame.
    disc
        The treated disc as it is now, or None for an untouched one.
    seed, index
        Key the noise: the same pair gives the same picture.
    """

    carm: CArm
    detector: Detector
    technique: Technique
    solids: tuple[Solid, ...] = ()
    disc: Disc | None = None
    seed: int = 0
    index: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture.

    Parameters
    ----------
    signal
        (rows, cols) float32 absorbed energy over that of the open beam, with noise.
    display
        (rows, cols) uint16 as the console shows it: dark absorbs, letters and banner burned in.
    """

    signal: Float32Array
    display: NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class _Standing:
    """What is kept while the C-arm stands: the patient's thickness and what follows from it."""

    pose: tuple[object, ...]
    thickness: Thickness
    beam: Beam
    log_signal: Float32Array
    quantum_kev: Float32Array
    window: Window


class Fluoroscope:
    """Takes pictures of one patient; keeps the patient's projection while the C-arm stands.

    Parameters
    ----------
    patient
        Whose volume is in the beam. Nothing is computed before the first exposure.
    threads
        Worker threads of the projector; pictures do not depend on their number.
    """

    def __init__(self, patient: Patient, threads: int | None = None) -> None:
        self._patient = patient
        self._threads = threads
        self._projector: PatientProjector | None = None
        self._standing: _Standing | None = None

    def expose(self, shot: Shot) -> Picture:
        """The picture of one exposure.

        Primary beam only: no scatter, grid, table top, lag or saturation; the field is flat (the heel effect and the
        fall of intensity toward the corners are taken as corrected by the detector).
        """
        standing = self._stand(shot)
        behind = response(shot.technique.beam)
        log_signal = self._with_changes(shot, standing, behind)
        mean = ndimage.gaussian_filter(np.exp(log_signal), BLUR_SIGMA_MM / shot.detector.pixel_mm, mode="nearest")
        open_kev = behind.open_kev(shot.technique.mas, shot.detector.pixel_mm**2, shot.carm.source_to_detector_mm)
        noisy = quantum_noise(mean * np.float32(open_kev), standing.quantum_kev, shot.seed, shot.index)
        signal = noisy / np.float32(open_kev)
        shown = console_picture(np.log(np.maximum(signal, np.float32(FAINTEST_SHARE))), standing.window)
        return Picture(signal, annotated(shown, shot.carm, _lines(shot)))

    def _stand(self, shot: Shot) -> _Standing:
        """The patient's part, computed when pose, detector or beam changed."""
        pose = _pose(shot.carm, shot.detector)
        held = self._standing
        if held is not None and held.pose == pose and held.beam == shot.technique.beam:
            return held
        if held is not None and held.pose == pose:
            thickness = held.thickness
        else:
            self._projector = self._projector or PatientProjector(self._patient.volume, self._threads)
            thickness = self._projector.thickness(shot.carm, shot.detector)
        behind = response(shot.technique.beam)
        log_signal = behind.patient_log_signal(thickness.soft_g_cm2, thickness.bone_g_cm2)
        quantum = behind.quantum_kev(thickness.soft_g_cm2, thickness.bone_g_cm2)
        self._standing = _Standing(pose, thickness, shot.technique.beam, log_signal, quantum, Window.fitted(log_signal))
        return self._standing

    def _with_changes(self, shot: Shot, standing: _Standing, behind: Response) -> Float32Array:
        """The patient's ln signal with instruments, contrast and missing tissue: exact sums where there are any."""
        soft = standing.thickness.soft_g_cm2
        layers: dict[Substance, Float32Array] = {}
        if shot.disc is not None:
            frame = shot.disc.patient_from_index
            missing = field_thickness(shot.disc.missing_g_cm3, frame, shot.carm, shot.detector)
            layers[Substance.IODINE] = field_thickness(shot.disc.iodine_g_cm3, frame, shot.carm, shot.detector)
            soft = soft - missing
        for shadow in shadows(shot.solids, shot.carm, shot.detector):
            layers[shadow.substance] = shadow.areal_g_cm2
        changed = _any_above(layers, soft, standing.thickness.soft_g_cm2)
        if not changed.any():
            return standing.log_signal
        masses = {substance: layer[changed] for substance, layer in layers.items()}
        masses[Substance.BONE_MINERAL] = standing.thickness.bone_g_cm2[changed]
        masses[Substance.SOFT_TISSUE] = soft[changed] + masses.pop(Substance.SOFT_TISSUE, np.float32(0.0))
        log_signal = standing.log_signal.copy()
        log_signal[changed] = behind.log_signal_behind(masses)
        return log_signal


def _any_above(layers: dict[Substance, Float32Array], soft: Float32Array, before: Float32Array) -> BoolArray:
    changed: BoolArray = np.asarray(soft != before)
    for layer in layers.values():
        changed |= layer > 0.0
    return changed


def _pose(carm: CArm, detector: Detector) -> tuple[object, ...]:
    distances = (carm.source_to_isocentre_mm, carm.source_to_detector_mm)
    return (carm.primary_deg, carm.secondary_deg, tuple(carm.isocentre_mm), distances, detector)


def _lines(shot: Shot) -> Sequence[str]:
    beam = shot.technique.beam
    return (positioner_words(shot.carm), f"{beam.kv:.0f} kV  {shot.technique.mas:.2f} mAs", f"No. {shot.index + 1}")
