"""The look-up kernel against its slow twin, and what holds for any beam and any thickness."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.arrays import Float32Array, FloatArray
from dekomp_sim.imaging.signal.beam import BONE_RANGE_G_CM2, SOFT_RANGE_G_CM2, response
from dekomp_sim.matter import Beam

THICKNESSES = st.lists(
    st.tuples(st.floats(-3.0, 80.0, width=32), st.floats(-1.0, 40.0, width=32)), min_size=1, max_size=20
)


def _twin(table: Float32Array, soft: Float32Array, bone: Float32Array) -> FloatArray:
    """Bilinear interpolation at the table's nodes, its arguments held inside the table."""
    rows, cols = (
        np.linspace(*span, size) for span, size in zip((SOFT_RANGE_G_CM2, BONE_RANGE_G_CM2), table.shape, strict=True)
    )
    along_bone = [np.array([np.interp(b, cols, row) for row in table]) for b in bone]
    return np.array([np.interp(s, rows, column) for s, column in zip(soft, along_bone, strict=True)])


@settings(max_examples=15, deadline=None)
@given(THICKNESSES)
def test_the_compiled_look_up_is_bilinear_interpolation(pairs: list[tuple[float, float]]) -> None:
    made = response(Beam(80.0))
    soft, bone = np.array(pairs, dtype=np.float32).T
    expected = _twin(made.log_table, soft, bone)
    # single precision at values up to 40
    assert np.abs(made.patient_log_signal(soft, bone) - expected).max() < 2e-4


@settings(max_examples=25, deadline=None)
@given(st.floats(50.0, 125.0), st.floats(0.0, 0.3), THICKNESSES)
def test_more_matter_never_gives_more_signal(kv: float, copper_mm: float, pairs: list[tuple[float, float]]) -> None:
    made = response(Beam(kv, 3.0, copper_mm))
    soft, bone = np.abs(np.array(pairs, dtype=np.float32)).T
    signal = made.log_signal(soft, bone)
    assert (signal <= 1e-6).all()
    assert (made.log_signal(soft + 1.0, bone) < signal).all()
    assert (made.log_signal(soft, bone, 0.01) < signal).all()
    assert (made.log_signal(soft, bone, 0.0, 0.1) < signal).all()
