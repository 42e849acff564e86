"""The C-arm in a case: views refused where it cannot stand, brightness, blades, fields, pulses, and the dose of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.geometry import Detector
from dekomp_sim.imaging.radiation.dose import UNCERTAINTY
from dekomp_sim.imaging.stand.brightness import DoseRate
from dekomp_sim.imaging.stand.collimator import Field
from dekomp_sim.imaging.stand.machine import Gantry
from dekomp_sim.procedure import Case, Machine, Refusal, Risk, Setting, after, begin
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of
from dekomp_sim.procedure.fluoroscopy.radiation import dose_words, skin_map, staff_doses


@pytest.fixture(scope="module")
def lying(coarse_phantom: Patient) -> Case:
    """The phantom prone on the table, left L4-L5."""
    return replace(begin(coarse_phantom, Setting(Level.L4_L5, Side.LEFT)), done=("position_prone",))


def told(case: Case, *steps: do.Action) -> Case:
    for step in steps:
        case = after(case, step)
        assert not isinstance(case.events[-1] if case.events else None, Refusal), case.events[-1]
    return case


def with_gantry(case: Case, gantry: Gantry) -> Case:
    return replace(case, machine=Machine(gantry=gantry))


def test_every_named_view_of_the_phantom_can_be_taken(lying: Case) -> None:
    two_planes = replace(lying, machine=Machine(planes=2))
    for view in do.View:
        assert told(two_planes, do.SetView(view)).carm is not None


def test_two_planes_take_two_pictures_at_once(lying: Case) -> None:
    assert after(lying, do.SetView(do.View.BIPLANE)).events[-1] == Refusal(
        0.0, "set_view", "This machine has one plane: take AP and lateral one after the other."
    )
    both = told(replace(lying, machine=Machine(planes=2)), do.SetView(do.View.BIPLANE), do.Expose(frames=4))
    frontal, lateral = both.exposures
    assert (frontal.carm.primary_deg, lateral.carm.primary_deg) == pytest.approx((180.0, 90.0))
    assert (frontal.index, lateral.index) == (0, 1)
    assert frontal.clock_s == lateral.clock_s == both.clock_s - 0.5
    alone = [told(lying, do.SetView(view), do.Expose(frames=4)).exposures[0] for view in (do.View.AP, do.View.LATERAL)]
    assert [one.dose for one in both.exposures] == [one.dose for one in alone]
    assert told(both, do.MoveTable(up_mm=20.0), do.SetView(do.View.OBLIQUE), do.Expose()).lateral is None


def test_a_view_out_of_reach_is_refused_with_its_reason_and_nothing_moves(lying: Case) -> None:
    refused = after(lying, do.SetView(primary_deg=0.0, secondary_deg=0.0))
    assert refused.carm is None
    assert refused.clock_s == lying.clock_s
    words = "The C-arm slides 95 degrees at most away from its stand at the patient's right; this view needs 180."
    assert refused.events[-1] == Refusal(lying.clock_s, "set_view", words)


def test_an_arm_with_little_overscan_takes_the_lateral_only_from_its_own_side(lying: Case) -> None:
    # the detector goes to the side of approach, the left: an arm that stands there slides under, the other over
    across = after(with_gantry(lying, Gantry(over_deg=45.0)), do.SetView(do.View.LATERAL))
    assert isinstance(across.events[-1], Refusal)
    assert "slides 45 degrees at most away from its stand at the patient's right" in across.events[-1].reason
    told(with_gantry(lying, Gantry(stand=Side.LEFT, over_deg=45.0)), do.SetView(do.View.LATERAL))


def test_a_table_moved_left_moves_the_disc_to_the_patients_left_in_the_picture(lying: Case) -> None:
    seen = told(lying, do.SetView(do.View.AP))
    moved = told(seen, do.MoveTable(left_mm=20.0))
    panel = Detector()
    centre = lying.shape.patient_from_disc.translation_mm
    assert seen.carm is not None
    assert moved.carm is not None
    shift = moved.carm.pixel_of(centre, panel) - seen.carm.pixel_of(centre, panel)
    # seen from behind, the patient's left is the picture's left; magnified 1020 / 600 on pixels of 0.6 mm
    assert shift == pytest.approx([0.0, -20.0 * 1020.0 / 600.0 / 0.6])
    assert told(moved, do.SetView(do.View.LATERAL)).controls.shift_mm == (20.0, 0.0, 0.0)


def test_a_raised_patient_is_magnified_less_and_gets_less_dose(lying: Case) -> None:
    low = told(lying, do.SetView(do.View.AP), do.Expose(kv=80.0, mas=1.0))
    high = told(lying, do.MoveTable(up_mm=150.0), do.SetView(do.View.AP), do.Expose(kv=80.0, mas=1.0))
    assert skin_map(high).peak_mgy < 0.65 * skin_map(low).peak_mgy  # (450 / 600)^2 = 0.56


def test_a_table_that_would_lift_the_isocentre_out_of_travel_is_refused(lying: Case) -> None:
    low = with_gantry(lying, Gantry(isocentre_height_mm=(880.0, 1000.0)))
    refused = after(low, do.SetView(do.View.AP))
    assert isinstance(refused.events[-1], Refusal)
    assert refused.events[-1].reason.endswith("880 to 1000 mm: lower the table.")


def test_left_to_itself_the_machine_chooses_more_for_the_lateral(lying: Case) -> None:
    frontal = told(lying, do.SetView(do.View.AP), do.Expose()).exposures[-1].technique
    lateral = told(lying, do.SetView(do.View.LATERAL), do.Expose()).exposures[-1].technique
    assert 70.0 <= frontal.beam.kv <= 90.0 < lateral.beam.kv <= 110.0


def test_each_pulse_is_told_by_current_and_length(lying: Case) -> None:
    case = told(lying, do.SetView(do.View.AP), do.Expose(), do.Expose(spot=True), do.Expose(kv=80.0, mas=0.75))
    frame, spot, by_hand = case.exposures
    assert 4.0 < frame.pulse_ms < 20.0 < spot.pulse_ms < 220.0
    assert (by_hand.ma, by_hand.pulse_ms) == (75.0, 10.0)
    for exposure in case.exposures:
        assert exposure.ma * exposure.pulse_ms / 1000.0 == pytest.approx(exposure.technique.mas)


def test_blades_save_area_product_and_are_seen_in_the_picture(lying: Case) -> None:
    seen = told(lying, do.SetView(do.View.AP))
    whole = told(seen, do.Expose(kv=80.0, mas=1.0)).exposures[-1]
    closed_in = told(seen, do.SetCollimator(0.5, 0.6), do.Expose(kv=80.0, mas=1.0), do.Expose(kv=80.0, mas=1.0))
    part = closed_in.exposures[-1]
    assert part.dose.kap_gycm2 == pytest.approx(0.3 * whole.dose.kap_gycm2)
    assert part.dose.air_kerma_reference_mgy == whole.dose.air_kerma_reference_mgy
    first, second = (shot_of(closed_in, exposure) for exposure in closed_in.exposures)
    assert first.shutter is not None
    assert first.shutter is second.shutter, "one array, so that the fluoroscope keeps what belongs to it"
    assert first.shutter.mean() == pytest.approx(0.3, rel=0.01)


def test_a_magnified_field_shows_less_of_the_patient_in_as_many_pixels_and_costs_dose(lying: Case) -> None:
    seen = told(lying, do.SetView(do.View.AP))
    full, small = (told(seen, do.SetField(field), do.Expose(kv=80.0)) for field in (Field.FULL, Field.MAG2))
    shots = [shot_of(case, case.exposures[-1]).detector for case in (full, small)]
    assert shots[1].rows == shots[0].rows
    assert shots[1].width_mm == pytest.approx(shots[0].width_mm / 2.0)
    one, other = full.exposures[-1].dose, small.exposures[-1].dose
    assert other.field_area_cm2 == pytest.approx(one.field_area_cm2 / 4.0)
    assert 1.5 < other.air_kerma_reference_mgy / one.air_kerma_reference_mgy < 2.5


def test_pulse_rate_and_dose_rate_are_the_consoles(lying: Case) -> None:
    seen = told(lying, do.SetView(do.View.AP))
    slow = told(seen, do.SetFluoroscopy(DoseRate.LOW, 4.0), do.Expose(frames=8)).exposures[-1]
    fast = told(seen, do.SetFluoroscopy(DoseRate.HIGH_LEVEL, 15.0), do.Expose(frames=30)).exposures[-1]
    assert (slow.seconds, fast.seconds) == (2.0, 2.0)
    assert fast.dose.air_kerma_reference_mgy > 4.0 * slow.dose.air_kerma_reference_mgy


def test_a_spot_is_no_fluoroscopy_time(lying: Case) -> None:
    seen = told(lying, do.SetView(do.View.AP))
    kept = told(seen, do.Expose(spot=True))
    assert kept.fluoroscopy_s == 0.0
    assert kept.clock_s == seen.clock_s + 1.0


def test_a_voltage_too_low_for_the_patient_ends_at_the_generators_most_and_is_told(lying: Case) -> None:
    dark = told(lying, do.SetView(do.View.LATERAL), do.Expose(kv=60.0))
    risk = dark.events[-1]
    assert isinstance(risk, Risk)
    assert risk.lapse == "exposure_limited"
    assert risk.words == "Automatic exposure is at the generator's most: the picture will be noisy."


def test_what_the_skin_got_lies_under_the_tube(lying: Case) -> None:
    case = told(lying, do.SetView(do.View.AP), do.Expose(frames=8), do.SetView(do.View.LATERAL), do.Expose(frames=8))
    found = skin_map(case)
    x, y, z = found.body.skin_mm.T
    level = np.abs(z) < 20.0
    middle, waist = level & (np.abs(x) < 30.0), level & (np.abs(y) < 40.0)
    belly, back = middle & (y < -100.0), middle & (y > 50.0)
    left_flank, right_flank = waist & (x > 100.0), waist & (x < -100.0)
    assert found.dose_mgy[belly].min() > 0.0
    assert found.dose_mgy[right_flank].min() > 0.0
    assert found.dose_mgy[back | left_flank].max() == 0.0
    # backscatter adds 40 %, the table takes 25 %, the belly is 10 % nearer to or farther from the focus
    kerma = [exposure.dose.air_kerma_reference_mgy for exposure in case.exposures]
    assert max(kerma) * 0.8 < found.peak_mgy < sum(kerma) * 1.7


def test_staff_get_microsieverts_and_lead_keeps_most_of_it(lying: Case) -> None:
    case = told(lying, do.SetView(do.View.AP), do.Expose(frames=456))  # 57 s of discography at 8 a second
    assert case.fluoroscopy_s == 57.0
    dose = staff_doses(case)
    at = {one.place: one for one in dose["operator"]}
    # Botwin 2003: ring 36.6, outside the apron 23.5, glasses 14.9 uSv in 57 s: order of magnitude
    for place, measured in (("hand", 36.6), ("chest", 23.5), ("eye", 14.9)):
        assert measured / 4.0 < at[place].outside_usv < measured * 4.0
    assert at["chest"].behind_usv < 0.1 * at["chest"].outside_usv
    assert {one.place: one.outside_usv for one in dose["assistant"]}["chest"] < 0.6 * at["chest"].outside_usv


def test_doses_are_told_with_what_they_are_worth(lying: Case) -> None:
    case = told(lying, do.SetView(do.View.AP), do.Expose(frames=8), do.Expose(spot=True))
    words = dose_words(case)
    assert words[0].startswith("8 frames in 1.0 s of fluoroscopy and 1 spots: ")
    assert words[1].startswith("Peak skin dose ")
    assert words[-1] == f"Simulated, the true value may differ by more than {UNCERTAINTY:.0%}."


def test_without_exposure_there_is_no_dose(lying: Case) -> None:
    assert skin_map(lying).peak_mgy == 0.0
    assert staff_doses(lying) == {"operator": (), "assistant": ()}
    assert len(dose_words(lying)) == 3
