"""What holds for brightness, blades, skin, staff and machine whatever the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.anatomy import Side, Volume
from dekomp_sim.geometry import Affine, CArm, Detector
from dekomp_sim.imaging.radiation.body import Body, body_of
from dekomp_sim.imaging.radiation.skin import Irradiation, skin_dose
from dekomp_sim.imaging.radiation.staff import Protection, Room, Scattering, operator, staff_dose
from dekomp_sim.imaging.stand.brightness import LIMIT_MGY_MIN, DoseRate, Fluoroscopy, Held, Sensed, controlled
from dekomp_sim.imaging.stand.collimator import Collimator
from dekomp_sim.imaging.stand.machine import Gantry, Table, hindrances
from dekomp_sim.imaging.stand.touching import focus_skin_mm
from dekomp_sim.matter import Beam

PANEL = Detector()
OPENING = st.floats(0.1, 1.0)
TURN, TILT = st.floats(-90.0, 90.0), st.floats(-40.0, 40.0)


@pytest.fixture(scope="module")
def body() -> Body:
    """An ellipse, the same on its left and right."""
    x, y = np.arange(-200.0, 201.0, 4.0), np.arange(-140.0, 141.0, 4.0)
    plane = (x[None, :] / 170.0) ** 2 + (y[:, None] / 115.0) ** 2 <= 1.0
    hu = np.where(np.repeat(plane[None], 75, 0), 40, -1000).astype(np.int16)
    return body_of(Volume(hu, Affine.from_spacing((4.0, 4.0, 4.0), (-200.0, -140.0, -148.0))))


def posed(turn_deg: float, tilt_deg: float) -> CArm:
    return CArm(180.0 + turn_deg, tilt_deg, (0.0, 0.0, 0.0))


@settings(max_examples=25, deadline=None)
@given(st.floats(0.0, 45.0), st.floats(0.0, 4.0), st.sampled_from(list(DoseRate)), st.floats(1.0, 30.0))
def test_the_control_keeps_law_and_generator_and_says_what_held(
    soft: float, bone: float, rate: DoseRate, pulses_per_s: float
) -> None:
    arm = posed(0.0, 0.0)
    chosen = controlled(Sensed(soft, bone), arm, Fluoroscopy(rate, pulses_per_s))
    thicker = controlled(Sensed(soft + 3.0, bone), arm, Fluoroscopy(rate, pulses_per_s))
    assert chosen.kerma_rate_mgy_min <= LIMIT_MGY_MIN[rate] * (1.0 + 1e-12)
    assert chosen.pulse_ms <= 20.0 * (1.0 + 1e-9)
    assert thicker.technique.beam.kv >= chosen.technique.beam.kv
    assert thicker.kerma_rate_mgy_min >= chosen.kerma_rate_mgy_min * (1.0 - 1e-9)
    if thicker.held is Held.NOTHING:
        assert chosen.held in {Held.NOTHING, Held.LEAST}


@settings(max_examples=25, deadline=None)
@given(OPENING, OPENING, st.none() | st.floats(0.1, 1.5))
def test_a_mask_passes_its_share_whatever_its_openings(across: float, along: float, iris: float | None) -> None:
    shape, field = Collimator(across, along, iris), Detector(200, 160, 1.5)
    # a pixel and the penumbra about an edge: 2 mm of the smallest opening's 24
    assert shape.mask(field).mean() == pytest.approx(shape.open_share(field), rel=0.05)
    assert shape.open_share(field) <= across * along + 1e-12


@settings(max_examples=10, deadline=None)
@given(TURN, TILT, OPENING, OPENING)
def test_a_mirrored_beam_gives_the_mirrored_skin_its_dose(
    body: Body, turn: float, tilt: float, across: float, along: float
) -> None:
    shape, beam = Collimator(across, along), Beam(80.0)
    one, other = (skin_dose(body, [Irradiation(posed(t, tilt), PANEL, shape, beam, 1.0)]) for t in (turn, -turn))
    whole = [float((found.dose_mgy * body.area_mm2).sum()) for found in (one, other)]
    assert whole[0] == pytest.approx(whole[1], rel=1e-6, abs=1e-6)
    assert one.peak_mgy == pytest.approx(other.peak_mgy, rel=1e-6)


@settings(max_examples=15, deadline=None)
@given(TURN, TILT)
def test_a_mirrored_pose_with_a_mirrored_stand_meets_the_same_hindrances(body: Body, turn: float, tilt: float) -> None:
    def told(turn_deg: float, stand: Side) -> tuple[str, ...]:
        found = hindrances(Gantry(stand=stand), posed(turn_deg, tilt), PANEL, Table(), body)
        return tuple(words.replace("left", "right") for words in found)

    assert told(turn, Side.LEFT) == told(-turn, Side.RIGHT)
    # the body is made of voxels of 4 mm, and a ray on the border between two falls to one side or the other
    assert focus_skin_mm(posed(turn, tilt), PANEL, body) == pytest.approx(
        focus_skin_mm(posed(-turn, tilt), PANEL, body), abs=4.0
    )


@settings(max_examples=15, deadline=None)
@given(TURN, TILT, st.floats(0.1, 20.0), st.floats(60.0, 110.0))
def test_lead_never_adds_and_staff_at_mirrored_places_get_the_same(
    body: Body, turn: float, tilt: float, kap_gycm2: float, kv: float
) -> None:
    def told(turn_deg: float, side: Side, protection: Protection) -> list[tuple[float, float]]:
        one = Scattering(posed(turn_deg, tilt), Beam(kv), kap_gycm2)
        room = Room(body, Table(), protection)
        return [(dose.outside_usv, dose.behind_usv) for dose in staff_dose(operator(side), one, room)]

    bare = Protection(0.0, 0.0, glasses=False, skirt_lead_mm=0.0)
    for with_lead, without in zip(
        told(turn, Side.LEFT, Protection(hanging_shield=True)), told(turn, Side.LEFT, bare), strict=True
    ):
        assert 0.0 < with_lead[1] <= with_lead[0] <= without[0]
    mirrored = told(-turn, Side.RIGHT, bare)
    assert np.array(mirrored) == pytest.approx(np.array(told(turn, Side.LEFT, bare)), rel=0.05)
