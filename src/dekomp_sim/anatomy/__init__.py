"""Who lies on the table: volume, labels, discs, nerves and vessels."""

from dekomp_sim.anatomy.disc_shape import DiscShape, Protrusion
from dekomp_sim.anatomy.labels import BONES, VERTEBRAE, Level, Side, Structure
from dekomp_sim.anatomy.patient import Patient, Strand
from dekomp_sim.anatomy.volume import Volume

__all__ = ["BONES", "VERTEBRAE", "DiscShape", "Level", "Patient", "Protrusion", "Side", "Strand", "Structure", "Volume"]
