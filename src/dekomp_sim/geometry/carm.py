"""The C-arm's pose in patient terms, with DICOM's angles, and the detector's pixel grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dekomp_sim.arrays import FloatArray, frozen


@dataclass(frozen=True, slots=True)
class Detector:
    """A flat detector centred on the central ray.

    Parameters
    ----------
    rows, cols
        Number of pixels down and across.
    pixel_mm
        Pixel pitch on the detector.
    """

    rows: int = 512
    cols: int = 512
    pixel_mm: float = 0.6

    @property
    def height_mm(self) -> float:
        """Height of the active area."""
        return self.rows * self.pixel_mm

    @property
    def width_mm(self) -> float:
        """Width of the active area."""
        return self.cols * self.pixel_mm


@dataclass(frozen=True, slots=True, eq=False)
class CArm:
    """A C-arm about an isocentre in the patient frame (LPS, mm), with DICOM's positioner angles of the detector.

    The unit vector isocentre to detector is (sin p cos s, -cos p cos s, sin s) for primary p and secondary s: primary
    grows toward the patient's left (LAO), secondary toward the head (cranial). A prone patient with the detector over
    the back is primary 180. A picture shows the patient as seen from the detector, head up (DICOM PS3.3 C.8.7.5).

    Parameters
    ----------
    primary_deg, secondary_deg
        (0018,1510) and (0018,1511).
    isocentre_mm
        (3,) in the patient frame.
    source_to_isocentre_mm, source_to_detector_mm
        Distances from the focus.

    Raises
    ------
    ValueError
        If the detector would not lie beyond the isocentre.

    Examples
    --------
    >>> ap = CArm(0.0, 0.0, (0, 0, 0))
    >>> ap.source_mm.tolist(), ap.image_right.tolist()
    ([0.0, 600.0, 0.0], [1.0, 0.0, 0.0])
    """

    primary_deg: float
    secondary_deg: float
    isocentre_mm: FloatArray | tuple[float, float, float]
    source_to_isocentre_mm: float = 600.0
    source_to_detector_mm: float = 1020.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "isocentre_mm", frozen(self.isocentre_mm, (3,)))
        if not 0.0 < self.source_to_isocentre_mm < self.source_to_detector_mm:
            raise ValueError(
                "the detector must lie beyond the isocentre, got source_to_isocentre_mm="
                f"{self.source_to_isocentre_mm} and source_to_detector_mm={self.source_to_detector_mm}"
            )

    @property
    def towards_detector(self) -> FloatArray:
        """(3,) unit vector from isocentre to detector."""
        p, s = np.radians(self.primary_deg), np.radians(self.secondary_deg)
        return np.array([np.sin(p) * np.cos(s), -np.cos(p) * np.cos(s), np.sin(s)]) + 0.0

    @property
    def image_right(self) -> FloatArray:
        """(3,) unit vector along a picture's rows, toward growing column number."""
        p = np.radians(self.primary_deg)
        return np.array([np.cos(p), np.sin(p), 0.0])

    @property
    def image_up(self) -> FloatArray:
        """(3,) unit vector toward the picture's upper edge (row 0): headward."""
        p, s = np.radians(self.primary_deg), np.radians(self.secondary_deg)
        return np.array([-np.sin(p) * np.sin(s), np.cos(p) * np.sin(s), np.cos(s)])

    @property
    def magnification(self) -> float:
        """Magnification at the isocentre."""
        return self.source_to_detector_mm / self.source_to_isocentre_mm

    @property
    def source_mm(self) -> FloatArray:
        """(3,) the focal spot."""
        return np.asarray(self.isocentre_mm - self.source_to_isocentre_mm * self.towards_detector) + 0.0

    @property
    def detector_centre_mm(self) -> FloatArray:
        """(3,) where the central ray meets the detector."""
        return np.asarray(self.source_mm + self.source_to_detector_mm * self.towards_detector)

    def pixel_centres_mm(self, detector: Detector) -> FloatArray:
        """(rows, cols, 3) centres of the detector's pixels in the patient frame."""
        right = (np.arange(detector.cols) - (detector.cols - 1) / 2.0) * detector.pixel_mm
        up = ((detector.rows - 1) / 2.0 - np.arange(detector.rows)) * detector.pixel_mm
        across = right[None, :, None] * self.image_right
        return np.asarray(self.detector_centre_mm + across + up[:, None, None] * self.image_up)

    def pixel_of(self, points_mm: FloatArray, detector: Detector) -> FloatArray:
        """Continuous (row, col) (..., 2) onto which points (..., 3) of the patient frame fall."""
        ray = np.asarray(points_mm, dtype=np.float64) - self.source_mm
        scale = self.source_to_detector_mm / (ray @ self.towards_detector)
        row = (detector.rows - 1) / 2.0 - (ray @ self.image_up) * scale / detector.pixel_mm
        col = (detector.cols - 1) / 2.0 + (ray @ self.image_right) * scale / detector.pixel_mm
        return np.stack([row, col], axis=-1)
