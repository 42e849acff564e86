"""How far a spine that was found without labels lies from the labels that were hidden: phantoms, and scans given.

    python benchmarks/spine_finder.py [CT LABELS ...]

Prints, for each patient, seconds of processor time, how sure the names are, and by level how far the disc's centre lies
from that of the labels (mm), the angle between the normals (degrees) and the difference of the mean heights (mm). Draws
docs/gallery/spine_found.png.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from dekomp_sim.anatomy import Level, Side, Volume
from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.anatomy.landmarks import find_landmarks, patient_of_landmarks
from dekomp_sim.anatomy.phantom.build import build_phantom
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.anatomy.phantom.variants import Sex, Variation, varied
from dekomp_sim.anatomy.spine.find import FoundSpine, find_spine
from dekomp_sim.cli.quality_views import views
from dekomp_sim.files.volumes import load_labels, load_volume
from dekomp_sim.viewer.panes.marks import stamp

PICTURE = Path(__file__).parents[1] / "docs" / "gallery" / "spine_found.png"
SHOWN = "scoliosis 35 degrees"


def phantoms() -> Iterator[tuple[str, PhantomSpec]]:
    """The reference on voxels of 1 to 3 mm, and patients unlike it on voxels of 2 mm."""
    reference = replace(PhantomSpec(), voxel_mm=2.0)
    for size in (1.0, 2.0, 3.0):
        yield f"reference, {size:g} mm", replace(reference, voxel_mm=size)
    changes = {
        SHOWN: Variation(scoliosis_deg=-35.0),
        "body mass index 40": Variation(bmi=40.0),
        "slight woman": Variation(bmi=19.0, sex=Sex.FEMALE),
        "woman of 90 years": Variation(age_y=90.0, sex=Sex.FEMALE),
        "L4-L5 of 45 % height": Variation(disc_height_percent=45.0),
        "crests 25 mm above L4-L5": Variation(crest_height_mm=25.0),
        "crests 20 mm below L4-L5": Variation(crest_height_mm=-20.0),
    }
    for name, change in changes.items():
        yield name, varied(reference, change, (Level.L4_L5, Side.LEFT), reference.herniation)


def measure(name: str, volume: Volume) -> FoundSpine:
    """Find the spine, and print how far its discs lie from those of the labels."""
    begun = time.process_time()
    found = find_spine(volume)
    seconds = time.process_time() - begun
    true, seen = find_landmarks(volume).discs, find_landmarks(found.labelled).discs
    words = " | ".join(against(true[level], seen.get(level)) for level in true)
    print(f"| {name} | {seconds:.1f} | {found.naming.sureness} | {words} |", flush=True)
    return found


def against(true: DiscShape, seen: DiscShape | None) -> str:
    """Distance, angle and difference of heights of two discs in words."""
    if seen is None:
        return "none"
    one, other = true.patient_from_disc, seen.patient_from_disc
    apart = np.linalg.norm(one.translation_mm - other.translation_mm)
    lean = np.degrees(np.arccos(min(float(one.rotation[:, 2] @ other.rotation[:, 2]), 1.0)))
    higher = (
        seen.height_anterior_mm + seen.height_posterior_mm - true.height_anterior_mm - true.height_posterior_mm
    ) / 2
    return f"{apart:.1f} {lean:.1f}° {higher:+.1f}"


def draw(found: FoundSpine) -> None:
    """Sagittal and coronal slice with the found vertebrae outlined."""
    landmarks = find_landmarks(found.labelled)
    patient = patient_of_landmarks("scan", found.labelled, landmarks, {}, "")
    pictures = [np.asarray(Image.open(io.BytesIO(view.png))) for view in views(patient, landmarks)[1:3]]
    picture = np.hstack(pictures)
    stamp(picture, size=14)
    Image.fromarray(picture).save(PICTURE, optimize=True)


if __name__ == "__main__":
    print(f"| patient | s | names | {' | '.join(Level)} |")
    for path, labels in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        measure(Path(path).name, load_labels(labels, load_volume(path)))
    for title, spec in phantoms():
        outcome = measure(title, build_phantom(spec).volume)
        if title == SHOWN:
            draw(outcome)
