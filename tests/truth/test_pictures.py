"""PNG files hold the very values, and say that they are simulated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dekomp_sim.files import write_png8, write_png16


def test_sixteen_bits_are_kept_and_the_file_says_simulated(tmp_path: Path) -> None:
    image = np.random.default_rng(3).integers(0, 65536, (37, 53)).astype(np.uint16)
    write_png16(tmp_path / "a.png", image, {"View": "AP, größer"})

    with Image.open(tmp_path / "a.png") as read:
        np.testing.assert_array_equal(np.asarray(read), image)
        assert read.info["Comment"] == "SIMULATED - NOT FOR CLINICAL USE"
        assert read.info["View"] == "AP, größer"


@pytest.mark.parametrize("shape", [(5, 9), (5, 9, 3)])
def test_eight_bits_are_kept_in_grey_and_in_colour(tmp_path: Path, shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(4).integers(0, 256, shape).astype(np.uint8)
    write_png8(tmp_path / "a.png", image)

    with Image.open(tmp_path / "a.png") as read:
        np.testing.assert_array_equal(np.asarray(read), image)


def test_an_array_that_is_no_picture_is_a_programmers_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"got \(2, 2\) float64"):
        write_png16(tmp_path / "a.png", np.zeros((2, 2)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"got \(2, 2, 4\) uint8"):
        write_png8(tmp_path / "a.png", np.zeros((2, 2, 4), np.uint8))
    assert list(tmp_path.iterdir()) == []
