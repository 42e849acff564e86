"""The phantom's specification: the shipped file, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from dekomp_sim.anatomy.phantom.build import build_phantom
from dekomp_sim.anatomy.phantom.spec import HerniationSpec, PhantomSpec
from dekomp_sim.errors import InputError, OutOfRangeError

SHIPPED = Path(__file__).parents[2] / "phantoms" / "lumbar_reference.yaml"


def test_the_shipped_file_states_every_default() -> None:
    found = TypeAdapter(PhantomSpec).validate_python(YAML(typ="safe").load(SHIPPED.read_text()))
    assert found == PhantomSpec()


def test_every_number_of_the_shipped_file_has_its_own_line_or_block_with_a_comment() -> None:
    for line in SHIPPED.read_text().split("body:")[1].splitlines():
        if line.strip() and not line.endswith("hu:"):
            assert "#" in line, line


def test_a_voxel_too_small_is_refused_by_name() -> None:
    with pytest.raises(OutOfRangeError, match=r"voxel_mm: found 0.1; allowed: 0.5 to 3"):
        PhantomSpec(voxel_mm=0.1)


def test_a_missing_vertebra_is_refused() -> None:
    spec = PhantomSpec()
    with pytest.raises(InputError, match="vertebrae: found T12, L1, L2, L3, L4; allowed: exactly T12"):
        replace(spec, vertebrae={name: v for name, v in spec.vertebrae.items() if name != "L5"})


def test_a_herniation_deeper_than_the_canal_is_refused() -> None:
    with pytest.raises(OutOfRangeError, match="depth_mm"):
        HerniationSpec(depth_mm=25.0)


def test_a_trunk_too_thin_for_its_back_is_refused() -> None:
    spec = PhantomSpec(voxel_mm=3.0)
    thin = replace(spec, body=replace(spec.body, depth_mm=170.0, skin_depth_mm=90.0, back_midline_mm=95.0))
    with pytest.raises(OutOfRangeError, match=r"body.depth_mm: found 170; allowed: \d+ or more"):
        build_phantom(thin)


def test_a_back_whose_midline_is_far_from_its_flanks_is_refused() -> None:
    spec = PhantomSpec(voxel_mm=3.0)
    with pytest.raises(OutOfRangeError, match=r"body\.back_midline_mm"):
        build_phantom(replace(spec, body=replace(spec.body, back_midline_mm=130.0)))
