"""What is heard and seen at the bedside, in practice and in an examination."""

from __future__ import annotations

import pytest
from by_hand import INTRODUCER, a_story, begun

from dekomp_sim.anatomy import Patient
from dekomp_sim.procedure import Pain
from dekomp_sim.procedure import actions as do
from dekomp_sim.viewer.practice.bedside import bedside, card_rows, perceived
from dekomp_sim.viewer.practice.session import Mode

pytestmark = pytest.mark.usefixtures("planned_once")


def test_the_bedside_hears_and_sees_what_happened_and_pain_fades(glass: Patient) -> None:
    session, _ = begun(glass)
    session.act(do.Insert(INTRODUCER))
    session.act(do.Advance(INTRODUCER, to_depth_mm=20.0))
    now = bedside(session.case)
    assert any(line.kind == "pain" for line in now.said)
    assert now.pain > 2.0
    assert now.vitals == session.case.vitals
    session.act(do.Wait(300.0))
    assert bedside(session.case).pain < 0.1


def test_the_bedside_shows_how_sedated_the_patient_is_and_not_what_was_asked(glass: Patient) -> None:
    session, _ = begun(glass)
    seen = [bedside(session.case).sedation]
    for action in (do.Sedate(do.Sedation.LIGHT), do.Sedate(do.Sedation.LIGHT), do.Sedate(do.Sedation.LIGHT)):
        session.act(action)
        seen.append(bedside(session.case).sedation)
    session.act(do.Wait(7200.0))
    seen.append(bedside(session.case).sedation)
    none, light, deep = do.Sedation.NONE, do.Sedation.LIGHT, do.Sedation.DEEP
    assert seen == [none, light, light, deep, none]
    assert session.case.sedation is light


def test_an_examination_tells_only_what_is_noticed_at_the_table(glass: Patient) -> None:
    session, _ = begun(glass, Mode.EXAM)
    session.act(do.PrepareSterileField(drape_c_arm=False))
    session.act(do.Insert(INTRODUCER))
    session.act(do.Advance(INTRODUCER, to_depth_mm=20.0))
    every, noticed = perceived(session.case.events, Mode.PRACTICE), perceived(session.case.events, Mode.EXAM)
    assert {type(event).__name__ for event in every} - {type(event).__name__ for event in noticed} == {"Risk"}
    assert any(isinstance(event, Pain) for event in noticed)


def test_the_card_does_not_give_away_what_nobody_knows(glass: Patient) -> None:
    words = " ".join(f"{title} {text}" for title, text in card_rows(a_story().card))
    assert "42 years" in words
    assert "unknown" not in words
