"""The CT scanner: its own times, and its rays and back-projection beside RTK, ASTRA and scikit-image in one process.

Run `python benchmarks/ct.py --json FILE`. Medians and ratios are printed, nothing is asserted; runs of the peers
alternate with ours, so that noise meets both. The work beside the peers: line integrals of two materials through the
axial slice at L4-L5 of the built-in patient, 984 views of 888 channels, and the filtered back-projection of one set of
lines onto 512 x 512 pixels. RTK takes the same fan on a flat detector (its FDK). ASTRA's filtered back-projection on
the CPU refuses a fan, so it takes as many parallel rays: 492 directions of 1776. scikit-image takes 492 directions of
512 rays, a third of ours. A peer that is not installed is left out.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dekomp_sim.anatomy import Level, Patient
from dekomp_sim.files import phantom_patient, shipped, write_png8
from dekomp_sim.geometry import Rod, Tube
from dekomp_sim.imaging.ct.acquisition import Turn
from dekomp_sim.imaging.ct.gantry import Gantry
from dekomp_sim.imaging.ct.paths import areal_g_cm2
from dekomp_sim.imaging.ct.protocol import PROTOCOLS, Preset, Protocol
from dekomp_sim.imaging.ct.reconstruction import reconstructed
from dekomp_sim.imaging.ct.scanner import Scanner, SliceShot
from dekomp_sim.imaging.ct.slab import Slab, slab_of

ROOT = Path(__file__).parents[1]
GRID, GRID_MM = 512, 0.8
"""The peers' plane: 512 x 512 pixels of 0.8 mm, the patient in its middle."""

Peer = tuple[Callable[[np.ndarray], Any], Callable[[Any], np.ndarray]]


@dataclass(frozen=True)
class Time:
    """Seconds by the clock on the wall, and of processor over all threads: a busy machine stretches the first."""

    wall_s: float
    cpu_s: float


def timed(work: Callable[[], Any]) -> tuple[Time, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return Time(time.perf_counter() - wall, time.process_time() - cpu), result


def median(times: list[Time]) -> Time:
    return Time(statistics.median(one.wall_s for one in times), statistics.median(one.cpu_s for one in times))


def median_of(work: Callable[[], Any], repeats: int) -> dict[str, float]:
    """Medians of `repeats` runs after one that warms up."""
    work()
    return asdict(median([timed(work)[0] for _ in range(repeats)]))


def plane(slab: Slab) -> np.ndarray:
    """(2, GRID, GRID) the slab's materials on the peers' grid."""
    out = np.zeros((2, GRID, GRID), dtype=np.float32)
    col, row = (round(first / GRID_MM + (GRID - 1) / 2.0) for first in slab.first_mm)
    height, width, _ = slab.g_cm3.shape
    out[:, row : row + height, col : col + width] = np.moveaxis(slab.g_cm3, -1, 0)
    return out


def rtk_peer(gantry: Gantry, matrix: int, pixel_mm: float) -> Peer:
    """RTK's Joseph projector and FDK on two threads."""
    import itk
    from itk import RTK

    itk.MultiThreaderBase.SetGlobalDefaultNumberOfThreads(2)
    kind = itk.Image[itk.F, 3]
    geometry = RTK.ThreeDCircularProjectionGeometry.New()
    for angle in np.degrees(gantry.view_rad):
        geometry.AddProjection(gantry.source_to_isocentre_mm, gantry.source_to_detector_mm, float(angle))
    wide = 2.0 * gantry.source_to_detector_mm * float(np.tan(gantry.fan_rad[-1])) / gantry.channels

    def blank(size: list[int], spacing: list[float]) -> Any:
        source = RTK.ConstantImageSource[kind].New()
        source.SetOrigin([-(n - 1) / 2.0 * s for n, s in zip(size, spacing, strict=True)])
        source.SetSpacing(spacing)
        source.SetSize(size)
        return source

    def project(values: np.ndarray) -> Any:
        stacked = np.repeat(values[:, None, :], 3, axis=1)
        volume = itk.image_from_array(np.ascontiguousarray(stacked))
        volume.SetSpacing([GRID_MM, 5.0, GRID_MM])
        volume.SetOrigin([-(GRID - 1) / 2.0 * GRID_MM, -5.0, -(GRID - 1) / 2.0 * GRID_MM])
        joseph = RTK.JosephForwardProjectionImageFilter[kind, kind].New()
        joseph.SetGeometry(geometry)
        detector = blank(
            [gantry.channels, 1, gantry.views], [wide, 1.0, 1.0]
        )  # held: an output does not keep its source
        joseph.SetInput(detector.GetOutput())
        joseph.SetInput(1, volume)
        joseph.Update()
        return np.asarray(itk.array_from_image(joseph.GetOutput()))

    def back(lines: Any) -> np.ndarray:
        # three rows alike: FDK interpolates between rows and gives nothing for a single one
        stack = itk.image_from_array(np.repeat(lines, 3, axis=1))
        stack.SetSpacing([wide, 1.0, 1.0])
        stack.SetOrigin([-(gantry.channels - 1) / 2.0 * wide, -1.0, 0.0])
        fdk = RTK.FDKConeBeamReconstructionFilter[kind].New()
        fdk.SetGeometry(geometry)
        picture = blank([matrix, 1, matrix], [pixel_mm, 1.0, pixel_mm])
        fdk.SetInput(0, picture.GetOutput())
        fdk.SetInput(1, stack)
        fdk.Update()
        return np.asarray(itk.array_from_image(fdk.GetOutput()))[:, 0]  # x, z

    return project, back


def astra_peer(gantry: Gantry, matrix: int, pixel_mm: float) -> Peer:
    """ASTRA's parallel projector and filtered back-projection on the CPU, one thread as it comes."""
    import astra

    angles = np.linspace(0.0, np.pi, gantry.views // 2, endpoint=False)
    step = gantry.source_to_isocentre_mm * gantry.channel_rad / 2.0
    rays = astra.create_proj_geom("parallel", step / GRID_MM, 2 * gantry.channels, angles)
    projector = astra.create_projector("linear", rays, astra.create_vol_geom(GRID, GRID))
    fine = astra.create_proj_geom("parallel", step / pixel_mm, 2 * gantry.channels, angles)
    picture = astra.create_vol_geom(matrix, matrix)
    behind = astra.create_projector("linear", fine, picture)

    def project(values: np.ndarray) -> Any:
        number, lines = astra.create_sino(values, projector)
        astra.data2d.delete(number)
        return lines

    def back(lines: Any) -> np.ndarray:
        sinogram = astra.data2d.create("-sino", fine, lines)
        out = astra.data2d.create("-vol", picture)
        setting = astra.astra_dict("FBP")
        setting |= {"ProjectorId": behind, "ProjectionDataId": sinogram, "ReconstructionDataId": out}
        algorithm = astra.algorithm.create(setting)
        astra.algorithm.run(algorithm)
        made = astra.data2d.get(out)
        astra.algorithm.delete(algorithm)
        astra.data2d.delete([sinogram, out])
        return np.asarray(made)

    return project, back


def skimage_peer(gantry: Gantry, matrix: int, pixel_mm: float) -> Peer:
    """scikit-image's radon and iradon, one thread as they come; the picture has the plane's own pixels."""
    from skimage.transform import iradon, radon

    angles = np.linspace(0.0, 180.0, gantry.views // 2, endpoint=False)

    def project(values: np.ndarray) -> Any:
        return radon(values, angles, circle=True)

    def back(lines: Any) -> np.ndarray:
        return np.asarray(iradon(lines, angles, output_size=matrix, circle=True))

    return project, back


PEERS = {"RTK": rtk_peer, "ASTRA": astra_peer, "scikit-image": skimage_peer}


def beside(name: str, slab: Slab, turn: Turn, repeats: int) -> dict[str, Any] | None:
    """Medians of ours and a peer's; None where it is not installed."""
    pixel_mm = turn.protocol.field_mm / turn.protocol.matrix
    try:
        project, back = PEERS[name](turn.gantry, turn.protocol.matrix, pixel_mm)
    except ImportError:
        return None
    materials = plane(slab)
    with ThreadPoolExecutor(2) as pool:

        def rays() -> tuple[np.ndarray, np.ndarray]:
            return areal_g_cm2(slab, turn.gantry, pool)

        lines, theirs = rays()[0], project(materials[0])
        times: dict[str, list[Time]] = {"rays": [], "back": [], "peer_rays": [], "peer_back": []}
        for _ in range(repeats):
            times["rays"].append(timed(rays)[0])
            times["peer_rays"].append(timed(lambda: [project(one) for one in materials])[0])
            times["back"].append(timed(lambda: reconstructed(lines, turn.gantry, turn.protocol, pool=pool))[0])
            taken, made = timed(lambda: back(theirs))
            assert np.abs(made).max() > 0.0, f"{name} gave an empty picture"
            times["peer_back"].append(taken)
    found = {key: median(held) for key, held in times.items()}
    ratios = {
        f"ratio_{field}": (getattr(found["peer_rays"], field) + getattr(found["peer_back"], field))
        / (getattr(found["rays"], field) + getattr(found["back"], field))
        for field in ("wall_s", "cpu_s")
    }
    return {key: asdict(one) for key, one in found.items()} | ratios


def trocar(patient: Patient) -> tuple[Tube, Rod]:
    """A trocar from behind and the left into L4-L5, in the plane of the slice, its stylet in it."""
    centre = patient.discs[Level.L4_L5].patient_from_disc.translation_mm
    inward = np.array([-0.75, -0.66, 0.0])
    ends = centre - 110.0 * inward, centre - 5.0 * inward
    return Tube(*ends, 0.737, 0.534), Rod(*ends, 0.5)


def own(scanner: Scanner, shot: SliceShot, solids: tuple[Tube, Rod], repeats: int) -> dict[str, Any]:
    """Medians of whole slices: table moved, only the instrument moved, fluoroscopy."""
    centre = shot.centre_mm
    places = iter(centre + np.array([0.0, 0.0, 0.01 * n]) for n in range(1, 1000))
    quick = SliceShot(centre, Turn(PROTOCOLS[Preset.FLUOROSCOPY], Gantry().quick()), solids)
    seen = iter(range(1000))
    return {
        "slice": median_of(lambda: scanner.scan(replace(shot, centre_mm=next(places))), repeats),
        "slice_with_trocar": median_of(
            lambda: scanner.scan(replace(shot, centre_mm=next(places), solids=solids)), repeats
        ),
        "only_the_trocar_moved": median_of(lambda: scanner.scan(replace(shot, solids=solids)), repeats),
        "fluoroscopy": median_of(
            lambda: scanner.scan(replace(quick, turn=replace(quick.turn, index=next(seen)))), repeats
        ),
        "fluoroscopy_table_moved": median_of(lambda: scanner.scan(replace(quick, centre_mm=next(places))), repeats),
    }


def windowed(hu: np.ndarray, level: float = 50.0, width: float = 400.0) -> np.ndarray:
    return np.asarray(np.clip((hu - level) / width + 0.5, 0.0, 1.0) * 255.0).astype(np.uint8)


def gallery(scanner: Scanner, centre: np.ndarray, solids: tuple[Tube, Rod]) -> None:
    """docs/gallery/ct.png: planning slice; the same with a trocar; ultra-low dose; CT fluoroscopy."""
    fine = Protocol(120.0, 100.0, 3.0, 350.0, matrix=384)
    low = replace(PROTOCOLS[Preset.ULTRA_LOW_DOSE], field_mm=350.0, matrix=384)
    live = replace(PROTOCOLS[Preset.FLUOROSCOPY], field_mm=200.0, matrix=384)
    shots = [
        SliceShot(centre, Turn(fine)),
        SliceShot(centre, Turn(fine), solids),
        SliceShot(centre, Turn(low), solids),
        SliceShot(centre, Turn(live, Gantry().quick()), solids),
    ]
    tiles = [windowed(scanner.scan(shot).hu) for shot in shots]
    write_png8(ROOT / "docs" / "gallery" / "ct.png", np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peers-only", action="store_true", help="leave the scanner's own times out")
    parser.add_argument("--gallery", action="store_true", help="draw docs/gallery/ct.png and nothing else")
    asked = parser.parse_args()
    patient = phantom_patient(shipped("phantoms", "lumbar_reference"))
    solids = trocar(patient)
    centre = patient.discs[Level.L4_L5].patient_from_disc.translation_mm + np.array([0.0, 20.0, 0.0])
    scanner = Scanner(patient, threads=2)
    if asked.gallery:
        gallery(scanner, centre, solids)
        return
    shot = SliceShot(centre, Turn(PROTOCOLS[Preset.PLANNING]))
    result: dict[str, Any] = {} if asked.peers_only else own(scanner, shot, solids, asked.repeats)
    for name in ("fluoroscopy", "fluoroscopy_table_moved"):
        if name in result:
            result[name]["pictures_per_s"] = 1.0 / result[name]["wall_s"]
    print(json.dumps(result, indent=2), flush=True)
    turn = shot.turn
    slab = slab_of(patient.volume, shot.patient_from_scan, turn.offsets_mm, turn.gantry.field_mm)
    assert slab is not None
    result["peers"] = {}
    for name in PEERS:
        result["peers"][name] = beside(name, slab, turn, max(1, asked.repeats // 2))
        print(name, result["peers"][name], flush=True)
    result["peak_gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=2) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
