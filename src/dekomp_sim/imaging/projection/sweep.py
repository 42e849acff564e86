"""The slice sweep: line integrals through a volume, plane by plane, for a point source.

Rays meet each voxel plane perpendicular to the beam's major axis. Seen from the focus such a plane is a scaled copy of
one accumulation plane parallel to it, so Joseph's bilinear interpolation (IEEE Trans Med Imaging 1982;1:192) separates
into one interpolation between voxel rows and one along them. Planes are streamed in memory order and summed on the
accumulation plane, which is warped once onto the tilted detector. Private: plain arrays in, plain arrays out.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from dekomp_sim.imaging.projection.lanes import LANES, add_columns, blend_rows

_blend_rows: Any = blend_rows
_add_columns: Any = add_columns


KEYS_A: Final = -0.6
"""Keys' parameter of the warp. -0.5 (Catmull-Rom) is exact for parabolas; -0.6 is a little sharper and gives back some
of what voxels and Joseph's interpolation blur: the sphere's edge then errs less than with the rays themselves."""


@njit(cache=True, nogil=True)
def crossings(count, planes, scale, start, step, size):  # type: ignore[no-untyped-def]
    """Left voxel (planes, count) int32 and right voxel's weight float32 at which column n crosses each plane.

    Column n crosses plane m at focus + scale[m] * (start + n * step - focus), given as start - focus and focus in
    `start`; voxels outside 0..size-2 are held there with a weight that reads the zero border.
    """
    left = np.empty((planes, count), np.int32)
    weight = np.empty((planes, count), np.float32)
    for m in range(planes):
        for n in range(count):
            place = start[0] + scale[m] * (start[1] + n * step)
            if place <= 0.0:
                left[m, n] = 0
                weight[m, n] = 0.0
            elif place >= size - 1:
                left[m, n] = size - 2
                weight[m, n] = 1.0
            else:
                whole = int(place)
                left[m, n] = whole
                weight[m, n] = place - whole
    return left, weight


@njit(cache=True, nogil=True)
def _columns_within(left, m, columns, low, high):  # type: ignore[no-untyped-def]
    """First column of plane m whose voxels touch low..high, and the one after the last; `left` grows along columns."""
    start = np.searchsorted(left[m], low - 1)
    stop = np.searchsorted(left[m], high, side="right")
    return min(start, columns), stop


@njit(cache=True, nogil=True)
def _block_rows(row_table, m, first_row, strides, offsets, weights):  # type: ignore[no-untyped-def]
    """Fill the voxel-row offsets and weights of eight lanes at plane m; return the first and last voxel row in use."""
    below, share = row_table
    first, last = 1 << 30, -1
    for lane in range(LANES):
        row = min(first_row + lane, below.shape[1] - 1)
        k, upper = below[m, row], share[m, row]
        offsets[lane] = m * strides[0] + k * strides[1]
        offsets[lane + LANES] = offsets[lane] + strides[1]
        weights[lane] = 1.0 - upper
        weights[lane + LANES] = upper
        first = min(first, k + (upper == 1.0))
        last = max(last, k + (upper > 0.0))
    return first, last


@njit(cache=True, nogil=True)
def sweep_block(volume, strides, spans, column_table, row_table, floor, block, sums):  # type: ignore[no-untyped-def]
    """Add all planes' values above `floor` to `sums` ((columns * 8,) float32) for the eight rows of `block`.

    volume: flat int16 with a zero border; strides: (plane, row, row length) in voxels, voxels along a row are
    neighbours; spans: (planes, rows, 2) int32 first and last voxel above the floor, first > last where there is none;
    column_table and row_table: (left, weight) from `crossings`.
    """
    left, weight = column_table
    planes, columns = left.shape
    offsets = np.empty(2 * LANES, np.int64)
    weights = np.empty(2 * LANES, np.float32)
    blended = np.empty((strides[2] + 2 * LANES) * LANES, np.float32)
    flat_left, flat_weight = left.reshape(-1), weight.reshape(-1)
    for m in range(planes):
        k_first, k_last = _block_rows(row_table, m, block * LANES, strides, offsets, weights)
        low, high = 1 << 30, -1
        for k in range(k_first, k_last + 1):
            low = min(low, spans[m, k, 0])
            high = max(high, spans[m, k, 1])
        start, stop = _columns_within(left, m, columns, low, high)
        if start >= stop:
            continue
        shift = np.int64(left[m, start])
        chunks = np.int64((left[m, stop - 1] + 1 - shift) // LANES + 1)
        _blend_rows(volume, offsets, weights, floor, shift, chunks, blended)
        span = (np.int64(start), np.int64(stop), np.int64(m * columns))
        _add_columns(blended, flat_left, flat_weight, shift, span, sums)


@njit(cache=True, nogil=True)
def sweep_blocks(volume, strides, spans, column_table, row_table, floor, turns, sums):  # type: ignore[no-untyped-def]
    """`sweep_block` for every block from `turns[0]` on in steps of `turns[1]`; sums: (blocks, columns, 8) float32.

    One call a thread: handing out single blocks costs more than small pictures take.
    """
    for block in range(turns[0], sums.shape[0], turns[1]):
        sweep_block(volume, strides, spans, column_table, row_table, floor, block, sums[block].reshape(-1))


@njit(cache=True, nogil=True)
def value_spans(volume, floor):  # type: ignore[no-untyped-def]
    """First and last voxel above `floor` in each row: int32 (planes, rows, 2) of a (planes, rows, voxels) view."""
    planes, rows, length = volume.shape
    spans = np.empty((planes, rows, 2), np.int32)
    for m in range(planes):
        for k in range(rows):
            first = 0
            while first < length and volume[m, k, first] <= floor:
                first += 1
            last = length - 1
            while last > first and volume[m, k, last] <= floor:
                last -= 1
            spans[m, k, 0] = first if first < length else 1 << 30
            spans[m, k, 1] = last if first < length else -1
    return spans


@njit(cache=True, nogil=True)
def _cubic(t):  # type: ignore[no-untyped-def]
    """Keys' cubic convolution weights of four neighbours at fraction t (IEEE Trans ASSP 1981;29:1153)."""
    u = 1.0 - t
    return (
        KEYS_A * t * u * u,
        ((KEYS_A + 2.0) * t - (KEYS_A + 3.0)) * t * t + 1.0,
        ((KEYS_A + 2.0) * u - (KEYS_A + 3.0)) * u * u + 1.0,
        KEYS_A * u * t * t,
    )


@njit(cache=True, nogil=True)
def warp_rows(sums, pixel_map, factors, rows, out):  # type: ignore[no-untyped-def]
    """Take detector rows `rows[0]`..`rows[1]` of `out` (materials, rows, cols) from the accumulation plane.

    sums: (materials, plane rows / 8, plane cols, 8) float32. pixel_map: (3, 3) float64; pixel (row, col) -> homogeneous
    plane (column, row, w). factors: (4, 3): pixel -> direction in mm (three rows) and its major-axis component in
    voxels (fourth); their ratio is the path per plane.
    """
    materials, blocks, width, _ = sums.shape
    height = blocks * 8
    for r in range(rows[0], rows[1]):
        for c in range(out.shape[2]):
            w = pixel_map[2, 0] * r + pixel_map[2, 1] * c + pixel_map[2, 2]
            x = (pixel_map[0, 0] * r + pixel_map[0, 1] * c + pixel_map[0, 2]) / w
            y = (pixel_map[1, 0] * r + pixel_map[1, 1] * c + pixel_map[1, 2]) / w
            dx = factors[0, 0] * r + factors[0, 1] * c + factors[0, 2]
            dy = factors[1, 0] * r + factors[1, 1] * c + factors[1, 2]
            dz = factors[2, 0] * r + factors[2, 1] * c + factors[2, 2]
            along = factors[3, 0] * r + factors[3, 1] * c + factors[3, 2]
            length = np.sqrt(dx * dx + dy * dy + dz * dz) / abs(along)
            ix, iy = int(np.floor(x)), int(np.floor(y))
            wx, wy = _cubic(x - ix), _cubic(y - iy)
            for n in range(materials):
                total = 0.0
                for b in range(4):
                    q = min(max(iy + b - 1, 0), height - 1)
                    line = 0.0
                    for a in range(4):
                        line += wx[a] * sums[n, q >> 3, min(max(ix + a - 1, 0), width - 1), q & 7]
                    total += wy[b] * line
                out[n, r, c] = total * length
