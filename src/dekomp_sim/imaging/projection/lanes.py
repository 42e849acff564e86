"""Eight-lane vector loops of the slice sweep, emitted as LLVM vectors because LLVM does not find them by itself.

Plain numba leaves an inner loop over eight output rows scalar, as its arrays might overlap. Here two loops are emitted
with explicit `<8 x float>` values; the code generator maps them to AVX-512, AVX2, SSE or NEON. A lane is one row of the
accumulation plane. `tests/laws/test_sweep.py` holds the slow twin that defines what they compute.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 8
_I16X8 = ir.VectorType(ir.IntType(16), LANES)
_F32X8 = ir.VectorType(ir.FloatType(), LANES)
_I32 = ir.IntType(32)


def _splat(builder: Any, scalar: Any) -> Any:
    """The scalar in all lanes."""
    vector_type = ir.VectorType(scalar.type, LANES)
    first = builder.insert_element(ir.Constant(vector_type, ir.Undefined), scalar, _I32(0))
    return builder.shuffle_vector(first, ir.Constant(vector_type, ir.Undefined), _constant_lanes([0] * LANES))


def _constant_lanes(values: list[int]) -> Any:
    return ir.Constant(ir.VectorType(_I32, len(values)), values)


def _data(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    return context.make_array(array_type)(context, builder, array).data


def _load(builder: Any, pointer: Any, offset: Any, vector: Any, align: int) -> Any:
    place = builder.bitcast(builder.gep(pointer, [offset]), vector.as_pointer())
    loaded = builder.load(place)
    loaded.align = align
    return loaded


def _store(builder: Any, value: Any, pointer: Any, offset: Any) -> None:
    place = builder.bitcast(builder.gep(pointer, [offset]), value.type.as_pointer())
    stored = builder.store(value, place)
    stored.align = 4


def _fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """a * b + c, fused where the processor can."""
    kind = ir.FunctionType(_F32X8, [_F32X8] * 3)
    declare: Any = cgutils.get_or_insert_function
    return builder.call(declare(builder.module, kind, "llvm.fmuladd.v8f32"), [a, b, c])


def _transpose(builder: Any, rows: list[Any]) -> list[Any]:
    """Eight vectors of eight turned over their diagonal, in three rounds of shuffles."""

    def mix(a: Any, b: Any, lanes: list[int]) -> Any:
        return builder.shuffle_vector(a, b, _constant_lanes(lanes))

    low, high = [0, 8, 1, 9, 4, 12, 5, 13], [2, 10, 3, 11, 6, 14, 7, 15]
    pairs = [mix(rows[n], rows[n + 1], which) for n in (0, 2, 4, 6) for which in (low, high)]
    near, far = [0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15]
    quads = [mix(pairs[n], pairs[n + 2], which) for n in (0, 1, 4, 5) for which in (near, far)]
    front, back = [0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]
    return [mix(quads[n], quads[n + 4], which) for which in (front, back) for n in range(4)]


@intrinsic
def blend_rows(typing: Any, volume: Any, rows: Any, weights: Any, floor: Any, first: Any, chunks: Any, out: Any) -> Any:
    """Interpolate `chunks` groups of eight voxels between pairs of voxel rows, for eight lanes, and transpose.

    volume: int16 flat; rows: int64 (16,) offsets of the lower then the upper voxel row of each lane; weights: float32
    (16,) likewise; floor: int16, voxels count from there up (value - floor, 0 below), neither is negative; first:
    offset within the rows; out: float32 flat, out[8 n + lane] is voxel n of the lane's blended row.
    """
    signature = types.void(volume, rows, weights, floor, first, chunks, out)

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        voxels, offsets, blend, result = (_data(context, builder, sig.args[n], args[n]) for n in (0, 1, 2, 6))
        level = _splat(builder, args[3])
        zero = ir.Constant(_I16X8, [0] * LANES)
        index = args[4].type
        offset = [builder.load(builder.gep(offsets, [_I32(n)])) for n in range(2 * LANES)]
        weight = [_splat(builder, builder.load(builder.gep(blend, [_I32(n)]))) for n in range(2 * LANES)]

        def row(lane: int, place: Any) -> Any:
            raw = _load(builder, voxels, builder.add(offset[lane], place), _I16X8, 2)
            above = builder.sub(raw, level)
            return builder.sitofp(builder.select(builder.icmp_signed(">", above, zero), above, zero), _F32X8)

        with cgutils.for_range(builder, args[5], intp=index) as loop:
            ahead = builder.mul(loop.index, ir.Constant(index, LANES))
            place = builder.add(args[4], ahead)
            lanes = [
                _fma(builder, row(n, place), weight[n], builder.fmul(row(n + LANES, place), weight[n + LANES]))
                for n in range(LANES)
            ]
            into = builder.mul(ahead, ir.Constant(index, LANES))
            for n, column in enumerate(_transpose(builder, lanes)):
                _store(builder, column, result, builder.add(into, ir.Constant(index, LANES * n)))
        return context.get_dummy_value()

    return signature, emit


@intrinsic
def add_columns(typing: Any, blended: Any, left: Any, weights: Any, shift: Any, span: Any, out: Any) -> Any:
    """Interpolate along the blended rows at each output column and add to the eight lanes' sums.

    blended: float32 flat from `blend_rows`; left: int32 flat, voxel to the left of each column; weights: float32 flat,
    the right voxel's weight; shift: voxel number of blended's first; span: (start, stop, table) columns and the offset
    of this plane in `left` and `weights`; out: float32 flat sums, out[8 column + lane].
    """
    signature = types.void(blended, left, weights, shift, span, out)

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        rows, lefts, shares, sums = (_data(context, builder, sig.args[n], args[n]) for n in (0, 1, 2, 5))
        start, stop, table = (builder.extract_value(args[4], n) for n in range(3))
        index = args[3].type
        eight = ir.Constant(index, LANES)
        with cgutils.for_range_slice(builder, start, stop, ir.Constant(index, 1), intp=index) as (column, _count):
            entry = builder.add(table, column)
            voxel = builder.sext(builder.load(builder.gep(lefts, [entry])), index)
            share = _splat(builder, builder.load(builder.gep(shares, [entry])))
            place = builder.mul(builder.sub(voxel, args[3]), eight)
            near = _load(builder, rows, place, _F32X8, 4)
            far = _load(builder, rows, builder.add(place, eight), _F32X8, 4)
            into = builder.mul(column, eight)
            total = builder.fadd(_load(builder, sums, into, _F32X8, 4), near)
            _store(builder, _fma(builder, builder.fsub(far, near), share, total), sums, into)
        return context.get_dummy_value()

    return signature, emit
