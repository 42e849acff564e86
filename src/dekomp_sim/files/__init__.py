"""The only room that opens files: volumes, scenarios, phantoms, journals and pictures."""

from dekomp_sim.files.documents import read_yaml, schema
from dekomp_sim.files.shipped import shipped, shipped_names

__all__ = ["read_yaml", "schema", "shipped", "shipped_names"]
