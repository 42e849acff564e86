"""Compiled loops that draw: antialiased strokes, filled circles. Plain arrays in and out; slow twins: tests/laws."""

from __future__ import annotations

import math

from numba import njit


@njit(cache=True, nogil=True)
def cover_strokes(ends, width, cover):  # type: ignore[no-untyped-def]
    """Raise a coverage (rows, cols) float32 to that of straight strokes with round ends.

    A pixel is covered by width / 2 + 1/2 - distance, held to 0 to 1; of several strokes the most counts. Ends are
    (n, 4) float64: x, y of both ends in pixels.
    """
    rows, cols = cover.shape
    reach = 0.5 * width + 0.5
    for n in range(ends.shape[0]):
        x0, y0, x1, y1 = ends[n, 0], ends[n, 1], ends[n, 2], ends[n, 3]
        way_x, way_y = x1 - x0, y1 - y0
        square = max(way_x * way_x + way_y * way_y, 1e-12)
        first = max(0, math.ceil(min(y0, y1) - reach))
        last = min(rows - 1, math.floor(max(y0, y1) + reach))
        left, right = min(x0, x1) - reach, max(x0, x1) + reach
        # across a row the stroke's middle line is met near this x; farther off than `spare` nothing is covered
        flat = abs(way_y) < 1e-9
        spare = 0.0 if flat else reach * math.sqrt(square) / abs(way_y)
        for r in range(first, last + 1):
            low, high = left, right
            if not flat:
                middle = x0 + (r - y0) * way_x / way_y
                low, high = max(left, middle - spare), min(right, middle + spare)
            for c in range(max(0, math.ceil(low)), min(cols - 1, math.floor(high)) + 1):
                share = ((c - x0) * way_x + (r - y0) * way_y) / square
                share = min(max(share, 0.0), 1.0)
                distance = math.hypot(c - x0 - share * way_x, r - y0 - share * way_y)
                covered = min(reach - distance, 1.0)
                cover[r, c] = max(cover[r, c], covered)


@njit(cache=True, nogil=True)
def fill_circles(circles, picture):  # type: ignore[no-untyped-def]
    """Set pixels (rows, cols) whose centres lie in circles (n, 4), x, y, radius, number; of several the last counts."""
    rows, cols = picture.shape
    for n in range(circles.shape[0]):
        x, y, radius, number = circles[n]
        for r in range(max(0, math.ceil(y - radius)), min(rows - 1, math.floor(y + radius)) + 1):
            half = math.sqrt(max(radius * radius - (r - y) * (r - y), 0.0))
            for c in range(max(0, math.ceil(x - half)), min(cols - 1, math.floor(x + half)) + 1):
                picture[r, c] = number
