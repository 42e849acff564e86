"""The main job, timed: help, a demo with caches, a picture with the C-arm just moved, a picture with the needle moved.

Prints only. `--short` is what CI runs; the full X-ray benchmark beside RTK is `benchmarks/xray.py`.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from dekomp_sim.anatomy import Level
from dekomp_sim.files import phantom_patient, shipped
from dekomp_sim.geometry import CArm, Detector, Rod, Tube
from dekomp_sim.imaging.fluoroscope import Fluoroscope, Shot
from dekomp_sim.imaging.radiation.dose import Technique
from dekomp_sim.matter import Beam


def command_s(*words: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "dekomp_sim", *words], check=True, capture_output=True)
    return time.perf_counter() - start


def pictures(repeats: int) -> None:
    patient = phantom_patient(shipped("phantoms", "lumbar_reference"))
    centre = patient.discs[Level.L4_L5].patient_from_disc.translation_mm
    scope, technique, detector = Fluoroscope(patient), Technique(Beam(80.0), 1.0), Detector()
    start = time.perf_counter()
    scope.expose(Shot(CArm(180.0, 0.0, centre), detector, technique))
    print(f"first picture after the volume is loaded   {time.perf_counter() - start:8.3f} s")
    moved, needle = [], []
    for n in range(repeats):
        start = time.perf_counter()
        scope.expose(Shot(CArm(150.0 + n, 5.0, centre), detector, technique, index=n))
        moved.append(time.perf_counter() - start)
        for depth in range(3):
            tip = centre + np.array([0.0, 2.0 - depth, 0.0])
            hub = tip + np.array([70.0, 70.0, 5.0])
            solids = (Tube(tip, hub, 0.74, 0.53), Rod(tip, hub, 0.5))
            start = time.perf_counter()
            scope.expose(Shot(CArm(150.0 + n, 5.0, centre), detector, technique, solids, index=n))
            needle.append(time.perf_counter() - start)
    print(f"picture, C-arm just moved, 512 x 512       {statistics.median(moved):8.3f} s (median of {len(moved)})")
    print(f"picture, only the needle moved, 512 x 512  {statistics.median(needle):8.3f} s (median of {len(needle)})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    print(f"dekomp-sim --help                          {min(command_s('--help') for _ in range(3)):8.3f} s (best of 3)")
    pictures(3 if options.short else 15)
    with tempfile.TemporaryDirectory() as folder:
        took = command_s("run", "l4l5_left_posterolateral", "-o", str(Path(folder) / "out"))
    print(f"whole case by the command line, with caches {took:7.3f} s")
    own, child = (resource.getrusage(who).ru_maxrss / 2**20 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"peak memory: pictures {own:.2f} GiB, whole case {child:.2f} GiB")


if __name__ == "__main__":
    main()
