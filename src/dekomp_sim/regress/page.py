"""The page that shows what changed: values before and after, pictures before and after and where they differ."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from dekomp_sim import __version__
from dekomp_sim.arrays import UInt8Array
from dekomp_sim.files import png_bytes
from dekomp_sim.regress.comparison import shown
from dekomp_sim.regress.pictures import LEAST_SIMILARITY, Compared
from dekomp_sim.regress.scene import Verdict

BRIGHTER, DARKER = (255, 140, 0), (40, 120, 255)
"""Colours of what became brighter and darker: orange and blue, which most people with a colour weakness tell apart."""

FULL_GREY: Final = 64.0
"""Difference in grey levels of 255 that is drawn in full colour. Assumption: a needle's shadow has 20 to 80."""


def page(verdicts: Sequence[Verdict]) -> str:
    """The page of all scenes, those that changed first and in full; it opens without a network."""
    ordered = sorted(verdicts, key=lambda verdict: verdict.same)
    return _template().render(
        verdicts=ordered,
        changed=sum(not verdict.same for verdict in ordered),
        version=__version__,
        asked=LEAST_SIMILARITY,
        shown=shown,
        picture=_address,
        difference=difference,
    )


def difference(one: Compared) -> UInt8Array | None:
    """(rows, cols, 3) what became brighter in orange, darker in blue, over the picture dimmed; None without a pair."""
    if one.before is None or one.after is None or one.before.shape != one.after.shape:
        return None
    change = one.after.astype(np.float64) - one.before.astype(np.float64)
    share = np.clip(np.abs(change) / FULL_GREY, 0.0, 1.0)[:, :, None]
    colour = np.where((change > 0.0)[:, :, None], np.array(BRIGHTER), np.array(DARKER))
    dimmed = one.after[:, :, None] * 0.35
    return np.asarray((dimmed * (1.0 - share) + colour * share).round(), dtype=np.uint8)


def _address(pixels: UInt8Array | None) -> str:
    """A picture as an address that needs no file; empty where there is none."""
    return "" if pixels is None else f"data:image/png;base64,{base64.b64encode(png_bytes(pixels)).decode()}"


@cache
def _template() -> Template:
    made = Environment(
        loader=PackageLoader("dekomp_sim.regress", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return made.get_template("page.html.j2")
