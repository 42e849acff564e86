"""What is corrected, in which order, and what is looked at meanwhile; nothing of it is drawn or sent here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dekomp_sim.anatomy import DiscShape, Level, Patient, Protrusion, Side
from dekomp_sim.anatomy.clearance import millimetres
from dekomp_sim.anatomy.corrections import NEW, Corrections, Handle, Part, checked, handles, moved
from dekomp_sim.anatomy.patient import Strand
from dekomp_sim.arrays import FloatArray
from dekomp_sim.errors import InputError
from dekomp_sim.planning import posterolateral

MOST_UNDONE: Final = 200
"""Steps that can be taken back."""

UNMOVED_MM: Final = 0.001
"""Nearer than this to where it was found counts as not moved: what the record keeps."""


SEEN: Final = 0.45
"""Part of a picture's width from its middle up to which a chosen point is well seen; beyond, the picture is moved."""


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at: a level, a point of it that is chosen, where the planes cross, and how wide they are."""

    level: Level
    chosen: Handle | None = None
    crosshair_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    field_mm: float = 110.0


class Editor:
    """Corrections with their history, and what is looked at.

    Parameters
    ----------
    patient
        The patient as imported, whose volume does not change.
    found
        The discs as the import finds them.
    placed
        What was corrected before.
    """

    def __init__(self, patient: Patient, found: Mapping[Level, DiscShape], placed: Corrections) -> None:
        self.volume, self.found, self.placed = patient.volume, found, placed
        self._digest = patient.digest
        self._before: list[Corrections] = []
        self._undone: list[Corrections] = []
        self._saved = placed
        level = Level.L4_L5 if Level.L4_L5 in placed.discs else next(iter(placed.discs))
        self.view = View(level)
        self.whole = False
        self.choose_level(level)

    @property
    def patient(self) -> Patient:
        """The patient as corrected. Tissues keep the names that they were given when it was opened."""
        herniation = dict([self.placed.herniation]) if self.placed.herniation else {}
        discs = {level: replace(disc, protrusion=herniation.get(level)) for level, disc in self.placed.discs.items()}
        return Patient("scan", self.volume, discs, self.placed.strands(), self._digest)

    @property
    def handles(self) -> dict[Handle, FloatArray]:
        """The points of the level that is looked at."""
        return handles(self.placed, self.view.level)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return bool(self._undone)

    @property
    def unsaved(self) -> bool:
        """Whether something changed since it was saved or opened."""
        return self.placed is not self._saved

    def saved(self) -> None:
        """What is so now is saved."""
        self._saved = self.placed

    def choose_level(self, level: Level) -> None:
        """Look at another level, about its disc's middle.

        Raises
        ------
        InputError
            If it has no disc.
        """
        if level not in self.placed.discs:
            raise InputError(f"level {level}", "no disc was found there", ", ".join(self.placed.discs))
        middle = _point(self.placed.discs[level].patient_from_disc.translation_mm)
        chosen = Handle(Part.DISC, level)
        self.view = replace(self.view, level=level, chosen=chosen, crosshair_mm=middle, centre_mm=middle)

    def choose(self, handle: Handle) -> None:
        """Choose a point, and let the planes cross there.

        Raises
        ------
        InputError
            If it is none of this level's.
        """
        at = self._at(handle)
        seen = np.abs(at - self.view.centre_mm).max() < SEEN * self.view.field_mm
        centre = self.view.centre_mm if seen else _point(at)
        self.view = replace(self.view, chosen=handle, crosshair_mm=_point(at), centre_mm=centre)

    def cross(self, at_mm: FloatArray) -> None:
        """Let the planes cross elsewhere."""
        self.view = replace(self.view, crosshair_mm=_point(at_mm))

    def _at(self, handle: Handle) -> FloatArray:
        points = self.handles
        if handle not in points:
            raise InputError(handle.words, "no such point here", ", ".join(one.words for one in points))
        return points[handle]

    def move(self, to_mm: FloatArray, since: Corrections | None = None) -> None:
        """Move the chosen point.

        Parameters
        ----------
        to_mm
            (3,) where to, patient frame.
        since
            Where a drag began: it counts as one step from there. None for a step of its own.

        Raises
        ------
        InputError, OutOfRangeError
            If nothing is chosen, or the point cannot lie there.
        """
        if self.view.chosen is None:
            raise InputError("the page", "no point chosen", "one of the list")
        self._at(self.view.chosen)
        if since is None:
            self._step(moved(self.placed, self.view.chosen, to_mm, self.whole))
        else:
            self.placed = moved(since, self.view.chosen, to_mm, self.whole)
        self.view = replace(self.view, crosshair_mm=_point(self._at(self.view.chosen)))

    def dragged(self, since: Corrections) -> None:
        """A drag from there has ended."""
        if self.placed is not since:
            later, self.placed = self.placed, since
            self._step(later)

    def herniate(self, protrusion: Protrusion | None) -> None:
        """Give this patient a herniation at the level looked at, or none.

        Raises
        ------
        OutOfRangeError
            If its sizes are none of a herniation's.
        """
        level = self.view.level
        self._step(replace(self.placed, herniation=None if protrusion is None else (level, checked(protrusion))))
        self.choose(Handle(Part.APEX, level) if protrusion is not None else Handle(Part.DISC, level))

    def protrusion(self) -> Protrusion:
        """The herniation of the level looked at, or the one that is offered first."""
        own = self.placed.herniation
        return own[1] if own is not None and own[0] is self.view.level else NEW

    def back_to_found(self) -> None:
        """Put what is chosen back where the import puts it."""
        chosen = self.view.chosen
        if chosen is None:
            return
        if chosen.part is Part.STATION:
            paths = {name: path for name, path in self.placed.paths.items() if name != chosen.owner}
            self._step(replace(self.placed, paths=paths))
        elif chosen.part is Part.APEX:
            self.herniate(None)
        elif Level(chosen.owner) in self.found:
            level = Level(chosen.owner)
            self._step(replace(self.placed, discs={**self.placed.discs, level: self.found[level]}))
        self.choose(self.view.chosen or chosen)

    def _step(self, later: Corrections) -> None:
        later.strands()  # says what is wrong before it counts
        self._before = [*self._before, self.placed][-MOST_UNDONE:]
        self._undone = []
        self.placed = later

    def undo(self) -> None:
        """Take the last step back."""
        if self._before:
            self._undone.append(self.placed)
            self.placed = self._before.pop()
            self._keep_choice()

    def redo(self) -> None:
        """Go on again after `undo`."""
        if self._undone:
            self._before.append(self.placed)
            self.placed = self._undone.pop()
            self._keep_choice()

    def _keep_choice(self) -> None:
        if self.view.chosen in self.handles:
            self.choose(self.view.chosen)
        else:
            self.choose_level(self.view.level)

    def moved_mm(self) -> dict[Handle, float]:
        """How far each point of the level lies from where the import puts it; 0 for a herniation, which it does not."""
        laid = handles(Corrections({**self.placed.discs, **self.found}), self.view.level)
        return {
            handle: float(np.linalg.norm(at - laid[handle])) if handle in laid else 0.0
            for handle, at in self.handles.items()
        }

    def edited(self) -> frozenset[Handle]:
        """The points of the level that a person put where they are."""
        far = self.moved_mm()
        return frozenset(
            handle
            for handle in far
            if handle.part is Part.APEX
            or (handle.part is Part.STATION and handle.owner in self.placed.paths and far[handle] > UNMOVED_MM)
            or (handle.part not in {Part.APEX, Part.STATION} and far[handle] > UNMOVED_MM)
        )


def ways(patient: Patient, level: Level) -> list[tuple[str, str]]:
    """From either side, the planned way to a level in words."""
    found = []
    for side in Side:
        try:
            plan = posterolateral(patient, level, side)
        except InputError as wrong:
            found.append((side.value, f"no free way: {wrong.found}"))
            continue
        gap = millimetres(plan.clearance_mm, plan.uncertainty_mm)
        words = f"{plan.length_mm:.0f} mm at {plan.angle_from_sagittal_deg:.0f}°, {gap} from {plan.nearest}"
        found.append((side.value, words))
    return found


def gaps(patient: Patient, level: Level) -> list[tuple[str, str]]:
    """How far the nerves of a level lie from its disc with its herniation, in words; nearest first."""
    disc = patient.discs[level]
    near = sorted((_gap_mm(disc, strand), strand.name, strand.uncertainty_mm) for strand in patient.strands)
    return [(name, millimetres(gap, deviation)) for gap, name, deviation in near[:5]]


def _gap_mm(disc: DiscShape, strand: Strand) -> float:
    """From a nerve's surface to the disc's, negative where they overlap; along the disc's radius or its normal."""
    path = disc.patient_from_disc.inverse().points(strand.path_mm)
    steps = np.linspace(0.0, 1.0, 24)[:, None, None]
    points = path[:-1] + steps * (path[1:] - path[:-1])
    radii = strand.radius_mm[:-1] + steps[..., 0] * (strand.radius_mm[1:] - strand.radius_mm[:-1])
    return float((-disc.depth_inside_mm(points) - radii).min())


def _point(at_mm: FloatArray) -> tuple[float, float, float]:
    x, y, z = np.asarray(at_mm, dtype=np.float64).tolist()
    return x, y, z
