"""What a human assessor enters beside the machine's figures: a global rating and a checklist.

The assessor is a pseudonym, and there is no field for free words: names slip into those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Annotated, Final, Literal

from annotated_types import Ge, Le

Grade = Annotated[int, Ge(1), Le(5)]
"""1 to 5; what 1, 3 and 5 look like is said for each item."""


@dataclass(frozen=True, slots=True)
class Rating:
    """The global rating scale of OSATS, each item 1 to 5 (Martin, Br J Surg 1997;84:273)."""

    respect_for_tissue: Grade
    time_and_motion: Grade
    instrument_handling: Grade
    knowledge_of_instruments: Grade
    use_of_assistants: Grade
    flow_and_planning: Grade
    knowledge_of_procedure: Grade

    @property
    def total(self) -> int:
        """Sum of the items, 7 to 35."""
        return sum(getattr(self, one.name) for one in fields(self))


ANCHORS: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "respect_for_tissue": ("often needless force or damage", "careful, some damage by accident", "hardly any"),
        "time_and_motion": ("many needless moves", "efficient, some needless moves", "no move too many"),
        "instrument_handling": ("tentative or awkward again and again", "competent, at times stiff", "fluid"),
        "knowledge_of_instruments": ("asks for the wrong one", "knows most", "knows all, by name"),
        "use_of_assistants": ("places them badly or not at all", "good most of the time", "to the best advantage"),
        "flow_and_planning": ("stops often, unsure what comes next", "plans ahead, steady", "effortless throughout"),
        "knowledge_of_procedure": ("needs instruction at most steps", "knows the important ones", "knows every aspect"),
    }
)
"""What 1, 3 and 5 look like, in short (after OSATS)."""


@dataclass(frozen=True, slots=True)
class Checklist:
    """Steps that were done rightly; null where the assessor did not see it.

    Assumption: no checklist of this procedure is published; the items are its steps in the order of the clinic.
    """

    candidate_assessed: bool | None = None
    consent_obtained: bool | None = None
    time_out_with_level_and_side: bool | None = None
    antibiotic_in_time: bool | None = None
    sterile_field_and_c_arm_draped: bool | None = None
    endplates_squared_before_entry: bool | None = None
    entry_and_angle_planned: bool | None = None
    anaesthetic_clear_of_the_root: bool | None = None
    needle_seen_in_two_planes_before_the_disc: bool | None = None
    stopped_and_redirected_at_leg_pain: bool | None = None
    position_confirmed_before_the_probe: bool | None = None
    probe_kept_in_the_nucleus: bool | None = None
    patient_spoken_to_throughout: bool | None = None
    recovery_explained: bool | None = None

    @property
    def done(self) -> int:
        """Items done."""
        return sum(getattr(self, one.name) is True for one in fields(self))

    @property
    def seen(self) -> int:
        """Items the assessor saw done or left out."""
        return sum(getattr(self, one.name) is not None for one in fields(self))


@dataclass(frozen=True, slots=True)
class HumanAssessment:
    """An assessment file: who assessed, by a pseudonym, the rating and the checklist."""

    dekomp_sim: Literal[1]
    assessor: str
    rating: Rating
    checklist: Checklist


def form() -> str:
    """An empty assessment file with its explanations, to be filled in."""
    lines = ["# What you saw. No names: you and the learner are pseudonyms such as A3 and L017.", "dekomp_sim: 1"]
    lines += ["assessor: A1", "rating:  # 1 to 5"]
    for item, (one, three, five) in ANCHORS.items():
        lines.append(f"  {item}:  # 1 {one}; 3 {three}; 5 {five}")
    lines.append("checklist:  # true, false, or null where you did not see it")
    lines += [f"  {one.name}: null" for one in fields(Checklist)]
    return "\n".join(lines) + "\n"
