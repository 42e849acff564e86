"""The scanner's gantry: fan of channels, views of one turn, bow-tie filter, tilt, and the frame of a slice.

Scan frame: origin at the isocentre in the middle of the slice; x to the patient's left, y backward and z to the head
when the gantry is upright. The focus of view b stands at angle b from x towards y; a ray that passes the isocentre at
fan angle g has the signed distance R sin g from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray, frozen, sealed
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry import Rigid
from dekomp_sim.units import MM_PER_CM

LARGEST_TILT_DEG: Final = 30.0
"""How far the gantry leans to the head or the feet. Assumption: scanners that tilt state 24 to 30 degrees."""

QUARTER_OFFSET: Final = 0.25
"""Channels by which the detector is set aside, so that opposite views interleave (Brooks et al., J Comput Assist Tomogr
1979;3:511)."""

ROW_MM: Final = 0.625
"""Height of a detector row at the isocentre (GE LightSpeed VCT). A slice is the mean of its rows' logarithms, so a
needle that fills only some of them does not vanish as it would in one thick row."""

BOW_TIE_CYLINDER_MM: Final = 300.0
"""Assumption: diameter of the water cylinder whose missing chord the body filter makes good in part."""

BOW_TIE_SHARE: Final = 0.5
"""Assumption: the part that it makes good. At the fan's edge it then weighs 15 g/cm2 and lets 5 % of the dose through;
makers publish no profile."""


@dataclass(frozen=True, slots=True)
class Gantry:
    """Sizes of the scanner; the default has those published for the GE LightSpeed family (De Man et al., CatSim, Proc
    SPIE 2007;6510:65102G).

    Parameters
    ----------
    source_to_isocentre_mm, source_to_detector_mm
        Distances from the focus.
    channels
        Channels on the arc.
    channel_mm
        Width of one on the arc.
    views
        Views of one turn; an even number.
    rotation_s
        Time of one turn.
    focal_spot_mm
        Width and length of the focus. Assumption: 1 mm, the large focus of body scans.
    tilt_deg
        Positive leans the top of the gantry so that the slice's back edge moves toward the head.

    Raises
    ------
    OutOfRangeError
        If the tilt is out of reach, or the views are too few or odd.
    """

    source_to_isocentre_mm: float = 541.0
    source_to_detector_mm: float = 949.0
    channels: int = 888
    channel_mm: float = 1.0239
    views: int = 984
    rotation_s: float = 0.5
    focal_spot_mm: float = 1.0
    tilt_deg: float = 0.0

    def __post_init__(self) -> None:
        if not abs(self.tilt_deg) <= LARGEST_TILT_DEG:
            allowed = f"{-LARGEST_TILT_DEG:g} to {LARGEST_TILT_DEG:g} degrees"
            raise OutOfRangeError("tilt_deg", f"{self.tilt_deg:g} degrees", allowed)
        if self.views < 16 or self.views % 2:
            raise OutOfRangeError("views", f"{self.views}", "an even number from 16")

    @property
    def channel_rad(self) -> float:
        """Fan angle from one channel to the next."""
        return self.channel_mm / self.source_to_detector_mm

    @property
    def fan_rad(self) -> FloatArray:
        """(channels,) fan angle of each channel's middle."""
        places = np.arange(self.channels, dtype=np.float64) - (self.channels - 1) / 2.0 + QUARTER_OFFSET
        return np.asarray(places * self.channel_rad)

    @property
    def view_rad(self) -> FloatArray:
        """(views,) angle at which the focus stands."""
        return np.asarray(np.arange(self.views, dtype=np.float64) * (2.0 * math.pi / self.views))

    @property
    def field_mm(self) -> float:
        """Diameter about the isocentre that every view sees."""
        return 2.0 * self.source_to_isocentre_mm * math.sin(float(-self.fan_rad[0]))

    @property
    def magnification(self) -> float:
        """Detector over isocentre."""
        return self.source_to_detector_mm / self.source_to_isocentre_mm

    @property
    def bow_tie_g_cm2(self) -> FloatArray:
        """(channels,) mass of the body filter in front of the patient, taken to attenuate as soft tissue (plastic)."""
        off_mm = self.source_to_isocentre_mm * np.sin(self.fan_rad)
        half = BOW_TIE_CYLINDER_MM / 2.0
        chord = 2.0 * np.sqrt(np.maximum(half**2 - off_mm**2, 0.0))
        return np.asarray(BOW_TIE_SHARE * (BOW_TIE_CYLINDER_MM - chord) / MM_PER_CM)

    def quick(self) -> Gantry:
        """The same gantry as CT fluoroscopy reads it: 360 views, channels two by two."""
        return replace(self, channels=self.channels // 2, channel_mm=2.0 * self.channel_mm, views=360)

    def rows(self, thickness_mm: float) -> int:
        """Detector rows whose readings are put together for a slice."""
        return max(1, round(thickness_mm / ROW_MM))

    def slice_offsets_mm(self, thickness_mm: float) -> FloatArray:
        """(rows, 2) heights in the slice, from the feet up, each standing for an equal share of its profile.

        The profile is the rows' shadow at the isocentre, `thickness_mm` wide, smeared by that of the focus: a
        trapezoid. Left out: the cone of the rays, which widens it away from the isocentre, and that rows overlap by
        the focus' shadow.
        """
        count = 2 * self.rows(thickness_mm)
        penumbra = self.focal_spot_mm * (1.0 - 1.0 / self.magnification)
        edge = (thickness_mm + penumbra) / 2.0
        z = np.linspace(-edge, edge, 2001)
        profile = np.clip((edge - np.abs(z)) / min(thickness_mm, penumbra), 0.0, 1.0)
        below = np.concatenate([[0.0], np.cumsum((profile[1:] + profile[:-1]) / 2.0)])
        return np.interp((np.arange(count) + 0.5) / count, below / below[-1], z).reshape(-1, 2)


def patient_from_scan(centre_mm: ArrayLike, tilt_deg: float = 0.0) -> Rigid:
    """Where a slice lies in the patient: the scan frame about `centre_mm` (3,), turned about the patient's left by the
    tilt.

    Examples
    --------
    >>> patient_from_scan([0, 0, 0], 30.0).directions([0, 1, 0]).round(3).tolist()
    [0.0, 0.866, 0.5]
    """
    return Rigid.shift(centre_mm) @ Rigid.about_axis([1.0, 0.0, 0.0], tilt_deg)


def tilt_along_deg(direction: ArrayLike) -> float:
    """Tilt of the gantry at which a slice holds a needle's whole way, from its direction (3,) in the patient.

    Raises
    ------
    OutOfRangeError
        If the gantry cannot lean so far.

    Examples
    --------
    >>> round(tilt_along_deg([-0.7, -0.7, -0.14]), 1)
    11.3
    """
    _, back, head = (float(part) for part in np.asarray(direction, dtype=np.float64))
    tilt = math.degrees(math.atan2(head, back)) if back >= 0.0 else math.degrees(math.atan2(-head, -back))
    if not abs(tilt) <= LARGEST_TILT_DEG:
        raise OutOfRangeError(
            "tilt", f"{tilt:.0f} degrees for this needle", f"up to {LARGEST_TILT_DEG:g} degrees",
            "Choose a flatter way, or steps of upright slices",
        )  # fmt: skip
    return tilt


def pixel_centres_mm(matrix: int, field_mm: float) -> FloatArray:
    """(matrix,) places of a picture's columns or rows about its middle."""
    return sealed(frozen((np.arange(matrix) - (matrix - 1) / 2.0) * (field_mm / matrix)))
