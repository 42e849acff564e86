"""The layout of a frame: the 3D picture, fluoroscopy with its numbers, and below what is done and said. No VTK."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from PIL import Image

from dekomp_sim.arrays import UInt8Array
from dekomp_sim.debrief.steps import clock
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.imaging.console.display import BANNER
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.events import Severity
from dekomp_sim.scenario.story import Story
from dekomp_sim.viewer.film.cues import Cue
from dekomp_sim.viewer.panes.marks import INK, QUIET, length, paper, stamp, write
from dekomp_sim.viewer.panes.readouts import readouts
from dekomp_sim.viewer.practice.bedside import bedside

UNIT: Final = 72
"""A frame's height is a multiple of this: all its parts are then whole, and even, as encoders want them."""

HEIGHTS: Final = (144, 2160)
"""Least and greatest height of a frame."""

GRAVE: Final = {
    Severity.INFO: INK,
    Severity.NOTICE: "#56b4e9",
    Severity.WARNING: "#e69f00",
    Severity.HARM: "#ff8a4c",
}
"""Colours of what is said by how grave it is; the words say it too."""

PLAIN: Final = str.maketrans({"²": "2", "³": "3"})
"""Signs that the letters in pictures lack."""

NOTICE: Final = 9
"""Least height in pixels of the notice: as small as it can be read."""

LINES: Final = 4
"""Lines of words that fit below the pictures."""


class Sheet:
    """Puts frames together.

    Parameters
    ----------
    height
        Of a frame in pixels, a multiple of 72; the width follows as 16 to 9.

    Raises
    ------
    OutOfRangeError
        If the height is none.
    """

    def __init__(self, height: int = 720) -> None:
        if height % UNIT or not HEIGHTS[0] <= height <= HEIGHTS[1]:
            raise OutOfRangeError("height of the film", f"{height}", f"a multiple of {UNIT} from 144 to 2160")
        part = height // UNIT
        self.rows, self.cols = height, part * 128
        self.scene = (part * 80, part * 60)
        self.radiograph = part * 48
        self.letters = max(7, round(height / 36))

    def frame(self, scene: UInt8Array, radiograph: UInt8Array, cue: Cue, case: Case) -> UInt8Array:
        """One frame (rows, cols, 3).

        Parameters
        ----------
        scene
            (rows, cols, 3) the 3D picture, of the size `scene`.
        radiograph
            (n, n) the fluoroscopy screen.
        cue
            What is done and said.
        case
            The moment, for the numbers.
        """
        whole = paper(self.rows, self.cols)
        width, height = self.scene
        whole[:height, :width] = scene
        side = self.radiograph
        grey = np.asarray(Image.fromarray(radiograph).resize((side, side), Image.Resampling.LANCZOS))
        whole[:side, width : width + side] = grey[..., None]
        self._numbers(whole, case)
        self._words(whole, cue)
        return whole

    def card(self, title: str, lines: Sequence[str]) -> UInt8Array:
        """A frame with a title and lines below it."""
        whole = paper(self.rows, self.cols)
        size, middle = self.letters, self.cols / 2.0
        write(whole, title, (middle, 0.34 * self.rows), 2 * size, INK, "mm")
        below = 0.34 * self.rows + 3.0 * size
        for number, line in enumerate(wrapped(lines, size, 0.8 * self.cols)):
            write(whole, line, (middle, below + 1.5 * size * number), size, QUIET, "mm")
        write(whole, BANNER, (middle, self.rows - 2.0 * size), size, INK, "mm")
        return whole

    def _numbers(self, whole: UInt8Array, case: Case) -> None:
        size = round(0.8 * self.letters)
        left, top = self.scene[0] + size, self.radiograph + 0.6 * size
        known, monitor = readouts(case), bedside(case)
        told = dict(known.lines)
        beat = monitor.vitals
        rows = (
            f"{case.level} {case.side}   {clock(case.clock_s)}   {case.removed_ml:.2f} mL removed",
            f"{told['kV']} kV   {told['mA']} mA   {told['Time']}   {told['KAP']}",
            f"HR {beat.heart_bpm:.0f}   BP {beat.systolic_mmhg:.0f}   SpO2 {beat.saturation_percent:.0f} %   "
            f"pain {monitor.pain:.0f} of 10",
        )
        for number, words in enumerate(rows):
            write(whole, words.translate(PLAIN), (left, top + 1.9 * size * number), size, INK if number == 0 else QUIET)

    def _words(self, whole: UInt8Array, cue: Cue) -> None:
        size, pad = self.letters, self.letters
        room = self.cols - 2.0 * pad
        told = [(f"{cue.number}. {cue.words}", QUIET)]
        for words, severity in cue.lines:
            told += [(line, GRAVE[severity]) for line in wrapped([words], size, room)]
        top = self.scene[1] + 0.4 * size
        for number, (words, colour) in enumerate(told[:LINES]):
            write(whole, words, (pad, top + 1.35 * size * number), size, colour)
        stamp(whole, max(NOTICE, round(0.6 * size)))


def wrapped(lines: Sequence[str], size: int, room: float) -> Iterator[str]:
    """Lines broken between words so that each fits into `room` pixels."""
    for whole in lines:
        line = ""
        for word in whole.translate(PLAIN).split():
            longer = f"{line} {word}".strip()
            if line and length(longer, size) > room:
                yield line
                longer = word
            line = longer
        yield line


def opening_lines(story: Story) -> tuple[str, ...]:
    """What the first card says."""
    return (f"{story.level}, from the {story.side}", *([story.summary] if story.summary else []))


def closing_lines(case: Case) -> tuple[str, ...]:
    """What the last card says."""
    known = readouts(case)
    harm = "ended in harm" if case.harmed else "without harm"
    return (
        f"{case.removed_ml:.2f} mL removed in {clock(case.clock_s)}, {harm}",
        f"{known.frames} frames and {known.spots} spots, {known.fluoroscopy_s:.0f} s, {known.kap_gycm2:.3g} Gy cm²",
    )
