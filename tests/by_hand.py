"""A case performed by hand, in a room that is ready."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.procedure import actions as do
from dekomp_sim.scenario import Story
from dekomp_sim.viewer.practice.session import Mode, Session

SCENARIO = Path(__file__).parents[1] / "scenarios" / "l4l5_left_posterolateral.yaml"

INTRODUCER = "discography_introducer"

ROOM: tuple[do.Action, ...] = (
    do.AssessCandidate(),
    do.Consent(),
    do.PositionProne(),
    do.TimeOut(Level.L4_L5, Side.LEFT),
    do.PrepareSterileField(),
    do.SetView(do.View.AP),
)


def a_story(*steps: do.Action) -> Story:
    return Story(1, "a case by hand", Level.L4_L5, Side.LEFT, steps or ROOM)


def begun(
    patient: Patient, mode: Mode = Mode.PRACTICE, clock: Callable[[], float] | None = None
) -> tuple[Session, list[Any]]:
    """A session in a room that is ready, and the lines of its journal."""
    lines: list[Any] = []
    session = Session(a_story(), patient, mode, lines.append, clock)
    for action in ROOM:
        assert session.act(action).refusal is None
    return session, lines
