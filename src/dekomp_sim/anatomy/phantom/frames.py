"""Where each vertebra and disc of a phantom stands: rigid frames stacked along the lordotic curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from dekomp_sim.anatomy.disc_shape import DiscShape, Protrusion
from dekomp_sim.anatomy.labels import Level
from dekomp_sim.anatomy.phantom.spec import DISC_NAMES, VERTEBRA_NAMES, DiscSpec, PhantomSpec, VertebraSpec
from dekomp_sim.geometry.rigid import Rigid


@dataclass(frozen=True, slots=True, eq=False)
class Interspace:
    """The room between two vertebrae: a disc's frame and sizes, for any of the column's discs."""

    name: str
    patient_from_disc: Rigid
    half_width_mm: float
    half_depth_mm: float
    spec: DiscSpec

    def shape(self, level: Level, protrusion: Protrusion | None) -> DiscShape:
        """The disc that fills this room."""
        return DiscShape(
            level,
            self.patient_from_disc,
            self.half_width_mm,
            self.half_depth_mm,
            self.spec.anterior_height_mm,
            self.spec.posterior_height_mm,
            self.spec.concavity_mm,
            self.spec.nucleus_fraction,
            protrusion,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Vertebra:
    """One vertebra: its frame at the body's centre (axes as a disc's) and the rooms above and below it."""

    name: str
    patient_from_vertebra: Rigid
    spec: VertebraSpec
    above: Interspace
    below: Interspace

    @property
    def half_height_mm(self) -> float:
        """Half the body's mean height."""
        return (self.spec.anterior_height_mm + self.spec.posterior_height_mm) / 4.0

    @property
    def posterior_wall_mm(self) -> float:
        """y of the body's posterior wall beside the midline, in the vertebra's frame."""
        return (self.spec.upper_depth_mm + self.spec.lower_depth_mm) / 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The phantom's spine: interspaces and vertebrae by name, and the sacrum's frame on its upper endplate."""

    interspaces: Mapping[str, Interspace]
    vertebrae: Mapping[str, Vertebra]
    patient_from_sacrum: Rigid
    first_sacral: Vertebra

    def discs(self, spec: PhantomSpec) -> dict[Level, DiscShape]:
        """The five discs that a patient shows, with the specified protrusion."""
        herniation = spec.herniation
        return {
            level: self.interspaces[level.value].shape(
                level, herniation.protrusion if herniation is not None and herniation.level is level else None
            )
            for level in Level
        }


def _frame(tilt_deg: float, centre: np.ndarray, lean_deg: float = 0.0, turn_deg: float = 0.0) -> Rigid:
    """A frame at `centre` (3,) whose normal tilts forward and leans to the left, turned with its front to the left."""
    tilt = np.radians(tilt_deg)
    upright = Rigid.from_axes((0.0, 0.0, 0.0), (0.0, -np.sin(tilt), np.cos(tilt)), (0.0, 1.0, 0.0))
    lean = Rigid.about_axis((0.0, 1.0, 0.0), lean_deg)
    turned = lean @ Rigid.about_axis((0.0, 0.0, 1.0), turn_deg) @ upright
    return Rigid(turned.rotation, centre)


def _wedge_deg(anterior: float, posterior: float, depth: float) -> float:
    return float(np.degrees(np.arctan2(anterior - posterior, depth)))


def _up(frame: Rigid, distance: float) -> np.ndarray:
    return np.asarray(frame.translation_mm + distance * frame.rotation[:, 2])


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer of the stack: its mean height and wedge."""

    name: str
    height_mm: float
    wedge_deg: float


def _layers(spec: PhantomSpec) -> list[_Layer]:
    """Vertebrae and discs in turn from the L5-S1 disc up to a T11-T12 disc as thick as the one below it."""
    layers = []
    for disc_name, vertebra_name in zip(reversed(DISC_NAMES), reversed(VERTEBRA_NAMES), strict=True):
        for name, part in ((disc_name, spec.discs[disc_name]), (vertebra_name, spec.vertebrae[vertebra_name])):
            front, back = part.anterior_height_mm, part.posterior_height_mm
            depth = 34.0 if isinstance(part, DiscSpec) else (part.upper_depth_mm + part.lower_depth_mm) / 2.0
            layers.append(_Layer(name, (front + back) / 2.0, _wedge_deg(front, back, depth)))
    return [*layers, _Layer("T11-T12", layers[-2].height_mm, 0.0)]


LEANS: Final = {
    "L5-S1": 0.15, "L5": 0.35, "L4-L5": 0.5, "L4": 0.375, "L3-L4": 0.25, "L3": 0.125, "L2-L3": 0.0,
    "L2": -0.125, "L1-L2": -0.25, "L1": -0.375, "T12-L1": -0.5, "T12": -0.4, "T11-T12": -0.3,
}  # fmt: skip
"""Lean of each layer over a curve's Cobb angle: even from end to end of the curve, taken back beyond it, the sacrum
level. Assumption: a degenerative lumbar curve with its apex at L2-L3 (apex below L2 in most that are convex to the
left: de Vries 2010, Eur Spine J 19:1540)."""


def _lean_and_turn_deg(spec: PhantomSpec, name: str) -> tuple[float, float]:
    """Lean to the left and turn of a layer: the turn is greatest at the apex and nothing at the curve's ends."""
    if spec.curve is None:
        return 0.0, 0.0
    share = LEANS[name]
    turn = max(0.0, 1.0 - 4.0 * share**2) * spec.curve.rotation
    return share * spec.curve.cobb_deg, turn * spec.curve.cobb_deg


def stack(spec: PhantomSpec) -> Column:
    """Stack the column from `spec`, the centre of the L4-L5 disc at the patient frame's origin.

    The tilt of each layer's middle follows from the L4-L5 disc's tilt and the wedges between; each layer is stepped
    along its own normal.
    """
    layers = _layers(spec)
    start = next(n for n, layer in enumerate(layers) if layer.name == Level.L4_L5.value)
    side = {layer.name: _lean_and_turn_deg(spec, layer.name) for layer in layers}
    frames = {layers[start].name: _frame(spec.body.l4_l5_tilt_deg, np.zeros(3), *side[layers[start].name])}
    for step in (1, -1):
        tilt, centre, n = spec.body.l4_l5_tilt_deg, np.zeros(3), start
        while 0 <= n + step < len(layers):
            here, there = layers[n], layers[n + step]
            centre = _up(_frame(tilt, centre, *side[here.name]), step * here.height_mm / 2.0)
            tilt -= step * (here.wedge_deg + there.wedge_deg) / 2.0
            centre = _up(_frame(tilt, centre, *side[there.name]), step * there.height_mm / 2.0)
            frames[there.name] = _frame(tilt, centre, *side[there.name])
            n += step
    lowest = layers[0]
    below = _up(frames[lowest.name], -lowest.height_mm / 2.0)
    base = _tilt_deg(frames[lowest.name]) + lowest.wedge_deg / 2.0
    return _column(spec, frames, _frame(base, below))


def _tilt_deg(frame: Rigid) -> float:
    return float(np.degrees(np.arctan2(-frame.rotation[1, 2], frame.rotation[2, 2])))


def _column(spec: PhantomSpec, frames: Mapping[str, Rigid], sacrum: Rigid) -> Column:
    sizes = [(v.upper_width_mm, v.upper_depth_mm, v.lower_width_mm, v.lower_depth_mm) for v in _rows(spec)]
    ends = [(sizes[0][0], sizes[0][1]), *((s[2], s[3]) for s in sizes)]
    starts = [*((s[0], s[1]) for s in sizes), (sizes[-1][2] + 0.6, sizes[-1][3])]
    names = ("T11-T12", *DISC_NAMES)
    interspaces = {
        name: Interspace(
            name,
            frames[name],
            (end[0] + begin[0]) / 4.0,
            (end[1] + begin[1]) / 4.0,
            spec.discs[name if name in spec.discs else DISC_NAMES[0]],
        )
        for name, end, begin in zip(names, ends, starts, strict=True)
    }
    vertebrae = {
        name: Vertebra(name, frames[name], spec.vertebrae[name], interspaces[above], interspaces[below])
        for name, above, below in zip(VERTEBRA_NAMES, names[:-1], names[1:], strict=True)
    }
    return Column(interspaces, vertebrae, sacrum, _first_sacral(spec, sacrum, interspaces[DISC_NAMES[-1]]))


S1_MM: Final = (30.0, 27.0, 0.72, 0.66)
"""Height in front and behind of S1's body, and width and depth of its lower end over its upper end's.

Assumption: drawn after sagittal CT; S1 narrows downward.
"""


def _first_sacral(spec: PhantomSpec, sacrum: Rigid, above: Interspace) -> Vertebra:
    """S1's body, between the L5-S1 disc and the remnant of the disc below it."""
    last = spec.vertebrae[VERTEBRA_NAMES[-1]]
    front, back, narrow, shallow = S1_MM
    width, depth = last.lower_width_mm + 1.0, last.lower_depth_mm
    turn = Rigid.about_axis((1.0, 0.0, 0.0), -_wedge_deg(front, back, depth) / 2.0)
    middle = sacrum @ turn
    height = (front + back) / 2.0
    half_turn = middle.rotation
    centre = sacrum.translation_mm - height / 2.0 * half_turn[:, 2]
    below = sacrum @ turn @ turn
    low = Rigid(below.rotation, centre - (height / 2.0 + 1.0) * half_turn[:, 2])
    remnant = DiscSpec(3.0, 2.0, 0.5, 0.5, 45.0, 20.0)
    space = Interspace("S1-S2", low, width * narrow / 2.0, depth * shallow / 2.0, remnant)
    sizes = (width, depth, width * narrow, depth * shallow, front, back)
    shape = VertebraSpec(*sizes, 30.0, 15.0, 100.0, 20.0, 20.0, 30.0)
    return Vertebra("S1", Rigid(half_turn, centre), shape, above, space)


def _rows(spec: PhantomSpec) -> list[VertebraSpec]:
    return [spec.vertebrae[name] for name in VERTEBRA_NAMES]
