"""One fluoroscopy screen: frames as they come, what stays when the pedal is let go, and how the console shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dekomp_sim.anatomy import Patient
from dekomp_sim.arrays import Float32Array, FloatArray, UInt8Array, frozen, sealed, unit
from dekomp_sim.imaging.console.display import annotated, positioner_words
from dekomp_sim.imaging.console.processing import (
    HELD_FRAMES,
    SUBTRACTED_RANGE,
    Console,
    Window,
    last_image_hold,
    on_detector,
    on_screen,
    peak_opacity,
    road_mapped,
    subtracted,
)
from dekomp_sim.imaging.fluoroscope import FRAME_S, Fluoroscope, Shot, Trail
from dekomp_sim.procedure.records import Exposure

RECURSION: Final = 0.35
"""Assumption: share of the past in the time filter while pulsing: noise falls to 0.69 and a moved needle's tail is
below a tenth after two frames. Consoles offer several strengths and publish none."""

DARK_PX: Final = 512
"""Rows and columns of the dark screen before the first picture."""


class Showing(StrEnum):
    """What of a frame is on the screen."""

    PLAIN = "plain"
    SUBTRACTED = "subtracted"
    ROAD_MAP = "road_map"


@dataclass(frozen=True, slots=True)
class Settings:
    """How the live screen is set; changing it changes no exposure and no record.

    Parameters
    ----------
    console
        Look-up table, edges, time filter, contrast, brightness, inversion, flip and turn.
    showing
        The frame, what has changed since the mask was taken, or the road map.
    """

    console: Console = field(default_factory=lambda: Console(recursion=RECURSION))
    showing: Showing = Showing.PLAIN


@dataclass(frozen=True, slots=True, eq=False)
class Ray:
    """A line of sight in the patient frame.

    Parameters
    ----------
    source_mm
        (3,) the focus.
    direction
        (3,) unit vector toward the detector.
    """

    source_mm: FloatArray
    direction: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "source_mm", frozen(self.source_mm, (3,)))
        object.__setattr__(self, "direction", unit(self.direction))

    def nearest_to(self, point_mm: ArrayLike) -> FloatArray:
        """(3,) its point nearest to a point (3,): where a click lies at the depth of something known."""
        along = (np.asarray(point_mm, dtype=np.float64) - self.source_mm) @ self.direction
        return np.asarray(self.source_mm + along * self.direction)


@dataclass(frozen=True, slots=True, eq=False)
class _Mask:
    """What is subtracted, how the C-arm stood when it was taken, and the contrast seen since."""

    stand: tuple[object, ...]
    log_signal: Float32Array
    peak: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What the screen shows: the last frames of one pose, oldest first, before the console's look."""

    frames: tuple[Float32Array, ...]
    window: Window
    shot: Shot
    exposure: Exposure
    trail: Trail
    live: bool

    @property
    def log_signal(self) -> Float32Array:
        """The live frame; held, the mean of the last ones of the run."""
        return self.frames[-1] if self.live else last_image_hold(self.frames)


class Monitor:
    """One plane's screen.

    `frame` belongs to one worker thread, everything else to any: what is shown is never half done, a knob turned while
    a frame is computed counts for that frame, and an older picture never takes the place of a newer one.

    Parameters
    ----------
    patient
        Who lies in the beam. Nothing is computed before the first frame.
    threads
        Worker threads of the X-ray engine; pictures do not depend on their number.
    """

    def __init__(self, patient: Patient, threads: int | None = None) -> None:
        self._scope = Fluoroscope(patient, threads)
        self._lock = Lock()
        self._settings = Settings()
        self._seen: _Seen | None = None
        self._mask: _Mask | None = None
        self._image: UInt8Array | None = None

    @property
    def image(self) -> UInt8Array | None:
        """What is on the screen (rows, cols); None before the first picture."""
        return self._image

    @property
    def exposure(self) -> Exposure | None:
        """The exposure that is on the screen."""
        return None if self._seen is None else self._seen.exposure

    @property
    def settings(self) -> Settings:
        """How it is set."""
        return self._settings

    def frame(self, shot: Shot, exposure: Exposure, number: int) -> UInt8Array:
        """Compute and show the picture of pulse `number`, from 0, of an exposure.

        Until `hold` says that the pedal was let go, the next exposure belongs to the same run.
        """
        before = self._seen
        goes_on = before is not None and _goes_on(before, exposure, number)
        same_pose = before is not None and _stand(before.exposure, before.shot) == _stand(exposure, shot)
        trail = _trail(before, exposure, goes_on, same_pose)
        elapsed_s = 1.0 / exposure.pulses_per_s if exposure.pulses_per_s else FRAME_S
        taken = self._scope.frame(shot, self._settings.console, trail, elapsed_s)
        run = before.frames if before is not None and goes_on and same_pose else ()
        frames = (*run[1 - HELD_FRAMES :], taken.filtered)
        seen = _Seen(frames, taken.window, shot, exposure, taken.trail, live=True)
        self._mask = self._with_contrast(seen)
        return self._shown(lambda _: seen)

    def hold(self) -> UInt8Array | None:
        """The pedal is let go: the last frames' mean stays on the screen; None where nothing was taken yet."""
        return None if self._seen is None else self._shown(lambda now: replace(now, live=False))

    def set(self, settings: Settings) -> UInt8Array | None:
        """Set it; what is on it changes at once. The new picture, or None where there is none."""
        self._settings = settings
        return None if self._seen is None else self._shown(lambda now: now)

    def take_mask(self) -> bool:
        """Take the last image as the mask that is subtracted; whether there was one."""
        seen = self._seen
        if seen is None:
            return False
        log_signal = last_image_hold(seen.frames)
        stand = _stand(seen.exposure, seen.shot)
        self._mask = _Mask(stand, log_signal, sealed(np.zeros_like(log_signal)))
        return True

    def point_of(self, x: float, y: float) -> Ray | None:
        """The line of sight at a pixel of the picture (x to the right, y down, (0, 0) the first one's centre); None
        before the first picture.
        """
        seen = self._seen
        if seen is None:
            return None
        panel, carm = seen.shot.detector, seen.shot.carm
        col, row = on_detector((panel.rows, panel.cols), self._settings.console, x, y)
        right = (col - (panel.cols - 1) / 2.0) * panel.pixel_mm
        up = ((panel.rows - 1) / 2.0 - row) * panel.pixel_mm
        place = carm.detector_centre_mm + right * carm.image_right + up * carm.image_up
        return Ray(carm.source_mm, place - carm.source_mm)

    def pixel_of(self, point_mm: ArrayLike) -> tuple[float, float] | None:
        """(x, y) where a point (3,) of the patient is seen in the picture; None before the first one."""
        seen = self._seen
        if seen is None:
            return None
        panel = seen.shot.detector
        row, col = seen.shot.carm.pixel_of(np.asarray(point_mm, dtype=np.float64), panel).tolist()
        return on_screen((panel.rows, panel.cols), self._settings.console, col, row)

    def _with_contrast(self, seen: _Seen) -> _Mask | None:
        """The mask with the contrast of one more subtracted frame."""
        mask = self._mask
        if mask is None or self._settings.showing is not Showing.SUBTRACTED or not _fits(mask, seen):
            return mask
        peak = np.minimum(mask.peak, peak_opacity((seen.log_signal,), mask.log_signal))
        return replace(mask, peak=sealed(peak))

    def _shown(self, of: Callable[[_Seen], _Seen]) -> UInt8Array:
        """Put on the screen what `of` makes of what is on it, as the knobs stand when it is done."""
        while True:
            settings, mask, now = self._settings, self._mask, self._seen
            seen = of(now)  # type: ignore[arg-type]  # the first frame makes nothing of it
            image = sealed(self._developed(seen, settings, mask))
            with self._lock:
                if self._settings is settings and self._seen is now:
                    self._seen, self._image = seen, image
                    return image

    def _developed(self, seen: _Seen, settings: Settings, mask: _Mask | None) -> UInt8Array:
        console, log_signal, window = settings.console, seen.log_signal, seen.window
        if settings.showing is not Showing.PLAIN and mask is not None and _fits(mask, seen):
            window, console = Window.about(log_signal.shape, SUBTRACTED_RANGE), replace(console, edge_gain=0.0)
            if settings.showing is Showing.SUBTRACTED:
                log_signal = subtracted(log_signal, mask.log_signal)
            else:
                log_signal = road_mapped(log_signal, mask.log_signal, mask.peak)
        plain = self._scope.developed(log_signal, window, console, seen.shot.shutter)
        return eight_bits(annotated(plain, seen.shot.carm, _lines(seen, settings, mask), console))


@lru_cache(maxsize=8)
def dark(words: str = "NO IMAGE", size_px: int = DARK_PX) -> UInt8Array:
    """The screen (size, size) before there is a picture."""
    return eight_bits(annotated(np.full((size_px, size_px), 0x0C0C, dtype=np.uint16), None, (words,)))


def eight_bits(picture: NDArray[np.uint16]) -> UInt8Array:
    """A 16-bit picture for a screen or a JPEG."""
    return sealed((picture >> 8).astype(np.uint8))


def _trail(before: _Seen | None, exposure: Exposure, goes_on: bool, same_pose: bool) -> Trail | None:
    """What the frame before leaves: nothing for a spot; where the C-arm has moved, the panel's lag alone."""
    if exposure.spot:
        return None
    if before is None or not goes_on:
        return Trail()
    return before.trail if same_pose else replace(before.trail, filtered=None)


def _fits(mask: _Mask, seen: _Seen) -> bool:
    return mask.stand == _stand(seen.exposure, seen.shot)


def _goes_on(before: _Seen, exposure: Exposure, number: int) -> bool:
    """Whether a pulse follows on what is on the screen while the pedal is held."""
    if not before.live or exposure.spot or before.exposure.spot:
        return False
    ahead = exposure.index - before.exposure.index
    return (ahead == 0 and number > 0) or (ahead > 0 and number == 0)


def _stand(exposure: Exposure, shot: Shot) -> tuple[object, ...]:
    """How C-arm and table stand, whatever the patient's breath does to the pose meanwhile; and the pixels."""
    carm = exposure.carm
    distances = (carm.source_to_isocentre_mm, carm.source_to_detector_mm)
    return (carm.primary_deg, carm.secondary_deg, *np.asarray(carm.isocentre_mm).tolist(), distances, shot.detector)


def _lines(seen: _Seen, settings: Settings, mask: _Mask | None) -> Sequence[str]:
    exposure = seen.exposure
    technique = f"{seen.shot.technique.beam.kv:.0f} kV  {exposure.ma:.1f} mA  {exposure.pulse_ms:.1f} ms"
    state = "SPOT" if exposure.spot else "LIVE" if seen.live else "LAST IMAGE HOLD"
    lines = [f"No. {exposure.index + 1}  {state}", positioner_words(seen.shot.carm), technique]
    if settings.showing is not Showing.PLAIN:
        there = mask is not None and _fits(mask, seen)
        lines.append(settings.showing.replace("_", " ").upper() if there else "NO MASK FOR THIS VIEW")
    return lines
