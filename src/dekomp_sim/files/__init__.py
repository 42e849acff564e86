"""The only room that opens files: volumes, scenarios, phantoms, journals and pictures."""

from dekomp_sim.files.documents import read_yaml, schema
from dekomp_sim.files.journal import Journal, Recorded, plain, read_journal
from dekomp_sim.files.marks import MistakesError
from dekomp_sim.files.patients import load_patient_folder, write_patient_folder
from dekomp_sim.files.phantoms import cached_patient, kept_patient, phantom_patient
from dekomp_sim.files.physical import load_physical_phantom
from dekomp_sim.files.pictures import png_bytes, read_png8, write_png8, write_png16
from dekomp_sim.files.shipped import shipped, shipped_names
from dekomp_sim.files.volumes import load_labels, load_patient, load_scan, load_volume, write_volume
from dekomp_sim.files.writing import output_folder, write_bytes, write_text

__all__ = [
    "Journal",
    "MistakesError",
    "Recorded",
    "cached_patient",
    "kept_patient",
    "load_labels",
    "load_patient",
    "load_patient_folder",
    "load_physical_phantom",
    "load_scan",
    "load_volume",
    "output_folder",
    "phantom_patient",
    "plain",
    "png_bytes",
    "read_journal",
    "read_png8",
    "read_yaml",
    "schema",
    "shipped",
    "shipped_names",
    "write_bytes",
    "write_patient_folder",
    "write_png8",
    "write_png16",
    "write_text",
    "write_volume",
]
