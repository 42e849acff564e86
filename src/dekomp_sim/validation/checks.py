"""All rows, in the order of docs/fidelity.md."""

from __future__ import annotations

from dekomp_sim.anatomy import Patient
from dekomp_sim.validation.beam_rows import beam_rows
from dekomp_sim.validation.ct_rows import ct_rows
from dekomp_sim.validation.disc_rows import disc_rows
from dekomp_sim.validation.dose_rows import dose_rows
from dekomp_sim.validation.instrument_rows import instrument_rows
from dekomp_sim.validation.patient_rows import patient_rows
from dekomp_sim.validation.removal_rows import removal_rows
from dekomp_sim.validation.row import Row
from dekomp_sim.validation.spine_rows import spine_rows


def rows_for(patient: Patient) -> tuple[Row, ...]:
    """Every row; those of the spine are measured on `patient`, the built-in phantom."""
    bench = (*beam_rows(), *dose_rows(), *ct_rows(), *spine_rows(patient), *instrument_rows())
    return (*bench, *disc_rows(), *removal_rows(), *patient_rows())
