"""Where an instrument is: entry point, direction and depth; and what it is to the beam and the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray, frozen, unit
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry import Helix, Rigid, Rod, Solid, Tube
from dekomp_sim.instruments.catalogue import PROBE_CORE_MM, PROBE_PITCH_MM, Instrument, Kind
from dekomp_sim.instruments.course import Bend, Course
from dekomp_sim.instruments.deflection import towards_deg

LEAST_PIECE_MM: Final = 1e-6
"""Shorter pieces are rounding: they have no direction."""


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """An instrument in the patient frame: straight outside the skin, below it along its course.

    Parameters
    ----------
    instrument
        Which one.
    entry_mm
        (3,) where its axis meets the skin.
    direction
        (3,) inward along the axis at the skin; scaled to length 1.
    depth_mm
        From the entry to the tip, along the needle; below 0 the tip is before the skin.
    roll_deg
        Where a bevel's opening faces: 0 to the patient's head, clockwise as the operator sees it from the hub.
    bends
        The arcs it lies in; none where it is straight.
    prebend_deg
        Bend that its tip was given before it went in, away from the bevel's opening.

    Raises
    ------
    OutOfRangeError
        If the instrument is not long enough for that depth.
    """

    instrument: Instrument
    entry_mm: FloatArray
    direction: FloatArray
    depth_mm: float
    roll_deg: float = 0.0
    bends: tuple[Bend, ...] = ()
    prebend_deg: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "entry_mm", frozen(self.entry_mm, (3,)))
        object.__setattr__(self, "direction", unit(self.direction))
        if not self.depth_mm <= self.instrument.length_mm + 1e-9:
            raise OutOfRangeError(
                f"depth of {self.instrument.title}",
                f"{self.depth_mm:.1f} mm",
                f"up to its length of {self.instrument.length_mm:.1f} mm",
                "Choose a shorter path or stop earlier.",
            )

    @property
    def course(self) -> Course:
        """The way of its axis; beyond the tip, the way on without a turn of the bevel."""
        return _laid(self.entry_mm.tobytes(), self.direction.tobytes(), self.bends)

    @property
    def tip_mm(self) -> FloatArray:
        """(3,) the tip."""
        return self.course.points(self.depth_mm)

    @property
    def tip_direction(self) -> FloatArray:
        """(3,) unit vector inward at the tip."""
        return self.course.inward(self.depth_mm)

    @property
    def hub_mm(self) -> FloatArray:
        """(3,) where the shaft ends in the hub."""
        reached = self.entry_mm + self.depth_mm * self.direction  # where the tip were if nothing bent
        return np.asarray(reached - self.instrument.length_mm * self.direction)

    @property
    def patient_from_instrument(self) -> Rigid:
        """Frame with its origin at the tip, z from tip to hub, and y where a bevel's opening faces."""
        return self.course.frame(self.depth_mm) @ Rigid.about_axis([0.0, 0.0, 1.0], -self.roll_deg)

    def axis_mm(self, from_mm: float = 0.0) -> FloatArray:
        """(n, 3) its axis from `from_mm` below the skin to the tip as a polyline; two points where it is straight."""
        cuts = [from_mm, *(last for _, last in self.course.pieces(from_mm, self.depth_mm))]
        return self.course.points(np.array(cuts))

    def at_depth(self, depth_mm: float) -> Placement:
        """The same instrument on the same course with its tip at `depth_mm`."""
        return replace(self, depth_mm=depth_mm)

    def steered(self, per_mm: float, from_mm: float | None = None) -> Placement:
        """Ready to be pushed on with a curvature by its bevel as it faces now; the arcs it lies in stay.

        Where that is the way it came it keeps it; another way begins a new arc.

        Parameters
        ----------
        per_mm
            Curvature, 1/mm.
        from_mm
            Where the new part begins, where that is not the tip: the end of what it lies in.
        """
        begins_mm = max(self.depth_mm if from_mm is None else from_mm, 0.0)
        bend = Bend(begins_mm, per_mm, towards_deg(self.instrument, self.roll_deg) % 360.0)
        begun = tuple(old for old in self.bends if old.from_mm <= begins_mm)
        last = begun[-1] if begun else Bend(0.0, 0.0, bend.towards_deg)
        straight_on = last.per_mm == bend.per_mm == 0.0
        if not straight_on and (last.per_mm, last.towards_deg) != (bend.per_mm, bend.towards_deg):
            begun = (*(old for old in begun if old.from_mm < begins_mm), bend)
        return replace(self, bends=begun)

    def carried(self, way_mm: float) -> Placement:
        """Moved by what it lies in: the straight part grows or shrinks, the arcs beyond its guide keep their form."""
        if not self.bends:
            return self.at_depth(self.depth_mm + way_mm)
        moved = tuple(replace(bend, from_mm=max(bend.from_mm + way_mm, 0.0)) for bend in self.bends)
        return replace(self, bends=moved).at_depth(self.depth_mm + way_mm)


@lru_cache(maxsize=64)
def _laid(entry_mm: bytes, direction: bytes, bends: tuple[Bend, ...]) -> Course:
    """Kept for the ways in use: laying arcs end to end takes longer than asking for a point of them."""
    return Course(np.frombuffer(entry_mm), np.frombuffer(direction), bends)


def coaxial(inner: Instrument, outer: Placement, beyond_mm: float | None = None) -> Placement:
    """`inner` lying in `outer` with its tip `beyond_mm` past the outer tip; fully in where that is None.

    Raises
    ------
    OutOfRangeError
        If `inner` does not reach that far beyond `outer`.
    """
    reach_mm = inner.length_mm - outer.instrument.length_mm
    past_mm = reach_mm if beyond_mm is None else beyond_mm
    if past_mm > reach_mm + 1e-9:
        raise OutOfRangeError(
            f"{inner.title} in {outer.instrument.title}", f"{past_mm:.1f} mm beyond its tip", f"up to {reach_mm:.1f} mm"
        )
    return Placement(inner, outer.entry_mm, outer.direction, outer.depth_mm + past_mm, outer.roll_deg, outer.bends)


def redirected(placement: Placement, aim_mm: ArrayLike) -> Placement:
    """The instrument turned about its skin entry so that its axis runs through `aim_mm` (3,), at the same depth."""
    return replace(placement, direction=unit(np.asarray(aim_mm, dtype=np.float64) - placement.entry_mm))


def solids(placement: Placement, turn_deg: float = 0.0) -> tuple[Solid, ...]:
    """The steel of a placed instrument in the patient frame, from tip to hub; handles, being plastic, are left out.

    Parameters
    ----------
    placement
        Where it is.
    turn_deg
        Angle by which a running probe has turned.
    """
    item, tip, hub = placement.instrument, placement.tip_mm, placement.hub_mm
    if item.kind is Kind.PROBE:
        return _probe(placement, turn_deg)
    if not placement.bends:
        return (_straight(item, tip, hub),)
    return tuple(_straight(item, first, last) for first, last in _chain(placement))


def _straight(item: Instrument, tip: FloatArray, hub: FloatArray) -> Solid:
    if item.inner_mm > 0.0:
        return Tube(tip, hub, item.radius_mm, item.inner_mm / 2.0)
    return Rod(tip, hub, item.radius_mm)


def _chain(placement: Placement) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Straight pieces of a bent needle from the tip backward, each from its tip end; the last one ends in the hub, and
    there is none outside of a needle that is in up to its hub."""
    pieces = pairwise([*placement.axis_mm()[::-1], placement.hub_mm])
    return (piece for piece in pieces if np.linalg.norm(piece[1] - piece[0]) > LEAST_PIECE_MM)


def _probe(placement: Placement, turn_deg: float) -> tuple[Solid, ...]:
    # The wire touches the core from outside, so that no steel is counted twice along a ray.
    item, core_mm = placement.instrument, PROBE_CORE_MM / 2.0
    thread_end = placement.tip_mm - item.helix_mm * placement.direction
    wire_mm = (item.radius_mm - core_mm) / 2.0
    thread = Helix(
        placement.tip_mm, thread_end, core_mm + wire_mm, wire_mm, PROBE_PITCH_MM, placement.roll_deg + turn_deg
    )
    core = Rod(placement.tip_mm, thread_end, core_mm)
    return core, thread, Rod(thread_end, placement.hub_mm, item.radius_mm)
