"""Pass marks that were published, as rubrics."""

from __future__ import annotations

from typing import Final

from dekomp_sim.anatomy.labels import Level
from dekomp_sim.scenario.rubric import Criterion, Critical, Metric, Rubric

DISC_BLOCK: Final = "disc_block"
"""Name of the rubric by the disc-block study."""

DISC_BLOCK_LIMITS: Final = {
    Level.L2_L3: (20.0 * 60.0, 5),
    Level.L3_L4: (20.0 * 60.0, 5),
    Level.L4_L5: (20.0 * 60.0, 5),
    Level.L5_S1: (25.0 * 60.0, 7),
}
"""Longest time in s and most exposures of a successful disc block (Zhang, Chin J Spine Spinal Cord 2021;31:56: 120
patients, C-arm). Discs above L2-L3 were not in it."""

NONE_AT: Final = 2.0
"""Multiple of a limit at which its marks are gone. Assumption: the study knows pass and fail only; it decides which,
as all marks are needed to pass."""


def presets(level: Level) -> tuple[Rubric, ...]:
    """The published pass marks that apply to a disc; none where no study had it.

    Examples
    --------
    >>> [rubric.name for rubric in presets(Level.L5_S1)], presets(Level.L1_L2)
    (['disc_block'], ())
    """
    if level not in DISC_BLOCK_LIMITS:
        return ()
    longest_s, shots = DISC_BLOCK_LIMITS[level]
    return (
        Rubric(
            name=DISC_BLOCK,
            criteria=(
                Criterion(Metric.PROCEDURE_S, full_at=longest_s, zero_at=NONE_AT * longest_s),
                Criterion(Metric.EXPOSURES, full_at=shots, zero_at=NONE_AT * shots),
            ),
            critical=(Critical.HARM,),
            pass_percent=100.0,
            source=(
                "Pass marks of a disc block: puncture and injection alone (LC-CUSUM study, Chin J Spine Spinal Cord "
                "2021;31:56). A whole discectomy takes longer; failing it here says little."
            ),
        ),
    )
