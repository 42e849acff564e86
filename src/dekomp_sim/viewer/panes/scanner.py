"""The CT scanner's screen: the last slice as it was taken, the others of its scan, and the scan as a volume.

A trainee who is guided by CT sees what the scanner saw and nothing else: before the first scan, nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.anatomy import Patient, Volume
from dekomp_sim.arrays import FloatArray, Int16Array, UInt8Array, frozen
from dekomp_sim.geometry import Affine
from dekomp_sim.imaging.ct.display import HuWindow, enlarged, on_screen, shown_px
from dekomp_sim.imaging.ct.scanner import CtSlice, Scanner, SliceShot
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.ct.acquired import Acquisition, Manner
from dekomp_sim.procedure.ct.pictures import nearest_slice, shots_of
from dekomp_sim.procedure.ct.scanning import laid_places

KEPT: Final = 64
"""Slices that are kept: a planning scan and the steps after it, a megabyte each."""

STACK_PX: Final = 256
"""Pixels along an edge of a scan's volume. Assumption: 1.4 mm, half the slices' distance."""


class ScannerScreen:
    """What the scanner shows of one patient; used by one worker thread.

    Parameters
    ----------
    patient
        Who lies on the couch. Nothing is computed before the first picture.
    threads
        Worker threads of the scanner; pictures do not depend on their number.
    """

    def __init__(self, patient: Patient, threads: int | None = None) -> None:
        self._scanner = Scanner(patient, threads)
        self._kept: OrderedDict[tuple[Acquisition, int], CtSlice] = OrderedDict()
        self._stacked: tuple[Acquisition, Volume] | None = None
        self._shown: Acquisition | None = None
        self.number = 0

    def picture(self, cases: Sequence[Case], window: HuWindow) -> UInt8Array | None:
        """The slice on the screen (rows, cols); None where nothing was scanned.

        Parameters
        ----------
        cases
            All cases up to the one that is shown: the pictures are those of the moments at which they were taken.
        window
            What is black and white.
        """
        if not cases or not cases[-1].acquisitions:
            return None
        taken = cases[-1].acquisitions[-1]
        case = _right_after(cases, taken)
        if taken is not self._shown:
            self._shown, self.number = taken, nearest_slice(case, taken, case.plan.target_mm)
        self.number = min(max(self.number, 0), taken.slices - 1)
        made = self._slice(case, taken, self.number)
        words = (f"CT {taken.index + 1}, slice {self.number + 1} of {taken.slices}", _technique(taken), _place(taken))
        return np.asarray(on_screen(enlarged(made), window, words) >> 8, dtype=np.uint8)

    def point_of(self, x: float, y: float) -> FloatArray | None:
        """(3,) the patient's point at a pixel of the screen, as the scanner tells it; None where nothing is shown.

        The scanner does not know the breath: what it tells is where the point lies in the patient breathed out if he
        held his breath for the slice.
        """
        if self._shown is None:
            return None
        pixel_mm, middle = self._pixels(self._shown)
        across, down = middle - x, middle - y  # the back is on top: both axes run the other way
        aside, back = self._shown.middle_mm
        at = laid_places(self._shown)[self.number]
        return at.points([across * pixel_mm + aside, down * pixel_mm + back, 0.0])

    def pixel_of(self, point_mm: ArrayLike) -> tuple[float, float] | None:
        """(x, y) on the screen of a point (3,) of the patient, seen along the slice's normal; `point_of` undone."""
        if self._shown is None:
            return None
        pixel_mm, middle = self._pixels(self._shown)
        across, down, _ = laid_places(self._shown)[self.number].inverse().points(point_mm).tolist()
        aside, back = self._shown.middle_mm
        return middle - (across - aside) / pixel_mm, middle - (down - back) / pixel_mm

    def edge(self) -> int:
        """Pixels along an edge of what is shown."""
        return 0 if self._shown is None else shown_px(self._shown.protocol.matrix)

    def _pixels(self, taken: Acquisition) -> tuple[float, float]:
        """Edge of a pixel of the screen in mm, and the place of its middle."""
        count = shown_px(taken.protocol.matrix)
        return taken.protocol.field_mm / count, (count - 1) / 2.0

    def step(self, notches: int) -> None:
        """Go through the slices of what was taken last, headward."""
        self.number += notches

    def volume(self, cases: Sequence[Case]) -> Volume:
        """The last scan along the couch as a volume, for planes of any direction; air before the first.

        Slices are stacked where the couch stood: what the breath moved between them shows as steps.
        """
        scans = [taken for taken in cases[-1].acquisitions if taken.manner is Manner.SCAN] if cases else []
        if not scans:
            return NOTHING
        if self._stacked is None or self._stacked[0] is not scans[-1]:
            self._stacked = (scans[-1], self._stack(_right_after(cases, scans[-1]), scans[-1]))
        return self._stacked[1]

    def _slice(self, case: Case, taken: Acquisition, number: int) -> CtSlice:
        key = (taken, number)
        if key not in self._kept:
            self._kept[key] = self._scanner.scan(shots_of(case, taken, [number])[0])
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]

    def _stack(self, case: Case, taken: Acquisition) -> Volume:
        shots = shots_of(case, taken)
        slices = [np.rint(self._scanner.scan(_coarse(shot)).hu).astype(np.int16) for shot in shots]
        return Volume(np.stack(slices), _stack_affine(taken))


def _coarse(shot: SliceShot) -> SliceShot:
    """The shot with the views and pixels of a live picture: fine enough for planes across the slices."""
    turn = shot.turn
    return replace(
        shot, turn=replace(turn, gantry=turn.gantry.quick(), protocol=replace(turn.protocol, matrix=STACK_PX))
    )


def _stack_affine(taken: Acquisition) -> Affine:
    """Where a scan's voxels lie in the patient as the couch says: x, the leaning y, and the couch's way."""
    pixel_mm = taken.protocol.field_mm / STACK_PX
    lean = np.radians(taken.tilt_deg)
    right, down = np.array([1.0, 0.0, 0.0]), np.array([0.0, np.cos(lean), np.sin(lean)])
    step = np.array([0.0, 0.0, taken.protocol.thickness_mm])
    first = np.array(taken.centre_mm) + np.array([0.0, 0.0, taken.along_mm[0]])
    corner = np.array(taken.middle_mm) - (STACK_PX - 1) / 2.0 * pixel_mm
    origin: FloatArray = first + corner[0] * right + corner[1] * down
    return Affine(frozen(np.column_stack([pixel_mm * right, pixel_mm * down, step])), frozen(origin))


def _right_after(cases: Sequence[Case], taken: Acquisition) -> Case:
    """The first case that holds an acquisition: instruments and discs are as they were then."""
    return next(case for case in cases if len(case.acquisitions) > taken.index)


def _technique(taken: Acquisition) -> str:
    protocol = taken.protocol
    return f"{protocol.kv:.0f} kV  {protocol.mas:g} mAs  {protocol.thickness_mm:g} mm"


def _place(taken: Acquisition) -> str:
    lean = f"  gantry {taken.tilt_deg:+.0f} deg" if round(taken.tilt_deg) else ""
    return f"table {taken.table_mm:+.0f} mm{lean}"


def _air() -> Int16Array:
    return np.full((2, 2, 2), -1000, dtype=np.int16)


NOTHING: Final = Volume(_air(), Affine.from_spacing((1.0, 1.0, 1.0)))
"""What was scanned before the first scan."""
