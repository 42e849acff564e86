"""Where a point should appear in a picture of the 3D scene, by a pinhole camera."""

from __future__ import annotations

import numpy as np

from dekomp_sim.arrays import FloatArray
from dekomp_sim.viewer.scene.cameras import Camera

SIZE = (320, 240)
"""Width and height of that picture."""


def pixel_of(point_mm: FloatArray, eye: Camera) -> tuple[int, int]:
    """Row and column where a point (3,) should appear, by a pinhole camera."""
    ray = point_mm - eye.position_mm
    forward = (eye.focus_mm - eye.position_mm) / np.linalg.norm(eye.focus_mm - eye.position_mm)
    scale = SIZE[1] / 2.0 / np.tan(np.radians(eye.height_deg / 2.0)) / (ray @ forward)
    row = (SIZE[1] - 1) / 2.0 - scale * (ray @ eye.upward)
    return round(float(row)), round(float((SIZE[0] - 1) / 2.0 + scale * (ray @ eye.right)))
