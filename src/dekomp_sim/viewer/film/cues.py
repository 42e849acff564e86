"""The script of a film: for each step of a case how long it is on screen, what moves, what is written. Pure data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import numpy as np

from dekomp_sim.arrays import unit
from dekomp_sim.debrief.steps import asked, told
from dekomp_sim.geometry import CArm
from dekomp_sim.instruments import Placement
from dekomp_sim.procedure.actions import Action, Expose
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.events import Event, Severity
from dekomp_sim.procedure.records import Exposure
from dekomp_sim.viewer.practice.moments import Moment, cases_of
from dekomp_sim.viewer.scene.cameras import View

READ_PER_S: Final = 17.0
"""Letters a viewer reads in a second (subtitling guides: 15 to 20)."""

LEAST_S: Final = 0.8
"""Shortest time a step is on screen. Assumption: time to look at it."""

MOST_S: Final = 7.0
"""Longest time a caption is on screen (subtitling guides: 6 to 7 s)."""

GLIDE_MM_S: Final = 40.0
"""Speed of an instrument on film, faster than any hand. Assumption."""

TURN_DEG_S: Final = 60.0
"""Speed of the C-arm on film. Assumption."""

GLIDE_S: Final = (0.4, 2.0)
"""Shortest and longest a movement is on screen."""

BEAM_S: Final = (0.8, 3.0)
"""Shortest and longest a pressed pedal is on screen."""

NEAR_MM: Final = 45.0
"""A tip this near to the treated disc's centre is looked at from near."""


@dataclass(frozen=True, slots=True, eq=False)
class Cue:
    """One step on screen.

    Parameters
    ----------
    number
        Of the step, from 1.
    action
        What was done.
    before, later
        The case before and after it.
    glide_s
        How long things move from where they were to where they are; 0 where nothing does.
    exposures
        Those of the step, whose pulses are shown after that.
    beam_s
        How long the beam of each is on.
    still_s
        How long the end stays on screen.
    """

    number: int
    action: Action
    before: Case
    later: Case
    glide_s: float
    exposures: tuple[Exposure, ...]
    beam_s: float
    still_s: float

    @property
    def words(self) -> str:
        """What was done, as a sentence."""
        return asked(self.action)

    @property
    def events(self) -> tuple[Event, ...]:
        """What came of it."""
        return self.later.events[len(self.before.events) :]

    @property
    def lines(self) -> tuple[tuple[str, Severity], ...]:
        """What is noted, said and felt, each with how grave it is."""
        return (*_noted(self.action), *((told(event), event.severity) for event in self.events))

    @property
    def seconds(self) -> float:
        """How long it is on screen in all."""
        return self.glide_s + self.beam_s * len(self.exposures) + self.still_s

    def gliding(self, share: float) -> Case:
        """The case for the eye on the way from before to later; 1 is later itself."""
        return self.later if share >= 1.0 else between(self.before, self.later, share)


def cues(moments: Iterable[Moment]) -> Iterator[Cue]:
    """The script of the moments of a case, in order; time that merely passed is left out."""
    known = tuple(moments)
    for (_, moment), (before, later) in zip(pairwise(known), pairwise(cases_of(known)), strict=True):
        if moment.action is not None and not moment.idle:
            yield cue(moment.number, moment.action, before, later)


def cue(number: int, action: Action, before: Case, later: Case) -> Cue:
    """One step's part of the script."""
    exposures = later.exposures[len(before.exposures) :]
    beam_s = float(np.clip(max((one.seconds for one in exposures), default=0.0), *BEAM_S)) if exposures else 0.0
    silent = Cue(number, action, before, later, _glide_s(before, later), exposures, beam_s, LEAST_S)
    letters = len(silent.words) + sum(len(words) for words, _ in silent.lines)
    return replace(silent, still_s=float(np.clip(letters / READ_PER_S, LEAST_S, MOST_S)))


def _noted(action: Action) -> tuple[tuple[str, Severity], ...]:
    """What the operator noted with an exposure."""
    return ((action.note, Severity.INFO),) if isinstance(action, Expose) and action.note else ()


def _glide_s(before: Case, later: Case) -> float:
    """How long it takes to show the longest of the movements; 0 where nothing moved."""
    way_mm = max((_way_mm(before, later, key) for key in {**before.placements, **later.placements}), default=0.0)
    longest_s = max(way_mm / GLIDE_MM_S, _turn_deg(before.carm, later.carm) / TURN_DEG_S)
    return float(np.clip(longest_s, *GLIDE_S)) if longest_s > 0.0 else 0.0


def _way_mm(before: Case, later: Case, key: str) -> float:
    old, now = before.placements.get(key), later.placements.get(key)
    if now is None:
        return 0.0 if old is None else max(old.depth_mm, 0.0)
    if old is None:
        old = _begun(now, later)
    return float(np.linalg.norm(now.tip_mm - old.tip_mm))


def _turn_deg(before: CArm | None, later: CArm | None) -> float:
    if before is None or later is None or before is later:
        return 0.0
    return float(np.hypot(_around(before, later), later.secondary_deg - before.secondary_deg))


def _around(before: CArm, later: CArm) -> float:
    """By how much the primary angle turned, the shorter way."""
    return (later.primary_deg - before.primary_deg + 180.0) % 360.0 - 180.0


def _begun(now: Placement, later: Case) -> Placement:
    """Where an instrument that has come in began: with its tip at that of what guides it, or at the skin."""
    outer = later.nest.get(now.instrument.key)
    start_mm = later.placements[outer].depth_mm if outer is not None and outer in later.placements else 0.0
    return now.at_depth(min(now.depth_mm, start_mm))


def between(before: Case, later: Case, share: float) -> Case:
    """What the eye sees on the way from one case to the next: instruments and C-arm in between, the rest as before."""
    return replace(
        before,
        placements=_placements_between(before, later, share),
        nest={**before.nest, **later.nest},
        carm=_carm_between(before.carm, later.carm, share),
        controls=later.controls,
    )


def _placements_between(before: Case, later: Case, share: float) -> Mapping[str, Placement]:
    moving = {}
    for key in {**before.placements, **later.placements}:
        old, now = before.placements.get(key), later.placements.get(key)
        if old is None and now is not None:
            old = _begun(now, later)
        if old is not None:
            moving[key] = _out(old, share) if now is None else _placed_between(old, now, share)
    return MappingProxyType(moving)


def _out(old: Placement, share: float) -> Placement:
    return old if old.depth_mm <= 0.0 else replace(old, depth_mm=old.depth_mm * (1.0 - share))


def _placed_between(old: Placement, now: Placement, share: float) -> Placement:
    depth_mm = old.depth_mm + share * (now.depth_mm - old.depth_mm)
    if np.array_equal(old.direction, now.direction) and np.array_equal(old.entry_mm, now.entry_mm):
        return replace(now if now.depth_mm >= old.depth_mm else old, depth_mm=depth_mm)
    direction = unit((1.0 - share) * old.direction + share * now.direction)
    entry = (1.0 - share) * old.entry_mm + share * now.entry_mm
    return replace(now, entry_mm=entry, direction=direction, depth_mm=depth_mm)


def _carm_between(before: CArm | None, later: CArm | None, share: float) -> CArm | None:
    if before is None or later is None or before is later:
        return later
    return replace(
        later,
        primary_deg=before.primary_deg + share * _around(before, later),
        secondary_deg=before.secondary_deg + share * (later.secondary_deg - before.secondary_deg),
    )


def fitting(case: Case) -> View:
    """From where a moment is looked at unless somebody chose: the room, until a tip is near the disc."""
    centre = case.shape.patient_from_disc.translation_mm
    tips = [placement.tip_mm for placement in case.placements.values()]
    if any(float(np.linalg.norm(tip - centre)) < NEAR_MM for tip in tips):
        return View.CLOSE_UP
    return View.OVERVIEW if tips else View.ROOM
