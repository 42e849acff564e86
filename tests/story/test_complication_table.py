"""Each complication is shipped with a scenario that provokes it and one, as like it as can be, that does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dekomp_sim.procedure import (
    Ailment,
    Breach,
    BreachKind,
    Case,
    Exposure,
    Outcome,
    Pain,
    Reaction,
    ReactionKind,
    Refusal,
    Startled,
)

SCENARIOS = Path(__file__).parents[2] / "scenarios"
PAGE = Path(__file__).parents[2] / "docs" / "complications.md"
USUAL = "l4l5_left_posterolateral"

Kind = BreachKind | ReactionKind | Ailment | type[Startled]

TABLE: tuple[tuple[Kind, str, str], ...] = (
    (BreachKind.ROOT, "complication_root_contact", "reaction_root_contact"),
    (BreachKind.ROOT, "complication_numbed_root", "reaction_root_contact"),
    (BreachKind.DURA, "complication_dural_puncture", USUAL),
    (Ailment.HEADACHE, "complication_dural_puncture", "complication_spinal_block"),
    (ReactionKind.SPINAL_BLOCK, "complication_spinal_block", "complication_dural_puncture"),
    (Ailment.DISCITIS, "complication_discitis", USUAL),
    (BreachKind.VESSEL, "complication_bleeding", USUAL),
    (BreachKind.BOWEL, "complication_bowel", USUAL),
    (BreachKind.KIDNEY, "complication_kidney", USUAL),
    (BreachKind.WRONG_LEVEL, "complication_wrong_level", USUAL),
    (BreachKind.DEVICE_FRACTURE, "complication_device_fracture", USUAL),
    (ReactionKind.ALLERGY, "reaction_allergy", USUAL),
    (ReactionKind.VASOVAGAL, "reaction_faint", USUAL),
    (ReactionKind.TOXICITY, "reaction_toxicity", "reaction_toxicity_averted"),
    (ReactionKind.SEIZURE, "reaction_toxicity", "reaction_toxicity_averted"),
    (ReactionKind.COLLAPSE, "complication_collapse", "reaction_toxicity"),
    (ReactionKind.ALARM, "reaction_oversedation", USUAL),
    (Startled, "reaction_startle", "reaction_root_contact"),
)
"""What, the scenario that provokes it, the scenario that does not."""

Played = Callable[[str], Case]
"""The last case of a shipped scenario by its name."""


def shown(case: Case) -> set[Kind]:
    """All complications a case holds."""
    told: set[Kind] = {event.kind for event in case.events if isinstance(event, Breach | Reaction)}
    told |= {Startled for event in case.events if isinstance(event, Startled)}
    return told | {event.ailment for event in case.events if isinstance(event, Outcome) and event.happens}


@pytest.mark.parametrize(("kind", "provokes", "spares"), TABLE)
def test_one_scenario_provokes_it_and_its_twin_does_not(kind: Kind, provokes: str, spares: str, played: Played) -> None:
    assert kind in shown(played(provokes))
    assert kind not in shown(played(spares))


@pytest.mark.parametrize("name", sorted({name for _, name, _ in TABLE}))
def test_a_shipped_scenario_is_refused_nothing_and_announces_its_played(name: str, played: Played) -> None:
    case = played(name)
    head = "".join((SCENARIOS / f"{name}.yaml").read_text().splitlines(True)[:5])
    assert not [event.reason for event in case.events if isinstance(event, Refusal)]
    assert case.harmed == ("ends in harm" in head)
    assert case.harmed == name.startswith("complication_")
    assert "Teaches: " in head


def test_the_root_that_is_touched_and_heeded_hurts_the_same_and_stays_whole(played: Played) -> None:
    hurt, heeded = (
        [event for event in played(name).events if isinstance(event, Pain) and event.dermatome]
        for name in ("complication_root_contact", "reaction_root_contact")
    )
    assert {event.dermatome for event in (*hurt, *heeded)} == {"L4"}
    assert played("reaction_root_contact").events[-2].words.startswith("You stay with us for half an hour")


def test_after_a_start_the_same_view_shows_the_spine_aside_until_the_table_is_moved_back(played: Played) -> None:
    case = played("reaction_startle")
    (start,) = [event for event in case.events if isinstance(event, Startled)]
    before, aside, again = case.exposures[:3]
    mark, panel = case.shape.patient_from_disc.translation_mm, case.machine.detector

    def at(one: Exposure) -> np.ndarray:
        return one.carm.pixel_of(mark, panel)

    assert start.instrument == "discography_needle"
    moved_mm = np.hypot(start.moved_mm[0], start.moved_mm[2])
    scale = before.carm.magnification / panel.pixel_mm
    assert np.linalg.norm(at(aside) - at(before)) == pytest.approx(moved_mm * scale, rel=0.02)  # the AP is tilted
    np.testing.assert_allclose(at(again), at(before), atol=1e-6)


def test_every_kind_of_injury_and_reaction_is_in_the_table_or_spared_for_a_reason() -> None:
    listed = {kind for kind, _, _ in TABLE}
    elsewhere: set[Kind] = {
        BreachKind.ENDPLATE,  # by a path too steep: test_complications
        BreachKind.ANTERIOR_ANNULUS,  # in complication_bleeding, before the vessel
        ReactionKind.ANXIETY,  # in reaction_faint, before the faint
        ReactionKind.HEART_FAILS,  # by the whole dose allowed in one vein: test_intravascular
    }
    assert listed | elsewhere >= set(BreachKind) | set(ReactionKind)


def test_the_page_lists_every_row_of_the_table() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    for _, provokes, spares in TABLE:
        assert any(f"`{provokes}`" in line and f"`{spares}`" in line for line in lines), (provokes, spares)


def test_every_shipped_complication_is_in_the_table() -> None:
    files = {path.stem for path in SCENARIOS.glob("*.yaml")}
    named = {name for row in TABLE for name in row[1:]}
    assert {name for name in files if name.startswith(("complication_", "reaction_"))} <= named
