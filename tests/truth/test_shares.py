"""Wilson's interval against a published table, and classes of values on paper."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dekomp_sim.sweep.figures import spread_of
from dekomp_sim.sweep.shares import Share, axis_of, share_map, shares
from dekomp_sim.sweep.vary import Between, OneOf, Vary


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_that_of_newcombes_table(count: int, of: int, low: float, high: float) -> None:
    """Newcombe, Stat Med 1998;17:857, table I, method 3; printed to four decimals."""
    share = Share(count, of)

    assert (share.low, share.high) == pytest.approx((low, high), abs=5e-5)


def test_a_range_falls_into_even_classes_and_a_list_into_its_values() -> None:
    weight = axis_of(Vary("card.weight_kg", Between(40.0, 120.0)), [40.0, 49.9, 50.0, 119.0, 120.0])
    frames = axis_of(Vary("steps.3.frames", Between(1, 3, whole=True)), [1, 2, 3, 3])
    side = axis_of(Vary("side", OneOf(("left", "right"))), ["right", "left"])

    assert list(weight.classes) == [0, 0, 1, 7, 7]
    assert weight.words[0] == "40 to 50"
    assert list(frames.classes) == [0, 1, 2, 2]
    assert (list(side.classes), side.words) == ([1, 0], ("left", "right"))


def test_shares_are_counted_by_class_and_by_pairs_of_classes() -> None:
    side = axis_of(Vary("side", OneOf(("left", "right"))), ["left", "left", "right", "right"])
    weight = axis_of(Vary("card.weight_kg", OneOf((50, 90))), [50.0, 90.0, 50.0, 50.0])
    hit = np.array([True, False, True, False])

    assert [(one.count, one.of) for one in shares(side, hit)] == [(1, 2), (1, 2)]
    found = share_map(side, weight, hit)
    assert [[(one.count, one.of) for one in row] for row in found] == [[(1, 1), (1, 2)], [(0, 1), (0, 0)]]


def test_a_figure_is_spread_from_least_to_most_and_rounding_alone_is_no_spread() -> None:
    counted = spread_of("redirects", np.array([0.0, 1.0, 1.0, 2.0, np.nan]))
    alike = spread_of("exposures", np.array([0.1 + 0.2, 0.3, 0.3]))

    assert counted is not None
    assert (counted.cases, counted.least, counted.median, counted.most) == (4, 0.0, 1.0, 2.0)
    assert counted.middle == 50.0
    tops = [float(top) for top in re.findall(r"V([\d.]+)H", counted.outline)]
    assert [(place, top) for place, top in enumerate(tops) if top < 20.0] == [(0, 10.0), (12, 0.0), (23, 10.0)]
    assert alike is not None
    assert (alike.cases, alike.outline) == (3, "")
    assert spread_of("total_s", np.array([np.nan])) is None
    noisy = spread_of("tip_to_target_mm", np.array([1.8e-15, 3.0, 3e-14]))
    assert noisy is not None
    assert (noisy.least, noisy.median, noisy.most) == (0.0, 0.0, 3.0)
