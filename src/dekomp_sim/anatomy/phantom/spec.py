"""What a phantom is made from: sizes, angles, Hounsfield units and a seed, as a person would write them in YAML.

`phantoms/lumbar_reference.yaml` states the same numbers as the defaults here, each with its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from dekomp_sim.anatomy.disc_shape import Protrusion
from dekomp_sim.anatomy.labels import Level, Side
from dekomp_sim.errors import InputError, OutOfRangeError

VERTEBRA_NAMES: Final = ("T12", "L1", "L2", "L3", "L4", "L5")
"""Vertebrae a phantom has above its sacrum, from cranial to caudal."""

DISC_NAMES: Final = ("T12-L1", *(level.value for level in Level))
"""Discs a phantom has, from cranial to caudal."""


def _within(where: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise OutOfRangeError(where, f"{value:g}", f"{least:g} to {most:g}")


def _all_within(spec: object, ranges: Mapping[str, tuple[float, float]]) -> None:
    for key, (least, most) in ranges.items():
        _within(key, getattr(spec, key), least, most)


@dataclass(frozen=True, slots=True)
class VertebraSpec:
    """Sizes of one vertebra, mm and degrees; width is across the patient, depth from front to back.

    `transverse_span_mm` runs from tip to tip of the transverse processes, `pedicle_angle_deg` from straight
    backward toward lateral.
    """

    upper_width_mm: float
    upper_depth_mm: float
    lower_width_mm: float
    lower_depth_mm: float
    anterior_height_mm: float
    posterior_height_mm: float
    canal_width_mm: float
    canal_depth_mm: float
    transverse_span_mm: float
    pedicle_width_mm: float
    pedicle_height_mm: float
    pedicle_angle_deg: float

    def __post_init__(self) -> None:
        _all_within(self, _VERTEBRA_RANGES)


_VERTEBRA_RANGES: Final = {
    "upper_width_mm": (28.0, 65.0),
    "upper_depth_mm": (22.0, 48.0),
    "lower_width_mm": (28.0, 65.0),
    "lower_depth_mm": (18.0, 48.0),
    "anterior_height_mm": (15.0, 40.0),
    "posterior_height_mm": (15.0, 40.0),
    "canal_width_mm": (15.0, 36.0),
    "canal_depth_mm": (11.0, 28.0),
    "transverse_span_mm": (35.0, 120.0),
    "pedicle_width_mm": (4.0, 24.0),
    "pedicle_height_mm": (8.0, 22.0),
    "pedicle_angle_deg": (-5.0, 40.0),
}
"""Least and most of each size: wide about the adult means and their spread, so that a typing error is caught.

Assumption: about four standard deviations either side of the reference tables.
"""


@dataclass(frozen=True, slots=True)
class DiscSpec:
    """Sizes of one disc and of the facet joints behind it.

    Heights are at the rim; `concavity_mm` is what both endplates together add in the middle. `facet_angle_deg` is
    the joints' angle from the sagittal plane, `facet_offset_mm` their centres' distance from the midline.
    """

    anterior_height_mm: float
    posterior_height_mm: float
    concavity_mm: float
    nucleus_fraction: float
    facet_angle_deg: float
    facet_offset_mm: float

    def __post_init__(self) -> None:
        _all_within(self, _DISC_RANGES)


_DISC_RANGES: Final = {
    "anterior_height_mm": (3.0, 25.0),
    "posterior_height_mm": (2.0, 18.0),
    "concavity_mm": (0.0, 5.0),
    "nucleus_fraction": (0.3, 0.85),
    "facet_angle_deg": (10.0, 70.0),
    "facet_offset_mm": (8.0, 30.0),
}
"""Least and most of each size.

Assumption: wide about the reference tables, so that a typing error is caught.
"""


@dataclass(frozen=True, slots=True)
class HerniationSpec:
    """The protrusion: which disc, which side, and its form (see `Protrusion`)."""

    level: Level = Level.L4_L5
    side: Side = Side.LEFT
    azimuth_deg: float = 40.0
    depth_mm: float = 4.5
    width_deg: float = 35.0

    def __post_init__(self) -> None:
        _all_within(self, {"azimuth_deg": (0.0, 100.0), "depth_mm": (0.5, 9.0), "width_deg": (10.0, 80.0)})

    @property
    def protrusion(self) -> Protrusion:
        """The same as a disc's shape holds it."""
        return Protrusion(self.side, self.azimuth_deg, self.depth_mm, self.width_deg)


@dataclass(frozen=True, slots=True)
class BodySpec:
    """The trunk around the spine, mm, and the slope of its base.

    Distances are seen from the centre of the L4-L5 disc. `skin_lateral_mm` and `skin_depth_mm` fix the skin of the
    back: that far from the midline it lies that far behind. `back_midline_mm` is the skin's depth in the midline.
    """

    l4_l5_tilt_deg: float = 10.0
    width_mm: float = 350.0
    depth_mm: float = 235.0
    skin_mm: float = 2.0
    subcutaneous_fat_mm: float = 16.0
    abdominal_wall_mm: float = 14.0
    skin_lateral_mm: float = 77.0
    skin_depth_mm: float = 72.0
    back_midline_mm: float = 80.0
    crest_height_mm: float = 4.0

    def __post_init__(self) -> None:
        _all_within(self, _BODY_RANGES)


_BODY_RANGES: Final = {
    "l4_l5_tilt_deg": (-15.0, 35.0),
    "width_mm": (260.0, 520.0),
    "depth_mm": (170.0, 420.0),
    "skin_mm": (0.8, 5.0),
    "subcutaneous_fat_mm": (3.0, 90.0),
    "abdominal_wall_mm": (5.0, 30.0),
    "skin_lateral_mm": (50.0, 110.0),
    "skin_depth_mm": (45.0, 150.0),
    "back_midline_mm": (55.0, 160.0),
    "crest_height_mm": (-30.0, 30.0),
}
"""Least and most of each size: from a slight to a very heavy adult.

Assumption: wide about the reference, so that a typing error is caught.
"""


@dataclass(frozen=True, slots=True)
class CurveSpec:
    """A lumbar scoliosis from T12-L1 to L4-L5 with its apex at L2-L3.

    `cobb_deg` is the angle between L1's upper and L4's lower endplate, + convex to the patient's left; `rotation` is
    the apical vertebrae's turn toward the convex side over that angle.
    """

    cobb_deg: float
    rotation: float = 0.35

    def __post_init__(self) -> None:
        _all_within(self, {"cobb_deg": (-45.0, 45.0), "rotation": (0.0, 0.8)})


@dataclass(frozen=True, slots=True)
class ConjoinedSpec:
    """Two roots in one sheath: which disc they cross, and on which side."""

    level: Level
    side: Side


@dataclass(frozen=True, slots=True)
class HounsfieldSpec:
    """Hounsfield units at 120 kV of what the phantom is made of."""

    cortical_bone: float = 1400.0
    trabecular_bone: float = 205.0
    trabecular_texture: float = 70.0
    nucleus: float = 72.0
    annulus: float = 95.0
    ligament: float = 70.0
    nerve: float = 35.0
    ganglion: float = 45.0
    thecal_sac: float = 14.0
    fat: float = -100.0
    muscle: float = 52.0
    skin: float = 65.0
    blood: float = 48.0
    kidney: float = 36.0
    liver: float = 55.0
    bowel: float = 28.0
    gas: float = -920.0

    def __post_init__(self) -> None:
        for entry in fields(self):
            _within(f"hu.{entry.name}", getattr(self, entry.name), -1000.0, 3000.0)


def _vertebrae() -> dict[str, VertebraSpec]:
    return {
        "T12": VertebraSpec(39.0, 32.0, 42.0, 33.4, 23.0, 24.5, 22.2, 18.1, 46.9, 8.8, 16.0, 4.0),
        "L1": VertebraSpec(41.2, 34.1, 43.3, 35.3, 24.8, 25.6, 23.7, 19.0, 71.2, 8.7, 15.4, 10.9),
        "L2": VertebraSpec(42.6, 34.6, 45.5, 34.9, 26.0, 26.3, 23.8, 18.2, 76.1, 8.9, 15.0, 12.0),
        "L3": VertebraSpec(44.1, 35.2, 48.0, 34.8, 26.6, 26.0, 24.3, 17.5, 85.7, 10.3, 14.9, 14.4),
        "L4": VertebraSpec(46.6, 35.5, 49.5, 33.9, 26.6, 25.2, 25.4, 18.6, 79.5, 12.9, 14.8, 17.7),
        "L5": VertebraSpec(47.3, 34.7, 49.4, 33.2, 27.4, 23.4, 27.1, 19.7, 92.3, 18.0, 14.0, 29.8),
    }


def _discs() -> dict[str, DiscSpec]:
    return {
        "T12-L1": DiscSpec(6.6, 5.6, 1.6, 0.64, 26.0, 11.5),
        "L1-L2": DiscSpec(7.6, 6.0, 1.9, 0.64, 28.0, 13.0),
        "L2-L3": DiscSpec(9.2, 6.9, 2.0, 0.64, 30.4, 14.0),
        "L3-L4": DiscSpec(10.9, 7.7, 2.1, 0.64, 38.7, 15.4),
        "L4-L5": DiscSpec(12.6, 8.1, 2.2, 0.64, 47.0, 17.2),
        "L5-S1": DiscSpec(13.6, 7.0, 2.0, 0.72, 47.3, 20.5),
    }


@dataclass(frozen=True, slots=True)
class PhantomSpec:
    """A parametric adult lumbar spine, T12 to the sacrum, in a trunk that lies prone.

    Parameters
    ----------
    name
        What the patient is called.
    seed
        Chooses the texture of bone and soft tissue.
    voxel_mm
        Edge of the grid's cubic voxels, 0.5 to 3.
    cranial_mm, caudal_mm
        How far the grid reaches above and below the centre of the L4-L5 disc.
    vertebrae, discs
        Sizes by name, `VERTEBRA_NAMES` and `DISC_NAMES`; every one must be there.
    herniation
        The one focal protrusion, or None.
    body, hu
        The trunk and the Hounsfield units.
    curve
        A scoliosis, or None.
    conjoined_root
        Where two roots share a sheath, or None.
    retrorenal_colon
        Whether the descending colon runs behind the left kidney's lower pole.

    Raises
    ------
    OutOfRangeError
        If a size lies outside its range.
    InputError
        If a vertebra or a disc is missing or unknown.
    """

    name: str = "lumbar_reference"
    seed: int = 1
    voxel_mm: float = 0.8
    cranial_mm: float = 172.0
    caudal_mm: float = 132.0
    vertebrae: dict[str, VertebraSpec] = field(default_factory=_vertebrae)
    discs: dict[str, DiscSpec] = field(default_factory=_discs)
    herniation: HerniationSpec | None = field(default_factory=HerniationSpec)
    body: BodySpec = field(default_factory=BodySpec)
    hu: HounsfieldSpec = field(default_factory=HounsfieldSpec)
    curve: CurveSpec | None = None
    conjoined_root: ConjoinedSpec | None = None
    retrorenal_colon: bool = False

    def __post_init__(self) -> None:
        _all_within(
            self,
            {
                "voxel_mm": (0.5, 3.0),
                "cranial_mm": (60.0, 190.0),
                "caudal_mm": (60.0, 140.0),
                "seed": (0, 2**63 - 1),
            },
        )
        _named("vertebrae", self.vertebrae, VERTEBRA_NAMES)
        _named("discs", self.discs, DISC_NAMES)


def _named(where: str, found: Mapping[str, object], wanted: tuple[str, ...]) -> None:
    if set(found) != set(wanted):
        raise InputError(where, ", ".join(found) or "nothing", f"exactly {', '.join(wanted)}")
