"""What is done in the disc: contrast, stylet and probe, decompression, the specimen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le


@dataclass(frozen=True, slots=True)
class InjectContrast:
    """Discography: inject contrast through the needle in the disc, watching the manometer.

    `announced` tells the patient when and where: the answer is then no longer blind.
    """

    volume_ml: Annotated[float, Gt(0.0), Le(10.0)]
    rate_ml_s: Annotated[float, Gt(0.0), Le(5.0)] = 0.05
    iodine_mg_ml: Annotated[float, Ge(0.0), Le(400.0)] = 300.0
    announced: bool = False
    do: Literal["inject_contrast"] = "inject_contrast"


@dataclass(frozen=True, slots=True)
class RemoveStylet:
    """Take the trocar's stylet out of its cannula."""

    do: Literal["remove_stylet"] = "remove_stylet"


@dataclass(frozen=True, slots=True)
class InsertProbe:
    """Lead the probe through the trocar's cannula until it is seated."""

    do: Literal["insert_probe"] = "insert_probe"


@dataclass(frozen=True, slots=True)
class Decompress:
    """Run the probe while it is moved to and fro along its axis, back from where its tip is.

    `lever_deg` is by how much the handle is held out of the axis: the shaft bends, turns bent, and may break.
    """

    strokes: Annotated[int, Ge(0), Le(1000)] = 20
    stroke_mm: Annotated[float, Ge(0.0), Le(40.0)] = 10.0
    seconds: Annotated[float, Gt(0.0), Le(600.0)] = 60.0
    rpm: Annotated[float, Ge(0.0), Le(30000.0)] = 12000.0
    lever_deg: Annotated[float, Ge(0.0), Le(30.0)] = 0.0
    do: Literal["decompress"] = "decompress"


@dataclass(frozen=True, slots=True)
class SendSpecimen:
    """Empty the probe's chamber, measure what came out and send it to histology."""

    do: Literal["send_specimen"] = "send_specimen"
