"""The X-ray engine side by side with RTK's Joseph projector in the same process: speed as ratios, error as mm.

Run `make bench`, or `python benchmarks/xray.py --json FILE`. These machines are noisy: medians and ratios are printed,
nothing is asserted. The work: 512 x 512 rays through 512 x 512 x 400 voxels of 0.7 x 0.7 x 0.8 mm; focus to detector
1020 mm, focus to isocentre 600 mm, pixels of 0.6 mm; the volume is the built-in patient with the air around it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dekomp_sim.anatomy import DiscShape, Level, Volume
from dekomp_sim.disc import Disc, inject, voxelise
from dekomp_sim.files import phantom_patient, shipped
from dekomp_sim.geometry import Affine, CArm, Detector, Rigid, Rod, Tube
from dekomp_sim.imaging.fluoroscope import Fluoroscope, Shot
from dekomp_sim.imaging.projection.projector import Projector
from dekomp_sim.imaging.projection.shadow import shadows
from dekomp_sim.imaging.radiation.dose import Technique
from dekomp_sim.matter import Beam

SIZE, SPACING_MM = (512, 512, 400), (0.7, 0.7, 0.8)
CENTRE_MM, RADIUS_MM = np.array([3.3, -2.1, 4.7]), 60.0
VIEWS = {"ap": 0.0, "oblique35": 35.0}
"""RTK's gantry angle of each view; its y is the patient's z and its +z the patient's back: primary is its minus."""


def median_s(work: Callable[[], Any], repeats: int) -> float:
    """Median seconds of `repeats` runs after one that warms up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def ball(size: tuple[int, int, int], spacing: tuple[float, float, float], centre: np.ndarray) -> np.ndarray:
    """Ball of 1000 counts on a centred grid [k, j, i]; voxels at its surface are the mean of 4 x 4 x 4 points."""
    axes = [(np.arange(n) - (n - 1) / 2) * s - c for n, s, c in zip(size, spacing, centre, strict=True)]
    fine = [(np.arange(4) + 0.5) / 4 - 0.5 for _ in range(3)]
    x, y, z = axes
    counts = np.zeros(size[::-1], dtype=np.int16)
    offsets = np.stack(np.meshgrid(*[f * s for f, s in zip(fine, spacing, strict=True)]), axis=-1).reshape(-1, 3)
    for k, depth in enumerate(z):
        if abs(depth) > RADIUS_MM + 1:
            continue
        off = np.sqrt(depth**2 + y[:, None] ** 2 + x[None, :] ** 2)
        counts[k] = np.where(off < RADIUS_MM, 1000, 0)
        near = np.argwhere(np.abs(off - RADIUS_MM) < 0.8)
        points = np.stack([x[near[:, 1]], y[near[:, 0]], np.full(len(near), depth)], axis=-1)[:, None] + offsets
        counts[k, near[:, 0], near[:, 1]] = np.rint(1000 * (np.linalg.norm(points, axis=-1) < RADIUS_MM).mean(axis=1))
    return counts


def lumbar_like() -> np.ndarray:
    """The built-in patient on the benchmark's grid, nearest voxel, centred on the L4-L5 disc."""
    patient = phantom_patient(shipped("phantoms", "lumbar_reference"))
    axes = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(SIZE, SPACING_MM, strict=True)]
    places = [patient.volume.patient_from_index.indices(np.eye(3) * axis[:, None, None]) for axis in axes]
    picked = [np.rint(place[:, n, n]).astype(int) for n, place in enumerate(places)]
    inside = [(index >= 0) & (index < size) for index, size in zip(picked, patient.volume.size, strict=True)]
    i, j, k = (np.where(there, index, 0) for there, index in zip(inside, picked, strict=True))
    hu = patient.volume.hu[np.ix_(k, j, i)].copy()
    hu[~inside[2]], hu[:, ~inside[1]], hu[:, :, ~inside[0]] = -1000, -1000, -1000
    return hu


def chord_mm(source: np.ndarray, pixels: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chord in the ball and distance from its centre of each ray."""
    ray = pixels - source
    ray = ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    towards = centre - source
    off2 = towards @ towards - (ray @ towards) ** 2
    return 2 * np.sqrt(np.clip(RADIUS_MM**2 - off2, 0, None)), np.sqrt(off2)


def errors_mm(got: np.ndarray, chord: np.ndarray, off: np.ndarray) -> tuple[float, float]:
    """RMS error inside 0.9 of the radius, and between 0.9 and 1.1 of it."""
    inside, edge = off < 0.9 * RADIUS_MM, (off > 0.9 * RADIUS_MM) & (off < 1.1 * RADIUS_MM)
    return tuple(float(np.sqrt(np.mean((got - chord)[where] ** 2))) for where in (inside, edge))  # type: ignore[return-value]


def rtk_projector(values: np.ndarray, spacing: tuple[float, float, float]) -> Callable[[float], np.ndarray]:
    """RTK's JosephForwardProjectionImageFilter on two threads; raises ImportError where itk-rtk is not installed."""
    import itk
    from itk import RTK

    itk.MultiThreaderBase.SetGlobalDefaultNumberOfThreads(2)
    image_type = itk.Image[itk.F, 3]
    volume = itk.image_from_array(np.ascontiguousarray(values, dtype=np.float32))
    volume.SetSpacing(spacing)
    volume.SetOrigin([-(n - 1) / 2 * s for n, s in zip(values.shape[::-1], spacing, strict=True)])

    def project(angle_deg: float) -> np.ndarray:
        geometry = RTK.ThreeDCircularProjectionGeometry.New()
        geometry.AddProjection(600.0, 1020.0, angle_deg)
        blank = RTK.ConstantImageSource[image_type].New()
        blank.SetOrigin([-255.5 * 0.6, -255.5 * 0.6, 0.0])
        blank.SetSpacing([0.6, 0.6, 1.0])
        blank.SetSize([512, 512, 1])
        joseph = RTK.JosephForwardProjectionImageFilter[image_type, image_type].New()
        joseph.SetGeometry(geometry)
        joseph.SetInput(blank.GetOutput())
        joseph.SetInput(1, volume)
        joseph.Update()
        return np.asarray(itk.array_from_image(joseph.GetOutput()))[0]

    return project


def rtk_chord(angle_deg: float, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chords in RTK's frame: y is the axis of rotation, the source starts on +z and turns toward +x."""
    turn = np.radians(angle_deg)
    axis = np.array([np.sin(turn), 0.0, np.cos(turn)])
    across = np.array([np.cos(turn), 0.0, -np.sin(turn)])
    source = 600.0 * axis
    place = (np.arange(512) - 255.5) * 0.6
    pixels = source - 1020.0 * axis + place[None, :, None] * across + place[:, None, None] * np.array([0.0, 1.0, 0.0])
    return chord_mm(source, pixels, centre)


def against_rtk(result: dict[str, Any], repeats: int) -> None:
    """Time and error of both projectors on the ball and on a full volume; runs alternate, so noise meets both."""
    affine = Affine.from_spacing(SPACING_MM, [-(n - 1) / 2 * s for n, s in zip(SIZE, SPACING_MM, strict=True)])
    counts = ball(SIZE, SPACING_MM, CENTRE_MM)
    ours = Projector(counts, affine)
    detector = Detector()
    for name, angle in VIEWS.items():
        carm = CArm(-angle, 0.0, (0, 0, 0))
        got = ours.line_integrals(carm, detector)[0] / 1000.0
        inside, edge = errors_mm(got, *chord_mm(carm.source_mm, carm.pixel_centres_mm(detector), CENTRE_MM))
        result[f"sphere_error_mm_{name}"], result[f"sphere_edge_error_mm_{name}"] = inside, edge
    full = np.maximum(lumbar_like() + 1000, 0).astype(np.int16)
    ours = Projector(full, affine)
    try:
        # RTK turns about y: the patient's z axis is its y, the patient's y its z
        turned = (SPACING_MM[0], SPACING_MM[2], SPACING_MM[1])
        centre = CENTRE_MM[[0, 2, 1]]
        rtk_ball = rtk_projector(ball((SIZE[0], SIZE[2], SIZE[1]), turned, centre), turned)
        for name, angle in VIEWS.items():
            inside, edge = errors_mm(rtk_ball(angle) / 1000.0, *rtk_chord(angle, centre))
            result[f"rtk_sphere_error_mm_{name}"], result[f"rtk_sphere_edge_error_mm_{name}"] = inside, edge
        rtk_full = rtk_projector(full.transpose(1, 0, 2), turned)
    except ImportError:
        result["rtk"] = "itk-rtk is not installed: `make bench` installs it"
        rtk_full = None
    if rtk_full is not None:
        agreement(result, ours, rtk_full)
    for name, angle in VIEWS.items():
        carm = CArm(-angle, 0.0, (0, 0, 0))
        mine, theirs = [], []
        ours.line_integrals(carm, detector)
        for _ in range(repeats):
            mine.append(median_s(lambda c=carm: ours.line_integrals(c, detector), 3))
            if rtk_full is not None:
                start = time.perf_counter()
                rtk_full(angle)
                theirs.append(time.perf_counter() - start)
        result[f"line_integrals_s_{name}"] = statistics.median(mine)
        if theirs:
            result[f"rtk_s_{name}"] = statistics.median(theirs)
            result[f"ratio_rtk_{name}"] = statistics.median(theirs) / statistics.median(mine)
    result["sphere_error_mm"] = max(result[f"sphere_error_mm_{name}"] for name in VIEWS)
    result["sphere_edge_error_mm"] = max(result[f"sphere_edge_error_mm_{name}"] for name in VIEWS)
    if "rtk" not in result:
        result["rtk_sphere_error_mm"] = max(result[f"rtk_sphere_error_mm_{name}"] for name in VIEWS)
        result["rtk_sphere_edge_error_mm"] = max(result[f"rtk_sphere_edge_error_mm_{name}"] for name in VIEWS)


def disc_with_contrast() -> Disc:
    """A disc of 0.4 mm voxels at the isocentre with contrast in its nucleus and a cavity."""
    disc = inject(voxelise(DiscShape(Level.L4_L5, Rigid.identity(), 26.0, 18.0, 12.0, 8.0, 3.0)), 1.2, 0.05)
    fraction = disc.fraction.copy()
    fraction[:, 40:60, 60:90] *= 0.5
    return replace(disc, fraction=fraction)


def agreement(result: dict[str, Any], ours: Projector, rtk_full: Callable[[float], np.ndarray]) -> None:
    """RMS difference of the two pictures of the full volume, in per cent of RTK's RMS."""
    for name, angle in VIEWS.items():
        seen = ours.line_integrals(CArm(-angle, 0.0, (0, 0, 0)), Detector())[0]
        held = rtk_full(angle)[::-1]
        apart = np.sqrt(np.mean((seen - held) ** 2)) / np.sqrt(np.mean(held**2))
        result[f"rtk_agreement_rms_percent_{name}"] = 100.0 * float(apart)


def chain(result: dict[str, Any], repeats: int) -> None:
    """The whole chain to the display on a full volume with bone: pose, needle alone or disc changed."""
    hu = lumbar_like()
    affine = Affine.from_spacing(SPACING_MM, [-(n - 1) / 2 * s for n, s in zip(SIZE, SPACING_MM, strict=True)])

    class Body:
        volume = Volume(hu, affine)

    scope = Fluoroscope(Body())  # type: ignore[arg-type]
    technique = Technique(Beam(80.0), 1.0)
    changed = disc_with_contrast()
    for rows in (512, 1024):
        detector = Detector(rows, rows, 0.6 * 512 / rows)
        turn = iter(np.arange(1000))

        def moved(detector: Detector = detector, turn: Any = turn) -> None:
            scope.expose(Shot(CArm(180.0 + 0.01 * next(turn), 0.0, (0, 0, 0)), detector, technique))

        def needle(detector: Detector = detector, turn: Any = turn) -> None:
            tip = np.array([0.0, 0.0, 0.05 * next(turn)])
            hub = tip + np.array([70.0, 70.0, 5.0])
            solids = (Tube(tip, hub, 0.74, 0.53), Rod(tip, hub, 0.5))
            scope.expose(Shot(CArm(180.0, 0.0, (0, 0, 0)), detector, technique, solids))

        def carved(detector: Detector = detector) -> None:
            # a new object each time: nothing of the disc's shadow is kept
            scope.expose(Shot(CArm(180.0, 0.0, (0, 0, 0)), detector, technique, discs=(replace(changed),)))

        result[f"pose_frame_s_{rows}"] = median_s(moved, repeats)

        def dragged(detector: Detector = detector, turn: Any = turn) -> None:
            carm = CArm(180.0 + 0.01 * next(turn), 0.0, (0, 0, 0))
            scope.expose(Shot(carm, detector, technique, moving=True))

        result[f"dragged_frame_s_{rows}"] = median_s(dragged, repeats)
        result[f"needle_frame_ms_{rows}"] = 1e3 * median_s(needle, 3 * repeats)
        result[f"disc_frame_ms_{rows}"] = 1e3 * median_s(carved, 3 * repeats)
    tip, hub = np.zeros(3), np.array([70.0, 70.0, 5.0])
    carm, detector = CArm(180.0, 0.0, (0, 0, 0)), Detector()
    result["needle_shadow_ms"] = 1e3 * median_s(lambda: shadows((Tube(tip, hub, 0.74, 0.53),), carm, detector), 20)
    result["disc_frame_ms"] = result["disc_frame_ms_512"]
    result["live_fps"] = 1.0 / result["pose_frame_s_512"]
    result["live_coarse_fps"] = 1.0 / result["dragged_frame_s_512"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the numbers here too")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    result: dict[str, Any] = {"cpus": os.cpu_count()}
    chain(result, options.repeats)
    result["peak_rss_gib_chain"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    against_rtk(result, options.repeats)
    for name, value in result.items():
        print(f"{name:34s} {value:.4g}" if isinstance(value, float) else f"{name:34s} {value}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
