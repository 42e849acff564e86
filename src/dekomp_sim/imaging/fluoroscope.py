"""One exposure, from patient, instruments and disc to the console's picture.

Line integrals add: the patient's are computed once per pose and kept; the disc's change is projected from its own small
grid; instruments are drawn analytically. Only then spectrum, blur, scatter, panel and console, so a moving needle
never projects the patient again, and only the pixels it can reach are summed over the spectrum and blurred anew.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim.anatomy import Patient
from dekomp_sim.arrays import Float32Array, sealed
from dekomp_sim.disc.voxels import Disc
from dekomp_sim.geometry import CArm, Detector, Solid
from dekomp_sim.imaging.console.display import annotated, positioner_words
from dekomp_sim.imaging.console.processing import Console, Window, recursed, shown, shuttered, turned
from dekomp_sim.imaging.projection.region import Region
from dekomp_sim.imaging.projection.shadow import shadow_region, shadows
from dekomp_sim.imaging.projection.thickness import Patch, PatientProjector, Thickness, field_patch
from dekomp_sim.imaging.radiation.dose import Technique
from dekomp_sim.imaging.signal.beam import Response, response
from dekomp_sim.imaging.signal.cells import cell_grid, cell_means, on_pixels
from dekomp_sim.imaging.signal.detector import (
    Light,
    Panel,
    Trapped,
    blurred,
    detected,
    glare_cells,
    lagged,
    picture_taps,
)
from dekomp_sim.imaging.signal.scatter import air_gap_mm, scatter_kernels, scattered_cells
from dekomp_sim.matter import Beam, Substance

FAINTEST_SHARE: Final = 1e-6
"""Signal below which the display's logarithm is held, as a share of the open beam."""

FRAME_S: Final = 1.0 / 15.0
"""Time between the frames of a run where none is given: 15 pulses/s."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """What one exposure sees.

    Parameters
    ----------
    carm, detector, technique
        Pose, pixel grid, beam and charge.
    solids
        Instruments in the beam, in the patient frame.
    discs
        The discs that are worked on, as they are now; untouched ones need not be told.
    seed, index, pulse
        Key the noise: exposure `index` of the case, and the pulse's number within it from 0. The same three give the
        same picture.
    panel
        The detector's settings, its grid among them.
    shutter
        (rows, cols) share of the open beam that the collimator lets through to each pixel, or None for all. Pictures
        of the same array share what is kept while the C-arm stands.
    moving
        The C-arm is being dragged: rays are traced for every second pixel each way, which halves the time of a frame.
    """

    carm: CArm
    detector: Detector
    technique: Technique
    solids: tuple[Solid, ...] = ()
    discs: tuple[Disc, ...] = ()
    seed: int = 0
    index: int = 0
    pulse: int = 0
    panel: Panel = Panel()  # noqa: RUF009 - frozen
    shutter: Float32Array | None = None
    moving: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """What a frame leaves to the next of its run: charge in the panel's traps and the time filter's memory.

    An empty trail starts a run.
    """

    trapped: Trapped | None = None
    filtered: Float32Array | None = None

    def fits(self, shape: tuple[int, int]) -> bool:
        """Whether it was left by frames of this shape."""
        left = (self.filtered, self.trapped.held if self.trapped else None)
        return all(held is None or held.shape[-2:] == shape for held in left)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame as the panel read it, before the console shows it.

    Parameters
    ----------
    signal
        (rows, cols) float32 absorbed energy over that of the open beam behind the grid, with noise.
    filtered
        (rows, cols) float32 ln(signal) behind the time filter: what the console shows.
    window
        How it fits the screen: for subtraction, last-image hold and road map with the same brightness.
    trail
        For the next frame of the run.
    """

    signal: Float32Array
    filtered: Float32Array
    window: Window
    trail: Trail = Trail()


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture.

    Parameters
    ----------
    signal
        (rows, cols) float32 absorbed energy over that of the open beam behind the grid, with noise.
    display
        (rows, cols) uint16 as the console shows it: dark absorbs unless inverted, letters and banner burned in.
    window
        How ln(signal) was shown: for subtraction, last-image hold and road map with the same brightness.
    trail
        For the next frame of the run.
    """

    signal: Float32Array
    display: NDArray[np.uint16]
    window: Window
    trail: Trail = Trail()

    @property
    def log_signal(self) -> Float32Array:
        """ln(signal), held at `FAINTEST_SHARE`."""
        return _logarithm(self.signal)


@dataclass(frozen=True, slots=True, eq=False)
class _Standing:
    """What is kept while the C-arm stands: the patient's thickness and what follows from it."""

    pose: tuple[object, ...]
    moving: bool
    beam: Beam
    panel: Panel
    shutter: Float32Array | None
    thickness: Thickness
    primary: Float32Array
    quantum_kev: Float32Array
    grid_passes: float
    added: Float32Array
    mean: Float32Array
    window: Window

    def serves(self, shot: Shot) -> bool:
        """Whether it was made for what the shot asks."""
        mine = (self.pose, self.beam, self.panel)
        fine = shot.moving or not self.moving
        return fine and self.shutter is shot.shutter and mine == (_pose(shot), shot.technique.beam, shot.panel)


@dataclass(frozen=True, slots=True, eq=False)
class _DiscShadow:
    """A disc's change as a pose sees it."""

    disc: Disc
    pose: tuple[object, ...]
    missing: Patch
    iodine: Patch


class Fluoroscope:
    """Takes pictures of one patient; keeps the patient's projection while the C-arm stands.

    Parameters
    ----------
    patient
        Whose volume is in the beam. Nothing is computed before the first exposure.
    threads
        Worker threads; pictures do not depend on their number.
    """

    def __init__(self, patient: Patient, threads: int | None = None) -> None:
        self._patient = patient
        self._threads = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._threads) if self._threads > 1 else None
        self._projector: PatientProjector | None = None
        self._standing: _Standing | None = None
        self._disc_shadows: tuple[_DiscShadow, ...] = ()

    def expose(
        self, shot: Shot, console: Console | None = None, before: Trail | None = None, elapsed_s: float = FRAME_S
    ) -> Picture:
        """The picture of one exposure: its `frame` as the console shows it, with letters and banner.

        Parameters and what is left out: as for `frame`.
        """
        console = console or Console()
        frame = self.frame(shot, console, before, elapsed_s)
        picture = self.developed(frame.filtered, frame.window, console, shot.shutter)
        display = annotated(picture, shot.carm, _lines(shot), console)
        return Picture(frame.signal, sealed(display), frame.window, frame.trail)

    def developed(
        self, log_signal: Float32Array, window: Window, console: Console, shutter: Float32Array | None = None
    ) -> NDArray[np.uint16]:
        """The console's picture (rows, cols) uint16 of ln(signal), flipped and turned, without letters; see `shown`."""
        if shutter is None:
            picture = shown(log_signal, window, console, self._pool)
        else:
            picture = shuttered(log_signal, window, console, shutter, self._pool)
        return turned(picture, console)

    def frame(self, shot: Shot, console: Console, before: Trail | None = None, elapsed_s: float = FRAME_S) -> Frame:
        """What the panel reads in one exposure.

        Left out: table top, heel effect and the fall of intensity toward the corners (taken as corrected by the
        panel), and what instruments and contrast change in the scatter.

        Parameters
        ----------
        shot
            What is exposed.
        console
            Its time filter; how the picture is shown too, in `expose`.
        before
            The trail of the frame before it in a run, an empty one for the run's first; None for a still picture,
            which shows neither lag nor time filter.
        elapsed_s
            Time since the frame before.
        """
        standing = self._stand(shot)
        scale_kev = np.float32(self._open_kev(shot) * standing.grid_passes)
        light = Light(self._mean(shot, standing) * scale_kev, standing.quantum_kev, shot.detector.pixel_mm)
        frame = detected(light, shot.panel, shot.seed, shot.index, self._pool, shot.pulse)
        run = before if before is not None and before.fits(frame.shape) else Trail()
        trapped = None
        if before is not None:
            frame, trapped = lagged(frame, run.trapped, elapsed_s, shot.panel)
        frame /= scale_kev
        filtered = sealed(recursed(_logarithm(frame), run.filtered, console))
        return Frame(sealed(frame), filtered, standing.window, Trail(trapped, filtered))

    def _open_kev(self, shot: Shot) -> float:
        behind = response(shot.technique.beam)
        return behind.open_kev(shot.technique.mas, shot.detector.pixel_mm**2, shot.carm.source_to_detector_mm)

    def _stand(self, shot: Shot) -> _Standing:
        """The patient's part, computed when pose, pixels, beam, panel or collimator changed."""
        held = self._standing
        if held is not None and held.serves(shot):
            return held
        if held is not None and held.pose == _pose(shot) and (shot.moving or not held.moving):
            thickness = held.thickness
        else:
            self._projector = self._projector or PatientProjector(self._patient.volume, self._threads)
            thickness = self._projector.thickness(shot.carm, shot.detector, shot.moving)
        self._standing = self._made(shot, thickness)
        return self._standing

    def _made(self, shot: Shot, thickness: Thickness) -> _Standing:
        behind = response(shot.technique.beam)
        primary = np.exp(behind.patient_log_signal(thickness.soft_g_cm2, thickness.bone_g_cm2, self._pool))
        if shot.shutter is not None:
            primary *= shot.shutter
        pixel_mm, shape = shot.detector.pixel_mm, (shot.detector.rows, shot.detector.cols)
        cells, edges_mm = cell_grid(shape, pixel_mm)
        water = cell_means(thickness.soft_g_cm2, cells) + cell_means(thickness.bone_g_cm2, cells)
        middle = float(np.median(water))
        kernels = scatter_kernels(shot.technique.beam.kv, air_gap_mm(shot.carm, middle), shot.panel.grid_ratio)
        straight = cell_means(primary, cells)
        scatter = scattered_cells(straight, water, edges_mm, kernels)
        share = shot.panel.glare[0]
        added = on_pixels((1.0 - share) * scatter + glare_cells(straight + scatter, shot.panel, edges_mm), shape)
        mean = blurred(primary, picture_taps(shot.panel, pixel_mm, shot.carm), self._pool)
        mean *= np.float32(1.0 - share)
        mean += added
        quantum = behind.quantum_kev(thickness.soft_g_cm2, thickness.bone_g_cm2, self._pool)
        return _Standing(
            _pose(shot), shot.moving, shot.technique.beam, shot.panel, shot.shutter, thickness, sealed(primary),
            sealed(quantum), kernels.grid_passes(middle),
            sealed(added), sealed(mean), Window.fitted(_logarithm(mean), shot.shutter),
        )  # fmt: skip

    def _mean(self, shot: Shot, standing: _Standing) -> Float32Array:
        """Expected signal (rows, cols) with instruments, contrast and missing tissue, blurred."""
        changed = self._changed_discs(shot)
        patches = (patch for disc in changed for patch in (disc.missing, disc.iodine))
        regions = [shadow_region(shot.solids, shot.carm, shot.detector), *(patch.region for patch in patches)]
        region = Region.around(regions)
        if not region:
            return standing.mean
        shape = standing.mean.shape
        taps = picture_taps(shot.panel, shot.detector.pixel_mm, shot.carm)
        reach = len(taps) - 1
        touched = region.grown(reach, (shape[0], shape[1]))
        needed = touched.grown(reach, (shape[0], shape[1]))
        primary = standing.primary[needed.pixels].copy()
        primary[region.within(needed)] = self._primary(shot, standing, region, changed)
        sharp = blurred(primary, taps, self._pool)[touched.within(needed)]
        mean = standing.mean.copy()
        clear = np.float32(1.0 - shot.panel.glare[0])
        mean[touched.pixels] = clear * sharp + standing.added[touched.pixels]
        return mean

    def _primary(
        self, shot: Shot, standing: _Standing, region: Region, changed_discs: tuple[_DiscShadow, ...]
    ) -> Float32Array:
        """Primary signal of a region: exact sums over the spectrum where something has changed."""
        layers: dict[Substance, Float32Array] = {}
        if changed_discs:
            layers[Substance.IODINE] = _pasted([disc.iodine for disc in changed_discs], region)
            layers[Substance.SOFT_TISSUE] = -_pasted([disc.missing for disc in changed_discs], region)
        for shadow in shadows(shot.solids, shot.carm, shot.detector):
            seen = shadow.areal_g_cm2[region.pixels]
            layers[shadow.substance] = layers[shadow.substance] + seen if shadow.substance in layers else seen
        changed = np.logical_or.reduce([layer != 0.0 for layer in layers.values()])
        soft, bone = (m[region.pixels][changed] for m in (standing.thickness.soft_g_cm2, standing.thickness.bone_g_cm2))
        masses = {substance: layer[changed] for substance, layer in layers.items()}
        masses[Substance.BONE_MINERAL] = bone
        masses[Substance.SOFT_TISSUE] = soft + masses.get(Substance.SOFT_TISSUE, np.float32(0.0))
        primary = standing.primary[region.pixels].copy()
        behind: Response = response(shot.technique.beam)
        primary[changed] = np.exp(behind.log_signal_behind(masses))
        if shot.shutter is not None:
            primary[changed] *= shot.shutter[region.pixels][changed]
        return primary

    def _changed_discs(self, shot: Shot) -> tuple[_DiscShadow, ...]:
        """Tissue missing and iodine as the pose sees them, kept disc by disc while it stays as it is."""
        pose = _pose(shot)
        kept = {held.disc: held for held in self._disc_shadows if held.pose == pose}
        self._disc_shadows = tuple(kept.get(disc) or _disc_shadow(disc, shot) for disc in shot.discs)
        return self._disc_shadows


def _disc_shadow(disc: Disc, shot: Shot) -> _DiscShadow:
    missing, iodine = (
        field_patch(density, disc.patient_from_index, shot.carm, shot.detector)
        for density in (disc.missing_g_cm3, disc.iodine_g_cm3)
    )
    return _DiscShadow(disc, _pose(shot), missing, iodine)


def _pasted(patches: Sequence[Patch], region: Region) -> Float32Array:
    """The sum of patches on a region that holds them, 0 elsewhere."""
    out = np.zeros((region.rows, region.cols), dtype=np.float32)
    for patch in patches:
        if patch.region:
            out[patch.region.within(region)] += patch.areal_g_cm2
    return out


def _logarithm(signal: Float32Array) -> Float32Array:
    held = np.maximum(signal, np.float32(FAINTEST_SHARE))
    return np.log(held, out=held)


def _pose(shot: Shot) -> tuple[object, ...]:
    carm = shot.carm
    distances = (carm.source_to_isocentre_mm, carm.source_to_detector_mm)
    return (carm.primary_deg, carm.secondary_deg, tuple(carm.isocentre_mm), distances, shot.detector)


def _lines(shot: Shot) -> Sequence[str]:
    beam = shot.technique.beam
    return (positioner_words(shot.carm), f"{beam.kv:.0f} kV  {shot.technique.mas:.2f} mAs", f"No. {shot.index + 1}")
