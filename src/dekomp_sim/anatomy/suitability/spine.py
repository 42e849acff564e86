"""What is checked of a scan once its vertebrae are labelled: levels, metal, contrast, skin, how sure each disc is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import numpy as np
from scipy import ndimage

from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.anatomy.labels import Level, Structure
from dekomp_sim.anatomy.landmarks import Landmarks
from dekomp_sim.anatomy.nerves import DISC_TO_SAC_MM, SAC_RADIUS_MM, posterior_wall_mm
from dekomp_sim.anatomy.spine.sureness import Sureness, least_sure
from dekomp_sim.anatomy.suitability.checks import SLICES_MM, Check, Verdict, head_axis
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import BoolArray, FloatArray
from dekomp_sim.errors import InputError

METAL_ABOVE_HU: Final = 2500
"""Assumption: above dense cortex (to 2000 HU) and teeth, below screws, plates and clips, which scanners cut at 3071."""

NEAR_SPINE_MM: Final = 60.0
"""Assumption: metal or contrast farther than this from the bodies' line touches neither discs nor ways to them."""

LEAST_METAL_MM3: Final = 10.0
"""Assumption: less is a voxel of noise or a calcification."""

VESSEL_ABOVE_HU: Final = 130.0
"""Assumption: blood has 40 to 60 HU, in the portal phase 110 to 180, in the arterial 250 to 400."""

CANAL_ABOVE_HU: Final = 150.0
"""Assumption: the sac has 0 to 40 HU; after myelography several hundred."""

VESSEL_BEFORE_MM: Final = (40.0, 30.0)
"""Assumption: aorta, vena cava and iliac vessels lie up to 40 mm before a disc and 30 mm to either side."""

VESSEL_RADIUS_MM: Final = 4.0
"""Assumption: what is thinner than 8 mm is a calcified wall, not a vessel with contrast."""

NEIGHBOURS_MM: Final = (24.0, 46.0)
"""Assumption: distance of neighbouring discs; a body of 24 to 30 mm and a disc of 5 to 15."""

CUT_MM: Final = 6.0
"""Assumption: a vertebra labelled to nearer than this from the scan's first or last slice may be cut off there."""


Doubt = tuple[Sureness, tuple[str, ...]]
"""How sure a level is that was found, and why it is not surer."""

Doubts = Mapping[Level, Doubt]

NO_DOUBTS: Final[Doubts] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What is known of one disc level.

    Parameters
    ----------
    level
        Which.
    disc
        Its shape, or None where none was found.
    doubts
        What makes it less than sure; of a level without a disc, why there is none.
    sureness
        How sure it is.
    """

    level: Level
    disc: DiscShape | None
    doubts: tuple[str, ...] = ()
    sureness: Sureness = Sureness.SURE

    @property
    def sure(self) -> bool:
        """Whether nothing speaks against it."""
        return self.disc is not None and self.sureness is Sureness.SURE

    @property
    def word(self) -> str:
        """How sure it is, in a word or two."""
        return "no disc" if self.disc is None else str(self.sureness)


def find_levels(volume: Volume, landmarks: Landmarks, found: Doubts = NO_DOUBTS) -> tuple[Finding, ...]:
    """Every level from L1-L2 to L5-S1, with what is doubtful about it.

    Parameters
    ----------
    volume, landmarks
        The CT with its labels, and what they show.
    found
        Where the labels were not given but found: how sure each level is, and why not surer.
    """
    metal, coarse = _metal_mm(volume), _coarse(volume)
    return tuple(
        _finding(coarse, _doubts(volume, landmarks, disc, metal), disc, found.get(level, (Sureness.SURE, ())))
        if (disc := landmarks.discs.get(level)) is not None
        else Finding(level, None, (_absence(landmarks.reasons[level]),), Sureness.UNSURE)
        for level in Level
    )


def _finding(coarse: tuple[str, ...], doubts: tuple[str, ...], disc: DiscShape, found: Doubt) -> Finding:
    """A level with a disc: likely in coarse slices, unsure where there is another doubt, else as it was found."""
    words = (found[0], *(Sureness.LIKELY for _ in coarse), *(Sureness.UNSURE for _ in doubts))
    return Finding(disc.level, disc, (*coarse, *doubts, *found[1]), least_sure(words))


def check_spine(volume: Volume, landmarks: Landmarks, body: BoolArray) -> tuple[Check, ...]:
    """What is checked with the vertebrae known.

    Parameters
    ----------
    volume
        The CT with its labels.
    landmarks
        Found in it.
    body
        Voxels [k, j, i] of the patient, without table and clothes.
    """
    return (
        _levels(landmarks),
        _orientation(landmarks),
        _metal(volume, landmarks),
        _vessels(volume, landmarks.discs),
        _canal(volume, landmarks.discs),
        _skin(volume, body),
        _table(volume, body),
    )


def _absence(reason: InputError) -> str:
    return f"found {reason.found}; allowed: {reason.allowed}"


def _coarse(volume: Volume) -> tuple[str, ...]:
    apart = float(volume.patient_from_index.spacing_mm[head_axis(volume)])
    return (f"slices {apart:.2g} mm apart: heights to {apart / 2.0:.1f} mm",) if apart > SLICES_MM[0] else ()


def _doubts(volume: Volume, landmarks: Landmarks, disc: DiscShape, metal_mm: FloatArray) -> tuple[str, ...]:
    centre = disc.patient_from_disc.translation_mm
    found = []
    if len(metal_mm) and np.linalg.norm(metal_mm - centre, axis=1).min() < disc.half_width_mm + 10.0:
        found.append("metal beside it")
    for structure in (disc.level.vertebra_above, disc.level.vertebra_below):
        if _cut_off(volume, landmarks, structure):
            found.append(f"{structure.name.removeprefix('VERTEBRA_')} reaches the end of the scan")
    for one, other in pairwise(landmarks.discs[level] for level in Level if level in landmarks.discs):
        step = float(np.linalg.norm(other.patient_from_disc.translation_mm - one.patient_from_disc.translation_mm))
        if disc in (one, other) and _adjacent(one, other) and not NEIGHBOURS_MM[0] <= step <= NEIGHBOURS_MM[1]:
            found.append(f"{step:.0f} mm from {one.level if disc is other else other.level}: a vertebra misnumbered?")
    return tuple(found)


def _adjacent(one: DiscShape, other: DiscShape) -> bool:
    return one.level.vertebra_below is other.level.vertebra_above


def _cut_off(volume: Volume, landmarks: Landmarks, structure: Structure) -> bool:
    """Whether a vertebra's label reaches the first or the last slice along the body. The sacrum goes on below S1."""
    axis = 2 - head_axis(volume)
    bone = landmarks.vertebrae[structure].bone
    held = np.argwhere(bone.field > 0.5)
    index = volume.patient_from_index.indices(bone.patient_from_index.points(held[:, ::-1]))[:, 2 - axis]
    margin = CUT_MM / float(volume.patient_from_index.spacing_mm[2 - axis])
    return bool(index.min() < min(margin, 1.0) or index.max() > volume.size[2 - axis] - 1 - min(margin, 1.0))


def _levels(landmarks: Landmarks) -> Check:
    missing = [level for level in Level if level not in landmarks.discs]
    shown = ", ".join(landmarks.discs) or "none"
    if not landmarks.discs:
        return Check("levels", Verdict.REFUSED, "no disc between labelled vertebrae", "one of L1-L2 to L5-S1",
                     _absence(next(iter(landmarks.reasons.values()))))  # fmt: skip
    found = f"{shown}" + (f"; without {', '.join(missing)}" if missing else "")
    remedy = "A case needs one of the levels found; for the others scan or segment more" if missing else ""
    return Check("levels", Verdict.CAUTION if missing else Verdict.GOOD, found, "L1-L2 to L5-S1", remedy)


def _orientation(landmarks: Landmarks) -> Check:
    bodies = [vertebra.body_mm for vertebra in landmarks.vertebrae.values()]
    up = (bodies[-1] - bodies[0]) / np.linalg.norm(bodies[-1] - bodies[0])
    lean = float(np.degrees(np.arccos(min(float(up[2]), 1.0))))
    found = f"head, feet, front and back as the header says; the spine leans {lean:.0f} degrees"
    return Check("orientation", Verdict.GOOD, found, "labels that agree with the header, to 60 degrees")


def _metal_mm(volume: Volume) -> FloatArray:
    """(n, 3) centres of the voxels that hold metal, patient frame."""
    k, j, i = np.nonzero(volume.hu > METAL_ABOVE_HU)
    return volume.patient_from_index.points(np.stack([i, j, k], axis=-1))


def _voxel_mm3(volume: Volume) -> float:
    return float(np.prod(volume.patient_from_index.spacing_mm))


def _near_spine(points_mm: FloatArray, landmarks: Landmarks) -> BoolArray:
    """(n,) whether points lie within `NEAR_SPINE_MM` of a vertebral body's middle."""
    bodies = np.array([vertebra.body_mm for vertebra in landmarks.vertebrae.values()])
    apart = [np.linalg.norm(points_mm - body, axis=1) for body in bodies]
    return np.asarray(np.min(apart, axis=0) < NEAR_SPINE_MM)


def _metal(volume: Volume, landmarks: Landmarks) -> Check:
    points = _metal_mm(volume)
    near = _near_spine(points, landmarks) if len(points) else np.zeros(0, dtype=bool)
    beside, all_mm3 = near.sum() * _voxel_mm3(volume), len(points) * _voxel_mm3(volume)
    allowed = f"nothing above {METAL_ABOVE_HU} HU within {NEAR_SPINE_MM:.0f} mm of the bodies"
    if beside > LEAST_METAL_MM3:
        return Check("metal", Verdict.CAUTION, f"{beside / 1000.0:.2f} mL of metal in the spine", allowed,
                     "Screws and cages block ways and streak; take a level without them")  # fmt: skip
    found = f"{all_mm3 / 1000.0:.2f} mL of metal, none of it in the spine" if all_mm3 > LEAST_METAL_MM3 else "none"
    return Check("metal", Verdict.GOOD, found, allowed)


def _vessels(volume: Volume, discs: Mapping[Level, DiscShape]) -> Check:
    allowed = f"blood below {VESSEL_ABOVE_HU:.0f} HU before the spine"
    brightest = max((_vessel_hu(volume, disc) for disc in discs.values()), default=0.0)
    if brightest <= VESSEL_ABOVE_HU:
        return Check("contrast in vessels", Verdict.GOOD, "none seen", allowed)
    return Check("contrast in vessels", Verdict.CAUTION, f"vessels of {brightest:.0f} HU", allowed,
                 "They show in X-ray as a patient's do not; a scan without contrast is better")  # fmt: skip


def _vessel_hu(volume: Volume, disc: DiscShape) -> float:
    """Brightest ball of `VESSEL_RADIUS_MM` before a disc: the greatest of the least values within such balls."""
    far, aside = VESSEL_BEFORE_MM
    step = 2.0
    x, y = np.arange(-aside, aside + step, step), np.arange(-disc.half_depth_mm - far, -disc.half_depth_mm, step)
    z = np.arange(-6.0, 7.0, step)
    grid = np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1)
    hu = volume.hu_at(disc.patient_from_disc.points(grid))
    return float(ndimage.minimum_filter(hu, size=int(2.0 * VESSEL_RADIUS_MM / step) + 1, mode="nearest").max())


def _canal(volume: Volume, discs: Mapping[Level, DiscShape]) -> Check:
    allowed = f"a sac below {CANAL_ABOVE_HU:.0f} HU"
    values = [
        float(np.median(volume.hu_at(disc.patient_from_disc.points(_sac_points(disc))))) for disc in discs.values()
    ]
    brightest = max(values, default=0.0)
    if brightest <= CANAL_ABOVE_HU:
        return Check("contrast in the canal", Verdict.GOOD, "none seen", allowed)
    found = f"a sac of {brightest:.0f} HU, as after myelography"
    return Check("contrast in the canal", Verdict.CAUTION, found, allowed,
                 "It shows in X-ray; a scan without it is better")  # fmt: skip


def _sac_points(disc: DiscShape) -> FloatArray:
    middle = posterior_wall_mm(disc) + DISC_TO_SAC_MM + SAC_RADIUS_MM
    return np.array([[x, middle + y, 0.0] for x in (-2.0, 0.0, 2.0) for y in (-2.0, 0.0, 2.0)])


def _skin(volume: Volume, body: BoolArray) -> Check:
    """Whether the body reaches the field's edge at a side or at the back, where needles enter."""
    cut = [name for name, share in _edges(volume, body) if share > 0.01]
    if not cut:
        return Check("skin", Verdict.GOOD, "the skin of back and flanks within the field", "the whole outline")
    return Check("skin", Verdict.CAUTION, f"the body cut off at the {' and the '.join(cut)}", "the whole outline",
                 "Ways that leave the field are refused; reconstruct with a larger field")  # fmt: skip


def _edges(volume: Volume, body: BoolArray) -> Sequence[tuple[str, float]]:
    """The field's faces where needles enter, with the share of each that is body."""
    names = {(0, 1): "left", (0, -1): "right", (1, 1): "back"}
    found = []
    for axis in range(3):
        step = volume.patient_from_index.matrix[:, axis]
        along = int(np.argmax(np.abs(step)))
        for end in (0, -1):
            outward = int(np.sign(step[along])) * (1 if end == -1 else -1)
            if (along, outward) in names:
                face = np.take(body, end, axis=2 - axis)
                found.append((names[along, outward], float(face.mean())))
    return found


def _table(volume: Volume, body: BoolArray) -> Check:
    solid = int(np.count_nonzero((volume.hu > -300) & ~body)) * _voxel_mm3(volume) / 1000.0
    found = f"{solid:.0f} mL of table, pads and clothes, taken away" if solid >= 1.0 else "nothing but air"
    return Check("around the body", Verdict.GOOD, found, "anything; it is set to air")
