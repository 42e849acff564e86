"""Takes the pictures of the CT scanner as cases go by, and keeps them in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from dekomp_sim.anatomy import Level, Patient
from dekomp_sim.arrays import UInt8Array
from dekomp_sim.debrief.scans import place_words
from dekomp_sim.files import png_bytes, write_bytes
from dekomp_sim.imaging.ct.display import CONTRAST_WINDOW, NEEDLE_WINDOW, HuWindow, enlarged, on_screen
from dekomp_sim.imaging.ct.scanner import Scanner, SliceShot
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.ct.acquired import Acquisition, Manner
from dekomp_sim.procedure.ct.pictures import discogram_shot, nearest_slice, shots_of
from dekomp_sim.procedure.ct.scanning import DISC_FIELD_MM

BESIDE_MM: Final = 12.0
"""How far from the target the other pictures of a scan lie. Assumption: its endplates and pedicles."""


class ScanGallery:
    """The pictures of the scanner of one patient.

    Parameters
    ----------
    patient
        Whose.
    folder
        Where they are kept; it exists.
    passed_over
        Indices of acquisitions of which no picture is kept; theirs are empty.
    """

    def __init__(self, patient: Patient, folder: Path, passed_over: frozenset[int] = frozenset()) -> None:
        self._scanner, self._folder, self._passed_over = Scanner(patient), folder, passed_over
        self.pictures: list[bytes] = []

    def look(self, before: Case, later: Case) -> None:
        """Take what was scanned from one case to the next."""
        for taken in later.acquisitions[len(before.acquisitions) :]:
            if taken.index in self._passed_over:
                self.pictures.append(b"")
                continue
            graded = later.injections and taken.protocol.field_mm <= DISC_FIELD_MM
            window = CONTRAST_WINDOW if graded else NEEDLE_WINDOW
            shots = shots_of(later, taken, _chosen(later, taken))
            png = png_bytes(np.hstack([self.picture(shot, window, _words(taken, shot)) for shot in shots]))
            write_bytes(self._folder / f"ct_{taken.index + 1:03d}.png", png)
            self.pictures.append(png)

    def picture(self, shot: SliceShot, window: HuWindow, words: Sequence[str]) -> UInt8Array:
        """One slice (rows, cols) as the scanner shows it."""
        return np.asarray(on_screen(enlarged(self._scanner.scan(shot)), window, words) >> 8, dtype=np.uint8)

    def discogram(self, case: Case, level: Level) -> bytes:
        """A CT through a disc after the case's discography, as PNG."""
        words = (f"CT of {level} after discography",)
        return png_bytes(self.picture(discogram_shot(case, level), CONTRAST_WINDOW, words))


def passed_over(case: Case) -> frozenset[int]:
    """Indices of acquisitions that only lead on to the next: of a press of the pedal the last picture is kept."""
    return frozenset(now.index for now, after in pairwise(case.acquisitions) if after.held and not now.note)


def _chosen(case: Case, taken: Acquisition) -> tuple[int, ...]:
    """Of a scan the slices nearest to the target and some way beside; else all."""
    if taken.manner is not Manner.SCAN:
        return tuple(range(taken.slices))
    beside = [case.plan.target_mm + np.array([0.0, 0.0, way]) for way in (-BESIDE_MM, 0.0, BESIDE_MM)]
    return tuple(sorted({nearest_slice(case, taken, point) for point in beside}))


def _words(taken: Acquisition, shot: SliceShot) -> tuple[str, ...]:
    protocol = taken.protocol
    number = shot.turn.index - taken.first_turn + 1 if shot.turn.index is not None else 1
    return (
        f"CT {taken.index + 1}, slice {number} of {taken.slices}",
        f"{protocol.kv:.0f} kV  {protocol.mas:g} mAs  {protocol.thickness_mm:g} mm",
        place_words(taken, taken.along_mm[min(number - 1, len(taken.along_mm) - 1)]),
    )
