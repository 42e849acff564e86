"""Where an instrument is: entry point, direction and depth; and what it is to the beam and the screen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray, frozen, unit
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry import Helix, Rigid, Rod, Solid, Tube
from dekomp_sim.instruments.catalogue import PROBE_CORE_MM, PROBE_PITCH_MM, Instrument, Kind


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """A straight instrument in the patient frame.

    Parameters
    ----------
    instrument
        Which one.
    entry_mm
        (3,) where its axis meets the skin.
    direction
        (3,) inward along the axis; scaled to length 1.
    depth_mm
        From the entry to the tip; below 0 the tip is before the skin.
    roll_deg
        Turn about the axis.

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
    def tip_mm(self) -> FloatArray:
        """(3,) the tip."""
        return np.asarray(self.entry_mm + self.depth_mm * self.direction)

    @property
    def hub_mm(self) -> FloatArray:
        """(3,) where the shaft ends in the hub."""
        return np.asarray(self.tip_mm - self.instrument.length_mm * self.direction)

    @property
    def patient_from_instrument(self) -> Rigid:
        """Frame with its origin at the tip and z from tip to hub."""
        across = np.eye(3)[int(np.argmin(np.abs(self.direction)))]
        turned = Rigid.from_axes(self.tip_mm, -self.direction, across)
        return turned @ Rigid.about_axis([0.0, 0.0, 1.0], self.roll_deg)

    def at_depth(self, depth_mm: float) -> Placement:
        """The same instrument on the same axis with its tip at `depth_mm`."""
        return replace(self, depth_mm=depth_mm)


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
    return Placement(inner, outer.entry_mm, outer.direction, outer.depth_mm + past_mm, outer.roll_deg)


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
    if item.inner_mm > 0.0:
        return (Tube(tip, hub, item.radius_mm, item.inner_mm / 2.0),)
    return (Rod(tip, hub, item.radius_mm),)


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
