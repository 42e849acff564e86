"""Discs and posture of a scanned patient, found from the labels of the vertebrae.

Anatomy decides: up is from a lower vertebral body to the next, back is from a body to its arch. A vertebral body is the
thickest part of its vertebra, so the distance transform finds it without a model. Between two neighbours, columns along
the disc's normal are followed to both endplates; their middle gives the disc's plane, their length its heights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dekomp_sim.anatomy.disc_shape import DiscShape, Protrusion
from dekomp_sim.anatomy.labels import Level, Structure
from dekomp_sim.anatomy.nerves import UNSEEN_NERVE_SD_MM, lay_nerves
from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.anatomy.tissues import with_tissues
from dekomp_sim.anatomy.vertebrae import BoneField, Vertebra, find_vertebrae, mirror_plane
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import BoolArray, FloatArray, unit
from dekomp_sim.errors import InputError
from dekomp_sim.geometry.rigid import Rigid

COLUMN_STEP_MM: Final = 2.0
"""Assumption: distance between the columns followed from endplate to endplate; less than a coarse voxel."""

COLUMN_REACH_MM: Final = 22.0
"""Assumption: how far a column is followed from the disc's middle; a lumbar body is 24 to 30 mm high (Panjabi 1992,
Spine 17:299), so that the far endplate of a body is out of reach from the disc's middle.
"""

RIM_USED: Final = 0.88
"""Assumption: columns beyond this part of the outline are left out, because rims are rounded and bear osteophytes."""

WALL_DEPTH_MM: Final = (1.0, 3.0)
"""Assumption: depths beneath an endplate between which the body's walls are looked for."""

LEAST_WALL_MM: Final = 10.0
"""Assumption: no wall is nearer to the middle; what is hollow there is a concave endplate."""

PLAUSIBLE_MM: Final = {"mean height": (3.0, 20.0), "width": (30.0, 70.0), "depth": (20.0, 55.0)}
"""Assumption: sizes of an adult lumbar disc; wider than mean +- 3 SD of the published MRI and cadaver series."""

NUCLEUS_FRACTION: Final = {Level.L5_S1: 0.72}
"""Linear size of the nucleus over the disc's where it is not the 0.64 of L4-L5: in vivo MRI, n = 41 (Medicine 2014)."""

MOST_CONCAVE_MM: Final = 3.0
"""Assumption: greatest concavity of both endplates together; 76 spines had 1.5 + 0.7 mm on average (Wang 2012,
PMC3481085), and a coarse label map shows the rounded rims as more.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """What the labels of a scan show.

    Parameters
    ----------
    vertebrae
        From caudal to cranial.
    discs
        By level, without protrusions.
    reasons
        Of the levels without a disc, why.
    """

    vertebrae: Mapping[Structure, Vertebra]
    discs: Mapping[Level, DiscShape]
    reasons: Mapping[Level, InputError]


def find_landmarks(volume: Volume) -> Landmarks:
    """Vertebrae and discs of a CT volume whose vertebrae are labelled with TotalSegmentator's numbers.

    Raises
    ------
    InputError
        If no vertebrae are labelled, or the labels contradict the scan's orientation.
    """
    vertebrae = find_vertebrae(volume)
    discs: dict[Level, DiscShape] = {}
    reasons: dict[Level, InputError] = {}
    for level in Level:
        try:
            discs[level] = find_disc(vertebrae, level)
        except InputError as reason:
            reasons[level] = reason
    return Landmarks(vertebrae, discs, reasons)


def patient_from_scan(name: str, volume: Volume, protrusions: Mapping[Level, Protrusion], digest: str) -> Patient:
    """The patient of a CT volume whose vertebrae are labelled with TotalSegmentator's numbers.

    Parameters and errors: as `patient_of_landmarks`; every disc that the labels show is found.
    """
    return patient_of_landmarks(name, volume, find_landmarks(volume), protrusions, digest)


def patient_of_landmarks(
    name: str, volume: Volume, landmarks: Landmarks, protrusions: Mapping[Level, Protrusion], digest: str
) -> Patient:
    """The patient of a labelled CT volume and of the landmarks found in it.

    `protrusions` gives herniations, which a CT does not show well, to some discs. Nerves are laid from the discs and
    carry `UNSEEN_NERVE_SD_MM`; all other voxels of the body are named by their Hounsfield units; the outside is
    `Structure.OUTSIDE`.

    Parameters
    ----------
    name
        A neutral word, never one of the scan's header.
    volume
        CT with vertebra labels.
    landmarks
        Its vertebrae and discs.
    protrusions
        Herniations by level.
    digest
        SHA-256 of the volume.

    Raises
    ------
    InputError
        If a level of `protrusions` is not shown, or no disc is.
    """
    for level in protrusions:
        if level in landmarks.reasons:
            raise landmarks.reasons[level]
    if not landmarks.discs:
        raise next(iter(landmarks.reasons.values()))
    discs = {level: replace(disc, protrusion=protrusions.get(level)) for level, disc in landmarks.discs.items()}
    bodies = [vertebra.body_mm for vertebra in landmarks.vertebrae.values()]
    nerves = tuple(replace(strand, uncertainty_mm=UNSEEN_NERVE_SD_MM) for strand in lay_nerves(discs))
    return Patient(name, with_tissues(volume, discs.values(), bodies), discs, nerves, digest)


def disc_at(patient: Patient, level: Level) -> DiscShape:
    """The patient's disc at `level`.

    Raises
    ------
    InputError
        If the volume does not show that level.
    """
    if level not in patient.discs:
        shown = ", ".join(patient.discs)
        raise InputError(f"level {level}", f"no {level} disc in this volume", shown, "Choose a level that it shows")
    return patient.discs[level]


def find_disc(vertebrae: Mapping[Structure, Vertebra], level: Level) -> DiscShape:
    """The disc of `level` between its two labelled vertebrae, without protrusion.

    Raises
    ------
    InputError
        If one of the vertebrae is not labelled or the space between them is no disc's.
    """
    absent = [structure for structure in (level.vertebra_above, level.vertebra_below) if structure not in vertebrae]
    if absent:
        shown = ", ".join(
            pair for pair in Level if pair.vertebra_above in vertebrae and pair.vertebra_below in vertebrae
        )
        names = " and ".join(structure.name.removeprefix("VERTEBRA_") for structure in absent)
        raise InputError(
            f"level {level}", f"a label map without {names}", shown or "none", "Choose a level that the volume shows"
        )
    above, below = vertebrae[level.vertebra_above], vertebrae[level.vertebra_below]
    gap = _Gap(above.bone, below.bone)
    # The arch of S1 is mostly left out of its label: the upper vertebra then says alone where the back is.
    posterior = above.posterior if level is Level.L5_S1 else unit(above.posterior + below.posterior)
    up = above.body_mm - below.body_mm
    posterior = mirror_plane(above, Rigid.from_axes(above.body_mm, up, posterior))
    frame = Rigid.from_axes((above.body_mm + below.body_mm) / 2.0, up, posterior)
    half_width, half_depth = 14.0, 12.0
    for _ in range(5):
        columns = gap.columns(frame, half_width, half_depth, level)
        frame = columns.levelled(frame)
        left, right, front, back = gap.walls(frame, columns)
        half_width, half_depth, frame = _outline(frame, left, right, front, back)
    return _shape(level, frame, half_width, half_depth, gap.columns(frame, half_width, half_depth, level))


def _outline(frame: Rigid, left: float, right: float, front: float, back: float) -> tuple[float, float, Rigid]:
    """Half axes of the disc's superellipse and the frame moved to its centre, from the four walls' places (mm).

    The outline is flattened behind: its back lies at half_depth / 1.12 (see `DiscShape.rim`).
    """
    half_depth = (back - front) / (1.0 + 1.0 / 1.12)
    centre = frame.points([(left + right) / 2.0, front + half_depth, 0.0])
    return (left - right) / 2.0, half_depth, Rigid(frame.rotation, centre)


def _shape(level: Level, frame: Rigid, half_width: float, half_depth: float, columns: _Columns) -> DiscShape:
    """Fit heights and concavity of `DiscShape.height_mm` to the columns, and refuse what is no disc."""
    shape = DiscShape(
        level, frame, half_width, half_depth, 1.0, 1.0, nucleus_fraction=NUCLEUS_FRACTION.get(level, 0.64)
    )
    points = np.column_stack([columns.places_mm, np.zeros(len(columns.places_mm))])
    terms = np.column_stack([np.ones(len(points)), points[:, 1] / half_depth, 1.0 - shape.rim(points) ** 2])
    mean, slope, concavity = map(float, _fit(terms, columns.upper_mm - columns.lower_mm))
    if not 0.0 <= concavity <= MOST_CONCAVE_MM:
        concavity = float(np.clip(concavity, 0.0, MOST_CONCAVE_MM))
        mean, slope = map(float, _fit(terms[:, :2], columns.upper_mm - columns.lower_mm - concavity * terms[:, 2]))
    for name, value in (("mean height", mean), ("width", 2.0 * half_width), ("depth", 2.0 * half_depth)):
        least, most = PLAUSIBLE_MM[name]
        if not least <= value <= most:
            raise InputError(
                f"level {level}",
                f"vertebra labels that leave a disc of {value:.1f} mm {name}",
                f"{least:g} to {most:g} mm",
                "Look at the label map there",
            )
    return replace(shape, height_anterior_mm=mean - slope, height_posterior_mm=mean + slope, concavity_mm=concavity)


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Columns of a disc frame that meet both endplates: places (n, 2) and heights (n,) of the endplates, mm."""

    places_mm: FloatArray
    upper_mm: FloatArray
    lower_mm: FloatArray

    def levelled(self, frame: Rigid) -> Rigid:
        """The frame turned and shifted so that z = 0 is midway between both endplates."""
        at, along_x, along_y = _fit(self._terms, (self.upper_mm + self.lower_mm) / 2.0)
        normal = frame.directions([-along_x, -along_y, 1.0])
        return Rigid.from_axes(frame.points([0.0, 0.0, at]), normal, frame.rotation[:, 1])

    def endplates(self, places_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Heights (n,) of the planes through the upper and the lower endplate at places (n, 2)."""
        terms = np.column_stack([np.ones(len(places_mm)), places_mm])
        half = terms @ _fit(self._terms, (self.upper_mm - self.lower_mm) / 2.0)
        return half, -half

    @property
    def _terms(self) -> FloatArray:
        return np.column_stack([np.ones(len(self.places_mm)), self.places_mm])


@dataclass(frozen=True, slots=True, eq=False)
class _Gap:
    """The space between two neighbouring vertebrae."""

    above: BoneField
    below: BoneField

    def columns(self, frame: Rigid, half_width: float, half_depth: float, level: Level) -> _Columns:
        """Follow columns along the frame's z, within the outline, to both endplates.

        Raises
        ------
        InputError
            If too few columns meet both vertebrae: they do not face each other.
        """
        outline = DiscShape(level, frame, half_width * RIM_USED, half_depth * RIM_USED, 1.0, 1.0)
        places = _square(half_width, half_depth)
        places = places[outline.rim(np.column_stack([places, np.zeros(len(places))])) < 1.0]
        heights = np.arange(-COLUMN_REACH_MM, COLUMN_REACH_MM, 0.5)
        points = np.concatenate(
            [np.repeat(places, len(heights), axis=0), np.tile(heights, len(places))[:, None]], axis=1
        )
        points = frame.points(points).reshape(len(places), len(heights), 3)
        upper, met_above = _surface(self.above.at(points), heights)
        lower, met_below = _surface(self.below.at(points)[:, ::-1], -heights[::-1])
        met = met_above & met_below & (upper > -lower)
        if met.sum() < 0.5 * len(places):
            raise InputError(
                f"level {level}",
                f"endplates that face each other over {met.mean():.0%} of the disc",
                "at least 50 %",
                "Look at the label map there",
            )
        return _Columns(places[met], upper[met], -lower[met])

    def walls(self, frame: Rigid, columns: _Columns) -> tuple[float, float, float, float]:
        """Left, right, front and back wall (mm along x and y) of the bodies just beyond the endplates, mean of both."""
        depths = np.arange(WALL_DEPTH_MM[0], WALL_DEPTH_MM[1] + 0.1, 1.0)
        out = np.arange(LEAST_WALL_MM, 45.0, 0.25)
        rays = {(1, 0): (0.0, 1.0), (-1, 0): (0.0, 1.0), (0, -1): (1.0, 0.0), (0, 1): (1.0, 0.0)}
        ends = []
        for (x, y), across in rays.items():
            band = np.arange(-6.0, 6.1, 1.5)
            places = out[:, None, None] * np.array([x, y]) + band[:, None] * np.array(across)
            ends.append((x + y) * self._wall(frame, columns, places, depths, out))
        left, right, front, back = ends
        return left, right, front, back

    def _wall(self, frame: Rigid, columns: _Columns, places: FloatArray, depths: FloatArray, out: FloatArray) -> float:
        upper, lower = columns.endplates(places.reshape(-1, 2))
        ends = []
        for mask, plate, sign in ((self.above, upper, 1.0), (self.below, lower, -1.0)):
            z = plate.reshape(places.shape[:-1])[..., None] + sign * depths
            flat = np.broadcast_to(places[..., None, :], (*z.shape, 2))
            bone = mask.at(frame.points(np.concatenate([flat, z[..., None]], axis=-1)))
            ends.append(out[np.argmax(np.append(bone.mean(axis=(1, 2)) < 0.5, True)[: len(out)])])
        return float(np.mean(ends))


def _square(half_width: float, half_depth: float) -> FloatArray:
    x = np.arange(-half_width, half_width + 1e-6, COLUMN_STEP_MM)
    y = np.arange(-half_depth, half_depth + 1e-6, COLUMN_STEP_MM)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def _surface(bone: FloatArray, heights: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Height (n,) at which each column (n, m) first meets half of bone, between samples, and whether it does."""
    met = np.asarray((bone > 0.5).any(axis=1))
    first = np.maximum(np.argmax(bone > 0.5, axis=1), 1)
    rows = np.arange(len(bone))
    before, after = bone[rows, first - 1], bone[rows, first]
    part = np.clip((0.5 - before) / np.maximum(after - before, 1e-9), 0.0, 1.0)
    return heights[first - 1] + part * (heights[1] - heights[0]), met


def _fit(terms: FloatArray, values: FloatArray) -> FloatArray:
    """Least squares (m,) of values (n,) on terms (n, m), three times, each without what lay 2.5 deviations off."""
    kept = np.ones(len(values), dtype=bool)
    for _ in range(3):
        found = np.linalg.lstsq(terms[kept], values[kept], rcond=None)[0]
        off = np.abs(values - terms @ found)
        kept = off <= max(2.5 * 1.4826 * float(np.median(off)), 0.5)
    return np.asarray(found)
