"""A film's file: MP4 where an encoder is installed, else PNG frames with a list that any encoder reads."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from dekomp_sim.errors import InputError
from dekomp_sim.files import output_folder, write_png8, write_text
from dekomp_sim.files.writing import replacing
from dekomp_sim.viewer.film.reel import Held
from dekomp_sim.viewer.scene.stage import NOTICE

ENCODER: Final = "imageio_ffmpeg"
"""The library that brings ffmpeg; an extra, for it is a GPLv3 program of 165 MB."""

REMEDY: Final = "pip install 'dekomp-sim[film]' for MP4"
"""What to do where it is missing."""

LIST: Final = "frames.txt"
"""The list of PNG frames with their durations, as ffmpeg's concat demuxer reads it."""

ENCODING: Final = ("-crf", "20", "-preset", "veryfast", "-movflags", "+faststart")
"""Quality, effort, and an index at the start, so that a browser plays it at once."""

SUFFIX: Final = ".mp4"
"""Of a film in one file."""


def encoder_installed() -> bool:
    """Whether films can be encoded here."""
    return find_spec(ENCODER) is not None


def place_of(out: Path, overwrite: bool = False) -> Path:
    """Where the film will be: `out` itself, or the folder of frames beside it where no encoder is installed.

    Raises
    ------
    InputError
        If `out` ends in something else than .mp4, or exists.
    """
    if out.suffix not in {"", SUFFIX}:
        raise InputError(str(out), f"a film named {out.suffix}", "a name that ends in .mp4, or a folder for PNG frames")
    if out.suffix == SUFFIX and out.exists() and not overwrite:
        raise InputError(str(out), "a file that exists", "a new name, or --overwrite")
    if out.suffix == SUFFIX and not out.parent.is_dir():
        raise InputError(str(out.parent), "no such folder", "a folder that exists")
    return out if out.suffix == "" or encoder_installed() else out.with_name(f"{out.stem}_frames")


def write_film(reel: Iterable[Held], place: Path, fps: int) -> int:
    """Write a film; the number of its frames.

    Parameters
    ----------
    reel
        Its frames.
    place
        From `place_of`: an .mp4, or a folder.
    fps
        Frames per second.

    Raises
    ------
    InputError
        If the place cannot be written.
    """
    return _encoded(reel, place, fps) if place.suffix == SUFFIX else _as_pictures(reel, place, fps)


def _encoded(reel: Iterable[Held], path: Path, fps: int) -> int:
    with replacing(path) as beside:
        frames, sender = 0, None
        try:
            for held in reel:
                if sender is None:
                    sender = _sender(beside, held, fps)
                for _ in range(held.frames):
                    sender.send(held.picture)
                frames += held.frames
        finally:
            if sender is not None:
                sender.close()
    return frames


def _sender(path: Path, first: Held, fps: int) -> Generator[None, Any, None]:
    """ffmpeg, ready to be sent frames of the size of the first."""
    import imageio_ffmpeg  # an extra

    rows, cols = first.picture.shape[:2]
    sender: Generator[None, Any, None] = imageio_ffmpeg.write_frames(
        str(path),
        (cols, rows),
        fps=fps,
        codec="libx264",
        quality=None,
        macro_block_size=2,
        output_params=[*ENCODING, "-metadata", f"comment={NOTICE}"],
    )
    next(sender)
    return sender


def _as_pictures(reel: Iterable[Held], folder: Path, fps: int) -> int:
    frames, listed, name = 0, ["ffconcat version 1.0"], ""
    with output_folder(folder) as beside:
        for number, held in enumerate(reel, start=1):
            name = f"{number:05d}.png"
            write_png8(beside / name, held.picture)
            listed += [f"file {name}", f"duration {held.frames / fps:.6f}"]
            frames += held.frames
        write_text(beside / LIST, "\n".join([*listed, f"file {name}", ""]))
    return frames
