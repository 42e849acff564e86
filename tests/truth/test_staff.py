"""Dose of operator and assistant: the published scatter formula, measured dosimeters, lead, and where to stand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.anatomy import Side, Volume
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry import Affine, CArm
from dekomp_sim.imaging.radiation.body import Body, body_of
from dekomp_sim.imaging.radiation.skin import table_transmission
from dekomp_sim.imaging.radiation.staff import (
    PERSONAL_SV_PER_GY,
    SCATTER_DEPTH_MM,
    Person,
    Place,
    Protection,
    Room,
    Scattering,
    StaffDose,
    assistant,
    lead_transmission,
    operator,
    scatter_ugy_per_gycm2,
    scatters_from_mm,
    staff_dose,
    summed,
)
from dekomp_sim.imaging.stand.machine import Table
from dekomp_sim.matter import Beam

BEAM = Beam(85.0)
UNDER = CArm(180.0, 0.0, (0.0, 0.0, 0.0))
BARE = Protection(0.0, 0.0, glasses=False, skirt_lead_mm=0.0)


@pytest.fixture(scope="module")
def body() -> Body:
    x, y = np.arange(-220.0, 221.0, 4.0), np.arange(-200.0, 141.0, 4.0)
    plane = (np.abs(x)[None, :] <= 170.0) & (y[:, None] >= -150.0) & (y[:, None] <= 80.0)
    hu = np.where(np.repeat(plane[None], 76, 0), 40, -1000).astype(np.int16)
    return body_of(Volume(hu, Affine.from_spacing((4.0, 4.0, 4.0), (-220.0, -200.0, -152.0))))


def doses(
    person: Person, carm: CArm, body: Body, protection: Protection = BARE, kap_gycm2: float = 5.0
) -> dict[str, StaffDose]:
    found = staff_dose(person, Scattering(carm, BEAM, kap_gycm2), Room(body, Table(), protection))
    return {dose.place: dose for dose in found}


@pytest.mark.parametrize("kv", [70.0, 85.0, 110.0])
def test_on_a_wall_the_formula_is_its_authors_rule(kv: float) -> None:
    # Sutton and Williams: at most (0.031 kV + 2.5) uGy per Gy cm2 on a wall along the beam, met at 117 degrees; a wall
    # is nearest at 90 degrees, so it gets S sin2
    angles = np.arange(60.0, 140.0)
    on_wall = scatter_ugy_per_gycm2(kv, angles) * np.sin(np.radians(angles)) ** 2
    assert on_wall.max() == pytest.approx(0.031 * kv + 2.5, rel=0.02)
    assert angles[int(np.argmax(on_wall))] == pytest.approx(117.0, abs=3.0)


def test_a_thousandth_of_the_entrance_dose_is_met_a_metre_aside() -> None:
    # the rule of thumb for a field of 20 x 20 cm: 0.1 % at 1 m and 90 degrees; a factor of two
    entrance_gy, area_cm2 = 1.0, 400.0
    share = float(scatter_ugy_per_gycm2(80.0, 90.0)) * entrance_gy * area_cm2 / (entrance_gy * 1e6)
    assert 0.0005 < share < 0.002


def test_a_point_gets_what_paper_says(body: Body) -> None:
    # 1 m straight aside of the scattering point, 90 degrees: KAP behind the table, S(90) at 85 kV, 1.5 Sv/Gy
    depth = -150.0 + SCATTER_DEPTH_MM
    there = Person("post", Side.LEFT, dict(operator(Side.LEFT).places) | {"chest": Place(1000.0, depth, 0.0)})
    found = doses(there, UNDER, body, kap_gycm2=2.0)["chest"].outside_usv
    expected = 2.0 * table_transmission(BEAM) * float(scatter_ugy_per_gycm2(85.0, 90.0)) * PERSONAL_SV_PER_GY
    assert found == pytest.approx(expected, rel=0.02)


def test_scatter_comes_from_below_the_skin_of_entrance(body: Body) -> None:
    assert scatters_from_mm(UNDER, body) == pytest.approx([0.0, -150.0 + SCATTER_DEPTH_MM, 0.0], abs=4.0)
    assert scatters_from_mm(CArm(180.0, 0.0, (900.0, 0.0, 0.0)), body) == pytest.approx([900.0, 0.0, 0.0])


def test_a_discography_gives_the_operator_what_dosimeters_read(body: Body) -> None:
    # Botwin 2003: 57 s a level; ring 36.6, badge on the apron 23.5, on the glasses 14.9 uSv; 57 s give 4 to 6 Gy cm2
    # (Choi 2016's rates). Two thirds of the beam from below, one third lateral, the operator on the detector's side.
    # Distances and habits differ: a factor of 2.5
    person = operator(Side.LEFT)
    below, lateral = (doses(person, CArm(p, 0.0, (0, 0, 0)), body) for p in (180.0, 90.0))
    for place, measured in (("hand", 36.6), ("chest", 23.5), ("eye", 14.9)):
        found = (2.0 * below[place].outside_usv + lateral[place].outside_usv) / 3.0
        assert measured / 2.5 < found < measured * 2.5
    # 4 to 6 uSv per Gy cm2 at the operator, across studies
    assert 4.0 / 2.5 < below["chest"].outside_usv / 5.0 < 6.0 * 2.5


def test_the_tubes_side_gets_several_times_the_detectors_side(body: Body) -> None:
    lateral = CArm(90.0, 0.0, (0.0, 0.0, 0.0))  # detector at the patient's left
    at_detector, at_tube = (
        doses(operator(side), lateral, body)["chest"].outside_usv for side in (Side.LEFT, Side.RIGHT)
    )
    assert 3.0 < at_tube / at_detector < 10.0


def test_one_step_back_helps(body: Body) -> None:
    near, far = (doses(who(Side.LEFT), UNDER, body)["chest"].outside_usv for who in (operator, assistant))
    assert near > 2.0 * far


def test_half_a_millimetre_of_lead_takes_some_95_percent() -> None:
    # stated for 80 kV aprons of 0.5 mm: 95 % and more; of 0.25 mm: about 90 %
    assert 0.01 < lead_transmission(Beam(80.0), 0.5) < 0.05
    assert 0.05 < lead_transmission(Beam(80.0), 0.25) < 0.12
    assert lead_transmission(Beam(100.0), 0.5) > lead_transmission(Beam(70.0), 0.5)
    assert lead_transmission(BEAM, 0.0) == 1.0


def test_what_is_worn_works_where_it_is_worn(body: Body) -> None:
    worn = doses(operator(Side.LEFT), UNDER, body, replace(Protection(), skirt_lead_mm=0.0))
    bare = doses(operator(Side.LEFT), UNDER, body)
    for place, share in (("chest", lead_transmission(BEAM, 0.5)), ("eye", 0.3), ("hand", 1.0), ("leg", 1.0)):
        assert worn[place].outside_usv == bare[place].outside_usv
        assert worn[place].behind_usv == pytest.approx(share * bare[place].outside_usv)


def test_the_skirt_keeps_the_legs_and_the_hanging_shield_the_head(body: Body) -> None:
    bare = doses(operator(Side.LEFT), UNDER, body)
    skirt = doses(operator(Side.LEFT), UNDER, body, replace(BARE, skirt_lead_mm=0.5))
    shield = doses(operator(Side.LEFT), UNDER, body, replace(BARE, hanging_shield=True))
    assert skirt["leg"].outside_usv < 0.05 * bare["leg"].outside_usv
    assert skirt["chest"].outside_usv == bare["chest"].outside_usv
    assert shield["eye"].outside_usv < 0.2 * bare["eye"].outside_usv
    assert shield["hand"].outside_usv == bare["hand"].outside_usv


def test_dose_is_proportional_to_the_product_and_adds(body: Body) -> None:
    person = operator(Side.LEFT)
    one, two = (staff_dose(person, Scattering(UNDER, BEAM, kap), Room(body, Table(), BARE)) for kap in (1.0, 2.0))
    for single, both, double in zip(one, summed([one, one]), two, strict=True):
        assert both.outside_usv == pytest.approx(double.outside_usv)
        assert both.place == single.place
    assert summed([]) == ()


def test_a_hand_in_the_beam_is_no_matter_of_scatter(body: Body) -> None:
    inside = Person("hand", Side.LEFT, dict(operator(Side.LEFT).places) | {"hand": Place(50.0, 0.0, 0.0)})
    with pytest.raises(
        OutOfRangeError, match=r"hand: found .* mm from the irradiated volume; allowed: 150 mm and more"
    ):
        doses(inside, UNDER, body)
