"""The 3D pane: a case kept on a plotter, redrawn in place as it goes on, and read back as a picture."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyvista
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

from dekomp_sim.arrays import UInt8Array
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.scene.cameras import Camera, Orbit, View, camera
from dekomp_sim.viewer.scene.of_case import scene_of
from dekomp_sim.viewer.scene.parts import Part, Scene
from dekomp_sim.viewer.scene.stage import Stage
from dekomp_sim.viewer.scene.visibility import Visibility, opens, shown

FOLLOWING: Final = frozenset({View.NEEDLE})
"""Points of view that go with the instruments; the others stay where they were put, or where the mouse took them."""


class Room3D:
    """One renderer of a plotter that shows a case.

    Parameters
    ----------
    plotter
        Made, rendered and closed by the caller, all in one thread; without multisampling (`snapshot.plotter_of`).
    key
        Whether the colours are explained in the picture.
    """

    def __init__(self, plotter: pyvista.Plotter, key: bool = True) -> None:
        self.plotter, self.key = plotter, key
        self.stage = Stage(plotter)
        self._view: View | Orbit | None = None
        self._scene: Scene | None = None

    def sync(self, case: Case, view: View | Orbit, visibility: Visibility, beam: bool = False) -> None:
        """Show a case; nothing is rendered yet.

        Parameters
        ----------
        case
            The moment.
        view
            From where. The camera is moved where this changes, so that what the mouse did stays.
        visibility
            What is shown, ghosted and hidden: `visibility.PRACTICE`, `EXAM`, `DEBRIEF` or a mapping of one's own.
        beam
            Whether X-rays are on.
        """
        scene = scene_of(case, beam)
        parts = shown(scene, visibility)
        eye = camera(scene, view)
        self.stage.cut(eye.cuts if opens(visibility) else ())
        self.stage.show(parts)
        if view != self._view or view in FOLLOWING:
            self.look(eye)
        self.stage.annotate(scene.caption(opens(visibility)), parts if self.key else ())
        self._view, self._scene = view, scene

    @property
    def parts(self) -> tuple[Part, ...]:
        """What is drawn now."""
        return self.stage.parts

    def look(self, eye: Camera) -> None:
        """Put the camera somewhere."""
        self.stage.look(eye)

    def again(self) -> None:
        """Back to the point of view that was asked for, whatever the mouse did since."""
        if self._scene is not None and self._view is not None:
            self.look(camera(self._scene, self._view))

    def picture(self) -> UInt8Array:
        """Render, and read the picture back: (rows, cols, 3)."""
        self.stage.renderer.ResetCameraClippingRange()
        return rendered(self.plotter)


def rendered(plotter: pyvista.Plotter) -> UInt8Array:
    """Render a plotter's window and read it back: (rows, cols, 3), the upper row first."""
    window: Any = plotter.render_window
    window.Render()
    cols, rows = window.GetSize()
    read = vtkUnsignedCharArray()
    window.GetPixelData(0, 0, cols - 1, rows - 1, 0, read, 0)
    return np.ascontiguousarray(pyvista.convert_array(read).reshape(rows, cols, 3)[::-1])
