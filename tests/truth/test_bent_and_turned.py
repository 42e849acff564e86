"""A tip bent beforehand, and a shaft turned in tissue: closed forms against paper and a slow twin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_bvp

from dekomp_sim.geometry import Rod, Tube
from dekomp_sim.instruments import CATALOGUE, Placement, may_be_prebent, prebend_curvature_per_mm, solids
from dekomp_sim.instruments.prebend import BENT_MM, FOLLOWED, left_of_bend_deg, swept_mm
from dekomp_sim.instruments.redirection import STEEL_N_MM2, TISSUE_N_MM2, followed, holding_mm

NEEDLE = CATALOGUE["discography_needle"]
GUIDE = CATALOGUE["discography_introducer"]


@pytest.mark.parametrize("bend_deg", [5.0, 10.0, 20.0])
def test_a_bent_tip_runs_on_the_circle_of_its_bend(bend_deg: float) -> None:
    radius_mm = BENT_MM / np.tan(np.radians(bend_deg)) / FOLLOWED
    curvature = prebend_curvature_per_mm(NEEDLE, bend_deg)
    ready = replace(Placement(NEEDLE, np.zeros(3), np.array([0.0, -1.0, 0.0]), 0.0), roll_deg=180.0).steered(curvature)
    tip = ready.at_depth(60.0).tip_mm
    turn = 60.0 / radius_mm
    paper = [0.0, -radius_mm * np.sin(turn), radius_mm * (1.0 - np.cos(turn))]  # bevel to the feet: it goes to the head
    np.testing.assert_allclose(tip, paper, atol=1e-9)


def test_a_bent_needle_in_up_to_its_hub_has_no_piece_outside() -> None:
    ready = Placement(NEEDLE, np.zeros(3), np.array([0.0, -1.0, 0.0]), 0.0).steered(
        prebend_curvature_per_mm(NEEDLE, 5.0)
    )
    for depth_mm in (NEEDLE.length_mm, NEEDLE.length_mm - 10.0):
        pieces = solids(ready.at_depth(depth_mm))
        assert (
            min(np.linalg.norm(piece.end_mm - piece.start_mm) for piece in pieces if isinstance(piece, Rod | Tube))
            > 0.1
        )


def test_no_bend_of_steel_steers_as_much_as_pliable_needles_did_in_living_liver() -> None:
    assert prebend_curvature_per_mm(NEEDLE, 0.0) == 0.0
    assert 1.0 / prebend_curvature_per_mm(NEEDLE, 20.0) > 104.0  # mm, Majewicz 2012


def test_a_bore_straightens_what_strains_the_steel_beyond_its_yield() -> None:
    assert left_of_bend_deg(NEEDLE, GUIDE, 8.0) == 8.0
    left = left_of_bend_deg(NEEDLE, GUIDE, 20.0)
    assert np.radians(left) / BENT_MM * NEEDLE.radius_mm == pytest.approx(0.006)
    assert left_of_bend_deg(NEEDLE, None, 20.0) == 20.0


def test_a_bent_tip_turned_to_and_fro_leaves_a_slightly_wider_hole() -> None:
    assert swept_mm(NEEDLE, 0.0) == NEEDLE.outer_mm
    assert swept_mm(NEEDLE, 10.0) - NEEDLE.outer_mm == pytest.approx(0.35, abs=0.01)  # 10^2 / 284 mm


def test_only_fine_needles_may_be_bent() -> None:
    bendable = {key for key in CATALOGUE if may_be_prebent(key)}
    assert bendable == {"anaesthetic_needle", "discography_needle", "fine_discography_needle"}
    assert all(may_be_prebent(key).reason for key in set(CATALOGUE) - bendable)


@pytest.mark.parametrize("depth_mm", [10.0, 25.0, 40.0, 80.0])
def test_a_turned_shaft_follows_as_a_beam_in_an_elastic_bed_does(depth_mm: float) -> None:
    outer, inner = NEEDLE.outer_mm, NEEDLE.inner_mm
    stiff = STEEL_N_MM2 * np.pi / 64.0 * (outer**4 - inner**4)
    fixed = solve_bvp(  # E I y'''' = -k y; y = 0 and y' = 1 in the skin, no moment and no force at the tip
        lambda _, y: np.vstack([y[1], y[2], y[3], -TISSUE_N_MM2 / stiff * y[0]]),
        lambda skin, tip: np.array([skin[0], skin[1] - 1.0, tip[2], tip[3]]),
        np.linspace(0.0, depth_mm, 60), np.zeros((4, 60)), tol=1e-8,
    )  # fmt: skip
    assert followed(depth_mm, holding_mm([NEEDLE])) == pytest.approx(fixed.y[0, -1] / depth_mm, abs=1e-6)


def test_deeper_and_thinner_shafts_follow_less() -> None:
    trocar = [CATALOGUE["trocar_cannula"], CATALOGUE["trocar_stylet"]]
    depths = np.arange(0.0, 41.0, 5.0)
    fine, stout = ([followed(d, holding_mm(shafts)) for d in depths] for shafts in ([NEEDLE], trocar))
    assert fine[0] == stout[0] == 1.0
    assert np.all(np.diff(fine) < 0.0)
    assert np.all(np.array(fine[1:]) < np.array(stout[1:]))
