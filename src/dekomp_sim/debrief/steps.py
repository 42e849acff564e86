"""The steps of a case as a person reads them: what was asked, when, what came of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import assert_never

from dekomp_sim.debrief.metrics import Metrics
from dekomp_sim.instruments import CATALOGUE
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.courses import STANDARD_DOSE, Cause
from dekomp_sim.procedure.events import (
    Answered,
    Breach,
    Contact,
    Cue,
    Event,
    Measured,
    Outcome,
    Pain,
    Reaction,
    Refusal,
    Risk,
    Said,
    Startled,
)
from dekomp_sim.scenario.story import Story


@dataclass(frozen=True, slots=True)
class Step:
    """One action and what came of it.

    Parameters
    ----------
    number
        From 1.
    clock_s, seconds
        When it began, and how long it took.
    action
        Its word in a scenario file.
    words
        What was asked, as a sentence.
    events
        What happened.
    note
        What the operator noted with an exposure or a slice.
    """

    number: int
    clock_s: float
    seconds: float
    action: str
    words: str
    events: tuple[Event, ...]
    note: str = ""

    @property
    def refusal(self) -> Refusal | None:
        """The reason why it did not happen, or None."""
        return next((event for event in self.events if isinstance(event, Refusal)), None)


@dataclass(frozen=True, slots=True)
class Asked:
    """One objective of a story: what was asked, what was reached."""

    words: str
    reached: str
    met: bool


def steps(actions: Iterable[do.Action], cases: Sequence[Case]) -> tuple[Step, ...]:
    """Each action with the events that it added.

    Parameters
    ----------
    actions
        In order.
    cases
        The opening case and the case after each action.

    Raises
    ------
    ValueError
        If there is not one case more than there are actions.
    """
    pairs = zip(actions, pairwise(cases), strict=True)
    return tuple(
        Step(
            number=number,
            clock_s=before.clock_s,
            seconds=after.clock_s - before.clock_s,
            action=action.do,
            words=asked(action),
            events=_new(before, after),
            note=getattr(action, "note", ""),
        )
        for number, (action, (before, after)) in enumerate(pairs, start=1)
    )


def asked(action: do.Action) -> str:  # noqa: C901 - one line per action reads best
    """An action as a sentence.

    Examples
    --------
    >>> asked(do.Advance("trocar_cannula", to=do.Mark.ANNULUS, offset_mm=-3.0))
    'Advance the trocar cannula to the annulus less 3 mm.'
    """
    match action:
        case do.TimeOut():
            read = [str(one) for one in (action.level, action.side) if one is not None]
            return f"Time-out: {', '.join(read) or 'level and side as consented'}."
        case do.GiveAntibiotic():
            return f"Give {action.dose_g:g} g of {action.agent}, {action.route}."
        case do.Sedate():
            return f"Sedate: {action.level}."
        case do.SetView():
            return _view(action)
        case do.MoveTable():
            return f"Move the table {action.left_mm:+g} mm left, {action.head_mm:+g} headward, {action.up_mm:+g} up."
        case do.SetCollimator() | do.SetField() | do.SetFluoroscopy():
            return _console(action)
        case do.Expose():
            return _exposure(action)
        case do.LayGrid():
            return f"Lay the grid on the back, its middle at {action.table_mm:+g} mm."
        case do.MoveGantry() | do.CtScan() | do.CtStep() | do.CtFluoroscopy():
            return _scanner(action)
        case do.Anaesthetise():
            blindly = "" if action.aspirated else ", without drawing the syringe back"
            return f"Infiltrate {action.volume_ml:g} mL of lidocaine {action.concentration_percent:g} %{blindly}."
        case do.Incise():
            where = f" over {action.level}" if action.level else ""
            return f"Cut the skin{where}{_under_grid(action)}, {action.length_mm:g} mm."
        case do.Insert():
            bent = f", tip bent by {action.prebend_deg:g}°" if action.prebend_deg else ""
            return f"Insert the {spoken(action.instrument)}{_entry(action)}{bent}."
        case do.Advance():
            return f"Advance the {spoken(action.instrument)} to {_goal(action)}{_bevel(action)}."
        case do.Withdraw():
            return f"Withdraw the {spoken(action.instrument)} to {_goal(action)}."
        case do.Redirect():
            turn = f"{action.medial_deg:+g}° medially, {action.cranial_deg:+g}° cranially"
            return f"Redirect the {spoken(action.instrument)}: {turn}."
        case do.Remove():
            return f"Remove the {spoken(action.instrument)}."
        case do.InjectContrast():
            told = ", and tell the patient" if action.announced else ""
            return f"Inject {action.volume_ml:g} mL of contrast at {action.rate_ml_s:g} mL/s{told}."
        case do.Decompress():
            levered = f", levered by {action.lever_deg:g}°" if action.lever_deg else ""
            return (
                f"Run the probe for {action.seconds:g} s: {action.strokes} strokes of {action.stroke_mm:g} mm{levered}."
            )
        case do.HoldBreath():
            return f"Hold the breath for {action.seconds:g} s."
        case do.Treat():
            return f"Give {STANDARD_DOSE[Cause(action.treatment.value)]}."
        case do.Answer():
            return f"Answer the question {action.question}: {action.choice}."
        case do.Wait():
            return f"Wait {minutes(action.seconds)}."
        case (
            do.AssessCandidate() | do.Consent() | do.PositionProne() | do.PrepareSterileField() | do.RemoveStylet()
            | do.InsertProbe() | do.SendSpecimen() | do.AskPatient() | do.Bandage() | do.AdviseRecovery()
        ):  # fmt: skip
            return f"{action.do.replace('_', ' ').capitalize()}."
        case _:
            assert_never(action)


def told(event: Event) -> str:
    """An event as a sentence.

    Examples
    --------
    >>> told(Said(0.0, "patient", "I am all right."))
    'Patient: "I am all right."'
    """
    match event:
        case Said(speaker="hand"):
            return f"Felt at {event.words}"
        case Said():
            return f'{event.speaker.capitalize()}: "{event.words}"'
        case Pain():
            mine = {True: ", concordant", False: ", not concordant", None: ""}[event.concordant]
            return f'Patient, {event.rating:g} of 10{mine}: "{event.words}"'
        case Refusal() | Contact() | Breach() | Measured() | Risk() | Reaction() | Startled() | Outcome() | Answered():
            return event.words
        case Cue():
            numbered = "; ".join(f"{n} {words}" for n, words in enumerate(event.answers, start=1))
            return f"{event.words} ({numbered})" if numbered else event.words
        case _:
            assert_never(event)


def kind_of(event: Event) -> str:
    """The kind of an event in one word for a reader.

    Examples
    --------
    >>> kind_of(Refusal(0.0, "incise", "The skin is not numb there."))
    'refused'
    """
    names = {Refusal: "refused", Said: "said", Pain: "pain", Contact: "contact", Breach: "harm", Measured: "reading"}
    names |= {Reaction: "reaction", Startled: "reaction", Outcome: "afterwards", Cue: "lesson", Answered: "answer"}
    return names.get(type(event), "lapse")


def view_name(action: do.SetView) -> str:
    """What a view is called.

    Examples
    --------
    >>> view_name(do.SetView(do.View.NEEDLE_EYE))
    'down the needle'
    """
    if action.view is None:
        return f"{action.primary_deg:g}°, {action.secondary_deg:g}°"
    names = {do.View.AP: "AP", do.View.NEEDLE_EYE: "down the needle", do.View.ENDPLATE: "square to the endplates"}
    return names.get(action.view, action.view.value)


def views(actions: Iterable[do.Action], cases: Sequence[Case]) -> tuple[str, ...]:
    """Name of the view in which each exposure was made."""
    now, named = "", []
    for action, (before, after) in zip(actions, pairwise(cases), strict=True):
        if isinstance(action, do.SetView) and after.carm is not before.carm:
            now = view_name(action)
        named += [now] * (len(after.exposures) - len(before.exposures))
    return tuple(named)


def objectives(story: Story, metrics: Metrics) -> tuple[Asked, ...]:
    """What the story asks, and whether it was reached."""
    goals, got = story.objectives, metrics
    limits = (
        (goals.removed_ml_at_least, got.removed_ml, "Remove at least", "mL", False),
        (goals.removed_ml_at_most, got.removed_ml, "Remove at most", "mL", True),
        (goals.fluoroscopy_s_at_most, got.fluoroscopy_s, "Fluoroscopy at most", "s", True),
        (goals.exposures_at_most, got.exposures, "Exposures at most", "", True),
        (goals.kap_gycm2_at_most, got.kap_gycm2, "Kerma-area product at most", "Gy cm²", True),
        (goals.ct_dlp_mgycm_at_most, got.ct_dlp_mgycm, "Dose-length product of CT at most", "mGy cm", True),
        (goals.ct_fluoroscopy_s_at_most, got.ct_fluoroscopy_s, "CT fluoroscopy at most", "s", True),
        (goals.skin_punctures_at_most, got.skin_punctures, "Skin punctures at most", "", True),
        (goals.pain_at_most, got.worst_pain, "Pain at most", "of 10", True),
    )
    return tuple(
        Asked(f"{words} {limit:g} {unit}".strip(), f"{value:.3g} {unit}".strip(), _met(value, limit, at_most))
        for limit, value, words, unit, at_most in limits
        if limit is not None
    )


def spoken(key: str) -> str:
    """An instrument's key in words.

    Examples
    --------
    >>> spoken("trocar_cannula")
    'trocar cannula'
    """
    return key.replace("_", " ")


def clock(seconds: float) -> str:
    """A time on the case's clock as minutes and seconds, hours where there are any.

    Examples
    --------
    >>> clock(3725.0), clock(65.4)
    ('1:02:05', '01:05')
    """
    whole = math.floor(seconds + 0.5)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60:02d}:{rest % 60:02d}"


def minutes(seconds: float) -> str:
    """A length of time in words.

    Examples
    --------
    >>> minutes(90.0), minutes(1800.0), minutes(12.5)
    ('1 min 30 s', '30 min', '12.5 s')
    """
    if seconds < 60.0:
        return f"{seconds:g} s"
    whole, rest = divmod(seconds, 60.0)
    return f"{whole:g} min {rest:.3g} s" if rest >= 0.5 else f"{whole:g} min"


def title_of(key: str) -> str:
    """An instrument's title on the tray, or its key where the tray does not hold it."""
    return CATALOGUE[key].title if key in CATALOGUE else key


def _new(before: Case, after: Case) -> tuple[Event, ...]:
    return after.events[len(before.events) :]


def _met(value: float, limit: float, at_most: bool) -> bool:
    return value <= limit if at_most else value >= limit


def _view(action: do.SetView) -> str:
    return f"Turn the C-arm: {view_name(action)}."


def _exposure(action: do.Expose) -> str:
    kv = "automatic kV" if action.kv == "auto" else f"{action.kv:g} kV"
    mas = "automatic mAs" if action.mas == "auto" else f"{action.mas:g} mAs"
    frames = f", {action.frames} frames" if action.frames > 1 else ""
    held = ", the pedal still held" if action.held else ""
    return f"Expose: {kv}, {mas}{frames}{held}."


def _scanner(action: do.MoveGantry | do.CtScan | do.CtStep | do.CtFluoroscopy) -> str:
    """What the CT scanner is asked to do."""
    match action:
        case do.MoveGantry():
            return _gantry(action)
        case do.CtScan():
            return f"Scan from {action.from_mm:+g} to {action.to_mm:+g} mm, {_technique(action)}."
        case do.CtStep():
            stays = ", the operator beside" if action.beside else ""
            return f"{_slices(action.slices)}, {_technique(action)}{stays}."
        case do.CtFluoroscopy():
            held = ", the pedal still held" if action.held else ""
            return f"CT fluoroscopy for {action.seconds:g} s, {_technique(action)}{held}."


def _slices(count: int) -> str:
    return "One CT slice" if count == 1 else f"{count} CT slices side by side"


def _gantry(action: do.MoveGantry) -> str:
    names = {
        do.Through.DISC: "disc",
        do.Through.WAY: "planned way",
        do.Through.NEEDLE: "needle's way",
        do.Through.TIP: "needle's tip",
    }
    parts = [f"slice through the {names[action.through]}"] if action.through is not None else []
    if action.table_mm is not None:
        parts.append(f"couch to {action.table_mm:+g} mm")
    if action.tilt_deg is not None:
        parts.append(f"gantry to {action.tilt_deg:+g}°")
    return f"Lay the {', the '.join(parts) or 'slice where it is'}."


def _technique(action: do.CtScan | do.CtStep | do.CtFluoroscopy) -> str:
    """The preset and what is set beside it."""
    own = ((action.kv, "kV"), (action.ma, "mA"), (action.thickness_mm, "mm"), (action.field_mm, "mm of field"))
    said = [f"{value:g} {unit}" for value, unit in own if value is not None]
    if action.kernel is not None:
        said.append(f"kernel {action.kernel}")
    return ", ".join([action.preset.replace("_", " "), *said])


def _console(action: do.SetCollimator | do.SetField | do.SetFluoroscopy) -> str:
    """How the console is set."""
    match action:
        case do.SetCollimator():
            iris = f", iris to {action.iris:.0%}" if action.iris is not None else ""
            return f"Collimate to {action.across:.0%} across and {action.along:.0%} along{iris}."
        case do.SetField():
            return f"Field: {action.field}."
        case do.SetFluoroscopy():
            return f"Fluoroscopy: {action.rate.replace('_', ' ')}, {action.pulses_per_s:g} pulses/s."


def _entry(action: do.Insert) -> str:
    shifts = ((action.entry_lateral_mm, "lateral"), (action.entry_cranial_mm, "cranial"))
    moved = " and ".join(f"{shift:+g} mm {way}" for shift, way in shifts if shift)
    where = f"{_under_grid(action)}{f' for {action.level}' if action.level else ''}"
    return f"{where}, {moved} of the planned entry" if moved else where


def _under_grid(action: do.Insert | do.Incise) -> str:
    """Where the grid and the laser name the entry."""
    if not isinstance(action.entry, do.GridMark):
        return ""
    beside = f" {action.entry.aside_mm:+g} mm" if action.entry.aside_mm else ""
    laser = "the laser" if action.entry.table_mm is None else f"table {action.entry.table_mm:+g} mm"
    return f" at line {action.entry.line}{beside}, {laser}"


def _bevel(action: do.Advance) -> str:
    return "" if action.bevel_deg is None else f", bevel held at {action.bevel_deg:g}°"


def _goal(action: do.Advance | do.Withdraw) -> str:
    if action.to is None:
        return f"{action.to_depth_mm:g} mm below the skin"
    names = {do.Mark.NUCLEUS_CENTRE: "the centre of the nucleus", do.Mark.FAR_NUCLEUS: "the far side of the nucleus"}
    mark = names.get(action.to, f"the {action.to}")
    if not action.offset_mm:
        return mark
    return f"{mark} {'plus' if action.offset_mm > 0.0 else 'less'} {abs(action.offset_mm):g} mm"
