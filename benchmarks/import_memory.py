"""How much memory an import takes: a made scan of a whole trunk, imported in a process of its own.

    python benchmarks/import_memory.py                      # 512 x 512 x 900: DICOM, NIfTI, float64, without labels
    python benchmarks/import_memory.py --slices 300 --size 256 --kinds dicom

Prints the peak resident memory of each import, and exits with 1 where one took more than 3 GiB.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from rich.console import Console

from dekomp_sim.anatomy import Structure, Volume
from dekomp_sim.files import phantom_patient, shipped
from dekomp_sim.files.volumes import write_grid
from dekomp_sim.geometry.affine import Affine

MOST_GIB: Final = 3.0
FIELD_MM: Final = 400.0
TALL_MM: Final = 560.0
NOISE_HU: Final = 12.0


def trunk(size: int, slices: int) -> Volume:
    """The built-in patient amid 560 mm of trunk, of which most is kept, noisy, on a table; labels are its vertebrae."""
    source = phantom_patient(shipped("phantoms", "lumbar_reference")).volume
    assert source.labels is not None
    low, high = source.patient_from_index.points([0, 0, 0]), source.patient_from_index.points(np.array(source.size) - 1)
    middle = (low + high) / 2.0
    spacing = np.array([FIELD_MM / size, FIELD_MM / size, TALL_MM / slices])
    affine = Affine(np.diag(spacing), middle - spacing * (np.array([size, size, slices]) - 1) / 2.0)
    hu = np.empty((slices, size, size), dtype=np.int16)
    labels = np.zeros(hu.shape, dtype=np.uint8)
    j, i = np.indices((size, size))
    random = np.random.Generator(np.random.Philox(7))
    for k in range(slices):
        points = affine.points(np.stack([i, j, np.full_like(i, k)], axis=-1))
        inside = low[2] <= points[0, 0, 2] <= high[2]
        points[..., 2] = np.clip(points[..., 2], low[2] + 1.0, high[2] - 1.0)
        hu[k] = np.rint(source.hu_at(points) + random.normal(0.0, NOISE_HU, i.shape))
        if inside:
            found = source.label_at(points)
            labels[k] = np.where((found >= Structure.SACRUM) & (found <= Structure.VERTEBRA_T12), found, 0)
    hu[:, -size // 16 : -size // 20, size // 8 : -size // 8] = 150
    return Volume(hu, affine, labels)


def as_dicom(folder: Path, volume: Volume) -> Path:
    folder.mkdir()
    series = generate_uid()
    for k, picture in enumerate(volume.hu):
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
        dataset.Modality, dataset.SeriesInstanceUID, dataset.PatientPosition = "CT", series, "HFS"
        dataset.Rows, dataset.Columns = picture.shape
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation, dataset.SamplesPerPixel = 15, 1, 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        x_mm, y_mm, z_mm = volume.patient_from_index.spacing_mm.tolist()
        dataset.PixelSpacing, dataset.SliceThickness = [y_mm, x_mm], z_mm
        dataset.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
        dataset.ImagePositionPatient = volume.patient_from_index.points([0, 0, k]).tolist()
        dataset.RescaleSlope, dataset.RescaleIntercept = 1.0, -1024.0
        dataset.PixelData = (picture + np.int16(1024)).tobytes()
        dataset.save_as(folder / f"{k:04d}.dcm", enforce_file_format=True)
    return folder


def as_nifti(dtype: Any) -> Callable[[Path, Volume], Path]:
    def write(folder: Path, volume: Volume) -> Path:
        path = folder.with_suffix(".nii.gz")
        values: NDArray[Any] = volume.hu.astype(dtype, copy=False)
        write_grid(values, volume.patient_from_index, path)
        return path

    return write


KINDS: Final[dict[str, Callable[[Path, Volume], Path]]] = {
    "dicom": as_dicom,
    "nifti": as_nifti(np.int16),
    "float": as_nifti(np.float64),
    "unlabelled": as_dicom,
}


IMPORT: Final = """
import sys
from dekomp_sim.cli.app import app

app(sys.argv[1:], standalone_mode=False)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def imported(scan: Path, labels: Path | None, out: Path) -> tuple[float, float]:
    """Peak resident memory in GiB and seconds of an import in a process of its own."""
    words = [sys.executable, "-c", IMPORT, "import", str(scan), "-o", str(out)]
    words += [] if labels is None else ["--labels", str(labels)]
    began = time.perf_counter()
    told = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout
    return int(told.split()[-1]) / 2**20, time.perf_counter() - began


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--size", type=int, default=512)
    words.add_argument("--slices", type=int, default=900)
    words.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    words.add_argument("--keep", type=Path, help="folder to keep the made scan in, or to find it in")
    wanted = words.parse_args()
    console = Console(highlight=False)
    place = wanted.keep or Path(tempfile.mkdtemp())
    place.mkdir(exist_ok=True)
    largest = 0.0
    try:
        volume = None
        for kind in wanted.kinds:
            scan = place / (kind if KINDS[kind] is as_dicom else f"{kind}.nii.gz")
            if not scan.exists():
                volume = volume or trunk(wanted.size, wanted.slices)
                assert volume.labels is not None
                write_grid(volume.labels, volume.patient_from_index, place / "labels.nii.gz")
                KINDS[kind](place / kind, volume)
            labels = None if kind == "unlabelled" else place / "labels.nii.gz"
            peak, seconds = imported(scan, labels, place / f"patient_{kind}")
            shutil.rmtree(place / f"patient_{kind}")
            largest = max(largest, peak)
            console.print(f"{kind}: {wanted.size} x {wanted.size} x {wanted.slices}: {peak:.2f} GiB, {seconds:.0f} s")
    finally:
        if wanted.keep is None:
            shutil.rmtree(place)
    sys.exit(0 if largest <= MOST_GIB else 1)


if __name__ == "__main__":
    main()
