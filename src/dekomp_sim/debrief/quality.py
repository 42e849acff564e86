"""The quality page of an imported patient: what was found, what is allowed, what to do, and pictures to see it by."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import dekomp_sim
from dekomp_sim.anatomy.labels import Level
from dekomp_sim.anatomy.nerves import UNSEEN_NERVE_SD_MM
from dekomp_sim.anatomy.suitability.checks import Check, Verdict
from dekomp_sim.anatomy.suitability.spine import Finding
from dekomp_sim.imaging.console.display import BANNER

SIGNS: Final = {Verdict.GOOD: "✓ good", Verdict.CAUTION: "! look", Verdict.REFUSED: "✕ refused"}
"""How a verdict is shown: by sign and word, never by colour alone."""

LIMITS: Final = (
    f"Nerves and sac are not seen on a CT. They are laid from the discs, to about {UNSEEN_NERVE_SD_MM:.1f} mm (one "
    "standard deviation, an assumption); distances to them are shown with that, and planned ways keep clear of it.",
    "Vertebrae are numbered as the segmentation numbers them, without one from the sacrum up; a transitional vertebra "
    "(L5 fused to the sacrum, a sixth lumbar) shifts every level by one. Count on the lateral picture.",
    "Herniations are not found on the CT: the scenario says where one is.",
    "Movement during the scan is not looked for: look for double contours and steps in the pictures.",
    "Kidneys, bowel and vessels are avoided only where the segmentation names them.",
)
"""What a reader of the page must know besides the checks."""


@dataclass(frozen=True, slots=True)
class View:
    """A picture of the page.

    Parameters
    ----------
    title, alt
        What it shows; the same for one who does not see it.
    png, rows, cols
        The file and its size.
    edges
        Letters at the left, right, upper and lower edge: which side of the patient lies there.
    marks
        Words at places (x, y) of the picture, in pixels.
    """

    title: str
    alt: str
    png: bytes
    rows: int
    cols: int
    edges: tuple[str, str, str, str]
    marks: tuple[tuple[float, float, str], ...] = ()

    @property
    def uri(self) -> str:
        """The picture within the page."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


def quality_html(
    checks: Sequence[Check],
    levels: Sequence[Finding],
    ways: Mapping[Level, Sequence[str]],
    views: Sequence[View],
    posture: str,
) -> str:
    """The page as one HTML file without scripts; nothing in it asks for anything outside it.

    Parameters
    ----------
    checks, levels
        What was looked at and found.
    ways
        By level, the planned way from each side in words.
    views
        Slices and the lateral picture.
    posture
        What turning the patient prone leaves as it was.
    """
    environment = _environment()
    css = environment.get_template("report.css").render()
    return environment.get_template("quality.html.j2").render(
        banner=BANNER,
        css=Markup(css),
        style_hash=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
        checks=checks,
        signs=SIGNS,
        cautions=[check for check in checks if check.verdict is not Verdict.GOOD],
        levels=levels,
        ways=ways,
        views=views,
        limits=(posture, *LIMITS),
        version=dekomp_sim.__version__,
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("dekomp_sim.debrief", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
