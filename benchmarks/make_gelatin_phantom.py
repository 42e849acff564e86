"""Make the surfaces of `phantoms/physical/gelatin_block.yaml`: what a workshop would cast and print for training.

    python benchmarks/make_gelatin_phantom.py

A block of gelatin holds S1 to L3 as blocks with arches, and discs between them, all of simple forms whose volumes are
known. Sizes are those of the built-in patient, rounded.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "phantoms" / "physical" / "gelatin_block"

BODY_MM, DISC_MM = 27.0, 11.0
HALF_WIDTH_MM, HALF_DEPTH_MM = 24.0, 17.0
NAMES = ("S1", "L5", "L4", "L3")


def prism(outline, low, high):
    """(n, 3, 3) triangles of a star-shaped outline (n, 2), counter-clockwise, drawn out from z = low to high."""
    after = np.roll(outline, -1, axis=0)
    middle = outline.mean(axis=0)
    found = []
    for (x0, y0), (x1, y1) in zip(outline, after, strict=True):
        a, b, c, d = (x0, y0, low), (x1, y1, low), (x1, y1, high), (x0, y0, high)
        found += [(a, b, c), (a, c, d), ((*middle, low), b, a), ((*middle, high), d, c)]
    return np.array(found)


def band(outer, inner, low, high):
    """(n, 3, 3) triangles of the band between two open lines (n, 2), drawn out from z = low to high."""
    found = []

    def quad(a, b, c, d):
        found.extend([(a, b, c), (a, c, d)])

    def at(point, z):
        return (*point, z)

    for n in range(len(outer) - 1):
        o0, o1, i0, i1 = outer[n], outer[n + 1], inner[n], inner[n + 1]
        quad(at(o0, low), at(o1, low), at(o1, high), at(o0, high))
        quad(at(i1, low), at(i0, low), at(i0, high), at(i1, high))
        quad(at(i0, low), at(i1, low), at(o1, low), at(o0, low))
        quad(at(o0, high), at(o1, high), at(i1, high), at(i0, high))
    for n, turned in ((0, False), (len(outer) - 1, True)):
        ends = [at(inner[n], low), at(outer[n], low), at(outer[n], high), at(inner[n], high)]
        quad(*(ends[::-1] if turned else ends))
    return np.array(found)


def superellipse(half_width, half_depth, count=72):
    turn = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    c, s = np.cos(turn), np.sin(turn)
    return np.column_stack([half_width * np.sign(c) * abs(c) ** 0.8, half_depth * np.sign(s) * abs(s) ** 0.8])


def rounded_box(left, right, front, back, radius=25.0):
    corners = [(right - radius, back - radius, 0), (left + radius, back - radius, 90),
               (left + radius, front + radius, 180), (right - radius, front + radius, 270)]  # fmt: skip
    turn = np.radians(np.arange(0, 91, 10))
    return np.array([(x + radius * np.cos(np.radians(begin) + t), y + radius * np.sin(np.radians(begin) + t))
                     for x, y, begin in corners for t in turn])  # fmt: skip


def write(name, triangles):
    """Binary STL: 80 bytes, a count, and 50 bytes for each triangle."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    with (FOLDER / f"{name}.stl").open("wb") as file:
        file.write(b"dekomp_sim gelatin block, mm, LPS".ljust(80) + struct.pack("<I", len(triangles)))
        for normal, triangle in zip(normals, triangles, strict=True):
            file.write(struct.pack("<12fH", *normal, *triangle.ravel(), 0))


def main():
    write("gelatin", prism(rounded_box(-120.0, 120.0, -75.0, 85.0), -60.0, 200.0))
    body = superellipse(HALF_WIDTH_MM, HALF_DEPTH_MM)
    outer = np.array([(-20.0, 12.0), (-20.0, 40.0), (-6.0, 46.0), (-3.0, 62.0), (3.0, 62.0), (6.0, 46.0), (20.0, 40.0),
                      (20.0, 12.0)])  # fmt: skip
    inner = np.array([(-12.0, 12.0), (-12.0, 30.0), (-4.0, 37.0), (-1.0, 38.0), (1.0, 38.0), (4.0, 37.0), (12.0, 30.0),
                      (12.0, 12.0)])  # fmt: skip
    for number, name in enumerate(NAMES):
        low = number * (BODY_MM + DISC_MM)
        write(f"{name}_body", prism(body, low, low + BODY_MM))
        write(f"{name}_arch", band(outer, inner, low + 12.0, low + 25.0))
        if number + 1 < len(NAMES):
            write(f"{NAMES[number + 1]}_{name}_disc", prism(body, low + BODY_MM, low + BODY_MM + DISC_MM))


if __name__ == "__main__":
    main()
