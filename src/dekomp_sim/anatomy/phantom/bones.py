"""The forms of a phantom's bones: vertebral arches and processes, sacrum and ribs as parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dekomp_sim.anatomy.phantom.frames import Column, Interspace, Vertebra
from dekomp_sim.anatomy.phantom.parts import Part, tube
from dekomp_sim.arrays import FloatArray
from dekomp_sim.geometry.rigid import Rigid

JOINT_GAP_MM = 2.0
"""Cartilage between the bony faces of a facet joint, mm. Assumption: 2 to 4 mm joint space on CT."""


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """A facet joint: its centre and axes in the patient frame.

    `normal` points from the superior process (of the vertebra below) to the inferior process (of the one above),
    `along` runs in the joint's plane backward and outward, `up` along the disc's normal; all (3,).
    """

    centre_mm: FloatArray
    normal: FloatArray
    along: FloatArray
    up: FloatArray

    @property
    def frame(self) -> Rigid:
        """x along the joint's plane, y along its normal, z up (mirrored to stay right-handed)."""
        return Rigid.from_axes(self.centre_mm, self.up, self.normal)

    def at(self, along: float, normal: float, up: float) -> FloatArray:
        """A point (3,) by its mm along the joint's axes."""
        return np.asarray(self.centre_mm + along * self.along + normal * self.normal + up * self.up)


def joint_of(space: Interspace, sign: int) -> Joint:
    """The facet joint behind a disc on the left (sign +1) or right (-1)."""
    angle = np.radians(space.spec.facet_angle_deg)
    turn = space.patient_from_disc.directions
    centre = space.patient_from_disc.points([sign * space.spec.facet_offset_mm, space.half_depth_mm + 16.0, -2.0])
    return Joint(
        centre,
        turn([-sign * np.cos(angle), np.sin(angle), 0.0]),
        turn([sign * np.sin(angle), np.cos(angle), 0.0]),
        turn([0.0, 0.0, 1.0]),
    )


def superior_process(joint: Joint, drop_mm: float = 0.0) -> list[Part]:
    """The superior articular process of the vertebra below the joint, with its mamillary process.

    It tapers upward from its base, `drop_mm` lower than usual on the sacrum.
    """
    half = joint.normal * (JOINT_GAP_MM / 2.0)
    low, high = joint.at(0.5, -5.2, -13.0 - drop_mm), joint.at(-0.3, -3.4, 6.0)
    plate = tube(low, high, (5.2, 8.2, 2.9, 5.4), joint.along, 3.0)
    knob = tube(joint.at(6.0, -4.0, -3.0), joint.at(5.0, -4.5, -11.0), (3.0, 3.4), joint.up, 3.0)
    return [part.clipped(joint.normal, joint.centre_mm - half) for part in (plate, knob)]


def inferior_process(joint: Joint) -> list[Part]:
    """The inferior articular process of the vertebra above the joint: it tapers downward."""
    half = joint.normal * (JOINT_GAP_MM / 2.0)
    plate = tube(joint.at(0.0, 5.4, 11.0), joint.at(-0.4, 4.2, -8.5), (4.6, 7.0, 3.3, 5.6), joint.along, 3.0)
    return [plate.clipped(-joint.normal, joint.centre_mm + half)]


def arch(vertebra: Vertebra, superior: tuple[Joint, Joint], inferior: tuple[Joint, Joint]) -> list[Part]:
    """Everything of a vertebra but its body; joints are given left, right."""
    spec, frame = vertebra.spec, vertebra.patient_from_vertebra
    wall, canal = vertebra.posterior_wall_mm, spec.canal_depth_mm
    pedicle_z = vertebra.half_height_mm - 1.0 - spec.pedicle_height_mm / 2.0
    parts: list[Part] = []
    for sign, above, below in ((1, superior[0], inferior[0]), (-1, superior[1], inferior[1])):
        parts += _half_arch(vertebra, sign, pedicle_z, (above, below))
    back = 0.9 * wall + canal
    parts += _spinous(vertebra, back + 3.0)
    oval = (spec.canal_width_mm / 2.0, canal / 2.0)
    middle = 0.9 * wall + canal / 2.0
    hollow = tube(
        frame.points([0.0, middle, -32.0]), frame.points([0.0, middle, 32.0]), oval, frame.rotation[:, 1], 2.0
    )
    return [*parts, hollow.carving()]


def _half_arch(vertebra: Vertebra, sign: int, pedicle_z: float, joints: tuple[Joint, Joint]) -> list[Part]:
    spec, frame = vertebra.spec, vertebra.patient_from_vertebra
    at, up = frame.points, frame.rotation[:, 2]
    wall = vertebra.posterior_wall_mm
    above, below = joints
    across = (spec.canal_width_mm + spec.pedicle_width_mm) / 2.0
    slope = np.tan(np.radians(spec.pedicle_angle_deg))
    thick, tall = spec.pedicle_width_mm / 2.0, spec.pedicle_height_mm / 2.0
    root = at([sign * (across - 9.0 * slope), wall - 6.0, pedicle_z])
    rear = at([sign * (across + 10.0 * slope), wall + 12.5, pedicle_z])
    pedicle = tube(root, rear, (thick, tall, thick, tall), up, 3.5)
    shoulder = at([sign * (across + 8.0 * slope), wall + 14.0, pedicle_z - 1.0])
    pars = tube(shoulder, below.at(0.5, 5.2, 9.0), (4.2, 5.4, 4.2, 5.4), frame.rotation[:, 0], 4.0)
    spine_z = -7.0
    lamina = tube(
        below.at(-1.0, 6.5, 9.0),
        at([sign * 3.0, 0.9 * wall + spec.canal_depth_mm + 3.0, spine_z]),
        (3.3, 8.0, 3.3, 9.0),
        up,
        4.0,
    )
    return [
        pedicle,
        *superior_process(above),
        *inferior_process(below),
        pars,
        lamina,
        *_transverse(vertebra, sign, pedicle_z),
    ]


def _transverse(vertebra: Vertebra, sign: int, pedicle_z: float) -> list[Part]:
    spec, frame = vertebra.spec, vertebra.patient_from_vertebra
    wall = vertebra.posterior_wall_mm
    across = (spec.canal_width_mm + spec.pedicle_width_mm) / 2.0
    stout = 1.0 + max(0.0, spec.pedicle_width_mm - 13.0) / 8.0
    start = frame.points([sign * (across + 1.0), wall + 9.5, pedicle_z - 1.0])
    reach = spec.transverse_span_mm / 2.0 - 3.0
    middle = frame.points([sign * (0.55 * across + 0.45 * reach), wall + 12.5, pedicle_z - 0.5])
    end = frame.points([sign * reach, wall + 14.5, pedicle_z + (4.0 if vertebra.name in ("L4", "L5") else 1.5)])
    up = frame.rotation[:, 2]
    return [
        tube(start, middle, (3.6 * stout, 6.2 * stout, 2.8 * stout, 4.8 * stout), up, 4.0),
        tube(middle, end, (2.8 * stout, 4.8 * stout, 2.2, 3.9), up, 3.0),
    ]


def _spinous(vertebra: Vertebra, back_mm: float) -> list[Part]:
    """A hatchet: a thin plate, stouter along its lower and hind edges, so that it is a teardrop seen from behind."""
    frame = vertebra.patient_from_vertebra
    tilt = frame @ Rigid.about_axis((1.0, 0.0, 0.0), -9.0, (0.0, back_mm, -7.0))
    at, up, back = tilt.points, tilt.rotation[:, 2], tilt.rotation[:, 1]
    length = 21.0 if vertebra.name == "L5" else 27.0
    tip = back_mm + length - 4.0
    return [
        tube(at([0, back_mm - 1.0, -7.5]), at([0, tip - 3.0, -10.0]), (2.6, 10.0, 2.7, 9.0), up, 4.0),
        tube(at([0, back_mm + 3.0, -15.0]), at([0, tip, -17.0]), (3.4, 4.0, 5.0, 4.6), up, 4.0),
        tube(at([0, tip, -16.5]), at([0, tip - 1.0, -5.0]), (4.8, 4.2, 3.0, 3.6), back, 4.0),
    ]


def sacrum(column: Column, beside: FloatArray) -> list[Part]:
    """All of the sacrum but S1's body, to S4: alae, foramina, canal, crest and superior articular processes.

    `beside` (2, 3) is a point of the left sacroiliac joint in the patient frame and its normal, pointing outward.
    """
    point, outward = beside
    frame = column.patient_from_sacrum
    at, up, back = frame.points, frame.rotation[:, 2], frame.rotation[:, 1]
    side = frame.rotation[:, 0]
    low = column.first_sacral.below.patient_from_disc
    parts = [
        tube(low.points([0, 0.5, -7.0]), low.points([0, 3.5, -20.0]), (9.5, 16.5, 7.5, 14.5), side, 3.0),
        tube(low.points([0, 5.0, -27.0]), low.points([0, 11.0, -42.0]), (7.5, 14.0, 6.0, 12.0), side, 3.0),
        tube(low.points([0, 14.0, -49.0]), low.points([0, 25.0, -64.0]), (6.0, 11.0, 5.0, 9.0), side, 3.0),
    ]
    for sign in (1, -1):
        mirror = np.array([sign, 1.0, 1.0])
        ala = [
            tube(at([sign * 12.0, 5.0, -20.0]), at([sign * 58.0, 11.0, -41.0]), (16.0, 13.0, 25.0, 17.0), back, 10.0),
            tube(at([sign * 40.0, 16.0, -44.0]), at([sign * 29.0, 23.0, -66.0]), (14.0, 13.0, 9.0, 9.0), back, 8.0),
        ]
        parts += [part.clipped(outward * mirror, point * mirror) for part in ala]
        parts += [
            tube(at([sign * 29.0, 22.0, -62.0]), at([sign * 13.0, 32.0, -100.0]), (9.0, 8.0, 6.0, 5.0), back, 6.0),
            tube(at([sign * 14.0, 9.0, -45.0]), at([sign * 32.0, 17.0, -47.0]), (6.0, 8.0), back, 4.0),
            tube(at([sign * 12.0, 17.0, -67.0]), at([sign * 28.0, 24.0, -70.0]), (5.0, 6.0), back, 4.0),
            tube(at([sign * 28.0, 26.0, -16.0]), at([sign * 2.0, 38.0, -22.0]), (3.6, 9.0, 3.6, 9.0), up, 4.0),
            tube(at([sign * 26.0, 30.0, -40.0]), at([sign * 2.0, 37.0, -42.0]), (3.4, 10.0, 3.4, 10.0), up, 4.0),
            tube(at([sign * 23.0, 33.0, -62.0]), at([sign * 2.0, 38.0, -64.0]), (3.2, 10.0, 3.2, 10.0), up, 4.0),
            *superior_process(joint_of(column.interspaces["L5-S1"], sign), 3.0),
        ]
    parts.append(tube(at([0, 41.0, -24.0]), at([0, 41.0, -66.0]), (3.0, 5.0, 2.5, 4.0), back, 4.0))
    return [*parts, *_sacral_hollows(frame)]


def _sacral_hollows(frame: Rigid) -> list[Part]:
    at, up = frame.points, frame.rotation[:, 2]
    hollows = [tube(at([0, 24.5, 12.0]), at([0, 30.5, -70.0]), (8.5, 14.0, 4.0, 9.0), frame.rotation[:, 0], 2.0)]
    for sign in (1, -1):
        for x, z, radius in ((22.0, -32.0, 4.6), (20.0, -54.0, 4.2), (17.0, -75.0, 3.4)):
            front, middle = at([sign * (x + 3.0), -14.0, z - 3.0]), at([sign * (x - 2.0), 24.0, z])
            hollows.append(tube(front, middle, (radius, radius * 1.1), up, 3.0))
            hollows.append(tube(middle, at([sign * (x + 2.0), 48.0, z]), (2.8, 3.2), up, 2.0))
    return [hollow.carving() for hollow in hollows]


def ribs(column: Column) -> list[list[Part]]:
    """The eleventh and twelfth ribs, left and right, as smooth curves that thin out."""
    frame = column.vertebrae["T12"].patient_from_vertebra
    found = []
    for path in _RIBS_MM:
        for sign in (1, -1):
            points = frame.points(_smooth(np.array(path)) * [sign, 1.0, 1.0])
            tall = np.interp(np.linspace(0.0, 1.0, len(points)), [0.0, 0.25, 0.8, 1.0], [4.2, 5.6, 5.2, 2.6])
            pairs = zip(points[:-1], points[1:], tall[:-1], tall[1:], strict=True)
            up = frame.rotation[:, 2]
            found.append([tube(a, b, (0.5 * p, p, 0.5 * q, q), up, 0.0) for a, b, p, q in pairs])
    return found


def _smooth(path: FloatArray, steps: int = 28) -> FloatArray:
    """The path (n, 3) as a cubic through its stations, finely stepped (Catmull and Rom's weights)."""
    padded = np.concatenate([[2 * path[0] - path[1]], path, [2 * path[-1] - path[-2]]])
    fine = []
    for at in np.linspace(0.0, len(path) - 1.0, steps):
        n = min(int(at), len(path) - 2)
        t = at - n
        p0, p1, p2, p3 = padded[n : n + 4]
        cubic = 2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
        fine.append(cubic / 2.0)
    return np.array(fine)


_RIBS_MM = (
    ((21.0, 19.0, 6.0), (38.0, 40.0, 1.0), (62.0, 48.0, -12.0), (86.0, 45.0, -30.0), (104.0, 36.0, -48.0)),
    (
        (24.0, 22.0, 40.0),
        (44.0, 47.0, 34.0),
        (74.0, 53.0, 20.0),
        (104.0, 40.0, -2.0),
        (126.0, 12.0, -28.0),
        (134.0, -18.0, -46.0),
    ),
)
"""Axes of the twelfth and eleventh left ribs in T12's frame, mm. Assumption: drawn after radiographs."""

__all__ = ["Joint", "arch", "joint_of", "ribs", "sacrum"]
