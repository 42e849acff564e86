"""The habits of a scripted operator: how far a hand strays from the plan, drawn from the case's seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from annotated_types import Ge, Gt, Le

from dekomp_sim.imaging.signal.noise import Purpose, generator
from dekomp_sim.procedure.actions import Action, Advance, Expose, Insert

REACH_MM = 80.0
"""Farthest that an insertion's entry may be shifted, as its action allows."""


@dataclass(frozen=True, slots=True)
class Operator:
    """How the scripted steps are carried out; a trainee at the page brings a hand of their own.

    Parameters
    ----------
    entry_error_mm
        Standard deviation of each entry on the skin about the planned one, sideways and along the body.
    depth_error_mm
        Standard deviation of each depth to which a needle is advanced.
    frames
        How many times as long the pedal is held.
    """

    entry_error_mm: Annotated[float, Ge(0.0), Le(20.0)] = 0.0
    depth_error_mm: Annotated[float, Ge(0.0), Le(10.0)] = 0.0
    frames: Annotated[float, Gt(0.0), Le(50.0)] = 1.0


def carried_out_by(operator: Operator, steps: tuple[Action, ...], seed: int) -> tuple[Action, ...]:
    """The steps as this operator carries them out; each draw is keyed by the seed and the number of its step.

    Examples
    --------
    >>> carried_out_by(Operator(frames=3.0), (Expose(frames=4),), seed=1)[0].frames
    12
    """
    if operator == Operator():
        return steps
    return tuple(_by(operator, step, seed, number) for number, step in enumerate(steps))


def _by(operator: Operator, step: Action, seed: int, number: int) -> Action:
    draw = generator(seed, Purpose.OPERATOR, number)
    match step:
        case Insert() if operator.entry_error_mm > 0.0:
            lateral, cranial = operator.entry_error_mm * draw.standard_normal(2)
            return replace(
                step,
                entry_lateral_mm=_held(step.entry_lateral_mm + float(lateral)),
                entry_cranial_mm=_held(step.entry_cranial_mm + float(cranial)),
            )
        case Advance() if operator.depth_error_mm > 0.0:
            error_mm = operator.depth_error_mm * float(draw.standard_normal())
            if step.to_depth_mm is not None:
                return replace(step, to_depth_mm=max(0.0, step.to_depth_mm + error_mm))
            return replace(step, offset_mm=step.offset_mm + error_mm)
        case Expose(spot=False) if operator.frames != 1.0:
            return replace(step, frames=min(2000, max(1, round(step.frames * operator.frames))))
        case _:
            return step


def _held(shift_mm: float) -> float:
    return min(max(shift_mm, -REACH_MM), REACH_MM)
