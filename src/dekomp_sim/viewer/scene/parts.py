"""A scene is a tuple of named parts, each a form and a look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dekomp_sim.anatomy import DiscShape, Side
from dekomp_sim.arrays import FloatArray
from dekomp_sim.geometry import Rigid
from dekomp_sim.viewer.scene.forms import Form
from dekomp_sim.viewer.scene.palette import Look

IN_PLACE: Final = Rigid.identity()
"""Of a form that is given in the patient frame already."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One thing to draw; whoever redraws a scene leaves alone a part that is the same object as before.

    Parameters
    ----------
    name
        Its own within a scene: "left L4 exiting root".
    form
        What it is.
    look
        What it looks like.
    patient_from_form
        Where it is: what only moves keeps its form, and with it its triangles.
    """

    name: str
    form: Form
    look: Look
    patient_from_form: Rigid = IN_PLACE


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What there is to see at one moment of a case.

    Parameters
    ----------
    parts
        Everything; what encloses comes after what it encloses. `visibility.shown` chooses and orders them.
    treated
        The disc around which the cameras are placed.
    side
        The side of the approach.
    outside, inside
        What an eye in the room may know, and what only the opened body tells, in words; a semicolon ends a line.
    axis
        (3,) a point and (3,) the inward direction along which the needle's own view looks, patient frame.
    """

    parts: tuple[Part, ...]
    treated: DiscShape
    side: Side
    outside: str
    inside: str
    axis: tuple[FloatArray, FloatArray]

    def part(self, name: str) -> Part:
        """The part of that name.

        Raises
        ------
        KeyError
            If there is none.
        """
        found = [part for part in self.parts if part.name == name]
        if not found:
            raise KeyError(f"{name}; this scene has {', '.join(part.name for part in self.parts)}")
        return found[0]

    def caption(self, opened: bool = True) -> str:
        """Where and when, and where the body may be seen into, what was taken out of the disc."""
        return f"{self.outside}, {self.inside}" if opened else self.outside
