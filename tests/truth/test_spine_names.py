"""Levels are named by the sacrum, the crests and the last ribs, each put where anatomy says; and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Structure
from dekomp_sim.anatomy.spine.discs import DiscPlane
from dekomp_sim.anatomy.spine.naming import NamedLevel, Naming, name_levels
from dekomp_sim.anatomy.spine.sureness import Sureness
from dekomp_sim.anatomy.spine.witnesses import Witnesses
from dekomp_sim.errors import InputError
from dekomp_sim.geometry import Rigid

STEP_MM = 35.0


def row(count: int = 6, lowest_mm: float = 0.0) -> list[DiscPlane]:
    """Discs 35 mm apart, the lowest at a height."""
    places = [Rigid.shift((0.0, 0.0, lowest_mm + STEP_MM * n)) for n in range(count)]
    return [DiscPlane(STEP_MM * n, place, 12.0, 100.0, 80.0, 180.0) for n, place in enumerate(places)]


def heard(sacrum: int | None, crest: float | None, rib: float | None, bodies: int = 7) -> Witnesses:
    """Wings beside the body of that index; crests and ribs at a number of discs above the row's lowest."""
    wings = np.zeros(bodies)
    if sacrum is not None:
        wings[: sacrum + 1] = 0.95
    return Witnesses(wings, crest and crest * STEP_MM, rib and rib * STEP_MM)


def test_the_disc_above_the_highest_body_with_wings_is_l5_s1_and_names_count_up_from_it() -> None:
    naming = name_levels(row(), heard(0, 1.4, 5.3), None)

    assert [naming.level(n) for n in range(6)] == [*reversed(Level), None]
    assert [naming.vertebra(n) for n in (0, 1, 6)] == [Structure.VERTEBRA_S1, Structure.VERTEBRA_L5,
                                                       Structure.VERTEBRA_T12]  # fmt: skip
    assert naming.sureness is Sureness.SURE
    assert naming.reasons == ("the sacrum's wings", "the iliac crests at L4", "the last ribs at T12")


def test_a_remnant_disc_within_the_sacrum_does_not_shift_the_names() -> None:
    naming = name_levels(row(7), heard(1, 2.4, 6.3, 8), None)

    assert naming.last == 1
    assert naming.level(0) is None
    assert naming.sureness is Sureness.SURE


@pytest.mark.parametrize(
    ("crest", "rib", "word"),
    [
        (None, None, Sureness.LIKELY),  # the wings alone
        (1.4, None, Sureness.SURE),
        (None, 5.3, Sureness.SURE),
        (1.4, 4.3, Sureness.LIKELY),  # four lumbar vertebrae or a rib too many: one witness against
        (2.5, 6.3, Sureness.UNSURE),  # a transitional vertebra: crests and ribs say one level higher
    ],
)
def test_names_are_as_sure_as_their_witnesses_agree(crest: float | None, rib: float | None, word: Sureness) -> None:
    naming = name_levels(row(), heard(0, crest, rib), None)

    assert naming.sureness is word
    assert naming.last == 0


def test_without_a_sacrum_names_are_counted_down_from_the_last_ribs_and_never_sure() -> None:
    agreed = name_levels(
        row(4, 70.0), heard(None, (70.0 + 0.4 * STEP_MM) / STEP_MM, (70.0 + 3.3 * STEP_MM) / STEP_MM), None
    )
    ribs_alone = name_levels(row(4), heard(None, None, 3.3), None)

    assert [agreed.level(n) for n in range(4)] == [Level.L3_L4, Level.L2_L3, Level.L1_L2, None]
    assert agreed.sureness is Sureness.UNSURE  # crests at L3: not where they lie
    assert (ribs_alone.last, ribs_alone.sureness) == (-2, Sureness.UNSURE)


def test_the_lowest_rib_of_a_thoracic_scan_is_not_taken_for_the_last() -> None:
    with pytest.raises(
        InputError, match=r"neither sacrum, iliac crests nor last ribs; allowed: one of them in the scan"
    ):
        name_levels(row(), heard(None, None, 0.5), None)


def test_a_level_named_by_hand_is_believed_and_what_speaks_against_it_is_told() -> None:
    naming = name_levels(row(), heard(0, 1.4, 5.3), NamedLevel(Level.L4_L5, 3.0))

    assert (naming.last, naming.sureness) == (-1, Sureness.SURE)
    assert naming.reasons == ("L4-L5 named by hand", "unlike the iliac crests at L3", "unlike the last ribs at T11")


def test_a_height_far_from_every_disc_is_refused_with_the_heights_there_are() -> None:
    with pytest.raises(InputError, match=r"no disc within 15 mm of z = 17.5 mm; allowed: a disc at z = 0, 35, 70"):
        name_levels(row(), heard(0, None, None), NamedLevel(Level.L4_L5, 17.5))


@pytest.mark.parametrize("text", ["L5-S1", "L5S1=3", "L5-S1=high", "T12-L1=3"])
def test_what_names_no_level_is_refused(text: str) -> None:
    with pytest.raises(
        InputError, match=r"allowed: one of L1-L2, .* and the height z of its middle in mm, as L5-S1=222"
    ):
        NamedLevel.parse(text)


def test_a_level_and_its_height_are_read() -> None:
    assert NamedLevel.parse("l5-s1 = -34.5") == NamedLevel(Level.L5_S1, -34.5)


def test_a_vertebra_outside_t11_to_s1_has_no_number() -> None:
    naming = Naming(1, Sureness.SURE, ())

    assert naming.vertebra(0) is None
    assert naming.vertebra(9) is None
