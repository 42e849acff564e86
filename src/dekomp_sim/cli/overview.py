"""One picture of a run: each view of the C-arm, AP, oblique and lateral, when most instruments were in the patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.records import Exposure

SQUARE_DEG: Final = 20.0
"""A view within this of straight behind, in front or beside counts as AP or lateral."""

GAP_PX: Final = 6
"""White between the pictures."""


@dataclass(slots=True)
class Overview:
    """Keeps the most telling picture of each view while a run is played."""

    kept: dict[str, tuple[int, NDArray[np.uint16]]] = field(default_factory=dict)

    def offer(self, case: Case, exposure: Exposure, display: NDArray[np.uint16]) -> None:
        """Keep `display` (rows, cols) if its view was not seen yet, or not with as many instruments."""
        view, instruments = view_of(exposure.carm.primary_deg), len(case.placements)
        if view not in self.kept or self.kept[view][0] <= instruments:
            self.kept[view] = (instruments, display)

    def picture(self) -> NDArray[np.uint8] | None:
        """(rows, columns) of all views side by side, or None where no picture was taken."""
        order = [view for view in ("ap", "oblique", "lateral") if view in self.kept]
        if not order:
            return None
        shown = [(self.kept[view][1] >> 8).astype(np.uint8) for view in order]
        gap = np.full((shown[0].shape[0], GAP_PX), 255, dtype=np.uint8)
        return np.hstack([part for one in shown for part in (one, gap)][:-1])


def view_of(primary_deg: float) -> str:
    """The clinic's word for a primary angle.

    Examples
    --------
    >>> [view_of(angle) for angle in (180.0, 90.0, 145.0, -85.0)]
    ['ap', 'lateral', 'oblique', 'lateral']
    """
    from_sagittal = abs((primary_deg + 90.0) % 180.0 - 90.0)
    if from_sagittal < SQUARE_DEG:
        return "ap"
    return "lateral" if from_sagittal > 90.0 - SQUARE_DEG else "oblique"
