"""A story: who is treated, where, and the steps, in words a clinician can read in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from annotated_types import Ge, Gt, MinLen
from pydantic import Field, TypeAdapter, ValidationError

from dekomp_sim.anatomy.disc_shape import Protrusion
from dekomp_sim.anatomy.labels import Level, Side
from dekomp_sim.anatomy.phantom.spec import HerniationSpec, PhantomSpec
from dekomp_sim.anatomy.phantom.variants import Variation, varied
from dekomp_sim.errors import InputError
from dekomp_sim.procedure.actions import Action
from dekomp_sim.procedure.case import NO_LESSON, Machine
from dekomp_sim.procedure.clinic.card import Herniation, PatientCard, Scale, Site
from dekomp_sim.procedure.ct.acquired import Guidance
from dekomp_sim.procedure.lesson.plan import Lesson
from dekomp_sim.scenario.operator import Operator, carried_out_by
from dekomp_sim.scenario.rubric import Rubric
from dekomp_sim.scenario.texts import Texts, in_language, is_language

AZIMUTH_DEG: Final = {Site.POSTEROMEDIAN: 15.0, Site.POSTEROLATERAL: 40.0, Site.FORAMINAL: 65.0}
"""Angle of a herniation's apex from straight posterior, seen from the disc's centre. Assumption: the middle of each
zone of the combined task forces' nomenclature (Fardon, Spine J 2014;14:2525)."""

LEAST_MM, RIM_MM = 0.5, 9.0
"""Least and deepest bump in mm of a phantom's rim; what a card tells beyond it has left the disc and is not drawn."""

Step = Annotated[Action, Field(discriminator="do")]
"""One step; its key `do` tells which action it is."""


class Difficulty(StrEnum):
    """For whom a scenario is."""

    EASY = "easy"
    MODERATE = "moderate"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Objectives:
    """What the trainee is asked to reach; the debrief compares. None asks nothing."""

    removed_ml_at_least: Annotated[float, Ge(0.0)] | None = None
    removed_ml_at_most: Annotated[float, Ge(0.0)] | None = None
    fluoroscopy_s_at_most: Annotated[float, Gt(0.0)] | None = None
    exposures_at_most: Annotated[int, Gt(0)] | None = None
    kap_gycm2_at_most: Annotated[float, Gt(0.0)] | None = None
    ct_dlp_mgycm_at_most: Annotated[float, Gt(0.0)] | None = None
    ct_fluoroscopy_s_at_most: Annotated[float, Ge(0.0)] | None = None
    skin_punctures_at_most: Annotated[int, Gt(0)] | None = None
    pain_at_most: Scale | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A scenario file.

    Parameters
    ----------
    dekomp_sim
        Version of this format: 1.
    title, summary
        For people.
    level, side
        The consented disc and the side of approach.
    steps
        What is done, in order.
    phantom
        Name of the phantom, used where no scan is given.
    seed
        From which every draw of chance in the case follows.
    card, machine, objectives
        The patient's card, the C-arm, and what is asked.
    guidance
        With what the needle is followed: which machines stand in the room.
    patient
        How the phantom's patient differs from its specification; a scan is who it is.
    difficulty
        For whom it is.
    inherits
        The scenario from which everything comes that the file does not say: a shipped one's name, or a file beside it.
    operator
        How the scripted steps are carried out.
    rubrics
        Ways to mark the case, the first being the one that counts.
    prebrief, debrief, learning
        What is said before and after, and what is to be learned.
    texts
        The same, with title and summary, in other languages: by "de" or "de-CH".
    lesson
        Triggers and gates that a teacher laid into the case.
    hints
        Whether a trainee in practice may be told the next step; false for an examination.
    """

    dekomp_sim: Literal[1]
    title: str
    level: Level
    side: Side
    steps: Annotated[tuple[Step, ...], MinLen(1)]
    summary: str = ""
    phantom: str = "lumbar_reference"
    seed: Annotated[int, Ge(0)] = 1
    card: PatientCard = field(default_factory=PatientCard)
    machine: Machine = field(default_factory=Machine)
    guidance: Guidance = Guidance.FLUOROSCOPY
    patient: Variation = field(default_factory=Variation)
    objectives: Objectives = field(default_factory=Objectives)
    hints: bool = True
    difficulty: Difficulty = Difficulty.MODERATE
    inherits: str = ""
    operator: Operator = field(default_factory=Operator)
    rubrics: tuple[Rubric, ...] = ()
    prebrief: str = ""
    debrief: str = ""
    learning: tuple[str, ...] = ()
    texts: Mapping[str, Texts] = field(default_factory=lambda: MappingProxyType({}))
    lesson: Lesson = NO_LESSON

    def __post_init__(self) -> None:
        names = [rubric.name for rubric in self.rubrics]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two rubrics are called {twice}")
        strange = next((tag for tag in self.texts if not is_language(tag)), None)
        if strange is not None:
            raise ValueError(f"texts are in {strange}, which is no tag of a language: write de, fr or pt-BR")

    def told_in(self, language: str) -> Texts:
        """The scenario's texts in a language, as far as it has them."""
        own = Texts(self.title, self.summary, self.prebrief, self.debrief, self.learning)
        return in_language(self.texts, language, own)

    def as_performed(self) -> Story:
        """The story with its steps as the scripted operator carries them out."""
        steps = carried_out_by(self.operator, self.steps, self.seed)
        return replace(self, steps=steps, operator=Operator())

    def specification(self, reference: PhantomSpec) -> PhantomSpec:
        """The phantom's specification with this story's patient, and with the herniation its card tells of."""
        return varied(reference, self.patient, (self.level, self.side), self._herniation())

    def _herniation(self) -> HerniationSpec | None:
        deep_mm = min(self.card.herniation_mm, RIM_MM)
        if self.card.herniation is Herniation.NONE or deep_mm < LEAST_MM:
            return None
        return HerniationSpec(self.level, self.side, AZIMUTH_DEG[self.card.site], deep_mm)

    @property
    def protrusions(self) -> dict[Level, Protrusion]:
        """The card's herniation as a shape, for a scan: a CT alone does not show it well enough."""
        apex_deg = AZIMUTH_DEG[self.card.site]
        return {self.level: Protrusion(self.side, azimuth_deg=apex_deg, depth_mm=self.card.herniation_mm)}


def action_from(record: Mapping[str, Any]) -> Action:
    """The action a journal's record or a remote's message tells: its fields, with `do` as its word.

    Raises
    ------
    InputError
        If the word or a field is unknown, or a field cannot be.

    Examples
    --------
    >>> action_from({"do": "wait", "seconds": 5})
    Wait(seconds=5.0, do='wait')
    """
    try:
        action: Action = _adapter().validate_python(dict(record))
    except ValidationError as wrong:
        raise _mistake(f"action {record.get('do', '')}".strip(), wrong) from None
    known = [one.name for one in fields(action)]
    for key in record:
        if key not in known:
            raise InputError(f"action {action.do}", f"the field {key}", ", ".join(known))
    return action


def story_from(record: Mapping[str, Any]) -> Story:
    """The story that a journal's header holds.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        story: Story = _story_adapter().validate_python(dict(record))
    except ValidationError as wrong:
        raise _mistake("story", wrong) from None
    return story


def _mistake(where: str, wrong: ValidationError) -> InputError:
    """The first of pydantic's complaints; the names of union members in its place are no fields."""
    first = wrong.errors(include_url=False)[0]
    place = [str(part) for part in first["loc"] if str(part).replace("_", "").isalnum()]
    found = first["input"] if isinstance(first["input"], str | int | float) else type(first["input"]).__name__
    message = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return InputError(f"{where}: {'.'.join(place[1:] or place) or 'do'}", str(found), message)


@cache
def _adapter() -> TypeAdapter[Action]:
    return TypeAdapter(Step)


@cache
def _story_adapter() -> TypeAdapter[Story]:
    return TypeAdapter(Story)
