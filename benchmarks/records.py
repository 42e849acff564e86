"""What the records of learners take: cases kept, read, shown, exported, a learner forgotten.

python benchmarks/records.py            # processor time, which another program's load changes little
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dekomp_sim.debrief.definitions import METRICS
from dekomp_sim.records.export import parquet_bytes
from dekomp_sim.records.pages import Asked, cohort_page
from dekomp_sim.records.place import place_of
from dekomp_sim.records.store import Marked, Performed, opened

LEARNERS, CASES = 50, 20


def made_up(learner: int, number: int) -> Performed:
    """A case with every figure."""
    sha256 = hashlib.sha256(f"{learner}-{number}".encode()).hexdigest()
    about = (sha256, "2026-10-01", "Made up", "L4-L5", "left", "1", "d" * 64, "0.1.0", False)
    figures = {name: (float(learner + number), one.unit) for name, one in METRICS.items()}
    return Performed(*about, figures, (Marked("examination", 80.0, number % 5 > 0),))


@contextmanager
def timed(what: str, of: int = 1) -> Iterator[None]:
    """Print wall and processor time of a block, ms each."""
    wall, used = time.perf_counter(), time.process_time()
    yield
    wall, used = time.perf_counter() - wall, time.process_time() - used
    print(f"{what:<34} {1e3 * wall / of:9.1f} ms   processor {1e3 * used / of:9.1f} ms")


def main() -> None:
    """Keep a thousand cases and look at them."""
    with tempfile.TemporaryDirectory() as folder:
        place = place_of(str(Path(folder) / "records.sqlite"))
        with opened(place, new=True) as records:
            records.add("L0", made_up(0, -1))
            with timed("keep a case, each on the disk", CASES):
                for number in range(CASES):
                    records.add("L0", made_up(0, number))
            with timed("keep a case, twenty at once", (LEARNERS - 1) * CASES):
                for learner in range(1, LEARNERS):
                    records.add(f"L{learner}", *(made_up(learner, number) for number in range(CASES)))
        with timed("open, check, read a thousand"), opened(place) as records:
            cases = records.cases()
        with timed("a cohort's page"):
            cohort_page(cases, Asked("examination"))
        with timed("Parquet"):
            parquet_bytes(cases)
        with opened(place) as records, timed("forget a learner"):
            records.forget("L7")


if __name__ == "__main__":
    main()
