"""What is checked of a spine that was found without a segmentation: whether its levels bear the right names."""

from __future__ import annotations

from dekomp_sim.anatomy.spine.find import FoundSpine
from dekomp_sim.anatomy.spine.sureness import Sureness
from dekomp_sim.anatomy.suitability.checks import Check, Verdict


def check_naming(found: FoundSpine) -> Check:
    """Who says which disc is L5-S1, and how to name another."""
    naming = found.naming
    named = [f"{level} at z = {disc.centre_mm[2]:.0f} mm"
             for n, disc in enumerate(found.discs) if (level := naming.level(n)) is not None]  # fmt: skip
    says = f"{naming.sureness}: {', '.join(naming.reasons)}; {', '.join(named)}"
    allowed = "the sacrum's wings, and crests or last ribs that agree with them; or one level named by hand"
    if naming.sureness is Sureness.SURE:
        return Check("names of the levels", Verdict.GOOD, says, allowed)
    remedy = "Count on the lateral picture; to name another: --level-at L5-S1=Z with the z of its disc"
    return Check("names of the levels", Verdict.CAUTION, says, allowed, remedy)
