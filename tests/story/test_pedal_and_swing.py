"""The pedal and the C-arm in the hand: pulses while it is held, views while it turns, and what goes on record."""

from __future__ import annotations

import pytest
from by_hand import INTRODUCER, ROOM, a_story, begun

from dekomp_sim.anatomy import Patient
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure import case_digest
from dekomp_sim.scenario import play
from dekomp_sim.viewer.practice.session import Session

pytestmark = pytest.mark.usefixtures("planned_once")


def test_a_held_pedal_is_one_exposure_like_the_script_s(glass: Patient) -> None:
    session, lines = begun(glass)
    session.pedal_down()
    pulses = [session.pulse() for _ in range(5)]
    assert [pulse.number for pulse in pulses if pulse] == [0, 1, 2, 3, 4]
    assert len(session.case.exposures) == 0, "nothing is on record while the pedal is held"
    assert session.now.exposures[0].frames == 5, "and yet the dose counts up"
    outcome = session.pedal_up()
    assert [line["action"]["frames"] for line in lines[len(ROOM) :]] == [5]
    assert outcome.case.exposures[0].frames == 5
    assert session.pulse() is None
    scripted = play(a_story(*ROOM, do.Expose(frames=5)), glass)[-1]
    assert case_digest(session.case) == case_digest(scripted)


def test_a_pulse_shows_what_one_frame_of_the_exposure_would(glass: Patient) -> None:
    session, _ = begun(glass)
    session.pedal_down()
    first, second = session.pulse(), session.pulse()
    assert first is not None
    assert second is not None
    one = play(a_story(*ROOM, do.Expose()), glass)[-1].exposures[0]
    assert (first.exposure.technique, first.exposure.index, first.exposure.frames) == (one.technique, one.index, 1)
    assert first.exposure.dose == one.dose
    assert second.shot.index == first.shot.index
    assert (first.shot.pulse, second.shot.pulse) == (0, 1), "its own noise"


def test_a_needle_moved_under_the_pedal_splits_the_exposure_where_it_moved(glass: Patient) -> None:
    session, lines = begun(glass)
    session.act(do.Insert(INTRODUCER))
    session.pedal_down()
    session.pulse()
    session.pulse()
    session.act(do.Advance(INTRODUCER, to_depth_mm=5.0))
    pulse = session.pulse()
    assert session.pedal_held
    assert pulse is not None
    assert (pulse.number, pulse.exposure.index) == (0, 1)
    assert any(solid is not None for solid in pulse.shot.solids)
    session.pedal_up()
    told = [(line["action"]["do"], line["action"].get("frames")) for line in lines[-3:]]
    assert told == [("expose", 2), ("advance", None), ("expose", 1)]
    assert [exposure.held for exposure in session.case.exposures] == [False, True]
    assert session.case.presses == 1


def test_a_pedal_without_a_view_is_refused_and_gives_no_pulse(glass: Patient) -> None:
    session = Session(a_story(), glass)
    assert session.pedal_down().refusal == "The C-arm has no view yet: set_view first."
    assert session.pulse() is None
    assert session.pedal_up().refusal is None
    assert len(session.moments) == 2


def test_undo_under_the_pedal_takes_back_the_pulses_given(glass: Patient) -> None:
    session, lines = begun(glass)
    session.pedal_down()
    session.pulse()
    session.undo()
    session.pulse()
    session.pedal_up()
    assert [exposure.held for exposure in session.case.exposures] == [False], "a press of its own"
    assert lines[-2] == {"undo": 1}


def test_a_c_arm_turned_by_hand_goes_on_record_once_where_it_is_let_go(glass: Patient) -> None:
    session, lines = begun(glass)
    before, case = len(lines), session.case
    for turn_deg in (170.0, 160.04, 150.0):
        assert session.swing(turn_deg, 3.0) is None
        assert session.standing.carm is not None
        assert session.standing.carm.primary_deg == pytest.approx(turn_deg, abs=0.05)
    assert session.case is case, "until then nothing has happened"
    assert session.let_go().refusal is None
    assert [line["action"] for line in lines[before:]] == [
        {"view": None, "primary_deg": 150.0, "secondary_deg": 3.0, "do": "set_view"}
    ]
    assert session.standing is session.case
    assert session.let_go().case is session.case
    assert len(lines) == before + 1


def test_a_turning_c_arm_stops_where_its_reach_ends(glass: Patient) -> None:
    session, lines = begun(glass)
    before = len(lines)
    assert session.swing(150.0, 0.0) is None
    for beyond in ((0.0, 0.0), (150.0, 500.0)):
        reason = session.swing(*beyond)
        assert reason
        assert reason != "None"
    session.let_go()
    assert [line["action"]["primary_deg"] for line in lines[before:]] == [150.0]


def test_pulses_follow_a_turning_c_arm_and_count_where_it_stops(glass: Patient) -> None:
    session, lines = begun(glass)
    before = len(lines)
    session.pedal_down()
    session.pulse()
    for turn_deg in (170.0, 160.0):
        session.swing(turn_deg, 0.0)
        pulse = session.pulse()
        assert pulse is not None
        assert pulse.shot.carm.primary_deg == pulse.exposure.carm.primary_deg == turn_deg
    session.let_go()
    session.pulse()
    session.pedal_up()
    told = [(line["action"]["do"], line["action"].get("frames")) for line in lines[before:]]
    assert told == [("expose", 1), ("set_view", None), ("expose", 2), ("expose", 1)]
    assert [one.carm.primary_deg for one in session.case.exposures][1:] == [160.0, 160.0]
    assert session.case.presses == 1


def test_whatever_is_done_meanwhile_is_done_where_the_c_arm_stands(glass: Patient) -> None:
    session, lines = begun(glass)
    session.swing(165.0, 0.0)
    session.act(do.Expose(spot=True))
    assert [line["action"]["do"] for line in lines[-2:]] == ["set_view", "expose"]
    assert session.case.exposures[-1].carm.primary_deg == 165.0
    session.swing(160.0, 0.0)
    session.pedal_down()
    session.pulse()
    session.pedal_up()
    assert [line["action"]["do"] for line in lines[-2:]] == ["set_view", "expose"]
    assert session.case.exposures[-1].carm.primary_deg == 160.0
