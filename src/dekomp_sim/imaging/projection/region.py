"""A rectangle of a picture's pixels: where something has changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from dekomp_sim.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Region:
    """Pixels of a picture from row `top` and column `left` on; empty where `rows` or `cols` is 0."""

    top: int
    left: int
    rows: int
    cols: int

    @classmethod
    def about(cls, pixels: FloatArray, margin: float, shape: tuple[int, int]) -> Self:
        """The region that holds (n, 2) continuous (row, col) and a margin, as far as a picture (rows, cols) goes."""
        if not np.isfinite(pixels).all():
            return cls(0, 0, *shape)
        low = np.clip(np.floor(pixels.min(axis=0) - margin), 0, shape).astype(int)
        high = np.clip(np.ceil(pixels.max(axis=0) + margin) + 1, 0, shape).astype(int)
        size = np.maximum(high - low, 0)
        return cls(int(low[0]), int(low[1]), int(size[0]), int(size[1]))

    @classmethod
    def around(cls, regions: Iterable[Region]) -> Region:
        """The least region that holds all of these; empty ones do not count."""
        held = [region for region in regions if region]
        if not held:
            return Region(0, 0, 0, 0)
        top, left = min(r.top for r in held), min(r.left for r in held)
        bottom, right = max(r.top + r.rows for r in held), max(r.left + r.cols for r in held)
        return Region(top, left, bottom - top, right - left)

    def __bool__(self) -> bool:
        return self.rows > 0 and self.cols > 0

    @property
    def pixels(self) -> tuple[slice, slice]:
        """The region as an index of the picture."""
        return slice(self.top, self.top + self.rows), slice(self.left, self.left + self.cols)

    def within(self, outer: Region) -> tuple[slice, slice]:
        """The region as an index of an array that covers `outer`."""
        top, left = self.top - outer.top, self.left - outer.left
        return slice(top, top + self.rows), slice(left, left + self.cols)

    def grown(self, margin: int, shape: tuple[int, int]) -> Region:
        """With `margin` more pixels on each side, as far as the picture (rows, cols) goes."""
        top, left = max(self.top - margin, 0), max(self.left - margin, 0)
        bottom = min(self.top + self.rows + margin, shape[0])
        right = min(self.left + self.cols + margin, shape[1])
        return Region(top, left, bottom - top, right - left)
