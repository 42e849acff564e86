"""Every published number the models claim, recomputed: what, source, published, ours, inside or not."""

from dekomp_sim.validation.checks import rows_for
from dekomp_sim.validation.row import Basis, Finding, Published, Row, as_record, find

__all__ = ["Basis", "Finding", "Published", "Row", "as_record", "find", "rows_for"]
