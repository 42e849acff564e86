"""The tray: sizes from the gauge table, what goes into what, where a placed instrument is."""

from __future__ import annotations

import numpy as np
import pytest

from dekomp_sim.errors import InputError, OutOfRangeError
from dekomp_sim.geometry import Helix, Rod, Tube
from dekomp_sim.instruments import (
    CATALOGUE,
    FITS_INSIDE,
    Placement,
    coaxial,
    inner_of,
    inserted,
    instrument,
    may_advance,
    may_enter_skin,
    may_insert,
    may_remove,
    may_run,
    redirected,
    removed,
    solids,
    withdraw,
)
from dekomp_sim.instruments.catalogue import CANNULA_CHANNEL_ML, PROBE_CORE_MM

TROCAR = {"trocar_stylet": "trocar_cannula"}
LOADED = {"probe": "trocar_cannula"}


def cannula(depth_mm: float = 100.0) -> Placement:
    return Placement(instrument("trocar_cannula"), np.zeros(3), np.array([0.6, -0.8, 0.0]), depth_mm)


def test_tubes_have_the_sizes_of_the_gauge_table() -> None:
    assert (CATALOGUE["trocar_cannula"].outer_mm, CATALOGUE["trocar_cannula"].inner_mm) == (1.473, 1.067)
    assert CATALOGUE["discography_introducer"].inner_mm == 0.838
    assert CATALOGUE["discography_needle"].outer_mm == 0.718
    assert CATALOGUE["discography_needle"].length_mm == pytest.approx(152.4)


def test_everything_that_fits_inside_is_thinner_than_the_bore_and_longer_than_the_tube() -> None:
    for outer, inners in FITS_INSIDE.items():
        for inner in inners:
            assert CATALOGUE[inner].outer_mm < CATALOGUE[outer].inner_mm
            assert CATALOGUE[inner].length_mm >= CATALOGUE[outer].length_mm


def test_the_cannula_channel_is_the_ring_between_core_and_bore() -> None:
    tube = CATALOGUE["trocar_cannula"]
    ring_mm2 = np.pi / 4.0 * (tube.inner_mm**2 - PROBE_CORE_MM**2)
    assert pytest.approx(ring_mm2 * tube.length_mm / 1000.0, abs=5e-4) == CANNULA_CHANNEL_ML


def test_an_unknown_instrument_is_refused_with_the_tray() -> None:
    with pytest.raises(InputError, match="found tweezers; allowed: anaesthetic_needle, discography_introducer"):
        instrument("tweezers")


def test_the_stylet_comes_out_before_the_probe_goes_in() -> None:
    answer = may_insert("probe", "trocar_cannula", TROCAR)
    assert not answer
    assert answer.reason == "Trocar stylet is still in Trocar cannula, 17 G: take it out first."
    assert may_insert("probe", "trocar_cannula", removed("trocar_stylet", TROCAR))


def test_the_probe_comes_out_before_the_cannula() -> None:
    assert "still in Trocar cannula" in may_remove("trocar_cannula", LOADED).reason
    assert may_remove("probe", LOADED)
    assert may_remove("trocar_cannula", removed("probe", LOADED))


def test_a_trocar_leaves_whole() -> None:
    assert may_remove("trocar_cannula", TROCAR)
    assert removed("trocar_cannula", TROCAR) == {}


def test_what_is_in_cannot_go_in_again() -> None:
    assert "is in Trocar cannula, 17 G already" in may_insert("probe", "trocar_cannula", LOADED).reason


def test_the_anaesthetic_needle_does_not_go_into_the_cannula() -> None:
    assert "does not go into" in may_insert("anaesthetic_needle", "trocar_cannula").reason


@pytest.mark.parametrize("key", ["probe", "trocar_stylet"])
def test_probe_and_stylet_enter_only_through_the_cannula(key: str) -> None:
    assert may_enter_skin(key).reason.endswith("enters the patient only through Trocar cannula, 17 G.")


def test_an_open_cannula_may_not_be_pushed_on() -> None:
    assert "cores the tissue" in may_advance("trocar_cannula").reason
    assert may_advance("trocar_cannula", TROCAR)
    assert may_advance("trocar_cannula", LOADED)
    assert may_advance("discography_needle")


def test_only_a_probe_in_its_cannula_runs() -> None:
    assert may_run("probe", LOADED)
    assert "not in the trocar cannula" in may_run("probe").reason
    assert "no motor" in may_run("trocar_cannula").reason


def test_a_nest_is_asked_for_what_is_inside() -> None:
    nest = inserted("probe", "trocar_cannula")
    assert inner_of("trocar_cannula", nest) == "probe"
    assert inner_of("discography_introducer", nest) is None


def test_the_tip_lies_at_depth_and_the_hub_a_length_behind() -> None:
    placed = cannula()
    np.testing.assert_allclose(placed.tip_mm, [60.0, -80.0, 0.0])
    np.testing.assert_allclose(placed.hub_mm, np.array([0.6, -0.8, 0.0]) * (100.0 - 152.4))


def test_z_of_an_instrument_runs_from_tip_to_hub() -> None:
    placed = cannula()
    frame = placed.patient_from_instrument
    np.testing.assert_allclose(frame.points([0.0, 0.0, 0.0]), placed.tip_mm, atol=1e-12)
    np.testing.assert_allclose(frame.points([0.0, 0.0, 152.4]), placed.hub_mm, atol=1e-9)


def test_a_path_longer_than_the_instrument_is_refused() -> None:
    with pytest.raises(OutOfRangeError, match="up to its length of 88"):
        Placement(instrument("anaesthetic_needle"), np.zeros(3), np.array([0.0, -1.0, 0.0]), 105.0)


def test_the_probe_reaches_beyond_the_cannula_by_its_bare_helix_and_no_more() -> None:
    probe = instrument("probe")
    inside = coaxial(probe, cannula())
    assert inside.depth_mm == pytest.approx(100.0 + probe.helix_mm)
    assert coaxial(probe, cannula(), beyond_mm=0.0).depth_mm == pytest.approx(100.0)
    with pytest.raises(OutOfRangeError, match=r"found 9\.0 mm beyond its tip; allowed: up to 8\.0 mm"):
        coaxial(probe, cannula(), beyond_mm=9.0)


def test_withdrawing_goes_back_only() -> None:
    assert withdraw(cannula(), 40.0).depth_mm == 40.0
    with pytest.raises(OutOfRangeError):
        withdraw(cannula(), 101.0)


def test_redirecting_keeps_entry_and_depth_and_turns_to_the_aim() -> None:
    turned = redirected(cannula(30.0), [0.0, -50.0, 0.0])
    np.testing.assert_allclose(turned.direction, [0.0, -1.0, 0.0])
    assert turned.depth_mm == 30.0


def test_a_cannula_is_a_tube_and_a_stylet_a_rod() -> None:
    (tube,) = solids(cannula())
    assert isinstance(tube, Tube)
    assert (tube.radius_mm, tube.bore_mm) == (1.473 / 2, 1.067 / 2)
    (rod,) = solids(coaxial(instrument("trocar_stylet"), cannula()))
    assert isinstance(rod, Rod)
    assert rod.radius_mm < tube.bore_mm


def test_the_probes_thread_touches_its_core_and_ends_at_its_outer_radius() -> None:
    core, thread, shaft = solids(coaxial(instrument("probe"), cannula()), turn_deg=90.0)
    assert isinstance(core, Rod)
    assert isinstance(thread, Helix)
    assert isinstance(shaft, Rod)
    assert thread.radius_mm - thread.wire_mm == pytest.approx(core.radius_mm)
    assert thread.radius_mm + thread.wire_mm == pytest.approx(0.5)
    assert thread.phase_deg == 90.0
    np.testing.assert_allclose(core.end_mm, shaft.start_mm)
