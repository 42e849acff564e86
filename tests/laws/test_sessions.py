"""Whatever hands do, in whatever order: what is on record is what happened."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.files import Recorded, plain
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure import case_digest
from dekomp_sim.scenario import Story, record
from dekomp_sim.viewer.practice import hands
from dekomp_sim.viewer.practice.hands import Hand
from dekomp_sim.viewer.practice.keys import Command
from dekomp_sim.viewer.practice.obeying import obeyed
from dekomp_sim.viewer.practice.replay import replay
from dekomp_sim.viewer.practice.session import Session
from dekomp_sim.viewer.practice.steps import stages

pytestmark = pytest.mark.usefixtures("planned_once")
quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

READY = (
    do.AssessCandidate(), do.Consent(), do.PositionProne(), do.TimeOut(Level.L4_L5, Side.LEFT),
    do.PrepareSterileField(), do.SetView(do.View.AP),
)  # fmt: skip
STORY = Story(1, "whatever hands do", Level.L4_L5, Side.LEFT, READY)

moves = st.lists(
    st.one_of(
        st.sampled_from(list(Command)),
        st.sampled_from([do.Bandage(), do.AskPatient(), do.SetFluoroscopy(pulses_per_s=15.0)]),
        st.sampled_from(["pedal down", "pulse", "pulse", "pedal up"]),
        st.floats(0.0, 20.0).map(lambda s: ("pause", round(s, 3))),
    ),
    max_size=25,
)


def performed(patient: Patient, asked: list[Any]) -> tuple[Session, list[Any]]:
    """A session in which all that was asked, and the lines of its journal."""
    now = [0.0]
    lines: list[Any] = []
    session = Session(STORY, patient, record=lines.append, clock=lambda: now[0])
    for action in READY:
        session.act(action)
    hand = hands.taken(Hand(), "discography_introducer")
    for one in asked:
        match one:
            case ("pause", seconds):
                now[0] += seconds
            case "pedal down":
                session.pedal_down()
            case "pedal up":
                session.pedal_up()
            case "pulse":
                session.pulse()
            case Command():
                hand, _ = obeyed(session, hand, one)
            case _:
                session.act(one)
    session.finish()
    return session, lines


@quick
@given(moves)
def test_a_session_s_journal_replays_to_its_digest(glass: Patient, asked: list[Any]) -> None:
    session, lines = performed(glass, asked)
    again = replay(Recorded(plain(record.header(STORY, glass)), tuple(lines)), glass)
    assert again.parting is None
    assert again.digest == case_digest(session.case)
    assert len(again.moments) == len(session.moments)


@quick
@given(moves)
def test_moments_are_numbered_and_the_clock_only_runs_forward(glass: Patient, asked: list[Any]) -> None:
    moments = performed(glass, asked)[0].moments
    assert [one.number for one in moments] == list(range(len(moments)))
    clocks = [one.clock_s for one in moments]
    assert clocks == sorted(clocks)
    assert [one.case.clock_s for one in moments] == clocks
    assert sum(len(one.events) for one in moments) == len(moments[-1].case.events)


@quick
@given(moves)
def test_at_most_one_step_is_due_and_every_refused_one_has_its_reason(glass: Patient, asked: list[Any]) -> None:
    tasks = [task for stage in stages(performed(glass, asked)[0]) for task in stage.tasks]
    assert sum(task.state == "due" for task in tasks) <= 1
    assert all(task.reason for task in tasks if task.state == "refused")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-720.0, 720.0), max_size=8))
def test_a_bevel_rolled_about_stays_an_angle_an_action_takes(rolls: list[float]) -> None:
    hand = Hand("discography_needle")
    for by_deg in rolls:
        hand = hands.rolled(hand, by_deg)
        assert hand.bevel_deg is not None
        assert -180.0 <= hand.bevel_deg <= 180.0
