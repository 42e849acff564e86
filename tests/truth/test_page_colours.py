"""The page's colours: who cannot tell red from green, or blue from yellow, tells its states apart; words stand out.

Colour vision: Machado, Oliveira and Fernandes, IEEE Trans Vis Comput Graph 15:1291 (2009), severity 1.0. Lightness and
contrast: CIE 1976 L*a*b* of the sRGB of IEC 61966-2-1; WCAG 2.2, success criteria 1.4.3 and 1.4.11.
"""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from dekomp_sim.arrays import FloatArray
from dekomp_sim.viewer.web.server import PAGE

COLOURS = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", (PAGE / "page.css").read_text(encoding="utf-8")))

STATES = ("sky", "orange", "green", "red", "yellow")
"""Colours of what is due, warned of, done, refused, and of the beam."""

EYES = {
    "usual": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}

TOLD_APART = 10.0
"""Distance in L*a*b*: four times the 2.3 that is just noticeable (Mahy 1994)."""


def linear(colour: str) -> FloatArray:
    shares = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)]) / 255.0
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def lab(rgb: FloatArray) -> FloatArray:
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    xyz = to_xyz @ rgb / [0.95047, 1.0, 1.08883]
    x, y, z = np.where(xyz > 216.0 / 24389.0, np.cbrt(xyz), (24389.0 / 27.0 * xyz + 16.0) / 116.0)
    return np.array([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)])


def contrast(one: str, other: str) -> float:
    dark, light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_and_red_on_green_are_as_published() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    np.testing.assert_allclose(lab(linear("#ff0000")), [53.24, 80.09, 67.20], atol=0.02)


@pytest.mark.parametrize("eye", EYES)
def test_colours_of_state_are_told_apart_by_every_eye(eye: str) -> None:
    seen = {name: lab(np.clip(np.array(EYES[eye]) @ linear(COLOURS[name]), 0.0, 1.0)) for name in STATES}
    for one, other in itertools.combinations(STATES, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > TOLD_APART, (one, other)


@pytest.mark.parametrize("ground", ["ground", "panel", "raised"])
def test_words_stand_out_from_what_is_behind_them(ground: str) -> None:
    for name in ("ink", "quiet", *STATES):
        assert contrast(COLOURS[name], COLOURS[ground]) >= 4.5, name
