"""The way of the needle in the disc: two sections of it, with nerves and vessels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Patch

from dekomp_sim.anatomy import DiscShape
from dekomp_sim.arrays import FloatArray, unit
from dekomp_sim.debrief.plots.look import INK, NUCLEUS, QUIET, STROKES, STYLE, WIDTH_IN, Plot, svg_text
from dekomp_sim.debrief.steps import spoken
from dekomp_sim.debrief.track import CRITICAL
from dekomp_sim.procedure.case import Case

NERVE: Final = "#f2d58a"
"""Nerves and vessels in the disc's picture."""

FIELD_MM: Final = 60.0
"""Distance from the disc's centre beyond which they are not drawn, mm."""


def needle_way(cases: Sequence[Case]) -> Plot:
    """Two sections of the treated disc through the planned target, with the nerves in them and each needle's way."""
    case = cases[-1]
    target, inward = _planned(case)
    to_skin = unit([-inward[0], -inward[1], 0.0])
    level = _Section(np.array([0.0, 0.0, target[2]]), np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    along = _Section(target, to_skin, np.array([0.0, 0.0, 1.0]))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, 4.6))
        above, beside = figure.add_axes((0.085, 0.23, 0.38, 0.7)), figure.add_axes((0.565, 0.23, 0.38, 0.7))
        for axes, section in ((above, level), (beside, along)):
            _disc(axes, case.shape, section)
            _strands(axes, case, section)
            _needles(axes, cases, section)
            axes.set_aspect("equal")
        above.set(xlim=(-35.0, 35.0), ylim=(42.0, -30.0), title="Across, seen from the feet")
        above.set_xlabel("right — mm — left")
        above.set_ylabel("front — mm — back")
        beside.set(xlim=(-30.0, 40.0), ylim=(-36.0, 36.0), title="Along the planned needle")
        beside.set_xlabel("deeper — mm from the target — to the skin")
        beside.set_ylabel("feet — mm — head")
        handles, labels = above.get_legend_handles_labels()
        figure.legend(
            [*handles, Patch(color=NERVE), Patch(color=NUCLEUS)], [*labels, "nerves and vessels", "nucleus"],
            loc="lower center", ncols=4,
        )  # fmt: skip
        svg = svg_text(figure)
    alt = (
        "Two sections of the treated disc through the planned target, across and along the planned needle: nucleus, "
        "nerves and vessels, the planned way and each needle's way."
    )
    return Plot("The way in the disc", svg, alt)


@dataclass(frozen=True, slots=True, eq=False)
class _Section:
    """A plane in the disc's frame: a point (3,) of it, and its unit vectors (3,) to the right and up."""

    origin: FloatArray
    right: FloatArray
    up: FloatArray

    def points(self, right: FloatArray, up: FloatArray) -> FloatArray:
        """(..., 3) points of the disc's frame at coordinates (...) in the plane."""
        return np.asarray(self.origin + right[..., None] * self.right + up[..., None] * self.up)

    def seen(self, points: FloatArray) -> FloatArray:
        """(..., 3) right, up and distance from the plane of points (..., 3) of the disc's frame."""
        axes = np.stack([self.right, self.up, np.cross(self.right, self.up)])
        return np.asarray((points - self.origin) @ axes.T)


def _planned(case: Case) -> tuple[FloatArray, FloatArray]:
    """The planned target and the inward direction (3,) in the disc's frame."""
    disc_from_patient = case.shape.patient_from_disc.inverse()
    return disc_from_patient.points(case.plan.target_mm), disc_from_patient.directions(case.plan.direction)


def _disc(axes: Axes, shape: DiscShape, section: _Section) -> None:
    """Outline of the disc and its nucleus in a section."""
    one, other = np.linspace(-45.0, 45.0, 151), np.linspace(-35.0, 35.0, 151)
    right, up = np.meshgrid(one, other)
    points = section.points(right, up)
    inside = shape.depth_inside_mm(points)
    nucleus = np.where(inside > 0.0, shape.nucleus_rim(points), 2.0)
    axes.contourf(one, other, inside, levels=[0.0, 1e3], colors=["#eceff3"])
    axes.contour(one, other, inside, levels=[0.0], colors=[QUIET], linewidths=1.2)
    axes.contourf(one, other, nucleus, levels=[0.0, 1.0], colors=[NUCLEUS])


def _strands(axes: Axes, case: Case, section: _Section) -> None:
    """Nerves and vessels cut by a section, each as the circles its balls leave in the plane."""
    disc_from_patient = case.shape.patient_from_disc.inverse()
    for strand in case.patient.strands:
        if strand.structure in CRITICAL:
            path, radius = _resampled(disc_from_patient.points(strand.path_mm), strand.radius_mm)
            right, up, off = section.seen(path).T
            cut = np.sqrt(np.maximum(radius**2 - off**2, 0.0))
            near = (cut > 0.0) & (np.hypot(right, up) < FIELD_MM)
            balls = [Circle((x, y), r) for x, y, r in zip(right[near], up[near], cut[near], strict=True)]
            axes.add_collection(PatchCollection(balls, facecolor=NERVE, edgecolor="none", zorder=1.5))


def _resampled(path: FloatArray, radius: FloatArray, step_mm: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """A polyline (n, 3) and its radii at about every `step_mm`."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    at = np.linspace(0.0, along[-1], max(2, int(along[-1] / step_mm) + 1))
    return np.stack([np.interp(at, along, part) for part in path.T], axis=-1), np.interp(at, along, radius)


def _needles(axes: Axes, cases: Sequence[Case], section: _Section) -> None:
    case = cases[-1]
    disc_from_patient = case.shape.patient_from_disc.inverse()

    def seen(*points: FloatArray) -> FloatArray:
        return section.seen(disc_from_patient.points(np.stack(points)))[:, :2].T

    axes.plot(
        *seen(case.plan.entry_mm, case.plan.target_mm), color=INK, linewidth=1.0, linestyle=(0, (5, 3)), label="planned"
    )
    axes.plot(*seen(case.plan.target_mm), "+", color=INK, markersize=9, label="target", zorder=5)
    for key, width in (
        ("trocar_cannula", 5.0),
        ("probe", 2.6),
        ("discography_needle", 1.2),
        ("fine_discography_needle", 0.8),
    ):
        lain = [one.placements[key] for one in cases if key in one.placements]
        if lain:
            deepest = max(lain, key=lambda placement: placement.depth_mm)
            colour, dashes = STROKES[key]
            way = seen(*deepest.axis_mm())
            axes.plot(*way, color=colour, linestyle=dashes, linewidth=width, label=spoken(key), solid_capstyle="butt")
