"""The only room that opens files: volumes, scenarios, phantoms, journals and pictures."""

from dekomp_sim.files.documents import read_yaml, schema
from dekomp_sim.files.shipped import shipped, shipped_names
from dekomp_sim.files.volumes import load_labels, load_patient, load_volume

__all__ = ["load_labels", "load_patient", "load_volume", "read_yaml", "schema", "shipped", "shipped_names"]
