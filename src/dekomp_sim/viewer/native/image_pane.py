"""A numpy picture in a renderer of its own, renewed in place."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyvista
from vtkmodules.vtkRenderingCore import vtkImageActor

from dekomp_sim.arrays import UInt8Array

HALF: Final = 0.5


class ImagePane:
    """Shows a picture as large as it fits.

    Parameters
    ----------
    renderer
        Of the plotter's own; the mouse does nothing in it.
    """

    def __init__(self, renderer: pyvista.Renderer) -> None:
        self._renderer, self._image = renderer, pyvista.ImageData()
        self._pixels: UInt8Array = np.zeros((0, 0), dtype=np.uint8)
        self._actor = vtkImageActor()
        self._actor.InterpolateOn()
        renderer.SetInteractive(False)
        renderer.set_background("#11161d")
        renderer.AddViewProp(self._actor)
        renderer.camera.parallel_projection = True

    def show(self, picture: UInt8Array) -> None:
        """Show a picture (rows, cols) or (rows, cols, 3)."""
        rows, cols = picture.shape[:2]
        colours = np.ascontiguousarray(picture[::-1]).reshape(rows * cols, -1)
        if self._image.dimensions != (cols, rows, 1) or self._pixels.shape != colours.shape:
            self._resize(rows, cols, colours)
        else:
            self._pixels[...] = colours
            self._image.GetPointData().GetScalars().Modified()
            self._image.Modified()

    def _resize(self, rows: int, cols: int, colours: UInt8Array) -> None:
        self._image = pyvista.ImageData(dimensions=(cols, rows, 1))
        self._pixels = colours.copy()  # VTK reads this memory
        self._image.GetPointData().SetScalars(pyvista.convert_array(self._pixels, name="picture"))
        self._actor.SetInputData(self._image)
        eye, middle = self._renderer.camera, ((cols - 1) * HALF, (rows - 1) * HALF)
        eye.focal_point, eye.position, eye.up = (*middle, 0.0), (*middle, 1.0e3), (0.0, 1.0, 0.0)
        wide, high = self._renderer.GetSize()
        # the picture's height, or more where its width is what does not fit
        eye.parallel_scale = HALF * max(rows, cols * high / max(wide, 1))
        eye.clipping_range = (1.0, 2.0e3)
