"""A scene is a tuple of named parts, each a form and a look."""

from __future__ import annotations

from dataclasses import dataclass

from dekomp_sim.anatomy import DiscShape, Side
from dekomp_sim.viewer.scene.forms import Form
from dekomp_sim.viewer.scene.palette import Layer, Look


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
    """

    name: str
    form: Form
    look: Look


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What there is to see at one moment of a case.

    Parameters
    ----------
    parts
        Everything, in the order of drawing: what is translucent comes after what it encloses.
    treated
        The disc around which the cameras are placed.
    side
        The side of the approach.
    caption
        What is shown; a semicolon ends a line.
    """

    parts: tuple[Part, ...]
    treated: DiscShape
    side: Side
    caption: str

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

    def without(self, hidden: frozenset[Layer]) -> tuple[Part, ...]:
        """The parts that are not on a hidden layer."""
        return tuple(part for part in self.parts if part.look.layer not in hidden)
